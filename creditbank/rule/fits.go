package rule

import (
	"slices"

	"creditbank/creditbank"
)

// Fits implements [creditbank.Rules].
func (s *Set) Fits(a *creditbank.Account, c *creditbank.Conversion, again *creditbank.Decision) bool {
	others := *a
	others.Conversions = slices.DeleteFunc(slices.Clone(a.Conversions), func(other *creditbank.Conversion) bool { return other.Seq == c.Seq })
	e := &evaluation{set: s, account: &others, programme: s.programmes[again.Programme], d: again}
	return e.keepsCaps() && e.keepsFloors() && e.keepsSubjects()
}

// bySource reports whether a cap looks at more of the sources than their
// categories, which the lines keep.
func bySource(c creditbank.Cap) bool {
	return c.PerSource || c.PerInstitution || c.Period != nil || c.Scope != nil || c.Measure == creditbank.MeasureSources
}

// keepsCaps reports whether what stands, the decision included, is within each
// cap that looks at sources.
func (e *evaluation) keepsCaps() bool {
	for _, c := range e.programme.Caps {
		if !bySource(c) {
			continue
		}
		for _, at := range e.cells(c) {
			credits, n := creditbank.Credits(0), 0
			e.counting(c, at, func(l creditbank.Line, _ *creditbank.Decision) { credits, n = credits+l.Credits, n+1 })
			if c.Measure == creditbank.MeasureSources {
				n = e.sourcesUsed(c, at)
			}
			if c.Measure == "" && credits > c.Limit || c.Measure != "" && n > c.Count {
				return false
			}
		}
	}
	return true
}

func (e *evaluation) keepsFloors() bool {
	for _, f := range e.programme.Floors {
		if e.besides(f) > e.programme.Credits-f.Limit {
			return false
		}
	}
	return true
}

// keepsSubjects reports whether no other outcome of the decision's subjects
// counts.
func (e *evaluation) keepsSubjects() bool {
	for _, s := range e.d.Sources {
		if l := e.account.Lot(s.Lot); l != nil && len(e.duplicate(l)) > 0 {
			return false
		}
	}
	return true
}
