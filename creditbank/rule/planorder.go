package rule

import "slices"

// next chooses the rule to decide about at n, -1 if all are decided: one of which
// the linear programme cannot say whether to use it, since either way the bound gets
// lower; then those that could do otherwise than the bound takes them to do.
func (s *planSearch) next(n *planNode) int {
	for i := n.must.next(0); i >= 0; i = n.must.next(i + 1) {
		if !n.short.has(i) && s.g.rules[i].plain() && s.full(n, i) && s.bends(n, i) && !s.blocked(n, i) {
			return i // in full or not
		}
	}
	best, rank := -1, int64(0)
	for k := range s.b.items {
		i := s.b.items[k].rule
		if n.must.has(i) {
			continue
		}
		if r := s.rank(n, i); best < 0 || r < rank {
			best, rank = i, r
		}
	}
	return best
}

// rank orders rules by how much there is to be decided about them.
func (s *planSearch) rank(n *planNode, i int) int64 {
	share := s.b.share[i]
	if s.g.rules[i].all {
		return -1 // what it takes depends on all others
	}
	switch undecided := abs(share - fixed/2); {
	case undecided < fixed/2-fixed/16:
		return undecided
	case !s.g.rules[i].plain() || s.bends(n, i):
		return fixed - share + fixed
	}
	return 3*fixed - share
}

// round follows the solution of the linear programme as far as it can be followed,
// which often is a good plan.
func (s *planSearch) round(n *planNode) error {
	depth, steps := s.depth, len(s.steps)
	chosen := slices.Clone(s.b.share)
	var err error
	for i := s.likeliest(n, chosen); i >= 0 && err == nil; i = s.likeliest(n, chosen) {
		if n, err = s.child(n, i); err == nil {
			s.offer(n)
		}
	}
	s.depth, s.steps = depth, s.steps[:steps]
	return err
}

// likeliest returns the usable rule that the solution uses most, those that can go
// first before others; -1 if there is none.
func (s *planSearch) likeliest(n *planNode, chosen []int64) int {
	best, rank := -1, int64(0)
	for i := n.open.next(0); i >= 0; i = n.open.next(i + 1) {
		if !s.usable(n, i) {
			continue
		}
		r := chosen[i]
		if n.must.has(i) {
			r = fixed
		}
		if s.g.rules[i].rigid() && !s.blocked(n, i) && r >= fixed/2 {
			r += fixed
		}
		if best < 0 || r > rank {
			best, rank = i, r
		}
	}
	return best
}

// permute looks at all orders of the rules that have to be used from n on, as far
// as the order matters: those that have to do with each other are used together,
// before or after the others alike.
func (s *planSearch) permute(n *planNode) error {
	n, err := s.settle(n)
	if err != nil {
		return err
	}
	s.offer(n)
	first := n.must.next(0)
	if first < 0 || s.done() {
		return nil
	}
	kin := s.kin(n, first)
	for i := kin.next(0); i >= 0; i = kin.next(i + 1) {
		if !n.open.has(i) || !s.usable(n, i) || n.short.has(i) && s.full(n, i) {
			continue
		}
		depth, steps := s.depth, len(s.steps)
		c, err := s.child(n, i)
		if err != nil {
			return err
		}
		s.serves = false
		if s.arrive(c); !s.done() && !s.memo.known(c, s) && s.promising(c) {
			err = s.permute(c)
		}
		s.depth, s.steps = depth, s.steps[:steps]
		if err != nil || s.done() {
			return err
		}
	}
	return nil
}

// kin returns the rules to be used at n that rule i has to do with, directly or by
// others.
func (s *planSearch) kin(n *planNode, i int) ruleBits {
	kin := newRuleBits(len(s.g.rules))
	kin.add(i)
	for more := true; more; {
		more = false
		for j := n.must.next(0); j >= 0; j = n.must.next(j + 1) {
			if !kin.has(j) && s.g.tied[j].meets(kin) {
				kin.add(j)
				more = true
			}
		}
	}
	return kin
}
