package rule

import (
	"slices"

	"creditbank/creditbank"
)

// unit is the price of one: prices are integers in 4096ths.
const unit = 1 << 12

// An aim is what a search is after: solutions that come to exactly these sums in the
// first measures, and to as much as possible in the next ones, taken together by their
// weights. Having no weights, it is after any solution with these sums.
type aim struct {
	least   []creditbank.Credits
	weights []creditbank.Credits // of the next measures; below zero, that is to be small
	last    int                  // no lot is used that expires later than this, by index
}

// any reports whether the first found is enough.
func (a *aim) any() bool { return len(a.weights) == 0 }

// weight returns what one of measure m is worth, zero if nothing.
func (a *aim) weight(m int) creditbank.Credits {
	if m -= len(a.least); m >= 0 && m < len(a.weights) {
		return a.weights[m]
	}
	return 0
}

// value returns what sums are worth in the measures that are to be large.
func (a *aim) value(sum []creditbank.Credits) creditbank.Credits {
	var v creditbank.Credits
	for k, w := range a.weights {
		v += w * sum[len(a.least)+k]
	}
	return v
}

// A planBound bounds what can still be gained from a state by room and prices: each
// conversion pays for the room that it takes, and is worth what it gains beyond
// that. Whatever the prices, no set of conversions gains more than all the room
// costs and all their worth together (weak duality). It stays true for sums that
// have to be reached: those are room too, with a price below zero.
type planBound struct {
	g        *planGroup
	rooms    []room
	limitAt  []int       // limit → its room, -1 if none
	slotAt   []int       // slot → its room
	shutting []int       // slot → lines that may leave nothing of it, however much room there was
	closeAt  []int       // slot → the room of the line that closes it, -1 where that bounds nothing
	goodAt   []int       // good → its room
	dayAt    []int       // day on which goods expire → its room, -1 where no rule chooses its goods
	single   []bool      // slot → each line fills it
	counted  [][][]entry // rule, line → the limits that count the line in any case
	common   [][]int     // rule → the rooms that all its lines take credits of
	supplies []supply    // of goods that rules choose from
	supplyOf []int       // rule → the supply of its goods, -1 if none

	// At the state looked at:
	items   []item
	lines   []itemLine
	atMost  [][]creditbank.Credits // rule → what it could add to each measure after the credits
	altered []bool                 // rule → that is not what it usually is
	sure    []creditbank.Credits   // by measure: what is gained in any case
	emptied []int                  // rules that take all of their goods in any case, and keep nothing of them
	claimed []bool                 // good → a rule could take it that takes goods in no order
	demand  []creditbank.Credits   // supply → what rules take of it in order
	sums    []uint64

	prices []int64 // of the rooms
	worth  []int64 // of the measures that have to be reached
	values []int64 // rule → worth beyond cost when last evaluated
	total  int64   // when last evaluated

	share    []int64 // rule → how far the linear programme uses it
	linear   linear
	lotParts []lotPart
}

// A room is something that conversions take of.
type room struct {
	kind      creditbank.BoundKind
	index     int                // limit, slot, good, supply or day
	free      creditbank.Credits // what is left of a slot
	left      creditbank.Credits // what can be taken; of an exclusive room, what its taking counts for
	asked     creditbank.Credits // by all items together
	loose     creditbank.Credits // of a limit: by lines that need not count towards it, and are not among those that ask
	askers    int
	row       int  // in the linear programme, -1 if none
	exclusive bool // it is taken whole, by one conversion
	gone      bool // of an exclusive room: it is taken
	closing   bool // it is the one line that closes a slot which others leave open
}

// An entry says that a line takes of a room: its credits, or one.
type entry struct {
	room int
	one  bool
}

func (e entry) takes(credits creditbank.Credits) creditbank.Credits {
	if e.one {
		return creditbank.Credit
	}
	return credits
}

// An item is a rule as it could be used from a state on.
type item struct {
	rule             int
	must             bool // it is used in any case: what is left to see are the lines that may shrink
	column           int
	first, n         int                // of the lines
	firstPart, parts int                // of lotParts
	beyond           creditbank.Credits // what the lines ask beyond what a room leaves for all of them
	exact            bool
	total            creditbank.Credits
}

type itemLine struct {
	slot   int // its room
	amount creditbank.Credits
	exact  bool
	counts []entry
	column int
}

// takes returns what the line takes of its slot.
func (b *planBound) takes(l *itemLine) creditbank.Credits {
	if r := &b.rooms[l.slot]; r.exclusive {
		return r.left
	}
	return l.amount
}

// newBound sees what rooms there are in a group.
func newBound(g *planGroup) *planBound {
	p, n := g.p, len(g.rules)
	b := &planBound{
		g: g, limitAt: absent(len(p.limits)), slotAt: absent(len(p.programme.Slots)), closeAt: absent(len(p.programme.Slots)), goodAt: absent(len(p.goods)),
		dayAt: absent(len(p.dates)), single: make([]bool, len(p.programme.Slots)), supplyOf: absent(n), altered: make([]bool, n),
		values: make([]int64, n), share: make([]int64, n), claimed: make([]bool, len(p.goods)),
	}
	add := func(at *int, kind creditbank.BoundKind, i int, exclusive bool) {
		*at = len(b.rooms)
		b.rooms = append(b.rooms, room{kind: kind, index: i, exclusive: exclusive})
	}
	for _, k := range g.limits {
		add(&b.limitAt[k], creditbank.BoundCap, k, false)
	}
	b.shutting = g.shutting()
	for _, s := range g.slots {
		b.single[s] = !slices.ContainsFunc(g.rules, func(r *planRule) bool {
			return r.unsure || slices.ContainsFunc(r.lines, func(l reachLine) bool { return l.slot == s && l.open })
		})
		add(&b.slotAt[s], creditbank.BoundSlot, s, b.single[s])
		if !b.single[s] && g.closers(s) > 1 {
			add(&b.closeAt[s], creditbank.BoundSlot, s, false)
			b.rooms[b.closeAt[s]].closing = true
		}
	}
	for _, i := range g.goods {
		add(&b.goodAt[i], creditbank.BoundOutcome, i, true)
	}
	b.count()
	b.days()
	b.pools()
	b.gains()
	b.demand = make([]creditbank.Credits, len(b.supplies))
	b.prices = make([]int64, len(b.rooms))
	b.worth = make([]int64, firstDate+len(p.dates))
	b.sure = make([]creditbank.Credits, firstDate+len(p.dates))
	return b
}

// absent returns n times -1.
func absent(n int) []int { return slices.Repeat([]int{-1}, n) }

// days adds a room for each day: of the goods that expire then, of which some rules
// choose.
func (b *planBound) days() {
	for _, r := range b.g.rules {
		for _, i := range r.goods {
			if d := b.g.p.dateOf[i]; !r.forced && b.dayAt[d] < 0 {
				b.dayAt[d] = len(b.rooms)
				b.rooms = append(b.rooms, room{kind: dayRoom, index: d})
			}
		}
	}
}

// dayRoom is a room that bounds no credits, only how many goods are used.
const dayRoom creditbank.BoundKind = "day"

// gains notes what each rule could add to the measures after the credits.
func (b *planBound) gains() {
	p := b.g.p
	for _, r := range b.g.rules {
		gain := make([]creditbank.Credits, firstDate+len(p.dates))
		gain[granted], gain[spared] = r.most, -r.forfeits
		for _, l := range r.goods {
			gain[firstDate+p.dateOf[l]] += creditbank.Credit
		}
		b.atMost = append(b.atMost, gain)
	}
}

// cost returns what item it pays for outcomes and of pools at these prices.
func (b *planBound) cost(it *item) int64 {
	var sum int64
	for _, serving := range b.g.rules[it.rule].parts {
		at := b.cheapest(serving)
		sum += b.prices[at] * int64(b.rooms[at].left)
	}
	for k, s := range b.supplies {
		sum += b.prices[b.supplyAt(k)] * int64(s.needs[it.rule])
	}
	return sum
}

// cheapest returns the room of the outcome that costs least of those that serve.
func (b *planBound) cheapest(serving []int) int {
	best, least := -1, int64(0)
	for _, l := range serving {
		at := b.goodAt[l]
		if b.rooms[at].gone {
			continue
		}
		if price := b.prices[at] * int64(b.rooms[at].left); best < 0 || price < least {
			best, least = at, price
		}
	}
	return best
}

// evaluate returns what can be gained at most, in units. The measures that the aim
// wants large count their weight, those that have to be reached count their worth.
func (b *planBound) evaluate(sum []creditbank.Credits, a *aim) int64 {
	var total int64
	for i := range b.rooms {
		if b.prices[i] != 0 {
			total += b.prices[i] * int64(b.capacity(&b.rooms[i]))
		}
	}
	for i, least := range a.least {
		if b.worth[i] != 0 {
			total -= b.worth[i] * int64(least-sum[i]-b.sure[i])
		}
	}
	total += unit * int64(a.value(b.sure))
	for k := range b.items {
		it := &b.items[k]
		v := b.value(it, a)
		b.values[it.rule] = v
		total += max(0, v)
	}
	b.total = total
	return total
}

// capacity is what of a room can be taken: no more than is asked for.
func (b *planBound) capacity(r *room) creditbank.Credits {
	if r.exclusive {
		return r.left
	}
	return min(r.left, r.asked)
}

// value returns what an item is worth beyond what it costs.
func (b *planBound) value(it *item, a *aim) int64 {
	r := b.g.rules[it.rule]
	perCredit, saving := b.each(granted, a), int64(0)
	if r.saves {
		saving = b.each(spared, a)
	}
	var v int64
	switch {
	case !it.must:
		v = b.other(it.rule, a) - b.cost(it)
	case !r.forced:
		v = b.lotsUsed(it.rule, a)
	}
	least := int64(1) << 62
	for k := it.first; k < it.first+it.n; k++ {
		l := &b.lines[k]
		lv := perCredit*int64(l.amount) - b.prices[l.slot]*int64(b.takes(l))
		for _, e := range l.counts {
			lv -= b.prices[e.room] * int64(e.takes(l.amount))
		}
		if !l.exact {
			lv = max(0, lv+saving*int64(l.amount))
		}
		v += lv
		if l.amount > 0 {
			least = min(least, lv/int64(l.amount))
		}
	}
	if it.beyond > 0 && least > 0 {
		v -= least * int64(it.beyond)
	}
	return v
}

// each returns what one of a measure is worth.
func (b *planBound) each(m int, a *aim) int64 {
	if m < len(a.least) {
		return b.worth[m]
	}
	return unit * int64(a.weight(m))
}

// other returns what a rule is worth in the measures after the credits, at most, once
// it has paid for the lots of each day.
func (b *planBound) other(rule int, a *aim) int64 {
	v := b.each(spared, a) * int64(b.atMost[rule][spared])
	return v + b.lotsUsed(rule, a)
}

// lotsUsed returns what the lots that a rule uses are worth.
func (b *planBound) lotsUsed(rule int, a *aim) int64 {
	var v int64
	for m := firstDate; m < len(a.least)+len(a.weights); m++ {
		gain := b.atMost[rule][m]
		if gain == 0 {
			continue
		}
		each := b.each(m, a)
		if at := b.dayAt[m-firstDate]; at >= 0 {
			each -= b.prices[at]
		}
		if !b.g.rules[rule].forced {
			each = max(0, each) // it need not use them
		}
		v += each * int64(gain)
	}
	return v
}
