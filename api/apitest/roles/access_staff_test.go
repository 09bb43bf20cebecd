package roles_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"creditbank/api/apitest"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// wants reports an answer of another status or code.
func (s *scene) wants(what string, got answer, status int, code string) {
	s.t.Helper()
	if got.status != status || got.code != code {
		s.t.Errorf("%s: %v\nwant %d %s", what, got, status, code)
	}
}

// wireGrants writes grants such as "poster institution:I06" as the wire has them.
func wireGrants(grants ...string) []map[string]string {
	out := []map[string]string{}
	for _, g := range grants {
		role, scope, _ := strings.Cut(g, " ")
		out = append(out, map[string]string{"role": role, "scope": scope})
	}
	return out
}

// Nobody grants beyond the own scope: not in a new account or client, not later.
func TestGrantsEndAtTheScope(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	manager, above := s.staff("I06", "manager institution:I06"), s.staff("I04", "manager branch:I04")
	county, city := s.staff("", "operator region:990101"), s.staff("", "operator region:9901")
	givers := map[string]person{"manager": manager, "above": above, "county": county, "city": city}
	for grant, may := range map[string]string{
		"poster institution:I06": "manager above county city", "reviewer institution:I06": "manager above county city", "clerk institution:I06": "manager above county city",
		"poster branch:I06": "above county city", "clerk branch:I04": "above county city", "poster institution:I05": "above county city",
		"manager institution:I06": "county city", "auditor institution:I06": "county city", "clerk region:990101": "county city",
		"operator region:990101": "city", "auditor region:990101": "city", "operator region:9901": "city",
		"poster institution:I09": "city", "clerk region:990102": "city", "clerk region:9901": "city",
	} {
		for name, giver := range givers {
			status, code := http.StatusForbidden, "NOT_ALLOWED"
			if slices.Contains(strings.Fields(may), name) {
				status, code = 0, ""
			}
			colleague, machine := s.colleague(), s.machine()
			for what, a := range map[string]ask{
				"a new account": {method: "POST", path: "/v1/accounts", body: map[string]any{"name": "郑某", "institution": "I06", "grants": wireGrants(grant)}},
				"a new client": {method: "POST", path: "/v1/clients", body: map[string]any{
					"id": fmt.Sprint("granted-", s.number()), "title": map[string]any{"zh": "测试", "en": "test"}, "institution": "I06", "grants": wireGrants(grant)}},
				"an account": {method: "PUT", path: "/v1/accounts/" + colleague + "/grants", body: map[string]any{"grants": wireGrants(grant)}},
				"a client":   {method: "PUT", path: "/v1/clients/" + machine + "/grants", body: map[string]any{"grants": wireGrants(grant)}},
			} {
				before := s.mark()
				got := s.do(giver.token, a)
				if status == 0 && got.status < 300 {
					continue
				}
				if got.status != status || got.code != code || s.mark() != before {
					t.Errorf("%s gives %s to %s: %v\nwant %d %s, and nothing changed", name, grant, what, got, status, code)
				}
			}
			clear(s.kept)
		}
	}
}

// Nobody grants to themselves, takes a grant away from themselves, or issues
// themselves a code.
func TestNobodyGrantsToThemselves(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	for _, p := range []person{s.staff("I06", "manager institution:I06"), s.staff("", "operator region:9901")} {
		at := "/v1/accounts/" + string(p.account.ID)
		grants := map[string]any{"grants": wireGrants("clerk institution:I06")}
		before := s.mark()
		s.wants("own grants", s.do(p.token, ask{method: "PUT", path: at + "/grants", body: grants}), http.StatusForbidden, "NOT_ALLOWED")
		s.wants("own code", s.do(p.token, ask{method: "POST", path: at + "/code"}), http.StatusForbidden, "NOT_ALLOWED")
		if s.mark() != before {
			t.Error("refused, and something changed")
		}
	}
	token := s.Token("", "operator region:9901", "poster institution:I06") // who may give to others whatever it likes
	var me struct{ ID string }
	s.get(token, "/v1/me", &me)
	s.wants("a client's own grants", s.do(token, ask{
		method: "PUT", path: "/v1/clients/" + strings.TrimPrefix(me.ID, "client:") + "/grants", body: map[string]any{"grants": wireGrants("clerk institution:I06")},
	}), http.StatusForbidden, "NOT_ALLOWED")
	// A learner's account with roles: the learner does not get to more by it.
	both := s.activate(access.NewAccount{Learner: s.ids["L2"], Institution: "I06", Grants: apitest.Grants(t, "manager institution:I06")})
	got := s.do(both.token, ask{method: "PUT", path: "/v1/accounts/" + string(both.account.ID) + "/grants", body: map[string]any{"grants": wireGrants("clerk institution:I06")}})
	s.wants("a learner's own grants", got, http.StatusForbidden, "NOT_ALLOWED")
}

// Who could not have granted what somebody has does not take them over, by way of
// a code, a secret or a key, nor shut them out.
func TestNoTakeover(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	manager, clerk := s.staff("I06", "manager institution:I06"), s.staff("I06", "clerk institution:I06")
	boss := s.staff("I06", "operator region:990101", "poster institution:I06")
	at := "/v1/accounts/" + string(boss.account.ID)
	client := s.Token("I06", "operator region:990101")
	var me struct{ ID string }
	s.get(client, "/v1/me", &me)
	machine := "/v1/clients/" + strings.TrimPrefix(me.ID, "client:")
	before := s.mark()
	for what, a := range map[string]ask{
		"code":           {method: "POST", path: at + "/code"},
		"disable":        {method: "POST", path: at + "/disable"},
		"enable":         {method: "POST", path: at + "/enable"},
		"grants":         {method: "PUT", path: at + "/grants", body: map[string]any{"grants": wireGrants("poster institution:I06")}},
		"secret":         {method: "POST", path: machine + "/secrets", body: map[string]any{}},
		"key":            {method: "POST", path: machine + "/keys", body: map[string]any{"jwk": json.RawMessage(publicJWK)}},
		"disable client": {method: "POST", path: machine + "/disable"},
		"client grants":  {method: "PUT", path: machine + "/grants", body: map[string]any{"grants": wireGrants("poster institution:I06")}},
	} {
		s.wants("a manager, "+what, s.do(manager.token, a), http.StatusForbidden, "NOT_ALLOWED")
	}
	s.wants("a clerk, code", s.do(clerk.token, ask{method: "POST", path: at + "/code"}), http.StatusForbidden, "NOT_ALLOWED")
	if s.mark() != before {
		t.Error("refused, and something changed")
	}
	s.wants("the operator goes on", s.get(boss.token, "/v1/me", nil), http.StatusOK, "")
}

// A clerk has no code for a learner whom the institution has no ground to know; a
// consent to be told about them is none.
func TestClerkServesWhomItKnows(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	stranger, self := s.staff("I12", "clerk institution:I12"), s.learner("L2")
	code := ask{method: "POST", path: "/v1/accounts/" + string(self.account.ID) + "/code"}
	open := func(alias, institution string) ask {
		body := map[string]any{"learner": string(s.ids[alias])}
		if institution != "" {
			body["institution"] = institution
		}
		return ask{method: "POST", path: "/v1/accounts", body: body}
	}
	alias := s.newcomer()
	refusals := func(code2 string) {
		before := s.mark()
		s.wants("a new code", s.do(stranger.token, code), http.StatusForbidden, code2)
		s.wants("a new account", s.do(stranger.token, open(alias, "")), http.StatusForbidden, code2)
		s.wants("a new account at I12", s.do(stranger.token, open(alias, "I12")), http.StatusForbidden, code2)
		if s.mark() != before {
			t.Error("refused, and something changed")
		}
	}
	refusals("CONSENT_REQUIRED")
	for _, l := range []string{"L2", alias} {
		s.consent(l, "I12", "EMPLOYMENT", "2027-01-01", creditbank.Fields()...)
	}
	refusals("OUT_OF_SCOPE")

	// Whom a clerk opened, the clerk serves.
	p := s.person("990103")
	got := s.do(stranger.token, ask{method: "POST", path: "/v1/learners", body: map[string]any{"name": p.Name, "id_number": string(p.IDNumber), "region": "990103"}})
	s.wants("open a learner", got, http.StatusCreated, "")
	var l struct{ ID, Account string }
	s.must(json.Unmarshal(got.body, &l))
	s.ids["opened"] = creditbank.LearnerID(l.ID)
	got = s.do(stranger.token, open("opened", ""))
	s.wants("open the account of one's own learner", got, http.StatusCreated, "")
	var opened struct {
		Code    string
		Account struct{ ID, Institution string }
	}
	s.must(json.Unmarshal(got.body, &opened))
	if opened.Code == "" || opened.Account.Institution != "I12" {
		t.Errorf("opened as %s", got.body)
	}
	s.wants("activate", s.do("", ask{method: "POST", path: "/v1/activation", body: map[string]any{
		"account": l.Account, "name": p.Name, "code": opened.Code, "password": firstPassword}}), http.StatusNoContent, "")
	s.wants("another code", s.do(stranger.token, ask{method: "POST", path: "/v1/accounts/" + opened.Account.ID + "/code"}), http.StatusCreated, "")
}

// logIn begins a session of a browser and returns its cookie.
func (s *scene) logIn(p person) string {
	s.t.Helper()
	got := s.do("", ask{method: "POST", path: "/v1/session", body: map[string]any{"account": string(p.account.Number), "password": p.password, "cookie": true}})
	cookies := (&http.Response{Header: got.header}).Cookies()
	if got.status != http.StatusOK || len(cookies) != 1 {
		s.t.Fatalf("log in: %v", got)
	}
	return cookies[0].Value
}

// in asks with a session.
func (s *scene) in(cookie string) answer {
	s.t.Helper()
	return s.do("", ask{method: "GET", path: "/v1/me", cookie: cookie})
}

func TestDisabledAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	manager := s.staff("I06", "manager institution:I06")
	p := s.staff("I06", "poster institution:I06")
	cookie := s.logIn(p)
	at := "/v1/accounts/" + string(p.account.ID)
	works := func(what string, token, session int) {
		t.Helper()
		if got := s.get(p.token, "/v1/me", nil); got.status != token {
			t.Errorf("%s: the token: %v, want %d", what, got, token)
		}
		if got := s.in(cookie); got.status != session {
			t.Errorf("%s: the session: %v, want %d", what, got, session)
		}
	}
	works("at first", 200, 200)
	s.wants("disable", s.do(manager.token, ask{method: "POST", path: at + "/disable"}), 200, "")
	works("disabled", 401, 401)
	got := s.do("", ask{method: "POST", path: "/v1/session", body: map[string]any{"account": string(p.account.Number), "password": p.password}})
	s.wants("log in", got, http.StatusForbidden, "LOGIN_FAILED")
	s.wants("enable", s.do(manager.token, ask{method: "POST", path: at + "/enable"}), 200, "")
	works("enabled again", 200, 401)

	// So it is with a password that is replaced, by its owner or with a code.
	cookie = s.logIn(p)
	works("logged in again", 200, 200)
	s.wants("change the password", s.do(p.token, ask{method: "PUT", path: "/v1/password", body: map[string]any{"old": p.password, "new": "another long phrase"}}), 204, "")
	p.password = "another long phrase"
	works("with another password", 200, 401)
	cookie = s.logIn(p)
	works("logged in with it", 200, 200)
	code, err := s.Registry.NewCode(t.Context(), s.owner, p.account.ID)
	s.must(err)
	s.wants("activate anew", s.do("", ask{method: "POST", path: "/v1/activation", body: map[string]any{
		"account": string(p.account.Number), "name": "孙某", "code": code, "password": firstPassword}}), 204, "")
	works("activated anew", 200, 401)
}

func TestDisabledClientAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	manager := s.staff("I06", "manager institution:I06")
	id := s.machine()
	secret, err := s.Registry.AddSecret(t.Context(), s.owner, id, s.now().AddDate(0, 1, 0))
	s.must(err)
	token := s.clientToken(id, secret, "")
	s.wants("the token", s.get(token, "/v1/me", nil), 200, "")
	s.wants("disable", s.do(manager.token, ask{method: "POST", path: "/v1/clients/" + id + "/disable"}), 200, "")
	s.wants("the token of a disabled client", s.get(token, "/v1/me", nil), 401, "UNAUTHENTICATED")
	s.wants("another token", s.tokenRequest(id, secret, ""), 401, "invalid_client")
}

func (s *scene) tokenRequest(id, secret, scope string) answer {
	s.t.Helper()
	pairs := []string{"grant_type", "client_credentials", "client_id", id, "client_secret", secret}
	if scope != "" {
		pairs = append(pairs, "scope", scope)
	}
	return s.do("", ask{method: "POST", path: "/oauth/token", kind: "application/x-www-form-urlencoded", body: form(pairs...)})
}

func (s *scene) clientToken(id, secret, scope string) string {
	s.t.Helper()
	got := s.tokenRequest(id, secret, scope)
	var t struct {
		AccessToken string `json:"access_token"`
	}
	s.wants("a token for "+scope, got, 200, "")
	s.must(json.Unmarshal(got.body, &t))
	return t.AccessToken
}

// A token can do what its scope names of what its client may, and no more.
func TestScopeNarrows(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	const id = "many-roles"
	_, err := s.Registry.OpenClient(t.Context(), s.owner, access.NewClient{ID: id, Title: creditbank.Text{ZH: "测试"}, Institution: "I06",
		Grants: apitest.Grants(t, "poster institution:I06", "clerk institution:I06", "manager institution:I06")})
	s.must(err)
	secret, err := s.Registry.AddSecret(t.Context(), s.owner, id, s.now().AddDate(0, 1, 0))
	s.must(err)
	post := func() ask {
		return ask{method: "POST", path: "/v1/outcomes", body: s.posting("L2", "I06", "S01", "80")}
	}
	read := ask{method: "GET", path: s.about("L2", "")}
	grant := ask{method: "POST", path: "/v1/accounts", body: map[string]any{"name": "冯某", "institution": "I06", "grants": wireGrants("poster institution:I06")}}
	for scope, may := range map[string][3]bool{
		"": {true, true, true}, "poster": {true, false, false}, "clerk": {false, true, false}, "manager": {false, false, true}, "clerk poster": {true, true, false},
	} {
		token := s.clientToken(id, secret, scope)
		for i, a := range []ask{post(), read, grant} {
			got := s.do(token, a)
			if may[i] != (got.status < 300) || !may[i] && got.code != "FORBIDDEN" {
				t.Errorf("%s %s with the scope %q: %v; may: %v", a.method, a.path, scope, got, may[i])
			}
		}
		var me struct{ Grants []map[string]string }
		s.get(token, "/v1/me", &me)
		if want := len(strings.Fields(scope)); scope != "" && len(me.Grants) != want {
			t.Errorf("scope %q: grants %v", scope, me.Grants)
		}
	}
	s.wants("a role it does not have", s.tokenRequest(id, secret, "operator"), 400, "invalid_scope")
	s.wants("one it has and one it does not have", s.tokenRequest(id, secret, "poster reviewer"), 400, "invalid_scope")
	// What the client loses, its tokens lose.
	token := s.clientToken(id, secret, "clerk")
	boss := s.staff("", "operator region:9901")
	s.wants("take away", s.do(boss.token, ask{method: "PUT", path: "/v1/clients/" + id + "/grants", body: map[string]any{"grants": wireGrants("poster institution:I06")}}), 200, "")
	s.wants("with a role that was taken away", s.do(token, read), 403, "FORBIDDEN")
	s.wants("with a role that the token does not name", s.do(token, post()), 403, "FORBIDDEN")
}
