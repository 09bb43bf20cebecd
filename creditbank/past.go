package creditbank

import "slices"

// A Past is what a learner was recognised before an outcome: what period caps are
// measured against. Its totals are kept with the account, so that posting reads
// one row; the outcomes behind them are there for rules that ask for them
// ([Rules], Recalls). The zero Past is nothing.
type Past struct {
	Totals   Totals
	outcomes []*Outcome // that stand
	known    bool
}

// Past returns what a holds as recognised, without the outcomes of the given
// versions: a revision takes the place of what it revises.
func (a *Account) Past(without ...int64) Past {
	p := Past{Totals: a.Totals, known: true}
	for _, l := range a.Lots {
		if !l.Granted || !l.Current() || l.RevokedOn != 0 {
			continue
		}
		if slices.Contains(without, l.Seq) {
			p.Totals = p.Totals.Plus(l.Category, l.IssuedOn, -l.Credits)
			continue
		}
		p.outcomes = append(p.outcomes, &l.Outcome)
	}
	return p
}

// Plus returns p with an outcome more.
func (p Past) Plus(o Outcome) Past {
	p.Totals = p.Totals.Plus(o.Category, o.IssuedOn, o.Credits)
	if p.known && o.Granted {
		kept := o // a parameter that is pointed to would be copied to the heap in any case
		p.outcomes = append(slices.Clip(p.outcomes), &kept)
	}
	return p
}

// ByOutcomes reports whether p knows the outcomes behind its totals.
func (p Past) ByOutcomes() bool { return p.known }

// Each calls f for each outcome of p that was recognised and stands, in the order
// of posting. Outcomes are not to be changed.
func (p Past) Each(f func(*Outcome)) {
	for _, o := range p.outcomes {
		f(o)
	}
}
