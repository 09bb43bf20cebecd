package rule

import (
	"fmt"
	"slices"
	"time"

	"creditbank/creditbank"
)

// Plan implements [creditbank.Rules]: "How a plan is found" in the package's
// documentation says how.
func (s *Set) Plan(a *creditbank.Account, programme creditbank.ProgrammeID, at time.Time, day creditbank.Date, only ...creditbank.RuleID) (creditbank.Plan, error) {
	return s.PlanWithin(a, programme, at, day, maxVisits, only...)
}

// maxVisits bounds the search for a plan: a few seconds of work. It counts states,
// not time, so that the same question has the same answer everywhere.
const maxVisits = 50_000

// PlanWithin is [Set.Plan] with a limit of its own on how many states the search
// looks at. Where the limit ends the search, the plan is the best found, and its proof
// says how much better one could be.
func (s *Set) PlanWithin(a *creditbank.Account, programme creditbank.ProgrammeID, at time.Time, day creditbank.Date, visits int, only ...creditbank.RuleID) (creditbank.Plan, error) {
	pr, ok := s.programmes[programme]
	if !ok {
		return creditbank.Plan{}, creditbank.NotFound(creditbank.CodeUnknownProgramme, "programme",
			fmt.Sprintf("专业 %s 不存在", programme), fmt.Sprintf("programme %s does not exist", programme))
	}
	p := &planner{
		set: s, programme: pr, account: a, at: at, day: day, limit: visits, only: only,
		histories: map[[2]int32]int32{}, pastIDs: map[string]int32{}, pasts: make([][]int32, 1),
	}
	if err := p.prepare(); err != nil {
		return creditbank.Plan{}, err
	}
	if err := p.solve(); err != nil {
		return creditbank.Plan{}, err
	}
	return p.result()
}

// A planner finds the best plan for one account and programme.
type planner struct {
	set       *Set
	programme creditbank.Programme
	account   *creditbank.Account
	at        time.Time
	day       creditbank.Date
	limit     int                 // of visits
	only      []creditbank.RuleID // if any
	look      *evaluation         // on the account as it is

	rules  []*planRule
	groups []*planGroup
	goods  []good            // that conversions consume
	dates  []creditbank.Date // on which goods expire, in order
	dateOf []int             // good → index in dates
	limits []limit
	root   planState

	perSource bool // a cap counts per source
	intricate bool // subjects and sources are counted: each rule could depend on what all others did
	watched   bool // a rule could depend on what others did

	histories map[[2]int32]int32
	pasts     [][]int32
	pastIDs   map[string]int32
	effects   int32
	key       []byte
	visits    int
}

// A planRule is a rule as the planner knows it.
type planRule struct {
	reach
	id        creditbank.RuleID
	watches   bool                 // what others did could matter to it
	slots     []int                // that its lines fill
	slotAsks  []creditbank.Credits // how much they could ask for, slot by slot
	limitAsks []creditbank.Credits // how much they could take of each limit
	decided   map[string]*effect   // by footprint
	effects   map[string]*effect   // by what they do

	gone, notNow effect // denials
}

// Measures of a plan, each to be as large as it can be once those before are:
// credits granted; credits forfeited, below zero; then for each day on which goods
// expire how many that expire then are used, a hundred for each.
const (
	granted   = 0
	spared    = 1
	firstDate = 2
)

// prepare sees which rules of the programme could be approved now or later, and
// what they reach.
func (p *planner) prepare() error {
	var evaluations []*evaluation
	var conversions []*Conversion
	for _, id := range p.conversionRules() {
		e, err := p.set.evaluation(p.account, id, p.at, p.day)
		if err != nil {
			return err
		}
		evaluations = append(evaluations, e)
		for _, version := range p.set.versions[id] { // any of which may apply, once some outcomes are used
			conversions = append(conversions, version.Conversion)
		}
	}
	p.look = &evaluation{set: p.set, account: p.account, programme: p.programme, day: p.day, d: &creditbank.Decision{}}
	p.goods = p.look.goods(conversions)
	p.limits = p.look.limits(p.goods)
	p.intricate = p.programme.UniqueSubjects
	for _, c := range p.programme.Caps {
		p.perSource = p.perSource || c.PerSource
		p.intricate = p.intricate || c.Measure == creditbank.MeasureSources
	}
	for _, e := range evaluations {
		r := &planRule{id: e.rule.ID, reach: p.lookingAt(e), decided: map[string]*effect{}, effects: map[string]*effect{}}
		r.gone.gone = true
		r.watches = p.intricate || r.unsure || len(r.needs)+len(r.shuns) > 0
		if r.never() {
			continue
		}
		p.watched = p.watched || r.watches
		r.sumUp(len(p.limits))
		p.rules = append(p.rules, r)
	}
	p.start()
	return p.sift()
}

// conversionRules returns the ids of the rules to plan with, in order.
func (p *planner) conversionRules() []creditbank.RuleID {
	var ids []creditbank.RuleID
	for _, r := range p.set.rules {
		if r.Conversion != nil && r.Conversion.Programme == p.programme.ID && (len(p.only) == 0 || slices.Contains(p.only, r.ID)) {
			ids = append(ids, r.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids) // versions of one rule are one
}

// lookingAt returns what a rule reaches in whichever version may apply; where that
// is not sure, everything.
func (p *planner) lookingAt(e *evaluation) reach {
	versions := []*Rule{e.rule}
	if e.conv.RuleTime == timeOutcome {
		versions = p.set.versions[e.rule.ID] // by which outcomes are left
	}
	var r reach
	for i, v := range versions {
		one := p.set.apply(v, p.account, p.at, p.day).reach(p.goods, p.limits)
		if i == 0 {
			r = one
		} else {
			r = r.or(one)
		}
	}
	if r.unsure {
		r.goods, r.forced = nil, false // of the goods it does not use some may matter
		for i := range p.goods {
			r.goods = append(r.goods, i)
		}
	}
	return r
}

// sumUp sums up what the lines ask of each slot and of each limit.
func (r *planRule) sumUp(limits int) {
	r.limitAsks = make([]creditbank.Credits, limits)
	for _, l := range r.lines {
		i := slices.Index(r.slots, l.slot)
		if i < 0 {
			i = len(r.slots)
			r.slots, r.slotAsks = append(r.slots, l.slot), append(r.slotAsks, 0)
		}
		r.slotAsks[i] += max(l.ask, 1) // a waiver asks whether there is anything left
		for k, may := range l.may {
			if may {
				r.limitAsks[k] += max(l.ask, creditbank.Credit) // whichever it takes
			}
		}
	}
}

// start is the state before any step.
func (p *planner) start() {
	for _, g := range p.goods {
		h := held{left: g.lot.Usable(p.day)}
		if g.line.Conversion != 0 {
			h.left = g.lot.Credits
		}
		if g.line.Conversion == 0 && g.lot.InUse() || g.held.CarriedBy != 0 {
			h.uses = 1
		}
		p.root.goods = append(p.root.goods, h)
	}
	for _, r := range p.rules {
		for _, g := range r.reach.goods {
			p.dates = append(p.dates, expiryOrNever(p.goods[g].lot))
		}
	}
	slices.Sort(p.dates)
	p.dates = slices.Compact(p.dates)
	for _, g := range p.goods {
		i, _ := slices.BinarySearch(p.dates, expiryOrNever(g.lot)) // of one that no rule could use it is not asked
		p.dateOf = append(p.dateOf, i)
	}
	for _, slot := range p.programme.Slots {
		p.root.slots = append(p.root.slots, p.look.slotLeft(slot))
	}
	for _, l := range p.limits {
		p.root.limits = append(p.root.limits, l.left)
	}
}

// sift keeps the rules that could be approved now or later, and parts them.
func (p *planner) sift() error {
	var open []*planRule
	for _, r := range p.rules {
		e, err := p.effect(r, &p.root, func() *creditbank.Account { return p.account })
		if err != nil {
			return err
		}
		if e.approved() || !e.gone {
			open = append(open, r)
		}
	}
	p.rules = open
	p.part()
	return nil
}

// result makes the plan of what was found, once its steps have been decided one
// after the other like any request: evaluation has the last word.
func (p *planner) result() (creditbank.Plan, error) {
	plan := creditbank.Plan{Learner: p.account.Learner, Programme: p.programme.ID, Day: p.day, Steps: p.steps(), Proof: p.proof()}
	a := p.account
	for _, id := range plan.Steps {
		e, err := p.set.evaluation(a, id, p.at, p.day)
		if err != nil {
			return creditbank.Plan{}, err
		}
		d := e.decide()
		if !d.Approved {
			return creditbank.Plan{}, fmt.Errorf("plan %v for programme %s: step %s is denied: %v", plan.Steps, p.programme.ID, id, d.Reasons())
		}
		plan.Credits += d.Granted()
		plan.Forfeited += d.Forfeited
		if e.conv.Reviewed {
			plan.Reviewed = append(plan.Reviewed, id)
		}
		a = a.Ahead(d)
	}
	return plan, nil
}

// never reports whether the rule asks for something that is not there.
func (r *planRule) never() bool {
	return !r.unsure && slices.ContainsFunc(r.parts, func(serving []int) bool { return len(serving) == 0 })
}
