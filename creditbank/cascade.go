package creditbank

import (
	"context"
	"slices"
)

// What loses its source falls (冲正): each conversion that was fed, and whatever
// was made of its lines in other programmes, in one write and deepest first, so
// that at no version does a conversion stand on one that does not. Where an
// award hangs on it a case is opened instead ([Case]).

// undo drafts what becomes of conversions that lost a source.
func (d *draft) undo(conversions []*Conversion, since int64) error {
	var fall []int64
	for _, c := range conversions {
		awards := d.account.hanging(c.Seq)
		if len(awards) == 0 {
			fall = append(fall, c.Seq)
			continue
		}
		for _, w := range awards {
			if _, err := d.act(ActCaseOpened, ActBody{Case: &CaseEntry{Award: w.Seq}, Of: c.Seq, Since: since}); err != nil {
				return err
			}
		}
	}
	return d.fell(d.account.downstream(fall...), since)
}

// fell reverses conversions, given in order of dependency, the last first.
func (d *draft) fell(conversions []int64, since int64) error {
	for _, seq := range slices.Backward(conversions) {
		if _, err := d.act(ActReversed, ActBody{Of: seq, Since: since}); err != nil {
			return err
		}
	}
	return nil
}

// reconsiderAll evaluates conversions again after the lot of version since
// changed, and those that carry lines whose grades change by it. What an award
// hangs on comes first: it has the better claim to what the lot still gives.
func (b *Bank) reconsiderAll(ctx context.Context, d *draft, h History, conversions []*Conversion, since int64) error {
	var waiting []int64
	for _, c := range conversions {
		waiting = append(waiting, c.Seq)
	}
	for len(waiting) > 0 {
		i := d.account.first(waiting)
		c := d.account.Conversion(waiting[i])
		waiting = slices.Delete(waiting, i, i+1)
		if !c.Stands() {
			continue // it fell with what it rested on
		}
		regraded, err := b.reconsider(ctx, d, h, c, since)
		if err != nil {
			return err
		}
		if regraded {
			waiting = append(waiting, d.account.restingOn(c.Seq)...)
			slices.Sort(waiting)
			waiting = slices.Compact(waiting)
		}
	}
	return nil
}

// first returns the index of the conversion to evaluate next. If an award hangs
// on one, it hangs on all that it rests on: the order stays one of dependency.
func (a *Account) first(waiting []int64) int {
	for i, seq := range waiting {
		if len(a.hanging(seq)) > 0 {
			return i
		}
	}
	return 0
}
