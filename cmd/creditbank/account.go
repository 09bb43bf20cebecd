package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

// dayFlag adds --on to a command. The function it returns reads the day, today
// where none is given.
func dayFlag(c *cobra.Command) func(s *session) (creditbank.Date, error) {
	on := c.Flags().String("on", "", "截至哪一天 as of `DATE`, such as 2026-04-20 (today)")
	return func(s *session) (creditbank.Date, error) {
		if *on == "" {
			return s.Today(), nil
		}
		d, err := creditbank.ParseDate(*on)
		if err != nil {
			return 0, creditbank.Invalid(creditbank.CodeMalformed, "--on", fmt.Sprintf("“%s”不是日期，应写成2026-03-15", *on), fmt.Sprintf("%q is not a date such as 2026-03-15", *on))
		}
		return d, nil
	}
}

func (p *program) balanceCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "balance LEARNER",
		Short:   "余额 what a learner holds, on any day",
		Long:    "LEARNER 是账号，或开户时给的代号。\nLEARNER is an account number, or an alias given when the account was opened.",
		Example: "  creditbank balance L2\n  creditbank balance L2 --on 2027-01-01 --json",
		Args:    exactly("LEARNER"),
	}
	day := dayFlag(c)
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		on, err := day(s)
		if err != nil {
			return err
		}
		v, err := s.balance(ctx, args[0], on)
		if err != nil {
			return err
		}
		return p.show(v, func(out *term.Screen) { writeBalance(out, s.Catalogue(), v) })
	})
	return c
}

func (s *session) balance(ctx context.Context, name string, day creditbank.Date) (balanceView, error) {
	l, err := s.learner(ctx, name)
	if err != nil {
		return balanceView{}, err
	}
	a, err := s.Account(ctx, l.ID)
	if err != nil {
		return balanceView{}, err
	}
	b := a.Balance(day)
	return balanceView{l, day, a.Version, a.Frozen, b.Available, b.Held, b.Programmes, a.InQuestion(day), orEmpty(a.Enrolments())}, nil
}

func writeBalance(out *term.Screen, cat *creditbank.Catalogue, v balanceView) {
	out.Title(tx(v.Learner.heading()+"  "+v.Day.String(), v.Learner.heading()+"  "+v.Day.String()))
	if v.Frozen {
		out.Mark(0, "!", term.Warn, tx("账户已冻结：余额可查，不能转换", "the account is frozen: balances can be read, conversions wait"))
	}
	if len(v.Available) == 0 {
		out.Say(0, tx("没有可用学分", "no credits are available"))
	}
	var rows [][]term.Cell
	for _, c := range creditbank.Categories() {
		if n, ok := v.Available[c]; ok {
			rows = append(rows, []term.Cell{term.Of(out.Pick(c.Text())), {Text: n.String(), Style: term.Good}})
		}
	}
	for _, c := range creditbank.Categories() {
		if n, ok := v.Held[c]; ok {
			text := tx(c.Text().ZH+"（申请占用）", c.Text().EN+" (held by applications)")
			rows = append(rows, []term.Cell{term.Of(out.Pick(text)), {Text: n.String(), Style: term.Warn}})
		}
	}
	out.Table(0, []term.Column{{Head: tx("可用学分", "available")}, {Head: headCredits, Right: true}}, rows)
	rows = nil
	for _, id := range programmesOf(v) {
		row := []term.Cell{term.Of(string(id)), {}, {Text: v.Programmes[id].String(), Style: term.Good}, {}, term.Of("")}
		if p, ok := programme(cat, id); ok {
			row[1], row[3] = term.Of(out.Stack(p.Title)), term.Of("/ "+p.Credits.String())
		}
		if n := v.InQuestion[id]; n > 0 {
			row[4] = term.Cell{Text: out.Pick(txf("其中%s复核中", "%s in question", n)), Style: term.Warn}
		} else if !slices.Contains(v.Enrolled, id) {
			row[4] = term.Cell{Text: out.Pick(tx("未注册", "not enrolled")), Style: term.Dim}
		}
		rows = append(rows, row)
	}
	if len(rows) > 0 {
		out.Blank()
	}
	out.Table(0, []term.Column{{Head: tx("专业", "programme")}, {Flex: true}, {Head: tx("已转换", "converted"), Right: true}, {}, {}}, rows)
}

// programmesOf lists the programmes a balance speaks of.
func programmesOf(v balanceView) []creditbank.ProgrammeID {
	ids := slices.Collect(maps.Keys(v.Programmes))
	ids = append(ids, v.Enrolled...)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// programme returns a programme of the rules in force.
func programme(cat *creditbank.Catalogue, id creditbank.ProgrammeID) (creditbank.Programme, bool) {
	if cat.Rules == nil {
		return creditbank.Programme{}, false
	}
	return cat.Rules.Programme(id)
}

func (p *program) lotsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "lots LEARNER",
		Short:   "批次 each outcome and what is left of it",
		Example: "  creditbank lots L2\n  creditbank lots L2 --on 2026-03-15",
		Args:    exactly("LEARNER"),
	}
	day := dayFlag(c)
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		on, err := day(s)
		if err != nil {
			return err
		}
		l, err := s.learner(ctx, args[0])
		if err != nil {
			return err
		}
		a, err := s.Account(ctx, l.ID)
		if err != nil {
			return err
		}
		lots := make([]lotView, 0, len(a.Lots))
		for _, lot := range a.Lots {
			v := newLotView(s.Catalogue(), lot, on)
			v.InCase = a.UsedUnderCase(lot)
			lots = append(lots, v)
		}
		v := struct {
			Learner learnerView     `json:"learner"`
			Day     creditbank.Date `json:"day"`
			Lots    []lotView       `json:"lots"`
		}{l, on, lots}
		return p.show(v, func(out *term.Screen) {
			out.Title(tx(l.heading()+"  "+on.String(), l.heading()+"  "+on.String()))
			writeLots(out, lots)
		})
	})
	return c
}

// stateText says what has become of a lot, with the style to write it in.
func stateText(v lotView) (creditbank.Text, term.Style) {
	switch v.State {
	case creditbank.LotRejected:
		var zh, en []string
		for _, t := range v.Explained {
			zh, en = append(zh, t.ZH), append(en, t.EN)
		}
		return tx("未认定："+strings.Join(zh, "；"), "rejected: "+strings.Join(en, "; ")), term.Bad
	case creditbank.LotReplaced:
		return tx("已由修订替换", "replaced by a revision"), term.Dim
	case creditbank.LotRevoked:
		return tx("已撤销", "revoked"), term.Bad
	case creditbank.LotPartlyUsed:
		return tx("部分已转换", "partly used"), term.Plain
	case creditbank.LotUsed:
		return tx("已转换", "used"), term.Dim
	case creditbank.LotExpired:
		return tx("已过期", "expired"), term.Warn
	case creditbank.LotHeld:
		return txf("申请占用%s", "held by an application (%s)", v.Held), term.Warn
	}
	if v.Lost > 0 {
		return txf("可用（年度上限截减%s）", "available (cap took %s)", v.Lost), term.Good
	}
	return tx("可用", "available"), term.Good
}

func writeLots(out *term.Screen, lots []lotView) {
	if len(lots) == 0 {
		out.Say(0, tx("尚无学习成果", "no outcomes yet"))
	}
	var rows [][]term.Cell
	for _, v := range lots {
		state, style := stateText(v)
		rows = append(rows, []term.Cell{
			term.Of(v.ExternalID), term.Of(string(v.Course) + " " + v.Title), term.Of(v.IssuedOn.String()), term.Of(v.Score.String()),
			term.Of(v.Credits.String()), {Text: v.Available.String(), Style: style}, term.Of(v.ExpiresOn.String()), {Text: out.Stack(state), Style: style},
		})
	}
	out.Table(0, []term.Column{
		{Head: tx("编号", "id")}, {Head: headCourse, Flex: true}, {Head: tx("取得", "issued")}, {Head: tx("成绩", "score"), Right: true},
		{Head: headCredits, Right: true}, {Head: tx("余", "left"), Right: true}, {Head: tx("有效至", "through")}, {Head: tx("状态", "state"), Flex: true},
	}, rows)
}
