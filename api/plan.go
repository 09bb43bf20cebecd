package api

import (
	"slices"

	"creditbank/api/contract"
	"creditbank/creditbank"
)

// wirePlan returns a plan with its steps and its proof in words.
func wirePlan(cat *creditbank.Catalogue, p creditbank.Plan) contract.Plan {
	w := contract.Plan{
		Learner: string(p.Learner), Programme: string(p.Programme), Date: p.Day.String(), Credits: p.Credits, Forfeited: p.Forfeited,
		Steps: mapped(p.Steps, func(step creditbank.RuleID) contract.PlanStep {
			title, _, _ := cat.Rules.RuleTitle(step)
			return contract.PlanStep{Rule: string(step), Title: wireText(title), Reviewed: slices.Contains(p.Reviewed, step)}
		}),
		Proof: contract.PlanProof{AtMost: p.Proof.Bound, Exact: p.Proof.Exact, Gap: p.Gap(), Parts: []contract.BoundPart{}, Room: p.Proof.Limit},
	}
	said := creditbank.ExplainPlan(cat, p) // the conclusion, then one for each part
	w.Proof.Text = wireText(said[0])
	for i, part := range p.Proof.Parts {
		w.Proof.Parts = append(w.Proof.Parts, contract.BoundPart{
			Credits: part.Credits, Kind: contract.BoundPartKind(part.Kind), Lot: optional(part.Lot), Name: part.Name, Text: wireText(said[i+1]),
		})
	}
	return w
}

// wireComparison returns what was asked for beside the best; nil where nothing is
// compared.
func wireComparison(cat *creditbank.Catalogue, c creditbank.Comparison) *contract.Comparison {
	if c.Best == nil {
		return nil
	}
	return &contract.Comparison{
		Asked:    contract.AskedFor{Credits: c.Asked.Credits, Forfeited: c.Asked.Forfeited, Steps: texts(c.Asked.Steps)},
		Best:     wirePlan(cat, *c.Best),
		Improves: c.Improves(),
	}
}
