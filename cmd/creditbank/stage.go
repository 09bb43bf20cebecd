package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"creditbank/cmd/creditbank/internal/embedded"
	"creditbank/creditbank"
	"creditbank/creditbank/scenario"
)

// A performance is a city that was played on a bank of its own.
type performance struct {
	*session
	city     *scenario.City
	result   *scenario.Result
	learners []learnerView // in file order
}

// stage is where a city is played.
type stage struct {
	dir      string          // folder of the bank, which is made
	ledger   embedded.Ledger // nil: SQLite, in the folder
	host     string
	progress func(scenario.Progress)
}

// perform plays a city on a new bank. The bank's time is the city's; its
// certificates are issued by the clock on the wall, so that they can be checked
// today. Close the performance.
func (p *program) perform(ctx context.Context, city *scenario.City, st stage) (perf *performance, err error) {
	by, err := creditbank.NewCaller(p.caller)
	if err != nil {
		return nil, err
	}
	clock := scenario.NewClock(city.Day.Time(city.Location))
	world := p.world
	if world.Issue = world.Now; world.Issue == nil {
		world.Issue = time.Now
	}
	world.Now, world.Ledger, world.Host = clock.Now, st.ledger, st.host
	bank, err := embedded.Create(ctx, st.dir, world)
	if err != nil {
		return nil, err
	}
	perf = &performance{session: &session{bank, p, by}, city: city}
	defer func() {
		if err != nil {
			err = errors.Join(err, bank.Close())
		}
	}()
	if perf.result, err = scenario.Play(ctx, scenario.Stage{Bank: bank.Bank, Clock: clock, By: by, Progress: st.progress}, city); err != nil {
		return nil, err
	}
	return perf, perf.name(ctx)
}

// name keeps the ids of the files as aliases.
func (perf *performance) name(ctx context.Context) error {
	for _, l := range perf.city.Learners {
		id, err := perf.FindByIDNumber(ctx, l.Person.IDNumber, l.Person.Name)
		if errors.Is(err, creditbank.ErrNotFound) || errors.Is(err, creditbank.ErrConflict) {
			continue // among the problems already
		}
		if err != nil {
			return err
		}
		learner, err := perf.Learner(ctx, id)
		if err != nil {
			return err
		}
		if err := perf.Aliases.Add(l.Alias, learner.Account); err != nil {
			return err
		}
		perf.learners = append(perf.learners, learnerView{id, learner.Account, l.Alias, l.Person.Name, l.Region})
	}
	return nil
}

// issue issues, logs and anchors the certificates of everybody, and writes
// them to dir.
func (perf *performance) issue(ctx context.Context, dir string) (certifiedView, *embedded.Office, error) {
	office, err := perf.Office(ctx)
	if err != nil {
		return certifiedView{}, nil, err
	}
	done, err := office.CatchUp(ctx)
	if err != nil {
		return certifiedView{}, nil, err
	}
	if len(done.Failed) > 0 {
		return certifiedView{}, nil, fmt.Errorf("certificates of %d learners could not be made: %w", len(done.Failed), done.Failed[0].Err)
	}
	v, err := perf.writeCertificates(ctx, office, perf.learners, dir, tokenForms{})
	return v, office, err
}
