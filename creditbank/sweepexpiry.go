package creditbank

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A day is over for the sweep this much later than by the clock. By then no
// replica, whose clock may be behind, takes it for not over: what comes back to
// a lot after the sweep has passed expires with what brings it back.
const expiryGrace = 10 * time.Minute

// maxFailures is how many accounts in a row may fail before the sweep takes it
// that all would, and comes back later.
const maxFailures = 8

// lastLearner is above every learner's id.
const lastLearner LearnerID = "ffffffff-ffff-ffff-ffff-ffffffffffff"

// An expiring is the expiry job as far as it has come. An account that is at
// fault holds up nobody: it is tried again by each round, and the mark stays
// before its day, so that it is not forgotten when the process ends.
type expiring struct {
	bank *Bank

	mu     sync.Mutex // one batch at a time
	read   bool       // whether mark was read
	mark   Date       // as noted in the store
	next   []Expiry   // read and not looked at yet
	upTo   Date       // through which day that was, if it was all
	at     Expiry     // everything up to here is posted, but of those that failed
	failed []Expiry
}

func (b *Bank) expiryJob() Job {
	e := &expiring{bank: b}
	return Job{Name: JobExpiry, Sweep: e.sweep}
}

// sweep posts what has expired in the accounts of the next lots, by day.
func (e *expiring) sweep(ctx context.Context, limit int) (s Swept, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	through, ok := e.through()
	if !ok {
		return s, nil // before there are rules there are no lots
	}
	if !e.read {
		mark, err := e.bank.store.Mark(ctx, JobExpiry)
		if err != nil {
			return s, err
		}
		e.mark, e.read = Date(mark), true
		e.at, e.next = Expiry{Day: e.mark, Learner: lastLearner}, nil
	}
	var due []Expiry
	if whole := (Expiry{Day: through, Learner: lastLearner}); e.at.Day < through || e.at.Day == through && e.at != whole {
		if due, err = e.take(ctx, through, limit); err != nil {
			return s, err
		}
		s.More = e.at != whole
	}
	if !s.More {
		due, e.failed = slices.Concat(e.failed, due), nil
	}
	err = e.post(ctx, due, &s)
	if !e.read {
		return s, err
	}
	if s.More {
		s.Behind = e.behind(e.at.Day)
		err = nil // the last batch tries again, and tells
	}
	return s, errors.Join(err, e.note(ctx))
}

// readAhead is how many expiries are read at once: a store may have to sort all
// the learners of a day to give the first.
const readAhead = 4096

// take returns the next expiries through a day, and notes how far they go.
func (e *expiring) take(ctx context.Context, through Date, limit int) (due []Expiry, err error) {
	if n := max(limit, readAhead); len(e.next) == 0 {
		if e.next, err = e.bank.store.Expiring(ctx, e.at, through, n); err != nil {
			return nil, err
		}
		if e.upTo = 0; len(e.next) < n {
			e.upTo = through
		}
	}
	due = e.next[:min(limit, len(e.next))]
	e.next = e.next[len(due):]
	switch {
	case len(e.next) == 0 && e.upTo != 0:
		e.at = Expiry{Day: e.upTo, Learner: lastLearner}
	case len(due) > 0:
		e.at = due[len(due)-1]
	}
	return due, nil
}

// post posts what is due of some accounts. Where it stops, everything goes on
// from the mark.
func (e *expiring) post(ctx context.Context, due []Expiry, s *Swept) error {
	acts, alone := e.bank.expireTogether(ctx, due)
	s.Looked, s.Done = len(due), acts
	row := 0
	var errs []error
	for _, d := range alone {
		acts, err := e.bank.Expire(ctx, d.Learner)
		if err == nil {
			s.Done, row = s.Done+len(acts), 0
			continue
		}
		errs = append(errs, fmt.Errorf("account %s: %w", d.Learner, err))
		e.failed = append(e.failed, d)
		if row++; row == maxFailures || ctx.Err() != nil {
			e.read, e.failed, s.More = false, nil, false
			s.Behind = e.behind(due[0].Day)
			return errors.Join(errs...)
		}
	}
	if len(e.failed) > 0 {
		s.Behind = e.behind(e.failed[0].Day)
	}
	return errors.Join(errs...)
}

// through returns the last day that is over.
func (e *expiring) through() (Date, bool) {
	rules := e.bank.Catalogue().Rules
	if rules == nil {
		return 0, false
	}
	return DateOf(e.bank.clock().Add(-expiryGrace).In(rules.Location())).before(), true
}

// note notes in the store the last day that is whole.
func (e *expiring) note(ctx context.Context) error {
	whole := e.at.Day
	if e.at.Learner != lastLearner {
		whole = whole.before()
	}
	for _, f := range e.failed {
		whole = min(whole, f.Day.before())
	}
	if whole <= e.mark {
		return nil
	}
	if err := e.bank.store.SetMark(ctx, JobExpiry, int64(whole)); err != nil {
		return err
	}
	e.mark = whole
	return nil
}

// behind returns for how long lots whose last day was day have been expired.
func (e *expiring) behind(day Date) time.Duration {
	return max(0, e.bank.clock().Sub(day.Next().Time(e.bank.Catalogue().Rules.Location())))
}

// expireTogether posts what has expired in some accounts in one write, and
// returns how many acts that took, and the accounts that have to be tried one by
// one: those that lost a race or could not be read, or all if the write failed.
func (b *Bank) expireTogether(ctx context.Context, due []Expiry) (acts int, alone []Expiry) {
	byLearner := map[LearnerID]Expiry{}
	for _, d := range due {
		byLearner[d.Learner] = d
	}
	var writes []Write
	for _, d := range byLearner {
		w, err := b.expiryOf(ctx, d.Learner)
		if err != nil {
			alone = append(alone, d)
		} else if len(w.Acts) > 0 {
			writes = append(writes, w)
		}
	}
	slices.SortFunc(writes, func(x, y Write) int { return cmp.Compare(x.Learner, y.Learner) })
	taken, err := b.append(ctx, writes)
	for i, w := range writes {
		if err != nil || !taken[i] {
			alone = append(alone, byLearner[w.Learner])
		} else {
			acts += len(w.Acts)
		}
	}
	slices.SortFunc(alone, func(x, y Expiry) int { return cmp.Or(cmp.Compare(x.Day, y.Day), cmp.Compare(x.Learner, y.Learner)) })
	return acts, alone
}

// append appends writes, if there are any.
func (b *Bank) append(ctx context.Context, writes []Write) ([]bool, error) {
	if len(writes) == 0 {
		return nil, nil
	}
	feed, err := b.feed()
	if err != nil {
		return nil, err
	}
	return b.store.Append(ctx, feed, writes)
}

// expiryOf returns the write that posts what has expired in an account; one
// without acts if nothing has.
func (b *Bank) expiryOf(ctx context.Context, id LearnerID) (Write, error) {
	h, err := b.store.History(ctx, id)
	if err != nil {
		return Write{}, err
	}
	account, err := NewAccount(h)
	if err != nil {
		return Write{}, err
	}
	_, at, day, err := b.current()
	if err != nil {
		return Write{}, err
	}
	d := newDraft(account, at, day, sweeper, Request{Hash: hashRequest("expire")})
	if err := d.lapseAll(); err != nil {
		return Write{}, err
	}
	return d.rows(), nil
}
