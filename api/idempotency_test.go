package api_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"creditbank/api"
	"creditbank/api/apitest"
	"creditbank/creditbank"
)

// reviewed is Qinghe, where the conversions by R05 are decided by a reviewer.
func reviewed(t *testing.T) fs.FS {
	t.Helper()
	city, dir := fstest.MapFS{}, apitest.Qinghe(t)
	for _, name := range []string{"regions.csv", "institutions.csv", "courses.csv", "learners.csv", "outcomes.csv", "programmes.yaml", "rules.yaml", "timeline.yaml"} {
		data, err := fs.ReadFile(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		before, after, _ := strings.Cut(string(data), "  - id: R05\n    kind: conversion\n")
		if name == "rules.yaml" {
			data = []byte(before + "  - id: R05\n    kind: conversion\n    approval: {reviewers: 1}\n    publicity: P5D\n    appeal: {file_within: P15D, levels: 5}\n" + after)
		}
		city[name] = &fstest.MapFile{Data: data}
	}
	return city
}

// A scene is what the writes of the test act upon.
type scene struct {
	*apitest.World
	t        *testing.T
	staff    string // may do everything but what is for learners
	other    string // as staff, another caller
	self     string // the learner
	learner  string
	outcomes int
}

func newScene(t *testing.T) *scene {
	s := &scene{World: apitest.New(t, apitest.Options{City: reviewed(t)}), t: t}
	ids := s.Open()
	s.learner, s.self = string(ids["L2"]), s.LearnerToken(ids["L2"])
	all := []string{"poster region:9901", "reviewer region:9901", "clerk region:9901", "manager region:9901", "operator region:9901", "auditor region:9901"}
	s.staff, s.other = s.Token("", all...), s.Token("", all...)
	return s
}

// at returns an address of the learner.
func (s *scene) at(path string) string { return "/v1/learners/" + s.learner + path }

// must sends a request that sets the scene and returns a number or text of the
// answer.
func (s *scene) must(r sent, field string) string {
	s.t.Helper()
	if r.header == nil {
		r.header = http.Header{"Idempotency-Key": {apitest.Key(s.t)}}
	}
	a := r.to(s.t, s.World)
	var got object
	if err := json.Unmarshal(a.body, &got); a.status >= 300 || field != "" && err != nil {
		s.t.Fatalf("%s %s: %d %s", r.method, r.path, a.status, a.body)
	}
	for _, name := range strings.Split(field, ".") {
		if inner, ok := got[name].(object); ok {
			got = inner
			continue
		}
		if n, ok := got[name].(float64); ok {
			return fmt.Sprint(int64(n))
		}
		return fmt.Sprint(got[name])
	}
	return ""
}

// outcome posts an outcome and returns its place.
func (s *scene) outcome() (externalID, seq string) {
	s.t.Helper()
	s.outcomes++
	externalID = fmt.Sprintf("I%d", s.outcomes)
	return externalID, s.must(sent{path: "/v1/outcomes", token: s.staff, body: posting(s.learner, externalID, nil)}, "seq")
}

// on returns a request for a step of an application.
func (s *scene) on(seq, step, token, body string) sent {
	return sent{path: s.at("/conversions/" + seq + "/" + step), token: token, body: body}
}

// applied applies by R05, having withdrawn what was open, and returns the
// application.
func (s *scene) applied() string {
	s.t.Helper()
	s.outcome()
	a, err := s.Bank.Account(s.t.Context(), creditbank.LearnerID(s.learner))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range a.Applications {
		if p.Open() {
			s.must(s.on(fmt.Sprint(p.Seq), "withdraw", s.self, `{"reason":"重新申请"}`), "seq")
		}
	}
	return s.must(sent{path: s.at("/conversions"), token: s.self, body: `{"rules":["R05"]}`}, "version")
}

// closePetitions withdraws the petitions that are open.
func (s *scene) closePetitions() {
	s.t.Helper()
	a, err := s.Bank.Account(s.t.Context(), creditbank.LearnerID(s.learner))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range a.OpenPetitions() {
		s.must(sent{path: s.at(fmt.Sprintf("/petitions/%d/withdraw", p.Seq)), token: s.self, body: `{"reason":"重新申请"}`}, "seq")
	}
}

// petitioned petitions, having withdrawn what was open.
func (s *scene) petitioned() string {
	s.t.Helper()
	s.closePetitions()
	return s.petition("2024-01-02")
}

func (s *scene) account() string {
	s.t.Helper()
	return s.must(sent{path: "/v1/accounts", token: s.staff, body: `{"name":"欧阳明","institution":"I04","grants":[]}`}, "account.id")
}

func (s *scene) client() string {
	s.t.Helper()
	id := strings.ToLower(apitest.Key(s.t))
	return s.must(sent{path: "/v1/clients", token: s.staff, body: clientBody(id)}, "id")
}

func clientBody(id string) string {
	return `{"id":"` + id + `","title":{"zh":"测试","en":"test"},"institution":"I04","grants":[]}`
}

// awarding asks for an award of P1, with all that is missing as own study.
func (s *scene) awarding(kind string) string {
	own := []object{}
	for _, o := range s.Own(creditbank.LearnerID(s.learner), apitest.P1) {
		one := object{"credits": o.Credits.String()}
		if o.Slot != "" {
			one["slot"] = string(o.Slot)
		}
		own = append(own, one)
	}
	return encode(s.t, object{"programme": apitest.P1, "kind": kind, "own": own})
}

// done counts what was done to the learner, to accounts and clients, and to rules.
func (s *scene) done() int64 {
	s.t.Helper()
	version, err := s.Bank.Version(s.t.Context(), creditbank.LearnerID(s.learner))
	if err != nil {
		s.t.Fatal(err)
	}
	entries, err := s.Registry.Audit(s.t.Context(), 0, 10_000)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.Bank.Refresh(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return version + int64(len(entries)+len(s.Bank.Catalogue().RuleActs))
}

// A keyedWrite is a write that takes an idempotency key.
type keyedWrite struct {
	operation string
	request   func() sent // with its scene set
	other     func(sent) sent
	once      bool // what is answered the first time is shown once
}

// jwkOf is a public key (RFC 8037, A.2) under a kid.
func jwkOf(kid string) string {
	return `{"jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"` + kid + `"}}`
}

// Every write that takes a key does what it does once for each key: sent again it
// answers as the first time; with another request the key is refused; and the
// keys of one caller are nothing to another.
func TestIdempotency(t *testing.T) {
	s := newScene(t)
	s.must(sent{method: "PUT", path: s.at("/programmes/P1"), token: s.staff}, "")
	why, other := `{"reason":"原因"}`, `{"reason":"别的原因"}`
	grants, less := `{"grants":[{"role":"clerk","scope":"institution:I04"}]}`, `{"grants":[]}`
	consent := func(until string) string {
		return `{"recipient":"I03","purpose":"ADMISSION","fields":["BALANCE"],"text_version":"` + creditbank.ConsentTextVersion + `","until":"` + until + `"}`
	}
	nextYear := time.Now().AddDate(0, 6, 0).Format(time.DateOnly)
	nextMonth := time.Now().AddDate(0, 1, 0).Format(time.DateOnly)
	id := strings.ToLower(apitest.Key(t))
	left := withKey(t)
	for _, tt := range append(s.ruleWrites(), []keyedWrite{
		{"enrol", func() sent { return sent{method: "PUT", path: s.at("/programmes/P2"), token: s.staff} },
			func(r sent) sent { r.path = s.at("/programmes/P1"); return r }, false},
		{"withdraw", func() sent { return sent{method: "DELETE", path: s.at("/programmes/P2"), token: s.staff} },
			func(r sent) sent { r.path = s.at("/programmes/P1"); return r }, false},
		{"freeze", func() sent { return sent{path: s.at("/freeze"), token: s.staff, body: why} }, body(other), false},
		{"unfreeze", func() sent { return sent{path: s.at("/unfreeze"), token: s.staff, body: why} }, body(other), false},
		{"revokeOutcome", func() sent {
			external, _ := s.outcome()
			return sent{path: "/v1/outcomes/revoke", token: s.staff, body: encode(t, object{"learner": s.learner, "institution": "I15", "external_id": external, "reason": "原因"})}
		}, func(r sent) sent { r.body = strings.Replace(r.body, "原因", "别的", 1); return r }, false},
		{"convert", func() sent { return sent{path: s.at("/conversions"), token: s.self, body: `{"rules":["R03"]}`} }, body(`{"rules":["R04"]}`), false},
		{"reviewConversion", func() sent { return s.on(s.applied(), "review", s.staff, `{"approve":true}`) }, body(`{"approve":false}`), false},
		{"claimApplication", func() sent { return s.on(s.applied(), "claim", s.staff, `{}`) },
			func(r sent) sent { r.path = s.on(s.applied(), "claim", "", "").path; return r }, false},
		{"releaseApplication", func() sent {
			seq := s.applied()
			s.must(s.on(seq, "claim", s.staff, `{}`), "seq")
			r := s.on(seq, "release", s.staff, "")
			r.method = "POST"
			return r
		}, func(r sent) sent { r.path = s.on(s.applied(), "release", "", "").path; return r }, false},
		{"recuseFromApplication", func() sent { return s.on(s.applied(), "recuse", s.staff, why) }, body(other), false},
		{"returnApplication", func() sent { return s.on(s.applied(), "return", s.staff, why) }, body(other), false},
		{"supplementApplication", func() sent {
			seq := s.applied()
			s.must(s.on(seq, "return", s.staff, why), "seq")
			return s.on(seq, "supplement", s.self, `{"text":"补充"}`)
		}, body(`{"text":"另补"}`), false},
		{"withdrawApplication", func() sent { return s.on(s.applied(), "withdraw", s.self, why) }, body(other), false},
		{"appealApplication", func() sent {
			seq := s.applied()
			s.must(s.on(seq, "review", s.staff, `{"approve":false}`), "seq")
			return s.on(seq, "appeal", s.self, `{"text":"不服"}`)
		}, body(`{"text":"仍不服"}`), false},
		{"objectToApplication", func() sent {
			seq := s.applied()
			number := s.must(s.on(seq, "review", s.staff, `{"approve":true}`), "progress.number")
			return sent{path: "/v1/publicity/" + number + "/objections", token: s.staff, body: `{"text":"异议"}`}
		}, body(`{"text":"别的异议"}`), false},
		{"answerObjection", func() sent {
			seq := s.applied()
			number := s.must(s.on(seq, "review", s.staff, `{"approve":true}`), "progress.number")
			s.must(sent{path: "/v1/publicity/" + number + "/objections", token: s.other, body: `{"text":"异议"}`}, "number")
			version, err := s.Bank.Version(t.Context(), creditbank.LearnerID(s.learner))
			if err != nil {
				t.Fatal(err)
			}
			return s.on(seq, fmt.Sprintf("objections/%d/answer", version), s.staff, `{"text":"属实","uphold":false}`)
		}, body(`{"text":"不实","uphold":true}`), false},
		{"reviewApplications", func() sent {
			return sent{path: "/v1/applications/review", token: s.staff, body: `{"approve":true,"applications":[{"learner":"` + s.learner + `","seq":` + s.applied() + `}]}`}
		}, func(r sent) sent { r.body = strings.Replace(r.body, "true", "false", 1); return r }, false},
		{"petition", func() sent {
			s.closePetitions()
			return sent{path: s.at("/petitions"), token: s.self, body: petitioning("2024-01-02")}
		}, body(petitioning("2024-01-03")), false},
		{"addEvidence", func() sent { return s.evidence(s.petitioned(), aPDF(100)) }, body(aPDF(101)), false},
		{"supplementPetition", func() sent {
			seq := s.petitioned()
			s.must(sent{path: s.at("/petitions/" + seq + "/return"), token: s.staff, body: why}, "seq")
			return sent{path: s.at("/petitions/" + seq + "/supplement"), token: s.self, body: `{"text":"补充"}`}
		}, body(`{"text":"另补"}`), false},
		{"withdrawPetition", func() sent {
			return sent{path: s.at("/petitions/" + s.petitioned() + "/withdraw"), token: s.self, body: why}
		}, body(other), false},
		{"returnPetition", func() sent {
			return sent{path: s.at("/petitions/" + s.petitioned() + "/return"), token: s.staff, body: why}
		}, body(other), false},
		{"refusePetition", func() sent {
			return sent{path: s.at("/petitions/" + s.petitioned() + "/refuse"), token: s.staff, body: why}
		}, body(other), false},
		{"recuseFromPetition", func() sent {
			return sent{path: s.at("/petitions/" + s.petitioned() + "/recuse"), token: s.staff, body: why}
		}, body(other), false},
		{"acceptPetition", func() sent {
			return sent{path: s.at("/petitions/" + s.petitioned() + "/accept"), token: s.staff, body: `{}`}
		}, body(`{"score":"80"}`), false},
		{"conferAward", func() sent {
			s.Vacant(creditbank.LearnerID(s.learner))
			return sent{path: s.at("/awards"), token: s.staff, body: s.awarding("DIPLOMA")}
		}, body(s.awarding("COMPLETION")), false},
		{"withdrawAward", func() sent {
			return sent{path: s.at(fmt.Sprintf("/awards/%d/withdraw", s.Confer(creditbank.LearnerID(s.learner)))), token: s.staff, body: why}
		}, body(other), false},
		{"decideCase", func() sent {
			return sent{path: s.at(fmt.Sprintf("/cases/%d/decision", s.OpenCase(creditbank.LearnerID(s.learner)))), token: s.staff, body: `{"uphold":true,"reason":"原因"}`}
		}, body(`{"uphold":false,"reason":"原因"}`), false},
		{"issueCertificate", func() sent {
			_, seq := s.outcome()
			return sent{path: s.at("/certificates"), token: s.staff, body: `{"outcome":` + seq + `}`}
		}, func(r sent) sent {
			_, seq := s.outcome()
			r.body = `{"outcome":` + seq + `}`
			return r
		}, false},
		{"revokeCertificate", func() sent {
			_, seq := s.outcome()
			id := s.must(sent{path: s.at("/certificates"), token: s.staff, body: `{"outcome":` + seq + `}`}, "id")
			return sent{path: "/v1/certificates/" + id + "/revoke", token: s.staff, body: why}
		}, body(other), false},
		{"giveConsent", func() sent { return sent{path: s.at("/consents"), token: s.self, body: consent(nextYear)} }, body(consent(nextMonth)), false},
		{"withdrawConsent", func() sent {
			seq := s.must(sent{path: s.at("/consents"), token: s.self, body: consent(nextMonth)}, "seq")
			return sent{method: "POST", path: s.at("/consents/" + seq + "/withdraw"), token: s.self}
		}, func(r sent) sent {
			seq := s.must(sent{path: s.at("/consents"), token: s.self, body: consent(nextMonth)}, "seq")
			r.path = s.at("/consents/" + seq + "/withdraw")
			return r
		}, false},
		{"openAccount", func() sent {
			return sent{path: "/v1/accounts", token: s.staff, body: `{"name":"欧阳明","institution":"I04","grants":[]}`}
		}, body(`{"name":"欧阳亮","institution":"I04","grants":[]}`), true},
		{"newCode", func() sent {
			return sent{method: "POST", path: "/v1/accounts/" + s.account() + "/code", token: s.staff}
		}, func(r sent) sent { r.path = "/v1/accounts/" + s.account() + "/code"; return r }, true},
		{"setAccountGrants", func() sent {
			return sent{method: "PUT", path: "/v1/accounts/" + s.account() + "/grants", token: s.staff, body: grants}
		}, body(less), false},
		{"disableAccount", func() sent {
			return sent{method: "POST", path: "/v1/accounts/" + s.account() + "/disable", token: s.staff}
		}, func(r sent) sent { r.path = "/v1/accounts/" + s.account() + "/disable"; return r }, false},
		{"enableAccount", func() sent {
			return sent{method: "POST", path: "/v1/accounts/" + s.account() + "/enable", token: s.staff}
		}, func(r sent) sent { r.path = "/v1/accounts/" + s.account() + "/enable"; return r }, false},
		{"openClient", func() sent { return sent{path: "/v1/clients", token: s.staff, body: clientBody(id)} }, body(clientBody(id + "-2")), false},
		{"addClientSecret", func() sent {
			return sent{path: "/v1/clients/" + s.client() + "/secrets", token: s.staff, body: `{}`}
		}, body(`{"expires_on":"` + nextMonth + `"}`), true},
		{"removeClientSecret", func() sent {
			c := s.client()
			id := s.must(sent{path: "/v1/clients/" + c + "/secrets", token: s.staff, body: `{}`}, "id")
			return sent{method: "DELETE", path: "/v1/clients/" + c + "/secrets/" + id, token: s.staff}
		}, func(r sent) sent { r.path = r.path[:len(r.path)-8] + "00000000"; return r }, false},
		{"addClientKey", func() sent {
			return sent{path: "/v1/clients/" + s.client() + "/keys", token: s.staff, body: jwkOf("k1")}
		}, body(jwkOf("k2")), false},
		{"removeClientKey", func() sent {
			c := s.client()
			s.must(sent{path: "/v1/clients/" + c + "/keys", token: s.staff, body: jwkOf("k1")}, "")
			return sent{method: "DELETE", path: "/v1/clients/" + c + "/keys/k1", token: s.staff}
		}, func(r sent) sent { r.path = strings.Replace(r.path, "/k1", "/k2", 1); return r }, false},
		{"setClientGrants", func() sent {
			return sent{method: "PUT", path: "/v1/clients/" + s.client() + "/grants", token: s.staff, body: grants}
		}, body(less), false},
		{"disableClient", func() sent {
			return sent{method: "POST", path: "/v1/clients/" + s.client() + "/disable", token: s.staff}
		}, func(r sent) sent { r.path = "/v1/clients/" + s.client() + "/disable"; return r }, false},
		{"enableClient", func() sent {
			return sent{method: "POST", path: "/v1/clients/" + s.client() + "/enable", token: s.staff}
		}, func(r sent) sent { r.path = "/v1/clients/" + s.client() + "/enable"; return r }, false},
	}...) {
		delete(left, tt.operation)
		t.Run(tt.operation, func(t *testing.T) {
			r := tt.request()
			r.header = http.Header{"Idempotency-Key": {apitest.Key(t)}}
			before := s.done()
			first := r.to(t, s.World)
			if first.status >= 300 {
				t.Fatalf("%d %s", first.status, first.body)
			}
			did := s.done()
			if did == before {
				t.Error("nothing was done")
			}
			again := r.to(t, s.World)
			if again.status != first.status || !tt.once && string(again.body) != string(first.body) {
				t.Errorf("sent again:\n%d %s, the first time\n%d %s", again.status, again.body, first.status, first.body)
			}
			if tt.once {
				sameButSecrets(t, first, again)
			}
			if got := s.done(); got != did {
				t.Errorf("sent again it did %d things more", got-did)
			}
			another := tt.other(r)
			did = s.done()
			another.to(t, s.World).refused(t, s.World, false, refusal{422, "key-reused", "KEY_REUSED", "Idempotency-Key"})
			if got := s.done(); got != did {
				t.Errorf("refused, it did %d things", got-did)
			}
			if r.token == s.staff {
				r.token = s.other
				if a := r.to(t, s.World); strings.Contains(string(a.body), "KEY_REUSED") || a.status >= 500 {
					t.Errorf("with the key of another caller: %d %s", a.status, a.body)
				} else if a.status < 300 && s.done() == did && !strings.Contains(string(a.body), "STATE_CONFLICT") { // a batch has a fate for each
					t.Errorf("with the key of another caller it is taken for that caller's request: %d %s", a.status, a.body)
				}
			}
		})
	}
	for operation := range left {
		t.Errorf("%s takes a key and is not tested", operation)
	}
}

// withKey returns the operations that take an idempotency key.
func withKey(t *testing.T) map[string]bool {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.Contract)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, item := range doc.Paths.Map() {
		for _, o := range item.Operations() {
			for _, p := range slices.Concat(item.Parameters, o.Parameters) {
				if p.Value.Name == "Idempotency-Key" {
					all[o.OperationID] = true
				}
			}
		}
	}
	return all
}

func body(text string) func(sent) sent {
	return func(r sent) sent { r.body = text; return r }
}

// sameButSecrets reports answers that differ in more than what is shown once,
// and one that shows it twice.
func sameButSecrets(t *testing.T, first, again answer) {
	t.Helper()
	var one, two object
	if json.Unmarshal(first.body, &one) != nil || json.Unmarshal(again.body, &two) != nil {
		t.Fatalf("%s, %s", first.body, again.body)
	}
	shown := 0
	if one["secret"] != nil {
		delete(one, "id") // of the secret
	}
	for _, name := range []string{"code", "secret"} {
		if one[name] != nil {
			shown++
		}
		if two[name] != nil {
			t.Errorf("%s is shown twice", name)
		}
		delete(one, name)
	}
	delete(one, "expires_at")
	if shown != 1 || encode(t, one) != encode(t, two) {
		t.Errorf("first %s, then %s", first.body, again.body)
	}
}

// A posting needs no key: it has its own. Sent again it answers as the first
// time; with other content it is refused, until it is a revision.
func TestPostingTwice(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	l := string(w.Open()["L2"])
	token, neighbour := w.Token("I15", "poster institution:I15"), w.Token("I15", "poster institution:I15")
	with := func(other map[string]any) string { return posting(l, "R1", other) }
	reused := refusal{422, "key-reused", "KEY_REUSED", "/external_id"}
	for _, tt := range []struct {
		name   string
		token  string
		body   string
		status int
		want   refusal // unless it is taken
		left   string  // of the outcome, available
	}{
		{"the first time", token, with(nil), 201, refusal{}, "6.0"},
		{"again", token, with(nil), 200, refusal{}, "6.0"},
		{"again, by a neighbour", neighbour, with(nil), 200, refusal{}, "6.0"},
		{"with another score", token, with(map[string]any{"score": "73"}), 422, reused, ""},
		{"with another course", token, with(map[string]any{"course": "S08"}), 422, reused, ""},
		{"a revision that leaves one out", token, with(map[string]any{"score": "80", "revision": 3}), 409, refusal{409, "conflict", "REVISION_ORDER", "/revision"}, ""},
		{"the next revision", token, with(map[string]any{"score": "80", "revision": 2}), 201, refusal{}, "6.0"},
		{"the next revision again", token, with(map[string]any{"score": "80", "revision": 2}), 200, refusal{}, "6.0"},
		{"the next revision with other content", token, with(map[string]any{"score": "81", "revision": 2}), 422, reused, ""},
		{"the first once more: it is what it has become", token, with(nil), 200, refusal{}, "0.0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := sent{path: "/v1/outcomes", token: tt.token, body: tt.body}.to(t, w)
			if tt.status >= 300 {
				a.refused(t, w, false, tt.want)
				return
			}
			var got struct{ Available string }
			if err := json.Unmarshal(a.body, &got); err != nil || a.status != tt.status || got.Available != tt.left {
				t.Errorf("%d %s %v; want %d, %s available", a.status, a.body, err, tt.status, tt.left)
			}
		})
	}
	h, err := w.Bank.History(t.Context(), creditbank.LearnerID(l))
	if err != nil || len(h.Outcomes) != 2 {
		t.Errorf("%d outcomes are on record, %v; want 2", len(h.Outcomes), err)
	}
}
