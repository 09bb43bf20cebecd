package creditbank

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxCalendarDays bounds a calendar's file: no year has more days.
const maxCalendarDays = 10 * 366

// ParseCalendar reads a calendar as a table with the columns date, kind (holiday
// or workday) and name, in any order, one day a line. Lines that begin with # are
// passed over. Each year that occurs is returned whole, so a year's days stand in
// one file. Everything that is wrong is in the problems, with its place.
func ParseCalendar(file string, data []byte) ([]CalendarYear, Problems) {
	var problems Problems
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	r.Comment, r.TrimLeadingSpace, r.FieldsPerRecord = '#', true, -1
	head, err := r.Read()
	if err != nil {
		problems.Add(Place{File: file, Line: 1}, Invalid(CodeMissing, "date", "缺少表头 date,kind,name", "the heading date,kind,name is missing"))
		return nil, problems
	}
	column, err := calendarColumns(head)
	if err != nil {
		problems.Add(Place{File: file, Line: 1}, err)
		return nil, problems
	}
	years := map[int]*CalendarYear{}
	for n := 0; ; n++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := r.FieldPos(0)
		if err != nil || len(row) != len(head) || n >= maxCalendarDays {
			problems.Add(Place{File: file, Line: line}, Invalid(CodeMalformed, "", "该行与表头不符，或行数过多", "the line does not fit the heading, or is one too many"))
			break
		}
		day, err := calendarDay(row[column["date"]], row[column["kind"]], row[column["name"]])
		if err == nil {
			err = addCalendarDay(years, day)
		}
		problems.Add(Place{File: file, Line: line}, err)
	}
	if len(years) == 0 && problems.Err() == nil {
		problems.Add(Place{File: file}, Invalid(CodeMissing, "date", "没有任何日期", "there is no day in it"))
	}
	all := make([]CalendarYear, 0, len(years))
	for _, y := range years {
		all = append(all, *y)
	}
	slices.SortFunc(all, func(a, b CalendarYear) int { return a.Year - b.Year })
	return all, problems
}

// calendarColumns returns where each column stands.
func calendarColumns(head []string) (map[string]int, error) {
	at := map[string]int{}
	for i, name := range head {
		name = strings.TrimSpace(name)
		if _, twice := at[name]; twice || !slices.Contains([]string{"date", "kind", "name"}, name) {
			return nil, Invalid(CodeMalformed, name, fmt.Sprintf("多余的列“%s”", name), fmt.Sprintf("the column %q is none of date, kind, name, or stands there twice", name))
		}
		at[name] = i
	}
	for _, name := range []string{"date", "kind", "name"} {
		if _, ok := at[name]; !ok {
			return nil, Invalid(CodeMissing, name, "缺少列 "+name, "the column "+name+" is missing")
		}
	}
	return at, nil
}

func calendarDay(date, kind, name string) (CalendarDay, error) {
	d, err := ParseDate(strings.TrimSpace(date))
	return CalendarDay{d, strings.TrimSpace(kind), strings.TrimSpace(name)}, err
}

// addCalendarDay adds a day to its year, which must stay a year that can be.
func addCalendarDay(years map[int]*CalendarYear, d CalendarDay) error {
	y := years[d.Date.Year()]
	if y == nil {
		y = &CalendarYear{Year: d.Date.Year()}
		years[y.Year] = y
	}
	one := CalendarYear{y.Year, []CalendarDay{d}}
	if err := one.check(); err != nil {
		return err
	}
	if slices.ContainsFunc(y.Days, func(other CalendarDay) bool { return other.Date == d.Date }) {
		return Invalid(CodeDuplicate, "date", fmt.Sprintf("%s 出现两次", d.Date), fmt.Sprintf("%s stands there twice", d.Date))
	}
	y.Days = append(y.Days, d)
	return nil
}
