package rule

import (
	"fmt"
	"slices"

	"creditbank/creditbank"
)

// limitText names a cap or floor of a programme to people, from its name in
// findings.
func (c *inspection) limitText(p creditbank.Programme, name string) creditbank.Text {
	return creditbank.LimitText(c.cat, p, name)
}

// counted finds a rule that takes more outcomes, or makes more lines, than a cap
// on their number lets anybody have.
func (c *inspection) counted(i int, r *Rule) {
	e := &evaluation{set: c.set, rule: r, conv: r.Conversion, programme: c.set.programmes[r.Conversion.Programme]}
	p := e.programme
	for m, limit := range p.Caps {
		if limit.Measure == "" || limit.PerInstitution || limit.Period != nil {
			continue // several cells may share them
		}
		n := 0
		for g, grant := range r.Conversion.Grants {
			slot, _ := p.Slot(grant.Slot)
			if e.closed(slot) || !grant.sure() || !c.counts(r.Conversion, limit, slot) {
				continue
			}
			n++
			if limit.Measure == creditbank.MeasureSources {
				n = c.needed(r.Conversion, limit)
			}
			if n <= limit.Count {
				continue
			}
			name := c.limitText(p, CapName(limit))
			c.found(Error, CodeGrantNeverFits, c.rule(i, "grant", g), c.programme(p.ID, "caps", m), creditbank.Text{
				ZH: fmt.Sprintf("规则 %s 一次需要%d项，超出%s，永远不会批准", r.ID, n, name.ZH),
				EN: fmt.Sprintf("rule %s needs %d at once, beyond %s: it can never be approved", r.ID, n, name.EN),
			})
			break
		}
	}
}

// sure reports whether the line is made in full or the rule is denied.
func (g Grant) sure() bool {
	return g.Fixed != nil && !g.Source && g.Exceed == exceedDeny && g.Shortfall != shortfallPartial && g.Shortfall != shortfallMakeUp
}

// needed returns how many outcomes that count towards a cap a conversion cannot do
// without. A pool or block takes one at least.
func (c *inspection) needed(v *Conversion, limit creditbank.Cap) (n int) {
	for _, l := range leavesOf(v.tree) {
		if l.always && l.Line == nil && (limit.Category == "" || c.of(l) == limit.Category) {
			n++
		}
	}
	return n
}

// floored finds a rule whose lines can never keep a floor: outside its scope they
// bring more than it leaves.
func (c *inspection) floored(i int, r *Rule) {
	e := &evaluation{set: c.set, rule: r, conv: r.Conversion, programme: c.set.programmes[r.Conversion.Programme]}
	p := e.programme
	for m, floor := range p.Floors {
		var outside creditbank.Credits
		for g, grant := range r.Conversion.Grants {
			slot, _ := p.Slot(grant.Slot)
			if e.closed(slot) || !grant.sure() || !c.outside(r.Conversion, floor.Scope, slot) {
				continue
			}
			if outside += *grant.Fixed; outside <= p.Credits-floor.Limit {
				continue
			}
			name := c.limitText(p, FloorName(floor))
			c.found(Error, CodeGrantNeverFits, c.rule(i, "grant", g, "credits"), c.programme(p.ID, "floors", m), creditbank.Text{
				ZH: fmt.Sprintf("规则 %s 授予%s学分，而%s只留下%s学分，永远不会批准", r.ID, outside, name.ZH, p.Credits-floor.Limit),
				EN: fmt.Sprintf("rule %s grants %s credits, but %s leaves %s: it can never be approved", r.ID, outside, name.EN, p.Credits-floor.Limit),
			})
			break
		}
	}
}

// outside reports whether a line of a conversion in slot is sure to be outside a
// scope, whatever outcomes serve.
func (c *inspection) outside(v *Conversion, s creditbank.Scope, slot creditbank.Slot) bool {
	return !s.HasSlot(slot) || slices.ContainsFunc(leavesOf(v.tree), func(l leaf) bool {
		if !l.always || l.Line != nil {
			return false
		}
		category := c.of(l)
		return len(s.Categories) > 0 && category != "" && !slices.Contains(s.Categories, category) ||
			len(s.Institutions) > 0 && l.Block != nil && l.Block.Institution != "" && !slices.Contains(s.Institutions, l.Block.Institution)
	})
}

// numbers finds caps on the number of lines or outcomes that can never matter:
// all that could ever count towards them are no more.
func (c *inspection) numbers(p creditbank.Programme) {
	for m, limit := range p.Caps {
		most, bounded := c.mostCounted(p, limit)
		if limit.Measure == "" || !bounded || c.blind && limit.Category != "" || most > limit.Count {
			continue
		}
		name := c.limitText(p, CapName(limit))
		c.found(Warning, CodeCapNeverBinds, c.programme(p.ID, "caps", m), c.programme(p.ID, "slots"), creditbank.Text{
			ZH: fmt.Sprintf("专业 %s 的%s不起作用：现有规则最多有%d项", p.ID, name.ZH, most),
			EN: fmt.Sprintf("%s of programme %s never matters: the rules come to %d at most", name.EN, p.ID, most),
		})
	}
}

// mostCounted returns how many lines or outcomes could ever count towards a cap.
// A slot that each line fills has one line, whichever rule makes it; of those that
// lines leave open, and of the outcomes of a pool or block, there is no bound.
func (c *inspection) mostCounted(p creditbank.Programme, limit creditbank.Cap) (most int, bounded bool) {
	bySlot := map[creditbank.SlotID]int{}
	for _, r := range c.set.rules {
		v := r.Conversion
		if v == nil || v.Programme != p.ID {
			continue
		}
		for _, g := range v.Grants {
			slot, _ := p.Slot(g.Slot)
			if slot.Closed || !c.mayCount(v, limit, slot) {
				continue
			}
			if g.Partial || slot.Elective || g.Shortfall == shortfallPartial {
				return 0, false
			}
			n := 1
			if limit.Measure == creditbank.MeasureSources {
				if v.tree.has(isPool) || v.tree.has(isBlock) || v.tree.has(isLine) {
					return 0, false
				}
				n = len(leavesOf(v.tree))
			}
			bySlot[g.Slot] = max(bySlot[g.Slot], n)
		}
	}
	for _, n := range bySlot {
		most += n
	}
	return most, true
}

// floors finds floors that nobody can meet, since the slots they speak of hold
// less, and floors that can never matter, since all that conversions could grant
// outside their scope fits.
func (c *inspection) floors(p creditbank.Programme) {
	for m, floor := range p.Floors {
		var within, besides creditbank.Credits
		for _, slot := range p.Slots {
			if floor.Scope.HasSlot(slot) {
				within += slot.Credits
			}
			if c.mayFillOutside(p, floor.Scope, slot) {
				besides += slot.Credits
			}
		}
		name := c.limitText(p, FloorName(floor))
		switch at, slots := c.programme(p.ID, "floors", m), c.programme(p.ID, "slots"); {
		case within < floor.Limit:
			c.found(Error, CodeCapNeverMet, at, slots, creditbank.Text{
				ZH: fmt.Sprintf("专业 %s 的%s永远达不到：所指课程位共%s学分", p.ID, name.ZH, within),
				EN: fmt.Sprintf("%s of programme %s can never be met: the slots it speaks of hold %s credits", name.EN, p.ID, within),
			})
		case besides <= p.Credits-floor.Limit && !c.blind:
			c.found(Warning, CodeCapNeverBinds, at, slots, creditbank.Text{
				ZH: fmt.Sprintf("专业 %s 的%s不起作用：现有规则在其范围之外最多授予%s学分", p.ID, name.ZH, besides),
				EN: fmt.Sprintf("%s of programme %s never matters: outside its scope the rules grant %s credits at most", name.EN, p.ID, besides),
			})
		}
	}
}

// mayFillOutside reports whether a conversion could put a line outside the scope
// into the slot.
func (c *inspection) mayFillOutside(p creditbank.Programme, s creditbank.Scope, slot creditbank.Slot) bool {
	bySource := len(s.Categories)+len(s.Institutions)+len(s.Tag) > 0
	return !slot.Closed && (bySource || !s.HasSlot(slot)) && slices.ContainsFunc(c.set.rules, func(r *Rule) bool {
		return r.Conversion != nil && r.Conversion.Programme == p.ID && slices.ContainsFunc(r.Conversion.Grants, func(g Grant) bool { return g.Slot == slot.ID })
	})
}
