package fuzz

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"creditbank/api/apitest"
	"creditbank/api/apitest/generate"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/rule"
	"creditbank/creditbank/sqlite"
)

// A caller is somebody who sends requests. The zero caller brings no token.
type caller struct {
	name     string
	sub      string // as it is recorded
	learner  creditbank.LearnerID
	roles    []string
	header   string // that the credentials are in
	value    string
	issuedAt time.Time
	narrow   bool // its scope is less than the bank
}

func (c *caller) has(role string) bool {
	for _, r := range c.roles {
		if r == role {
			return true
		}
	}
	return false
}

// What the scene knows to exist.
type (
	person  struct{ name, idNumber string }
	learner struct {
		id, account string
		person
	}
	row struct {
		learner, institution, externalID, course string
		seq                                      int64
		revision                                 int
	}
	activation struct{ account, name, code, sub string }
	login      struct{ account, password, sub string }
	secret     struct{ client, secret string }
	clientKey  struct {
		client, kid string
		private     ed25519.PrivateKey
	}
	bundle struct {
		credential, status map[string]any
		proof              string
	}
)

// A scene is a service with a city on record, those who call it, and what they
// know.
type scene struct {
	*apitest.World
	t       testing.TB
	ledger  *sqlite.Store
	callers []*caller
	loud    *loudLog
	files   rule.Files
	lawful  *creditbank.Bank // where drafts of rules have a way to go
	lawless *creditbank.Bank // where they have none

	mu       sync.Mutex           // guards what follows
	personal []string             // what must stand in no problem
	ruleSet  int                  // the newest version known
	size     int64                // of the log
	newKeys  map[string]clientKey // sent, and perhaps taken
	subs     map[string]string    // who logs in, by account number
	stale    string               // a token of somebody who is not there any more

	learners                                               generate.Bag[learner]
	persons                                                generate.Bag[person]
	regions, institutions, courses, programmes, rules      generate.Bag[string]
	accounts, clients, certificates, codes, issuers, spare generate.Bag[string]
	keys, sessions                                         generate.Bag[string]
	outcomes, granted, applications, decisions, consents   generate.Bag[row]
	awards, cases                                          generate.Bag[row]
	returned, denied, disputed                             generate.Bag[row]
	numbers                                                generate.Bag[string] // of what is shown
	activations                                            generate.Bag[activation]
	logins                                                 generate.Bag[login]
	secrets                                                generate.Bag[secret]
	clientKeys                                             generate.Bag[clientKey]
	bundles                                                generate.Bag[bundle]
	forms                                                  generate.Bag[string] // JWTs and SD-JWTs
	drafts                                                 generate.Bag[int]
	cursors                                                map[string]*generate.Bag[string] // by operation
	protected                                              map[string]bool                  // accounts and clients of the callers
}

// fuzzClock begins on a day on which the city's rules are in force, and goes on
// as the clock on the wall.
func fuzzClock() func() time.Time {
	start, began := time.Date(2026, 10, 1, 1, 0, 0, 0, time.UTC), time.Now()
	return func() time.Time { return start.Add(time.Since(began)) }
}

// shownRule is a rule whose applications have a whole life.
const shownRule = `
  - id: R90
    kind: conversion
    title: {zh: 自考社区管理学转换选修（公示）, en: Self-taught exam to Electives in public}
    programme: P1
    effective: {from: 2020-01-01}
    source: {course: S07, min_grade: "60"}
    grant: [{slot: T-EL, credits: "1", grade: carry, exceed: truncate}]
    approval: {reviewers: 1}
    publicity: P5D
    appeal: {file_within: P15D, levels: 5}
    exceed: deny
`

// newScene starts a service and puts the city on record. Two of the city's rules
// ask for a reviewer, so that there is something to review.
func newScene(t testing.TB) *scene {
	city := fstest.MapFS{}
	folder := os.DirFS(filepath.Join(apitest.Root(t), "creditbank", "scenario", "testdata", "qinghe"))
	names, err := fs.Glob(folder, "*")
	must(t, err)
	for _, name := range names {
		data, err := fs.ReadFile(folder, name)
		must(t, err)
		city[name] = &fstest.MapFile{Data: data}
	}
	rules := string(city["rules.yaml"].Data)
	for _, source := range []string{"split: true}\n", "source: {course: S07, min_grade: \"60\"}\n"} {
		if !strings.Contains(rules, source) {
			t.Fatalf("no rule of the city has %q", source)
		}
		rules = strings.Replace(rules, source, source+"    approval: reviewer\n", 1)
	}
	rules += shownRule
	city["rules.yaml"].Data = []byte(rules)
	ledger, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "bank.db"))
	must(t, err)
	t.Cleanup(func() { must(t, ledger.Close()) })
	s := &scene{
		t: t, ledger: ledger, loud: &loudLog{}, ruleSet: 1, cursors: map[string]*generate.Bag[string]{}, protected: map[string]bool{}, newKeys: map[string]clientKey{}, subs: map[string]string{},
		files: rule.Files{Rules: []byte(rules), Programmes: city["programmes.yaml"].Data},
	}
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintln(w, "# none")
	})
	s.World = apitest.New(t, apitest.Options{Ledger: ledger, Clock: fuzzClock(), City: city, Log: slog.New(s.loud), Metrics: metrics})
	s.lawful, s.lawless = s.Governed(lawfulPolicy), s.Governed(creditbank.RulePolicy{})
	s.know()
	s.play()
	s.pursue()
	s.cast()
	s.stale, _, err = s.Server.Issue(t.Context(), "client:nobody")
	must(t, err)
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// know takes in the reference data.
func (s *scene) know() {
	cat := s.Bank.Catalogue()
	for id := range cat.Regions {
		s.regions.Add(string(id))
	}
	for id := range cat.Institutions {
		s.institutions.Add(string(id))
		did, err := s.Office.DID(id)
		must(s.t, err)
		s.issuers.Add(did[strings.LastIndex(did, ":")+1:])
	}
	for id := range cat.Courses {
		s.courses.Add(string(id))
	}
	for _, p := range cat.Rules.(*rule.Set).Programmes() {
		s.programmes.Add(string(p.ID))
	}
	for _, r := range cat.Rules.(*rule.Set).Rules() {
		if r.Conversion != nil {
			s.rules.Add(string(r.ID))
		}
	}
}

// play puts the city on record: its learners, their outcomes, and what they
// applied for.
func (s *scene) play() {
	ctx, by := s.t.Context(), creditbank.Caller{ID: "operator:test"}
	ids := s.Open()
	poster := s.Bank.NewPoster(ctx, creditbank.PosterConfig{})
	defer poster.Close()
	for _, l := range s.City.Learners {
		found, err := s.Bank.Learner(ctx, ids[l.Alias])
		must(s.t, err)
		p := person{l.Person.Name, string(l.Person.IDNumber)}
		s.persons.Add(p)
		s.learners.Add(learner{string(found.ID), string(found.Account), p})
		s.hide(p)
		for _, programme := range l.Programmes {
			must(s.t, s.Bank.Enrol(ctx, creditbank.Change{By: by, Learner: found.ID, Key: "enrol-" + string(programme)}, programme))
		}
	}
	for _, o := range s.City.Outcomes {
		p := o.Posting
		p.Learner = ids[o.Alias]
		posted, err := poster.Post(ctx, by, p, "")
		must(s.t, err)
		o := row{string(p.Learner), string(p.Institution), p.ExternalID, string(p.Course), posted.Outcome.Seq, 1}
		s.outcomes.Add(o)
		if posted.Outcome.Granted {
			s.granted.Add(o)
		}
	}
	for i, e := range s.City.Events {
		if len(e.Rules) == 0 {
			continue
		}
		acts, err := s.Bank.Convert(ctx, creditbank.Change{By: by, Learner: ids[e.Learner], Key: fmt.Sprint("convert-", i)}, e.Rules)
		must(s.t, err)
		for _, a := range acts {
			if a.Body.Decision != nil && a.Body.Decision.Pending() {
				s.applications.Add(row{learner: string(ids[e.Learner]), seq: a.Seq})
			}
			s.decisions.Add(row{learner: string(ids[e.Learner]), seq: a.Seq})
		}
	}
}

// pursue brings applications of the city's learners as far as few requests would:
// some are shown, some refused, which can be appealed, and some returned.
func (s *scene) pursue() {
	ctx := s.t.Context()
	poster := s.Bank.NewPoster(ctx, creditbank.PosterConfig{})
	defer poster.Close()
	score, err := creditbank.ParseScore("80")
	must(s.t, err)
	for i, l := range s.City.Learners {
		id, err := s.Bank.FindByIDNumber(ctx, l.Person.IDNumber, l.Person.Name)
		must(s.t, err)
		change := func(who string) creditbank.Change {
			return creditbank.Change{By: creditbank.Caller{ID: who}, Learner: id, Key: fmt.Sprint("pursue-", i)}
		}
		key := creditbank.OutcomeKey{Learner: id, Institution: "I15", ExternalID: fmt.Sprint("F", i), Revision: 1}
		posted, err := poster.Post(ctx, creditbank.Caller{ID: "operator:test"}, creditbank.Posting{OutcomeKey: key, Course: "S07", IssuedOn: 20240101, Score: score}, "")
		must(s.t, err)
		s.outcomes.Add(row{string(id), "I15", key.ExternalID, "S07", posted.Outcome.Seq, 1})
		must(s.t, s.Bank.Enrol(ctx, change("operator:enrol"), "P1"))
		acts, err := s.Bank.Convert(ctx, change("operator:apply"), []creditbank.RuleID{"R90"})
		if err != nil || acts[0].Kind != creditbank.ActApplied {
			continue // there is one already
		}
		found := row{learner: string(id), seq: acts[0].Seq}
		if i%3 == 2 {
			_, err := s.Bank.Return(ctx, change("user:reviewer"), found.seq, creditbank.Returning{Reason: "缺材料"})
			must(s.t, err)
			s.returned.Add(found)
			continue
		}
		act, err := s.Bank.Review(ctx, change("user:reviewer"), found.seq, creditbank.Verdict{Approve: i%3 == 0})
		must(s.t, err)
		if act.Kind == creditbank.ActDecided {
			s.denied.Add(found)
			continue
		}
		s.numbers.Add(creditbank.ApplicationNumber(id, found.seq))
	}
}

// hide has somebody's name and number looked for in problems.
func (s *scene) hide(p person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.personal = append(s.personal, p.name, p.idNumber)
}

// machines are the clients that call, with what they may do.
var machines = [][]string{
	{"", "poster region:9901"}, {"", "reviewer region:9901"}, {"", "clerk region:9901"}, {"", "manager region:9901"}, {"", "auditor region:9901"},
	{"", "operator region:9901"}, {"", "operator region:9901", "clerk region:9901", "poster region:9901", "reviewer region:9901", "auditor region:9901", "manager region:9901"},
	{"I06", "poster institution:I06"}, {"I01", "clerk institution:I01", "reviewer institution:I01"}, {"I02", "clerk institution:I02"}, {"I04", "manager branch:I04", "poster branch:I04"},
	{"I14", "manager institution:I14"}, {"I15", "auditor institution:I15"}, {"", "operator region:990101"}, {"", "auditor region:990103"}, {"I07"},
}

// cast makes the callers.
func (s *scene) cast() {
	for _, m := range machines {
		id := strings.TrimPrefix(s.client(m[0], m[1:]...), "client:")
		s.protected[id] = true
		c := &caller{name: strings.Join(m, " "), sub: "client:" + id, narrow: m[0] != "" || len(m) == 2 && !strings.HasSuffix(m[1], "9901")}
		for _, g := range m[1:] {
			role, _, _ := strings.Cut(g, " ")
			c.roles = append(c.roles, role)
		}
		s.callers = append(s.callers, c)
	}
	for _, l := range s.City.Learners {
		known, _ := s.learners.Where(generate.NewRand(0, 0), func(k learner) bool { return k.name == l.Person.Name })
		a, _, err := s.Registry.OpenAccount(s.t.Context(), s.Owner(), access.NewAccount{Learner: creditbank.LearnerID(known.id)})
		must(s.t, err)
		s.protected[string(a.ID)] = true
		s.callers = append(s.callers, &caller{name: l.Alias, sub: "learner:" + known.id, learner: creditbank.LearnerID(known.id), roles: []string{"learner"}})
	}
	for _, c := range s.callers {
		must(s.t, s.issue(c))
	}
}

// client opens a client and returns how it is recorded.
func (s *scene) client(institution string, grants ...string) string {
	id := fmt.Sprintf("caller-%d", len(s.callers))
	_, err := s.Registry.OpenClient(s.t.Context(), s.Owner(), access.NewClient{
		ID: id, Title: creditbank.Text{ZH: "测试", EN: "test"}, Institution: creditbank.InstitutionID(institution), Grants: apitest.Grants(s.t, grants...),
	})
	must(s.t, err)
	return "client:" + id
}

// widen gives those whose scope is the whole bank their roles in every region
// that is above all others: where there is a new one, the bank has grown.
func (s *scene) widen() {
	for _, c := range s.callers {
		if c.narrow || c.learner != "" || len(c.roles) == 0 {
			continue
		}
		var grants []string
		for code, r := range s.Bank.Catalogue().Regions {
			for _, role := range c.roles {
				if r.Parent == "" {
					grants = append(grants, role+" region:"+string(code))
				}
			}
		}
		if len(grants) > 50 {
			continue // more than anybody may have
		}
		if _, err := s.Registry.SetClientGrants(s.t.Context(), s.Owner(), strings.TrimPrefix(c.sub, "client:"), apitest.Grants(s.t, grants...)); err != nil {
			s.t.Errorf("widen %s: %v", c.name, err)
		}
	}
}

// issue gives a caller a new token.
func (s *scene) issue(c *caller) error {
	t, _, err := s.Server.Issue(context.Background(), c.sub)
	c.header, c.value, c.issuedAt = "Authorization", "Bearer "+t, time.Now()
	return err
}

// own is the caller that a worker uses in place of one of the scene's: a copy
// with a token that has not expired.
func (s *scene) own(c *caller) *caller {
	mine := *c
	if mine.sub != "" && time.Since(mine.issuedAt) > 5*time.Minute {
		if err := s.issue(&mine); err != nil {
			s.t.Errorf("a token for %s: %v", c.name, err)
		}
	}
	return &mine
}

// loudLog keeps the records of faults.
type loudLog struct {
	mu    sync.Mutex
	lines []string
}

// Enabled implements [slog.Handler].
func (l *loudLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }

// Handle implements [slog.Handler].
func (l *loudLog) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += " " + a.String()
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	return nil
}

// WithAttrs implements [slog.Handler].
func (l *loudLog) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup implements [slog.Handler].
func (l *loudLog) WithGroup(string) slog.Handler { return l }

// heard returns what was logged.
func (l *loudLog) heard() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.lines...)
}
