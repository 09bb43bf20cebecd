package rule

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// A leaf is a course, pool, block or line of a source with its place in the file.
type leaf struct {
	*Tree
	path   []any
	always bool // the rule cannot do without it: only "all" stands above it
}

// leavesOf returns the leaves of a source.
func leavesOf(t *Tree) []leaf {
	var all []leaf
	var walk func(t *Tree, path []any, always bool)
	walk = func(t *Tree, path []any, always bool) {
		if t.Part != nil || t.Pool != nil || t.Block != nil || t.Line != nil {
			all = append(all, leaf{t, slices.Clone(path), always})
		}
		for i, b := range t.All {
			walk(b, append(path, "all", i), always)
		}
		for i, b := range t.Any {
			walk(b, append(path, "any", i), always && len(t.Any) == 1)
		}
		for i, b := range t.Of {
			walk(b, append(path, "at_least", "of", i), always && len(t.Of) == t.AtLeast)
		}
	}
	walk(t, []any{"source"}, true)
	return all
}

// at returns a place in a leaf.
func (c *inspection) at(i int, l leaf, path ...any) strictyaml.Node {
	return c.rule(i, append(slices.Clone(l.path), path...)...)
}

// severity is that of something which a leaf can never satisfy: the rule is dead
// only if it cannot do without the leaf.
func (l leaf) severity() Severity {
	if l.always {
		return Error
	}
	return Warning
}

// conversion looks at one conversion rule with what it names.
func (c *inspection) conversion(i int, r *Rule) {
	for _, l := range leavesOf(r.Conversion.tree) {
		switch {
		case l.Part != nil:
			c.part(i, r, l)
		case l.Pool != nil:
			c.category(i, r, c.at(i, l, "pool", "category"), l.Pool.Category)
			c.pooled(i, r, l)
		case l.Block != nil:
			c.category(i, r, c.at(i, l, "block", "category"), l.Block.Category)
		case l.Line != nil:
			c.line(i, r, l)
		}
	}
	c.families(i, r)
	c.amounts(i, r)
	c.counted(i, r)
	c.floored(i, r)
}

// category looks at whether anything of a category is recognised in time.
func (c *inspection) category(i int, r *Rule, at strictyaml.Node, category creditbank.Category) {
	if ok, nearest := c.categoryRecognisable(category, r.days()); !ok {
		c.unrecognised(at, text("规则 %[1]s 的来源类别 %[2]s 没有任何规则能及时认定", "no rule recognises %[2]s in time for rule %[1]s", r.ID, category), nearest)
	}
}

// outcome returns an outcome of a course as somebody could hold it, and the
// evaluation of a rule that is asked about it.
func (c *inspection) outcome(r *Rule, course creditbank.Course) (*evaluation, *creditbank.Lot) {
	p := creditbank.Posting{Course: course.Code} // by nobody knows whom
	lot := &creditbank.Lot{Outcome: creditbank.NewOutcome(p, course, creditbank.Recognition{}, 1, time.Time{}, exampleCaller, "")}
	return &evaluation{set: c.set, rule: r, conv: r.Conversion, programme: c.set.programmes[r.Conversion.Programme]}, lot
}

// part looks at one course of a source.
func (c *inspection) part(i int, r *Rule, l leaf) {
	course, known := c.cat.Courses[l.Part.Course]
	if !known {
		return
	}
	at := c.at(i, l, "course")
	if ok, nearest := c.recognisable(posted(course, ""), r.days()); !ok {
		c.unrecognised(at, text("课程 %[2]s 没有任何规则能及时认定，规则 %[1]s 永远得不到来源", "no rule recognises %[2]s in time: rule %[1]s never has its source", r.ID, course.Code), nearest)
	}
	c.retired(i, r, l, course)
	c.excluded(i, r, l, course)
	e, lot := c.outcome(r, course)
	c.level(i, r, l, at, e, lot)
}

// line looks at a line of another programme: whether any rule fills its slot in
// time, and whether its level will do.
func (c *inspection) line(i int, r *Rule, l leaf) {
	filled, nearest := false, -1
	for j, other := range c.set.rules {
		v := other.Conversion
		if v == nil || v.Programme != l.Line.Programme || !slices.ContainsFunc(v.Grants, func(g Grant) bool { return g.Slot == l.Line.Slot }) {
			continue
		}
		nearest = j
		filled = filled || other.From <= r.days().last() // a line does not expire
	}
	if !filled {
		c.unrecognised(c.at(i, l, "line", "slot"), text("规则 %[1]s 的来源 %[2]s 没有任何规则能及时授予", "no rule grants %[2]s in time for rule %[1]s", r.ID, *l.Line), nearest)
	}
	e, lot := c.outcome(r, creditbank.Course{})
	slot, _ := c.set.programmes[l.Line.Programme].Slot(l.Line.Slot)
	lot.Course, lot.Level = creditbank.CourseCode(l.Line.String()), slot.Level
	c.level(i, r, l, c.at(i, l, "line", "slot"), e, lot)
}

// level looks at whether the level of a source will do.
func (c *inspection) level(i int, r *Rule, l leaf, at strictyaml.Node, e *evaluation, lot *creditbank.Lot) {
	if len(e.minLevel(lot)) > 0 {
		c.found(l.severity(), CodeContradiction, at, c.rule(i, "match", "level", "min"), text(
			"规则 %[1]s 要求不低于%[3]d级，而来源 %[2]s 为%[4]d级", "rule %[1]s asks for level %[3]d at least, but the source %[2]s is of level %[4]d",
			r.ID, lot.Course, r.Conversion.levelMatch().Min, lot.Level))
	}
	for _, g := range r.Conversion.Grants {
		slot, _ := e.programme.Slot(g.Slot)
		if _, fault := e.levelFault(lot, g); fault {
			c.found(l.severity(), CodeContradiction, at, c.slot(e.programme, slot.ID, "level"), text(
				"来源 %[2]s 为%[3]d级，不符合规则 %[1]s 对课程位 %[4]s（%[5]d级）的等级要求，永远不会批准",
				"the source %[2]s is of level %[3]d, which does not do for slot %[4]s of level %[5]d as rule %[1]s asks: it can never be approved",
				r.ID, lot.Course, lot.Level, slot.ID, slot.Level))
		}
	}
}

// excluded looks at whether a negative list names a course of the source.
func (c *inspection) excluded(i int, r *Rule, l leaf, course creditbank.Course) {
	e, lot := c.outcome(r, course)
	for _, list := range []struct {
		exclusion *creditbank.Exclusion
		at        strictyaml.Node
	}{{c.set.everyday, c.root.At("exclude")}, {e.programme.Exclude, c.programme(e.programme.ID, "exclude")}, {r.Conversion.Exclude, c.rule(i, "exclude")}} {
		if why, out := e.excludes(list.exclusion, lot); out {
			c.found(l.severity(), CodeExcludedSource, c.at(i, l, "course"), list.at, text(
				"规则 %[1]s 的来源 %[2]s 在不予转换之列（%[3]s），永远不会批准", "the source %[2]s of rule %[1]s is on a negative list (%[3]s): it can never be approved", r.ID, course.Code, why))
		}
	}
}

// retired looks at whether a course is offered in the rule's window.
func (c *inspection) retired(i int, r *Rule, l leaf, course creditbank.Course) {
	at := c.at(i, l, "course")
	switch last := course.ValidUntil; {
	case last == 0:
	case r.From > last:
		c.found(l.severity(), CodeRetiredCourse, at, c.rule(i, "effective", "from"), text(
			"课程 %[2]s 已于%[3]s停开，早于规则 %[1]s 生效", "course %[2]s was offered through %[3]s, before rule %[1]s takes effect", r.ID, course.Code, last))
	case r.days().last() > last:
		c.found(Warning, CodeRetiredCourse, at, c.rule(i, "effective"), text(
			"课程 %[2]s 于%[3]s停开，规则 %[1]s 此后只适用于已有的成果",
			"course %[2]s is offered through %[3]s; after that rule %[1]s serves outcomes of before only", r.ID, course.Code, last))
	}
}

// families finds two certificates of one family that the rule needs both, of
// which the lower has to be the highest held.
func (c *inspection) families(i int, r *Rule) {
	var needed []leaf
	for _, l := range leavesOf(r.Conversion.tree) {
		if l.Part != nil && l.always {
			needed = append(needed, l)
		}
	}
	for _, low := range needed {
		for _, high := range needed {
			a, b := c.cat.Courses[low.Part.Course], c.cat.Courses[high.Part.Course]
			if low.Part.FamilyHighest && a.Family != "" && a.Family == b.Family && a.Level < b.Level {
				c.found(Error, CodeContradiction, c.at(i, low, "course"), c.at(i, high, "course"), text(
					"规则 %[1]s 要求 %[2]s 是所持同系列最高等级，又要求持有更高的 %[3]s",
					"rule %[1]s asks that %[2]s be the highest of its family, and for %[3]s, which is higher", r.ID, a.Code, b.Code))
			}
		}
	}
}
