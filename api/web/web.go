package web

import (
	"cmp"
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"creditbank/api"
	"creditbank/api/oidc"
	"creditbank/certify"
	"creditbank/certify/issuance"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// A Server is what pages need of the server that they stand in.
type Server interface {
	Visit(*http.Request) api.Visit
	MayTry(r *http.Request, account string) error
	BeginSession(http.ResponseWriter, *http.Request, access.Account) error
	EndSession(http.ResponseWriter, *http.Request) error
	Cookie(name, value string, lasts time.Duration) *http.Cookie
	Verify(context.Context, certify.Bundle) (certify.Report, error)
	Print(certify.Bundle) ([]byte, error)
	Find(ctx context.Context, typed string) (certify.Code, issuance.Certificate, error)
	Explain(error) api.Trouble
	Fail(http.ResponseWriter, *http.Request, error)
}

// A Login is one that anybody may try, with whose it is.
type Login struct {
	Who      creditbank.Text
	Account  string
	Password string
}

// A Config is what pages are made of. [Pages] fills in what the server has.
type Config struct {
	Server   Server
	Bank     *creditbank.Bank
	Registry *access.Registry
	Office   *issuance.Office
	Clock    func() time.Time
	Log      *slog.Logger

	// PublicURL is where the service is reached, without a slash at its end.
	PublicURL string

	// Name is what the bank is called. Default 学分银行, Credit Bank.
	Name creditbank.Text

	// Contact says how to reach who runs the bank: the text of consents sends
	// people to the first page for it. "" for none.
	Contact creditbank.Text

	// OIDC is where people can log in besides; nil for nowhere. Its redirect URL
	// is PublicURL + [CallbackPath].
	OIDC *oidc.Provider

	// Provider stands on the button that leads there. Default 统一身份认证,
	// Single sign-on.
	Provider creditbank.Text

	// Demo returns the logins that the first page shows to everybody; nil where
	// anything is at stake.
	Demo func() []Login
}

// CallbackPath is where an OpenID provider sends people back to.
const CallbackPath = "/auth/callback"

// Pages returns what [api.Config.Pages] takes.
func Pages(c Config) func(*api.Server, api.Config) (api.Pages, error) {
	return func(s *api.Server, of api.Config) (api.Pages, error) {
		c := c
		c.Server, c.Bank, c.Registry, c.Office = s, of.Bank, of.Registry, of.Office
		c.Clock, c.Log, c.PublicURL = of.Clock, of.Log, of.PublicURL
		return New(c)
	}
}

// Site is the pages. It implements [api.Pages].
type Site struct {
	c         Config
	pages     map[string]page
	templates map[bool]map[string]*template.Template // by whether they are English, by name
}

var _ api.Pages = (*Site)(nil)

// A handler answers, or returns what went wrong.
type handler func(*visit) error

// A page is what may be done at a path; nil for what may not.
type page struct{ get, post handler }

// New returns the pages.
func New(c Config) (*Site, error) {
	if c.Server == nil || c.Bank == nil || c.Registry == nil || c.Office == nil || c.Clock == nil || c.Log == nil || c.PublicURL == "" {
		return nil, errors.New("web: the configuration is incomplete")
	}
	c.Name = cmp.Or(c.Name, creditbank.Text{ZH: "学分银行", EN: "Credit Bank"})
	c.Provider = cmp.Or(c.Provider, creditbank.Text{ZH: "统一身份认证", EN: "Single sign-on"})
	if c.Demo == nil {
		c.Demo = func() []Login { return nil }
	}
	s := &Site{c: c}
	var err error
	if s.templates, err = parse(c.Name); err != nil {
		return nil, err
	}
	s.pages = map[string]page{
		"/":                 {get: s.index},
		"/login":            {get: s.loginForm, post: s.login},
		"/activate":         {get: s.activateForm, post: s.activate},
		"/logout":           {post: s.logout},
		"/me":               {get: s.me},
		"/me/certificate":   {get: s.certificate},
		"/me/withdraw":      {post: s.withdraw},
		"/verify":           {get: s.verifyForm, post: s.verify},
		"/language":         {post: s.language},
		"/static/style.css": {get: s.static("style.css", "text/css; charset=utf-8")},
		"/static/icon.svg":  {get: s.static("icon.svg", "image/svg+xml")},
	}
	if c.OIDC != nil {
		s.pages["/auth/login"] = page{get: s.toProvider}
		s.pages[CallbackPath] = page{get: s.fromProvider}
		s.pages["/auth/link"] = page{get: s.linkForm, post: s.link}
	}
	return s, nil
}

// Methods implements [api.Pages].
func (s *Site) Methods(path string) []string {
	var methods []string
	if s.pages[path].get != nil {
		methods = append(methods, http.MethodGet)
	}
	if s.pages[path].post != nil {
		methods = append(methods, http.MethodPost)
	}
	return methods
}

// ServeHTTP implements [http.Handler].
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handle := s.pages[r.URL.Path].get
	if r.Method == http.MethodPost {
		handle = s.pages[r.URL.Path].post
	}
	v := s.visit(w, r)
	if handle == nil {
		s.c.Server.Fail(w, r, creditbank.ErrNotFound)
		return
	}
	if err := handle(v); err != nil {
		s.c.Server.Fail(w, r, err)
	}
}
