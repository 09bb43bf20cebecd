package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/api/host"
	"creditbank/creditbank"
)

// stuck is a ledger whose writes wait, while it is on, until they are let go.
type stuck struct {
	host.Ledger
	on           atomic.Bool
	entered, let chan struct{}
}

// Append implements [creditbank.Store].
func (s *stuck) Append(ctx context.Context, feed creditbank.Feed, writes []creditbank.Write) ([]bool, error) {
	if s.on.Load() {
		s.entered <- struct{}{}
		<-s.let
	}
	return s.Ledger.Append(ctx, feed, writes)
}

// A service that is told to stop says so, answers what it has begun, and is gone
// once that is done.
func TestStop(t *testing.T) {
	poster := newHeld()
	w := apitest.New(t, apitest.Options{Poster: poster})
	token := w.Token("I15", "poster institution:I15")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, served := w.Server.HTTP(), make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	at := *w // the same service, at the server that is to be shut down
	at.URL = "http://" + l.Addr().String()
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)

	const n = 50
	answers := make(chan answer, n)
	for range n {
		go func() {
			answers <- (sent{path: "/v1/outcomes", token: token, body: posting("00000000-0000-4000-8000-000000000000", "P1", nil)}).to(t, &at)
		}()
	}
	for range n {
		<-poster.entered
	}
	stream, err := http.DefaultClient.Do(sent{path: "/v1/events", token: token}.request(t, &at))
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()

	w.Server.Stop()
	if rest, err := io.ReadAll(stream.Body); err != nil { // it ends, and whole
		t.Errorf("the event stream broke off after %q: %v", rest, err)
	}
	late := raw(t, &at, head("GET", "/v1/regions", "", "", ""))
	late.refused(t, w, false, refusal{503, "unavailable", "UNAVAILABLE", ""})
	if late.header.Get("Connection") != "close" || late.header.Get("Retry-After") == "" {
		t.Errorf("a late request: %v", late.header)
	}
	ready := (sent{path: "/readyz"}).to(t, &at)
	var said contract.Readiness
	if err := json.Unmarshal(ready.body, &said); err != nil || ready.status != 503 || said.Status != contract.Stopping {
		t.Errorf("readiness: %d %s %v", ready.status, ready.body, err)
	}
	if a := (sent{path: "/healthz"}).to(t, &at); a.status != 200 {
		t.Errorf("health: %d", a.status)
	}

	down := make(chan error, 1)
	go func() { down <- server.Shutdown(t.Context()) }()
	if err := <-served; err != http.ErrServerClosed {
		t.Error(err)
	}
	select {
	case err := <-down:
		t.Fatalf("shut down with requests under way: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(poster.let)
	for range n {
		if a := <-answers; a.status != 201 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
}

// panicking is a poster that panics at its first posting.
type panicking struct{ once sync.Once }

// Post implements [posting.Poster].
func (p *panicking) Post(_ context.Context, by creditbank.Caller, x creditbank.Posting, request string) (creditbank.Posted, error) {
	p.once.Do(func() { panic("a fault of the test") })
	o := creditbank.NewOutcome(x, creditbank.Course{Category: creditbank.Formal}, creditbank.Recognition{}, 1, time.Now(), by, request)
	return creditbank.Posted{Outcome: o}, nil
}

// A panic is the end of one request: it is told as any fault of ours, and logged
// once.
func TestPanic(t *testing.T) {
	log := new(lines)
	w := apitest.New(t, apitest.Options{Poster: new(panicking), Log: log.logger()})
	w.Client.Transport = http.DefaultTransport // the contract provides for no such answer
	s := sent{path: "/v1/outcomes", token: w.Token("I15", "poster institution:I15"), body: posting("00000000-0000-4000-8000-000000000000", "P1", nil)}
	a := s.to(t, w)
	a.refused(t, w, false, refusal{500, "internal", "INTERNAL", ""})
	if strings.Contains(string(a.body), "fault of the test") {
		t.Errorf("the answer tells what is for the log: %s", a.body)
	}
	wantLoggedOnce(t, log, a, "fault of the test")
	if a := s.to(t, w); a.status != 201 {
		t.Errorf("afterwards: %d %s", a.status, a.body)
	}
}

// A panic over a row is told with that row: the others go on.
func TestPanicInStream(t *testing.T) {
	for _, tt := range []struct{ path, kind, body string }{
		{"/v1/outcomes/stream", "application/x-ndjson", "%s\n%s\n"},
		{"/v1/outcomes/batch", "application/json", "[%s,%s]"},
	} {
		t.Run(tt.path, func(t *testing.T) {
			log := new(lines)
			w := apitest.New(t, apitest.Options{Poster: new(panicking), Log: log.logger()})
			l := string(w.Open()["L2"]) // rows of one learner go in one after the other
			a := sent{path: tt.path, kind: tt.kind, token: w.Token("I15", "poster institution:I15"),
				body: fmt.Sprintf(tt.body, posting(l, "P1", nil), posting(l, "P2", nil))}.to(t, w)
			statuses := regexp.MustCompile(`"status":"\w+"`).FindAllString(string(a.body), -1)
			if want := []string{`"status":"UNKNOWN"`, `"status":"REJECTED"`}; a.status != 200 || !slices.Equal(statuses, want) {
				t.Errorf("%d %s, want %v", a.status, a.body, want)
			}
			wantLoggedOnce(t, log, a, "fault of the test")
		})
	}
}

// lines keeps what is logged, a line each.
type lines struct {
	mu  sync.Mutex
	all strings.Builder
}

// Write implements [io.Writer].
func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(b)
}

func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (l *lines) list() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []string
	for s := bufio.NewScanner(strings.NewReader(l.all.String())); s.Scan(); {
		all = append(all, s.Text())
	}
	return all
}

// wantLoggedOnce waits for the line of a fault, which has the id that the answer
// carries, and reports whether there is one.
func wantLoggedOnce(t *testing.T, l *lines, a answer, cause string) {
	t.Helper()
	id := a.header.Get("X-Request-Id")
	var errors, requests int
	for start := time.Now(); requests == 0 && time.Since(start) < 5*time.Second; time.Sleep(5 * time.Millisecond) {
		errors, requests = 0, 0
		for _, line := range l.list() {
			switch {
			case !strings.Contains(line, `"request":"`+id+`"`):
			case strings.Contains(line, `"level":"ERROR"`):
				if errors++; !strings.Contains(line, cause) {
					t.Errorf("the fault is logged without its cause %q: %s", cause, line)
				}
			case strings.Contains(line, `"msg":"request"`):
				requests++
			}
		}
	}
	if id == "" || errors != 1 || requests != 1 {
		t.Errorf("request %q has %d lines of faults and %d of its own, want one each", id, errors, requests)
	}
}
