package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"creditbank/api/token"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// cookie is the name of the browser's session. The prefix keeps other hosts of
// the domain from setting it (RFC 6265bis).
func (s *Server) cookie() string {
	if s.c.InsecureCookies {
		return "creditbank"
	}
	return "__Host-creditbank"
}

// authenticate finds out who calls: by an access token, or else by a browser's
// session. A token that is there and not valid is an error also where none is
// needed: its owner should hear of it. Who tries tokens is counted with those
// who bring none, by the address.
func (s *Server) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callOf(r.Context())
		if err := s.identifyCaller(c, r); err != nil {
			if wait, ok := s.take(r, s.c.Limits.Anonymous, "address", address(c)); !ok {
				err = tooOften(wait)
			}
			s.writeProblem(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) identifyCaller(c *call, r *http.Request) error {
	switch c.op.id {
	case "createToken": // which reads the header itself
		return nil
	case "getHealth", "getReadiness": // which are answered in any case
		return nil
	}
	if len(r.Header.Values("Authorization")) > 1 {
		return unauthenticated("Authorization 请求头只能有一个", "there may be one header Authorization", nil)
	}
	header := r.Header.Get("Authorization")
	scheme, sent, _ := strings.Cut(header, " ")
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return s.byToken(c, r.Context(), strings.TrimSpace(sent))
	case header != "":
		return unauthenticated("令牌应以 Bearer 方式提供", "a token is brought as Bearer", nil)
	}
	if sent, err := r.Cookie(s.cookie()); err == nil && header == "" {
		return s.bySession(c, r.Context(), sent.Value)
	}
	return nil
}

func (s *Server) byToken(c *call, ctx context.Context, sent string) error {
	claims, err := s.c.Verifier.Verify(sent)
	if err != nil {
		return unauthenticated("令牌无效或已过期", "the token is not valid, or has expired", err)
	}
	p, err := s.principals.get(ctx, claims.Subject)
	if gone(err) {
		return unauthenticated("令牌的主体已停用", "whom the token was given to may not act any more", err)
	}
	if err != nil {
		return err
	}
	c.principal, c.claims, c.authenticated = narrowed(p, claims.Scope), claims, true
	return nil
}

// bySession finds the caller by the session of a browser. One that has ended
// is as none: the browser goes on sending it.
func (s *Server) bySession(c *call, ctx context.Context, sent string) error {
	p, err := s.session(ctx, sent)
	if gone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	c.principal, c.session, c.authenticated = p, sent, true
	return nil
}

// session finds who is logged in with a browser's session: in what the replicas
// share, or else in the database, which is the truth. What is shared says at
// which epoch of the account, so that a session does not outlive a password.
func (s *Server) session(ctx context.Context, sent string) (access.Principal, error) {
	key := sessionKey(sent)
	if known, ok := s.c.Shared.Sessions.Get(ctx, key); ok {
		caller, epoch, _ := strings.Cut(string(known), " ")
		p, err := s.principals.get(ctx, caller)
		if err != nil || strconv.Itoa(p.Epoch) == epoch {
			return p, err
		}
		// The password was replaced, or the account disabled for a while.
	}
	session, p, err := s.c.Registry.Session(ctx, sent)
	if err != nil {
		return p, err
	}
	ttl := min(sessionShared, session.Expires.Sub(s.c.Clock()))
	s.c.Shared.Sessions.Set(ctx, key, fmt.Appendf(nil, "%s %d", p.Caller().ID, p.Epoch), ttl)
	return p, nil
}

// sessionShared is how long a session is known without asking the database. So
// long it may go on at another replica that was not told of its end, and
// anywhere after its account's password was replaced.
const sessionShared = 5 * time.Second

// sessionKey is what a session is kept under: not what opens it.
func sessionKey(sent string) string {
	sum := sha256.Sum256([]byte("session " + sent))
	return hex.EncodeToString(sum[:])
}

// gone reports whether err says that somebody may not act, rather than that it
// could not be found out.
func gone(err error) bool {
	return errors.Is(err, creditbank.ErrForbidden) || errors.Is(err, creditbank.ErrNotFound)
}

// narrowed returns p with the grants of the named roles only, where any are
// named.
func narrowed(p access.Principal, roles []string) access.Principal {
	if len(roles) == 0 {
		return p
	}
	p.Grants = slices.DeleteFunc(slices.Clone(p.Grants), func(g access.Grant) bool { return !slices.Contains(roles, string(g.Role)) })
	return p
}

func unauthenticated(zh, en string, cause error) error {
	e := refuse(problemUnauthenticated, "UNAUTHENTICATED", zh, en)
	e.cause = cause
	return e
}

// freshness is how old what is known of a principal may be. What somebody may
// do is taken away at every replica within that time, and at once where
// replicas hear each other.
const freshness = 2 * time.Second

// topicPrincipals is where replicas tell each other whose grants have changed.
const topicPrincipals = "principals"

// principals remembers who may do what, for a moment.
type principals struct {
	registry *access.Registry
	clock    func() time.Time

	mu        sync.Mutex
	known     map[string]remembered
	forgotten uint64 // how often something was forgotten
}

type remembered struct {
	principal access.Principal
	err       error
	until     time.Time
}

// maxPrincipals bounds what is remembered; past it all is forgotten.
const maxPrincipals = 10_000

func newPrincipals(r *access.Registry, clock func() time.Time) *principals {
	return &principals{registry: r, clock: clock, known: map[string]remembered{}}
}

func (p *principals) get(ctx context.Context, caller string) (access.Principal, error) {
	now := p.clock()
	p.mu.Lock()
	r, ok := p.known[caller]
	forgotten := p.forgotten
	p.mu.Unlock()
	// A clock that was set back must not make this last for ever.
	if ok && now.Before(r.until) && r.until.Sub(now) <= freshness {
		return r.principal, r.err
	}
	found, err := p.registry.Principal(ctx, caller)
	if err != nil && !gone(err) {
		return access.Principal{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.forgotten != forgotten {
		return found, err // it may be what was just to be forgotten
	}
	if len(p.known) >= maxPrincipals {
		clear(p.known)
	}
	p.known[caller] = remembered{found, err, now.Add(freshness)}
	return found, err
}

// forget forgets one principal, or all if caller is "".
func (p *principals) forget(caller string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgotten++
	if caller == "" {
		clear(p.known)
		return
	}
	delete(p.known, caller)
}

// changed tells every replica that what a principal may do has changed.
func (s *Server) changed(ctx context.Context, caller string) {
	s.principals.forget(caller)
	s.c.Shared.Signals.Publish(ctx, topicPrincipals, []byte(caller))
}

// deny has a token not work any more: on record first, which is the truth, then
// at every replica.
func (s *Server) deny(ctx context.Context, by creditbank.Caller, claims token.Claims) error {
	if err := s.c.Registry.RevokeToken(ctx, by, claims.ID, claims.Expires.Add(token.Leeway)); err != nil {
		return err
	}
	s.c.Shared.Denied.Deny(ctx, claims.ID, claims.Expires.Add(token.Leeway))
	return nil
}
