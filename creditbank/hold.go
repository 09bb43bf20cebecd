package creditbank

import (
	"fmt"
	"slices"
)

// A hold is an application's claim on a lot: what approval would consume is
// promised to it, and to nobody else. An application holds from the act that
// applied until it is refused, is withdrawn, lapses, or takes effect, which
// consumes; so also while it waits for a supplement, and under publicity. What it
// holds is worked out anew where it is supplemented, and where its approval is
// shown: from then on it is what that approval would consume. A supplement that
// leaves it denied as things stand changes nothing of what is held, since things may
// change. An appeal holds anew what would be consumed if it were approved that
// day; what others have by then is theirs. A hold counts
// for the days from..until (the latter exclusive; zero while it stands).
type hold struct {
	application int64
	from, until Date
	credits     Credits
}

func (h hold) active(day Date) bool { return h.from <= day && (h.until == 0 || day < h.until) }

// HeldBy returns the application that holds l, wholly or in part, or zero: the
// first of them, where several hold a part each.
func (l *Lot) HeldBy() int64 {
	for _, h := range l.holds {
		if h.until == 0 {
			return h.application
		}
	}
	return 0
}

// Held returns what applications hold of l on day: known now, valid then.
func (l *Lot) Held(day Date) Credits {
	var sum Credits
	for _, h := range l.holds {
		if h.active(day) {
			sum += h.credits
		}
	}
	return sum
}

// hold promises the sources of a pending decision to an application. No lot is
// promised beyond what is free of it.
func (a *Account) hold(application int64, from Date, sources []Consumption) error {
	for _, s := range sources {
		if _, ok := s.Line(); ok {
			continue
		}
		lot := a.Lot(s.Lot)
		if lot == nil || !lot.Granted || s.Credits < 0 {
			return fmt.Errorf("no lot %d to hold", s.Lot)
		}
		lot.holds = append(lot.holds, hold{application, from, 0, s.Credits})
		if lot.free() < 0 {
			return fmt.Errorf("lot %d is held beyond its %v credits", s.Lot, lot.Credits)
		}
		lot.lapsed = min(lot.lapsed, lot.free())
	}
	return nil
}

// releaseHold lets go of what an application holds: it counts before the day
// until, and no more from then on.
func (a *Account) releaseHold(application int64, until Date) {
	for _, l := range a.Lots {
		l.releaseHold(application, until)
	}
}

// holdAnew has an application hold what act says, instead of what it held.
func (a *Account) holdAnew(act Act) error {
	if !act.Body.Holds {
		return nil
	}
	a.releaseHold(act.Body.Of, act.Day)
	return a.hold(act.Body.Of, act.Day, act.promised())
}

// promised returns what act promises to an application.
func (act Act) promised() []Consumption {
	if d := act.Body.Decision; d != nil {
		return d.Sources
	}
	return act.step().Held
}

// consumeHeld forgets what an application ever held: from the day of the application
// on it is consumed.
func (a *Account) consumeHeld(application int64) {
	for _, l := range a.Lots {
		l.holds = slices.DeleteFunc(l.holds, func(h hold) bool { return h.application == application })
	}
}

// releaseHold lets go of what an application holds of l; of what any does, for
// application zero.
func (l *Lot) releaseHold(application int64, until Date) {
	l.holds = slices.DeleteFunc(l.holds, func(h hold) bool {
		return h.ends(application) && until <= h.from // as if it had never been
	})
	for i := range l.holds {
		if l.holds[i].ends(application) {
			l.holds[i].until = until
		}
	}
}

// ends reports whether h stands and ends with the application, or with all.
func (h hold) ends(application int64) bool {
	return h.until == 0 && (application == 0 || h.application == application)
}

// moveHolds has the applications that hold old hold its next revision instead:
// the whole of it where they held the whole, else as much as there is. What
// they then come to is for their review to say.
func (a *Account) moveHolds(old *Lot, next int64) {
	moved := slices.DeleteFunc(slices.Clone(old.holds), func(h hold) bool { return h.until != 0 })
	old.releaseHold(0, 0)
	revision := a.Lot(next)
	if revision == nil || !revision.Granted {
		return
	}
	for _, h := range moved {
		h.credits = old.heldOf(h, revision)
		revision.holds = append(revision.holds, h)
	}
}

// heldOf returns what hold h on l becomes on the next revision of l.
func (l *Lot) heldOf(h hold, revision *Lot) Credits {
	left := max(0, revision.free())
	if h.credits == l.Credits {
		return left
	}
	return min(h.credits, left)
}

// Released returns a copy of a in which nothing is held for the application: on
// it the application itself is decided. The copy cannot be stored.
func (a *Account) Released(application int64) *Account {
	c := *a
	c.Lots = slices.Clone(a.Lots)
	for i, l := range c.Lots {
		if slices.ContainsFunc(l.holds, func(h hold) bool { return h.ends(application) }) {
			copied := *l
			copied.holds = slices.DeleteFunc(slices.Clone(l.holds), func(h hold) bool { return h.ends(application) })
			c.Lots[i] = &copied
		}
	}
	return &c
}

// Holding returns a copy of a as it would be with an application for d, which is
// pending. It serves to look ahead; the copy cannot be stored.
func (a *Account) Holding(d *Decision) *Account {
	c := *a
	c.Lots = slices.Clone(a.Lots)
	seq := a.Version + 1
	for _, s := range d.Sources {
		for i, lot := range c.Lots {
			if lot.Seq == s.Lot {
				copied := *lot
				copied.holds = append(slices.Clip(lot.holds), hold{seq, d.Day, 0, s.Credits})
				c.Lots[i] = &copied
			}
		}
	}
	c.Applications = append(slices.Clip(a.Applications), &Application{Seq: seq, Decision: d, State: StateSubmitted})
	c.advance(d.Hash())
	return &c
}

// holding returns the transfers by which an application takes hold of sources.
func holding(application int64, sources []Consumption) []Transfer {
	var j journal
	for _, s := range sources {
		if _, ok := s.Line(); !ok {
			j.move(LotAccount(s.Lot), HoldAccount(application), s.Category, s.Credits)
		}
	}
	return j.transfers
}

// releasing returns the transfers by which an application lets go of everything
// it holds, and what that frees of each lot.
func (a *Account) releasing(application int64) ([]Transfer, map[int64]Credits) {
	var j journal
	freed := map[int64]Credits{}
	for _, l := range a.Lots {
		for _, h := range l.holds {
			if h.ends(application) {
				j.move(HoldAccount(application), LotAccount(l.Seq), l.Category, h.credits)
				freed[l.Seq] += h.credits
			}
		}
	}
	return j.transfers, freed
}

// reholding returns the transfers by which an application holds what act says,
// instead of what it held.
func (a *Account) reholding(act Act) []Transfer {
	if !act.Body.Holds {
		return nil
	}
	released, freed := a.releasing(act.Body.Of)
	return slices.Concat(released, a.takeBack(act.promised(), freed), holding(act.Body.Of, act.promised()))
}

// unholding returns the transfers by which all that is held of l comes back.
func (l *Lot) unholding() []Transfer {
	var j journal
	for _, h := range l.holds {
		if h.until == 0 {
			j.move(HoldAccount(h.application), LotAccount(l.Seq), l.Category, h.credits)
		}
	}
	return j.transfers
}

// rehold returns the transfers by which the holds on old, which come back first,
// pass on to its next revision.
func (a *Account) rehold(old *Lot, next int64) []Transfer {
	var j journal
	revision := a.Lot(next)
	if revision == nil || !revision.Granted {
		return nil
	}
	left := *revision
	for _, h := range old.holds {
		if h.until == 0 {
			h.credits = old.heldOf(h, &left)
			left.holds = append(slices.Clip(left.holds), h)
			j.move(LotAccount(next), HoldAccount(h.application), revision.Category, h.credits)
		}
	}
	return j.transfers
}
