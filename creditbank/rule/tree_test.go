package rule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"creditbank/creditbank"
)

// sourcesOf writes what a decision consumes: "S1 6.0, N2 1.0".
func sourcesOf(d *creditbank.Decision) string {
	var parts []string
	for _, s := range d.Sources {
		parts = append(parts, fmt.Sprintf("%s %s", s.Course, s.Credits))
	}
	return strings.Join(parts, ", ")
}

func TestTrees(t *testing.T) {
	scored := func(courses ...string) func(*book) {
		return func(b *book) {
			for _, c := range courses {
				course, score, _ := strings.Cut(c, " ")
				b.post(course, "2025-01-01", score, "")
			}
		}
	}
	const toE = `grant: [{slot: E, credits: "3", grade: exempt}]`
	const nested = `source: {all: [{course: S1}, {any: [{course: S2}, {all: [{course: S4}, {course: X2}]}]}]}, ` + toE
	const two = `source: {at_least: {n: 2, of: [{course: S1, min_grade: "70"}, {course: S2}, {course: S4}]}}, ` + toE
	for name, tt := range map[string]struct {
		rule  string
		setup func(*book)
		want  string
		takes string
	}{
		"any: the first of the file":           {`source: {any: [{course: S2}, {course: S1}]}, ` + toE, scored("S1 80", "S2 80"), "approve E=3.0(exempt)", "S2 3.0"},
		"any: the one that is held":            {`source: {any: [{course: S2}, {course: S1}]}, ` + toE, scored("S1 80"), "approve E=3.0(exempt) forfeits 3.0", "S1 6.0"},
		"any: what expires first":              {`source: {any: [{course: S1}, {course: N2}]}, ` + toE, scored("S1 80", "N2 80"), "approve E=3.0(exempt)", "N2 2.0"},
		"any: the one that reaches its grade":  {`source: {any: [{course: S2, min_grade: "90"}, {course: S1}]}, ` + toE, scored("S2 80", "S1 80"), "approve E=3.0(exempt) forfeits 3.0", "S1 6.0"},
		"any: the one of the slot's level":     {`source: {any: [{course: S4}, {course: S1}]}, match: {level: equal}, grant: [{slot: A, credits: "4", grade: carry}]`, scored("S4 80", "S1 81"), "approve A=4.0(81) forfeits 2.0", "S1 6.0"},
		"any: the highest of its family":       {`source: {any: [{course: X2, family_highest: true}, {course: X1, family_highest: true}]}, ` + toE, scored("X2", "X1"), "approve E=3.0(exempt) forfeits 3.0", "X1 6.0"},
		"any: none was posted":                 {`source: {any: [{course: S2}, {course: S1}]}, ` + toE, scored(), "deny MISSING_COMPONENT missing S2 missing S1", ""},
		"any: each says why not":               {`source: {any: [{course: S2, min_grade: "90"}, {course: S1}, {pool: {category: NON_FORMAL, credits: "5"}}]}, ` + toE, scored("S2 80", "N2 80"), "deny MISSING_COMPONENT GRADE_BELOW_MIN INSUFFICIENT_POOL missing S1 short 3.0", ""},
		"any: a fixed line is measured":        {`source: {any: [{course: S2}, {course: S1}]}, grant: [{slot: B, credits: "4", grade: exempt}]`, scored(), "deny MISSING_COMPONENT CAP_REACHED missing S2 missing S1", ""},
		"any: a line of the source's is not":   {`source: {any: [{course: S2}, {course: S1}]}, grant: [{slot: B, credits: {min: [source, "4"]}, grade: exempt}]`, scored(), "deny MISSING_COMPONENT missing S2 missing S1", ""},
		"nested: by the course":                {nested, scored("S1 80", "S2 80", "S4 80", "X2"), "approve E=3.0(exempt) forfeits 6.0", "S1 6.0, S2 3.0"},
		"nested: by the pair":                  {nested, scored("S1 80", "S4 80", "X2"), "approve E=3.0(exempt) forfeits 10.0", "S1 6.0, S4 3.0, X2 4.0"},
		"nested: half a pair":                  {nested, scored("S1 80", "S4 80"), "deny MISSING_COMPONENT missing S2 missing X2", ""},
		"at least: exactly two":                {two, scored("S1 80", "S2 80", "S4 80"), "approve E=3.0(exempt) forfeits 6.0", "S1 6.0, S2 3.0"},
		"at least: one too few":                {two, scored("S2 80"), "deny MISSING_COMPONENT missing S1 missing S4", ""},
		"at least: those that serve":           {two, scored("S1 60", "S2 80", "S4 80"), "approve E=3.0(exempt) forfeits 3.0", "S2 3.0, S4 3.0"},
		"at least: all the others":             {two, scored("S1 60", "S2 80"), "deny MISSING_COMPONENT GRADE_BELOW_MIN missing S4", ""},
		"not the same outcome twice":           {`source: {all: [{any: [{course: S2}, {course: S1}]}, {course: S2}]}, ` + toE, scored("S1 80", "S2 80"), "approve E=3.0(exempt) forfeits 6.0", "S1 6.0, S2 3.0"},
		"not the same outcome twice, and none": {`source: {all: [{any: [{course: S2}, {course: S2}]}, {course: S2}]}, ` + toE, scored("S2 80"), "deny MISSING_COMPONENT missing S2", ""},
		"in each other's way":                  {`source: {at_least: {n: 2, of: [{course: S2}, {course: S2}]}}, ` + toE, scored("S2 80"), "deny MISSING_COMPONENT", ""},
		"a course before a pool":               {`source: {all: [{pool: {category: NON_FORMAL, credits: "2"}, split: true}, {course: N2}]}, ` + toE, scored("N2 80", "N5 80"), "approve E=3.0(exempt)", "N2 2.0, N5 2.0"},
		"a pool splits a lot twice":            {`source: {all: [{pool: {category: NON_FORMAL, credits: "2"}, split: true}, {pool: {category: NON_FORMAL, credits: "3"}, split: true}]}, ` + toE, scored("N5 80"), "approve E=3.0(exempt)", "N5 2.0, N5 3.0"},
		"two pools fall short together":        {`source: {all: [{pool: {category: NON_FORMAL, credits: "4"}, split: true}, {pool: {category: NON_FORMAL, credits: "3"}, split: true}]}, ` + toE, scored("N5 80"), "deny INSUFFICIENT_POOL short 2.0", ""},
		"a block takes what a course leaves":   {`source: {all: [{block: {institution: I02, category: FORMAL, min_credits: "3"}}, {course: S1}]}, ` + toE, scored("S1 80", "S2 80"), "approve E=3.0(exempt) forfeits 6.0", "S1 6.0, S2 3.0"},
		"carry of whichever":                   {`source: {any: [{course: S2}, {course: S1}]}, grant: [{slot: E, credits: source, grade: carry}]`, scored("S2 81"), "approve E=3.0(81)", "S2 3.0"},
	} {
		t.Run(name, func(t *testing.T) {
			b := cityBook(t, conversion("R", tt.rule))
			tt.setup(b)
			d := b.decide("R", today)
			want(t, d, tt.want)
			if got := sourcesOf(d); got != tt.takes {
				t.Errorf("takes %s, want %s", got, tt.takes)
			}
		})
	}
}

// What is missing in a choice says how many of which would do.
func TestMissingOfAChoice(t *testing.T) {
	b := cityBook(t, conversion("R", `source: {at_least: {n: 2, of: [{course: S1}, {all: [{course: S2}, {course: S4}]}, {pool: {category: NON_FORMAL, credits: "8"}}]}}, grant: [{slot: E, credits: "3", grade: exempt}]`))
	b.post("S1", "2025-01-01", "80", "")
	d := b.decide("R", today)
	for _, course := range []string{"S2", "S4"} {
		want := creditbank.Finding{Code: creditbank.MissingComponent, Subject: course, Have: "1", Need: "2 of S1, S2+S4, NON_FORMAL 8.0"}
		if !slices.Contains(d.Findings, want) {
			t.Errorf("findings %+v lack %+v", d.Findings, want)
		}
	}
}

// A search that would take for ever ends, the same way each time.
func TestHopelessTreeEnds(t *testing.T) {
	of := strings.TrimSuffix(strings.Repeat("{course: S2}, ", 40), ", ")
	b := cityBook(t, conversion("R", `source: {all: [{at_least: {n: 12, of: [`+of+`]}}, {course: S1}]}, grant: [{slot: E, credits: "3", grade: exempt}]`))
	for range 13 {
		b.post("S2", "2025-01-01", "80", "")
	}
	want(t, b.decide("R", today), "deny MISSING_COMPONENT missing S1")
}

func TestTreeIsChecked(t *testing.T) {
	deep := strings.Repeat("{any: [", 7) + "{course: S1}" + strings.Repeat("]}", 7)
	for name, tt := range map[string]struct{ source, want string }{
		"two kinds":         {`{any: [{course: S1}], all: [{course: S1}]}`, `"all" and "any" exclude each other`},
		"nothing to choose": {`{any: []}`, "name at least one"},
		"none of them":      {`{at_least: {n: 0, of: [{course: S1}]}}`, "n is a number of 1 to 1"},
		"more than all":     {`{at_least: {n: 2, of: [{course: S1}]}}`, "n is a number of 1 to 1"},
		"of what":           {`{at_least: {n: 1}}`, `"of" is missing`},
		"unknown in a leaf": {`{any: [{course: S1}, {all: [{course: S9}]}]}`, "source.any[1].all[0].course: course S9 does not exist"},
		"too deep":          {deep, "a source nests at most 6 deep"},
		"too many":          {`{any: [` + strings.TrimSuffix(strings.Repeat("{course: S1}, ", 65), ", ") + `]}`, "a source has at most 64 leaves"},
		"split of a course": {`{any: [{course: S1, split: true}]}`, `"split" goes with "pool" only`},
	} {
		got := compileProblems(t, conversion("R", `source: `+tt.source+`, grant: [{slot: E, credits: "3", grade: exempt}]`))
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s: reports %q, want %q", name, got, tt.want)
		}
	}
	if got := compileProblems(t, conversion("R", `source: {at_least: {n: 2, of: [{course: S1}, {course: S2}]}}, grant: [{slot: E, credits: "3", grade: carry}]`)); !strings.Contains(got, "carry needs a source of one course") {
		t.Errorf("carry of two: %s", got)
	}
}
