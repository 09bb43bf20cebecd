package rule_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

// A book is an account being written by hand, without a store: postings and
// decisions go through the same pure code as the bank's.
type book struct {
	t       testing.TB
	set     creditbank.Rules
	cat     *creditbank.Catalogue
	history creditbank.History
	account *creditbank.Account
	n       int

	institution creditbank.InstitutionID // that posts; I02 if ""
}

var (
	clock = time.Date(2026, 3, 15, 4, 0, 0, 0, time.UTC)
	tests = creditbank.Caller{ID: "test"}

	reviewer = creditbank.Caller{ID: "reviewer"} // decides what was applied for
)

// catalogue returns a city of one institution; courses are given as
// "code category level hours credits family tags".
func catalogue(t testing.TB, courses ...string) *creditbank.Catalogue {
	t.Helper()
	cat := creditbank.NewCatalogue()
	must(t, cat.AddRegion(creditbank.Region{Code: "9901", Name: "青禾市", Level: "city"}))
	for _, id := range []creditbank.InstitutionID{"I01", "I02"} {
		must(t, cat.AddInstitution(creditbank.Institution{ID: id, Name: "机构" + string(id), Kinds: []string{"university"}, Region: "9901"}))
	}
	for _, line := range courses {
		f := append(strings.Fields(line), "-", "-")
		c := creditbank.Course{Code: creditbank.CourseCode(f[0]), Title: f[0], Institution: "I02", Category: creditbank.Category(f[1])}
		_, err := fmt.Sscan(f[2], &c.Level)
		must(t, err)
		c.Hours, err = creditbank.ParseHours(f[3])
		must(t, err)
		c.Credits, err = creditbank.ParseCredits(f[4])
		must(t, err)
		if f[5] != "-" {
			c.Family = f[5]
		}
		if f[6] != "-" {
			c.Tags = strings.Split(f[6], "|")
		}
		_, err = cat.AddCourse(c)
		must(t, err)
	}
	return cat
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const timezone = "timezone: Asia/Shanghai\n"

// newBook reads the files, loads them as if published, and opens an account. What
// the rules say need make no sense: that is what Check is for.
func newBook(t testing.TB, cat *creditbank.Catalogue, rules, programmes string) *book {
	t.Helper()
	body, _, problems := rule.Draft(rule.Files{Rules: []byte(timezone + rules), Programmes: []byte(programmes)}, cat)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	set, err := rule.Load(1, body)
	must(t, err)
	b := &book{t: t, set: set, cat: cat, history: creditbank.History{Learner: "learner"}}
	b.act(creditbank.ActOpened, creditbank.ActBody{}, 20150101)
	return b
}

func (b *book) fold() {
	b.t.Helper()
	a, err := creditbank.NewAccount(b.history)
	must(b.t, err)
	b.account = a
}

func (b *book) version() int64 { return int64(len(b.history.Acts) + len(b.history.Outcomes)) }

func (b *book) act(kind creditbank.ActKind, body creditbank.ActBody, day creditbank.Date) int64 {
	b.t.Helper()
	seq := b.version() + 1
	by := tests
	if kind == creditbank.ActDecided && body.Of != 0 {
		by = reviewer
	}
	b.history.Acts = append(b.history.Acts, creditbank.Act{Learner: "learner", Seq: seq, Kind: kind, At: clock, Day: day, By: by, Body: body})
	b.fold()
	return seq
}

func (b *book) enrol(p creditbank.ProgrammeID) {
	b.t.Helper()
	b.act(creditbank.ActEnrolled, creditbank.ActBody{Programme: p}, 20150101)
}

// post posts an outcome and returns it as recognised.
func (b *book) post(course, day, score, attended string) creditbank.Outcome {
	b.t.Helper()
	return b.postBy(cmp.Or(b.institution, "I02"), course, day, score, attended)
}

// postBy posts an outcome of the given institution.
func (b *book) postBy(by creditbank.InstitutionID, course, day, score, attended string) creditbank.Outcome {
	b.t.Helper()
	b.n++
	p := creditbank.Posting{
		OutcomeKey: creditbank.OutcomeKey{Learner: "learner", Institution: by, ExternalID: fmt.Sprintf("O%03d", b.n), Revision: 1},
		Course:     creditbank.CourseCode(course),
	}
	var err error
	p.IssuedOn, err = creditbank.ParseDate(day)
	must(b.t, err)
	p.Score, err = creditbank.ParseScore(score)
	must(b.t, err)
	if attended != "" {
		p.Attended, err = creditbank.ParseHours(attended)
		must(b.t, err)
	}
	c, ok := b.cat.Courses[p.Course]
	if !ok {
		b.t.Fatalf("no course %s", course)
	}
	o := creditbank.NewOutcome(p, c, b.set.Recognise(p, c, b.account.Past()), b.version()+1, clock, tests, "")
	b.history.Outcomes = append(b.history.Outcomes, o)
	b.fold()
	return o
}

// decide asks for a conversion and puts the decision on record.
func (b *book) decide(id creditbank.RuleID, day creditbank.Date) *creditbank.Decision {
	b.t.Helper()
	d, err := b.set.Decide(b.account, id, clock, day)
	must(b.t, err)
	b.act(creditbank.ActDecided, creditbank.ActBody{Decision: d}, day)
	return d
}

// summary writes a decision in one line: "approve T-A1 4.0 (72), T-EL 2.0 (72)
// CAP_TRUNCATED" or "deny NOT_ENROLLED INSUFFICIENT_POOL short 5.0".
func summary(d *creditbank.Decision) string {
	parts := []string{"deny"}
	if d.Approved {
		parts[0] = "approve"
	}
	for _, l := range d.Lines {
		parts = append(parts, fmt.Sprintf("%s=%s(%s)", l.Slot, l.Credits, l.Grade))
	}
	for _, r := range d.Reasons() {
		parts = append(parts, r.String())
	}
	for _, m := range d.Missing {
		parts = append(parts, "missing "+string(m))
	}
	if d.Short != 0 {
		parts = append(parts, "short "+d.Short.String())
	}
	for _, l := range d.Lines {
		if l.MakeUp != 0 {
			parts = append(parts, "makes up "+l.MakeUp.String())
		}
	}
	if d.Forfeited != 0 {
		parts = append(parts, "forfeits "+d.Forfeited.String())
	}
	return strings.Join(parts, " ")
}

func want(t testing.TB, d *creditbank.Decision, line string) {
	t.Helper()
	if got := summary(d); got != line {
		t.Errorf("rule %s: %s\n  want %s", d.Rule, got, line)
	}
}

// compileProblems reads rules for the city of cityBook and returns what is wrong
// with their form.
func compileProblems(t testing.TB, rules string) string {
	t.Helper()
	_, _, problems := rule.Draft(rule.Files{Rules: []byte(timezone + recognise + rules), Programmes: []byte(programmes)}, cityCatalogue(t))
	return fmt.Sprint(problems.Err())
}

// ruleOf returns a version of a rule; 0 where the rule has no versions.
func ruleOf(t testing.TB, b *book, id creditbank.RuleID, version int) *rule.Rule {
	t.Helper()
	for _, r := range b.set.(*rule.Set).Rules() {
		if r.ID == id && r.Version == version {
			return r
		}
	}
	t.Fatalf("no rule %s version %d", id, version)
	return nil
}

func compile(cat *creditbank.Catalogue, rules, programmes string) ([]byte, *rule.Set, creditbank.Problems) {
	return rule.Compile(rule.Files{Rules: []byte(rules), Programmes: []byte(programmes)}, cat)
}
