package rule_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"creditbank/creditbank"
)

// townProgrammes is a programme with room, to which the cases add what they are
// about; P2 is another one.
func townProgrammes(more string) string {
	return `
programmes:
  - id: P1
    institution: I01
    title: {zh: 本科, en: bachelor}
    credits: "80"
    slots:
      - {id: A, title: {zh: 高等数学, en: A}, credits: "4", level: 5}
      - {id: B, title: {zh: 乙, en: B}, credits: "6", level: 3}
      - {id: C, title: {zh: 丙, en: C}, credits: "6"}
      - {id: E, title: {zh: 选修, en: electives}, credits: "40", elective: true}
` + more + `
  - id: P2
    institution: I02
    title: {zh: 专科, en: associate}
    credits: "80"
    slots: [{id: A, title: {zh: 甲, en: A}, credits: "8", level: 5}]
`
}

// townBook is a book of courses with titles, tags and two institutions.
func townBook(t testing.TB, head, more string, rules ...string) *book {
	t.Helper()
	b := newBook(t, townCatalogue(t), head+recognise+strings.Join(rules, ""), townProgrammes(more))
	b.enrol("P1")
	return b
}

func townCatalogue(t testing.TB) *creditbank.Catalogue {
	t.Helper()
	cat := catalogue(t, "S1 FORMAL 5 0 6", "S2 FORMAL 5 32 3", "S4 FORMAL 4 16 3", "X1 CERTIFICATE 5 0 6 CARE", "X2 CERTIFICATE 4 0 4 CARE",
		"N2 NON_FORMAL 5 32 0", "N5 NON_FORMAL 4 80 0", "D1 NON_FORMAL 1 48 0 - driving|online", "Z0 FORMAL 5 0 0")
	for _, c := range []creditbank.Course{
		{Code: "M1", Title: "高等数学（一）", Category: creditbank.Formal, Level: 5, Credits: 400},
		{Code: "M2", Title: "高数 Ⅰ", Category: creditbank.Formal, Level: 5, Credits: 500},
		{Code: "M3", Title: "高等数学Ⅱ", Category: creditbank.Formal, Level: 5, Credits: 400},
		{Code: "M4", Title: "工程数学", Category: creditbank.Formal, Level: 5, Credits: 400},
		{Code: "H1", Title: "机动车驾驶证（C1）", Category: creditbank.Formal, Level: 5, Credits: 400},
	} {
		c.Institution = "I02"
		_, err := cat.AddCourse(c)
		must(t, err)
	}
	return cat
}

// postAt posts an outcome of another institution.
func (b *book) postAt(institution creditbank.InstitutionID, course, day, score string) creditbank.Outcome {
	b.t.Helper()
	b.institution = institution
	defer func() { b.institution = "" }()
	return b.post(course, day, score, "")
}

func posts(courses ...string) func(*book) {
	return func(b *book) {
		for _, c := range courses {
			course, day, _ := strings.Cut(c, " ")
			b.post(course, cmp.Or(day, "2025-01-01"), "80", "")
		}
	}
}

const (
	toA = `grant: [{slot: A, credits: "4", grade: exempt}]`
	toB = `grant: [{slot: B, credits: "4", grade: exempt}]`
	toE = `grant: [{slot: E, credits: source, grade: exempt}]`
)

// A dimension is a rule, what it is asked, and what comes out, rule for rule.
type dimension struct {
	head, more string
	rules      []string // R0, R1, …
	setup      func(*book)
	want       []string // of R0, R1, …
}

func checkDimensions(t *testing.T, tables map[string]dimension) {
	t.Helper()
	for name, tt := range tables {
		t.Run(name, func(t *testing.T) {
			var rules []string
			for i, r := range tt.rules {
				rules = append(rules, conversion(fmt.Sprintf("R%d", i), r))
			}
			b := townBook(t, tt.head, tt.more, rules...)
			tt.setup(b)
			for i, line := range tt.want {
				before := b.account
				id := creditbank.RuleID(fmt.Sprintf("R%d", i))
				d := b.decide(id, today)
				want(t, d, line)
				again, err := b.set.Decide(before, id, clock, today)
				if err != nil || again.Hash() != d.Hash() {
					t.Errorf("decided again: %v\n%s\n%s", err, again.Canonical(), d.Canonical())
				}
			}
		})
	}
}

func TestMatching(t *testing.T) {
	level := func(m string) string { return `source: {course: S4}, match: {level: ` + m + `}, ` }
	evidence := `source: {any: [{course: S1}, {course: S2}]}, match: {overlap_min: "0.80", evidence: [{course: S1, overlap: "0.75", reviewer: 专家组, on: 2024-05-20, document: EV-1, outcomes: [{source: 甲, target: 乙}]}, {course: S2, overlap: "0.85"}]}, `
	checkDimensions(t, map[string]dimension{
		"at least the slot's level":        {rules: []string{level("{relation: ge}") + toB, level("{relation: ge}") + toA}, setup: posts("S4", "S4"), want: []string{"approve B=4.0(exempt)", "deny LEVEL_MISMATCH"}},
		"one below will do":                {rules: []string{level("{relation: ge, below: 1}") + toA}, setup: posts("S4"), want: []string{"approve A=4.0(exempt)"}},
		"equal":                            {rules: []string{level("{relation: equal}") + toB}, setup: posts("S4"), want: []string{"deny LEVEL_MISMATCH"}},
		"any, but so high":                 {rules: []string{level("{relation: any, min: 4, framework: CN}") + toA, level("{relation: any, min: 5}") + toB}, setup: posts("S4", "S4"), want: []string{"approve A=4.0(exempt)", "deny LEVEL_MISMATCH"}},
		"overlap as the rule holds it":     {rules: []string{`source: {course: S1}, match: {overlap: "0.75", overlap_min: "0.80"}, ` + toA, `source: {course: S2}, match: {overlap: "0.80", overlap_min: "0.80"}, ` + toA}, setup: posts("S1", "S2"), want: []string{"deny OVERLAP_BELOW_MIN", "approve A=4.0(exempt)"}},
		"overlap by the evidence":          {rules: []string{evidence + toA}, setup: posts("S1", "S2"), want: []string{"approve A=4.0(exempt)"}},
		"too little overlap":               {rules: []string{evidence + toA}, setup: posts("S1"), want: []string{"deny MISSING_COMPONENT OVERLAP_BELOW_MIN missing S2"}},
		"evidence of another version":      {rules: []string{`source: {course: S1}, match: {overlap: "0.90", overlap_min: "0.80", evidence: [{course: S1, version: 2, overlap: "0.50"}]}, ` + toA}, setup: posts("S1"), want: []string{"approve A=4.0(exempt) forfeits 2.0"}},
		"evidence of the version it is":    {rules: []string{`source: {course: S1}, match: {overlap_min: "0.80", evidence: [{course: S1, overlap: "0.90"}, {course: S1, version: 1, overlap: "0.50"}]}, ` + toA}, setup: posts("S1"), want: []string{"deny OVERLAP_BELOW_MIN"}},
		"no evidence for one of the parts": {rules: []string{`source: {all: [{course: S1}, {course: S2}]}, match: {overlap_min: "0.80", evidence: [{course: S1, overlap: "0.90"}]}, ` + toA}, setup: posts("S1", "S2"), want: []string{"deny OVERLAP_BELOW_MIN"}},
	})
}

func TestSourceAge(t *testing.T) {
	old := `validity: {source_max_age: P2Y, honour_source_expiry: true}, `
	checkDimensions(t, map[string]dimension{
		"its last day":              {rules: []string{`source: {course: S1}, ` + old + toA}, setup: posts("S1 2024-03-15"), want: []string{"approve A=4.0(exempt) forfeits 2.0"}},
		"a day too old":             {rules: []string{`source: {course: S1}, ` + old + toA}, setup: posts("S1 2024-03-14"), want: []string{"deny OUTCOME_EXPIRED"}},
		"the newer one":             {rules: []string{`source: {course: S1}, ` + old + toA}, setup: posts("S1 2024-03-14", "S1 2025-01-01"), want: []string{"approve A=4.0(exempt) forfeits 2.0"}},
		"a pool leaves what is old": {rules: []string{`source: {pool: {category: NON_FORMAL, credits: "5"}}, ` + old + toB}, setup: posts("N5 2023-01-01", "N2"), want: []string{"deny OUTCOME_EXPIRED INSUFFICIENT_POOL short 3.0"}},
		"a block too":               {rules: []string{`source: {block: {institution: I02, category: FORMAL, min_credits: "3"}}, ` + old + toE}, setup: posts("S1 2023-01-01", "S2"), want: []string{"approve E=3.0(exempt)"}},
	})
}

func TestNegativeLists(t *testing.T) {
	exclude := func(x string) []string { return []string{`source: {course: H1}, exclude: {` + x + `}, ` + toA} }
	denied, h1 := []string{"deny EXCLUDED_SOURCE"}, posts("H1")
	pool := `source: {pool: {category: NON_FORMAL, credits: "4"}}, `
	checkDimensions(t, map[string]dimension{
		"a course":                  {rules: exclude("courses: [H1]"), setup: h1, want: denied},
		"a category":                {rules: exclude("categories: [FORMAL]"), setup: h1, want: denied},
		"an institution":            {rules: exclude("institutions: [I02]"), setup: h1, want: denied},
		"a name":                    {rules: exclude("names: [机动车 驾驶证(c1)]"), setup: h1, want: denied},
		"a family":                  {rules: []string{`source: {course: X1}, exclude: {families: [CARE]}, ` + toA}, setup: posts("X1"), want: denied},
		"another of each":           {rules: exclude("courses: [S1], categories: [INFORMAL], institutions: [I01], names: [会计], families: [CARE], tags: [driving]"), setup: h1, want: []string{"approve A=4.0(exempt)"}},
		"a tag, in a pool":          {rules: []string{pool + `exclude: {tags: [driving]}, ` + toB}, setup: posts("D1", "N2"), want: []string{"deny EXCLUDED_SOURCE INSUFFICIENT_POOL short 2.0"}},
		"a pool does without":       {rules: []string{pool + `exclude: {tags: [driving]}, ` + toB}, setup: posts("D1 2022-01-01", "N5"), want: []string{"approve B=4.0(exempt)"}},
		"of the programme":          {more: `    exclude: {names: [驾驶证]}`, rules: []string{`source: {course: H1}, ` + toA}, setup: h1, want: denied},
		"of the city":               {head: "exclude: {names: [驾驶证]}\n", rules: []string{`source: {course: H1}, ` + toA}, setup: h1, want: denied},
		"a target of the programme": {more: `    exclude: {targets: [A]}`, rules: []string{`source: {course: S1}, ` + toA, `source: {course: S1}, ` + toB}, setup: posts("S1"), want: []string{"deny EXCLUDED_TARGET", "approve B=4.0(exempt) forfeits 2.0"}},
		"a target of the rule":      {rules: []string{`source: {course: S1}, exclude: {targets: [A]}, ` + toA}, setup: posts("S1"), want: []string{"deny EXCLUDED_TARGET"}},
	})
}

// What a course that came after the rules is called and tagged nobody said: it
// waits until the rules are published again.
func TestCoursesUnknownToTheRules(t *testing.T) {
	pool := `source: {pool: {category: NON_FORMAL, credits: "2"}}, `
	b := townBook(t, "", `    caps: [{of: {tag: online}, credits: "1"}]`,
		conversion("R0", pool+`exclude: {tags: [driving]}, `+toB), conversion("R1", pool+toB), conversion("R2", `source: {course: S1}, `+toA))
	_, err := b.cat.AddCourse(creditbank.Course{Code: "NEW", Title: "新课", Institution: "I02", Category: creditbank.NonFormal, Hours: 32 * creditbank.Hour})
	must(t, err)
	b.post("NEW", "2025-01-01", "80", "")
	b.post("S1", "2025-01-01", "80", "")
	want(t, b.decide("R0", today), "deny EXCLUDED_SOURCE INSUFFICIENT_POOL short 2.0")
	want(t, b.decide("R1", today), "deny CAP_REACHED") // it may be online
	want(t, b.decide("R2", today), "approve A=4.0(exempt) forfeits 2.0")
}

func TestSubjects(t *testing.T) {
	unique, head := "    unique_subjects: true", "subjects: {abbreviations: {高数: 高等数学}, substitutes: [[高等数学, 工程数学]]}\n"
	of := func(course, grant string) string { return `source: {course: ` + course + `}, ` + grant }
	checkDimensions(t, map[string]dimension{
		"one counts":               {head: head, more: unique, rules: []string{of("M1", toA), of("M2", toE), of("M3", toE)}, setup: posts("M1", "M2", "M3"), want: []string{"approve A=4.0(exempt)", "deny DUPLICATE_SUBJECT", "approve E=4.0(exempt)"}},
		"where nobody asks":        {head: head, rules: []string{of("M1", toA), of("M2", toE)}, setup: posts("M1", "M2"), want: []string{"approve A=4.0(exempt)", "approve E=5.0(exempt)"}},
		"without abbreviations":    {more: unique, rules: []string{of("M1", toA), of("M2", toE)}, setup: posts("M1", "M2"), want: []string{"approve A=4.0(exempt)", "approve E=5.0(exempt)"}},
		"the same course again":    {more: unique, rules: []string{of("M1", toA), of("M1", toE)}, setup: posts("M1", "M1"), want: []string{"approve A=4.0(exempt)", "deny OUTCOME_ALREADY_CONSUMED DUPLICATE_SUBJECT"}},
		"two at once":              {head: head, more: unique, rules: []string{`source: {all: [{course: M1}, {course: M2}]}, ` + toE}, setup: posts("M1", "M2"), want: []string{"deny DUPLICATE_SUBJECT"}},
		"a choice avoids it":       {head: head, more: unique, rules: []string{`source: {all: [{course: M1}, {any: [{course: M2}, {course: M3}]}]}, ` + toE}, setup: posts("M1", "M2", "M3"), want: []string{"approve E=8.0(exempt)"}},
		"two at once, in a choice": {head: head, more: unique, rules: []string{`source: {any: [{all: [{course: M1}, {course: M2}]}, {course: S1}]}, ` + toE}, setup: posts("M1", "M2"), want: []string{"deny MISSING_COMPONENT DUPLICATE_SUBJECT missing S1"}},
		"a pool takes one":         {head: head, more: unique, rules: []string{`source: {pool: {category: FORMAL, credits: "9"}}, ` + toE}, setup: posts("M1", "M2"), want: []string{"deny INSUFFICIENT_POOL short 5.0"}},
		"a block takes one":        {head: head, more: unique, rules: []string{`source: {block: {institution: I02, category: FORMAL, min_credits: "3"}}, ` + toE}, setup: posts("M1", "M2"), want: []string{"approve E=4.0(exempt)"}},
		"the rest of a split lot":  {more: unique, rules: []string{`source: {pool: {category: NON_FORMAL, credits: "2"}, split: true}, ` + toE, `source: {pool: {category: NON_FORMAL, credits: "3"}, split: true}, ` + toE}, setup: posts("N5"), want: []string{"approve E=2.0(exempt)", "approve E=3.0(exempt)"}},
		"substitutes":              {head: head, more: unique, rules: []string{of("M1", toA), of("M4", toB), of("M4", toE)}, setup: posts("M1", "M4"), want: []string{"approve A=4.0(exempt)", "deny DUPLICATE_SUBJECT", "approve E=4.0(exempt)"}},
		"substitutes, electives":   {head: head, more: unique, rules: []string{of("M1", toE), of("M4", toB)}, setup: posts("M1", "M4"), want: []string{"approve E=4.0(exempt)", "approve B=4.0(exempt)"}},
	})
}

func TestPreconditions(t *testing.T) {
	with := func(r string) string { return `source: {course: S1}, require: [` + r + `], ` + toA }
	first := `source: {course: S2}, ` + toB
	s1 := posts("S1", "S2")
	ok, no := "approve A=4.0(exempt) forfeits 2.0", "deny CONDITION_UNMET"
	checkDimensions(t, map[string]dimension{
		"real name, active":        {rules: []string{with("{real_name: true}, {account: active}")}, setup: s1, want: []string{ok}},
		"frozen, said once":        {rules: []string{with("{account: active}")}, setup: func(b *book) { s1(b); b.act(creditbank.ActFrozen, creditbank.ActBody{}, 20250101) }, want: []string{"deny ACCOUNT_FROZEN"}},
		"enrolled elsewhere":       {rules: []string{with("{enrolled: P2}")}, setup: func(b *book) { s1(b); b.enrol("P2") }, want: []string{ok}},
		"not enrolled elsewhere":   {rules: []string{with("{enrolled: P2}")}, setup: s1, want: []string{"deny NOT_ENROLLED"}},
		"from today":               {rules: []string{with("{not_before: 2026-03-15}")}, setup: s1, want: []string{ok}},
		"from tomorrow":            {rules: []string{with("{not_before: 2026-03-16}")}, setup: s1, want: []string{no}},
		"through today":            {rules: []string{with("{not_after: 2026-03-15}")}, setup: s1, want: []string{ok}},
		"through yesterday":        {rules: []string{with("{not_after: 2026-03-14}")}, setup: s1, want: []string{no}},
		"lines before it":          {rules: []string{first, with(`{lines: {programme: P1, slots: [B], credits: "4"}}`)}, setup: s1, want: []string{"approve B=4.0(exempt)", ok}},
		"too few lines before it":  {rules: []string{first, with(`{lines: {programme: P1, credits: "4.5"}}`)}, setup: s1, want: []string{"approve B=4.0(exempt)", no}},
		"lines elsewhere":          {rules: []string{first, with(`{lines: {programme: P1, slots: [C]}}`)}, setup: s1, want: []string{"approve B=4.0(exempt)", no}},
		"lines of another":         {rules: []string{first, with(`{lines: {programme: P2}}`)}, setup: s1, want: []string{"approve B=4.0(exempt)", no}},
		"no line of that level":    {rules: []string{first, with(`{no_lines: {programme: P1, from_level: 4}}`)}, setup: s1, want: []string{"approve B=4.0(exempt)", ok}},
		"a line of that level":     {rules: []string{first, with(`{no_lines: {programme: P1, from_level: 3}}`)}, setup: s1, want: []string{"approve B=4.0(exempt)", no}},
		"everything that is amiss": {rules: []string{with(`{enrolled: P2}, {not_after: 2026-01-01}, {lines: {programme: P1}}`)}, setup: posts(), want: []string{"deny MISSING_COMPONENT NOT_ENROLLED CONDITION_UNMET missing S1"}},
	})
}

func TestShortfallAndExcess(t *testing.T) {
	short := func(s string) string { return `source: {course: S2}, shortfall: ` + s + `, ` + toA }
	checkDimensions(t, map[string]dimension{
		"nobody minds":           {rules: []string{`source: {course: S2}, ` + toA}, setup: posts("S2"), want: []string{"approve A=4.0(exempt)"}},
		"denied":                 {rules: []string{short("deny")}, setup: posts("S2"), want: []string{"deny CREDITS_BELOW_TARGET"}},
		"enough":                 {rules: []string{`source: {course: S1}, shortfall: deny, ` + toA}, setup: posts("S1"), want: []string{"approve A=4.0(exempt) forfeits 2.0"}},
		"partial, the rest open": {rules: []string{short("partial"), `source: {course: S4}, grant: [{slot: A, credits: source, grade: exempt, exceed: truncate}]`}, setup: posts("S2", "S4"), want: []string{"approve A=3.0(exempt)", "approve A=1.0(exempt) CAP_TRUNCATED forfeits 2.0"}},
		"made up, the slot full": {rules: []string{short("make_up"), `source: {course: S4}, grant: [{slot: A, credits: source, grade: exempt}]`}, setup: posts("S2", "S4"), want: []string{"approve A=3.0(exempt) makes up 1.0", "deny TARGET_ALREADY_SATISFIED"}},
		"a line of its own":      {rules: []string{`source: {course: S1}, grant: [{slot: A, credits: "4", grade: exempt}, {slot: B, credits: "4", grade: exempt, shortfall: make_up}]`}, setup: posts("S1"), want: []string{"approve A=4.0(exempt) B=2.0(exempt) makes up 2.0"}},
		"nothing to make up of":  {rules: []string{`source: {course: Z0}, shortfall: make_up, ` + toA}, setup: posts("Z0"), want: []string{"deny CREDITS_BELOW_TARGET"}},
		"unknown is not short":   {rules: []string{short("deny")}, setup: posts(), want: []string{"deny MISSING_COMPONENT missing S2"}},
		"forfeited":              {rules: []string{`source: {course: S1}, excess: forfeit, ` + toA}, setup: posts("S1"), want: []string{"approve A=4.0(exempt) forfeits 2.0"}},
		"kept":                   {rules: []string{`source: {course: N5}, excess: keep, ` + toA, `source: {course: N5}, ` + toB, `source: {pool: {category: NON_FORMAL, credits: "1"}, split: true}, ` + toE}, setup: posts("N5"), want: []string{"approve A=4.0(exempt)", "deny OUTCOME_ALREADY_CONSUMED", "approve E=1.0(exempt)"}},
		"to electives":           {rules: []string{`source: {course: S1}, excess: {slot: E, grade: exempt}, ` + toA}, setup: posts("S1"), want: []string{"approve A=4.0(exempt) E=2.0(exempt)"}},
		"a waiver":               {rules: []string{`source: {course: S1}, grant: [{slot: A, credits: "0", grade: exempt}]`, `source: {course: S2}, ` + toA}, setup: posts("S1", "S2"), want: []string{"approve A=0.0(exempt) forfeits 6.0", "deny TARGET_ALREADY_SATISFIED"}},
		"a waiver among lines": {rules: []string{`source: {course: S2}, ` + toA, `source: {course: S1}, grant: [{slot: A, credits: "0", grade: exempt}, {slot: B, credits: "6", grade: exempt}]`,
			`source: {course: S1}, grant: [{slot: A, credits: "0", grade: exempt, exceed: truncate}, {slot: B, credits: "6", grade: exempt}]`}, setup: posts("S1", "S2"),
			want: []string{"approve A=4.0(exempt)", "deny TARGET_ALREADY_SATISFIED", "approve B=6.0(exempt)"}},
		"a waiver that keeps":      {rules: []string{`source: {course: S1}, excess: keep, grant: [{slot: A, credits: "0", grade: exempt}]`, `source: {pool: {category: FORMAL, credits: "6"}, split: true}, ` + toE}, setup: posts("S1"), want: []string{"approve A=0.0(exempt)", "approve E=6.0(exempt)"}},
		"a waiver of what is full": {rules: []string{`source: {course: S1}, ` + toA, `source: {course: S2}, grant: [{slot: A, credits: "0", grade: exempt}]`}, setup: posts("S1", "S2"), want: []string{"approve A=4.0(exempt) forfeits 2.0", "deny TARGET_ALREADY_SATISFIED"}},
	})
}

// What is kept is of the outcome that expires last.
func TestExcessIsKeptOfWhatExpiresLast(t *testing.T) {
	b := townBook(t, "", "", conversion("R", `source: {all: [{course: S1}, {course: N2}, {course: N5}]}, excess: keep, `+toA))
	posts("S1", "N2 2022-01-01", "N5 2025-01-01")(b)
	if d := b.decide("R", today); sourcesOf(d) != "S1 0.0, N2 2.0, N5 2.0" || d.Forfeited != 0 {
		t.Errorf("takes %s and forfeits %v", sourcesOf(d), d.Forfeited)
	}
	if got := b.account.Balance(today).Available; got[creditbank.Formal] != 600 || got[creditbank.NonFormal] != 300 {
		t.Errorf("left: %v", got)
	}
}

func TestCaps(t *testing.T) {
	caps := func(c string) string { return `    caps: [` + c + `]` }
	of := func(course, grant string) string { return `source: {course: ` + course + `}, ` + grant }
	s := []string{of("S1", toE), of("S2", toE), of("S4", toE)}
	all := posts("S1", "S2", "S4")
	checkDimensions(t, map[string]dimension{
		"categories together":   {more: caps(`{of: {categories: [FORMAL, CERTIFICATE]}, credits: "9"}`), rules: []string{of("S1", toE), of("X2", toE), of("N5", toE), of("S2", toE)}, setup: posts("S1", "S2", "X2", "N5"), want: []string{"approve E=6.0(exempt)", "deny CAP_REACHED", "approve E=5.0(exempt)", "approve E=3.0(exempt)"}},
		"a tag":                 {more: caps(`{of: {tag: online}, credits: "3"}`), rules: []string{of("D1", toE), of("D1", toE), of("N2", toE)}, setup: posts("D1", "D1", "N2"), want: []string{"approve E=3.0(exempt)", "deny CAP_REACHED", "approve E=2.0(exempt)"}},
		"a group of slots":      {more: caps(`{of: {slots: [A, B]}, credits: "7"}`), rules: []string{of("S1", toA), of("S2", toB), of("S4", `grant: [{slot: C, credits: "4", grade: exempt}]`)}, setup: all, want: []string{"approve A=4.0(exempt) forfeits 2.0", "deny CAP_REACHED", "approve C=4.0(exempt)"}},
		"compulsory slots":      {more: caps(`{of: {compulsory: true}, share: "0.35", share_of: compulsory}`), rules: []string{of("S1", toA), of("S2", toB), of("S4", toE)}, setup: all, want: []string{"approve A=4.0(exempt) forfeits 2.0", "deny CAP_REACHED", "approve E=3.0(exempt)"}},
		"a share of the slots":  {more: caps(`{of: {slots: [A, B]}, share: "0.39", share_of: slots}`), rules: []string{of("S1", toA), of("S4", toB)}, setup: all, want: []string{"deny CAP_REACHED", "deny CAP_REACHED"}},
		"rounded up":            {more: caps(`{of: {slots: [A, B]}, share: "0.39", share_of: slots, round: {mode: up, step: "0.5"}}`), rules: []string{of("S1", toA)}, setup: all, want: []string{"approve A=4.0(exempt) forfeits 2.0"}},
		"two lines":             {more: caps(`{of: all, lines: 2}`), rules: s, setup: all, want: []string{"approve E=6.0(exempt)", "approve E=3.0(exempt)", "deny CAP_REACHED"}},
		"two lines at once":     {more: caps(`{of: all, lines: 1}`), rules: []string{of("S1", `grant: [{slot: A, credits: "4", grade: exempt}, {slot: E, credits: excess, grade: exempt, exceed: truncate}]`)}, setup: all, want: []string{"approve A=4.0(exempt) CAP_TRUNCATED forfeits 2.0"}},
		"one certificate":       {more: caps(`{of: {category: CERTIFICATE}, sources: 1}`), rules: []string{of("X1", `grant: [{slot: A, credits: "4", grade: exempt}, {slot: E, credits: excess, grade: exempt}]`), of("X2", toE), of("S1", toE)}, setup: posts("X1", "X2", "S1"), want: []string{"approve A=4.0(exempt) E=2.0(exempt)", "deny CAP_REACHED", "approve E=6.0(exempt)"}},
		"two outcomes at once":  {more: caps(`{of: all, sources: 1}`), rules: []string{`source: {all: [{course: S1}, {course: S2}]}, ` + toE, of("S1", toE)}, setup: all, want: []string{"deny CAP_REACHED", "approve E=6.0(exempt)"}},
		"a waiver is a line":    {more: caps(`{of: all, lines: 1}`), rules: []string{of("S1", toE), of("S2", `grant: [{slot: A, credits: "0", grade: exempt}]`)}, setup: all, want: []string{"approve E=6.0(exempt)", "deny CAP_REACHED"}},
		"a waiver of no credit": {more: caps(`{of: all, credits: "6"}`), rules: []string{of("S1", toE), of("S2", `grant: [{slot: A, credits: "0", grade: exempt}]`)}, setup: all, want: []string{"approve E=6.0(exempt)", "approve A=0.0(exempt) forfeits 3.0"}},
		"an institution": {more: caps(`{of: {institution: I01}, credits: "5"}`), rules: []string{of("S1", toE), of("S2", toE)}, setup: func(b *book) {
			b.postAt("I01", "S1", "2025-01-01", "80")
			b.post("S2", "2025-01-01", "80", "")
		}, want: []string{"deny CAP_REACHED", "approve E=3.0(exempt)"}},
		"each institution": {more: caps(`{of: all, per: institution, credits: "6"}`), rules: []string{of("S1", toE), of("S2", toE), of("S4", toE)}, setup: func(b *book) {
			b.postAt("I01", "S1", "2025-01-01", "80")
			b.post("S2", "2025-01-01", "80", "")
			b.postAt("I01", "S4", "2025-01-01", "80")
		}, want: []string{"approve E=6.0(exempt)", "approve E=3.0(exempt)", "deny CAP_REACHED"}},
		"each year": {more: caps(`{of: all, credits: "6", period: {calendar: calendar_year, by: issued_on}}`), rules: s, setup: posts("S1 2024-12-31", "S2 2025-01-01", "S4 2024-01-01"),
			want: []string{"approve E=6.0(exempt)", "approve E=3.0(exempt)", "deny CAP_REACHED"}},
		"each institution's year": {head: "calendars: [{id: spring, year: 03-01, institutions: [I02]}, {id: autumn, year: 09-01, semesters: [09-01, 02-01], default: true}]\n", more: caps(`{of: all, credits: "6", period: {calendar: institution, by: issued_on}}`),
			rules: []string{of("S1", toE), of("S2", toE), of("S4", toE), of("M1", toE)}, setup: func(b *book) {
				b.post("S1", "2025-02-28", "80", "")      // of I02: the year from March 2024
				b.post("S2", "2025-03-01", "80", "")      // the next
				b.postAt("I01", "S4", "2025-02-28", "80") // of I01: from September 2024
				b.postAt("I01", "M1", "2025-03-01", "80") // the same
			}, want: []string{"approve E=6.0(exempt)", "approve E=3.0(exempt)", "approve E=3.0(exempt)", "deny CAP_REACHED"}},
		"each institution's semester": {head: "calendars: [{id: autumn, year: 09-01, semesters: [09-01, 02-01], default: true}]\n", more: caps(`{of: all, credits: "6", period: {calendar: institution, per: semester}}`),
			rules: []string{of("S1", toE), of("S2", toE), of("S4", toE)}, setup: posts("S1 2025-01-31", "S2 2025-02-01", "S4 2024-09-01"), want: []string{"approve E=6.0(exempt)", "approve E=3.0(exempt)", "deny CAP_REACHED"}},
		"of two years, the fuller": {more: caps(`{of: all, credits: "8", period: {calendar: calendar_year}}`), rules: []string{of("S1", toE), `source: {all: [{course: S2}, {course: S4}]}, ` + toB}, setup: posts("S1 2024-12-31", "S2 2025-01-01", "S4 2024-01-01"),
			want: []string{"approve E=6.0(exempt)", "deny CAP_REACHED"}},
		"truncated": {more: caps(`{of: {tag: online}, credits: "2"}`), rules: []string{of("D1", toE+`, exceed: truncate`), of("D1", toE+`, exceed: truncate`)}, setup: posts("D1", "D1"), want: []string{"approve E=2.0(exempt) CAP_TRUNCATED forfeits 1.0", "deny CAP_REACHED"}},
	})
}

func TestFloors(t *testing.T) {
	of := func(course string) string { return `source: {course: ` + course + `}, ` + toE }
	own := func(b *book) {
		b.post("S1", "2025-01-01", "80", "")
		b.postAt("I01", "S2", "2025-01-01", "80")
		b.post("S4", "2025-01-01", "80", "")
	}
	checkDimensions(t, map[string]dimension{
		"eighteen of its own": {more: `    floors: [{of: own, credits: "72"}]`, rules: []string{of("S1"), of("S2"), of("S4")}, setup: own, want: []string{"approve E=6.0(exempt)", "approve E=3.0(exempt)", "deny RESIDENCY_UNMET"}},
		"a share":             {more: `    floors: [{of: own, share: "0.9375"}]`, rules: []string{of("S1"), of("S4")}, setup: own, want: []string{"deny RESIDENCY_UNMET", "approve E=3.0(exempt)"}},
		"accredited sources":  {more: `    floors: [{of: {category: FORMAL}, credits: "78"}]`, rules: []string{of("S1"), of("N5"), of("N2")}, setup: posts("S1", "N5", "N2"), want: []string{"approve E=6.0(exempt)", "deny RESIDENCY_UNMET", "approve E=2.0(exempt)"}},
		"all of the sources":  {more: `    floors: [{of: {category: FORMAL}, credits: "78"}]`, rules: []string{`source: {all: [{course: S1}, {course: N2}]}, ` + toE}, setup: posts("S1", "N2"), want: []string{"deny RESIDENCY_UNMET"}},
		"with a cap":          {more: "    floors: [{of: own, credits: \"76\"}]\n    caps: [{of: all, credits: \"5\"}]", rules: []string{of("S1")}, setup: own, want: []string{"deny CAP_REACHED RESIDENCY_UNMET"}},
		"truncated":           {more: `    floors: [{of: own, credits: "76"}]`, rules: []string{of("S1") + `, exceed: truncate`, of("S4") + `, exceed: truncate`}, setup: own, want: []string{"approve E=4.0(exempt) CAP_TRUNCATED forfeits 2.0", "deny RESIDENCY_UNMET"}},
	})
}

// Flags, legal basis and owner are kept and decide nothing.
func TestFlagsAreKept(t *testing.T) {
	b := townBook(t, "", "", conversion("R", `source: {course: S1}, owner: I01, legal_basis: [教改〔2016〕3号], priority: 2, fee: payable, transferable: false, initiator: learner, `+toA))
	posts("S1")(b)
	want(t, b.decide("R", today), "approve A=4.0(exempt) forfeits 2.0")
	r := ruleOf(t, b, "R", 0)
	if f := r.Conversion.Flags; f == nil || f.Fee != "payable" || !f.NotTransferable || f.Initiator != "learner" || r.Owner != "I01" || !slices.Equal(r.LegalBasis, []string{"教改〔2016〕3号"}) || r.Priority != 2 {
		t.Errorf("kept: %+v, %+v", r, f)
	}
}

// Of several caps that are in the way, the tightest is named with its figures,
// and a floor beside it.
func TestTightestBoundIsNamed(t *testing.T) {
	b := townBook(t, "", "    floors: [{of: own, credits: \"76\"}, {of: own, credits: \"75\"}]\n    caps: [{of: all, credits: \"5\"}, {of: {institution: I02}, credits: \"3\"}, {of: {compulsory: true}, credits: \"1\"}, {of: all, per: institution, credits: \"5.5\"}]",
		conversion("R", `source: {course: S1}, `+toE))
	posts("S1")(b)
	d := b.decide("R", today)
	want := []creditbank.Finding{
		{Code: creditbank.CapReached, Subject: "limit institutions=I02;max=3.0", Have: "3.0", Need: "6.0"},
		{Code: creditbank.ResidencyUnmet, Subject: "floor institutions=I01;min=76.0", Have: "4.0", Need: "6.0"},
	}
	if !slices.Equal(d.Findings, want) {
		t.Errorf("findings %+v, want %+v", d.Findings, want)
	}
}

// A plan sees that one conversion is what another asks for, though they share
// nothing else.
func TestPlanOfPreconditions(t *testing.T) {
	b := townBook(t, "", "",
		conversion("R0", `source: {course: S1}, require: [{lines: {programme: P1, slots: [B]}}], `+toA),
		conversion("R1", `source: {course: S2}, `+toB),
		conversion("R2", `source: {course: S4}, when: [{if: 'credits(lines) >= 800', message: {zh: 甲, en: a}}], grant: [{slot: C, credits: "3", grade: exempt}]`))
	posts("S1", "S2", "S4")(b)
	p, err := b.set.Plan(b.account, "P1", clock, today)
	must(t, err)
	if got := strings.Join(ruleIDs(p.Steps), " "); got != "R1 R0 R2" || p.Credits != 1100 {
		t.Errorf("plan %s grants %v; want R1 R0 R2, 11.0", got, p.Credits)
	}
}

// What the files say beside rules is checked where it stands.
func TestDimensionsAreChecked(t *testing.T) {
	rule := func(body string) string { return conversion("R", "source: {course: S1}, "+body) }
	for name, tt := range map[string]struct{ rules, want string }{
		"a waiver of electives":      {rule(`grant: [{slot: E, credits: "0", grade: exempt}]`), "a waiver of no credits fills a slot"},
		"a waiver in part":           {rule(`grant: [{slot: A, credits: "0", partial: true, grade: exempt}]`), "a waiver of no credits fills a slot"},
		"shortfall of the source's":  {rule(`grant: [{slot: A, credits: source, shortfall: deny, grade: exempt}]`), "shortfall goes with a fixed number of credits"},
		"excess of a pool":           {conversion("R", `source: {pool: {category: FORMAL, credits: "2"}}, excess: keep, `+toA), "leaves no excess to keep"},
		"excess to no elective":      {rule(`excess: {slot: A, grade: exempt}, ` + toA), "programme P1 has no elective slot A"},
		"excess to the wind":         {rule(`excess: lose, ` + toA), `"lose" is none of forfeit, keep`},
		"a level of a pool":          {conversion("R", `source: {pool: {category: FORMAL, credits: "2"}}, match: {level: {relation: ge}}, `+toA), "a pool or block has no one level to match"},
		"below what":                 {rule(`match: {level: {relation: equal, below: 1}}, ` + toA), "below goes with relation: ge"},
		"a minimum without evidence": {rule(`match: {overlap_min: "0.8"}, ` + toA), "a minimum needs evidence to compare with"},
		"evidence of what":           {rule(`match: {evidence: [{course: S2, overlap: "0.8"}]}, ` + toA), "the source has no course S2"},
		"expired outcomes":           {rule(`validity: {honour_source_expiry: false}, ` + toA), "what has expired is in no account any more"},
		"an unknown course":          {rule(`exclude: {courses: [S9]}, ` + toA), "course S9 does not exist"},
		"an unknown institution":     {rule(`exclude: {institutions: [I09]}, ` + toA), "institution I09 does not exist"},
		"an unknown target":          {rule(`exclude: {targets: [Z]}, ` + toA), "programme P1 has no slot Z"},
		"a name of nothing":          {rule(`exclude: {names: ["（）"]}, ` + toA), "there is nothing in the name to compare"},
		"an unknown programme":       {rule(`require: [{enrolled: P9}], ` + toA), "programme P9 does not exist"},
		"a slot of another":          {rule(`require: [{lines: {programme: P1, slots: [Z]}}], ` + toA), "programme P1 has no slot Z"},
		"two requirements in one":    {rule(`require: [{enrolled: P1, account: active}], ` + toA), `"account" and "enrolled" exclude each other`},
		"not under a real name":      {rule(`require: [{real_name: false}], ` + toA), "what can be asked for is true"},
		"an unknown time":            {rule(`rule_time: today, ` + toA), `"today" is none of application, outcome, enrolment`},
		"an unknown owner":           {rule(`owner: I09, ` + toA), "institution I09 does not exist"},
		"an unknown fee":             {rule(`fee: high, ` + toA), `"high" is none of exempt, payable, refund`},
	} {
		if got := compileProblems(t, tt.rules); !strings.Contains(got, tt.want) {
			t.Errorf("%s: reports %q, want %q", name, got, tt.want)
		}
	}
}

func TestProgrammesAreChecked(t *testing.T) {
	for name, tt := range map[string]struct{ more, want string }{
		"no limit":             {`caps: [{of: all}]`, "one of share, credits, lines, sources is missing"},
		"two limits":           {`caps: [{of: all, credits: "1", lines: 1}]`, `"credits" and "lines" exclude each other`},
		"no lines":             {`caps: [{of: all, lines: 0}]`, "a number of 1 to 1000"},
		"rounded credits":      {`caps: [{of: all, credits: "1", round: {mode: up, step: "1"}}]`, `"round" goes with "share" only`},
		"a share of credits":   {`caps: [{of: all, credits: "1", share_of: slots}]`, `"share_of" goes with "share" only`},
		"an empty scope":       {`caps: [{of: {}, credits: "1"}]`, "the scope is empty"},
		"one and several":      {`caps: [{of: {category: FORMAL, categories: [FORMAL]}, credits: "1"}]`, `"category" and "categories" exclude each other`},
		"an unknown slot":      {`caps: [{of: {slots: [Z]}, credits: "1"}]`, "programme P1 has no slot Z"},
		"a tag with a sign":    {`caps: [{of: {tag: "a=b"}, credits: "1"}]`, "a tag holds no semicolon and no equals sign"},
		"an unknown calendar":  {`caps: [{of: all, credits: "1", period: {calendar: lunar}}]`, `"lunar" is none of calendar_year`},
		"semesters of nobody":  {`caps: [{of: all, credits: "1", period: {calendar: institution, per: semester}}]`, "semesters of institutions need a calendar that is the default"},
		"by another day":       {`caps: [{of: all, credits: "1", period: {calendar: calendar_year, by: posted_on}}]`, `"posted_on" is none of issued_on`},
		"a floor above it all": {`floors: [{of: own, credits: "81"}]`, "a floor of 81.0 is above the programme's 80.0 credits"},
		"a floor of nothing":   {`floors: [{of: own}]`, "one of share, credits is missing"},
		"unique or not":        {`unique_subjects: often`, `"often" is neither true nor false`},
	} {
		_, _, problems := compile(townCatalogue(t), timezone+recognise, townProgrammes("    "+tt.more))
		if got := fmt.Sprint(problems.Err()); !strings.Contains(got, tt.want) {
			t.Errorf("%s: reports %q, want %q", name, got, tt.want)
		}
	}
	_, _, problems := compile(townCatalogue(t), timezone+"subjects: {substitutes: [[高等数学]], abbreviations: {a: b, a: c}}\n"+recognise, townProgrammes(""))
	for _, want := range []string{"a group of substitutes has at least two subjects", `key "a" stands here twice`} {
		if got := fmt.Sprint(problems.Err()); !strings.Contains(got, want) {
			t.Errorf("reports %q, want %q", got, want)
		}
	}
}
