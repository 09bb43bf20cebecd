package rule

import (
	"math"
	"slices"

	"creditbank/creditbank"
)

// A planSearch looks for what an aim is after among all sets and orders of the
// rules of a group: rule by rule it decides whether to use it or not, until the
// bound shows that nothing better can follow.
type planSearch struct {
	g     *planGroup
	a     *aim
	b     *planBound
	nodes []*planNode // one a depth, used again and again
	depth int
	steps []int
	memo  planMemo
	limit int // of the planner's visits

	stages []*aim   // of a search through all days, one after the other; s.a is the one in hand
	target int64    // less than this is not looked for, in units
	used   ruleBits // of some solution that the order is chosen of

	trials int  // decisions
	serves bool // the solution of the linear programme holds of the node in hand

	found bool // what it wants, or something better than before
	ended bool // by the limit of visits
}

// A planNode is a state that a sequence of rules leads to, and what is decided of
// the others.
type planNode struct {
	parent  *planNode
	by      *effect             // of the last step, nil where there was none
	account *creditbank.Account // made where it is needed
	state   planState
	effects []*effect // by rule, of those open
	open    ruleBits  // may be used, now or later
	must    ruleBits  // of those open: will be used, in whatever order
	short   ruleBits  // of those: will be granted less than they ask for
	sum     []creditbank.Credits
	last    int
	stage   int // of the search's stages: by those before, nothing is better than the best
}

// newSearch starts a search, at its first node.
func (g *planGroup) newSearch(a *aim) (*planSearch, *planNode, error) {
	s := &planSearch{g: g, a: a, b: g.bound, memo: newPlanMemo(g), target: math.MinInt64 / 2, used: newRuleBits(len(g.rules))}
	s.limit = g.p.visits + (g.p.limit-g.p.visits)/2 // something is left for others
	n := s.node(0)
	n.account, n.last, n.stage = g.p.account, -1, 0
	n.state.copyFrom(&g.p.root)
	for i, r := range g.rules {
		e, err := g.p.effect(r, &n.state, n.at)
		if err != nil {
			return nil, nil, err
		}
		n.effects[i] = e
		if !e.gone && !s.tooLate(r) {
			n.open.add(i)
		}
	}
	return s, n, nil
}

func (s *planSearch) node(depth int) *planNode {
	n := len(s.g.rules)
	for len(s.nodes) <= depth {
		s.nodes = append(s.nodes, &planNode{
			effects: make([]*effect, n), open: newRuleBits(n), must: newRuleBits(n), short: newRuleBits(n), sum: make([]creditbank.Credits, firstDate+len(s.g.p.dates)),
		})
	}
	return s.nodes[depth]
}

// tooLate reports whether a rule uses a good that expires later than the aim
// allows in any case.
func (s *planSearch) tooLate(r *planRule) bool {
	late := func(g int) bool { return s.g.p.dateOf[g] > s.a.last }
	all := func(goods []int) bool {
		return len(goods) > 0 && !slices.ContainsFunc(goods, func(g int) bool { return !late(g) })
	}
	return slices.ContainsFunc(r.parts, all) || r.takes > 0 && all(r.reach.goods)
}

// at returns the account as it would be at n.
func (n *planNode) at() *creditbank.Account {
	if n.account == nil {
		n.account = n.parent.at()
		if n.by != nil {
			n.account = n.account.Ahead(n.by.decision)
		}
	}
	return n.account
}

// visit decides about the rules that are open at n, and looks at all that can
// follow.
func (s *planSearch) visit(n *planNode) error {
	n, err := s.settle(n)
	if err != nil {
		return err
	}
	if s.arrive(n); s.done() || s.memo.known(n, s) {
		return nil
	}
	for s.promising(n) {
		if s.fix(n) {
			if n, err = s.settle(n); err != nil {
				return err
			}
			continue
		}
		i := s.next(n)
		if i < 0 {
			return s.permute(n)
		}
		if s.trials++; s.trials%roundEvery == 1 {
			if err := s.round(n); err != nil || s.done() || s.b.total < s.needed(n) {
				return err
			}
		}
		if err := s.decide(n, i); err != nil || s.done() {
			return err
		}
		if n.must.has(i) {
			return nil
		}
		n.open.remove(i)
	}
	return nil
}

// roundEvery is how often a solution of the linear programme is followed.
const roundEvery = 8

// fix decides what the bound leaves no choice about: what nothing better than the
// best can do without, and what nothing better can use. It reports whether there was
// any.
func (s *planSearch) fix(n *planNode) bool {
	slack := s.b.total - s.needed(n)
	fixed := false
	for k := range s.b.items {
		it := &s.b.items[k]
		v := s.b.values[it.rule]
		switch {
		case it.must:
		case v > slack:
			n.must.add(it.rule)
			fixed = true
		case -v > slack:
			n.open.remove(it.rule)
			fixed = true
		}
	}
	return fixed
}

// decide looks at what can follow where rule i is used: at once, where no order is
// better than that; in full at once, or cut short later; or in an order to be seen.
func (s *planSearch) decide(n *planNode, i int) error {
	bends := s.bends(n, i)
	if n.effects[i].approved() && !s.blocked(n, i) && (!bends || s.full(n, i)) && s.g.rules[i].plain() {
		if err := s.below(n, i, s.child); err != nil || s.done() || !bends {
			return err
		}
	}
	return s.below(n, i, s.later)
}

// below visits the node that a decision about rule i leads to.
func (s *planSearch) below(n *planNode, i int, decide func(*planNode, int) (*planNode, error)) error {
	depth, steps := s.depth, len(s.steps)
	s.serves = s.serves && s.b.share[i] > fixed-small
	c, err := decide(n, i)
	if err == nil {
		err = s.visit(c)
	}
	s.depth, s.steps, s.serves = depth, s.steps[:steps], false
	return err
}

// settle uses those of the rules that have to be used for which no order is better
// than at once.
func (s *planSearch) settle(n *planNode) (*planNode, error) {
	for i := n.must.next(0); i >= 0; i = n.must.next(i + 1) {
		if !n.open.has(i) || !s.usable(n, i) || !s.g.rules[i].plain() || s.bends(n, i) || s.blocked(n, i) {
			continue
		}
		c, err := s.child(n, i)
		if err != nil {
			return nil, err
		}
		n, i = c, -1
	}
	return n, nil
}

// bends reports whether what rule i would be granted at n could become less.
func (s *planSearch) bends(n *planNode, i int) bool {
	return n.effects[i].approved() && n.effects[i].gain[granted] > s.g.rules[i].exact()
}

// full reports whether rule i would be granted all it asks for at n.
func (s *planSearch) full(n *planNode, i int) bool {
	return n.effects[i].approved() && n.effects[i].gain[granted] == s.g.rules[i].asks
}

// blocked reports whether rule i closes a slot into which another could put
// something before.
func (s *planSearch) blocked(n *planNode, i int) bool { return s.g.after[i].meets(n.open) }

// arrive counts a visit and keeps what led to n if it is what the aim wants.
func (s *planSearch) arrive(n *planNode) {
	if s.g.p.visits++; s.g.p.visits > s.limit {
		s.ended = true
		return
	}
	s.offer(n)
}

// done reports whether the search is over.
func (s *planSearch) done() bool { return s.ended || s.a.any() && s.found }

// promising reports whether what the aim wants could still follow from n.
func (s *planSearch) promising(n *planNode) bool {
	if s.stages != nil {
		return s.hopeful(n)
	}
	if !s.b.look(n, s.a) || s.b.beaten(n.sum, s.a, s.needed(n), !s.serves) {
		return false
	}
	s.serves = true
	return true
}

// later returns the node below n in which rule i will be used, but not in full now.
func (s *planSearch) later(n *planNode, i int) (*planNode, error) {
	s.depth++
	c := s.node(s.depth)
	c.parent, c.by, c.account, c.last, c.stage = n, nil, nil, n.last, n.stage
	c.state.copyFrom(&n.state)
	copy(c.sum, n.sum)
	copy(c.open, n.open)
	copy(c.must, n.must)
	copy(c.short, n.short)
	copy(c.effects, n.effects)
	c.must.add(i)
	if s.g.rules[i].plain() && s.g.rules[i].whole() && s.bends(n, i) && !s.blocked(n, i) {
		c.short.add(i)
	}
	return c, nil
}

// child returns the node that step i leads to from n.
func (s *planSearch) child(n *planNode, i int) (*planNode, error) {
	e := n.effects[i]
	s.depth++
	s.steps = append(s.steps, i)
	c := s.node(s.depth)
	c.parent, c.by, c.account, c.last, c.stage = n, e, nil, max(n.last, e.last), n.stage
	c.state.copyFrom(&n.state)
	s.g.p.apply(&c.state, e)
	for m, gain := range e.gain {
		c.sum[m] = n.sum[m] + gain
	}
	copy(c.open, n.open)
	copy(c.must, n.must)
	copy(c.short, n.short)
	c.open.remove(i)
	c.must.remove(i)
	c.short.remove(i)
	for j := c.open.next(0); j >= 0; j = c.open.next(j + 1) {
		c.effects[j] = n.effects[j]
		if !s.g.touched(j, i, &n.state, &c.state) {
			continue
		}
		changed, err := s.g.p.effect(s.g.rules[j], &c.state, c.at)
		if err != nil {
			return nil, err
		}
		if c.effects[j] = changed; changed.gone {
			c.open.remove(j)
		}
	}
	return c, nil
}

// touched reports whether step i could have changed what rule j does.
func (g *planGroup) touched(j, i int, before, after *planState) bool {
	if g.near[j].has(i) {
		return true
	}
	r := g.rules[j]
	for _, k := range g.limits {
		if r.may[k] && after.limits[k] < r.limitAsks[k] && after.limits[k] != before.limits[k] {
			return true
		}
	}
	return false
}

// usable reports whether rule i can be the next step from n.
func (s *planSearch) usable(n *planNode, i int) bool {
	return n.effects[i].approved() && n.effects[i].last <= s.a.last
}
