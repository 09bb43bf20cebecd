package play

import (
	"context"
	"fmt"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/scenario"
)

// happen lets the events happen, and takes the balances at the end of each day
// of the timeline.
func (p *player) happen(ctx context.Context) error {
	events, done := p.city.Events, 0
	for _, day := range p.city.Days {
		if err := p.moveTo(ctx, day); err != nil {
			return err
		}
		for ; done < len(events) && events[done].At == day; done++ {
			if err := p.event(ctx, events[done]); err != nil {
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
func (p *player) event(ctx context.Context, e scenario.Event) error {
	if e.Do == scenario.Revoke && e.Learner == "" {
		learner, err := p.posted.Whose(e.Revoking)
		if err != nil {
			p.problem(e.Place, err)
			return nil
		}
		e.Learner = learner
	}
	if _, ok := p.ids[e.Learner]; !ok {
		return nil // why is told where the account could not be opened
	}
	if e.Do != scenario.Plan {
		delete(p.lots, e.Learner)
	}
	return p.refused(e.Place, p.do(ctx, e))
}

func (p *player) do(ctx context.Context, e scenario.Event) error {
	switch e.Do {
	case scenario.Convert:
		return p.convert(ctx, e)
	case scenario.Enrol:
		return p.enrol(ctx, e.Learner, e.Programme, key(e.Place, ""))
	case scenario.Withdraw:
		return p.withdraw(ctx, e)
	case scenario.Post, scenario.Revise:
		return p.post(ctx, e.Outcome)
	case scenario.Revoke:
		return p.revoke(ctx, e)
	case scenario.Freeze:
		return p.freeze(ctx, e)
	case scenario.Unfreeze:
		return p.unfreeze(ctx, e)
	case scenario.Plan:
		return p.plan(ctx, e)
	}
	return fmt.Errorf("unknown deed %q", e.Do)
}

func (p *player) enrol(ctx context.Context, alias string, programme creditbank.ProgrammeID, key string) error {
	_, err := ask(ctx, p, func(c *contract.ClientWithResponses) (*contract.EnrolResponse, error) {
		return c.EnrolWithResponse(ctx, string(p.ids[alias]), string(programme), &contract.EnrolParams{IdempotencyKey: key})
	}, grant(access.Clerk, p.programmes[programme]))
	return err
}

func (p *player) withdraw(ctx context.Context, e scenario.Event) error {
	_, err := ask(ctx, p, func(c *contract.ClientWithResponses) (*contract.WithdrawResponse, error) {
		return c.WithdrawWithResponse(ctx, string(p.ids[e.Learner]), string(e.Programme), &contract.WithdrawParams{IdempotencyKey: key(e.Place, "")})
	}, p.self(e.Learner))
	return err
}

// noReason stands where a timeline gives no reason and the contract asks for one.
const noReason = "timeline"

func (p *player) revoke(ctx context.Context, e scenario.Event) error {
	body := contract.OutcomeRevocation{
		Learner: string(p.ids[e.Learner]), Institution: string(e.Revoking.Institution), ExternalId: e.Revoking.ExternalID, Reason: e.Revoking.Reason,
	}
	if body.Reason == "" {
		body.Reason = noReason
	}
	_, err := ask(ctx, p, func(c *contract.ClientWithResponses) (*contract.RevokeOutcomeResponse, error) {
		return c.RevokeOutcomeWithResponse(ctx, &contract.RevokeOutcomeParams{IdempotencyKey: key(e.Place, "")}, body)
	}, grant(access.Poster, e.Revoking.Institution))
	return err
}

func (p *player) freeze(ctx context.Context, e scenario.Event) error {
	_, err := ask(ctx, p, func(c *contract.ClientWithResponses) (*contract.FreezeResponse, error) {
		return c.FreezeWithResponse(ctx, string(p.ids[e.Learner]), &contract.FreezeParams{IdempotencyKey: key(e.Place, "")}, contract.FreezeJSONRequestBody{Reason: noReason})
	}, operator(p.learner(e.Learner).Region))
	return err
}

func (p *player) unfreeze(ctx context.Context, e scenario.Event) error {
	_, err := ask(ctx, p, func(c *contract.ClientWithResponses) (*contract.UnfreezeResponse, error) {
		return c.UnfreezeWithResponse(ctx, string(p.ids[e.Learner]), &contract.UnfreezeParams{IdempotencyKey: key(e.Place, "")}, contract.UnfreezeJSONRequestBody{Reason: noReason})
	}, operator(p.learner(e.Learner).Region))
	return err
}

func (p *player) convert(ctx context.Context, e scenario.Event) error {
	body := contract.ConvertJSONRequestBody{}
	for _, r := range e.Rules {
		body.Rules = append(body.Rules, string(r))
	}
	body.ConfirmForfeited = p.forfeited(ctx, e, body.Rules)
	r, err := ask(ctx, p, func(c *contract.ClientWithResponses) (*contract.ConvertResponse, error) {
		return c.ConvertWithResponse(ctx, string(p.ids[e.Learner]), &contract.ConvertParams{IdempotencyKey: key(e.Place, "")}, body)
	}, p.self(e.Learner))
	if err != nil {
		return err
	}
	for _, d := range r.JSON200.Decisions {
		read, err := decision(e.Learner, d)
		if err != nil {
			return err
		}
		p.result.Decisions = append(p.result.Decisions, read)
	}
	return nil
}

// forfeited returns what conversions would forfeit, as a learner looks before they
// confirm it. Where that cannot be had, the conversion tells why.
func (p *player) forfeited(ctx context.Context, e scenario.Event, rules []contract.Code) *creditbank.Credits {
	r, err := ask(ctx, p, func(c *contract.ClientWithResponses) (*contract.PreviewConversionsResponse, error) {
		return c.PreviewConversionsWithResponse(ctx, string(p.ids[e.Learner]), &contract.PreviewConversionsParams{}, contract.PreviewConversionsJSONRequestBody{Rules: rules})
	}, p.self(e.Learner))
	if err != nil {
		return nil
	}
	var sum creditbank.Credits
	for _, d := range r.JSON200.Decisions {
		sum += d.Forfeited
	}
	return &sum
}

func (p *player) plan(ctx context.Context, e scenario.Event) error {
	r, err := ask(ctx, p, func(c *contract.ClientWithResponses) (*contract.GetPlanResponse, error) {
		return c.GetPlanWithResponse(ctx, string(p.ids[e.Learner]), &contract.GetPlanParams{Programme: string(e.Programme)})
	}, p.self(e.Learner))
	if err != nil {
		return err
	}
	plan := r.JSON200
	made := scenario.PlanMade{
		At: e.At, Learner: e.Learner, Programme: e.Programme, Credits: plan.Credits, Forfeited: plan.Forfeited,
		AtMost: plan.Proof.AtMost, Exact: plan.Proof.Exact, Steps: []creditbank.RuleID{},
	}
	for _, s := range plan.Steps {
		made.Steps = append(made.Steps, creditbank.RuleID(s.Rule))
		if s.Reviewed {
			made.Reviewed = append(made.Reviewed, creditbank.RuleID(s.Rule))
		}
	}
	p.result.Plans = append(p.result.Plans, made)
	return nil
}
