package creditbank

import (
	"context"
	"fmt"
	"time"
)

// Expiry needs no act to count: a lot is worth nothing from the day after its
// last, whether or not anybody has noted it. What an act of kind expired adds is
// the transfer, for those who read the ledger: what is left of the lot, neither
// used nor held, goes to the account "expired". Credits of an expired lot that
// come back later go there with the act that brings them back; and where a
// conversion is evaluated as of a day on which the lot still counted, it takes
// them from there. So no decision depends on when the sweep has run.

// sweeper is who acts where nobody does: the clock.
var sweeper = Caller{ID: "system:sweep"}

// Lapsed returns the credits of l that were posted as expired.
func (l *Lot) Lapsed() Credits { return l.lapsed }

// left returns what stands on l's account of the ledger.
func (l *Lot) left() Credits {
	if !l.Granted || !l.Current() || l.RevokedOn != 0 {
		return 0
	}
	return l.free() - l.lapsed
}

// due returns the credits of l that have expired by day and were not posted so.
func (l *Lot) due(day Date) Credits {
	if !l.Expired(day) {
		return 0
	}
	return l.left()
}

// lapseDay returns the day on which what is left of l, an expired lot, expired:
// the day after its last, or the one on which it came back later.
func (l *Lot) lapseDay() Date {
	day := l.ExpiresOn.Next()
	for _, u := range l.uses {
		day = max(day, u.until)
	}
	for _, h := range l.holds {
		day = max(day, h.until)
	}
	return day
}

// Next returns the day after d.
func (d Date) Next() Date { return DateOf(d.Time(time.UTC).AddDate(0, 0, 1)) }

// before returns the day before d.
func (d Date) before() Date { return DateOf(d.Time(time.UTC).AddDate(0, 0, -1)) }

// lapsing returns the transfer that an act of kind expired makes of l.
func (l *Lot) lapsing(credits Credits) []Transfer {
	var j journal
	j.move(LotAccount(l.Seq), AccountExpired, l.Category, credits)
	return j.transfers
}

// unlapsing returns the transfer by which all that has expired of l comes back.
func (l *Lot) unlapsing() []Transfer { return reversed(l.lapsing(l.lapsed)) }

// takeBack returns the transfers by which a decision gets the sources it takes of
// lots that have expired since its day, once freed of them is free.
func (a *Account) takeBack(sources []Consumption, freed map[int64]Credits) []Transfer {
	var j journal
	need := map[int64]Credits{}
	for _, s := range sources {
		need[s.Lot] += s.Credits
	}
	for _, s := range sources {
		if lot := a.Lot(s.Lot); lot != nil {
			if want, ok := need[lot.Seq]; ok {
				j.move(AccountExpired, LotAccount(lot.Seq), lot.Category, lot.lapsed-(lot.free()+freed[lot.Seq]-want))
				delete(need, lot.Seq) // once is enough
			}
		}
	}
	return j.transfers
}

// applyExpired notes that what is left of a lot was posted as expired.
func (a *Account) applyExpired(act Act) error {
	lot := a.Lot(act.Body.Of)
	switch {
	case lot == nil || !lot.Expired(act.Day):
		return fmt.Errorf("no expired lot %d", act.Body.Of)
	case act.Body.Credits <= 0 || act.Body.Credits != lot.left():
		return fmt.Errorf("%v of lot %d are left, and %v expired", lot.left(), act.Body.Of, act.Body.Credits)
	}
	lot.lapsed += act.Body.Credits
	return nil
}

// lapse posts what is left of l, an expired lot.
func (d *draft) lapse(l *Lot) error {
	_, err := d.actOn(l.lapseDay(), ActExpired, ActBody{Credits: l.left(), Of: l.Seq})
	return err
}

// lapseAll posts everything that has expired.
func (d *draft) lapseAll() error {
	for _, l := range d.account.Lots {
		if l.due(d.day) > 0 {
			if err := d.lapse(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish adds what follows from the acts of d: credits of expired lots that came
// back with them expire with them. Lots that they did not touch are left to the
// sweep.
func (d *draft) finish() error {
	for _, l := range d.account.Lots {
		if l.due(d.day) > d.due[l.Seq] {
			if err := d.lapse(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// dues returns what has expired by day in each lot and was not posted so.
func (a *Account) dues(day Date) map[int64]Credits {
	var due map[int64]Credits
	for _, l := range a.Lots {
		if left := l.due(day); left > 0 {
			if due == nil {
				due = map[int64]Credits{}
			}
			due[l.Seq] = left
		}
	}
	return due
}

// Expire posts what has expired in an account by today and was not posted so,
// and returns the acts: none, if there is nothing. It may be called by anybody
// at any time; each credit expires once.
func (b *Bank) Expire(ctx context.Context, id LearnerID) ([]Act, error) {
	acts, _, err := b.change(ctx, Change{By: sweeper, Learner: id}, "expire", func(d *draft, _ History, _ Rules) error {
		if err := d.lapseAll(); err != nil {
			return err
		}
		if len(d.write.Acts) == 0 {
			return b.nothingToDo(ctx)
		}
		return nil
	})
	if err == errNothingToDo {
		return nil, nil
	}
	return acts, err
}

// lapsed returns the act that a posting brings with it whose lot has expired
// before it was posted.
func lapsed(o Outcome, seq int64, today Date) (Act, []Movement, bool) {
	l := &Lot{Outcome: o}
	left := l.due(today)
	if left == 0 {
		return Act{}, nil, false
	}
	act := Act{
		Learner: o.Learner, Seq: seq, Kind: ActExpired, At: o.PostedAt, Day: l.lapseDay(), By: o.By,
		Body: ActBody{Credits: left, Of: o.Seq},
	}
	var moved []Movement
	for n, t := range l.lapsing(left) {
		moved = append(moved, Movement{seq, n, t})
	}
	return act, moved, true
}
