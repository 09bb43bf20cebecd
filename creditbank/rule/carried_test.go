package rule_test

import (
	"strings"
	"testing"

	"creditbank/creditbank"
)

// Two more programmes beside P1, whose lines the rules below carry on: P2 and P3,
// both of I02.
const carriedProgrammes = `  - id: P2
    institution: I02
    title: {zh: 护理, en: Care}
    credits: "40"
    caps: [{of: {category: FORMAL}, credits: "5"}]
    slots:
      - {id: X, title: {zh: 丙, en: X}, credits: "6", level: 5}
      - {id: Y, title: {zh: 丁, en: Y}, credits: "6", elective: true}
      - {id: Z, title: {zh: 戊, en: Z}, credits: "4", level: 4}
`

// to returns a conversion rule towards P2.
func to(id, rest string) string {
	return "  - {id: " + id + ", kind: conversion, title: {zh: 互认, en: carried}, programme: P2, effective: {from: 2020-01-01, to: 2027-08-31}, " + rest + "}\n"
}

// carriedBook is a learner in P1 and P2.
func carriedBook(t testing.TB, rules ...string) *book {
	t.Helper()
	b := newBook(t, cityCatalogue(t), recognise+conversion("ROOT", oneCourse)+strings.Join(rules, ""), programmes+carriedProgrammes)
	b.enrol("P1")
	b.enrol("P2")
	return b
}

func TestLinesOfOtherProgrammes(t *testing.T) {
	const line = `{line: {programme: P1, slot: A}}`
	const toX = `grant: [{slot: X, credits: source, grade: carry}]`
	held := func(b *book) {
		b.post("S1", "2025-01-01", "72.5", "")
		b.decide("ROOT", today)
	}
	for name, tt := range map[string]struct {
		rule  string
		setup func(*book)
		day   creditbank.Date
		want  string
		takes string
	}{
		"carried as it stands":           {`source: ` + line + `, ` + toX, held, today, "approve X=4.0(72.5)", "P1/A 4.0"},
		"never granted":                  {`source: ` + line + `, ` + toX, func(*book) {}, today, "deny MISSING_COMPONENT", ""},
		"granted later":                  {`source: ` + line + `, ` + toX, held, 20260314, "deny MISSING_COMPONENT", ""},
		"its grade is asked for":         {`source: {line: {programme: P1, slot: A, min_grade: "72"}}, ` + toX, held, today, "approve X=4.0(72.5)", "P1/A 4.0"},
		"its grade is too low":           {`source: {line: {programme: P1, slot: A, min_grade: "80"}}, ` + toX, held, today, "deny GRADE_BELOW_MIN", ""},
		"granted less than it is":        {`source: ` + line + `, grant: [{slot: X, credits: "3", grade: exempt}]`, held, today, "approve X=3.0(exempt) forfeits 1.0", "P1/A 4.0"},
		"with an outcome":                {`source: {all: [` + line + `, {course: N2}]}, grant: [{slot: Y, credits: "4", grade: {weighted_by: hours, round: "0.1"}}]`, func(b *book) { held(b); b.post("N2", "2025-01-01", "90", "") }, today, "approve Y=4.0(78.3) forfeits 2.0", "P1/A 4.0, N2 2.0"},
		"or an outcome":                  {`source: {any: [` + line + `, {course: S2}]}, grant: [{slot: Y, credits: source, grade: carry}]`, func(b *book) { b.post("S2", "2025-01-01", "81", "") }, today, "approve Y=3.0(81)", "S2 3.0"},
		"its level is the slot's":        {`source: ` + line + `, match: {level: equal}, ` + toX, held, today, "approve X=4.0(72.5)", "P1/A 4.0"},
		"its level is not":               {`source: ` + line + `, match: {level: equal}, grant: [{slot: Z, credits: source, grade: carry}]`, held, today, "deny LEVEL_MISMATCH", ""},
		"it counts in its categories":    {`source: {all: [` + line + `, {course: S2}]}, grant: [{slot: X, credits: "6", grade: exempt}]`, func(b *book) { held(b); b.post("S2", "2025-01-01", "90", "") }, today, "deny CAP_REACHED", ""},
		"it has an age":                  {`source: ` + line + `, validity: {source_max_age: P1Y}, ` + toX, held, 20270316, "deny OUTCOME_EXPIRED", ""},
		"not where its category is out":  {`source: ` + line + `, exclude: {categories: [FORMAL]}, ` + toX, held, today, "deny EXCLUDED_SOURCE", ""},
		"nor its institution":            {`source: ` + line + `, exclude: {institutions: [I01]}, ` + toX, held, today, "deny EXCLUDED_SOURCE", ""},
		"a tag excludes no line":         {`source: ` + line + `, exclude: {tags: [x]}, ` + toX, held, today, "approve X=4.0(72.5)", "P1/A 4.0"},
		"conditions see it":              {`source: ` + line + `, when: [{if: 'source.exists(s, s.course == "P1/A" && s.points == 7250 && s.institution == "I01" && credits(source) == 400)', message: {zh: 不合, en: no}}], ` + toX, held, today, "approve X=4.0(72.5)", "P1/A 4.0"},
		"at least one of two lines":      {`source: {at_least: {n: 1, of: [{line: {programme: P1, slot: E}}, ` + line + `]}}, ` + toX, held, today, "approve X=4.0(72.5)", "P1/A 4.0"},
		"one line does not serve twice":  {`source: {all: [` + line + `, ` + line + `]}, grant: [{slot: X, credits: "3", grade: exempt}]`, held, today, "deny MISSING_COMPONENT", ""},
		"what is reversed is out of use": {`source: ` + line + `, ` + toX, func(b *book) { held(b); b.act(creditbank.ActReversed, creditbank.ActBody{Of: b.version()}, today) }, today, "deny OUTCOME_REVOKED", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := carriedBook(t, to("R", tt.rule))
			tt.setup(b)
			d := b.decide("R", tt.day)
			want(t, d, tt.want)
			var takes []string
			for _, s := range d.Sources {
				name := string(s.Course)
				if ref, ok := s.Line(); ok {
					name = string(s.Programme) + "/" + string(ref.Slot)
				}
				takes = append(takes, name+" "+s.Credits.String())
			}
			if got := strings.Join(takes, ", "); got != tt.takes {
				t.Errorf("takes %s, want %s", got, tt.takes)
			}
		})
	}
}

// A line serves once, whoever asks; and the planner knows.
func TestLineServesOnce(t *testing.T) {
	const line = `source: {line: {programme: P1, slot: A}}, `
	b := carriedBook(t, to("R", line+`grant: [{slot: X, credits: source, grade: carry}]`), to("Q", line+`grant: [{slot: Y, credits: "1", grade: carry}]`))
	b.post("S1", "2025-01-01", "72.5", "")
	b.decide("ROOT", today)
	plan, err := b.set.Plan(b.account, "P2", clock, today)
	must(t, err)
	if len(plan.Steps) != 1 || plan.Steps[0] != "R" || plan.Credits != 400 {
		t.Errorf("planned %+v, want R alone", plan)
	}
	want(t, b.decide("R", today), "approve X=4.0(72.5)")
	d := b.decide("Q", today)
	want(t, d, "deny OUTCOME_ALREADY_CONSUMED")
	b.cat.Rules = b.set
	if texts := creditbank.Explain(b.cat, d); len(texts) != 1 || !strings.Contains(texts[0].ZH, "甲 A") || !strings.Contains(texts[0].EN, "serves once") {
		t.Errorf("explained as %+v", texts)
	}
}

func TestLinesAreChecked(t *testing.T) {
	const grant = `grant: [{slot: B, credits: "1", grade: exempt}]`
	for name, tt := range map[string]struct{ source, want string }{
		"no such programme": {`{line: {programme: P9, slot: A}}`, "source.line.programme: programme P9 does not exist"},
		"no such slot":      {`{line: {programme: P2, slot: Q}}`, "source.line.slot: programme P2 has no slot Q"},
		"its own programme": {`{any: [{line: {programme: P1, slot: A}}, {course: S1}]}`, "a line of the programme that the rule grants in is no source"},
		"no slot":           {`{line: {programme: P2}}`, `"slot" is missing`},
		"no mark":           {`{line: {programme: P2, slot: X, min_grade: good}}`, "source.line.min_grade"},
		"something else":    {`{line: {programme: P2, slot: X, split: true}}`, "split"},
		"beside a course":   {`{line: {programme: P2, slot: X}, course: S1}`, "exclude each other"},
	} {
		_, _, problems := compile(cityCatalogue(t), timezone+recognise+conversion("R", "source: "+tt.source+", "+grant), programmes+carriedProgrammes)
		if got := errorText(problems.Err()); !strings.Contains(got, tt.want) {
			t.Errorf("%s: reports %q, want %q", name, got, tt.want)
		}
	}
	_, _, problems := compile(cityCatalogue(t), timezone+recognise+to("R", `source: {line: {programme: P1, slot: A}}, excess: keep, grant: [{slot: X, credits: "1", grade: exempt}]`), programmes+carriedProgrammes)
	if got := errorText(problems.Err()); !strings.Contains(got, "leaves no excess to keep") {
		t.Errorf("a rest of a line is kept: %q", got)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A grade that is no number is carried as it stands, and reaches no minimum.
func TestLineCarriesAnyGrade(t *testing.T) {
	b := carriedBook(t, conversion("FIXED", `source: {course: S2}, grant: [{slot: E, credits: source, grade: {fixed: A-}}]`),
		to("R", `source: {line: {programme: P1, slot: E}}, grant: [{slot: Y, credits: source, grade: carry}]`),
		to("MIN", `source: {line: {programme: P1, slot: E, min_grade: "60"}}, grant: [{slot: Y, credits: source, grade: carry}]`))
	b.post("S2", "2025-01-01", "81", "")
	want(t, b.decide("FIXED", today), "approve E=3.0(A-)")
	want(t, b.decide("MIN", today), "deny GRADE_BELOW_MIN")
	want(t, b.decide("R", today), "approve Y=3.0(A-)")
}
