package issuance

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"creditbank/creditbank"
)

// maxRows is how many rows of the feed one step takes.
const maxRows = 256

// A Progress says what a step did.
type Progress struct {
	Cursor  int64 // the feed row up to which everything is taken care of
	Last    int64 // the last feed row there is
	Issued  int
	Revoked int
	Failed  []Failure
}

// Behind returns how many rows of the feed are left.
func (p Progress) Behind() int64 { return max(0, p.Last-p.Cursor) }

// Follow takes one step: it reads the next rows of the feed and issues and
// revokes what they call for. It may be called by any number of processes at
// any time, and again after any error: what was done is not done again.
func (o *Office) Follow(ctx context.Context) (Progress, error) {
	last, err := o.c.Ledger.Number(ctx)
	if err != nil {
		return Progress{}, err
	}
	var p Progress
	err = o.write(ctx, func(state State) (bool, error) {
		p = Progress{Cursor: state.Cursor, Last: max(last, state.Cursor)}
		entries, err := o.c.Ledger.Feed(ctx, state.Cursor, maxRows)
		if err != nil || len(entries) == 0 {
			return true, err
		}
		w := &work{cursor: entries[len(entries)-1].Seq}
		for _, id := range concerned(entries) {
			if _, err := o.look(ctx, w, id); err != nil {
				return false, err
			}
		}
		return o.finish(ctx, state, w, &p)
	})
	if err != nil {
		return p, fmt.Errorf("follow the feed: %w", err)
	}
	return p, nil
}

// finish carries out w and counts what it did.
func (o *Office) finish(ctx context.Context, state State, w *work, p *Progress) (bool, error) {
	c, err := o.build(ctx, state, w)
	if err != nil {
		return false, err
	}
	// Looking again at those parked, in vain, leaves nothing to write.
	if w.cursor > state.Cursor || len(c.Issued)+len(c.Revoked)+len(c.Unparked) > 0 {
		if moved, err := o.c.Store.Commit(ctx, c); err != nil || !moved {
			return false, err
		}
	}
	p.Cursor, p.Last = w.cursor, max(p.Last, w.cursor)
	p.Issued += len(c.Issued)
	p.Revoked += len(c.Revoked)
	p.Failed = append(p.Failed, w.failed...)
	return true, nil
}

// CatchUp looks again at learners who are parked, then follows until nothing is
// left, and returns what it did in all. Of those parked it takes some at a time,
// the next ones at the next call: see [Office.Retry].
func (o *Office) CatchUp(ctx context.Context) (Progress, error) {
	sum, err := o.retrySome(ctx)
	if err != nil {
		return sum, err
	}
	for {
		p, err := o.Follow(ctx)
		stuck := p.Cursor == sum.Cursor
		sum.add(p)
		if err != nil || stuck || p.Behind() == 0 {
			return sum, err
		}
	}
}

// add adds what a later step did. A learner who failed again failed once.
func (p *Progress) add(later Progress) {
	p.Cursor, p.Last = later.Cursor, later.Last
	p.Issued += later.Issued
	p.Revoked += later.Revoked
	p.Failed = slices.DeleteFunc(p.Failed, func(f Failure) bool {
		return slices.ContainsFunc(later.Failed, func(l Failure) bool { return l.Learner == f.Learner })
	})
	p.Failed = append(p.Failed, later.Failed...)
}

// concerned returns the learners whose certificates the entries may change,
// each once.
func concerned(entries []creditbank.FeedEntry) []creditbank.LearnerID {
	var ids []creditbank.LearnerID
	for _, e := range entries {
		for _, r := range e.Rows {
			if matters(r.Kind) {
				ids = append(ids, r.Learner)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// look adds to w what a learner's account calls for now. An account that is
// damaged holds up nobody else: the learner is parked, and look reports false.
// Whatever else goes wrong is no fault of the learner's, and ends the step.
func (o *Office) look(ctx context.Context, w *work, id creditbank.LearnerID) (ok bool, err error) {
	issue, revoke, err := o.inspect(ctx, id)
	switch {
	case err == nil:
		w.orders, w.revoke = append(w.orders, issue...), append(w.revoke, revoke...)
		return true, nil
	case parks(err):
		w.failed = append(w.failed, Failure{id, err})
		return false, nil
	}
	return false, err
}

func (o *Office) inspect(ctx context.Context, id creditbank.LearnerID) (issue []order, revoke []Certificate, err error) {
	account, err := o.account(ctx, id)
	if errors.Is(err, creditbank.ErrNotFound) { // and yet the feed has a row of it
		err = fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	if err != nil {
		return nil, nil, err
	}
	have, err := o.c.Store.Certificates(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	issue, revoke = plan(account, have)
	return issue, revoke, nil
}

// IssueOutcome issues the certificate of an outcome that was recognised, by
// the institution that posted it, and returns it. Asked again it returns the
// same one. ErrNotFound if row seq of the learner's history is no outcome,
// ErrConflict if it was refused, revoked or replaced, or its certificate voided.
// What was requested ([creditbank.Bank.RequestCertificate]) the follower issues by
// itself; this is for who wants it at once.
func (o *Office) IssueOutcome(ctx context.Context, id creditbank.LearnerID, seq int64) (Certificate, error) {
	var c Certificate
	err := o.write(ctx, func(state State) (bool, error) {
		// The history is read after the state: whatever it does not show yet
		// lies beyond the cursor, and the follower will come to it.
		account, err := o.account(ctx, id)
		if err != nil {
			return false, err
		}
		if err := account.Certifiable(seq); err != nil {
			return false, err
		}
		have, err := o.c.Store.Certificates(ctx, id)
		if err != nil {
			return false, err
		}
		if i := slices.IndexFunc(have, func(c Certificate) bool { return c.Seq == seq }); i >= 0 {
			c = have[i]
			return true, o.c.Ledger.Confirm(ctx)
		}
		w := &work{cursor: state.Cursor, orders: []order{{learner: id, seq: seq, lot: account.Lot(seq), account: account}}}
		issued, moved, err := o.issueOne(ctx, state, w)
		c = issued
		return moved, err
	})
	if err != nil {
		return Certificate{}, fmt.Errorf("certificate of row %d of account %s: %w", seq, id, err)
	}
	return c, nil
}

// issueOne carries out w, which asks for one certificate. Where that cannot be
// made the caller is told, and nobody is parked.
func (o *Office) issueOne(ctx context.Context, state State, w *work) (Certificate, bool, error) {
	if _, _, err := o.person(ctx, w.orders[0].learner); err != nil {
		return Certificate{}, false, err
	}
	c, err := o.build(ctx, state, w)
	switch {
	case err != nil:
		return Certificate{}, false, err
	case len(w.failed) > 0:
		return Certificate{}, false, w.failed[0].Err
	case len(c.Issued) != 1:
		return Certificate{}, false, errors.New("the certificate was not made")
	}
	moved, err := o.c.Store.Commit(ctx, c)
	return c.Issued[0], moved, err
}
