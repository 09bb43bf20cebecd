package rule

import (
	"slices"

	"creditbank/creditbank"
)

// scarce reports whether each rule that is to be granted less than it could be can be
// short of room at all.
func (b *planBound) scarce(n *planNode) bool {
	for i := n.short.next(0); i >= 0; i = n.short.next(i + 1) {
		if !b.short(i, nil) {
			return false
		}
	}
	return true
}

// precede reports whether what has to come before a rule that takes all of its goods
// leaves room for that rule. What comes before it and is granted less than it asks for
// has filled a room, and not one that the other still takes of.
func (b *planBound) precede(n *planNode) bool {
	for _, e := range b.emptied {
		for x := n.must.next(0); x >= 0; x = n.must.next(x + 1) {
			if x != e && b.before(&n.state, x, e) && !b.short(x, b.g.rules[e]) && !b.roomFor(x) {
				return false
			}
		}
	}
	return true
}

// before reports whether rule x cannot be used after rule e, which takes all goods
// that are whole: what is left of those that were split would not do.
func (b *planBound) before(s *planState, x, e int) bool {
	r, o := b.g.rules[x], b.g.rules[e]
	if r.unsure || !r.steady || r.perSource {
		return false
	}
	if r.forced {
		return slices.ContainsFunc(r.parts, func(serving []int) bool { return slices.Contains(o.goods, serving[0]) })
	}
	var parts, largest creditbank.Credits
	for _, g := range r.goods {
		if !slices.Contains(o.goods, g) {
			return false
		}
		if h := s.goods[g]; h.whole() {
			largest = max(largest, h.left)
		} else {
			parts += h.left
		}
	}
	return r.takes > parts+max(0, largest-b.g.grain)
}

// short reports whether rule x could be granted less than it asks for, by a room of
// which the other rule, if there is one, takes nothing.
func (b *planBound) short(x int, other *planRule) bool {
	r := b.g.rules[x]
	if !r.whole() {
		return true
	}
	narrow := func(at int) bool {
		return at >= 0 && (b.rooms[at].exclusive || b.rooms[at].asked+b.rooms[at].loose+max(b.g.grain, creditbank.Credit) > b.rooms[at].left)
	}
	takes := func(of func(l *reachLine) bool) bool {
		if other == nil {
			return false
		}
		for k := range other.lines {
			if l := &other.lines[k]; l.exact && l.ask > 0 && of(l) {
				return true
			}
		}
		return false
	}
	for k := range r.lines {
		l := &r.lines[k]
		if l.exact || l.ask == 0 {
			continue
		}
		if (narrow(b.slotAt[l.slot]) || b.shutting[l.slot] > 0) && !takes(func(o *reachLine) bool { return o.slot == l.slot }) {
			return true
		}
		for limit, may := range l.may {
			if may && narrow(b.limitAt[limit]) && !takes(func(o *reachLine) bool { return o.must[limit] }) {
				return true
			}
		}
	}
	return false
}

// roomFor reports whether there is room for all that the lines of rule x ask for that
// may shrink.
func (b *planBound) roomFor(x int) bool {
	r := b.g.rules[x]
	asked := map[int]creditbank.Credits{}
	for k := range r.lines {
		l := &r.lines[k]
		if l.exact || l.ask == 0 {
			continue
		}
		if o := &b.rooms[b.slotAt[l.slot]]; o.gone || o.free < l.ask {
			return false
		}
		for _, e := range b.counted[x][k] {
			if b.rooms[e.room].closing {
				continue // another that closes the slot may come before it
			}
			if asked[e.room] += e.takes(l.ask); asked[e.room] > b.rooms[e.room].left {
				return false
			}
		}
	}
	return true
}
