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
		v, err := s.convert(ctx, l, args[1:], *preview, *forfeit)
		if err != nil {
			return err
		}
		return p.show(v, func(out *term.Screen) {
			out.Title(tx(l.heading(), l.heading()))
			if *preview {
				out.Say(0, tx("试算，未入账", "a preview: nothing was recorded"))
			}
			for _, d := range v.Decisions {
				writeDecision(out, s.Catalogue(), d)
			}
			writeComparison(out, p, v)
		})
	})
	return p.addKey(c)
}

// A convertView is what conversions came to, or would.
type convertView struct {
	Learner    learnerView     `json:"learner"`
	Preview    bool            `json:"preview"`
	Decisions  []decisionView  `json:"decisions"`
	Comparison *comparisonView `json:"comparison,omitempty"` // of a preview of several rules
}

// convert asks for conversions, or only looks what they would come to.
func (s *session) convert(ctx context.Context, l learnerView, names []string, preview bool, forfeit string) (convertView, error) {
	v := convertView{Learner: l, Preview: preview}
	rules := make([]creditbank.RuleID, len(names))
	for i, n := range names {
		rules[i] = creditbank.RuleID(n)
	}
	if preview {
		c, err := s.Compare(ctx, l.ID, rules)
		for _, d := range c.Decisions {
			v.Decisions = append(v.Decisions, newDecisionView(s.Catalogue(), 0, d))
		}
		v.Comparison = newComparisonView(s.Catalogue(), c)
		return v, err
	}
	convert := s.Convert
	if forfeit != "" {
		agreed, err := creditbank.ParseCredits(forfeit)
		if err != nil {
			return v, err
		}
		convert = func(ctx context.Context, c creditbank.Change, rules []creditbank.RuleID) ([]creditbank.Act, error) {
			return s.ConvertConfirmed(ctx, c, rules, agreed)
		}
	}
	acts, err := convert(ctx, s.change(l.ID), rules)
	for _, a := range acts {
		v.Decisions = append(v.Decisions, newDecisionView(s.Catalogue(), a.Seq, a.Body.Decision))
	}
	return v, err
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
