package rule

import "creditbank/creditbank"

// A Grade says which grade a line carries.
type Grade struct {
	Mode     string // carry, weighted, exempt
	Step     int64  `json:",omitempty"` // weighted: rounded half up to it, in hundredths of a point
	Decimals int    `json:",omitempty"` // weighted: places printed
}

// grade returns the grade of a line.
func (e *evaluation) grade(g Grade) string {
	switch g.Mode {
	case "carry":
		if len(e.lots) == 1 && e.lots[0].Score.String() != "" {
			return e.lots[0].Score.String()
		}
	case "weighted":
		if grade, ok := weighted(e.lots, g); ok {
			return grade
		}
	}
	return creditbank.Exempt
}

// weighted returns the mean of the scores weighted by the courses' hours,
// rounded half up. Words count as their numbers; outcomes without a score are
// left out; where no course has hours all weigh the same.
func weighted(lots []*creditbank.Lot, g Grade) (string, bool) {
	var sum, weights, plain, n int64
	for _, l := range lots {
		points, ok := l.Score.Points()
		if !ok {
			continue
		}
		sum += points * int64(l.Scheduled)
		weights += int64(l.Scheduled)
		plain += points
		n++
	}
	if n == 0 {
		return "", false
	}
	if weights == 0 {
		sum, weights = plain, n
	}
	steps := divide("half_up", sum, weights*g.Step)
	return creditbank.FormatPointsTo(steps*g.Step, g.Decimals), true
}
