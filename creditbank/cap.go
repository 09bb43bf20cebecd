package creditbank

import "slices"

// A Cap bounds what conversions may grant in a programme: credits, lines, or the
// outcomes they use. It counts the standing lines of the programme that are in
// its scope.
type Cap struct {
	Category  Category `json:"category,omitempty"` // counts lines with a source of it; "" counts all
	PerSource bool     `json:"per_source,omitempty"`
	Limit     Credits  `json:"limit"`
	Share     Ratio    `json:"share,omitempty"` // what Limit was computed from, for explaining

	Scope          *Scope     `json:"scope,omitempty"` // what it counts, where a category does not say it; then Category is ""
	PerInstitution bool       `json:"per_institution,omitempty"`
	Measure        Measure    `json:"measure,omitempty"`  // what it counts; credits if ""
	Count          int        `json:"count,omitempty"`    // the bound, where it does not count credits; Limit is zero then
	ShareOf        ShareBase  `json:"share_of,omitempty"` // what Share is a share of; the programme's credits if ""
	Period         *CapPeriod `json:"period,omitempty"`   // counts what was issued in one period
}

// A Measure is what a cap counts.
type Measure string

// The measures other than credits.
const (
	MeasureLines   Measure = "lines"   // courses of the programme
	MeasureSources Measure = "sources" // outcomes: courses or certificates, each once
)

// A ShareBase is what a share is a share of.
type ShareBase string

// The bases other than the programme's credits.
const (
	ShareOfCompulsory ShareBase = "compulsory" // the credits of the slots that are not elective
	ShareOfSlots      ShareBase = "slots"      // the credits of the slots in the cap's scope
)

// A CapPeriod makes a cap count by period: the lines whose sources were issued
// in the same period as those of the conversion.
type CapPeriod struct {
	Calendar string `json:"calendar"`           // "calendar_year", "institution" (that of the outcome), or a calendar of the rules file
	Semester bool   `json:"semester,omitempty"` // counts its semesters instead of its years
}

// A Scope says which lines count. A line counts if it stands in one of the slots
// asked for and one of its sources is as asked for: of any of the categories, of
// any of the institutions, with the tag. What is empty asks for nothing.
type Scope struct {
	Categories   []Category      `json:"categories,omitempty"`
	Compulsory   bool            `json:"compulsory,omitempty"` // slots that are not elective
	Institutions []InstitutionID `json:"institutions,omitempty"`
	Slots        []SlotID        `json:"slots,omitempty"`
	Tag          string          `json:"tag,omitempty"`
}

// HasSlot reports whether lines in the slot can be in the scope.
func (s *Scope) HasSlot(slot Slot) bool {
	return s == nil || (len(s.Slots) == 0 || slices.Contains(s.Slots, slot.ID)) && (!s.Compulsory || !slot.Elective)
}

// A Floor (最低本校学分) keeps a part of a programme for what was earned in a
// scope, such as the programme's own institution: conversions of anything else
// may grant the programme's credits less the floor.
type Floor struct {
	Limit   Credits   `json:"limit"`
	Scope   Scope     `json:"scope"`
	Share   Ratio     `json:"share,omitempty"`
	ShareOf ShareBase `json:"share_of,omitempty"`
}

// An Exclusion is a negative list: outcomes that may not be converted, and slots
// that conversions may not fill.
type Exclusion struct {
	Categories   []Category      `json:"categories,omitempty"`
	Courses      []CourseCode    `json:"courses,omitempty"`
	Families     []string        `json:"families,omitempty"`
	Institutions []InstitutionID `json:"institutions,omitempty"`
	Names        []string        `json:"names,omitempty"` // a course whose title holds one of them
	Tags         []string        `json:"tags,omitempty"`
	Targets      []SlotID        `json:"targets,omitempty"`
}

// Compulsory returns the credits of the slots that are not elective.
func (p Programme) Compulsory() Credits {
	var sum Credits
	for _, s := range p.Slots {
		if !s.Elective {
			sum += s.Credits
		}
	}
	return sum
}
