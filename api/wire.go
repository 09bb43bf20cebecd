package api

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/posting"
)

// What the domain holds, as it stands on the wire.

// optional returns a pointer to v, nil where it is the zero value: then it is
// left out.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// value returns what a pointer points at, the zero value where it is nil.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// mapped returns what f makes of each element, never nil: lists on the wire are
// never null.
func mapped[A, B any](list []A, f func(A) B) []B {
	out := make([]B, 0, len(list))
	for _, a := range list {
		out = append(out, f(a))
	}
	return out
}

// texts returns strings of a kind as strings.
func texts[S ~string](list []S) []string { return mapped(list, func(s S) string { return string(s) }) }

// day returns a date on the wire, nil where there is none.
func day(d creditbank.Date) *contract.Day {
	if d == 0 {
		return nil
	}
	s := d.String()
	return &s
}

// onDay reads a date of a request; none is today.
func (s *Server) onDay(d *contract.Day, field string) (creditbank.Date, error) {
	if d == nil {
		return s.c.Bank.Today(), nil
	}
	return parseDay(*d, field)
}

func parseDay(s, field string) (creditbank.Date, error) {
	d, err := creditbank.ParseDate(s)
	if err != nil {
		return 0, creditbank.Invalid(creditbank.CodeMalformed, field, "不是日历上的日期", "is not a day of the calendar")
	}
	return d, nil
}

func wireReason(r creditbank.Reason) contract.Reason {
	return contract.Reason{Code: r.String(), Text: wireText(r.Text())}
}

// wireOutcome returns a lot as it is on a day.
func wireOutcome(cat *creditbank.Catalogue, l *creditbank.Lot, on creditbank.Date) contract.Outcome {
	return contract.Outcome{
		Learner: string(l.Learner), Seq: l.Seq, Institution: string(l.Institution), ExternalId: l.ExternalID, Revision: l.Revision,
		Course: string(l.Course), CourseTitle: optional(cat.Courses[l.Course].Title), Category: contract.Category(l.Category), Level: optional(int(l.Level)),
		IssuedOn: l.IssuedOn.String(), Score: optional(l.Score.String()), AttendedHours: optional(l.Attended), ScheduledHours: optional(l.Scheduled),
		Recognised: l.Granted, Credits: l.Credits, Lost: l.Lost, Available: l.Available(on), ValidUntil: day(l.ValidUntil), ExpiresOn: day(l.ExpiresOn),
		State: contract.LotState(l.State(on)), Held: optional(l.Held(on)), Rule: optional(string(l.Rule)), RuleSet: optional(l.RuleSet), Reasons: mapped(l.Reasons, wireReason), PostedAt: l.PostedAt,
		Explained: explained(cat, l),
	}
}

// explained says why a lot was refused or cut; nil where it was not.
func explained(cat *creditbank.Catalogue, l *creditbank.Lot) *[]contract.Text {
	if len(l.Reasons) == 0 {
		return nil
	}
	texts := mapped(creditbank.ExplainOutcome(cat, l.Outcome), wireText)
	return &texts
}

// wireDecision returns a decision; seq is zero for a preview.
func wireDecision(cat *creditbank.Catalogue, seq int64, d *creditbank.Decision) contract.Decision {
	w := contract.Decision{
		Seq: optional(seq), Learner: optional(string(d.Learner)), Rule: string(d.Rule), Programme: string(d.Programme), Decision: contract.Deny,
		Date: d.Day.String(), At: &d.At, Reasons: mapped(d.Reasons(), creditbank.Reason.String), Findings: findings(cat, d),
		Lines: lines(cat, d), Sources: mapped(d.Sources, wireConsumption), Missing: texts(d.Missing), Short: d.Short, Forfeited: d.Forfeited,
		RuleSet: d.RuleSet, RuleHash: d.RuleHash.String(), RuleVersion: optional(d.RuleVersion), Hash: d.Hash().String(),
	}
	switch {
	case d.Approved:
		w.Decision = contract.Approve
	case d.Pending():
		w.Decision = contract.Pending
	}
	if cat.Rules != nil {
		title, _, _ := cat.Rules.RuleTitle(d.Rule)
		w.Title = wireText(title)
	}
	if d.Review != nil {
		w.Application = &d.Review.Application
	}
	return w
}

func findings(cat *creditbank.Catalogue, d *creditbank.Decision) []contract.Finding {
	explained := creditbank.Explain(cat, d)
	out := make([]contract.Finding, 0, len(d.Findings))
	for i, f := range d.Findings {
		said := f.Code.Text()
		if i < len(explained) {
			said = explained[i]
		}
		out = append(out, contract.Finding{Code: f.Code.String(), Text: wireText(said), Subject: optional(f.Subject), Have: optional(f.Have), Need: optional(f.Need)})
	}
	return out
}

// madeUp returns what is still to be made up elsewhere, nil if nothing is.
func madeUp(l creditbank.Line) *creditbank.Credits {
	if l.MakeUp == 0 {
		return nil
	}
	return &l.MakeUp
}

func lines(cat *creditbank.Catalogue, d *creditbank.Decision) []contract.Line {
	var programme creditbank.Programme
	if cat.Rules != nil {
		programme, _ = cat.Rules.Programme(d.Programme)
	}
	return mapped(d.Lines, func(l creditbank.Line) contract.Line {
		slot, _ := programme.Slot(l.Slot)
		return contract.Line{Slot: string(l.Slot), Title: wireText(slot.Title), Credits: l.Credits, Grade: l.Grade, MakeUp: madeUp(l)}
	})
}

func wireConsumption(c creditbank.Consumption) contract.Consumption {
	return contract.Consumption{
		Lot: c.Lot, Course: string(c.Course), Category: contract.Category(c.Category), Credits: c.Credits,
		Conversion: optional(c.Conversion), Programme: optional(string(c.Programme)), Slot: optional(string(c.Slot)),
	}
}

func wireTransfer(t creditbank.Transfer) contract.Transfer {
	return contract.Transfer{From: string(t.From), To: string(t.To), Category: contract.Category(t.Category), Credits: t.Credits}
}

func wireConsent(g *creditbank.GivenConsent) contract.Consent {
	return contract.Consent{
		Seq: g.Seq, Recipient: string(g.Recipient), Purpose: contract.Purpose(g.Purpose), TextVersion: g.TextVersion,
		Fields:  mapped(g.Fields, func(f creditbank.Field) contract.Field { return contract.Field(f) }),
		GivenOn: g.On.String(), Until: g.Until.String(), WithdrawnOn: day(g.WithdrawnOn),
	}
}

func wireAnswer(a posting.Answer) contract.PostingAnswer {
	return contract.PostingAnswer{
		Row: a.Row, Line: optional(a.Line), ExternalId: optional(a.ExternalID), Institution: optional(string(a.Institution)), Revision: optional(a.Revision),
		Status: contract.PostingAnswerStatus(a.Status), Code: a.Code, Column: optional(a.Column), Message: wireText(a.Message), Credits: a.Credits,
	}
}

func wireSummary(sum posting.Summary) contract.PostingSummary {
	w := contract.PostingSummary{Rows: sum.Rows, Statuses: map[string]int{}}
	for status, n := range sum.Statuses {
		w.Statuses[string(status)] = n
	}
	return w
}

// etag names a version of an account, with what else the answer depends on.
func etag(version int64, also ...string) string {
	return `"` + strings.Join(append([]string{strconv.FormatInt(version, 10)}, also...), "-") + `"`
}

// A cursor is where a page ends, as callers hand it back. It is opaque, so that
// its meaning may change.
func cursor(parts ...string) *string {
	c := base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, "\n")))
	return &c
}

// after reads a cursor of so many parts; none is n empty parts.
func after(c *string, n int) ([]string, error) {
	if c == nil {
		return make([]string, n), nil
	}
	b, err := base64.RawURLEncoding.DecodeString(*c)
	parts := strings.Split(string(b), "\n")
	if err != nil || len(parts) != n || !isText(string(b)) {
		return nil, badCursor()
	}
	return parts, nil
}

// afterNumber reads a cursor that is a number; none is zero.
func afterNumber(c *string) (int64, error) {
	parts, err := after(c, 1)
	if err != nil || parts[0] == "" {
		return 0, err
	}
	n, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil || n < 0 {
		return 0, badCursor()
	}
	return n, nil
}

func badCursor() error {
	return creditbank.Invalid(creditbank.CodeMalformed, "cursor", "不是本接口给出的游标", "is no cursor that was given out here")
}

// pageSize returns how many a page holds.
func pageSize(limit *int) int {
	if limit == nil {
		return 100
	}
	return *limit
}

// page cuts one page of a sorted list: the elements above what the cursor says.
func page[T any](all []T, id func(T) string, c *string, limit *int) ([]T, *string, error) {
	parts, err := after(c, 1)
	if err != nil {
		return nil, nil, err
	}
	start := 0
	for start < len(all) && parts[0] != "" && id(all[start]) <= parts[0] {
		start++
	}
	rest := all[start:]
	if n := pageSize(limit); len(rest) > n {
		return rest[:n], cursor(id(rest[n-1])), nil
	}
	return rest, nil, nil
}

// behind says that the account is not at the version asked for yet.
func behind(min *int64, version int64) error {
	if min == nil || version >= *min {
		return nil
	}
	return refuse(problemUnavailable, "VERSION_NOT_REACHED", fmt.Sprintf("账户当前为第%d版，尚未到所要求的第%d版", version, *min),
		fmt.Sprintf("the account is at version %d, not at version %d yet", version, *min))
}
