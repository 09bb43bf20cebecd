package web_test

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oauth2-proxy/mockoidc"
	"golang.org/x/net/html"

	"creditbank/api"
	"creditbank/api/apitest"
	"creditbank/api/oidc"
	"creditbank/api/replica"
	"creditbank/api/web"
	"creditbank/creditbank"
)

// newProvided returns a service where people can log in at a provider besides.
func newProvided(t testing.TB, limits api.Limits) (*town, *mockoidc.MockOIDC) {
	t.Helper()
	mock, err := mockoidc.Run()
	must(t, err)
	t.Cleanup(func() {
		if err := mock.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	pages := func(s *api.Server, of api.Config) (api.Pages, error) {
		p, err := oidc.New(oidc.Config{
			Issuer: mock.Issuer(), ClientID: mock.ClientID, ClientSecret: mock.ClientSecret, RedirectURL: of.PublicURL + web.CallbackPath,
			Key: bytes.Repeat([]byte{7}, 32), Now: time.Now, Random: rand.Reader,
		})
		if err != nil {
			return nil, err
		}
		return web.Pages(web.Config{OIDC: p, Provider: creditbank.Text{ZH: "市民通", EN: "City login"}})(s, of)
	}
	return newTown(t, web.Config{}, apitest.Options{Pages: pages, Limits: limits}), mock
}

// known has the provider know the next browser as somebody.
func known(mock *mockoidc.MockOIDC, subject string) {
	mock.QueueUser(&mockoidc.MockUser{Subject: subject})
}

// press follows the link to an address that starts so.
func (b *browser) press(prefix string) *browser {
	b.t.Helper()
	link := b.find(func(n *html.Node) bool { return n.Data == "a" && strings.HasPrefix(attr(n, "href"), prefix) })
	if link == nil {
		b.t.Fatalf("%s has no link to %s:\n%s", b.address, prefix, b.body)
	}
	return b.get(attr(link, "href"))
}

// Whom the provider knows and the bank does not is asked once whose account it
// is, and from then on is in at once.
func TestProvider(t *testing.T) {
	w, mock := newProvided(t, api.Limits{})
	b := newBrowser(t, w.World)
	known(mock, "li")
	b.get("/me").want(200, "/login", "用“市民通”登录").press("/auth/login").want(200, "/auth/link", "市民通")
	if b.session() != "" {
		t.Fatal("a stranger is logged in")
	}
	wrong := map[string]string{"account": string(w.account), "name": w.name, "code": "2222222222"}
	b.submit("/auth/link", wrong).want(403, "/auth/link", "账号、姓名或激活码不符")
	b.submit("/auth/link", map[string]string{"account": string(w.account), "name": w.name, "code": w.code}).want(200, "/me", w.name)
	b.get("/auth/link").want(400, "/auth/link", "没有在这个浏览器中开始")
	first := b.session()
	b.get("/me").submit("/logout", nil)

	known(mock, "li")
	b.get("/login?next=/verify").press("/auth/login").want(200, "/verify")
	b.get("/me").want(200, "/me", w.name)
	if b.session() == "" || b.session() == first {
		t.Error("the session is the one of before")
	}

	known(mock, "somebody else")
	other := newBrowser(t, w.World)
	other.get("/login").press("/auth/login").want(200, "/auth/link")
	other.get("/me").want(200, "/login")
}

// Whoever has a password links from the own page, and confirms it there: an
// address that a browser is led to is not enough.
func TestLinkOfOnesOwn(t *testing.T) {
	w, mock := newProvided(t, api.Limits{})
	b := w.activated(t)
	known(mock, "li")
	grouped := string(w.account[:4] + " " + w.account[4:8] + " " + w.account[8:])
	b.press("/auth/login").want(200, "/auth/link", grouped, "请不要确认")
	stranger := newBrowser(t, w.World)
	known(mock, "li")
	stranger.get("/login").press("/auth/login").want(200, "/auth/link")
	b.submit("/auth/link", nil).want(200, "/me")
	b.get("/auth/link").want(400, "/auth/link")
	b.get("/me").submit("/logout", nil)
	b.get("/login").submit("/login", map[string]string{"account": string(w.account), "password": password}).want(200, "/me", w.name)

	known(mock, "li")
	stranger.get("/login").press("/auth/login").want(200, "/me", w.name)

	// To another's identity nobody links.
	other := &town{World: w.World, learner: w.ids["L3"]}
	other.open(t)
	c := other.activated(t)
	known(mock, "li")
	c.press("/auth/login").want(409, web.CallbackPath, "该身份已关联其他账户")
	c.get("/me").want(200, "/me", other.name)
	// One's own changes nothing.
	known(mock, "li")
	b.get("/me").press("/auth/login").want(200, "/me", w.name)
}

// What comes back from the provider serves only the browser that asked, once.
func TestCallbackIsForOneBrowser(t *testing.T) {
	w, mock := newProvided(t, api.Limits{})
	known(mock, "li")
	b := newBrowser(t, w.World)
	stop := b.http
	stop.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == web.CallbackPath {
			return http.ErrUseLastResponse
		}
		return nil
	}
	resp, err := stop.Get(w.URL + "/auth/login?next=//elsewhere.example")
	must(t, err)
	resp.Body.Close()
	back := resp.Header.Get("Location")
	newBrowser(t, w.World).get(back).want(400, web.CallbackPath, "登录没有在这个浏览器中开始")
	newBrowser(t, w.World).get(web.CallbackPath+"?code=a&state=b").want(400, web.CallbackPath, "登录没有在这个浏览器中开始")
	b.get(back).want(200, "/auth/link")
	b.get(back).want(400, web.CallbackPath, "登录没有在这个浏览器中开始")
	if b.session() != "" {
		t.Error("somebody is logged in")
	}
}

func TestProviderSaysNo(t *testing.T) {
	w, _ := newProvided(t, api.Limits{})
	b := newBrowser(t, w.World)
	stop := b.http
	stop.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := stop.Get(w.URL + "/auth/login")
	must(t, err)
	resp.Body.Close()
	to, err := resp.Location()
	must(t, err)
	b.get(web.CallbackPath+"?error=access_denied&state="+to.Query().Get("state")).want(400, web.CallbackPath, "登录已取消或未获许可")
}

// To guess a code, this way is no longer than the other.
func TestTriesToLinkAreLimited(t *testing.T) {
	w, mock := newProvided(t, api.Limits{Login: replica.Rate{Burst: 2, Refill: 1, Per: time.Hour}})
	known(mock, "li")
	b := newBrowser(t, w.World).get("/login").press("/auth/login")
	fill := map[string]string{"account": string(w.account), "name": w.name, "code": "2222222222"}
	b.submit("/auth/link", fill).want(403, "/auth/link")
	b.submit("/auth/link", fill).want(403, "/auth/link")
	fill["code"] = w.code
	b.submit("/auth/link", fill).want(429, "/auth/link")
}

func TestProviderIsAway(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{Pages: func(s *api.Server, of api.Config) (api.Pages, error) {
		p, err := oidc.New(oidc.Config{
			Issuer: "http://127.0.0.1:1", ClientID: "bank", RedirectURL: of.PublicURL + web.CallbackPath,
			Key: bytes.Repeat([]byte{7}, 32), Now: time.Now, Random: rand.Reader,
		})
		if err != nil {
			return nil, err
		}
		return web.Pages(web.Config{OIDC: p})(s, of)
	}})
	b := newBrowser(t, w.World).get("/login").press("/auth/login").want(503, "/auth/login", "登录服务暂时没有响应", "统一身份认证")
	b.get("/activate").submit("/activate", map[string]string{
		"account": string(w.account), "name": w.name, "code": w.code, "password": password, "again": password,
	}).want(200, "/me", w.name)
}
