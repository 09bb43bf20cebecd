//go:build unix

package play_test

import (
	"bufio"
	"bytes"
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
	"strings"
	"sync"
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
