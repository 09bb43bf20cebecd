package scenario

import "creditbank/creditbank"

// A Result is what came of a city, in the form of `creditbank simulate --json`.
// Lists are never null; what is zero is left out of balances and hours.
type Result struct {
	AfterPosting AfterPosting                  `json:"after_posting"`
	Decisions    []Decision                    `json:"decisions"`
	Balances     map[string]map[string]Balance `json:"balances"` // by day, then learner
	Plans        []PlanMade                    `json:"plans"`
	Totals       Totals                        `json:"totals"`
	Problems     []Problem                     `json:"problems,omitempty"`
}

// AfterPosting is the state after outcomes.csv, before any event.
type AfterPosting struct {
	Outcomes          Counts                        `json:"outcomes"`
	RecognisedCredits map[string]creditbank.Credits `json:"recognised_credits"` // by external id, or institution/external id where that is shared
	Rejected          []Rejection                   `json:"rejected"`
}

// Counts are numbers of outcomes.
type Counts struct {
	Posted     int `json:"posted"`
	Recognised int `json:"recognised"`
	Rejected   int `json:"rejected"`
}

// A Rejection is an outcome that was not recognised.
type Rejection struct {
	ExternalID string              `json:"external_id"`
	Reasons    []creditbank.Reason `json:"reasons"`
}

// A Decision is the answer to one rule of a request to convert.
type Decision struct {
	At        creditbank.Date         `json:"at"`
	Learner   string                  `json:"learner"`
	Rule      creditbank.RuleID       `json:"rule"`
	Decision  string                  `json:"decision"` // approve, deny or pending
	Reasons   []creditbank.Reason     `json:"reasons"`
	Lines     []Line                  `json:"lines"`
	Missing   []creditbank.CourseCode `json:"missing"`
	Short     string                  `json:"short"` // "" where nothing is short
	Forfeited creditbank.Credits      `json:"forfeited"`
}

// A Line is what a decision puts into a slot.
type Line struct {
	Slot    creditbank.SlotID  `json:"slot"`
	Credits creditbank.Credits `json:"credits"`
	Grade   string             `json:"grade"`
}

// A Balance is what a learner holds on a day.
type Balance struct {
	Available  map[creditbank.Category]creditbank.Credits    `json:"available"`
	Programmes map[creditbank.ProgrammeID]creditbank.Credits `json:"programmes"`
}

// A PlanMade is the answer to a plan event.
type PlanMade struct {
	At        creditbank.Date        `json:"at"`
	Learner   string                 `json:"learner"`
	Programme creditbank.ProgrammeID `json:"programme"`
	Credits   creditbank.Credits     `json:"credits"`
	Forfeited creditbank.Credits     `json:"forfeited"`
	AtMost    creditbank.Credits     `json:"at_most"` // no plan grants more
	Exact     bool                   `json:"exact"`   // no plan is better, ties included
	Steps     []creditbank.RuleID    `json:"steps"`
	Reviewed  []creditbank.RuleID    `json:"reviewed,omitempty"` // steps that need a reviewer
}

// Totals are taken after the last event.
type Totals struct {
	Approved int                           `json:"conversions_approved"`
	Denied   int                           `json:"conversions_denied"`
	Pending  int                           `json:"conversions_pending,omitempty"` // which a reviewer has to decide
	Reversed int                           `json:"conversions_reversed"`
	Granted  creditbank.Credits            `json:"credits_granted"`
	Hours    map[creditbank.Category]Hours `json:"hours"`
}

// Hours are hours of learning.
type Hours struct {
	Scheduled creditbank.Hours `json:"scheduled"`
	Attended  creditbank.Hours `json:"attended"`
}

// A Problem is something wrong with the files.
type Problem struct {
	creditbank.Place
	Field   string          `json:"field"`
	Code    creditbank.Code `json:"code"`
	Message creditbank.Text `json:"message"`
}

// newDecision returns how a decision prints.
func newDecision(alias string, d *creditbank.Decision) Decision {
	out := Decision{
		At: d.Day, Learner: alias, Rule: d.Rule, Decision: "deny", Reasons: orEmpty(d.Reasons()),
		Lines: []Line{}, Missing: orEmpty(d.Missing), Forfeited: d.Forfeited,
	}
	switch {
	case d.Approved:
		out.Decision = "approve"
	case d.Pending():
		out.Decision = "pending"
	}
	for _, l := range d.Lines {
		out.Lines = append(out.Lines, Line{l.Slot, l.Credits, l.Grade})
	}
	if d.Short != 0 {
		out.Short = d.Short.String()
	}
	return out
}

// ProblemsOf returns problems as they print.
func ProblemsOf(problems *creditbank.Problems) []Problem {
	var list []Problem
	for _, p := range problems.List() {
		list = append(list, Problem{p.Place, p.Field, p.Code, p.Reason})
	}
	return list
}

// add counts an account into the totals.
func (t *Totals) add(a *creditbank.Account) {
	for _, c := range a.Conversions {
		if c.Stands() {
			t.Granted += c.Decision.Granted()
		} else {
			t.Reversed++
		}
	}
	for _, l := range a.Lots {
		if !l.Granted || !l.Current() || l.RevokedOn != 0 || l.Scheduled == 0 && l.Attended == 0 {
			continue
		}
		h := t.Hours[l.Category]
		h.Scheduled += l.Scheduled
		h.Attended += l.Attended
		t.Hours[l.Category] = h
	}
}

func orEmpty[E any](s []E) []E {
	if s == nil {
		return []E{}
	}
	return s
}
