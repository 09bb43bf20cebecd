package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
	"creditbank/creditbank/scenario"
)

// report writes what came of a city for people.
func (perf *performance) report(ctx context.Context, out *term.Screen, certified certifiedView) {
	r := perf.result
	n := r.AfterPosting.Outcomes
	out.Title(txf("登记：%d项成果，认定%d，未认定%d", "%d outcomes posted, %d recognised, %d rejected", n.Posted, n.Recognised, n.Rejected))
	for _, x := range r.AfterPosting.Rejected {
		out.Mark(0, "✗", term.Bad, tx(x.ExternalID+"："+reasonList(x.Reasons, "；").ZH, x.ExternalID+": "+reasonList(x.Reasons, "; ").EN))
	}
	perf.reportDecisions(out)
	perf.reportPlans(out)
	perf.reportBalances(out)
	perf.reportTotals(out)
	if len(certified.Certificates) > 0 {
		out.Title(txf("证书：%d份", "%d certificates", len(certified.Certificates)))
		writeCertified(out, certified)
	}
}

// reasonList joins reasons.
func reasonList(reasons []creditbank.Reason, separator string) creditbank.Text {
	var zh, en []string
	for _, r := range reasons {
		zh, en = append(zh, r.Text().ZH), append(en, r.Text().EN)
	}
	return tx(strings.Join(zh, separator), strings.Join(en, separator))
}

func (perf *performance) reportDecisions(out *term.Screen) {
	if len(perf.result.Decisions) == 0 {
		return
	}
	out.Title(txf("转换：批准%d，不予转换%d", "conversions: %d approved, %d denied", perf.result.Totals.Approved, perf.result.Totals.Denied))
	if n := perf.result.Totals.Pending; n > 0 {
		out.Say(0, txf("另有%d项待审核", "%d more wait for a reviewer", n))
	}
	var rows [][]term.Cell
	for _, d := range perf.result.Decisions {
		verdict := term.Cell{Text: out.Stack(verdictText(d.Decision)), Style: term.Bad}
		if d.Decision == "approve" {
			verdict.Style = term.Good
		}
		rows = append(rows, []term.Cell{
			term.Of(d.At.String()), term.Of(d.Learner), {Text: string(d.Rule), Style: term.Accent}, verdict, term.Of(decisionDetail(out, d)),
		})
	}
	out.Table(0, []term.Column{{Head: headDay}, {Head: tx("学员", "who")}, {Head: headRule}, {Head: tx("决定", "decision")}, {Head: tx("课程学分、理由", "lines and reasons"), Flex: true}}, rows)
}

// decisionDetail says what a decision grants, and why it came out so.
func decisionDetail(out *term.Screen, d scenario.Decision) string {
	var lines []string
	for _, l := range d.Lines {
		lines = append(lines, fmt.Sprintf("%s %s %s", l.Slot, l.Credits, gradeText(l.Grade)))
	}
	for _, r := range d.Reasons {
		lines = append(lines, out.Pick(r.Text()))
	}
	if len(d.Missing) > 0 {
		lines = append(lines, out.Pick(tx("缺", "missing"))+" "+fmt.Sprint(d.Missing))
	}
	if d.Short != "" {
		lines = append(lines, out.Pick(txf("差%s学分", "%s short", d.Short)))
	}
	if d.Forfeited > 0 {
		lines = append(lines, out.Pick(txf("放弃%s学分", "%s forfeited", d.Forfeited)))
	}
	return strings.Join(lines, "\n")
}

func (perf *performance) reportPlans(out *term.Screen) {
	if len(perf.result.Plans) == 0 {
		return
	}
	out.Title(tx("规划", "plans"))
	for _, p := range perf.result.Plans {
		out.Say(0, txf("%s %s → %s：%s学分（上界%s），依次 %v", "%s %s → %s: %s credits (at most %s) by %v", p.At, p.Learner, p.Programme, p.Credits, p.AtMost, p.Steps))
	}
}

func (perf *performance) reportBalances(out *term.Screen) {
	days := slices.Sorted(maps.Keys(perf.result.Balances))
	if len(days) == 0 {
		return
	}
	day := days[len(days)-1]
	out.Title(tx("余额 "+day, "balances on "+day))
	var rows [][]term.Cell
	for _, l := range perf.learners {
		b, ok := perf.result.Balances[day][l.Alias]
		if !ok {
			continue
		}
		row := []term.Cell{term.Of(l.Alias), term.Of(l.Name)}
		for _, c := range creditbank.Categories() {
			row = append(row, term.Of(amountOrNone(b.Available, c)))
		}
		var granted []string
		for _, id := range slices.Sorted(maps.Keys(b.Programmes)) {
			granted = append(granted, fmt.Sprintf("%s %s", id, b.Programmes[id]))
		}
		rows = append(rows, append(row, term.Cell{Text: strings.Join(granted, "\n"), Style: term.Good}))
	}
	columns := []term.Column{{Head: tx("学员", "who")}, {Head: tx("姓名", "name"), Flex: true}}
	for _, c := range creditbank.Categories() {
		columns = append(columns, term.Column{Head: c.Text(), Right: true, Flex: true})
	}
	out.Table(0, append(columns, term.Column{Head: tx("已转换", "converted")}), rows)
}

func amountOrNone[K comparable](amounts map[K]creditbank.Credits, key K) string {
	if n, ok := amounts[key]; ok {
		return n.String()
	}
	return ""
}

func (perf *performance) reportTotals(out *term.Screen) {
	t := perf.result.Totals
	out.Title(tx("合计", "totals"))
	rows := [][]term.Cell{
		{term.Of(out.Pick(tx("批准的转换", "conversions approved"))), term.Of(fmt.Sprint(t.Approved))},
		{term.Of(out.Pick(tx("不予转换", "conversions denied"))), term.Of(fmt.Sprint(t.Denied))},
		{term.Of(out.Pick(tx("已冲正", "reversed since"))), term.Of(fmt.Sprint(t.Reversed))},
		{term.Of(out.Pick(tx("转换授予的学分", "credits granted"))), {Text: t.Granted.String(), Style: term.Good}},
	}
	for _, c := range creditbank.Categories() {
		if h, ok := t.Hours[c]; ok {
			name := c.Text()
			rows = append(rows, []term.Cell{term.Of(out.Pick(tx(name.ZH+"学时（计划/出勤）", name.EN+" hours (scheduled/attended)"))), term.Of(fmt.Sprintf("%s / %s", h.Scheduled, h.Attended))})
		}
	}
	out.Table(0, []term.Column{{Head: tx("项目", "item")}, {Head: tx("数", "number"), Right: true}}, rows)
}
