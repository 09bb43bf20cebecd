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

// period names the period of a cap that an outcome falls into, by its day of
// issue.
func (s *Set) period(c creditbank.CapPeriod, l *creditbank.Lot) string {
	i := slices.IndexFunc(s.calendars, func(k Calendar) bool { return k.ID == c.Calendar })
	switch {
	case i < 0:
		return strconv.Itoa(l.IssuedOn.Year())
	case c.Semester:
		return s.calendars[i].semester(l.IssuedOn).String()
	}
	return s.calendars[i].year(l.IssuedOn).String()
}

// A capTime is the calendar that a cap names, with the cap's period.
type capTime struct {
	at     strictyaml.Node
	period creditbank.CapPeriod
}

// checkCapTimes checks the calendars that caps name, once those are read.
func (p *parser) checkCapTimes() {
	for _, t := range p.capTimes {
		known := []string{everyYear}
		for _, c := range p.set.calendars {
			known = append(known, c.ID)
			if c.ID == t.period.Calendar && t.period.Semester && len(c.Semesters) == 0 {
				t.at.Fail(fmt.Sprintf("校历 %s 没有学期", c.ID), fmt.Sprintf("calendar %s has no semesters", c.ID))
			}
		}
		if t.at.Choice(known...) == everyYear && t.period.Semester {
			t.at.Fail("自然年没有学期，请指定校历", "a calendar year has no semesters: name a calendar")
		}
	}
}
