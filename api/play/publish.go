package play

import (
	"context"
	"fmt"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

// publish publishes the reference data, which changes nothing where it is
// published, and learns which institution has which programme.
func (p *player) publish(ctx context.Context) error {
	for _, step := range []func(context.Context) error{p.putRegions, p.putInstitutions, p.putCourses, p.publishRules} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("publish the city: %w", err)
		}
	}
	r, err := ask(ctx, p, func(c *contract.ClientWithResponses) (*contract.ListProgrammesResponse, error) {
		return c.ListProgrammesWithResponse(ctx)
	}, p.owner()...)
	if err != nil {
		return err
	}
	p.programmes = map[creditbank.ProgrammeID]creditbank.InstitutionID{}
	for _, programme := range r.JSON200.Programmes {
		p.programmes[creditbank.ProgrammeID(programme.Id)] = creditbank.InstitutionID(programme.Institution)
	}
	return nil
}

func (p *player) putRegions(ctx context.Context) error {
	for _, r := range p.city.Reference.Regions {
		body := contract.RegionInput{Name: r.Name, Level: contract.RegionInputLevel(r.Level), Parent: optional(string(r.Parent))}
		_, err := ask(ctx, p, func(c *contract.ClientWithResponses) (*contract.PutRegionResponse, error) {
			return c.PutRegionWithResponse(ctx, string(r.Code), body)
		}, p.owner()...)
		if err != nil {
			return fmt.Errorf("region %s: %w", r.Code, err)
		}
	}
	return nil
}

func (p *player) putInstitutions(ctx context.Context) error {
	for _, i := range p.city.Reference.Institutions {
		body := contract.InstitutionInput{
			Name: i.Name, Kinds: i.Kinds, Tier: optional(i.Tier), Parent: optional(string(i.Parent)), Region: string(i.Region), Uscc: optional(i.USCC),
		}
		_, err := ask(ctx, p, func(c *contract.ClientWithResponses) (*contract.PutInstitutionResponse, error) {
			return c.PutInstitutionWithResponse(ctx, string(i.ID), body)
		}, p.owner()...)
		if err != nil {
			return fmt.Errorf("institution %s: %w", i.ID, err)
		}
	}
	return nil
}

func (p *player) putCourses(ctx context.Context) error {
	for _, v := range p.city.Reference.Courses {
		body := contract.CourseInput{
			Title: v.Title, Institution: string(v.Institution), Category: contract.Category(v.Category), Level: optional(int(v.Level)),
			Hours: optional(v.Hours), Credits: optional(v.Credits), Family: optional(v.Family), Tags: &v.Tags,
			Repeat: optional(contract.Repeat(v.Repeat)), NotionalHours: optional(v.NotionalHours), ValidFor: optional(v.ValidFor.String()), ValidUntil: optional(v.ValidUntil.String()),
		}
		if v.Tags == nil {
			body.Tags = nil
		}
		_, err := ask(ctx, p, func(c *contract.ClientWithResponses) (*contract.PutCourseResponse, error) {
			return c.PutCourseWithResponse(ctx, string(v.Code), body)
		}, p.owner()...)
		if err != nil {
			return fmt.Errorf("course %s: %w", v.Code, err)
		}
	}
	return nil
}

// publishRules publishes the city's rules as the first rule set of the bank.
func (p *player) publishRules(ctx context.Context) error {
	files, err := rule.Source(p.city.Reference.RuleSet)
	if err != nil {
		return err
	}
	_, err = ask(ctx, p, func(c *contract.ClientWithResponses) (*contract.PublishRuleSetResponse, error) {
		return c.PublishRuleSetWithResponse(ctx, contract.PublishRuleSetJSONRequestBody{Rules: string(files.Rules), Programmes: string(files.Programmes)})
	}, p.owner()...)
	return err
}

// optional returns a pointer to v, nil where it is the zero value: then it is
// left out.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
