package scenario

import (
	"context"
	"fmt"

	"creditbank/creditbank"
)

// afterPosting notes what became of the outcomes, in file order and each in its
// newest revision.
func (p *play) afterPosting(ctx context.Context) error {
	after := AfterPosting{RecognisedCredits: map[string]creditbank.Credits{}, Rejected: []Rejection{}}
	names := p.city.Names()
	seen := map[creditbank.OutcomeKey]bool{}
	for _, o := range p.city.Outcomes {
		if _, ok := p.ids[o.Alias]; !ok {
			continue
		}
		a, err := p.account(ctx, o.Alias)
		if err != nil {
			return err
		}
		lot := current(a, o.Posting)
		if lot == nil || seen[lot.OutcomeKey] {
			continue
		}
		seen[lot.OutcomeKey] = true
		after.count(names(o), lot)
	}
	p.result.AfterPosting = after
	return nil
}

// Names returns how to name outcomes in a result: by their external id, with
// the institution where several use it, with the learner where several have it.
func (c *City) Names() func(Outcome) string {
	institutions := map[string]map[creditbank.InstitutionID]bool{}
	learners := map[outcomeName]map[string]bool{}
	for _, o := range c.Outcomes {
		id, name := o.Posting.ExternalID, outcomeName{o.Posting.Institution, o.Posting.ExternalID}
		if institutions[id] == nil {
			institutions[id] = map[creditbank.InstitutionID]bool{}
		}
		if learners[name] == nil {
			learners[name] = map[string]bool{}
		}
		institutions[id][o.Posting.Institution] = true
		learners[name][o.Alias] = true
	}
	return func(o Outcome) string {
		name := o.Posting.ExternalID
		if len(institutions[name]) > 1 {
			name = string(o.Posting.Institution) + "/" + name
		}
		if len(learners[outcomeName{o.Posting.Institution, o.Posting.ExternalID}]) > 1 {
			name += "/" + o.Alias
		}
		return name
	}
}

// current returns the newest revision of a posting.
func current(a *creditbank.Account, posting creditbank.Posting) *creditbank.Lot {
	for _, l := range a.Lots {
		if l.Current() && l.Institution == posting.Institution && l.ExternalID == posting.ExternalID {
			return l
		}
	}
	return nil
}

func (a *AfterPosting) count(name string, l *creditbank.Lot) {
	a.Outcomes.Posted++
	if !l.Granted {
		a.Outcomes.Rejected++
		a.Rejected = append(a.Rejected, Rejection{name, l.Reasons})
		return
	}
	a.Outcomes.Recognised++
	a.RecognisedCredits[name] = l.Credits
}

// happen lets the events happen, and takes the balances at the end of each day
// of the timeline.
func (p *play) happen(ctx context.Context) error {
	poster := p.Bank.NewPoster(ctx, creditbank.PosterConfig{Writers: 1, Queue: 1, Batch: 1})
	defer poster.Close()
	events := p.city.Events
	done := 0
	for _, day := range p.city.Days {
		p.Clock.set(day, p.city.Location)
		for ; done < len(events) && events[done].At == day; done++ {
			if err := p.event(ctx, poster, events[done]); err != nil {
				return err
			}
			p.progress("events", done+1, len(events))
		}
		if err := p.balances(ctx, day); err != nil {
			return err
		}
	}
	return nil
}

// event lets one event happen.
func (p *play) event(ctx context.Context, poster *creditbank.Poster, e Event) error {
	if e.Do == Revoke && e.Learner == "" {
		learner, err := p.posted.Whose(e.Revoking)
		if err != nil {
			return p.refused(e.Place, err)
		}
		e.Learner = learner
	}
	if _, ok := p.ids[e.Learner]; !ok {
		return nil // why is told where the account could not be opened
	}
	if e.Do != Plan {
		delete(p.accounts, e.Learner)
	}
	c := p.change(e.Learner, e.Place, "")
	switch e.Do {
	case Convert:
		return p.convert(ctx, c, e)
	case Enrol:
		return p.refused(e.Place, p.Bank.Enrol(ctx, c, e.Programme))
	case Withdraw:
		return p.refused(e.Place, p.Bank.Leave(ctx, c, e.Programme))
	case Post, Revise:
		return p.post(ctx, poster, e.Outcome)
	case Revoke:
		_, err := p.Bank.Revoke(ctx, c, e.Revoking)
		return p.refused(e.Place, err)
	case Freeze:
		return p.refused(e.Place, p.Bank.Freeze(ctx, c, "timeline"))
	case Unfreeze:
		return p.refused(e.Place, p.Bank.Unfreeze(ctx, c, "timeline"))
	case Plan:
		return p.plan(ctx, e)
	}
	return fmt.Errorf("%v: unknown deed %q", e.Place, e.Do)
}

func (p *play) convert(ctx context.Context, c creditbank.Change, e Event) error {
	acts, err := p.Bank.Convert(ctx, c, e.Rules)
	if err != nil {
		return p.refused(e.Place, err)
	}
	for _, a := range acts {
		p.result.Decisions = append(p.result.Decisions, newDecision(e.Learner, a.Body.Decision))
	}
	return nil
}

func (p *play) plan(ctx context.Context, e Event) error {
	plan, err := p.Bank.Plan(ctx, p.ids[e.Learner], e.Programme)
	if err != nil {
		return p.refused(e.Place, err)
	}
	p.result.Plans = append(p.result.Plans, PlanMade{
		e.At, e.Learner, e.Programme, plan.Credits, plan.Forfeited, plan.Proof.Bound, plan.Proof.Exact, orEmpty(plan.Steps), plan.Reviewed,
	})
	return nil
}

// balances notes what everybody holds on a day, as it ends.
func (p *play) balances(ctx context.Context, day creditbank.Date) error {
	all := make(map[string]Balance, len(p.ids))
	for alias := range p.ids {
		a, err := p.account(ctx, alias)
		if err != nil {
			return err
		}
		b := a.Balance(day)
		all[alias] = Balance{b.Available, b.Programmes}
	}
	p.result.Balances[day.String()] = all
	p.progress("balances", len(p.result.Balances), len(p.city.Days))
	return nil
}
