package creditbank_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/storetest"
)

// poolCity is a city where a learner has applied for R6, with everything that the
// life of an application has, which asks for 2 credits of a pool of 3; R5 asks for as
// many with one reviewer.
func poolCity(t *testing.T) (*city, creditbank.LearnerID, int64) {
	t.Helper()
	c := newCity(t)
	c.publish(cityFiles + reviewedPool + shownPool)
	l := c.open(0)
	c.post(l, "O1", "N3", "2025-01-01", "80")
	return c, l, c.ask(l, "R6").Seq
}

// held checks what an application holds, and that the history adds up to it.
func (c *city) held(what string, l creditbank.LearnerID, application int64, want creditbank.Credits) {
	c.t.Helper()
	var sum creditbank.Credits
	for _, lot := range c.account(l).Lots {
		sum += lot.Held(20991231)
	}
	if sum != want {
		c.t.Errorf("%s: %s held, want %s", what, sum, want)
	}
	c.ledger(l, creditbank.HoldAccount(application), want)
	c.replayAll(l)
}

// lastly does what must be done and is of no further interest.
func (c *city) lastly(_ creditbank.Act, err error) { c.t.Helper(); must(c.t, err) }

// An application holds its sources while it is open, wherever it stands, and lets go
// of them however it ends.
func TestHoldsThroughALife(t *testing.T) {
	const two = 2 * creditbank.Credit
	giveBack := func(c *city, l creditbank.LearnerID, seq int64) {
		c.lastly(c.Return(c.t.Context(), acting("r1", l), seq, creditbank.Returning{Reason: "缺材料"}))
	}
	show := func(c *city, l creditbank.LearnerID, seq int64) { c.vote(l, seq, 1, "yyy") }
	type steps []struct {
		name string
		do   func(*city, creditbank.LearnerID, int64)
		held creditbank.Credits
	}
	for name, steps := range map[string]steps{
		"approved": {
			{"returned", giveBack, two},
			{"supplemented", func(c *city, l creditbank.LearnerID, seq int64) {
				c.lastly(c.Supplement(c.t.Context(), acting(operator.ID, l), seq, creditbank.Supplement{Text: "附"}))
			}, two},
			{"shown", show, two},
			{"an objection upheld", func(c *city, l creditbank.LearnerID, seq int64) {
				o, err := c.ObjectTo(c.t.Context(), acting("x", l), seq, "异议")
				must(c.t, err)
				c.lastly(c.Answer(c.t.Context(), acting("r1", l), seq, creditbank.Answer{Objection: o.Seq, Uphold: true, Text: "重审"}))
			}, two},
			{"shown again", show, two},
			{"in effect", func(c *city, _ creditbank.LearnerID, _ int64) { c.set("2026-03-19"); c.once(1) }, 0},
		},
		"withdrawn": {{"withdrawn", func(c *city, l creditbank.LearnerID, seq int64) {
			c.lastly(c.Retract(c.t.Context(), acting(operator.ID, l), seq, ""))
		}, 0}},
		"withdrawn while it is shown": {{"shown", show, two}, {"withdrawn", func(c *city, l creditbank.LearnerID, seq int64) {
			c.lastly(c.Retract(c.t.Context(), acting(operator.ID, l), seq, ""))
		}, 0}},
		"lapsed":  {{"returned", giveBack, two}, {"lapsed", func(c *city, _ creditbank.LearnerID, _ int64) { c.set("2026-03-21"); c.once(1) }, 0}},
		"refused": {{"refused", func(c *city, l creditbank.LearnerID, seq int64) { c.vote(l, seq, 1, "nnn") }, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			c, l, seq := poolCity(t)
			c.held("applied", l, seq, two)
			for _, s := range steps {
				s.do(c, l, seq)
				c.held(s.name, l, seq, s.held)
				if s.held > 0 {
					wantReasons(t, s.name+": the same lot for another", c.convert(l, "R3"), "INSUFFICIENT_POOL")
				}
			}
			state, want := c.application(l, seq).State, creditbank.ApplicationState(strings.Fields(name)[0])
			if want == "approved" {
				want = creditbank.StateEffective
			} else if want == "refused" {
				want = creditbank.StateDenied
			}
			if state != want {
				t.Errorf("it ends as %s, want %s", state, want)
			}
			left := map[bool]string{true: "NON_FORMAL 1.0, P1 2.0", false: "NON_FORMAL 3.0"}[state == creditbank.StateEffective]
			c.holds(l, c.Today().String(), left)
			c.ledger(l, creditbank.LotAccount(c.account(l).Lots[0].Seq), map[bool]creditbank.Credits{true: 100, false: 300}[state == creditbank.StateEffective])
		})
	}
}

// From the day of the application on what took effect was consumed, and not held as
// well; what was refused was held until then.
func TestDaysThatAHoldCounts(t *testing.T) {
	c, l, seq := poolCity(t)
	c.set("2026-03-16")
	c.vote(l, seq, 1, "nnn")
	c.set("2026-03-18")
	c.lastly(c.Appeal(t.Context(), acting(operator.ID, l), seq, "不服"))
	for date, want := range map[string]string{"2026-03-14": "NON_FORMAL 3.0", "2026-03-15": "NON_FORMAL 1.0", "2026-03-16": "NON_FORMAL 3.0", "2026-03-17": "NON_FORMAL 3.0", "2026-03-18": "NON_FORMAL 1.0"} {
		c.holds(l, date, want)
	}
	c.vote(l, seq, 4, "yyy")
	c.set("2026-03-22")
	if s := c.due(100); s.Done != 1 {
		t.Errorf("due: %+v", s)
	}
	for _, date := range []string{"2026-03-15", "2026-03-17", "2026-03-20"} {
		c.holds(l, date, "NON_FORMAL 1.0, P1 2.0")
	}
	c.held("in effect", l, seq, 0)
}

// An appeal holds what is there again, and is decided on what is there.
func TestAppealHoldsAnew(t *testing.T) {
	t.Run("what is there", func(t *testing.T) {
		c, l, seq := poolCity(t)
		c.vote(l, seq, 1, "nnn")
		c.lastly(c.Appeal(t.Context(), acting(operator.ID, l), seq, "不服"))
		c.held("appealed", l, seq, 2*creditbank.Credit)
		wantReasons(t, "another", c.convert(l, "R3"), "INSUFFICIENT_POOL")
		if act := c.vote(l, seq, 4, "yyy"); act.Kind != creditbank.ActResolved {
			t.Errorf("the appeal brought %s", act.Kind)
		}
	})
	t.Run("what others have by then", func(t *testing.T) {
		c, l, seq := poolCity(t)
		c.vote(l, seq, 1, "nnn")
		other := c.ask(l, "R5").Seq
		c.lastly(c.Appeal(t.Context(), acting(operator.ID, l), seq, "不服"))
		c.ledger(l, creditbank.HoldAccount(seq), 0)
		act := c.vote(l, seq, 4, "yyy")
		wantReasons(t, "the appeal", act.Body.Decision, "INSUFFICIENT_POOL")
		c.held("the other stays", l, other, 2*creditbank.Credit)
		if d := c.review(l, other, true); !d.Approved {
			t.Errorf("the other: %v", d.Reasons())
		}
	})
	t.Run("nothing", func(t *testing.T) {
		c, l, seq := poolCity(t)
		c.vote(l, seq, 1, "nnn")
		c.revoke(l, "O1")
		c.lastly(c.Appeal(t.Context(), acting(operator.ID, l), seq, "不服"))
		c.held("appealed", l, seq, 0)
		act := c.vote(l, seq, 4, "yyy")
		wantReasons(t, "the appeal", act.Body.Decision, "INSUFFICIENT_POOL")
	})
}

// A supplement, and the approval that is shown, hold what they would consume by then.
func TestHoldsAreWorkedOutAnew(t *testing.T) {
	c, l, seq := poolCity(t)
	ctx := t.Context()
	old := c.account(l).Lots[0].Seq
	c.lastly(c.Return(ctx, acting("r1", l), seq, creditbank.Returning{Reason: "缺材料"}))
	sooner := c.post(l, "O2", "N3", "2023-01-01", "80").Seq // expires earlier, and is taken first
	wantHeld := func(what string, lots map[int64]creditbank.Credits) {
		t.Helper()
		for _, lot := range c.account(l).Lots {
			if got := lot.Held(20991231); got != lots[lot.Seq] {
				t.Errorf("%s: %s of lot %d is held, want %s", what, got, lot.Seq, lots[lot.Seq])
			}
		}
		c.held(what, l, seq, 2*creditbank.Credit)
	}
	wantHeld("returned", map[int64]creditbank.Credits{old: 200})
	must(t, c.Freeze(ctx, acting(operator.ID, l), ""))
	c.lastly(c.Supplement(ctx, acting(operator.ID, l), seq, creditbank.Supplement{Text: "附"}))
	wantHeld("supplemented while nothing can be approved", map[int64]creditbank.Credits{old: 200})
	must(t, c.Unfreeze(ctx, acting(operator.ID, l), ""))
	c.lastly(c.Return(ctx, acting("r1", l), seq, creditbank.Returning{Reason: "缺材料"}))
	c.lastly(c.Supplement(ctx, acting(operator.ID, l), seq, creditbank.Supplement{Text: "附"}))
	wantHeld("supplemented", map[int64]creditbank.Credits{sooner: 200})
	soonest := c.post(l, "O3", "N3", "2022-01-01", "80").Seq
	c.vote(l, seq, 1, "yyy")
	wantHeld("shown", map[int64]creditbank.Credits{soonest: 200})
	c.set("2026-03-19")
	c.due(100)
	if d := c.account(l).Conversions[0].Decision; !d.Uses(soonest) {
		t.Errorf("it consumes %v", d.Sources)
	}
}

// A source that is revoked while its approval is shown leaves the hold. Another
// serves, or the approval comes to nothing.
func TestRevokedWhileItIsShown(t *testing.T) {
	for name, tt := range map[string]struct {
		another bool
		state   creditbank.ApplicationState
	}{"another serves": {true, creditbank.StateEffective}, "nothing does": {false, creditbank.StateDenied}} {
		t.Run(name, func(t *testing.T) {
			c, l, seq := poolCity(t)
			c.vote(l, seq, 1, "yyy")
			if got := kinds(c.revoke(l, "O1")); got != "revoked" {
				t.Errorf("revoked as %s", got)
			}
			c.held("revoked", l, seq, 0)
			if tt.another {
				c.post(l, "O2", "N3", "2025-01-02", "80")
			}
			c.set("2026-03-19")
			c.due(1)
			if p := c.application(l, seq); p.State != tt.state || tt.state == creditbank.StateDenied && !p.Appealable(c.Today()) {
				t.Errorf("it is %s, to be appealed by %s", p.State, p.Due)
			}
			c.held("in effect", l, seq, 0)
		})
	}
}

// due sweeps what is due of applications, in batches.
func (c *city) due(batch int) creditbank.Swept {
	c.t.Helper()
	done, err := creditbank.NewSweeper(creditbank.SweeperConfig{Jobs: c.Jobs(), Batch: batch}).Once(c.t.Context())
	must(c.t, err)
	return done[creditbank.JobApplications]
}

// The sweep does what is due of every application, once, in batches of any size; one
// that has to wait holds up none behind it.
func TestSweepOfApplications(t *testing.T) {
	for _, batch := range []int{1, 2, 3, 100} {
		t.Run(fmt.Sprint("batches of ", batch), func(t *testing.T) {
			c := newCity(t)
			c.publish(cityFiles + shownPool + strings.NewReplacer("R6", "R7", `credits: "2"`, `credits: "1"`).Replace(shownPool))
			c.Bank = c.bankUnder(creditbank.RulePolicy{})
			var ls []creditbank.LearnerID
			var seqs []int64
			for n := range 6 {
				l := c.stranger(n)
				c.post(l, "O1", "N3", "2025-01-01", "80")
				rule := creditbank.RuleID("R6")
				if n%3 == 2 {
					rule = "R7"
				}
				ls, seqs = append(ls, l), append(seqs, c.ask(l, rule).Seq)
				if n == 0 {
					c.lastly(c.Return(t.Context(), acting("r1", l), seqs[n], creditbank.Returning{Reason: "缺材料", Within: term(t, "P2D")}))
				} else {
					c.vote(l, seqs[n], 1, "yyy")
				}
			}
			c.set("2026-03-18")
			if s := c.due(batch); s.Done != 1 || s.Behind != 0 {
				t.Errorf("swept before the end of publicity: %+v", s)
			}
			c.suspend(creditbank.RuleTarget{Rule: "R7"})
			c.set("2026-03-19")
			if s := c.due(batch); s.Done != 3 || s.More || s.Looked != 5 {
				t.Errorf("swept: %+v, want 3 of 5", s)
			}
			if s := c.due(batch); s.Done != 0 || s.Looked != 2 {
				t.Errorf("swept again: %+v", s)
			}
			for n, l := range ls {
				want := creditbank.StateEffective
				if n == 0 {
					want = creditbank.StateLapsed
				} else if n%3 == 2 {
					want = creditbank.StatePublicity
				}
				if p := c.application(l, seqs[n]); p.State != want {
					t.Errorf("application %d is %s, want %s", n, p.State, want)
				}
			}
			h, err := c.History(t.Context(), ls[1])
			must(t, err)
			if last := h.Acts[len(h.Acts)-1]; last.By.ID != "system:sweep" {
				t.Errorf("it took effect by %s", last.By.ID)
			}
		})
	}
}

// What expires by itself and what is recognised anew are told in words, too.
func TestNoticesOfExpiryAndRecognition(t *testing.T) {
	c := newCity(t)
	c.publishPassMark("60")
	l := c.open(0)
	c.post(l, "O1", "N3", "2022-01-10", "80")
	c.post(l, "O2", "S1", "2025-01-10", "50")
	p := c.ask(l, "R5")
	c.publishPassMark("40")
	if got := len(c.anew(creditbank.Rerecognition{Reasons: []creditbank.Reason{creditbank.GradeBelowPass}}, 10)); got != 1 {
		t.Fatalf("%d are recognised anew", got)
	}
	c.set("2027-02-01")
	c.review(l, p.Seq, false)
	c.expire(l)
	inbox, err := c.Inbox(t.Context(), l, 0, 100)
	must(t, err)
	told := map[string]creditbank.Notice{}
	for _, n := range inbox.Notices {
		told[n.Kind] = n
	}
	for kind, want := range map[string]struct{ zh, en, detail string }{
		"expired":    {"“社区课 N3”成果剩余的", "has expired: ", "可用至2027-01-10"},
		"recognised": {"“甲课 S1”的成果按新规则重新认定：认定6.0学分", "recognised as 6.0 credits", ""},
		"applied":    {"转换申请已提交", "with a reviewer", "为本申请占用2.0学分"},
		"decided":    {"转换未获批准", "denied", "为本申请占用的学分已释放"},
	} {
		n := told[kind]
		if !strings.Contains(n.Text.ZH, want.zh) || !strings.Contains(n.Text.EN, want.en) || !strings.Contains(fmt.Sprint(n.Details), want.detail) {
			t.Errorf("%s: %+v %v", kind, n.Text, n.Details)
		}
	}
}

// An application that fails is told, holds up none behind it, and is done by the next
// round. What a frozen account waits for does not fail.
func TestSweepGoesOn(t *testing.T) {
	for _, batch := range []int{1, 100} {
		t.Run(fmt.Sprint("batches of ", batch), func(t *testing.T) {
			c := newCity(t)
			c.publish(cityFiles + shownPool)
			for n := range 4 {
				l := c.stranger(n)
				c.post(l, "O1", "N3", "2025-01-01", "80")
				c.vote(l, c.ask(l, "R6").Seq, 1, "yyy")
				if n == 3 {
					must(t, c.Freeze(t.Context(), acting(operator.ID, l), ""))
				}
			}
			c.set("2026-03-20")
			sweeper := creditbank.NewSweeper(creditbank.SweeperConfig{Jobs: c.Jobs(), Batch: batch})
			c.store.Fail(storetest.MethodAppend, storetest.BeforeCommit)
			done, err := sweeper.Once(t.Context())
			if s := done[creditbank.JobApplications]; !errors.Is(err, storetest.ErrInjected) || s.Done != 2 || s.Behind < 24*time.Hour {
				t.Errorf("one fails: %+v, %v", s, err)
			}
			done, err = sweeper.Once(t.Context())
			if s := done[creditbank.JobApplications]; err != nil || s.Done != 1 || s.Looked != 1 || s.Behind != 0 {
				t.Errorf("the next round: %+v, %v", s, err)
			}
		})
	}
}

// An appeal holds a lot that has expired since the day of the application: it is
// decided as of that day.
func TestAppealHoldsWhatHasExpired(t *testing.T) {
	c := newCity(t)
	c.publish(cityFiles + shownPool)
	l := c.open(0)
	c.set("2026-12-30")
	lot := c.post(l, "O1", "N3", "2022-01-05", "80").Seq // usable through 5 January 2027
	seq := c.ask(l, "R6").Seq
	c.set("2027-01-07")
	c.vote(l, seq, 1, "nnn")
	c.expire(l)
	c.ledger(l, creditbank.AccountExpired, 3*creditbank.Credit)
	c.lastly(c.Appeal(t.Context(), acting(operator.ID, l), seq, "不服"))
	c.ledger(l, creditbank.AccountExpired, creditbank.Credit)
	c.ledger(l, creditbank.LotAccount(lot), 0)
	c.held("appealed", l, seq, 2*creditbank.Credit)
	c.lastly(c.Retract(t.Context(), acting(operator.ID, l), seq, ""))
	c.ledger(l, creditbank.AccountExpired, 3*creditbank.Credit)
	c.held("withdrawn", l, seq, 0)
}
