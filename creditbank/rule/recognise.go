package rule

import (
	"slices"

	"creditbank/creditbank"
)

// Recognise implements [creditbank.Rules]. The first rule of the file applies
// whose source matches the course and whose window holds the day of issue.
func (s *Set) Recognise(p creditbank.Posting, c creditbank.Course, t creditbank.Totals) creditbank.Recognition {
	for _, r := range s.rules {
		if r.Recognition != nil && r.inForce(p.IssuedOn) == 0 && r.Recognition.matches(c) {
			rec := r.Recognition.recognise(p, c, t)
			rec.Rule, rec.RuleSet = r.ID, s.number
			return rec
		}
	}
	return creditbank.Recognition{RuleSet: s.number, Reasons: []creditbank.Reason{creditbank.OutcomeNotRecognised}}
}

func (r *Recognition) matches(c creditbank.Course) bool {
	return r.Category == c.Category &&
		(r.Tag == "" || slices.Contains(c.Tags, r.Tag)) &&
		(r.WithoutTag == "" || !slices.Contains(c.Tags, r.WithoutTag))
}

func (r *Recognition) recognise(p creditbank.Posting, c creditbank.Course, t creditbank.Totals) creditbank.Recognition {
	var rec creditbank.Recognition
	if r.PassMark != nil && p.Score.Failed(*r.PassMark) {
		rec.Reasons = append(rec.Reasons, creditbank.GradeBelowPass)
	}
	if c.Hours > 0 && attendanceBelow(p.Attended, c.Hours, r.MinAttendance) {
		rec.Reasons = append(rec.Reasons, creditbank.AttendanceBelowMin)
	}
	credits := r.credits(p, c)
	if left, capped := r.capLeft(p, c, t); capped && credits > left {
		if r.Cap.Exceed == exceedDeny {
			rec.Reasons = append(rec.Reasons, creditbank.CapReached)
		} else if len(rec.Reasons) == 0 {
			rec.Lost = credits - left
			rec.Reasons = append(rec.Reasons, creditbank.PeriodCapTruncated)
			credits = left
		}
	}
	if len(rec.Reasons) > 0 && rec.Lost == 0 {
		return rec
	}
	rec.Granted, rec.Credits = true, credits
	if r.ValidFor != (creditbank.Period{}) {
		rec.ExpiresOn = r.ValidFor.After(p.IssuedOn)
	}
	return rec
}

// attendanceBelow reports whether attended/scheduled < least, without dividing.
func attendanceBelow(attended, scheduled creditbank.Hours, least creditbank.Ratio) bool {
	return int64(attended)*int64(creditbank.One) < int64(least)*int64(scheduled)
}

// credits returns what the outcome is worth before any cap.
func (r *Recognition) credits(p creditbank.Posting, c creditbank.Course) creditbank.Credits {
	if r.Stated {
		return c.Credits
	}
	hours := c.Hours
	if r.Attended {
		hours = p.Attended
	}
	// hours/HoursPer credits are hours*100 / (HoursPer*Step) steps.
	return r.Round.Step * creditbank.Credits(divide(r.Round.Mode, int64(hours)*int64(creditbank.Credit), int64(r.HoursPer)*int64(r.Round.Step)))
}

// divide returns a/b as a whole number, rounded as mode says; a >= 0, b > 0.
func divide(mode string, a, b int64) int64 {
	switch mode {
	case "half_up":
		return (a + b/2) / b // an odd b has no quotient that ends in a half
	case "up":
		return (a + b - 1) / b
	default:
		return a / b
	}
}

// capLeft returns how many credits the period cap leaves, and whether a cap
// applies to the course at all.
func (r *Recognition) capLeft(p creditbank.Posting, c creditbank.Course, t creditbank.Totals) (creditbank.Credits, bool) {
	if r.Cap == nil || r.Cap.Category != c.Category {
		return 0, false
	}
	year := p.IssuedOn.Year() * 100
	return max(0, r.Cap.Credits-t.Sum(r.Cap.Category, year+1, year+12)), true
}
