package creditbank_test

import (
	"sync"
	"testing"

	"creditbank/creditbank"
)

func (c *city) expire(l creditbank.LearnerID) []creditbank.Act {
	c.t.Helper()
	acts, err := c.Expire(c.t.Context(), l)
	must(c.t, err)
	return acts
}

func TestExpiryIsPostedOnce(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	lot := c.post(l, "O1", "N3", "2022-01-10", "80").Seq
	c.set("2027-01-10") // the last day
	if acts := c.expire(l); acts != nil {
		t.Errorf("on its last day: %v", acts)
	}
	c.set("2027-02-01")
	c.holds(l, "2027-01-11", "") // before anybody has swept
	acts := c.expire(l)
	if kinds(acts) != "expired" || acts[0].Day != 20270111 || acts[0].Body.Credits != 3*creditbank.Credit || acts[0].Body.Of != lot {
		t.Errorf("expired as %+v", acts)
	}
	if again := c.expire(l); again != nil {
		t.Errorf("swept again: %v", again)
	}
	c.holds(l, "2027-01-10", "NON_FORMAL 3.0")
	c.holds(l, "2027-01-11", "")
	c.ledger(l, creditbank.AccountExpired, 3*creditbank.Credit)
	c.ledger(l, creditbank.LotAccount(lot), 0)
}

func TestSweepersRace(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	c.post(l, "O1", "N3", "2022-01-10", "80")
	c.post(l, "O2", "N3", "2022-01-11", "80")
	c.set("2027-02-01")
	var wait sync.WaitGroup
	done := make([]int, 8)
	for i := range done {
		wait.Go(func() {
			acts, err := c.Expire(t.Context(), l)
			if err != nil {
				t.Error(err)
			}
			done[i] = len(acts)
		})
	}
	wait.Wait()
	sum := 0
	for _, n := range done {
		sum += n
	}
	if sum != 2 {
		t.Errorf("%v acts, want 2 in all", done)
	}
	c.ledger(l, creditbank.AccountExpired, 6*creditbank.Credit)
}

func TestCreditsThatComeBackExpire(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	used := c.post(l, "O1", "N3", "2022-01-10", "80").Seq
	other := c.post(l, "O2", "N3", "2025-01-10", "80").Seq
	if d := c.convert(l, "R3"); !d.Approved { // 3 of the one, 1 of the other
		t.Fatal(d.Reasons())
	}
	c.set("2027-02-01")
	if acts := c.expire(l); acts != nil {
		t.Errorf("what is used has expired: %v", acts)
	}
	acts := c.revoke(l, "O2")
	if kinds(acts) != "reversed revoked expired" || acts[2].Body.Of != used || acts[2].Day != 20270201 {
		t.Errorf("revoked as %s: %+v", kinds(acts), acts[len(acts)-1])
	}
	c.ledger(l, creditbank.AccountExpired, 3*creditbank.Credit)
	c.ledger(l, creditbank.LotAccount(used), 0)
	c.ledger(l, creditbank.LotAccount(other), 0)
	if acts := c.expire(l); acts != nil {
		t.Errorf("expired twice: %v", acts)
	}
	c.replayAll(l)
}

func TestWhatIsHeldExpiresWhenItIsLetGo(t *testing.T) {
	for name, tt := range map[string]struct {
		approve bool
		expired creditbank.Credits
	}{"approved": {true, creditbank.Credit}, "rejected": {false, 3 * creditbank.Credit}} {
		t.Run(name, func(t *testing.T) {
			c := heldCity(t)
			l := c.open(0)
			lot := c.post(l, "O1", "N3", "2022-01-10", "80").Seq
			p := c.ask(l, "R5") // holds 2 of 3
			c.set("2027-02-01")
			c.expire(l)
			c.ledger(l, creditbank.AccountExpired, creditbank.Credit)
			d := c.review(l, p.Seq, tt.approve)
			if d.Approved != tt.approve {
				t.Errorf("reviewed as %v", d.Reasons())
			}
			c.ledger(l, creditbank.AccountExpired, tt.expired)
			c.ledger(l, creditbank.LotAccount(lot), 0)
			c.ledger(l, creditbank.HoldAccount(p.Seq), 0)
			if acts := c.expire(l); acts != nil {
				t.Errorf("swept again: %v", acts)
			}
			c.replayAll(l)
		})
	}
}

func TestRevocationAfterExpiry(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	lot := c.post(l, "O1", "N3", "2022-01-10", "80").Seq
	c.set("2027-02-01")
	c.expire(l)
	if got := kinds(c.revoke(l, "O1")); got != "revoked" {
		t.Errorf("revoked as %s", got)
	}
	for _, account := range []creditbank.AccountID{creditbank.AccountExpired, creditbank.LotAccount(lot), creditbank.IssuerAccount("I01")} {
		c.ledger(l, account, 0)
	}
}

func TestRevisionAfterExpiry(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	c.post(l, "O1", "N3", "2022-01-10", "80")
	c.set("2027-02-01")
	c.expire(l)
	still := c.revise(l, "O1", "N3", "2022-01-20", "80", 2).Seq // has expired too
	c.ledger(l, creditbank.AccountExpired, 3*creditbank.Credit)
	c.ledger(l, creditbank.LotAccount(still), 0)
	again := c.revise(l, "O1", "N3", "2024-01-20", "80", 3).Seq // and has not after all
	c.ledger(l, creditbank.AccountExpired, 0)
	c.ledger(l, creditbank.LotAccount(again), 3*creditbank.Credit)
	c.holds(l, "2027-02-01", "NON_FORMAL 3.0")
}

// An outcome may have expired before it is posted.
func TestExpiredOnArrival(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	lot := c.post(l, "O1", "N3", "2018-01-10", "80").Seq
	c.post(l, "O2", "N3", "2025-01-10", "80")
	c.ledger(l, creditbank.AccountExpired, 3*creditbank.Credit)
	c.ledger(l, creditbank.LotAccount(lot), 0)
	c.holds(l, "2026-03-15", "NON_FORMAL 3.0")
	c.holds(l, "2020-03-15", "NON_FORMAL 3.0")
	if acts := c.expire(l); acts != nil {
		t.Errorf("swept again: %v", acts)
	}
}

// A conversion that is evaluated again as of its day decides as if nobody had
// swept since.
func TestNoDecisionDependsOnTheSweep(t *testing.T) {
	for name, swept := range map[string]bool{"swept": true, "not swept": false} {
		t.Run(name, func(t *testing.T) {
			c := newCity(t)
			l := c.open(0)
			c.post(l, "O1", "N3", "2022-01-10", "80")
			c.post(l, "O2", "N3", "2022-02-10", "80")
			c.post(l, "O3", "N3", "2022-03-10", "80")
			if d := c.convert(l, "R3"); !d.Approved { // 3 of the first, 1 of the second
				t.Fatal(d.Reasons())
			}
			c.set("2027-06-01")
			if swept {
				c.expire(l)
				c.ledger(l, creditbank.AccountExpired, 5*creditbank.Credit)
			}
			c.revise(l, "O1", "N3", "2022-01-10", "50", 2)
			c.holds(l, "2027-06-01", "P1 4.0") // relinked to the second and a part of the third
			c.expire(l)
			c.ledger(l, creditbank.AccountExpired, 2*creditbank.Credit)
			c.revoke(l, "O2") // what was taken of the third comes back, and expires again
			c.ledger(l, creditbank.AccountExpired, 3*creditbank.Credit)
			c.ledger(l, creditbank.LotAccount(5), 0)
			c.replayAll(l)
		})
	}
}
