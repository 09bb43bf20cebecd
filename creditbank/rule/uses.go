package rule

import (
	"slices"

	"creditbank/creditbank"
)

// uses are the tables of a file that a rule reads: they are part of what it says,
// and of its hash. A rule that reads none has the hash it had before there were
// any.
type uses struct {
	Scales        []Scale        `json:",omitempty"`
	Distributions []Distribution `json:",omitempty"`
	Calendars     []Calendar     `json:",omitempty"`
	Denied        []Exclusion    `json:",omitempty"`
}

// uses returns what r reads, or nil if that is nothing. Whoever looks at a result
// reads every scale, since a result may be on any of them.
func (s *Set) uses(r *Rule) *uses {
	var u uses
	if r.readsResults() {
		u.Scales = s.scales
	}
	if r.Recognition != nil {
		u.Denied = s.denied
		if r.Recognition.readsCalendars() {
			u.Calendars = s.calendars
		}
	}
	if r.Conversion != nil {
		if slices.ContainsFunc(s.programmes[r.Conversion.Programme].Caps, func(c creditbank.Cap) bool { return c.Period != nil && c.Period.Calendar != everyYear }) {
			u.Calendars = s.calendars
		}
		for _, g := range r.Conversion.Grants {
			if g.Grade.Mode == gradeDistribution {
				u.Distributions = s.distributions
			}
		}
	}
	if len(u.Scales)+len(u.Distributions)+len(u.Calendars)+len(u.Denied) == 0 {
		return nil
	}
	return &u
}

// readsResults reports whether a rule looks at results beyond carrying them.
func (r *Rule) readsResults() bool {
	if r.Recognition != nil {
		return r.Recognition.PassMark != nil || r.Recognition.PassOn != nil || r.Recognition.PassOrigin
	}
	reads := false
	r.Conversion.tree.leaves(func(t *Tree) {
		reads = reads || t.Part != nil && (t.Part.MinGrade != nil || t.Part.MinOn != nil || t.Part.MaxGrade != nil) ||
			t.Line != nil && (t.Line.MinGrade != nil || t.Line.MinOn != nil)
	})
	if reads {
		return true
	}
	for _, g := range r.Conversion.Grants {
		switch g.Grade.Mode {
		case gradeWeighted, gradeTable, gradeScale, gradeDistribution:
			return true
		}
	}
	return false
}
