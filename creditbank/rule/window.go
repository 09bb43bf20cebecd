package rule

import (
	"slices"
	"time"

	"creditbank/creditbank"
)

// When a rule has to be in force (rule_time). A rule of an application has to be
// so on the day of the application; one of enrolment on the day the learner was
// enrolled in the programme; one of the outcome on the day of issue of each
// outcome it takes.
const (
	timeOutcome   = "outcome"
	timeEnrolment = "enrolment"
)

// window checks that the rule is in force.
func (e *evaluation) window() {
	asOf := e.day
	switch e.conv.RuleTime {
	case timeOutcome:
		return // each outcome has its own day
	case timeEnrolment:
		if on := e.account.EnrolledOn(e.conv.Programme); on != 0 {
			asOf = on
		}
	}
	if f, out := e.rule.outside(asOf); out {
		e.denyAs(f)
	}
}

// retired denies what is asked for after the rule was given its end. That counts
// by the day of the request, by whichever day the rule has to be in force.
func (e *evaluation) retired() {
	if e.choosing || e.conv.RuleTime != timeOutcome && e.conv.RuleTime != timeEnrolment {
		return // its window says so
	}
	if x, ok := e.set.standing.Retirement(e.rule.ID, e.conv.Programme); ok && e.day > x.Through {
		e.denyOnce(creditbank.Finding{Code: creditbank.RuleExpired, Subject: string(e.rule.ID), Have: e.day.String(), Need: x.Through.String()})
	}
}

// outsideWindow says that l was issued while another version of the rule, or
// none, was in force.
func (e *evaluation) outsideWindow(l *creditbank.Lot) []creditbank.Finding {
	if e.conv.RuleTime != timeOutcome {
		return nil
	}
	if f, out := e.rule.outside(l.IssuedOn); out {
		return []creditbank.Finding{f}
	}
	return nil
}

// outside says on which side of the rule's window a day lies.
func (r *Rule) outside(day creditbank.Date) (creditbank.Finding, bool) {
	switch r.inForce(day) {
	case -1:
		return creditbank.Finding{Code: creditbank.RuleNotEffective, Subject: string(r.ID), Have: day.String(), Need: r.From.String()}, true
	case 1:
		return creditbank.Finding{Code: creditbank.RuleExpired, Subject: string(r.ID), Have: day.String(), Need: r.To.String()}, true
	}
	return creditbank.Finding{}, false
}

// version chooses the version of a rule that applies. By the day of application
// or enrolment that is the one whose window holds the day; by the day of the
// outcome it is the newest that finds outcomes of its window. Where there is
// none, the newest says why.
func (s *Set) version(versions []*Rule, a *creditbank.Account, at time.Time, day creditbank.Date) *Rule {
	newest := versions[0]
	if len(versions) == 1 {
		return newest
	}
	i := -1
	switch on := a.EnrolledOn(newest.Conversion.Programme); {
	case newest.Conversion.RuleTime == timeOutcome:
		i = slices.IndexFunc(versions, func(r *Rule) bool {
			e := s.apply(r, a, at, day)
			e.choosing = true
			d := e.decide()
			return !slices.ContainsFunc(d.Findings, isWindow)
		})
	case newest.Conversion.RuleTime == timeEnrolment && on != 0:
		i = slices.IndexFunc(versions, func(r *Rule) bool { return r.inForce(on) == 0 })
	default:
		i = slices.IndexFunc(versions, func(r *Rule) bool { return r.inForce(day) == 0 })
	}
	if i < 0 {
		return newest
	}
	return versions[i]
}

func isWindow(f creditbank.Finding) bool {
	return f.Code == creditbank.RuleNotEffective || f.Code == creditbank.RuleExpired
}
