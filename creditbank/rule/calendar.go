package rule

import (
	"fmt"

	"creditbank/creditbank"
)

// A Calendar says when the years and semesters of institutions begin. Korea's
// credit bank, for one, counts 42 credits a year and 24 a semester from 1 March
// to the end of February.
type Calendar struct {
	ID           string
	Title        creditbank.Text            `json:",omitzero"`
	Year         MonthDay                   // first day of a year
	Semesters    []MonthDay                 `json:",omitempty"` // first days, in order from Year; the first is Year
	Institutions []creditbank.InstitutionID `json:",omitempty"` // that follow it
	Default      bool                       `json:",omitempty"` // followed by all that follow no other
}

// A MonthDay is a day of every year, as month*100 + day: 301 is 1 March.
type MonthDay int

// String returns d as 03-01.
func (d MonthDay) String() string { return fmt.Sprintf("%02d-%02d", d/100, d%100) }

// on returns d in a year.
func (d MonthDay) on(year int) creditbank.Date { return creditbank.Date(year*10000 + int(d)) }

// calendarYear is the year that everybody has.
var calendarYear = &Calendar{Year: 101}

// A span is the days of a period, both ends inclusive.
type span struct{ first, last creditbank.Date }

// whole reports whether s begins and ends with a month, so that totals by month
// know what it holds.
func (s span) whole() bool {
	return s == always || int(s.first)%100 == 1 && int(dayAfter(s.last))%100 == 1
}

func (s span) holds(d creditbank.Date) bool { return s.first <= d && d <= s.last }

// String returns s as 2025-03-01..2026-02-28.
func (s span) String() string { return s.first.String() + ".." + s.last.String() }

// always is the period that holds every day.
var always = span{10101, never}

func dayAfter(d creditbank.Date) creditbank.Date {
	return creditbank.Period{Days: 1}.After(d)
}

func dayBefore(d creditbank.Date) creditbank.Date {
	return creditbank.Period{Days: -1}.After(d)
}

// year returns the year of c in which d lies.
func (c *Calendar) year(d creditbank.Date) span {
	year := d.Year()
	if d < c.Year.on(year) {
		year--
	}
	return span{c.Year.on(year), dayBefore(c.Year.on(year + 1))}
}

// semester returns the semester of c in which d lies.
func (c *Calendar) semester(d creditbank.Date) span {
	s := c.year(d)
	year := s.first.Year()
	for _, begin := range c.Semesters {
		first := begin.on(year)
		if begin < c.Year {
			first = begin.on(year + 1)
		}
		if d < first {
			return span{s.first, dayBefore(first)}
		}
		s.first = first
	}
	return s
}
