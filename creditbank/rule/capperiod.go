package rule

import (
	"fmt"
	"slices"
	"strconv"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// everyYear is the calendar whose periods are the years from January on.
const everyYear = "calendar_year"

// ownCalendar stands for the calendar that the institution of an outcome follows,
// or else the default, or else the years from January on.
const ownCalendar = "institution"

// period names the period of a cap that an outcome falls into, by its day of
// issue.
func (s *Set) period(c creditbank.CapPeriod, l *creditbank.Lot) string {
	if c.Calendar == everyYear {
		return strconv.Itoa(l.IssuedOn.Year())
	}
	name := c.Calendar
	if name == ownCalendar {
		name = ""
	}
	calendar := s.calendar(PeriodCap{Calendar: name}, l.Institution)
	if c.Semester {
		return calendar.semester(l.IssuedOn).String()
	}
	return calendar.year(l.IssuedOn).String()
}

// A capTime is the calendar that a cap names, with the cap's period.
type capTime struct {
	at     strictyaml.Node
	period creditbank.CapPeriod
}

// checkCapTimes checks the calendars that caps name, once those are read.
func (p *parser) checkCapTimes() {
	for _, t := range p.capTimes {
		known, own := []string{everyYear, ownCalendar}, t.period.Calendar == ownCalendar
		for _, c := range p.set.calendars {
			known = append(known, c.ID)
			if (own || c.ID == t.period.Calendar) && t.period.Semester && len(c.Semesters) == 0 {
				t.at.Fail(fmt.Sprintf("校历 %s 没有学期", c.ID), fmt.Sprintf("calendar %s has no semesters", c.ID))
			}
		}
		if own && t.period.Semester && !slices.ContainsFunc(p.set.calendars, func(c Calendar) bool { return c.Default }) {
			t.at.Fail("按机构校历的学期计算需要有默认校历", "semesters of institutions need a calendar that is the default")
		}
		if t.at.Choice(known...) == everyYear && t.period.Semester {
			t.at.Fail("自然年没有学期，请指定校历", "a calendar year has no semesters: name a calendar")
		}
	}
}
