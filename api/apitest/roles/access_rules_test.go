package roles_test

import (
	"fmt"
	"slices"
	"strings"

	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/rule"
)

// What drafts of rules must pass so that they stay where a request is about them;
// the service's own bank approves of them at once.
var strict = creditbank.RulePolicy{Quorum: 1, PublicityDays: 30}

// proposal is what a draft of the city's rules says, another each time.
func (s *scene) proposal() creditbank.RuleProposal {
	s.must(s.Bank.Refresh(s.t.Context()))
	sets := s.Bank.Catalogue().RuleSets
	files, err := rule.Source(sets[len(sets)-1].Body)
	s.must(err)
	files.Rules = []byte(strings.Replace(string(files.Rules), "Save small, redeem whole", fmt.Sprintf("Save small, redeem whole %d", s.number()), 1))
	return creditbank.RuleProposal{Base: sets[len(sets)-1].Version(), Title: creditbank.Text{ZH: "修订"}, Files: files}
}

// body is a proposal as a body.
func (s *scene) draftBody(institution string) map[string]any {
	p := s.proposal()
	body := map[string]any{"base": p.Base, "title": map[string]any{"zh": p.Title.ZH}, "rules": string(p.Files.Rules), "programmes": string(p.Files.Programmes)}
	if institution != "" {
		body["institution"] = institution
	}
	return body
}

// draft returns the address of a draft by somebody under a policy, as far as it
// was brought: "draft", "review", "publicity", "objection".
func (s *scene) draft(policy creditbank.RulePolicy, by, institution, state string) string {
	s.t.Helper()
	if by == "" {
		by = "operator:author"
	}
	bank, ctx := s.Governed(policy), s.t.Context()
	as := func(who string) creditbank.RuleRequest {
		return creditbank.RuleRequest{By: creditbank.Caller{ID: who}}
	}
	d, err := bank.DraftRules(ctx, as(by), creditbank.InstitutionID(institution), s.proposal())
	s.must(err)
	if state != "draft" {
		_, err = bank.SubmitDraft(ctx, as(by), d.Number, 1)
		s.must(err)
	}
	if state == "publicity" || state == "objection" {
		_, err = bank.ReviewDraft(ctx, as("operator:first"), d.Number, creditbank.DraftVerdict{Revision: 1, Approve: true})
		s.must(err)
	}
	if state == "objection" {
		_, _, err = bank.Object(ctx, as("operator:citizen"), d.Number, "不妥")
		s.must(err)
	}
	return fmt.Sprint("/v1/rule-drafts/", d.Number)
}

// stand has rules suspended, or not.
func (s *scene) stand(target creditbank.RuleTarget, suspended bool) {
	s.t.Helper()
	s.must(s.Bank.Refresh(s.t.Context()))
	by := creditbank.RuleRequest{By: creditbank.Caller{ID: "operator:test"}}
	is := slices.ContainsFunc(s.Bank.Catalogue().Rules.Standing().Suspended, func(x creditbank.RuleSuspension) bool { return x.Target == target })
	var err error
	if suspended && !is {
		_, err = s.Bank.SuspendRules(s.t.Context(), by, target, "核查")
	} else if !suspended && is {
		_, err = s.Bank.ResumeRules(s.t.Context(), by, target, "查清")
	}
	s.must(err)
}

func ruleOperations() []operation {
	revision := map[string]any{"revision": 1}
	post := func(path string, body any) ask { return ask{method: "POST", path: path, body: body} }
	// on asks for something about a draft that is made for it.
	on := func(institution, state, rest string, body any) func(*scene, person) ask {
		return func(s *scene, _ person) ask {
			return post(s.keep(state+institution, func() string { return s.draft(strict, "", institution, state) })+rest, body)
		}
	}
	none := func(rest string, body any) func(*scene) ask {
		return func(*scene) ask { return post("/v1/rule-drafts/999999"+rest, body) }
	}
	verdict := map[string]any{"revision": 1, "approve": false, "note": "依据不足"}
	answer := map[string]any{"upheld": false, "reason": "依据见附件"}
	why := map[string]any{"reason": "不再需要"}
	r05, unknown := map[string]any{"rule": "R05", "reason": "核查"}, map[string]any{"rule": "R99", "reason": "核查"}
	standing := func(path string, suspended bool) func(*scene, person) ask {
		return func(s *scene, _ person) ask {
			s.stand(creditbank.RuleTarget{Rule: "R05"}, suspended)
			return post(path, r05)
		}
	}
	noRule := func(path string) func(*scene) ask {
		return func(*scene) ask { return post(path, unknown) }
	}
	resumed := func(s *scene) { s.stand(creditbank.RuleTarget{Rule: "R05"}, false) }
	return []operation{
		{id: "getRuleChanges", ask: get("/v1/rule-sets/1/changes"), none: func(*scene) ask { return ask{method: "GET", path: "/v1/rule-sets/9999/changes"} }},
		{id: "listRuleDrafts", ask: get("/v1/rule-drafts")},
		{id: "getRuleDraft", about: "in publicity", ask: func(s *scene, _ person) ask {
			return ask{method: "GET", path: s.keep("public", func() string { return s.draft(strict, "", "", "publicity") })}
		}, none: func(*scene) ask { return ask{method: "GET", path: "/v1/rule-drafts/999999"} }},
		{id: "createRuleDraft", about: "of I01", by: roles(ofI01, "manager", "operator"), ask: func(s *scene, _ person) ask { return post("/v1/rule-drafts", s.draftBody("I01")) }},
		{id: "createRuleDraft", about: "of the bank", by: roles(city, "manager", "operator"), ask: func(s *scene, _ person) ask { return post("/v1/rule-drafts", s.draftBody("")) }},
		{id: "reviseRuleDraft", by: roles(ofI01, "manager", "operator"), ask: func(s *scene, _ person) ask {
			return post(s.keep("of I01", func() string { return s.draft(strict, "", "I01", "draft") })+"/revisions", s.draftBody(""))
		}, none: func(s *scene) ask { return post("/v1/rule-drafts/999999/revisions", s.draftBody("")) }},
		{id: "submitRuleDraft", by: roles(city, "manager", "operator"), ask: on("", "draft", "/submit", revision), none: none("/submit", revision)},
		{id: "reviewRuleDraft", about: "of the bank", by: roles(city, "reviewer"), ask: on("", "review", "/review", verdict), none: none("/review", verdict)},
		{id: "withdrawRuleDraft", by: roles(city, "manager", "operator"), ask: func(s *scene, p person) ask {
			author := ""
			if p.token != "" {
				author = p.caller()
			}
			return post(s.draft(strict, author, "", "draft")+"/withdraw", why)
		}, none: none("/withdraw", why)},
		{id: "objectToRuleDraft", by: everyone, ask: on("", "publicity", "/objections", map[string]any{"text": "不妥"}), none: none("/objections", map[string]any{"text": "不妥"})},
		{id: "answerRuleObjection", by: roles(city, "reviewer", "operator"), ask: on("", "objection", "/objections/1/answer", answer), none: none("/objections/1/answer", answer)},
		{id: "publishRuleDraft", by: roles(city, "operator"), ask: func(s *scene, _ person) ask {
			return post(s.keep("approved", func() string { return s.draft(creditbank.RulePolicy{}, "", "", "review") })+"/publish", revision)
		}, none: none("/publish", revision)},
		{id: "suspendRules", about: "R05", by: roles(ofI01, "manager", "operator"), ask: standing("/v1/rule-suspensions", false), none: noRule("/v1/rule-suspensions"), after: resumed},
		{id: "suspendRules", about: "all", by: map[access.Role]reach{"manager": city, "operator": city}, ask: func(s *scene, _ person) ask {
			s.stand(creditbank.RuleTarget{}, false)
			return post("/v1/rule-suspensions", map[string]any{"reason": "核查"})
		}, after: func(s *scene) { s.stand(creditbank.RuleTarget{}, false) }},
		{id: "resumeRules", by: roles(ofI01, "manager", "operator"), ask: standing("/v1/rule-resumptions", true), none: noRule("/v1/rule-resumptions"), after: resumed},
		{id: "retireRules", by: roles(ofI01, "manager", "operator"), ask: func(s *scene, _ person) ask {
			return post("/v1/rule-retirements", map[string]any{"rule": "R05", "reason": "课程停开", "through": fmt.Sprintf("%d-12-31", 2040+s.number()%50)})
		}, none: func(*scene) ask {
			return post("/v1/rule-retirements", map[string]any{"rule": "R99", "reason": "课程停开", "through": "2040-12-31"})
		}},
	}
}
