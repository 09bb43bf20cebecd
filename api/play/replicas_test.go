//go:build unix

package play_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"creditbank/api"
	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/api/host"
	"creditbank/api/redis"
	"creditbank/api/redis/redistest"
	"creditbank/api/replica"
	"creditbank/creditbank"
	"creditbank/creditbank/postgres"
	"creditbank/creditbank/postgres/pgtest"
)

// long reports whether tests are to take their time.
func long() bool { return os.Getenv("CREDITBANK_LONG") != "" }

// lasting returns how long a test keeps up its load.
func lasting(short time.Duration) time.Duration {
	if long() {
		return 10 * short
	}
	return short
}

// onPostgres opens the store of a database until the test ends.
func onPostgres(t testing.TB, dsn string) host.Ledger {
	t.Helper()
	s, err := postgres.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Replicas are two services on one database, and one Redis if there is one.
type replicas struct {
	t        *testing.T
	database *pgtest.Server
	redis    *redistest.Server // nil if they share nothing but the database
	worlds   []*apitest.World
	shared   []replica.Shared
	watch    *watch
}

// What a pair of replicas may be like.
type pairOptions struct {
	alone   bool // without Redis
	durable bool // and slow to commit, so that a killer finds it at that
	limits  api.Limits
	log     *slog.Logger
}

const publicURL = "https://bank.example.edu"

func newReplicas(t *testing.T, o pairOptions) *replicas {
	t.Helper()
	server := pgtest.Options{Durable: o.durable}
	if o.durable {
		server.Settings = map[string]string{"commit_delay": "20000", "commit_siblings": "0"}
	}
	p := &replicas{t: t, database: pgtest.New(t, server), watch: &watch{t: t}}
	if !o.alone {
		p.redis = redistest.New(t, redistest.Options{})
	}
	dsn, keys := p.database.Database(t, ""), filepath.Join(t.TempDir(), "keys")
	for range 2 {
		shared := replica.InProcess(time.Now)
		if p.redis != nil {
			shared = p.share()
		}
		w := apitest.New(t, apitest.Options{
			Ledger: onPostgres(t, dsn), Shared: &shared, Keys: keys, PublicURL: publicURL, Limits: o.limits, Log: o.log,
		})
		w.Client.Transport = watched{w.Client.Transport, p.watch}
		p.worlds, p.shared = append(p.worlds, w), append(p.shared, shared)
	}
	return p
}

// share opens what a replica shares with others.
func (p *replicas) share() replica.Shared {
	p.t.Helper()
	s, err := redis.Open(p.t.Context(), redis.Config{URL: p.redis.URL(), Log: slog.New(slog.DiscardHandler), Clock: time.Now, Random: rand.Reader})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			p.t.Error(err)
		}
	})
	return s
}

// any returns one of the replicas.
func (p *replicas) any() *apitest.World { return p.worlds[mathrand.IntN(len(p.worlds))] }

// watch notes how requests were answered, by the phase of the test.
type watch struct {
	t *testing.T

	mu     sync.Mutex
	phase  string
	phases []string
	took   map[string][]time.Duration
	status map[string]map[string]int // how many answers of a status, or with a problem's code

	outage bool // answers that something is away are in order
}

// enter begins a phase; in an outage requests may be answered with 503.
func (w *watch) enter(phase string, outage bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.took == nil {
		w.took, w.status = map[string][]time.Duration{}, map[string]map[string]int{}
	}
	if w.took[phase] == nil {
		w.phases, w.status[phase] = append(w.phases, phase), map[string]int{}
	}
	w.phase, w.outage = phase, w.outage || outage
}

// note takes in an answer. A fault of the service fails the test.
func (w *watch) note(r *http.Request, resp *http.Response, took time.Duration) {
	code := strconv.Itoa(resp.StatusCode)
	if resp.StatusCode == http.StatusServiceUnavailable {
		code = problemCode(w.t, resp)
	}
	w.mu.Lock()
	phase, outage := w.phase, w.outage
	if phase != "" {
		w.took[phase] = append(w.took[phase], took)
		w.status[phase][code]++
	}
	w.mu.Unlock()
	what := fmt.Sprintf("%s %s in phase %q", r.Method, r.URL.Path, phase)
	switch {
	case resp.StatusCode < 500:
	case resp.StatusCode == http.StatusServiceUnavailable && outage:
		if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || seconds < 1 {
			w.t.Errorf("%s: 503 with Retry-After %q", what, resp.Header.Get("Retry-After"))
		}
	default:
		w.t.Errorf("%s: status %d", what, resp.StatusCode)
	}
}

// problemCode returns the code of an answer that is a problem.
func problemCode(t *testing.T, resp *http.Response) string {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var p contract.Problem
	if err := json.Unmarshal(body, &p); err != nil {
		t.Errorf("status %d with no problem: %q", resp.StatusCode, body)
	}
	return p.Code
}

// report logs the figures of each phase.
func (w *watch) report() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, phase := range w.phases {
		took := w.took[phase]
		if len(took) == 0 {
			continue
		}
		slices.Sort(took)
		at := func(share float64) time.Duration {
			return took[int(share*float64(len(took)-1))].Round(100 * time.Microsecond)
		}
		w.t.Logf("%-24s %6d requests, half within %v, 99%% within %v, all within %v; answers %v",
			phase, len(took), at(0.5), at(0.99), at(1), w.status[phase])
	}
}

// watched is a transport that is watched.
type watched struct {
	http.RoundTripper
	watch *watch
}

// RoundTrip implements [http.RoundTripper].
func (w watched) RoundTrip(r *http.Request) (*http.Response, error) {
	begun := time.Now()
	resp, err := w.RoundTripper.RoundTrip(r)
	if err == nil {
		w.watch.note(r, resp, time.Since(begun))
	}
	return resp, err
}

// A reply is what the generated client returns.
type reply interface {
	StatusCode() int
	GetBody() []byte
}

// A subject is a learner under load, and what was seen of the account.
type subject struct {
	id    creditbank.LearnerID
	token string
	seen  atomic.Int64 // the newest version that anybody was told of
	wrote sync.Map     // external ids of postings that were acknowledged

	mu       sync.Mutex
	balances map[int64]string // by version
	made     map[int64]string // decisions by seq, each under its key
}

// saw notes a version that came after all those seen before it was asked for.
func (s *subject) saw(t *testing.T, what string, before, version int64) {
	if version < before {
		t.Errorf("%s of %s: version %d after %d had been seen", what, s.id, version, before)
	}
	for old := s.seen.Load(); old < version && !s.seen.CompareAndSwap(old, version); old = s.seen.Load() {
	}
}

// A load is what clients do to replicas at the same time.
type load struct {
	*replicas
	subjects []*subject
	poster   string // a token
	next     atomic.Int64
	patient  time.Duration // how long a request is sent again while it is answered 503
}

// learners opens accounts that are enrolled in P1.
func learners(t *testing.T, w *apitest.World, n int) []creditbank.LearnerID {
	t.Helper()
	by := creditbank.Caller{ID: "operator:test"}
	var ids []creditbank.LearnerID
	for from := 0; from < n; from += 500 {
		var openings []creditbank.Opening
		for i := from; i < min(n, from+500); i++ {
			openings = append(openings, creditbank.Opening{Person: creditbank.Person{Name: fmt.Sprintf("学员%d", i), IDNumber: idNumber(t, i)}, Region: "990102"})
		}
		opened, errs := w.Bank.Open(t.Context(), by, openings)
		for i := range openings {
			if errs[i] != nil {
				t.Fatal(errs[i])
			}
			ids = append(ids, opened[i].Learner.ID)
		}
	}
	return ids
}

// idNumber returns the i-th of some valid identity numbers.
func idNumber(t *testing.T, i int) creditbank.IDNumber {
	digits := fmt.Sprintf("990102%04d0101%03d", 1950+i/1000, i%1000)
	for _, check := range "0123456789X" {
		if n, err := creditbank.ParseIDNumber(digits + string(check)); err == nil {
			return n
		}
	}
	t.Fatalf("no identity number begins with %s", digits)
	return ""
}

func newLoad(p *replicas, n int) *load {
	p.t.Helper()
	w := p.worlds[0]
	l := &load{replicas: p, poster: w.Token("I15", "poster institution:I15")}
	for i, id := range learners(p.t, w, n) {
		s := &subject{id: id, token: w.LearnerToken(id), balances: map[int64]string{}, made: map[int64]string{}}
		change := creditbank.Change{By: creditbank.Caller{ID: "operator:test"}, Learner: id, Key: fmt.Sprintf("enrolment %d", i)}
		if err := w.Bank.Enrol(p.t.Context(), change, "P1"); err != nil {
			p.t.Fatal(err)
		}
		l.subjects = append(l.subjects, s)
	}
	return l
}

// send sends a request to any replica, and again, to any, while it is told that
// something is away. It returns nil where the test is over.
func send[A reply](l *load, do func(*apitest.World) (A, error)) (answer A, ok bool) {
	begun := time.Now()
	for {
		a, err := do(l.any())
		if l.t.Context().Err() != nil {
			return a, false
		}
		if err != nil {
			l.t.Errorf("request: %v", err)
			return a, false
		}
		if a.StatusCode() != http.StatusServiceUnavailable {
			return a, true
		}
		if time.Since(begun) > l.patient {
			l.t.Errorf("away for %v: %s", l.patient, a.GetBody())
			return a, false
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// post posts an outcome and sees it in the account.
func (l *load) post(ctx context.Context, s *subject) {
	id, score := string(s.id), "80"
	external := fmt.Sprintf("W%d", l.next.Add(1))
	before := s.seen.Load()
	r, ok := send(l, func(w *apitest.World) (*contract.PostOutcomeResponse, error) {
		return w.As(l.poster).PostOutcomeWithResponse(ctx, contract.Posting{
			ExternalId: external, Institution: "I15", Learner: &id, Course: "S07", IssuedOn: "2024-06-01", Score: &score,
		})
	})
	if !ok {
		return
	}
	outcome := r.JSON201
	if outcome == nil {
		outcome = r.JSON200 // acknowledged before, but unheard
	}
	if outcome == nil || outcome.ExternalId != external || !outcome.Recognised {
		l.t.Errorf("posting %s: %s", external, r.Body)
		return
	}
	s.wrote.Store(external, outcome.Seq)
	if r.JSON201 != nil {
		before++ // what is new comes after all that was seen
	} else {
		before = 0 // it may have been on record for a while, unheard
	}
	s.saw(l.t, "posting", before, outcome.Seq)
	l.read(ctx, s)
	lots, ok := send(l, func(w *apitest.World) (*contract.ListLotsResponse, error) {
		return w.As(s.token).ListLotsWithResponse(ctx, id, &contract.ListLotsParams{})
	})
	if !ok {
		return
	}
	if lots.JSON200 == nil {
		l.t.Errorf("lots: %s", lots.Body)
		return
	}
	if !slices.ContainsFunc(lots.JSON200.Lots, func(o contract.Outcome) bool { return o.ExternalId == external && o.Seq == outcome.Seq }) {
		l.t.Errorf("posting %s is acknowledged and not among the lots at version %d", external, lots.JSON200.Version)
	}
}

// convert applies for a conversion and sees it in the account.
func (l *load) convert(ctx context.Context, s *subject) {
	key, before := fmt.Sprintf("convert-%d", l.next.Add(1)), s.seen.Load()
	r, ok := send(l, func(w *apitest.World) (*contract.ConvertResponse, error) {
		return w.As(s.token).ConvertWithResponse(ctx, string(s.id), &contract.ConvertParams{IdempotencyKey: key}, contract.ConvertJSONRequestBody{Rules: []contract.Code{"R05"}})
	})
	if !ok {
		return
	}
	if r.JSON200 == nil || len(r.JSON200.Decisions) != 1 {
		l.t.Errorf("conversion: %s %s", r.Status(), r.Body)
		return
	}
	s.saw(l.t, "conversion", before, r.JSON200.Version)
	seq := *r.JSON200.Decisions[0].Seq
	s.mu.Lock()
	if other := s.made[seq]; other != "" {
		l.t.Errorf("one decision answers the keys %s and %s", other, key)
	}
	s.made[seq] = key
	s.mu.Unlock()
	l.read(ctx, s)
}

// read reads a balance. Each version has one, at whichever replica.
func (l *load) read(ctx context.Context, s *subject) {
	before := s.seen.Load()
	params := contract.GetBalanceParams{}
	if mathrand.IntN(2) == 0 && before > 0 {
		params.MinVersion = &before
	}
	r, ok := send(l, func(w *apitest.World) (*contract.GetBalanceResponse, error) {
		return w.As(s.token).GetBalanceWithResponse(ctx, string(s.id), &params)
	})
	if !ok {
		return
	}
	if r.JSON200 == nil {
		l.t.Errorf("balance: %s %s", r.Status(), r.Body)
		return
	}
	b := r.JSON200
	s.saw(l.t, "balance", before, b.Version)
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.balances[b.Version]; old != "" && old != string(r.Body) {
		l.t.Errorf("version %d of %s has the balances %s and %s", b.Version, s.id, old, r.Body)
	}
	s.balances[b.Version] = string(r.Body)
}

// run keeps clients busy until done is closed.
func (l *load) run(ctx context.Context, clients int, done <-chan struct{}) *sync.WaitGroup {
	var wait sync.WaitGroup
	for client := range clients {
		wait.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				s := l.subjects[mathrand.IntN(len(l.subjects))]
				switch client % 4 {
				case 0:
					l.post(ctx, s)
				case 1:
					l.convert(ctx, s)
				default:
					l.read(ctx, s)
				}
			}
		})
	}
	return &wait
}

// settled checks what is on record against what was acknowledged: each posting
// once, each decision once, the same at both replicas.
func (l *load) settled() {
	l.t.Helper()
	for _, s := range l.subjects {
		var both [2]string
		for i, w := range l.worlds {
			r, err := w.As(s.token).ListLotsWithResponse(l.t.Context(), string(s.id), &contract.ListLotsParams{})
			if err != nil || r.JSON200 == nil {
				l.t.Fatalf("lots: %v", err)
			}
			both[i] = string(r.Body)
			times := map[string]int{}
			for _, o := range r.JSON200.Lots {
				times[o.ExternalId]++
			}
			wrote := 0
			s.wrote.Range(func(external, _ any) bool {
				wrote++
				if times[external.(string)] != 1 {
					l.t.Errorf("posting %s is on record %d times", external, times[external.(string)])
				}
				return true
			})
			if len(r.JSON200.Lots) != wrote {
				l.t.Errorf("%d outcomes of %s are on record, %d were acknowledged", len(r.JSON200.Lots), s.id, wrote)
			}
		}
		if both[0] != both[1] {
			l.t.Errorf("the replicas differ about %s", s.id)
		}
		h, err := l.worlds[0].Bank.History(l.t.Context(), s.id)
		if err != nil {
			l.t.Fatal(err)
		}
		decided := 0
		for _, act := range h.Acts {
			if act.Body.Decision != nil {
				decided++
			}
		}
		if decided != len(s.made) {
			l.t.Errorf("%d decisions of %s are on record, %d were acknowledged", decided, s.id, len(s.made))
		}
	}
}

func close1(done chan struct{}, wait *sync.WaitGroup) {
	close(done)
	wait.Wait()
}

// No reader sees less than was seen before, nobody misses what they wrote, at
// whichever replica.
func TestReplicasAgree(t *testing.T) {
	for _, alone := range []bool{false, true} {
		t.Run(map[bool]string{false: "with Redis", true: "without"}[alone], func(t *testing.T) {
			p := newReplicas(t, pairOptions{alone: alone})
			l := newLoad(p, 8)
			p.watch.enter("load", false)
			done := make(chan struct{})
			wait := l.run(t.Context(), 12, done)
			time.Sleep(lasting(4 * time.Second))
			close1(done, wait)
			l.settled()
			p.watch.report()
		})
	}
}

// me asks who a token is at a replica.
func me(t *testing.T, w *apitest.World, token string) int {
	t.Helper()
	r, err := w.As(token).GetMeWithResponse(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode()
}

// eventually waits until ok, which must be soon, and returns how long it took.
func eventually(t *testing.T, what string, limit time.Duration, ok func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	for !ok() {
		if time.Since(begun) > limit {
			t.Fatalf("%s: not after %v", what, limit)
		}
		time.Sleep(2 * time.Millisecond)
	}
	return time.Since(begun)
}

// What is taken away at one replica is taken away at the other: by a word
// through Redis, else as soon as the database is asked.
func TestReplicasTakeAway(t *testing.T) {
	for _, c := range []struct {
		name          string
		alone         bool
		rounds        int
		grants, token time.Duration
	}{
		{"with Redis", false, 5, 1500 * time.Millisecond, 1500 * time.Millisecond},
		{"without", true, 1, 10 * time.Second, 20 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newReplicas(t, pairOptions{alone: c.alone})
			a, b := p.worlds[0], p.worlds[1]
			operator := a.As(a.Token("", "operator region:9901"))
			var grants, tokens, sessions, passwords time.Duration
			ids := learners(t, a, c.rounds+1)
			passwords = endsSession(t, a, b, ids[c.rounds], changePassword, 20*time.Second)
			for i := range c.rounds {
				sessions = max(sessions, endsSession(t, a, b, ids[i], logOut, c.token))
				grants = max(grants, takesGrant(t, a, b, operator, c.grants))
				tokens = max(tokens, takesToken(t, a, b, c.token))
			}
			t.Logf("at the other replica a grant was gone within %v, a token within %v, a session within %v, those of an old password within %v",
				grants.Round(time.Millisecond), tokens.Round(time.Millisecond), sessions.Round(time.Millisecond), passwords.Round(time.Millisecond))
		})
	}
}

// takesGrant takes a machine's grants at a while the machine is busy at b.
func takesGrant(t *testing.T, a, b *apitest.World, operator *contract.ClientWithResponses, limit time.Duration) time.Duration {
	t.Helper()
	token := a.Token("I15", "poster institution:I15")
	id := clientID(t, b, token)
	done := make(chan struct{})
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					me(t, b, token)
				}
			}
		})
	}
	defer close1(done, &wait)
	time.Sleep(50 * time.Millisecond)
	r, err := operator.SetClientGrantsWithResponse(t.Context(), id, &contract.SetClientGrantsParams{IdempotencyKey: apitest.Key(t)}, contract.SetClientGrantsJSONRequestBody{Grants: []contract.Grant{}})
	if err != nil || r.JSON200 == nil {
		t.Fatalf("taking the grants: %v %s", err, r.Body)
	}
	if n := len(granted(t, a, token)); n != 0 {
		t.Errorf("%d grants where they were taken", n)
	}
	took := eventually(t, "grants taken", limit, func() bool { return len(granted(t, b, token)) == 0 })
	time.Sleep(100 * time.Millisecond)
	if n := len(granted(t, b, token)); n != 0 {
		t.Errorf("%d grants again after they were gone", n)
	}
	return took
}

func granted(t *testing.T, w *apitest.World, token string) []contract.Grant {
	t.Helper()
	r, err := w.As(token).GetMeWithResponse(t.Context())
	if err == nil && r.StatusCode() == http.StatusForbidden {
		return nil // who has no role may not even ask
	}
	if err != nil || r.JSON200 == nil {
		t.Fatalf("me: %v %s", err, r.Body)
	}
	return r.JSON200.Grants
}

func clientID(t *testing.T, w *apitest.World, token string) string {
	t.Helper()
	r, err := w.As(token).GetMeWithResponse(t.Context())
	if err != nil || r.JSON200 == nil {
		t.Fatalf("me: %v %s", err, r.Body)
	}
	_, id, _ := strings.Cut(r.JSON200.Id, ":")
	return id
}

// takesToken revokes a token at a.
func takesToken(t *testing.T, a, b *apitest.World, limit time.Duration) time.Duration {
	t.Helper()
	token := a.Token("I15", "poster institution:I15")
	if status := me(t, b, token); status != http.StatusOK {
		t.Fatalf("a token of one replica is answered %d at the other", status)
	}
	revoke(t, a, token)
	if status := me(t, a, token); status != http.StatusUnauthorized {
		t.Errorf("a revoked token is answered %d where it was revoked", status)
	}
	return eventually(t, "token revoked", limit, func() bool { return me(t, b, token) == http.StatusUnauthorized })
}

// endsSession ends a browser's session at a while it is in use at b.
func endsSession(t *testing.T, a, b *apitest.World, id creditbank.LearnerID, end func(*testing.T, *apitest.World, *http.Cookie), limit time.Duration) time.Duration {
	t.Helper()
	browser := logIn(t, a, id)
	for _, w := range []*apitest.World{a, b} {
		if status := asBrowser(t, w, browser); status != http.StatusOK {
			t.Fatalf("a browser that has logged in is answered %d", status)
		}
	}
	end(t, a, browser)
	return eventually(t, "session ended", limit, func() bool { return asBrowser(t, b, browser) == http.StatusUnauthorized })
}

func logOut(t *testing.T, w *apitest.World, browser *http.Cookie) {
	t.Helper()
	r, err := w.As("").LogOutWithResponse(t.Context(), brings(browser))
	if err != nil || r.StatusCode() != http.StatusNoContent {
		t.Fatalf("log out: %v %s", err, r.Body)
	}
	if status := asBrowser(t, w, browser); status != http.StatusUnauthorized {
		t.Errorf("a browser is answered %d where it has logged out", status)
	}
}

func changePassword(t *testing.T, w *apitest.World, browser *http.Cookie) {
	t.Helper()
	r, err := w.As("").ChangePasswordWithResponse(t.Context(), contract.ChangePasswordJSONRequestBody{Old: password, New: "another horse, another battery"}, brings(browser))
	if err != nil || r.StatusCode() != http.StatusNoContent {
		t.Fatalf("change the password: %v %s", err, r.Body)
	}
}

func revoke(t *testing.T, w *apitest.World, token string) {
	t.Helper()
	r, err := w.As(token).RevokeTokenWithFormdataBodyWithResponse(t.Context(), contract.RevokeTokenFormdataRequestBody{Token: token})
	if err != nil || r.StatusCode() != http.StatusOK {
		t.Fatalf("revoking: %v %s", err, r.Body)
	}
}

// A replica that starts knows at its first request which tokens were revoked.
func TestReplicaStartsWithWhatWasRevoked(t *testing.T) {
	server := pgtest.New(t, pgtest.Options{})
	dsn, keys := server.Database(t, ""), filepath.Join(t.TempDir(), "keys")
	a := apitest.New(t, apitest.Options{Ledger: onPostgres(t, dsn), Keys: keys, PublicURL: publicURL})
	for range 5 {
		token := a.Token("I15", "poster institution:I15")
		revoke(t, a, token)
		b := apitest.New(t, apitest.Options{Ledger: onPostgres(t, dsn), Keys: keys, PublicURL: publicURL})
		if status := me(t, b, token); status != http.StatusUnauthorized {
			t.Errorf("a token revoked before the replica started is answered %d", status)
		}
	}
}

// Reference data published at one replica is used by the other.
func TestReplicasShareReferenceData(t *testing.T) {
	for _, alone := range []bool{false, true} {
		t.Run(map[bool]string{false: "with Redis", true: "without"}[alone], func(t *testing.T) {
			p := newReplicas(t, pairOptions{alone: alone})
			a, b := p.worlds[0], p.worlds[1]
			operator := a.As(a.Token("", "operator region:9901"))
			poster := b.As(b.Token("I15", "poster institution:I15"))
			id := string(learners(t, a, 1)[0])
			r, err := operator.PutCourseWithResponse(t.Context(), "NEW1", contract.CourseInput{Title: "新课程", Institution: "I15", Category: contract.FORMAL, Credits: credits("2")})
			if err != nil || r.JSON200 == nil {
				t.Fatalf("publishing: %v %s", err, r.Body)
			}
			limit := 30 * time.Second
			if !alone {
				limit = 5 * time.Second // half of what it takes to look without being told
			}
			score := "90"
			took := eventually(t, "course known", limit, func() bool {
				r, err := poster.PostOutcomeWithResponse(t.Context(), contract.Posting{ExternalId: "N1", Institution: "I15", Learner: &id, Course: "NEW1", IssuedOn: "2024-06-01", Score: &score})
				if err != nil {
					t.Fatal(err)
				}
				return r.JSON201 != nil && r.JSON201.Credits == 200
			})
			t.Logf("the other replica knew the course after %v", took.Round(time.Millisecond))
		})
	}
}

func credits(s string) *creditbank.Credits {
	c, err := creditbank.ParseCredits(s)
	if err != nil {
		panic(err) // a literal of this file
	}
	return &c
}

// A caller has one allowance at all replicas together.
func TestReplicasCountTogether(t *testing.T) {
	const burst = 30
	p := newReplicas(t, pairOptions{limits: api.Limits{PerClient: replica.Rate{Burst: burst, Refill: 1, Per: time.Minute}}})
	token := p.worlds[0].Token("I15", "poster institution:I15")
	var allowed, refused int
	for i := range 2 * burst {
		switch status := me(t, p.worlds[i%2], token); status {
		case http.StatusOK:
			allowed++
		case http.StatusTooManyRequests:
			refused++
		default:
			t.Errorf("status %d", status)
		}
	}
	if allowed < burst || allowed > burst+1 || allowed+refused != 2*burst {
		t.Errorf("%d requests allowed and %d refused, of an allowance of %d", allowed, refused, burst)
	}
}

// What is written at one replica is told to those who listen at the other.
func TestReplicasTellEvents(t *testing.T) {
	for _, alone := range []bool{false, true} {
		t.Run(map[bool]string{false: "with Redis", true: "without"}[alone], func(t *testing.T) {
			p := newReplicas(t, pairOptions{alone: alone})
			a, b := p.worlds[0], p.worlds[1]
			id := learners(t, a, 1)[0]
			heard := listen(t, b, a.LearnerToken(id))
			poster := a.As(a.Token("I15", "poster institution:I15"))
			var took []time.Duration
			for i := range 6 {
				learner, score := string(id), "80"
				r, err := poster.PostOutcomeWithResponse(t.Context(), contract.Posting{ExternalId: fmt.Sprintf("E%d", i), Institution: "I15", Learner: &learner, Course: "S07", IssuedOn: "2024-06-01", Score: &score})
				if err != nil || r.JSON201 == nil {
					t.Fatalf("posting: %v %s", err, r.Body)
				}
				begun := time.Now()
				select {
				case e := <-heard:
					if e.Seq != r.JSON201.Seq || e.Learner != learner || e.Kind != "posted" {
						t.Errorf("heard %+v of %+v", e, r.JSON201)
					}
					took = append(took, time.Since(begun))
				case <-time.After(15 * time.Second):
					t.Fatal("nothing was heard")
				}
			}
			slices.Sort(took)
			t.Logf("heard at the other replica: half within %v, all within %v", took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
			if half := took[len(took)/2]; !alone && half > 400*time.Millisecond {
				t.Errorf("half of what was written is heard after %v only, as if nobody told", half)
			}
		})
	}
}

// listen returns the events that a caller is told.
func listen(t *testing.T, w *apitest.World, token string) <-chan contract.Event {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := w.Client.Do(r)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("events: %v %v", err, resp)
	}
	heard := make(chan contract.Event, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for data := range eventData(resp.Body) {
			var e contract.Event
			if err := json.Unmarshal(data, &e); err != nil {
				t.Errorf("event %q: %v", data, err)
			}
			heard <- e
		}
	}()
	t.Cleanup(func() {
		resp.Body.Close()
		<-done
	})
	return heard
}

// eventData yields the data of the events of a stream, until it ends.
func eventData(stream io.Reader) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		lines := bufio.NewScanner(stream)
		for lines.Scan() {
			if data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: ")); ok && !yield(data) {
				return
			}
		}
	}
}
