package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
	"creditbank/creditbank/rule"
	"creditbank/creditbank/trial"
)

// A trialView is the answer of rules trial.
type trialView struct {
	*trial.Report
	Findings []findingView   `json:"findings"` // about the draft
	Learners []trial.Learner `json:"most_changed"`
}

// trialFlags are the flags of rules trial.
type trialFlags struct {
	plans    bool
	region   string
	least    int
	top      int
	learners string
}

func (p *program) rulesTrialCommand() *cobra.Command {
	var f trialFlags
	c := &cobra.Command{
		Use:   "trial DIR|RULES.yaml PROGRAMMES.yaml",
		Short: "试算 try a draft of the rules on everybody: who gains, who loses, by how much",
		Long: "以草案与现行规则分别重新认定每项成果、重新决定每项申请、试算今天各规则的决定，比较两者。只读，不影响账本。\n" +
			"表中不足 --min-group 人的组不显示。\n" +
			"Recognises every outcome, decides every conversion asked for, and each rule of today, by the rules in force and by the\n" +
			"draft, and compares. It only reads. Groups of fewer learners than --min-group are not shown in tables.",
		Example: "  creditbank rules trial ./draft --bank ./bank\n  creditbank rules trial ./draft --plans --learners changed.ndjson --json",
		Args:    atLeast("DIR"),
	}
	flags := c.Flags()
	flags.BoolVar(&f.plans, "plans", false, "同时比较最优转换方案（慢得多）; compare the best plans as well, which takes far longer")
	flags.StringVar(&f.region, "region", "", "只看此地区及其下属地区 only the `REGION` and what lies within")
	flags.IntVar(&f.least, "min-group", 5, "不足此人数的组不显示 groups of fewer than `N` learners are not shown")
	flags.IntVar(&f.top, "top", 10, "列出变化最大的学习者 how many learners to list: the `N` with the largest changes")
	flags.StringVar(&f.learners, "learners", "", "每个有变化的学习者一行，写入 `FILE`; one line for each learner whom something changes for")
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error { return s.trial(ctx, args, f) })
	return c
}

// trial tries a draft on the bank.
func (s *session) trial(ctx context.Context, args []string, f trialFlags) error {
	files, err := readRuleFiles(args)
	if err != nil {
		return err
	}
	cat := s.Catalogue()
	published, ok := cat.Rules.(*rule.Set)
	if !ok {
		return creditbank.NotFound(creditbank.CodeState, "", "尚未发布任何规则，无从比较", "no rules have been published yet to compare with")
	}
	checked := rule.Check(files.Files, cat)
	if checked.Set == nil {
		problems := checked.Problems()
		return s.p.report(files.places(problems.List()))
	}
	within, err := withinRegion(cat, creditbank.RegionCode(f.region))
	if err != nil {
		return err
	}
	t, err := trial.New(trial.Config{Published: published, Draft: checked.Set, Catalogue: cat, At: s.Now(), Within: within, Plans: f.plans})
	if err != nil {
		return err
	}
	report, most, err := s.tryOut(ctx, t, f)
	if err != nil {
		return err
	}
	report.Suppress(f.least)
	v := trialView{report, files.findings(checked.Findings), most}
	return s.p.show(v, func(out *term.Screen) { writeTrial(out, v) })
}

// withinRegion returns whether a region is the given one or lies within; nil for
// everywhere.
func withinRegion(cat *creditbank.Catalogue, region creditbank.RegionCode) (func(creditbank.RegionCode) bool, error) {
	if region == "" {
		return nil, nil
	}
	if _, known := cat.Regions[region]; !known {
		return nil, creditbank.NotFound(creditbank.CodeUnknownRegion, "region", fmt.Sprintf("地区 %s 不存在", region), fmt.Sprintf("region %s does not exist", region))
	}
	return func(r creditbank.RegionCode) bool {
		for range len(cat.Regions) + 1 {
			if r == region {
				return true
			}
			r = cat.Regions[r].Parent
		}
		return false
	}, nil
}

// tryOut runs a trial with a bar, writes the learners whom something changes for
// to a file if that is asked for, and returns those with the largest changes.
func (s *session) tryOut(ctx context.Context, t *trial.Trial, f trialFlags) (report *trial.Report, most []trial.Learner, err error) {
	most = []trial.Learner{}
	write := func(trial.Learner) error { return nil }
	if f.learners != "" {
		file, err := os.Create(f.learners)
		if err != nil {
			return nil, nil, err
		}
		buffer := bufio.NewWriter(file)
		defer func() { err = errors.Join(err, buffer.Flush(), file.Close()) }()
		enc := json.NewEncoder(buffer)
		enc.SetEscapeHTML(false)
		write = func(l trial.Learner) error { return enc.Encode(l) }
	}
	bar := s.p.progress(1000, tx("试算", "trial"), true)
	defer bar.finish()
	report, err = trial.Run(ctx, s.Bank.Bank, t, trial.Options{
		Progress: func(p trial.Progress) error {
			if bar.bar != nil {
				bar.bar.SetCurrent(int64(p.PerMille))
			}
			return nil
		},
		Learner: func(l trial.Learner) error {
			most = keepLargest(most, l, f.top)
			return write(l)
		},
	})
	return report, most, err
}

// keepLargest adds a learner to those with the largest changes, the largest
// first, of whom at most so many are kept.
func keepLargest(most []trial.Learner, l trial.Learner, n int) []trial.Learner {
	at, _ := slices.BinarySearchFunc(most, change(l), func(m trial.Learner, c creditbank.Credits) int {
		if change(m) >= c {
			return -1
		}
		return 1
	})
	if at >= n {
		return most
	}
	most = slices.Insert(most, at, l)
	return most[:min(len(most), n)]
}

// change returns by how many credits things change for a learner, in all.
func change(l trial.Learner) creditbank.Credits {
	var sum creditbank.Credits
	for _, d := range l.Differences {
		sum += max(d.After-d.Before, d.Before-d.After)
	}
	return sum
}

// writeTrial writes what a draft changes, for people.
func writeTrial(out *term.Screen, v trialView) {
	for _, f := range v.Findings {
		if f.Severity == rule.Error {
			writeFinding(out, f)
		}
	}
	out.Title(txf("草案与第%d版规则集比较（%s，%d名学习者）", "the draft against rule set %d, on %s, for %d learners", v.RuleSet, v.Day, v.Report.Learners))
	var rows [][]term.Cell
	for _, verdict := range v.Verdicts {
		style, text := faresText(verdict.Verdict)
		rows = append(rows, []term.Cell{{Text: out.Pick(text), Style: style}, term.Of(number(verdict.Learners, verdict.Hidden))})
	}
	out.Table(0, []term.Column{{Head: tx("结果", "verdict")}, {Head: tx("人数", "learners"), Right: true}}, rows)
	for _, area := range v.Areas {
		writeArea(out, area)
	}
	writeMost(out, v.Learners)
	if v.Least > 0 {
		out.Blank()
		out.Mark(0, "!", term.Dim, txf("“·”为不足%d人的组，或可由此推出的组，不显示", "· stands for groups of fewer than %d learners, or from which one could be worked out", v.Least))
	}
}

func faresText(v trial.Verdict) (term.Style, creditbank.Text) {
	switch v {
	case trial.Better:
		return term.Good, tx("受益", "better off")
	case trial.Worse:
		return term.Bad, tx("受损", "worse off")
	case trial.Mixed:
		return term.Warn, tx("有得有失", "better here, worse there")
	case trial.Otherwise:
		return term.Plain, tx("学分不变，理由或成绩等有变", "same credits, other reasons or grades")
	}
	return term.Dim, tx("不变", "unchanged")
}

// hidden stands for what is not told.
const hidden = "·"

func number(n int, hide bool) string {
	if hide {
		return hidden
	}
	return strconv.Itoa(n)
}

func credits(c creditbank.Credits, hide bool) string {
	if hide {
		return hidden
	}
	return c.String()
}

// writeArea writes the tables of an area in which something changes.
func writeArea(out *term.Screen, a trial.AreaReport) {
	if a.All.Changed == 0 {
		out.Blank()
		out.Note(0, "=", term.Dim, creditbank.Text{ZH: a.Area.Text().ZH + "：没有变化", EN: a.Area.Text().EN + ": no change"})
		return
	}
	out.Title(a.Area.Text())
	rows := [][]term.Cell{tallyCells(out.Pick(tx("合计", "all")), "", a.All)}
	for _, table := range trial.Tables() {
		largest, untold := trial.Largest(a.Rows, table)
		for _, row := range largest {
			rows = append(rows, tallyCells(out.Pick(table.Text()), row.Key, row.Tally))
		}
		if untold > 0 {
			rows = append(rows, tallyCells(out.Pick(table.Text()), out.Pick(txf("另%d组", "%d more", untold)), trial.Tally{Hidden: trial.All}))
		}
	}
	out.Table(0, []term.Column{
		{Flex: true}, {}, {Head: tx("变化", "changed"), Right: true}, {Head: tx("人", "learners"), Right: true}, {Head: tx("得", "gain"), Right: true},
		{Head: tx("失", "lose"), Right: true}, {Head: tx("原", "before"), Right: true}, {Head: tx("新", "after"), Right: true},
	}, rows)
	writeReasonRows(out, a.Reasons)
	writeHistogram(out, a.Histogram)
}

func tallyCells(table, key string, t trial.Tally) []term.Cell {
	all, split := t.Hidden == trial.All, t.Hidden != trial.Nothing
	gain, lose := number(t.Gainers, split)+" +"+credits(t.Gained, split), number(t.Losers, split)+" −"+credits(t.Lost, split)
	return []term.Cell{
		{Text: table, Style: term.Dim}, {Text: key, Style: term.Accent}, term.Of(number(t.Changed, all) + "/" + number(t.Cases, all)), term.Of(number(t.Learners, all)),
		term.Of(gain), term.Of(lose), term.Of(credits(t.Before, all)), term.Of(credits(t.After, all)),
	}
}

func writeReasonRows(out *term.Screen, reasons []trial.ReasonRow) {
	var rows [][]term.Cell
	for _, r := range reasons {
		rows = append(rows, []term.Cell{
			{Text: string(r.Rule), Style: term.Accent}, term.Of(r.Reason.String()), term.Of(out.Stack(r.Reason.Text())),
			term.Of("+" + number(r.Appears, r.Hidden)), term.Of("−" + number(r.Vanishes, r.Hidden)), term.Of(number(r.Learners, r.Hidden)),
		})
	}
	if len(rows) == 0 {
		return
	}
	out.Blank()
	out.Table(0, []term.Column{
		{Head: headRule}, {Head: tx("理由", "reason")}, {Flex: true}, {Head: tx("新增", "more"), Right: true}, {Head: tx("消失", "fewer"), Right: true},
		{Head: tx("人", "learners"), Right: true},
	}, rows)
}

func writeHistogram(out *term.Screen, buckets []trial.Bucket) {
	var rows [][]term.Cell
	for _, b := range buckets {
		if b.Learners == 0 {
			continue
		}
		from, to := "…", "…"
		if b.Above != nil {
			from = (*b.Above + creditbank.Centicredit).String()
		}
		if b.Through != nil {
			to = b.Through.String()
		}
		rows = append(rows, []term.Cell{term.Of(from + " … " + to), term.Of(number(b.Learners, b.Hidden))})
	}
	out.Blank()
	out.Table(0, []term.Column{{Head: tx("每人学分增减", "gain of a learner")}, {Head: tx("人", "learners"), Right: true}}, rows)
}

// writeMost writes the learners with the largest changes, by their ids.
func writeMost(out *term.Screen, learners []trial.Learner) {
	if len(learners) == 0 {
		return
	}
	out.Title(tx("变化最大的学习者", "the largest changes"))
	var rows [][]term.Cell
	for _, l := range learners {
		style, text := faresText(l.Verdict)
		row := []term.Cell{term.Of(string(l.ID)), {Text: out.Pick(text), Style: style}}
		for _, a := range trial.Areas() {
			cell := ""
			for _, d := range l.Differences {
				if d.Area == a {
					cell = d.Before.String() + "→" + d.After.String()
				}
			}
			row = append(row, term.Of(cell))
		}
		rows = append(rows, row)
	}
	out.Table(0, []term.Column{
		{Head: tx("学习者", "learner")}, {Head: tx("结果", "verdict"), Flex: true}, {Head: tx("认定", "recogn."), Right: true}, {Head: tx("申请", "requests"), Right: true},
		{Head: tx("今天", "today"), Right: true}, {Head: tx("方案", "plan"), Right: true},
	}, rows)
}
