package rule

import (
	"slices"

	"creditbank/creditbank"
)

// A limit is what a cap or a floor of the programme leaves for lines of any rule, in
// one of the cells it counts apart. Caps per source and caps that count sources are
// no limits of this kind: what they leave depends on what a rule takes.
type limit struct {
	cap   creditbank.Cap
	floor *creditbank.Floor
	at    cell
	name  string
	left  creditbank.Credits
	lines bool // a line takes one, whatever its credits
}

// limits returns what the limits of the programme leave now.
func (e *evaluation) limits(goods []good) []limit {
	var limits []limit
	for _, c := range e.programme.Caps {
		if c.PerSource || c.Measure == creditbank.MeasureSources {
			continue
		}
		for _, at := range e.allCells(c, goods) {
			l := limit{cap: c, at: at, name: capName(c, at), lines: c.Measure == creditbank.MeasureLines}
			if l.lines {
				n := 0
				e.counting(c, at, func(creditbank.Line, *creditbank.Decision) { n++ })
				l.left = max(0, creditbank.Credits(c.Count-n)*creditbank.Credit)
			} else {
				l.left = e.left(c, at)
			}
			limits = append(limits, l)
		}
	}
	for i := range e.programme.Floors {
		f := &e.programme.Floors[i]
		limits = append(limits, limit{floor: f, name: floorName(*f), left: e.leftBeside(*f)})
	}
	return limits
}

// allCells returns the cells that goods fall into.
func (e *evaluation) allCells(c creditbank.Cap, goods []good) []cell {
	if !c.PerInstitution && c.Period == nil {
		return []cell{{}}
	}
	var cells []cell
	for _, g := range goods {
		if !e.sourceInScope(c.Scope, g.lot) {
			continue
		}
		if at := e.cell(c, g.lot); !slices.Contains(cells, at) {
			cells = append(cells, at)
		}
	}
	return cells
}

// counted returns how much of a decision counts towards a limit.
func (l *limit) counted(e *evaluation, d *creditbank.Decision) creditbank.Credits {
	var sum creditbank.Credits
	for _, line := range d.Lines {
		slot, _ := e.programme.Slot(line.Slot)
		switch {
		case l.floor != nil && e.within(l.floor.Scope, slot, d):
		case l.floor == nil && !e.counts(l.cap, l.at, line, d):
		case l.lines:
			sum += creditbank.Credit
		default:
			sum += line.Credits
		}
	}
	return sum
}

// takes returns what a line of so many credits takes of a limit that counts it.
func (l *limit) takes(credits creditbank.Credits) creditbank.Credits {
	if l.lines {
		return creditbank.Credit
	}
	return credits
}

// count says which limits count the lines: could, or do in any case.
func (l *reaching) count(limits []limit) {
	e, r := l.e, &l.r
	r.may = make([]bool, len(limits))
	for _, g := range e.conv.Grants {
		at := slices.IndexFunc(e.programme.Slots, func(s creditbank.Slot) bool { return s.ID == g.Slot })
		slot := e.programme.Slots[at]
		line := reachLine{slot: at, open: g.Partial || slot.Elective, may: make([]bool, len(limits)), must: make([]bool, len(limits))}
		for k := range limits {
			line.may[k], line.must[k] = l.towards(&limits[k], slot)
			if g.waives() && !limits[k].lines {
				line.may[k], line.must[k] = false, false // no credits pass no limit of credits
			}
			r.may[k] = r.may[k] || line.may[k]
		}
		r.lines = append(r.lines, line)
	}
}

// towards reports whether a line in a slot could count towards a limit, and whether
// it does in any case.
func (l *reaching) towards(x *limit, slot creditbank.Slot) (may, must bool) {
	e := l.e
	if x.floor != nil {
		if !x.floor.Scope.HasSlot(slot) {
			return true, true
		}
		return l.ofSources(func(g good) bool { return !e.sourceInFloor(x.floor.Scope, g.lot) })
	}
	return l.counting(x.cap, x.at, slot)
}

func (l *reaching) counting(c creditbank.Cap, at cell, slot creditbank.Slot) (may, must bool) {
	e := l.e
	if !c.Scope.HasSlot(slot) {
		return false, false
	}
	may, must = true, true
	and := func(is func(good) bool) {
		could, does := l.ofSources(is)
		may, must = may && could, must && does
	}
	if c.Category != "" {
		and(func(g good) bool {
			return g.lot.Category == c.Category || slices.Contains(g.held.Categories, c.Category)
		})
		may = may || e.conv.tree.has(func(t *Tree) bool { return t.Block != nil && t.Block.Category == c.Category }) // even if it takes nothing
	}
	if s := c.Scope; s != nil && (len(s.Categories) > 0 || len(s.Institutions) > 0 || s.Tag != "") {
		and(func(g good) bool { return e.sourceInScope(s, g.lot) })
	}
	if c.PerInstitution || c.Period != nil {
		and(func(g good) bool { return e.sourceInScope(c.Scope, g.lot) && e.cell(c, g.lot) == at })
	}
	return may, must
}

// ofSources reports whether a source could be as asked, and whether one is in any
// case.
func (l *reaching) ofSources(is func(good) bool) (could, does bool) {
	does = slices.ContainsFunc(l.sets, func(set []int) bool {
		return len(set) > 0 && !slices.ContainsFunc(set, func(i int) bool { return !is(l.goods[i]) })
	})
	return does || slices.ContainsFunc(l.r.goods, func(i int) bool { return is(l.goods[i]) }), does
}

// certain reports whether each line counts towards the same limits in any case.
func (l *reaching) certain() bool {
	return !slices.ContainsFunc(l.r.lines, func(line reachLine) bool { return !slices.Equal(line.may, line.must) })
}

// couldCount reports whether a cap could count a line, counts whether it counts all
// of them in any case.
func (l *reaching) couldCount(c creditbank.Cap) bool {
	return slices.ContainsFunc(l.r.lines, func(line reachLine) bool {
		may, _ := l.counting(c, cell{}, l.e.programme.Slots[line.slot])
		return may || c.PerInstitution || c.Period != nil
	})
}

func (l *reaching) counts(c creditbank.Cap) bool {
	if c.PerInstitution || c.Period != nil {
		return false
	}
	return !slices.ContainsFunc(l.r.lines, func(line reachLine) bool {
		_, must := l.counting(c, cell{}, l.e.programme.Slots[line.slot])
		return !must
	})
}
