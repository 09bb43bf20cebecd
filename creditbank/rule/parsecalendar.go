package rule

import (
	"fmt"
	"slices"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// calendars reads the calendars by which periods are counted.
func (p *parser) calendars(n strictyaml.Node) {
	for _, item := range n.List() {
		f := item.Map("id", "title", "year", "semesters", "institutions", "default")
		c := Calendar{ID: code(f.Need("id")), Year: monthDay(f.Need("year")), Default: f.Get("default").Bool()}
		if f.Has("title") {
			c.Title = title(f.Get("title"))
		}
		for _, s := range f.Get("semesters").List() {
			c.Semesters = append(c.Semesters, monthDay(s))
		}
		if f.Has("semesters") && !c.semestersInOrder() {
			f.Get("semesters").Fail("学期应从学年首日起按顺序排列", "semesters stand in order, the first beginning with the year")
		}
		c.Institutions = p.institutions(f.Get("institutions"))
		p.followed(f, c)
		if c.ID != "" {
			p.set.calendars = append(p.set.calendars, c)
		}
	}
}

// followed checks that each institution follows one calendar.
func (p *parser) followed(f strictyaml.Fields, c Calendar) {
	for _, other := range p.set.calendars {
		if other.ID == c.ID {
			f.Get("id").FailWith(creditbank.CodeDuplicate, fmt.Sprintf("校历 %s 重复", c.ID), fmt.Sprintf("calendar %s stands here twice", c.ID))
		}
		if other.Default && c.Default {
			f.Get("default").FailWith(creditbank.CodeDuplicate, fmt.Sprintf("默认校历已是 %s", other.ID), fmt.Sprintf("%s is the default already", other.ID))
		}
		for _, id := range c.Institutions {
			if slices.Contains(other.Institutions, id) {
				f.Get("institutions").FailWith(creditbank.CodeDuplicate, fmt.Sprintf("机构 %s 已采用校历 %s", id, other.ID), fmt.Sprintf("institution %s follows calendar %s already", id, other.ID))
			}
		}
	}
}

// semestersInOrder reports whether the semesters begin with the year and follow
// each other within it.
func (c *Calendar) semestersInOrder() bool {
	after := func(d MonthDay) int { return (int(d) - int(c.Year) + 1300) % 1300 }
	for i, s := range c.Semesters {
		if i == 0 && s != c.Year || i > 0 && after(s) <= after(c.Semesters[i-1]) {
			return false
		}
	}
	return len(c.Semesters) > 0
}

// monthDay reads a day of every year, such as 03-01.
func monthDay(n strictyaml.Node) MonthDay {
	d := strictyaml.Value(n, func(s string) (MonthDay, error) {
		// In a year that is no leap year there is no 29 February.
		t, err := time.Parse(time.DateOnly, "2001-"+s)
		if err != nil {
			return 0, creditbank.Invalid(creditbank.CodeMalformed, "", fmt.Sprintf("“%s”不是每年都有的日期，应如 03-01", s), fmt.Sprintf("%q is no day of every year, such as 03-01", s))
		}
		return MonthDay(int(t.Month())*100 + t.Day()), nil
	})
	return max(d, 101)
}

// distributions reads grade distribution tables.
func (p *parser) distributions(n strictyaml.Node) {
	for _, item := range n.List() {
		f := item.Map("id", "title", "scale", "grades")
		d := Distribution{ID: code(f.Need("id")), Scale: creditbank.Percentage}
		if f.Has("title") {
			d.Title = title(f.Get("title"))
		}
		if f.Has("scale") {
			d.Scale = p.scaleName(f.Get("scale"))
		}
		for _, g := range f.Need("grades").List() {
			p.gradeShare(g, &d)
		}
		if !f.Has("grades") {
			continue
		}
		if len(d.Grades) > maxGrades {
			f.Get("grades").Fail("等级过多，最多100个", "there are more than 100 grades")
			continue
		}
		if len(d.Grades) == 0 || d.total() == 0 {
			f.Get("grades").Fail("至少要有一个等级的比例大于0", "at least one grade has a share above zero")
			continue
		}
		if p.set.distribution(d.ID) != nil {
			f.Get("id").FailWith(creditbank.CodeDuplicate, fmt.Sprintf("成绩分布表 %s 重复", d.ID), fmt.Sprintf("distribution %s stands here twice", d.ID))
		} else if d.ID != "" {
			p.set.distributions = append(p.set.distributions, d)
		}
	}
}

// gradeShare reads one row of a distribution.
func (p *parser) gradeShare(n strictyaml.Node, d *Distribution) {
	f := n.Map("grade", "share")
	g := GradeShare{Grade: f.Need("grade").Text(), Share: mark(f.Need("share"))}
	if g.Share < 0 || g.Share > maxShare {
		f.Get("share").Fail("比例应在0与100000之间", "a share lies between 0 and 100000")
		return
	}
	rank, ok := p.set.rank(d.Scale, g.Grade)
	if !ok {
		if f.Has("grade") && g.Grade != "" {
			f.Get("grade").Fail(fmt.Sprintf("不是等级制 %s 上的成绩", d.Scale), fmt.Sprintf("is no mark on scale %s", d.Scale))
		}
		return
	}
	if last := len(d.Grades) - 1; last >= 0 {
		if above, _ := p.set.rank(d.Scale, d.Grades[last].Grade); above <= rank {
			f.Get("grade").Fail("应从最好到最差排列", "grades stand from the best to the worst")
			return
		}
	}
	d.Grades = append(d.Grades, g)
}

// scaleName reads the name of a scale that the file defines, or pct.
func (p *parser) scaleName(n strictyaml.Node) string {
	name := n.Text()
	if name != "" && name != creditbank.Percentage && p.set.scale(name) == nil {
		n.FailWith(creditbank.CodeUnknownScale, fmt.Sprintf("没有定义等级制 %s", name), fmt.Sprintf("scale %s is not defined", name))
		return creditbank.Percentage
	}
	return name
}
