package rule

import (
	"fmt"
	"slices"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// An Example (示例) is what a rule's author expects of it: given these outcomes
// on that day, this decision. Examples stand with their rule under tests:, are
// run whenever rules are compiled, and are no part of the rule's hash.
type Example struct {
	Name  string
	Place creditbank.Place

	day      creditbank.Date // zero: the first day of the rule
	enrolled []enrolment
	given    []givenOutcome
	earlier  []earlierConversion
	frozen   bool
	expect   expectation
}

// An enrolment is in a programme, since a day; the first that the example speaks
// of if zero.
type enrolment struct {
	programme creditbank.ProgrammeID
	on        creditbank.Date
}

// A givenOutcome is an outcome that the learner of an example holds.
type givenOutcome struct {
	at          strictyaml.Node
	course      creditbank.CourseCode
	institution creditbank.InstitutionID // "": the course's
	score       string                   // as posted
	issuedOn    creditbank.Date          // zero: the day of the example
	attended    *creditbank.Hours        // nil: all of the course's
	validUntil  creditbank.Date          // its own last day; zero: it names none
	revoked     creditbank.Date          // zero: it stands
}

// An earlierConversion is one that was approved before the one in question.
type earlierConversion struct {
	at   strictyaml.Node
	rule creditbank.RuleID
	day  creditbank.Date // zero: the day of the example
}

// An expectation is what an example expects. What it does not name it does not
// ask.
type expectation struct {
	decision  string               // approve, deny or pending
	reasons   *[]creditbank.Reason // as a set
	missing   *[]creditbank.CourseCode
	lines     *[]expectedLine
	short     *creditbank.Credits
	credits   *creditbank.Credits
	lost      *creditbank.Credits
	forfeited *creditbank.Credits
	grade     *string
	expires   *creditbank.Date // the zero Date: never
}

// An expectedLine is a line in its order.
type expectedLine struct {
	slot    creditbank.SlotID
	credits creditbank.Credits
	grade   *string
}

// What a conversion comes to.
const (
	decisionApprove = "approve"
	decisionDeny    = "deny"
	decisionPending = "pending"
)

// neverExpires is how an example says that a lot is good for ever.
const neverExpires = "never"

// Examples returns the examples of a rule, in the order of its file.
func (r *Rule) Examples() []*Example { return slices.Clone(r.examples) }

// examples reads the examples of a rule.
func (p *parser) examples(n strictyaml.Node, r *Rule) {
	for _, item := range n.List() {
		f := item.Map("name", "day", "enrolled", "frozen", "given", "earlier", "expect")
		x := &Example{Name: f.Need("name").Text(), Place: item.Place(), day: date(f.Get("day")), frozen: f.Get("frozen").Bool()}
		if r.Conversion != nil {
			x.enrolled = []enrolment{{programme: r.Conversion.Programme}}
		}
		if f.Has("enrolled") {
			x.enrolled = nil
			for _, e := range f.Get("enrolled").List() {
				x.enrolled = append(x.enrolled, p.enrolment(e))
			}
		}
		for _, g := range f.Need("given").List() {
			x.given = append(x.given, p.givenOutcome(g))
		}
		for _, e := range f.Get("earlier").List() {
			x.earlier = append(x.earlier, p.earlier(e))
		}
		p.expectation(f.Need("expect"), r, x)
		r.examples = append(r.examples, x)
	}
}

// enrolment reads a programme, or a programme with the day of enrolment.
func (p *parser) enrolment(n strictyaml.Node) enrolment {
	if !n.IsMap() {
		return enrolment{programme: p.programme(n).ID}
	}
	f := n.Map("programme", "on")
	return enrolment{programme: p.programme(f.Need("programme")).ID, on: date(f.Get("on"))}
}

// givenOutcome reads a course code, which stands for an outcome with full marks
// and full attendance, or an outcome in particular.
func (p *parser) givenOutcome(n strictyaml.Node) givenOutcome {
	g := givenOutcome{at: n, score: fullMarks}
	if !n.IsMap() {
		g.course = creditbank.CourseCode(n.Text())
		p.references = append(p.references, reference{at: n, course: g.course, example: true})
		return g
	}
	f := n.Map("course", "institution", "score", "issued_on", "attended_hours", "valid_until", "revoked")
	g.course = creditbank.CourseCode(f.Need("course").Text())
	p.references = append(p.references, reference{at: f.Get("course"), course: g.course, example: true})
	if f.Has("institution") {
		g.institution = creditbank.InstitutionID(f.Get("institution").Text())
		p.references = append(p.references, reference{at: f.Get("institution"), institution: g.institution})
	}
	if f.Has("score") {
		g.score = strictyaml.Value(f.Get("score"), exampleScore).String()
	}
	if f.Has("attended_hours") {
		hours := strictyaml.Value(f.Get("attended_hours"), creditbank.ParseHours)
		g.attended = &hours
	}
	g.issuedOn, g.validUntil, g.revoked = date(f.Get("issued_on")), date(f.Get("valid_until")), date(f.Get("revoked"))
	return g
}

// fullMarks is the score of an outcome of which only the course is named.
const fullMarks = "100"

// noScore is how an example says that an outcome has no score.
const noScore = "none"

func exampleScore(s string) (creditbank.Score, error) {
	if s == noScore {
		return creditbank.Score{}, nil
	}
	return creditbank.ParseScore(s)
}

// earlier reads a rule id, or a rule with the day on which it was used.
func (p *parser) earlier(n strictyaml.Node) earlierConversion {
	if !n.IsMap() {
		return earlierConversion{at: n, rule: creditbank.RuleID(n.Text())}
	}
	f := n.Map("rule", "day")
	return earlierConversion{at: n, rule: creditbank.RuleID(f.Need("rule").Text()), day: date(f.Get("day"))}
}

func (p *parser) expectation(n strictyaml.Node, r *Rule, x *Example) {
	e := &x.expect
	var f strictyaml.Fields
	if r.Recognition != nil {
		f = n.Map("decision", "reason", "reasons", "credits", "lost", "expires")
		e.decision = f.Get("decision").Choice(decisionApprove, decisionDeny)
	} else {
		f = n.Map("decision", "reason", "reasons", "missing", "short", "lines", "credits", "grade", "forfeited")
		e.decision = f.Get("decision").Choice(decisionApprove, decisionDeny, decisionPending)
	}
	if n.IsMap() && e.decision == "" && !slices.ContainsFunc(expectable, f.Has) {
		n.Fail("示例至少要期望一项", "an example expects something")
	}
	e.reasons = expectedReasons(f)
	e.credits, e.lost = nothingOrAmount(f.Get("credits")), nothingOrAmount(f.Get("lost"))
	e.short, e.forfeited = nothingOrAmount(f.Get("short")), nothingOrAmount(f.Get("forfeited"))
	if f.Has("expires") {
		day := strictyaml.Value(f.Get("expires"), lastDay)
		e.expires = &day
	}
	if f.Has("grade") {
		grade := f.Get("grade").Text()
		e.grade = &grade
	}
	if f.Has("missing") {
		e.missing = &[]creditbank.CourseCode{}
		for _, m := range f.Get("missing").List() {
			*e.missing = append(*e.missing, creditbank.CourseCode(m.Text()))
		}
	}
	if f.Has("lines") {
		e.lines = &[]expectedLine{}
		for _, l := range f.Get("lines").List() {
			*e.lines = append(*e.lines, line(l))
		}
	}
}

// expectable are the keys of which an example has at least one.
var expectable = []string{"decision", "reason", "reasons", "missing", "short", "lines", "credits", "grade", "forfeited", "lost", "expires"}

func line(n strictyaml.Node) expectedLine {
	f := n.Map("slot", "credits", "grade")
	l := expectedLine{slot: creditbank.SlotID(f.Need("slot").Text()), credits: amount(f.Need("credits"))}
	if f.Has("grade") {
		grade := f.Get("grade").Text()
		l.grade = &grade
	}
	return l
}

// expectedReasons reads reasons: [A, B] or reason: A.
func expectedReasons(f strictyaml.Fields) *[]creditbank.Reason {
	if !f.Has("reason") && !f.Has("reasons") {
		return nil
	}
	if f.One("reason", "reasons") == "reason" && !f.Has("reasons") {
		return &[]creditbank.Reason{strictyaml.Value(f.Get("reason"), reason)}
	}
	rs := []creditbank.Reason{}
	for _, n := range f.Get("reasons").List() {
		rs = append(rs, strictyaml.Value(n, reason))
	}
	slices.Sort(rs)
	rs = slices.Compact(rs)
	return &rs
}

func reason(s string) (creditbank.Reason, error) {
	r, err := creditbank.ParseReason(s)
	if err != nil || r == creditbank.OK {
		var codes []string
		for _, r := range creditbank.Reasons()[1:] { // OK is none
			codes = append(codes, r.String())
		}
		near := creditbank.Nearest(s, codes)
		if near == "" {
			return 0, creditbank.Invalid(creditbank.CodeMalformed, "", fmt.Sprintf("“%s”不是理由代码", s), fmt.Sprintf("%q is no code of a reason", s))
		}
		return 0, creditbank.Invalid(creditbank.CodeMalformed, "", fmt.Sprintf("“%s”不是理由代码，是否想写“%s”？", s, near), fmt.Sprintf("%q is no code of a reason, did you mean %q?", s, near))
	}
	return r, nil
}

// nothingOrAmount reads credits from zero; nil if there are none.
func nothingOrAmount(n strictyaml.Node) *creditbank.Credits {
	if !n.Exists() {
		return nil
	}
	c := strictyaml.Value(n, func(s string) (creditbank.Credits, error) {
		c, err := creditbank.ParseCredits(s)
		if err == nil && (c < 0 || c > creditbank.MaxCredits) {
			err = creditbank.Invalid(creditbank.CodeMalformed, "", "学分应在0与10000之间", "credits lie between 0 and 10000")
		}
		return c, err
	})
	return &c
}

// lastDay reads a day, or that there is none.
func lastDay(s string) (creditbank.Date, error) {
	if s == neverExpires {
		return 0, nil
	}
	return creditbank.ParseDate(s)
}

// Decision returns what x expects its rule to decide: approve, pending, deny, or
// "" where it says nothing of that.
func (x *Example) Decision() string { return x.expect.decision }
