package creditbank

import (
	"context"
	"fmt"
)

// A HistoryStore reads the accounts of a whole population, a piece at a time.
type HistoryStore interface {
	// Histories returns everything on record about each learner above after,
	// through the given one, in order of their ids: a few round trips, however
	// many learners there are. Each history is whole and was committed, as by
	// History; they need not all be of one moment.
	Histories(ctx context.Context, after, through LearnerID) ([]Dossier, error)
}

// A Dossier (档案) is the history of a learner's account, with the region the
// learner belongs to. It says nothing of who the learner is.
type Dossier struct {
	Region RegionCode
	History
}

// Histories returns the dossiers of the learners above after, through the given
// one, in order of their ids. [Bank.Learners] tells which there are.
func (b *Bank) Histories(ctx context.Context, after, through LearnerID) ([]Dossier, error) {
	return b.store.Histories(ctx, after, through)
}

// EachAct calls f for each act of h in order, with the account as it was just
// before it, and returns the account that h adds up to. f must change nothing.
// The accounts have no digest, so what is decided on them is not for the record.
func (h History) EachAct(f func(before *Account, act *Act) error) (*Account, error) {
	a := newAccount(h.Learner)
	a.undigested = true
	return a, h.walk(h.Version(), func(o *Outcome, act *Act) error {
		if o != nil {
			return a.applyOutcome(*o)
		}
		if err := f(a, act); err != nil {
			return err
		}
		return a.applyAct(*act)
	})
}

// FillDossiers gives each dossier its rows: those up to its account's version, of
// outcomes and acts that are sorted by learner and version. Stores read them for
// many learners at once, and may have read some that are newer, or of learners
// who came meanwhile. An error means damage: a row that is missing.
func FillDossiers(dossiers []Dossier, versions []int64, outcomes []Outcome, acts []Act) error {
	for i := range dossiers {
		h, version := &dossiers[i].History, versions[i]
		h.Outcomes, outcomes = rowsOf(outcomes, h.Learner, version, func(o *Outcome) (LearnerID, int64) { return o.Learner, o.Seq })
		h.Acts, acts = rowsOf(acts, h.Learner, version, func(a *Act) (LearnerID, int64) { return a.Learner, a.Seq })
		if version < 1 || h.Version() != version {
			return fmt.Errorf("account %s: %d rows for version %d", h.Learner, h.Version(), version)
		}
		if err := h.walk(version, func(*Outcome, *Act) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// rowsOf returns the rows of a learner up to a version, and those behind them.
func rowsOf[R any](rows []R, id LearnerID, version int64, of func(*R) (LearnerID, int64)) (own, rest []R) {
	begin := 0
	for begin < len(rows) {
		if learner, _ := of(&rows[begin]); learner >= id {
			break
		}
		begin++
	}
	end, last := begin, begin
	for ; end < len(rows); end++ {
		learner, seq := of(&rows[end])
		if learner != id {
			break
		}
		if seq <= version {
			last = end + 1
		}
	}
	if last == begin {
		return nil, rows[end:]
	}
	return rows[begin:last:last], rows[end:]
}
