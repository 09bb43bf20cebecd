package rule_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

// A placed line is a standing line with the outcomes its conversion used.
type placed struct {
	creditbank.Line
	conversion int
	sources    []*creditbank.Lot
}

// A law is a cap or a floor as the file says it, and what it means, worked out
// anew from everything that stands.
type law struct {
	yaml  string
	holds func([]placed) bool
}

func sum(lines []placed, counts func(placed) bool) creditbank.Credits {
	var total creditbank.Credits
	for _, l := range lines {
		if counts(l) {
			total += l.Credits
		}
	}
	return total
}

// from reports whether one of the sources is as asked.
func from(is func(*creditbank.Lot) bool) func(placed) bool {
	return func(l placed) bool { return slices.ContainsFunc(l.sources, is) }
}

func within(limit creditbank.Credits, counts func(placed) bool) func([]placed) bool {
	return func(lines []placed) bool { return sum(lines, counts) <= limit }
}

// each checks a limit for each value that a key takes among the sources.
func each[K comparable](limit creditbank.Credits, key func(*creditbank.Lot) K) holding {
	return func(lines []placed) bool {
		keys := map[K]bool{}
		for _, l := range lines {
			for _, s := range l.sources {
				keys[key(s)] = true
			}
		}
		for k := range keys {
			if sum(lines, from(func(s *creditbank.Lot) bool { return key(s) == k })) > limit {
				return false
			}
		}
		return true
	}
}

func anything(placed) bool { return true }

var caps = []law{
	{`{of: all, share: "0.25"}`, within(2000, anything)},
	{`{of: {categories: [FORMAL, CERTIFICATE]}, credits: "9"}`, within(900, from(func(l *creditbank.Lot) bool {
		return l.Category == creditbank.Formal || l.Category == creditbank.Certificate
	}))},
	{`{of: {tag: online}, credits: "3"}`, within(300, from(func(l *creditbank.Lot) bool { return l.Course == "D1" }))},
	{`{of: {slots: [A, B]}, credits: "7"}`, within(700, func(l placed) bool { return l.Slot == "A" || l.Slot == "B" })},
	{`{of: {compulsory: true}, share: "0.35", share_of: compulsory}`, within(560, func(l placed) bool { return l.Slot != "E" })},
	{`{of: {institution: I01}, credits: "5"}`, within(500, from(func(l *creditbank.Lot) bool { return l.Institution == "I01" }))},
	{`{of: all, per: institution, credits: "8"}`, each(800, func(l *creditbank.Lot) creditbank.InstitutionID { return l.Institution })},
	{`{of: all, credits: "6", period: {calendar: calendar_year}}`, each(600, func(l *creditbank.Lot) int { return l.IssuedOn.Year() })},
	{`{of: all, lines: 3}`, func(lines []placed) bool { return len(lines) <= 3 }},
	{`{of: {category: NON_FORMAL}, sources: 2}`, func(lines []placed) bool {
		used := map[int64]bool{}
		for _, l := range lines {
			for _, s := range l.sources {
				if s.Category == creditbank.NonFormal {
					used[s.Seq] = true
				}
			}
		}
		return len(used) <= 2
	}},
	{`{of: {category: NON_FORMAL}, per: source, credits: "1.5"}`, each(150, func(l *creditbank.Lot) int64 { return l.Seq }).of(func(l placed) bool { return slices.Contains(l.Categories, creditbank.NonFormal) })},
	{`{of: {slots: [A, E]}, per: institution, credits: "5", period: {calendar: calendar_year}}`, each(500, func(l *creditbank.Lot) string { return fmt.Sprint(l.Institution, l.IssuedOn.Year()) }).of(func(l placed) bool {
		return l.Slot == "A" || l.Slot == "E"
	})},
	{`{of: all, credits: "5", period: {calendar: korea, per: semester}}`, each(500, func(l *creditbank.Lot) int { return (l.IssuedOn.Year()*12 + l.IssuedOn.Month()%100 - 3) / 6 })},
	{`{of: {category: NON_FORMAL}, per: institution, lines: 1}`, func(lines []placed) bool {
		used := map[creditbank.InstitutionID]map[int]bool{}
		for i, l := range lines {
			for _, s := range l.sources {
				if used[s.Institution] == nil {
					used[s.Institution] = map[int]bool{}
				}
				if slices.Contains(l.Categories, creditbank.NonFormal) {
					used[s.Institution][i] = true
				}
			}
		}
		return len(used["I01"]) <= 1 && len(used["I02"]) <= 1
	}},
	{`{of: {tag: online, institution: I02}, sources: 1}`, func(lines []placed) bool {
		used := map[int64]bool{}
		for _, l := range lines {
			for _, s := range l.sources {
				if s.Course == "D1" && s.Institution == "I02" {
					used[s.Seq] = true
				}
			}
		}
		return len(used) <= 1
	}},
}

// A holding says whether a law holds of all lines.
type holding func([]placed) bool

// of is a law that looks at some lines only.
func (h holding) of(which func(placed) bool) holding {
	return func(lines []placed) bool {
		return h(slices.DeleteFunc(slices.Clone(lines), func(l placed) bool { return !which(l) }))
	}
}

var floors = []law{
	{`{of: own, credits: "72"}`, within(800, from(func(l *creditbank.Lot) bool { return l.Institution != "I01" }))},
	{`{of: {category: FORMAL}, share: "0.925"}`, within(600, from(func(l *creditbank.Lot) bool { return l.Category != creditbank.Formal }))},
}

var townCourses = []string{"S1", "S2", "S4", "X1", "X2", "N2", "N5", "D1", "M1", "M2", "M3", "M4", "H1", "Z0"}

// drawLaws draws what a programme says beside its slots, as YAML, and what it
// means.
func drawLaws(rt *rapid.T) (more string, laws []law) {
	pick := func(name string, from []law) string {
		drawn := rapid.SliceOfNDistinct(rapid.IntRange(0, len(from)-1), 0, 3, rapid.ID).Draw(rt, name)
		var lines []string
		for _, i := range drawn {
			lines, laws = append(lines, from[i].yaml), append(laws, from[i])
		}
		return "    " + name + ": [" + strings.Join(lines, ", ") + "]\n"
	}
	more = pick("caps", caps) + pick("floors", floors)
	if rapid.Bool().Draw(rt, "unique") {
		more += "    unique_subjects: true\n"
		laws = append(laws, law{"unique", uniqueSubjects})
	}
	return strings.TrimSuffix(more, "\n"), laws
}

// uniqueSubjects says that of the courses of one subject one counts: M1 and M2
// are one, any other course its own.
func uniqueSubjects(lines []placed) bool {
	counted := map[string]int64{}
	for _, l := range lines {
		for _, s := range l.sources {
			subject := string(s.Course)
			if subject == "M2" {
				subject = "M1"
			}
			if other, ok := counted[subject]; ok && other != s.Seq {
				return false
			}
			counted[subject] = s.Seq
		}
	}
	return true
}

// drawTree draws a source.
func drawTree(rt *rapid.T, depth int) string {
	kind := rapid.IntRange(0, 9).Draw(rt, "node")
	if depth == 0 {
		kind %= 7
	}
	several := func() string {
		var of []string
		for range rapid.IntRange(1, 3).Draw(rt, "branches") {
			of = append(of, drawTree(rt, depth-1))
		}
		return "[" + strings.Join(of, ", ") + "]"
	}
	switch kind {
	case 5:
		return fmt.Sprintf(`{pool: {category: %s, credits: "%d"}, split: %v}`, rapid.SampledFrom([]string{"NON_FORMAL", "FORMAL"}).Draw(rt, "pool"), rapid.IntRange(1, 9).Draw(rt, "size"), rapid.Bool().Draw(rt, "split"))
	case 6:
		return fmt.Sprintf(`{block: {institution: I02, category: FORMAL, min_credits: "%d"}}`, rapid.IntRange(1, 9).Draw(rt, "least"))
	case 7:
		return "{all: " + several() + "}"
	case 8:
		return "{any: " + several() + "}"
	case 9:
		return "{at_least: {n: 1, of: " + several() + "}}"
	}
	return "{course: " + rapid.SampledFrom(townCourses).Draw(rt, "course") + rapid.SampledFrom([]string{"", `, min_grade: "70"`, ", family_highest: true"}).Draw(rt, "part") + "}"
}

// drawDimensions draws the body of a conversion with whatever there is.
func drawDimensions(rt *rapid.T) string {
	source := drawTree(rt, 2)
	var grants []string
	for range rapid.IntRange(1, 3).Draw(rt, "lines") {
		slot := rapid.SampledFrom([]string{"A", "B", "C", "E"}).Draw(rt, "slot")
		credits := []string{`"1"`, `"4"`, "source", `{min: [source, "4"]}`, "excess"}
		if slot != "E" {
			credits = append(credits, `"0"`)
		}
		grants = append(grants, fmt.Sprintf("{slot: %s, credits: %s, grade: exempt, exceed: %s}", slot,
			rapid.SampledFrom(credits).Draw(rt, "credits"), rapid.SampledFrom([]string{"deny", "truncate"}).Draw(rt, "exceed")))
	}
	body := "source: " + source + ", grant: [" + strings.Join(grants, ", ") + "]"
	option := func(name string, values ...string) {
		if v := rapid.SampledFrom(append(values, "", "")).Draw(rt, name); v != "" {
			body += ", " + name + ": " + v
		}
	}
	option("shortfall", "deny", "partial", "make_up")
	if strings.Contains(source, "pool") {
		option("excess", "forfeit", "{slot: E, grade: exempt}")
	} else {
		option("excess", "keep", "{slot: E, grade: exempt}")
	}
	if strings.Contains(source, "course") {
		option("match", "{level: {relation: ge}}", "{level: {relation: any, min: 4}}", `{overlap: "0.70", overlap_min: "0.80"}`, `{overlap: "0.90", overlap_min: "0.80"}`)
	}
	option("validity", "{source_max_age: P3Y}")
	option("exclude", "{tags: [driving]}", "{names: [驾驶证]}", "{targets: [A]}", "{categories: [CERTIFICATE]}", "{courses: [S1]}")
	option("require", `[{lines: {programme: P1, credits: "2"}}]`, "[{no_lines: {programme: P1, from_level: 5}}]", "[{not_after: 2026-12-31}]")
	option("rule_time", "outcome", "enrolment")
	option("when", `[{if: 'credits(lines) < 1500 && held.size() > 0', message: {zh: 甲, en: a}}]`, `[{if: 'source.all(o, o.points != 0)', message: {zh: 甲, en: a}}]`)
	return body
}

// drawPlain draws the body of a conversion that little stands in the way of but
// caps and floors: most of what is drawn at large is denied for other reasons, and
// never comes near them.
func drawPlain(rt *rapid.T) string {
	source := "course: " + rapid.SampledFrom(townCourses).Draw(rt, "course")
	if rapid.IntRange(0, 3).Draw(rt, "node") == 0 {
		source = fmt.Sprintf(`pool: {category: %s, credits: "%d"}, split: true`, rapid.SampledFrom([]string{"NON_FORMAL", "FORMAL"}).Draw(rt, "pool"), rapid.IntRange(1, 3).Draw(rt, "size"))
	}
	return fmt.Sprintf("source: {%s}, grant: [{slot: %s, credits: %s, grade: exempt, partial: true, exceed: %s}]", source,
		rapid.SampledFrom([]string{"A", "B", "C", "E", "E"}).Draw(rt, "slot"), rapid.SampledFrom([]string{`"1"`, `"2"`, "source"}).Draw(rt, "credits"),
		rapid.SampledFrom([]string{"deny", "truncate"}).Draw(rt, "exceed"))
}

func drawTown(rt *rapid.T, cat *creditbank.Catalogue, t testing.TB) (b *book, n int, laws []law) {
	more, laws := drawLaws(rt)
	n = rapid.IntRange(1, 5).Draw(rt, "rules")
	draw := drawDimensions
	if rapid.Bool().Draw(rt, "plain") {
		draw = drawPlain
	}
	var rules []string
	for i := range n {
		rules = append(rules, conversion(fmt.Sprintf("R%d", i), draw(rt)))
	}
	b = newBook(t, cat, "calendars: [{id: korea, year: 03-01, semesters: [03-01, 09-01], default: true}]\nsubjects: {abbreviations: {高数: 高等数学}, substitutes: [[高等数学, 工程数学]]}\n"+recognise+strings.Join(rules, ""), townProgrammes(more))
	b.enrol("P1")
	for range rapid.IntRange(0, 14).Draw(rt, "outcomes") {
		day := creditbank.NewDate(rapid.IntRange(2023, 2025).Draw(rt, "year"), 1, rapid.IntRange(1, 365).Draw(rt, "day"))
		b.postAt(rapid.SampledFrom([]creditbank.InstitutionID{"I01", "I02"}).Draw(rt, "institution"), rapid.SampledFrom(townCourses).Draw(rt, "course"),
			day.String(), rapid.SampledFrom([]string{"", "60", "79.5", "优秀"}).Draw(rt, "score"))
	}
	return b, n, laws
}

// Whatever rules there are and whatever is asked: nothing is consumed twice, no
// cap and no floor is passed, and each decision comes out the same again.
func TestDimensionsKeepTheLaw(t *testing.T) {
	approved := 0
	rapid.Check(t, keepsTheLaw(t, townCatalogue(t), &approved))
	if approved == 0 {
		t.Error("nothing was ever approved")
	}
}

// FuzzEvaluator is TestDimensionsKeepTheLaw, drawn from what the fuzzer finds
// worth trying.
func FuzzEvaluator(f *testing.F) {
	cat := townCatalogue(f)
	f.Fuzz(func(t *testing.T, drawn []byte) {
		approved := 0
		rapid.MakeFuzz(keepsTheLaw(t, cat, &approved))(t, drawn)
	})
}

func keepsTheLaw(t testing.TB, cat *creditbank.Catalogue, approved *int) func(*rapid.T) {
	return func(rt *rapid.T) {
		b, n, laws := drawTown(rt, cat, t)
		for range rapid.IntRange(1, 14).Draw(rt, "requests") {
			before := b.account
			id := creditbank.RuleID(fmt.Sprintf("R%d", rapid.IntRange(0, n-1).Draw(rt, "rule")))
			d := b.decide(id, today)
			if again, err := b.set.Decide(before, id, clock, today); err != nil || again.Hash() != d.Hash() {
				rt.Fatalf("rule %s decided again: %s\n%s", id, again.Canonical(), d.Canonical())
			}
			if d.Approved {
				*approved++
			}
			checkDimensionDecision(rt, before, d)
			checkLaws(rt, b, laws)
		}
	}
}

func checkDimensionDecision(rt *rapid.T, before *creditbank.Account, d *creditbank.Decision) {
	if !d.Approved {
		if len(d.Lines)+len(d.Sources) > 0 || len(d.Findings) == 0 || slices.Contains(d.Reasons(), creditbank.CapTruncated) {
			rt.Fatalf("denied with %+v", d)
		}
		return
	}
	if len(d.Lines) == 0 {
		rt.Fatalf("approved without a line: %+v", d)
	}
	taken := map[int64]creditbank.Credits{}
	for _, s := range d.Sources {
		taken[s.Lot] += s.Credits
		if lot := before.Lot(s.Lot); lot == nil || s.Credits < 0 || taken[s.Lot] > lot.Available(d.Day) {
			rt.Fatalf("consumes %v of lot %+v", taken[s.Lot], lot)
		}
	}
	if d.Forfeited < 0 || d.Forfeited > d.Consumed() {
		rt.Fatalf("forfeits %v of %v", d.Forfeited, d.Consumed())
	}
}

// checkLaws works out from everything that stands whether caps, floors, subjects,
// slots and lots are kept.
func checkLaws(rt *rapid.T, b *book, laws []law) {
	var lines []placed
	for i, c := range b.account.Conversions {
		var sources []*creditbank.Lot
		for _, s := range c.Decision.Sources {
			sources = append(sources, b.account.Lot(s.Lot))
		}
		for _, l := range c.Decision.Lines {
			lines = append(lines, placed{l, i, sources})
		}
	}
	for _, l := range laws {
		if !l.holds(lines) {
			rt.Fatalf("%s is passed by %+v", l.yaml, lines)
		}
	}
	programme, _ := b.set.Programme("P1")
	for _, slot := range programme.Slots {
		in := sum(lines, func(l placed) bool { return l.Slot == slot.ID })
		if in > slot.Credits {
			rt.Fatalf("slot %s holds %v", slot.ID, in)
		}
	}
	for _, l := range b.account.Lots {
		if l.Granted && l.Available(today) < 0 {
			rt.Fatalf("lot %d is at %v", l.Seq, l.Available(today))
		}
	}
}

// The plan of whatever rules is as good as the best found by trying every order.
func TestPlanOfDimensionsIsBest(t *testing.T) {
	cat := townCatalogue(t)
	rapid.Check(t, func(rt *rapid.T) {
		b, n, _ := drawTown(rt, cat, t)
		n = min(n, 4)
		if n < 1 {
			return
		}
		plan, err := b.set.Plan(b.account, "P1", clock, today)
		if err != nil {
			rt.Fatal(err)
		}
		var ids []creditbank.RuleID
		for _, r := range conversions(b) {
			ids = append(ids, r.ID)
		}
		best := bruteForce(b.set, b.account, ids)
		if plan.Credits != best.granted || plan.Forfeited != best.forfeited || !slices.Equal(plan.Steps, best.steps) {
			rt.Fatalf("plan %v grants %v, forfeits %v; the best is %+v", plan.Steps, plan.Credits, plan.Forfeited, best)
		}
	})
}

// conversions returns the conversion rules of a book.
func conversions(b *book) []*rule.Rule {
	return slices.DeleteFunc(b.set.(*rule.Set).Rules(), func(r *rule.Rule) bool { return r.Conversion == nil })
}

// The canonical form says everything: read back, it is the same rule.
func TestCanonicalFormIsWhole(t *testing.T) {
	cat := townCatalogue(t)
	rapid.Check(t, func(rt *rapid.T) {
		b, _, _ := drawTown(rt, cat, t)
		for _, r := range b.set.(*rule.Set).Rules() {
			checkCanonical(rt, r)
		}
	})
}

func checkCanonical(t interface{ Fatalf(string, ...any) }, r *rule.Rule) {
	first, err := json.Marshal(r)
	if err != nil {
		t.Fatalf("rule %s: %v", r.ID, err)
	}
	var again rule.Rule
	if err := json.Unmarshal(first, &again); err != nil {
		t.Fatalf("%s: %v", first, err)
	}
	if second, err := json.Marshal(&again); err != nil || string(second) != string(first) {
		t.Fatalf("read back, %v\n%s is\n%s", err, first, second)
	}
}
