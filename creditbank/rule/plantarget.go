package rule

import (
	"slices"

	"creditbank/creditbank"
)

// aimHigh looks for as much as the bound allows, then for less and less: of what is
// far from the bound little has to be looked at to see that there is nothing, while the
// way to the best from below may be long.
func (s *planSearch) aimHigh(root *planNode) error {
	if s.a.any() || len(s.a.weights) > 1 || len(s.a.least) >= firstDate || !s.b.look(root, s.a) {
		return s.visit(root)
	}
	grain := int64(s.g.grain) * unit
	s.b.solve(root.sum, s.a)
	bound := s.b.evaluate(root.sum, s.a)
	s.target = bound - (bound%grain+grain)%grain
	open := slices.Clone(root.open)
	for step := grain; ; step *= 2 {
		if err := s.visit(root); err != nil || s.done() {
			return err
		}
		least := int64(s.a.value(s.g.best.sum)+s.g.grain) * unit
		if s.target <= least {
			return nil
		}
		s.target = max(least, s.target-step)
		s.restart(root, open)
	}
}

// restart lets the search begin at its root again.
func (s *planSearch) restart(root *planNode, open ruleBits) {
	s.depth, s.steps, s.serves = 0, s.steps[:0], false
	copy(root.open, open)
	clear(root.must)
	clear(root.short)
	clear(s.memo.seen)
}

// needed returns what has to be gained from n on to be better than the best found.
func (s *planSearch) needed(n *planNode) int64 {
	if s.a.any() {
		return 0
	}
	grain := creditbank.Credit
	switch {
	case s.stages != nil && n.stage < len(s.stages)-1:
		grain = 0 // what is as good may be better by later days
	case len(s.a.least) < firstDate:
		grain = s.g.grain
	}
	return max(s.target, int64(s.a.value(s.g.best.sum)+grain)*unit) - int64(s.a.value(n.sum))*unit
}

// offer keeps the sequence that led to n if it is what the aim wants.
func (s *planSearch) offer(n *planNode) {
	if s.stages != nil {
		if slices.Equal(n.sum[:firstDate], s.g.best.sum[:firstDate]) && compareDays(n.sum, s.g.best.sum) > 0 {
			s.keep(n)
		}
		return
	}
	if slices.Compare(n.sum[:len(s.a.least)], s.a.least) != 0 {
		return
	}
	m := len(s.a.least)
	switch {
	case s.a.any():
	case s.g.best.last > s.a.last:
	case s.a.weights[0] < 0 && s.a.value(n.sum) <= s.a.value(s.g.best.sum):
		return
	case s.a.weights[0] < 0:
	case s.a.value(n.sum) < s.a.value(s.g.best.sum) || s.a.value(n.sum) == s.a.value(s.g.best.sum) && slices.Compare(n.sum[m:], s.g.best.sum[m:]) <= 0:
		return
	}
	s.keep(n)
}

// keep makes the sequence that led to n the best.
func (s *planSearch) keep(n *planNode) {
	s.found = true
	s.g.best = solution{slices.Clone(s.steps), slices.Clone(n.sum), n.last}
}
