package rule

import (
	"slices"

	"creditbank/creditbank"
)

// A worthRange is what a source could be worth.
type worthRange struct {
	least, most creditbank.Credits // as the lines see it
	consumed    creditbank.Credits // at least, beside what pools give
}

// walk looks at a node of the source; needed says that it is taken in any case.
func (l *reaching) walk(t *Tree, needed bool) worthRange {
	switch {
	case t.Part != nil:
		return l.leaf(needed, func(g good) bool { return g.serves(l.e, *t.Part) })
	case t.Line != nil:
		return l.leaf(needed, func(g good) bool { return g.carries(l.e, *t.Line) })
	case t.Pool != nil:
		return l.pool(t.Pool, needed)
	case t.Block != nil:
		return l.block(t.Block, needed)
	}
	if n, of := t.choice(); n > 0 {
		return l.choice(n, of, needed)
	}
	var sum worthRange
	for _, b := range t.All {
		w := l.walk(b, needed)
		sum.least, sum.most, sum.consumed = sum.least+w.least, sum.most+w.most, sum.consumed+w.consumed
	}
	return sum
}

// choice looks at branches of which n are taken.
func (l *reaching) choice(n int, of []*Tree, needed bool) worthRange {
	l.r.forced = l.r.forced && n >= len(of)
	var least, most, consumed []creditbank.Credits
	for _, b := range of {
		w := l.walk(b, needed && n >= len(of))
		least, most, consumed = append(least, w.least), append(most, w.most), append(consumed, w.consumed)
	}
	slices.Sort(least)
	slices.Sort(most)
	slices.Sort(consumed)
	var sum worthRange
	for i := range min(n, len(of)) {
		sum.least, sum.most, sum.consumed = sum.least+least[i], sum.most+most[len(of)-1-i], sum.consumed+consumed[i]
	}
	return sum
}

// leaf looks at a course or line, for which some goods serve.
func (l *reaching) leaf(needed bool, serves func(good) bool) worthRange {
	var serving []int
	var w worthRange
	for i, g := range l.goods {
		if !serves(g) {
			continue
		}
		if len(serving) == 0 || g.lot.Credits < w.least {
			w.least = g.lot.Credits
		}
		serving, w.most = append(serving, i), max(w.most, g.lot.Credits)
	}
	w.consumed = w.least
	l.r.goods = append(l.r.goods, serving...)
	l.r.forced = l.r.forced && len(serving) == 1
	if needed {
		l.r.parts, l.sets = append(l.r.parts, serving), append(l.sets, serving)
	}
	return w
}

// serves reports whether a good is an outcome that could serve as p now or later.
func (g good) serves(e *evaluation, p Part) bool {
	l := g.lot
	return g.line.Conversion == 0 && l.Course == p.Course && l.Current() && l.Granted && l.IssuedOn <= e.day && len(e.faults(l, p)) == 0
}

// carries reports whether a good is a line that could serve as l now or later.
func (g good) carries(e *evaluation, l Line) bool {
	return g.line.Conversion != 0 && g.held.Programme == l.Programme && g.held.Slot == l.Slot && g.held.Day <= e.day && len(e.lineFaults(g.held, l)) == 0
}

// pool looks at a pool. What it takes depends on what others have left; what it
// comes to does not.
func (l *reaching) pool(p *Pool, needed bool) worthRange {
	var of []int
	for i, g := range l.goods {
		if lot := g.lot; g.line.Conversion == 0 && lot.Category == p.Category && lot.Usable(l.e.day) > 0 && len(l.e.barred(lot)) == 0 {
			of = append(of, i)
		}
	}
	r := &l.r
	r.goods, r.forced, r.splits = append(r.goods, of...), false, r.splits || p.Split
	slices.SortFunc(of, func(i, j int) int { return byExpiry(l.goods[i].lot, l.goods[j].lot) })
	r.order = of
	if needed {
		l.sets = append(l.sets, of)
	}
	return worthRange{least: p.Credits, most: p.Credits}
}

// block looks at a block: all of what others have left.
func (l *reaching) block(b *Block, needed bool) worthRange {
	w := worthRange{least: b.MinCredits, consumed: b.MinCredits}
	var of []int
	for i, g := range l.goods {
		if lot := g.lot; g.line.Conversion == 0 && b.of(lot) && !lot.InUse() && l.e.holds(lot) && len(l.e.barred(lot)) == 0 {
			of = append(of, i)
			w.most += lot.Credits
		}
	}
	l.r.goods, l.r.forced = append(l.r.goods, of...), false
	if needed && b.MinCredits > 0 {
		l.sets = append(l.sets, of)
	}
	return w
}
