package rule

import (
	"cmp"
	"fmt"
	"slices"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// conversionKeys are the keys of a conversion rule beside those of every rule.
var conversionKeys = []string{
	"programme", "match", "approval", "grant", "exceed", "validity", "exclude", "require", "when", "excess", "shortfall", "rule_time",
	"fee", "transferable", "initiator", "decide_within", "publicity", "appeal",
}

func (p *parser) conversion(f strictyaml.Fields) *Conversion {
	c := &Conversion{Programme: creditbank.ProgrammeID(f.Need("programme").Text())}
	programme, ok := p.set.programmes[c.Programme]
	if n := f.Get("programme"); n.Exists() && !ok {
		n.FailWith(creditbank.CodeUnknownProgramme, fmt.Sprintf("专业 %s 不存在", c.Programme), fmt.Sprintf("programme %s does not exist", c.Programme))
	}
	p.source(f.Need("source"), c)
	p.match(f, c)
	c.Reviewed, c.Process = p.life(f)
	p.grants(f, c, programme, ok)
	p.excess(f, c)
	p.conditions(f, c, programme)
	if t := f.Get("rule_time").Choice("application", timeOutcome, timeEnrolment); t != "application" {
		c.RuleTime = t
	}
	c.Flags = flags(f)
	return c
}

// conditions reads what has to hold beside the source.
func (p *parser) conditions(f strictyaml.Fields, c *Conversion, programme creditbank.Programme) {
	c.Validity = validity(f.Get("validity"))
	c.Exclude = p.exclusion(f.Get("exclude"), programme)
	for _, n := range f.Get("require").List() {
		c.Require = append(c.Require, p.requirement(n))
	}
	c.When = p.when(f.Get("when"))
}

func (p *parser) grants(f strictyaml.Fields, c *Conversion, programme creditbank.Programme, known bool) {
	exceed := f.Get("exceed").Choice(exceedDeny, exceedTruncate)
	shortfall := f.Get("shortfall").Choice(shortfallDeny, shortfallPartial, shortfallMakeUp)
	grants := f.Need("grant")
	for _, n := range grants.List() {
		g := p.grant(n, c, exceed, shortfall)
		slot, there := programme.Slot(g.Slot)
		if known && !there {
			n.FailWith("UNKNOWN_SLOT", fmt.Sprintf("专业 %s 没有课程位 %s", c.Programme, g.Slot), fmt.Sprintf("programme %s has no slot %s", c.Programme, g.Slot))
		}
		if g.waives() && (slot.Elective || g.Partial) {
			n.Fail("零学分免修须占满一门课程，不能用于选修模块或部分学分", "a waiver of no credits fills a slot; it goes with no elective and no partial line")
		}
		c.Grants = append(c.Grants, g)
	}
	if grants.Exists() && len(c.Grants) == 0 {
		grants.Fail("至少要有一条授予", "a conversion grants at least one line")
	}
}

// excess reads what becomes of the source's credits beyond the lines: forfeit,
// keep, or {slot: E, grade: exempt}, a further line of what there is room for.
func (p *parser) excess(f strictyaml.Fields, c *Conversion) {
	n := f.Get("excess")
	if n.IsMap() {
		e := n.Map("slot", "grade")
		g := Grant{Slot: creditbank.SlotID(e.Need("slot").Text()), Excess: true, Exceed: exceedTruncate, Grade: p.grade(e.Need("grade"), c)}
		if slot, ok := p.set.programmes[c.Programme].Slot(g.Slot); g.Slot != "" && (!ok || !slot.Elective) {
			e.Get("slot").FailWith("UNKNOWN_SLOT", fmt.Sprintf("专业 %s 没有选修课程位 %s", c.Programme, g.Slot), fmt.Sprintf("programme %s has no elective slot %s", c.Programme, g.Slot))
		}
		c.Grants = append(c.Grants, g)
		return
	}
	c.KeepExcess = n.Choice("forfeit", "keep") == "keep"
	if c.KeepExcess && c.tree.has(isLine) {
		n.Fail("另一专业的课程学分整体使用，没有可保留的多余学分", "a line of another programme is taken whole and leaves no excess to keep")
	}
	if c.KeepExcess && c.tree.has(isPool) {
		n.Fail("零存整取按规则的比例转换，没有多余学分", "a pool is converted at the rule's rate and leaves no excess to keep")
	}
}

// match reads how the source compares with the target.
func (p *parser) match(f strictyaml.Fields, c *Conversion) {
	if !f.Has("match") {
		return
	}
	m := f.Get("match").Map("level", "overlap", "overlap_min", "evidence")
	more := &Match{OverlapMin: share(m.Get("overlap_min"))}
	if level := m.Get("level"); level.IsMap() {
		more.Level = levelMatch(level)
	} else {
		c.SameLevel = level.Choice("equal") == "equal"
	}
	if (c.SameLevel || more.Level != nil) && !c.tree.has(isPart) && !c.tree.has(isLine) {
		m.Get("level").Fail("零存整取和整体认定没有单一等级，不能要求同级", "a pool or block has no one level to match")
	}
	c.Overlap = share(m.Get("overlap"))
	for _, n := range m.Get("evidence").List() {
		more.Evidence = append(more.Evidence, p.evidence(n, c))
	}
	if m.Has("overlap_min") && !m.Has("overlap") && len(more.Evidence) == 0 {
		m.Get("overlap_min").Fail("要求重合度，就要有重合度的依据（overlap或evidence）", "a minimum needs evidence to compare with: overlap or evidence")
	}
	if more.Level != nil || more.OverlapMin != 0 || len(more.Evidence) > 0 {
		c.Match = more
	}
}

func levelMatch(n strictyaml.Node) *LevelMatch {
	f := n.Map("relation", "below", "min", "framework")
	m := &LevelMatch{Relation: f.Need("relation").Choice("equal", "ge", "any"), Below: f.Get("below").Int(), Min: level(f.Get("min")), Framework: f.Get("framework").Text()}
	if f.Has("below") && (m.Relation != "ge" || m.Below < 1 || m.Below > 9) {
		f.Get("below").Fail("below须与relation: ge同用，为1至9", "below goes with relation: ge, and is a number of 1 to 9")
	}
	return m
}

func (p *parser) evidence(n strictyaml.Node, c *Conversion) Evidence {
	f := n.Map("course", "version", "overlap", "reviewer", "on", "document", "outcomes")
	e := Evidence{
		Course: creditbank.CourseCode(f.Need("course").Text()), Version: f.Get("version").Int(), Overlap: share(f.Need("overlap")),
		Reviewer: f.Get("reviewer").Text(), On: date(f.Get("on")), Document: f.Get("document").Text(),
	}
	if e.Course != "" && !c.tree.has(func(s *Tree) bool { return s.Part != nil && s.Part.Course == e.Course }) {
		f.Get("course").FailWith(creditbank.CodeUnknownCourse, fmt.Sprintf("来源中没有课程 %s", e.Course), fmt.Sprintf("the source has no course %s", e.Course))
	}
	for _, o := range f.Get("outcomes").List() {
		pair := o.Map("source", "target")
		e.Outcomes = append(e.Outcomes, OutcomePair{pair.Need("source").Text(), pair.Need("target").Text()})
	}
	return e
}

func validity(n strictyaml.Node) *Validity {
	if !n.Exists() {
		return nil
	}
	f := n.Map("source_max_age", "honour_source_expiry")
	if f.Has("honour_source_expiry") && !f.Get("honour_source_expiry").Bool() {
		f.Get("honour_source_expiry").Fail("失效的成果已不在账户中，不能转换；请放宽认定规则的valid_for", "what has expired is in no account any more; give it a longer valid_for where it is recognised")
	}
	if !f.Has("source_max_age") {
		return nil
	}
	return &Validity{strictyaml.Value(f.Get("source_max_age"), creditbank.ParsePeriod)}
}

func (p *parser) requirement(n strictyaml.Node) Requirement {
	f := n.Map("account", "real_name", "enrolled", "not_before", "not_after", "lines", "no_lines")
	var r Requirement
	switch f.One("account", "real_name", "enrolled", "not_before", "not_after", "lines", "no_lines") {
	case "account":
		r.Active = f.Get("account").Choice("active") == "active"
	case "real_name":
		if r.RealName = f.Get("real_name").Bool(); !r.RealName {
			f.Get("real_name").Fail("只能要求实名", "what can be asked for is true")
		}
	case "enrolled":
		r.Enrolled = p.programme(f.Get("enrolled")).ID
	case "not_before":
		r.NotBefore = date(f.Get("not_before"))
	case "not_after":
		r.NotAfter = date(f.Get("not_after"))
	case "lines":
		r.Lines = p.standing(f.Get("lines"), true)
	case "no_lines":
		r.NoLines = p.standing(f.Get("no_lines"), false)
	}
	return r
}

func (p *parser) standing(n strictyaml.Node, credits bool) *Standing {
	keys := []string{"programme", "slots", "from_level", "credits"}
	if !credits {
		keys = keys[:3]
	}
	f := n.Map(keys...)
	pr := p.programme(f.Need("programme"))
	s := &Standing{Programme: pr.ID, Slots: p.slots(f.Get("slots"), pr), FromLevel: level(f.Get("from_level"))}
	if f.Has("credits") {
		s.Credits = amount(f.Get("credits"))
	}
	return s
}

// programme reads the id of a programme of the set.
func (p *parser) programme(n strictyaml.Node) creditbank.Programme {
	id := creditbank.ProgrammeID(n.Text())
	pr, ok := p.set.programmes[id]
	if !ok && id != "" {
		n.FailWith(creditbank.CodeUnknownProgramme, fmt.Sprintf("专业 %s 不存在", id), fmt.Sprintf("programme %s does not exist", id))
	}
	return pr
}

// flags reads what only leaves the bank; nil if there is nothing.
func flags(f strictyaml.Fields) *Flags {
	fl := Flags{
		Fee:       f.Get("fee").Choice("exempt", "payable", "refund"),
		Initiator: f.Get("initiator").Choice("learner", "institution_with_consent"),
	}
	fl.NotTransferable = f.Has("transferable") && !f.Get("transferable").Bool()
	if fl == (Flags{}) {
		return nil
	}
	return &fl
}

// subjects reads which courses are of one subject.
func (p *parser) subjects(n strictyaml.Node) *Subjects {
	if !n.Exists() {
		return nil
	}
	f := n.Map("abbreviations", "substitutes")
	s := &Subjects{}
	if f.Has("abbreviations") {
		for _, pair := range f.Get("abbreviations").Pairs() {
			s.Abbreviations = append(s.Abbreviations, Abbreviation{pair.Key, pair.Value.Text()})
		}
	}
	slices.SortFunc(s.Abbreviations, func(a, b Abbreviation) int {
		return cmp.Or(cmp.Compare(len(b.Short), len(a.Short)), cmp.Compare(a.Short, b.Short))
	})
	for _, g := range f.Get("substitutes").List() {
		group := texts(g)
		if len(group) < 2 {
			g.Fail("一组替代科目至少两门", "a group of substitutes has at least two subjects")
		}
		s.Substitutes = append(s.Substitutes, group)
	}
	return s
}
