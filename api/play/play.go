package play

import (
	"context"
	"slices"
	"sync"
	"time"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/scenario"
)

// Parties are who acts in a city.
type Parties interface {
	// As returns a client with a token of a party that has the grants: a
	// learner's own if the role is that of a learner, else that of a machine or
	// a member of staff. It is asked anew for everything that is done, by several
	// goroutines; whoever keeps tokens sees to it that they are renewed when the
	// clock moves.
	As(ctx context.Context, grants ...access.Grant) (*contract.ClientWithResponses, error)
}

// A Way is how outcomes are posted.
type Way int

// The ways of posting.
const (
	OneByOne  Way = iota // a request each
	InArrays             // JSON arrays
	InStreams            // NDJSON
)

// A Config says how a city is played.
type Config struct {
	Parties Parties
	Way     Way

	// MoveTo puts the service's clock to a later instant. Nil leaves the clock
	// alone; then everything happens on the day it is played.
	MoveTo func(context.Context, time.Time) error

	Progress func(scenario.Progress) // may be nil
}

// Played is what came of a city.
type Played struct {
	Result   *scenario.Result
	Learners map[string]creditbank.LearnerID // by alias
}

// City plays a city that could be read. The regions must be published, since
// nobody has a grant within a region that is not known; the rest of the reference
// data is published first. What the service refuses is among the result's
// problems; an error is that it could not be reached, that a party may not do
// what it has to do, or that ctx ended.
//
// Played again against the same service, a city changes nothing.
func City(ctx context.Context, c Config, city *scenario.City) (*Played, error) {
	p := &player{
		Config: c, city: city, ids: map[string]creditbank.LearnerID{}, lots: map[string][]contract.Outcome{}, posted: scenario.Owners{},
		result: &scenario.Result{Decisions: []scenario.Decision{}, Balances: map[string]map[string]scenario.Balance{}, Plans: []scenario.PlanMade{}},
	}
	for _, problem := range city.Problems.List() {
		p.problems.Add(problem.Place, problem)
	}
	if err := p.moveTo(ctx, city.Day); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{p.publish, p.openAccounts, p.enrolAll, p.postOutcomes, p.happen, p.totals} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	p.result.Problems = scenario.ProblemsOf(&p.problems)
	return &Played{p.result, p.ids}, nil
}

// A player is a city being played.
type player struct {
	Config
	city       *scenario.City
	programmes map[creditbank.ProgrammeID]creditbank.InstitutionID
	ids        map[string]creditbank.LearnerID
	lots       map[string][]contract.Outcome // as last read; dropped by what changes them
	result     *scenario.Result

	mu       sync.Mutex      // guards what follows
	posted   scenario.Owners // of the outcomes on record
	problems creditbank.Problems
}

func (p *player) progress(step string, done, of int) {
	if p.Progress != nil {
		p.Progress(scenario.Progress{Step: step, Done: done, Of: of})
	}
}

func (p *player) moveTo(ctx context.Context, day creditbank.Date) error {
	if p.MoveTo == nil {
		return nil
	}
	return p.MoveTo(ctx, p.city.Noon(day))
}

// grant returns a role within an institution.
func grant(role access.Role, id creditbank.InstitutionID) access.Grant {
	return access.Grant{Role: role, Scope: access.Scope{Kind: access.ScopeInstitution, ID: string(id)}}
}

// self is the learner with an alias.
func (p *player) self(alias string) access.Grant {
	return access.Grant{Role: access.Learner, Scope: access.Scope{Kind: access.ScopeLearner, ID: string(p.ids[alias])}}
}

// owner is the operator of the whole city.
func (p *player) owner() []access.Grant {
	var all []access.Grant
	for _, r := range p.city.Reference.Regions {
		if r.Parent == "" {
			all = append(all, operator(r.Code))
		}
	}
	return all
}

func operator(region creditbank.RegionCode) access.Grant {
	return access.Grant{Role: access.Operator, Scope: access.Scope{Kind: access.ScopeRegion, ID: string(region)}}
}

// learner returns the row of an alias.
func (p *player) learner(alias string) scenario.Learner {
	i := slices.IndexFunc(p.city.Learners, func(l scenario.Learner) bool { return l.Alias == alias })
	return p.city.Learners[i] // the city's events name no other
}

// counter is where a learner opens an account: at an institution of the own
// region, else of one above, else at any; the operator's where there is none.
func (p *player) counter(l scenario.Learner) access.Grant {
	parents := map[creditbank.RegionCode]creditbank.RegionCode{}
	for _, r := range p.city.Reference.Regions {
		parents[r.Code] = r.Parent
	}
	for region := l.Region; region != ""; region = parents[region] {
		for _, i := range p.city.Reference.Institutions {
			if i.Region == region {
				return grant(access.Clerk, i.ID)
			}
		}
	}
	if len(p.city.Reference.Institutions) > 0 {
		return grant(access.Clerk, p.city.Reference.Institutions[0].ID)
	}
	return operator(l.Region)
}

func (p *player) openAccounts(ctx context.Context) error {
	for _, l := range p.city.Learners {
		r, err := ask(ctx, p, func(c *contract.ClientWithResponses) (*contract.OpenLearnerResponse, error) {
			return c.OpenLearnerWithResponse(ctx, contract.Opening{Name: l.Person.Name, IdNumber: string(l.Person.IDNumber), Region: string(l.Region)})
		}, p.counter(l))
		if err := p.refused(l.Place, err); err != nil {
			return err
		}
		if err != nil {
			continue
		}
		opened := r.JSON201
		if opened == nil {
			opened = r.JSON200
		}
		p.ids[l.Alias] = creditbank.LearnerID(opened.Id)
		p.progress("learners", len(p.ids), len(p.city.Learners))
	}
	return nil
}

func (p *player) enrolAll(ctx context.Context) error {
	for _, l := range p.city.Learners {
		for _, programme := range l.Programmes {
			if _, ok := p.ids[l.Alias]; !ok {
				continue // why is told where the account could not be opened
			}
			if err := p.refused(l.Place, p.enrol(ctx, l.Alias, programme, key(l.Place, string(programme)))); err != nil {
				return err
			}
		}
	}
	return nil
}
