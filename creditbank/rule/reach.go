package rule

import (
	"slices"
	"strings"

	"creditbank/creditbank"
)

// A reach is what a conversion could do to an account, whatever other
// conversions come before it: which outcomes it could use, which slots it could
// fill, by which limits it is bound. The planner, and whoever asks whether a rule
// can ever apply, learn it here and nowhere else.
//
// A reach promises only what holds of every decision of the rule on the account
// and on whatever other conversions leave of it; each field says on which side to
// err. The zero value of a flag is the cautious one. A new kind of source, line or
// condition has to be described here, or else to set unsure, which is always right
// and slow. What is relied on beyond the fields: other conversions only take things
// away, and a rule that does not take something does the same once it is gone.
type reach struct {
	// goods could be consumed, or how much is left of them could matter: indices
	// into the goods of the planner, sorted. Too many cost time, too few are wrong.
	goods []int

	// parts are what is consumed whole in any case: of each of them one of these
	// goods. A part without any is never satisfied.
	parts [][]int

	// takes is what is consumed of the goods in any case, of whichever of them; zero
	// where parts say more.
	takes creditbank.Credits

	// order is the order in which the goods are taken, the first of those that are
	// left before others; nil where they are taken otherwise.
	order []int

	all    bool // it consumes all goods that are whole
	forced bool // it consumes the same goods whenever it is approved
	steady bool // what the lines ask for, and which limits count them, is the same whichever goods are taken
	splits bool // of a good that it took from something may be left for others
	keeps  bool // of what it consumes some may stay, so that nothing is consumed in any case
	unsure bool // something about the rule is not described here, and anything could matter to it

	needs []int // slots: what stands in them could make the rule possible
	shuns []int // slots: what stands in them could make it impossible

	consumes  creditbank.Credits // at least, where approved, beside what pools give
	forfeits  creditbank.Credits // at least, where approved with no more than its exact lines
	saves     bool               // a credit more that a line grants is a credit less forfeited
	asks      creditbank.Credits // of all lines together, at most
	most      creditbank.Credits // it could grant
	lines     []reachLine
	may       []bool // by limit of the programme: a line could count towards it
	perSource bool   // a cap counts per source what it grants
}

// A reachLine is what a reach says of one line.
type reachLine struct {
	slot      int                // index into the programme's slots
	ask       creditbank.Credits // at most
	exact     bool               // it grants ask or the rule is denied
	open      bool               // it leaves the rest of the slot open
	waives    bool               // it fills the slot with no credits
	may, must []bool             // by limit of the programme: could count towards it; counts in any case
}

// nothing reports whether the line never stands anywhere.
func (l *reachLine) nothing() bool { return l.ask == 0 && !l.waives }

// plain reports whether only room can keep the rule from doing what it would:
// what it takes and what it asks for is always the same.
func (r *reach) plain() bool {
	return r.forced && r.steady && !r.unsure && len(r.needs)+len(r.shuns) == 0
}

// rigid reports whether the rule does the same whenever it is approved, and once
// it no longer is will never be again.
func (r *reach) rigid() bool { return r.plain() && !r.bends() }

// whole reports whether the lines could be granted all they ask for.
func (r *reach) whole() bool { return r.most == r.asks }

// bends reports whether a line could grant less where room is short.
func (r *reach) bends() bool {
	return r.unsure || slices.ContainsFunc(r.lines, func(l reachLine) bool { return !l.exact })
}

// exact returns what the lines come to that the rule grants or is denied.
func (r *reach) exact() creditbank.Credits {
	var sum creditbank.Credits
	for _, l := range r.lines {
		if l.exact {
			sum += l.ask
		}
	}
	return sum
}

// or returns what is true of a rule that does as r says or as o says, whatever is left
// when it is used.
func (r reach) or(o reach) reach {
	both := reach{
		unsure: true, keeps: true, splits: r.splits || o.splits, perSource: r.perSource || o.perSource,
		needs: slices.Concat(r.needs, o.needs), shuns: slices.Concat(r.shuns, o.shuns), asks: max(r.asks, o.asks), most: max(r.most, o.most),
	}
	for _, l := range slices.Concat(r.lines, o.lines) {
		l.exact, l.open, l.must = false, true, make([]bool, len(l.must))
		both.lines = append(both.lines, l)
	}
	for k := range r.may {
		both.may = append(both.may, r.may[k] || o.may[k])
	}
	return both
}

// A good is what conversions consume: a lot, or a line of another programme.
type good struct {
	lot  *creditbank.Lot // the line as one
	line creditbank.LineRef
	held creditbank.HeldLine
}

// goods returns what the conversions could consume of an account: its lots, and the
// lines that they name.
func (e *evaluation) goods(conversions []*Conversion) []good {
	var goods []good
	for _, l := range e.account.Lots {
		goods = append(goods, good{lot: l})
	}
	known := map[creditbank.LineRef]bool{}
	for _, c := range conversions {
		c.tree.leaves(func(s *Tree) {
			if s.Line == nil {
				return
			}
			for _, h := range e.account.HeldLines(s.Line.Programme, s.Line.Slot) {
				if !known[h.LineRef] {
					known[h.LineRef] = true
					goods = append(goods, good{e.asLot(h), h.LineRef, h})
				}
			}
		})
	}
	return goods
}

// reach returns what the conversion of an evaluation could do, to these goods and
// under these limits.
func (e *evaluation) reach(goods []good, limits []limit) reach {
	look := reaching{e: e, goods: goods}
	r := &look.r
	c := e.conv
	r.forced = true
	w := look.walk(c.tree, true)
	slices.Sort(r.goods)
	r.goods = slices.Compact(r.goods)
	r.forced = r.forced && !twice(r.parts)
	r.single(c.tree, e.programme.UniqueSubjects)
	look.conditions()
	if r.keeps = c.KeepExcess; r.keeps {
		r.splits = true
	} else {
		r.consumes = w.consumed
	}
	look.count(limits)
	look.grants(w)
	if r.saves = !r.keeps && r.consumes >= r.most; r.saves {
		r.forfeits = r.consumes - min(r.most, r.exact())
	}
	return *r
}

// twice reports whether two parts could be the same good.
func twice(parts [][]int) bool {
	seen := map[int]bool{}
	for _, serving := range parts {
		for _, g := range serving {
			if seen[g] {
				return true
			}
			seen[g] = true
		}
	}
	return false
}

// single tells of a source that is one pool or one block: what it takes is known,
// unless it is picky and leaves what is of a subject that counts already.
func (r *reach) single(t *Tree, picky bool) {
	switch {
	case t.Pool != nil:
		r.takes = t.Pool.Credits
	case t.Block != nil:
		r.takes, r.all = t.Block.MinCredits, !picky
	}
	if t.Pool == nil || picky {
		r.order = nil
	}
}

// A reaching is a reach being worked out.
type reaching struct {
	e     *evaluation
	goods []good
	r     reach
	sets  [][]int // of each of them one good at least is consumed
}

// conditions says which lines could matter to the rule, whoever put them there.
func (l *reaching) conditions() {
	r, p := &l.r, l.e.programme
	watch := func(list *[]int, s *Standing) {
		for i, slot := range p.Slots {
			if s == nil || s.Programme == p.ID && (len(s.Slots) == 0 || slices.Contains(s.Slots, slot.ID)) && slot.Level >= s.FromLevel {
				*list = append(*list, i)
			}
		}
	}
	for _, q := range l.e.conv.Require {
		if q.Lines != nil {
			watch(&r.needs, q.Lines)
		}
		if q.NoLines != nil {
			watch(&r.shuns, q.NoLines)
		}
	}
	for _, c := range l.e.conv.When {
		if strings.Contains(c.If, "lines") { // whatever it says of them
			watch(&r.needs, nil)
			watch(&r.shuns, nil)
		}
		r.unsure = r.unsure || strings.Contains(c.If, "available")
	}
	slices.Sort(r.needs)
	slices.Sort(r.shuns)
	r.needs, r.shuns = slices.Compact(r.needs), slices.Compact(r.shuns)
}

// grants describes the lines of a source of such worth.
func (l *reaching) grants(w worthRange) {
	e, r := l.e, &l.r
	known := w.least == w.most
	dependent := slices.ContainsFunc(e.conv.Grants, func(g Grant) bool { return g.Source || g.Excess || g.Shortfall != "" })
	waived := slices.ContainsFunc(e.conv.Grants, func(g Grant) bool { return g.waives() && g.Exceed != exceedDeny })
	r.steady = (known || !dependent) && !waived && l.certain()
	r.unsure = r.unsure || !known && slices.ContainsFunc(e.conv.Grants, func(g Grant) bool { return g.Shortfall != "" })
	limit := creditbank.Credits(1 << 40)
	for _, c := range e.programme.Caps {
		if !c.PerSource || !l.couldCount(c) {
			continue
		}
		r.perSource = true
		if c.Measure == "" && c.Scope == nil && l.counts(c) {
			limit = min(limit, c.Limit) // its own lines share a source
		}
	}
	counted := slices.ContainsFunc(e.programme.Caps, func(c creditbank.Cap) bool { return c.Measure == creditbank.MeasureSources })
	if (r.perSource || counted) && !r.forced {
		r.steady = false // how many its sources are, and how much of them others have counted, depends on which they are
	}
	e.credits = w.most
	var taken creditbank.Credits // by the lines before, at least
	bent := false                // a line before could come to less than it asks for
	for k, g := range e.conv.Grants {
		line := &r.lines[k]
		asked := e.ask(g, taken)
		line.ask, line.waives = asked.credits, g.waives()
		line.open = line.open || asked.open
		certain := known || g.Fixed != nil && !g.Source && g.Shortfall == ""
		if bent && (g.Excess || g.Shortfall != "") {
			certain = false // it asks for what the line before has left
		}
		line.exact = g.Exceed == exceedDeny && !asked.refused && certain
		if bent && (g.Exceed == exceedDeny || g.Excess || g.Shortfall != "") {
			r.steady = false // once the line before comes to less, there may be more for this one
		}
		if line.exact {
			taken += line.ask
		} else {
			bent = true
		}
		if !line.exact {
			line.ask = min(line.ask, e.programme.Slots[line.slot].Credits)
		}
		r.asks += line.ask
		r.most += min(line.ask, e.programme.Slots[line.slot].Credits)
	}
	r.most = min(r.most, limit)
}
