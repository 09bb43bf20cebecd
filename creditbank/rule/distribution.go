package rule

import "creditbank/creditbank"

// A Distribution is a grade distribution table (ECTS Users' Guide 2015, 4.3): how
// often each grade was given in a programme or group of programmes, over two or
// more years, among those who passed. Two of them convert a grade without anybody
// saying what it is worth: by its place among the others.
type Distribution struct {
	ID     string
	Title  creditbank.Text `json:",omitzero"`
	Scale  string          // the scale its grades are marks on
	Grades []GradeShare    // best first
}

// A GradeShare is how often a grade was given, on whatever measure: per cent, or
// how many.
type GradeShare struct {
	Grade string
	Share int64 // hundredths
}

// Which of the grades that overlap a converted one is taken.
const (
	takeMin = "min" // the worst
	takeAvg = "avg" // the one in whose band the middle falls
	takeMax = "max" // the best
)

// Bounds that keep products of shares inside 64 bits: twice a total of
// maxGrades*maxShare times another is 2e18.
const (
	maxGrades = 100
	maxShare  = 100_000_00
)

// band returns where grade i lies among all, counted from the best: from lo,
// inclusive, to hi, exclusive.
func (d *Distribution) band(i int) (lo, hi int64) {
	for _, g := range d.Grades[:i] {
		lo += g.Share
	}
	return lo, lo + d.Grades[i].Share
}

func (d *Distribution) total() int64 {
	_, hi := d.band(len(d.Grades) - 1)
	return hi
}

// convert returns the grade of to that grade i of d corresponds to: of those whose
// bands overlap its own, the worst, the best or the one in the middle (EGRACONS). A
// middle between two grades is the worse. A grade nobody ever got has no band;
// its place decides.
func (d *Distribution) convert(i int, to *Distribution, take string) string {
	lo, hi := d.band(i)
	from, other := d.total(), to.total()
	if lo == hi {
		take = takeAvg
	}
	chosen := -1
	for j := range to.Grades {
		a, b := to.band(j)
		if a == b {
			continue
		}
		switch overlap := max(lo*other, a*from) < min(hi*other, b*from); {
		case take == takeAvg && 2*a*from <= (lo+hi)*other:
			chosen = j // the last that begins at or before the middle
		case take == takeMin && overlap, take == takeMax && overlap && chosen < 0:
			chosen = j
		}
	}
	return to.Grades[chosen].Grade
}

// place returns which grade of d a mark on its scale is: the best that it
// reaches. One below them all is none.
func (s *Set) place(d *Distribution, mark string) (int, bool) {
	got, ok := s.rank(d.Scale, mark)
	if !ok {
		return 0, false
	}
	for i, g := range d.Grades {
		if least, _ := s.rank(d.Scale, g.Grade); got >= least {
			return i, true
		}
	}
	return 0, false
}
