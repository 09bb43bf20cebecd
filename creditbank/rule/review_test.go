package rule_test

import (
	"slices"
	"testing"

	"creditbank/creditbank"
)

const reviewed = oneCourse + ", approval: reviewer"

// apply puts a pending decision on record as an application.
func (b *book) apply(id creditbank.RuleID, day creditbank.Date) int64 {
	b.t.Helper()
	d, err := b.set.Decide(b.account, id, clock, day)
	must(b.t, err)
	return b.act(creditbank.ActApplied, creditbank.ActBody{Decision: d}, day)
}

// review puts a reviewer's answer on record and returns it.
func (b *book) review(application int64, approve bool) *creditbank.Decision {
	b.t.Helper()
	d, err := b.set.Review(b.account, creditbank.Review{Application: application, Approved: approve}, clock)
	must(b.t, err)
	b.act(creditbank.ActDecided, creditbank.ActBody{Decision: d, Of: application}, today)
	return d
}

func TestReviewedRuleIsPending(t *testing.T) {
	for name, tt := range map[string]struct {
		rule  string
		setup func(*book)
		want  string
	}{
		"nothing against it":  {reviewed, func(b *book) { b.post("S1", "2025-01-01", "72.5", "") }, "deny A=4.0(72.5) APPROVAL_PENDING forfeits 2.0"},
		"denied in any case":  {reviewed, func(b *book) { b.post("S1", "2025-01-01", "69", "") }, "deny GRADE_BELOW_MIN"},
		"a cap cuts it":       {`source: {course: S1}, grant: [{slot: B, credits: source, grade: carry, exceed: truncate}], approval: reviewer`, func(b *book) { b.post("S1", "2025-01-01", "80", "") }, "deny B=3.0(80) CAP_TRUNCATED APPROVAL_PENDING forfeits 3.0"},
		"no reviewer, no ado": {oneCourse, func(b *book) { b.post("S1", "2025-01-01", "72.5", "") }, "approve A=4.0(72.5) forfeits 2.0"},
	} {
		t.Run(name, func(t *testing.T) {
			b := cityBook(t, conversion("R", tt.rule))
			tt.setup(b)
			d, err := b.set.Decide(b.account, "R", clock, today)
			must(t, err)
			want(t, d, tt.want)
			if len(d.Transfers()) > 0 != d.Approved || d.Pending() != slices.Contains(d.Reasons(), creditbank.ApprovalPending) {
				t.Errorf("approved %v, pending %v: it moves %v", d.Approved, d.Pending(), d.Transfers())
			}
			if d.Pending() && !b.set.NeedsReview("R") {
				t.Error("NeedsReview(R) = false")
			}
		})
	}
}

func TestReviewDecidesOnWhatIsThen(t *testing.T) {
	other := conversion("Q", `source: {course: S1}, grant: [{slot: B, credits: "3", grade: carry}]`)
	for name, tt := range map[string]struct {
		approve   bool
		meanwhile func(*book)
		want      string
	}{
		"approved":                   {true, func(*book) {}, "approve A=4.0(72.5) forfeits 2.0"},
		"rejected":                   {false, func(*book) {}, "deny APPROVAL_REJECTED"},
		"rejected, though used":      {false, func(b *book) { b.decide("Q", today) }, "deny APPROVAL_REJECTED"},
		"the outcome was used":       {true, func(b *book) { b.decide("Q", today) }, "deny OUTCOME_ALREADY_CONSUMED"},
		"the account was frozen":     {true, func(b *book) { b.act(creditbank.ActFrozen, creditbank.ActBody{}, today) }, "deny ACCOUNT_FROZEN"},
		"the outcome was revoked":    {true, func(b *book) { b.act(creditbank.ActRevoked, creditbank.ActBody{Of: 3}, today) }, "deny OUTCOME_REVOKED"},
		"another was posted instead": {true, func(b *book) { b.decide("Q", today); b.post("S1", "2025-02-01", "90", "") }, "approve A=4.0(90) forfeits 2.0"},
	} {
		t.Run(name, func(t *testing.T) {
			b := cityBook(t, conversion("R", reviewed), other)
			b.post("S1", "2025-01-01", "72.5", "")
			application := b.apply("R", 20270831) // the rule's last day
			if a := b.account; len(a.Conversions) != 0 || a.Lots[0].InUse() || a.Application(application).DecidedBy != 0 {
				t.Errorf("an application consumes or decides: %+v", a)
			}
			tt.meanwhile(b)
			d := b.review(application, tt.approve)
			want(t, d, tt.want)
			p := b.account.Application(application)
			if d.Day != 20270831 || d.Pending() || p.DecidedBy != b.account.Version || len(b.account.Conversions) > 0 && d.Approved != (b.account.Conversion(b.account.Version) != nil) {
				t.Errorf("decided as of %s by %d: %+v", d.Day, p.DecidedBy, d)
			}
			again, err := b.set.Review(mustAt(t, b, b.version()-1), *d.Review, clock)
			if err != nil || again.Hash() != d.Hash() {
				t.Errorf("reviewed again: %v\n%s\n%s", err, again.Canonical(), d.Canonical())
			}
		})
	}
}

func mustAt(t *testing.T, b *book, version int64) *creditbank.Account {
	t.Helper()
	a, err := b.history.At(version)
	must(t, err)
	return a
}

// What no bank writes does not add up.
func TestImpossibleReviewsAreDamage(t *testing.T) {
	b := cityBook(t, conversion("R", reviewed))
	b.post("S1", "2025-01-01", "72.5", "")
	pending, err := b.set.Decide(b.account, "R", clock, today)
	must(t, err)
	application := b.apply("R", today)
	yes := creditbank.Review{Application: application, Approved: true}
	fresh := func(change func(*creditbank.Decision)) *creditbank.Decision {
		d, err := b.set.Review(b.account, yes, clock)
		must(t, err)
		change(d)
		return d
	}
	keep := func(*creditbank.Decision) {}
	for name, act := range map[string]struct {
		kind creditbank.ActKind
		body creditbank.ActBody
	}{
		"a second open application": {creditbank.ActApplied, creditbank.ActBody{Decision: fresh(func(d *creditbank.Decision) { d.Review, d.Approved, d.Findings = nil, false, pending.Findings })}},
		"an approved application":   {creditbank.ActApplied, creditbank.ActBody{Decision: fresh(func(d *creditbank.Decision) { d.Review = nil })}},
		"no application":            {creditbank.ActDecided, creditbank.ActBody{Decision: fresh(keep)}},
		"another application":       {creditbank.ActDecided, creditbank.ActBody{Decision: fresh(keep), Of: application - 1}},
		"no review":                 {creditbank.ActDecided, creditbank.ActBody{Decision: fresh(func(d *creditbank.Decision) { d.Review = nil }), Of: application}},
		"approved though rejected":  {creditbank.ActDecided, creditbank.ActBody{Decision: fresh(func(d *creditbank.Decision) { d.Review = &creditbank.Review{Application: application} }), Of: application}},
		"another day":               {creditbank.ActDecided, creditbank.ActBody{Decision: fresh(func(d *creditbank.Decision) { d.Day++ }), Of: application}},
		"another rule":              {creditbank.ActDecided, creditbank.ActBody{Decision: fresh(func(d *creditbank.Decision) { d.Rule = "Q" }), Of: application}},
		"decided and pending":       {creditbank.ActDecided, creditbank.ActBody{Decision: fresh(func(d *creditbank.Decision) { d.Review, d.Approved, d.Findings = nil, false, pending.Findings })}},
	} {
		h := b.history
		h.Acts = append(slices.Clone(h.Acts), creditbank.Act{Learner: "learner", Seq: b.version() + 1, Kind: act.kind, At: clock, Day: today, By: reviewer, Body: act.body})
		if _, err := creditbank.NewAccount(h); err == nil {
			t.Errorf("%s: the history adds up", name)
		}
	}
	b.review(application, true) // and what a bank does write does
}

// The plan counts on reviewers, and says so.
func TestPlanNamesWhatNeedsAReviewer(t *testing.T) {
	b := cityBook(t, conversion("R", reviewed), conversion("Q", `source: {course: S2}, grant: [{slot: B, credits: "3", grade: carry}]`))
	b.post("S1", "2025-01-01", "80", "")
	b.post("S2", "2025-01-01", "80", "")
	plan, err := b.set.Plan(b.account, "P1", clock, today)
	must(t, err)
	if plan.Credits != 7*creditbank.Credit || !slices.Equal(plan.Steps, []creditbank.RuleID{"Q", "R"}) || !slices.Equal(plan.Reviewed, []creditbank.RuleID{"R"}) {
		t.Errorf("plan %+v; want Q and R for 7.0, R reviewed", plan)
	}
}

// A rule without a reviewer has the hash that it had before there were any:
// decisions on record name it.
func TestRuleHashesStay(t *testing.T) {
	hash := func(body string) string {
		b := cityBook(t, conversion("R", body))
		d, err := b.set.Decide(b.account, "R", clock, today)
		must(t, err)
		return d.RuleHash.String()
	}
	const before = "dab044c773a18fc482d1abc41ee81d3f5ffaaabf2eb280f91d39119ece72f375"
	if got := hash(oneCourse); got != before {
		t.Errorf("the rule has the hash %s, want %s", got, before)
	}
	if hash(reviewed) == before {
		t.Error("with a reviewer it has the same hash")
	}
}
