package rule

import (
	"slices"

	"creditbank/creditbank"
)

// A Recognition says what an outcome is worth.
type Recognition struct {
	Category      creditbank.Category
	Tag           string            `json:",omitempty"` // the course must have it
	WithoutTag    string            `json:",omitempty"` // the course must not have it
	PassMark      *int64            `json:",omitempty"` // hundredths of a point
	MinAttendance creditbank.Ratio  `json:",omitempty"`
	Stated        bool              `json:",omitempty"` // the course's stated credits; else by hours
	HoursPer      creditbank.Hours  `json:",omitempty"` // hours that make one credit
	Attended      bool              `json:",omitempty"` // count attended hours; else scheduled
	Round         Rounding          `json:",omitzero"`
	ValidFor      creditbank.Period `json:",omitzero"`
	Cap           *PeriodCap        `json:",omitempty"` // as Caps, where it is the only one

	Of         Filter             `json:",omitzero"`  // which outcomes, beyond category and tags
	PassOn     *Bound             `json:",omitempty"` // pass mark on a named scale
	PassOrigin bool               `json:",omitempty"` // the pass mark of where it was earned
	PerHours   *Rate              `json:",omitempty"` // by hours: an exact ratio, in place of HoursPer
	HoursTo    creditbank.Hours   `json:",omitempty"` // with Stated: HoursPer to HoursTo hours make one credit
	Notional   bool               `json:",omitempty"` // count notional hours
	Carry      bool               `json:",omitempty"` // what rounding leaves counts with the next outcome
	Table      []Worth            `json:",omitempty"` // by level, family …: the first row that fits
	Most       creditbank.Credits `json:",omitempty"` // of one outcome; zero for no bound
	IssuerTerm bool               `json:",omitempty"` // no longer than the issuer says
	Caps       []PeriodCap        `json:",omitempty"`
	Denied     []Exclusion        `json:",omitempty"` // sources the rule does not recognise
}

// A Rounding rounds credits to a multiple of Step.
type Rounding struct {
	Mode string // down, half_up, up
	Step creditbank.Credits
}

// A Rate is so many credits for so many hours.
type Rate struct {
	Credits creditbank.Credits
	Hours   creditbank.Hours
}

// A Worth is a row of a table of credits: what the outcomes of a source are worth
// that were issued in its window.
type Worth struct {
	Filter
	From, To creditbank.Date `json:",omitzero"`
	Credits  creditbank.Credits
}

// A Filter picks outcomes: those that are all that is given.
type Filter struct {
	Category    creditbank.Category      `json:",omitempty"`
	Course      creditbank.CourseCode    `json:",omitempty"`
	Family      string                   `json:",omitempty"`
	Tag         string                   `json:",omitempty"`
	Institution creditbank.InstitutionID `json:",omitempty"` // that posted it
	Level       creditbank.Level         `json:",omitempty"`
}

func (s Filter) picks(p creditbank.Posting, c creditbank.Course) bool {
	return (s.Category == "" || s.Category == c.Category) &&
		(s.Course == "" || s.Course == c.Code) &&
		(s.Family == "" || s.Family == c.Family) &&
		(s.Tag == "" || slices.Contains(c.Tags, s.Tag)) &&
		(s.Institution == "" || s.Institution == p.Institution) &&
		(s.Level == 0 || s.Level == c.Level)
}

// inWindow reports whether a day lies in a window; a zero end is open.
func inWindow(day, from, to creditbank.Date) bool {
	return (from == 0 || from <= day) && (to == 0 || day <= to)
}

// An Exclusion is an entry of a negative list (负面清单), such as driving
// licences: outcomes that are not recognised, whatever they would be worth.
type Exclusion struct {
	Filter
	From, To creditbank.Date `json:",omitzero"` // of issue
	Why      creditbank.Text `json:",omitzero"`
}

// excluded returns the first entry that excludes an outcome, the city's list
// before the rule's own, or nil. r may be nil.
func (s *Set) excluded(r *Recognition, p creditbank.Posting, c creditbank.Course) *Exclusion {
	if x := firstExclusion(s.denied, p, c); x != nil || r == nil {
		return x
	}
	return firstExclusion(r.Denied, p, c)
}

func firstExclusion(list []Exclusion, p creditbank.Posting, c creditbank.Course) *Exclusion {
	for i := range list {
		if x := &list[i]; x.picks(p, c) && inWindow(p.IssuedOn, x.From, x.To) {
			return x
		}
	}
	return nil
}

// A PeriodCap bounds what is recognised of a category in a period of the day of
// issue, by whichever rule.
type PeriodCap struct {
	Category creditbank.Category
	Credits  creditbank.Credits
	Exceed   string

	Per         string                   `json:",omitempty"` // year, semester, ever; a calendar year if empty
	Calendar    string                   `json:",omitempty"` // by which; if empty, that of the institution
	Institution creditbank.InstitutionID `json:",omitempty"` // counts what it posted
	Family      string                   `json:",omitempty"` // counts outcomes of it
	Each        string                   `json:",omitempty"` // counted apart: institution, family, course

	Course creditbank.CourseCode `json:",omitempty"` // counts outcomes of it
	Level  creditbank.Level      `json:",omitempty"` // counts outcomes of it
	Tag    string                `json:",omitempty"` // counts outcomes of courses with it
}

// Periods of a cap.
const (
	perCalendarYear = "calendar_year"
	perYear         = "year"
	perSemester     = "semester"
	perEver         = "ever"
)

// What a cap counts apart.
const (
	eachInstitution = "institution"
	eachFamily      = "family"
	eachCourse      = "course"
)

// caps returns all caps of r.
func (r *Recognition) caps() []PeriodCap {
	if r.Cap != nil {
		return []PeriodCap{*r.Cap}
	}
	return r.Caps
}

// readsCalendars reports whether a cap of r counts by a calendar of the file.
func (r *Recognition) readsCalendars() bool {
	return slices.ContainsFunc(r.caps(), func(c PeriodCap) bool { return c.Per == perYear || c.Per == perSemester })
}

// bounds reports whether c has anything to say of an outcome.
func (c PeriodCap) bounds(p creditbank.Posting, course creditbank.Course) bool {
	return c.of().picks(p, course)
}

// of returns what c counts.
func (c PeriodCap) of() Filter {
	return Filter{Category: c.Category, Course: c.Course, Family: c.Family, Tag: c.Tag, Institution: c.Institution, Level: c.Level}
}

// narrowed reports whether c counts less than a category, or counts apart.
func (c PeriodCap) narrowed() bool { return c.of() != Filter{Category: c.Category} || c.Each != "" }

// counts reports whether an earlier outcome takes of what c leaves for this one.
func (s *Set) counts(c PeriodCap, o *creditbank.Outcome, in span, p creditbank.Posting, course creditbank.Course) bool {
	if !in.holds(o.IssuedOn) || !s.within(c, o) {
		return false
	}
	switch c.Each {
	case eachInstitution:
		return o.Institution == p.Institution
	case eachFamily:
		return o.Family == course.Family && (o.Family != "" || o.Course == p.Course)
	case eachCourse:
		return o.Course == p.Course
	}
	return true
}

// within reports whether an earlier outcome is one that c counts. Of a course that
// was added after the rules were published nobody knows the tags: it counts, so that
// a cap is never passed.
func (s *Set) within(c PeriodCap, o *creditbank.Outcome) bool {
	facts, known := s.courses[o.Course]
	of := c.of()
	if !known {
		of.Tag = ""
	}
	return of.picks(o.Posting, creditbank.Course{Code: o.Course, Category: o.Category, Family: o.Family, Level: o.Level, Tags: facts.Tags})
}

// byMonths reports whether totals by category and month tell what c has left in
// a period.
func (c PeriodCap) byMonths(in span) bool {
	return !c.narrowed() && in.whole()
}

// capSpan returns the period of c that the outcome falls into.
func (s *Set) capSpan(c PeriodCap, p creditbank.Posting) span {
	switch c.Per {
	case perEver:
		return always
	case perYear:
		return s.calendar(c, p.Institution).year(p.IssuedOn)
	case perSemester:
		return s.calendar(c, p.Institution).semester(p.IssuedOn)
	}
	return calendarYear.year(p.IssuedOn)
}

// calendar returns the calendar by which c counts: the one it names, that of the
// institution, the default, or else everybody's year.
func (s *Set) calendar(c PeriodCap, i creditbank.InstitutionID) *Calendar {
	found := calendarYear
	for k := range s.calendars {
		switch cal := &s.calendars[k]; {
		case c.Calendar != "" && cal.ID == c.Calendar, c.Calendar == "" && slices.Contains(cal.Institutions, i):
			return cal
		case cal.Default:
			found = cal
		}
	}
	return found
}
