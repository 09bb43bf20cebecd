package api

import (
	"context"
	"mime"
	"net/http"
	"strings"
	"time"

	"golang.org/x/text/language"

	"creditbank/certify"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// Pages are what people see in a browser beside the operations of the contract.
// Their requests pass what every request passes (see the package's
// documentation), except that who calls is told by the browser's session alone.
type Pages interface {
	// Methods returns what may be done at a path, none where there is no page.
	Methods(path string) []string

	// ServeHTTP answers where Methods says so.
	ServeHTTP(http.ResponseWriter, *http.Request)

	// ServeTrouble answers a request that was refused or failed. The headers are
	// set but for those of the page itself.
	ServeTrouble(http.ResponseWriter, *http.Request, Trouble)
}

// Trouble is what a person is told of an error.
type Trouble struct {
	Status     int
	Problem    string // the name of the kind of problem, which never changes
	Code       creditbank.Code
	Message    creditbank.Text
	RetryAfter time.Duration // zero for none
}

// A Visit is a browser's request for a page.
type Visit struct {
	Request   string           // its id
	Principal access.Principal // who is logged in; the public if nobody is
	LoggedIn  bool
	English   bool // the browser prefers English to Chinese
}

// Visit returns what is known of a request on its way.
func (s *Server) Visit(r *http.Request) Visit {
	c := callOf(r.Context())
	return Visit{Request: c.id, Principal: c.principal, LoggedIn: c.authenticated, English: c.language == language.English}
}

// Explain returns what a person is told of err.
func (s *Server) Explain(err error) Trouble {
	p, e := problemOf(err)
	return Trouble{Status: p.status, Problem: p.name, Code: e.code, Message: e.message, RetryAfter: max(e.retryAfter, p.retryAfter)}
}

// Fail answers a request with what went wrong, and logs what is for the log.
func (s *Server) Fail(w http.ResponseWriter, r *http.Request, err error) { s.writeProblem(w, r, err) }

// MayTry reports RATE_LIMITED where somebody has tried too often to log in to an
// account, by pages and operations together.
func (s *Server) MayTry(r *http.Request, account string) error {
	return s.mayTry(callOf(r.Context()), account)
}

// BeginSession begins the session of a browser in which somebody has logged in. The
// one there was ends, so that nobody can have chosen it for them.
func (s *Server) BeginSession(w http.ResponseWriter, r *http.Request, a access.Account) error {
	if err := s.endSession(r.Context()); err != nil {
		return err
	}
	cookie, err := s.begin(r.Context(), a)
	if err == nil {
		http.SetCookie(w, cookie)
	}
	return err
}

// EndSession ends the session of a browser, if there is one.
func (s *Server) EndSession(w http.ResponseWriter, r *http.Request) error {
	if err := s.endSession(r.Context()); err != nil {
		return err
	}
	http.SetCookie(w, s.sessionCookie("", 0))
	return nil
}

// endSession ends the session that a request brought.
func (s *Server) endSession(ctx context.Context) error {
	c := callOf(ctx)
	if c.session == "" {
		return nil
	}
	if err := s.c.Registry.EndSession(ctx, c.session); err != nil {
		return err
	}
	s.c.Shared.Sessions.Delete(ctx, sessionKey(c.session))
	return nil
}

// Cookie returns a cookie of the browser beside the session's, kept as safely:
// for pages. A lifetime of zero ends it.
func (s *Server) Cookie(name, value string, lasts time.Duration) *http.Cookie {
	c := s.sessionCookie(value, lasts)
	c.Name += "-" + name
	if lasts == 0 {
		c.MaxAge = -1
	}
	return c
}

// Verify checks a certificate against what this bank publishes, with the proof
// and the status list added that were not handed over. Nothing is kept.
func (s *Server) Verify(ctx context.Context, b certify.Bundle) (certify.Report, error) {
	file, err := s.c.Office.TrustFile(ctx)
	if err != nil {
		return certify.Report{}, err
	}
	trust, err := certify.ParseTrust(file)
	if err != nil {
		return certify.Report{}, err
	}
	s.complete(ctx, &b)
	return certify.Verify(b, trust, s.c.Clock()), nil
}

// servePage passes a request on to a page.
func (s *Server) servePage() http.Handler {
	rest := s.limit(s.bound(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.pages.ServeHTTP(w, r) })))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callOf(r.Context())
		c.op, c.page, c.request = &operation{id: "page " + r.URL.Path}, true, r
		if r.Method == http.MethodPost {
			c.op.accepts = []string{"application/x-www-form-urlencoded", "multipart/form-data"}
		}
		s.named(r, c.op.id)
		if sent, err := r.Cookie(s.cookie()); err == nil {
			if err := s.bySession(c, r.Context(), sent.Value); err != nil {
				s.writeProblem(w, r, err)
				return
			}
		}
		rest.ServeHTTP(w, r)
	})
}

// wantsPage reports whether whoever asked should be told of an error by a page:
// who asked for one, or came with a browser to an address that is no operation's.
func (s *Server) wantsPage(c *call, r *http.Request) bool {
	return s.pages != nil && (c.page || c.op == nil && acceptsHTML(r))
}

// acceptsHTML reports whether HTML is named among what the client wants:
// programs that take anything name nothing.
func acceptsHTML(r *http.Request) bool {
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		kind, params, err := mime.ParseMediaType(part)
		if err == nil && kind == "text/html" && params["q"] != "0" {
			return true
		}
	}
	return false
}
