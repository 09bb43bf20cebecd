package rule_test

import (
	"fmt"
	"strings"
	"testing"

	"creditbank/creditbank"
)

// bigBook is a learner of 200 outcomes in a programme of 100 rules of every
// kind, thirty of which were used.
func bigBook(b testing.TB) *book {
	b.Helper()
	var courses, rules, slots []string
	for i := range 100 {
		category := []string{"FORMAL", "NON_FORMAL", "CERTIFICATE"}[i%3]
		courses = append(courses, fmt.Sprintf("C%d %s 5 32 3 - tag%d", i, category, i%7))
		slots = append(slots, fmt.Sprintf(`      - {id: T%d, title: {zh: 课, en: course}, credits: "3", level: 4}`, i))
		source := []string{
			fmt.Sprintf(`{course: C%d, min_grade: "60"}`, i),
			fmt.Sprintf(`{all: [{course: C%d}, {any: [{course: C%d}, {course: C%d}]}]}`, i, (i+1)%100, (i+2)%100),
			fmt.Sprintf(`{at_least: {n: 2, of: [{course: C%d}, {course: C%d}, {course: C%d}, {course: C%d}]}}`, i, (i+3)%100, (i+5)%100, (i+7)%100),
			`{pool: {category: NON_FORMAL, credits: "6"}, split: true}`,
		}[i%4]
		more := ""
		if i%10 == 0 {
			more = `, when: [{if: 'credits(held.filter(o, o.category == "FORMAL")) > 0', message: {zh: 甲, en: a}}]`
		}
		if i%4 < 3 {
			more += `, match: {level: {relation: ge}}, validity: {source_max_age: P10Y}`
		}
		rules = append(rules, conversion(fmt.Sprintf("R%03d", i), `source: `+source+more+fmt.Sprintf(`, exclude: {tags: [none]}, grant: [{slot: T%d, credits: "3", grade: exempt}]`, i)))
	}
	programme := `
programmes:
  - id: P1
    institution: I01
    title: {zh: 本科, en: bachelor}
    credits: "300"
    caps:
      - {of: all, share: "0.50"}
      - {of: {category: NON_FORMAL}, share: "0.25"}
      - {of: {categories: [CERTIFICATE]}, sources: 20}
      - {of: all, per: institution, credits: "150"}
      - {of: all, credits: "60", period: {calendar: calendar_year}}
    floors: [{of: {category: FORMAL}, credits: "100"}]
    unique_subjects: true
    slots:
` + strings.Join(slots, "\n")
	bk := newBook(b, catalogue(b, courses...), recognise+strings.Join(rules, ""), programme)
	bk.enrol("P1")
	for i := range 200 {
		bk.post(fmt.Sprintf("C%d", i%100), fmt.Sprintf("20%02d-03-01", 22+i%4), "80", "")
	}
	for i := range 30 {
		bk.decide(creditbank.RuleID(fmt.Sprintf("R%03d", 3*i)), today)
	}
	return bk
}

// A preview is to take a millisecond at most (p50) for a learner of 200
// outcomes and 100 rules.
func BenchmarkPreview(b *testing.B) {
	bk := bigBook(b)
	b.Run("one", func(b *testing.B) {
		i := 0
		for b.Loop() {
			if _, err := bk.set.Decide(bk.account, creditbank.RuleID(fmt.Sprintf("R%03d", i%100)), clock, today); err != nil {
				b.Fatal(err)
			}
			i++
		}
	})
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			for i := range 100 {
				if _, err := bk.set.Decide(bk.account, creditbank.RuleID(fmt.Sprintf("R%03d", i)), clock, today); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
