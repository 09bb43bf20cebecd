package rule

import (
	"slices"

	"creditbank/creditbank"
)

// look sees what could be used from n on, closes what cannot, and sees how much room
// there is. It returns false if what has to be used cannot be, or if not even all together reach
// what the aim needs.
func (b *planBound) look(n *planNode, a *aim) bool {
	if !n.must.within(n.open) {
		return false
	}
	b.measureRooms(&n.state)
	b.items, b.lines = b.items[:0], b.lines[:0]
	clear(b.sure)
	b.emptied = b.emptied[:0]
	for i := n.must.next(0); i >= 0; i = n.must.next(i + 1) {
		if !b.reserve(i) {
			return false
		}
	}
	for i := n.open.next(0); i >= 0; i = n.open.next(i + 1) {
		if !b.item(n, i) && !n.must.has(i) {
			n.open.remove(i) // there will only be less room
		}
	}
	for i := range b.items {
		b.ask(&b.items[i])
	}
	b.loosen(n)
	if !b.scarce(n) || !b.precede(n) {
		return false
	}
	b.gainsAt(n, a)
	if !b.suffices(n.sum, a) {
		return false
	}
	b.tighten()
	return true
}

// measureRooms sees what is left of each room in state s.
func (b *planBound) measureRooms(s *planState) {
	for i := range b.rooms {
		r := &b.rooms[i]
		r.left, r.asked, r.loose, r.askers, r.gone = 0, 0, 0, 0, false
		switch r.kind {
		case creditbank.BoundCap:
			r.left = s.limits[r.index]
		case creditbank.BoundSlot:
			if r.closing {
				r.left = creditbank.Credit
				continue
			}
			if r.free = s.slots[r.index]; !b.single[r.index] {
				r.left = r.free
			}
		case creditbank.BoundOutcome:
			r.gone = !s.goods[r.index].whole()
		case creditbank.BoundPool:
			if r.exclusive {
				r.left = 1
				continue
			}
			for _, l := range b.supplies[r.index].goods {
				r.left += s.goods[l].left
			}
		}
	}
}

// reserve takes the room that rule i needs in any case. It returns false if there
// is none.
func (b *planBound) reserve(i int) bool {
	r := b.g.rules[i]
	for k := range r.lines {
		if l := &r.lines[k]; l.exact && (l.ask > 0 || l.waives) && !b.reserveLine(l, b.counted[i][k]) {
			return false
		}
	}
	if r.forced {
		for _, serving := range r.parts {
			o := &b.rooms[b.goodAt[serving[0]]]
			if o.gone {
				return false
			}
			o.gone = true
		}
	}
	for k, s := range b.supplies {
		o := &b.rooms[b.supplyAt(k)]
		if o.left -= s.needs[i]; o.left < 0 {
			return false
		}
	}
	b.sure[granted] += r.exact()
	if r.all && !r.keeps && !r.unsure && b.supplyOf[i] >= 0 {
		b.emptied = append(b.emptied, i)
	}
	return true
}

func (b *planBound) reserveLine(l *reachLine, counts []entry) bool {
	o := &b.rooms[b.slotAt[l.slot]]
	if o.gone || o.free < l.ask || o.free == 0 {
		return false
	}
	o.free -= l.ask
	if o.exclusive {
		o.gone = true
	} else {
		o.left = o.free
	}
	for _, e := range counts {
		c := &b.rooms[e.room]
		if c.left -= e.takes(l.ask); c.left < 0 {
			return false
		}
	}
	return true
}

// item adds what rule i could do from n on; it returns false if that is nothing. Of one
// that is used in any case it is what its lines that may shrink could bring.
func (b *planBound) item(n *planNode, i int) bool {
	r := b.g.rules[i]
	it := item{rule: i, must: n.must.has(i), first: len(b.lines), exact: true}
	if !it.must && !b.served(i) {
		return false
	}
	limit := b.limitOf(n, i, it.must)
	for k := range r.lines {
		l := &r.lines[k]
		if it.must && l.exact || l.nothing() {
			continue
		}
		amount := b.amount(l, b.counted[i][k], limit)
		if l.exact && (amount < l.ask || l.waives && amount < 0) {
			b.lines = b.lines[:it.first]
			return false
		}
		if amount < 0 || amount == 0 && !l.waives {
			continue
		}
		b.lines = append(b.lines, itemLine{slot: b.slotAt[l.slot], amount: amount, exact: l.exact, counts: b.counted[i][k]})
		it.total += amount
		it.exact = it.exact && l.exact
	}
	it.n = len(b.lines) - it.first
	it.beyond = max(0, it.total-limit)
	if it.n == 0 && !(it.must && !r.forced) && !r.unsure || it.n > 0 && it.exact && it.beyond > 0 {
		b.lines = b.lines[:it.first]
		return false
	}
	b.items = append(b.items, it)
	return true
}

// amount returns how much a line could grant at most; below zero if nothing can stand
// there.
func (b *planBound) amount(l *reachLine, counts []entry, limit creditbank.Credits) creditbank.Credits {
	o := &b.rooms[b.slotAt[l.slot]]
	if o.gone || o.free == 0 {
		return -1
	}
	amount := min(l.ask, o.free, limit)
	for _, e := range counts {
		switch left := b.rooms[e.room].left; {
		case !e.one:
			amount = min(amount, left)
		case left < creditbank.Credit:
			return -1
		}
	}
	return amount
}

// served reports whether there is what rule i takes.
func (b *planBound) served(i int) bool {
	for _, serving := range b.g.rules[i].parts {
		if !slices.ContainsFunc(serving, func(l int) bool { return !b.rooms[b.goodAt[l]].gone }) {
			return false
		}
	}
	for k, s := range b.supplies {
		if s.needs[i] > b.rooms[b.supplyAt(k)].left {
			return false
		}
	}
	return true
}

// limitOf returns how much the lines of rule i could be granted together; of one that
// is used in any case, those that may shrink.
func (b *planBound) limitOf(n *planNode, i int, must bool) creditbank.Credits {
	r := b.g.rules[i]
	limit := r.most
	if n.short.has(i) {
		limit -= b.g.grain
	}
	if must {
		limit -= r.exact()
	}
	for _, at := range b.common[i] {
		limit = min(limit, b.rooms[at].left)
	}
	return max(0, limit)
}

// ask notes the room that an item asks for.
func (b *planBound) ask(it *item) {
	for k := it.first; k < it.first+it.n; k++ {
		l := &b.lines[k]
		o := &b.rooms[l.slot]
		o.askers++
		if o.exclusive {
			o.left = max(o.left, l.amount)
		} else {
			o.asked += l.amount
		}
		for _, e := range l.counts {
			b.rooms[e.room].asked += e.takes(l.amount)
		}
	}
	if it.must {
		return
	}
	for _, serving := range b.g.rules[it.rule].parts {
		for _, g := range serving {
			if o := &b.rooms[b.goodAt[g]]; !o.gone {
				o.left = max(o.left, it.total-it.beyond)
				o.askers++
			}
		}
	}
	for k, supply := range b.supplies {
		if o := &b.rooms[b.supplyAt(k)]; supply.needs[it.rule] > 0 {
			o.asked += supply.needs[it.rule]
			o.askers++
		}
	}
}

// loosen notes what the rules open at n could take of limits that need not count
// their lines.
func (b *planBound) loosen(n *planNode) {
	for i := n.open.next(0); i >= 0; i = n.open.next(i + 1) {
		r := b.g.rules[i]
		for _, l := range r.lines {
			for k, may := range l.may {
				if at := b.limitAt[k]; may && at >= 0 && (r.unsure || !l.must[k]) {
					b.rooms[at].loose += b.g.p.limits[k].takes(l.ask)
				}
			}
		}
	}
}
