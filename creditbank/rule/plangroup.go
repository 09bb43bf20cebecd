package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"creditbank/creditbank"
)

// final are the reasons that nothing done later in a plan can mend: conversions
// only use things up. The levels of an outcome and its family are not among
// them, since another outcome of the course may be chosen once this one is used.
var final = []creditbank.Reason{
	creditbank.MissingComponent, creditbank.GradeBelowMin, creditbank.OutcomeExpired, creditbank.OutcomeRevoked,
	creditbank.OutcomeNotRecognised, creditbank.OutcomeAlreadyConsumed, creditbank.TargetAlreadySatisfied,
	creditbank.ExcludedTarget, creditbank.InsufficientPool, creditbank.RuleNotEffective, creditbank.RuleExpired,
	creditbank.RuleSuspended, creditbank.NotEnrolled, creditbank.AccountFrozen,
}

// standingFinal are those of the final reasons that have nothing to do with what
// the rule chooses.
var standingFinal = []creditbank.Reason{
	creditbank.TargetAlreadySatisfied, creditbank.ExcludedTarget, creditbank.RuleNotEffective, creditbank.RuleExpired,
	creditbank.RuleSuspended, creditbank.NotEnrolled, creditbank.AccountFrozen,
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

// isFinal reports whether a decision denies for a reason that lasts. A tree that
// cannot be satisfied now cannot be later, when there is less to choose from. Of
// a rule of several versions another may apply later: it stays open unless its
// window or its slots say otherwise.
func (e *evaluation) isFinal(d *creditbank.Decision) bool {
	reasons := final
	if len(e.set.versions[e.rule.ID]) > 1 {
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
	for _, r := range p.set.versions[x] {
		for _, s := range p.set.versions[y] {
			if p.meet(a, r.Conversion, s.Conversion) {
				return true
			}
		}
	}
	for _, c := range p.limits() {
		if p.anyCounts(x, c) && p.anyCounts(y, c) && p.canBind(a, all, c) {
			return true
		}
	}
	return false
}

// meet reports whether two conversions look at the same: a slot, an outcome, or
// anything at all.
func (p *planner) meet(a *creditbank.Account, r, s *Conversion) bool {
	if p.programme.UniqueSubjects || r.looksAround() || s.looksAround() {
		return true
	}
	for _, g := range r.Grants {
		if slices.ContainsFunc(s.Grants, func(h Grant) bool { return h.Slot == g.Slot }) {
			return true
		}
	}
	return r.sharesLine(s) || slices.ContainsFunc(a.Lots, func(l *creditbank.Lot) bool { return r.mayUse(l) && s.mayUse(l) })
}

// looksAround reports whether a conversion depends on what other conversions
// did, beyond what they used and filled.
func (c *Conversion) looksAround() bool {
	return len(c.When) > 0 || slices.ContainsFunc(c.Require, func(r Requirement) bool { return r.Lines != nil || r.NoLines != nil })
}

// intricate reports whether more than what is left of lots, slots and plain caps
// decides what can still be done in a programme.
func (s *Set) intricate(p creditbank.Programme, rules []creditbank.RuleID) bool {
	if p.UniqueSubjects || len(p.Floors) > 0 || slices.ContainsFunc(p.Caps, func(c creditbank.Cap) bool {
		return c.Scope != nil || c.Measure != "" || c.Period != nil || c.PerInstitution
	}) {
		return true
	}
	return slices.ContainsFunc(rules, func(id creditbank.RuleID) bool {
		return slices.ContainsFunc(s.versions[id], func(r *Rule) bool { return r.Conversion.looksAround() })
	})
}

// standingOf describes what stands in a programme, whatever the order it was
// converted in.
func standingOf(a *creditbank.Account, programme creditbank.ProgrammeID) string {
	var standing []string
	for _, c := range a.Conversions {
		if c.Stands() && c.Decision.Programme == programme {
			standing = append(standing, fmt.Sprint(c.Decision.Rule, c.Decision.Lines, c.Decision.Sources))
		}
	}
	slices.Sort(standing)
	return strings.Join(standing, "\n")
}

// limits returns the caps of the programme, and its floors as caps on what is
// not in their scope. Those are taken to count everything, which is to be on the
// safe side.
func (p *planner) limits() []creditbank.Cap {
	limits := slices.Clone(p.programme.Caps)
	for _, f := range p.programme.Floors {
		limits = append(limits, creditbank.Cap{Limit: p.programme.Credits - f.Limit})
	}
	return limits
}

// looking returns an evaluation that looks at what stands in the programme.
func (p *planner) looking(a *creditbank.Account) *evaluation {
	return &evaluation{set: p.set, account: a, programme: p.programme, d: &creditbank.Decision{}}
}

// anyCounts reports whether lines of any version of a rule count towards the cap.
func (p *planner) anyCounts(id creditbank.RuleID, c creditbank.Cap) bool {
	return slices.ContainsFunc(p.set.versions[id], func(r *Rule) bool { return p.set.countsTowards(r.Conversion, c) })
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
// binds only those that share an outcome; one that counts by institution or
// period binds only if it would, were everything in one.
func (p *planner) canBind(a *creditbank.Account, rules []creditbank.RuleID, limit creditbank.Cap) bool {
	switch {
	case limit.PerSource && limit.Measure == "":
		return false
	case limit.Measure != "":
		return true
	}
	sum := p.looking(a).counted(limit)
	for _, id := range rules {
		if p.anyCounts(id, limit) {
			sum += p.most(id)
		}
	}
	return sum > limit.Limit
}

// most returns what a rule could grant at most, in whichever version.
func (p *planner) most(id creditbank.RuleID) creditbank.Credits {
	var most creditbank.Credits
	for _, r := range p.set.versions[id] {
		var sum creditbank.Credits
		for _, g := range r.Conversion.Grants {
			slot, _ := p.programme.Slot(g.Slot)
			if g.Fixed != nil {
				sum += min(slot.Credits, *g.Fixed)
			} else {
				sum += slot.Credits
			}
		}
		most = max(most, sum)
	}
	return most
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
