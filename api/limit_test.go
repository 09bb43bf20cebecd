package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"creditbank/api"
	"creditbank/api/apitest"
	"creditbank/api/replica"
	"creditbank/creditbank"
)

// slow is a rate that lets so many pass, and then none while a test runs.
func slow(burst int) replica.Rate {
	return replica.Rate{Burst: burst, Refill: 1, Per: 100 * time.Second}
}

// pass sends a request n times and reports whether the last is the first that is
// refused.
func pass(t *testing.T, w *apitest.World, s sent, n int) {
	t.Helper()
	for i := range n {
		if a := s.to(t, w); a.status == http.StatusTooManyRequests {
			t.Fatalf("refused after %d of %d", i, n)
		}
	}
	a := s.to(t, w)
	a.refused(t, w, false, refusal{429, "rate-limited", "RATE_LIMITED", ""})
	wait, err := strconv.Atoi(a.header.Get("Retry-After"))
	if err != nil || wait < 90 || wait > 101 {
		t.Errorf("Retry-After is %q, want about 100 s", a.header.Get("Retry-After"))
	}
}

func TestRates(t *testing.T) {
	from := func(addresses string) http.Header { return http.Header{"X-Forwarded-For": {addresses}} }
	world := func(t *testing.T, l api.Limits) *apitest.World {
		return apitest.New(t, apitest.Options{Limits: l, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}})
	}
	t.Run("each client has its own", func(t *testing.T) {
		w := world(t, api.Limits{PerClient: slow(3)})
		one, two := w.Token("I15", "poster institution:I15"), w.Token("I15", "poster institution:I15")
		pass(t, w, sent{path: "/v1/me", token: one}, 3)
		pass(t, w, sent{path: "/v1/me", token: two}, 3)
	})
	t.Run("a client's tokens count together, and every operation", func(t *testing.T) {
		w := world(t, api.Limits{PerClient: slow(3)})
		one := w.Token("I15", "poster institution:I15")
		two, _, err := w.Server.Issue(t.Context(), me(t, w, one))
		if err != nil {
			t.Fatal(err)
		}
		pass(t, w, sent{path: "/v1/regions", token: two}, 2)
	})
	t.Run("the clients of an institution count together", func(t *testing.T) {
		w := world(t, api.Limits{PerInstitution: slow(4)})
		one, two, other := w.Token("I15", "poster institution:I15"), w.Token("I15", "poster institution:I15"), w.Token("I06", "poster institution:I06")
		for range 2 {
			if a := (sent{path: "/v1/me", token: one}).to(t, w); a.status != 200 {
				t.Fatalf("%d", a.status)
			}
		}
		pass(t, w, sent{path: "/v1/me", token: two}, 2)
		pass(t, w, sent{path: "/v1/me", token: other}, 4)
	})
	t.Run("who brings no token is counted by the address", func(t *testing.T) {
		w := world(t, api.Limits{Anonymous: slow(3)})
		pass(t, w, sent{path: "/v1/regions", header: from("203.0.113.1")}, 3)
		pass(t, w, sent{path: "/v1/regions", header: from("203.0.113.2")}, 3)
		// With a token the address does not count.
		if a := (sent{path: "/v1/regions", token: w.Token("I15", "poster institution:I15"), header: from("203.0.113.1")}).to(t, w); a.status != 200 {
			t.Errorf("%d", a.status)
		}
		for range 5 { // that the service lives is always told
			if a := (sent{path: "/healthz", header: from("203.0.113.1")}).to(t, w); a.status != 200 {
				t.Errorf("%d", a.status)
			}
		}
	})
	t.Run("a subscriber's IPv6 network is one address", func(t *testing.T) {
		w := world(t, api.Limits{Anonymous: slow(3)})
		for i := range 3 {
			if a := (sent{path: "/v1/regions", header: from(fmt.Sprintf("2001:db8:1:2:%x::1", i))}).to(t, w); a.status != 200 {
				t.Fatalf("%d", a.status)
			}
		}
		pass(t, w, sent{path: "/v1/regions", header: from("2001:db8:1:2:ffff::9")}, 0)
		pass(t, w, sent{path: "/v1/regions", header: from("2001:db8:1:3::1")}, 3)
	})
	t.Run("an IPv4 address in IPv6 is the same address", func(t *testing.T) {
		w := world(t, api.Limits{Anonymous: slow(2)})
		pass(t, w, sent{path: "/v1/regions", header: from("203.0.113.1")}, 2)
		pass(t, w, sent{path: "/v1/regions", header: from("::ffff:203.0.113.1")}, 0)
	})
	t.Run("who makes up hops is known by the last that a proxy saw", func(t *testing.T) {
		w := world(t, api.Limits{Anonymous: slow(2)})
		pass(t, w, sent{path: "/v1/regions", header: from("198.51.100.1, 203.0.113.1")}, 2)
		pass(t, w, sent{path: "/v1/regions", header: from("198.51.100.2, 203.0.113.1, 10.0.0.7")}, 0)
		pass(t, w, sent{path: "/v1/regions", header: from("garbage, 203.0.113.1")}, 0)
	})
	t.Run("a peer that is no trusted proxy is believed nothing", func(t *testing.T) {
		w := apitest.New(t, apitest.Options{Limits: api.Limits{Anonymous: slow(2)}})
		pass(t, w, sent{path: "/v1/regions", header: from("203.0.113.1")}, 2)
		pass(t, w, sent{path: "/v1/regions", header: from("203.0.113.2")}, 0)
	})
	t.Run("tries with bad tokens are counted by the address", func(t *testing.T) {
		w := world(t, api.Limits{Anonymous: slow(3)})
		pass(t, w, sent{path: "/v1/me", token: "x"}, 3)
	})
	t.Run("tries to log in are counted by the address, and by the account", func(t *testing.T) {
		w := world(t, api.Limits{Login: slow(3), LoginFrom: slow(4)})
		account := activate(t, w, w.Open()["L2"], "李建国", password) // one try at the account
		try := encode(t, object{"account": account, "password": "wrong password"})
		other := encode(t, object{"account": "000000000000", "password": "wrong password"})
		pass(t, w, sent{path: "/v1/session", body: other, header: from("203.0.113.1")}, 4)
		pass(t, w, sent{path: "/v1/session", body: try, header: from("203.0.113.2")}, 2)
		pass(t, w, sent{path: "/v1/session", body: try, header: from("203.0.113.3")}, 0)
	})
	t.Run("a rate comes back", func(t *testing.T) {
		w := world(t, api.Limits{PerClient: replica.Rate{Burst: 1, Refill: 1, Per: 100 * time.Millisecond}})
		s := sent{path: "/v1/me", token: w.Token("I15", "poster institution:I15")}
		s.to(t, w)
		if a := s.to(t, w); a.status != 429 || a.header.Get("Retry-After") != "1" {
			t.Fatalf("%d %v", a.status, a.header)
		}
		time.Sleep(150 * time.Millisecond)
		if a := s.to(t, w); a.status != 200 {
			t.Errorf("%d", a.status)
		}
	})
}

// held is a poster that holds what it is given until it is let go.
type held struct {
	entered chan struct{}
	let     chan struct{}
}

func newHeld() held { return held{make(chan struct{}, 1000), make(chan struct{})} }

// Post implements [posting.Poster].
func (h held) Post(_ context.Context, by creditbank.Caller, p creditbank.Posting, request string) (creditbank.Posted, error) {
	h.entered <- struct{}{}
	<-h.let
	o := creditbank.NewOutcome(p, creditbank.Course{Category: creditbank.Formal}, creditbank.Recognition{}, 1, time.Now(), by, request)
	return creditbank.Posted{Outcome: o}, nil
}

func TestFull(t *testing.T) {
	poster := newHeld()
	w := apitest.New(t, apitest.Options{Poster: poster, Limits: api.Limits{InFlight: 3, Streams: 1}})
	token, learner := w.Token("I15", "poster institution:I15"), "00000000-0000-4000-8000-000000000000"
	post := sent{path: "/v1/outcomes", token: token, body: posting(learner, "F1", nil)}
	// A stream that is open takes up no place.
	stream, err := http.DefaultClient.Do(sent{path: "/v1/events", token: token}.request(t, w))
	if err != nil || stream.StatusCode != 200 {
		t.Fatalf("%v %v", stream, err)
	}
	defer stream.Body.Close()
	answers := make(chan answer, 3)
	for range 3 {
		go func() { answers <- post.to(t, w) }()
		<-poster.entered
	}
	busy := post.to(t, w)
	busy.refused(t, w, false, refusal{503, "busy", "BUSY", ""})
	if busy.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", busy.header.Get("Retry-After"))
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if a := (sent{path: path}).to(t, w); a.status != 200 {
			t.Errorf("%s while full: %d", path, a.status)
		}
	}
	close(poster.let)
	for range 3 {
		if a := <-answers; a.status != 201 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	wantRefused(t, w, sent{path: "/v1/events", token: token}, refusal{503, "busy", "TOO_MANY_STREAMS", ""})
}

// The bank's own queue, whose writer is kept from writing.
func TestQueueIsFull(t *testing.T) {
	ledger := &stuck{Ledger: apitest.Ledger(t), entered: make(chan struct{}, 100), let: make(chan struct{})}
	w := apitest.New(t, apitest.Options{Ledger: ledger, Queue: creditbank.PosterConfig{Writers: 1, Queue: 2, Batch: 1}})
	learner, token := string(w.Open()["L2"]), w.Token("I15", "poster institution:I15")
	post := func(id string) answer {
		return (sent{path: "/v1/outcomes", token: token, body: posting(learner, id, nil)}).to(t, w)
	}
	answers := make(chan answer, 3)
	ledger.on.Store(true)
	for i := range 3 { // one is being written, two wait
		go func() { answers <- post(fmt.Sprintf("Q%d", i)) }()
		if i == 0 {
			<-ledger.entered
		}
	}
	for start := time.Now(); w.Waiting() < 2; time.Sleep(time.Millisecond) {
		if time.Since(start) > 5*time.Second {
			t.Fatalf("%d wait", w.Waiting())
		}
	}
	full := post("Q3")
	full.refused(t, w, false, refusal{503, "busy", "BUSY", ""})
	if full.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", full.header.Get("Retry-After"))
	}
	ledger.on.Store(false)
	close(ledger.let)
	for range 3 {
		if a := <-answers; a.status != 201 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if a := post("Q3"); a.status != 201 {
		t.Errorf("sent again: %d %s", a.status, a.body)
	}
}
