package issuance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"creditbank/certify"
	"creditbank/certify/tlog"
	"creditbank/creditbank"
)

// A work is what a step is about to write.
type work struct {
	cursor   int64
	orders   []order
	revoke   []Certificate
	unparked []creditbank.LearnerID
	failed   []Failure // parked
}

// A Failure is a learner whose certificates could not be made: damaged data, a
// name that no certificate can hold. The learner is parked; see [Office.CatchUp].
type Failure struct {
	Learner creditbank.LearnerID
	Err     error // names no person
}

// build makes the commit that carries out w on top of state. Learners for whom
// a certificate cannot be made are added to w.failed; what is to be revoked is
// revoked all the same.
func (o *Office) build(ctx context.Context, state State, w *work) (Commit, error) {
	signer, vkey, err := o.logKey(ctx, state)
	if err != nil {
		return Commit{}, err
	}
	c := Commit{Base: state, Next: state, At: o.now()}
	c.Next.Cursor, c.Next.LogKey = w.cursor, vkey
	if c.Issued, err = o.prepare(ctx, w, &c.Next.Status, c.At); err != nil {
		return Commit{}, err
	}
	var records [][]byte
	for _, r := range w.revoke {
		leaf, err := tlog.RevocationLeaf(r.Leaf, c.At)
		if err != nil {
			return Commit{}, fmt.Errorf("revoke %s: %w", r.ID, err)
		}
		c.Revoked = append(c.Revoked, Revocation{r.Learner, r.Seq, r.Status, c.At, state.Head.Size + int64(len(records))})
		records = append(records, leaf.Record())
	}
	for i := range c.Issued {
		c.Issued[i].Index = state.Head.Size + int64(len(records))
		records = append(records, c.Issued[i].Leaf.Record())
	}
	c.Unparked = w.unparked
	for _, f := range w.failed {
		c.Parked = append(c.Parked, f.Learner)
	}
	if len(records) == 0 {
		return c, nil
	}
	batch, err := tlog.Append(state.Head, o.tiles(ctx), records)
	if err != nil {
		return Commit{}, fmt.Errorf("extend the log: %w", err)
	}
	c.Tiles, c.Next.Head = batch.Tiles, batch.Head
	c.Next.Checkpoint, err = tlog.Checkpoint{Origin: o.c.Origin, Head: batch.Head}.Sign(signer)
	return c, err
}

// prepare makes the certificates of w's orders, in their order, without a place
// in the log yet. Making the bytes takes milliseconds each and is spread over
// the processors; what is drawn at random is drawn before.
func (o *Office) prepare(ctx context.Context, w *work, status *StatusPosition, at time.Time) ([]Certificate, error) {
	if len(w.orders) == 0 {
		return nil, nil
	}
	// Read after the accounts: what they name was published by then.
	if err := o.reference.refresh(ctx, o.c); err != nil {
		return nil, err
	}
	if _, err := o.issuers(ctx); err != nil { // before the keyring makes a lost key anew
		return nil, err
	}
	envelopes := make([]envelope, len(w.orders))
	for i := range envelopes {
		var err error
		if envelopes[i], err = o.draw(status, at); err != nil {
			return nil, err
		}
	}
	made := make([]Certificate, len(w.orders))
	errs := make([]error, len(w.orders))
	inParallel(len(w.orders), func(i int) { made[i], errs[i] = o.make(ctx, w.orders[i], envelopes[i]) })
	kept, err := w.settle(made, errs)
	if err != nil {
		return nil, err
	}
	if _, err := o.issuers(ctx); err != nil { // which pins the keys that are new
		return nil, err
	}
	return kept, ctx.Err()
}

// settle returns the certificates that were made, and parks the learners for
// whom one cannot be, with all of theirs: they are made together, later. An
// erased person has nothing to be certified, which is no failure. Any other
// error is returned: nothing is to be written then.
func (w *work) settle(made []Certificate, errs []error) ([]Certificate, error) {
	failed := map[creditbank.LearnerID]bool{}
	for i, err := range errs {
		switch id := w.orders[i].learner; {
		case err == nil || errors.Is(err, ErrErased) || failed[id]:
		case !parks(err):
			return nil, err
		default:
			failed[id] = true
			w.failed = append(w.failed, Failure{id, err})
		}
	}
	var kept []Certificate
	for i, c := range made {
		if errs[i] == nil && !failed[c.Learner] {
			kept = append(kept, c)
		}
	}
	w.unparked = slices.DeleteFunc(w.unparked, func(id creditbank.LearnerID) bool { return failed[id] })
	return kept, nil
}

// draw draws what a new certificate has of randomness.
func (o *Office) draw(status *StatusPosition, at time.Time) (envelope, error) {
	place, err := status.next(o.c.Random)
	if err != nil {
		return envelope{}, err
	}
	var ids [2][16]byte
	for i := range ids {
		if _, err := io.ReadFull(o.c.Random, ids[i][:]); err != nil {
			return envelope{}, fmt.Errorf("draw an id: %w", err)
		}
	}
	return envelope{id: certify.NewID(ids[0]), subject: certify.NewID(ids[1]), place: place, at: at}, nil
}

// make makes one certificate: composed, prepared, sealed.
func (o *Office) make(ctx context.Context, or order, e envelope) (Certificate, error) {
	learner, person, err := o.person(ctx, or.learner)
	if errors.Is(err, creditbank.ErrNotFound) { // who has an account is known
		err = fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	if err != nil {
		return Certificate{}, err
	}
	e.holder = holder{person.Name, learner.Account}
	said, by, err := o.compose(or, e)
	if err != nil {
		return Certificate{}, fmt.Errorf("%w: certify row %d: %w", errUnfit, or.seq, err)
	}
	signer, err := o.c.Keys.Current(ctx, said.Issuer.DID, e.at)
	if err != nil {
		return Certificate{}, fmt.Errorf("key of %s: %w", said.Issuer.DID, err)
	}
	p, err := certify.Prepare(said)
	if err != nil {
		return Certificate{}, fmt.Errorf("%w: certify row %d: %w", errUnfit, or.seq, err)
	}
	sealed, err := o.c.Vault.Seal(learner.ID, learner.Key, p.Unsigned())
	if err != nil {
		return Certificate{}, fmt.Errorf("seal the certificate of row %d: %w", or.seq, err)
	}
	return Certificate{
		Learner: or.learner, Seq: or.seq, ID: p.ID(), Kind: said.Kind, Institution: by, KeyID: signer.KeyID(),
		Leaf: p.Leaf(), Status: e.place, Created: e.at, Sealed: sealed,
	}, nil
}

// person returns a learner and who they are, or ErrErased.
func (o *Office) person(ctx context.Context, id creditbank.LearnerID) (creditbank.Learner, creditbank.Person, error) {
	var p creditbank.Person
	l, err := ask(ctx, o, func() (creditbank.Learner, error) { return o.c.Ledger.Learner(ctx, id) })
	if err != nil {
		return l, p, err
	}
	if len(l.Key) == 0 {
		return l, p, fmt.Errorf("learner %s: %w", id, ErrErased)
	}
	plain, err := o.c.Vault.Unseal(l.ID, l.Key, l.Sealed)
	if err != nil {
		return l, p, fmt.Errorf("%w: learner %s: %v", ErrDamaged, id, err)
	}
	if json.Unmarshal(plain, &p) != nil { // its error could quote the person
		return l, p, fmt.Errorf("%w: learner %s: what is sealed is no person", ErrDamaged, id)
	}
	return l, p, nil
}

// inParallel calls f with 0 to n-1, on as many goroutines as there are
// processors, and waits for all.
func inParallel(n int, f func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}
