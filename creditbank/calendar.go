package creditbank

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Kinds of day in a calendar.
const (
	DayHoliday = "holiday" // 放假: nobody works, whatever day of the week it is
	DayWorkday = "workday" // 调休上班: people work, though it is a weekend
)

// A CalendarDay is a day that differs from its day of the week: a holiday, or a
// weekend's day on which people work (调休).
type CalendarDay struct {
	Date Date   `json:"date"`
	Kind string `json:"kind"` // holiday or workday
	Name string `json:"name"`
}

// A CalendarYear is a year of the working-day calendar (工作日历): its days that
// differ. All others are working days from Monday to Friday. A year that is not on
// record is not known.
type CalendarYear struct {
	Year int           `json:"year"`
	Days []CalendarDay `json:"days"`
}

// check reports what cannot be in y, and puts its days in order.
func (y *CalendarYear) check() error {
	if y.Year < 1900 || y.Year > 9999 {
		return Invalid(CodeMalformed, "year", "年份应在1900与9999之间", "a year lies between 1900 and 9999")
	}
	y.Days = slices.Clone(y.Days)
	slices.SortFunc(y.Days, func(a, b CalendarDay) int { return int(a.Date - b.Date) })
	for i, d := range y.Days {
		weekend := d.Date.weekend()
		switch {
		case d.Date.Year() != y.Year:
			return Invalid(CodeMalformed, "days", fmt.Sprintf("%s 不在 %d 年", d.Date, y.Year), fmt.Sprintf("%s is no day of %d", d.Date, y.Year))
		case i > 0 && y.Days[i-1].Date == d.Date:
			return Invalid(CodeDuplicate, "days", fmt.Sprintf("%s 出现两次", d.Date), fmt.Sprintf("%s stands there twice", d.Date))
		case d.Kind != DayHoliday && d.Kind != DayWorkday:
			return Invalid(CodeMalformed, "days", fmt.Sprintf("“%s”应为 holiday 或 workday", d.Kind), fmt.Sprintf("%q is neither holiday nor workday", d.Kind))
		case d.Kind == DayWorkday && !weekend:
			return Invalid(CodeMalformed, "days", fmt.Sprintf("%s 不是周末，无须调休上班", d.Date), fmt.Sprintf("%s is no weekend: it is a working day in any case", d.Date))
		}
		if err := checkText("days", d.Name, 100); err != nil {
			return err
		}
	}
	return nil
}

func sameCalendarYear(a, b CalendarYear) bool {
	return a.Year == b.Year && slices.Equal(a.Days, b.Days)
}

// A Calendar knows the working days of some years. The zero Calendar knows none.
type Calendar struct{ years map[int]map[Date]bool } // whether the days that differ are working days

// With returns c with a year more, or with another version of it.
func (c Calendar) With(y CalendarYear) Calendar {
	years := maps.Clone(c.years)
	if years == nil {
		years = map[int]map[Date]bool{}
	}
	days := make(map[Date]bool, len(y.Days))
	for _, d := range y.Days {
		days[d.Date] = d.Kind == DayWorkday
	}
	years[y.Year] = days
	return Calendar{years}
}

// Years returns the years that c knows, in order.
func (c Calendar) Years() []int { return slices.Sorted(maps.Keys(c.years)) }

// Working reports whether day is a working day. Where its year is not known that
// is a guess by the day of the week, and known is false.
func (c Calendar) Working(day Date) (working, known bool) {
	days, known := c.years[day.Year()]
	if differs, ok := days[day]; ok {
		return differs, true
	}
	return !day.weekend(), known
}

// After returns the last day of a term that runs from day, which does not count
// itself. A term of calendar days that would end on a day off ends on the next
// working day (民法典 203) where the year is known. Assumed are the years for which
// working days were guessed from the day of the week, since the calendar does not
// know them. Without a limit there is no last day.
func (c Calendar) After(day Date, t Term) (last Date, assumed []int) {
	switch {
	case t.Working > 0:
		return c.workingAfter(day, t.Working)
	case t == Term{}:
		return 0, nil
	}
	return c.roll(t.Period.After(day)), nil
}

// Left returns how many days of a term that ends on last are left after day: of
// the term's own kind, none if it is over. While a clock stands (停止计时), they do
// not grow fewer.
func (c Calendar) Left(day, last Date, t Term) int {
	n := 0
	for d := day.Next(); d <= last; d = d.Next() {
		if working, _ := c.Working(d); working || t.Working == 0 {
			n++
		}
	}
	return n
}

// Resume returns the last day of a term of which n days were left when its clock
// stopped, and that runs on from day.
func (c Calendar) Resume(day Date, n int, t Term) (last Date, assumed []int) {
	switch {
	case t == Term{}:
		return 0, nil
	case n <= 0:
		return day, nil
	case t.Working > 0:
		return c.workingAfter(day, n)
	}
	return c.roll(Period{Days: n}.After(day)), nil
}

func (c Calendar) workingAfter(day Date, n int) (last Date, assumed []int) {
	for n > 0 {
		day = day.Next()
		working, known := c.Working(day)
		if !known && !slices.Contains(assumed, day.Year()) {
			assumed = append(assumed, day.Year())
		}
		if working {
			n--
		}
	}
	return day, assumed
}

// roll returns the first working day from day on, if the year of day is known.
func (c Calendar) roll(day Date) Date {
	for {
		if working, known := c.Working(day); working || !known {
			return day
		}
		day = day.Next()
	}
}

// next returns the day after d.

// weekend reports whether d is a Saturday or a Sunday.
func (d Date) weekend() bool {
	w := d.Time(time.UTC).Weekday()
	return w == time.Saturday || w == time.Sunday
}
