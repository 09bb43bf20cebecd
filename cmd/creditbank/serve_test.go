package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"creditbank/api/contract"
	"creditbank/cmd/creditbank/internal/embedded"
	"creditbank/cmd/creditbank/internal/load"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/access/password"
	"creditbank/creditbank/postgres"
	"creditbank/creditbank/postgres/pgtest"
)

// Whatever the service acknowledged over HTTP before kill -9 is on record
// afterwards, once; and everything sent again, to the service started anew, is
// answered as the first time.
func TestServedSurvivesKill(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { killServed(t, "") })
	t.Run("postgres", func(t *testing.T) {
		pgtest.Require(t)
		server := pgtest.New(t, pgtest.Options{Durable: true})
		killServed(t, server.Database(t, ""))
	})
}

func killServed(t *testing.T, dsn string) {
	s := prepareServed(t, dsn)
	s.start(t)
	acked := &acknowledged{posts: map[int]contract.Outcome{}, freezes: map[int]int64{}}
	const kills, each = 3, 400
	for n := range kills {
		s.loadUntil(t, acked, each*(n+1))
		if err := s.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		s.cmd.Wait() // it was killed, and says so
		s.start(t)
	}
	s.sendAgain(t, acked)
	s.stop(t)
	args := []string{"doctor", "--replay", "--lang", "en", "--bank", filepath.Join(s.dir, "bank")}
	if dsn != "" {
		args = append(args, "--dsn", dsn)
	}
	if out, err := started(t, args...).Output(); err != nil {
		t.Errorf("creditbank doctor: %v\n%s", err, out)
	}
}

// A served is a service as a process of its own, with who calls it.
type served struct {
	dir, config, url string
	learners         []creditbank.LearnerID
	secret           string // of the client "load"
	plan             load.Plan
	cmd              *exec.Cmd
}

// prepareServed makes a bank with learners and a client, and a configuration.
func prepareServed(t *testing.T, dsn string) *served {
	t.Helper()
	s := &served{dir: t.TempDir(), plan: load.Plan{Seed: 5, Learners: 20}}
	bankDir := filepath.Join(s.dir, "bank")
	ledger, keys, anchor := embedded.Paths(bankDir)
	world := embedded.World{Host: "credits.example.edu"}
	database := "sqlite:" + ledger
	if dsn != "" {
		store, err := postgres.Open(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		world.Ledger, database = store, dsn
	}
	bank, err := embedded.Create(t.Context(), bankDir, world)
	if err != nil {
		t.Fatal(err)
	}
	defer bank.Close()
	if s.learners, err = s.plan.Prepare(t.Context(), bank.Bank, creditbank.Caller{ID: "operator:test"}); err != nil {
		t.Fatal(err)
	}
	s.grant(t, bank)
	s.url = fmt.Sprintf("http://127.0.0.1:%d", freePort(t))
	s.config = filepath.Join(s.dir, "creditbank.yaml")
	text := fmt.Sprintf("listen: %s\npublic_url: %s\nhost: credits.example.edu\ndatabase: %q\nkeys_dir: %q\nsessions: {insecure_cookies: true}\n"+
		"certificates: {anchor: local, anchor_file: %q, interval: 1s}\ntelemetry: {log_level: error}\ndrain: 0s\n",
		strings.TrimPrefix(s.url, "http://"), s.url, database, keys, anchor)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// grant makes a client that may post for every institution and freeze accounts.
func (s *served) grant(t *testing.T, bank *embedded.Bank) {
	t.Helper()
	r, err := bank.Registry(password.New(rand.Reader, 1))
	if err != nil {
		t.Fatal(err)
	}
	owner := access.By{Principal: access.Owner(bank.Catalogue())}
	city := access.Scope{Kind: access.ScopeRegion, ID: "9901"}
	_, err = r.OpenClient(t.Context(), owner, access.NewClient{
		ID: "load", Title: creditbank.Text{ZH: "压力", EN: "load"}, Grants: []access.Grant{{Role: access.Poster, Scope: city}, {Role: access.Operator, Scope: city}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.secret, err = r.AddSecret(t.Context(), owner, "load", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
}

// freePort returns a port that nobody listens on, below those that outgoing
// connections take.
func freePort(t *testing.T) int {
	t.Helper()
	for port := 20000 + os.Getpid()%5000; port < 32000; port++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// start starts the service and waits until it is ready.
func (s *served) start(t *testing.T) {
	t.Helper()
	s.cmd = started(t, "serve", "--config", s.config)
	s.cmd.Stdout = os.Stderr
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(s.url + "/readyz")
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return
		}
	}
	t.Fatal("the service did not become ready")
}

// stop asks the service to stop, which it does by itself.
func (s *served) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("asked to stop, the service ended with %v", err)
	}
}

// client returns a client with a fresh token.
func (s *served) client(t *testing.T) *contract.ClientWithResponses {
	t.Helper()
	resp, err := http.PostForm(s.url+"/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"load"}, "client_secret": {s.secret}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var token contract.Token
	if err := json.NewDecoder(resp.Body).Decode(&token); err != nil || token.AccessToken == "" {
		t.Fatalf("token: %s, %v", resp.Status, err)
	}
	c, err := contract.NewClientWithResponses(s.url, contract.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token.AccessToken)
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// acknowledged is what the service has said is done.
type acknowledged struct {
	mu      sync.Mutex
	posts   map[int]contract.Outcome
	freezes map[int]int64 // the version that the freeze with a posting came to
	next    atomic.Int64
}

// posting is the n-th posting on the wire.
func (s *served) posting(n int) contract.Posting {
	p := s.plan.Posting(n, s.learners)
	id, score, attended := string(p.Learner), p.Score.String(), p.Attended
	return contract.Posting{
		ExternalId: p.ExternalID, Institution: string(p.Institution), Learner: &id, Course: string(p.Course), IssuedOn: p.IssuedOn.String(),
		Score: &score, AttendedHours: &attended,
	}
}

// freezes says with which postings another kind of write goes, under a key.
func freezes(n int) bool { return n%50 == 0 }

func (s *served) freeze(ctx context.Context, c *contract.ClientWithResponses, n int) (int64, error) {
	learner := string(s.learners[n/50%len(s.learners)])
	params := &contract.FreezeParams{IdempotencyKey: fmt.Sprintf("freeze-%08d", n)}
	r, err := c.FreezeWithResponse(ctx, learner, params, contract.FreezeJSONRequestBody{Reason: "test"})
	if err != nil {
		return 0, err
	}
	if r.JSON200 == nil {
		return 0, fmt.Errorf("freeze %d: %s %s", n, r.Status(), r.Body)
	}
	return r.JSON200.Version, nil
}

// post sends the n-th posting and returns what was acknowledged.
func (s *served) post(ctx context.Context, c *contract.ClientWithResponses, n int) (outcome contract.Outcome, duplicate bool, err error) {
	r, err := c.PostOutcomeWithResponse(ctx, s.posting(n))
	switch {
	case err != nil:
		return outcome, false, err
	case r.JSON201 != nil:
		return *r.JSON201, false, nil
	case r.JSON200 != nil:
		return *r.JSON200, true, nil
	}
	return outcome, false, fmt.Errorf("posting %d: %s %s", n, r.Status(), r.Body)
}

// loadUntil sends from several callers until so many were acknowledged in all,
// and returns while requests are under way.
func (s *served) loadUntil(t *testing.T, acked *acknowledged, most int) {
	t.Helper()
	c := s.client(t)
	reached := make(chan struct{})
	var once sync.Once
	for range 8 {
		go s.sendUntilKilled(c, acked, func(total int) {
			if total >= most {
				once.Do(func() { close(reached) })
			}
		})
	}
	select {
	case <-reached:
	case <-time.After(60 * time.Second):
		t.Fatal("too little was acknowledged")
	}
}

func (s *served) sendUntilKilled(c *contract.ClientWithResponses, acked *acknowledged, progress func(total int)) {
	for {
		n := int(acked.next.Add(1))
		outcome, _, err := s.post(context.Background(), c, n)
		if err != nil {
			return
		}
		version := int64(0)
		if freezes(n) {
			if version, err = s.freeze(context.Background(), c, n); err != nil {
				version = 0
			}
		}
		acked.mu.Lock()
		acked.posts[n] = outcome
		if version > 0 {
			acked.freezes[n] = version
		}
		total := len(acked.posts)
		acked.mu.Unlock()
		progress(total)
	}
}

// sendAgain sends everything once more and compares.
func (s *served) sendAgain(t *testing.T, acked *acknowledged) {
	t.Helper()
	c := s.client(t)
	last := int(acked.next.Load())
	t.Logf("%d sent, %d acknowledged before a kill", last, len(acked.posts))
	for n := 1; n <= last; n++ {
		again, duplicate, err := s.post(t.Context(), c, n)
		if err != nil {
			t.Fatal(err)
		}
		first, known := acked.posts[n]
		if known && !duplicate {
			t.Errorf("posting %d was acknowledged and is lost", n)
		}
		if known && (again.Seq != first.Seq || again.Credits != first.Credits) {
			t.Errorf("posting %d answered seq %d, %v credits; the first time %d, %v", n, again.Seq, again.Credits, first.Seq, first.Credits)
		}
		if freezes(n) {
			if _, err := s.freeze(t.Context(), c, n); err != nil {
				t.Error(err)
			}
		}
	}
	s.wantOnce(t, c, last)
}

// wantOnce checks that every posting and every freeze is on record once.
func (s *served) wantOnce(t *testing.T, c *contract.ClientWithResponses, last int) {
	t.Helper()
	posted, frozen := map[string]int{}, 0
	for _, id := range s.learners {
		for next := (*string)(nil); ; {
			r, err := c.GetStatementWithResponse(t.Context(), string(id), &contract.GetStatementParams{Cursor: next})
			if err != nil || r.JSON200 == nil {
				t.Fatalf("statement: %v", err)
			}
			for _, e := range r.JSON200.Entries {
				if e.Outcome != nil {
					posted[e.Outcome.ExternalId]++
				}
				if e.Kind == "frozen" {
					frozen++
				}
			}
			if next = r.JSON200.Next; next == nil {
				break
			}
		}
	}
	if len(posted) != last {
		t.Errorf("%d outcomes are on record, %d were sent", len(posted), last)
	}
	for id, n := range posted {
		if n != 1 {
			t.Errorf("outcome %s is on record %d times", id, n)
		}
	}
	if frozen != last/50 {
		t.Errorf("%d freezes are on record, %d were asked for", frozen, last/50)
	}
}

// A service that is asked to stop answers what is under way, and exits 0.
func TestServeStops(t *testing.T) {
	s := prepareServed(t, "")
	s.start(t)
	c := s.client(t)
	read, write := io.Pipe()
	answered := make(chan string, 1)
	go func() {
		r, err := c.StreamOutcomesWithBodyWithResponse(context.Background(), "application/x-ndjson", read)
		if err != nil {
			answered <- err.Error()
			return
		}
		answered <- string(r.Body)
	}()
	row := func(n int) {
		line, err := json.Marshal(s.posting(n))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := write.Write(append(line, '\n')); err != nil {
			t.Error(err)
		}
	}
	row(1)
	time.Sleep(300 * time.Millisecond) // until it is under way
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	row(2)
	write.Close()
	if got := <-answered; strings.Count(got, `"status":"ACCEPTED"`)+strings.Count(got, `"status":"REJECTED"`) != 2 {
		t.Errorf("a stream under way was answered %s", got)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("the service ended with %v", err)
	}
}
