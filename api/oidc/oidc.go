// Package oidc lets people log in through an OpenID Connect provider: the code
// flow with PKCE (RFC 7636), state and nonce.
//
//	Begin  ──► the provider's address, and a Pending for a cookie of the browser
//	Finish ◄── the Pending, and what the provider sent the browser back with
//
// Nothing is kept here between the two: the Pending holds it, sealed (see
// [Provider.Seal]). So any replica may finish what another began, and only the
// browser that began it can.
package oidc

import (
	"cmp"
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	// patience bounds each exchange with the provider.
	patience = 10 * time.Second

	// retryAfter is how long a failed discovery is not repeated. Without it,
	// everybody who waits for a provider that is down would wait in turn.
	retryAfter = 2 * time.Second
)

// Config configures a [Provider].
type Config struct {
	Issuer       string // of the provider: https, or http on this machine
	ClientID     string
	ClientSecret string
	RedirectURL  string       // of ours, to which the provider sends people back
	Scopes       []string     // default: openid, which is always among them
	HTTPClient   *http.Client // default: one that waits ten seconds

	Key    []byte // 32 bytes, the same in all replicas, for [Provider.Seal] only
	Now    func() time.Time
	Random io.Reader // fit for cryptography, and for use by several goroutines
}

// A Provider is an OpenID Connect provider, as its client sees it. It may be
// used by several goroutines.
type Provider struct {
	c    Config
	aead cipher.AEAD

	mu     sync.Mutex // held during discovery
	found  *discovered
	failed error // why the last discovery failed
	again  time.Time
}

// discovered is what the provider says of itself, kept as long as the process
// lives. Its keys are read again when it signs with a new one.
type discovered struct {
	oauth2   oauth2.Config
	verifier *oidc.IDTokenVerifier
}

// New returns a Provider. The provider is asked nothing yet: it may be down
// while we start.
func New(c Config) (*Provider, error) {
	if c.ClientID == "" || c.Now == nil || c.Random == nil {
		return nil, errors.New("log-in provider: client, clock and randomness are required")
	}
	if err := checkURL(c.Issuer); err != nil {
		return nil, fmt.Errorf("log-in provider: issuer: %w", err)
	}
	if err := checkURL(c.RedirectURL); err != nil {
		return nil, fmt.Errorf("log-in provider: redirect URL: %w", err)
	}
	c.Scopes = slices.Clone(c.Scopes)
	if !slices.Contains(c.Scopes, oidc.ScopeOpenID) {
		c.Scopes = append([]string{oidc.ScopeOpenID}, c.Scopes...)
	}
	c.HTTPClient = cmp.Or(c.HTTPClient, &http.Client{Timeout: patience})
	aead, err := newAEAD(c.Key)
	if err != nil {
		return nil, fmt.Errorf("log-in provider: %w", err)
	}
	return &Provider{c: c, aead: aead}, nil
}

// checkURL refuses addresses to which secrets would go in the clear.
func checkURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return errors.New("is no address")
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return errors.New("is not https")
	}
	return nil
}

// discover returns what the provider says of itself, asking it if it has not
// answered yet. The error is for the log.
func (p *Provider) discover(ctx context.Context) (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	if p.failed != nil && p.c.Now().Before(p.again) {
		return nil, p.failed
	}
	// Others wait for the answer too: one who leaves does not end it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if p.found, p.failed = p.ask(ctx); p.failed != nil {
		p.again = p.c.Now().Add(retryAfter)
	}
	return p.found, p.failed
}

func (p *Provider) ask(ctx context.Context) (*discovered, error) {
	ctx = oidc.ClientContext(ctx, p.c.HTTPClient)
	found, err := oidc.NewProvider(ctx, p.c.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discover the provider: %w", err)
	}
	var more struct {
		JWKS string `json:"jwks_uri"`
	}
	if err := found.Claims(&more); err != nil {
		return nil, fmt.Errorf("discover the provider: %w", err)
	}
	e := found.Endpoint()
	for name, s := range map[string]string{"authorization endpoint": e.AuthURL, "token endpoint": e.TokenURL, "key set": more.JWKS} {
		if err := checkURL(s); err != nil {
			return nil, fmt.Errorf("discover the provider: %s: %w", name, err)
		}
	}
	return &discovered{
		oauth2: oauth2.Config{
			ClientID: p.c.ClientID, ClientSecret: p.c.ClientSecret, Endpoint: e,
			RedirectURL: p.c.RedirectURL, Scopes: p.c.Scopes,
		},
		verifier: found.VerifierContext(ctx, &oidc.Config{ClientID: p.c.ClientID, Now: p.c.Now}),
	}, nil
}

// Begin returns the address of the provider to which the browser is sent, and
// what to keep in a cookie of that browser until it comes back.
func (p *Provider) Begin(ctx context.Context) (redirectURL string, state Pending, err error) {
	d, err := p.discover(ctx)
	if err != nil {
		return "", Pending{}, unavailable(err)
	}
	if state, err = p.newPending(); err != nil {
		return "", Pending{}, err
	}
	return d.oauth2.AuthCodeURL(state.state, oidc.Nonce(state.nonce), oauth2.S256ChallengeOption(state.verifier)), state, nil
}
