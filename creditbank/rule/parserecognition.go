package rule

import (
	"fmt"
	"slices"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

func (p *parser) recognition(f strictyaml.Fields) *Recognition {
	source := f.Need("source").Map("category", "tag", "without_tag", "course", "family", "institution", "level")
	r := &Recognition{Category: category(source.Need("category")), Tag: source.Get("tag").Text(), WithoutTag: source.Get("without_tag").Text()}
	r.Of = p.picks(source)
	r.Of.Category, r.Of.Tag = "", "" // they have fields of their own
	r.Denied = p.exclusions(f.Get("deny_sources"))
	if require := f.Get("require").Map("pass_mark", "min_attendance"); f.Has("require") {
		p.passMark(require.Get("pass_mark"), r)
		r.MinAttendance = share(require.Get("min_attendance"))
	}
	if credits := f.Need("credits"); credits.IsScalar() {
		r.Stated = credits.Choice("stated") == "stated"
	} else {
		p.worth(credits, r)
	}
	p.validity(f.Get("valid_for"), r)
	switch limit := f.Get("cap"); {
	case limit.IsMap():
		r.Cap = p.periodCap(limit, r.Category)
	case limit.Exists():
		for _, n := range limit.List() {
			r.Caps = append(r.Caps, *p.periodCap(n, r.Category))
		}
	}
	return r
}

// picks reads what a source picks by.
func (p *parser) picks(f strictyaml.Fields) Filter {
	s := Filter{
		Course: creditbank.CourseCode(f.Get("course").Text()), Family: f.Get("family").Text(), Tag: f.Get("tag").Text(),
		Institution: creditbank.InstitutionID(f.Get("institution").Text()), Level: level(f.Get("level")),
	}
	if f.Has("category") {
		s.Category = category(f.Get("category"))
	}
	if f.Has("course") {
		p.references = append(p.references, reference{at: f.Get("course"), course: s.Course})
	}
	if f.Has("institution") {
		p.references = append(p.references, reference{at: f.Get("institution"), institution: s.Institution})
	}
	return s
}

// exclusions reads a negative list.
func (p *parser) exclusions(n strictyaml.Node) []Exclusion {
	var all []Exclusion
	for _, item := range n.List() {
		f := item.Map("category", "course", "family", "tag", "institution", "level", "effective", "why")
		x := Exclusion{Filter: p.picks(f)}
		if x.Filter == (Filter{}) {
			item.Fail("应指明课程、系列、标签、类别、机构或等级", "name a course, family, tag, category, institution or level")
		}
		x.From, x.To = window(f.Get("effective"))
		if f.Has("why") {
			x.Why = title(f.Get("why"))
		}
		all = append(all, x)
	}
	return all
}

// window reads a pair of days of which either may be left out.
func window(n strictyaml.Node) (from, to creditbank.Date) {
	if !n.Exists() {
		return 0, 0
	}
	e := n.Map("from", "to")
	from, to = date(e.Get("from")), date(e.Get("to"))
	if to != 0 && to < from {
		e.Get("to").Fail(fmt.Sprintf("截止日 %s 早于起始日 %s", to, from), fmt.Sprintf("the window ends on %s, before it begins on %s", to, from))
	}
	return from, to
}

// passMark reads the pass mark: points, that of the origin, or a mark on a named
// scale.
func (p *parser) passMark(n strictyaml.Node, r *Recognition) {
	if n.IsScalar() && n.Text() == "origin" {
		r.PassOrigin = true
		return
	}
	r.PassMark, r.PassOn = p.minGrade(n)
}

// worth reads how many credits an outcome is worth.
func (p *parser) worth(n strictyaml.Node, r *Recognition) {
	f := n.Map("hours_per_credit", "ratio", "hours", "round", "carry_remainder", "table", "stated", "most")
	kind := f.One("hours_per_credit", "ratio", "table", "stated")
	byHours := kind == "hours_per_credit" || kind == "ratio"
	for _, key := range []string{"hours", "round", "carry_remainder"} {
		if f.Has(key) && kind != "" && !byHours {
			f.Get(key).Fail(fmt.Sprintf("“%s”只能与按学时认定同用", key), fmt.Sprintf("%q goes with credits by hours only", key))
		}
	}
	if f.Has("most") {
		r.Most = amount(f.Get("most"))
	}
	switch kind {
	case "table":
		p.worthTable(f.Get("table"), r)
	case "stated":
		r.Stated = true
		if !f.Get("stated").Bool() {
			f.Get("stated").Fail("此处只能写true", "only true makes sense here")
		}
	default:
		p.byHours(f, r)
	}
}

func (p *parser) byHours(f strictyaml.Fields, r *Recognition) {
	if f.Has("ratio") {
		p.ratio(f.Get("ratio"), r)
	} else {
		hoursPerCredit(f.Get("hours_per_credit"), r)
	}
	switch f.Need("hours").Choice("scheduled", "attended", "notional") {
	case "attended":
		r.Attended = true
	case "notional":
		r.Notional = true
	}
	r.Round = Rounding{"down", creditbank.Centicredit}
	if f.Has("round") {
		round := f.Get("round").Map("mode", "step")
		r.Round = Rounding{round.Need("mode").Choice("down", "half_up", "up"), amount(round.Need("step"))}
	}
	r.Round.Step = max(r.Round.Step, creditbank.Centicredit) // a missing step is reported above
	r.HoursPer = max(r.HoursPer, 1)
	if r.PerHours != nil {
		r.HoursPer = 0
	}
	if carry := f.Get("carry_remainder"); carry.Bool() {
		r.Carry = true
		if r.Notional || r.Stated || r.Most > 0 {
			carry.Fail("结转余数只适用于scheduled或attended学时，且不能与most或学时区间同用", "a remainder is carried of scheduled or attended hours only, and not together with most or a range of hours")
		}
	}
}

// hoursPerCredit reads how many hours make a credit: a number, or a range that
// bounds the stated credits.
func hoursPerCredit(n strictyaml.Node, r *Recognition) {
	if !n.IsMap() {
		r.HoursPer = hoursAboveZero(n)
		return
	}
	f := n.Map("from", "to")
	r.Stated = true
	r.HoursPer, r.HoursTo = hoursAboveZero(f.Need("from")), hoursAboveZero(f.Need("to"))
	if f.Has("from") && f.Has("to") && r.HoursTo < r.HoursPer {
		f.Get("to").Fail("上限小于下限", "the range ends below its beginning")
	}
	r.HoursTo = max(r.HoursTo, 1)
}

func hoursAboveZero(n strictyaml.Node) creditbank.Hours {
	h := strictyaml.Value(n, creditbank.ParseHours)
	if n.Exists() && (h <= 0 || h > creditbank.MaxHours) {
		n.Fail("每学分学时应大于0，不超过100000", "hours per credit are above zero and at most 100000")
		return creditbank.Hour
	}
	return h
}

// ratio reads so many credits for so many hours, {credits: "3", hours: "50"}.
func (p *parser) ratio(n strictyaml.Node, r *Recognition) {
	f := n.Map("credits", "hours")
	r.PerHours = &Rate{max(amount(f.Need("credits")), 1), max(hoursAboveZero(f.Need("hours")), 1)}
}

// worthTable reads a table of credits.
func (p *parser) worthTable(n strictyaml.Node, r *Recognition) {
	r.Table = []Worth{}
	for _, item := range n.List() {
		f := item.Map("category", "course", "family", "tag", "institution", "level", "effective", "credits")
		w := Worth{Filter: p.picks(f), Credits: amount(f.Need("credits"))}
		w.From, w.To = window(f.Get("effective"))
		if i := slices.IndexFunc(r.Table, func(above Worth) bool { return above.Filter == w.Filter && overlap(above, w) }); i >= 0 {
			item.FailWith(creditbank.CodeDuplicate, fmt.Sprintf("与第%d行的对象和时间重复", i+1), fmt.Sprintf("row %d holds the same outcomes at the same time", i+1))
		}
		r.Table = append(r.Table, w)
	}
	if n.Exists() && len(r.Table) == 0 {
		n.Fail("学分表至少要有一行", "a table of credits has at least one row")
	}
}

// overlap reports whether the windows of two rows share a day.
func overlap(a, b Worth) bool {
	return (a.To == 0 || b.From <= a.To) && (b.To == 0 || a.From <= b.To)
}

// validity reads how long an outcome can be used: a period, or the least of
// periods and what the issuer says.
func (p *parser) validity(n strictyaml.Node, r *Recognition) {
	if !n.IsMap() {
		r.ValidFor = strictyaml.Value(n, creditbank.ParsePeriod)
		return
	}
	least := n.Map("min").Need("min")
	for _, term := range least.List() {
		switch {
		case term.IsScalar() && term.Text() == "issuer":
			r.IssuerTerm = true
		case r.ValidFor != (creditbank.Period{}):
			term.Fail("只能写一个期限", "one period is enough")
		default:
			r.ValidFor = strictyaml.Value(term, creditbank.ParsePeriod)
		}
	}
	if least.Exists() && r.ValidFor == (creditbank.Period{}) && !r.IssuerTerm {
		least.Fail("min中至少要有一项", "min needs at least one term")
	}
}

func (p *parser) periodCap(n strictyaml.Node, source creditbank.Category) *PeriodCap {
	f := n.Map("of", "credits", "per", "calendar", "by", "exceed")
	c := &PeriodCap{Credits: amount(f.Need("credits"))}
	if c.Per = f.Need("per").Choice(perCalendarYear, perYear, perSemester, perEver); c.Per == perCalendarYear {
		c.Per = ""
	}
	if c.Per != perEver {
		f.Need("by").Choice("issued_on")
	}
	p.capCalendar(f, c)
	of := f.Need("of").Map("category", "course", "family", "tag", "institution", "level", "each")
	picked := p.picks(of)
	c.Category, c.Institution, c.Family = category(of.Need("category")), picked.Institution, picked.Family
	c.Course, c.Level, c.Tag = picked.Course, picked.Level, picked.Tag
	if c.Tag != "" {
		p.facts = true // of what was recognised before, only the course is known
	}
	c.Each = of.Get("each").Choice(eachInstitution, eachFamily, eachCourse)
	if c.Category != source && source != "" {
		f.Get("of").Fail("上限的类别与规则的来源类别不同，永远不起作用", "the cap is of another category than the rule's source and could never apply")
	}
	if c.Exceed = f.Get("exceed").Choice(exceedDeny, exceedTruncate); c.Exceed == "" {
		c.Exceed = exceedDeny
	}
	return c
}

// capCalendar reads the calendar of a cap, and checks that there is one where it
// is needed.
func (p *parser) capCalendar(f strictyaml.Fields, c *PeriodCap) {
	n := f.Get("calendar")
	c.Calendar = n.Text()
	reached := slices.Clone(p.set.calendars)
	if c.Calendar != "" {
		reached = slices.DeleteFunc(reached, func(k Calendar) bool { return k.ID != c.Calendar })
		if len(reached) == 0 {
			n.FailWith("UNKNOWN_CALENDAR", fmt.Sprintf("没有校历 %s", c.Calendar), fmt.Sprintf("calendar %s is not defined", c.Calendar))
			return
		}
		if c.Per != perYear && c.Per != perSemester {
			n.Fail("校历只适用于学年（year）和学期（semester）", `a calendar goes with a year or a semester only`)
		}
	}
	if c.Per != perSemester {
		return
	}
	hasDefault := c.Calendar != "" || slices.ContainsFunc(reached, func(k Calendar) bool { return k.Default })
	if without := slices.IndexFunc(reached, func(k Calendar) bool { return len(k.Semesters) == 0 }); without >= 0 {
		f.Get("per").Fail(fmt.Sprintf("校历 %s 没有学期", reached[without].ID), fmt.Sprintf("calendar %s has no semesters", reached[without].ID))
	} else if !hasDefault {
		f.Get("per").Fail("按学期计算需要指定校历或默认校历", "a cap per semester needs a calendar, or a default one")
	}
}
