// Package host ties a store, keys and what replicas share to one running
// service: the bank with its writers, the office that follows the ledger and
// issues certificates, the registry of who may act, access tokens, and the HTTP
// server over all of them. What is configured how is its caller's business.
package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"creditbank/api"
	"creditbank/api/token"
	"creditbank/certify"
	"creditbank/certify/issuance"
	"creditbank/chain"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/rule"
)

// A Ledger is a store of a bank with what is kept beside the accounts.
type Ledger interface {
	creditbank.Store
	Certificates() issuance.Store
	Access() access.Store
}

// A Config is what a service is made of. The fields of Server that are the
// host's to fill in may be left out.
type Config struct {
	Ledger    Ledger
	Vault     creditbank.Vault
	Keys      issuance.Keyring
	Passwords access.Passwords
	Sessions  access.Sessions

	// Host names issuers and the log, for ever.
	Host           string
	Anchors        certify.AnchorPolicy
	StatusValidity time.Duration

	// Anchor records checkpoints; nil for none.
	Anchor         chain.Anchorer
	AnchorInterval time.Duration // a minute if zero

	// Rules is what a draft of rules must pass before it is published.
	Rules creditbank.RulePolicy

	Poster        creditbank.PosterConfig
	SweepInterval time.Duration // between rounds of what comes due by the clock; a minute if zero
	TokenLifetime time.Duration
	TokenRotation time.Duration

	Clock  func() time.Time
	Issue  func() time.Time // the clock of certificates; Clock if nil
	Random io.Reader
	Log    *slog.Logger

	Server api.Config
}

// A Host is a service, ready to serve. [Host.Run] does what has to be done
// beside the requests.
type Host struct {
	Bank     *creditbank.Bank
	Office   *issuance.Office
	Registry *access.Registry
	Server   *api.Server

	c      Config
	poster *creditbank.Poster
	origin string

	checked sync.Once
	halted  bool // the log does not extend what was anchored

	mu    sync.Mutex
	lag   int64                       // of the follower, as last seen
	swept map[string]creditbank.Swept // by each job of the sweep: in all, and how it last stood
}

// Open makes a service. The store stays its caller's to close, after
// [Host.Close].
func Open(ctx context.Context, c Config) (*Host, error) {
	if c.Issue == nil {
		c.Issue = c.Clock
	}
	h := &Host{c: c, origin: c.Host + "/certlog", swept: map[string]creditbank.Swept{}}
	var err error
	h.Bank, err = creditbank.New(ctx, creditbank.Config{
		Store: c.Ledger, Vault: c.Vault, Clock: c.Clock, Random: c.Random, LoadRules: rule.Load, Rules: rule.Maker{}, Policy: c.Rules,
	})
	if err != nil {
		return nil, fmt.Errorf("open the bank: %w", err)
	}
	h.Office, err = issuance.New(issuance.Config{
		Ledger: c.Ledger, Store: c.Ledger.Certificates(), Vault: c.Vault, Keys: c.Keys, Clock: c.Issue, Random: c.Random, LoadRules: rule.Load,
		Host: c.Host, Origin: h.origin, Anchors: c.Anchors, StatusValidity: c.StatusValidity,
	})
	if err != nil {
		return nil, fmt.Errorf("open the office: %w", err)
	}
	h.Registry, err = access.New(access.Config{
		Store: c.Ledger.Access(), Vault: c.Vault, People: h.Bank, Catalogue: h.Bank.Catalogue, Clock: c.Clock, Random: c.Random, Passwords: c.Passwords,
		Sessions: c.Sessions,
	})
	if err != nil {
		return nil, fmt.Errorf("open the registry: %w", err)
	}
	return h, h.serve(ctx)
}

// serve makes the server, over everything else.
func (h *Host) serve(ctx context.Context) error {
	s := h.c.Server
	s.Bank, s.Office, s.Registry, s.Feed = h.Bank, h.Office, h.Registry, h.c.Ledger
	s.Clock, s.Random, s.Log = h.c.Clock, h.c.Random, h.c.Log
	var err error
	if s.TokenKeys, err = token.NewKeys(token.KeysConfig{Store: api.KeyStore(h.Registry), Now: h.c.Clock, Random: h.c.Random, Period: h.c.TokenRotation}); err != nil {
		return err
	}
	if err := s.TokenKeys.Ensure(ctx); err != nil {
		return fmt.Errorf("signing keys: %w", err)
	}
	s.Tokens, err = token.NewIssuer(token.IssuerConfig{
		Keys: s.TokenKeys, Issuer: s.PublicURL, Audience: s.PublicURL, TTL: h.c.TokenLifetime, Now: h.c.Clock, Random: h.c.Random,
	})
	if err != nil {
		return err
	}
	s.Verifier, err = token.NewVerifier(token.VerifierConfig{
		Keys: s.TokenKeys, Issuer: s.PublicURL, Audience: s.PublicURL, Denied: s.Shared.Denied.Denied, Now: h.c.Clock,
	})
	if err != nil {
		return err
	}
	s.Assertions, err = token.NewAssertions(token.AssertionsConfig{
		Audiences: []string{s.PublicURL, s.PublicURL + "/oauth/token"}, Replay: api.ReplayGuard(h.Registry), Now: h.c.Clock,
	})
	if err != nil {
		return err
	}
	// Not under ctx: what was accepted is written, whatever ends.
	h.poster = h.Bank.NewPoster(context.WithoutCancel(ctx), h.c.Poster)
	if s.Poster == nil {
		s.Poster = h.poster
	}
	if h.Server, err = api.New(s); err == nil {
		err = h.Server.Prepare(ctx)
	}
	if err != nil {
		h.poster.Close()
	}
	return err
}

// Close waits until everything accepted has been written. Requests must have
// ended.
func (h *Host) Close() { h.poster.Close() }

// Lag returns how many rows of the ledger the office has not come to yet, as it
// was last seen.
func (h *Host) Lag() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lag
}

// Waiting returns how many postings wait to be written.
func (h *Host) Waiting() int { return h.poster.Waiting() }

// Run works beside the requests until ctx ends: it does what comes due by the
// clock, issues certificates as the
// ledger calls for them, anchors their log, and does what the server wants done.
func (h *Host) Run(ctx context.Context) {
	var wait sync.WaitGroup
	defer wait.Wait()
	wait.Go(func() { h.Server.Run(ctx) })
	wait.Go(func() { h.sweep(ctx) })
	if !h.CheckAnchored(ctx) {
		return
	}
	wait.Go(func() { h.follow(ctx) })
	if h.c.Anchor != nil {
		wait.Go(func() { h.anchor(ctx) })
	}
}

// CheckAnchored reports whether the log may go on: a log that does not extend
// what was anchored is halted. It is asked once; to be asked before the first
// request, which could lengthen a log that was put back.
func (h *Host) CheckAnchored(ctx context.Context) bool {
	h.checked.Do(func() {
		ctx, cancel := context.WithTimeout(ctx, checkTimeout)
		defer cancel()
		if err := h.checkAnchored(ctx); err != nil {
			h.c.Log.ErrorContext(ctx, "the log does not extend what was anchored: nothing is issued until somebody has looked", "err", err)
			h.Office.Halt(err)
			h.halted = true
		}
	})
	return !h.halted
}

// checkTimeout is how long a recorder may keep the service from starting.
const checkTimeout = 5 * time.Second

// checkAnchored finds out whether the log is the one that was anchored. A
// recorder that cannot be reached is asked again later, by the worker.
func (h *Host) checkAnchored(ctx context.Context) error {
	if h.c.Anchor == nil {
		return nil
	}
	last, err := h.c.Anchor.Latest(ctx, h.origin)
	if errors.Is(err, chain.ErrNone) {
		return nil
	}
	if err != nil {
		h.c.Log.WarnContext(ctx, "what was anchored last cannot be asked", "err", err)
		return nil
	}
	err = h.Office.CheckAnchored(ctx, last)
	if errors.Is(err, chain.ErrRollback) || errors.Is(err, chain.ErrFork) {
		return err
	}
	if err != nil {
		h.c.Log.WarnContext(ctx, "whether the log extends what was anchored cannot be told", "err", err)
	}
	return nil
}

// pollLedger is how often the office looks for what is new.
const pollLedger = time.Second

// follow issues and revokes what the ledger calls for. Learners whose
// certificates could not be made are looked at again by every round.
func (h *Host) follow(ctx context.Context) {
	tick := time.NewTicker(pollLedger)
	defer tick.Stop()
	for {
		p, err := h.Office.CatchUp(ctx)
		for _, f := range p.Failed {
			h.c.Log.WarnContext(ctx, "certificates could not be made", "learner", string(f.Learner), "err", f.Err)
		}
		if err != nil && ctx.Err() == nil {
			h.c.Log.WarnContext(ctx, "issuing certificates failed; it is tried again", "err", err)
		}
		if err == nil {
			h.mu.Lock()
			h.lag = p.Behind()
			h.mu.Unlock()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// sweep does what comes due by the clock.
func (h *Host) sweep(ctx context.Context) {
	creditbank.NewSweeper(creditbank.SweeperConfig{Jobs: h.Bank.Jobs(), Interval: h.c.SweepInterval, Report: func(job string, s creditbank.Swept, err error) {
		h.mu.Lock()
		sum := h.swept[job]
		sum.Done, sum.Looked = sum.Done+s.Done, sum.Looked+s.Looked
		sum.More, sum.Behind = s.More, s.Behind
		h.swept[job] = sum
		h.mu.Unlock()
		if job == creditbank.JobDrafts && s.Done > 0 {
			h.Server.Published(ctx)
		}
		switch {
		case err != nil && ctx.Err() == nil:
			h.c.Log.WarnContext(ctx, "work that is due failed; it is tried again", "job", job, "done", s.Done, "behind", s.Behind.String(), "err", err)
		case s.Done > 0:
			h.c.Log.InfoContext(ctx, "work that was due is done", "job", job, "done", s.Done, "looked", s.Looked, "more", s.More)
		}
	}}).Run(ctx)
}

// Swept returns what a job of the sweep has done since the start, and how it
// stood when it was last seen.
func (h *Host) Swept(job string) creditbank.Swept {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.swept[job]
}

// anchor has the log recorded elsewhere, now and then.
func (h *Host) anchor(ctx context.Context) {
	worker, err := chain.NewWorker(chain.WorkerConfig{
		Origin: h.origin, Source: h.Office.Source(), Anchorer: h.c.Anchor, Interval: h.c.AnchorInterval, Halt: h.Office.Halt,
		Report: func(err error) {
			if err != nil && ctx.Err() == nil {
				h.c.Log.WarnContext(ctx, "anchoring failed; it is tried again", "err", err)
			}
		},
	})
	if err == nil {
		err = worker.Run(ctx)
	}
	if err != nil && ctx.Err() == nil {
		h.c.Log.ErrorContext(ctx, "the log is not anchored any more", "err", err)
	}
}
