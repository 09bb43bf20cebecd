package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

func (p *program) awardCommand() *cobra.Command {
	return group("award", "授予与复核 diplomas, and cases about what they rest on",
		"  creditbank award confer L2 P1 --own T-A2=3 --own 30\n  creditbank award list L2\n  creditbank award decide L2 14 --uphold --reason 复核无误",
		p.conferCommand(), p.awardListCommand(), p.withdrawAwardCommand(), p.casesCommand(), p.decideCaseCommand())
}

func (p *program) conferCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "confer LEARNER PROGRAMME",
		Short: "授予 confer a diploma or a certificate of completion",
		Long: "除选修外各课程须已修满，总学分须达到专业要求；在本机构修读的学分以 --own 说明，可多次使用：T-A2=3 是某门课程，30 是其他课程。\n" +
			"Every slot but electives must be filled and the programme's credits reached. What was studied at the institution itself\n" +
			"is stated by --own, any number of times: T-A2=3 for a slot, 30 for other courses of the programme.",
		Example: "  creditbank award confer L2 P1 --own T-A2=3 --own 30",
		Args:    exactly("LEARNER", "PROGRAMME"),
	}
	kind := c.Flags().String("kind", string(creditbank.AwardDiploma), "DIPLOMA 毕业证书，COMPLETION 结业证书; the kind of award")
	own := c.Flags().StringArray("own", nil, "在本机构修读的学分 `[SLOT=]CREDITS` studied at the institution")
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		l, err := s.learner(ctx, args[0])
		if err != nil {
			return err
		}
		studied, err := ownStudy(*own)
		if err != nil {
			return err
		}
		act, err := s.Confer(ctx, s.change(l.ID), creditbank.Awarding{Kind: creditbank.AwardKind(*kind), Programme: creditbank.ProgrammeID(args[1]), Own: studied})
		if err != nil {
			return err
		}
		return p.showActs(ctx, s, l, []creditbank.Act{act})
	})
	return p.addKey(c)
}

// ownStudy reads what --own says.
func ownStudy(flags []string) ([]creditbank.OwnStudy, error) {
	var own []creditbank.OwnStudy
	for _, f := range flags {
		slot, amount, ok := strings.Cut(f, "=")
		if !ok {
			slot, amount = "", f
		}
		credits, err := creditbank.ParseCredits(amount)
		if err != nil {
			return nil, creditbank.Invalid(codeUsage, "--own", fmt.Sprintf("“%s”应写成 课程=学分 或 学分，如 T-A2=3", f), fmt.Sprintf("%q is neither SLOT=CREDITS nor CREDITS, such as T-A2=3", f))
		}
		own = append(own, creditbank.OwnStudy{Credits: credits, Slot: creditbank.SlotID(slot)})
	}
	return own, nil
}

// An awardView is an award as it stands.
type awardView struct {
	Seq int64 `json:"seq"`
	creditbank.Conferral
	State       creditbank.AwardState `json:"state"`
	Day         creditbank.Date       `json:"day"`
	WithdrawnOn creditbank.Date       `json:"withdrawn_on,omitempty"`
}

// A caseView is a case as it stands.
type caseView struct {
	Seq        int64                `json:"seq"`
	Learner    creditbank.LearnerID `json:"learner"`
	Conversion int64                `json:"conversion"`
	Award      int64                `json:"award"`
	Since      int64                `json:"since"`
	State      creditbank.CaseState `json:"state"`
	Day        creditbank.Date      `json:"day"`
	By         string               `json:"by"` // who revoked or revised the source
	Reason     string               `json:"reason,omitempty"`
}

func newCaseView(a *creditbank.Account, k *creditbank.Case) caseView {
	return caseView{k.Seq, a.Learner, k.Conversion, k.Award, k.Since, a.CaseState(k), k.Day, k.By.ID, k.Reason}
}

func (p *program) awardListCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "list LEARNER", Args: exactly("LEARNER"),
		Short:   "授予与复核 the awards of a learner, and the cases about them",
		Example: "  creditbank award list L2",
	}
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		l, err := s.learner(ctx, args[0])
		if err != nil {
			return err
		}
		a, err := s.Account(ctx, l.ID)
		if err != nil {
			return err
		}
		v := struct {
			Learner learnerView `json:"learner"`
			Awards  []awardView `json:"awards"`
			Cases   []caseView  `json:"cases"`
		}{l, []awardView{}, []caseView{}}
		for _, w := range a.Awards {
			v.Awards = append(v.Awards, awardView{w.Seq, w.Conferral, a.StateOf(w), w.Day, w.WithdrawnOn})
		}
		for _, k := range a.Cases {
			v.Cases = append(v.Cases, newCaseView(a, k))
		}
		return p.show(v, func(out *term.Screen) {
			out.Title(tx(l.heading(), l.heading()))
			if len(v.Awards) == 0 {
				out.Say(0, tx("没有授予", "nothing was conferred"))
			}
			for _, w := range v.Awards {
				writeAward(out, s.Catalogue(), w)
			}
			for _, k := range v.Cases {
				writeCase(out, k)
			}
		})
	})
	return c
}

var awardStates = map[creditbank.AwardState]creditbank.Text{
	creditbank.AwardStanding:   {ZH: "有效", EN: "standing"},
	creditbank.AwardInQuestion: {ZH: "复核中", EN: "in question"},
	creditbank.AwardImpaired:   {ZH: "所依据的学分已冲正", EN: "a line it rested on was reversed"},
	creditbank.AwardWithdrawn:  {ZH: "已撤销", EN: "withdrawn"},
}

var caseStates = map[creditbank.CaseState]creditbank.Text{
	creditbank.CaseOpen:     {ZH: "待决定", EN: "open"},
	creditbank.CaseUpheld:   {ZH: "维持", EN: "upheld"},
	creditbank.CaseReversed: {ZH: "冲正", EN: "reversed"},
	creditbank.CaseMoot:     {ZH: "无需决定", EN: "moot"},
}

func writeAward(out *term.Screen, cat *creditbank.Catalogue, w awardView) {
	mark, style := "✓", term.Good
	if w.State != creditbank.AwardStanding {
		mark, style = "!", term.Warn
	}
	pr, _ := programme(cat, w.Programme)
	kind, state := w.Kind.Text(), awardStates[w.State]
	out.Mark(0, mark, style, tx(
		fmt.Sprintf("第%d项 %s %s %s，%s学分，%s：%s", w.Seq, w.Programme, pr.Title.ZH, kind.ZH, w.Credits, w.Day, state.ZH),
		fmt.Sprintf("entry %d: %s %s, %s, %s credits, %s: %s", w.Seq, w.Programme, pr.Title.EN, kind.EN, w.Credits, w.Day, state.EN)))
}

func writeCase(out *term.Screen, k caseView) {
	mark, style := "·", term.Dim
	if k.State == creditbank.CaseOpen {
		mark, style = "?", term.Warn
	}
	state := caseStates[k.State]
	out.Mark(0, mark, style, tx(
		fmt.Sprintf("复核第%d项：转换第%d项，授予第%d项，因第%d项，%s：%s", k.Seq, k.Conversion, k.Award, k.Since, k.Day, state.ZH),
		fmt.Sprintf("case %d: conversion %d, award %d, because of entry %d, %s: %s", k.Seq, k.Conversion, k.Award, k.Since, k.Day, state.EN)))
	if k.Reason != "" {
		out.Say(4, tx(k.Reason, k.Reason))
	}
}

// seqArg reads the place of an entry in an account.
func seqArg(name, arg string) (int64, error) {
	n, err := strconv.ParseInt(arg, 10, 64)
	if err != nil || n < 1 {
		return 0, creditbank.Invalid(codeUsage, name, fmt.Sprintf("“%s”不是序号", arg), fmt.Sprintf("%q is not the number of an entry", arg))
	}
	return n, nil
}

func (p *program) withdrawAwardCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "withdraw LEARNER AWARD", Args: exactly("LEARNER", "AWARD"),
		Short:   "撤销授予 withdraw an award; the lines it rested on stay",
		Example: "  creditbank award withdraw L2 12 --reason 误授",
	}
	reason := c.Flags().String("reason", "", "理由，记入账户; why, for the record")
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		seq, err := seqArg("AWARD", args[1])
		if err != nil {
			return err
		}
		l, err := s.learner(ctx, args[0])
		if err != nil {
			return err
		}
		act, err := s.WithdrawAward(ctx, s.change(l.ID), seq, *reason)
		if err != nil {
			return err
		}
		return p.showActs(ctx, s, l, []creditbank.Act{act})
	})
	return p.addKey(c)
}

// casesPage is how many cases are read at a time.
const casesPage = 1000

func (p *program) casesCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "cases", Args: exactly(),
		Short:   "待决定的复核 the cases of all learners that await a decision",
		Example: "  creditbank award cases",
	}
	c.RunE = p.onBank(func(ctx context.Context, s *session, _ []string) error {
		v := struct {
			Cases []caseView `json:"cases"`
		}{[]caseView{}}
		for after, more := (creditbank.RowRef{}), true; more; {
			refs, err := s.Cases(ctx, after, casesPage)
			if err != nil {
				return err
			}
			for _, ref := range refs {
				a, err := s.Account(ctx, ref.Learner)
				if err != nil {
					return err
				}
				if k := a.Case(ref.Seq); a.CaseState(k) == creditbank.CaseOpen {
					v.Cases = append(v.Cases, newCaseView(a, k))
				}
				after = ref
			}
			more = len(refs) == casesPage
		}
		return p.show(v, func(out *term.Screen) {
			if len(v.Cases) == 0 {
				out.Say(0, tx("没有待决定的复核", "no case awaits a decision"))
			}
			for _, k := range v.Cases {
				writeCase(out, k)
			}
		})
	})
	return c
}

func (p *program) decideCaseCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "decide LEARNER CASE",
		Short: "决定复核 decide a case: --uphold or --reverse",
		Long: "--uphold 维持转换；--reverse 冲正该转换及其所有下游转换，可同时 --withdraw-award 撤销授予。撤销或更正来源的人不能决定。\n" +
			"--uphold keeps the conversion; --reverse reverses it with all that rests on it, and with --withdraw-award the award too.\n" +
			"Whoever revoked or revised the source cannot decide: say who does by --as.",
		Example: "  creditbank award decide L2 14 --reverse --withdraw-award --reason 来源不实 --as operator:registrar",
		Args:    exactly("LEARNER", "CASE"),
	}
	uphold := c.Flags().Bool("uphold", false, "维持转换; the conversion stays")
	reverse := c.Flags().Bool("reverse", false, "冲正转换; the conversion is reversed")
	withdraw := c.Flags().Bool("withdraw-award", false, "同时撤销授予; withdraw the award too")
	reason := c.Flags().String("reason", "", "理由，记入账户; why, for the record")
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		if *uphold == *reverse {
			return creditbank.Invalid(codeUsage, "--uphold", "请用 --uphold 或 --reverse 之一", "say one of --uphold and --reverse")
		}
		seq, err := seqArg("CASE", args[1])
		if err != nil {
			return err
		}
		l, err := s.learner(ctx, args[0])
		if err != nil {
			return err
		}
		acts, err := s.DecideCase(ctx, s.change(l.ID), seq, creditbank.CaseRuling{Uphold: *uphold, Withdraw: *withdraw, Reason: *reason})
		if err != nil {
			return err
		}
		slices.SortFunc(acts, func(a, b creditbank.Act) int { return int(a.Seq - b.Seq) })
		return errors.Join(p.showActs(ctx, s, l, acts), s.follow(ctx))
	})
	return p.addKey(c)
}
