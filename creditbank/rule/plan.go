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
// was reached by something better. A rule that is denied stays open: a block
// that was too large for its slot may fit once others have taken from it.
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
	search := &planner{set: s, programme: p, at: at, day: day, seen: map[string]candidate{}}
	if err := search.visit(a, rules, candidate{}); err != nil {
		return creditbank.Plan{}, err
	}
	best := search.best
	return creditbank.Plan{Learner: a.Learner, Programme: programme, Day: day, Credits: best.granted, Forfeited: best.forfeited, Steps: best.steps}, nil
}

type planner struct {
	set       *Set
	programme creditbank.Programme
	at        time.Time
	day       creditbank.Date
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
		next.expiries = append(next.expiries, expiryOrNever(a.Lot(s.Lot)))
	}
	slices.Sort(next.expiries)
	return next
}

// visit searches on from account a, reached by c, with the rules still open.
func (p *planner) visit(a *creditbank.Account, open []creditbank.RuleID, c candidate) error {
	key := p.state(a, open)
	if before, ok := p.seen[key]; ok && !c.better(before) {
		return nil
	}
	p.seen[key] = c
	if c.better(p.best) {
		p.best = c
	}
	for i, id := range open {
		d, err := p.set.Decide(a, id, p.at, p.day)
		if err != nil {
			return err
		}
		if !d.Approved {
			continue
		}
		rest := slices.Delete(slices.Clone(open), i, i+1)
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
		if l.Used(p.day) {
			b = binary.AppendVarint(b, l.Seq)
			b = binary.AppendVarint(b, int64(l.Available(p.day)))
		}
	}
	b = append(b, 0xff)
	e := &evaluation{account: a, programme: p.programme, d: &creditbank.Decision{}}
	for _, slot := range p.programme.Slots {
		b = binary.AppendVarint(b, int64(e.slotLeft(slot)))
	}
	for _, c := range p.programme.Caps {
		b = binary.AppendVarint(b, int64(e.counted(c)))
	}
	return string(b)
}
