package rule

import "creditbank/creditbank"

// worth returns what the outcome is worth before any cap, and false where a table
// has no row for it.
func (r *Recognition) worth(p creditbank.Posting, c creditbank.Course, past creditbank.Past, id creditbank.RuleID) (creditbank.Credits, bool) {
	credits := c.Credits
	switch {
	case r.Table != nil:
		row := r.row(p, c)
		if row == nil {
			return 0, false
		}
		credits = row.Credits
	case r.Stated && r.HoursTo > 0:
		credits = r.withinHours(p, c)
	case !r.Stated:
		credits = r.byHours(p, c, past, id)
	}
	if r.Most > 0 {
		credits = min(credits, r.Most)
	}
	return credits, true
}

// row returns the first row of the table for an outcome, or nil.
func (r *Recognition) row(p creditbank.Posting, c creditbank.Course) *Worth {
	for i := range r.Table {
		if w := &r.Table[i]; w.picks(p, c) && inWindow(p.IssuedOn, w.From, w.To) {
			return w
		}
	}
	return nil
}

// hours returns the hours that count. Where a course states no notional hours,
// those it schedules are the least they can be.
func (r *Recognition) hours(p creditbank.Posting, c creditbank.Course) creditbank.Hours {
	switch {
	case r.Attended:
		return p.Attended
	case r.Notional && c.NotionalHours > 0:
		return c.NotionalHours
	}
	return c.Hours
}

// rate returns how many hundredths of a credit so many hundredths of an hour make.
func (r *Recognition) rate() (credits, hours int64) {
	if r.PerHours != nil {
		return int64(r.PerHours.Credits), int64(r.PerHours.Hours)
	}
	return int64(creditbank.Credit), int64(r.HoursPer)
}

// byHours returns what the hours are worth at the rule's rate, rounded.
//
// All amounts are counted in units of 1/hours of a hundredth of a credit, in which
// the rate is whole.
func (r *Recognition) byHours(p creditbank.Posting, c creditbank.Course, past creditbank.Past, id creditbank.RuleID) creditbank.Credits {
	credits, hours := r.rate()
	amount := int64(r.hours(p, c)) * credits
	step := int64(r.Round.Step) * hours
	if r.Carry {
		amount = max(0, amount+r.carried(past, id, step))
	}
	return r.Round.Step * creditbank.Credits(divide(r.Round.Mode, amount, step))
}

// carried returns what rounding left of earlier outcomes that the same rule
// recognised; below zero where it gave more than they were worth. It is less than
// a step either way: where an earlier version of the rule had another rate, what
// its outcomes gained or lost by that is not made up for.
func (r *Recognition) carried(past creditbank.Past, id creditbank.RuleID, step int64) int64 {
	credits, hours := r.rate()
	var left int64
	past.Each(func(o *creditbank.Outcome) {
		if o.Rule != id {
			return
		}
		counted := o.Scheduled
		if r.Attended {
			counted = o.Attended
		}
		left += int64(counted)*credits - int64(o.Credits+o.Lost)*hours
		left = min(max(left, -carriedBound), carriedBound)
	})
	return min(max(left, 1-step), step-1)
}

// carriedBound is beyond what the outcomes of a life leave, and far from the end
// of 64 bits: one outcome adds 1e13 at most.
const carriedBound = 1 << 60

// withinHours returns the stated credits as far as the hours bear them: HoursPer
// hours make one at the most generous. A course that states none is worth what its
// hours are at the least generous, HoursTo (ECTS: 25 to 30).
func (r *Recognition) withinHours(p creditbank.Posting, c creditbank.Course) creditbank.Credits {
	per := r.HoursPer
	if c.Credits == 0 {
		per = r.HoursTo
	}
	worth := r.Round.Step * creditbank.Credits(divide(r.Round.Mode, int64(r.hours(p, c))*int64(creditbank.Credit), int64(per)*int64(r.Round.Step)))
	if c.Credits == 0 {
		return worth
	}
	return min(c.Credits, worth)
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
