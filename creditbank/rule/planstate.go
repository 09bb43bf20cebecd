package rule

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"creditbank/creditbank"
)

// A planState is what the conversions of a plan have left: all that a later one
// can depend on.
type planState struct {
	goods  []held               // by the planner's goods
	slots  []creditbank.Credits // left, by the programme's slots
	limits []creditbank.Credits // left, by the planner's limits
	past   int32                // names the set of conversions so far, where a rule could depend on it
}

// A held is what is left of a good.
type held struct {
	left creditbank.Credits
	uses int32 // by how many conversions of the plan
	past int32 // names them in order, where a cap per source counts what they granted
}

// whole reports whether a good can still be consumed whole.
func (h held) whole() bool { return h.uses == 0 }

func (s *planState) copyFrom(o *planState) {
	s.goods = append(s.goods[:0], o.goods...)
	s.slots = append(s.slots[:0], o.slots...)
	s.limits = append(s.limits[:0], o.limits...)
	s.past = o.past
}

// An effect is what a decision does to a state. Decisions that do the same to
// every state have one effect: effects are compared by identity. One without a
// decision is a denial.
type effect struct {
	id       int32
	decision *creditbank.Decision
	gone     bool // a denial that nothing done later can mend

	takes  []take
	puts   []put
	limits []creditbank.Credits // counted towards each limit
	gain   []creditbank.Credits // by measure
	last   int                  // the latest of the expiries it uses, by index
}

type take struct {
	good    int
	credits creditbank.Credits
}

type put struct {
	slot    int
	credits creditbank.Credits
	open    bool
}

func (e *effect) approved() bool { return e.decision != nil }

// apply moves s on by e.
func (p *planner) apply(s *planState, e *effect) {
	for _, t := range e.takes {
		h := &s.goods[t.good]
		h.left -= t.credits
		h.uses++
		if p.perSource && h.left > 0 {
			h.past = p.history(h.past, e.id, false)
		}
	}
	for _, u := range e.puts {
		s.slots[u.slot] = max(0, s.slots[u.slot]-u.credits)
		if !u.open {
			s.slots[u.slot] = 0
		}
	}
	for k, credits := range e.limits {
		s.limits[k] = max(0, s.limits[k]-credits)
	}
	if p.watched {
		s.past = p.history(s.past, e.id, true)
	}
}

// history names what was done once an effect comes to a past; as a set, if the
// order is not to matter.
func (p *planner) history(past, effect int32, set bool) int32 {
	key := [2]int32{past, effect}
	if id, ok := p.histories[key]; ok {
		return id
	}
	all := append(slices.Clone(p.pasts[past]), effect)
	if set {
		slices.Sort(all)
	}
	name := fmt.Sprint(all, set)
	id, ok := p.pastIDs[name]
	if !ok {
		id = int32(len(p.pasts))
		p.pasts, p.pastIDs[name] = append(p.pasts, all), id
	}
	p.histories[key] = id
	return id
}

// footprint writes down all of s that a decision of the rule could depend on. Room
// beyond what its lines could ask for makes no difference.
func (r *planRule) footprint(key []byte, s *planState) []byte {
	for _, g := range r.goods {
		h := s.goods[g]
		key = binary.AppendUvarint(key, uint64(h.left))
		key = binary.AppendUvarint(key, uint64(min(h.uses, 1))|uint64(h.past)<<1)
	}
	if r.watches {
		key = binary.AppendVarint(key, int64(s.past))
	}
	for i, slot := range r.slots {
		key = binary.AppendUvarint(key, uint64(min(s.slots[slot], r.slotAsks[i])))
	}
	for k, may := range r.may {
		if may {
			key = binary.AppendUvarint(key, uint64(min(s.limits[k], r.limitAsks[k])))
		}
	}
	return key
}

// effect returns what the rule does in state s. The account as it would be there
// is asked for only where the rule was not yet decided on such a state.
func (p *planner) effect(r *planRule, s *planState, account func() *creditbank.Account) (*effect, error) {
	p.key = r.footprint(p.key[:0], s)
	if e, ok := r.decided[string(p.key)]; ok {
		return e, nil
	}
	key := string(p.key)
	ev, err := p.set.evaluation(account(), r.id, p.at, p.day)
	if err != nil {
		return nil, err
	}
	e := r.denial(!r.unsure) // another version may need no reviewer
	if !ev.conv.Reviewed || !p.applied(r.id) {
		e = p.effectOf(r, ev.decide()) // as if a reviewer had approved
	}
	r.decided[key] = e
	return e, nil
}

// applied reports whether an application for the rule is open: then there cannot
// be another.
func (p *planner) applied(id creditbank.RuleID) bool {
	return slices.ContainsFunc(p.account.Applications, func(x *creditbank.Application) bool { return x.Open() && x.Decision.Rule == id })
}

// effectOf returns the effect of a decision.
func (p *planner) effectOf(r *planRule, d *creditbank.Decision) *effect {
	if !d.Approved {
		return r.denial(slices.ContainsFunc(d.Findings, func(f creditbank.Finding) bool { return r.final(f.Code) }))
	}
	e := &effect{decision: d, gain: make([]creditbank.Credits, firstDate+len(p.dates)), last: -1}
	e.gain[granted], e.gain[spared] = d.Granted(), -d.Forfeited
	var key []byte
	for _, c := range d.Sources {
		g := p.goodOf(c)
		e.takes = append(e.takes, take{g, c.Credits})
		e.gain[firstDate+p.dateOf[g]] += creditbank.Credit
		e.last = max(e.last, p.dateOf[g])
		key = fmt.Appendf(key, "%d %d ", g, c.Credits)
	}
	for _, l := range d.Lines {
		slot := slices.IndexFunc(p.programme.Slots, func(s creditbank.Slot) bool { return s.ID == l.Slot })
		e.puts = append(e.puts, put{slot, l.Credits, l.Open})
		key = fmt.Appendf(key, "%d %d %t %q", slot, l.Credits, l.Open, l.Categories)
	}
	for k := range p.limits {
		e.limits = append(e.limits, p.limits[k].counted(p.look, d))
	}
	if known, ok := r.effects[string(key)]; ok {
		return known
	}
	p.effects++
	e.id = p.effects
	r.effects[string(key)] = e
	return e
}

// denial returns the effect of a denial.
func (r *planRule) denial(gone bool) *effect {
	if gone {
		return &r.gone
	}
	return &r.notNow
}

// goodOf returns the good of which a decision takes; lots stand first among them, as in
// the account.
func (p *planner) goodOf(c creditbank.Consumption) int {
	if ref, ok := c.Line(); ok {
		return slices.IndexFunc(p.goods, func(g good) bool { return g.line == ref })
	}
	i, _ := slices.BinarySearchFunc(p.account.Lots, c.Lot, func(l *creditbank.Lot, seq int64) int { return cmp.Compare(l.Seq, seq) })
	return i
}

// final reports whether a denial for that reason can never be mended by what is
// done later in a plan: conversions only use things up. Which outcome is taken
// may change, and with it what depends on it; the rest stays.
func (r *planRule) final(code creditbank.Reason) bool {
	switch code {
	case creditbank.NotEnrolled, creditbank.AccountFrozen, creditbank.RuleSuspended:
		return true
	case creditbank.LevelMismatch, creditbank.LowerLevelSameFamily, creditbank.OverlapBelowMin, creditbank.DuplicateSubject:
		return r.forced && !r.unsure
	case creditbank.ConditionUnmet:
		return r.forced && len(r.needs) == 0 && !r.unsure
	case creditbank.CapReached, creditbank.ResidencyUnmet, creditbank.CreditsBelowTarget:
		return r.steady && !r.unsure
	case creditbank.TargetAlreadySatisfied: // perhaps by a line of its own
		return !r.unsure && (r.steady || len(r.slots) == len(r.lines))
	case creditbank.MissingComponent, creditbank.GradeBelowMin, creditbank.OutcomeExpired, creditbank.OutcomeRevoked,
		creditbank.OutcomeNotRecognised, creditbank.OutcomeAlreadyConsumed, creditbank.OutcomeUnderReview,
		creditbank.ExcludedTarget, creditbank.ExcludedSource, creditbank.InsufficientPool, creditbank.RuleNotEffective, creditbank.RuleExpired:
		return !r.unsure
	}
	return false
}
