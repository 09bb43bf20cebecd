// Package demo fills a service with the city of Qinghe, as its own people and
// machines would: everything goes over HTTP, with tokens of their own. Only the
// regions, which no role exists without, and the first operator come from
// whoever holds the machine.
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"creditbank/api/contract"
	"creditbank/api/play"
	"creditbank/api/web"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/scenario"
)

// A Clock stands in the city's year while it is played, and then goes with the
// wall.
type Clock struct {
	wall    func() time.Time
	stopped atomic.Pointer[time.Time]
}

// NewClock returns a clock that goes with the wall.
func NewClock(wall func() time.Time) *Clock { return &Clock{wall: wall} }

// Now returns the time.
func (c *Clock) Now() time.Time {
	if t := c.stopped.Load(); t != nil {
		return *t
	}
	return c.wall()
}

// Stop has the clock stand at an instant.
func (c *Clock) Stop(at time.Time) { c.stopped.Store(&at) }

// Go has it go with the wall again.
func (c *Clock) Go() { c.stopped.Store(nil) }

// A Login is somebody who can log in to the demo.
type Login struct {
	Who     creditbank.Text          `json:"who"`
	Account creditbank.AccountNumber `json:"account"`
	Alias   string                   `json:"alias,omitempty"` // of a learner
	Learner creditbank.LearnerID     `json:"learner,omitempty"`
}

// A City is what was made: how to log in, and the machine of an institution.
type City struct {
	Password string  `json:"password"` // of everybody
	Logins   []Login `json:"logins"`
	Client   string  `json:"client"` // a machine that posts for I04
	Secret   string  `json:"secret"`
}

// file is where what was made is kept, for the next start.
const file = "demo.json"

// Read returns what an earlier start made in a folder; an error that wraps
// fs.ErrNotExist if nothing was.
func Read(dir string) (*City, error) {
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return nil, err
	}
	var c City
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, file), err)
	}
	return &c, nil
}

// write keeps what was made; it holds the passwords, and is for the owner only.
func (c *City) write(dir string) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, file)
	if err := os.WriteFile(path+".new", append(data, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// A Loader loads a city into a service.
type Loader struct {
	URL      string
	Registry *access.Registry
	Bank     *creditbank.Bank
	Clock    *Clock
	Random   io.Reader
	Dir      string // where what was made is kept
	Shown    *Shown // is told what was made
}

// Shown is what the first page shows, once it is there.
type Shown struct{ city atomic.Pointer[City] }

// Logins returns the logins; none while the city is being loaded.
func (s *Shown) Logins() []web.Login {
	c := s.city.Load()
	if c == nil {
		return nil
	}
	logins := make([]web.Login, 0, len(c.Logins))
	for _, l := range c.Logins {
		logins = append(logins, web.Login{Who: l.Who, Account: string(l.Account), Password: c.Password})
	}
	return logins
}

// Load loads the city, unless it is there, and shows it.
func (l Loader) Load(ctx context.Context, city *scenario.City) (*City, error) {
	made, err := l.load(ctx, city)
	if err == nil {
		l.Shown.city.Store(made)
	}
	return made, err
}

func (l Loader) load(ctx context.Context, city *scenario.City) (*City, error) {
	if made, err := Read(l.Dir); !errors.Is(err, fs.ErrNotExist) {
		return made, err
	}
	l.Clock.Stop(city.Noon(city.Day))
	defer l.Clock.Go()
	made := &City{Password: "qinghe-" + random(l.Random, 4)}
	staff, err := l.first(ctx, made)
	if err != nil {
		return nil, err
	}
	played, err := play.City(ctx, play.Config{
		Parties: staff, Way: play.InStreams,
		MoveTo: func(_ context.Context, at time.Time) error {
			l.Clock.Stop(at)
			return nil
		},
	}, city)
	if err != nil {
		return nil, fmt.Errorf("load the city: %w", err)
	}
	l.Clock.Go()
	for _, learner := range city.Learners {
		id, ok := played.Learners[learner.Alias]
		if !ok {
			continue
		}
		number, err := staff.account(ctx, id)
		if err != nil {
			return nil, err
		}
		made.Logins = append(made.Logins, Login{text("学习者 "+learner.Alias+" "+learner.Person.Name, "learner "+learner.Alias), number, learner.Alias, id})
	}
	if err := l.people(ctx, staff, made); err != nil {
		return nil, err
	}
	if made.Client, made.Secret, err = staff.machine(ctx, "i04-registry", "I04", "poster institution:I04"); err != nil {
		return nil, err
	}
	return made, made.write(l.Dir)
}

// first makes the first operator, who then makes everybody else.
func (l Loader) first(ctx context.Context, made *City) (*parties, error) {
	account, code, err := l.Registry.Bootstrap(ctx, creditbank.Caller{ID: "operator:demo"}, "周岚")
	if err != nil {
		return nil, fmt.Errorf("the first operator: %w", err)
	}
	p := &parties{url: l.URL, clock: l.Clock, random: l.Random, password: made.Password, tokens: map[string]token{}, learners: map[creditbank.LearnerID]creditbank.AccountNumber{}}
	if err := p.activate(ctx, account.Number, "周岚", code); err != nil {
		return nil, err
	}
	p.operator = account.Number
	made.Logins = append(made.Logins, Login{Who: text("运营员 周岚（青禾市）", "operator, city of Qinghe"), Account: account.Number})
	return p, nil
}

// people are the members of staff who can log in.
func (l Loader) people(ctx context.Context, p *parties, made *City) error {
	for _, one := range []struct {
		name, institution string
		who               creditbank.Text
		grants            []string
	}{
		{"孙萍", "I01", text("经办员 孙萍（青禾开放大学）", "clerk, Qinghe Open University (I01)"), []string{"clerk institution:I01"}},
		{"钱进", "I01", text("审核员 钱进（青禾开放大学）", "reviewer, Qinghe Open University (I01)"), []string{"reviewer institution:I01"}},
		{"吴江", "I04", text("管理员 吴江（东岭县社区教育学院及下级）", "manager, Dongling community college and below (I04)"), []string{"manager branch:I04"}},
		{"郑华", "", text("审计员 郑华（青禾市）", "auditor, city of Qinghe"), []string{"auditor region:9901"}},
	} {
		number, err := p.staff(ctx, one.name, one.institution, one.grants...)
		if err != nil {
			return err
		}
		made.Logins = append(made.Logins, Login{Who: one.who, Account: number})
	}
	return nil
}

func text(zh, en string) creditbank.Text { return creditbank.Text{ZH: zh, EN: en} }

// random returns n random bytes in hexadecimal.
func random(r io.Reader, n int) string {
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		panic("demo: no randomness: " + err.Error()) // crypto/rand never fails
	}
	return fmt.Sprintf("%x", b)
}

// status says what a request came to that was not answered as it should be.
func status(what string, a contract.Answer) error {
	if err := contract.RefusalOf(a); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: status %d", what, a.StatusCode())
}
