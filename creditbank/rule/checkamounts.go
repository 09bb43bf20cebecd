package rule

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// amounts finds lines that can never fit: into a closed slot, or with more
// credits than the slot or a cap has.
func (c *inspection) amounts(i int, r *Rule) {
	e := &evaluation{set: c.set, rule: r, conv: r.Conversion, programme: c.set.programmes[r.Conversion.Programme]}
	p := e.programme
	bySlot := map[creditbank.SlotID]creditbank.Credits{}
	byCap := make([]creditbank.Credits, len(p.Caps))
	for n, g := range r.Conversion.Grants {
		slot, _ := p.Slot(g.Slot)
		if e.closed(slot) {
			c.found(Error, CodeClosedTarget, c.rule(i, "grant", n, "slot"), c.closing(i, p, r, slot), text(
				"规则 %[1]s 授予课程位 %[2]s，而该课程位不接受转换", "rule %[1]s grants into slot %[2]s, which takes no conversions", r.ID, slot.ID))
			continue
		}
		if !g.sure() {
			continue // it may be less
		}
		at := c.rule(i, "grant", n, "credits")
		if bySlot[slot.ID] += *g.Fixed; bySlot[slot.ID] > slot.Credits {
			c.found(Error, CodeGrantNeverFits, at, c.slot(p, slot.ID, "credits"), text(
				"规则 %[1]s 在课程位 %[2]s 授予%[3]s学分，而该课程位只有%[4]s",
				"rule %[1]s grants %[3]s credits into slot %[2]s, which has %[4]s", r.ID, slot.ID, bySlot[slot.ID], slot.Credits))
		}
		for m, limit := range p.Caps {
			if limit.Measure != "" || !c.counts(r.Conversion, limit, slot) {
				continue
			}
			before := byCap[m]
			if byCap[m] += *g.Fixed; byCap[m] > limit.Limit && before <= limit.Limit {
				name := capText(limit)
				c.found(Error, CodeGrantNeverFits, at, c.programme(p.ID, "caps", m), creditbank.Text{
					ZH: fmt.Sprintf("规则 %s 授予%s学分，超出%s，永远不会批准", r.ID, byCap[m], name.ZH),
					EN: fmt.Sprintf("rule %s grants %s credits, beyond the %s: it can never be approved", r.ID, byCap[m], name.EN),
				})
			}
		}
	}
}

// closing returns what closes a slot to a rule.
func (c *inspection) closing(i int, p creditbank.Programme, r *Rule, slot creditbank.Slot) strictyaml.Node {
	switch x := r.Conversion.Exclude; {
	case slot.Closed:
		return c.slot(p, slot.ID, "convertible")
	case x != nil && slices.Contains(x.Targets, slot.ID):
		return c.rule(i, "exclude", "targets")
	}
	return c.programme(p.ID, "exclude", "targets")
}

// counts reports whether a line of a conversion in slot is sure to count towards
// a cap, whatever outcomes serve.
func (c *inspection) counts(v *Conversion, limit creditbank.Cap, slot creditbank.Slot) bool {
	s := limit.Scope
	if !s.HasSlot(slot) || s != nil && len(s.Categories)+len(s.Institutions)+len(s.Tag) > 0 {
		return false // of sources with a tag or an institution it is not known here
	}
	return limit.Category == "" || slices.ContainsFunc(leavesOf(v.tree), func(l leaf) bool { return l.always && c.of(l) == limit.Category })
}

// of returns the category of what serves as a leaf.
func (c *inspection) of(l leaf) creditbank.Category {
	switch {
	case l.Pool != nil:
		return l.Pool.Category
	case l.Block != nil:
		return l.Block.Category
	case l.Line != nil:
		return "" // as what it was made of
	}
	return c.cat.Courses[l.Part.Course].Category
}

// mayCount reports whether a line of a conversion in slot could count towards a
// cap.
func (c *inspection) mayCount(v *Conversion, limit creditbank.Cap, slot creditbank.Slot) bool {
	return limit.Scope.HasSlot(slot) &&
		(limit.Category == "" || slices.ContainsFunc(leavesOf(v.tree), func(l leaf) bool { return l.Line != nil || c.of(l) == limit.Category }))
}

// categoryRecognisable is [inspection.recognisable] for any course of a category.
func (c *inspection) categoryRecognisable(category creditbank.Category, use days) (ok bool, nearest int) {
	nearest = -1
	for _, one := range c.probes() {
		if one.course.Category != category {
			continue
		}
		if ok, near := c.recognisable(one, use); ok {
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
func (c *inspection) pooled(i int, r *Rule, l leaf) {
	pool := l.Pool
	var yearly creditbank.Credits
	var at strictyaml.Node
	span := 0
	for j, other := range c.set.rules {
		rec := other.Recognition
		if rec == nil || rec.Category != pool.Category {
			continue
		}
		n := slices.IndexFunc(rec.caps(), func(limit PeriodCap) bool {
			return limit.Category == pool.Category && !limit.narrowed() && limit.Per != perSemester
		})
		if n < 0 {
			return // no bound
		}
		limit, touched := rec.caps()[n], 1
		if limit.Per != perEver {
			if rec.ValidFor == (creditbank.Period{}) {
				return
			}
			touched = years(rec.ValidFor)
		}
		// A cap counts what any rule recognised, so the largest bounds them all.
		if limit.Credits > yearly {
			yearly, at = limit.Credits, c.rule(j, "cap", n, "credits")
			if rec.Cap != nil {
				at = c.rule(j, "cap", "credits")
			}
		}
		span = max(span, touched)
	}
	if most := yearly * creditbank.Credits(span); span > 0 && pool.Credits > most {
		c.found(l.severity(), CodeCapNeverMet, c.at(i, l, "pool", "credits"), at, text(
			"规则 %[1]s 需要%[2]s学分，而按上限与有效期，任何人同时最多持有%[3]s",
			"rule %[1]s asks for %[2]s credits, but under the caps and the validity nobody ever holds more than %[3]s", r.ID, pool.Credits, most))
	}
}

// years returns how many calendar years a span of a period may touch.
func years(p creditbank.Period) int {
	const start creditbank.Date = 20001231 // touches the most
	return p.After(start).Year() - start.Year() + 1
}

// caps finds caps of programmes that can never matter: everything that could
// ever count towards them fits.
func (c *inspection) caps() {
	for _, id := range c.set.order {
		p := c.set.programmes[id]
		c.numbers(p)
		c.floors(p)
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
	if c.Scope != nil || c.PerInstitution || c.Period != nil {
		t = creditbank.Text{ZH: "转换学分上限", EN: "cap on conversions"}
	}
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
// counting towards it fill, or the most of one such rule for a cap per source. Of
// a cap that counts lines or outcomes, and of sources that several conversions
// have a part of, there is no bound.
func (c *inspection) most(p creditbank.Programme, limit creditbank.Cap) (most creditbank.Credits, bounded bool) {
	if limit.Measure != "" {
		return 0, false
	}
	filled := map[creditbank.SlotID]bool{}
	for _, r := range c.set.rules {
		v := r.Conversion
		if v == nil || v.Programme != p.ID {
			continue
		}
		var lines creditbank.Credits
		for _, g := range v.Grants {
			slot, _ := p.Slot(g.Slot)
			if slot.Closed || !c.mayCount(v, limit, slot) {
				continue
			}
			if limit.PerSource && (v.KeepExcess || v.tree.has(isPool) || v.tree.has(isLine)) {
				return 0, false
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
func (c *inspection) ambiguous() {
	for i, r := range c.set.rules {
		for j, other := range c.set.rules[:i] {
			if r.Conversion == nil || other.Conversion == nil || r.ID == other.ID || r.Priority != other.Priority || r.Conversion.Programme != other.Conversion.Programme ||
				!r.days().meets(other.days()) || conditions(r.Conversion) != conditions(other.Conversion) {
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
	asks.Grants, asks.Reviewed, asks.Flags = nil, false, nil
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
