package rule

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"creditbank/creditbank"
)

// Plan implements [creditbank.Rules]. It searches every order of the rules of
// the programme, each used at most once: the best grants most, then forfeits
// least, then uses what expires soonest, then has the smaller rule ids.
//
// What can still be done depends only on the rules still open and on what is
// left of lots and slots, so a state reached again is searched again only if it
// was reached by something better. A rule that is denied stays open, unless for a
// reason that nothing done later can mend: a block that was too large for its
// slot may fit once others have taken from it. Rules that share neither outcome
// nor slot nor a cap that can bind are planned apart, and the plans merged.
//
// Rules that ask for a reviewer are planned with as if approved: the plan grants
// what it says once they are, and names them.
func (s *Set) Plan(a *creditbank.Account, programme creditbank.ProgrammeID, at time.Time, day creditbank.Date) (creditbank.Plan, error) {
	p, ok := s.programmes[programme]
	if !ok {
		return creditbank.Plan{}, creditbank.NotFound(creditbank.CodeUnknownProgramme, "programme",
			fmt.Sprintf("专业 %s 不存在", programme), fmt.Sprintf("programme %s does not exist", programme))
	}
	var rules []creditbank.RuleID
	for _, r := range s.rules {
		if r.Conversion != nil && r.Conversion.Programme == programme {
			rules = append(rules, r.ID)
		}
	}
	slices.Sort(rules)
	rules = slices.Compact(rules) // versions of one rule are one
	search := &planner{set: s, programme: p, at: at, day: day, intricate: s.intricate(p, rules)}
	rules, _, err := search.sift(a, rules)
	if err != nil {
		return creditbank.Plan{}, err
	}
	var best candidate
	for _, group := range search.groups(a, rules) {
		search.seen, search.best = map[string]candidate{}, candidate{}
		if err := search.visit(a, group, candidate{}); err != nil {
			return creditbank.Plan{}, err
		}
		best = best.merged(search.best)
	}
	plan := creditbank.Plan{Learner: a.Learner, Programme: programme, Day: day, Credits: best.granted, Forfeited: best.forfeited, Steps: best.steps}
	for _, id := range plan.Steps {
		if s.NeedsReview(id) {
			plan.Reviewed = append(plan.Reviewed, id)
		}
	}
	return plan, nil
}

// maxVisits bounds the search: a second or two of work. It grows with the number of
// rules that can be used and depend on each other, about fourfold for each two.
const maxVisits = 60_000

type planner struct {
	visits    int
	set       *Set
	programme creditbank.Programme
	at        time.Time
	day       creditbank.Date
	intricate bool                 // more than lots, slots and plain caps decides
	seen      map[string]candidate // how each state was reached at best
	best      candidate
}

// A candidate is a sequence of conversions and what it comes to.
type candidate struct {
	granted, forfeited creditbank.Credits
	expiries           []creditbank.Date // of the lots used, sorted
	steps              []creditbank.RuleID
}

// better reports whether c is a better plan than d.
func (c candidate) better(d candidate) bool {
	return cmp.Or(
		cmp.Compare(d.granted, c.granted),
		cmp.Compare(c.forfeited, d.forfeited),
		slices.Compare(c.expiries, d.expiries),
		slices.Compare(c.steps, d.steps)) < 0
}

// and returns c with the decision of one more rule.
func (c candidate) and(a *creditbank.Account, d *creditbank.Decision) candidate {
	next := candidate{c.granted + d.Granted(), c.forfeited + d.Forfeited, slices.Clone(c.expiries), append(slices.Clone(c.steps), d.Rule)}
	for _, s := range d.Sources {
		next.expiries = append(next.expiries, expiry(a, s))
	}
	slices.Sort(next.expiries)
	return next
}

// visit searches on from account a, reached by c, with the rules still open.
func (p *planner) visit(a *creditbank.Account, open []creditbank.RuleID, c candidate) error {
	if p.visits++; p.visits > maxVisits {
		return creditbank.Invalid("PLAN_TOO_LARGE", "programme", fmt.Sprintf("可用于专业 %s 的规则过多，无法在限定时间内求出最优方案", p.programme.ID),
			fmt.Sprintf("too many rules of programme %s can be used to find the best plan in bounded time", p.programme.ID))
	}
	key := p.state(a, open)
	if before, ok := p.seen[key]; ok && !c.better(before) {
		return nil
	}
	p.seen[key] = c
	if c.better(p.best) {
		p.best = c
	}
	open, approved, err := p.sift(a, open)
	if err != nil {
		return err
	}
	for _, d := range approved {
		rest := slices.DeleteFunc(slices.Clone(open), func(id creditbank.RuleID) bool { return id == d.Rule })
		if err := p.visit(a.With(d), rest, c.and(a, d)); err != nil {
			return err
		}
	}
	return nil
}

// state names what the future depends on: the rules still open, what is left
// of the lots, and what stands in the slots.
func (p *planner) state(a *creditbank.Account, open []creditbank.RuleID) string {
	var b []byte
	for _, id := range open {
		b = append(append(b, id...), 0)
	}
	for _, l := range a.Lots {
		if l.InUse() {
			b = binary.AppendVarint(b, l.Seq)
			b = binary.AppendVarint(b, int64(l.Usable(p.day)))
		}
	}
	for _, l := range a.Carried() {
		b = append(binary.AppendVarint(b, l.Conversion), l.Slot...)
		b = append(b, 0)
	}
	b = append(b, 0xff)
	e := p.looking(a)
	for _, slot := range p.programme.Slots {
		b = binary.AppendVarint(b, int64(e.slotLeft(slot)))
	}
	for _, c := range p.programme.Caps {
		b = binary.AppendVarint(b, int64(e.counted(c)))
	}
	if p.intricate {
		b = append(b, standingOf(a, p.programme.ID)...)
	}
	return string(b)
}
