package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

func (p *program) planCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "plan LEARNER PROGRAMME",
		Short:   "规划 the best conversions towards a programme, and their order",
		Example: "  creditbank plan L4 P1",
		Args:    exactly("LEARNER", "PROGRAMME"),
	}
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		l, err := s.learner(ctx, args[0])
		if err != nil {
			return err
		}
		plan, err := s.Plan(ctx, l.ID, creditbank.ProgrammeID(args[1]))
		if err != nil {
			return err
		}
		decisions, err := s.Preview(ctx, l.ID, plan.Steps)
		if err != nil {
			return err
		}
		v := newPlanView(s.Catalogue(), l, plan, decisions)
		return p.show(v, func(out *term.Screen) { writePlan(out, s.Catalogue(), p, v) })
	})
	return c
}

// A planView is a plan with the decisions it would bring.
type planView struct {
	Learner   learnerView            `json:"learner"`
	Programme creditbank.ProgrammeID `json:"programme"`
	Day       creditbank.Date        `json:"day"`
	Credits   creditbank.Credits     `json:"credits"`
	Forfeited creditbank.Credits     `json:"forfeited"`
	Steps     []creditbank.RuleID    `json:"steps"`
	Reviewed  []creditbank.RuleID    `json:"reviewed,omitempty"` // steps that need a reviewer
	Proof     proofView              `json:"proof"`
	Decisions []decisionView         `json:"decisions"`
}

func newPlanView(cat *creditbank.Catalogue, l learnerView, plan creditbank.Plan, decisions []*creditbank.Decision) planView {
	v := planView{l, plan.Programme, plan.Day, plan.Credits, plan.Forfeited, orEmpty(plan.Steps), plan.Reviewed, newProofView(cat, plan), []decisionView{}}
	for _, d := range decisions {
		v.Decisions = append(v.Decisions, newDecisionView(cat, 0, d))
	}
	return v
}

func writePlan(out *term.Screen, cat *creditbank.Catalogue, p *program, v planView) {
	pr, _ := programme(cat, v.Programme)
	head := fmt.Sprintf("%s → %s %s", v.Learner.heading(), pr.ID, out.Pick(pr.Title))
	out.Title(tx(head, head))
	if len(v.Steps) == 0 {
		out.Say(0, tx("目前没有可行的转换；各规则的原因可用 convert --preview 查看", "no conversion is possible today; convert --preview tells why, rule by rule"))
		return
	}
	out.Say(0, txf("按此顺序可得%s学分，放弃%s学分", "in this order: %s credits granted, %s forfeited", v.Credits, v.Forfeited))
	if len(v.Reviewed) > 0 {
		out.Say(0, txf("其中%v须经审核批准", "if a reviewer approves of %v", v.Reviewed))
	}
	for _, d := range v.Decisions {
		writeDecision(out, cat, d)
	}
	writeProof(out, v.Proof)
	out.Blank()
	out.Line("  " + p.command("convert", v.Learner.called(), joinRules(v.Steps)))
}

func joinRules(rules []creditbank.RuleID) string {
	names := make([]string, len(rules))
	for i, r := range rules {
		names[i] = string(r)
	}
	return strings.Join(names, " ")
}

// A proofView says why no plan is better, or how much better one could be.
type proofView struct {
	Exact bool               `json:"exact"`
	Most  creditbank.Credits `json:"at_most"`
	Gap   creditbank.Credits `json:"gap"`
	Room  creditbank.Credits `json:"room"` // what the parts come to
	Text  creditbank.Text    `json:"text"`
	Parts []partView         `json:"parts"`
}

type partView struct {
	Kind    creditbank.BoundKind `json:"kind"`
	Name    string               `json:"name"`
	Lot     int64                `json:"lot,omitempty"`
	Credits creditbank.Credits   `json:"credits"`
	Text    creditbank.Text      `json:"text"`
}

func newProofView(cat *creditbank.Catalogue, plan creditbank.Plan) proofView {
	said := creditbank.ExplainPlan(cat, plan) // the conclusion, then one for each part
	v := proofView{plan.Proof.Exact, plan.Proof.Bound, plan.Gap(), plan.Proof.Limit, said[0], []partView{}}
	for i, part := range plan.Proof.Parts {
		v.Parts = append(v.Parts, partView{part.Kind, part.Name, part.Lot, part.Credits, said[i+1]})
	}
	return v
}

func writeProof(out *term.Screen, v proofView) {
	mark, style := "=", term.Good
	if !v.Exact {
		mark, style = "!", term.Warn
	}
	out.Mark(0, mark, style, v.Text)
	for _, part := range v.Parts {
		out.Mark(4, "·", term.Dim, part.Text)
	}
}

// A comparisonView sets what was asked for beside the best order of the same rules.
type comparisonView struct {
	Improves bool         `json:"improves"`
	Asked    sequenceView `json:"asked"`
	Best     sequenceView `json:"best"`
	Proof    proofView    `json:"proof"` // of the best
}

type sequenceView struct {
	Credits   creditbank.Credits  `json:"credits"`
	Forfeited creditbank.Credits  `json:"forfeited"`
	Steps     []creditbank.RuleID `json:"steps"`
}

// newComparisonView returns nil where nothing is compared.
func newComparisonView(cat *creditbank.Catalogue, c creditbank.Comparison) *comparisonView {
	if c.Best == nil {
		return nil
	}
	return &comparisonView{
		Improves: c.Improves(),
		Asked:    sequenceView{c.Asked.Credits, c.Asked.Forfeited, orEmpty(c.Asked.Steps)},
		Best:     sequenceView{c.Best.Credits, c.Best.Forfeited, orEmpty(c.Best.Steps)},
		Proof:    newProofView(cat, *c.Best),
	}
}

// writeComparison writes what asking otherwise would bring; where nothing would be
// better, that.
func writeComparison(out *term.Screen, p *program, v convertView) {
	c := v.Comparison
	if c == nil {
		return
	}
	out.Blank()
	if !c.Improves && !c.Proof.Exact {
		out.Mark(0, "!", term.Warn, txf("所提次序：%s学分；未找到更好的次序", "as asked for: %s credits; no better order of the same rules was found", c.Asked.Credits))
		out.Mark(4, "·", term.Dim, c.Proof.Text)
		return
	}
	if !c.Improves {
		out.Mark(0, "=", term.Good, txf("所提次序：%s学分；同样的规则没有更好的次序", "as asked for: %s credits; no order of the same rules grants more or forfeits less", c.Asked.Credits))
		return
	}
	out.Mark(0, "!", term.Warn, txf("所提次序：%s学分，放弃%s学分；最优次序：%s学分，放弃%s学分", "as asked for: %s credits, %s forfeited; in the best order: %s credits, %s forfeited",
		c.Asked.Credits, c.Asked.Forfeited, c.Best.Credits, c.Best.Forfeited))
	out.Line("  " + p.command("convert", v.Learner.called(), joinRules(c.Best.Steps)))
}
