package creditbank_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"creditbank/creditbank"
)

// manager suspends.
var manager = creditbank.Caller{ID: "user:manager"}

func (c *city) suspend(t creditbank.RuleTarget) creditbank.RuleSet {
	c.t.Helper()
	set, err := c.SuspendRules(c.t.Context(), by(manager), t, "发现冒用成绩")
	must(c.t, err)
	return set
}

func TestSuspensionInTheMiddleOfAPlan(t *testing.T) {
	c := under(t, creditbank.RulePolicy{Quorum: 1, PublicityDays: 7})
	ctx := t.Context()
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	c.post(l, "O2", "S2", "2025-01-01", "80")
	plan, err := c.Plan(ctx, l, "P1")
	must(t, err)
	if fmt.Sprint(plan.Steps) != "[R2]" {
		t.Fatalf("the plan is %v", plan.Steps)
	}
	set := c.suspend(creditbank.RuleTarget{Rule: "R2"})
	if set.Version() != 2 || set.Act == nil || set.Act.Body.Kind != creditbank.RuleActSuspended || set.By != manager {
		t.Errorf("suspended as %+v", set.Act)
	}
	d := c.convert(l, "R2")
	if d.Approved || fmt.Sprint(d.Reasons()) != "[RULE_SUSPENDED]" || d.Findings[0].Have != "2026-03-15" || d.RuleSet != 2 {
		t.Errorf("by a suspended rule: %+v", d)
	}
	said := creditbank.Explain(c.Catalogue(), d)[0]
	for _, want := range []string{"规则R2自2026-03-15起暂停", "发现冒用成绩"} {
		if !strings.Contains(said.ZH, want) {
			t.Errorf("explained as %s", said.ZH)
		}
	}
	if !strings.Contains(said.EN, "rule R2 has been suspended since 2026-03-15") {
		t.Errorf("explained as %s", said.EN)
	}
	if plan, err = c.Plan(ctx, l, "P1"); err != nil || fmt.Sprint(plan.Steps) != "[R1 R4]" {
		t.Errorf("planned around it: %v, %v", plan.Steps, err)
	}
	c.set("2026-04-01")
	_, err = c.ResumeRules(ctx, by(manager), creditbank.RuleTarget{Rule: "R2"}, "已查清")
	must(t, err)
	if d := c.convert(l, "R2"); !d.Approved || d.RuleSet != 3 {
		t.Errorf("resumed: %v", d.Reasons())
	}
	if n := c.replayAll(l); n != 2 {
		t.Errorf("%d decisions replayed", n)
	}
}

func TestSuspensionTargets(t *testing.T) {
	c := under(t, creditbank.RulePolicy{})
	ctx := t.Context()
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	for _, target := range []creditbank.RuleTarget{{Programme: "P1"}, {}} {
		c.suspend(target)
		for _, r := range []creditbank.RuleID{"R1", "R2", "R3"} {
			if d := c.convert(l, r); d.Reasons()[0] != creditbank.RuleSuspended && d.Reasons()[len(d.Reasons())-1] != creditbank.RuleSuspended {
				t.Errorf("%+v: %s is denied for %v", target, r, d.Reasons())
			}
		}
		if o := c.post(l, "O"+target.Text().EN[:5]+string(target.Programme), "S2", "2025-01-01", "80"); !o.Granted {
			t.Errorf("%+v: recognition does not go on: %v", target, o.Reasons)
		}
		if _, ok := c.Catalogue().Rules.Standing().Suspension("F", ""); ok {
			t.Errorf("%+v: recognition is suspended", target)
		}
		_, err := c.SuspendRules(ctx, by(manager), target, "再次")
		wantCode(t, "suspended twice", err, creditbank.ErrConflict, creditbank.CodeState)
		_, err = c.ResumeRules(ctx, by(manager), target, "已查清")
		must(t, err)
		_, err = c.ResumeRules(ctx, by(manager), target, "已查清")
		wantCode(t, "resumed twice", err, creditbank.ErrConflict, creditbank.CodeNotSuspended)
	}
	if d := c.convert(l, "R1"); !d.Approved {
		t.Errorf("after all: %v", d.Reasons())
	}
	for name, tt := range map[string]struct {
		target creditbank.RuleTarget
		reason string
		kind   error
		code   creditbank.Code
	}{
		"recognition":  {creditbank.RuleTarget{Rule: "F"}, "因故", creditbank.ErrConflict, creditbank.CodeNoRecognition},
		"no such rule": {creditbank.RuleTarget{Rule: "R9"}, "因故", creditbank.ErrNotFound, creditbank.CodeUnknownRule},
		"no programme": {creditbank.RuleTarget{Programme: "P9"}, "因故", creditbank.ErrNotFound, creditbank.CodeUnknownProgramme},
		"both":         {creditbank.RuleTarget{Programme: "P1", Rule: "R1"}, "因故", creditbank.ErrInvalid, creditbank.CodeMalformed},
		"no reason":    {creditbank.RuleTarget{Rule: "R1"}, "", creditbank.ErrInvalid, creditbank.CodeMissing},
	} {
		_, err := c.SuspendRules(ctx, by(manager), tt.target, tt.reason)
		wantCode(t, name, err, tt.kind, tt.code)
	}
}

// What is suspended stays so whatever is published, directly or from a draft whose
// base says the same; and it makes no base stale.
func TestSuspensionIsCarriedOn(t *testing.T) {
	c := under(t, creditbank.RulePolicy{Quorum: 1})
	ctx := t.Context()
	n := c.draft(1, lower)
	c.suspend(creditbank.RuleTarget{Rule: "R1"})
	c.suspend(creditbank.RuleTarget{Rule: "R4"})
	c.approve(n, first)
	_, err := c.PublishDraft(ctx, by(publisher), n, 1)
	must(t, err)
	if got := c.Catalogue().Rules.Standing().Suspended; len(got) != 2 || got[0].Since != 20260315 {
		t.Errorf("after a draft: %+v", got)
	}
	c.Bank = c.bankUnder(creditbank.RulePolicy{})
	head, _, _ := strings.Cut(lower, "  - {id: R4")
	c.publish(head)
	if got := c.Catalogue().Rules.Standing().Suspended; len(got) != 1 || got[0].Target.Rule != "R1" {
		t.Errorf("after publishing directly without R4: %+v", got)
	}
	if set := c.Catalogue().RuleSets[4]; set.Act != nil || set.Version() != 5 {
		t.Errorf("version %d is on record as %+v, want published directly", set.Version(), set.Act)
	}
	before := c.Catalogue().Version
	c.publish(head)
	if got := c.Catalogue().Version; got != before {
		t.Errorf("publishing the same again wrote %d documents", got-before)
	}
}

func TestSuspendedRuleApprovesNoApplication(t *testing.T) {
	c := reviewedCity(t)
	c.Bank = c.bankUnder(creditbank.RulePolicy{})
	ctx := t.Context()
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	application := c.apply(l)
	c.suspend(creditbank.RuleTarget{Rule: "R1"})
	_, err := c.Review(ctx, creditbank.Change{By: reviewer, Learner: l}, application.Seq, creditbank.Verdict{Approve: true})
	wantCode(t, "approved while suspended", err, creditbank.ErrConflict, creditbank.CodeRuleSuspended)
	_, err = c.ResumeRules(ctx, by(manager), creditbank.RuleTarget{Rule: "R1"}, "已查清")
	must(t, err)
	if d := c.review(l, application.Seq, true); !d.Approved {
		t.Errorf("resumed: %v", d.Reasons())
	}
	c.replayAll(l)
}

func TestRetirement(t *testing.T) {
	c := under(t, creditbank.RulePolicy{Quorum: 1, PublicityDays: 7})
	ctx := t.Context()
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	retire := func(target creditbank.RuleTarget, through creditbank.Date) error {
		_, err := c.RetireRules(ctx, by(manager), target, through, "课程停开")
		return err
	}
	r1 := creditbank.RuleTarget{Rule: "R1"}
	wantCode(t, "too soon", retire(r1, 20260321), creditbank.ErrConflict, creditbank.CodeNotice)
	must(t, retire(r1, 20260331))
	must(t, retire(r1, 20260322)) // moved
	c.set("2026-03-22")
	if d := c.convert(l, "R1"); !d.Approved {
		t.Errorf("on the last day: %v", d.Reasons())
	}
	c.revoke(l, "O1")
	c.post(l, "O2", "S1", "2025-01-01", "80")
	c.set("2026-03-23")
	if d := c.convert(l, "R1"); d.Findings[0].Code != creditbank.RuleExpired || d.Findings[0].Need != "2026-03-22" {
		t.Errorf("on the day after: %+v", d.Findings)
	}
	wantCode(t, "moved when it has come", retire(r1, 20261231), creditbank.ErrConflict, creditbank.CodeRuleRetired)
	d, err := c.DraftRules(ctx, by(author), "", proposal(1, lower))
	must(t, err)
	_, err = c.SubmitDraft(ctx, by(author), d.Number, 1)
	wantCode(t, "a draft that revives it", err, creditbank.ErrConflict, creditbank.CodeRuleRetired)
	// Versions before are as they were.
	if old, err := c.Catalogue().RuleSet(1); err != nil || len(old.Standing().Retired) != 0 {
		t.Errorf("version 1: %+v, %v", old.Standing(), err)
	}
	c.replayAll(l)
}

// An end counts by the day of the request, also of a rule that has to be in force
// on the day of its outcome; it ends every version of a rule.
func TestRetirementOfVersions(t *testing.T) {
	c := under(t, creditbank.RulePolicy{})
	const one = `  - {id: R1, kind: conversion, title: {zh: 课程, en: course}, programme: P1, effective: {from: 2020-01-01}, source: {course: S1, min_grade: "70"}`
	versions := strings.Replace(cityFiles, one, strings.Replace(strings.Replace(one, "2020-01-01", "2020-01-01, to: 2025-06-30", 1), "id: R1,", "id: R1, version: 1, rule_time: outcome,", 1), 1)
	versions += strings.Replace(strings.Replace(one, "2020-01-01", "2025-07-01", 1), "id: R1,", "id: R1, version: 2, rule_time: outcome,", 1) + `, grant: [{slot: A, credits: "3", grade: carry}]}` + "\n"
	c.publish(versions)
	changes, err := c.RuleChanges(1, 2)
	must(t, err)
	var said []string
	for _, ch := range changes {
		said = append(said, ch.Text().EN)
	}
	if got := strings.Join(said, ", "); got != "rule R1 (version 1) added, rule R1 (version 2) added, rule R1 removed" {
		t.Errorf("the changes are %s", got)
	}
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	_, err = c.RetireRules(t.Context(), by(manager), creditbank.RuleTarget{Rule: "R1"}, 20260320, "课程停开")
	must(t, err)
	previews, err := c.Preview(t.Context(), l, []creditbank.RuleID{"R1"})
	must(t, err)
	if !previews[0].Approved || previews[0].Granted() != 4*creditbank.Credit {
		t.Errorf("before its end: %v", previews[0].Reasons())
	}
	c.set("2026-03-21")
	if d := c.convert(l, "R1"); d.Approved || d.Findings[0].Code != creditbank.RuleExpired || d.Findings[0].Need != "2026-03-20" {
		t.Errorf("after its end: %+v", d.Findings)
	}
	plan, err := c.Plan(t.Context(), l, "P1")
	must(t, err)
	if len(plan.Steps) != 0 {
		t.Errorf("planned with it: %v", plan.Steps)
	}
	c.replayAll(l)
}

// Documents of before there were suspensions encode and load as they did.
func TestStandingIsLeftOutWhereThereIsNone(t *testing.T) {
	c := under(t, creditbank.RulePolicy{})
	first := c.Catalogue().RuleSets[0].Body
	c.suspend(creditbank.RuleTarget{Rule: "R1"})
	_, err := c.ResumeRules(t.Context(), by(manager), creditbank.RuleTarget{Rule: "R1"}, "已查清")
	must(t, err)
	if got := c.Catalogue().RuleSets[2].Body; !bytes.Equal(got, first) || bytes.Contains(got, []byte("suspended")) {
		t.Errorf("resumed:\n%s\nbefore:\n%s", got, first)
	}
}

func TestRuleChanges(t *testing.T) {
	c := under(t, creditbank.RulePolicy{})
	changed := strings.Replace(lower, `{slot: A, credits: "4", grade: carry}`, `{slot: A, grade: carry, credits: 4}`, 1) // R1 means the same there
	head, tail, _ := strings.Cut(changed, "  - {id: R4")
	_, rest, _ := strings.Cut(tail, "\n")
	changed = head + rest + "  - {id: R5, kind: conversion, title: {zh: 新, en: new}, programme: P1, effective: {from: 2026-01-01}, source: {course: S2}, grant: [{slot: E, credits: source, grade: carry}]}\n"
	c.publishBoth(changed, strings.Replace(cityProgrammes, `share: "0.60"`, `share: "0.50"`, 1))
	c.suspend(creditbank.RuleTarget{Rule: "R2"})
	var got []string
	for _, pair := range [][2]int{{1, 2}, {2, 3}, {3, 3}} {
		changes, err := c.RuleChanges(pair[0], pair[1])
		must(t, err)
		for _, ch := range changes {
			got = append(got, ch.Text().EN)
			if ch.Change != creditbank.ChangeChanged {
				continue
			}
			for _, f := range ch.Fields {
				got = append(got, fmt.Sprintf("  %s | %s | %s | %q → %q", f.Path, f.Label.ZH, f.Label.EN, f.Old, f.New))
			}
		}
	}
	want := `programme P1 changed
  caps[1].share | 上限[1] › 比例 | caps[1] › share | "0.60" → "0.50"
rule R1 changed
  source.min_grade | 来源 › 最低成绩 | source › least grade | "70" → "60"
rule R5 added
rule R4 removed
rule R2 changed
  suspended | 暂停 | suspended | "" → "2026-03-15 发现冒用成绩"`
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
	all, err := c.RuleChanges(0, 1)
	must(t, err)
	if len(all) != 7 || all[0].Change != creditbank.ChangeAdded {
		t.Errorf("from nothing: %d changes", len(all))
	}
}
