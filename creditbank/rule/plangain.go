package rule

import (
	"slices"

	"creditbank/creditbank"
)

// gainsAt notes what the rules could add to the measures after the credits, and what
// is gained of them in any case. What a rule takes all of, others use no more of; what
// they take, it does not forfeit.
func (b *planBound) gainsAt(n *planNode, a *aim) {
	b.claim(n)
	for i := n.open.next(0); i >= 0; i = n.open.next(i + 1) {
		b.gainAt(&n.state, i)
		if !n.must.has(i) {
			continue
		}
		b.sure[spared] += b.atMost[i][spared]
		if b.g.rules[i].forced {
			for m := firstDate; m < len(b.sure); m++ {
				b.sure[m] += b.atMost[i][m]
			}
		}
	}
	b.measureDays(n, a)
}

// claim notes which lots an open rule could take that takes them otherwise than in
// order, and how much those in order take of each category.
func (b *planBound) claim(n *planNode) {
	clear(b.claimed)
	clear(b.demand)
	for i := n.open.next(0); i >= 0; i = n.open.next(i + 1) {
		r := b.g.rules[i]
		if r.order == nil || r.unsure || !r.splits {
			for _, l := range r.goods {
				b.claimed[l] = true
			}
			continue
		}
		b.demand[b.supplyOf[i]] += r.takes
	}
}

// comesTo returns which of the lots a rule that takes them in order could come to: no
// further than what nobody else could take makes up all that such rules take.
func (b *planBound) comesTo(s *planState, i int) []int {
	r := b.g.rules[i]
	if r.order == nil || !r.splits || r.unsure {
		return r.goods
	}
	need := b.demand[b.supplyOf[i]]
	for k, l := range r.order {
		if need <= 0 {
			return r.order[:k]
		}
		if !b.claimed[l] {
			need -= s.goods[l].left
		}
	}
	return r.order
}

// measureDays sees how many lots there are of each day, where that matters: each is
// used by one rule, but for those that rules split between them.
func (b *planBound) measureDays(n *planNode, a *aim) {
	splitting := creditbank.Credits(0)
	for i := n.open.next(0); i >= 0; i = n.open.next(i + 1) {
		if b.g.rules[i].splits || b.g.rules[i].unsure {
			splitting += creditbank.Credit
		}
	}
	for i := range b.rooms {
		if r := &b.rooms[i]; r.kind == dayRoom {
			r.left, r.asked = max(0, splitting-creditbank.Credit)-b.sure[firstDate+r.index], 0
		}
	}
	for _, l := range b.g.goods {
		if at := b.dayAt[b.g.p.dateOf[l]]; at >= 0 && (n.state.goods[l].left > 0 || n.state.goods[l].whole()) {
			b.rooms[at].left += creditbank.Credit
		}
	}
	for m := firstDate; m < len(a.least)+len(a.weights); m++ {
		at := b.dayAt[m-firstDate]
		if at < 0 {
			continue
		}
		r := &b.rooms[at]
		r.left = max(0, r.left)
		for k := range b.items {
			if it := &b.items[k]; !it.must || !b.g.rules[it.rule].forced {
				r.asked += b.atMost[it.rule][m]
			}
		}
	}
}

func (b *planBound) gainAt(s *planState, i int) {
	r, gain := b.g.rules[i], b.atMost[i]
	gain[spared] = -r.forfeits
	for _, e := range b.emptied {
		o := b.g.rules[e]
		if e != i {
			gain[spared] += b.supplies[b.supplyOf[e]].spoils[i]
			continue
		}
		var left creditbank.Credits
		for _, l := range o.goods {
			if s.goods[l].whole() {
				left += s.goods[l].left
			}
		}
		gain[spared] = -max(r.forfeits, left-r.most) + b.remnant(e)
	}
	if r.forced && len(b.emptied) == 0 && !b.altered[i] {
		return
	}
	b.altered[i] = len(b.emptied) > 0
	clear(gain[firstDate:])
	for _, l := range b.comesTo(s, i) {
		if h := s.goods[l]; (h.left > 0 || h.whole()) && !(r.forced && b.emptiedLot(i, l)) {
			gain[firstDate+b.g.p.dateOf[l]] += creditbank.Credit
		}
	}
}

// remnant returns how much of a lot that rules split could be left to nobody, which keeps
// rule e from taking it: they go on with what the one before has left, so it is one lot.
func (b *planBound) remnant(e int) creditbank.Credits {
	supply := b.supplyOf[e]
	var largest creditbank.Credits
	for k, s := range b.supplies {
		if s.exclusive || b.demand[k] == 0 || !shares(s.goods, b.supplies[supply].goods) {
			continue
		}
		for _, l := range b.supplies[supply].goods {
			largest = max(largest, b.g.p.goods[l].lot.Credits)
		}
	}
	return largest
}

// emptiedLot reports whether a rule other than i uses lot l in any case, if i does
// not.
func (b *planBound) emptiedLot(i, l int) bool {
	return slices.ContainsFunc(b.emptied, func(e int) bool { return e != i && slices.Contains(b.g.rules[e].goods, l) })
}

// saving returns what the lines of an item that may shrink could keep from being
// forfeited.
func (b *planBound) saving(it *item) creditbank.Credits {
	if !b.g.rules[it.rule].saves {
		return 0
	}
	var sum creditbank.Credits
	for _, l := range b.lines[it.first : it.first+it.n] {
		if !l.exact {
			sum += l.amount
		}
	}
	return sum
}

// suffices reports whether all items together could reach what the aim needs.
func (b *planBound) suffices(sum []creditbank.Credits, a *aim) bool {
	for i := range a.least {
		need := a.least[i] - sum[i]
		if i == spared {
			need -= b.sure[spared] // which only gets less, but for what lines can save
			for k := range b.items {
				it := &b.items[k]
				gain := b.saving(it)
				if !it.must {
					gain += b.atMost[it.rule][spared]
				}
				need -= max(0, gain)
			}
			if need > 0 {
				return false
			}
			continue
		}
		if need < 0 {
			return false
		}
		need -= b.sure[i]
		for k := range b.items {
			if need <= 0 {
				break
			}
			if it := &b.items[k]; i == granted {
				need -= it.total - it.beyond
			} else if !it.must || !b.g.rules[it.rule].forced {
				need -= b.atMost[it.rule][i]
			}
		}
		if need > 0 {
			return false
		}
	}
	return true
}
