package rule_test

import (
	"fmt"
	"strings"
	"testing"

	"creditbank/creditbank/rule"
)

// examined are rules with one place each for an example of every kind of rule.
const examined = `timezone: Asia/Shanghai
rules:
  - id: N
    kind: recognition
    title: {zh: 社区, en: community}
    effective: {from: 2015-01-01}
    source: {category: NON_FORMAL}
    require: {pass_mark: "60", min_attendance: "0.80"}
    credits: {hours_per_credit: "16", hours: scheduled}
    valid_for: P5Y
    cap: {of: {category: NON_FORMAL}, credits: "8", per: calendar_year, by: issued_on, exceed: truncate}
    tests: [%s]
  - id: F
    kind: recognition
    title: {zh: 学历, en: formal}
    effective: {from: 2015-01-01}
    source: {category: FORMAL}
    require: {pass_mark: "60"}
    credits: stated
  - id: R
    kind: conversion
    title: {zh: 转换, en: conversion}
    programme: P1
    effective: {from: 2020-01-01, to: 2027-08-31}
    source: {all: [{course: S1, min_grade: "70"}, {course: S2}]}
    grant: [{slot: A, credits: "4", grade: {weighted_by: hours, round: "0.1"}}, {slot: E, credits: "2", grade: exempt}]
    tests: [%s]
  - id: Q
    kind: conversion
    title: {zh: 零存整取, en: pool}
    programme: P1
    effective: {from: 2020-01-01}
    approval: reviewer
    source: {pool: {category: NON_FORMAL, credits: "8"}, split: true}
    grant: [{slot: E, credits: "4", grade: exempt}]
    tests: [%s]
`

const examinedProgrammes = `programmes:
  - id: P1
    institution: I01
    title: {zh: 专科, en: associate}
    credits: "20"
    slots:
      - {id: A, title: {zh: 甲, en: A}, credits: "4"}
      - {id: E, title: {zh: 选修, en: electives}, credits: "8", elective: true}
`

// Each example stands with one of the rules; the others have none. What is said
// of it is the text that a registrar reads.
func TestExamples(t *testing.T) {
	cat := catalogue(t, "S1 FORMAL 5 32 6", "S2 FORMAL 5 16 3", "N5 NON_FORMAL 4 80 0")
	for name, tt := range map[string]struct{ n, r, q, want string }{
		// recognition
		"full marks unless said otherwise": {n: `{given: [N5], expect: {credits: "5", reasons: [], expires: 2020-01-01}}`},
		"an outcome in particular": {n: `{given: [{course: N5, score: "60", issued_on: 2024-02-29, attended_hours: "64"}], day: 2024-03-01,
			expect: {decision: approve, credits: "5.0", expires: 2029-02-28, lost: "0"}}`},
		"too little of it":           {n: `{given: [{course: N5, score: 59, attended_hours: 63.5}], expect: {decision: deny, reasons: [ATTENDANCE_BELOW_MIN, GRADE_BELOW_PASS]}}`},
		"no score passes":            {n: `{given: [{course: N5, score: none}], expect: {decision: approve}}`},
		"the cap of a year":          {n: `{given: [N5, N5], expect: {credits: "3", lost: "2", reason: PERIOD_CAP_TRUNCATED}}`},
		"revoked gives the cap back": {n: `{given: [{course: N5, revoked: 2015-01-01}, N5], expect: {credits: "5"}}`},
		"other credits":              {n: `{given: [N5], expect: {credits: "6"}}`, want: "credits: expected 6.0, came 5.0"},
		"another expiry":             {n: `{given: [N5], expect: {expires: never}}`, want: "expires: expected never, came 2020-01-01"},
		"refused though worth something": {n: `{given: [{course: N5, score: "10"}], expect: {credits: "5"}}`,
			want: "decision: expected approve, came deny GRADE_BELOW_PASS; credits: expected 5.0, came 0.0"},
		"another rule":      {n: `{given: [S1], expect: {credits: "6"}}`, want: "the rule that applies: expected N, came F"},
		"nothing to go on":  {n: `{given: [], expect: {credits: "6"}}`, want: "the example has no outcome to be recognised"},
		"after its day":     {n: `{given: [{course: N5, issued_on: 2015-01-02}], expect: {credits: "5"}}`, want: "N5 cannot be posted: the day of issue 2015-01-02 lies in the future (today is 2015-01-01)"},
		"too many hours":    {n: `{given: [{course: N5, attended_hours: "81"}], expect: {credits: "5"}}`, want: "N5 cannot be posted: attended hours 81 exceed the course's 80"},
		"before its window": {n: `{given: [{course: N5, issued_on: 2014-12-31}], expect: {credits: "5"}}`, want: "the rule that applies: expected N, came —"},

		// conversion
		"approved": {r: `{given: [{course: S1, score: "80"}, {course: S2, score: "70"}], expect: {decision: approve, reasons: [], credits: "6",
			lines: [{slot: A, credits: "4", grade: "76.7"}, {slot: E, credits: "2"}], forfeited: "3", missing: [], short: "0"}}`},
		"missing piece":        {r: `{given: [S1], expect: {decision: deny, reason: MISSING_COMPONENT, missing: [S2]}}`},
		"not enrolled":         {r: `{given: [S1, S2], enrolled: [], expect: {reasons: [NOT_ENROLLED]}}`},
		"frozen":               {r: `{given: [S1, S2], frozen: true, expect: {reasons: [ACCOUNT_FROZEN]}}`},
		"after the window":     {r: `{given: [S1, S2], day: 2027-09-01, expect: {reasons: [RULE_EXPIRED]}}`},
		"used before":          {r: `{given: [S1, S2], earlier: [R], expect: {reasons: [OUTCOME_ALREADY_CONSUMED, TARGET_ALREADY_SATISFIED]}}`},
		"used on another day":  {r: `{given: [S1, S2], day: 2026-01-01, earlier: [{rule: R, day: 2025-01-01}], expect: {decision: deny}}`},
		"no such earlier rule": {r: `{given: [S1, S2], earlier: [Z], expect: {decision: deny}}`, want: "earlier conversion Z: there is no conversion rule Z"},
		"earlier one denied":   {r: `{given: [S1, S2], earlier: [Q], expect: {decision: approve}}`, want: "earlier conversion Q is denied: INSUFFICIENT_POOL"},
		"approved after all":   {r: `{given: [S1, S2], expect: {decision: deny}}`, want: "decision: expected deny, came approve"},
		"denied after all":     {r: `{given: [S1], expect: {decision: approve, credits: "6"}}`, want: "decision: expected approve, came deny MISSING_COMPONENT; credits: expected 6.0, came 0.0"},
		"other reasons":        {r: `{given: [S2], expect: {reasons: [GRADE_BELOW_MIN]}}`, want: "reasons: expected GRADE_BELOW_MIN, came MISSING_COMPONENT"},
		"no reasons":           {r: `{given: [S2], expect: {reasons: []}}`, want: "reasons: expected —, came MISSING_COMPONENT"},
		"other courses":        {r: `{given: [S2], expect: {missing: [S2]}}`, want: "missing: expected S2, came S1"},
		"other lines":          {r: `{given: [S1, S2], expect: {lines: [{slot: A, credits: "4"}]}}`, want: "lines: expected A=4.0, came A=4.0 E=2.0(exempt)"},
		"another grade":        {r: `{given: [S1, S2], expect: {lines: [{slot: A, credits: "4", grade: "99.0"}, {slot: E, credits: "2"}]}}`, want: "lines: expected A=4.0(99.0) E=2.0, came A=4.0(100.0) E=2.0"},
		"one grade for all":    {r: `{given: [S1, S2], expect: {grade: exempt}}`, want: "grade: expected exempt, came 100.0"},
		"a grade of nothing":   {r: `{given: [S1], expect: {grade: exempt}}`, want: "grade: expected exempt, came —"},
		"forfeits otherwise":   {r: `{given: [S1, S2], expect: {forfeited: "2"}}`, want: "forfeited: expected 2.0, came 3.0"},

		// a reviewer decides
		"pending":                 {q: `{given: [N5, {course: N5, issued_on: 2019-01-01}], expect: {decision: pending, reason: APPROVAL_PENDING, grade: exempt}}`},
		"pending counts as taken": {q: `{given: [N5, {course: N5, issued_on: 2019-01-01}], earlier: [Q], expect: {reason: INSUFFICIENT_POOL, short: "6"}}`},
		"short by another amount": {q: `{given: [N5], expect: {short: "2"}}`, want: "short: expected 2.0, came 3.0"},
		"not decided yet":         {q: `{given: [N5, {course: N5, issued_on: 2019-01-01}], expect: {decision: approve}}`, want: "decision: expected approve, came pending APPROVAL_PENDING"},
	} {
		named := func(x string) any { return strings.Replace(x, "{", "{name: it, ", 1) }
		files := rule.Files{Rules: fmt.Appendf(nil, examined, named(tt.n), named(tt.r), named(tt.q)), Programmes: []byte(examinedProgrammes)}
		c := rule.Check(files, cat)
		var said []string
		for _, f := range c.Findings {
			said = append(said, strings.TrimPrefix(f.Reason.EN, `test "it" fails: `))
		}
		if got := strings.Join(said, "; "); got != tt.want {
			t.Errorf("%s: %s\n  want %s", name, got, tt.want)
		}
	}
}

// The day of enrolment decides where the rule says so.
func TestExamplesOfEnrolment(t *testing.T) {
	cat := catalogue(t, "S1 FORMAL 5 32 6", "S2 FORMAL 5 16 3", "N5 NON_FORMAL 4 80 0")
	rules := strings.Replace(examined, "    grant: [{slot: A,", "    rule_time: enrolment\n    grant: [{slot: A,", 1)
	for on, want := range map[string]string{
		"2020-01-01": "",
		"2019-12-31": `test "it" fails: decision: expected approve, came deny RULE_NOT_EFFECTIVE`,
	} {
		x := "{name: it, given: [S1, S2], day: 2021-01-01, enrolled: [{programme: P1, on: " + on + "}], expect: {decision: approve}}"
		c := rule.Check(rule.Files{Rules: fmt.Appendf(nil, rules, "", x, ""), Programmes: []byte(examinedProgrammes)}, cat)
		var said []string
		for _, f := range c.Findings {
			said = append(said, f.Reason.EN)
		}
		if got := strings.Join(said, "; "); got != want {
			t.Errorf("enrolled on %s: %s, want %s", on, got, want)
		}
	}
}

// What is wrong with the form of an example is found at its place, like
// everything else that is wrong with a file.
func TestExamplesAreReadStrictly(t *testing.T) {
	cat := catalogue(t, "S1 FORMAL 5 32 6", "S2 FORMAL 5 16 3", "N5 NON_FORMAL 4 80 0")
	const good = `{name: it, day: 2021-01-01, enrolled: [P1], given: [S1, {course: S2, score: "70"}], earlier: [], expect: {decision: deny, reasons: [NOT_ENROLLED], lines: [{slot: A, credits: "4"}]}}`
	for name, tt := range map[string]struct{ old, new, want string }{
		"no name":              {"name: it, ", "", `rules.yaml:27:13: rules[2].tests[0]: "name" is missing (MISSING)`},
		"misspelt":             {"given", "givne", `rules.yaml:27:57: rules[2].tests[0].givne: unknown key "givne", did you mean "given"? (UNKNOWN_KEY)`},
		"unknown course":       {"[S1,", "[S9,", `rules.yaml:27:65: rules[2].tests[0].given[0]: course S9 does not exist (UNKNOWN_COURSE)`},
		"unknown course again": {"course: S2", "course: S8", `rules.yaml:27:78: rules[2].tests[0].given[1].course: course S8 does not exist (UNKNOWN_COURSE)`},
		"unknown programme":    {"[P1]", "[P2]", `rules.yaml:27:52: rules[2].tests[0].enrolled[0]: programme P2 does not exist (UNKNOWN_PROGRAMME)`},
		"a score of nobody":    {`"70"`, `"101"`, `rules.yaml:27:89: rules[2].tests[0].given[1].score: "101" is neither a number of 0 to 100 nor one of 优秀, 良好, 合格, 不合格 (MALFORMED)`},
		"a reason of nobody":   {"NOT_ENROLLED", "NOT_ENROLED", `rules.yaml:27:145: rules[2].tests[0].expect.reasons[0]: "NOT_ENROLED" is no code of a reason, did you mean "NOT_ENROLLED"? (MALFORMED)`},
		"OK is no reason":      {"NOT_ENROLLED", "OK", `rules.yaml:27:145: rules[2].tests[0].expect.reasons[0]: "OK" is no code of a reason (MALFORMED)`},
		"nothing expected":     {`expect: {decision: deny, reasons: [NOT_ENROLLED], lines: [{slot: A, credits: "4"}]}`, `expect: {}`, `rules.yaml:27:118: rules[2].tests[0].expect: an example expects something (MALFORMED)`},
		"expiry of a line":     {"decision: deny", "expires: never", `rules.yaml:27:119: rules[2].tests[0].expect.expires: unknown key "expires"`},
		"both reasons":         {"decision: deny", "reason: NOT_ENROLLED", `"reason" and "reasons" exclude each other`},
		"negative":             {`credits: "4"`, `credits: "-4"`, `credits are above zero`},
	} {
		if !strings.Contains(good, tt.old) {
			t.Fatalf("%s: the good example has no %q", name, tt.old)
		}
		files := rule.Files{Rules: fmt.Appendf(nil, examined, "", strings.Replace(good, tt.old, tt.new, 1), ""), Programmes: []byte(examinedProgrammes)}
		_, _, problems := rule.Draft(files, cat)
		if got := fmt.Sprint(problems.Err()); !strings.Contains(got, tt.want) {
			t.Errorf("%s: reports\n  %s\nwant\n  %s", name, got, tt.want)
		}
	}
}
