package rule

import (
	"creditbank/creditbank"
)

// A linear is the linear programme of a bound: which parts of which items gain
// most within the rooms, had they no need to be whole. Its duals are the prices that
// bound best, and its solution says which rules to try first. It is solved by the
// simplex method on a dense tableau of fixed-point integers: what that loses in
// precision makes a bound a little weaker and never wrong, since [bound.evaluate]
// has the last word; and it is the same on every machine.
type linear struct {
	n      int       // columns
	rows   [][]int64 // coefficients, then the right side
	goals  [2][]int64
	basis  []int // row → variable
	column []int // column → variable
	kinds  []variable
	dead   []bool // column: must not enter
	filled []int  // columns in which the pivot row is not zero
}

// A variable of a linear: what part of an item is used, or what is left of a row.
type variable struct {
	kind  variableKind
	index int
}

type variableKind int8

const (
	itemPart variableKind = iota // of an item, by index
	linePart                     // of a line that may shrink, by index
	dayPart                      // of the lots of one day that an item chooses, by index of the item
	roomLeft                     // of a room
	unpriced                     // of a row that has no price
	surplus                      // beyond what has to be reached, by measure
	deficit                      // of what has to be reached
)

// fixed is one, in the fixed-point numbers of a linear.
const (
	fixedBits = 20
	fixed     = 1 << fixedBits
	small     = 1 << 6  // counts as nothing
	pivotable = 1 << 12 // less is not divided by
	huge      = 1 << 31 // products beyond would not fit
)

// solve fills the linear of b's items and solves it, and makes its duals the prices
// of b. It returns false if what has to be reached cannot be, which the prices show.
func (b *planBound) solve(sum []creditbank.Credits, a *aim) bool {
	l := &b.linear
	l.n, l.kinds, l.column = 0, l.kinds[:0], l.column[:0]
	b.columns(a)
	reach := b.reachable(sum, a)
	l.n += len(reach)
	l.begin()
	b.roomRows()
	b.partRows()
	b.reachRows(reach, sum, a)
	b.goal(a)
	l.dead = append(l.dead[:0], make([]bool, l.n)...)
	feasible := true
	if len(reach) > 0 {
		l.optimise(0)
		feasible = l.goals[0][l.n] > -small*int64(8*len(reach))
	}
	goal := 0
	if feasible {
		goal = 1
		l.settle()
		l.optimise(1)
	}
	b.read(goal, sum, a)
	return feasible
}

// columns numbers the parts of items and of lines that may shrink. A rule with one
// line that may shrink is used as far as that line is; of one that is used in any case
// only such lines are open.
func (b *planBound) columns(a *aim) {
	l := &b.linear
	b.lotParts = b.lotParts[:0]
	add := func(kind variableKind, i int) int {
		l.column = append(l.column, len(l.kinds))
		l.kinds = append(l.kinds, variable{kind, i})
		l.n++
		return l.n - 1
	}
	for i := range b.items {
		it := &b.items[i]
		if it.column = -1; !it.must || !b.g.rules[it.rule].forced {
			it.column = add(itemPart, i)
		}
		for k := it.first; k < it.first+it.n; k++ {
			line := &b.lines[k]
			if line.column = it.column; !line.exact && (it.must || it.n > 1) {
				line.column = add(linePart, k)
			}
		}
		it.firstPart = len(b.lotParts)
		for m := firstDate; m < len(a.least)+len(a.weights); m++ {
			if gain := b.open(it, m); gain > 0 {
				column := it.column
				if at := b.dayAt[m-firstDate]; !b.g.rules[it.rule].forced && b.rooms[at].contested() {
					column = add(dayPart, i)
				}
				b.lotParts = append(b.lotParts, lotPart{m, column, gain})
			}
		}
		it.parts = len(b.lotParts) - it.firstPart
	}
}

// open returns what an item could add to a measure after the credits beyond what is
// sure.
func (b *planBound) open(it *item, m int) creditbank.Credits {
	if it.must && (m == spared || b.g.rules[it.rule].forced) {
		return 0
	}
	return b.atMost[it.rule][m]
}

// A lotPart is lots of one day that an item could use: all with the item, or, where
// they are contested, each day for itself.
type lotPart struct {
	measure, column int
	gain            creditbank.Credits
}

// reachable lists the measures in which something has to be reached still.
func (b *planBound) reachable(sum []creditbank.Credits, a *aim) []int {
	var list []int
	l := &b.linear
	for i, least := range a.least {
		if least > sum[i]+b.sure[i] {
			list = append(list, i)
			l.column = append(l.column, len(l.kinds))
			l.kinds = append(l.kinds, variable{surplus, i})
		}
	}
	return list
}

// roomRows adds a row for each room of which more is asked than is left.
func (b *planBound) roomRows() {
	l := &b.linear
	for i := range b.rooms {
		r := &b.rooms[i]
		r.row = -1
		if r.contested() {
			r.row = len(l.rows)
			l.row(variable{roomLeft, i})[l.n] = share64(r.left, r.measure())
		}
	}
	for i := range b.items {
		it := &b.items[i]
		r := b.g.rules[it.rule]
		add := func(at, column int, use creditbank.Credits) {
			if o := &b.rooms[at]; o.row >= 0 && use > 0 {
				l.rows[o.row][column] += share64(use, o.measure())
			}
		}
		for k := it.first; k < it.first+it.n; k++ {
			line := &b.lines[k]
			add(line.slot, line.column, b.takes(line))
			for _, e := range line.counts {
				add(e.room, line.column, e.takes(line.amount))
			}
		}
		for _, part := range b.lotParts[it.firstPart : it.firstPart+it.parts] {
			if at := b.dayAt[part.measure-firstDate]; at >= 0 {
				add(at, part.column, part.gain)
			}
		}
		if it.must {
			continue
		}
		for _, serving := range r.parts {
			if at := b.goodAt[serving[0]]; r.forced {
				add(at, it.column, b.rooms[at].left)
			}
		}
		for k, s := range b.supplies {
			add(b.supplyAt(k), it.column, s.needs[it.rule])
		}
	}
}

// measure is what a room is measured by: as a whole, or by the credit.
func (r *room) measure() creditbank.Credits {
	if r.exclusive {
		return r.left
	}
	return creditbank.Credit
}

// contested reports whether a room could be asked for too much.
func (r *room) contested() bool {
	if r.left == 0 {
		return false
	}
	if r.exclusive {
		return r.askers > 1
	}
	return r.asked > r.left
}

// partRows keeps parts within one, and lines within their items, where no room does.
func (b *planBound) partRows() {
	for i := range b.items {
		it := &b.items[i]
		if it.column >= 0 {
			b.within(it.column)
		}
		for _, line := range b.lines[it.first : it.first+it.n] {
			switch {
			case line.column == it.column:
			case it.must:
				b.within(line.column)
			default:
				b.below(line.column, it.column)
			}
		}
		for _, part := range b.lotParts[it.firstPart : it.firstPart+it.parts] {
			if part.column != it.column {
				b.below(part.column, it.column)
			}
		}
	}
}

// below keeps a column below another.
func (b *planBound) below(column, other int) {
	row := b.linear.row(variable{kind: unpriced})
	row[column], row[other], row[b.linear.n] = fixed, -fixed, 0
}

// within keeps a column within one.
func (b *planBound) within(column int) {
	l := &b.linear
	for k := range b.rooms {
		if r := &b.rooms[k]; r.row >= 0 && l.rows[r.row][column] >= l.rows[r.row][l.n] {
			return
		}
	}
	l.row(variable{kind: unpriced})[column] = fixed
}

// reachRows adds what has to be reached, and the first goal: to reach it.
func (b *planBound) reachRows(reach []int, sum []creditbank.Credits, a *aim) {
	l := &b.linear
	for k, m := range reach {
		need := a.least[m] - sum[m] - b.sure[m]
		row := l.row(variable{kind: deficit, index: m})
		row[l.n] = share64(need, creditbank.Credit)
		for i := range b.items {
			it := &b.items[i]
			if m != granted {
				b.eachPart(it, m, func(column int, gain creditbank.Credits) { row[column] += share64(gain, creditbank.Credit) })
				if m == spared && b.g.rules[it.rule].saves {
					b.eachShrinking(it, func(line *itemLine) { row[line.column] += share64(line.amount, creditbank.Credit) })
				}
				continue
			}
			for _, line := range b.lines[it.first : it.first+it.n] {
				row[line.column] += share64(line.amount, creditbank.Credit)
			}
		}
		row[l.n-len(reach)+k] = -fixed
		for j, v := range row {
			l.goals[0][j] -= v
		}
	}
	if len(a.least) <= spared {
		return
	}
	if may := sum[spared] + b.sure[spared] - a.least[spared]; may > 0 { // so much may be forfeited still
		row := l.row(variable{kind: surplus, index: spared})
		row[l.n] = share64(may, creditbank.Credit)
		for i := range b.items {
			it := &b.items[i]
			if !it.must {
				row[it.column] += share64(-b.atMost[it.rule][spared], creditbank.Credit)
			}
			if b.g.rules[it.rule].saves {
				b.eachShrinking(it, func(line *itemLine) { row[line.column] -= share64(line.amount, creditbank.Credit) })
			}
		}
	}
}

// eachShrinking calls f with each line of an item that may shrink.
func (b *planBound) eachShrinking(it *item, f func(*itemLine)) {
	for k := it.first; k < it.first+it.n; k++ {
		if line := &b.lines[k]; !line.exact {
			f(line)
		}
	}
}

// goal sets the second goal: what the aim wants large.
func (b *planBound) goal(a *aim) {
	if a.any() {
		return
	}
	l := &b.linear
	scale := creditbank.Credit * a.weights[0]
	if scale < 0 {
		scale = -scale
	}
	for i := range b.items {
		it := &b.items[i]
		for _, line := range b.lines[it.first : it.first+it.n] {
			each := a.weight(granted)
			if b.g.rules[it.rule].saves && !line.exact {
				each += a.weight(spared)
			}
			l.goals[1][line.column] -= share64(each*line.amount, scale)
		}
		for k, w := range a.weights {
			if m := len(a.least) + k; m > granted && (w > 0 || b.g.rules[it.rule].forced) {
				b.eachPart(it, m, func(column int, gain creditbank.Credits) { l.goals[1][column] -= share64(w*gain, scale) })
			}
		}
	}
}

// eachPart calls f with what a column adds to a measure after the credits.
func (b *planBound) eachPart(it *item, m int, f func(column int, gain creditbank.Credits)) {
	if m == spared {
		if !it.must {
			f(it.column, b.atMost[it.rule][spared])
		}
		return
	}
	for _, part := range b.lotParts[it.firstPart : it.firstPart+it.parts] {
		if part.measure == m {
			f(part.column, part.gain)
		}
	}
}

// read makes the duals of a goal the prices of b, and notes how far the solution
// uses each rule.
func (b *planBound) read(goal int, sum []creditbank.Credits, a *aim) {
	l := &b.linear
	scale := int64(1 << 20) // to reach what has to be is worth any price
	if goal == 1 && !a.any() {
		scale = int64(creditbank.Credit) * max(int64(a.weights[0]), -int64(a.weights[0]))
	}
	clear(b.prices)
	clear(b.worth)
	clear(b.share)
	for j := range l.n {
		dual := max(0, l.goals[goal][j])
		switch v := l.kinds[l.column[j]]; v.kind {
		case roomLeft:
			b.prices[v.index] = dual * unit * scale / int64(b.rooms[v.index].measure()) >> fixedBits
		case surplus:
			b.worth[v.index] = dual * unit * scale / int64(creditbank.Credit) >> fixedBits
		}
	}
	for i, row := range l.rows {
		if v := l.kinds[l.basis[i]]; v.kind == itemPart {
			b.share[b.items[v.index].rule] = row[l.n]
		}
	}
}
