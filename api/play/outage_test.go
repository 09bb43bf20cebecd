//go:build unix

package play_test

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// Without Redis, whatever becomes of it, only latency changes: no request fails,
// no write is lost, browsers stay logged in, revoked tokens stay revoked.
func TestRedisMayFail(t *testing.T) {
	p := newReplicas(t, pairOptions{log: slog.New(slog.DiscardHandler)})
	l := newLoad(p, 8)
	revoked := p.worlds[0].Token("I15", "poster institution:I15")
	revoke(t, p.worlds[0], revoked)
	eventually(t, "token revoked", 20*time.Second, func() bool { return me(t, p.worlds[1], revoked) == http.StatusUnauthorized })
	browser := logIn(t, p.worlds[0], learners(t, p.worlds[0], 9)[8])

	p.watch.enter("Redis there", false)
	done := make(chan struct{})
	wait := l.run(t.Context(), 10, done)
	wait.Go(func() { holds(t, p, done, revoked, browser) })
	pause := lasting(1500 * time.Millisecond)
	time.Sleep(pause)
	for _, step := range []struct {
		phase string
		do    func() error
	}{
		{"Redis killed", p.redis.Kill},
		{"Redis back, empty", func() error { return p.redis.Restart(t.Context()) }},
		{"Redis flushed", func() error { return p.redis.FlushAll(t.Context()) }},
		{"Redis stalled", p.redis.Pause},
		{"Redis goes on", p.redis.Resume},
	} {
		p.watch.enter(step.phase, false)
		if err := step.do(); err != nil {
			t.Error(err)
		}
		time.Sleep(pause)
		if step.phase == "Redis killed" {
			// What is revoked meanwhile is revoked, though nobody can be told.
			takesToken(t, p.worlds[0], p.worlds[1], 20*time.Second)
		}
	}
	close1(done, wait)
	l.settled()
	p.watch.report()
	for i, s := range p.shared {
		eventually(t, "Redis found again", 10*time.Second, func() bool { return s.Health(t.Context()) == nil })
		if n := s.Stats().Outages; n < 1 {
			t.Errorf("replica %d saw %d outages", i, n)
		}
	}
}

// holds asks until done, at each replica: a revoked token must be refused, a
// browser must be logged in.
func holds(t *testing.T, p *replicas, done <-chan struct{}, revoked string, browser *http.Cookie) {
	for {
		for i, w := range p.worlds {
			if status := me(t, w, revoked); status != http.StatusUnauthorized {
				t.Errorf("replica %d answers a revoked token with %d", i, status)
			}
			if status := asBrowser(t, w, browser); status != http.StatusOK {
				t.Errorf("replica %d answers a browser that is logged in with %d", i, status)
			}
		}
		select {
		case <-done:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// password is that of all who log in here.
const password = "correct horse battery staple"

// logIn opens an account to log in with for a learner, and returns the cookie of
// a browser that has logged in.
func logIn(t *testing.T, w *apitest.World, id creditbank.LearnerID) *http.Cookie {
	t.Helper()
	a, code, err := w.Registry.OpenAccount(t.Context(), w.Owner(), access.NewAccount{Learner: id})
	if err != nil {
		t.Fatal(err)
	}
	person, err := w.Bank.Person(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	anyone := w.As("")
	active, err := anyone.ActivateAccountWithResponse(t.Context(), contract.ActivateAccountJSONRequestBody{
		Account: string(a.Number), Code: code, Name: person.Name, Password: password,
	})
	if err != nil || active.StatusCode() != http.StatusNoContent {
		t.Fatalf("activate: %v %s", err, active.Body)
	}
	cookie := true
	in, err := anyone.LogInWithResponse(t.Context(), contract.LogInJSONRequestBody{Account: string(a.Number), Password: password, Cookie: &cookie})
	if err != nil || in.JSON200 == nil {
		t.Fatalf("log in: %v %s", err, in.Body)
	}
	return in.HTTPResponse.Cookies()[0]
}

// asBrowser asks who is logged in.
func asBrowser(t *testing.T, w *apitest.World, cookie *http.Cookie) int {
	r, err := w.As("").GetMeWithResponse(t.Context(), brings(cookie))
	if err != nil {
		t.Error(err)
		return 0
	}
	return r.StatusCode()
}

// A database that is killed is told to callers as such, and what they send again
// is done once.
func TestDatabaseMayBeKilled(t *testing.T) {
	p := newReplicas(t, pairOptions{alone: true, durable: true, log: slog.New(slog.DiscardHandler)})
	l := newLoad(p, 8)
	l.patient = 30 * time.Second
	p.watch.enter("database there", false)
	done := make(chan struct{})
	wait := l.run(t.Context(), 10, done)
	rounds := 2
	if long() {
		rounds = 10
	}
	for range rounds {
		time.Sleep(1500 * time.Millisecond)
		p.watch.enter("database killed", true)
		if err := p.database.Kill(); err != nil {
			t.Error(err)
		}
		time.Sleep(700 * time.Millisecond)
		if err := p.database.Restart(t.Context()); err != nil {
			t.Error(err)
			break
		}
		p.watch.enter("database back", true)
	}
	time.Sleep(1500 * time.Millisecond)
	close1(done, wait)
	p.watch.enter("afterwards", true)
	var unwell atomic.Int64
	var ask sync.WaitGroup
	for _, s := range l.subjects {
		ask.Go(func() {
			if _, ok := send(l, func(w *apitest.World) (*contract.GetBalanceResponse, error) {
				return w.As(s.token).GetBalanceWithResponse(t.Context(), string(s.id), nil)
			}); !ok {
				unwell.Add(1)
			}
		})
	}
	ask.Wait()
	l.settled()
	p.watch.report()
	if unwell.Load() > 0 {
		t.Errorf("%d readers were not answered afterwards", unwell.Load())
	}
	told := p.watch.status["database killed"]
	for code := range told {
		if !slices.Contains([]string{"200", "201", "UNAVAILABLE", "OUTCOME_UNKNOWN", "BUSY"}, code) {
			t.Errorf("while the database was away: %s", code)
		}
	}
	if told["UNAVAILABLE"] == 0 {
		t.Error("the database was killed and no request noticed")
	}
}

// brings has a request bring a browser's cookie.
func brings(cookie *http.Cookie) contract.RequestEditorFn {
	return func(_ context.Context, r *http.Request) error {
		r.AddCookie(cookie)
		return nil
	}
}
