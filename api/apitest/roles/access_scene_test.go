package roles_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"creditbank/api/apitest"
	"creditbank/api/host"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/rule"
	"creditbank/creditbank/scenario"
)

// A scene is a service with the city of Qinghe after its year: outcomes posted,
// conversions decided, certificates issued, and two rules that a reviewer
// decides on.
//
// L2 lives in 990102 and studies in P1 of I01; I06, I05, I04, I10 and I15 posted
// outcomes. So I06 is a source, I01 the target, I09 a stranger; I06 lies in
// 990101 below I05 below I04.
type scene struct {
	*apitest.World
	t       testing.TB
	moved   *atomic.Int64 // how far the clock was put ahead, in nanoseconds
	ids     map[string]creditbank.LearnerID
	ledger  host.Ledger
	kept    map[string]string // see keep
	poster  string            // a token that posts for everybody
	owner   access.By
	serial  int
	audited int64 // see mark
	now     func() time.Time
}

// newScene plays the city. wrap, where it is not nil, is put around the ledger.
func newScene(t testing.TB, wrap func(host.Ledger) host.Ledger) *scene {
	t.Helper()
	clock := scenario.NewClock(time.Date(2026, 1, 1, 4, 0, 0, 0, time.UTC))
	s := &scene{t: t, moved: new(atomic.Int64), ledger: apitest.Ledger(t), kept: map[string]string{}}
	if wrap != nil {
		s.ledger = wrap(s.ledger)
	}
	// The clock moves by itself, if only a little: ids made later must be greater.
	s.now = func() time.Time { return clock.Now().Add(time.Duration(s.moved.Add(int64(time.Millisecond)))) }
	s.World = apitest.New(t, apitest.Options{
		Ledger: s.ledger, Clock: s.now,
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "up 1") }),
	})
	stage := scenario.Stage{Bank: s.Bank, Clock: clock, By: creditbank.Caller{ID: "operator:test"}}
	result, err := scenario.Play(t.Context(), stage, s.City)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Problems) > 0 {
		t.Fatalf("the city has problems: %v", result.Problems)
	}
	s.ids, s.owner = s.Open(), s.Owner()
	s.poster = s.Token("", "poster region:9901")
	s.publishReviewed()
	s.post("L2", "I06", "S01", "90")
	s.post("L3", "I08", "S04", "90")
	s.certify()
	return s
}

// must ends the test on an error.
func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// number returns another number each time.
func (s *scene) number() int {
	s.serial++
	return s.serial
}

// keep returns what make made the first time, until it is spent.
func (s *scene) keep(name string, make func() string) string {
	s.t.Helper()
	if s.kept[name] == "" {
		s.kept[name] = make()
	}
	return s.kept[name]
}

// ahead puts the clock ahead.
func (s *scene) ahead(d time.Duration) { s.moved.Add(int64(d)) }

// The rules that a reviewer decides on: R20 towards P1 of I01, R21 towards P2
// of I02.
const reviewedRules = `
  - id: R20
    kind: conversion
    title: {zh: 智能手机应用转换选修, en: Smartphone class to Electives %[1]d}
    programme: P1
    effective: {from: 2024-01-01}
    source: {course: S01, min_grade: "60"}
    grant: [{slot: T-EL, credits: "0.5", grade: carry}]
    approval: reviewer
    exceed: deny

  - id: R21
    kind: conversion
    title: {zh: 急救常识转换家政服务基础, en: First aid to Foundations %[1]d}
    programme: P2
    effective: {from: 2024-01-01}
    source: {course: S04, min_grade: "60"}
    grant: [{slot: T-V1, credits: "1", partial: true, grade: carry}]
    approval: reviewer
    exceed: deny

  - id: R22
    kind: conversion
    title: {zh: 智能手机应用转换选修（公示）, en: Smartphone class to Electives in public %[1]d}
    programme: P1
    effective: {from: 2024-01-01}
    source: {course: S01, min_grade: "60"}
    grant: [{slot: T-EL, credits: "0.5", grade: carry}]
    approval: {reviewers: 1}
    publicity: P5D
    appeal: {file_within: P15D, levels: 5}
    exceed: deny

  - id: R23
    kind: conversion
    title: {zh: 急救常识转换家政服务基础（公示）, en: First aid to Foundations in public %[1]d}
    programme: P2
    effective: {from: 2024-01-01}
    source: {course: S04, min_grade: "60"}
    grant: [{slot: T-V1, credits: "1", partial: true, grade: carry}]
    approval: {reviewers: 1}
    publicity: P5D
    exceed: deny

  - id: R24
    kind: conversion
    title: {zh: 智能手机应用转换选修（折半）, en: Half the smartphone class to Electives %[1]d}
    programme: P1
    effective: {from: 2024-01-01}
    source: {course: S01, min_grade: "60"}
    grant: [{slot: T-EL, credits: "0.25", grade: carry}]
    approval: {reviewers: 1, supplement_within: P30D}
    exceed: deny
`

// ruleSet returns the request that publishes the city's rules with those that a
// reviewer decides on, another version each time.
func (s *scene) ruleSet() ask {
	files, err := rule.Source(s.City.Reference.RuleSet)
	s.must(err)
	s.must(s.Bank.Refresh(s.t.Context()))
	sets := s.Bank.Catalogue().RuleSets
	return ask{method: "POST", path: "/v1/rule-sets", body: map[string]any{
		"replaces": sets[len(sets)-1].Version(), "programmes": string(files.Programmes), "rules": string(files.Rules) + fmt.Sprintf(reviewedRules, s.number()),
	}}
}

func (s *scene) publishReviewed() {
	s.t.Helper()
	operator := s.Token("", "operator region:9901")
	if got := s.do(operator, s.ruleSet()); got.status != http.StatusOK {
		s.t.Fatalf("publish the rules: %v", got)
	}
}

// post posts an outcome of a learner and returns its external id and version.
func (s *scene) post(alias, institution, course, score string) (string, int64) {
	s.t.Helper()
	var out struct {
		Seq        int64  `json:"seq"`
		ExternalID string `json:"external_id"`
		Recognised bool   `json:"recognised"`
	}
	got := s.do(s.poster, ask{method: "POST", path: "/v1/outcomes", body: s.posting(alias, institution, course, score)})
	s.must(json.Unmarshal(got.body, &out))
	if got.status != http.StatusCreated || !out.Recognised {
		s.t.Fatalf("post %s for %s: %v", course, alias, got)
	}
	return out.ExternalID, out.Seq
}

// posting returns what says that a learner passed a course, another outcome each
// time. The years differ, so that no yearly cap is met.
func (s *scene) posting(alias, institution, course, score string) map[string]any {
	n := s.number()
	return map[string]any{
		"external_id": fmt.Sprintf("T%04d", n), "institution": institution, "learner": string(s.ids[alias]), "course": course,
		"issued_on": fmt.Sprintf("%d-06-%02d", 2022+n%4, 1+n%28), "score": score, "attended_hours": hoursOf[course],
	}
}

var hoursOf = map[string]string{"S01": "16", "S04": "18"}

// certify issues what the ledger calls for.
func (s *scene) certify() {
	s.t.Helper()
	_, err := s.Office.CatchUp(s.t.Context())
	s.must(err)
}

// change returns a request about a learner, made by somebody who is nobody in
// the tests.
func (s *scene) change(alias string) creditbank.Change {
	return creditbank.Change{By: creditbank.Caller{ID: "operator:test"}, Learner: s.ids[alias], Key: apitest.Key(s.t)}
}

// account returns a learner's account.
func (s *scene) account(alias string) *creditbank.Account {
	s.t.Helper()
	a, err := s.Bank.Account(s.t.Context(), s.ids[alias])
	s.must(err)
	return a
}

// about returns the address of something of a learner's.
func (s *scene) about(alias, rest string) string {
	return "/v1/learners/" + string(s.ids[alias]) + rest
}

// person draws a person who has no account yet.
func (s *scene) person(region string) creditbank.Opening {
	s.t.Helper()
	n := s.number()
	plain := fmt.Sprintf("99010219%02d0101%03d", 10+n/900, 10+n%900)
	for _, check := range "0123456789X" {
		if number, err := creditbank.ParseIDNumber(plain + string(check)); err == nil {
			return creditbank.Opening{Person: creditbank.Person{IDNumber: number, Name: "周某"}, Region: creditbank.RegionCode(region)}
		}
	}
	s.t.Fatalf("no check digit fits %s", plain)
	return creditbank.Opening{}
}

// newcomer opens an account for somebody of 990102 who learned at I06 and studies
// in P1, as L2 does, and knows them by an alias.
func (s *scene) newcomer() string {
	s.t.Helper()
	opened, errs := s.Bank.Open(s.t.Context(), creditbank.Caller{ID: "operator:test"}, []creditbank.Opening{s.person("990102")})
	s.must(errs[0])
	alias := fmt.Sprintf("N%d", s.number())
	s.ids[alias] = opened[0].Learner.ID
	s.post(alias, "I06", "S01", "80")
	s.must(s.Bank.Enrol(s.t.Context(), s.change(alias), "P1"))
	return alias
}

// A person is somebody with an account to log in with, and a token.
type person struct {
	account  access.Account
	password string
	token    string
}

// caller returns how p is recorded.
func (p person) caller() string { return p.account.Principal().Caller().ID }

const firstPassword = "correct horse battery"

// staff opens and activates the account of a member of staff.
func (s *scene) staff(institution string, grants ...string) person {
	s.t.Helper()
	return s.activate(access.NewAccount{Name: "孙某", Institution: creditbank.InstitutionID(institution), Grants: apitest.Grants(s.t, grants...)})
}

// learner opens and activates the account with which a learner logs in.
func (s *scene) learner(alias string) person {
	s.t.Helper()
	return s.activate(access.NewAccount{Learner: s.ids[alias]})
}

func (s *scene) activate(n access.NewAccount) person {
	s.t.Helper()
	a, code, err := s.Registry.OpenAccount(s.t.Context(), s.owner, n)
	s.must(err)
	name, err := s.Registry.Name(s.t.Context(), a)
	s.must(err)
	a, err = s.Registry.Activate(s.t.Context(), a.Number, name, code, firstPassword)
	s.must(err)
	return person{a, firstPassword, s.tokenOf(a.Principal().Caller().ID)}
}

// tokenOf issues a token to a caller.
func (s *scene) tokenOf(caller string) string {
	s.t.Helper()
	token, _, err := s.Server.Issue(s.t.Context(), caller)
	s.must(err)
	return token
}

// An ask is a request.
type ask struct {
	method, path string
	kind         string // content type; JSON where it is not said
	body         any    // a string as it is, anything else as JSON
	cookie       string
	header       map[string]string
}

// An answer is what was answered.
type answer struct {
	status int
	code   string // of the problem
	header http.Header
	body   []byte
}

// String tells a failed test what was answered.
func (a answer) String() string { return fmt.Sprintf("%d %s %.500s", a.status, a.code, a.body) }

// do asks, with a fresh idempotency key.
func (s *scene) do(token string, a ask) answer {
	s.t.Helper()
	return s.doWithin(s.t.Context(), token, a)
}

func (s *scene) doWithin(ctx context.Context, token string, a ask) answer {
	s.t.Helper()
	resp := s.send(ctx, token, a)
	defer resp.Body.Close()
	out := answer{status: resp.StatusCode, header: resp.Header}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		return out // it does not end
	}
	var err error
	out.body, err = io.ReadAll(resp.Body)
	s.must(err)
	if resp.StatusCode >= 400 {
		var p struct{ Code, Error string }
		s.must(json.Unmarshal(out.body, &p))
		out.code = p.Code + p.Error
	}
	return out
}

func (s *scene) send(ctx context.Context, token string, a ask) *http.Response {
	s.t.Helper()
	var body io.Reader
	switch b := a.body.(type) {
	case nil:
	case string:
		body = strings.NewReader(b)
	default:
		data, err := json.Marshal(b)
		s.must(err)
		body = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, a.method, s.URL+a.path, body)
	s.must(err)
	r.Header.Set("Idempotency-Key", apitest.Key(s.t))
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if a.kind != "" {
		r.Header.Set("Content-Type", a.kind)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if a.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "creditbank", Value: a.cookie})
	}
	for name, v := range a.header {
		r.Header.Set(name, v)
	}
	resp, err := s.Client.Do(r)
	s.must(err)
	return resp
}

// get asks for something and reads what is answered into out, if that is not
// nil.
func (s *scene) get(token, path string, out any) answer {
	s.t.Helper()
	got := s.do(token, ask{method: "GET", path: path})
	if out != nil && got.status == http.StatusOK {
		s.must(json.Unmarshal(got.body, out))
	}
	return got
}

// form returns a body as forms send it.
func form(pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v.Encode()
}

// stranger returns a UUID that names nothing.
func stranger() string {
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", rand.Uint32(), rand.Uint64()>>16)
}

// trial returns the request that tries other rules, on a region if one is given.
func (s *scene) trial(region any) ask {
	files, err := rule.Source(s.City.Reference.RuleSet)
	s.must(err)
	body := map[string]any{"programmes": string(files.Programmes), "rules": strings.Replace(string(files.Rules), `hours_per_credit: "18"`, `hours_per_credit: "16"`, 1)}
	if region != nil {
		body["region"] = region
	}
	return ask{method: "POST", path: "/v1/trials", body: body}
}
