package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/api/web"
	"creditbank/creditbank/access"
)

// session returns the cookie of a browser's session, "" for none.
func (b *browser) session() string {
	home, err := url.Parse(b.base)
	must(b.t, err)
	for _, c := range b.http.Jar.Cookies(home) {
		if c.Name == "creditbank" {
			return c.Value
		}
	}
	return ""
}

func TestActivation(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	b := newBrowser(t, w.World)
	right := map[string]string{"account": string(w.account), "name": w.name, "code": w.code, "password": password, "again": password}
	for _, tt := range []struct {
		field, value string
		status       int
		says         string
	}{
		{"code", "2222222222", 403, "账号、姓名或激活码不符，或激活码已失效"},
		{"name", "王芳", 403, "账号、姓名或激活码不符，或激活码已失效"},
		{"account", "12", 400, "账号应为12位数字"},
		{"again", "another password", 400, "两次输入的密码不一致"},
	} {
		fill := map[string]string{}
		for k, v := range right {
			fill[k] = v
		}
		fill[tt.field] = tt.value
		b.get("/activate").submit("/activate", fill).want(tt.status, "/activate", tt.says)
		if strings.Contains(b.body, password) || strings.Contains(b.body, w.code) {
			t.Errorf("with a wrong %s, secrets are shown again", tt.field)
		}
		if !strings.Contains(b.body, fill["account"]) {
			t.Errorf("with a wrong %s, the account number must be typed again", tt.field)
		}
	}
	short := map[string]string{"account": string(w.account), "name": w.name, "code": w.code, "password": "short", "again": "short"}
	b.get("/activate").submit("/activate", short).want(400, "/activate", "密码应为10至200个字符")
	if b.session() != "" {
		t.Fatal("somebody is logged in")
	}
	grouped := string(w.account[:4] + " " + w.account[4:8] + " " + w.account[8:])
	right["account"], right["code"] = grouped, strings.ToLower(w.code)
	b.get("/activate").submit("/activate", right).want(200, "/me", w.name, grouped)
	b.get("/activate").submit("/activate", right).want(403, "/activate")
}

func TestLogin(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	w.activated(t)
	b := newBrowser(t, w.World)
	b.get("/me").want(200, "/login")
	wrong := "a wrong password"
	r, err := w.As("").LogInWithResponse(t.Context(), contract.LogInJSONRequestBody{Account: string(w.account), Password: wrong})
	must(t, err)
	var refused contract.Problem
	must(t, json.Unmarshal(r.Body, &refused))
	b.submit("/login", map[string]string{"account": string(w.account), "password": wrong}).want(403, "/login", refused.Message.Zh)
	b.submit("/login", map[string]string{"account": "1234", "password": wrong}).want(400, "/login", "账号应为12位数字")
	if strings.Contains(b.body, wrong) || b.session() != "" {
		t.Error("a wrong password is shown, or served")
	}

	b.submit("/login", map[string]string{"account": string(w.account), "password": password}).want(200, "/me", w.name)
	b.get("/login").want(200, "/me")
	first := b.session()
	b.submit("/logout", nil).want(200, "/", "登录")
	if b.session() != "" {
		t.Error("the cookie is still there")
	}
	b.get("/me").want(200, "/login")
	if status := asks(t, w, first); status != http.StatusSeeOther {
		t.Errorf("the session of before is answered with %d", status)
	}
}

// asks asks for the page of whoever has a session, and returns what is answered.
func asks(t testing.TB, w *town, session string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/me", nil)
	must(t, err)
	r.AddCookie(&http.Cookie{Name: "creditbank", Value: session})
	resp, err := http.DefaultTransport.RoundTrip(r)
	must(t, err)
	resp.Body.Close()
	return resp.StatusCode
}

// A log-in begins a session of its own, and ends the one that the browser came
// with, whoever chose that.
func TestLoginBeginsAnew(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	b := w.activated(t)
	before := b.session()
	if asks(t, w, before) != http.StatusOK {
		t.Fatal("the session does not serve")
	}
	form := url.Values{"account": {string(w.account)}, "password": {password}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/login", strings.NewReader(form.Encode()))
	must(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	b.do(r).want(200, "/me")
	if b.session() == before || b.session() == "" {
		t.Error("the session is the one of before")
	}
	if status := asks(t, w, before); status != http.StatusSeeOther {
		t.Errorf("the session of before is answered with %d", status)
	}
}

func TestSessionCookieIsKeptSafe(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	w.activated(t)
	form := url.Values{"account": {string(w.account)}, "password": {password}}
	resp, err := http.DefaultTransport.RoundTrip(postForm(t, w.URL+"/login", form))
	must(t, err)
	resp.Body.Close()
	if len(resp.Cookies()) != 1 {
		t.Fatalf("cookies: %v", resp.Cookies())
	}
	c := resp.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("%+v", c)
	}
}

func postForm(t testing.TB, address string, form url.Values) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	must(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// From logging in people go on within this service, and nowhere else.
func TestNextIsLocal(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	w.activated(t)
	for next, want := range map[string]string{
		"": "/me", "/me": "/me", "/verify": "/verify", "/me?a=b#c": "/me?a=b#c",
		"//elsewhere.example": "/", "https://elsewhere.example/": "/", "/\\elsewhere.example": "/", "\\\\elsewhere.example": "/",
		"/a b": "/", "/\telsewhere.example": "/", "/" + strings.Repeat("a", 600): "/", "/%zz": "/",
		"javascript:alert(1)": "/", "me": "/", "/\n/elsewhere.example": "/", "///elsewhere.example": "/", "http:/elsewhere.example": "/",
		"/%0d%0aSet-Cookie:%20a=b": "/%0d%0aSet-Cookie:%20a=b",
	} {
		form := url.Values{"account": {string(w.account)}, "password": {password}, "next": {next}}
		resp, err := http.DefaultTransport.RoundTrip(postForm(t, w.URL+"/login", form))
		must(t, err)
		resp.Body.Close()
		if got := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther || got != want {
			t.Errorf("next %q leads to %d %q, want %q", next, resp.StatusCode, got, want)
		}
	}
	b := newBrowser(t, w.World)
	b.get("/login?next=/verify").submit("/login", map[string]string{"account": string(w.account), "password": password}).want(200, "/verify")
}

// Staff see who they are, and nothing of a learner.
func TestMeOfStaff(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	a, code, err := w.Registry.OpenAccount(t.Context(), w.Owner(), access.NewAccount{
		Name: "王芳", Institution: "I04", Grants: apitest.Grants(t, "reviewer institution:I06", "clerk branch:I04", "auditor region:9901"),
	})
	must(t, err)
	b := newBrowser(t, w.World).get("/activate").submit("/activate", map[string]string{
		"account": string(a.Number), "name": "王芳", "code": code, "password": password, "again": password,
	})
	b.want(200, "/me", "王芳", "东岭县社区教育学院", "转换审核员 柳湾村教学点", "柜台经办员 东岭县社区教育学院 及其下属机构", "审计员 青禾市", "我的账户")
	if strings.Contains(b.text(), "学分余额") {
		t.Error("staff have a balance")
	}
	b.get("/me/certificate?id=urn:uuid:00000000-0000-4000-8000-000000000000").want(404, "/me/certificate")

	b.do(postForm(t, w.URL+"/me/withdraw", seq(1))).want(404, "/me/withdraw", "没有这项同意")

	_, err = w.Registry.Disable(t.Context(), w.Owner(), a.ID)
	must(t, err)
	if status := asksSoon(t, w, b.session()); status != http.StatusSeeOther {
		t.Errorf("an account that was disabled is answered with %d", status)
	}
}

// asksSoon asks once what is remembered of callers is forgotten.
func asksSoon(t testing.TB, w *town, session string) int {
	t.Helper()
	status := 0
	for range 40 {
		if status = asks(t, w, session); status != http.StatusOK {
			break
		}
		pause()
	}
	return status
}
