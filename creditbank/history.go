package creditbank

import (
	"fmt"
	"slices"
)

// A History is everything on record about one learner's account, as a store
// returns it. Outcomes and Acts are sorted by Seq.
type History struct {
	Learner  LearnerID
	Outcomes []Outcome
	Acts     []Act
}

// Version returns the account version that h makes.
func (h History) Version() int64 { return int64(len(h.Outcomes) + len(h.Acts)) }

// act returns the act of version seq, or the zero Act.
func (h History) act(seq int64) Act {
	i := slices.IndexFunc(h.Acts, func(a Act) bool { return a.Seq == seq })
	if i < 0 {
		return Act{}
	}
	return h.Acts[i]
}

// outcome returns the outcome of version seq as it was posted, or the zero
// Outcome.
func (h History) outcome(seq int64) Outcome {
	i := slices.IndexFunc(h.Outcomes, func(o Outcome) bool { return o.Seq == seq })
	if i < 0 {
		return Outcome{}
	}
	return h.Outcomes[i]
}

// NewAccount adds up h. An error means that what is stored is damaged: it
// wraps none of this package's kinds.
func NewAccount(h History) (*Account, error) { return h.At(h.Version()) }

// At returns the account as it was at a version, known then and valid then.
func (h History) At(version int64) (*Account, error) {
	a := newAccount(h.Learner)
	return a, h.walk(version, func(o *Outcome, act *Act) error {
		if o != nil {
			return a.applyOutcome(*o)
		}
		return a.applyAct(*act)
	})
}

// Movements returns every transfer that the rows call for, recognitions
// included, in order. What is stored of them must be the same.
func (h History) Movements() ([]Movement, error) {
	a := newAccount(h.Learner)
	var all []Movement
	err := h.walk(h.Version(), func(o *Outcome, act *Act) error {
		var transfers []Transfer
		if o != nil {
			transfers = o.Transfers()
		} else {
			transfers = a.Transfers(*act)
		}
		for n, t := range transfers {
			all = append(all, Movement{a.Version + 1, n, t})
		}
		if o != nil {
			return a.applyOutcome(*o)
		}
		return a.applyAct(*act)
	})
	return all, err
}

// walk calls f for each row up to a version in order, with the outcome or the
// act.
func (h History) walk(version int64, f func(*Outcome, *Act) error) error {
	outcomes, acts := h.Outcomes, h.Acts
	for next := int64(1); next <= version; next++ {
		var err error
		switch {
		case len(outcomes) > 0 && outcomes[0].Seq == next:
			err, outcomes = f(&outcomes[0], nil), outcomes[1:]
		case len(acts) > 0 && acts[0].Seq == next:
			err, acts = f(nil, &acts[0]), acts[1:]
		default:
			err = fmt.Errorf("account %s: no row makes version %d", h.Learner, next)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
