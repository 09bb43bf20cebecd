package issuancetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"creditbank/certify"
	"creditbank/certify/issuance"
	"creditbank/certify/keyfile"
	"creditbank/creditbank"
	"creditbank/creditbank/rule"
	"creditbank/creditbank/storetest"
	"creditbank/creditbank/vault"
)

// Host is where the bank of the tests is served.
const Host = "credits.example.edu"

// A City is a bank with two institutions, two courses and five rules of
// conversion, of which C3 needs a reviewer, C4 carries the line of C1 to another
// programme and C5 that of C4 to a third; and an office that issues its
// certificates.
type City struct {
	Bank    *creditbank.Bank
	Poster  *creditbank.Poster
	Ledger  creditbank.Store
	Store   issuance.Store
	Vault   creditbank.Vault
	Keys    *keyfile.Folder
	Clock   *Clock
	Anchors certify.AnchorPolicy

	posted atomic.Int64 // to number what is posted
	people atomic.Int64
}

// A Clock goes on by a second each time it is read.
type Clock struct{ seconds atomic.Int64 }

// Now returns the time.
func (c *Clock) Now() time.Time {
	return time.Date(2026, time.March, 15, 4, 0, 0, 0, time.UTC).Add(time.Duration(c.seconds.Add(1)) * time.Second)
}

const programmesYAML = `programmes:
  - id: P1
    institution: I01
    title: {zh: 社区管理与服务（专科）, en: Community Management}
    credits: "80"
    caps: [{of: all, share: "0.50"}]
    slots:
      - {id: T1, title: {zh: 信息技术应用, en: IT Application}, credits: "4", level: 4}
      - {id: T2, title: {zh: 老年健康照护, en: Health Care}, credits: "3", level: 5}
  - id: P2
    institution: I06
    title: {zh: 社区工作（证书）, en: Community Work}
    credits: "10"
    caps: []
    slots:
      - {id: U1, title: {zh: 数字素养, en: Digital Skills}, credits: "4"}
  - id: P3
    institution: I01
    title: {zh: 社区管理（本科）, en: Community Management, degree}
    credits: "4"
    caps: []
    slots:
      - {id: V1, title: {zh: 信息素养, en: Information}, credits: "4"}
`

const rulesYAML = `timezone: Asia/Shanghai
rules:
  - id: R1
    kind: recognition
    title: {zh: 社区学习按学时认定, en: Community learning by hours}
    effective: {from: 2020-01-01}
    source: {category: NON_FORMAL}
    require: {pass_mark: "60", min_attendance: "0.50"}
    credits: {hours_per_credit: "16", hours: scheduled, round: {mode: down, step: "0.5"}}
    valid_for: P5Y
  - id: C1
    kind: conversion
    title: {zh: 智能手机应用转换信息技术应用, en: Smart phones to IT Application}
    programme: P1
    effective: {from: 2020-01-01}
    source: {course: K1, min_grade: "60"}
    grant: [{slot: T1, credits: "4", grade: carry}]
    exceed: deny
  - id: C2
    kind: conversion
    title: {zh: 护理基础转换老年健康照护, en: Nursing to Health Care}
    programme: P1
    effective: {from: 2020-01-01}
    source: {course: K2, min_grade: "60"}
    grant: [{slot: T2, credits: "3", grade: exempt}]
    exceed: deny
  - id: C3
    kind: conversion
    title: {zh: 护理基础转换老年健康照护（审核）, en: Nursing to Health Care, reviewed}
    programme: P1
    effective: {from: 2020-01-01}
    source: {course: K2, min_grade: "60"}
    approval: reviewer
    grant: [{slot: T2, credits: "3", grade: exempt}]
    exceed: deny
  - id: C4
    kind: conversion
    title: {zh: 信息技术应用互认为数字素养, en: IT Application carried to Digital Skills}
    programme: P2
    effective: {from: 2020-01-01}
    source: {line: {programme: P1, slot: T1}}
    grant: [{slot: U1, credits: "4", grade: carry}]
  - id: C5
    kind: conversion
    title: {zh: 数字素养互认为信息素养, en: Digital Skills carried to Information}
    programme: P3
    effective: {from: 2020-01-01}
    source: {line: {programme: P2, slot: U1}}
    grant: [{slot: V1, credits: "4", grade: carry}]
`

// By acts in the tests.
var By = creditbank.Caller{ID: "operator:test"}

// NewCity returns a city on the stores, whose keys are in a folder of the test.
func NewCity(t testing.TB, ledger creditbank.Store, store issuance.Store) *City {
	t.Helper()
	return OpenCity(t, ledger, store, t.TempDir()+"/keys")
}

// OpenCity returns the city on the stores as it is, or founds it. Several
// processes may open one city.
func OpenCity(t testing.TB, ledger creditbank.Store, store issuance.Store, keys string) *City {
	t.Helper()
	ctx := t.Context()
	c := &City{Ledger: ledger, Store: store, Clock: &Clock{}}
	var err error
	c.Vault, err = vault.New(bytes.Repeat([]byte{9}, vault.MasterSize), rand.Reader)
	must(t, err)
	c.Keys, err = keyfile.Open(keys, rand.Reader)
	must(t, err)
	c.Bank, err = creditbank.New(ctx, creditbank.Config{
		Store: ledger, Vault: c.Vault, Clock: c.Clock.Now, Random: rand.Reader, LoadRules: rule.Load,
	})
	must(t, err)
	reference := creditbank.Reference{
		Regions: []creditbank.Region{{Code: "9901", Name: "青禾市", Level: "city"}},
		Institutions: []creditbank.Institution{
			{ID: "I01", Name: "青禾开放大学", Kinds: []string{"open_university"}, Region: "9901"},
			{ID: "I06", Name: "柳溪社区学校", Kinds: []string{"community_school"}, Region: "9901"},
		},
		Courses: []creditbank.Course{
			{Code: "K1", Title: "智能手机应用入门", Institution: "I06", Category: creditbank.NonFormal, Level: 2, Hours: 32 * creditbank.Hour},
			{Code: "K2", Title: "老年护理基础", Institution: "I06", Category: creditbank.NonFormal, Level: 3, Hours: 24 * creditbank.Hour},
		},
	}
	must(t, c.Bank.Publish(ctx, By, reference))
	body, _, problems := rule.Compile(rule.Files{Rules: []byte(rulesYAML), Programmes: []byte(programmesYAML)}, c.Bank.Catalogue())
	must(t, problems.Err())
	must(t, c.Bank.Publish(ctx, By, creditbank.Reference{RuleSet: body}))
	c.Poster = c.Bank.NewPoster(context.WithoutCancel(ctx), creditbank.PosterConfig{})
	t.Cleanup(c.Poster.Close)
	return c
}

// Office returns an office on the given store, or on the city's own if nil.
func (c *City) Office(t testing.TB, store issuance.Store) *issuance.Office {
	t.Helper()
	if store == nil {
		store = c.Store
	}
	o, err := issuance.New(issuance.Config{
		Ledger: c.Ledger, Store: store, Vault: c.Vault, Keys: c.Keys, Clock: c.Clock.Now, Random: rand.Reader,
		LoadRules: rule.Load, Host: Host, Anchors: c.Anchors,
	})
	must(t, err)
	return o
}

// A Citizen is a learner with what must never be seen of them.
type Citizen struct {
	creditbank.Learner
	Person creditbank.Person
}

// Citizen opens the account of a new person and enrols them in P1.
func (c *City) Citizen(t testing.TB) Citizen {
	t.Helper()
	return c.named(t, fmt.Sprintf("欧阳测试%d", c.people.Load()))
}

func (c *City) named(t testing.TB, name string) Citizen {
	t.Helper()
	p := creditbank.Person{IDNumber: idNumber(int(c.people.Add(1))), Name: name}
	opened, errs := c.Bank.Open(t.Context(), By, []creditbank.Opening{{Person: p, Region: "9901"}})
	must(t, errs[0])
	l := opened[0].Learner
	must(t, c.Bank.Enrol(t.Context(), creditbank.Change{By: By, Learner: l.ID}, "P1"))
	return Citizen{l, p}
}

// smuggled opens the account of somebody whose name the bank would refuse, past
// the bank: as a row that an older program or another hand wrote.
func (c *City) smuggled(t testing.TB, name string) Citizen {
	t.Helper()
	n := c.people.Add(1)
	p := creditbank.Person{IDNumber: idNumber(int(n)), Name: name}
	l := storetest.Learner(int(n) + 1_000_000)
	var err error
	l.Key, err = c.Vault.NewKey(l.ID)
	must(t, err)
	l.Sealed, err = c.Vault.Seal(l.ID, l.Key, fmt.Appendf(nil, `{"id_number":%q,"name":%q}`, p.IDNumber, p.Name))
	must(t, err)
	taken, err := c.Ledger.Open(t.Context(), storetest.NewFeed(), []creditbank.NewLearner{l})
	must(t, err)
	if !taken[0] {
		t.Fatal("the account was not taken in")
	}
	must(t, c.Bank.Enrol(t.Context(), creditbank.Change{By: By, Learner: l.ID}, "P1"))
	return Citizen{l.Learner, p}
}

// idNumber returns the n-th identity number.
func idNumber(n int) creditbank.IDNumber {
	born := time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n/1000)
	for _, check := range "0123456789X" {
		number, err := creditbank.ParseIDNumber(fmt.Sprintf("990101%s%03d%c", born.Format("20060102"), n%1000, check))
		if err == nil {
			return number
		}
	}
	panic("issuancetest: no check digit fits") // one always does
}

// Post posts an outcome of a course and returns it.
func (c *City) Post(t testing.TB, id creditbank.LearnerID, course creditbank.CourseCode) creditbank.Outcome {
	t.Helper()
	o := c.PostScored(t, id, course, "86")
	if !o.Granted {
		t.Fatalf("Post(%s): refused: %v", course, o.Reasons)
	}
	return o
}

// PostScored posts an outcome with a score, which may be refused.
func (c *City) PostScored(t testing.TB, id creditbank.LearnerID, course creditbank.CourseCode, points string) creditbank.Outcome {
	t.Helper()
	score, err := creditbank.ParseScore(points)
	must(t, err)
	posted, err := c.Poster.Post(t.Context(), By, creditbank.Posting{
		OutcomeKey: creditbank.OutcomeKey{Learner: id, Institution: "I06", ExternalID: fmt.Sprintf("O%d", c.posted.Add(1)), Revision: 1},
		Course:     course, IssuedOn: 20260301, Score: score, Attended: 24 * creditbank.Hour,
	}, "")
	must(t, err)
	return posted.Outcome
}

// Convert has an approved decision made by a rule, and returns its act.
func (c *City) Convert(t testing.TB, id creditbank.LearnerID, rules ...creditbank.RuleID) []creditbank.Act {
	t.Helper()
	acts, err := c.Bank.Convert(t.Context(), creditbank.Change{By: By, Learner: id}, rules)
	must(t, err)
	for _, a := range acts {
		if !a.Body.Decision.Approved {
			t.Fatalf("Convert(%v): denied: %v", rules, a.Body.Decision.Reasons())
		}
	}
	return acts
}

// Converted opens an account and has one conversion approved in it.
func (c *City) Converted(t testing.TB) (Citizen, creditbank.Outcome) {
	t.Helper()
	who := c.Citizen(t)
	o := c.Post(t, who.ID, "K1")
	c.Convert(t, who.ID, "C1")
	return who, o
}

// Revise posts the next revision of an outcome with another score and hours.
func (c *City) Revise(t testing.TB, o creditbank.Outcome, score string, attended creditbank.Hours) creditbank.Outcome {
	t.Helper()
	p := o.Posting
	p.Revision++
	p.Attended = attended
	var err error
	p.Score, err = creditbank.ParseScore(score)
	must(t, err)
	revised, err := c.Bank.Revise(t.Context(), By, p, "")
	must(t, err)
	return revised.Outcome
}

// Revoke voids an outcome.
func (c *City) Revoke(t testing.TB, o creditbank.Outcome) {
	t.Helper()
	_, err := c.Bank.Revoke(t.Context(), creditbank.Change{By: By, Learner: o.Learner},
		creditbank.Revoking{Institution: o.Institution, ExternalID: o.ExternalID, Reason: "登记有误"})
	must(t, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
