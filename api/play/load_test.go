//go:build unix

package play_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/creditbank"
)

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
	if tag := r.Headers200.ETag; !strings.HasPrefix(tag, fmt.Sprintf(`"%d-`, b.Version)) {
		l.t.Errorf("version %d is tagged %s", b.Version, tag)
	}
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
