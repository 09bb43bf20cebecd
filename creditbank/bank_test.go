package creditbank_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
	"creditbank/creditbank/sqlite"
	"creditbank/creditbank/storetest"
	"creditbank/creditbank/vault"
)

var operator = creditbank.Caller{ID: "operator:test"}

// A city is a bank on a fresh SQLite store whose clock the test sets.
type city struct {
	*creditbank.Bank
	t       *testing.T
	path    string // of the database
	store   *storetest.Faulty
	ledgers ledgers // what is stored of transfers
	poster  *creditbank.Poster
	vault   creditbank.Vault
	repeat  map[creditbank.CourseCode]creditbank.Repeat // the words of courses
	mu      sync.Mutex
	now     time.Time
}

const cityFiles = `timezone: Asia/Shanghai
rules:
  - {id: F, kind: recognition, title: {zh: 学历, en: formal}, effective: {from: 2015-01-01}, source: {category: FORMAL}, require: {pass_mark: "60"}, credits: stated}
  - {id: N, kind: recognition, title: {zh: 社区, en: community}, effective: {from: 2015-01-01}, source: {category: NON_FORMAL}, require: {pass_mark: "60"}, credits: {hours_per_credit: "16", hours: scheduled}, valid_for: P5Y, cap: {of: {category: NON_FORMAL}, credits: "10", per: calendar_year, by: issued_on, exceed: truncate}}
  - {id: R1, kind: conversion, title: {zh: 课程, en: course}, programme: P1, effective: {from: 2020-01-01}, source: {course: S1, min_grade: "70"}, grant: [{slot: A, credits: "4", grade: carry}]}
  - {id: R2, kind: conversion, title: {zh: 系列, en: series}, programme: P1, effective: {from: 2020-01-01}, source: {all: [{course: S1}, {course: S2}]}, grant: [{slot: B, credits: {min: [source, "8"]}, grade: {weighted_by: hours, round: "0.1"}}]}
  - {id: R3, kind: conversion, title: {zh: 零存整取, en: pool}, programme: P1, effective: {from: 2020-01-01}, source: {pool: {category: NON_FORMAL, credits: "4"}, split: true}, grant: [{slot: E, credits: "4", grade: exempt}]}
  - {id: R4, kind: conversion, title: {zh: 单科, en: single}, programme: P1, effective: {from: 2020-01-01}, source: {course: S2}, grant: [{slot: E, credits: source, grade: carry}]}
`

const cityProgrammes = `programmes:
  - id: P1
    institution: I01
    title: {zh: 社区管理（专科）, en: Community Management}
    credits: "20"
    caps: [{of: all, share: "0.60"}]
    slots:
      - {id: A, title: {zh: 甲, en: A}, credits: "4"}
      - {id: B, title: {zh: 乙, en: B}, credits: "8"}
      - {id: E, title: {zh: 选修, en: electives}, credits: "8", elective: true}
`

// ledgers is what stores have beside what a bank asks for.
type ledgers interface {
	creditbank.Store
	Movements(ctx context.Context, id creditbank.LearnerID) ([]creditbank.Movement, error)
}

func newCity(t *testing.T) *city {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bank.db")
	store, err := sqlite.Open(t.Context(), path)
	must(t, err)
	c := newCityOn(t, store)
	c.path = path
	return c
}

// newCityOn returns a city on a store, which it closes in the end.
func newCityOn(t *testing.T, store ledgers) *city {
	t.Helper()
	t.Cleanup(func() { must(t, store.Close()) })
	c := &city{t: t, store: &storetest.Faulty{Store: store}, ledgers: store}
	c.set("2026-03-15")
	master, err := vault.NewMaster(rand.Reader)
	must(t, err)
	c.vault, err = vault.New(master, rand.Reader)
	must(t, err)
	c.reopen(c.store)
	c.publish(cityFiles)
	c.poster = c.NewPoster(t.Context(), creditbank.PosterConfig{})
	t.Cleanup(c.poster.Close)
	return c
}

// reopen opens the bank on a store.
func (c *city) reopen(s creditbank.Store) {
	c.t.Helper()
	var err error
	c.Bank, err = creditbank.New(c.t.Context(), creditbank.Config{Store: s, Vault: c.vault, Clock: c.clock, Random: rand.Reader, LoadRules: rule.Load})
	must(c.t, err)
}

func (c *city) publish(rules string) {
	c.t.Helper()
	c.publishBoth(rules, cityProgrammes)
}

func (c *city) publishBoth(rules, programmes string) {
	c.t.Helper()
	ref := creditbank.Reference{
		Regions: []creditbank.Region{{Code: "9901", Name: "青禾市", Level: "city"}},
		Institutions: []creditbank.Institution{
			{ID: "I01", Name: "青禾开放大学", Kinds: []string{"open_university"}, Region: "9901"},
			{ID: "I02", Name: "社区学院", Kinds: []string{"community_college"}, Region: "9901"},
		},
		Courses: []creditbank.Course{
			{Code: "S1", Title: "甲课", Institution: "I01", Category: creditbank.Formal, Level: 5, Hours: 48 * creditbank.Hour, Credits: 600},
			{Code: "S2", Title: "乙课", Institution: "I01", Category: creditbank.Formal, Level: 5, Hours: 16 * creditbank.Hour, Credits: 200},
			{Code: "N3", Title: "社区课", Institution: "I02", Category: creditbank.NonFormal, Level: 2, Hours: 48 * creditbank.Hour},
		},
	}
	for i := range ref.Courses {
		ref.Courses[i].Repeat = c.repeat[ref.Courses[i].Code]
	}
	cat := creditbank.NewCatalogue()
	must(c.t, cat.AddRegion(ref.Regions[0]))
	for _, i := range ref.Institutions {
		must(c.t, cat.AddInstitution(i))
	}
	for _, v := range ref.Courses {
		_, err := cat.AddCourse(v)
		must(c.t, err)
	}
	body, _, problems := rule.Compile(rule.Files{Rules: []byte(rules), Programmes: []byte(programmes)}, cat)
	must(c.t, problems.Err())
	ref.RuleSet = body
	must(c.t, c.Publish(c.t.Context(), operator, ref))
}

func (c *city) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// set moves the clock to noon in Shanghai of the given day.
func (c *city) set(date string) {
	c.at(day(c.t, date).Time(time.UTC).Add(4 * time.Hour))
}

// at moves the clock.
func (c *city) at(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// people with valid identity numbers.
var people = []creditbank.Person{
	{Name: "王桂兰", IDNumber: "990101195811030283"},
	{Name: "李建国", IDNumber: "990102198105190335"},
	{Name: "陈晓梅", IDNumber: "990101199402270460"},
}

// open opens the account of the n-th person, enrolled in P1.
func (c *city) open(n int) creditbank.LearnerID {
	c.t.Helper()
	opened, errs := c.Open(c.t.Context(), operator, []creditbank.Opening{{Person: people[n], Region: "9901"}})
	must(c.t, errs[0])
	id := opened[0].Learner.ID
	must(c.t, c.Enrol(c.t.Context(), creditbank.Change{By: operator, Learner: id}, "P1"))
	return id
}

// stranger opens the account of a person made up from n, enrolled in P1.
func (c *city) stranger(n int) creditbank.LearnerID {
	c.t.Helper()
	digits := fmt.Sprintf("99010119900101%03d", n%1000)
	for _, check := range "0123456789X" {
		number, err := creditbank.ParseIDNumber(digits + string(check))
		if err != nil {
			continue
		}
		opened, errs := c.Open(c.t.Context(), operator, []creditbank.Opening{{Person: creditbank.Person{Name: "某人", IDNumber: number}, Region: "9901"}})
		must(c.t, errs[0])
		id := opened[0].Learner.ID
		must(c.t, c.Enrol(c.t.Context(), creditbank.Change{By: operator, Learner: id}, "P1"))
		return id
	}
	c.t.Fatal("no check digit fits")
	return ""
}

func (c *city) posting(l creditbank.LearnerID, id, course, issued, score string) creditbank.Posting {
	c.t.Helper()
	s, err := creditbank.ParseScore(score)
	must(c.t, err)
	return creditbank.Posting{
		OutcomeKey: creditbank.OutcomeKey{Learner: l, Institution: "I01", ExternalID: id, Revision: 1},
		Course:     creditbank.CourseCode(course), IssuedOn: day(c.t, issued), Score: s,
	}
}

func (c *city) post(l creditbank.LearnerID, id, course, issued, score string) creditbank.Outcome {
	c.t.Helper()
	p, err := c.poster.Post(c.t.Context(), operator, c.posting(l, id, course, issued, score), "req")
	must(c.t, err)
	return p.Outcome
}

func (c *city) revise(l creditbank.LearnerID, id, course, issued, score string, revision int) creditbank.Outcome {
	c.t.Helper()
	p := c.posting(l, id, course, issued, score)
	p.Revision = revision
	posted, err := c.Revise(c.t.Context(), operator, p, "req")
	must(c.t, err)
	return posted.Outcome
}

func (c *city) revoke(l creditbank.LearnerID, id string) []creditbank.Act {
	c.t.Helper()
	acts, err := c.Revoke(c.t.Context(), creditbank.Change{By: operator, Learner: l}, creditbank.Revoking{Institution: "I01", ExternalID: id, Reason: "登记错误"})
	must(c.t, err)
	return acts
}

// convert asks for one conversion and returns the decision.
func (c *city) convert(l creditbank.LearnerID, r creditbank.RuleID) *creditbank.Decision {
	c.t.Helper()
	acts, err := c.Convert(c.t.Context(), creditbank.Change{By: operator, Learner: l}, []creditbank.RuleID{r})
	must(c.t, err)
	return acts[0].Body.Decision
}

// holds checks a balance, written "FORMAL 2.0, P1 4.0".
func (c *city) holds(l creditbank.LearnerID, date, want string) {
	c.t.Helper()
	b, err := c.Balance(c.t.Context(), l, day(c.t, date))
	must(c.t, err)
	var parts []string
	for _, cat := range creditbank.Categories() {
		if v, ok := b.Available[cat]; ok {
			parts = append(parts, fmt.Sprintf("%s %s", cat, v))
		}
	}
	for _, p := range slices.Sorted(maps.Keys(b.Programmes)) {
		parts = append(parts, fmt.Sprintf("%s %s", p, b.Programmes[p]))
	}
	if got := strings.Join(parts, ", "); got != want {
		c.t.Errorf("on %s: holds %q, want %q", date, got, want)
	}
}

// replayAll decides everything on record once more.
func (c *city) replayAll(l creditbank.LearnerID) int {
	c.t.Helper()
	h, err := c.History(c.t.Context(), l)
	must(c.t, err)
	n := 0
	for _, a := range h.Acts {
		if a.Body.Decision == nil {
			continue
		}
		r, err := c.Replay(c.t.Context(), l, a.Seq)
		must(c.t, err)
		if !r.Equal() {
			c.t.Errorf("act %d (%s) replayed:\n%s\nstored:\n%s", a.Seq, a.Kind, r.Again, r.Stored)
		}
		n++
	}
	return n
}

func kinds(acts []creditbank.Act) string {
	var ks []string
	for _, a := range acts {
		ks = append(ks, string(a.Kind))
	}
	return strings.Join(ks, " ")
}

func wantCode(t *testing.T, what string, err error, kind error, code creditbank.Code) {
	t.Helper()
	var input *creditbank.InputError
	if !errors.Is(err, kind) || !errors.As(err, &input) || input.Code != code || input.Reason.ZH == "" {
		t.Errorf("%s: error %v, want %s (%v) in both languages", what, err, code, kind)
	}
}

func TestOpenOncePerPerson(t *testing.T) {
	c := newCity(t)
	first := c.open(0)
	opened, errs := c.Open(t.Context(), operator, []creditbank.Opening{
		{Person: people[0], Region: "9901"},
		{Person: creditbank.Person{Name: "王桂花", IDNumber: people[0].IDNumber}, Region: "9901"},
		{Person: creditbank.Person{Name: "张三", IDNumber: "990101195811030284"}, Region: "9901"},
		{Person: people[1], Region: "0000"},
		{Person: people[2], Region: "9901"},
	})
	if errs[0] != nil || opened[0].Learner.ID != first || !opened[0].Existed {
		t.Errorf("opening again: %+v, %v; want the same account", opened[0], errs[0])
	}
	wantCode(t, "same number, other name", errs[1], creditbank.ErrConflict, creditbank.CodeNameMismatch)
	wantCode(t, "wrong check digit", errs[2], creditbank.ErrInvalid, creditbank.CodeIDNumber)
	wantCode(t, "unknown region", errs[3], creditbank.ErrNotFound, creditbank.CodeUnknownRegion)
	if errs[4] != nil || opened[4].Existed {
		t.Errorf("the other rows go in: %v", errs[4])
	}
	p, err := c.Person(t.Context(), first)
	if err != nil || p != people[0] {
		t.Errorf("the person reads back as %+v, %v", p, err)
	}
	id, err := c.FindByAccount(t.Context(), opened[0].Learner.Account, "王 桂兰")
	if err != nil || id != first {
		t.Errorf("found by account number: %v, %v", id, err)
	}
}

func TestPostingErrors(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	for name, tt := range map[string]struct {
		change func(*creditbank.Posting)
		kind   error
		code   creditbank.Code
	}{
		"unknown learner":        {func(p *creditbank.Posting) { p.Learner = "00000000-0000-4000-8000-000000000000" }, creditbank.ErrNotFound, creditbank.CodeUnknownLearner},
		"unknown course":         {func(p *creditbank.Posting) { p.Course = "S9" }, creditbank.ErrNotFound, creditbank.CodeUnknownCourse},
		"unknown institution":    {func(p *creditbank.Posting) { p.Institution = "I99" }, creditbank.ErrNotFound, creditbank.CodeUnknownInstitution},
		"a day in the future":    {func(p *creditbank.Posting) { p.IssuedOn = 20260316 }, creditbank.ErrInvalid, creditbank.CodeDateInFuture},
		"no day":                 {func(p *creditbank.Posting) { p.IssuedOn = 0 }, creditbank.ErrInvalid, creditbank.CodeMissing},
		"ended before its issue": {func(p *creditbank.Posting) { p.ValidUntil = 20241231 }, creditbank.ErrInvalid, creditbank.CodeMalformed},
		"attendance above hours": {func(p *creditbank.Posting) { p.Attended = 48*creditbank.Hour + 1 }, creditbank.ErrInvalid, creditbank.CodeAttendanceAboveHours},
		"negative attendance":    {func(p *creditbank.Posting) { p.Attended = -1 }, creditbank.ErrInvalid, creditbank.CodeMalformed},
		"no external id":         {func(p *creditbank.Posting) { p.ExternalID = "" }, creditbank.ErrInvalid, creditbank.CodeMissing},
		"revision zero":          {func(p *creditbank.Posting) { p.Revision = 0 }, creditbank.ErrInvalid, creditbank.CodeMalformed},
		"revision of nothing":    {func(p *creditbank.Posting) { p.Revision = 2 }, creditbank.ErrNotFound, creditbank.CodeUnknownOutcome},
	} {
		p := c.posting(l, "O1", "S1", "2025-01-01", "80")
		tt.change(&p)
		_, err := c.poster.Post(t.Context(), operator, p, "")
		wantCode(t, name, err, tt.kind, tt.code)
	}
	c.post(l, "O1", "S1", "2025-01-01", "80")
	again, err := c.poster.Post(t.Context(), operator, c.posting(l, "O1", "S1", "2025-01-01", "80"), "other request")
	if err != nil || !again.Duplicate || again.Outcome.Request != "req" {
		t.Errorf("posted again: %+v, %v; want the first answer", again, err)
	}
	_, err = c.poster.Post(t.Context(), operator, c.posting(l, "O1", "S1", "2025-01-01", "81"), "")
	wantCode(t, "key reused", err, creditbank.ErrConflict, creditbank.CodeKeyReused)
	if _, err = c.poster.Post(t.Context(), creditbank.Caller{}, c.posting(l, "O2", "S1", "2025-01-01", "81"), ""); !errors.Is(err, creditbank.ErrInvalid) {
		t.Errorf("nobody posted: %v", err)
	}
}

func TestNotEnrolledSaysWhatToDo(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	must(t, c.Leave(t.Context(), creditbank.Change{By: operator, Learner: l}, "P1"))
	c.post(l, "O1", "S1", "2025-01-01", "80")
	d := c.convert(l, "R1")
	texts := creditbank.Explain(c.Catalogue(), d)
	if len(texts) != 1 || !strings.Contains(texts[0].ZH, "社区管理（专科）") || !strings.Contains(texts[0].ZH, "青禾开放大学") || !strings.Contains(texts[0].EN, "apply again") {
		t.Errorf("%v explained as %+v: which programme, whom to ask, what next?", d.Reasons(), texts)
	}
}

func TestConvertIsIdempotent(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	change := creditbank.Change{By: operator, Learner: l, Key: "k1"}
	first, err := c.Convert(t.Context(), change, []creditbank.RuleID{"R1", "R3"})
	must(t, err)
	again, err := c.Convert(t.Context(), change, []creditbank.RuleID{"R1", "R3"})
	must(t, err)
	if len(first) != 2 || len(again) != 2 || first[0].Seq != again[0].Seq || again[1].Body.Decision.Hash() != first[1].Body.Decision.Hash() {
		t.Errorf("asked again: %v, want %v", kinds(again), kinds(first))
	}
	_, err = c.Convert(t.Context(), change, []creditbank.RuleID{"R1"})
	wantCode(t, "same key, other request", err, creditbank.ErrConflict, creditbank.CodeKeyReused)
	_, err = c.Convert(t.Context(), creditbank.Change{By: operator, Learner: l}, []creditbank.RuleID{"R1", "R99"})
	wantCode(t, "unknown rule", err, creditbank.ErrNotFound, creditbank.CodeUnknownRule)
	c.holds(l, "2026-03-15", "P1 4.0")
	if n := c.replayAll(l); n != 2 {
		t.Errorf("%d decisions on record, want 2: the unknown rule decided nothing", n)
	}
}

// Two requests for the last credits under a cap: exactly one wins.
func TestLastCreditsUnderACap(t *testing.T) {
	for range 5 {
		c := newCity(t)
		l := c.open(0)
		c.post(l, "O1", "S1", "2025-01-01", "80") // 6.0
		c.post(l, "O2", "S2", "2025-01-01", "80") // 2.0
		for i := range 4 {
			c.post(l, fmt.Sprintf("N%d", i), "N3", "2025-01-01", "80") // 3.0 each, cut to 10.0
		}
		c.convert(l, "R2") // 8.0 of the 12.0 that conversions may grant
		approved := make(chan bool, 8)
		var wg sync.WaitGroup
		for range cap(approved) {
			wg.Go(func() {
				acts, err := c.Convert(context.Background(), creditbank.Change{By: operator, Learner: l}, []creditbank.RuleID{"R3"})
				approved <- err == nil && acts[0].Body.Decision.Approved
			})
		}
		wg.Wait()
		won := 0
		for range cap(approved) {
			if <-approved {
				won++
			}
		}
		if won != 1 {
			t.Errorf("%d of 8 conversions won the last 4.0 credits", won)
		}
		c.holds(l, "2026-03-15", "NON_FORMAL 6.0, P1 12.0")
		c.replayAll(l)
	}
}
