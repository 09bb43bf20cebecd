package rule

import (
	"cmp"
	"slices"

	"creditbank/creditbank"
)

// final are the reasons that nothing done later in a plan can mend: conversions
// only use things up. The levels of an outcome and its family are not among
// them, since another outcome of the course may be chosen once this one is used.
var final = []creditbank.Reason{
	creditbank.MissingComponent, creditbank.GradeBelowMin, creditbank.OutcomeExpired, creditbank.OutcomeRevoked,
	creditbank.OutcomeNotRecognised, creditbank.OutcomeAlreadyConsumed, creditbank.TargetAlreadySatisfied,
	creditbank.ExcludedTarget, creditbank.InsufficientPool, creditbank.RuleNotEffective, creditbank.RuleExpired,
	creditbank.NotEnrolled, creditbank.AccountFrozen,
}

// standingFinal are those of the final reasons that have nothing to do with what
// the rule chooses.
var standingFinal = []creditbank.Reason{
	creditbank.TargetAlreadySatisfied, creditbank.ExcludedTarget, creditbank.RuleNotEffective, creditbank.RuleExpired,
	creditbank.NotEnrolled, creditbank.AccountFrozen,
}

// sift decides each of the rules on a. It returns those that may be approved now
// or later, and the decisions of those that are.
func (p *planner) sift(a *creditbank.Account, rules []creditbank.RuleID) (open []creditbank.RuleID, approved []*creditbank.Decision, err error) {
	for _, id := range rules {
		e, err := p.set.evaluation(a, id, p.at, p.day)
		if err != nil {
			return nil, nil, err
		}
		d := e.decide() // as if a reviewer had approved
		if d.Approved {
			approved = append(approved, d)
		}
		if !e.isFinal(d) {
			open = append(open, id)
		}
	}
	return open, approved, nil
}

// isFinal reports whether a decision denies for a reason that lasts. What
// branches of a choice say lasts only if all of them fail for ever, which nobody
// knows; such a rule stays open unless its window or its slots say otherwise.
func (e *evaluation) isFinal(d *creditbank.Decision) bool {
	reasons := final
	if e.conv.Source != nil {
		reasons = standingFinal
	}
	return slices.ContainsFunc(d.Findings, func(f creditbank.Finding) bool { return slices.Contains(reasons, f.Code) })
}

// groups parts the rules into those that depend on each other: that may use the
// same outcome, fill the same slot, or meet under a cap that all of them
// together could pass.
func (p *planner) groups(a *creditbank.Account, rules []creditbank.RuleID) [][]creditbank.RuleID {
	var groups [][]creditbank.RuleID
	for _, id := range rules {
		joined := []creditbank.RuleID{id}
		groups = slices.DeleteFunc(groups, func(g []creditbank.RuleID) bool {
			if !slices.ContainsFunc(g, func(other creditbank.RuleID) bool { return p.depend(a, rules, id, other) }) {
				return false
			}
			joined = append(joined, g...)
			return true
		})
		slices.Sort(joined)
		groups = append(groups, joined)
	}
	return groups
}

// depend reports whether the use of one rule can matter to the other.
func (p *planner) depend(a *creditbank.Account, all []creditbank.RuleID, x, y creditbank.RuleID) bool {
	r, s := p.set.byID[x].Conversion, p.set.byID[y].Conversion
	for _, g := range r.Grants {
		if slices.ContainsFunc(s.Grants, func(h Grant) bool { return h.Slot == g.Slot }) {
			return true
		}
	}
	for _, l := range a.Lots {
		if r.mayUse(l) && s.mayUse(l) {
			return true
		}
	}
	for _, c := range p.programme.Caps {
		if p.set.countsTowards(r, c) && p.set.countsTowards(s, c) && p.canBind(a, all, c) {
			return true
		}
	}
	return false
}

// mayUse reports whether a conversion could ever choose the lot.
func (c *Conversion) mayUse(l *creditbank.Lot) bool {
	return c.tree.has(func(s *Tree) bool {
		switch {
		case s.Pool != nil:
			return l.Category == s.Pool.Category
		case s.Block != nil:
			return l.Category == s.Block.Category && l.Institution == s.Block.Institution
		}
		return s.Part.Course == l.Course
	})
}

// countsTowards reports whether lines of the conversion count towards the cap.
// An outcome keeps the category its course had; the course may have another by
// now, so a course is excluded from nothing.
func (s *Set) countsTowards(c *Conversion, limit creditbank.Cap) bool {
	return limit.Category == "" || c.tree.has(func(s *Tree) bool {
		switch {
		case s.Pool != nil:
			return s.Pool.Category == limit.Category
		case s.Block != nil:
			return s.Block.Category == limit.Category
		}
		return true
	})
}

// canBind reports whether the rules together could pass a cap. One per source
// binds only those that share an outcome.
func (p *planner) canBind(a *creditbank.Account, rules []creditbank.RuleID, limit creditbank.Cap) bool {
	if limit.PerSource {
		return false
	}
	e := &evaluation{account: a, programme: p.programme, d: &creditbank.Decision{}}
	sum := e.counted(limit)
	for _, id := range rules {
		c := p.set.byID[id].Conversion
		if !p.set.countsTowards(c, limit) {
			continue
		}
		for _, g := range c.Grants {
			slot, _ := p.programme.Slot(g.Slot)
			most := slot.Credits
			if g.Fixed != nil {
				most = min(most, *g.Fixed)
			}
			sum += most
		}
	}
	return sum > limit.Limit
}

// merged returns the plan of two groups together: their steps in the order of
// the smaller rule ids, which either group's own order allows.
func (c candidate) merged(d candidate) candidate {
	both := candidate{granted: c.granted + d.granted, forfeited: c.forfeited + d.forfeited, expiries: slices.Concat(c.expiries, d.expiries)}
	slices.Sort(both.expiries)
	x, y := c.steps, d.steps
	for len(x) > 0 && len(y) > 0 {
		if cmp.Less(x[0], y[0]) {
			both.steps, x = append(both.steps, x[0]), x[1:]
		} else {
			both.steps, y = append(both.steps, y[0]), y[1:]
		}
	}
	both.steps = slices.Concat(both.steps, x, y)
	return both
}
