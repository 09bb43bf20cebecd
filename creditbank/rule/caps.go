package rule

import (
	"slices"

	"creditbank/creditbank"
)

// A cell is what a cap that counts by institution or by period counts apart.
type cell struct {
	institution creditbank.InstitutionID
	period      string
}

// concerns reports whether a line of this conversion in slot counts towards c.
func (e *evaluation) concerns(c creditbank.Cap, slot creditbank.Slot) bool {
	if c.Category != "" && !slices.Contains(e.categories, c.Category) {
		return false
	}
	return c.Scope == nil || e.inScope(*c.Scope, slot, e.d)
}

// cells returns the cells that the sources of this conversion fall into: one for
// a cap that counts everything together.
func (e *evaluation) cells(c creditbank.Cap) []cell {
	if !c.PerInstitution && c.Period == nil {
		return []cell{{}}
	}
	var cells []cell
	for _, s := range e.d.Sources {
		if l := e.lotOf(s); l != nil && e.sourceInScope(c.Scope, l) {
			if at := e.cell(c, l); !slices.Contains(cells, at) {
				cells = append(cells, at)
			}
		}
	}
	return cells
}

func (e *evaluation) cell(c creditbank.Cap, l *creditbank.Lot) cell {
	var at cell
	if c.PerInstitution {
		at.institution = l.Institution
	}
	if c.Period != nil {
		at.period = e.set.period(*c.Period, l)
	}
	return at
}

// left returns the credits that a cap leaves in a cell.
func (e *evaluation) left(c creditbank.Cap, at cell) creditbank.Credits {
	switch c.Measure {
	case creditbank.MeasureLines:
		n := 0
		e.counting(c, at, func(creditbank.Line, *creditbank.Decision) { n++ })
		return roomFor(n+1 <= c.Count)
	case creditbank.MeasureSources:
		return roomFor(e.sourcesUsed(c, at) <= c.Count)
	}
	sum := creditbank.Credits(0)
	e.counting(c, at, func(l creditbank.Line, _ *creditbank.Decision) { sum += l.Credits })
	return max(0, c.Limit-sum)
}

// sourcesUsed counts the outcomes in a cell that conversions with lines that
// count use, those of this conversion included.
func (e *evaluation) sourcesUsed(c creditbank.Cap, at cell) int {
	used := map[creditbank.Consumption]bool{}
	note := func(_ creditbank.Line, d *creditbank.Decision) {
		for _, s := range d.Sources {
			if l := e.lotOf(s); l != nil && e.sourceCounts(c, l) && e.cell(c, l) == at {
				used[creditbank.Consumption{Lot: s.Lot, Conversion: s.Conversion, Slot: s.Slot}] = true
			}
		}
	}
	e.counting(c, at, note)
	note(creditbank.Line{}, e.d)
	return len(used)
}

func roomFor(any bool) creditbank.Credits {
	if any {
		return unbounded
	}
	return 0
}

// counting calls f for each line that counts towards the cap in a cell.
func (e *evaluation) counting(c creditbank.Cap, at cell, f func(creditbank.Line, *creditbank.Decision)) {
	e.eachLine(func(l creditbank.Line, d *creditbank.Decision) {
		if c.PerSource && d != e.d && !e.d.SharesSource(d) {
			return
		}
		if e.counts(c, at, l, d) {
			f(l, d)
		}
	})
}

// counts reports whether a line counts towards the cap in a cell.
func (e *evaluation) counts(c creditbank.Cap, at cell, l creditbank.Line, d *creditbank.Decision) bool {
	if c.Category != "" && !slices.Contains(l.Categories, c.Category) {
		return false
	}
	slot, _ := e.programme.Slot(l.Slot)
	if c.Scope != nil && !e.inScope(*c.Scope, slot, d) {
		return false
	}
	if !c.PerInstitution && c.Period == nil {
		return true
	}
	return slices.ContainsFunc(d.Sources, func(s creditbank.Consumption) bool {
		source := e.lotOf(s)
		return source != nil && e.sourceInScope(c.Scope, source) && e.cell(c, source) == at
	})
}

// inScope reports whether a line of d in slot is in the scope: of the sources, one
// that is will do.
func (e *evaluation) inScope(s creditbank.Scope, slot creditbank.Slot, d *creditbank.Decision) bool {
	if !s.HasSlot(slot) {
		return false
	}
	if len(s.Categories) == 0 && len(s.Institutions) == 0 && s.Tag == "" {
		return true
	}
	return slices.ContainsFunc(d.Sources, func(c creditbank.Consumption) bool {
		l := e.lotOf(c)
		return l != nil && e.sourceInScope(&s, l)
	})
}

// within reports whether a line of d in slot is in the scope with all its
// sources.
func (e *evaluation) within(s creditbank.Scope, slot creditbank.Slot, d *creditbank.Decision) bool {
	return s.HasSlot(slot) && !slices.ContainsFunc(d.Sources, func(c creditbank.Consumption) bool {
		l := e.lotOf(c)
		return l == nil || !e.sourceInFloor(s, l)
	})
}

// sourceInScope reports whether an outcome is as the scope asks.
func (e *evaluation) sourceInScope(s *creditbank.Scope, l *creditbank.Lot) bool {
	return s == nil || (len(s.Categories) == 0 || slices.Contains(s.Categories, l.Category)) &&
		(len(s.Institutions) == 0 || slices.Contains(s.Institutions, l.Institution)) &&
		(s.Tag == "" || e.hasTag(l.Course, s.Tag))
}

// sourceInFloor is sourceInScope where what nobody knows does not count: a floor
// is met by what is known to be in its scope.
func (e *evaluation) sourceInFloor(s creditbank.Scope, l *creditbank.Lot) bool {
	_, known := e.set.courses[l.Course]
	return e.sourceInScope(&s, l) && (s.Tag == "" || known)
}

// sourceCounts reports whether an outcome is one of those a cap counts.
func (e *evaluation) sourceCounts(c creditbank.Cap, l *creditbank.Lot) bool {
	return (c.Category == "" || l.Category == c.Category) && e.sourceInScope(c.Scope, l)
}

// leftBeside returns what a floor leaves for lines outside its scope.
func (e *evaluation) leftBeside(f creditbank.Floor) creditbank.Credits {
	return max(0, e.programme.Credits-f.Limit-e.besides(f))
}

// besides returns the credits of the lines outside a floor's scope.
func (e *evaluation) besides(f creditbank.Floor) (sum creditbank.Credits) {
	e.eachLine(func(l creditbank.Line, d *creditbank.Decision) {
		if slot, _ := e.programme.Slot(l.Slot); !e.within(f.Scope, slot, d) {
			sum += l.Credits
		}
	})
	return sum
}
