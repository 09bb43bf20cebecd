package rule

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"creditbank/creditbank"
)

// Decide implements [creditbank.Rules]. A denial lists every reason that
// applies, not the first; what a missing source makes meaningless adds none.
func (s *Set) Decide(a *creditbank.Account, id creditbank.RuleID, at time.Time, day creditbank.Date) (*creditbank.Decision, error) {
	e, err := s.evaluation(a, id, at, day)
	if err != nil {
		return nil, err
	}
	d := e.decide()
	if e.conv.Reviewed && d.Approved {
		d.Approved = false
		e.find(creditbank.ApprovalPending, string(id), "", "")
	}
	return d, nil
}

// Review implements [creditbank.Rules].
func (s *Set) Review(a *creditbank.Account, r creditbank.Review, at time.Time) (*creditbank.Decision, error) {
	p := a.Application(r.Application)
	if p == nil {
		return nil, creditbank.NotFound(creditbank.CodeUnknownApplication, "application", "没有这项申请", "there is no such application")
	}
	e, err := s.evaluation(a.Released(p.Seq), p.Decision.Rule, at, p.Decision.Day)
	if err != nil {
		return nil, err
	}
	e.d.Review = &r
	if !r.Approved {
		e.find(creditbank.ApprovalRejected, string(p.Decision.Rule), "", "")
		return e.d, nil
	}
	return e.decide(), nil
}

// evaluation returns a rule about to be applied to an account, in the version
// that applies.
func (s *Set) evaluation(a *creditbank.Account, id creditbank.RuleID, at time.Time, day creditbank.Date) (*evaluation, error) {
	r, ok := s.byID[id]
	if !ok || r.Conversion == nil {
		return nil, creditbank.NotFound(creditbank.CodeUnknownRule, "rule", fmt.Sprintf("没有转换规则 %s", id), fmt.Sprintf("there is no conversion rule %s", id))
	}
	return s.apply(s.version(s.versions[id], a, at, day), a, at, day), nil
}

// apply returns a version of a rule about to be applied to an account.
func (s *Set) apply(r *Rule, a *creditbank.Account, at time.Time, day creditbank.Date) *evaluation {
	return &evaluation{
		set: s, rule: r, conv: r.Conversion, account: a, day: day,
		programme: s.programmes[r.Conversion.Programme],
		d: &creditbank.Decision{
			Base: a.Version, At: at.UTC().Truncate(time.Microsecond), Day: day, Engine: creditbank.EngineVersion, Inputs: a.Digest(),
			Learner: a.Learner, Programme: r.Conversion.Programme, Rule: r.ID, RuleHash: r.hash, RuleSet: s.number, RuleVersion: r.Version,
		},
	}
}

// decide approves or denies, whether or not a reviewer is needed.
func (e *evaluation) decide() *creditbank.Decision {
	e.standing()
	e.requirements()
	e.sources()
	e.d.Sources = e.selection.sources
	e.match()
	e.twins()
	e.conditions()
	e.lines()
	return e.conclude()
}

// An evaluation is one rule being applied to one account.
type evaluation struct {
	set       *Set
	rule      *Rule
	conv      *Conversion
	programme creditbank.Programme
	account   *creditbank.Account
	day       creditbank.Date
	d         *creditbank.Decision

	selection      // what is taken, usable or not
	unknown   bool // a part chose nothing, so the source's credits mean nothing
	refused   bool // a finding denies the rule
	choosing  bool // it is asked only which version of the rule applies
}

// deny adds a reason to deny.
func (e *evaluation) deny(code creditbank.Reason, subject, have, need string) {
	e.denyAs(creditbank.Finding{Code: code, Subject: subject, Have: have, Need: need})
}

func (e *evaluation) denyAs(f creditbank.Finding) {
	e.refused = true
	e.d.Findings = append(e.d.Findings, f)
}

// denyOnce adds a reason to deny that may stand there already.
func (e *evaluation) denyOnce(f creditbank.Finding) {
	if !slices.Contains(e.d.Findings, f) {
		e.denyAs(f)
	}
}

// missing notes courses of which the learner has no outcome.
func (e *evaluation) missing(courses ...creditbank.CourseCode) {
	for _, c := range courses {
		if !slices.Contains(e.d.Missing, c) || e.conv.Source == nil {
			e.d.Missing = append(e.d.Missing, c)
		}
	}
}

func (e *evaluation) find(code creditbank.Reason, subject, have, need string) {
	e.d.Findings = append(e.d.Findings, creditbank.Finding{Code: code, Subject: subject, Have: have, Need: need})
}

// standing checks what has nothing to do with outcomes.
func (e *evaluation) standing() {
	if e.account.Frozen {
		e.deny(creditbank.AccountFrozen, "", "", "")
	}
	if !e.account.Enrolled(e.conv.Programme) {
		e.deny(creditbank.NotEnrolled, string(e.conv.Programme), "", "")
	}
	e.window()
	e.retired()
	if s, ok := e.set.standing.Suspension(e.rule.ID, e.conv.Programme); ok {
		e.deny(creditbank.RuleSuspended, string(e.rule.ID), s.Since.String(), "")
	}
}

// conclude approves or denies.
func (e *evaluation) conclude() *creditbank.Decision {
	d := e.d
	slices.SortStableFunc(d.Findings, func(a, b creditbank.Finding) int { return cmp.Compare(a.Code, b.Code) })
	if e.refused {
		d.Lines, d.Sources = nil, nil
		d.Findings = slices.DeleteFunc(d.Findings, func(f creditbank.Finding) bool { return f.Code == creditbank.CapTruncated })
		return d
	}
	d.Approved = true
	if e.conv.KeepExcess {
		e.keep()
	}
	d.Forfeited = max(0, d.Consumed()-e.pooled-d.Granted()) // a pool forfeits nothing: its rate is the rule's
	return d
}
