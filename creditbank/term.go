package creditbank

import (
	"fmt"
	"strconv"
	"strings"
)

// A Term (期限) is how long somebody has: so many working days, or a period of the
// calendar. The zero Term is no limit.
type Term struct {
	Period  Period
	Working int // working days; Period is zero then
}

// maxTerm bounds the working days of a term: a year has about 250.
const maxTerm = 1000

// workingUnit ends the text of a term of working days.
const workingUnit = " working days"

// WorkingDays returns a term of n working days, of 1 to 1000.
func WorkingDays(n int) (Term, error) {
	if n < 1 || n > maxTerm {
		return Term{}, Invalid(CodeMalformed, "days", "工作日数应在1与1000之间", "working days lie between 1 and 1000")
	}
	return Term{Working: n}, nil
}

// ParseTerm parses what [Term.String] writes: P15D, "5 working days", or "" for no
// limit.
func ParseTerm(s string) (Term, error) {
	if s == "" {
		return Term{}, nil
	}
	if days, ok := strings.CutSuffix(s, workingUnit); ok {
		n, err := strconv.Atoi(days)
		if err != nil || strconv.Itoa(n) != days {
			return Term{}, malformed(s, "不是期限，应如 P15D 或 5 working days", "is no term such as P15D or 5 working days")
		}
		return WorkingDays(n)
	}
	p, err := ParsePeriod(s)
	return Term{Period: p}, err
}

// String returns t as [ParseTerm] reads it.
func (t Term) String() string {
	if t.Working > 0 {
		return strconv.Itoa(t.Working) + workingUnit
	}
	return t.Period.String()
}

// Text returns t for people.
func (t Term) Text() Text {
	if t.Working > 0 {
		return Text{fmt.Sprintf("%d个工作日", t.Working), t.String()}
	}
	p := t.Period
	if p.Years == 0 && p.Months == 0 {
		return Text{fmt.Sprintf("%d日", p.Days), fmt.Sprintf("%d days", p.Days)}
	}
	return Text{p.String(), p.String()}
}

// MarshalText implements [encoding.TextMarshaler].
func (t Term) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (t *Term) UnmarshalText(text []byte) (err error) {
	*t, err = ParseTerm(string(text))
	return err
}
