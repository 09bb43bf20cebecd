package rule_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// A mix says how many of the rules of a large city, in each sixty, are not of the
// plain kind: one outcome for one course, granted or denied.
type mix struct {
	pools, blocks int
	pairs         int // of two outcomes
	excess        int // with a second line, cut to what is left
	partial       int
}

var (
	allPlain = mix{}
	ordinary = mix{pools: 2, blocks: 1, pairs: 6, excess: 6, partial: 3}
	crowded  = mix{pools: 4, blocks: 2, pairs: 12, excess: 12, partial: 12}
)

// largeCity draws what a city plans in: so many rules, all of which could be used
// on the first day, that share outcomes, slots and six caps. More rules of which the
// learner has no outcome, and more outcomes of which no rule knows, may stand around
// them.
func largeCity(seed uint64, m mix, candidates, others, outcomes int) *planCity {
	c := newChance(seed)
	city := &planCity{credits: "120", rules: candidates + others}
	category := func(i int) string {
		return []string{"FORMAL", "NON_FORMAL", "CERTIFICATE", "NON_FORMAL", "INFORMAL"}[i%5]
	}
	held := candidates * 3 / 4
	for i := range max(held, outcomes) {
		city.courses = append(city.courses, fmt.Sprintf("C%02d %s 5 0 %s -", i, category(i), c.one("1", "1.5", "2", "2.5", "3", "4", "6")))
	}
	for i := range max(held, outcomes) {
		city.outcomes = append(city.outcomes, planOutcome{fmt.Sprintf("C%02d", i),
			fmt.Sprintf("202%d-%02d-%02d", c.between(4, 5), c.between(1, 12), c.between(1, 28)), c.one("65", "75", "85", "95")})
	}
	for i := range others {
		city.courses = append(city.courses, fmt.Sprintf("D%02d FORMAL 5 0 3 -", i))
	}
	city.caps = []string{`{of: all, share: "0.50"}`, `{of: {category: FORMAL}, credits: "24"}`, `{of: {category: NON_FORMAL}, share: "0.20"}`,
		`{of: {category: CERTIFICATE}, credits: "14.5"}`, `{of: {category: INFORMAL}, credits: "7"}`, `{of: {category: CERTIFICATE}, per: source, credits: "5"}`}
	slots := candidates * 2 / 3
	for i := range slots {
		extra := ""
		size := c.one("2", "3", "4")
		if i%6 == 5 {
			extra, size = ", elective: true", c.one("6", "8", "10")
		}
		city.slots = append(city.slots, fmt.Sprintf(`{id: T%02d, title: {zh: 课, en: c}, credits: %q%s}`, i, size, extra))
	}
	for _, kind := range m.kinds(c, candidates) {
		city.bodies = append(city.bodies, c.largeBody(kind, held, slots))
	}
	for i := range others {
		city.bodies = append(city.bodies, fmt.Sprintf(`source: {course: D%02d}, grant: [{slot: T%02d, credits: "2", grade: exempt}]`, i, i%slots))
	}
	return city
}

// kinds draws the kinds of n rules, in any order.
func (m mix) kinds(c chance, n int) []string {
	var kinds []string
	for kind, of60 := range map[string]int{"pool": m.pools, "block": m.blocks, "pair": m.pairs, "excess": m.excess, "partial": m.partial} {
		for range (of60*n + 59) / 60 {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds) // maps have no order
	for len(kinds) < n {
		kinds = append(kinds, "plain")
	}
	c.Shuffle(n, func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	return kinds[:n]
}

// largeBody draws a rule of a large city.
func (c chance) largeBody(kind string, held, slots int) string {
	own := c.IntN(slots)
	elective := min(slots-1, c.IntN(slots)/6*6+5)
	source := fmt.Sprintf("course: C%02d", c.IntN(held))
	grant := fmt.Sprintf(`{slot: T%02d, credits: {min: [source, "2"]}, grade: exempt}`, own)
	switch kind {
	case "pool":
		source = fmt.Sprintf("pool: {category: %s, credits: %q}, split: true", c.one("NON_FORMAL", "INFORMAL"), c.one("4", "6", "8"))
		grant = fmt.Sprintf(`{slot: T%02d, credits: %q, grade: exempt, exceed: %s}`, elective, c.one("3", "4"), c.one("deny", "deny", "deny", "truncate"))
	case "block":
		source = fmt.Sprintf("block: {institution: I02, category: %s, min_credits: %q}", c.one("FORMAL", "INFORMAL"), c.one("6", "8"))
		grant = fmt.Sprintf(`{slot: T%02d, credits: "6", grade: exempt}`, elective)
	case "pair":
		a := c.IntN(held)
		source = fmt.Sprintf("all: [{course: C%02d}, {course: C%02d}]", a, (a+1+c.IntN(held-1))%held)
	case "excess":
		grant += fmt.Sprintf(`, {slot: T%02d, credits: excess, grade: exempt, exceed: truncate}`, elective)
	case "partial":
		grant = fmt.Sprintf(`{slot: T%02d, credits: "1", grade: exempt, partial: true}`, own)
	}
	return "source: {" + source + "}, grant: [" + grant + "]"
}

// BenchmarkPlan plans for many learners and reports how long it took: the aim is
// 60 candidates under 6 caps, p99 within 50 ms.
func BenchmarkPlan(b *testing.B) {
	for _, size := range []struct {
		name                         string
		mix                          mix
		candidates, others, outcomes int
	}{
		{"20 candidates", crowded, 20, 0, 0},
		{"60 candidates, plain", allPlain, 60, 0, 0},
		{"60 candidates, ordinary", ordinary, 60, 0, 0},
		{"60 candidates, crowded", crowded, 60, 0, 0},
		{"100 rules, 200 outcomes", ordinary, 60, 40, 200},
	} {
		b.Run(size.name, func(b *testing.B) {
			var books []*book
			for seed := range uint64(40) {
				books = append(books, largeCity(seed, size.mix, size.candidates, size.others, size.outcomes).book(b))
			}
			var times []time.Duration
			inexact, visits := 0, 0
			b.ResetTimer()
			for i := range b.N {
				k := books[i%len(books)]
				start := time.Now()
				p, err := k.set.Plan(k.account, "P1", clock, today)
				times = append(times, time.Since(start))
				if err != nil {
					b.Fatal(err)
				}
				if visits += p.Proof.Visits; !p.Proof.Exact {
					inexact++
				}
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(inexact)/float64(b.N), "inexact/op")
			b.ReportMetric(float64(visits)/float64(b.N), "visits/op")
		})
	}
}
