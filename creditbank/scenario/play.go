package scenario

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"creditbank/creditbank"
)

// A Stage is a bank on which a city is played.
type Stage struct {
	Bank     *creditbank.Bank
	Clock    *Clock // the bank's
	By       creditbank.Caller
	Progress func(Progress) // may be nil
}

// Progress says how far a play is.
type Progress struct {
	Step string // "learners", "outcomes", "events", "balances"
	Done int
	Of   int
}

// Play plays a city that could be read: publishes its reference data, opens the
// accounts, posts the outcomes, lets the events happen. What the bank refuses
// is among the result's problems; an error is a fault of the machine, or that
// the bank does not take the reference data.
//
// Played again on the same bank, a city changes nothing.
func Play(ctx context.Context, stage Stage, city *City) (*Result, error) {
	p := &play{
		Stage: stage, city: city, ids: map[string]creditbank.LearnerID{}, accounts: map[string]*creditbank.Account{},
		posted: Owners{},
		result: &Result{Decisions: []Decision{}, Balances: map[string]map[string]Balance{}, Plans: []PlanMade{}},
	}
	for _, problem := range city.Problems.List() {
		p.problems.Add(problem.Place, problem)
	}
	p.Clock.set(city.Day, city.Location)
	if err := p.Bank.Publish(ctx, p.By, city.Reference); err != nil {
		return nil, fmt.Errorf("publish the city: %w", err)
	}
	for _, step := range []func(context.Context) error{p.openAccounts, p.enrol, p.postOutcomes, p.happen} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	p.result.Totals = p.totals()
	p.result.Problems = ProblemsOf(&p.problems)
	return p.result, nil
}

// A play is a city being played.
type play struct {
	Stage
	city     *City
	ids      map[string]creditbank.LearnerID
	accounts map[string]*creditbank.Account // as last read; dropped by what changes them
	result   *Result

	mu       sync.Mutex // guards what follows
	posted   Owners     // of the outcomes on record
	problems creditbank.Problems
}

func (p *play) progress(step string, done, of int) {
	if p.Progress != nil {
		p.Progress(Progress{step, done, of})
	}
}

// refused takes in an error as a problem if it is the input's fault, and
// returns it if it is not.
func (p *play) refused(at creditbank.Place, err error) error {
	if err == nil {
		return nil
	}
	if !errors.Is(err, creditbank.ErrInvalid) && !errors.Is(err, creditbank.ErrNotFound) && !errors.Is(err, creditbank.ErrConflict) {
		return fmt.Errorf("%v: %w", at, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems.Add(at, err)
	return nil
}

// openings is how many accounts are opened in one transaction.
const openings = 500

func (p *play) openAccounts(ctx context.Context) error {
	learners := p.city.Learners
	for batch := range slices.Chunk(learners, openings) {
		ask := make([]creditbank.Opening, len(batch))
		for i, l := range batch {
			ask[i] = creditbank.Opening{Person: l.Person, Region: l.Region}
		}
		opened, errs := p.Bank.Open(ctx, p.By, ask)
		for i, l := range batch {
			if errs[i] != nil {
				if err := p.refused(l.Place, errs[i]); err != nil {
					return err
				}
				continue
			}
			p.ids[l.Alias] = opened[i].Learner.ID
		}
		p.progress("learners", len(p.ids), len(learners))
	}
	return nil
}

func (p *play) enrol(ctx context.Context) error {
	for _, l := range p.city.Learners {
		for _, programme := range l.Programmes {
			if _, ok := p.ids[l.Alias]; !ok {
				continue
			}
			if err := p.refused(l.Place, p.Bank.Enrol(ctx, p.change(l.Alias, l.Place, string(programme)), programme)); err != nil {
				return err
			}
		}
	}
	return nil
}

// change returns a request about a learner. Its key names the place in the
// files that asks for it, so that a city played again changes nothing.
func (p *play) change(alias string, at creditbank.Place, detail string) creditbank.Change {
	return creditbank.Change{By: p.By, Learner: p.ids[alias], Key: strings.TrimSpace(fmt.Sprintf("scenario %s %s", at, detail))}
}

// writers is how many learners' outcomes are posted at the same time. The
// bank's queue holds many more than that.
const writers = 256

// postOutcomes posts the outcomes: those of one learner in file order, since
// that order decides what a yearly cap leaves of them; learners side by side.
func (p *play) postOutcomes(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	poster := p.Bank.NewPoster(ctx, creditbank.PosterConfig{})
	defer poster.Close()
	order, byLearner := p.city.byLearner()
	queue := make(chan []Outcome)
	results := make(chan error)
	var wait sync.WaitGroup
	for range min(writers, len(order)) {
		wait.Go(func() {
			for outcomes := range queue {
				results <- p.postAll(ctx, poster, outcomes)
			}
		})
	}
	wait.Go(func() {
		defer close(queue)
		for _, alias := range order {
			queue <- byLearner[alias]
		}
	})
	var first error
	for i := range order {
		if err := <-results; err != nil && first == nil {
			first = err
			cancel()
		}
		p.progress("outcomes", i+1, len(order))
	}
	wait.Wait()
	if first != nil {
		return first
	}
	return p.afterPosting(ctx)
}

// byLearner returns the outcomes of each learner, and the learners in the order
// in which they first appear.
func (c *City) byLearner() (order []string, outcomes map[string][]Outcome) {
	outcomes = map[string][]Outcome{}
	for _, o := range c.Outcomes {
		if outcomes[o.Alias] == nil {
			order = append(order, o.Alias)
		}
		outcomes[o.Alias] = append(outcomes[o.Alias], o)
	}
	return order, outcomes
}

// postAll posts the outcomes of one learner.
func (p *play) postAll(ctx context.Context, poster *creditbank.Poster, outcomes []Outcome) error {
	for _, o := range outcomes {
		if err := p.post(ctx, poster, o); err != nil {
			return err
		}
	}
	return nil
}

// post posts one outcome, if its learner has an account.
func (p *play) post(ctx context.Context, poster *creditbank.Poster, o Outcome) error {
	id, ok := p.ids[o.Alias]
	if !ok {
		return nil // why is told where the account could not be opened
	}
	posting := o.Posting
	posting.Learner = id
	if _, err := poster.Post(ctx, p.By, posting, "scenario "+o.Place.String()); err != nil {
		return p.refused(o.Place, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.posted.Add(o)
	return nil
}

// account returns the account of a learner as it is now.
func (p *play) account(ctx context.Context, alias string) (*creditbank.Account, error) {
	if a := p.accounts[alias]; a != nil {
		return a, nil
	}
	a, err := p.Bank.Account(ctx, p.ids[alias])
	if err != nil {
		return nil, fmt.Errorf("account of %s: %w", alias, err)
	}
	p.accounts[alias] = a
	return a, nil
}

func (p *play) totals() Totals {
	t := Totals{Hours: map[creditbank.Category]Hours{}}
	for _, d := range p.result.Decisions {
		switch d.Decision {
		case "approve":
			t.Approved++
		case "pending":
			t.Pending++
		default:
			t.Denied++
		}
	}
	for _, a := range p.accounts {
		t.add(a)
	}
	return t
}
