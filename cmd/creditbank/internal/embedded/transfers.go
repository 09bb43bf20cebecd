package embedded

import (
	"cmp"
	"slices"

	"creditbank/creditbank"
)

// Transfers returns every transfer that a history calls for, in order.
func Transfers(h creditbank.History) ([]creditbank.Movement, error) {
	var all []creditbank.Movement
	add := func(seq int64, transfers []creditbank.Transfer) {
		for n, t := range transfers {
			all = append(all, creditbank.Movement{Seq: seq, N: n, Transfer: t})
		}
	}
	for _, o := range h.Outcomes {
		add(o.Seq, o.Transfers())
	}
	for _, a := range h.Acts {
		transfers, err := TransfersOf(h, a)
		if err != nil {
			return nil, err
		}
		add(a.Seq, transfers)
	}
	slices.SortFunc(all, func(a, b creditbank.Movement) int { return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.N, b.N)) })
	return all, nil
}

// TransfersOf returns what an act of h moved: most acts move nothing, and what
// a decision moves it says itself; what the others undo depends on the account
// as it was before.
func TransfersOf(h creditbank.History, act creditbank.Act) ([]creditbank.Transfer, error) {
	switch {
	case act.Kind == creditbank.ActDecided && act.Body.Decision != nil:
		return act.Body.Decision.Transfers(), nil
	case act.Body.Of == 0:
		return nil, nil
	}
	before, err := creditbank.NewAccount(UpTo(h, act.Seq-1))
	if err != nil {
		return nil, err
	}
	return before.Transfers(act), nil
}

// UpTo returns h as it was at a version.
func UpTo(h creditbank.History, version int64) creditbank.History {
	cut := creditbank.History{Learner: h.Learner}
	for _, o := range h.Outcomes {
		if o.Seq <= version {
			cut.Outcomes = append(cut.Outcomes, o)
		}
	}
	for _, a := range h.Acts {
		if a.Seq <= version {
			cut.Acts = append(cut.Acts, a)
		}
	}
	return cut
}
