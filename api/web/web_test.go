package web_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"creditbank/api"
	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/api/replica"
	"creditbank/api/web"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/sqlite"
)

const password = "a fine long password"

// A town is a service with pages, and a learner with an account number and a
// one-time code.
type town struct {
	*apitest.World
	ids     map[string]creditbank.LearnerID
	learner creditbank.LearnerID
	account creditbank.AccountNumber
	code    string
	name    string
}

func newTown(t testing.TB, c web.Config, o apitest.Options) *town {
	t.Helper()
	if o.Pages == nil {
		o.Pages = web.Pages(c)
	}
	w := &town{World: apitest.New(t, o)}
	w.ids = w.Open()
	w.learner = w.ids["L2"]
	a, code, err := w.Registry.OpenAccount(t.Context(), w.Owner(), access.NewAccount{Learner: w.learner})
	must(t, err)
	w.account, w.code = a.Number, code
	p, err := w.Bank.Person(t.Context(), w.learner)
	must(t, err)
	w.name = p.Name
	return w
}

// activated returns a browser in which the learner is logged in.
func (w *town) activated(t testing.TB) *browser {
	t.Helper()
	return newBrowser(t, w.World).get("/activate").submit("/activate", map[string]string{
		"account": string(w.account), "name": w.name, "code": w.code, "password": password, "again": password,
	}).want(200, "/me", w.name)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Every page in both languages; what makes one right is in checkPage.
func TestPages(t *testing.T) {
	demo := []web.Login{{Who: creditbank.Text{ZH: "学习者", EN: "A learner"}, Account: "1000 0000 0009", Password: "demo password"}}
	w := newTown(t, web.Config{Contact: creditbank.Text{ZH: "电话 0000", EN: "tel. 0000"}, Demo: func() []web.Login { return demo }}, apitest.Options{})
	learner := w.activated(t)
	for _, language := range []struct{ to, lang, home, demo, missing string }{
		{"en", "en", "tel. 0000", "A learner", "There is no such page"}, {"zh", "zh-CN", "电话 0000", "学习者", "没有这个页面"},
	} {
		b := newBrowser(t, w.World)
		for _, b := range []*browser{b, learner} {
			b.get("/verify").submit("/language", map[string]string{"to": language.to}).want(200, "/verify")
			if got := attr(b.find(func(n *html.Node) bool { return n.Data == "html" }), "lang"); got != language.lang {
				t.Fatalf("after choosing %s, lang is %s", language.to, got)
			}
		}
		b.get("/").want(200, "/", language.home, language.demo, "demo password", w.URL+"/oauth/token")
		b.get("/login").want(200, "/login", "demo password")
		for _, path := range []string{"/activate", "/verify"} {
			b.get(path).want(200, path)
		}
		b.get("/nothing").want(404, "/nothing", language.missing, b.header.Get("X-Request-Id"))
		learner.get("/me").want(200, "/me", w.name)
	}
}

// The first page says nothing about anybody.
func TestIndexHasFigures(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	b := newBrowser(t, w.World).get("/").want(200, "/", "机构 15", "规则（第1版） 14", "透明日志条目 0")
	if strings.Contains(b.body, w.name) || strings.Contains(b.body, "演示") {
		t.Error("it says too much")
	}
	fill(t, w)
	_, err := w.Office.CatchUp(t.Context())
	must(t, err)
	b.get("/").want(200, "/", "透明日志条目 1")
}

// The example of the first page is accepted as it stands, for a learner who is
// there.
func TestIndexExampleWorks(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	b := newBrowser(t, w.World).get("/")
	found := regexp.MustCompile(`-d '([^']+)'`).FindStringSubmatch(b.text())
	if found == nil {
		t.Fatal(b.text())
	}
	var p contract.Posting
	must(t, json.Unmarshal([]byte(found[1]), &p))
	account := string(w.account)
	p.Account = &account
	r, err := w.As(w.Token(p.Institution, "poster institution:"+p.Institution)).PostOutcomeWithResponse(t.Context(), p)
	if err != nil || r.JSON201 == nil {
		t.Errorf("%v %s", err, r.Body)
	}
}

func TestLanguageFollowsTheBrowserUntilChosen(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	b := newBrowser(t, w.World)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/login", nil)
	must(t, err)
	r.Header.Set("Accept-Language", "en-GB,en;q=0.9")
	b.do(r).want(200, "/login", "Log in")
	b.submit("/language", map[string]string{"to": "zh", "next": "https://elsewhere.example/"}).want(200, "/", "三件可以先做的事")
	b.do(r).want(200, "/login", "登录")
	b.get("/").submit("/language", map[string]string{"to": "fr"}).want(400, "/language", "没有这种语言")
}

// Programs get problems, browsers pages; an operation answers as the contract
// says whoever asks.
func TestErrorsArePagesForBrowsers(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	b := newBrowser(t, w.World)
	b.get("/logout").want(405, "/logout", "此页面不支持这样访问")
	if got := b.header.Get("Allow"); got != "POST" {
		t.Errorf("Allow: %q", got)
	}
	b.get("/v1/courses/nowhere")
	if got := b.header.Get("Content-Type"); b.status != 404 || got != "application/problem+json" {
		t.Errorf("an operation answers %d with %s", b.status, got)
	}
	for _, accept := range []string{"", "*/*", "application/json", "text/html;q=0, */*"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/nothing", nil)
		must(t, err)
		r.Header.Set("Accept", accept)
		resp, err := http.DefaultClient.Do(r)
		must(t, err)
		resp.Body.Close()
		if got := resp.Header.Get("Content-Type"); resp.StatusCode != 404 || got != "application/problem+json" {
			t.Errorf("Accept %q: %d with %s", accept, resp.StatusCode, got)
		}
	}
	w.Server.Stop()
	b.get("/").want(503, "/", "服务暂不可用", "请求编号")
	if b.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

// Without the database, pages say so, and say no more.
func TestPagesWithoutDatabase(t *testing.T) {
	ledger, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "bank.db"))
	must(t, err)
	var log logged
	w := newTown(t, web.Config{}, apitest.Options{Ledger: ledger, Log: slog.New(slog.NewTextHandler(&log, nil))})
	b := w.activated(t)
	must(t, ledger.Close())
	for _, path := range []string{"/", "/me"} {
		b.get(path)
		if b.status < 500 || strings.Contains(b.body, "database") || strings.Contains(b.body, "sql") {
			t.Errorf("%s: %d %s", path, b.status, b.text())
		}
	}
	b.get("/static/style.css")
	if b.status != 200 && b.status < 500 {
		t.Errorf("the style sheet: %d", b.status)
	}
}

// logged is a log for several goroutines.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// What people type and what is shown to them is in no log.
func TestLogSaysNothingOfPeople(t *testing.T) {
	var log logged
	w := newTown(t, web.Config{}, apitest.Options{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	b := w.activated(t)
	b.submit("/logout", nil).get("/login").submit("/login", map[string]string{"account": string(w.account), "password": "wrong password"}).want(403, "/login")
	for _, secret := range []string{w.name, string(w.account), w.code, password, "wrong password"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s is in the log", secret)
		}
	}
	if !strings.Contains(log.String(), `operation="page /me"`) {
		t.Error("requests are not in the log")
	}
}

// What another site has a browser send does nothing.
func TestOtherSitesAreRefused(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	b := w.activated(t)
	for name, header := range map[string]http.Header{
		"a new browser": {"Sec-Fetch-Site": {"cross-site"}},
		"an old one":    {"Origin": {"https://elsewhere.example"}},
		"a subdomain":   {"Sec-Fetch-Site": {"same-site"}},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/logout", strings.NewReader(""))
		must(t, err)
		r.Header = header
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "text/html")
		resp, err := b.http.Do(r)
		must(t, err)
		resp.Body.Close()
		if resp.StatusCode != 403 || len(resp.Cookies()) > 0 {
			t.Errorf("%s: %d %v", name, resp.StatusCode, resp.Cookies())
		}
	}
	b.get("/me").want(200, "/me", w.name)
}

// The tries of pages and of the operation are counted together, and a page says
// when to come back.
func TestTriesAreLimited(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{Limits: api.Limits{Login: replica.Rate{Burst: 3, Refill: 1, Per: time.Hour}}})
	b := newBrowser(t, w.World)
	fill := map[string]string{"account": string(w.account), "password": "a wrong password"}
	b.get("/login").submit("/login", fill).want(403, "/login")
	b.submit("/login", fill).want(403, "/login")
	r, err := w.As("").LogInWithResponse(t.Context(), contract.LogInJSONRequestBody{Account: string(w.account), Password: "a wrong password"})
	must(t, err)
	if r.StatusCode() != 403 {
		t.Fatalf("%s", r.Body)
	}
	b.submit("/login", fill).want(429, "/login", "操作过于频繁", "秒后重试")
	if b.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	for path, fill := range map[string]map[string]string{
		"/activate": {"account": string(w.account), "name": w.name, "code": w.code, "password": password, "again": password},
	} {
		b.get(path).submit(path, fill).want(429, path)
	}
}

func TestHeadIsAsGet(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	for _, path := range []string{"/", "/login", "/static/style.css"} {
		resp, err := http.Head(w.URL + path)
		must(t, err)
		resp.Body.Close()
		if resp.StatusCode != 200 {
			t.Errorf("HEAD %s: %d", path, resp.StatusCode)
		}
	}
}
