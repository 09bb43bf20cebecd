package oidc_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"

	"creditbank/api/oidc"
	"creditbank/creditbank"
)

func newMock(t *testing.T) *mockoidc.MockOIDC {
	t.Helper()
	m, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// A setup is our side of a provider, with a clock that is moved by hand.
type setup struct {
	mock   *mockoidc.MockOIDC
	config oidc.Config
	ahead  atomic.Int64 // of the real clock, by which the mock goes
	*oidc.Provider
}

func newSetup(t *testing.T, change func(*oidc.Config)) *setup {
	t.Helper()
	s := &setup{mock: newMock(t)}
	s.config = oidc.Config{
		Issuer: s.mock.Issuer(), ClientID: s.mock.ClientID, ClientSecret: s.mock.ClientSecret,
		RedirectURL: "http://127.0.0.1:1/callback", Scopes: []string{"profile"},
		Key: bytes.Repeat([]byte{7}, 32), Random: rand.Reader,
		Now: func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) },
	}
	if change != nil {
		change(&s.config)
	}
	var err error
	if s.Provider, err = oidc.New(s.config); err != nil {
		t.Fatal(err)
	}
	return s
}

// begin begins a log-in and has the provider answer it.
func (s *setup) begin(t *testing.T) (oidc.Pending, url.Values) {
	t.Helper()
	to, pending, err := s.Begin(context.Background())
	if err != nil {
		t.Fatalf("Begin: %v", err)
	}
	return pending, s.authorize(t, to)
}

// authorize goes to the provider as a browser does, and stops on the way back.
func (s *setup) authorize(t *testing.T, to string) url.Values {
	t.Helper()
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := c.Get(to)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	back, err := url.Parse(r.Header.Get("Location"))
	if err != nil || r.StatusCode != http.StatusFound {
		t.Fatalf("the provider answers %s, %v", r.Status, err)
	}
	return back.Query()
}

// wantRefused fails unless err is for people and says nothing to them of the
// provider, and nothing to the log that is secret.
func wantRefused(t *testing.T, err error, code creditbank.Code, secrets ...string) {
	t.Helper()
	var input *creditbank.InputError
	if !errors.As(err, &input) || !errors.Is(err, creditbank.ErrInvalid) || input.Code != code {
		t.Fatalf("error %v, want one of code %s", err, code)
	}
	if input.Reason.ZH == "" || input.Reason.EN == "" || strings.Contains(input.Error(), "127.0.0.1") {
		t.Errorf("words for people: %+v", input.Reason)
	}
	for _, secret := range secrets {
		if len(secret) > 3 && strings.Contains(err.Error(), secret) {
			t.Errorf("the log is told a secret: %v", err)
		}
	}
}

// The whole way through real redirects: our page, the provider, and back, with
// the cookie of a browser.
func TestLogInThroughABrowser(t *testing.T) {
	mux := http.NewServeMux()
	ours := httptest.NewServer(mux)
	defer ours.Close()
	s := newSetup(t, func(c *oidc.Config) { c.RedirectURL = ours.URL + "/callback" })
	s.mock.QueueUser(&mockoidc.MockUser{Subject: "u1", PreferredUsername: "李雷"})
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		to, pending, err := s.Begin(r.Context())
		sealed, err2 := s.Seal(pending)
		if err := errors.Join(err, err2); err != nil {
			t.Error(err)
		}
		http.SetCookie(w, &http.Cookie{Name: "login", Value: sealed, HttpOnly: true, Path: "/"})
		http.Redirect(w, r, to, http.StatusFound)
	})
	mux.HandleFunc("/callback", func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie("login")
		if err != nil {
			http.Error(w, "no cookie", http.StatusBadRequest)
			return
		}
		pending, err := s.Open(c.Value)
		if err != nil {
			t.Error(err)
		}
		id, err := s.Finish(r.Context(), pending, r.URL.Query())
		fmt.Fprintf(w, "%+v %v", id, err)
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	r, err := browser.Get(ours.URL + "/login")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if want := fmt.Sprintf("%+v <nil>", oidc.Identity{Issuer: s.mock.Issuer(), Subject: "u1"}); err != nil || string(body) != want {
		t.Errorf("logged in as %s, %v, want %s", body, err, want)
	}
}

func TestBeginAsksForEverything(t *testing.T) {
	s := newSetup(t, nil)
	var seen [2]url.Values
	for i := range seen {
		to, _, err := s.Begin(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(to)
		if err != nil || !strings.HasPrefix(to, s.mock.AuthorizationEndpoint()) {
			t.Fatalf("Begin = %s, %v", to, err)
		}
		seen[i] = u.Query()
	}
	q := seen[0]
	if q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("scope") != "openid profile" ||
		q.Get("client_id") != s.mock.ClientID || q.Get("redirect_uri") != s.config.RedirectURL || q.Has("client_secret") {
		t.Errorf("the provider is asked %v", q)
	}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if a, b := seen[0].Get(name), seen[1].Get(name); len(a) != 43 || a == b {
			t.Errorf("%s of two log-ins: %q, %q", name, a, b)
		}
	}
}

func TestFinishRefuses(t *testing.T) {
	s := newSetup(t, nil)
	set := func(name, value string) func(url.Values) { return func(q url.Values) { q.Set(name, value) } }
	for name, tt := range map[string]struct {
		change func(url.Values)
		want   creditbank.Code
	}{
		"another state":         {set("state", strings.Repeat("A", 43)), oidc.CodeLost},
		"no state":              {func(q url.Values) { q.Del("state") }, oidc.CodeLost},
		"two states":            {func(q url.Values) { q.Add("state", q.Get("state")) }, oidc.CodeRefused},
		"no code":               {func(q url.Values) { q.Del("code") }, oidc.CodeRefused},
		"a code of nobody":      {set("code", "nobody"), oidc.CodeRefused},
		"two codes":             {func(q url.Values) { q.Add("code", "x") }, oidc.CodeRefused},
		"a long code":           {set("code", strings.Repeat("x", 5000)), oidc.CodeRefused},
		"the person declined":   {set("error", "access_denied"), oidc.CodeDenied},
		"the provider failed":   {set("error", "server_error\nsecret"), oidc.CodeRefused},
		"an empty error":        {set("error", ""), oidc.CodeRefused},
		"another issuer":        {set("iss", "https://evil.example"), oidc.CodeRefused},
		"an empty issuer":       {set("iss", ""), oidc.CodeRefused},
		"denied, by a stranger": {func(q url.Values) { q.Set("error", "access_denied"); q.Set("state", "x") }, oidc.CodeLost},
	} {
		t.Run(name, func(t *testing.T) {
			pending, query := s.begin(t)
			code, state := query.Get("code"), query.Get("state")
			tt.change(query)
			id, err := s.Finish(context.Background(), pending, query)
			wantRefused(t, err, tt.want, code, state, query.Get("code"), s.mock.ClientSecret)
			if id != (oidc.Identity{}) || strings.Contains(err.Error(), "\n") {
				t.Errorf("Finish = %+v, %v", id, err)
			}
		})
	}
	pending, query := s.begin(t)
	query.Set("iss", s.mock.Issuer())
	if _, err := s.Finish(context.Background(), pending, query); err != nil {
		t.Errorf("with our issuer: %v", err)
	}
}

// Two log-ins in two browsers: the code of one is no use with the verifier of
// the other, though the state is its own.
func TestCodeOfAnotherLogInIsRefused(t *testing.T) {
	s := newSetup(t, nil)
	mine, myAnswer := s.begin(t)
	_, theirAnswer := s.begin(t)
	myAnswer.Set("code", theirAnswer.Get("code"))
	_, err := s.Finish(context.Background(), mine, myAnswer)
	wantRefused(t, err, oidc.CodeRefused, theirAnswer.Get("code"))
}

func TestCodeServesOnce(t *testing.T) {
	s := newSetup(t, nil)
	pending, query := s.begin(t)
	if _, err := s.Finish(context.Background(), pending, query); err != nil {
		t.Fatal(err)
	}
	_, err := s.Finish(context.Background(), pending, query)
	wantRefused(t, err, oidc.CodeRefused, query.Get("code"))
}

func TestPendingExpires(t *testing.T) {
	s := newSetup(t, nil)
	pending, query := s.begin(t)
	sealed, err := s.Seal(pending)
	if err != nil {
		t.Fatal(err)
	}
	s.ahead.Store(int64(10*time.Minute - 5*time.Second))
	if _, err := s.Open(sealed); err != nil {
		t.Errorf("Open just before its end: %v", err)
	}
	s.ahead.Store(int64(10 * time.Minute))
	_, err = s.Open(sealed)
	wantRefused(t, err, oidc.CodeExpired)
	_, err = s.Finish(context.Background(), pending, query)
	wantRefused(t, err, oidc.CodeExpired)
	_, err = s.Finish(context.Background(), oidc.Pending{}, url.Values{"code": {"x"}, "state": {""}})
	wantRefused(t, err, oidc.CodeExpired)
}

// A tamperer stands between us and the provider and changes the claims of ID
// tokens, signed anew.
type tamperer struct {
	change func(jwt.MapClaims)
	sign   func(jwt.MapClaims) (string, error)
}

func (m *tamperer) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || r.URL.Path != mockoidc.TokenEndpoint || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, err
	}
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(answer["id_token"].(string), claims); err != nil {
		return nil, err
	}
	m.change(claims)
	if answer["id_token"], err = m.sign(claims); err != nil {
		return nil, err
	}
	b, err := json.Marshal(answer)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	return resp, err
}

func TestIDTokenIsChecked(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	asIs := func(jwt.MapClaims) {}
	own := func(m *mockoidc.MockOIDC, c jwt.MapClaims) (string, error) { return m.Keypair.SignJWT(c) }
	withSecret := func(m *mockoidc.MockOIDC, c jwt.MapClaims) (string, error) {
		return signAs([]byte(m.ClientSecret), jwt.SigningMethodHS256)(m, c)
	}
	set := func(name string, v any) func(jwt.MapClaims) { return func(c jwt.MapClaims) { c[name] = v } }
	for name, tt := range map[string]struct {
		change func(jwt.MapClaims)
		sign   func(*mockoidc.MockOIDC, jwt.MapClaims) (string, error)
		ok     bool
	}{
		"as it is":                  {asIs, own, true},
		"signed by another key":     {asIs, signAs(other, jwt.SigningMethodRS256), false},
		"algorithm none":            {asIs, signAs(jwt.UnsafeAllowNoneSignatureType, jwt.SigningMethodNone), false},
		"HS256 with the secret":     {asIs, withSecret, false},
		"another nonce":             {set("nonce", strings.Repeat("A", 43)), own, false},
		"no nonce":                  {func(c jwt.MapClaims) { delete(c, "nonce") }, own, false},
		"another issuer":            {set("iss", "https://evil.example"), own, false},
		"another audience":          {set("aud", "other"), own, false},
		"expired":                   {set("exp", time.Now().Add(-time.Minute).Unix()), own, false},
		"no subject":                {set("sub", ""), own, false},
		"a subject of two lines":    {set("sub", "a\nb"), own, false},
		"a long subject":            {set("sub", strings.Repeat("x", 256)), own, false},
		"for two, not saying whose": {func(c jwt.MapClaims) { c["aud"] = append([]any{"other"}, c["aud"].([]any)...) }, own, false},
		"issued to another":         {set("azp", "other"), own, false},
		"azp is no text":            {set("azp", 1), own, false},
		"issued to us, for two": {func(c jwt.MapClaims) {
			c["azp"] = c["aud"].([]any)[0]
			c["aud"] = append([]any{"other"}, c["aud"].([]any)...)
		}, own, true},
	} {
		t.Run(name, func(t *testing.T) {
			between := &tamperer{change: tt.change}
			s := newSetup(t, func(c *oidc.Config) { c.HTTPClient = &http.Client{Transport: between} })
			between.sign = func(c jwt.MapClaims) (string, error) { return tt.sign(s.mock, c) }
			pending, query := s.begin(t)
			id, err := s.Finish(context.Background(), pending, query)
			if tt.ok && (err != nil || id.Subject == "") {
				t.Errorf("Finish = %+v, %v", id, err)
			}
			if !tt.ok {
				wantRefused(t, err, oidc.CodeRefused, query.Get("code"))
			}
		})
	}
}

// signAs signs with a key of ours under the name of the provider's.
func signAs(key any, method jwt.SigningMethod) func(*mockoidc.MockOIDC, jwt.MapClaims) (string, error) {
	return func(m *mockoidc.MockOIDC, c jwt.MapClaims) (string, error) {
		t := jwt.NewWithClaims(method, c)
		kid, err := m.Keypair.KeyID()
		if err != nil {
			return "", err
		}
		t.Header["kid"] = kid
		return t.SignedString(key)
	}
}

// A network is one that can be cut.
type network struct {
	down  atomic.Bool
	calls atomic.Int32
}

func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	n.calls.Add(1)
	if n.down.Load() {
		return nil, errors.New("connection refused")
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestProviderIsDownAtStart(t *testing.T) {
	n := &network{}
	n.down.Store(true)
	s := newSetup(t, func(c *oidc.Config) { c.HTTPClient = &http.Client{Transport: n} })
	for range 10 {
		_, _, err := s.Begin(context.Background())
		wantRefused(t, err, oidc.CodeUnavailable, s.mock.ClientSecret)
		if !errors.Is(err, oidc.ErrUnavailable) {
			t.Fatalf("Begin = %v, want ErrUnavailable", err)
		}
	}
	if calls := n.calls.Load(); calls != 1 {
		t.Errorf("ten log-ins at once asked it %d times", calls)
	}
	n.down.Store(false)
	s.ahead.Store(int64(3 * time.Second))
	pending, query := s.begin(t)
	n.down.Store(true)
	_, err := s.Finish(context.Background(), pending, query)
	wantRefused(t, err, oidc.CodeUnavailable, query.Get("code"), s.mock.ClientSecret)
	if !errors.Is(err, oidc.ErrUnavailable) {
		t.Errorf("Finish = %v, want ErrUnavailable", err)
	}
	n.down.Store(false)
	if _, err := s.Finish(context.Background(), pending, query); err != nil {
		t.Errorf("Finish once it is up: %v", err)
	}
}

// One who leaves while the provider is asked does not spoil it for others.
func TestDiscoveryOutlivesItsCaller(t *testing.T) {
	s := newSetup(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := s.Begin(ctx); err != nil {
		t.Errorf("Begin = %v", err)
	}
}

func TestProviderThatFailsIsUnavailable(t *testing.T) {
	s := newSetup(t, nil)
	pending, query := s.begin(t)
	s.mock.QueueError(&mockoidc.ServerError{Code: http.StatusInternalServerError, Error: "server_error", Description: "secret"})
	s.mock.QueueError(&mockoidc.ServerError{Code: http.StatusInternalServerError, Error: "server_error", Description: "secret"})
	_, err := s.Finish(context.Background(), pending, query)
	wantRefused(t, err, oidc.CodeUnavailable, query.Get("code"), "secret")
}

func TestDiscoveryOfInsecureAddressesIsRefused(t *testing.T) {
	for _, member := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri"} {
		var self *httptest.Server
		self = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			doc := map[string]any{"issuer": self.URL, "authorization_endpoint": self.URL + "/a", "token_endpoint": self.URL + "/t", "jwks_uri": self.URL + "/k"}
			doc[member] = "http://provider.example/x"
			if err := json.NewEncoder(w).Encode(doc); err != nil {
				t.Error(err)
			}
		}))
		s := newSetup(t, func(c *oidc.Config) { c.Issuer = self.URL })
		_, _, err := s.Begin(context.Background())
		wantRefused(t, err, oidc.CodeUnavailable)
		self.Close()
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := newSetup(t, nil).config
	for name, change := range map[string]func(*oidc.Config){
		"no client":              func(c *oidc.Config) { c.ClientID = "" },
		"no clock":               func(c *oidc.Config) { c.Now = nil },
		"no randomness":          func(c *oidc.Config) { c.Random = nil },
		"no key":                 func(c *oidc.Config) { c.Key = nil },
		"a key of 16 bytes":      func(c *oidc.Config) { c.Key = make([]byte, 16) },
		"no issuer":              func(c *oidc.Config) { c.Issuer = "" },
		"issuer in the clear":    func(c *oidc.Config) { c.Issuer = "http://provider.example" },
		"issuer of another kind": func(c *oidc.Config) { c.Issuer = "ftp://127.0.0.1" },
		"redirect in the clear":  func(c *oidc.Config) { c.RedirectURL = "http://bank.example/callback" },
		"redirect to a path":     func(c *oidc.Config) { c.RedirectURL = "/callback" },
	} {
		c := good
		change(&c)
		if _, err := oidc.New(c); err == nil {
			t.Errorf("%s: New takes it", name)
		}
	}
}
