package rule_test

import (
	"fmt"
	"strings"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

const goodRule = `
rules:
  - id: R
    kind: conversion
    title: {zh: 转换, en: conversion}
    programme: P1
    effective: {from: 2020-01-01, to: 2027-08-31}
    source: {course: S1, min_grade: "70"}
    match: {level: equal, overlap: "0.80"}
    grant: [{slot: A, credits: "4", grade: carry}]
    exceed: deny
`

// Each case changes one thing in a good file; the report names the place.
func TestParseReportsPlaces(t *testing.T) {
	cat := catalogue(t, "S1 FORMAL 5 0 6")
	for name, tt := range map[string]struct{ old, new, want string }{
		"misspelt key":            {"min_grade", "min_grad", `rules.yaml:9:26: rules[0].source.min_grad: unknown key "min_grad", did you mean "min_grade"? (UNKNOWN_KEY)`},
		"unknown key":             {"exceed: deny", "sunshine: yes", `rules.yaml:12:5: rules[0].sunshine: unknown key "sunshine", known are id, kind, title, effective, source, version, `},
		"key of another kind":     {"exceed: deny", "valid_for: P5Y", `rules.yaml:12:5: rules[0].valid_for: unknown key "valid_for"`},
		"repeated key":            {"exceed: deny", "id: Q", `rules.yaml:12:5: rules[0].id: key "id" stands here twice`},
		"bad date":                {"2027-08-31", "2027-02-29", `rules.yaml:8:39: rules[0].effective.to: "2027-02-29" is not a date such as 2026-03-15`},
		"backward window":         {"2027-08-31", "2019-12-31", `rules.yaml:8:39: rules[0].effective.to: the window ends on 2019-12-31, before it begins on 2020-01-01`},
		"wrong type":              {"source: {course: S1, min_grade: \"70\"}", "source: [S1]", `rules.yaml:9:13: rules[0].source: expected a mapping`},
		"unknown course":          {"S1", "S9", `rules.yaml:9:22: rules[0].source.course: course S9 does not exist (UNKNOWN_COURSE)`},
		"unknown programme":       {"P1", "P9", `rules.yaml:7:16: rules[0].programme: programme P9 does not exist (UNKNOWN_PROGRAMME)`},
		"unknown slot":            {"slot: A", "slot: Z", `rules.yaml:11:13: rules[0].grant[0]: programme P1 has no slot Z (UNKNOWN_SLOT)`},
		"third decimal":           {`"4"`, `"4.005"`, `rules.yaml:11:32: rules[0].grant[0].credits: "4.005" has more than 2 decimals`},
		"negative":                {`"4"`, `"-4"`, `rules.yaml:11:32: rules[0].grant[0].credits: credits are above zero`},
		"share above one":         {"0.80", "1.80", `rules.yaml:10:36: rules[0].match.overlap: a share lies between 0 and 1`},
		"missing":                 {"    programme: P1\n", "", `rules.yaml:4:5: rules[0]: "programme" is missing (MISSING)`},
		"two sources":             {`min_grade: "70"`, `pool: {category: FORMAL, credits: "1"}`, `rules.yaml:9:32: rules[0].source.pool: "course" and "pool" exclude each other`},
		"carry of many":           {`{course: S1, min_grade: "70"}`, `{all: [{course: S1}, {course: S1}]}`, `rules.yaml:11:44: rules[0].grant[0].grade: carry needs a source of one course`},
		"kind":                    {"kind: conversion", "kind: conversation", `rules.yaml:5:11: rules[0].kind: "conversation" is none of recognition, conversion`},
		"amount of another world": {`"4"`, `"90000000000000000"`, `rules.yaml:11:32: rules[0].grant[0].credits: credits are at most 10000`},
		"zone":                    {"Asia/Shanghai", "Asia/Peking", `rules.yaml:1:11: timezone: "Asia/Peking" is no time zone such as Asia/Shanghai`},
		"no such reviewer":        {"exceed: deny", "approval: computer", `rules.yaml:12:15: rules[0].approval: "computer" is none of reviewer`},
		"reviewer in a list":      {"exceed: deny", "approval: [reviewer]", `rules.yaml:12:15: rules[0].approval: `},
		"anchor":                  {"exceed: deny", "exceed: &x deny", `rules.yaml:12:13: rules[0].exceed: anchors and aliases are not supported`},
		"not YAML":                {"rules:", "rules: [", `rules.yaml:`},
	} {
		text := timezone + goodRule
		if !strings.Contains(text, tt.old) {
			t.Fatalf("%s: the good file has no %q", name, tt.old)
		}
		_, _, problems := rule.Compile(rule.Files{Rules: []byte(strings.Replace(text, tt.old, tt.new, 1)), Programmes: []byte(programmes)}, cat)
		if err := problems.Err(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: reports\n  %v\nwant\n  %s", name, err, tt.want)
		}
		for _, p := range problems.List() {
			if p.Reason.ZH == "" || p.Line == 0 {
				t.Errorf("%s: %v has no Chinese text or no line", name, p)
			}
		}
	}
}

func TestParseReportsEverything(t *testing.T) {
	cat := catalogue(t, "S1 FORMAL 5 0 6")
	text := strings.NewReplacer("min_grade", "min_grad", "2027-08-31", "2027-02-29", `"4"`, `"four"`).Replace(timezone + goodRule)
	_, _, problems := rule.Compile(rule.Files{Rules: []byte(text), Programmes: []byte(strings.Replace(programmes, "level: 5", "level: 50", 1))}, cat)
	if n := len(problems.List()); n != 4 {
		t.Errorf("%d problems, want 4:\n%v", n, problems.Err())
	}
}

func TestDuplicateIDs(t *testing.T) {
	cat := catalogue(t, "S1 FORMAL 5 0 6")
	twice := timezone + goodRule + strings.TrimPrefix(goodRule, "\nrules:")
	_, _, problems := rule.Compile(rule.Files{Rules: []byte(twice), Programmes: []byte(programmes + strings.TrimPrefix(programmes, "\nprogrammes:"))}, cat)
	got := fmt.Sprint(problems.Err())
	for _, want := range []string{"rule R stands here twice, first at rules.yaml:4:5", "programme P1 stands here twice"} {
		if !strings.Contains(got, want) {
			t.Errorf("reports %q, want %q", got, want)
		}
	}
}

// A rule set loaded again has the same hashes: decisions are bound to them.
func TestLoadIsStable(t *testing.T) {
	b := cityBook(t, conversion("R", oneCourse))
	first := b.decide("R", today).RuleHash
	second := cityBook(t, conversion("R", oneCourse)).decide("R", today).RuleHash
	other := cityBook(t, conversion("R", strings.Replace(oneCourse, "70", "71", 1))).decide("R", today).RuleHash
	if first != second || first == other || first == (creditbank.Hash{}) {
		t.Errorf("hashes %v, %v for the same rule, %v for another", first, second, other)
	}
	if _, err := rule.Load(1, []byte(`{"courses":{},"programmes":"","rules":"","more":1}`)); err == nil {
		t.Error("a document with unknown content was loaded")
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(timezone+goodRule, programmes)
	f.Add(timezone+recognise, noProgramme)
	f.Add("rules: [{id: [}]", "a: &b [*b]")
	f.Add(timezone+recognition("FORMAL", "credits: stated, tests: [{name: own, day: 2025-03-01, given: [{course: S1, valid_until: 2026-03-01}], expect: {decision: approve, expires: 2026-03-01}}]"), noProgramme)
	f.Add(timezone+"exclude: {names: [驾驶证]}\nsubjects: {abbreviations: {高数: 高等数学}, substitutes: [[甲, 乙]]}\n"+recognise+
		conversion("R0", `source: {at_least: {n: 1, of: [{course: S1}, {all: [{course: S2}, {pool: {category: FORMAL, credits: "2"}}]}]}}, match: {level: {relation: ge}, overlap: "0.9", overlap_min: "0.8"}, validity: {source_max_age: P5Y}, exclude: {tags: [driving], targets: [A]}, shortfall: partial, excess: {slot: E, grade: exempt}, `+toA)+
		conversion("R1", `source: {course: S4}, version: 2, owner: I01, rule_time: outcome, require: [{lines: {programme: P1, credits: "2"}}], excess: keep, fee: exempt, when: [{if: 'day > 1', message: {zh: 甲, en: a}}], `+toB),
		townProgrammes("    caps: [{of: {slots: [A]}, share: \"0.5\", share_of: slots, round: {mode: up, step: \"1\"}}, {of: all, lines: 2, per: institution, period: {calendar: calendar_year}}]\n    floors: [{of: own, share: \"0.1\"}]"))
	cat := townCatalogue(f)
	f.Fuzz(func(t *testing.T, rules, programmes string) {
		body, set, problems := rule.Compile(rule.Files{Rules: []byte(rules), Programmes: []byte(programmes)}, cat)
		if (body == nil) != (problems.Err() != nil) {
			t.Fatalf("body %q with problems %v", body, problems.Err())
		}
		if body != nil {
			loaded, err := rule.Load(1, body)
			if err != nil {
				t.Fatalf("what was compiled cannot be loaded: %v", err)
			}
			if files, err := rule.Source(body); err != nil || !files.Equal(rule.Files{Rules: []byte(rules), Programmes: []byte(programmes)}) {
				t.Fatalf("the document holds other files: %v", err)
			}
			for i, r := range loaded.(*rule.Set).Rules() {
				if checkCanonical(t, r); r.Hash() != set.Rules()[i].Hash() {
					t.Errorf("rule %s has another hash once loaded", r.ID)
				}
			}
		}
	})
}
