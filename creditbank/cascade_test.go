package creditbank_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"creditbank/creditbank"
)

// The chain: an outcome of S1 becomes A of P1 (R1), which becomes X of P2 (R11),
// which becomes Y of P3 (R12). R13 takes A of P1 and S2 at once, into P2. R14 asks for
// grade 75 of X. R15 and R16 share pools.
const chainFiles = cityFiles + `  - {id: R11, kind: conversion, title: {zh: 互认, en: carried}, programme: P2, effective: {from: 2020-01-01}, source: {line: {programme: P1, slot: A}}, grant: [{slot: X, credits: "4", grade: carry}]}
  - {id: R12, kind: conversion, title: {zh: 再互认, en: carried again}, programme: P3, effective: {from: 2020-01-01}, source: {line: {programme: P2, slot: X, min_grade: "70"}}, grant: [{slot: Y, credits: source, grade: carry}]}
  - {id: R13, kind: conversion, title: {zh: 合并, en: both}, programme: P2, effective: {from: 2020-01-01}, source: {all: [{line: {programme: P1, slot: A}}, {course: S2}]}, grant: [{slot: W, credits: "5", grade: {weighted_by: hours, round: "0.1"}}]}
  - {id: R14, kind: conversion, title: {zh: 择优, en: good}, programme: P3, effective: {from: 2020-01-01}, source: {line: {programme: P2, slot: X, min_grade: "75"}}, grant: [{slot: Z, credits: "2", grade: exempt}]}
  - {id: R15, kind: conversion, title: {zh: 选修互认, en: electives carried}, programme: P2, effective: {from: 2020-01-01}, source: {line: {programme: P1, slot: E}}, grant: [{slot: V, credits: "4", grade: exempt}]}
  - {id: R16, kind: conversion, title: {zh: 零存整取二, en: pool two}, programme: P2, effective: {from: 2020-01-01}, source: {pool: {category: NON_FORMAL, credits: "4"}, split: true}, grant: [{slot: U, credits: "4", grade: exempt}]}
  - {id: R17, kind: conversion, title: {zh: 回流, en: back}, programme: P1, effective: {from: 2020-01-01}, source: {any: [{line: {programme: P2, slot: X}}, {line: {programme: P2, slot: U}}]}, grant: [{slot: E, credits: "4", grade: exempt}]}
  - {id: R18, kind: conversion, title: {zh: 菱形, en: diamond}, programme: P3, effective: {from: 2020-01-01}, source: {all: [{line: {programme: P2, slot: X}}, {line: {programme: P2, slot: U}}]}, grant: [{slot: Z, credits: "6", grade: exempt}]}
  - {id: R19, kind: conversion, title: {zh: 选修择优, en: good electives}, programme: P2, effective: {from: 2020-01-01}, source: {line: {programme: P1, slot: E, min_grade: "75"}}, grant: [{slot: V, credits: "2", grade: carry}]}
  - {id: R20, kind: conversion, title: {zh: 选修再互认, en: any electives}, programme: P3, effective: {from: 2020-01-01}, source: {line: {programme: P1, slot: E}}, grant: [{slot: Y, credits: "2", grade: carry}]}
`

const chainProgrammes = cityProgrammes + `  - id: P2
    institution: I02
    title: {zh: 社区工作（本科）, en: Community Work}
    credits: "40"
    caps: []
    slots:
      - {id: X, title: {zh: 丙, en: X}, credits: "4"}
      - {id: W, title: {zh: 丁, en: W}, credits: "5"}
      - {id: V, title: {zh: 戊, en: V}, credits: "4"}
      - {id: U, title: {zh: 己, en: U}, credits: "8", elective: true}
  - id: P3
    institution: I01
    title: {zh: 社会工作（硕士）, en: Social Work}
    credits: "40"
    caps: []
    slots:
      - {id: Y, title: {zh: 庚, en: Y}, credits: "4"}
      - {id: Z, title: {zh: 辛, en: Z}, credits: "6"}
`

// chainCity is a city of three programmes, and a learner enrolled in all.
func chainCity(t *testing.T) (*city, creditbank.LearnerID) {
	t.Helper()
	c := newCity(t)
	c.publishBoth(chainFiles, chainProgrammes)
	l := c.open(0)
	for _, p := range []creditbank.ProgrammeID{"P2", "P3"} {
		must(t, c.Enrol(t.Context(), creditbank.Change{By: operator, Learner: l}, p))
	}
	return c, l
}

// grants asks for conversions, each of which must be approved.
func (c *city) grants(l creditbank.LearnerID, rules ...creditbank.RuleID) []int64 {
	c.t.Helper()
	acts, err := c.Convert(c.t.Context(), creditbank.Change{By: operator, Learner: l}, rules)
	must(c.t, err)
	var seqs []int64
	for _, a := range acts {
		if !a.Body.Decision.Approved {
			c.t.Fatalf("%s: %v", a.Body.Decision.Rule, a.Body.Decision.Findings)
		}
		seqs = append(seqs, a.Seq)
	}
	return seqs
}

// account returns the account, after checking that it is sound.
func (c *city) account(l creditbank.LearnerID) *creditbank.Account {
	c.t.Helper()
	h, err := c.History(c.t.Context(), l)
	must(c.t, err)
	a, err := creditbank.NewAccount(h)
	must(c.t, err)
	if fault := unsound(h, a); fault != "" {
		c.t.Errorf("the account: %s", fault)
	}
	return a
}

// unsound says what is wrong with an account: a conversion that stands on what
// does not, a line carried twice, or accounts of the ledger that do not add up.
func unsound(h creditbank.History, a *creditbank.Account) string {
	carried := map[creditbank.LineRef]int64{}
	for _, c := range a.Conversions {
		if !c.Stands() {
			continue
		}
		kept := slices.ContainsFunc(a.Cases, func(k *creditbank.Case) bool {
			state := a.CaseState(k)
			return k.Conversion == c.Seq && (state == creditbank.CaseOpen || state == creditbank.CaseUpheld || state == creditbank.CaseReversed)
		})
		for _, s := range c.Decision.Sources {
			ref, ok := s.Line()
			if !ok {
				if lot := a.Lot(s.Lot); !kept && (!lot.Current() || lot.RevokedOn != 0 || !lot.Granted) {
					return fmt.Sprintf("conversion %d stands on lot %d, which does not", c.Seq, s.Lot)
				}
				continue
			}
			if from := a.Conversion(ref.Conversion); from == nil || !from.Stands() {
				return fmt.Sprintf("conversion %d stands on a line of %d, which does not", c.Seq, ref.Conversion)
			}
			if by := carried[ref]; by != 0 {
				return fmt.Sprintf("conversions %d and %d carry the same line", by, c.Seq)
			}
			carried[ref] = c.Seq
		}
	}
	return unbalanced(h, a)
}

// unbalanced says what is wrong with the ledger.
func unbalanced(h creditbank.History, a *creditbank.Account) string {
	movements, err := h.Movements()
	if err != nil {
		return err.Error()
	}
	sums := map[creditbank.AccountID]creditbank.Credits{}
	for _, m := range movements {
		sums[m.From] -= m.Credits
		sums[m.To] += m.Credits
	}
	for _, lot := range a.Lots {
		left := creditbank.Credits(0)
		if lot.Granted && lot.Current() && lot.RevokedOn == 0 {
			left = lot.Credits - lot.Held(20991231) - lot.Lapsed() // after every day
			for _, c := range a.Conversions {
				for _, s := range c.Decision.Sources {
					if c.Stands() && s.Lot == lot.Seq {
						left -= s.Credits
					}
				}
			}
		}
		if got := sums[creditbank.LotAccount(lot.Seq)]; got != left {
			return fmt.Sprintf("lot %d holds %v in the ledger, want %v", lot.Seq, got, left)
		}
	}
	for id, sum := range sums {
		switch name := string(id); {
		case strings.HasPrefix(name, "lot:") && sum < 0, strings.HasPrefix(name, "programme:") && sum < 0:
			return fmt.Sprintf("account %s holds %v", id, sum)
		case strings.HasPrefix(name, "carried:") && -sum > sums[creditbank.AccountID("programme:"+strings.TrimPrefix(name, "carried:"))]:
			return fmt.Sprintf("account %s owes %v, the slot holds less", id, -sum)
		}
	}
	return ""
}

// undone writes what acts did to which conversions: "reversed 5, revoked 2".
func undone(acts []creditbank.Act) string {
	var parts []string
	for _, a := range acts {
		parts = append(parts, fmt.Sprintf("%s %d", a.Kind, a.Body.Of))
	}
	return strings.Join(parts, ", ")
}

// lastActs returns what the last write put on record beside outcomes.
func (c *city) lastActs(l creditbank.LearnerID, n int) string {
	c.t.Helper()
	h, err := c.History(c.t.Context(), l)
	must(c.t, err)
	return undone(h.Acts[len(h.Acts)-n:])
}

func TestChainIsCarriedOn(t *testing.T) {
	c, l := chainCity(t)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	seqs := c.grants(l, "R1", "R11", "R12")
	c.holds(l, "2026-03-15", "P1 4.0, P2 4.0, P3 4.0")
	a := c.account(l)
	d := a.Conversion(seqs[2]).Decision
	if want := (creditbank.Consumption{Category: creditbank.Formal, Conversion: seqs[1], Credits: 400, Programme: "P2", Slot: "X"}); len(d.Sources) != 1 || d.Sources[0] != want {
		t.Errorf("the third link takes %+v, want %+v", d.Sources, want)
	}
	if d.Lines[0].Grade != "80" || d.Lines[0].Credits != 400 || d.Lines[0].Category != creditbank.Formal {
		t.Errorf("the third link grants %+v", d.Lines)
	}
	for rule, want := range map[creditbank.RuleID]string{
		"R13": "[MISSING_COMPONENT OUTCOME_ALREADY_CONSUMED]",                 // a line serves once
		"R17": "[MISSING_COMPONENT OUTCOME_ALREADY_CONSUMED EXCLUDED_SOURCE]", // and never where it came from
	} {
		if got := fmt.Sprint(c.convert(l, rule).Reasons()); got != want {
			t.Errorf("%s: %s, want %s", rule, got, want)
		}
	}
	c.replayAll(l)
}

func TestRevokedRootTakesTheChainDown(t *testing.T) {
	c, l := chainCity(t)
	root := c.post(l, "O1", "S1", "2025-01-01", "80")
	s := c.grants(l, "R1", "R11", "R12")
	c.set("2026-05-01")
	version := c.account(l).Version
	acts := c.revoke(l, "O1")
	if got, want := undone(acts), fmt.Sprintf("reversed %d, reversed %d, reversed %d, revoked %d", s[2], s[1], s[0], root.Seq); got != want {
		t.Errorf("revoking the root: %s, want %s", got, want)
	}
	if acts[0].Seq != version+1 || acts[3].Seq != version+4 {
		t.Errorf("it was not one write: %d to %d after %d", acts[0].Seq, acts[3].Seq, version)
	}
	for _, act := range acts[:3] {
		if act.Body.Since != root.Seq {
			t.Errorf("act %d names %d as its cause, want %d", act.Seq, act.Body.Since, root.Seq)
		}
	}
	c.holds(l, "2026-05-01", "")
	c.holds(l, "2026-03-15", "P1 4.0, P2 4.0, P3 4.0") // known now, valid then
	c.account(l)
	if got := fmt.Sprint(c.convert(l, "R12").Reasons()); got != "[OUTCOME_REVOKED]" {
		t.Errorf("a reversed line as a source: %s", got)
	}
	c.replayAll(l)
}

func TestRevisedRootIsFollowedDownTheChain(t *testing.T) {
	for name, tt := range map[string]struct {
		course, score string
		want          string // what the last acts did, by link
		balance       string
		grades        string
	}{
		"same lines":                   {"S1", "80", "relinked 1, replaced", "P1 4.0, P2 4.0, P3 4.0", "80 80 80"},
		"another grade":                {"S1", "91", "regraded 1, regraded 2, regraded 3, replaced", "P1 4.0, P2 4.0, P3 4.0", "91 91 91"},
		"below the root's minimum":     {"S1", "69", "reversed 3, reversed 2, reversed 1, replaced", "FORMAL 6.0", "80 80 80"},
		"below the last one's minimum": {"S1", "70", "regraded 1, regraded 2, regraded 3, replaced", "P1 4.0, P2 4.0, P3 4.0", "70 70 70"},
		"another course":               {"S2", "80", "reversed 3, reversed 2, reversed 1, replaced", "FORMAL 2.0", "80 80 80"},
	} {
		t.Run(name, func(t *testing.T) {
			c, l := chainCity(t)
			root := c.post(l, "O1", "S1", "2025-01-01", "80")
			s := c.grants(l, "R1", "R11", "R12")
			c.set("2026-05-01")
			c.revise(l, "O1", tt.course, "2025-01-02", tt.score, 2)
			got := c.lastActs(l, strings.Count(tt.want, ",")+1)
			want := strings.NewReplacer(" 1", fmt.Sprint(" ", s[0]), " 2", fmt.Sprint(" ", s[1]), " 3", fmt.Sprint(" ", s[2])).Replace(tt.want) + fmt.Sprint(" ", root.Seq)
			if got != want {
				t.Errorf("%s, want %s", got, want)
			}
			c.holds(l, "2026-05-01", tt.balance)
			a := c.account(l)
			var grades []string
			for _, conversion := range a.Conversions {
				grades = append(grades, conversion.Decision.Lines[0].Grade)
			}
			if got := strings.Join(grades, " "); got != tt.grades {
				t.Errorf("grades %s, want %s", got, tt.grades)
			}
			c.replayAll(l)
		})
	}
}

// A grade that falls below what a link asks for takes down that link only, and
// what rests on it.
func TestRegradingEndsWhereALinkAsksForMore(t *testing.T) {
	c, l := chainCity(t)
	root := c.post(l, "O1", "S1", "2025-01-01", "80")
	s := c.grants(l, "R1", "R11", "R14")
	c.revise(l, "O1", "S1", "2025-01-01", "72", 2)
	if got, want := c.lastActs(l, 4), fmt.Sprintf("regraded %d, regraded %d, reversed %d, replaced %d", s[0], s[1], s[2], root.Seq); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	c.holds(l, "2026-03-15", "P1 4.0, P2 4.0")
	c.account(l)
	if got := c.grants(l, "R12"); len(got) != 1 {
		t.Error("the line that came free cannot be carried on")
	}
	c.account(l)
	c.replayAll(l)
}

// Two lines of different origin meet in one conversion; either origin takes it
// down, and the other line is free again.
func TestDiamond(t *testing.T) {
	for _, revoked := range []string{"O1", "N0"} {
		c, l := chainCity(t)
		c.post(l, "O1", "S1", "2025-01-01", "80")
		c.post(l, "N0", "N3", "2025-01-01", "80")
		c.post(l, "N1", "N3", "2025-02-01", "80")
		s := c.grants(l, "R1", "R11", "R16", "R18")
		c.holds(l, "2026-03-15", "NON_FORMAL 2.0, P1 4.0, P2 8.0, P3 6.0")
		acts := c.revoke(l, revoked)
		if got := undone(acts[:1]); got != fmt.Sprintf("reversed %d", s[3]) {
			t.Errorf("revoking %s: first %s, want the deepest", revoked, got)
		}
		want, rest := "P1 4.0, P2 4.0", creditbank.RuleID("R12")
		if revoked == "O1" {
			want, rest = "P2 4.0", "R17"
		}
		a := c.account(l)
		if got := a.Balance(20260315); got.Programmes["P3"] != 0 || fmt.Sprint(got.Programmes["P2"]) != "4.0" {
			t.Errorf("revoking %s leaves %v, want %s", revoked, got.Programmes, want)
		}
		c.grants(l, rest) // what is left is free
		c.account(l)
		c.replayAll(l)
	}
}

// One lot is split by two conversions in two programmes, one of which was
// carried on.
func TestSharedPool(t *testing.T) {
	setup := func() (*city, creditbank.LearnerID, []int64) {
		c, l := chainCity(t)
		c.post(l, "N0", "N3", "2025-01-01", "80")
		c.post(l, "N1", "N3", "2025-02-01", "80")
		c.post(l, "N2", "N3", "2025-03-01", "80")
		s := c.grants(l, "R3", "R15", "R16") // 4.0 of N0 and N1 into P1, carried to P2; 4.0 of N1 and N2 into P2
		return c, l, s
	}
	c, l, s := setup()
	acts := c.revoke(l, "N1")
	if got, want := undone(acts[:3]), fmt.Sprintf("reversed %d, reversed %d, reversed %d", s[2], s[1], s[0]); got != want {
		t.Errorf("revoking what both used: %s, want %s", got, want)
	}
	c.holds(l, "2026-03-15", "NON_FORMAL 6.0")
	c.account(l)

	c, l, s = setup()
	acts = c.revoke(l, "N0")
	if got, want := undone(acts[:2]), fmt.Sprintf("reversed %d, reversed %d", s[1], s[0]); got != want {
		t.Errorf("revoking what one used: %s, want %s", got, want)
	}
	c.holds(l, "2026-03-15", "NON_FORMAL 2.0, P2 4.0")
	c.account(l)

	c, l, s = setup()
	c.revise(l, "N1", "N3", "2025-02-02", "90", 2)
	if got, want := c.lastActs(l, 3), fmt.Sprintf("relinked %d, relinked %d, replaced", s[0], s[2]); !strings.HasPrefix(got, want) {
		t.Errorf("revising what both used: %s, want %s", got, want)
	}
	c.holds(l, "2026-03-15", "NON_FORMAL 1.0, P1 4.0, P2 8.0")
	c.account(l)
	c.replayAll(l)
}

// A line that is not there is missing, whatever the rule would grant.
func TestMissingLine(t *testing.T) {
	c, l := chainCity(t)
	for rule, want := range map[creditbank.RuleID]string{"R11": "[MISSING_COMPONENT]", "R12": "[MISSING_COMPONENT]", "R18": "[MISSING_COMPONENT]"} {
		d := c.convert(l, rule)
		if got := fmt.Sprint(d.Reasons()); got != want || len(d.Missing) != 0 || d.Findings[0].Subject == "" {
			t.Errorf("%s: %s %+v missing %v, want %s", rule, got, d.Findings, d.Missing, want)
		}
	}
}

// Looking back, a line that fell since, or that a later conversion took, is not
// chosen.
func TestLookingBackTakesNoLineTwice(t *testing.T) {
	c, l := chainCity(t)
	c.post(l, "O2", "S2", "2025-01-01", "70")
	c.post(l, "O3", "S2", "2025-01-02", "80")
	s := c.grants(l, "R4", "R4", "R19", "R20")     // R19 takes the second line, R20 the first
	c.revise(l, "O2", "S2", "2025-01-01", "90", 2) // now R19 would rather have the first
	c.revise(l, "O3", "S2", "2025-01-02", "82", 2)
	if got, want := c.lastActs(l, 3), fmt.Sprintf("regraded %d, regraded %d, replaced", s[1], s[2]); !strings.HasPrefix(got, want) {
		t.Errorf("beside what a later one took: %s, want %s", got, want)
	}
	c.account(l)
	c.replayAll(l)

	c, l = chainCity(t)
	c.post(l, "O2", "S2", "2025-01-01", "90")
	c.post(l, "O3", "S2", "2025-01-02", "80")
	s = c.grants(l, "R4", "R4", "R20", "R19") // the first line was taken before
	if got, want := undone(c.revoke(l, "O2")), fmt.Sprintf("reversed %d, reversed %d, revoked", s[2], s[0]); !strings.HasPrefix(got, want) {
		t.Errorf("revoked: %s, want %s", got, want)
	}
	c.revise(l, "O3", "S2", "2025-01-02", "82", 2)
	if got, want := c.lastActs(l, 3), fmt.Sprintf("regraded %d, regraded %d, replaced", s[1], s[3]); !strings.HasPrefix(got, want) {
		t.Errorf("beside what fell: %s, want %s", got, want)
	}
	c.account(l)
	c.replayAll(l)
}
