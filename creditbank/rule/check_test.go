package rule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

const checkedProgrammes = `programmes:
  - id: P1
    institution: I01
    title: {zh: 专科, en: associate}
    credits: "20"
    caps:
      - {of: all, share: "0.50"}
    slots:
      - {id: A, title: {zh: 甲, en: A}, credits: "4", level: 5}
      - {id: E, title: {zh: 选修, en: electives}, credits: "8", elective: true}
      - {id: X, title: {zh: 实践, en: practice}, credits: "8", convertible: false}
  - id: P2
    institution: I02
    title: {zh: 另一, en: another}
    credits: "20"
    slots:
      - {id: B, title: {zh: 乙, en: B}, credits: "2"}
      - {id: C, title: {zh: 丙, en: C}, credits: "2", level: 4}
`

const checkedRules = `timezone: Asia/Shanghai
rules:
  - id: N
    kind: recognition
    title: {zh: 社区, en: community}
    effective: {from: 2015-01-01}
    source: {category: NON_FORMAL}
    require: {pass_mark: "60"}
    credits: {hours_per_credit: "16", hours: scheduled}
    valid_for: P5Y
    cap: {of: {category: NON_FORMAL}, credits: "10", per: calendar_year, by: issued_on, exceed: truncate}
  - id: F
    kind: recognition
    title: {zh: 学历, en: formal}
    effective: {from: 2015-01-01}
    source: {category: FORMAL}
    credits: stated
  - id: R
    kind: conversion
    title: {zh: 转换, en: conversion}
    programme: P1
    effective: {from: 2020-01-01, to: 2027-08-31}
    source: {course: S1, min_grade: "70"}
    match: {level: equal}
    grant: [{slot: A, credits: "4", grade: exempt}]
  - id: Q
    kind: conversion
    title: {zh: 零存整取, en: pool}
    programme: P1
    effective: {from: 2020-01-01}
    source: {pool: {category: NON_FORMAL, credits: "8"}, split: true}
    grant: [{slot: E, credits: "4", grade: exempt}]
    tests:
      - {name: enough, given: [N5, N5], day: 2026-01-01, expect: {credits: "4"}}
`

func checkedCatalogue(t testing.TB) *creditbank.Catalogue {
	cat := catalogue(t, "S1 FORMAL 5 0 6", "S4 FORMAL 4 16 3", "X1 CERTIFICATE 5 0 6 CARE", "X2 CERTIFICATE 4 0 4 CARE", "N5 NON_FORMAL 4 80 0", "L1 NON_FORMAL 1 80 0 - leisure")
	for code, last := range map[creditbank.CourseCode]creditbank.Date{"OLD": 20191231, "ONE": 20200101, "LATE": 20250630, "LAST": 20270831} {
		_, err := cat.AddCourse(creditbank.Course{Code: code, Title: string(code), Institution: "I02", Category: "FORMAL", Level: 5, Credits: 300, ValidUntil: last})
		must(t, err)
	}
	return cat
}

// listed writes findings one a line: severity, code, place, the other place.
func listed(findings []rule.Finding) string {
	var lines []string
	for _, f := range findings {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", f.Severity, f.Code, f.Place, f.Other)))
	}
	return strings.Join(lines, "\n")
}

// Each case changes one thing in rules that have nothing wrong.
func TestCheckFindsWhatTakesTwo(t *testing.T) {
	cat := checkedCatalogue(t)
	for name, tt := range map[string]struct{ old, new, want string }{
		"nothing": {"", "", ""},
		"another level": {
			"source: {course: S1, ", "source: {course: S4, ",
			"error CONTRADICTION rules.yaml:23:22 programmes.yaml:9:61",
		},
		"another level among several": {
			`source: {course: S1, min_grade: "70"}`, `source: {all: [{course: S1}, {course: S4}]}`,
			"error CONTRADICTION rules.yaml:23:43 programmes.yaml:9:61",
		},
		"highest of a family beside a higher one": {
			`source: {course: S1, min_grade: "70"}
    match: {level: equal}
    grant: [{slot: A, credits: "4", grade: exempt}]`, `source: {all: [{course: X1}, {course: X2, family_highest: true}]}
    grant: [{slot: A, credits: "4", grade: exempt}]`,
			"warning SOURCE_NEVER_RECOGNISED rules.yaml:23:29 rules.yaml:3:3\n" +
				"warning SOURCE_NEVER_RECOGNISED rules.yaml:23:43 rules.yaml:3:3\n" +
				"error CONTRADICTION rules.yaml:23:43 rules.yaml:23:29",
		},
		"closed slot": {
			"grant: [{slot: A, ", "grant: [{slot: X, ",
			"warning CAP_NEVER_BINDS programmes.yaml:7:9 programmes.yaml:9:7\n" +
				"error CLOSED_TARGET rules.yaml:25:20 programmes.yaml:11:75",
		},
		"a line larger than its slot": {
			`grant: [{slot: A, credits: "4"`, `grant: [{slot: A, credits: "5"`,
			"error GRANT_NEVER_FITS rules.yaml:25:32 programmes.yaml:9:49",
		},
		"two lines larger than their slot": {
			`grant: [{slot: E, credits: "4", grade: exempt}]
    tests:`, `grant: [{slot: E, credits: "4", grade: exempt}, {slot: E, credits: "4.5", grade: exempt}]
    tests:`,
			"error GRANT_NEVER_FITS rules.yaml:32:72 programmes.yaml:10:58\n" +
				"error TEST_FAILED rules.yaml:34:9 rules.yaml:26:5",
		},
		"lines that may be cut fit": {
			`grant: [{slot: A, credits: "4"`, `exceed: truncate
    grant: [{slot: A, credits: "5"`, "",
		},
		"lines larger than a cap": {
			`grant: [{slot: A, credits: "4", grade: exempt}]`, `grant: [{slot: A, credits: "4", grade: exempt}, {slot: E, credits: "7", grade: exempt}]`,
			"error GRANT_NEVER_FITS rules.yaml:25:72 programmes.yaml:7:9",
		},
		"a pool that yearly caps keep anybody from": {
			`credits: "8"}`, `credits: "60.01"}`,
			"error CAP_NEVER_MET rules.yaml:31:52 rules.yaml:11:48\n" +
				"error TEST_FAILED rules.yaml:34:9 rules.yaml:26:5",
		},
		"a pool just within reach": { // issued in six calendar years, ten credits each
			`credits: "8"}`, `credits: "60"}`, "error TEST_FAILED rules.yaml:34:9 rules.yaml:26:5",
		},
		"a course that nothing recognises": {
			`source: {course: S1, min_grade: "70"}`, `source: {course: X1}`,
			"warning SOURCE_NEVER_RECOGNISED rules.yaml:23:22 rules.yaml:3:3",
		},
		"a course that is recognised too late": {
			"effective: {from: 2015-01-01}\n    source: {category: FORMAL}", "effective: {from: 2027-09-01}\n    source: {category: FORMAL}",
			"warning SOURCE_NEVER_RECOGNISED rules.yaml:23:22 rules.yaml:15:16",
		},
		"a course whose outcomes have expired by then": {
			"effective: {from: 2015-01-01}\n    source: {category: FORMAL}\n", "effective: {from: 2015-01-01, to: 2016-01-01}\n    source: {category: FORMAL}\n    valid_for: P3Y\n",
			"warning SOURCE_NEVER_RECOGNISED rules.yaml:24:22 rules.yaml:15:16",
		},
		"a course whose outcomes serve on the first day": {
			"effective: {from: 2015-01-01}\n    source: {category: FORMAL}\n", "effective: {from: 2015-01-01, to: 2017-01-01}\n    source: {category: FORMAL}\n    valid_for: P3Y\n", "",
		},
		"a category that nothing recognises": {
			"pool: {category: NON_FORMAL", "pool: {category: INFORMAL",
			"warning SOURCE_NEVER_RECOGNISED rules.yaml:31:31 rules.yaml:3:3\n" +
				"error TEST_FAILED rules.yaml:34:9 rules.yaml:26:5",
		},
		"a rule behind one that takes all": {
			"\n  - id: R\n", another("N2", "2015-01-01", "{category: NON_FORMAL, tag: leisure}") + "\n  - id: R\n",
			"warning SHADOWED_RULE rules.yaml:22:13 rules.yaml:7:13",
		},
		"a rule with days of its own": {
			"\n  - id: R\n", another("N2", "2014-12-31", "{category: NON_FORMAL, tag: leisure}") + "\n  - id: R\n", "",
		},
		"a rule for courses that might be": {
			"source: {category: NON_FORMAL}", "source: {category: NON_FORMAL, tag: leisure}",
			"error TEST_FAILED rules.yaml:34:9 rules.yaml:26:5",
		},
		"a course retired before": {
			"{course: S1, ", "{course: OLD, ", "error RETIRED_COURSE rules.yaml:23:22 rules.yaml:22:23",
		},
		"a course retired meanwhile": {
			"{course: S1, ", "{course: LATE, ", "warning RETIRED_COURSE rules.yaml:23:22 rules.yaml:22:16",
		},
		"a course retired on the first day": {
			"{course: S1, ", "{course: ONE, ", "warning RETIRED_COURSE rules.yaml:23:22 rules.yaml:22:16",
		},
		"a course retired on the last day": {
			"{course: S1, ", "{course: LAST, ", "",
		},
		"a course on the list of what is not recognised": {
			"rules:\n", "deny_sources: [{course: S1}]\nrules:\n",
			"warning SOURCE_NEVER_RECOGNISED rules.yaml:24:22 rules.yaml:16:16",
		},
		"a course that is not recognised for a while": {
			"rules:\n", "deny_sources: [{course: S1, effective: {to: 2024-12-31}}]\nrules:\n", "",
		},
		"all of a rule on the list of what is not recognised": {
			"    source: {category: FORMAL}\n", "    source: {category: FORMAL}\n    deny_sources: [{category: FORMAL}]\n",
			"error EXCLUDED_SOURCE rules.yaml:16:13 rules.yaml:17:19\n" +
				"warning SOURCE_NEVER_RECOGNISED rules.yaml:24:22 rules.yaml:15:16",
		},
		"the same source granted otherwise on one day": {
			"\n  - id: Q\n", "\n" + twin("2027-08-31", "3") + "  - id: Q\n",
			"error AMBIGUOUS_RULES rules.yaml:33:13 rules.yaml:25:13",
		},
		"the same source granted otherwise": {
			"\n  - id: Q\n", "\n" + twin("2025-01-01", "3") + "  - id: Q\n",
			"error AMBIGUOUS_RULES rules.yaml:33:13 rules.yaml:25:13",
		},
		"the same source granted otherwise at another time": {
			"\n  - id: Q\n", "\n" + twin("2027-09-01", "3") + "  - id: Q\n", "",
		},
		"the same twice": {
			"\n  - id: Q\n", "\n" + twin("2025-01-01", "4") + "  - id: Q\n",
			"warning REPEATED_RULE rules.yaml:26:5 rules.yaml:18:5",
		},
		"the same source with other conditions": {
			"\n  - id: Q\n", "\n" + strings.Replace(twin("2025-01-01", "3"), "70", "90", 1) + "  - id: Q\n", "",
		},
		"one way of several is dead": {
			`source: {course: S1, min_grade: "70"}`, `source: {any: [{course: S1}, {course: S4}]}`,
			"warning CONTRADICTION rules.yaml:23:43 programmes.yaml:9:61",
		},
		"all of several are needed": {
			`source: {course: S1, min_grade: "70"}`, `source: {at_least: {n: 2, of: [{course: S1}, {course: S4}]}}`,
			"error CONTRADICTION rules.yaml:23:59 programmes.yaml:9:61",
		},
		"below the least level": {
			`match: {level: equal}`, `match: {level: {relation: any, min: 6}}`,
			"error CONTRADICTION rules.yaml:23:22 rules.yaml:24:41",
		},
		"one level below will do": {
			"source: {course: S1, min_grade: \"70\"}\n    match: {level: equal}", "source: {course: S4, min_grade: \"70\"}\n    match: {level: {relation: ge, below: 1}}", "",
		},
		"a source on the rule's own list": {
			"    match: {level: equal}\n", "    match: {level: equal}\n    exclude: {courses: [S1]}\n",
			"error EXCLUDED_SOURCE rules.yaml:23:22 rules.yaml:25:14",
		},
		"a source on everybody's list": {
			"rules:\n", "exclude: {categories: [FORMAL]}\nrules:\n",
			"error EXCLUDED_SOURCE rules.yaml:24:22 rules.yaml:2:10",
		},
		"a slot that the rule's own list closes": {
			"    match: {level: equal}\n", "    match: {level: equal}\n    exclude: {targets: [A]}\n",
			"error CLOSED_TARGET rules.yaml:26:20 rules.yaml:25:24",
		},
		"a line that may fall short": {
			`grant: [{slot: A, credits: "4"`, `shortfall: partial
    grant: [{slot: A, credits: "5"`, "",
		},
		"the same source granted otherwise, with an order": {
			"\n  - id: Q\n", "\n" + strings.Replace(twin("2025-01-01", "3"), "    source", "    priority: 2\n    source", 1) + "  - id: Q\n", "",
		},
		"a line that nothing grants": {
			`source: {course: S1, min_grade: "70"}
    match: {level: equal}`, `source: {line: {programme: P2, slot: B}}`,
			"warning SOURCE_NEVER_RECOGNISED rules.yaml:23:42 rules.yaml:3:3",
		},
		"a line of another level": {
			`source: {course: S1, min_grade: "70"}`, `source: {line: {programme: P2, slot: C}}`,
			"warning SOURCE_NEVER_RECOGNISED rules.yaml:23:42 rules.yaml:3:3\nerror CONTRADICTION rules.yaml:23:42 programmes.yaml:9:61",
		},
		"a line that is granted": {
			"\n  - id: Q\n", "\n" + carriage("2020-01-01", "S1") + "  - id: Q\n", "",
		},
		"a line that is granted too late": {
			"\n  - id: Q\n", "\n" + carriage("2030-01-01", "S1") + "  - id: Q\n",
			"warning SOURCE_NEVER_RECOGNISED rules.yaml:38:42 rules.yaml:30:16",
		},
		"lines that go round": {
			"\n  - id: Q\n", "\n" + strings.Replace(carriage("2020-01-01", "S1"), "{course: S1}", "{line: {programme: P1, slot: E}}", 1) + "  - id: Q\n",
			"warning CYCLE rules.yaml:31:13 rules.yaml:39:12",
		},
		"versions without numbers": {
			"\n  - id: Q\n", "\n" + strings.Replace(twin("2027-08-31", "3"), "id: T\n", "id: R\n    version: 2\n", 1) + "  - id: Q\n",
			"error DUPLICATE rules.yaml:26:5",
		},
		"an example that comes otherwise": {
			`expect: {credits: "4"}`, `expect: {credits: "5"}`, "error TEST_FAILED rules.yaml:34:9 rules.yaml:26:5",
		},
	} {
		if n := strings.Count(checkedRules, tt.old); tt.old != "" && n != 1 {
			t.Fatalf("%s: the good file has %q %d times", name, tt.old, n)
		}
		c := rule.Check(rule.Files{Rules: []byte(strings.Replace(checkedRules, tt.old, tt.new, 1)), Programmes: []byte(checkedProgrammes)}, cat)
		if got := listed(c.Findings); got != tt.want {
			t.Errorf("%s: finds\n%s\nwant\n%s", name, got, tt.want)
		}
		problems := c.Problems()
		if errs := strings.Contains(tt.want, "error"); errs != (problems.Err() != nil) || errs != (c.Body == nil) {
			t.Errorf("%s: body %d bytes, problems %v", name, len(c.Body), problems.Err())
		}
		if c.Set == nil {
			continue
		}
		if warnings := strings.Count(tt.want, "warning"); len(c.Set.Warnings()) != warnings {
			t.Errorf("%s: the set warns of %v", name, c.Set.Warnings())
		}
		for _, f := range c.Findings {
			if f.Reason.ZH == "" || f.Reason.EN == "" || strings.Contains(f.Reason.ZH+f.Reason.EN, "%!") || f.Field == "" {
				t.Errorf("%s: %+v lacks a text or a field", name, f)
			}
		}
	}
}

// another returns one more recognition rule.
func another(id, from, source string) string {
	return fmt.Sprintf(`
  - id: %s
    kind: recognition
    title: {zh: 又一, en: another}
    effective: {from: %s}
    source: %s
    credits: stated`, id, from, source)
}

// carriage returns a conversion into P2, and one that carries its line on into P1.
func carriage(from, course string) string {
	return fmt.Sprintf(`  - id: C1
    kind: conversion
    title: {zh: 先, en: first}
    programme: P2
    effective: {from: %s}
    source: {course: %s}
    grant: [{slot: B, credits: "2", grade: carry}]
  - id: C2
    kind: conversion
    title: {zh: 后, en: then}
    programme: P1
    effective: {from: 2020-01-01, to: 2029-12-31}
    source: {line: {programme: P2, slot: B}}
    grant: [{slot: E, credits: "2", grade: exempt}]
`, from, course)
}

// twin returns a conversion with the source of R.
func twin(from, credits string) string {
	return fmt.Sprintf(`  - id: T
    kind: conversion
    title: {zh: 孪生, en: twin}
    programme: P1
    effective: {from: %s}
    source: {course: S1, min_grade: "70"}
    match: {level: equal}
    grant: [{slot: A, credits: "%s", grade: exempt}]
`, from, credits)
}

// What Check finds in the files of the programmes.
func TestCheckFindsCapsThatNeverMatter(t *testing.T) {
	cat := checkedCatalogue(t)
	for name, tt := range map[string]struct{ old, new, want string }{
		"all slots together fit":            {`share: "0.50"`, `share: "0.60"`, "warning CAP_NEVER_BINDS programmes.yaml:7:9 programmes.yaml:9:7"},
		"just not":                          {`share: "0.50"`, `credits: "11.99"`, ""},
		"some slots":                        {`{of: all, share: "0.50"}`, `{of: {slots: [E, X]}, credits: "8"}`, "warning CAP_NEVER_BINDS programmes.yaml:7:9 programmes.yaml:9:7"},
		"some slots, less":                  {`{of: all, share: "0.50"}`, `{of: {slots: [A, E]}, credits: "8"}`, ""},
		"lines that nothing counts to":      {`{of: all, share: "0.50"}`, `{of: {category: CERTIFICATE}, lines: 4}`, "warning CAP_NEVER_BINDS programmes.yaml:7:9 programmes.yaml:9:7"},
		"lines of an elective slot":         {`{of: all, share: "0.50"}`, `{of: all, lines: 900}`, ""},
		"lines that each fill their slot":   {`{of: all, share: "0.50"}`, `{of: {category: FORMAL}, lines: 1}`, "warning CAP_NEVER_BINDS programmes.yaml:7:9 programmes.yaml:9:7"},
		"outcomes of one slot":              {`{of: all, share: "0.50"}`, `{of: {slots: [A]}, sources: 1}`, "warning CAP_NEVER_BINDS programmes.yaml:7:9 programmes.yaml:9:7"},
		"outcomes of a pool":                {`{of: all, share: "0.50"}`, `{of: {slots: [E]}, sources: 40}`, ""},
		"a floor the slots do not hold":     {"    caps:\n      - {of: all, share: \"0.50\"}", "    floors:\n      - {of: {slots: [A]}, credits: \"4.01\"}", "error CAP_NEVER_MET programmes.yaml:7:9 programmes.yaml:9:7"},
		"a floor the slots just hold":       {"    caps:\n      - {of: all, share: \"0.50\"}", "    floors:\n      - {of: {slots: [A, X]}, credits: \"12\"}", "warning CAP_NEVER_BINDS programmes.yaml:7:9 programmes.yaml:9:7"},
		"a floor that leaves too little":    {"    caps:\n      - {of: all, share: \"0.50\"}", "    floors:\n      - {of: {institution: I01}, credits: \"8.01\"}", ""},
		"a floor that leaves enough":        {"    caps:\n      - {of: all, share: \"0.50\"}", "    floors:\n      - {of: {institution: I01}, credits: \"8\"}", "warning CAP_NEVER_BINDS programmes.yaml:7:9 programmes.yaml:9:7"},
		"a category that one slot fits":     {`{of: all, share: "0.50"}`, `{of: {category: FORMAL}, credits: "4"}`, "warning CAP_NEVER_BINDS programmes.yaml:7:9 programmes.yaml:9:7"},
		"a category that nothing counts to": {`{of: all, share: "0.50"}`, `{of: {category: CERTIFICATE}, credits: "4"}`, "warning CAP_NEVER_BINDS programmes.yaml:7:9 programmes.yaml:9:7"},
		"one source's most":                 {`{of: all, share: "0.50"}`, `{of: {category: FORMAL}, per: source, credits: "4"}`, "warning CAP_NEVER_BINDS programmes.yaml:7:9 programmes.yaml:9:7"},
		"one source's most and a pool":      {`{of: all, share: "0.50"}`, `{of: all, per: source, credits: "4"}`, ""},
	} {
		c := rule.Check(rule.Files{Rules: []byte(checkedRules), Programmes: []byte(strings.Replace(checkedProgrammes, tt.old, tt.new, 1))}, cat)
		if got := listed(c.Findings); got != tt.want {
			t.Errorf("%s: finds\n%s\nwant\n%s", name, got, tt.want)
		}
	}
}

// Rules that ask for more than the limits of their programme leave anybody: R
// takes other sources and makes other lines, in a programme with other limits.
func TestCheckFindsRulesBeyondTheLimits(t *testing.T) {
	cat := checkedCatalogue(t)
	const (
		source = `source: {course: S1, min_grade: "70"}` + "\n    match: {level: equal}\n"
		grant  = `[{slot: A, credits: "4", grade: exempt}]`
		both   = `[{slot: A, credits: "4", grade: exempt}, {slot: E, credits: "2", grade: exempt}]`
		two    = "source: {all: [{course: S1}, {course: S4}]}\n"
		atCap  = "programmes.yaml:7:9"
		atRule = "error GRANT_NEVER_FITS rules.yaml:24:13 " + atCap // R's first line, which its two lines of source and match stand before
	)
	for name, tt := range map[string]struct{ limit, source, grant, want string }{
		"two courses, one outcome at most":        {"caps|{of: {category: FORMAL}, sources: 1}", two, grant, atRule},
		"two courses, two outcomes at most":       {"caps|{of: all, sources: 2}", two, grant, ""},
		"one of them is of another category":      {"caps|{of: {category: NON_FORMAL}, sources: 1}", two, grant, ""},
		"either course":                           {"caps|{of: {slots: [A, E]}, sources: 1}", "source: {any: [{course: S1}, {course: S4}]}\n", grant, ""},
		"outcomes counted by institution":         {"caps|{of: {slots: [A, E]}, per: institution, sources: 1}", two, grant, ""},
		"two lines, one course at most":           {"caps|{of: all, lines: 1}", "source: {course: S1}\n", both, "error GRANT_NEVER_FITS rules.yaml:24:53 " + atCap},
		"two lines, two courses at most":          {"caps|{of: all, lines: 2}", "source: {course: S1}\n", both, ""},
		"two lines of which one counts":           {"caps|{of: {slots: [E]}, lines: 1}", "source: {course: S1}\n", both, ""},
		"two lines that shrink":                   {"caps|{of: all, lines: 1}", "source: {course: S1}\n    exceed: truncate\n", both, ""},
		"more beside a floor than it leaves":      {"floors|{of: {category: NON_FORMAL}, credits: \"16.01\"}", "source: {course: S1}\n", grant, "error GRANT_NEVER_FITS rules.yaml:24:32 " + atCap},
		"just what a floor leaves":                {"floors|{of: {category: NON_FORMAL}, credits: \"16\"}", "source: {course: S1}\n", grant, ""},
		"within the floor, but the pool is not":   {"floors|{of: {category: FORMAL}, credits: \"16.01\"}", "source: {course: S1}\n", grant, "error GRANT_NEVER_FITS rules.yaml:31:32 " + atCap},
		"one of two sources is within the floor":  {"floors|{of: {category: FORMAL}, credits: \"16.01\"}", "source: {any: [{course: S1}, {course: N5}]}\n", grant, "error GRANT_NEVER_FITS rules.yaml:31:32 " + atCap},
		"into a slot that the floor does not say": {"floors|{of: {slots: [E, X]}, credits: \"16\"}", "source: {course: S1}\n", grant, "warning CAP_NEVER_BINDS programmes.yaml:7:9 programmes.yaml:9:7"},
	} {
		kind, limit, _ := strings.Cut(tt.limit, "|")
		programmes := strings.Replace(checkedProgrammes, "caps:\n      - {of: all, share: \"0.50\"}", kind+":\n      - "+limit, 1)
		rules := strings.Replace(checkedRules, source, tt.source, 1)
		rules = strings.Replace(rules, grant, tt.grant, 1)
		got := slices.DeleteFunc(strings.Split(listed(rule.Check(rule.Files{Rules: []byte(rules), Programmes: []byte(programmes)}, cat).Findings), "\n"), func(line string) bool {
			return strings.Contains(line, "NEVER_RECOGNISED") || strings.Contains(line, "CONTRADICTION") || strings.Contains(line, "TEST_FAILED") // of the pool
		})
		if got := strings.Join(got, "\n"); got != tt.want {
			t.Errorf("%s: finds\n%s\nwant\n%s", name, got, tt.want)
		}
	}
}

func TestOverlappingVersionsHaveACodeOfTheirOwn(t *testing.T) {
	rules := strings.Replace(checkedRules, "  - id: R\n", "  - id: R\n    version: 1\n", 1) +
		strings.Replace(twin("2027-08-31", "3"), "id: T\n", "id: R\n    version: 2\n", 1)
	c := rule.Check(rule.Files{Rules: []byte(rules), Programmes: []byte(checkedProgrammes)}, checkedCatalogue(t))
	if got, want := listed(c.Findings), "error OVERLAPPING_VERSIONS rules.yaml:36:5"; got != want || !strings.Contains(c.Findings[0].Reason.EN, "first at rules.yaml:18:5") {
		t.Errorf("finds %s: %v, want %s", got, c.Findings, want)
	}
}

// An error's text names both places, for those who are shown the text only.
func TestProblemsNameBothPlaces(t *testing.T) {
	files := rule.Files{Rules: []byte(strings.Replace(checkedRules, "slot: A", "slot: X", 1)), Programmes: []byte(checkedProgrammes)}
	body, set, problems := rule.Compile(files, checkedCatalogue(t))
	want := "rules.yaml:25:20: rules[2].grant[0].slot: rule R grants into slot X, which takes no conversions (see also programmes.yaml:11:75) (CLOSED_TARGET)"
	if got := fmt.Sprint(problems.Err()); got != want || body != nil || set != nil {
		t.Errorf("reports\n%s\nwant\n%s", got, want)
	}
	if zh := problems.List()[0].Reason.ZH; !strings.Contains(zh, "（另见 programmes.yaml:11:75）") {
		t.Errorf("says %q", zh)
	}
}

// A draft is read whatever Check would say of it; both make the same document.
func TestDraftAsksNothingOfTheWhole(t *testing.T) {
	cat := checkedCatalogue(t)
	bad := rule.Files{Rules: []byte(strings.Replace(checkedRules, `expect: {credits: "4"}`, `expect: {credits: "5"}`, 1)), Programmes: []byte(checkedProgrammes)}
	if body, _, problems := rule.Draft(bad, cat); body == nil {
		t.Errorf("a draft with a failing example: %v", problems.Err())
	}
	good := rule.Files{Rules: []byte(checkedRules), Programmes: []byte(checkedProgrammes)}
	draft, _, _ := rule.Draft(good, cat)
	compiled, _, _ := rule.Compile(good, cat)
	if string(draft) != string(compiled) || strings.Contains(string(compiled), `"N5":`) { // which an example only names
		t.Errorf("documents differ, or tell of courses that no rule names:\n%s\n%s", draft, compiled)
	}
	// What was published is loaded without asking again: courses may be retired by
	// now, and the program may know of more that is wrong.
	failing, _, _ := rule.Draft(bad, cat)
	if _, err := rule.Load(1, failing); err != nil {
		t.Errorf("load: %v", err)
	}
}

// Two rules that follow each other leave as little to a third as one does.
func TestShadowsOfSeveralRules(t *testing.T) {
	for from, want := range map[string]string{
		"2020-01-01": "warning SHADOWED_RULE rules.yaml:28:13 rules.yaml:7:13",
		"2020-01-02": "", // a day is left
	} {
		rules := strings.Replace(checkedRules, "effective: {from: 2015-01-01}", "effective: {from: 2015-01-01, to: 2019-12-31}", 1)
		rules = strings.Replace(rules, "\n  - id: R\n", another("N2", from, "{category: NON_FORMAL}")+another("N3", "2016-01-01", "{category: NON_FORMAL}")+"\n  - id: R\n", 1)
		rules, _, _ = strings.Cut(rules, "    tests:")
		c := rule.Check(rule.Files{Rules: []byte(rules), Programmes: []byte(checkedProgrammes)}, checkedCatalogue(t))
		if got := listed(c.Findings); got != want {
			t.Errorf("from %s: %s, want %s", from, got, want)
		}
	}
}

// Without a catalogue nothing is said of courses, and no examples are run.
func TestCheckWithoutACatalogue(t *testing.T) {
	rules := strings.NewReplacer("{course: S1, ", "{course: S77, ", `expect: {credits: "4"}`, `expect: {credits: "5"}`).Replace(checkedRules)
	c := rule.Check(rule.Files{Rules: []byte(rules), Programmes: []byte(checkedProgrammes)}, nil)
	if len(c.Findings) > 0 || c.Set == nil || c.Body != nil {
		t.Errorf("finds %s, body %s", listed(c.Findings), c.Body)
	}
	c = rule.Check(rule.Files{Rules: []byte(strings.Replace(rules, "slot: A", "slot: X", 1)), Programmes: []byte(checkedProgrammes)}, nil)
	if got := listed(c.Findings); !strings.Contains(got, "error CLOSED_TARGET rules.yaml:25:20 programmes.yaml:11:75") {
		t.Errorf("finds %s", got)
	}
}

// Examples are no part of what a rule says: its hash is the same with and
// without them.
func TestHashIsOfTheRuleWithoutExamples(t *testing.T) {
	cat := checkedCatalogue(t)
	hashes := func(rules string) []string {
		_, set, problems := rule.Compile(rule.Files{Rules: []byte(rules), Programmes: []byte(checkedProgrammes)}, cat)
		must(t, problems.Err())
		var all []string
		for _, r := range set.Rules() {
			all = append(all, r.Hash().String())
		}
		return all
	}
	without, _, _ := strings.Cut(checkedRules, "    tests:")
	if a, b := hashes(checkedRules), hashes(without); !slices.Equal(a, b) {
		t.Errorf("%v with examples, %v without", a, b)
	}
}
