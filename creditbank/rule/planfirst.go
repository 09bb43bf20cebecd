package rule

import "slices"

// firstOrder finds the sequence whose ids come first among those that come to the
// same as the best: step by step the smallest id after which that can be reached.
func (g *planGroup) firstOrder() error {
	if g.known < len(g.best.sum) || len(g.best.steps) == 0 {
		return nil
	}
	s, n, err := g.newSearch(&aim{least: slices.Clone(g.best.sum), last: len(g.p.dates)})
	if err != nil {
		return err
	}
	for !slices.Equal(n.sum, s.a.least) {
		if n, err = s.first(n); err != nil || s.ended {
			return err
		}
	}
	g.known++
	return nil
}

// first takes the smallest step from n after which the best can be reached; that of
// the best known so far is one.
func (s *planSearch) first(n *planNode) (*planNode, error) {
	if len(s.steps) >= len(s.g.best.steps) {
		s.ended = true // the best known is not among what is left: nothing is proven
		return nil, nil
	}
	known := s.g.best.steps[len(s.steps)]
	if !n.open.has(known) || !s.usable(n, known) {
		s.ended = true
		return nil, nil
	}
	for i := n.open.next(0); i >= 0 && i < known; i = n.open.next(i + 1) {
		if !s.usable(n, i) {
			continue
		}
		if found, err := s.leads(n, i, s.child); err != nil || s.ended {
			return nil, err
		} else if found {
			return s.child(n, i)
		}
		if err := s.exclude(n, i); err != nil || s.ended {
			return nil, err
		}
	}
	return s.child(n, known)
}

// leads reports whether the best can be reached once a decision about rule i is taken.
func (s *planSearch) leads(n *planNode, i int, decide func(*planNode, int) (*planNode, error)) (bool, error) {
	if err := s.below(n, i, decide); err != nil || !s.found {
		return false, err
	}
	s.found = false
	clear(s.memo.seen) // not all of what was seen leads nowhere
	return true, nil
}

// exclude closes rule i, which cannot be the next step from n, if it cannot be a
// later one either: else each step after would ask for it anew.
func (s *planSearch) exclude(n *planNode, i int) error {
	if s.used.has(i) {
		return nil
	}
	best := s.g.best
	if !s.g.rules[i].plain() || s.bends(n, i) || s.blocked(n, i) { // for others nothing is better than at once
		found, err := s.leads(n, i, s.later)
		s.g.best = best
		if err != nil || s.ended {
			return err
		}
		if found {
			s.used.add(i)
			return nil
		}
	}
	n.open.remove(i)
	return nil
}
