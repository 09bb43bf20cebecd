package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"creditbank/api/apitest"
	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

// proposal is what a draft of the city's rules says, another each time.
func (s *scene) proposal() creditbank.RuleProposal {
	s.t.Helper()
	sets := s.Bank.Catalogue().RuleSets
	files, err := rule.Source(sets[len(sets)-1].Body)
	if err != nil {
		s.t.Fatal(err)
	}
	files.Rules = []byte(strings.Replace(string(files.Rules), "Save small, redeem whole", "Save small, redeem whole "+apitest.Key(s.t), 1))
	return creditbank.RuleProposal{Base: sets[len(sets)-1].Version(), Title: creditbank.Text{ZH: "修订"}, Files: files}
}

// draftBody is a proposal as a body, for the whole bank.
func (s *scene) draftBody() string {
	p := s.proposal()
	return encode(s.t, object{"base": p.Base, "title": object{"zh": p.Title.ZH}, "rules": string(p.Files.Rules), "programmes": string(p.Files.Programmes)})
}

// draft returns the address of a draft that somebody wrote, as far as it was
// brought: "draft", "review", "publicity", "objection".
func (s *scene) draft(policy creditbank.RulePolicy, state string) string {
	s.t.Helper()
	ctx, bank := s.t.Context(), s.Governed(policy)
	by := func(who string) creditbank.RuleRequest {
		return creditbank.RuleRequest{By: creditbank.Caller{ID: who}}
	}
	d, err := bank.DraftRules(ctx, by("operator:author"), "", s.proposal())
	if err == nil && state != "draft" {
		_, err = bank.SubmitDraft(ctx, by("operator:author"), d.Number, 1)
	}
	if err == nil && (state == "publicity" || state == "objection") {
		_, err = bank.ReviewDraft(ctx, by("operator:first"), d.Number, creditbank.DraftVerdict{Revision: 1, Approve: true})
	}
	if err == nil && state == "objection" {
		_, _, err = bank.Object(ctx, by("operator:citizen"), d.Number, "不妥")
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return fmt.Sprint("/v1/rule-drafts/", d.Number)
}

// ruleWrites are the writes about rules.
func (s *scene) ruleWrites() []keyedWrite {
	strict := creditbank.RulePolicy{Quorum: 3, PublicityDays: 30}
	one := creditbank.RulePolicy{Quorum: 1, PublicityDays: 30}
	on := func(policy creditbank.RulePolicy, state, rest, text string) func() sent {
		return func() sent { return sent{path: s.draft(policy, state) + rest, token: s.staff, body: text} }
	}
	suspension := func(rule string) string { return `{"rule":"` + rule + `","reason":"核查"}` }
	return []keyedWrite{
		{"createRuleDraft", func() sent { return sent{path: "/v1/rule-drafts", token: s.staff, body: s.draftBody()} },
			func(r sent) sent { r.body = s.draftBody(); return r }, false},
		{"reviseRuleDraft", func() sent {
			return sent{path: s.draft(one, "draft") + "/revisions", token: s.staff, body: s.draftBody()}
		},
			func(r sent) sent { r.body = s.draftBody(); return r }, false},
		{"submitRuleDraft", on(one, "draft", "/submit", `{"revision":1}`), body(`{"revision":2}`), false},
		{"reviewRuleDraft", on(strict, "review", "/review", `{"revision":1,"approve":true}`), body(`{"revision":1,"approve":false,"note":"依据不足"}`), false},
		{"withdrawRuleDraft", func() sent {
			n := s.must(sent{path: "/v1/rule-drafts", token: s.staff, body: s.draftBody()}, "draft")
			return sent{path: "/v1/rule-drafts/" + n + "/withdraw", token: s.staff, body: `{"reason":"不再需要"}`}
		}, body(`{"reason":"另起"}`), false},
		{"objectToRuleDraft", on(one, "publicity", "/objections", `{"text":"不妥"}`), body(`{"text":"很不妥"}`), false},
		{"answerRuleObjection", on(one, "objection", "/objections/1/answer", `{"upheld":false,"reason":"依据见附件"}`), body(`{"upheld":true,"reason":"依据见附件"}`), false},
		{"publishRuleDraft", on(creditbank.RulePolicy{}, "review", "/publish", `{"revision":1}`), body(`{"revision":2}`), false},
		{"suspendRules", func() sent { return sent{path: "/v1/rule-suspensions", token: s.staff, body: suspension("R05")} }, body(suspension("R10")), false},
		{"resumeRules", func() sent { return sent{path: "/v1/rule-resumptions", token: s.staff, body: suspension("R05")} }, body(suspension("R10")), false},
		{"retireRules", func() sent {
			return sent{path: "/v1/rule-retirements", token: s.staff, body: `{"rule":"R10","reason":"课程停开","through":"2090-12-31"}`}
		}, body(`{"rule":"R10","reason":"课程停开","through":"2091-12-31"}`), false},
	}
}

// A draft whose policy is automatic is published by the service once its publicity
// has ended.
func TestServicePublishesWhatIsDue(t *testing.T) {
	ledger, start := apitest.Ledger(t), time.Now()
	s := &scene{World: apitest.New(t, apitest.Options{Ledger: ledger}), t: t}
	s.draft(creditbank.RulePolicy{PublicityDays: 1, Automatic: true}, "review")
	later := func() time.Time { return start.AddDate(0, 0, 3).Add(time.Since(start)) }
	w := apitest.New(t, apitest.Options{Ledger: ledger, Clock: later})
	for range 500 {
		if set, err := w.Bank.Catalogue().RuleSet(2); err == nil {
			if set.By.ID != "system:publicity" || set.Act == nil || set.Act.Body.Draft != 1 {
				t.Errorf("published by %s: %+v", set.By.ID, set.Act)
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("nothing was published")
}
