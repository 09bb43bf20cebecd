package rule_test

import (
	"strings"
	"testing"

	"creditbank/creditbank"
)

func when(expression string) string {
	return `source: {course: S1}, when: [{if: '` + expression + `', message: {zh: 不满足, en: not met}}], ` + toA
}

func TestConditions(t *testing.T) {
	ok, no := "approve A=4.0(exempt) forfeits 2.0", "deny CONDITION_UNMET"
	s1 := posts("S1 2025-01-01", "N2 2024-06-01", "N5 2025-06-01")
	tables := map[string]dimension{}
	for expression, line := range map[string]string{
		`day == 20260315 && day >= date("2026-03-15")`:                                                 ok,
		`day > date("2026-03-15")`:                                                                     no,
		`after(date("2024-02-29"), "P1Y") == 20250228`:                                                 ok,
		`programme == "P1" && slots == ["A"]`:                                                          ok,
		`source.all(o, o.course == "S1" && o.institution == "I02" && o.category == "FORMAL")`:          ok,
		`source[0].credits == 600 && source[0].points == 8000 && source[0].score == "80"`:              ok,
		`credits(source) == 600 && credits(held) == 1300`:                                              ok,
		`credits(held.filter(o, o.category == "NON_FORMAL" && o.issued >= date("2025-01-01"))) == 500`: ok,
		`held.exists(o, o.course == "N2" && o.hours == 3200 && o.expires == 20290601 && o.level == 5)`: ok,
		`held.map(o, o.available).size() == 3 && lines.size() == 0 && credits(lines) == 0`:             ok,
		`lines.exists(l, l.slot == "B" && l.credits >= 400)`:                                           no,
		`source[1].credits == 0`:                                                                       no, // beyond the list: fails, the same each time
		`9223372036854775807 + day > 0`:                                                                no, // overflow
		`date("tomorrow") == 1 || true`:                                                                ok, // CEL: true absorbs the error
		`date("tomorrow") == 1`:                                                                        no,
		`after(day, "five") > 0`:                                                                       no,
		`held.all(o, o.family == "" && o.credits * 100 / 16 > 0)`:                                      ok,
	} {
		tables[expression] = dimension{rules: []string{when(expression)}, setup: s1, want: []string{line}}
	}
	tables["the lines of before"] = dimension{
		rules: []string{`source: {course: S2}, ` + toB, when(`lines.exists(l, l.slot == "B" && l.credits >= 400 && l.category == "FORMAL") && credits(lines) == 400`)},
		setup: posts("S1", "S2"), want: []string{"approve B=4.0(exempt)", ok},
	}
	tables["of a source that is missing"] = dimension{rules: []string{when(`source.size() == 7`), when(`day == 1`)}, setup: posts(), want: []string{"deny MISSING_COMPONENT missing S1", "deny MISSING_COMPONENT CONDITION_UNMET missing S1"}}
	checkDimensions(t, tables)
}

// A denial says what the rule says.
func TestConditionSpeaks(t *testing.T) {
	b := townBook(t, "", "", conversion("R", when("day == 1")), conversion("Q", when("held[9].level == 1")))
	posts("S1")(b)
	for id, have := range map[creditbank.RuleID]string{"R": "", "Q": "error"} {
		d := b.decide(id, today)
		if f := d.Findings[0]; f.Have != have || f.Text != (creditbank.Text{ZH: "不满足", EN: "not met"}) || f.Subject != "when" {
			t.Errorf("%s: %+v", id, f)
		}
	}
}

// An expression that costs too much for somebody is not met, the same each time.
func TestConditionCosts(t *testing.T) {
	b := townBook(t, "", "", conversion("R", `source: {course: S1}, when: [{if: 'held.all(o, credits(held) >= o.credits)', message: {zh: 太多, en: too much}}], `+toA))
	posts("S1")(b)
	want(t, b.decide("R", today), "approve A=4.0(exempt) forfeits 2.0")
	h := b.history
	for range 1100 {
		b.n++
		o := h.Outcomes[0]
		o.ExternalID, o.Seq, o.Course = "more"+string(rune('A'+b.n%26))+strings.Repeat("x", b.n), b.version()+1, "S2"
		b.history.Outcomes = append(b.history.Outcomes, o)
	}
	b.fold()
	for range 2 {
		d, err := b.set.Decide(b.account, "R", clock, today)
		must(t, err)
		if f := d.Findings[len(d.Findings)-1]; f.Code != creditbank.ConditionUnmet || f.Have != "cost" {
			t.Errorf("findings %+v", d.Findings)
		}
	}
}

func TestConditionsAreChecked(t *testing.T) {
	block := func(expression string) string {
		return "  - id: R\n    kind: conversion\n    title: {zh: 转换, en: conversion}\n    programme: P1\n    effective: {from: 2020-01-01}\n    source: {course: S1}\n    grant: [{slot: A, credits: \"4\", grade: exempt}]\n    when:\n      - if: |\n          day > 1 &&\n          " + expression + "\n        message: {zh: 甲, en: a}\n"
	}
	for name, tt := range map[string]struct{ rule, want string }{
		"a double":             {conversion("R", when(`1.5 > 1.0`)), "floating-point numbers are not allowed"},
		"a hidden double":      {conversion("R", when(`double(day) > double(1)`)), "floating-point numbers are not allowed"},
		"a double in a list":   {conversion("R", when(`[1.5].size() == 1`)), "floating-point numbers are not allowed"},
		"a double behind dyn":  {conversion("R", when(`dyn(1.5) == dyn(1.5)`)), "floating-point numbers are not allowed"},
		"a double from a text": {conversion("R", when(`double("1.5") > double("1.0")`)), "floating-point numbers are not allowed"},
		"a double not used":    {conversion("R", when(`true || 1.5 == 1.5`)), "floating-point numbers are not allowed"},
		"no such field":        {conversion("R", when(`source[0].colour == "red"`)), "undefined field 'colour'"},
		"no such variable":     {conversion("R", when(`now > 1`)), "undeclared reference to 'now'"},
		"of two types":         {conversion("R", when(`day > "1"`)), "no matching overload"},
		"no answer":            {conversion("R", when(`day + 1`)), "the expression is of type int; a condition is true or false"},
		"not CEL":              {conversion("R", when(`day >`)), "the expression is wrong: Syntax error"},
		"too costly":           {conversion("R", when(`held.all(a, held.all(b, held.all(c, a.level + b.level + c.level > 0)))`)), "the expression costs too much"},
		"at its column":        {"  - {id: R, when: [{if: 'day > now', message: {zh: 甲, en: a}}], kind: conversion}\n", "rules.yaml:7:32: rules[3].when[0].if: the expression is wrong: undeclared reference to 'now'"},
		"at its line":          {block("now > 2"), "rules.yaml:17: rules[3].when[0].if: the expression is wrong: undeclared reference to 'now'"},
		"nothing to say":       {conversion("R", `source: {course: S1}, when: [{if: 'true'}], `+toA), `"message" is missing`},
	} {
		if got := compileProblems(t, tt.rule); !strings.Contains(got, tt.want) {
			t.Errorf("%s: reports %q, want %q", name, got, tt.want)
		}
	}
}
