package creditbank

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Totals are the credits recognised in an account by category and month of
// issue: what period caps are measured against. They follow from the outcomes
// (revoked and replaced ones left out) and are kept with the account so that
// posting reads one row. The zero Totals is empty. Totals are never changed in
// place.
type Totals struct{ months []monthTotal }

type monthTotal struct {
	category Category
	month    int // year*100 + month
	credits  Credits
}

func compareMonth(a, b monthTotal) int {
	return cmp.Or(cmp.Compare(a.category, b.category), cmp.Compare(a.month, b.month))
}

// Plus returns t with c credits more of the category in the month of d; c may
// be negative.
func (t Totals) Plus(cat Category, d Date, c Credits) Totals {
	if c == 0 {
		return t
	}
	month := monthTotal{cat, d.Month(), 0}
	i, found := slices.BinarySearchFunc(t.months, month, compareMonth)
	months := append(make([]monthTotal, 0, len(t.months)+1), t.months...)
	if !found {
		months = slices.Insert(months, i, month)
	}
	if months[i].credits += c; months[i].credits == 0 {
		months = slices.Delete(months, i, i+1)
	}
	return Totals{months}
}

// Sum returns the credits of the category issued in the months from first to
// last, both inclusive, each as year*100 + month.
func (t Totals) Sum(cat Category, first, last int) Credits {
	var sum Credits
	for _, m := range t.months {
		if m.category == cat && first <= m.month && m.month <= last {
			sum += m.credits
		}
	}
	return sum
}

// Equal reports whether t and u are the same.
func (t Totals) Equal(u Totals) bool { return slices.Equal(t.months, u.months) }

// String returns t in the form [ParseTotals] reads, such as
// "FORMAL 202301 6.0,NON_FORMAL 202503 1.5".
func (t Totals) String() string {
	var b strings.Builder
	for i, m := range t.months {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%s %d %s", m.category, m.month, m.credits)
	}
	return b.String()
}

// ParseTotals parses what [Totals.String] wrote.
func ParseTotals(s string) (Totals, error) {
	if s == "" {
		return Totals{}, nil
	}
	var t Totals
	for part := range strings.SplitSeq(s, ",") {
		fields := strings.Split(part, " ")
		if len(fields) != 3 {
			return Totals{}, fmt.Errorf("totals %q: malformed", s)
		}
		month, err := strconv.Atoi(fields[1])
		if err != nil {
			return Totals{}, fmt.Errorf("totals %q: %v", s, err)
		}
		credits, err := ParseCredits(fields[2])
		if err != nil {
			return Totals{}, fmt.Errorf("totals %q: %v", s, err)
		}
		m := monthTotal{Category(fields[0]), month, credits}
		if n := len(t.months); n > 0 && compareMonth(t.months[n-1], m) >= 0 {
			return Totals{}, fmt.Errorf("totals %q: not in order", s)
		}
		t.months = append(t.months, m)
	}
	return t, nil
}
