package creditbank_test

import (
	"os"
	"strings"
	"testing"

	"creditbank/creditbank"

	"github.com/google/go-cmp/cmp"
)

// shipped is the example calendar of 2026.
func shipped(t testing.TB) creditbank.CalendarYear {
	t.Helper()
	data, err := os.ReadFile("../configs/calendars/2026.csv")
	must(t, err)
	years, problems := creditbank.ParseCalendar("2026.csv", data)
	must(t, problems.Err())
	if len(years) != 1 || years[0].Year != 2026 {
		t.Fatalf("the shipped calendar has the years %v", years)
	}
	return years[0]
}

func term(t testing.TB, s string) creditbank.Term {
	t.Helper()
	v, err := creditbank.ParseTerm(s)
	must(t, err)
	return v
}

// 2026: 1 October (Thursday) to the 7th off, Saturday the 10th worked.
func TestDeadlines(t *testing.T) {
	calendar := creditbank.Calendar{}.With(shipped(t))
	for name, tt := range map[string]struct{ from, term, last, assumed string }{
		"a working day later":             {"2026-03-16", "1 working days", "2026-03-17", ""},
		"a weekend does not count":        {"2026-03-13", "1 working days", "2026-03-16", ""},
		"nor does a holiday":              {"2026-09-30", "1 working days", "2026-10-08", ""},
		"a weekend that is worked counts": {"2026-09-30", "3 working days", "2026-10-10", ""},
		"and the Sunday after does not":   {"2026-09-30", "4 working days", "2026-10-12", ""},
		"from a day off":                  {"2026-10-03", "1 working days", "2026-10-08", ""},
		"into a year not known":           {"2026-12-30", "3 working days", "2027-01-04", "2027"},
		"in a year not known":             {"2025-10-01", "2 working days", "2025-10-03", "2025"},
		"calendar days":                   {"2026-03-16", "P15D", "2026-03-31", ""},
		"that end on a day off":           {"2026-09-21", "P15D", "2026-10-08", ""},
		"that end on a worked weekend":    {"2026-09-25", "P15D", "2026-10-10", ""},
		"a month":                         {"2026-03-16", "P1M", "2026-04-16", ""},
		"in a year not known they stay":   {"2025-09-20", "P15D", "2025-10-05", ""},
		"no limit":                        {"2026-03-16", "", "", ""},
	} {
		last, assumed := calendar.After(day(t, tt.from), term(t, tt.term))
		if got := strings.Trim(strings.ReplaceAll(cmpString(assumed), " ", ","), "[]"); last.String() != tt.last || got != tt.assumed {
			t.Errorf("%s: %s and %s is %s, assumed %v; want %s, %s", name, tt.from, tt.term, last, assumed, tt.last, tt.assumed)
		}
	}
}

// However often a clock stops, what is left stays what it was.
func TestStoppedClocks(t *testing.T) {
	calendar := creditbank.Calendar{}.With(shipped(t))
	for name, tt := range map[string]struct {
		from, term string
		stops      []string // stopped, resumed, stopped, …
		left, last string
	}{
		"over a holiday":      {"2026-09-28", "5 working days", []string{"2026-09-29", "2026-10-12"}, "4", "2026-10-16"},
		"within a holiday":    {"2026-09-28", "5 working days", []string{"2026-10-02", "2026-10-05"}, "3", "2026-10-10"},
		"twice":               {"2026-03-16", "5 working days", []string{"2026-03-17", "2026-03-23", "2026-03-24", "2026-04-01"}, "3", "2026-04-07"},
		"on the last day":     {"2026-03-16", "5 working days", []string{"2026-03-23", "2026-04-01"}, "0", "2026-04-01"},
		"when it is over":     {"2026-03-16", "5 working days", []string{"2026-03-30", "2026-04-01"}, "0", "2026-04-01"},
		"ends on a Sunday":    {"2026-03-16", "P10D", []string{"2026-03-20", "2026-04-20"}, "6", "2026-04-27"},
		"ends on a day off":   {"2026-03-16", "P10D", []string{"2026-03-20", "2026-04-27"}, "6", "2026-05-06"},
		"resumed on the spot": {"2026-03-16", "3 working days", []string{"2026-03-16", "2026-03-16"}, "3", "2026-03-19"},
	} {
		limit := term(t, tt.term)
		last, _ := calendar.After(day(t, tt.from), limit)
		left := 0
		for i := 0; i < len(tt.stops); i += 2 {
			left = calendar.Left(day(t, tt.stops[i]), last, limit)
			last, _ = calendar.Resume(day(t, tt.stops[i+1]), left, limit)
		}
		if cmpString(left) != tt.left || last.String() != tt.last {
			t.Errorf("%s: %d days left, through %s; want %s, %s", name, left, last, tt.left, tt.last)
		}
	}
}

func TestCalendarFiles(t *testing.T) {
	for name, tt := range map[string]struct{ file, want string }{
		"in another order":       {"name,date,kind\n元旦,2026-01-01,holiday\n", ""},
		"of a spreadsheet":       {"\ufeffdate,kind,name\r\n2026-01-01,holiday,元旦\r\n", ""},
		"empty":                  {"", "c.csv:1: date: the heading date,kind,name is missing (MISSING)"},
		"no days":                {"date,kind,name\n", "c.csv: date: there is no day in it (MISSING)"},
		"a column is missing":    {"date,name\n", "c.csv:1: kind: the column kind is missing (MISSING)"},
		"a column too many":      {"date,kind,name,x\n", `c.csv:1: x: the column "x" is none of date, kind, name, or stands there twice (MALFORMED)`},
		"a cell is missing":      {"date,kind,name\n2026-01-01,holiday\n", "c.csv:2: the line does not fit the heading, or is one too many (MALFORMED)"},
		"no date":                {"date,kind,name\n1.1.2026,holiday,元旦\n", `c.csv:2: "1.1.2026" is not a date such as 2026-03-15 (MALFORMED)`},
		"an unknown kind":        {"date,kind,name\n2026-01-01,off,元旦\n", `c.csv:2: days: "off" is neither holiday nor workday (MALFORMED)`},
		"a day twice":            {"date,kind,name\n# 注\n2026-01-01,holiday,元旦\n2026-01-01,holiday,元旦\n", "c.csv:4: date: 2026-01-01 stands there twice (DUPLICATE)"},
		"a worked Monday":        {"date,kind,name\n2026-03-16,workday,x\n", "c.csv:2: days: 2026-03-16 is no weekend: it is a working day in any case (MALFORMED)"},
		"two things wrong there": {"date,kind,name\n2026-13-01,holiday,x\n2026-03-16,workday,x\n", "c.csv:2: \"2026-13-01\" is not a date such as 2026-03-15 (MALFORMED)\nc.csv:3: days: 2026-03-16 is no weekend: it is a working day in any case (MALFORMED)"},
	} {
		years, problems := creditbank.ParseCalendar("c.csv", []byte(tt.file))
		got := ""
		if err := problems.Err(); err != nil {
			got = err.Error()
		}
		if got != tt.want || tt.want == "" && len(years) != 1 {
			t.Errorf("%s: %d years, %s\nwant %s", name, len(years), got, tt.want)
		}
	}
}

// A year is on record as a version of reference data; importing it again adds
// nothing, and a changed one takes its place at every bank on the store.
func TestCalendarIsReferenceData(t *testing.T) {
	c := newCity(t)
	y := shipped(t)
	before := c.Catalogue().Version
	publish := func(y creditbank.CalendarYear) {
		t.Helper()
		must(t, c.Publish(t.Context(), operator, creditbank.Reference{Calendar: []creditbank.CalendarYear{y}}))
	}
	publish(y)
	publish(y)
	if got := c.Catalogue(); got.Version != before+1 || !cmp.Equal(got.CalendarYears[2026], y) {
		t.Errorf("published twice: versions %d to %d, %v", before, got.Version, got.CalendarYears[2026])
	}
	y.Days = y.Days[:3]
	publish(y)
	if last, _ := c.Catalogue().Calendar.After(20260930, term(t, "1 working days")); c.Catalogue().Version != before+2 || last != 20261001 {
		t.Errorf("the year was replaced: version %d, a working day after 30 September is %s", c.Catalogue().Version, last)
	}
	err := c.Publish(t.Context(), operator, creditbank.Reference{Calendar: []creditbank.CalendarYear{{Year: 2027, Days: y.Days}}})
	wantCode(t, "days of another year", err, creditbank.ErrInvalid, creditbank.CodeMalformed)
}

func TestTerms(t *testing.T) {
	for _, s := range []string{"P15D", "P1M", "P1Y6M", "1 working days", "1000 working days", ""} {
		if got := term(t, s); got.String() != s {
			t.Errorf("ParseTerm(%q) prints as %q", s, got)
		}
	}
	for _, s := range []string{"15", "0 working days", "1001 working days", "-1 working days", "01 working days", "x working days", "P", "5 days"} {
		if got, err := creditbank.ParseTerm(s); err == nil {
			t.Errorf("ParseTerm(%q) = %v, want an error", s, got)
		}
	}
}
