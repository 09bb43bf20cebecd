package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

func (p *program) convertCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "convert LEARNER RULE...",
		Short: "转换 ask for conversions, one after the other",
		Long: "每条规则的决定（含不予转换）都记入账户；--preview 只试算，不入账。\n" +
			"Every decision, denials too, is put on record; --preview decides and records nothing.",
		Example: "  creditbank convert L2 R05 --preview\n  creditbank convert L2 R05",
		Args:    atLeast("LEARNER", "RULE"),
	}
	forfeit := c.Flags().String("confirm-forfeited", "", "确认放弃的学分合计 `CREDITS` that are forfeited in all, as the preview shows; not asked if left out")
	preview := c.Flags().Bool("preview", false, "试算; decide, but record nothing")
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		l, err := s.learner(ctx, args[0])
		if err != nil {
			return err
		}
		decisions, err := s.convert(ctx, l.ID, args[1:], *preview, *forfeit)
		if err != nil {
			return err
		}
		v := struct {
			Learner   learnerView    `json:"learner"`
			Preview   bool           `json:"preview"`
			Decisions []decisionView `json:"decisions"`
		}{l, *preview, decisions}
		return p.show(v, func(out *term.Screen) {
			out.Title(tx(l.heading(), l.heading()))
			if *preview {
				out.Say(0, tx("试算，未入账", "a preview: nothing was recorded"))
			}
			for _, d := range decisions {
				writeDecision(out, s.Catalogue(), d)
			}
		})
	})
	return p.addKey(c)
}

// convert asks for conversions, or only looks what they would come to.
func (s *session) convert(ctx context.Context, id creditbank.LearnerID, names []string, preview bool, forfeit string) ([]decisionView, error) {
	rules := make([]creditbank.RuleID, len(names))
	for i, n := range names {
		rules[i] = creditbank.RuleID(n)
	}
	var views []decisionView
	if preview {
		decisions, err := s.Preview(ctx, id, rules)
		for _, d := range decisions {
			views = append(views, newDecisionView(s.Catalogue(), 0, d))
		}
		return views, err
	}
	convert := s.Convert
	if forfeit != "" {
		agreed, err := creditbank.ParseCredits(forfeit)
		if err != nil {
			return nil, err
		}
		convert = func(ctx context.Context, c creditbank.Change, rules []creditbank.RuleID) ([]creditbank.Act, error) {
			return s.ConvertConfirmed(ctx, c, rules, agreed)
		}
	}
	acts, err := convert(ctx, s.change(id), rules)
	for _, a := range acts {
		views = append(views, newDecisionView(s.Catalogue(), a.Seq, a.Body.Decision))
	}
	return views, err
}

// writeDecision writes a decision with its reasons.
func writeDecision(out *term.Screen, cat *creditbank.Catalogue, d decisionView) {
	mark, style := "✗", term.Bad
	switch d.Decision {
	case "approve":
		mark, style = "✓", term.Good
	case "pending":
		mark, style = "?", term.Warn
	}
	verdict := verdictText(d.Decision)
	head := tx(fmt.Sprintf("%s %s：%s", d.Rule, d.Title.ZH, verdict.ZH), fmt.Sprintf("%s %s: %s", d.Rule, d.Title.EN, verdict.EN))
	out.Mark(0, mark, style, head)
	for _, l := range d.Lines {
		out.Mark(4, "+", term.Good, tx(
			fmt.Sprintf("%s %s  %s学分  %s", l.Slot, l.Title.ZH, l.Credits, gradeText(l.Grade)),
			fmt.Sprintf("%s %s  %s credits  %s", l.Slot, l.Title.EN, l.Credits, l.Grade)))
		if l.MakeUp > 0 {
			out.Mark(4, "!", term.Warn, txf("另须补足%s学分", "%s credits more have to be made up", l.MakeUp))
		}
	}
	writeReasons(out, d)
	if len(d.Sources) > 0 {
		out.Say(4, tx("使用："+sourceList(cat, d.Sources, "学分", "、"), "used: "+sourceList(cat, d.Sources, " credits", ", ")))
	}
	if d.Forfeited > 0 {
		out.Mark(4, "!", term.Warn, txf("放弃%s学分", "%s credits are forfeited", d.Forfeited))
	}
}

// writeReasons writes why a decision came out as it did.
func writeReasons(out *term.Screen, d decisionView) {
	style := term.Warn
	if d.Decision == "approve" {
		style = term.Dim
	}
	for _, t := range d.Explained {
		out.Mark(4, "·", style, t)
	}
}

// sourceList lists what a conversion used.
func sourceList(cat *creditbank.Catalogue, sources []creditbank.Consumption, unit, separator string) string {
	var parts []string
	for _, s := range sources {
		if _, ok := s.Line(); ok {
			pr, _ := programme(cat, s.Programme)
			slot, _ := pr.Slot(s.Slot)
			parts = append(parts, fmt.Sprintf("%s/%s %s %s%s", s.Programme, s.Slot, slot.Title.ZH, s.Credits, unit))
			continue
		}
		parts = append(parts, fmt.Sprintf("%s %s %s%s", s.Course, cat.Courses[s.Course].Title, s.Credits, unit))
	}
	return strings.Join(parts, separator)
}

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
	Decisions []decisionView         `json:"decisions"`
}

func newPlanView(cat *creditbank.Catalogue, l learnerView, plan creditbank.Plan, decisions []*creditbank.Decision) planView {
	v := planView{l, plan.Programme, plan.Day, plan.Credits, plan.Forfeited, orEmpty(plan.Steps), plan.Reviewed, []decisionView{}}
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
	steps := make([]string, len(v.Steps))
	for i, s := range v.Steps {
		steps[i] = string(s)
	}
	out.Blank()
	out.Line("  " + p.command("convert", v.Learner.called(), strings.Join(steps, " ")))
}
