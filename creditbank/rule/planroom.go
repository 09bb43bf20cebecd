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

// suffices reports whether all items together could reach what the aim needs.
func (b *planBound) suffices(sum []creditbank.Credits, a *aim) bool {
	for i := range a.least {
		need := a.least[i] - sum[i]
		if i == spared {
			need -= b.sure[spared] // which only gets less, but for what lines can save
			for k := range b.items {
				if it := &b.items[k]; !it.must {
					need -= max(0, b.atMost[it.rule][spared])
				} else if b.g.rules[it.rule].saves {
					need -= it.total - it.beyond
				}
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
		if narrow(b.slotAt[l.slot]) && !takes(func(o *reachLine) bool { return o.slot == l.slot }) {
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
			if asked[e.room] += e.takes(l.ask); asked[e.room] > b.rooms[e.room].left {
				return false
			}
		}
	}
	return true
}
