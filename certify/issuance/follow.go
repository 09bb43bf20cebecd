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
			o.look(ctx, w, id)
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
	if moved, err := o.c.Store.Commit(ctx, c); err != nil || !moved {
		return false, err
	}
	p.Cursor, p.Last = w.cursor, max(p.Last, w.cursor)
	p.Issued += len(c.Issued)
	p.Revoked += len(c.Revoked)
	p.Failed = append(p.Failed, w.failed...)
	return true, nil
}

// CatchUp follows until nothing is left, and returns what it did in all.
func (o *Office) CatchUp(ctx context.Context) (Progress, error) {
	var sum Progress
	for {
		p, err := o.Follow(ctx)
		stuck := p.Cursor == sum.Cursor
		sum.Cursor, sum.Last = p.Cursor, p.Last
		sum.Issued += p.Issued
		sum.Revoked += p.Revoked
		sum.Failed = append(sum.Failed, p.Failed...)
		if err != nil || stuck || p.Behind() == 0 {
			return sum, err
		}
	}
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

// look adds to w what a learner's account calls for now. An account that
// cannot be read holds up nobody else: the learner is parked, and look reports
// false.
func (o *Office) look(ctx context.Context, w *work, id creditbank.LearnerID) (ok bool) {
	issue, revoke, err := o.inspect(ctx, id)
	if err != nil {
		w.failed = append(w.failed, Failure{id, err})
		return false
	}
	w.orders, w.revoke = append(w.orders, issue...), append(w.revoke, revoke...)
	return true
}

func (o *Office) inspect(ctx context.Context, id creditbank.LearnerID) (issue []order, revoke []Certificate, err error) {
	h, err := o.c.Ledger.History(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	account, err := creditbank.NewAccount(h)
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

// Retry looks once more at the learners whose certificates could not be made
// when it was their turn: after the damage was mended, or the data that was in
// the way. It costs little while there are none.
func (o *Office) Retry(ctx context.Context) (Progress, error) {
	var p Progress
	after, more := creditbank.LearnerID(""), true
	for more {
		err := o.write(ctx, func(state State) (bool, error) {
			p.Cursor, p.Last = state.Cursor, state.Cursor
			ids, err := o.c.Store.Parked(ctx, after, maxRows)
			if more = len(ids) > 0; err != nil || !more {
				return true, err
			}
			w := &work{cursor: state.Cursor}
			for _, id := range ids {
				if o.look(ctx, w, id) {
					w.unparked = append(w.unparked, id)
				}
			}
			moved, err := o.finish(ctx, state, w, &p)
			if moved {
				after = ids[len(ids)-1]
			}
			return moved, err
		})
		if err != nil {
			return p, fmt.Errorf("retry parked learners: %w", err)
		}
	}
	return p, nil
}

// IssueOutcome issues the certificate of an outcome that was recognised, by
// the institution that posted it, and returns it. Asked again it returns the
// same one. ErrNotFound if row seq of the learner's history is no outcome,
// ErrConflict if it was refused, revoked or replaced.
func (o *Office) IssueOutcome(ctx context.Context, id creditbank.LearnerID, seq int64) (Certificate, error) {
	var c Certificate
	err := o.write(ctx, func(state State) (bool, error) {
		// The history is read after the state: whatever it does not show yet
		// lies beyond the cursor, and the follower will come to it.
		h, err := o.c.Ledger.History(ctx, id)
		if err != nil {
			return false, err
		}
		account, err := creditbank.NewAccount(h)
		if err != nil {
			return false, err
		}
		lot := account.Lot(seq)
		if err := certifiable(lot); err != nil {
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
		w := &work{cursor: state.Cursor, orders: []order{{learner: id, seq: seq, lot: lot, account: account}}}
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

// certifiable says why a lot cannot be certified.
func certifiable(l *creditbank.Lot) error {
	switch {
	case l == nil:
		return creditbank.NotFound(creditbank.CodeUnknownOutcome, "outcome", "没有这项学习成果", "there is no such outcome")
	case !l.Granted:
		return creditbank.Conflict(creditbank.CodeState, "outcome", "该成果未获认定，不能出具证书", "the outcome was not recognised")
	case l.RevokedOn != 0:
		return creditbank.Conflict(creditbank.CodeState, "outcome", "该成果已撤销，不能出具证书", "the outcome was revoked")
	case !l.Current():
		return creditbank.Conflict(creditbank.CodeState, "outcome", "该成果已被新的修订取代，请为新修订出具证书", "the outcome was replaced by a revision")
	}
	return nil
}
