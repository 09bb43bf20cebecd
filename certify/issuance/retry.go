package issuance

import (
	"context"
	"fmt"

	"creditbank/creditbank"
)

// Retry looks once more at all learners whose certificates could not be made
// when it was their turn: after the damage was mended, or the data that was in
// the way. It costs little while there are none. [Office.CatchUp] does the same
// bit by bit, so that nobody has to know when something was mended.
func (o *Office) Retry(ctx context.Context) (Progress, error) {
	var sum Progress
	for after := creditbank.LearnerID(""); ; {
		p, page, err := o.retryPage(ctx, after)
		sum.add(p)
		if err != nil || page.last == "" {
			return sum, err
		}
		after = page.last
	}
}

// retrySome looks again at the next learners who are parked, after those of the
// last call, and goes on for as long as it finds some who can be helped.
func (o *Office) retrySome(ctx context.Context) (Progress, error) {
	o.mu.Lock()
	after := o.retried
	o.mu.Unlock()
	p, page, err := o.retryPage(ctx, after)
	if err == nil && page.last == "" && after != "" { // begin anew
		p, page, err = o.retryPage(ctx, "")
	}
	sum := p
	for err == nil && page.mended > 0 {
		after = page.last
		p, page, err = o.retryPage(ctx, after)
		sum.add(p)
	}
	if err == nil {
		o.mu.Lock()
		o.retried = page.last // "" after the end
		o.mu.Unlock()
	}
	return sum, err
}

// A retriedPage says how looking again at some of those parked went.
type retriedPage struct {
	last   creditbank.LearnerID // whom it ended with; "" if there was nobody
	mended int
}

// retryPage looks again at up to maxRows learners above after.
func (o *Office) retryPage(ctx context.Context, after creditbank.LearnerID) (p Progress, page retriedPage, err error) {
	err = o.write(ctx, func(state State) (bool, error) {
		p, page = Progress{Cursor: state.Cursor, Last: state.Cursor}, retriedPage{}
		ids, err := o.c.Store.Parked(ctx, after, maxRows)
		if err != nil || len(ids) == 0 {
			return true, err
		}
		w := &work{cursor: state.Cursor}
		for _, id := range ids {
			ok, err := o.look(ctx, w, id)
			if err != nil {
				return false, err
			}
			if ok {
				w.unparked = append(w.unparked, id)
			}
		}
		moved, err := o.finish(ctx, state, w, &p)
		page = retriedPage{ids[len(ids)-1], len(w.unparked)}
		return moved, err
	})
	if err != nil {
		return p, page, fmt.Errorf("retry parked learners: %w", err)
	}
	return p, page, nil
}
