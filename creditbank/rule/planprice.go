package rule

import (
	"slices"

	"creditbank/creditbank"
)

// tighten lowers what is left of limits and open slots to what the items can fill
// of it: where all come in sizes of their own, few sums are possible.
func (b *planBound) tighten() {
	grain := b.g.grain
	for i := range b.rooms {
		r := &b.rooms[i]
		if r.left >= r.asked || r.exclusive || r.closing || r.kind != creditbank.BoundCap && r.kind != creditbank.BoundSlot {
			continue
		}
		n := int(r.left/grain) + 1
		b.sums = append(b.sums[:0], 1)
		for len(b.sums) < (n+63)/64 {
			b.sums = append(b.sums, 0)
		}
		if b.sumUp(i, grain) {
			r.left = creditbank.Credits(highest(b.sums, n-1)) * grain
		}
	}
}

// sumUp marks in b.sums what the items can fill of a room, in grains. It returns
// false where one of them could fill any part of it.
func (b *planBound) sumUp(at int, grain creditbank.Credits) bool {
	r := &b.rooms[at]
	for k := range b.items {
		it := &b.items[k]
		rule := b.g.rules[it.rule]
		if rule.unsure {
			return false
		}
		size := creditbank.Credits(0)
		for j := it.first; j < it.first+it.n; j++ {
			l := &b.lines[j]
			if r.kind == creditbank.BoundSlot && l.slot != at {
				continue
			}
			if !l.exact && (r.kind == creditbank.BoundSlot || slices.ContainsFunc(l.counts, func(e entry) bool { return e.room == at })) {
				return false
			}
			if r.kind == creditbank.BoundSlot {
				size += l.amount
			}
			for _, e := range l.counts {
				if e.room == at {
					size += e.takes(l.amount)
				}
			}
		}
		if r.kind == creditbank.BoundCap && slices.ContainsFunc(rule.lines, func(l reachLine) bool { return l.may[r.index] && !l.must[r.index] }) {
			return false
		}
		if size%grain != 0 {
			return false
		}
		if size > 0 {
			shiftOr(b.sums, int(size/grain))
		}
	}
	return true
}

// shiftOr adds to a set of numbers each of them plus n.
func shiftOr(set []uint64, n int) {
	words, rest := n/64, n%64
	for w := len(set) - 1; w >= words; w-- {
		v := set[w-words] << rest
		if rest > 0 && w > words {
			v |= set[w-words-1] >> (64 - rest)
		}
		set[w] |= v
	}
}

// highest returns the largest number of the set that is at most n; zero is one.
func highest(set []uint64, n int) int {
	for ; n > 0; n-- {
		if set[n/64]>>(n%64)&1 != 0 {
			return n
		}
	}
	return 0
}

// beaten reports whether nothing that the aim wants can be gained beyond what is
// needed: at the prices of a state like this one, or else, where they are to be found
// anew, at its own.
func (b *planBound) beaten(sum []creditbank.Credits, a *aim, needed int64, anew bool) bool {
	total, reached := b.most(sum, a, needed, anew)
	return !reached || total < needed
}

// most returns what can be gained at most of what the aim wants large, and whether
// what has to be reached can be. Prices are found anew only if those there are leave as
// much as is needed.
func (b *planBound) most(sum []creditbank.Credits, a *aim, needed int64, anew bool) (int64, bool) {
	total := b.evaluate(sum, a)
	if total < needed || !anew {
		return total, true
	}
	if !b.solve(sum, a) {
		unreached := aim{least: a.least}
		if b.evaluate(sum, &unreached) < 0 {
			return 0, false
		}
	}
	return b.evaluate(sum, a), true
}
