package rule_test

import (
	"strings"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"

	"github.com/google/go-cmp/cmp"
)

func TestProcessOfARule(t *testing.T) {
	days := func(n int) creditbank.Term { return creditbank.Term{Period: creditbank.Period{Days: n}} }
	working := func(n int) creditbank.Term { return creditbank.Term{Working: n} }
	for name, tt := range map[string]struct {
		keys string
		want *creditbank.Process
	}{
		"a reviewer":         {"approval: reviewer", nil},
		"one reviewer":       {"approval: {reviewers: 1}", nil},
		"three":              {"approval: {reviewers: 3}", &creditbank.Process{Reviewers: 3}},
		"a template":         {"approval: {template: standard}", &creditbank.Process{Reviewers: 5, Template: "standard"}},
		"more than it takes": {"approval: {template: new, reviewers: 5}", &creditbank.Process{Reviewers: 5, Template: "new"}},
		"a deadline":         {"approval: reviewer, decide_within: P30D", &creditbank.Process{Reviewers: 1, Decide: days(30)}},
		"in working days":    {"approval: reviewer, decide_within: {days: 20, working: true}", &creditbank.Process{Reviewers: 1, Decide: working(20)}},
		"in days":            {"approval: reviewer, decide_within: {days: 20}", &creditbank.Process{Reviewers: 1, Decide: days(20)}},
		"publicity":          {"approval: reviewer, publicity: {days: 5, working: true}", &creditbank.Process{Reviewers: 1, Publicity: working(5)}},
		"time to supplement": {"approval: {reviewers: 1, supplement_within: P10D}", &creditbank.Process{Reviewers: 1, Supplement: days(10)}},
		"an appeal":          {"approval: reviewer, appeal: {file_within: P15D}", &creditbank.Process{Reviewers: 1, Appeal: &creditbank.Appeal{File: days(15), Levels: 1}}},
		"an appeal, two levels": {"approval: reviewer, appeal: {file_within: P15D, decide_within: {days: 30, working: true}, levels: 2}",
			&creditbank.Process{Reviewers: 1, Appeal: &creditbank.Appeal{File: days(15), Decide: working(30), Levels: 2}}},
	} {
		b := cityBook(t, conversion("R", oneCourse+", "+tt.keys))
		b.post("S1", "2025-01-01", "80", "")
		d, err := b.set.Decide(b.account, "R", clock, today)
		must(t, err)
		if !d.Pending() || !b.set.NeedsReview("R") {
			t.Errorf("%s: decided as %v", name, d.Reasons())
		}
		if diff := cmp.Diff(tt.want, b.set.Process(d)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestProcessFaults(t *testing.T) {
	for name, tt := range map[string]struct{ keys, want string }{
		"an even number":          {"approval: {reviewers: 2}", "reviewers are 1, 3 or 5"},
		"too few for the case":    {"approval: {template: new, reviewers: 1}", `a case of the template "new" takes 3 reviewers at least`},
		"an unknown template":     {"approval: {template: novel}", `"novel" is none of catalogue, new, standard`},
		"neither":                 {"approval: {}", `"reviewers" is missing`},
		"another word":            {"approval: someone", `"someone" is none of reviewer`},
		"publicity of nothing":    {"publicity: P5D", `"publicity" is for rules that reviewers approve`},
		"an appeal from nobody":   {"appeal: {file_within: P5D}", `"appeal" is for rules that reviewers approve`},
		"no days":                 {"approval: reviewer, publicity: {working: true}", `"days" is missing`},
		"days below one":          {"approval: reviewer, publicity: {days: 0}", "days lie between 1 and 1000"},
		"no period":               {"approval: reviewer, decide_within: 5", `"5" is not a period`},
		"working days as a text":  {"approval: reviewer, decide_within: 5 working days", "working days are written {days: 5, working: true}"},
		"an appeal without limit": {"approval: reviewer, appeal: {levels: 1}", `"file_within" is missing`},
		"too many levels":         {"approval: reviewer, appeal: {file_within: P5D, levels: 6}", "levels of appeal are 1 to 5"},
	} {
		_, _, problems := rule.Compile(rule.Files{Rules: []byte(timezone + recognise + conversion("R", oneCourse+", "+tt.keys)), Programmes: []byte(programmes)}, catalogue(t, "S1 FORMAL 5 0 6"))
		if err := problems.Err(); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "rules.yaml:") {
			t.Errorf("%s: %v, want %q with its place", name, err, tt.want)
		}
	}
}

// Each version of a rule has a process of its own; an application is decided by that
// of the version it was made under.
func TestProcessOfAVersion(t *testing.T) {
	version := func(n, window, life string) string {
		return "  - {id: R, version: " + n + ", kind: conversion, title: {zh: 转换, en: conversion}, programme: P1, effective: " + window + ", " + oneCourse + ", " + life + "}\n"
	}
	b := cityBook(t, version("1", "{from: 2020-01-01, to: 2026-01-31}", "approval: {reviewers: 3}"), version("2", "{from: 2026-02-01}", "approval: {reviewers: 5}"))
	b.post("S1", "2025-01-01", "80", "")
	for day, want := range map[creditbank.Date]int{20260115: 3, 20260315: 5} {
		d, err := b.set.Decide(b.account, "R", clock, day)
		must(t, err)
		if p := b.set.Process(d); p == nil || p.Reviewers != want {
			t.Errorf("on %s it is decided as %+v, want %d reviewers", day, p, want)
		}
	}
}
