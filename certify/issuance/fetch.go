package issuance

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"creditbank/certify"
	"creditbank/certify/tlog"
	"creditbank/chain"
	"creditbank/creditbank"
)

// A Handout is a certificate as it is handed out, with everything needed to
// check it elsewhere: certify.Verify(h.Bundle, trust, now), with the trust read
// from h.Trust after its fingerprint was compared with what the bank published.
type Handout struct {
	Certificate Certificate
	Bundle      certify.Bundle
	Trust       []byte // the bank's trust file

	// Receipts are those of checkpoints that cover the certificate. What
	// proves the anchor offline is the cosignatures in the bundle's proof; a
	// receipt without any is a thing to ask its recorder about.
	Receipts []chain.Receipt
}

// Fetch returns a certificate that was issued, signed. It is the same each
// time but for what others added since: a confirmed checkpoint, the newest
// status list. ErrNotFound if there is no such certificate, ErrErased if the
// person was erased.
func (o *Office) Fetch(ctx context.Context, id string) (Handout, error) {
	h, err := o.fetch(ctx, id)
	if err != nil {
		return Handout{}, fmt.Errorf("fetch certificate %.60q: %w", id, err)
	}
	return h, nil
}

func (o *Office) fetch(ctx context.Context, id string) (Handout, error) {
	h, prepared, err := o.logged(ctx, id)
	if err != nil {
		return Handout{}, err
	}
	c := h.Certificate
	if h.Bundle.Status, err = o.StatusList(ctx, c.Institution, c.Status.List); err != nil {
		return Handout{}, err
	}
	// The trust comes before the signature too: it has the key that was pinned.
	if h.Trust, err = o.TrustFile(ctx); err != nil {
		return Handout{}, err
	}
	signer, err := o.c.Keys.Signer(ctx, c.KeyID)
	if err != nil {
		return Handout{}, fmt.Errorf("key %s: %w", c.KeyID, err)
	}
	h.Bundle.Credential, err = prepared.Sign(signer, c.Created)
	return h, err
}

// logged returns a certificate, not signed yet, with the proof that it stands in
// the log: what does not is not signed.
func (o *Office) logged(ctx context.Context, id string) (h Handout, prepared *certify.Prepared, err error) {
	if h.Certificate, err = o.find(ctx, id); err != nil {
		return Handout{}, nil, err
	}
	c := h.Certificate
	if did, err := o.DID(c.Institution); err != nil || !strings.HasPrefix(c.KeyID, did+"#") {
		return Handout{}, nil, fmt.Errorf("it was issued under key %s: is the host not %s any more?", c.KeyID, o.c.Host)
	}
	if prepared, err = o.unseal(ctx, c); err != nil {
		return Handout{}, nil, err
	}
	if h.Bundle.Proof, h.Receipts, err = o.prove(ctx, c); err != nil {
		return Handout{}, nil, err
	}
	return h, prepared, o.c.Ledger.Confirm(ctx) // see published
}

// find returns the row of a certificate.
func (o *Office) find(ctx context.Context, id string) (Certificate, error) {
	learner, err := o.c.Store.Find(ctx, id)
	if err != nil {
		return Certificate{}, err
	}
	all, err := o.c.Store.Certificates(ctx, learner)
	if err != nil {
		return Certificate{}, err
	}
	i := slices.IndexFunc(all, func(c Certificate) bool { return c.ID == id })
	if i < 0 {
		return Certificate{}, fmt.Errorf("damaged: learner %s does not have it", learner)
	}
	return all[i], nil
}

// unseal returns the unsigned credential of c, which must be the one that was
// logged.
func (o *Office) unseal(ctx context.Context, c Certificate) (*certify.Prepared, error) {
	learner, err := o.c.Ledger.Learner(ctx, c.Learner)
	if err != nil {
		return nil, err
	}
	if len(learner.Key) == 0 {
		return nil, ErrErased
	}
	unsigned, err := o.c.Vault.Unseal(learner.ID, learner.Key, c.Sealed)
	if err != nil {
		return nil, fmt.Errorf("damaged, or sealed under another key: %v", err)
	}
	p, err := certify.Restore(unsigned)
	if err != nil {
		return nil, fmt.Errorf("damaged: %v", err)
	}
	if p.ID() != c.ID || p.Leaf() != c.Leaf {
		return nil, fmt.Errorf("damaged: what is sealed is not what was logged")
	}
	return p, nil
}

// prove returns the proof that c stands in the log: in the newest checkpoint
// that others cosigned and that covers c, or else in the newest.
func (o *Office) prove(ctx context.Context, c Certificate) (proof []byte, receipts []chain.Receipt, err error) {
	_, vkey, err := o.c.Keys.Log(ctx, o.c.Origin)
	if err != nil {
		return nil, nil, fmt.Errorf("key of the log: %w", err)
	}
	msg, receipts, err := o.checkpointOver(ctx, c.Index)
	if err != nil {
		return nil, nil, err
	}
	cp, err := openCheckpoint(msg, vkey)
	if err != nil {
		return nil, nil, err
	}
	hashes, err := tlog.ProveInclusion(cp.Head, c.Index, o.tiles(ctx))
	if err != nil {
		return nil, nil, err
	}
	if err := tlog.CheckInclusion(cp.Head, c.Index, c.Leaf.Record(), hashes); err != nil {
		return nil, nil, fmt.Errorf("%w: record %d is not this certificate's", tlog.ErrDamaged, c.Index)
	}
	proof, err = tlog.Proof{Index: c.Index, Hashes: hashes, Checkpoint: msg}.Format()
	return proof, receipts, err
}

// checkpointOver returns the checkpoint to prove a record in, with all its
// cosignatures, and the receipts of every checkpoint that covers the record.
func (o *Office) checkpointOver(ctx context.Context, index int64) ([]byte, []chain.Receipt, error) {
	anchored, err := o.c.Store.Anchored(ctx)
	if err != nil {
		return nil, nil, err
	}
	anchored = slices.DeleteFunc(anchored, func(a Anchored) bool { return a.Size <= index })
	var receipts []chain.Receipt
	var best int64
	for _, a := range anchored {
		receipts = append(receipts, a.Receipt)
		if len(a.Receipt.Cosignatures) > 0 {
			best = max(best, a.Size)
		}
	}
	if best == 0 {
		state, err := o.c.Store.State(ctx)
		return state.Checkpoint, receipts, err
	}
	var msg []byte
	for _, a := range anchored {
		if a.Size != best {
			continue
		}
		if msg == nil {
			msg = a.Note
		}
		if msg, err = tlog.AddSignatures(msg, a.Receipt.Cosignatures); err != nil {
			return nil, nil, fmt.Errorf("receipt of checkpoint %d: %w", best, err)
		}
	}
	return msg, receipts, nil
}

// List returns the certificates of a learner, revoked ones too.
func (o *Office) List(ctx context.Context, id creditbank.LearnerID) ([]Certificate, error) {
	return o.c.Store.Certificates(ctx, id)
}

// TrustFile returns the bank's trust file: all issuers with the keys they ever
// had, the log, and whose confirmation counts. See [certify.Trust].
func (o *Office) TrustFile(ctx context.Context) ([]byte, error) {
	issuers, err := o.issuers(ctx)
	if err != nil {
		return nil, err
	}
	_, vkey, err := o.c.Keys.Log(ctx, o.c.Origin)
	if err != nil {
		return nil, fmt.Errorf("key of the log: %w", err)
	}
	anchors := o.c.Anchors
	anchors.Cosigners = append([]string{}, anchors.Cosigners...) // a list in JSON, if an empty one
	trust, err := certify.NewTrust(certify.TrustSpec{Issuers: issuers, Logs: []string{vkey}, Anchors: anchors})
	if err != nil {
		return nil, err
	}
	return trust.JSON()
}

// Find returns the row of a certificate, or ErrNotFound.
func (o *Office) Find(ctx context.Context, id string) (Certificate, error) {
	c, err := o.find(ctx, id)
	if err != nil {
		return Certificate{}, fmt.Errorf("find certificate %.60q: %w", id, err)
	}
	return c, nil
}

// FindCode returns the row of the certificate that a code is printed on, or
// ErrNotFound. Should two have the same code, which is not to be expected before
// there are 2³⁵ of them, it is damage.
func (o *Office) FindCode(ctx context.Context, code certify.Code) (Certificate, error) {
	least, greatest := code.Range()
	all, err := o.c.Store.Between(ctx, least, greatest, 2)
	switch {
	case err != nil:
		return Certificate{}, fmt.Errorf("find certificate %s: %w", code, err)
	case len(all) == 0:
		return Certificate{}, fmt.Errorf("find certificate %s: %w", code, creditbank.ErrNotFound)
	case len(all) > 1:
		return Certificate{}, fmt.Errorf("find certificate %s: damaged: %s and %s have it", code, all[0].ID, all[1].ID)
	}
	return all[0], nil
}

// Proof returns the proof that a certificate stands in the log, as it is part
// of what [Office.Fetch] hands out. It says nothing about the person.
func (o *Office) Proof(ctx context.Context, id string) ([]byte, error) {
	c, err := o.find(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("prove certificate %.60q: %w", id, err)
	}
	proof, _, err := o.prove(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("prove certificate %.60q: %w", id, err)
	}
	return proof, o.c.Ledger.Confirm(ctx) // see published
}

// Lag returns how many rows of the feed the follower has not come to yet.
func (o *Office) Lag(ctx context.Context) (int64, error) {
	last, err := o.c.Ledger.Number(ctx)
	if err != nil {
		return 0, fmt.Errorf("lag of issuing: %w", err)
	}
	state, err := o.c.Store.State(ctx)
	if err != nil {
		return 0, fmt.Errorf("lag of issuing: %w", err)
	}
	return max(0, last-state.Cursor), nil
}
