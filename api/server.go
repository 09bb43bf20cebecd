package api

import (
	_ "embed" // the contract
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"creditbank/api/contract"
	"creditbank/api/replica"
	"creditbank/api/token"
	"creditbank/certify/issuance"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/posting"
)

// Contract is openapi.yaml, the contract of the HTTP interface.
//
//go:embed openapi.yaml
var Contract []byte

// A Server serves a bank over HTTP. It implements
// [contract.StrictServerInterface].
type Server struct {
	c          Config
	handler    http.Handler
	operations operations
	principals *principals
	events     *events
	draining   atomic.Bool
	stopping   atomic.Bool
	pages      Pages         // nil for none
	slots      chan struct{} // one for each request under way
	trials     chan struct{} // holds one while a trial is under way
	uploads    uploads       // files that are on their way
	ready      known
}

var _ contract.StrictServerInterface = (*Server)(nil)

// A Config is what a Server needs of the world. What may be left out says so.
type Config struct {
	Bank     *creditbank.Bank
	Poster   posting.Poster
	Office   *issuance.Office
	Registry *access.Registry
	Feed     Feed

	Tokens     *token.Issuer
	Verifier   *token.Verifier
	TokenKeys  *token.Keys
	Assertions *token.Assertions

	Shared replica.Shared

	// PublicURL is where the service is reached, without a slash at its end. It
	// is the issuer of tokens.
	PublicURL string

	// TrustedProxies are the proxies whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix

	// InsecureCookies leaves out Secure and the prefix __Host-, for a service on
	// the machine itself without TLS.
	InsecureCookies bool

	Limits Limits
	Clock  func() time.Time
	Random io.Reader // fit for cryptography, safe for concurrent use
	Log    *slog.Logger

	// Pages makes what people see in a browser, for the server and what it was
	// made of; nil for none.
	Pages func(*Server, Config) (Pages, error)

	// Printer makes PDFs of certificates; nil where there is no font to do it with.
	Printer Printer

	// Metrics takes measurements; nil for none.
	Metrics Metrics

	// MetricsHandler serves what was measured; nil for 404.
	MetricsHandler http.Handler

	// Ready is asked by readiness, beside what the server asks itself; nil for
	// nothing. It names what is missing.
	Ready func() map[string]error
}

// Limits bound what one request may ask for. Zero values mean the defaults.
type Limits struct {
	BodyBytes     int64         // of a body; 1 MiB
	StreamBytes   int64         // of a streamed file; 1 GiB
	RowBytes      int           // of a row of a streamed file; 64 KiB
	JSONDepth     int           // of nesting; 32
	Timeout       time.Duration // of a request; 30 s
	StreamTimeout time.Duration // of a streamed request without any progress; 60 s
	UploadTimeout time.Duration // in which a file that is uploaded has to come; 2 min
	Uploads       int           // files that are uploaded at once; 32
	HeaderTimeout time.Duration // of the head of a request; 5 s
	IdleTimeout   time.Duration // of a connection between requests; 2 min
	HeaderBytes   int           // of the head of a request; 64 KiB
	InFlight      int           // requests under way at once; 1024
	Streams       int           // event streams open at once; 1000

	PerClient      replica.Rate // requests of one caller; 2000 at once, 1000 a second
	PerInstitution replica.Rate // requests of one institution's callers together; 4000, 2000 a second
	Anonymous      replica.Rate // requests of one address without a token; 100, 20 a second
	Login          replica.Rate // tries to log in to one account; 10, 10 a minute
	LoginFrom      replica.Rate // tries to log in, or of a client to get a token, from one address; 100, 100 a minute
}

func (l Limits) orDefault() Limits {
	set(&l.BodyBytes, 1<<20)
	set(&l.StreamBytes, 1<<30)
	set(&l.RowBytes, 64<<10)
	set(&l.JSONDepth, 32)
	set(&l.Timeout, 30*time.Second)
	set(&l.StreamTimeout, time.Minute)
	set(&l.UploadTimeout, 2*time.Minute)
	set(&l.Uploads, 32)
	set(&l.HeaderTimeout, 5*time.Second)
	set(&l.IdleTimeout, 2*time.Minute)
	set(&l.HeaderBytes, 64<<10)
	set(&l.InFlight, 1024)
	set(&l.Streams, 1000)
	set(&l.PerClient, replica.Rate{Burst: 2000, Refill: 1000, Per: time.Second})
	set(&l.PerInstitution, replica.Rate{Burst: 4000, Refill: 2000, Per: time.Second})
	set(&l.Anonymous, replica.Rate{Burst: 100, Refill: 20, Per: time.Second})
	set(&l.Login, replica.Rate{Burst: 10, Refill: 10, Per: time.Minute})
	set(&l.LoginFrom, replica.Rate{Burst: 100, Refill: 100, Per: time.Minute})
	return l
}

// set sets what is not set.
func set[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// Metrics takes measurements of requests.
type Metrics interface {
	// Observe notes that a request of an operation was answered.
	Observe(operation string, status int, took time.Duration)

	// InFlight notes that so many requests more are under way.
	InFlight(delta int)

	// Refused notes that a request was answered with a problem.
	Refused(operation, problem string)
}

// New returns a server, which serves until [Server.Stop].
func New(c Config) (*Server, error) {
	if c.Bank == nil || c.Poster == nil || c.Office == nil || c.Registry == nil || c.Feed == nil || c.Tokens == nil || c.Verifier == nil ||
		c.TokenKeys == nil || c.Assertions == nil || c.Shared.Limits == nil || c.PublicURL == "" || c.Clock == nil || c.Random == nil || c.Log == nil {
		return nil, errors.New("api: the configuration is incomplete")
	}
	c.Limits = c.Limits.orDefault()
	s := &Server{c: c, slots: make(chan struct{}, c.Limits.InFlight), trials: make(chan struct{}, 1)}
	var err error
	if s.operations, err = readContract(); err != nil {
		return nil, fmt.Errorf("api: read the contract: %w", err)
	}
	s.principals = newPrincipals(c.Registry, c.Clock)
	s.events = newEvents(c.Feed, c.Bank, c.Limits.Streams)
	if c.Pages != nil {
		if s.pages, err = c.Pages(s, c); err != nil {
			return nil, err
		}
	}
	s.handler = s.chain(s.router())
	return s, nil
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Drain has readiness say that the server is about to stop, so that no more
// requests are sent here, and ends event streams, which connect anew elsewhere.
// Everything is answered as before.
func (s *Server) Drain() {
	s.draining.Store(true)
	s.events.close()
}

// Stop has the server refuse what comes from now on. What is under way goes on;
// [http.Server.Shutdown] waits for it.
func (s *Server) Stop() {
	s.Drain()
	s.stopping.Store(true)
}
