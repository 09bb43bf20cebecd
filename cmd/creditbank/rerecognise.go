package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
	"creditbank/creditbank/scenario"
)

// A rerecognitionView says what recognising outcomes anew comes to.
type rerecognitionView struct {
	RuleSet  int                    `json:"rule_set"`
	Applied  bool                   `json:"applied"`
	Learners int                    `json:"learners"` // looked at
	ByRule   []byRuleView           `json:"by_rule"`
	Outcomes []rerecognisedView     `json:"outcomes"`
	Failed   []creditbank.LearnerID `json:"failed"` // accounts that could not be looked at
}

type byRuleView struct {
	Rule     creditbank.RuleID                          `json:"rule"`
	Title    creditbank.Text                            `json:"title"`
	Learners int                                        `json:"learners"`
	Outcomes int                                        `json:"outcomes"`
	Credits  map[creditbank.Category]creditbank.Credits `json:"credits"`

	last creditbank.LearnerID // that was counted
}

type rerecognisedView struct {
	Learner     creditbank.LearnerID     `json:"learner"`
	Seq         int64                    `json:"seq"`
	Institution creditbank.InstitutionID `json:"institution"`
	ExternalID  string                   `json:"external_id"`
	Course      creditbank.CourseCode    `json:"course"`
	IssuedOn    creditbank.Date          `json:"issued_on"`
	Was         []creditbank.Reason      `json:"was"`
	Rule        creditbank.RuleID        `json:"rule"`
	Credits     creditbank.Credits       `json:"credits"`
	Lost        creditbank.Credits       `json:"lost"`
	ExpiresOn   creditbank.Date          `json:"expires_on"`
}

// rerecognitionPage is how many learners are looked at at once.
const rerecognitionPage = 200

func (p *program) rerecogniseCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "rerecognise",
		Short: "重新认定 recognise refused outcomes anew by the rules in force",
		Long: "登记时因没有适用规则而未获认定的成果，按现行规则重新认定。不加 --apply 只预览，不作改动。可随时中断、重复执行，\n" +
			"每项成果只认定一次；年度上限中尚余的部分依登记先后使用。\n" +
			"Outcomes that were refused for want of a rule are recognised by the rules in force. Without --apply it only says what\n" +
			"that would come to. It may be stopped and repeated: each outcome is recognised once, in the order of posting, with\n" +
			"what a yearly cap has left.",
		Example: "  creditbank rerecognise\n  creditbank rerecognise --apply\n  creditbank rerecognise --reasons DUPLICATE_SUBJECT",
		Args:    exactly(),
	}
	apply := c.Flags().Bool("apply", false, "执行（否则仅预览）; do it, rather than say what it would come to")
	reasons := c.Flags().StringSlice("reasons", nil, "可解除的理由，逗号分隔；默认 OUTCOME_NOT_RECOGNISED; `REASONS` that may be lifted, with commas between")
	c.RunE = p.onBank(func(ctx context.Context, s *session, _ []string) error {
		q, err := rerecognition(s, *reasons)
		if err != nil {
			return err
		}
		v, err := p.rerecognise(ctx, s, q, *apply)
		if err != nil {
			return err
		}
		if err := p.show(v, func(out *term.Screen) { writeRerecognition(out, v) }); err != nil {
			return err
		}
		if len(v.Failed) > 0 {
			return errReported
		}
		return s.follow(ctx)
	})
	return c
}

// rerecognition returns what is asked for, by the rules in force.
func rerecognition(s *session, codes []string) (creditbank.Rerecognition, error) {
	var q creditbank.Rerecognition
	for _, code := range codes {
		r, err := creditbank.ParseReason(strings.ToUpper(strings.TrimSpace(code)))
		if err != nil {
			return q, creditbank.Invalid(codeUsage, "reasons", fmt.Sprintf("没有理由代码“%s”", code), fmt.Sprintf("there is no reason %q", code))
		}
		q.Reasons = append(q.Reasons, r)
	}
	if rules := s.Catalogue().Rules; rules != nil {
		q.RuleSet = rules.Version()
	}
	return q, nil
}

// rerecognise goes through all learners, page by page.
func (p *program) rerecognise(ctx context.Context, s *session, q creditbank.Rerecognition, apply bool) (rerecognitionView, error) {
	v := rerecognitionView{RuleSet: q.RuleSet, Applied: apply, ByRule: []byRuleView{}, Outcomes: []rerecognisedView{}, Failed: []creditbank.LearnerID{}}
	bar := p.steps()
	defer bar.finish()
	for after := creditbank.LearnerID(""); ; {
		var found creditbank.Rerecognitions
		var err error
		if apply {
			found, err = s.Rerecognise(ctx, s.by, q, after, rerecognitionPage)
		} else {
			found, err = s.PreviewRerecognition(ctx, q, after, rerecognitionPage)
		}
		if err != nil {
			return v, err
		}
		v.add(s.Catalogue(), found)
		bar.step(scenario.Progress{Step: "learners", Done: v.Learners, Of: v.Learners + 1})
		if after = found.Next; after == "" {
			slices.SortFunc(v.ByRule, func(a, b byRuleView) int { return cmp.Compare(a.Rule, b.Rule) })
			return v, nil
		}
	}
}

// add adds a page.
func (v *rerecognitionView) add(cat *creditbank.Catalogue, page creditbank.Rerecognitions) {
	v.Learners += page.Learners
	v.Failed = append(v.Failed, page.Failed...)
	for _, o := range page.Outcomes {
		v.Outcomes = append(v.Outcomes, rerecognisedView{
			o.Learner, o.Seq, o.Institution, o.ExternalID, o.Course, o.IssuedOn, o.Was, o.Now.Rule, o.Now.Credits, o.Now.Lost, o.Now.ExpiresOn,
		})
		i := slices.IndexFunc(v.ByRule, func(r byRuleView) bool { return r.Rule == o.Now.Rule })
		if i < 0 {
			i = len(v.ByRule)
			title, _, _ := cat.Rules.RuleTitle(o.Now.Rule)
			v.ByRule = append(v.ByRule, byRuleView{Rule: o.Now.Rule, Title: title, Credits: map[creditbank.Category]creditbank.Credits{}})
		}
		r := &v.ByRule[i]
		r.Outcomes++
		r.Credits[o.Category] += o.Now.Credits
		if r.last != o.Learner {
			r.last = o.Learner
			r.Learners++
		}
	}
}

func writeRerecognition(out *term.Screen, v rerecognitionView) {
	out.Title(txf("重新认定：规则集第%d版，%d名学习者有未获认定的成果", "recognised anew by rule set %d: %d learners have refused outcomes", v.RuleSet, v.Learners))
	var rows [][]term.Cell
	for _, r := range v.ByRule {
		var credits []string
		for _, c := range slices.Sorted(maps.Keys(r.Credits)) {
			credits = append(credits, out.Pick(c.Text())+" "+r.Credits[c].String())
		}
		rows = append(rows, []term.Cell{
			term.Of(string(r.Rule)), term.Of(out.Stack(r.Title)), term.Of(fmt.Sprint(r.Learners)), term.Of(fmt.Sprint(r.Outcomes)),
			{Text: strings.Join(credits, "\n"), Style: term.Good},
		})
	}
	out.Table(0, []term.Column{{Head: tx("规则", "rule")}, {Flex: true}, {Head: tx("人数", "learners"), Right: true},
		{Head: tx("成果", "outcomes"), Right: true}, {Head: headCredits}}, rows)
	switch {
	case len(v.Outcomes) == 0:
		out.Mark(0, "=", term.Dim, tx("没有可重新认定的成果", "there is nothing to recognise anew"))
	case v.Applied:
		out.Mark(0, "✓", term.Good, txf("已重新认定%d项成果", "%d outcomes recognised anew", len(v.Outcomes)))
	default:
		out.Mark(0, "·", term.Plain, txf("仅为预览，未作改动；加 --apply 执行（%d项成果）", "a preview, nothing was changed; --apply does it (%d outcomes)", len(v.Outcomes)))
	}
	for _, id := range v.Failed {
		out.Mark(0, "✗", term.Bad, txf("学习者 %s 的账户有误，未处理；请运行 doctor", "the account of learner %s is at fault and was left; run doctor", id))
	}
}
