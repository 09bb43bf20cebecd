package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

// title says what is about to be shown.
func (d *tour) title() {
	d.out.Title(tx("青禾市学分银行的一年", "a year of the credit bank of Qinghe"))
	d.out.Say(0, tx("下面的一切都出自刚刚建立的学分银行："+d.p.bankDir, "everything below comes from a bank that was made just now: "+d.p.bankDir))
	rules := 0
	if set, ok := d.cat.Rules.(*rule.Set); ok {
		rules = len(set.Rules())
	}
	d.out.Say(0, txf("%d个地区、%d个机构、%d门课程、%d条规则；人物与城市均为虚构", "%d regions, %d institutions, %d courses, %d rules; no real city, no real people",
		len(d.cat.Regions), len(d.cat.Institutions), len(d.cat.Courses), rules))
}

// introduce says who the people are.
func (d *tour) introduce(ctx context.Context) error {
	d.out.Title(tx("一、人物", "1. the people"))
	var rows [][]term.Cell
	for _, who := range d.people {
		p, err := d.Person(ctx, who.ID)
		if err != nil {
			return err
		}
		studies := tx("尚未注册", "not enrolled")
		if in := who.before.Enrolments(); len(in) > 0 {
			pr, _ := programme(d.cat, in[0])
			studies = tx(string(pr.ID)+" "+pr.Title.ZH, pr.Title.EN)
		}
		rows = append(rows, []term.Cell{
			{Text: who.Alias, Style: term.Accent}, {Text: who.Name, Style: term.Bold}, term.Of(fmt.Sprint(p.IDNumber.Birth().Year())),
			term.Of(d.cat.Regions[who.Region].Name), term.Of(string(who.Account)), term.Of(d.out.Stack(studies)),
		})
	}
	d.out.Table(0, []term.Column{
		{}, {Head: tx("姓名", "name")}, {Head: tx("出生", "born")}, {Head: tx("地区", "county")}, {Head: tx("账号", "account")}, {Head: tx("在读专业", "enrolled in"), Flex: true},
	}, rows)
	d.out.Blank()
	d.out.Say(0, tx("姓名与身份证号以每人一把密钥加密存放；账本里只有随机编号。", "names and identity numbers are sealed under a key for each person; the ledger knows random ids only."))
	return nil
}

// outcomes tells what was posted and what was made of it.
func (d *tour) outcomes(context.Context) error {
	n := d.result.AfterPosting.Outcomes
	d.out.Title(tx("二、登记与认定", "2. outcomes are posted and recognised"))
	d.out.Say(0, txf("各机构登记了%d项学习成果：认定%d项，未认定%d项。", "institutions posted %d outcomes: %d were recognised, %d were not.", n.Posted, n.Recognised, n.Rejected))
	for _, who := range d.people {
		for _, lot := range who.before.Lots {
			d.remark(who, lot)
		}
	}
	return nil
}

// remark says what is remarkable about an outcome: refused, cut, or worth
// nothing.
func (d *tour) remark(who *person, lot *creditbank.Lot) {
	course := d.cat.Courses[lot.Course]
	zh := fmt.Sprintf("%s %s “%s”（%s）", lot.ExternalID, who.Name, course.Title, lot.IssuedOn)
	en := fmt.Sprintf("%s %s, %s %s", lot.ExternalID, who.Alias, lot.Course, lot.IssuedOn)
	switch {
	case !lot.Granted:
		why := reasonList(lot.Reasons, "；")
		have := fmt.Sprintf("score %s", lot.Score)
		haveZH := fmt.Sprintf("成绩%s", lot.Score)
		if slices.Contains(lot.Reasons, creditbank.AttendanceBelowMin) {
			haveZH, have = fmt.Sprintf("出勤%s/%s学时", lot.Attended, lot.Scheduled), fmt.Sprintf("%s of %s hours attended", lot.Attended, lot.Scheduled)
		}
		d.out.Mark(0, "✗", term.Bad, tx(zh+"："+why.ZH+"，"+haveZH, en+": "+reasonList(lot.Reasons, "; ").EN+", "+have))
	case lot.Lost > 0:
		d.out.Mark(0, "!", term.Warn, tx(
			fmt.Sprintf("%s：按学时%s学分，年度上限只余%s，截减%s", zh, lot.Credits+lot.Lost, lot.Credits, lot.Lost),
			fmt.Sprintf("%s: %s credits by hours, the year's cap left %s, so %s were cut", en, lot.Credits+lot.Lost, lot.Credits, lot.Lost)))
	case lot.Credits == 0:
		d.out.Mark(0, "·", term.Dim, tx(zh+fmt.Sprintf("：%s学时不足0.5学分，计0，学时留档", lot.Scheduled), en+fmt.Sprintf(": %s hours round down to no credit, and stay on record", lot.Scheduled)))
	}
}

// balances tells what everybody holds before the first request.
func (d *tour) balances(context.Context) error {
	day := d.city.Day
	d.out.Title(tx("三、余额 "+day.String(), "3. balances, before any request"))
	columns := []term.Column{{}, {Head: tx("姓名", "name")}}
	for _, c := range creditbank.Categories() {
		columns = append(columns, term.Column{Head: c.Text(), Right: true})
	}
	columns = append(columns, term.Column{Head: tx("已过期", "expired"), Right: true})
	var rows [][]term.Cell
	for _, who := range d.people {
		b := who.before.Balance(day)
		row := []term.Cell{{Text: who.Alias, Style: term.Accent}, {Text: who.Name, Style: term.Bold}}
		for _, c := range creditbank.Categories() {
			row = append(row, term.Cell{Text: amountOrNone(b.Available, c), Style: term.Good})
		}
		var expired creditbank.Credits
		for _, lot := range who.before.Lots {
			if lot.Granted && lot.Expired(day) {
				expired += lot.Credits
			}
		}
		cell := term.Cell{}
		if expired > 0 {
			cell = term.Cell{Text: expired.String(), Style: term.Warn}
		}
		rows = append(rows, append(row, cell))
	}
	d.out.Table(0, columns, rows)
	d.out.Blank()
	d.out.Say(0, tx("非学历教育学分五年内可用；各类学分分别核算，从不相加。", "non-formal credits can be used for five years; categories are never added up."))
	return nil
}

// decisions tells each request with its decision, person by person and then
// day by day.
func (d *tour) decisions(ctx context.Context) error {
	first := d.city.Day
	d.out.Title(tx("四、转换 "+first.String(), "4. conversions, each with its reasons"))
	for _, who := range d.people {
		if err := d.requests(who, func(day creditbank.Date) bool { return day == first }); err != nil {
			return err
		}
	}
	for _, who := range d.people {
		if err := d.later(who, first); err != nil {
			return err
		}
	}
	return nil
}

// requests tells the decisions about a person on some days.
func (d *tour) requests(who *person, on func(creditbank.Date) bool) error {
	var told bool
	for _, act := range who.history.Acts {
		if act.Kind != creditbank.ActDecided || !on(act.Day) {
			continue
		}
		if !told {
			told = true
			d.out.Blank()
			d.out.Line(d.out.Paint(term.Bold, who.Alias+" "+who.Name))
		}
		v := newDecisionView(d.cat, act.Seq, act.Body.Decision)
		v.Sources = nil // told by statement
		writeDecision(d.out, d.cat, v)
		if err := d.meter(who, act); err != nil {
			return err
		}
	}
	if told {
		d.advise(who)
	}
	return nil
}

// meter shows how far a programme's cap is used up after an approval.
func (d *tour) meter(who *person, act creditbank.Act) error {
	if !act.Body.Decision.Approved {
		return nil
	}
	pr, ok := programme(d.cat, act.Body.Decision.Programme)
	if !ok || len(pr.Caps) == 0 || pr.Caps[0].Category != "" || pr.Caps[0].Scope != nil || pr.Caps[0].Measure != "" || pr.Caps[0].Period != nil {
		return nil
	}
	after, err := who.history.At(act.Seq)
	if err != nil {
		return err
	}
	used, limit := after.Balance(act.Day).Programmes[pr.ID], pr.Caps[0].Limit
	const cells = 20
	full := int(used * cells / limit)
	style := term.Good
	if used == limit {
		style = term.Warn
	}
	bar := d.out.Paint(style, strings.Repeat("█", full)) + d.out.Paint(term.Dim, strings.Repeat("░", cells-full))
	d.out.Line("    " + bar + " " + d.out.Inline(txf("%[1]s 已转换%[2]s，上限%[3]s", "%[1]s: %[2]s of at most %[3]s", pr.ID, used, limit)))
	return nil
}

// advise tells what the planner would have found, where that is better than
// what was asked for.
func (d *tour) advise(who *person) {
	for _, id := range who.before.Enrolments() {
		at := who.history.Acts[len(who.history.Acts)-1].At
		plan, err := d.cat.Rules.Plan(who.before, id, at, d.city.Day)
		if err != nil {
			continue
		}
		var granted, forfeited creditbank.Credits
		for _, c := range who.account.Conversions {
			if c.Decision.Programme == id && c.Decision.Day == d.city.Day {
				granted, forfeited = granted+c.Decision.Granted(), forfeited+c.Decision.Forfeited
			}
		}
		if plan.Credits > granted || plan.Credits == granted && plan.Forfeited < forfeited {
			d.out.Mark(2, "→", term.Accent, txf("规划：若依次申请 %v，可得%s学分，放弃%s（实际%s，放弃%s）",
				"the planner: asking for %v gives %s credits and forfeits %s (they got %s, and forfeited %s)",
				plan.Steps, plan.Credits, plan.Forfeited, granted, forfeited))
		}
	}
}

// later tells what happened after the first day.
func (d *tour) later(who *person, first creditbank.Date) error {
	loc := d.cat.Rules.Location()
	told := false
	for _, lot := range who.account.Lots {
		day := creditbank.DateOf(lot.PostedAt.In(loc))
		if day == first {
			continue
		}
		told = true
		d.out.Title(tx("五、"+day.String()+"："+who.Name+"补齐最后一门", "5. "+day.String()+": "+who.Alias+" completes the series"))
		course := d.cat.Courses[lot.Course]
		d.out.Mark(0, "+", term.Good, tx(
			fmt.Sprintf("%s登记“%s”，成绩%s，认定%s学分", d.cat.Institutions[lot.Institution].Name, course.Title, lot.Score, lot.Credits),
			fmt.Sprintf("%s posts %s, score %s: %s credits", lot.Institution, lot.Course, lot.Score, lot.Credits)))
	}
	if !told {
		return nil
	}
	return d.requests(who, func(day creditbank.Date) bool { return day != first })
}
