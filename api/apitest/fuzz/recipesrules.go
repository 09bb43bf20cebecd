package fuzz

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"creditbank/api/apitest/generate"
	"creditbank/api/contract"
	"creditbank/creditbank"
)

// lawfulPolicy is what drafts of rules must pass in the scene's own bank: so they stay
// in review and in publicity. By the service's they are approved at once.
var lawfulPolicy = creditbank.RulePolicy{Quorum: 1, PublicityDays: 30}

// setter sets the scene of drafts, beside the callers.
var setter = creditbank.RuleRequest{By: creditbank.Caller{ID: "operator:scene"}}

// proposal is what a draft says: the city's rules with another word in them.
func (d *draw) proposal() creditbank.RuleProposal {
	rules := strings.Replace(string(d.files.Rules), "Save small, redeem whole", "Save small, redeem whole "+d.tag(), 1)
	return creditbank.RuleProposal{
		Base: d.newestRules(), Title: creditbank.Text{ZH: "修订" + d.tag()},
		Files: creditbank.RuleFiles{Rules: []byte(rules), Programmes: d.files.Programmes},
	}
}

// draft returns a draft by somebody, brought as far as the steps lead. Where
// others were faster, it is not.
func (d *draw) draft(bank *creditbank.Bank, by string, steps ...func(*creditbank.Bank, int) error) int {
	request := creditbank.RuleRequest{By: creditbank.Caller{ID: by}}
	if by == "" {
		request = setter
	}
	made, err := bank.DraftRules(d.t.Context(), request, "", d.proposal())
	if err != nil {
		return 1
	}
	for _, step := range steps {
		if step(bank, made.Number) != nil {
			break
		}
	}
	d.drafts.Add(made.Number)
	return made.Number
}

func (d *draw) submitted(b *creditbank.Bank, n int) error {
	_, err := b.SubmitDraft(d.t.Context(), setter, n, 1)
	return err
}

func (d *draw) approved(b *creditbank.Bank, n int) error {
	reviewer := creditbank.RuleRequest{By: creditbank.Caller{ID: "operator:reviewer"}}
	_, err := b.ReviewDraft(d.t.Context(), reviewer, n, creditbank.DraftVerdict{Revision: 1, Approve: true})
	return err
}

func (d *draw) objected(b *creditbank.Bank, n int) error {
	_, _, err := b.Object(d.t.Context(), creditbank.RuleRequest{By: creditbank.Caller{ID: "operator:citizen"}}, n, "不妥 "+d.tag())
	return err
}

// wireProposal is a proposal as a body.
func (d *draw) wireProposal() object {
	p := d.proposal()
	body := object{
		"base": number(p.Base), "title": object{"zh": p.Title.ZH}, "rules": string(p.Files.Rules), "programmes": string(p.Files.Programmes),
		"comment": "说明\n" + d.tag(), "legal_basis": []any{"文件〔2026〕1号"},
	}
	if d.Chance(20) {
		body["rules"] = "rules: " + d.tag()
	}
	return body
}

// target is what to suspend, resume or retire: mostly one rule.
func (d *draw) target() object {
	body := object{"reason": "核查 " + d.tag()}
	switch d.IntN(10) {
	case 0:
	case 1, 2:
		body["programme"] = pick(d, &d.programmes, "P1")
	default:
		body["rule"] = pick(d, &d.rules, "R10")
	}
	return body
}

// ruleRecipes are the recipes of the life of rules.
var ruleRecipes = map[string]func(*draw){
	"createRuleDraft": func(d *draw) {
		d.q.Tree = d.wireProposal()
		if d.Chance(30) {
			d.q.Tree.(object)["institution"] = pick(d, &d.institutions, "I01")
		}
	},
	"getRuleDraft": func(d *draw) {
		d.q.Vars["draft"] = fmt.Sprint(pick(d, &d.drafts, 1))
		d.q.Query.Del("revision")
	},
	"getRuleChanges": func(d *draw) { d.q.Vars["version"] = fmt.Sprint(d.Between(1, d.newestRules())) },
	"reviseRuleDraft": func(d *draw) {
		d.q.Vars["draft"], d.q.Tree = fmt.Sprint(d.draft(d.lawful, "")), d.wireProposal()
	},
	"submitRuleDraft": func(d *draw) {
		d.q.Vars["draft"], d.q.Tree = fmt.Sprint(d.draft(d.lawful, "")), object{"revision": number(1)}
	},
	"reviewRuleDraft": func(d *draw) {
		d.q.Vars["draft"] = fmt.Sprint(d.draft(d.lawful, "", d.submitted))
		d.q.Tree = object{"revision": number(1), "approve": d.Chance(60), "note": "意见 " + d.tag()}
	},
	"withdrawRuleDraft": func(d *draw) {
		d.q.Vars["draft"], d.q.Tree = fmt.Sprint(d.draft(d.lawful, d.c.sub)), object{"reason": "不再需要"}
	},
	"objectToRuleDraft": func(d *draw) {
		d.q.Vars["draft"], d.q.Tree = fmt.Sprint(d.draft(d.lawful, "", d.submitted, d.approved)), object{"text": "不妥 " + d.tag()}
	},
	"answerRuleObjection": func(d *draw) {
		d.q.Vars["draft"], d.q.Vars["objection"] = fmt.Sprint(d.draft(d.lawful, "", d.submitted, d.approved, d.objected)), "1"
		d.q.Tree = object{"upheld": d.Chance(30), "reason": "理由 " + d.tag()}
	},
	"publishRuleDraft": func(d *draw) {
		d.q.Vars["draft"], d.q.Tree = fmt.Sprint(d.draft(d.lawless, "", d.submitted)), object{"revision": number(1)}
	},
	"suspendRules": func(d *draw) { d.q.Tree = d.target() },
	"resumeRules": func(d *draw) {
		body := d.target()
		if all := d.Bank.Catalogue().Rules.Standing().Suspended; len(all) > 0 {
			t := generate.Pick(d.Rand, all...).Target
			body = object{"reason": "已查清"}
			if t.Rule != "" {
				body["rule"] = string(t.Rule)
			}
			if t.Programme != "" {
				body["programme"] = string(t.Programme)
			}
		}
		d.q.Tree = body
	},
	"retireRules": func(d *draw) {
		body := d.target()
		body["through"] = d.day(400, 900)
		d.q.Tree = body
	},
}

var takeRuleSet = taking(func(d *draw, r contract.RuleSetSummary) { d.published(r.Version) })

// ruleHarvests are what is taken from the answers about the life of rules.
var ruleHarvests = map[string]func(*draw, http.Header, []byte){
	"publishRuleDraft": takeRuleSet, "suspendRules": takeRuleSet, "resumeRules": takeRuleSet, "retireRules": takeRuleSet,
	"listRuleDrafts": taking(func(d *draw, l struct {
		Drafts []contract.RuleDraftSummary `json:"drafts"`
	}) {
		for _, one := range slices.Backward(l.Drafts) {
			d.drafts.Add(one.Draft)
		}
	}),
}
