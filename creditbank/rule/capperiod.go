package rule

import (
	"strconv"

	"creditbank/creditbank"
)

// everyYear is the calendar whose periods are the years from January on.
const everyYear = "calendar_year"

// period names the period of a cap that an outcome falls into, by its day of
// issue.
func (s *Set) period(_ creditbank.CapPeriod, l *creditbank.Lot) string {
	return strconv.Itoa(l.IssuedOn.Year())
}
