package rule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"creditbank/creditbank"
)

// Random cities: random rules over a fixed programme, random outcomes, random
// requests. Whatever is decided, the law of the ledger holds.
func TestEvaluatorInvariants(t *testing.T) {
	cat := catalogue(t, "S1 FORMAL 5 0 6", "S2 FORMAL 5 32 3", "S4 FORMAL 4 16 3.5",
		"X1 CERTIFICATE 5 0 6 CARE", "X2 CERTIFICATE 4 0 4 CARE", "N2 NON_FORMAL 5 32 0", "N5 NON_FORMAL 4 80 0", "N0 NON_FORMAL 1 0 0")
	rapid.Check(t, func(rt *rapid.T) {
		var rules []string
		n := rapid.IntRange(1, 6).Draw(rt, "rules")
		for i := range n {
			rules = append(rules, conversion(fmt.Sprintf("R%d", i), drawConversion(rt)))
		}
		b := newBook(t, cat, recognise+strings.Join(rules, ""), programmes)
		if rapid.Float64Range(0, 1).Draw(rt, "enrolled") < 0.95 {
			b.enrol("P1")
		}
		for range rapid.IntRange(0, 12).Draw(rt, "outcomes") {
			course := rapid.SampledFrom([]string{"S1", "S2", "S4", "X1", "X2", "N2", "N5", "N0"}).Draw(rt, "course")
			day := creditbank.NewDate(rapid.IntRange(2020, 2025).Draw(rt, "year"), 1, rapid.IntRange(1, 365).Draw(rt, "day"))
			b.post(course, day.String(), rapid.SampledFrom([]string{"", "50", "60", "79.5", "合格", "优秀", "不合格"}).Draw(rt, "score"), "")
		}
		for range rapid.IntRange(0, 10).Draw(rt, "requests") {
			before := b.account
			id := creditbank.RuleID(fmt.Sprintf("R%d", rapid.IntRange(0, n-1).Draw(rt, "rule")))
			if b.set.NeedsReview(id) {
				checkReviewed(rt, b, id)
				continue
			}
			d := b.decide(id, today)
			again, err := b.set.Decide(before, id, clock, today)
			if err != nil || again.Hash() != d.Hash() {
				rt.Fatalf("rule %s decided again: %s\n%s", id, again.Canonical(), d.Canonical())
			}
			checkDecision(rt, before, d)
		}
		checkAccount(rt, b)
	})
}

// drawConversion draws the body of a conversion rule.
func drawConversion(rt *rapid.T) string {
	courses := []string{"S1", "S2", "S4", "X1", "X2", "N2", "N5"}
	part := func() string {
		s := "course: " + rapid.SampledFrom(courses).Draw(rt, "part")
		if rapid.Bool().Draw(rt, "graded") {
			s += `, min_grade: "` + rapid.SampledFrom([]string{"60", "70", "90"}).Draw(rt, "min") + `"`
		}
		if rapid.Bool().Draw(rt, "family") {
			s += ", family_highest: true"
		}
		return s
	}
	kind := rapid.IntRange(0, 3).Draw(rt, "source")
	source := map[int]string{
		0: part(),
		1: "all: [{" + part() + "}, {" + part() + "}]",
		2: fmt.Sprintf(`pool: {category: %s, credits: "%d"}, split: %v`, rapid.SampledFrom([]string{"NON_FORMAL", "FORMAL"}).Draw(rt, "pool"), rapid.IntRange(1, 12).Draw(rt, "size"), rapid.Bool().Draw(rt, "split")),
		3: fmt.Sprintf(`block: {institution: I02, category: FORMAL, min_credits: "%d"}`, rapid.IntRange(1, 20).Draw(rt, "least")),
	}[kind]
	var grants []string
	for range rapid.IntRange(1, 3).Draw(rt, "lines") {
		credits := rapid.SampledFrom([]string{`"1"`, `"2.25"`, `"4"`, "source", `{min: [source, "4"]}`, "excess"}).Draw(rt, "credits")
		grants = append(grants, fmt.Sprintf("{slot: %s, credits: %s, grade: exempt, partial: %v, exceed: %s}",
			rapid.SampledFrom([]string{"A", "B", "E", "K", "X"}).Draw(rt, "slot"), credits, rapid.Bool().Draw(rt, "partial"),
			rapid.SampledFrom([]string{"deny", "truncate"}).Draw(rt, "exceed")))
	}
	level := ""
	if kind < 2 && rapid.Bool().Draw(rt, "level") { // a pool or block has no one level
		level = "match: {level: equal}, "
	}
	approval := ""
	if rapid.IntRange(0, 3).Draw(rt, "reviewed") == 0 {
		approval = ", approval: reviewer"
	}
	return "source: {" + source + "}, " + level + "grant: [" + strings.Join(grants, ", ") + "]" + approval
}

// checkReviewed asks for a conversion that needs a reviewer, and decides one
// that is waiting. A decision is pending exactly where it would be approved, and
// approval on the same account brings what was pending.
func checkReviewed(rt *rapid.T, b *book, id creditbank.RuleID) {
	d, err := b.set.Decide(b.account, id, clock, today)
	if err != nil || d.Approved {
		rt.Fatalf("rule %s approved without a reviewer: %+v, %v", id, d, err)
	}
	waiting := slices.IndexFunc(b.account.Applications, func(p *creditbank.Application) bool { return p.DecidedBy == 0 && p.Decision.Rule == id })
	switch {
	case waiting >= 0:
		before := b.account
		again := b.review(before.Applications[waiting].Seq, rapid.IntRange(0, 3).Draw(rt, "verdict") > 0)
		if again.Review.Approved && again.Approved != d.Pending() || d.Pending() && again.Approved && fmt.Sprint(d.Lines, d.Sources) != fmt.Sprint(again.Lines, again.Sources) {
			rt.Fatalf("rule %s pending as %s\nreviewed as %s", id, d.Canonical(), again.Canonical())
		}
		checkDecision(rt, before, again)
	case d.Pending():
		b.apply(id, today)
	default:
		checkDecision(rt, b.account, d)
		b.decide(id, today)
	}
}

// checkDecision checks what must hold for one decision.
func checkDecision(rt *rapid.T, before *creditbank.Account, d *creditbank.Decision) {
	if !d.Approved {
		if len(d.Lines)+len(d.Sources) > 0 || len(d.Findings) == 0 || slices.Contains(d.Reasons(), creditbank.CapTruncated) {
			rt.Fatalf("denied with %+v", d)
		}
		return
	}
	if len(d.Lines) == 0 || d.Granted() <= 0 {
		rt.Fatalf("approved without a line: %+v", d)
	}
	for _, s := range d.Sources {
		lot := before.Lot(s.Lot)
		if lot == nil || s.Credits > lot.Available(d.Day) {
			rt.Fatalf("consumes %v of lot %+v", s.Credits, lot)
		}
	}
	if d.Forfeited < 0 || d.Forfeited > d.Consumed() {
		rt.Fatalf("forfeits %v of %v", d.Forfeited, d.Consumed())
	}
}

// checkAccount checks what must hold for an account: no cap passed, no slot
// overfilled, no lot consumed beyond itself.
func checkAccount(rt *rapid.T, b *book) {
	bySlot, byClass, bySource := map[creditbank.SlotID]creditbank.Credits{}, map[creditbank.Category]creditbank.Credits{}, map[int64]creditbank.Credits{}
	var all creditbank.Credits
	for _, c := range b.account.Conversions {
		var certificates creditbank.Credits
		for _, l := range c.Decision.Lines {
			all += l.Credits
			bySlot[l.Slot] += l.Credits
			for _, cat := range l.Categories {
				byClass[cat] += l.Credits
			}
			if slices.Contains(l.Categories, creditbank.Certificate) {
				certificates += l.Credits
			}
		}
		for _, s := range c.Decision.Sources {
			bySource[s.Lot] += certificates
		}
	}
	if all > 40*creditbank.Credit || byClass[creditbank.NonFormal] > 8*creditbank.Credit {
		rt.Fatalf("caps passed: %v in all, %v", all, byClass)
	}
	for lot, sum := range bySource {
		if sum > 5*creditbank.Credit {
			rt.Fatalf("certificate %d granted %v", lot, sum)
		}
	}
	programme, _ := b.set.Programme("P1")
	for slot, sum := range bySlot {
		if s, ok := programme.Slot(slot); !ok || s.Closed || sum > s.Credits {
			rt.Fatalf("slot %s holds %v", slot, sum)
		}
	}
	lots := map[creditbank.AccountID]creditbank.Credits{}
	eachTransfer(b.history, func(tr creditbank.Transfer) {
		lots[tr.To] += tr.Credits
		lots[tr.From] -= tr.Credits
	})
	for account, left := range lots {
		if strings.HasPrefix(string(account), "lot:") && left < 0 {
			rt.Fatalf("%s is at %v", account, left)
		}
	}
	for _, l := range b.account.Lots {
		if got := lots[creditbank.LotAccount(l.Seq)]; l.Granted && got > l.Credits {
			rt.Fatalf("lot %d holds %v of %v", l.Seq, got, l.Credits)
		}
	}
}

// eachTransfer calls f for each transfer of a history.
func eachTransfer(h creditbank.History, f func(creditbank.Transfer)) {
	for _, o := range h.Outcomes {
		for _, t := range o.Transfers() {
			f(t)
		}
	}
	for _, a := range h.Acts {
		if a.Body.Decision != nil {
			for _, t := range a.Body.Decision.Transfers() {
				f(t)
			}
		}
	}
}

// The plan of a random city is as good as the best found by trying every order
// of every set of rules.
func TestPlanIsBest(t *testing.T) {
	cat := catalogue(t, "S1 FORMAL 5 0 6", "S2 FORMAL 5 32 3", "S4 FORMAL 4 16 3.5",
		"X1 CERTIFICATE 5 0 6 CARE", "X2 CERTIFICATE 4 0 4 CARE", "N2 NON_FORMAL 5 32 0", "N5 NON_FORMAL 4 80 0")
	rapid.Check(t, func(rt *rapid.T) {
		var rules []string
		n := rapid.IntRange(1, 5).Draw(rt, "rules")
		for i := range n {
			rules = append(rules, conversion(fmt.Sprintf("R%d", i), drawConversion(rt)))
		}
		b := newBook(t, cat, recognise+strings.Join(rules, ""), programmes)
		b.enrol("P1")
		for range rapid.IntRange(0, 8).Draw(rt, "outcomes") {
			course := rapid.SampledFrom([]string{"S1", "S2", "S4", "X1", "X2", "N2", "N5"}).Draw(rt, "course")
			b.post(course, rapid.SampledFrom([]string{"2024-05-01", "2022-03-01", "2023-11-30"}).Draw(rt, "day"), rapid.SampledFrom([]string{"60", "79.5", "优秀"}).Draw(rt, "score"), "")
		}
		plan, err := b.set.Plan(b.account, "P1", clock, today)
		if err != nil {
			rt.Fatal(err)
		}
		var ids []creditbank.RuleID
		for i := range n {
			ids = append(ids, creditbank.RuleID(fmt.Sprintf("R%d", i)))
		}
		best := bruteForce(b.set, b.account, ids)
		if plan.Credits != best.granted || plan.Forfeited != best.forfeited || !slices.Equal(plan.Steps, best.steps) {
			rt.Fatalf("plan %v grants %v, forfeits %v; the best is %+v\n%s", plan.Steps, plan.Credits, plan.Forfeited, best, strings.Join(rules, ""))
		}
		// The plan does what it says.
		a, sum := b.account, creditbank.Credits(0)
		for _, id := range plan.Steps {
			d, err := b.set.Decide(a, id, clock, today)
			if err != nil || !d.Approved && !d.Pending() || d.Pending() != slices.Contains(plan.Reviewed, id) {
				rt.Fatalf("step %s of %v: %+v, %v", id, plan.Steps, d, err)
			}
			a, sum = a.With(d), sum+d.Granted()
		}
		if sum != plan.Credits {
			rt.Fatalf("the steps %v grant %v, not %v", plan.Steps, sum, plan.Credits)
		}
	})
}

// A sequence is an order of rules and what it comes to.
type sequence struct {
	granted, forfeited creditbank.Credits
	expiries           []creditbank.Date
	steps              []creditbank.RuleID
}

// better reports whether s is a better plan than o, clause by clause.
func (s sequence) better(o sequence) bool {
	switch {
	case s.granted != o.granted:
		return s.granted > o.granted
	case s.forfeited != o.forfeited:
		return s.forfeited < o.forfeited
	case slices.Compare(s.expiries, o.expiries) != 0:
		return slices.Compare(s.expiries, o.expiries) < 0
	}
	return slices.Compare(s.steps, o.steps) < 0
}

// bruteForce tries every order of every set of the rules.
func bruteForce(set creditbank.Rules, a *creditbank.Account, rules []creditbank.RuleID) sequence {
	var best sequence
	var visit func(a *creditbank.Account, s sequence)
	visit = func(a *creditbank.Account, s sequence) {
		if s.better(best) {
			best = s
		}
		for _, id := range rules {
			if slices.Contains(s.steps, id) {
				continue
			}
			d, err := set.Decide(a, id, clock, today)
			if err != nil || !d.Approved && !d.Pending() || d.Pending() && applied(a, id) {
				continue
			}
			next := sequence{s.granted + d.Granted(), s.forfeited + d.Forfeited, slices.Clone(s.expiries), append(slices.Clone(s.steps), id)}
			for _, c := range d.Sources {
				next.expiries = append(next.expiries, expiryOrNever(a.Lot(c.Lot)))
			}
			slices.Sort(next.expiries)
			visit(a.With(d), next)
		}
	}
	visit(a, sequence{})
	return best
}

// applied reports whether an application for the rule is open.
func applied(a *creditbank.Account, id creditbank.RuleID) bool {
	return slices.ContainsFunc(a.Applications, func(p *creditbank.Application) bool { return p.DecidedBy == 0 && p.Decision.Rule == id })
}

// expiryOrNever returns the day a lot expires on, the end of time where it does
// not; a line of another programme never does.
func expiryOrNever(l *creditbank.Lot) creditbank.Date {
	if l == nil || l.ExpiresOn == 0 {
		return 99999999
	}
	return l.ExpiresOn
}
