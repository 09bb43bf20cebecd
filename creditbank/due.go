package creditbank

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A Due is what came due on one application.
type Due struct {
	Learner     LearnerID
	Application int64
	Act         Act // what was done
}

// ApplicationsDue does what the clock calls for on up to limit applications:
// approvals whose publicity is over take effect, returned applications that were not
// supplemented in time lapse. It may be run at any time, by several processes at
// once, and as often as one likes: what was done is not due any more. An approval by
// a rule that is suspended waits until it is resumed. What fails on one application is
// told, and keeps nothing from the others. A [Sweeper] does the same by itself.
func (b *Bank) ApplicationsDue(ctx context.Context, by Caller, limit int) ([]Due, error) {
	if err := by.check(); err != nil {
		return nil, err
	}
	r := waking{bank: b, by: by}
	var done []Due
	for looked := 0; looked < limit; {
		page, err := r.next(ctx, min(limit-looked, duePage))
		done = append(done, page...)
		if err != nil || !r.more {
			return done, errors.Join(append(r.errs, err)...)
		}
		looked += r.looked
	}
	return done, errors.Join(r.errs...)
}

// duePage is how many applications are looked up at once.
const duePage = 100

// A waking is a round through the applications on which the clock has something to
// do. One on which that fails holds up none of those behind it.
type waking struct {
	bank *Bank
	by   Caller

	at     WorkPlace // where the round is
	more   bool      // it has not come to the end
	looked int       // at so many by the last page
	errs   []error
	row    int  // so many failed one after the other
	oldest Date // the earliest day on which one was due that failed
}

// next looks at up to limit applications more. An error ends the round: the store
// does not answer, or nothing is done any more.
func (r *waking) next(ctx context.Context, limit int) (done []Due, err error) {
	items, err := r.bank.store.Waking(ctx, r.bank.Today(), r.at, limit)
	r.looked, r.more = len(items), len(items) == limit
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		act, err := r.bank.applicationDue(ctx, r.by, item)
		if err != nil {
			r.errs = append(r.errs, fmt.Errorf("application %d of %s: %w", item.Seq, item.Learner, err))
			r.oldest = min(orNoDeadline(r.oldest), item.Wake)
			if r.row++; r.row == maxFailures || ctx.Err() != nil {
				return done, errors.New("too many fail: it is tried again later")
			}
			continue
		}
		r.at, r.row = item.wakePlace(), 0
		if act.Seq != 0 {
			done = append(done, Due{item.Learner, item.Seq, act})
		}
	}
	if len(items) > 0 {
		r.at = items[len(items)-1].wakePlace()
	}
	return done, nil
}

// applicationsJob is [Bank.ApplicationsDue] as a job: a round of the sweep goes once
// through what is due, and tells at its end what failed.
func (b *Bank) applicationsJob() Job {
	var mu sync.Mutex // one batch at a time
	r := waking{bank: b, by: sweeper}
	return Job{Name: JobApplications, Sweep: func(ctx context.Context, limit int) (s Swept, err error) {
		mu.Lock()
		defer mu.Unlock()
		if b.Catalogue().Rules == nil {
			return s, nil // before there are rules nobody applies
		}
		done, err := r.next(ctx, limit)
		s.Done, s.Looked, s.More = len(done), r.looked, r.more && err == nil
		switch {
		case s.More:
			s.Behind = b.overdue(r.at.Due)
		case r.oldest != 0:
			s.Behind = b.overdue(r.oldest)
		}
		if !s.More {
			err = errors.Join(append(r.errs, err)...)
			r = waking{bank: b, by: sweeper}
		}
		return s, err
	}}
}

// overdue returns for how long something has been due that was due from day on.
func (b *Bank) overdue(day Date) time.Duration {
	return max(0, b.clock().Sub(day.Time(b.Catalogue().Rules.Location())))
}

// applicationDue does what is due on one application; the act is zero if nothing
// is.
func (b *Bank) applicationDue(ctx context.Context, by Caller, item WorkItem) (Act, error) {
	if item.State == StatePublicity && b.suspendedNow(item.Facts.Rule) != nil {
		return Act{}, nil // it waits until the rule is resumed
	}
	act, err := b.changeLast(ctx, Change{By: by, Learner: item.Learner}, "due", func(d *draft, _ History) error {
		p := d.account.Application(item.Seq)
		switch wake := d.account.workItem(p).Wake; {
		case p == nil || wake == 0 || d.day < wake:
			return errNothingToDo
		case p.State == StatePublicity:
			return b.effect(ctx, d, p)
		}
		_, err := d.step(ActLapsed, p.Seq, ActBody{})
		return err
	})
	if errors.Is(err, errNothingToDo) {
		return Act{}, nil
	}
	return act, err
}
