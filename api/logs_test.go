package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/api/host"
	"creditbank/creditbank"
)

// The log holds nothing that says who somebody is or opens anything, whatever
// goes wrong. It is captured as it leaves the service, before telemetry masks
// what it knows.
func TestLogsHoldNothingPersonal(t *testing.T) {
	log := new(lines)
	w := apitest.New(t, apitest.Options{Log: log.logger()})
	k := &walk{World: w, t: t}
	k.people()
	k.accounts()
	k.machines()
	k.postings()
	k.mistakes()
	if len(log.list()) < 60 {
		t.Errorf("only %d lines were logged: the walk tests little", len(log.list()))
	}
	for _, line := range log.list() {
		for what, secret := range k.secrets() {
			if strings.Contains(line, secret) {
				t.Errorf("the log holds %s: %s", what, line)
			}
		}
	}
}

// A walk does what people do, rightly and wrongly.
type walk struct {
	*apitest.World
	t       *testing.T
	hidden  []string
	staff   string
	learner string
	account string
}

const (
	personName   = "端木赐香"
	personNumber = "110101199003077416"
)

// secrets returns what must not be logged, by what it is.
func (k *walk) secrets() map[string]string {
	all := map[string]string{"a name": personName, "part of a name": "端木", "an escaped name": url.QueryEscape(personName), "an identity number": personNumber, "a password": password}
	for i, s := range k.hidden {
		all[fmt.Sprintf("secret %d", i)] = s
	}
	return all
}

// hide notes what is not to be logged.
func (k *walk) hide(s string) string {
	k.t.Helper()
	if len(s) < 8 {
		k.t.Fatalf("%q is too short to look for", s)
	}
	k.hidden = append(k.hidden, s)
	return s
}

func (k *walk) do(s sent, status int) object {
	k.t.Helper()
	if s.header == nil {
		s.header = http.Header{"Idempotency-Key": {apitest.Key(k.t)}}
	}
	a := s.to(k.t, k.World)
	if a.status != status {
		k.t.Errorf("%s %s: %d %s, want %d", s.method, s.path, a.status, a.body, status)
	}
	var got object
	if len(a.body) > 0 && json.Unmarshal(a.body, &got) != nil {
		return nil
	}
	return got
}

// people opens and finds a learner.
func (k *walk) people() {
	k.staff = k.hide(k.Token("", "poster region:9901", "reviewer region:9901", "clerk region:9901", "manager region:9901", "operator region:9901", "auditor region:9901"))
	person := object{"id_number": personNumber, "name": personName, "region": "990102"}
	opened := k.do(sent{path: "/v1/learners", token: k.staff, body: encode(k.t, person)}, 201)
	k.learner, k.account = opened["id"].(string), k.hide(opened["account"].(string))
	k.do(sent{path: "/v1/learners", token: k.staff, body: encode(k.t, person)}, 200)
	k.do(sent{path: "/v1/learners", token: k.staff, body: encode(k.t, with(person, object{"name": personName + "甲"}))}, 409)
	k.do(sent{path: "/v1/learners", token: k.staff, body: encode(k.t, with(person, object{"id_number": personNumber[:17] + "X"}))}, 400)
	k.do(sent{path: "/v1/learners/find", token: k.staff, body: encode(k.t, object{"id_number": personNumber, "name": personName})}, 200)
	k.do(sent{path: "/v1/learners/find", token: k.staff, body: encode(k.t, object{"id_number": personNumber, "name": "别人" + personName})}, 409)
	k.do(sent{path: "/v1/learners/find", token: k.staff, body: encode(k.t, object{"account": k.account, "name": personName})}, 200)
	for _, path := range []string{"", "/balance", "/statement", "/lots", "/plan?programme=P1", "/conversions", "/certificates", "/disclosures", "/consents"} {
		k.do(sent{path: "/v1/learners/" + k.learner + path, token: k.staff}, 200)
	}
}

// accounts gives the learner an account, logs in, rightly and wrongly, and out.
func (k *walk) accounts() {
	opened := k.do(sent{path: "/v1/accounts", token: k.staff, body: encode(k.t, object{"learner": k.learner})}, 201)
	code := k.hide(opened["code"].(string))
	activation := object{"account": k.account, "name": personName, "code": code, "password": password}
	k.do(sent{path: "/v1/activation", body: encode(k.t, with(activation, object{"code": "0000000000"}))}, 403)
	k.do(sent{path: "/v1/activation", body: encode(k.t, with(activation, object{"password": "1234567890"}))}, 400)
	k.do(sent{path: "/v1/activation", body: encode(k.t, activation)}, 204)
	k.do(sent{path: "/v1/activation", body: encode(k.t, activation)}, 403)
	k.do(sent{path: "/v1/session", body: encode(k.t, object{"account": k.account, "password": k.hide("a wrong password")})}, 403)
	got := k.do(sent{path: "/v1/session", body: encode(k.t, object{"account": k.account, "password": password})}, 200)
	self := k.hide(got["access_token"].(string))
	cookie := logIn(k.t, k.World, k.account, password)
	k.hide(cookie.Value)
	k.do(sent{path: "/v1/me", header: browser(cookie)}, 200)
	k.do(sent{method: "POST", path: "/v1/session", header: browser(cookie, "Origin", "https://evil.example")}, 403)
	k.do(sent{method: "PUT", path: "/v1/password", token: self, body: encode(k.t, object{"old": "not the old one", "new": k.hide("a new password 99")})}, 403)
	k.do(sent{method: "DELETE", path: "/v1/session", header: browser(cookie)}, 204)
	k.do(sent{path: "/v1/me", header: browser(cookie)}, 401)
	k.do(sent{method: "DELETE", path: "/v1/session", token: self}, 204)
	k.do(sent{path: "/v1/me", token: self}, 401)
	staff := k.do(sent{path: "/v1/accounts", token: k.staff, body: encode(k.t, object{"name": personName, "institution": "I04", "grants": []object{}})}, 201)
	k.hide(staff["code"].(string))
	k.hide(staff["account"].(object)["account"].(string))
}

// machines opens a client and gets tokens, rightly and wrongly.
func (k *walk) machines() {
	id := strings.ToLower(apitest.Key(k.t))
	k.do(sent{path: "/v1/clients", token: k.staff, body: clientBody(id)}, 201)
	made := k.do(sent{path: "/v1/clients/" + id + "/secrets", token: k.staff, body: "{}"}, 201)
	secret := k.hide(made["secret"].(string))
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}
	var got contract.Token
	if a := tokenRequest(k.t, k.World, form, nil); json.Unmarshal(a.body, &got) != nil || a.status != 200 {
		k.t.Fatalf("%d %s", a.status, a.body)
	}
	k.hide(got.AccessToken)
	form.Set("client_secret", k.hide("not-the-secret-of-it"))
	tokenRequest(k.t, k.World, form, nil)
	form = url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {k.hide("eyJhbGciOiJub25lIn0.e30.x")}}
	tokenRequest(k.t, k.World, form, nil)
	k.do(sent{path: "/oauth/revoke", token: k.staff, kind: "application/x-www-form-urlencoded", body: url.Values{"token": {got.AccessToken}}.Encode()}, 200)
	k.do(sent{path: "/v1/me", token: got.AccessToken}, 401)
	k.do(sent{path: "/v1/me", token: k.hide("a-token-that-is-none")}, 401)
	k.do(sent{path: "/v1/me", header: http.Header{"Authorization": {k.hide("Basic " + personNumber)}}}, 401)
}

// postings posts by number and name, one by one, in a batch and in streams.
func (k *walk) postings() {
	by := func(external string, other object) string {
		return posting(k.learner, external, with(object{"learner": nil, "id_number": personNumber, "learner_name": personName}, other))
	}
	got := k.do(sent{path: "/v1/outcomes", token: k.staff, body: by("L1", nil)}, 201)
	k.do(sent{path: "/v1/outcomes", token: k.staff, body: by("L1", object{"score": "73"})}, 422)
	k.do(sent{path: "/v1/outcomes", token: k.staff, body: by("L2", object{"learner_name": "别人" + personName})}, 409)
	k.do(sent{path: "/v1/outcomes", token: k.staff, body: by("L2", object{"course": personName})}, 422)
	k.do(sent{path: "/v1/outcomes", token: k.staff, body: by("L2", object{"id_number": personNumber[:17] + "X"})}, 400)
	k.do(sent{path: "/v1/outcomes/batch", token: k.staff, body: "[" + by("L3", nil) + "," + by("L4", object{"learner_name": personName + "乙"}) + "]"}, 200)
	k.do(sent{path: "/v1/outcomes/stream", token: k.staff, kind: "application/x-ndjson", body: by("L5", nil) + "\n" + by(personNumber, nil) + "\n{\"" + personName + "\n"}, 200)
	k.do(sent{path: "/v1/outcomes/stream", token: k.staff, kind: "text/csv", body: personNumber + "," + personName + "\n"}, 400)
	certificate := k.do(sent{path: "/v1/learners/" + k.learner + "/certificates", token: k.staff, body: fmt.Sprintf(`{"outcome":%v}`, got["seq"])}, 201)
	k.do(sent{path: "/v1/certificates/" + certificate["id"].(string), token: k.staff}, 200)
	k.do(sent{path: "/v1/certificates/" + certificate["id"].(string) + "/revoke", token: k.staff, body: `{"reason":"误发"}`}, 200)
}

// mistakes puts what is personal where it does not belong.
func (k *walk) mistakes() {
	k.do(sent{path: "/v1/learners/" + personNumber, token: k.staff}, 400)
	k.do(sent{path: "/v1/" + personNumber + "/" + personName, token: k.staff}, 404)
	k.do(sent{path: "/v1/courses?name=" + url.QueryEscape(personName) + "&" + personNumber}, 400)
	k.do(sent{path: "/v1/courses/" + url.PathEscape(personName)}, 404)
	k.do(sent{path: "/v1/courses?cursor=" + personNumber}, 400)
	k.do(sent{path: "/v1/outcomes", token: k.staff, body: `{"` + personName + `":"` + personNumber + `"`}, 400)
	k.do(sent{path: "/v1/outcomes", token: k.staff, body: `{"` + personName + `":"` + personNumber + `"}`}, 400)
	k.do(sent{method: "BREW", path: "/v1/courses/" + personNumber}, 405)
	k.do(sent{path: "/v1/regions", header: http.Header{"X-Request-Id": {personName}, "User-Agent": {personName}, "Referer": {"https://x/" + personNumber}, "Accept-Language": {personName}}}, 200)
	raw(k.t, k.World, "GET /"+personNumber+"/%zz HTTP/1.1\r\nHost: "+personNumber+"\r\n\r\n")
}

// broken is a ledger whose reading fails, while it is on.
type broken struct {
	host.Ledger
	on atomic.Bool
}

// Learner implements [creditbank.Store].
func (b *broken) Learner(ctx context.Context, id creditbank.LearnerID) (creditbank.Learner, error) {
	if b.on.Load() {
		return creditbank.Learner{}, errors.New("a damaged page, says the test")
	}
	return b.Ledger.Learner(ctx, id)
}

// A fault of ours is logged once, under the id that the answer carries, and told
// to nobody else.
func TestFaultIsLoggedOnce(t *testing.T) {
	log, ledger := new(lines), &broken{Ledger: apitest.Ledger(t)}
	w := apitest.New(t, apitest.Options{Ledger: ledger, Log: log.logger()})
	w.Client.Transport = http.DefaultTransport // the contract provides for no such answer
	s := sent{path: "/v1/learners/" + string(w.Open()["L2"]), token: w.Token("", "auditor region:9901")}
	ledger.on.Store(true)
	for _, id := range []string{"", "an-id-of-the-caller"} {
		s.header = http.Header{"X-Request-Id": {id}}
		a := s.to(t, w)
		a.refused(t, w, false, refusal{500, "internal", "INTERNAL", ""})
		if id != "" && a.header.Get("X-Request-Id") != id {
			t.Errorf("X-Request-Id is %q, not the caller's", a.header.Get("X-Request-Id"))
		}
		if strings.Contains(string(a.body), "damaged") {
			t.Errorf("the answer tells what is for the log: %s", a.body)
		}
		wantLoggedOnce(t, log, a, "damaged page")
	}
	ledger.on.Store(false)
	if a := s.to(t, w); a.status != 200 {
		t.Errorf("afterwards: %d %s", a.status, a.body)
	}
}
