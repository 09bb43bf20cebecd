package creditbank

import (
	"slices"
	"time"
)

// A draft gathers the rows of one write to an account and moves the account on
// with each, so that what follows is decided on what came before.
type draft struct {
	account *Account
	base    int64
	at      time.Time
	day     Date
	by      Caller
	request Request           // under which acts can be found again
	trace   string            // the request that brought a posting
	due     map[int64]Credits // what had expired in each lot before
	work    []WorkItem        // the worklist as it was
	asked   []PetitionItem    // the open petitions as they were
	write   Write
}

func newDraft(a *Account, at time.Time, day Date, by Caller, request Request) *draft {
	return &draft{account: a, base: a.Version, at: at, day: day, by: by, request: request, due: a.dues(day), work: a.Work(), asked: a.OpenPetitions()}
}

// outcome adds a posting with its recognition.
func (d *draft) outcome(p Posting, c Course, r Recognition) (Outcome, error) {
	o := NewOutcome(p, c, r, d.account.Version+1, d.at, d.by, d.trace)
	if err := d.account.applyOutcome(o); err != nil {
		return Outcome{}, err
	}
	d.write.Outcomes = append(d.write.Outcomes, o)
	return o, nil
}

// act adds an act and the transfers it makes.
func (d *draft) act(kind ActKind, body ActBody) (Act, error) { return d.actOn(d.day, kind, body) }

// actOn adds an act that takes effect on another day than it is made.
func (d *draft) actOn(day Date, kind ActKind, body ActBody) (Act, error) {
	request := d.request
	request.Part = len(d.write.Acts)
	act := Act{Learner: d.account.Learner, Seq: d.account.Version + 1, Kind: kind, At: d.at, Day: day, By: d.by, Request: request, Body: body}
	transfers := d.account.Transfers(act)
	if err := d.account.applyAct(act); err != nil {
		return Act{}, err
	}
	d.write.Acts = append(d.write.Acts, act)
	for n, t := range transfers {
		d.write.Movements = append(d.write.Movements, Movement{act.Seq, n, t})
	}
	return act, nil
}

// rows returns the write.
func (d *draft) rows() Write {
	d.write.Learner, d.write.Base = d.account.Learner, d.base
	d.write.Frozen, d.write.Totals = d.account.Frozen, d.account.Totals
	d.write.Work = d.account.WorkChanges(d.work)
	d.write.Petitions = d.account.PetitionChanges(d.asked)
	return d.write
}

// Transfers returns what act moves on the account as it is before it. They
// follow from the history; they are stored beside it for those who read the
// ledger with SQL, and checked against it by whoever audits.
func (a *Account) Transfers(act Act) []Transfer {
	switch act.Kind {
	case ActApplied:
		if act.Body.Decision != nil && act.Body.Holds {
			return append(a.takeBack(act.promised(), nil), holding(act.Seq, act.promised())...)
		}
	case ActSupplemented, ActResolved, ActAppealed:
		return a.reholding(act)
	case ActRetracted, ActLapsed:
		released, _ := a.releasing(act.Body.Of)
		return released
	case ActDecided:
		if act.Body.Decision != nil {
			var released []Transfer
			freed := map[int64]Credits{}
			if act.Body.Of != 0 {
				released, freed = a.releasing(act.Body.Of)
			}
			return a.carryOut(act.Body.Decision, released, freed)
		}
	case ActReversed:
		if c := a.Conversion(act.Body.Of); c != nil {
			return a.undone(c.Decision)
		}
	case ActRelinked, ActRegraded:
		if c := a.Conversion(act.Body.Of); c != nil && act.Body.Decision != nil {
			return a.carryOut(act.Body.Decision, a.undone(c.Decision), a.usedBy(c.Seq))
		}
	case ActRevoked, ActReplaced:
		if lot := a.Lot(act.Body.Of); lot != nil {
			gone := slices.Concat(lot.unholding(), lot.unlapsing(), lot.returned())
			if act.Kind == ActReplaced {
				gone = append(gone, a.rehold(lot, act.Body.Since)...)
			}
			return gone
		}
	case ActExpired:
		if lot := a.Lot(act.Body.Of); lot != nil {
			return lot.lapsing(act.Body.Credits)
		}
	case ActRecognised:
		if lot := a.Lot(act.Body.Of); lot != nil && act.Body.Recognition != nil {
			return lot.recognising(act.Body.Recognition.Recognition())
		}
	}
	return nil
}

// usedBy returns what a conversion uses of each lot.
func (a *Account) usedBy(conversion int64) map[int64]Credits {
	used := map[int64]Credits{}
	for _, l := range a.Lots {
		for _, u := range l.uses {
			if u.conversion == conversion && u.until == 0 {
				used[l.Seq] += u.credits
			}
		}
	}
	return used
}

// carryOut returns the transfers of an approved decision, after those that free
// its sources.
func (a *Account) carryOut(d *Decision, before []Transfer, freed map[int64]Credits) []Transfer {
	if !d.Approved {
		return before
	}
	return slices.Concat(before, a.takeBack(d.Sources, freed), d.Transfers())
}
