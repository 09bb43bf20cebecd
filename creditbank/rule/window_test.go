package rule_test

import (
	"strings"
	"testing"

	"creditbank/creditbank"
)

// versioned writes a version of rule V that grants so much of S1 in slot B.
func versioned(version, window, credits, more string) string {
	return `  - {id: V, version: ` + version + `, kind: conversion, title: {zh: 转换, en: conversion}, programme: P1, effective: {` + window + `}, source: {course: S1}, grant: [{slot: B, credits: "` + credits + `", grade: exempt}]` + more + "}\n"
}

func twoVersions(more string) []string {
	return []string{
		versioned("1", "from: 2020-01-01, to: 2024-12-31", "4", more),
		versioned("2", "from: 2025-01-01, to: 2026-06-30", "5", more),
	}
}

func TestVersionInForce(t *testing.T) {
	enrolled := func(day creditbank.Date) func(*book) {
		return func(b *book) {
			b.act(creditbank.ActEnrolled, creditbank.ActBody{Programme: "P1"}, day)
			b.post("S1", "2025-06-01", "80", "")
		}
	}
	issued := func(days ...string) func(*book) {
		return func(b *book) {
			b.act(creditbank.ActEnrolled, creditbank.ActBody{Programme: "P1"}, 20190101)
			for _, d := range days {
				b.post("S1", d, "80", "")
			}
		}
	}
	for name, tt := range map[string]struct {
		more    string
		setup   func(*book)
		day     creditbank.Date
		want    string
		version int
	}{
		"application, the old":       {"", issued("2019-06-01"), 20241231, "approve B=4.0(exempt) forfeits 2.0", 1},
		"application, the new":       {"", issued("2019-06-01"), 20250101, "approve B=5.0(exempt) forfeits 1.0", 2},
		"application, after both":    {"", issued("2019-06-01"), 20260701, "deny RULE_EXPIRED", 2},
		"said outright":              {", rule_time: application", issued("2019-06-01"), 20241231, "approve B=4.0(exempt) forfeits 2.0", 1},
		"outcome, the old":           {", rule_time: outcome", issued("2024-12-31"), 20260701, "approve B=4.0(exempt) forfeits 2.0", 1},
		"outcome, the new":           {", rule_time: outcome", issued("2025-01-01"), 20260701, "approve B=5.0(exempt) forfeits 1.0", 2},
		"outcome, the newer version": {", rule_time: outcome", issued("2024-12-31", "2025-01-01"), 20260701, "approve B=5.0(exempt) forfeits 1.0", 2},
		"outcome, before both":       {", rule_time: outcome", issued("2019-06-01"), 20260701, "deny RULE_NOT_EFFECTIVE", 2},
		"enrolment, the old":         {", rule_time: enrolment", enrolled(20240901), 20260701, "approve B=4.0(exempt) forfeits 2.0", 1},
		"enrolment, the new":         {", rule_time: enrolment", enrolled(20250901), 20260701, "approve B=5.0(exempt) forfeits 1.0", 2},
		"enrolment, once only":       {", rule_time: enrolment", func(b *book) { enrolled(20240901)(b); enrolled(20250901)(b) }, 20260701, "approve B=4.0(exempt) forfeits 2.0", 1},
		"enrolled before both":       {", rule_time: enrolment", enrolled(20190901), 20260701, "deny RULE_NOT_EFFECTIVE", 2},
		"not enrolled":               {", rule_time: enrolment", func(b *book) { b.post("S1", "2025-06-01", "80", "") }, 20260301, "deny NOT_ENROLLED", 2},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook(t, townCatalogue(t), recognise+strings.Join(twoVersions(tt.more), ""), townProgrammes(""))
			tt.setup(b)
			before := b.account
			d := b.decide("V", tt.day)
			want(t, d, tt.want)
			r := ruleOf(t, b, "V", tt.version)
			if d.RuleVersion != tt.version || d.RuleHash != r.Hash() {
				t.Errorf("decided by version %d with hash %s, want %d with %s", d.RuleVersion, d.RuleHash, tt.version, r.Hash())
			}
			if again, err := b.set.Decide(before, "V", clock, tt.day); err != nil || again.Hash() != d.Hash() {
				t.Errorf("decided again: %v %s", err, again.Canonical())
			}
		})
	}
}

func TestVersionsAreChecked(t *testing.T) {
	one := versioned("1", "from: 2020-01-01, to: 2024-12-31", "4", "")
	for name, tt := range map[string]struct{ other, want string }{
		"fits":                 {versioned("2", "from: 2025-01-01", "5", ""), "<nil>"},
		"the same number":      {versioned("1", "from: 2025-01-01", "5", ""), "rule V stands here twice, first at rules.yaml:"},
		"no number":            {strings.Replace(versioned("2", "from: 2025-01-01", "5", ""), "version: 2, ", "", 1), "rule V has several versions, and each needs its number"},
		"overlapping":          {versioned("2", "from: 2024-12-31", "5", ""), "rule V has versions whose windows overlap"},
		"overlapping for ever": {versioned("2", "from: 2019-01-01", "5", ""), "rule V has versions whose windows overlap"},
		"another day":          {versioned("2", "from: 2025-01-01", "5", ", rule_time: outcome"), "rule V has versions of different programmes or rule times"},
		"zero":                 {versioned("0", "from: 2025-01-01", "5", ""), "a number of 1 to 1000"},
	} {
		if got := compileProblems(t, one+tt.other); !strings.Contains(got, tt.want) {
			t.Errorf("%s: reports %q, want %q", name, got, tt.want)
		}
	}
}

// The plan takes a rule of several versions once.
func TestPlanOfVersions(t *testing.T) {
	b := newBook(t, townCatalogue(t), recognise+strings.Join(twoVersions(""), "")+conversion("R", `source: {course: S1}, `+toA), townProgrammes(""))
	b.enrol("P1")
	posts("S1", "S1")(b)
	p, err := b.set.Plan(b.account, "P1", clock, today)
	must(t, err)
	if got := strings.Join(ruleIDs(p.Steps), " "); got != "R V" || p.Credits != 900 {
		t.Errorf("plan %s grants %v; want R V, 9.0", got, p.Credits)
	}
}
