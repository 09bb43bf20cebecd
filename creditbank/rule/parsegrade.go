package rule

import (
	"fmt"
	"strings"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// grade reads which grade a line carries: carry, exempt, or a mapping that says
// how it is made.
func (p *parser) grade(n strictyaml.Node, c *Conversion) Grade {
	if !n.IsMap() {
		mode := n.Choice(gradeCarry, creditbank.Exempt)
		if mode == gradeCarry {
			p.needsOne(n, c, gradeCarry)
		}
		return Grade{Mode: mode}
	}
	f := n.Map("weighted_by", "round", gradeFixed, gradeTable, gradeScale, "take", gradeDistribution)
	g := Grade{}
	p.mean(f, c, &g)
	kinds := []string{gradeFixed, gradeTable, gradeScale, gradeDistribution}
	if g.Step == 0 || f.Has(gradeFixed) || f.Has(gradeTable) || f.Has(gradeScale) || f.Has(gradeDistribution) {
		g.Mode = f.One(kinds...)
	} else {
		g.Mode = gradeWeighted
	}
	if f.Has("take") && g.Mode != gradeScale {
		f.Get("take").Fail("“take”只能与“scale”同用", `"take" goes with "scale" only`)
	}
	switch g.Mode {
	case gradeFixed:
		g.Fixed = strictyaml.Value(f.Get(gradeFixed), gradeText)
		p.noMean(f, g)
	case gradeTable:
		p.gradeTable(f.Get(gradeTable), &g)
	case gradeScale:
		p.gradeScale(f, &g)
	case gradeDistribution:
		p.gradeDistribution(f.Get(gradeDistribution), &g)
		p.noMean(f, g)
	}
	if g.Step == 0 && g.Mode != gradeFixed && g.Mode != "" {
		p.needsOne(f.Get(g.Mode), c, g.Mode)
	}
	return g
}

// needsOne reports a grade that is one result's where the source has several.
func (p *parser) needsOne(n strictyaml.Node, c *Conversion, mode string) {
	if least, most := c.tree.courses(); least != 1 || most != 1 {
		n.Fail(mode+"只适用于单门课程来源", mode+" needs a source of one course")
	}
}

// noMean reports a mean where none is used.
func (p *parser) noMean(f strictyaml.Fields, g Grade) {
	if g.Step > 0 {
		f.Get("weighted_by").Fail(fmt.Sprintf("“weighted_by”不能与“%s”同用", g.Mode), fmt.Sprintf(`"weighted_by" does not go with %q`, g.Mode))
	}
}

// mean reads how several results become one.
func (p *parser) mean(f strictyaml.Fields, c *Conversion, g *Grade) {
	if !f.Has("weighted_by") && !f.Has("round") {
		return
	}
	if f.Need("weighted_by").Choice("hours", byCredits) == byCredits {
		g.By = byCredits
	}
	if !c.tree.has(isPart) && !c.tree.has(isLine) {
		f.Get("weighted_by").Fail("加权成绩需要课程来源", "a weighted grade needs courses as its source")
	}
	text := f.Need("round").Text()
	step := strictyaml.Value(f.Get("round"), creditbank.ParsePoints)
	if f.Has("round") && step <= 0 {
		f.Get("round").Fail("舍入步长应大于0", "the step of rounding is above zero")
	}
	_, decimals, _ := strings.Cut(text, ".")
	g.Step, g.Decimals = max(step, 1), len(decimals)
}

// gradeTable reads the rows of a table, the first that fits deciding.
func (p *parser) gradeTable(n strictyaml.Node, g *Grade) {
	for _, item := range n.List() {
		f := item.Map("from", "is", "grade")
		row := GradeRow{Grade: strictyaml.Value(f.Need("grade"), gradeText)}
		switch f.One("from", "is") {
		case "from":
			row.From = points(f.Get("from"))
			for _, above := range g.Table {
				if row.From != nil && above.From != nil && *above.From <= *row.From {
					f.Get("from").Fail("前面的行已包括这一行，应从高到低排列", "a row above holds these results already; rows stand from the highest down")
					break
				}
			}
		case "is":
			row.Is = strictyaml.Value(f.Get("is"), p.oneMark)
			if g.Step > 0 {
				f.Get("is").Fail("加权成绩只能用from", "a mean is looked up by \"from\" only")
			}
		}
		g.Table = append(g.Table, row)
	}
	if n.Exists() && len(g.Table) == 0 {
		n.Fail("成绩换算表至少要有一行", "a table of grades has at least one row")
	}
}

// oneMark reads a score of one part, which scales must know.
func (p *parser) oneMark(s string) (string, error) {
	score, err := creditbank.ParseScore(s)
	if err != nil {
		return "", err
	}
	if marks := len(score.Marks()); marks > 1 || marks == 1 && score.Plain() != "" {
		return "", creditbank.Invalid(creditbank.CodeMalformed, "", "此处只写一个成绩", "only one mark stands here")
	}
	return score.String(), p.set.CheckScore(score)
}

// gradeScale reads the scale of labels that a result is expressed on.
func (p *parser) gradeScale(f strictyaml.Fields, g *Grade) {
	n := f.Get(gradeScale)
	g.Scale = p.scaleName(n)
	if scale := p.set.scale(g.Scale); n.Exists() && g.Scale != "" && (scale == nil || scale.Numbers != nil) {
		n.Fail("此处应为有等级（labels）的等级制", "a grade is expressed on a scale of labels")
	}
	if g.Take = f.Get("take").Choice(takeLabel, takePoints, takeTop, takeBottom); g.Take == "" {
		g.Take = takeLabel
	}
}

// gradeDistribution reads the two tables between which a grade is converted.
func (p *parser) gradeDistribution(n strictyaml.Node, g *Grade) {
	f := n.Map("from", "to", "take")
	table := func(key string) string {
		id := f.Need(key).Text()
		if id != "" && p.set.distribution(id) == nil {
			f.Get(key).FailWith("UNKNOWN_DISTRIBUTION", fmt.Sprintf("没有成绩分布表 %s", id), fmt.Sprintf("distribution %s is not defined", id))
		}
		return id
	}
	g.From, g.To = table("from"), table("to")
	g.Take = f.Need("take").Choice(takeMin, takeAvg, takeMax)
}

// gradeText reads a grade that a line may carry, whatever it says.
func gradeText(s string) (string, error) {
	if s == "" || strings.Contains(s, "|") {
		return "", creditbank.Invalid(creditbank.CodeMalformed, "", "不能用作成绩", "cannot be a grade")
	}
	return markText(s)
}

// minGrade reads a least grade: points, or a mark on a named scale.
func (p *parser) minGrade(n strictyaml.Node) (*int64, *Bound) {
	if !n.IsMap() {
		return points(n), nil
	}
	b := p.bound(n)
	if b == nil || b.Scale != creditbank.Percentage {
		return nil, b
	}
	points, err := creditbank.ParsePoints(b.Value)
	if err != nil {
		return nil, nil // reported by bound
	}
	return &points, nil
}

// bound reads a mark on a scale, {scale: letter, value: B}; a number is one of 0
// to 100.
func (p *parser) bound(n strictyaml.Node) *Bound {
	if !n.Exists() {
		return nil
	}
	if !n.IsMap() {
		return &Bound{creditbank.Percentage, creditbank.FormatPoints(strictyaml.Value(n, creditbank.ParsePoints))}
	}
	f := n.Map("scale", "value")
	b := &Bound{p.scaleName(f.Need("scale")), f.Need("value").Text()}
	if b.Scale == "" || b.Value == "" {
		return nil
	}
	if b.Scale == creditbank.Percentage {
		b.Value = creditbank.FormatPoints(strictyaml.Value(f.Get("value"), creditbank.ParsePoints))
	} else {
		failMark(f.Get("value"), p.set.scale(b.Scale).check(b.Value))
	}
	return b
}
