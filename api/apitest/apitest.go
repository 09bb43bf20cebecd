// Package apitest starts a whole service on a real socket for tests: a bank
// with the city of Qinghe's reference data on a store of the test's choice, an
// office that issues certificates, and callers with tokens of their own. Every
// answer that comes through its clients is held against the contract.
package apitest

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"creditbank/api"
	"creditbank/api/contract"
	"creditbank/api/host"
	"creditbank/api/replica"
	"creditbank/certify/keyfile"
	"creditbank/certify/pdf/pdftest"
	"creditbank/chain"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/posting"
	"creditbank/creditbank/rule"
	"creditbank/creditbank/scenario"
	"creditbank/creditbank/sqlite"
	"creditbank/creditbank/vault"
)

// Options say what a service is to be like. The zero value is a service on
// SQLite with in-process twins, by the clock on the wall.
type Options struct {
	Ledger host.Ledger           // a fresh one on SQLite if nil; it is closed with the test
	Clock  func() time.Time      // time.Now if nil
	Rules  creditbank.RulePolicy // what drafts of rules must pass; rules may be published directly if zero
	Shared *replica.Shared       // replica.InProcess if nil
	Limits api.Limits            // generous if zero, so that tests are not refused for haste
	Log    *slog.Logger          // t.Log if nil
	City   fs.FS                 // the city; Qinghe if nil

	// Keys is a folder of keys to share with another service; a new one if empty.
	Keys string

	// Pages are served beside the operations; none if nil.
	Pages func(*api.Server, api.Config) (api.Pages, error)

	// Metrics answers for what was measured; nil for 403.
	Metrics http.Handler

	Printer *api.Printer // what prints certificates; one in the font of pdftest if nil

	Anchor chain.Anchorer // what records checkpoints; nil for none

	Poster         posting.Poster          // in place of the bank's own, unless nil
	Queue          creditbank.PosterConfig // of the bank's own
	TrustedProxies []netip.Prefix
	SecureCookies  bool // as behind TLS

	// PublicURL is what the service calls itself, its own address if empty. Two
	// services that are to take each other's tokens have one.
	PublicURL string

	// Wrap is put around the server's handler.
	Wrap func(http.Handler) http.Handler
}

// A World is a service that runs until the test ends.
type World struct {
	*host.Host
	URL    string
	Keys   string // the folder of its keys
	City   *scenario.City
	Client *http.Client // checks what it is answered; follows no redirects

	t       testing.TB
	clock   func() time.Time
	ledger  host.Ledger
	checker *checker
}

// New starts a service.
func New(t testing.TB, o Options) *World {
	t.Helper()
	w := &World{t: t, clock: o.Clock, Keys: o.Keys}
	if w.clock == nil {
		w.clock = time.Now
	}
	if w.Keys == "" {
		w.Keys = filepath.Join(t.TempDir(), "keys")
	}
	ledger := o.Ledger
	if ledger == nil {
		ledger = Ledger(t)
	}
	if o.City == nil {
		o.City = Qinghe(t)
	}
	var err error
	if w.City, err = scenario.Read(o.City); err != nil {
		t.Fatal(err)
	}
	// The address must be known before the service is made: tokens name it.
	server := httptest.NewUnstartedServer(nil)
	w.URL = "http://" + server.Listener.Addr().String()
	if o.PublicURL == "" {
		o.PublicURL = w.URL
	}
	w.ledger = ledger
	w.Host = w.open(o, ledger)
	server.Config = w.Server.HTTP()
	if o.Wrap != nil {
		server.Config.Handler = o.Wrap(w.Server)
	}
	server.Start()
	w.checker = newChecker(t)
	w.Client = &http.Client{
		Transport:     checked{http.DefaultTransport, w.checker, t},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	w.run(server)
	w.publish()
	return w
}

// Qinghe returns the files of the city of Qinghe.
func Qinghe(t testing.TB) fs.FS {
	t.Helper()
	return os.DirFS(filepath.Join(Root(t), "creditbank", "scenario", "testdata", "qinghe"))
}

// Ledger opens a fresh ledger on SQLite, which is closed with the test: for tests
// that put something around it.
func Ledger(t testing.TB) host.Ledger {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "bank.db"))
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

// open makes the service.
func (w *World) open(o Options, ledger host.Ledger) *host.Host {
	w.t.Helper()
	master := make([]byte, vault.MasterSize) // all zero: two services of a test share it
	v, err := vault.New(master, rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.MkdirAll(w.Keys, 0o700); err != nil {
		w.t.Fatal(err)
	}
	keys, err := keyfile.Open(w.Keys, rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	shared := replica.InProcess(w.clock)
	if o.Shared != nil {
		shared = *o.Shared
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.NewTextHandler(testWriter{w.t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	h, err := host.Open(w.t.Context(), host.Config{
		Ledger: ledger, Vault: v, Keys: keys, Passwords: Passwords{}, Host: "credits.example.edu", Clock: w.clock, Random: rand.Reader, Log: log,
		Poster: o.Queue, Anchor: o.Anchor, Rules: o.Rules,
		Server: api.Config{
			Shared: shared, PublicURL: o.PublicURL, InsecureCookies: !o.SecureCookies, Limits: generous(o.Limits), TrustedProxies: o.TrustedProxies, Poster: o.Poster,
			Pages: o.Pages, MetricsHandler: o.Metrics, Printer: w.printer(o),
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return h
}

// generous sets the rates that are not set so that a test never meets them.
func generous(l api.Limits) api.Limits {
	free := replica.Rate{Burst: 1_000_000, Refill: 1_000_000, Per: time.Second}
	for _, r := range []*replica.Rate{&l.PerClient, &l.PerInstitution, &l.Anonymous, &l.Login, &l.LoginFrom} {
		if *r == (replica.Rate{}) {
			*r = free
		}
	}
	return l
}

// run runs the service until the test ends, and stops it as serve does.
func (w *World) run(server *httptest.Server) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx)
	}()
	w.t.Cleanup(func() {
		w.Server.Stop()
		server.Close()
		cancel()
		<-done
		w.Close()
	})
}

// publish publishes the city's reference data, unless it is there.
func (w *World) publish() {
	w.t.Helper()
	if err := w.Bank.Publish(w.t.Context(), creditbank.Caller{ID: "operator:test"}, w.City.Reference); err != nil {
		w.t.Fatal(err)
	}
}

// Governed returns another bank on the service's ledger, where drafts of rules
// must pass what the policy says: for setting the scene.
func (w *World) Governed(policy creditbank.RulePolicy) *creditbank.Bank {
	w.t.Helper()
	v, err := vault.New(make([]byte, vault.MasterSize), rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := creditbank.New(w.t.Context(), creditbank.Config{
		Store: w.ledger, Vault: v, Clock: w.clock, Random: rand.Reader, LoadRules: rule.Load, Rules: rule.Maker{}, Policy: policy,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// Owner is who may do everything, for setting the scene.
func (w *World) Owner() access.By {
	return access.By{Principal: access.Owner(w.Bank.Catalogue())}
}

// Token returns a token of a new machine with the given grants, written as
// "poster institution:I06".
func (w *World) Token(institution string, grants ...string) string {
	w.t.Helper()
	id := fmt.Sprintf("c%d.%s", time.Now().UnixNano(), randomHex(w.t))
	_, err := w.Registry.OpenClient(w.t.Context(), w.Owner(), access.NewClient{
		ID: id, Title: creditbank.Text{ZH: "测试", EN: "test"}, Institution: creditbank.InstitutionID(institution), Grants: Grants(w.t, grants...),
	})
	if err != nil {
		w.t.Fatalf("a client with %v: %v", grants, err)
	}
	return w.token("client:" + id)
}

func (w *World) token(sub string) string {
	w.t.Helper()
	token, _, err := w.Server.Issue(w.t.Context(), sub)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// LearnerToken returns a token of a learner, who gets an account to log in with
// if there is none.
func (w *World) LearnerToken(id creditbank.LearnerID) string {
	w.t.Helper()
	sub := "learner:" + string(id)
	if _, err := w.Registry.Principal(w.t.Context(), sub); err != nil {
		if _, _, err := w.Registry.OpenAccount(w.t.Context(), w.Owner(), access.NewAccount{Learner: id}); err != nil {
			w.t.Fatal(err)
		}
	}
	return w.token(sub)
}

func (w *World) printer(o Options) api.Printer {
	if o.Printer != nil {
		return *o.Printer
	}
	return pdftest.Renderer(w.t)
}

// Open opens the accounts of the city's learners and returns their ids by alias.
func (w *World) Open() map[string]creditbank.LearnerID {
	w.t.Helper()
	ids := map[string]creditbank.LearnerID{}
	for _, l := range w.City.Learners {
		opened, errs := w.Bank.Open(w.t.Context(), creditbank.Caller{ID: "operator:test"}, []creditbank.Opening{{Person: l.Person, Region: l.Region}})
		if errs[0] != nil {
			w.t.Fatal(errs[0])
		}
		ids[l.Alias] = opened[0].Learner.ID
	}
	return ids
}

// As returns a client that brings a token, none if it is "".
func (w *World) As(token string) *contract.ClientWithResponses {
	w.t.Helper()
	c, err := contract.NewClientWithResponses(w.URL, contract.WithHTTPClient(w.Client), contract.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		return nil
	}))
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// Grants parses grants written as "poster institution:I06".
func Grants(t testing.TB, grants ...string) []access.Grant {
	t.Helper()
	var out []access.Grant
	for _, g := range grants {
		var role, scope string
		if _, err := fmt.Sscan(g, &role, &scope); err != nil {
			t.Fatalf("grant %q: %v", g, err)
		}
		s, err := access.ParseScope(scope)
		if err != nil {
			t.Fatalf("grant %q: %v", g, err)
		}
		out = append(out, access.Grant{Role: access.Role(role), Scope: s})
	}
	return out
}

// Key returns an idempotency key that was not used before.
func Key(t testing.TB) string { return "key-" + randomHex(t) }

func randomHex(t testing.TB) string {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", b)
}

// testWriter writes lines to a test's log.
type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Logf("%s", b)
	return len(b), nil
}

// Root returns the folder of the module.
func Root(t testing.TB) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal("no go.mod above the working directory")
	return ""
}
