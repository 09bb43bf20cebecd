package rule

import (
	"slices"

	"creditbank/creditbank"
)

// lasting reports whether each solution that comes to what the best does in the
// first measures uses a good of the latest day: then no list of expiries ends before
// another goes on, and more of a sooner day is better whatever follows.
func (g *planGroup) lasting() (bool, error) {
	s, root, err := g.newSearch(&aim{least: slices.Clone(g.best.sum[:firstDate]), last: len(g.p.dates) - 2})
	if err != nil {
		return false, err
	}
	err = s.visit(root)
	return !s.found && !s.ended, err
}

// late reports whether every best solution of some group lasts until the latest day.
func (p *planner) late() (bool, error) {
	if len(p.dates) < 2 {
		return false, nil
	}
	for _, g := range p.groups {
		if lasting, err := g.lasting(); lasting || err != nil {
			return lasting, err
		}
	}
	return false, nil
}

// allDays lets the best solution of a group use as many goods of each day as it can,
// those of sooner days first, and as few as it can of the latest. It looks at all days in
// one search: what is as good as the best by some days is not looked for again.
func (g *planGroup) allDays() error {
	s, root, err := g.newSearch(&aim{last: len(g.p.dates)})
	if err != nil {
		return err
	}
	latest := len(g.p.dates) - 1
	for i := 0; i < latest; {
		n := min(g.p.together(i), latest-i)
		s.stages = append(s.stages, &aim{least: g.best.sum[:firstDate+i], weights: g.weights(i, n), last: len(g.p.dates)})
		i += n
	}
	s.stages = append(s.stages, &aim{least: g.best.sum[:firstDate+latest], weights: minusOne, last: len(g.p.dates)})
	s.a = s.stages[0]
	if err := s.visit(root); err != nil {
		return err
	}
	if !s.ended {
		g.known = len(g.best.sum)
	}
	return nil
}

// compareDays compares what sequences that go on until the latest day come to, day by
// day: it is above zero where a is better.
func compareDays(a, b []creditbank.Credits) int {
	latest := len(a) - 1
	if c := slices.Compare(a[firstDate:latest], b[firstDate:latest]); c != 0 {
		return c
	}
	return int(b[latest] - a[latest])
}

// hopeful reports whether something better than the best by some day could follow from
// n: by the days of the stage that n is at, or where it can only be as good by
// these, by those after.
func (s *planSearch) hopeful(n *planNode) bool {
	for ; n.stage < len(s.stages); n.stage++ {
		s.a = s.stages[n.stage]
		s.a.least = s.g.best.sum[:len(s.a.least)]
		if !s.b.look(n, s.a) {
			return false
		}
		total, reached := s.b.most(n.sum, s.a, s.better(n), !s.serves)
		if !reached || total < s.needed(n) {
			return false
		}
		s.serves = true
		if total >= s.better(n) {
			return true
		}
		s.serves = false
	}
	n.stage--
	return false
}

// better returns what has to be gained from n on to be better than the best by the
// days in hand.
func (s *planSearch) better(n *planNode) int64 {
	return int64(s.a.value(s.g.best.sum)+creditbank.Credit-s.a.value(n.sum)) * unit
}
