package rule

import (
	"slices"

	"creditbank/creditbank"
)

// A Grade says which grade a line carries.
type Grade struct {
	Mode     string // carry, weighted, exempt, fixed, table, scale, distribution
	Step     int64  `json:",omitempty"` // of a mean: rounded half up to it, in hundredths of a point; zero where there is none
	Decimals int    `json:",omitempty"` // of a mean: places printed
	By       string `json:",omitempty"` // of a mean: what weighs; hours if empty

	Fixed string     `json:",omitempty"` // fixed: the grade
	Table []GradeRow `json:",omitempty"` // table: the first row that fits
	Scale string     `json:",omitempty"` // scale: the scale of labels to express the result on
	Take  string     `json:",omitempty"` // scale: what of the label; distribution: which grade
	From  string     `json:",omitempty"` // distribution: the table of where the result was earned
	To    string     `json:",omitempty"` // distribution: the table of where it goes
}

// A GradeRow maps results to a grade: those of at least so many points, or the
// one that says just that.
type GradeRow struct {
	From  *int64 `json:",omitempty"` // hundredths of a point
	Is    string `json:",omitempty"` // a number or word, or a mark such as "letter:A-"
	Grade string
}

// Modes of grade.
const (
	gradeCarry        = "carry"
	gradeWeighted     = "weighted"
	gradeFixed        = "fixed"
	gradeTable        = "table"
	gradeScale        = "scale"
	gradeDistribution = "distribution"
)

// What of a label is taken as the grade.
const (
	takeLabel  = "label"
	takePoints = "points"
	takeTop    = "top"
	takeBottom = "bottom"
)

// byCredits weighs a mean by credits instead of hours.
const byCredits = "credits"

// grade returns the grade of a line. A line whose source has no result, or one
// that the policy has no grade for, is exempt.
func (e *evaluation) grade(g Grade) string {
	grade := ""
	switch g.Mode {
	case gradeCarry:
		if len(e.lots) == 1 {
			grade = e.carried(e.lots[0])
		}
	case gradeWeighted:
		if points, ok := e.mean(g); ok {
			grade = creditbank.FormatPointsTo(points, g.Decimals)
		}
	case gradeFixed:
		grade = g.Fixed
	case gradeTable:
		grade = e.tabled(g)
	case gradeScale:
		grade = e.scaled(g)
	case gradeDistribution:
		grade = e.distributed(g)
	}
	if grade == "" {
		return creditbank.Exempt
	}
	return grade
}

// mean returns the mean of the results, rounded half up. Words count as their
// numbers, marks on named scales as their points; outcomes without a result are
// left out; where nothing weighs all weigh the same.
func (e *evaluation) mean(g Grade) (int64, bool) {
	var sum, weights, plain, n int64
	for _, l := range e.lots {
		points, ok := e.result(l).points()
		if !ok {
			continue
		}
		weight := int64(l.Scheduled)
		if g.By == byCredits {
			weight = int64(l.Credits)
		}
		sum += points * weight
		weights += weight
		plain += points
		n++
	}
	if n == 0 {
		return 0, false
	}
	if weights == 0 {
		sum, weights = plain, n
	}
	return divide("half_up", sum, weights*g.Step) * g.Step, true
}

// result returns the result of a lot as the scales of the set read it. The grade
// of a line was earned wherever it was: its bare numbers are what they seem.
func (e *evaluation) result(l *creditbank.Lot) result {
	if l.Seq == 0 {
		return e.set.result(l.Score, "")
	}
	return e.set.result(l.Score, l.Institution)
}

// source returns the points that a policy goes by: the mean, where it asks for
// one, else those of the only result.
func (e *evaluation) sourcePoints(g Grade) (int64, bool) {
	switch {
	case g.Step > 0:
		return e.mean(g)
	case len(e.lots) == 1:
		return e.result(e.lots[0]).points()
	}
	return 0, false
}

// tabled returns the grade of the first row that fits.
func (e *evaluation) tabled(g Grade) string {
	points, graded := e.sourcePoints(g)
	said := func(row GradeRow) bool {
		if g.Step > 0 || len(e.lots) != 1 || row.Is == "" {
			return false
		}
		score := e.lots[0].Score
		return score.Plain() == row.Is || slices.ContainsFunc(score.Marks(), func(m creditbank.Mark) bool { return m.String() == row.Is })
	}
	for _, row := range g.Table {
		if said(row) || row.From != nil && graded && points >= *row.From {
			return row.Grade
		}
	}
	return ""
}

// scaled returns the result on a scale of labels: the label it was posted with
// there, or else the one in whose band its points lie.
func (e *evaluation) scaled(g Grade) string {
	scale := e.set.scale(g.Scale)
	label, found := Label{}, false
	if g.Step == 0 && len(e.lots) == 1 {
		if mark, posted := e.result(e.lots[0]).on(g.Scale); posted {
			if i := scale.index(mark); i >= 0 {
				label, found = scale.Labels[i], true
			}
		}
	}
	if !found {
		points, graded := e.sourcePoints(g)
		if !graded {
			return ""
		}
		if label, found = scale.band(points); !found {
			return ""
		}
	}
	switch g.Take {
	case takeTop:
		return creditbank.FormatPoints(label.To)
	case takeBottom:
		return creditbank.FormatPoints(label.From)
	case takePoints:
		return creditbank.FormatPoints(label.Points)
	}
	return label.Label
}

// distributed converts a result by its place among those of where it was earned.
func (e *evaluation) distributed(g Grade) string {
	if len(e.lots) != 1 {
		return ""
	}
	from, to := e.set.distribution(g.From), e.set.distribution(g.To)
	r := e.result(e.lots[0])
	mark, posted := r.on(from.Scale)
	if from.Scale == creditbank.Percentage {
		var points int64
		points, posted = r.points()
		mark = creditbank.FormatPoints(points)
	}
	if scale := e.set.scale(from.Scale); !posted && scale != nil {
		if points, graded := r.points(); graded {
			var label Label
			label, posted = scale.band(points)
			mark = label.Label
		}
	}
	if !posted {
		return ""
	}
	i, ok := e.set.place(from, mark)
	if !ok {
		return ""
	}
	return from.convert(i, to, g.Take)
}
