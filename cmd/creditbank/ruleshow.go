package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

// A spanView is a version of a rule with the rule sets that it stands in.
type spanView struct {
	First   int             `json:"first_rule_set"`
	Last    int             `json:"last_rule_set"`
	InForce bool            `json:"in_force"`
	Version int             `json:"version,omitempty"`
	Title   creditbank.Text `json:"title"`
	From    creditbank.Date `json:"from"`
	To      creditbank.Date `json:"to"`
	Hash    string          `json:"hash"`

	Suspended creditbank.Date `json:"suspended,omitzero"` // since
	Retired   creditbank.Date `json:"retired,omitzero"`   // through
	Rule      *rule.Rule      `json:"definition"`
}

func newSpanView(s rule.Span) spanView {
	v := spanView{s.First, s.Last, s.InForce, s.Rule.Version, s.Rule.Title, s.Rule.From, s.Rule.To, s.Rule.Hash().String(), 0, 0, s.Rule}
	if s.Suspension != nil {
		v.Suspended = s.Suspension.Since
	}
	if s.Retirement != nil {
		v.Retired = s.Retirement.Through
	}
	return v
}

func (p *program) rulesShowCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "show RULE",
		Short:   "规则的各版本 a rule in every version there is or was, with windows and rule sets",
		Example: "  creditbank rules show R05\n  creditbank rules show R05 --at 2026-03-15 --json",
		Args:    exactly("RULE"),
	}
	on := c.Flags().String("at", "", "何日有效，缺省为今天; which is in force on a `DAY`, today if left out")
	c.RunE = p.onBank(func(_ context.Context, s *session, args []string) error {
		at := s.Today()
		if *on != "" {
			var err error
			if at, err = creditbank.ParseDate(*on); err != nil {
				return creditbank.Invalid(codeUsage, "--at", "请用 --at 给出日期，如2026-03-15", "give a day with --at, such as 2026-03-15")
			}
		}
		v := struct {
			ID       string          `json:"id"`
			At       creditbank.Date `json:"at"`
			Versions []spanView      `json:"versions"`
		}{args[0], at, []spanView{}}
		for _, span := range rule.History(s.Catalogue().RuleSets, creditbank.RuleID(args[0]), at) {
			v.Versions = append(v.Versions, newSpanView(span))
		}
		if len(v.Versions) == 0 {
			return creditbank.NotFound(creditbank.CodeUnknownRule, "rule", "没有规则 "+args[0], "there is no rule "+args[0])
		}
		return p.show(v, func(out *term.Screen) { writeSpans(out, v.ID, v.At, v.Versions) })
	})
	return c
}

func writeSpans(out *term.Screen, id string, at creditbank.Date, versions []spanView) {
	out.Title(txf("规则 %s（%s有效者以 ✓ 标出）", "rule %s (✓ is in force on %s)", id, at))
	var rows [][]term.Cell
	for _, v := range versions {
		mark, version := "", ""
		if v.InForce {
			mark = "✓"
		}
		if v.Version > 0 {
			version = fmt.Sprint(v.Version)
		}
		rows = append(rows, []term.Cell{
			{Text: mark, Style: term.Good}, term.Of(version), term.Of(out.Stack(v.Title)), term.Of(v.From.String()), term.Of(v.To.String()),
			term.Of(fmt.Sprintf("%d–%d", v.First, v.Last)), {Text: v.Suspended.String(), Style: term.Bad}, term.Of(v.Hash[:8]),
		})
	}
	out.Table(0, []term.Column{
		{}, {Head: tx("版", "version")}, {Head: tx("名称", "title"), Flex: true}, {Head: tx("自", "from")}, {Head: tx("至", "through")},
		{Head: tx("规则集", "rule sets")}, {Head: tx("暂停自", "suspended since")}, {Head: tx("散列", "hash")},
	}, rows)
}
