package creditbank_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
	"creditbank/creditbank/storetest"
	"creditbank/creditbank/vault"
)

// What the people of these tests are called.
var (
	author    = creditbank.Caller{ID: "user:author"}
	submitter = creditbank.Caller{ID: "user:submitter"}
	first     = creditbank.Caller{ID: "user:first"}
	second    = creditbank.Caller{ID: "user:second"}
	third     = creditbank.Caller{ID: "user:third"}
	publisher = creditbank.Caller{ID: "user:publisher"}
	citizen   = creditbank.Caller{ID: "user:citizen"}
)

// under returns a city whose rules go through drafts under a policy; they are at
// version 1.
func under(t *testing.T, policy creditbank.RulePolicy) *city {
	t.Helper()
	c := newCity(t)
	c.Bank = c.bankUnder(policy)
	return c
}

// bankUnder returns another bank on the city's store.
func (c *city) bankUnder(policy creditbank.RulePolicy) *creditbank.Bank {
	c.t.Helper()
	v, err := vault.New(make([]byte, vault.MasterSize), rand.Reader)
	must(c.t, err)
	b, err := creditbank.New(c.t.Context(), creditbank.Config{
		Store: c.store, Vault: v, Clock: c.clock, Random: rand.Reader, LoadRules: rule.Load, Rules: rule.Maker{}, Policy: policy,
	})
	must(c.t, err)
	return b
}

// by returns what a caller asks for, once.
func by(who creditbank.Caller) creditbank.RuleRequest { return creditbank.RuleRequest{By: who} }

// lower asks for a lower grade in R1.
var lower = strings.Replace(cityFiles, `min_grade: "70"`, `min_grade: "60"`, 1)

func proposal(base int, rules string) creditbank.RuleProposal {
	return creditbank.RuleProposal{
		Base: base, Title: creditbank.Text{ZH: "放宽甲课要求"}, Comment: "课程改革后成绩普遍下降\n依会议纪要", LegalBasis: []string{"青禾教〔2026〕3号"},
		Files: creditbank.RuleFiles{Rules: []byte(rules), Programmes: []byte(cityProgrammes)},
	}
}

// draft drafts rules by author and submits them by submitter.
func (c *city) draft(base int, rules string) int {
	c.t.Helper()
	d, err := c.DraftRules(c.t.Context(), by(author), "", proposal(base, rules))
	must(c.t, err)
	_, err = c.SubmitDraft(c.t.Context(), by(submitter), d.Number, 1)
	must(c.t, err)
	return d.Number
}

// approve has reviewers approve of the newest revision.
func (c *city) approve(draft int, who ...creditbank.Caller) *creditbank.RuleDraft {
	c.t.Helper()
	d, err := c.Catalogue().Draft(draft)
	must(c.t, err)
	for _, w := range who {
		d, err = c.ReviewDraft(c.t.Context(), by(w), draft, creditbank.DraftVerdict{Revision: len(d.Revisions), Approve: true})
		must(c.t, err)
	}
	return d
}

func wantState(t *testing.T, d *creditbank.RuleDraft, want creditbank.RuleState) {
	t.Helper()
	if d.State != want {
		t.Errorf("draft %d is in state %s, want %s", d.Number, d.State, want)
	}
}

func TestDraftLivesItsWholeLife(t *testing.T) {
	c := under(t, creditbank.RulePolicy{Quorum: 3, PublicityDays: 7})
	ctx := t.Context()
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "65")
	if d := c.convert(l, "R1"); d.Approved {
		t.Fatalf("65 satisfies 70: %+v", d)
	}
	n := c.draft(1, lower)
	wantState(t, c.approve(n, first, second), creditbank.RuleInReview)
	d := c.approve(n, third)
	wantState(t, d, creditbank.RuleInPublicity)
	if d.PublicFrom != 20260315 || d.PublicUntil != 20260322 || !d.Public() {
		t.Errorf("public from %s through %s", d.PublicFrom, d.PublicUntil)
	}
	c.set("2026-03-22")
	d, o, err := c.Object(ctx, by(citizen), n, "标准降低太多，\n请说明依据。")
	must(t, err)
	if o.Number != 1 || o.Answer != nil || d.OpenObjections() != 1 {
		t.Errorf("objected: %+v", o)
	}
	c.set("2026-03-23")
	_, err = c.AnswerObjection(ctx, by(publisher), n, 1, false, "依据见会议纪要第三条")
	must(t, err)
	set, err := c.PublishDraft(ctx, by(publisher), n, 1)
	must(t, err)
	if set.Version() != 2 || set.By != publisher || set.Act == nil || set.Act.Body.Draft != n || set.Act.Body.Hash != d.Current().Hash().String() {
		t.Errorf("published as %d by %s: %+v", set.Version(), set.By, set.Act)
	}
	if d := c.convert(l, "R1"); !d.Approved || d.RuleSet != 2 {
		t.Errorf("by the new rules: %+v", d)
	}
	d, err = c.Catalogue().Draft(n)
	must(t, err)
	wantState(t, d, creditbank.RulePublished)
	if got := c.replayAll(l); got != 2 {
		t.Errorf("%d decisions replayed", got)
	}
	// All of it is on record, and another bank reads it the same.
	var acts []string
	for _, a := range c.bankUnder(creditbank.RulePolicy{}).Catalogue().ActsOn(n) {
		acts = append(acts, fmt.Sprintf("%s %s", strings.TrimPrefix(a.By.ID, "user:"), a.Body.Kind))
	}
	want := "author drafted, submitter submitted, first approved, second approved, third approved, citizen objected, publisher answered, publisher published"
	if got := strings.Join(acts, ", "); got != want {
		t.Errorf("on record:\n%s\nwant\n%s", got, want)
	}
}

// Each refusal of the life of a draft, from the state that the steps lead to. Steps
// that are refused change nothing.
func TestDraftRefusals(t *testing.T) {
	three := creditbank.RulePolicy{Quorum: 3, PublicityDays: 7}
	one := creditbank.RulePolicy{Quorum: 1}
	review := func(who creditbank.Caller, revision int, approve bool, note string) func(*city, int) error {
		return func(c *city, n int) error {
			_, err := c.ReviewDraft(c.t.Context(), by(who), n, creditbank.DraftVerdict{Revision: revision, Approve: approve, Note: note})
			return err
		}
	}
	publish := func(who creditbank.Caller, revision int) func(*city, int) error {
		return func(c *city, n int) error {
			_, err := c.PublishDraft(c.t.Context(), by(who), n, revision)
			return err
		}
	}
	revise := func(c *city, n int) {
		_, err := c.ReviseDraft(c.t.Context(), by(author), n, proposal(1, lower+"\n# again\n"))
		must(c.t, err)
	}
	object := func(who creditbank.Caller, text string) func(*city, int) error {
		return func(c *city, n int) error {
			_, _, err := c.Object(c.t.Context(), by(who), n, text)
			return err
		}
	}
	answer := func(who creditbank.Caller, o int, upheld bool, reason string) func(*city, int) error {
		return func(c *city, n int) error {
			_, err := c.AnswerObjection(c.t.Context(), by(who), n, o, upheld, reason)
			return err
		}
	}
	objected := func(c *city, n int) {
		c.approve(n, first, second, third)
		must(c.t, object(citizen, "不妥")(c, n))
	}
	withdraw := func(who creditbank.Caller) func(*city, int) error {
		return func(c *city, n int) error {
			_, err := c.WithdrawDraft(c.t.Context(), by(who), n, "不再需要")
			return err
		}
	}
	for name, tt := range map[string]struct {
		policy creditbank.RulePolicy
		steps  func(*city, int)
		try    func(*city, int) error
		kind   error
		code   creditbank.Code
	}{
		"the author reviews":           {three, nil, review(author, 1, true, ""), creditbank.ErrConflict, creditbank.CodeOwnDraft},
		"the submitter reviews":        {three, nil, review(submitter, 1, true, ""), creditbank.ErrConflict, creditbank.CodeOwnDraft},
		"a reviewer reviews twice":     {three, func(c *city, n int) { c.approve(n, first) }, review(first, 1, true, ""), creditbank.ErrConflict, creditbank.CodeReviewedBefore},
		"rejecting what one approved":  {three, func(c *city, n int) { c.approve(n, first) }, review(first, 1, false, "再想想"), creditbank.ErrConflict, creditbank.CodeReviewedBefore},
		"a rejection without reasons":  {three, nil, review(first, 1, false, " "), creditbank.ErrInvalid, creditbank.CodeMissing},
		"a revision that was replaced": {three, revise, review(first, 1, true, ""), creditbank.ErrConflict, creditbank.CodeRevised},
		"a revision not submitted":     {three, revise, review(first, 2, true, ""), creditbank.ErrConflict, creditbank.CodeState},
		"reviewed in publicity":        {three, func(c *city, n int) { c.approve(n, first, second, third) }, review(publisher, 1, true, ""), creditbank.ErrConflict, creditbank.CodeState},
		"published in review":          {three, func(c *city, n int) { c.approve(n, first, second) }, publish(publisher, 1), creditbank.ErrConflict, creditbank.CodeState},
		"published in publicity": {three, func(c *city, n int) { c.approve(n, first, second, third); c.set("2026-03-22") },
			publish(publisher, 1), creditbank.ErrConflict, creditbank.CodeInPublicity},
		"published over an open objection": {three, func(c *city, n int) { objected(c, n); c.set("2026-03-23") },
			publish(publisher, 1), creditbank.ErrConflict, creditbank.CodeOpenObjection},
		"published after an edit": {three, func(c *city, n int) { c.approve(n, first, second, third); revise(c, n); c.set("2026-03-23") },
			publish(publisher, 1), creditbank.ErrConflict, creditbank.CodeRevised},
		"the edit published unreviewed": {three, func(c *city, n int) { c.approve(n, first, second, third); revise(c, n); c.set("2026-03-23") },
			publish(publisher, 2), creditbank.ErrConflict, creditbank.CodeState},
		"the only approver publishes": {one, func(c *city, n int) { c.approve(n, first) }, publish(first, 1), creditbank.ErrConflict, creditbank.CodeSoleApprover},
		"an objection before publicity": {three, func(c *city, n int) { c.approve(n, first, second) },
			object(citizen, "不妥"), creditbank.ErrConflict, creditbank.CodeState},
		"an objection after publicity": {three, func(c *city, n int) { c.approve(n, first, second, third); c.set("2026-03-23") },
			object(citizen, "不妥"), creditbank.ErrConflict, creditbank.CodePublicityOver},
		"an objection that says nothing": {three, func(c *city, n int) { c.approve(n, first, second, third) },
			object(citizen, "\n "), creditbank.ErrInvalid, creditbank.CodeMissing},
		"a second objection":          {three, objected, object(citizen, "又不妥"), creditbank.ErrConflict, creditbank.CodeObjectedBefore},
		"the author answers":          {three, objected, answer(author, 1, false, "无妨"), creditbank.ErrConflict, creditbank.CodeOwnDraft},
		"the objector answers":        {three, objected, answer(citizen, 1, true, "同意"), creditbank.ErrConflict, creditbank.CodeOwnDraft},
		"an answer without reasons":   {three, objected, answer(publisher, 1, false, ""), creditbank.ErrInvalid, creditbank.CodeMissing},
		"an answer to nothing":        {three, objected, answer(publisher, 2, false, "无妨"), creditbank.ErrNotFound, creditbank.CodeUnknownObjection},
		"an objection answered twice": {three, func(c *city, n int) { objected(c, n); must(c.t, answer(publisher, 1, false, "无妨")(c, n)) }, answer(publisher, 1, true, "有妨"), creditbank.ErrConflict, creditbank.CodeState},
		"withdrawn by somebody else":  {three, nil, withdraw(first), creditbank.ErrForbidden, creditbank.CodeNotAuthor},
		"withdrawn twice":             {three, func(c *city, n int) { must(c.t, withdraw(author)(c, n)) }, withdraw(author), creditbank.ErrConflict, creditbank.CodeState},
		"edited after it was withdrawn": {three, func(c *city, n int) { must(c.t, withdraw(author)(c, n)) }, func(c *city, n int) error {
			_, err := c.ReviseDraft(c.t.Context(), by(author), n, proposal(1, lower))
			return err
		}, creditbank.ErrConflict, creditbank.CodeState},
		"submitted twice": {three, nil, func(c *city, n int) error { _, err := c.SubmitDraft(c.t.Context(), by(author), n, 1); return err }, creditbank.ErrConflict, creditbank.CodeState},
		"submitted as it was returned": {three, func(c *city, n int) { must(c.t, review(first, 1, false, "依据不足")(c, n)) },
			func(c *city, n int) error { _, err := c.SubmitDraft(c.t.Context(), by(author), n, 1); return err }, creditbank.ErrConflict, creditbank.CodeState},
		"a draft that there is not": {three, nil, func(c *city, _ int) error { return review(first, 1, true, "")(c, 9) }, creditbank.ErrNotFound, creditbank.CodeUnknownDraft},
		"nobody reviews":            {three, nil, review(creditbank.Caller{}, 1, true, ""), creditbank.ErrInvalid, creditbank.CodeMissing},
		"published directly": {three, nil, func(c *city, _ int) error {
			body, _, problems := rule.Compile(proposal(1, lower).Files, c.Catalogue())
			must(c.t, problems.Err())
			return c.Publish(c.t.Context(), operator, creditbank.Reference{RuleSet: body})
		}, creditbank.ErrConflict, creditbank.CodeReviewRequired},
	} {
		t.Run(name, func(t *testing.T) {
			c := under(t, tt.policy)
			n := c.draft(1, lower)
			if tt.steps != nil {
				tt.steps(c, n)
			}
			before := c.Catalogue().Version
			wantCode(t, name, tt.try(c, n), tt.kind, tt.code)
			must(t, c.Refresh(t.Context()))
			if got := c.Catalogue().Version; got != before {
				t.Errorf("refused, and %d documents were written", got-before)
			}
		})
	}
}

func TestSubmissionRefusesBadRules(t *testing.T) {
	recognition := strings.Replace(cityFiles, `pass_mark: "60"`, `pass_mark: "50"`, 1)
	for name, tt := range map[string]struct {
		institution creditbank.InstitutionID
		rules       string
		code        creditbank.Code
		says        string
	}{
		"files that do not compile":             {"", strings.Replace(lower, "course: S1", "course: S9", 1), creditbank.CodeUnknownCourse, "rules.yaml:5:"},
		"nothing changed":                       {"", cityFiles, creditbank.CodeNoChange, "in force already"},
		"recognition changed by an institution": {"I01", recognition, creditbank.CodeNotOwnRules, "rule F changed"},
		"rules of another institution":          {"I02", lower, creditbank.CodeNotOwnRules, "rule R1 changed"},
		"the zone changed by an institution":    {"I01", strings.Replace(lower, "Asia/Shanghai", "Asia/Tokyo", 1), creditbank.CodeNotOwnRules, "rule set changed"},
		"recognition changed by the bank":       {"", recognition, "", ""},
		"an institution's own rules":            {"I01", lower, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := under(t, creditbank.RulePolicy{Quorum: 1})
			d, err := c.DraftRules(t.Context(), by(author), tt.institution, proposal(1, tt.rules))
			must(t, err)
			_, err = c.SubmitDraft(t.Context(), by(author), d.Number, 1)
			if tt.code == "" {
				must(t, err)
				return
			}
			var input *creditbank.InputError
			if !errors.As(err, &input) || input.Code != tt.code || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("submitted: %v, want %s with %q", err, tt.code, tt.says)
			}
		})
	}
}

// A draft whose base was replaced is refused with what changed; it comes back as
// another revision on the rules in force.
func TestStaleBase(t *testing.T) {
	c := under(t, creditbank.RulePolicy{Quorum: 1})
	ctx := t.Context()
	one := c.draft(1, lower)
	two := c.draft(1, strings.Replace(cityFiles, `credits: "4"}, split`, `credits: "3"}, split`, 1))
	c.approve(one, first)
	c.approve(two, first)
	_, err := c.PublishDraft(ctx, by(publisher), two, 1)
	must(t, err)
	_, err = c.PublishDraft(ctx, by(publisher), one, 1)
	wantCode(t, "a stale base", err, creditbank.ErrConflict, creditbank.CodeStaleBase)
	if !strings.Contains(err.Error(), "version 2 is in force; what changed since: rule R3 changed.") {
		t.Errorf("it does not say what changed: %v", err)
	}
	both := strings.Replace(lower, `credits: "4"}, split`, `credits: "3"}, split`, 1)
	_, err = c.ReviseDraft(ctx, by(author), one, proposal(2, both))
	must(t, err)
	d, err := c.SubmitDraft(ctx, by(author), one, 2)
	must(t, err)
	wantState(t, d, creditbank.RuleInReview)
	d, err = c.ReviewDraft(ctx, by(first), one, creditbank.DraftVerdict{Revision: 2, Approve: true}) // heard anew on another revision
	must(t, err)
	wantState(t, d, creditbank.RuleApproved)
	set, err := c.PublishDraft(ctx, by(publisher), one, 2)
	must(t, err)
	if set.Version() != 3 {
		t.Errorf("published as version %d", set.Version())
	}
	_, err = c.DraftRules(ctx, by(author), "", proposal(9, lower))
	wantCode(t, "a base that there is not", err, creditbank.ErrNotFound, creditbank.CodeUnknownRuleSet)
}

func TestUpheldObjectionReturnsTheDraft(t *testing.T) {
	c := under(t, creditbank.RulePolicy{Quorum: 1, PublicityDays: 1})
	ctx := t.Context()
	n := c.draft(1, lower)
	c.approve(n, first)
	_, _, err := c.Object(ctx, by(citizen), n, "不妥")
	must(t, err)
	_, _, err = c.Object(ctx, by(second), n, "依据不足")
	must(t, err)
	d, err := c.AnswerObjection(ctx, by(publisher), n, 1, true, "确有不妥")
	must(t, err)
	wantState(t, d, creditbank.RuleReturned)
	if d.Public() {
		t.Error("a draft that was returned is public")
	}
	d, err = c.ReviseDraft(ctx, by(author), n, proposal(1, lower+"# 2\n"))
	must(t, err)
	if d.Approvals() != 0 || d.Submitted != 0 || d.PublicUntil != 0 || len(d.Reviews) != 1 {
		t.Errorf("what was said of the revision before still counts: %+v", d)
	}
	_, err = c.SubmitDraft(ctx, by(author), n, 2)
	must(t, err)
	d = c.approve(n, second)
	wantState(t, d, creditbank.RuleInPublicity)
	c.set("2026-03-17")
	_, err = c.PublishDraft(ctx, by(publisher), n, 2)
	wantCode(t, "an objection to an earlier revision", err, creditbank.ErrConflict, creditbank.CodeOpenObjection)
	d, err = c.AnswerObjection(ctx, by(publisher), n, 2, true, "已在第二稿中补充")
	must(t, err)
	wantState(t, d, creditbank.RuleInPublicity) // what it was about is gone
	_, err = c.PublishDraft(ctx, by(publisher), n, 2)
	must(t, err)
}

// What a learner writes is sealed under the learner's key, whoever reads the
// ledger.
func TestLearnersObjectionIsSealed(t *testing.T) {
	c := under(t, creditbank.RulePolicy{Quorum: 1, PublicityDays: 1})
	ctx := t.Context()
	n := c.draft(1, lower)
	c.approve(n, first)
	// The account is opened by this bank, whose vault seals it.
	l := c.open(0)
	request := creditbank.RuleRequest{By: creditbank.Caller{ID: "learner:" + string(l)}, Learner: l, Key: "k"}
	const text = "我叫王桂兰，住青禾市，反对。"
	_, o, err := c.Object(ctx, request, n, text)
	must(t, err)
	again, same, err := c.Object(ctx, request, n, text)
	must(t, err)
	if same.Number != o.Number || again.OpenObjections() != 1 {
		t.Errorf("sent again: %+v", same)
	}
	_, _, err = c.Object(ctx, request, n, text+"！")
	wantCode(t, "the key for another text", err, creditbank.ErrConflict, creditbank.CodeKeyReused)
	if got, err := c.ObjectionText(ctx, o); err != nil || got != text {
		t.Errorf("read back as %q, %v", got, err)
	}
	docs, err := c.store.Documents(ctx, 0)
	must(t, err)
	for _, d := range docs {
		if strings.Contains(string(d.Body), "王桂兰") {
			t.Errorf("document %d holds the text: %s", d.Version, d.Body)
		}
	}
}

func TestNobodyNeedsToApprove(t *testing.T) {
	c := under(t, creditbank.RulePolicy{PublicityDays: 3})
	n := c.draft(1, lower)
	d, err := c.Catalogue().Draft(n)
	must(t, err)
	wantState(t, d, creditbank.RuleInPublicity)
	if d.PublicUntil != 20260318 {
		t.Errorf("public through %s", d.PublicUntil)
	}
}

// Drafts of an automatic policy are published once publicity has ended, by
// whoever asks first; those that something keeps, and those of another policy, wait.
func TestDueDraftsArePublishedOnce(t *testing.T) {
	automatic := creditbank.RulePolicy{Quorum: 1, PublicityDays: 2, Automatic: true}
	c := under(t, creditbank.RulePolicy{Quorum: 1, PublicityDays: 2})
	ctx := t.Context()
	manual := c.draft(1, lower+"# by hand\n")
	c.Bank = c.bankUnder(automatic)
	due, stale, disputed := c.draft(1, lower), c.draft(1, lower+"# other\n"), c.draft(1, lower+"# third\n")
	for _, n := range []int{manual, due, stale, disputed} {
		c.approve(n, first)
	}
	_, _, err := c.Object(ctx, by(citizen), disputed, "不妥")
	must(t, err)
	sweeper := creditbank.Caller{ID: "system:sweeper"}
	c.set("2026-03-17")
	if got, err := c.PublishDue(ctx, sweeper); err != nil || got != nil {
		t.Errorf("published in publicity: %v, %v", got, err)
	}
	c.set("2026-03-18")
	var wait sync.WaitGroup
	for range 4 {
		b := c.bankUnder(creditbank.RulePolicy{})
		wait.Go(func() {
			if _, err := b.PublishDue(ctx, sweeper); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	must(t, c.Refresh(ctx))
	if got := c.Catalogue().Rules.Version(); got != 2 {
		t.Errorf("the rules are at version %d, want 2", got)
	}
	for n, want := range map[int]creditbank.RuleState{
		manual: creditbank.RuleInPublicity, due: creditbank.RulePublished, stale: creditbank.RuleInPublicity, disputed: creditbank.RuleInPublicity,
	} {
		d, err := c.Catalogue().Draft(n)
		must(t, err)
		wantState(t, d, want)
	}
}

// Two replicas that publish two drafts at once: one is published, the other told
// that its base is stale.
func TestReplicasRace(t *testing.T) {
	c := under(t, creditbank.RulePolicy{Quorum: 1})
	one, two := c.draft(1, lower), c.draft(1, strings.Replace(cityFiles, "乙课", "乙课", 1)+"# other\n")
	c.approve(one, first)
	c.approve(two, first)
	errs := make([]error, 2)
	var wait sync.WaitGroup
	for i, n := range []int{one, two} {
		b := c.bankUnder(creditbank.RulePolicy{Quorum: 1})
		wait.Go(func() { _, errs[i] = b.PublishDraft(t.Context(), by(publisher), n, 1) })
	}
	wait.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("both, or neither: %v, %v", errs[0], errs[1])
	}
	wantCode(t, "the loser", errors.Join(errs...), creditbank.ErrConflict, creditbank.CodeStaleBase)
}

// A write that fails leaves nothing; one whose outcome is unknown is found again
// under its key, with the same answer.
func TestRuleActsUnderFaults(t *testing.T) {
	for _, tt := range []struct {
		fault storetest.Fault
		acts  int
	}{{storetest.BeforeCommit, 0}, {storetest.Unknown, 0}, {storetest.AfterCommit, 1}} {
		t.Run(tt.fault.String(), func(t *testing.T) {
			c := under(t, creditbank.RulePolicy{Quorum: 1})
			request := creditbank.RuleRequest{By: author, Key: "k"}
			c.store.Fail(storetest.MethodPublish, tt.fault)
			if _, err := c.DraftRules(t.Context(), request, "", proposal(1, lower)); !errors.Is(err, storetest.ErrInjected) {
				t.Fatalf("the fault is not reported: %v", err)
			}
			must(t, c.Refresh(t.Context()))
			if got := len(c.Catalogue().RuleActs); got != tt.acts {
				t.Errorf("%d acts on record, want %d", got, tt.acts)
			}
			d, err := c.DraftRules(t.Context(), request, "", proposal(1, lower))
			must(t, err)
			if d.Number != 1 || len(c.Catalogue().Drafts) != 1 {
				t.Errorf("asked again: draft %d of %d", d.Number, len(c.Catalogue().Drafts))
			}
			_, err = c.DraftRules(t.Context(), request, "", proposal(1, lower+"# other"))
			wantCode(t, "the key for another draft", err, creditbank.ErrConflict, creditbank.CodeKeyReused)
		})
	}
}

// An act asked for again answers as it did, whatever has happened since.
func TestRepeatedActAnswersAsItDid(t *testing.T) {
	c := under(t, creditbank.RulePolicy{Quorum: 1})
	ctx := t.Context()
	d, err := c.DraftRules(ctx, by(author), "", proposal(1, lower))
	must(t, err)
	request := creditbank.RuleRequest{By: author, Key: "submit"}
	_, err = c.SubmitDraft(ctx, request, d.Number, 1)
	must(t, err)
	c.approve(d.Number, first)
	_, err = c.PublishDraft(ctx, by(publisher), d.Number, 1)
	must(t, err)
	again, err := c.SubmitDraft(ctx, request, d.Number, 1)
	must(t, err)
	wantState(t, again, creditbank.RuleInReview)
}
