package rule

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// conversion looks at one conversion rule with what it names.
func (c *checker) conversion(i int, r *Rule) {
	for n, part := range r.Conversion.Parts {
		c.part(i, r, n, part)
	}
	c.families(i, r)
	c.amounts(i, r)
	if category := r.Conversion.category(); category != "" {
		if ok, nearest := c.categoryRecognisable(category, r.window()); !ok {
			c.unrecognised(c.source(i), text("规则 %[1]s 的来源类别 %[2]s 没有任何规则能及时认定", "no rule recognises %[2]s in time for rule %[1]s", r.ID, category), nearest)
		}
	}
	c.pooled(i, r)
}

// category returns the category of a source that names no courses, or "".
func (v *Conversion) category() creditbank.Category {
	switch {
	case v.Pool != nil:
		return v.Pool.Category
	case v.Block != nil:
		return v.Block.Category
	}
	return ""
}

// source returns the place of a pool or block.
func (c *checker) source(i int) strictyaml.Node {
	for _, key := range []string{"pool", "block"} {
		if n := c.rule(i, "source", key, "category"); n.Path() != c.rule(i, "source").Path() {
			return n
		}
	}
	return c.rule(i, "source")
}

// partAt returns the place of the n-th course of a source.
func (c *checker) partAt(i, n int) strictyaml.Node {
	if all := c.rule(i, "source", "all"); all.Path() != c.rule(i, "source").Path() {
		return all.At(n, "course")
	}
	return c.rule(i, "source", "course")
}

// part looks at one course of a source.
func (c *checker) part(i int, r *Rule, n int, part Part) {
	course, known := c.cat.Courses[part.Course]
	if !known {
		return
	}
	at := c.partAt(i, n)
	if ok, nearest := c.recognisable(course, r.window()); !ok {
		c.unrecognised(at, text("课程 %[2]s 没有任何规则能及时认定，规则 %[1]s 永远得不到来源", "no rule recognises %[2]s in time: rule %[1]s never has its source", r.ID, part.Course), nearest)
	}
	c.retired(i, r, at, course)
	if !r.Conversion.SameLevel {
		return
	}
	p := c.set.programmes[r.Conversion.Programme]
	for _, g := range r.Conversion.Grants {
		if slot, _ := p.Slot(g.Slot); slot.Level != 0 && slot.Level != course.Level {
			c.found(Error, CodeContradiction, at, c.slot(p, slot.ID, "level"), text(
				"规则 %[1]s 要求同级，而课程 %[2]s 为%[3]d级，课程位 %[4]s 为%[5]d级，永远不会批准",
				"rule %[1]s asks for equal levels, but course %[2]s is of level %[3]d and slot %[4]s of level %[5]d: it can never be approved",
				r.ID, part.Course, course.Level, slot.ID, slot.Level))
		}
	}
}

// retired looks at whether a course is offered in the rule's window.
func (c *checker) retired(i int, r *Rule, at strictyaml.Node, course creditbank.Course) {
	switch last := course.ValidUntil; {
	case last == 0:
	case r.From > last:
		c.found(Error, CodeRetiredCourse, at, c.rule(i, "effective", "from"), text(
			"课程 %[2]s 已于%[3]s停开，早于规则 %[1]s 生效", "course %[2]s was offered through %[3]s, before rule %[1]s takes effect", r.ID, course.Code, last))
	case r.window().last() > last:
		c.found(Warning, CodeRetiredCourse, at, c.rule(i, "effective"), text(
			"课程 %[2]s 于%[3]s停开，规则 %[1]s 此后只适用于已有的成果",
			"course %[2]s is offered through %[3]s; after that rule %[1]s serves outcomes of before only", r.ID, course.Code, last))
	}
}

// families finds two certificates of one family, of which the lower has to be
// the highest held.
func (c *checker) families(i int, r *Rule) {
	parts := r.Conversion.Parts
	for n, low := range parts {
		for m, high := range parts {
			a, b := c.cat.Courses[low.Course], c.cat.Courses[high.Course]
			if low.FamilyHighest && a.Family != "" && a.Family == b.Family && a.Level < b.Level {
				c.found(Error, CodeContradiction, c.partAt(i, n), c.partAt(i, m), text(
					"规则 %[1]s 要求 %[2]s 是所持同系列最高等级，又要求持有更高的 %[3]s",
					"rule %[1]s asks that %[2]s be the highest of its family, and for %[3]s, which is higher", r.ID, low.Course, high.Course))
			}
		}
	}
}

// amounts finds lines that can never fit: into a closed slot, or with more
// credits than the slot or a cap has.
func (c *checker) amounts(i int, r *Rule) {
	p := c.set.programmes[r.Conversion.Programme]
	bySlot := map[creditbank.SlotID]creditbank.Credits{}
	var sum creditbank.Credits
	for n, g := range r.Conversion.Grants {
		slot, _ := p.Slot(g.Slot)
		if slot.Closed {
			c.found(Error, CodeClosedTarget, c.rule(i, "grant", n, "slot"), c.slot(p, slot.ID, "convertible"), text(
				"规则 %[1]s 授予课程位 %[2]s，而该课程位不接受转换", "rule %[1]s grants into slot %[2]s, which takes no conversions", r.ID, slot.ID))
			continue
		}
		if g.Fixed == nil || g.Source || g.Exceed != exceedDeny {
			continue // it may be less
		}
		at := c.rule(i, "grant", n, "credits")
		sum += *g.Fixed
		if bySlot[slot.ID] += *g.Fixed; bySlot[slot.ID] > slot.Credits {
			c.found(Error, CodeGrantNeverFits, at, c.slot(p, slot.ID, "credits"), text(
				"规则 %[1]s 在课程位 %[2]s 授予%[3]s学分，而该课程位只有%[4]s",
				"rule %[1]s grants %[3]s credits into slot %[2]s, which has %[4]s", r.ID, slot.ID, bySlot[slot.ID], slot.Credits))
		}
		for m, limit := range p.Caps {
			if c.counts(r.Conversion, limit) && sum > limit.Limit && sum-*g.Fixed <= limit.Limit {
				name := capText(limit)
				c.found(Error, CodeGrantNeverFits, at, c.programme(p.ID, "caps", m), creditbank.Text{
					ZH: fmt.Sprintf("规则 %s 授予%s学分，超出%s，永远不会批准", r.ID, sum, name.ZH),
					EN: fmt.Sprintf("rule %s grants %s credits, beyond the %s: it can never be approved", r.ID, sum, name.EN),
				})
			}
		}
	}
}

// counts reports whether the lines of a conversion are sure to count towards a
// cap.
func (c *checker) counts(v *Conversion, limit creditbank.Cap) bool {
	if limit.Category == "" || v.category() == limit.Category {
		return true
	}
	return slices.ContainsFunc(v.Parts, func(p Part) bool { return c.cat.Courses[p.Course].Category == limit.Category })
}

// categoryRecognisable is [checker.recognisable] for any course of a category.
func (c *checker) categoryRecognisable(category creditbank.Category, use window) (ok bool, nearest int) {
	nearest = -1
	for _, course := range c.probes() {
		if course.Category != category {
			continue
		}
		if ok, near := c.recognisable(course, use); ok {
			return true, near
		} else if near >= 0 {
			nearest = near
		}
	}
	return false, nearest
}

// pooled finds a pool that asks for more than period caps ever let anybody hold:
// what is valid at one moment was issued in so many calendar years, each with
// its cap.
func (c *checker) pooled(i int, r *Rule) {
	pool := r.Conversion.Pool
	if pool == nil {
		return
	}
	var yearly creditbank.Credits
	span, by := 0, -1
	for j, other := range c.set.rules {
		rec := other.Recognition
		if rec == nil || rec.Category != pool.Category {
			continue
		}
		if rec.Cap == nil || rec.Cap.Category != pool.Category || rec.ValidFor == (creditbank.Period{}) {
			return // no bound
		}
		// A cap counts what any rule recognised, so the largest bounds them all.
		if rec.Cap.Credits > yearly {
			yearly, by = rec.Cap.Credits, j
		}
		span = max(span, years(rec.ValidFor))
	}
	if most := yearly * creditbank.Credits(span); by >= 0 && pool.Credits > most {
		c.found(Error, CodeCapNeverMet, c.rule(i, "source", "pool", "credits"), c.rule(by, "cap", "credits"), text(
			"规则 %[1]s 需要%[2]s学分，而按年度上限与有效期，任何人同时最多持有%[3]s",
			"rule %[1]s asks for %[2]s credits, but under the yearly cap and the validity nobody ever holds more than %[3]s", r.ID, pool.Credits, most))
	}
}

// years returns how many calendar years a span of a period may touch.
func years(p creditbank.Period) int {
	const start creditbank.Date = 20001231 // touches the most
	return p.After(start).Year() - start.Year() + 1
}

// caps finds caps of programmes that can never matter: everything that could
// ever count towards them fits.
func (c *checker) caps() {
	for _, id := range c.set.order {
		p := c.set.programmes[id]
		for m, limit := range p.Caps {
			most, bounded := c.most(p, limit)
			if !bounded || c.blind && limit.Category != "" || most > limit.Limit {
				continue
			}
			name := capText(limit)
			c.found(Warning, CodeCapNeverBinds, c.programme(id, "caps", m), c.programme(id, "slots"), creditbank.Text{
				ZH: fmt.Sprintf("专业 %s 的%s不起作用：现有规则最多授予%s学分", id, name.ZH, most),
				EN: fmt.Sprintf("the %s of programme %s never matters: the rules grant %s credits at most", name.EN, id, most),
			})
		}
	}
}

// capText names a cap to people.
func capText(c creditbank.Cap) creditbank.Text {
	t := creditbank.Text{ZH: "转换学分总上限", EN: "cap on all conversions"}
	if c.Category != "" {
		class := c.Category.Text()
		t = creditbank.Text{ZH: class.ZH + "转换学分上限", EN: "cap on conversions from " + class.EN + " learning"}
	}
	if c.PerSource {
		t.ZH, t.EN = t.ZH+"（每项来源）", t.EN+", per source,"
	}
	return creditbank.Text{ZH: t.ZH + c.Limit.String(), EN: t.EN + " of " + c.Limit.String()}
}

// most returns the most that could ever count towards a cap: the slots that rules
// counting towards it fill, or the most of one such rule for a cap per source.
func (c *checker) most(p creditbank.Programme, limit creditbank.Cap) (most creditbank.Credits, bounded bool) {
	filled := map[creditbank.SlotID]bool{}
	for _, r := range c.set.rules {
		v := r.Conversion
		if v == nil || v.Programme != p.ID || !c.counts(v, limit) {
			continue
		}
		if limit.PerSource && v.Pool != nil {
			return 0, false // a lot that is split has a part in several conversions
		}
		var lines creditbank.Credits
		for _, g := range v.Grants {
			slot, _ := p.Slot(g.Slot)
			if slot.Closed {
				continue
			}
			filled[g.Slot] = true
			line := slot.Credits
			if g.Fixed != nil {
				line = min(line, *g.Fixed)
			}
			lines += line
		}
		if limit.PerSource {
			most = max(most, lines)
		}
	}
	if !limit.PerSource {
		for id := range filled {
			slot, _ := p.Slot(id)
			most += slot.Credits
		}
	}
	return most, true
}

// ambiguous finds conversions with the same source that are in force at once and
// put something else into the same slot: which of them applies would be up to
// who asks first. Rules that say the same twice are doubtful only.
func (c *checker) ambiguous() {
	for i, r := range c.set.rules {
		for j, other := range c.set.rules[:i] {
			if r.Conversion == nil || other.Conversion == nil || r.ID == other.ID || r.Conversion.Programme != other.Conversion.Programme ||
				!r.window().meets(other.window()) || conditions(r.Conversion) != conditions(other.Conversion) {
				continue
			}
			if same(r.Conversion.Grants, other.Conversion.Grants) {
				c.found(Warning, CodeRepeatedRule, c.rule(i), c.rule(j), text(
					"规则 %[1]s 与 %[2]s 内容相同且同时有效", "rules %[1]s and %[2]s say the same and are in force at once", r.ID, other.ID))
				continue
			}
			for n, g := range r.Conversion.Grants {
				m := slices.IndexFunc(other.Conversion.Grants, func(h Grant) bool { return h.Slot == g.Slot })
				if m >= 0 {
					c.found(Error, CodeAmbiguous, c.rule(i, "grant", n), c.rule(j, "grant", m), text(
						"规则 %[1]s 与 %[2]s 来源相同、同时有效，却对课程位 %[3]s 作不同的授予",
						"rules %[1]s and %[2]s have the same source, are in force at once and grant differently into slot %[3]s", r.ID, other.ID, g.Slot))
					break
				}
			}
		}
	}
}

// conditions returns what a conversion asks for, in one text: equal texts ask
// for the same.
func conditions(v *Conversion) string {
	asks := *v
	asks.Grants, asks.Reviewed = nil, false
	asks.Parts = slices.Clone(v.Parts)
	slices.SortFunc(asks.Parts, func(a, b Part) int { return cmp.Compare(a.Course, b.Course) })
	return encoded(asks)
}

func same(a, b []Grant) bool { return encoded(a) == encoded(b) }

// encoded returns the canonical form of a part of a rule.
func encoded(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error() // never: these are the parts that hashes are taken of
	}
	return string(b)
}
