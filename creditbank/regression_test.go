package creditbank_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
	"creditbank/creditbank/vault"
)

// sourceCap is a city whose only cap is one per source.
func (c *city) sourceCap(exceed, limit string) {
	c.t.Helper()
	rules := strings.ReplaceAll(`timezone: Asia/Shanghai
rules:
  - {id: N, kind: recognition, title: {zh: 社区, en: community}, effective: {from: 2015-01-01}, source: {category: NON_FORMAL}, require: {pass_mark: "60"}, credits: {hours_per_credit: "12", hours: scheduled}}
  - {id: RA, kind: conversion, title: {zh: 甲, en: a}, programme: P1, effective: {from: 2020-01-01}, source: {pool: {category: NON_FORMAL, credits: "2"}, split: true}, grant: [{slot: E, credits: "2", grade: exempt, exceed: EXCEED}]}
  - {id: RB, kind: conversion, title: {zh: 乙, en: b}, programme: P1, effective: {from: 2020-01-01}, source: {pool: {category: NON_FORMAL, credits: "2"}, split: true}, grant: [{slot: E, credits: "2", grade: exempt, exceed: EXCEED}]}
`, "EXCEED", exceed)
	programmes := `programmes:
  - id: P1
    institution: I01
    title: {zh: 甲, en: A}
    credits: "40"
    caps: [{of: {category: NON_FORMAL}, credits: "` + limit + `", per: source}]
    slots: [{id: E, title: {zh: 选修, en: electives}, credits: "20", elective: true}]
`
	body, _, problems := rule.Compile(rule.Files{Rules: []byte(rules), Programmes: []byte(programmes)}, c.Catalogue())
	must(c.t, problems.Err())
	half := creditbank.Course{Code: "N1", Title: "半课", Institution: "I02", Category: creditbank.NonFormal, Level: 2, Hours: 24 * creditbank.Hour}
	must(c.t, c.Publish(c.t.Context(), operator, creditbank.Reference{Courses: []creditbank.Course{half}, RuleSet: body}))
}

// Looking back, a pool would move onto a lot that a later conversion has filled
// to its cap meanwhile.
func TestRelinkNeverPassesACapPerSource(t *testing.T) {
	c := newCity(t)
	c.sourceCap("deny", "2")
	l := c.open(0)
	c.post(l, "X", "N1", "2025-01-01", "80") // 2.0
	c.post(l, "Y", "N3", "2025-02-01", "80") // 4.0
	c.convert(l, "RA")                       // all of X
	c.convert(l, "RB")                       // half of Y
	c.revise(l, "X", "N1", "2025-01-01", "10", 2)
	a, err := c.Account(t.Context(), l)
	must(t, err)
	if a.Conversions[0].Stands() || !a.Conversions[1].Stands() {
		t.Errorf("RA stands %v on %+v; the cap of 2.0 per source was full", a.Conversions[0].Stands(), a.Conversions[0].Decision.Sources)
	}
	c.replayAll(l)
}

// A conversion that was relinked still shares its source with the next.
func TestRelinkKnowsSharedSources(t *testing.T) {
	c := newCity(t)
	c.sourceCap("truncate", "3")
	l := c.open(0)
	c.post(l, "X", "N3", "2025-01-01", "80") // 4.0
	c.convert(l, "RA")                       // 2.0 of X for 2.0
	c.convert(l, "RB")                       // 2.0 of X for the 1.0 left under the cap
	c.revise(l, "X", "N3", "2025-01-01", "90", 2)
	a, err := c.Account(t.Context(), l)
	must(t, err)
	for _, conversion := range a.Conversions {
		if !conversion.Stands() {
			t.Errorf("%s was reversed although the same lines come out", conversion.Decision.Rule)
		}
	}
	c.replayAll(l)
}

// A posting sent again is answered as the first time, whatever has changed.
func TestSentAgainAfterTheWorldChanged(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	p := c.posting(l, "O1", "S1", "2025-01-01", "80")
	p.Attended = 40 * creditbank.Hour
	revised := p
	revised.Revision, revised.Attended = 2, 30*creditbank.Hour
	for range 2 {
		_, err := c.poster.Post(t.Context(), operator, p, "")
		must(t, err)
		_, err = c.poster.Post(t.Context(), operator, revised, "")
		must(t, err)
		must(t, c.Publish(t.Context(), operator, creditbank.Reference{Courses: []creditbank.Course{
			{Code: "S1", Title: "甲课", Institution: "I01", Category: creditbank.Formal, Level: 5, Hours: 4 * creditbank.Hour, Credits: 600}}}))
		c.set("2024-12-31")
	}
}

// stuck draws the same account number over and over, at first.
type stuck struct{ left *int }

func (s stuck) Read(b []byte) (int, error) {
	if len(b) == 1 && *s.left > 0 {
		*s.left--
		b[0] = 7
		return 1, nil
	}
	return rand.Read(b)
}

func (c *city) another(store creditbank.Store, random io.Reader) *creditbank.Bank {
	c.t.Helper()
	master, err := vault.NewMaster(rand.Reader)
	must(c.t, err)
	v, err := vault.New(master, rand.Reader)
	must(c.t, err)
	b, err := creditbank.New(c.t.Context(), creditbank.Config{Store: store, Vault: v, Clock: c.clock, Random: random, LoadRules: rule.Load})
	must(c.t, err)
	return b
}

func TestAccountNumberTaken(t *testing.T) {
	c := newCity(t)
	left := 33
	b := c.another(c.store, stuck{&left})
	for n := range 2 {
		opened, errs := b.Open(t.Context(), operator, []creditbank.Opening{{Person: people[n], Region: "9901"}})
		if errs[0] != nil || opened[0].Existed {
			t.Errorf("opening %d: %+v, %v; want a number of its own", n, opened[0], errs[0])
		}
	}
}

// However the clock stands, what a conversion holds is taken.
func TestClockSetBack(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	c.convert(l, "R1")
	c.set("2026-03-14")
	if d := c.convert(l, "R1"); d.Approved || d.Reasons()[0] != creditbank.OutcomeAlreadyConsumed {
		t.Errorf("converted again with the clock a day back: %v %v", d.Approved, d.Reasons())
	}
}

// A key keeps its answer, also where there was nothing to do.
func TestKeyOfNothingToDo(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	key := func(k string) creditbank.Change { return creditbank.Change{By: operator, Learner: l, Key: k} }
	must(t, c.Freeze(t.Context(), key("a"), "x"))
	must(t, c.Freeze(t.Context(), key("b"), "x"))
	must(t, c.Unfreeze(t.Context(), key("c"), "x"))
	must(t, c.Freeze(t.Context(), key("b"), "x")) // sent again, late
	if a, err := c.Account(t.Context(), l); err != nil || a.Frozen {
		t.Errorf("a request sent again took effect a second time: frozen %v, %v", a.Frozen, err)
	}
	wantCode(t, "key of another request", c.Enrol(t.Context(), key("b"), "P1"), creditbank.ErrConflict, creditbank.CodeKeyReused)
}

// Rules published through another bank on the store are found when they are
// needed.
func TestReplicaThatHasNotRefreshed(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	other := c.another(c.store, rand.Reader)
	body, _, problems := rule.Compile(rule.Files{Rules: []byte(strings.Replace(cityFiles, "zh: 课程", "zh: 课程二", 1)), Programmes: []byte(cityProgrammes)}, c.Catalogue())
	must(t, problems.Err())
	must(t, other.Publish(t.Context(), operator, creditbank.Reference{RuleSet: body}))
	_, err := other.Convert(t.Context(), creditbank.Change{By: operator, Learner: l}, []creditbank.RuleID{"R1"})
	must(t, err)
	c.revise(l, "O1", "S1", "2025-01-01", "85", 2)
}

func TestNobodyActsUnnamed(t *testing.T) {
	c := newCity(t)
	_, errs := c.Open(t.Context(), creditbank.Caller{}, []creditbank.Opening{{Person: people[0], Region: "9901"}})
	wantCode(t, "open", errs[0], creditbank.ErrInvalid, creditbank.CodeMissing)
	wantCode(t, "publish", c.Publish(t.Context(), creditbank.Caller{}, creditbank.Reference{}), creditbank.ErrInvalid, creditbank.CodeMissing)
	wantCode(t, "freeze", c.Freeze(t.Context(), creditbank.Change{}, ""), creditbank.ErrInvalid, creditbank.CodeMissing)
}

// unconfirmed is a store whose standby never answers.
type unconfirmed struct{ creditbank.Store }

func (unconfirmed) Confirm(context.Context) error { return creditbank.ErrOutcomeUnknown }

func (u unconfirmed) Publish(ctx context.Context, f creditbank.Feed, base int, d []creditbank.Document) (bool, error) {
	if _, err := u.Store.Publish(ctx, f, base, d); err != nil {
		return false, err
	}
	return false, creditbank.ErrOutcomeUnknown
}

// What is found done already is not success before it is sure to last.
func TestPublishedAgainIsConfirmed(t *testing.T) {
	c := newCity(t)
	b := c.another(unconfirmed{c.store}, rand.Reader)
	ref := creditbank.Reference{Regions: []creditbank.Region{{Code: "9902", Name: "乙市", Level: "city"}}}
	for range 2 {
		if err := b.Publish(t.Context(), operator, ref); !errors.Is(err, creditbank.ErrOutcomeUnknown) {
			t.Errorf("published: %v, want an unknown outcome", err)
		}
	}
}

// An institution that changes its name becomes its next version.
func TestInstitutionsChange(t *testing.T) {
	c := newCity(t)
	renamed := creditbank.Institution{ID: "I02", Name: "市民学院", Kinds: []string{"community_college"}, Region: "9901"}
	must(t, c.Publish(t.Context(), operator, creditbank.Reference{Institutions: []creditbank.Institution{renamed}}))
	other := c.another(c.store, rand.Reader)
	if got := other.Catalogue().Institutions["I02"].Name; got != "市民学院" {
		t.Errorf("read back as %q", got)
	}
}

// Personal data has no way into what stands in the clear.
func TestPersonalDataInTheWrongPlace(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	for name, id := range map[string]string{"identity number": string(people[1].IDNumber), "not UTF-8": "a\xffb", "control": "a\tb"} {
		_, err := c.poster.Post(t.Context(), operator, c.posting(l, id, "S1", "2025-01-01", "80"), "")
		wantCode(t, name, err, creditbank.ErrInvalid, creditbank.CodeMalformed)
	}
	_, err := c.FindByIDNumber(t.Context(), people[0].IDNumber, "张三丰")
	wantCode(t, "another name", err, creditbank.ErrConflict, creditbank.CodeNameMismatch)
	if strings.Contains(err.Error(), "张三丰") {
		t.Errorf("the name stands in the error: %v", err)
	}
	if _, err := creditbank.ParseCode("P1/T"); err == nil {
		t.Error("a code with a slash would make two slots one account")
	}
}

// Looking back takes nothing that was revoked since.
func TestRelinkNeverTakesWhatWasRevoked(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	c.post(l, "N0", "N3", "2025-01-01", "80")
	c.post(l, "N1", "N3", "2025-02-01", "80")
	c.post(l, "N2", "N3", "2025-03-01", "80")
	c.convert(l, "R3") // all of N0, 1.0 of N1
	c.set("2026-04-01")
	c.revoke(l, "N2")
	c.revise(l, "N0", "N3", "2025-01-01", "10", 2) // refused: 3.0 of N1 are left, 4.0 needed
	a, err := c.Account(t.Context(), l)
	must(t, err)
	if a.Conversions[0].Stands() {
		t.Errorf("stands on %+v", a.Conversions[0].Decision.Sources)
	}
	c.replayAll(l)
}
