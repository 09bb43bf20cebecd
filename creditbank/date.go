package creditbank

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Date is a day of the calendar as written: 20260315 is 15 March 2026. Dates
// of learning are local to the rule set's time zone; they carry no instant.
// Dates compare with < and >. The zero Date means "no date".
type Date int32

// NewDate returns the given day. Days beyond the month's end carry over, as in
// [time.Date].
func NewDate(year int, month time.Month, day int) Date {
	return DateOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// DateOf returns the day of t, in t's own time zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date(y*10000 + int(m)*100 + d)
}

// ParseDate parses a day written as 2006-01-02.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return 0, malformed(s, "不是日期，应如 2026-03-15", "is not a date such as 2026-03-15")
	}
	return DateOf(t), nil
}

// Year returns the calendar year of d.
func (d Date) Year() int { return int(d) / 10000 }

// Month returns the month of d as year*100 + month, such as 202603.
func (d Date) Month() int { return int(d) / 100 }

// Time returns the first instant of d in loc.
func (d Date) Time(loc *time.Location) time.Time {
	return time.Date(d.Year(), time.Month(int(d)/100%100), int(d)%100, 0, 0, 0, 0, loc)
}

// String returns d as 2006-01-02, and "" for no date.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year(), int(d)/100%100, int(d)%100)
}

// MarshalText implements [encoding.TextMarshaler].
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d = 0
	if len(text) > 0 {
		*d, err = ParseDate(string(text))
	}
	return err
}

// A Period is a span of calendar time, in the form of ISO 8601: P5Y, P18M,
// P30D, P1Y6M. The zero Period means "for ever".
type Period struct{ Years, Months, Days int }

// maxPeriod bounds each part of a period; nothing a rule can mean is longer.
const maxPeriod = 1000

// ParsePeriod parses a period of years, months, weeks and days, such as P5Y.
func ParsePeriod(s string) (Period, error) {
	var p Period
	rest, ok := strings.CutPrefix(s, "P")
	if !ok || rest == "" {
		return Period{}, notPeriod(s)
	}
	for units := "YMWD"; rest != ""; {
		i := strings.IndexFunc(rest, notDigit)
		if i <= 0 {
			return Period{}, notPeriod(s)
		}
		n, err := strconv.Atoi(rest[:i])
		at := strings.IndexByte(units, rest[i])
		if err != nil || n > maxPeriod || at < 0 {
			return Period{}, notPeriod(s)
		}
		switch units[at] {
		case 'Y':
			p.Years = n
		case 'M':
			p.Months = n
		case 'W':
			p.Days += 7 * n
		case 'D':
			p.Days += n
		}
		units, rest = units[at+1:], rest[i+1:]
	}
	if p == (Period{}) {
		return Period{}, notPeriod(s)
	}
	return p, nil
}

func notPeriod(s string) error {
	return malformed(s, "不是期限，应如 P5Y、P18M、P30D", "is not a period such as P5Y")
}

// After returns the day p after d: the same day of a later month, or the last
// day of that month where it is shorter (29 February 2024 + P5Y is 28 February
// 2029).
func (p Period) After(d Date) Date {
	y, m := d.Year()+p.Years, int(d)/100%100+p.Months
	y, m = y+(m-1)/12, (m-1)%12+1
	last := time.Date(y, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return NewDate(y, time.Month(m), min(int(d)%100, last)+p.Days)
}

// String returns p in the form of ISO 8601.
func (p Period) String() string {
	if p == (Period{}) {
		return ""
	}
	var b strings.Builder
	b.WriteByte('P')
	for _, part := range []struct {
		n    int
		unit byte
	}{{p.Years, 'Y'}, {p.Months, 'M'}, {p.Days, 'D'}} {
		if part.n != 0 {
			fmt.Fprintf(&b, "%d%c", part.n, part.unit)
		}
	}
	return b.String()
}
