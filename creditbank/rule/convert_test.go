package rule_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"creditbank/creditbank"
)

const programmes = `
programmes:
  - id: P1
    institution: I01
    title: {zh: 专科, en: associate}
    credits: "80"
    caps:
      - {of: all, share: "0.50"}
      - {of: {category: NON_FORMAL}, share: "0.10"}
      - {of: {category: CERTIFICATE}, per: source, credits: "5"}
    slots:
      - {id: A, title: {zh: 甲, en: A}, credits: "4", level: 5}
      - {id: B, title: {zh: 乙, en: B}, credits: "3", level: 4}
      - {id: E, title: {zh: 选修, en: electives}, credits: "8", elective: true}
      - {id: K, title: {zh: 块, en: block}, credits: "36", block: true}
      - {id: X, title: {zh: 实践, en: practice}, credits: "8", convertible: false}
`

const recognise = `
rules:
  - {id: F, kind: recognition, title: {zh: 学历, en: formal}, effective: {from: 2015-01-01}, source: {category: FORMAL}, require: {pass_mark: "60"}, credits: stated}
  - {id: C, kind: recognition, title: {zh: 证书, en: certificate}, effective: {from: 2015-01-01}, source: {category: CERTIFICATE}, credits: stated}
  - {id: N, kind: recognition, title: {zh: 社区, en: community}, effective: {from: 2015-01-01}, source: {category: NON_FORMAL}, credits: {hours_per_credit: "16", hours: scheduled}, valid_for: P5Y}
`

func conversion(id, rest string) string {
	return "  - {id: " + id + ", kind: conversion, title: {zh: 转换, en: conversion}, programme: P1, effective: {from: 2020-01-01, to: 2027-08-31}, " + rest + "}\n"
}

const today creditbank.Date = 20260315

// courses used below: two formal ones of level 5, one of level 4, two
// certificates of one family, non-formal classes of 2.0 and 5.0 credits.
func cityCatalogue(t testing.TB) *creditbank.Catalogue {
	t.Helper()
	return catalogue(t, "S1 FORMAL 5 0 6", "S2 FORMAL 5 32 3", "S4 FORMAL 4 16 3",
		"X1 CERTIFICATE 5 0 6 CARE", "X2 CERTIFICATE 4 0 4 CARE", "N2 NON_FORMAL 5 32 0", "N5 NON_FORMAL 4 80 0")
}

func cityBook(t testing.TB, rules ...string) *book {
	t.Helper()
	b := newBook(t, cityCatalogue(t), recognise+strings.Join(rules, ""), programmes)
	b.enrol("P1")
	return b
}

const oneCourse = `source: {course: S1, min_grade: "70"}, grant: [{slot: A, credits: "4", grade: carry}]`

func TestCourseReasons(t *testing.T) {
	for name, tt := range map[string]struct {
		rule  string
		setup func(*book)
		day   creditbank.Date
		want  string
	}{
		"approved":          {oneCourse, func(b *book) { b.post("S1", "2025-01-01", "72.5", "") }, today, "approve A=4.0(72.5) forfeits 2.0"},
		"never posted":      {oneCourse, func(*book) {}, today, "deny MISSING_COMPONENT missing S1"},
		"only rejected":     {oneCourse, func(b *book) { b.post("S1", "2025-01-01", "50", "") }, today, "deny OUTCOME_NOT_RECOGNISED"},
		"below the minimum": {oneCourse, func(b *book) { b.post("S1", "2025-01-01", "69.9", "") }, today, "deny GRADE_BELOW_MIN"},
		"a word is 60":      {oneCourse, func(b *book) { b.post("S1", "2025-01-01", "合格", "") }, today, "deny GRADE_BELOW_MIN"},
		"no score":          {oneCourse, func(b *book) { b.post("S1", "2025-01-01", "", "") }, today, "deny GRADE_BELOW_MIN"},
		"one satisfies": {oneCourse, func(b *book) {
			b.post("S1", "2025-01-01", "50", "")
			b.post("S1", "2025-02-01", "60", "")
			b.post("S1", "2025-03-01", "80", "")
		}, today, "approve A=4.0(80) forfeits 2.0"},
		"expired":          {`source: {course: N2}, grant: [{slot: A, credits: "4", grade: carry}]`, func(b *book) { b.post("N2", "2021-03-14", "80", "32") }, today, "deny OUTCOME_EXPIRED"},
		"last day":         {`source: {course: N2}, grant: [{slot: A, credits: "4", grade: carry}]`, func(b *book) { b.post("N2", "2021-03-15", "80", "32") }, today, "approve A=4.0(80)"},
		"all at once":      {`source: {course: N2, min_grade: "60"}, match: {level: equal}, grant: [{slot: B, credits: "4", grade: carry}]`, func(b *book) { b.post("N2", "2021-03-14", "10", "32") }, today, "deny GRADE_BELOW_MIN LEVEL_MISMATCH OUTCOME_EXPIRED CAP_REACHED"},
		"before":           {oneCourse, func(b *book) { b.post("S1", "2019-01-01", "80", "") }, 20191231, "deny RULE_NOT_EFFECTIVE"},
		"after":            {oneCourse, func(b *book) { b.post("S1", "2025-01-01", "80", "") }, 20270901, "deny RULE_EXPIRED"},
		"last day of rule": {oneCourse, func(b *book) { b.post("S1", "2025-01-01", "80", "") }, 20270831, "approve A=4.0(80) forfeits 2.0"},
		"not enrolled": {oneCourse, func(b *book) {
			b.act(creditbank.ActLeft, creditbank.ActBody{Programme: "P1"}, 20250101)
		}, today, "deny MISSING_COMPONENT NOT_ENROLLED missing S1"},
		"frozen": {oneCourse, func(b *book) {
			b.post("S1", "2025-01-01", "80", "")
			b.act(creditbank.ActFrozen, creditbank.ActBody{}, 20250101)
		}, today, "deny ACCOUNT_FROZEN"},
		"excluded": {`source: {course: S1}, grant: [{slot: X, credits: "4", grade: carry}]`, func(b *book) { b.post("S1", "2025-01-01", "80", "") }, today, "deny EXCLUDED_TARGET"},
		"level":    {`source: {course: S4}, match: {level: equal}, grant: [{slot: A, credits: "3", grade: carry}, {slot: E, credits: excess, grade: carry}]`, func(b *book) { b.post("S4", "2025-01-01", "80", "") }, today, "deny LEVEL_MISMATCH"},
	} {
		b := cityBook(t, conversion("R", tt.rule))
		tt.setup(b)
		if got := summary(b.decide("R", tt.day)); got != tt.want {
			t.Errorf("%s: %s\n  want %s", name, got, tt.want)
		}
	}
}

func TestFamilyHighest(t *testing.T) {
	low := conversion("LOW", `source: {course: X2, family_highest: true}, grant: [{slot: B, credits: "3", grade: exempt}]`)
	high := conversion("HIGH", `source: {course: X1, family_highest: true}, grant: [{slot: A, credits: "4", grade: exempt}, {slot: E, credits: excess, grade: exempt, exceed: truncate}]`)
	b := cityBook(t, low, high)
	b.post("X2", "2024-03-01", "合格", "")
	b.post("X1", "2025-06-18", "合格", "")
	want(t, b.decide("HIGH", today), "approve A=4.0(exempt) E=1.0(exempt) CAP_TRUNCATED forfeits 1.0") // 5.0 a certificate at most
	want(t, b.decide("LOW", today), "deny LOWER_LEVEL_SAME_FAMILY")                                    // consumed or not
}

func TestOutcomeIsConsumedOnce(t *testing.T) {
	b := cityBook(t, conversion("R", oneCourse), conversion("Q", `source: {course: S1}, grant: [{slot: E, credits: source, grade: carry}]`))
	b.post("S1", "2025-01-01", "80", "")
	want(t, b.decide("R", today), "approve A=4.0(80) forfeits 2.0")
	want(t, b.decide("Q", today), "deny OUTCOME_ALREADY_CONSUMED")
	want(t, b.decide("R", today), "deny OUTCOME_ALREADY_CONSUMED TARGET_ALREADY_SATISFIED")
	b.post("S1", "2025-06-01", "90", "")
	want(t, b.decide("Q", today), "approve E=6.0(90)")
}

func TestLinesAndRoom(t *testing.T) {
	min := conversion("MIN", `source: {course: S2}, grant: [{slot: A, credits: {min: [source, "4"]}, grade: carry}]`)
	other := conversion("OTHER", `source: {course: S1}, grant: [{slot: A, credits: {min: [source, "4"]}, grade: carry, exceed: deny}, {slot: E, credits: excess, grade: carry, exceed: truncate}]`)
	part := conversion("PART", `source: {course: S4}, grant: [{slot: A, credits: "1", partial: true, grade: carry}]`)

	b := cityBook(t, min, other)
	b.post("S1", "2025-01-01", "80", "")
	b.post("S2", "2025-01-01", "70", "32")
	want(t, b.decide("MIN", today), "approve A=3.0(70)")
	want(t, b.decide("OTHER", today), "deny TARGET_ALREADY_SATISFIED") // 3.0 of 4.0, not partial: the slot is filled

	b = cityBook(t, part, other)
	b.post("S1", "2025-01-01", "80", "")
	b.post("S4", "2025-01-01", "70", "16")
	want(t, b.decide("PART", today), "approve A=1.0(70) forfeits 2.0")
	want(t, b.decide("OTHER", today), "deny CAP_REACHED") // 3.0 left in the slot, 4.0 asked
}

func TestTruncatedToNothing(t *testing.T) {
	pool := func(id, credits, slot string) string {
		return conversion(id, `source: {pool: {category: NON_FORMAL, credits: "`+credits+`", order: earliest_expiry}, split: true}, grant: [{slot: `+slot+`, credits: "8", grade: exempt}], exceed: truncate`)
	}
	b := cityBook(t, pool("FIRST", "3", "E"), pool("AGAIN", "1", "E"), pool("OTHER", "1", "B"))
	for range 3 {
		b.post("N5", "2025-01-01", "80", "80")
	}
	want(t, b.decide("FIRST", today), "approve E=8.0(exempt)") // the class's cap of 8.0 is just reached
	want(t, b.decide("AGAIN", today), "deny TARGET_ALREADY_SATISFIED")
	want(t, b.decide("OTHER", today), "deny CAP_REACHED")
}

func TestPoolTakesEarliestExpiryAndSplits(t *testing.T) {
	b := cityBook(t, conversion("POOL", `source: {pool: {category: NON_FORMAL, credits: "6", order: earliest_expiry}, split: true}, grant: [{slot: E, credits: "4", grade: exempt}]`))
	late := b.post("N5", "2025-01-01", "80", "80")
	early := b.post("N2", "2022-01-01", "80", "32")
	old := b.post("N5", "2021-01-01", "80", "80") // expired by today
	d := b.decide("POOL", today)
	want(t, d, "approve E=4.0(exempt)")
	if len(d.Sources) != 2 || d.Sources[0].Lot != early.Seq || d.Sources[0].Credits != 200 || d.Sources[1].Lot != late.Seq || d.Sources[1].Credits != 400 {
		t.Errorf("sources %+v, want 2.0 of lot %d then 4.0 of lot %d, none of %d", d.Sources, early.Seq, late.Seq, old.Seq)
	}
	want(t, b.decide("POOL", today), "deny INSUFFICIENT_POOL short 5.0")
	if left := b.account.Balance(today).Available[creditbank.NonFormal]; left != 100 {
		t.Errorf("left of the split lot: %v, want 1.0", left)
	}
}

func TestBlockTakesEverything(t *testing.T) {
	b := cityBook(t, conversion("BLOCK", `source: {block: {institution: I02, category: FORMAL, min_credits: "9"}}, grant: [{slot: K, credits: "9", grade: exempt}]`))
	b.post("S1", "2025-01-01", "80", "")
	want(t, b.decide("BLOCK", today), "deny INSUFFICIENT_POOL short 3.0")
	b.post("S2", "2025-01-01", "80", "32")
	b.post("S4", "2025-01-01", "80", "16")
	want(t, b.decide("BLOCK", today), "approve K=9.0(exempt) forfeits 3.0")
	if len(b.account.Balance(today).Available) != 0 {
		t.Errorf("left after the block: %v", b.account.Balance(today).Available)
	}
}

func TestAllAndWeightedGrade(t *testing.T) {
	b := cityBook(t, conversion("ALL", `source: {all: [{course: S2, min_grade: "60"}, {course: S4, min_grade: "60"}, {course: N2, min_grade: "60"}]}, grant: [{slot: A, credits: "4", grade: {weighted_by: hours, round: "0.1"}}]`))
	b.post("S4", "2025-01-01", "71", "16")
	want(t, b.decide("ALL", today), "deny MISSING_COMPONENT missing S2 missing N2")
	b.post("S2", "2025-01-01", "80", "32")
	b.post("N2", "2025-01-01", "良好", "32")
	want(t, b.decide("ALL", today), "approve A=4.0(78.2) forfeits 4.0") // (71·16 + 80·32 + 80·32) / 80
	if got := b.account.Conversions[0].Decision.Lines[0].Categories; len(got) != 2 {
		t.Errorf("source categories %v, want FORMAL and NON_FORMAL", got)
	}
}

// A fixed line says whether it fits even where the source is missing; one that
// depends on the source's credits says nothing.
func TestMissingSourceStillMeetsFullCaps(t *testing.T) {
	b := cityBook(t,
		conversion("FULL", `source: {course: S1}, grant: [{slot: A, credits: "4", grade: carry}]`),
		conversion("FIXED", `source: {course: S2}, grant: [{slot: A, credits: "4", grade: carry}]`),
		conversion("BYSRC", `source: {course: S2}, grant: [{slot: A, credits: {min: [source, "4"]}, grade: carry}]`))
	b.post("S1", "2025-01-01", "80", "")
	b.decide("FULL", today)
	want(t, b.decide("FIXED", today), "deny MISSING_COMPONENT TARGET_ALREADY_SATISFIED missing S2")
	want(t, b.decide("BYSRC", today), "deny MISSING_COMPONENT missing S2")
}

func TestDecisionCanonicalBytes(t *testing.T) {
	b := cityBook(t, conversion("R", oneCourse))
	b.post("S1", "2025-01-01", "72.5", "")
	before := b.account
	d := b.decide("R", today)
	again, err := b.set.Decide(before, "R", clock, today)
	must(t, err)
	if !bytes.Equal(d.Canonical(), again.Canonical()) || d.Hash() != again.Hash() {
		t.Errorf("decided again:\n%s\n%s", d.Canonical(), again.Canonical())
	}
	if bytes.Contains(d.Canonical(), []byte("null")) {
		t.Errorf("lists have two encodings: %s", d.Canonical())
	}
}

func TestPlan(t *testing.T) {
	b := cityBook(t,
		conversion("R1", `source: {course: S1}, grant: [{slot: A, credits: {min: [source, "4"]}, grade: carry}, {slot: E, credits: excess, grade: carry, exceed: truncate}]`),
		conversion("R2", `source: {course: S2}, grant: [{slot: A, credits: "3", grade: carry}]`),
		conversion("R3", `source: {course: S4}, grant: [{slot: B, credits: "3", grade: carry}]`),
		conversion("R4", `source: {pool: {category: NON_FORMAL, credits: "2", order: earliest_expiry}, split: true}, grant: [{slot: E, credits: "8", grade: exempt, exceed: truncate}]`))
	b.post("S1", "2025-01-01", "80", "")
	b.post("S2", "2025-01-01", "80", "32")
	b.post("S4", "2025-01-01", "80", "16")
	b.post("N2", "2025-01-01", "80", "32")
	p, err := b.set.Plan(b.account, "P1", clock, today)
	must(t, err)
	// A takes R1 (4.0) rather than R2 (3.0); B takes R3. Taken first, R4 fills E
	// alone and R1 forfeits 2.0; taken last it only fills what R1 has left.
	if got := strings.Join(ruleIDs(p.Steps), " "); got != "R1 R3 R4" || p.Credits != 1500 || p.Forfeited != 0 {
		t.Errorf("plan %s grants %v, forfeits %v; want R1 R3 R4, 15.0, 0.0", got, p.Credits, p.Forfeited)
	}
}

func ruleIDs(ids []creditbank.RuleID) []string {
	var out []string
	for _, id := range ids {
		out = append(out, string(id))
	}
	return out
}

func TestCapPerSource(t *testing.T) {
	pool := conversion("POOL", `source: {pool: {category: CERTIFICATE, credits: "3"}, split: true}, grant: [{slot: E, credits: "4", grade: exempt}]`)
	b := cityBook(t, pool, conversion("LOW", `source: {course: X2}, grant: [{slot: B, credits: "3", grade: exempt}]`))
	b.post("X1", "2024-01-01", "合格", "")
	want(t, b.decide("POOL", today), "approve E=4.0(exempt)")
	want(t, b.decide("POOL", today), "deny CAP_REACHED") // 5.0 of one certificate at most, and this is the same
	b.post("X2", "2025-01-01", "合格", "")
	want(t, b.decide("LOW", today), "approve B=3.0(exempt) forfeits 1.0") // another certificate has a cap of its own
}

// A block too large for its slot fits once another rule has taken from it: a
// rule that is denied now may be approved later.
func TestPlanTriesDeniedRulesAgain(t *testing.T) {
	b := cityBook(t,
		conversion("ONE", `source: {course: S1}, grant: [{slot: A, credits: "1", grade: carry}]`),
		conversion("REST", `source: {block: {institution: I02, category: FORMAL, min_credits: "1"}}, grant: [{slot: E, credits: source, grade: exempt}]`))
	b.post("S1", "2025-01-01", "80", "")
	b.post("S1", "2025-02-01", "80", "")
	want(t, b.decide("REST", today), "deny CAP_REACHED")
	p, err := b.set.Plan(b.account, "P1", clock, today)
	must(t, err)
	if got := strings.Join(ruleIDs(p.Steps), " "); got != "ONE REST" || p.Credits != 700 {
		t.Errorf("plan %s grants %v; want ONE REST, 7.0", got, p.Credits)
	}
}

// A block that falls short says nothing of lines that depend on its credits.
func TestShortBlockMeasuresNothing(t *testing.T) {
	b := cityBook(t, conversion("BLOCK", `source: {block: {institution: I02, category: FORMAL, min_credits: "36"}}, grant: [{slot: K, credits: {min: [source, "36"]}, grade: exempt}, {slot: E, credits: excess, grade: exempt}]`))
	want(t, b.decide("BLOCK", today), "deny INSUFFICIENT_POOL short 36.0")
	b.post("S1", "2025-01-01", "80", "")
	want(t, b.decide("BLOCK", today), "deny INSUFFICIENT_POOL short 30.0")
}

// What was refused and then revoked is revoked.
func TestRefusedThenRevoked(t *testing.T) {
	b := cityBook(t, conversion("R", oneCourse))
	o := b.post("S1", "2025-01-01", "50", "")
	b.act(creditbank.ActRevoked, creditbank.ActBody{Of: o.Seq}, 20250201)
	want(t, b.decide("R", today), "deny OUTCOME_REVOKED")
}

// Nothing of a block that was recognised as a whole can be used again.
func TestBlockTakesOutcomesOfNoCredits(t *testing.T) {
	cat := catalogue(t, "S1 FORMAL 5 0 6", "S0 FORMAL 5 0 0")
	b := newBook(t, cat, recognise+
		conversion("BLOCK", `source: {block: {institution: I02, category: FORMAL, min_credits: "6"}}, grant: [{slot: K, credits: "6", grade: exempt}]`)+
		conversion("ZERO", `source: {course: S0}, grant: [{slot: E, credits: "3", grade: exempt}]`), programmes)
	b.enrol("P1")
	b.post("S1", "2025-01-01", "80", "")
	b.post("S0", "2025-01-01", "80", "")
	want(t, b.decide("BLOCK", today), "approve K=6.0(exempt)")
	want(t, b.decide("ZERO", today), "deny OUTCOME_ALREADY_CONSUMED")
}

// Each reason is listed, of a closed slot too.
func TestClosedSlotIsMeasured(t *testing.T) {
	b := cityBook(t, conversion("R", `source: {course: S1}, grant: [{slot: X, credits: "9", grade: carry}]`))
	b.post("S1", "2025-01-01", "80", "")
	want(t, b.decide("R", today), "deny EXCLUDED_TARGET CAP_REACHED")
}

// However many rules there are: those that have nothing to do with each other are
// planned apart, and of those that are all alike the first are taken.
func TestPlanOfManyRules(t *testing.T) {
	for share, fit := range map[string]int{"1": 24, "0.25": 20} {
		courses, rules := []string{}, []string{recognise}
		slots := []string{}
		for i := range 24 {
			courses = append(courses, fmt.Sprintf("C%d FORMAL 5 0 1", i))
			rules = append(rules, conversion(fmt.Sprintf("R%02d", i), fmt.Sprintf(`source: {course: C%d}, grant: [{slot: T%d, credits: "1", grade: exempt}]`, i, i)))
			slots = append(slots, fmt.Sprintf(`{id: T%d, title: {zh: 课, en: c}, credits: "1"}`, i))
		}
		b := newBook(t, catalogue(t, courses...), strings.Join(rules, ""), `
programmes:
  - {id: P1, institution: I01, title: {zh: 甲, en: A}, credits: "80", caps: [{of: all, share: "`+share+`"}], slots: [`+strings.Join(slots, ", ")+`]}
`)
		b.enrol("P1")
		for i := range 24 {
			b.post(fmt.Sprintf("C%d", i), "2025-01-01", "80", "")
		}
		p, err := b.set.Plan(b.account, "P1", clock, today)
		if err != nil || len(p.Steps) != fit || p.Credits != creditbank.Credits(100*fit) || !slices.IsSorted(p.Steps) || !p.Proof.Exact {
			t.Errorf("under a share of %s: %v steps grant %v, %v", share, p.Steps, p.Credits, err)
		}
	}
}
