package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/api/replica"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// activate gives a learner an account to log in with and a password, and returns
// the number of the account.
func activate(t testing.TB, w *apitest.World, id creditbank.LearnerID, name, password string) string {
	t.Helper()
	a, code, err := w.Registry.OpenAccount(t.Context(), keyed(t, w), access.NewAccount{Learner: id})
	if err != nil {
		t.Fatal(err)
	}
	body := encode(t, object{"account": string(a.Number), "name": name, "code": code, "password": password})
	if a := (sent{path: "/v1/activation", body: body}).to(t, w); a.status != 204 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	return string(a.Number)
}

func encode(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// logIn logs in a browser and returns the cookie it is given.
func logIn(t testing.TB, w *apitest.World, account, password string) *http.Cookie {
	t.Helper()
	a := (sent{path: "/v1/session", body: encode(t, object{"account": account, "password": password, "cookie": true})}).to(t, w)
	cookies := (&http.Response{Header: a.header}).Cookies()
	if a.status != 200 || len(cookies) != 1 {
		t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
	return cookies[0]
}

// browser returns the headers that a browser sends with a cookie.
func browser(c *http.Cookie, more ...string) http.Header {
	h := http.Header{"Cookie": {c.Name + "=" + c.Value}}
	for i := 0; i < len(more); i += 2 {
		h.Set(more[i], more[i+1])
	}
	return h
}

const password = "青禾 correct horse 7"

func TestSessions(t *testing.T) {
	ledgerShared := replica.InProcess(time.Now)
	w := apitest.New(t, apitest.Options{SecureCookies: true, Shared: &ledgerShared})
	id := w.Open()["L2"]
	account := activate(t, w, id, "李建国", password)
	cookie := logIn(t, w, account, password)

	t.Run("the cookie is for this host, over TLS, out of reach of scripts and of other sites", func(t *testing.T) {
		if cookie.Name != "__Host-creditbank" || cookie.Path != "/" || cookie.Domain != "" || !cookie.Secure || !cookie.HttpOnly ||
			cookie.SameSite != http.SameSiteLaxMode || cookie.MaxAge <= 0 || cookie.MaxAge > 12*3600 || len(cookie.Value) < 32 {
			t.Errorf("%+v", cookie)
		}
	})
	t.Run("it opens what is one's own", func(t *testing.T) {
		a := (sent{path: "/v1/learners/" + string(id) + "/balance", header: browser(cookie)}).to(t, w)
		if a.status != 200 {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
	t.Run("a token that is sent beside it counts instead", func(t *testing.T) {
		a := (sent{path: "/v1/me", token: w.Token("I15", "poster institution:I15"), header: browser(cookie)}).to(t, w)
		var got contract.Me
		if err := json.Unmarshal(a.body, &got); err != nil || got.Learner != nil {
			t.Errorf("%s %v", a.body, err)
		}
	})
	t.Run("a cookie nobody gave out is as none", func(t *testing.T) {
		other := *cookie
		other.Value = "x"
		wantRefused(t, w, sent{path: "/v1/me", header: browser(&other)}, refusal{401, "unauthenticated", "UNAUTHENTICATED", ""})
		if a := (sent{path: "/v1/regions", header: browser(&other)}).to(t, w); a.status != 200 {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
	t.Run("without the prefix it is none", func(t *testing.T) {
		other := *cookie
		other.Name = "creditbank"
		wantRefused(t, w, sent{path: "/v1/me", header: browser(&other)}, refusal{401, "unauthenticated", "UNAUTHENTICATED", ""})
	})

	own := "/v1/learners/" + string(id) + "/conversions/preview"
	for _, tt := range []struct {
		name   string
		header []string
		ok     bool
	}{
		{"a page of ours may post", []string{"Sec-Fetch-Site", "same-origin"}, true},
		{"the address bar may post", []string{"Sec-Fetch-Site", "none"}, true},
		{"an old browser on a page of ours may post", []string{"Origin", w.URL}, true},
		{"a program may post", nil, true},
		{"a page of another site may not", []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"a page of a neighbour may not", []string{"Sec-Fetch-Site", "same-site"}, false},
		{"an old browser on a page of another site may not", []string{"Origin", "https://evil.example"}, false},
		{"a page that hides where it is from may not", []string{"Origin", "null"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := sent{path: own, body: `{"rules":["R05"]}`, header: browser(cookie, tt.header...)}
			if !tt.ok {
				wantRefused(t, w, s, refusal{403, "forbidden", "CROSS_ORIGIN", ""})
			} else if a := s.to(t, w); a.status != 200 {
				t.Errorf("%d %s", a.status, a.body)
			}
			// Reading takes no permission of this kind: nothing is changed by it, and
			// the page cannot see the answer.
			if a := (sent{path: "/v1/me", header: browser(cookie, tt.header...)}).to(t, w); a.status != 200 {
				t.Errorf("to read: %d %s", a.status, a.body)
			}
		})
	}

	t.Run("logging out ends it, and takes the cookie back", func(t *testing.T) {
		second := logIn(t, w, account, password)
		a := (sent{method: "DELETE", path: "/v1/session", header: browser(cookie)}).to(t, w)
		cookies := (&http.Response{Header: a.header}).Cookies()
		if a.status != 204 || len(cookies) != 1 || cookies[0].MaxAge >= 0 || cookies[0].Name != cookie.Name {
			t.Fatalf("%d %v", a.status, a.header)
		}
		wantRefused(t, w, sent{path: "/v1/me", header: browser(cookie)}, refusal{401, "unauthenticated", "UNAUTHENTICATED", ""})
		if a := (sent{path: "/v1/me", header: browser(second)}).to(t, w); a.status != 200 {
			t.Errorf("the session in another browser: %d", a.status)
		}
	})
	t.Run("a new password ends the others", func(t *testing.T) {
		first, second := logIn(t, w, account, password), logIn(t, w, account, password)
		for _, c := range []*http.Cookie{first, second} { // both are known by heart now
			if a := (sent{path: "/v1/me", header: browser(c)}).to(t, w); a.status != 200 {
				t.Fatalf("%d", a.status)
			}
		}
		a := (sent{method: "PUT", path: "/v1/password", body: encode(t, object{"old": password, "new": "another horse 8"}), header: browser(first)}).to(t, w)
		if a.status != 204 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		wantRefused(t, w, sent{path: "/v1/me", header: browser(second)}, refusal{401, "unauthenticated", "UNAUTHENTICATED", ""})
	})
}

// Two replicas share what they may lose, and the database.
func TestSessionEndsAtEveryReplica(t *testing.T) {
	shared, ledger := replica.InProcess(time.Now), apitest.Ledger(t)
	o := apitest.Options{Ledger: ledger, Shared: &shared}
	one := apitest.New(t, o)
	o.Keys = one.Keys
	two := apitest.New(t, o)
	id := one.Open()["L2"]
	cookie := logIn(t, one, activate(t, one, id, "李建国", password), password)
	for _, w := range []*apitest.World{one, two} {
		if a := (sent{path: "/v1/me", header: browser(cookie)}).to(t, w); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	if a := (sent{method: "DELETE", path: "/v1/session", header: browser(cookie)}).to(t, two); a.status != 204 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for _, w := range []*apitest.World{one, two} {
		wantRefused(t, w, sent{path: "/v1/me", header: browser(cookie)}, refusal{401, "unauthenticated", "UNAUTHENTICATED", ""})
	}
}

// Who guesses hears the same, whether or not there is such an account.
func TestLogInRefused(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	ids := w.Open()
	account := activate(t, w, ids["L2"], "李建国", password)
	l3, err := w.Bank.Learner(t.Context(), ids["L3"])
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		try  object
		want refusal
	}{
		{"another password", object{"account": account, "password": password + " "}, refusal{403, "forbidden", "LOGIN_FAILED", ""}},
		{"a learner who has no account to log in with", object{"account": string(l3.Account), "password": password}, refusal{403, "forbidden", "LOGIN_FAILED", ""}},
		{"a number that is none", object{"account": "000000000000", "password": password}, refusal{400, "invalid", "ACCOUNT_NUMBER_INVALID", "/account"}},
		{"no password", object{"account": account, "password": ""}, refusal{400, "invalid", "TOO_SMALL", "/password"}},
		{"a password beyond all bounds", object{"account": account, "password": strings.Repeat("x", 201)}, refusal{400, "invalid", "TOO_LARGE", "/password"}},
		{"a password with a NUL", object{"account": account, "password": "a\x00b"}, refusal{400, "invalid", "MALFORMED", ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantRefused(t, w, sent{path: "/v1/session", body: encode(t, tt.try)}, tt.want)
		})
	}
}
