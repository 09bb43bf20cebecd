package creditbank_test

import (
	"strings"
	"testing"

	"creditbank/creditbank"
)

// heldCity is a city where R1 (S1 → A) and R5 (2 credits of a pool → E) ask for
// a reviewer, and R2, R3 and R4 do not.
func heldCity(t *testing.T) *city {
	t.Helper()
	c := newCity(t)
	c.publish(strings.Replace(cityFiles, "grant: [{slot: A,", "approval: reviewer, grant: [{slot: A,", 1) + reviewedPool)
	return c
}

// ask asks for a rule and returns the act.
func (c *city) ask(l creditbank.LearnerID, r creditbank.RuleID) creditbank.Act {
	c.t.Helper()
	acts, err := c.Convert(c.t.Context(), creditbank.Change{By: operator, Learner: l}, []creditbank.RuleID{r})
	must(c.t, err)
	return acts[0]
}

// ledger checks what stands on an account of the learner's ledger, by the
// history and by what is stored.
func (c *city) ledger(l creditbank.LearnerID, account creditbank.AccountID, want creditbank.Credits) {
	c.t.Helper()
	h, err := c.History(c.t.Context(), l)
	must(c.t, err)
	called, err := h.Movements()
	must(c.t, err)
	stored, err := c.ledgers.Movements(c.t.Context(), l)
	must(c.t, err)
	for name, movements := range map[string][]creditbank.Movement{"the history": called, "the ledger": stored} {
		var sum creditbank.Credits
		for _, m := range movements {
			if m.To == account {
				sum += m.Credits
			}
			if m.From == account {
				sum -= m.Credits
			}
		}
		if sum != want {
			c.t.Errorf("%s: %s by %s, want %s\n%v", account, sum, name, want, movements)
		}
	}
}

func wantReasons(t *testing.T, what string, d *creditbank.Decision, want string) {
	t.Helper()
	if got := creditbank.FormatReasons(d.Reasons()); got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestALotIsNotPromisedTwice(t *testing.T) {
	c := heldCity(t)
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	c.post(l, "O2", "S2", "2025-01-01", "80")
	c.post(l, "O3", "N3", "2025-01-01", "80") // 3 credits
	course, pool := c.ask(l, "R1"), c.ask(l, "R5")
	c.ledger(l, creditbank.HoldAccount(course.Seq), 6*creditbank.Credit)
	c.ledger(l, creditbank.HoldAccount(pool.Seq), 2*creditbank.Credit)
	c.holds(l, "2026-03-15", "FORMAL 2.0, NON_FORMAL 1.0")

	d := c.convert(l, "R2")
	wantReasons(t, "a conversion that wants what is held", d, "OUTCOME_ALREADY_CONSUMED")
	cat := c.Catalogue()
	if got := creditbank.Explain(cat, d)[0]; !strings.Contains(got.EN, "is held by application 6") || !strings.Contains(got.ZH, "由第6项申请占用") {
		t.Errorf("explained as %q %q", got.ZH, got.EN)
	}
	d = c.convert(l, "R3")
	wantReasons(t, "a pool that wants what is held", d, "INSUFFICIENT_POOL")
	if d.Short != 3*creditbank.Credit {
		t.Errorf("short by %s, want 3.0", d.Short)
	}
	c.set("2026-04-01")
	if d := c.review(l, course.Seq, true); !d.Approved {
		t.Errorf("the application itself: %v", d.Reasons())
	}
	if d := c.review(l, pool.Seq, true); !d.Approved {
		t.Errorf("the application itself: %v", d.Reasons())
	}
	for _, p := range []creditbank.Act{course, pool} {
		c.ledger(l, creditbank.HoldAccount(p.Seq), 0)
	}
	c.ledger(l, creditbank.LotAccount(5), creditbank.Credit)
	c.holds(l, "2026-03-20", "FORMAL 2.0, NON_FORMAL 1.0, P1 6.0") // as of its day it is consumed, and held no more
	c.replayAll(l)
}

func TestAPreviewPromisesToo(t *testing.T) {
	c := heldCity(t)
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	c.post(l, "O2", "S2", "2025-01-01", "80")
	ds, err := c.Preview(t.Context(), l, []creditbank.RuleID{"R1", "R2"})
	must(t, err)
	if !ds[0].Pending() {
		t.Errorf("R1 previewed: %v", ds[0].Reasons())
	}
	wantReasons(t, "R2 after R1", ds[1], "OUTCOME_ALREADY_CONSUMED")
	if ds, err = c.Preview(t.Context(), l, []creditbank.RuleID{"R2"}); err != nil || !ds[0].Approved {
		t.Errorf("a preview holds on to what it looked at: %v", err)
	}
}

func TestARejectionLetsGo(t *testing.T) {
	c := heldCity(t)
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	p := c.apply(l)
	c.set("2026-04-01")
	c.review(l, p.Seq, false)
	c.ledger(l, creditbank.HoldAccount(p.Seq), 0)
	c.holds(l, "2026-04-01", "FORMAL 6.0")
	c.holds(l, "2026-03-31", "") // it was held then
	c.apply(l)                   // and may be asked for again
	c.replayAll(l)
}

func TestAHeldSourceIsRevoked(t *testing.T) {
	c := heldCity(t)
	l := c.open(0)
	c.post(l, "O1", "N3", "2025-01-01", "80")
	c.post(l, "O2", "N3", "2025-02-01", "80")
	p := c.ask(l, "R5")
	if got := kinds(c.revoke(l, "O1")); got != "revoked" {
		t.Errorf("revoking what is held: %s", got)
	}
	c.ledger(l, creditbank.HoldAccount(p.Seq), 0)
	c.ledger(l, creditbank.LotAccount(3), 0)
	d := c.review(l, p.Seq, true) // evaluated again: the other lot serves
	if !d.Approved || !d.Uses(4) {
		t.Errorf("reviewed as %v on %v", d.Reasons(), d.Sources)
	}
	c.ledger(l, creditbank.HoldAccount(p.Seq), 0)
	c.replayAll(l)
}

func TestAHeldSourceIsRevised(t *testing.T) {
	for name, tt := range map[string]struct{ score, left, free, reviewed string }{
		"as it was":            {"90", "2.0", "1.0", ""},
		"no longer recognised": {"50", "0.0", "0.0", "INSUFFICIENT_POOL"},
	} {
		t.Run(name, func(t *testing.T) {
			c := heldCity(t)
			l := c.open(0)
			c.post(l, "O1", "N3", "2025-01-01", "80")
			p := c.ask(l, "R5")
			revision := c.revise(l, "O1", "N3", "2025-01-01", tt.score, 2)
			c.ledger(l, creditbank.HoldAccount(p.Seq), credits(t, tt.left))
			c.ledger(l, creditbank.LotAccount(3), 0)
			c.ledger(l, creditbank.LotAccount(revision.Seq), credits(t, tt.free))
			if d := c.convert(l, "R3"); d.Approved {
				t.Error("what is held was promised again once it was revised")
			}
			wantReasons(t, "the review", c.review(l, p.Seq, true), tt.reviewed)
			c.ledger(l, creditbank.HoldAccount(p.Seq), 0)
			c.replayAll(l)
		})
	}
}

// A whole outcome stays held as a whole, however many credits it has now.
func TestAHeldOutcomeIsRevisedToMore(t *testing.T) {
	c := heldCity(t)
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	p := c.apply(l)
	revision := c.revise(l, "O1", "N3", "2025-01-01", "80", 2) // 3 credits instead of 6
	c.ledger(l, creditbank.HoldAccount(p.Seq), 3*creditbank.Credit)
	next := c.revise(l, "O1", "S1", "2025-01-01", "80", 3)
	c.ledger(l, creditbank.HoldAccount(p.Seq), 6*creditbank.Credit)
	c.ledger(l, creditbank.LotAccount(revision.Seq), 0)
	c.ledger(l, creditbank.LotAccount(next.Seq), 0)
	if d := c.review(l, p.Seq, true); !d.Approved {
		t.Errorf("reviewed as %v", d.Reasons())
	}
	c.replayAll(l)
}

// What an application holds is not what a conversion falls back on when its own
// source is revised.
func TestReconsideringLeavesAloneWhatIsHeld(t *testing.T) {
	c := heldCity(t)
	l := c.open(0)
	c.post(l, "O1", "S2", "2025-01-01", "80")
	c.post(l, "O2", "S1", "2025-01-01", "80")
	c.post(l, "O3", "S1", "2025-01-02", "80")
	if d := c.convert(l, "R2"); !d.Approved || d.Uses(5) {
		t.Fatalf("R2: %v %v", d.Reasons(), d.Sources)
	}
	p := c.apply(l) // holds O3
	c.revise(l, "O2", "S1", "2025-01-01", "50", 2)
	c.holds(l, "2026-03-15", "FORMAL 2.0") // R2 is reversed: O1 is back, O3 held
	if d := c.review(l, p.Seq, true); !d.Approved {
		t.Errorf("the application: %v", d.Reasons())
	}
	c.replayAll(l)
}

// An application put on record before there were holds holds nothing, and its
// history adds up and replays as it did.
func TestApplicationsOfOldHoldNothing(t *testing.T) {
	c := heldCity(t)
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	c.post(l, "O2", "S2", "2025-01-01", "80")
	ds, err := c.Preview(t.Context(), l, []creditbank.RuleID{"R1"})
	must(t, err)
	body := creditbank.ActBody{Decision: ds[0]}
	if got := string(body.Encode()); strings.Contains(got, "holds") {
		t.Errorf("encoded otherwise than it was: %s", got)
	}
	c.append(l, creditbank.Act{Kind: creditbank.ActApplied, Body: body})
	a, err := c.Account(t.Context(), l)
	must(t, err)
	if len(a.Applications) != 1 || a.Lots[0].InUse() {
		t.Fatalf("an application of old holds what it would consume")
	}
	if d := c.convert(l, "R2"); !d.Approved {
		t.Errorf("R2: %v", d.Reasons())
	}
	wantReasons(t, "the review", c.review(l, a.Applications[0].Seq, true), "OUTCOME_ALREADY_CONSUMED")
	c.replayAll(l)
}

func credits(t *testing.T, s string) creditbank.Credits {
	t.Helper()
	c, err := creditbank.ParseCredits(s)
	must(t, err)
	return c
}

// append puts an act on record as a program of old did.
func (c *city) append(l creditbank.LearnerID, act creditbank.Act) {
	c.t.Helper()
	a, err := c.Account(c.t.Context(), l)
	must(c.t, err)
	act.Learner, act.Seq, act.At, act.Day, act.By = l, a.Version+1, c.clock().UTC(), c.Today(), operator
	feed, err := creditbank.NewFeedID(act.At, strings.NewReader(strings.Repeat("x", 64)))
	must(c.t, err)
	taken, err := c.store.Append(c.t.Context(), creditbank.Feed{ID: feed, At: act.At}, []creditbank.Write{{
		Learner: l, Base: a.Version, Frozen: a.Frozen, Totals: a.Totals, Acts: []creditbank.Act{act},
	}})
	must(c.t, err)
	if !taken[0] {
		c.t.Fatal("the act was not taken")
	}
}
