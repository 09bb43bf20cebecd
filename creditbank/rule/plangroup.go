package rule

import (
	"cmp"
	"slices"

	"creditbank/creditbank"
)

func compareIDs(a, b creditbank.RuleID) int { return cmp.Compare(a, b) }

// A planGroup is rules that depend on each other: that may use the same good,
// fill the same slot, watch each other's lines, or meet under a limit that all of them
// together could pass. Groups have nothing to do with each other, so that each is
// planned alone.
type planGroup struct {
	p      *planner
	rules  []*planRule // by id
	goods  []int
	slots  []int
	limits []int // that the rules could pass

	near  []ruleBits // rule → those that could change what it does
	tied  []ruleBits // rule → those with which its order could matter
	after []ruleBits // rule → those that can go before it, but not after

	grain creditbank.Credits // every amount is a multiple of it

	bound *planBound
	limit creditbank.Credits     // of the credits, from room alone
	parts []creditbank.BoundPart // of the limit

	best  solution
	known int // measures in which best is proven the best, from the first on; one more with its order
}

// A solution is a sequence of rules of a group and what it comes to.
type solution struct {
	steps []int
	sum   []creditbank.Credits // by measure
	last  int                  // the latest of the expiries it uses, by index; -1 for none
}

// part parts the rules into groups.
func (p *planner) part() {
	var groups [][]*planRule
	for _, r := range p.rules {
		joined := []*planRule{r}
		groups = slices.DeleteFunc(groups, func(g []*planRule) bool {
			if !slices.ContainsFunc(g, func(o *planRule) bool { return p.depend(r, o) }) {
				return false
			}
			joined = append(joined, g...)
			return true
		})
		groups = append(groups, joined)
	}
	for _, rules := range groups {
		slices.SortFunc(rules, func(a, b *planRule) int { return compareIDs(a.id, b.id) })
		p.groups = append(p.groups, p.newGroup(rules))
	}
	slices.SortFunc(p.groups, func(a, b *planGroup) int { return compareIDs(a.rules[0].id, b.rules[0].id) })
}

// depend reports whether the use of one rule can matter to the other.
func (p *planner) depend(r, o *planRule) bool {
	if p.intricate || r.unsure || o.unsure || shares(r.reach.goods, o.reach.goods) || shares(r.slots, o.slots) || r.watchesLinesOf(o) || o.watchesLinesOf(r) {
		return true
	}
	for k := range p.limits {
		if r.may[k] && o.may[k] && p.canBind(k) {
			return true
		}
	}
	return false
}

// watchesLinesOf reports whether a condition of r looks at slots that o fills.
func (r *planRule) watchesLinesOf(o *planRule) bool {
	return shares(r.needs, o.slots) || shares(r.shuns, o.slots)
}

// canBind reports whether the rules together could pass a limit.
func (p *planner) canBind(k int) bool {
	var sum creditbank.Credits
	for _, r := range p.rules {
		for _, l := range r.lines {
			if l.may[k] {
				sum += p.limits[k].takes(l.ask)
			}
		}
	}
	return sum > p.root.limits[k]
}

func shares(a, b []int) bool {
	return slices.ContainsFunc(a, func(x int) bool { return slices.Contains(b, x) })
}

func (p *planner) newGroup(rules []*planRule) *planGroup {
	g := &planGroup{p: p, rules: rules}
	add := func(list *[]int, more ...int) {
		*list = append(*list, more...)
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	for _, r := range rules {
		add(&g.goods, r.reach.goods...)
		add(&g.slots, r.slots...)
		for k, may := range r.may {
			if may && p.canBind(k) {
				add(&g.limits, k)
			}
		}
	}
	g.relate()
	g.grain = g.commonGrain()
	g.best = solution{sum: make([]creditbank.Credits, firstDate+len(p.dates)), last: -1}
	g.bound = newBound(g)
	return g
}

// relate works out which rules can matter to which.
func (g *planGroup) relate() {
	n := len(g.rules)
	for i, r := range g.rules {
		near, after, tied := newRuleBits(n), newRuleBits(n), newRuleBits(n)
		for j, o := range g.rules {
			if i == j {
				continue
			}
			unsure := r.unsure || o.unsure
			watch := g.p.intricate || unsure || r.watchesLinesOf(o)
			if watch || shares(r.reach.goods, o.reach.goods) || shares(r.slots, o.slots) {
				near.add(j)
			}
			if unsure || r.fillsAfter(o) || shares(o.shuns, r.slots) {
				after.add(j)
			}
			if watch || o.watchesLinesOf(r) || shares(r.reach.goods, o.reach.goods) || r.fillsAfter(o) || o.fillsAfter(r) || (r.bends() || o.bends()) && g.p.depend(r, o) {
				tied.add(j)
			}
		}
		g.near, g.after, g.tied = append(g.near, near), append(g.after, after), append(g.tied, tied)
	}
}

// fillsAfter reports whether r closes a slot that o leaves open: then o goes
// before it or not at all.
func (r *planRule) fillsAfter(o *planRule) bool {
	for _, l := range r.lines {
		if !l.open && !l.nothing() && slices.ContainsFunc(o.lines, func(m reachLine) bool { return m.slot == l.slot && m.open && !m.nothing() }) {
			return true
		}
	}
	return false
}

// commonGrain returns the greatest amount of which every amount that could arise
// is a multiple.
func (g *planGroup) commonGrain() creditbank.Credits {
	grain := creditbank.Credits(0)
	take := func(c creditbank.Credits) {
		for c != 0 {
			grain, c = c, grain%c
		}
	}
	for _, i := range g.goods {
		take(g.p.root.goods[i].left)
		take(g.p.goods[i].lot.Credits)
	}
	for _, s := range g.slots {
		take(g.p.root.slots[s])
	}
	for _, k := range g.limits {
		take(g.p.root.limits[k])
	}
	for _, c := range g.p.programme.Caps {
		if c.PerSource {
			take(c.Limit)
		}
	}
	for _, r := range g.rules {
		take(r.takes)
		for _, l := range r.lines {
			take(l.ask)
		}
		if r.unsure {
			take(1)
		}
	}
	for _, c := range g.p.account.Conversions { // what they counted per source
		for _, l := range c.Decision.Lines {
			take(l.Credits)
		}
	}
	return max(1, grain)
}
