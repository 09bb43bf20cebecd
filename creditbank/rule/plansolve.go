package rule

import (
	"slices"

	"creditbank/creditbank"
)

// solve finds the best solution of each group: of the credits, then of what is
// forfeited, then of the expiries used, then of the ids.
func (p *planner) solve() error {
	for _, g := range p.groups {
		if err := g.begin(); err != nil {
			return err
		}
	}
	for _, m := range []int{granted, spared} {
		for _, g := range p.groups {
			if err := g.raise(m, &aim{weights: one, last: len(p.dates)}); err != nil {
				return err
			}
		}
	}
	if err := p.soonest(); err != nil {
		return err
	}
	for _, g := range p.groups {
		if err := g.firstOrder(); err != nil {
			return err
		}
	}
	return nil
}

// begin finds a solution to begin with, and prices that bound the credits.
func (g *planGroup) begin() error {
	s, root, err := g.newSearch(creditsOnly(g.p))
	if err != nil {
		return err
	}
	g.prove(s, root)
	s.b.look(root, s.a)
	s.b.solve(root.sum, s.a)
	return s.round(root)
}

func creditsOnly(p *planner) *aim { return &aim{weights: one, last: len(p.dates)} }

var (
	one      = []creditbank.Credits{1}
	minusOne = []creditbank.Credits{-1}
)

// raise makes measure m of the best solution as large as it can be, those before
// being what they are; or as small, if the aim says so.
func (g *planGroup) raise(m int, a *aim) error {
	if g.known < m {
		return nil // what comes before is not sure
	}
	a.least = slices.Clone(g.best.sum[:m])
	sure, err := g.attain(a)
	if sure && err == nil {
		g.known = m + len(a.weights)
	}
	return err
}

// attain lets best be the best that the aim wants, and reports whether it is sure to
// be; of an aim that wants any, whether there is one.
func (g *planGroup) attain(a *aim) (bool, error) {
	s, root, err := g.newSearch(a)
	if err != nil {
		return false, err
	}
	err = s.aimHigh(root)
	if a.any() {
		return s.found, err
	}
	return !s.ended, err
}

// soonest goes through the days on which lots expire, and has each group use as
// many of each as it can. A list of expiries that ends is sooner than one that goes
// on: once all groups can do without any later lot, they use as few as they can.
func (p *planner) soonest() error {
	if p.unproven(firstDate) {
		return nil
	}
	if late, err := p.late(); late || err != nil {
		for _, g := range p.groups {
			if err == nil {
				err = g.allDays()
			}
		}
		return err
	}
	for i := 0; i < len(p.dates); {
		if p.unproven(firstDate + i) {
			return nil
		}
		n := p.together(i)
		end, err := p.endBy(i + n - 1)
		if err != nil {
			return err
		}
		if end && n > 1 {
			n = 1
			if end, err = p.endBy(i); err != nil {
				return err
			}
		}
		for _, g := range p.groups {
			a := &aim{weights: g.weights(i, n), last: len(p.dates)}
			if end {
				a.weights, a.last = minusOne, i
			}
			if err := g.raise(firstDate+i, a); err != nil {
				return err
			}
		}
		if end && !p.unproven(firstDate+i+1) {
			for _, g := range p.groups {
				g.known = firstDate + len(p.dates)
			}
			return nil
		}
		i += n
	}
	return nil
}

// manyTogether bounds the weights of measures that are looked at together.
const manyTogether = 4096

// together returns how many days from i on can be looked at together: as many as
// weights can tell apart.
func (p *planner) together(i int) int {
	most := 0
	for n := 1; i+n <= len(p.dates); n++ {
		for _, g := range p.groups {
			if w := g.weights(i, n); w[0] > manyTogether {
				return max(1, most)
			}
		}
		most = n
	}
	return max(1, most)
}

// weights makes more lots of one day worth more than any of the n-1 days after.
func (g *planGroup) weights(i, n int) []creditbank.Credits {
	weights := make([]creditbank.Credits, n)
	w := creditbank.Credits(1)
	for k := n - 1; k >= 0; k-- {
		weights[k] = w
		w *= g.supply(i+k)/creditbank.Credit + 1
	}
	return weights
}

// unproven reports whether a group is not sure of its first n measures.
func (p *planner) unproven(n int) bool {
	return slices.ContainsFunc(p.groups, func(g *planGroup) bool { return g.known < n })
}

// supply returns how often lots that expire on day i could be used at most.
func (g *planGroup) supply(i int) creditbank.Credits {
	var lots, uses creditbank.Credits
	for _, l := range g.goods {
		if g.p.dateOf[l] == i {
			lots += creditbank.Credit
		}
	}
	for _, r := range g.rules {
		for _, l := range r.goods {
			if g.p.dateOf[l] == i {
				uses += creditbank.Credit
			}
		}
	}
	if slices.ContainsFunc(g.rules, func(r *planRule) bool { return r.splits || r.unsure }) {
		return uses
	}
	return min(lots, uses)
}

// endBy reports whether all groups can do with lots that expire on day i or before.
// If so, their best solutions do.
func (p *planner) endBy(i int) (bool, error) {
	for _, g := range p.groups {
		if g.best.last <= i {
			continue
		}
		ok, err := g.attain(&aim{least: slices.Clone(g.best.sum[:firstDate+i]), last: i})
		if err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// exact reports whether nothing is better than what was found.
func (g *planGroup) exact() bool {
	return len(g.best.steps) == 0 && g.known >= len(g.best.sum) || g.known > len(g.best.sum)
}

// steps returns the steps of all groups: of two that could be next, the one with the
// smaller id, which either group's own order allows.
func (p *planner) steps() []creditbank.RuleID {
	var steps []creditbank.RuleID
	rest := make([][]int, len(p.groups))
	for i, g := range p.groups {
		rest[i] = g.best.steps
	}
	for {
		next := -1
		for i, g := range p.groups {
			if len(rest[i]) > 0 && (next < 0 || g.rules[rest[i][0]].id < p.groups[next].rules[rest[next][0]].id) {
				next = i
			}
		}
		if next < 0 {
			return steps
		}
		steps = append(steps, p.groups[next].rules[rest[next][0]].id)
		rest[next] = rest[next][1:]
	}
}
