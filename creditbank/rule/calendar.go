package rule

import (
	"strconv"

	"creditbank/creditbank"
)

// calendarYear is the calendar whose periods are the years.
const calendarYear = "calendar_year"

// period names the period of a calendar that a day falls into.
func (s *Set) period(calendar string, day creditbank.Date) string {
	return strconv.Itoa(day.Year())
}
