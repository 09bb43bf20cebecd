package play

import (
	"context"
	"maps"
	"slices"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/scenario"
)

// decision returns a decision as it stands in a result.
func decision(alias string, d contract.Decision) (out scenario.Decision, err error) {
	out = scenario.Decision{
		Learner: alias, Rule: creditbank.RuleID(d.Rule), Decision: string(d.Decision), Reasons: []creditbank.Reason{},
		Lines: []scenario.Line{}, Missing: []creditbank.CourseCode{}, Forfeited: d.Forfeited,
	}
	if out.At, err = creditbank.ParseDate(d.Date); err != nil {
		return out, err
	}
	for _, code := range d.Reasons {
		r, err := creditbank.ParseReason(code)
		if err != nil {
			return out, err
		}
		out.Reasons = append(out.Reasons, r)
	}
	for _, l := range d.Lines {
		out.Lines = append(out.Lines, scenario.Line{Slot: creditbank.SlotID(l.Slot), Credits: l.Credits, Grade: l.Grade})
	}
	for _, m := range d.Missing {
		out.Missing = append(out.Missing, creditbank.CourseCode(m))
	}
	if d.Short != 0 {
		out.Short = d.Short.String()
	}
	return out, nil
}

// held returns the outcomes of a learner, each in its newest revision, as they
// are now.
func (p *player) held(ctx context.Context, alias string) ([]contract.Outcome, error) {
	if lots, ok := p.lots[alias]; ok {
		return lots, nil
	}
	r, err := ask(ctx, p, func(c *contract.ClientWithResponses) (*contract.ListLotsResponse, error) {
		return c.ListLotsWithResponse(ctx, string(p.ids[alias]), &contract.ListLotsParams{})
	}, p.self(alias))
	if err != nil {
		return nil, err
	}
	lots := slices.DeleteFunc(slices.Clone(r.JSON200.Lots), func(old contract.Outcome) bool {
		return slices.ContainsFunc(r.JSON200.Lots, func(o contract.Outcome) bool {
			return o.Institution == old.Institution && o.ExternalId == old.ExternalId && o.Revision > old.Revision
		})
	})
	p.lots[alias] = lots
	return lots, nil
}

// afterPosting notes what became of the outcomes, in file order and each in its
// newest revision.
func (p *player) afterPosting(ctx context.Context) error {
	after := scenario.AfterPosting{RecognisedCredits: map[string]creditbank.Credits{}, Rejected: []scenario.Rejection{}}
	names := p.city.Names()
	seen := map[string]bool{}
	for _, o := range p.city.Outcomes {
		if _, ok := p.ids[o.Alias]; !ok {
			continue
		}
		lots, err := p.held(ctx, o.Alias)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(lots, func(l contract.Outcome) bool {
			return l.Institution == string(o.Posting.Institution) && l.ExternalId == o.Posting.ExternalID
		})
		name := names(o)
		if i < 0 || seen[name] {
			continue
		}
		seen[name] = true
		if err := count(&after, name, lots[i]); err != nil {
			return err
		}
	}
	p.result.AfterPosting = after
	return nil
}

func count(a *scenario.AfterPosting, name string, l contract.Outcome) error {
	a.Outcomes.Posted++
	if l.Recognised {
		a.Outcomes.Recognised++
		a.RecognisedCredits[name] = l.Credits
		return nil
	}
	a.Outcomes.Rejected++
	rejected := scenario.Rejection{ExternalID: name}
	for _, said := range l.Reasons {
		r, err := creditbank.ParseReason(said.Code)
		if err != nil {
			return err
		}
		rejected.Reasons = append(rejected.Reasons, r)
	}
	a.Rejected = append(a.Rejected, rejected)
	return nil
}

// balances notes what everybody holds on a day, as it ends.
func (p *player) balances(ctx context.Context, day creditbank.Date) error {
	on := day.String()
	all := make(map[string]scenario.Balance, len(p.ids))
	for _, alias := range slices.Sorted(maps.Keys(p.ids)) {
		r, err := ask(ctx, p, func(c *contract.ClientWithResponses) (*contract.GetBalanceResponse, error) {
			return c.GetBalanceWithResponse(ctx, string(p.ids[alias]), &contract.GetBalanceParams{Date: &on})
		}, p.self(alias))
		if err != nil {
			return err
		}
		b := scenario.Balance{Available: map[creditbank.Category]creditbank.Credits{}, Programmes: map[creditbank.ProgrammeID]creditbank.Credits{}}
		for category, credits := range r.JSON200.Available {
			b.Available[creditbank.Category(category)] = credits
		}
		for programme, credits := range r.JSON200.Programmes {
			b.Programmes[creditbank.ProgrammeID(programme)] = credits
		}
		all[alias] = b
	}
	p.result.Balances[on] = all
	p.progress("balances", len(p.result.Balances), len(p.city.Days))
	return nil
}

// totals are taken at the end.
func (p *player) totals(ctx context.Context) error {
	t := scenario.Totals{Hours: map[creditbank.Category]scenario.Hours{}}
	for _, d := range p.result.Decisions {
		switch d.Decision {
		case string(contract.Approve):
			t.Approved++
		case string(contract.Pending):
			t.Pending++
		default:
			t.Denied++
		}
	}
	for _, alias := range slices.Sorted(maps.Keys(p.ids)) {
		if err := p.granted(ctx, alias, &t); err != nil {
			return err
		}
		if err := p.hours(ctx, alias, &t); err != nil {
			return err
		}
	}
	p.result.Totals = t
	return nil
}

// granted adds up what conversions of a learner stand, page by page.
func (p *player) granted(ctx context.Context, alias string, t *scenario.Totals) error {
	for next := new(string); next != nil; {
		params := contract.ListConversionsParams{Cursor: optional(*next)}
		r, err := ask(ctx, p, func(c *contract.ClientWithResponses) (*contract.ListConversionsResponse, error) {
			return c.ListConversionsWithResponse(ctx, string(p.ids[alias]), &params)
		}, p.self(alias))
		if err != nil {
			return err
		}
		for _, d := range r.JSON200.Decisions {
			switch {
			case d.State == nil:
			case *d.State == contract.DecisionStateReversed:
				t.Reversed++
			case *d.State == contract.DecisionStateStanding:
				for _, l := range d.Lines {
					t.Granted += l.Credits
				}
			}
		}
		next = r.JSON200.Next
	}
	return nil
}

// hours adds up the hours that a learner's outcomes stand for.
func (p *player) hours(ctx context.Context, alias string, t *scenario.Totals) error {
	lots, err := p.held(ctx, alias)
	if err != nil {
		return err
	}
	for _, l := range lots {
		if !l.Recognised || l.State == contract.Revoked || l.ScheduledHours == nil && l.AttendedHours == nil {
			continue
		}
		h := t.Hours[creditbank.Category(l.Category)]
		h.Scheduled += value(l.ScheduledHours)
		h.Attended += value(l.AttendedHours)
		t.Hours[creditbank.Category(l.Category)] = h
	}
	return nil
}

// value returns what v points at, the zero value where it is nil.
func value[T any](v *T) (out T) {
	if v != nil {
		out = *v
	}
	return out
}
