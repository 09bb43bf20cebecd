package rule

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"creditbank/creditbank"
)

// A tried example is a learner made up for it, as far as it has come.
type trying struct {
	set  *Set
	cat  *creditbank.Catalogue
	rule *Rule
	x    *Example
	day  creditbank.Date
	from creditbank.Date // the first day that the example speaks of
	at   time.Time

	history creditbank.History
	last    creditbank.Outcome // the one posted last
	faults  []creditbank.Text  // why the example cannot be tried, or what came otherwise
}

// exampleLearner is the learner of every example.
const exampleLearner creditbank.LearnerID = "example"

// exampleCaller is who acts in examples.
var exampleCaller = creditbank.Caller{ID: "example"}

// try runs an example of a rule and says what came otherwise than expected.
func (s *Set) try(r *Rule, x *Example, cat *creditbank.Catalogue) []creditbank.Text {
	t := &trying{set: s, cat: cat, rule: r, x: x, day: cmp.Or(x.day, r.From), history: creditbank.History{Learner: exampleLearner}}
	if t.day == 0 {
		t.fault("规则没有生效日，示例应写明日期 day", "the rule has no first day: the example has to name its day")
		return t.faults
	}
	t.at, t.from = t.day.Time(s.location), t.day
	for _, e := range x.earlier {
		t.from = min(t.from, cmp.Or(e.day, t.day))
	}
	t.act(creditbank.ActOpened, creditbank.ActBody{}, t.from)
	for _, e := range x.enrolled {
		t.act(creditbank.ActEnrolled, creditbank.ActBody{Programme: e.programme}, cmp.Or(e.on, t.from))
	}
	for _, g := range x.given {
		t.post(g)
	}
	if x.frozen {
		t.act(creditbank.ActFrozen, creditbank.ActBody{}, t.day)
	}
	if len(t.faults) > 0 {
		return t.faults
	}
	if r.Recognition != nil {
		t.recognised()
	} else {
		t.convert()
	}
	return t.faults
}

func (t *trying) fault(zh, en string, args ...any) {
	t.faults = append(t.faults, creditbank.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)})
}

// differs notes that something came otherwise than expected.
func (t *trying) differs(what creditbank.Text, want, got string) {
	if want != got {
		t.fault(what.ZH+"应为%s，实为%s", what.EN+": expected %s, came %s", orNothing(want), orNothing(got))
	}
}

func orNothing(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

func (t *trying) act(kind creditbank.ActKind, body creditbank.ActBody, day creditbank.Date) {
	t.history.Acts = append(t.history.Acts, creditbank.Act{
		Learner: exampleLearner, Seq: t.history.Version() + 1, Kind: kind, At: t.at.UTC(), Day: day, By: exampleCaller, Body: body,
	})
}

// post posts an outcome as an institution would.
func (t *trying) post(g givenOutcome) {
	course := t.cat.Courses[g.course]
	score, err := creditbank.ParseScore(g.score)
	p := creditbank.Posting{
		OutcomeKey: creditbank.OutcomeKey{
			Learner: exampleLearner, Institution: cmp.Or(g.institution, course.Institution),
			ExternalID: fmt.Sprintf("E%03d", t.history.Version()), Revision: 1,
		},
		Course: g.course, IssuedOn: cmp.Or(g.issuedOn, t.from), Score: score, Attended: course.Hours,
		ValidUntil: g.validUntil,
	}
	if g.attended != nil {
		p.Attended = *g.attended
	}
	account, broken := creditbank.NewAccount(t.history)
	if err := errors.Join(err, broken, t.set.CheckScore(score), p.Check(t.cat, t.day)); err != nil {
		t.impossible("无法登记 %s：%s", "%s cannot be posted: %s", string(g.course), err)
		return
	}
	o := creditbank.NewOutcome(p, course, t.set.Recognise(p, course, account.Past()), t.history.Version()+1, t.at, exampleCaller, "")
	t.history.Outcomes = append(t.history.Outcomes, o)
	t.last = o
	if g.revoked != 0 {
		t.act(creditbank.ActRevoked, creditbank.ActBody{Of: o.Seq}, g.revoked)
	}
}

// impossible notes why something of the example cannot be.
func (t *trying) impossible(zh, en, subject string, err error) {
	why := creditbank.Text{ZH: err.Error(), EN: err.Error()}
	if input := (*creditbank.InputError)(nil); errors.As(err, &input) {
		why = input.Reason
	}
	t.faults = append(t.faults, creditbank.Text{ZH: fmt.Sprintf(zh, subject, why.ZH), EN: fmt.Sprintf(en, subject, why.EN)})
}

// recognised compares what the last outcome is worth.
func (t *trying) recognised() {
	if len(t.x.given) == 0 {
		t.fault("示例没有成果可认定", "the example has no outcome to be recognised")
		return
	}
	o, want := t.last, t.x.expect
	if o.Rule != t.rule.ID {
		other := cmp.Or(string(o.Rule), "—")
		t.fault("适用的规则应为%s，实为%s", "the rule that applies: expected %s, came %s", t.rule.ID, other)
		return
	}
	got := decisionDeny
	if o.Granted {
		got = decisionApprove
	}
	if want.decision != "" {
		t.differs(wordDecision, want.decision, got)
	}
	if want.decision == "" && want.reasons == nil && !o.Granted {
		t.differs(wordDecision, decisionApprove, got+" "+creditbank.FormatReasons(o.Reasons))
	}
	t.reasons(want.reasons, o.Reasons)
	t.amount(wordCredits, want.credits, o.Credits)
	t.amount(wordLost, want.lost, o.Lost)
	if want.expires != nil {
		t.differs(wordExpires, cmp.Or(want.expires.String(), neverExpires), cmp.Or(o.ExpiresOn.String(), neverExpires))
	}
}

// What an example may expect, in words.
var (
	wordDecision  = creditbank.Text{ZH: "决定", EN: "decision"}
	wordReasons   = creditbank.Text{ZH: "理由", EN: "reasons"}
	wordCredits   = creditbank.Text{ZH: "学分", EN: "credits"}
	wordLost      = creditbank.Text{ZH: "截减", EN: "lost"}
	wordExpires   = creditbank.Text{ZH: "有效至", EN: "expires"}
	wordMissing   = creditbank.Text{ZH: "缺少的课程", EN: "missing"}
	wordShort     = creditbank.Text{ZH: "短缺", EN: "short"}
	wordLines     = creditbank.Text{ZH: "课程学分", EN: "lines"}
	wordGrade     = creditbank.Text{ZH: "成绩", EN: "grade"}
	wordForfeited = creditbank.Text{ZH: "放弃的学分", EN: "forfeited"}
)

func (t *trying) amount(what creditbank.Text, want *creditbank.Credits, got creditbank.Credits) {
	if want != nil {
		t.differs(what, want.String(), got.String())
	}
}

func (t *trying) reasons(want *[]creditbank.Reason, got []creditbank.Reason) {
	if want != nil {
		t.differs(wordReasons, creditbank.FormatReasons(*want), creditbank.FormatReasons(got))
	}
}

// convert takes the earlier conversions one after the other, then decides the
// one in question.
func (t *trying) convert() {
	account, err := creditbank.NewAccount(t.history)
	if err != nil {
		t.impossible("%s的示例不成立：%s", "the example of %s makes no account: %s", string(t.rule.ID), err)
		return
	}
	for _, e := range t.x.earlier {
		day := cmp.Or(e.day, t.day)
		d, err := t.set.Decide(account, e.rule, day.Time(t.set.location), day)
		if err != nil {
			t.impossible("先前的转换 %s：%s", "earlier conversion %s: %s", string(e.rule), err)
			return
		}
		if decisionOf(d) == decisionDeny {
			t.fault("先前的转换 %s 未获批准：%s", "earlier conversion %s is denied: %s", e.rule, creditbank.FormatReasons(d.Reasons()))
			return
		}
		account = account.With(d)
	}
	d, err := t.set.Decide(account, t.rule.ID, t.at, t.day)
	if err != nil {
		t.impossible("%s无法决定：%s", "%s cannot be decided: %s", string(t.rule.ID), err)
		return
	}
	t.decided(d)
}

func decisionOf(d *creditbank.Decision) string {
	switch {
	case d.Approved:
		return decisionApprove
	case d.Pending():
		return decisionPending
	}
	return decisionDeny
}

// decided compares a decision with what was expected.
func (t *trying) decided(d *creditbank.Decision) {
	want := t.x.expect
	if want.decision != "" && want.decision != decisionOf(d) {
		t.differs(wordDecision, want.decision, strings.TrimSpace(decisionOf(d)+" "+creditbank.FormatReasons(d.Reasons())))
	}
	t.reasons(want.reasons, d.Reasons())
	t.amount(wordCredits, want.credits, d.Granted())
	t.amount(wordShort, want.short, d.Short)
	t.amount(wordForfeited, want.forfeited, d.Forfeited)
	if want.missing != nil {
		t.differs(wordMissing, sortedList(*want.missing), sortedList(d.Missing))
	}
	if want.lines != nil {
		t.differs(wordLines, expectedLines(*want.lines), actualLines(*want.lines, d.Lines))
	}
	if want.grade == nil {
		return
	}
	if len(d.Lines) == 0 {
		t.differs(wordGrade, *want.grade, "")
	}
	for _, l := range d.Lines {
		t.differs(wordGrade, *want.grade, l.Grade)
	}
}

func sortedList(codes []creditbank.CourseCode) string {
	var words []string
	for _, c := range slices.Sorted(slices.Values(codes)) {
		words = append(words, string(c))
	}
	return strings.Join(words, ",")
}

func expectedLines(lines []expectedLine) string {
	var words []string
	for _, l := range lines {
		word := fmt.Sprintf("%s=%s", l.slot, l.credits)
		if l.grade != nil {
			word += "(" + *l.grade + ")"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// actualLines writes lines as [expectedLines] does, with the grades that were
// asked about.
func actualLines(asked []expectedLine, lines []creditbank.Line) string {
	var words []string
	for i, l := range lines {
		word := fmt.Sprintf("%s=%s", l.Slot, l.Credits)
		if i >= len(asked) || asked[i].grade != nil {
			word += "(" + l.Grade + ")"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}
