package api

import (
	"fmt"
	"net/http"
	"time"

	"creditbank/api/replica"
	"creditbank/creditbank"
)

// limit bounds how often somebody calls: each caller, all callers of an
// institution together, and each address that brings no token.
func (s *Server) limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callOf(r.Context())
		if wait, ok := s.within(r, c); !ok {
			s.writeProblem(w, r, tooOften(wait))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// within reports whether the caller may go on, and if not, when.
func (s *Server) within(r *http.Request, c *call) (time.Duration, bool) {
	limits := s.c.Limits
	switch c.op.id {
	case "getHealth", "getReadiness", "getMetrics":
		return 0, true
	}
	if !c.authenticated {
		return s.take(r, limits.Anonymous, "address", address(c))
	}
	if wait, ok := s.take(r, limits.PerClient, "caller", c.by().ID); !ok {
		return wait, false
	}
	if c.principal.Institution == "" {
		return 0, true
	}
	return s.take(r, limits.PerInstitution, "institution", string(c.principal.Institution))
}

func (s *Server) take(r *http.Request, rate replica.Rate, key ...string) (time.Duration, bool) {
	v := s.c.Shared.Limits.Allow(r.Context(), replica.Key(key...), rate, 1)
	return v.RetryAfter, v.Allowed
}

// address returns what an anonymous caller is counted by: the address, or of an
// IPv6 address the network that one subscriber has.
func address(c *call) string {
	if c.peer.Is6() {
		if p, err := c.peer.Prefix(64); err == nil {
			return p.String()
		}
	}
	return c.peer.String()
}

func tooOften(wait time.Duration) error {
	e := refuse(problemRate, "RATE_LIMITED", fmt.Sprintf("请求过于频繁，请在%d秒后重试", seconds(wait)), fmt.Sprintf("too many requests; try again in %d s", seconds(wait)))
	e.retryAfter = wait
	return e
}

func seconds(d time.Duration) int { return int((max(d, time.Second) + time.Second - 1) / time.Second) }

// mayTry bounds tries to log in: from an address, which all of a school may
// share, and to an account, so that neither one guesser nor many get far.
func (s *Server) mayTry(c *call, account string) error {
	if wait, ok := s.take(c.request, s.c.Limits.LoginFrom, "try-from", address(c)); !ok {
		return tooOften(wait)
	}
	number, err := creditbank.ParseAccountNumber(account)
	if err != nil {
		return nil // there is no such account; the answer will be that of any failure
	}
	if wait, ok := s.take(c.request, s.c.Limits.Login, "try-at", string(number)); !ok {
		return tooOften(wait)
	}
	return nil
}
