package creditbank_test

import (
	"cmp"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"creditbank/creditbank"
)

// Random chains: whatever is posted, carried on, conferred, revoked, revised and
// decided, at no version does a conversion stand on what does not, no account
// goes below zero, and each decision replays.
func TestRandomChains(t *testing.T) {
	c, _ := chainCity(t)
	n, reversed, opened, settled := 0, 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		c.set("2026-03-15")
		l := c.stranger(n)
		for _, p := range []creditbank.ProgrammeID{"P2", "P3"} {
			must(t, c.Enrol(t.Context(), creditbank.Change{By: operator, Learner: l}, p))
		}
		live := &chainLife{life{city: c, rt: rt, learner: l, newest: map[string]int{}}}
		for i, course := range []string{"S1", "S2", "N3", "N3", "N3", "S1"} { // something to begin with
			id := fmt.Sprintf("O%d", i)
			c.post(l, id, course, "2025-01-01", "80")
			live.newest[id] = 1
		}
		for range rapid.IntRange(5, 40).Draw(rt, "steps") {
			live.step()
		}
		live.check()
		a, err := c.Account(t.Context(), l)
		must(t, err)
		for _, conversion := range a.Conversions {
			if !conversion.Stands() {
				reversed++
			}
		}
		for _, k := range a.Cases {
			opened++
			if a.CaseState(k) == creditbank.CaseMoot {
				settled++
			}
		}
		live.checkReplays()
	})
	if reversed == 0 || opened == 0 {
		t.Errorf("%d reversals, %d cases: nothing was tried", reversed, opened)
	}
	t.Logf("%d lives, %d reversals, %d cases of which %d came to nothing", n, reversed, opened, settled)
}

// A chainLife is one learner's random history in three programmes.
type chainLife struct{ life }

func (v *chainLife) step() {
	change, ctx := creditbank.Change{By: operator, Learner: v.learner}, v.t.Context()
	var err error
	switch rapid.SampledFrom([]string{"post", "convert", "convert", "convert", "convert", "award", "withdraw", "case", "revise", "revise", "revoke"}).Draw(v.rt, "step") {
	case "post":
		id := fmt.Sprintf("O%d", len(v.newest))
		v.newest[id] = 1
		_, err = v.poster.Post(ctx, operator, v.likely(id, 1), "")
	case "revise":
		id := fmt.Sprintf("O%d", rapid.IntRange(0, max(0, len(v.newest)-1)).Draw(v.rt, "id"))
		if _, err = v.Revise(ctx, operator, v.likely(id, v.newest[id]+1), ""); err == nil {
			v.newest[id]++
		}
	case "revoke":
		id := fmt.Sprintf("O%d", rapid.IntRange(0, max(0, len(v.newest)-1)).Draw(v.rt, "id"))
		_, err = v.Revoke(ctx, change, creditbank.Revoking{Institution: "I01", ExternalID: id})
	case "convert":
		rules := []string{"R1", "R1", "R2", "R3", "R4", "R11", "R11", "R12", "R13", "R14", "R15", "R16", "R17", "R18"}
		_, err = v.Convert(ctx, change, []creditbank.RuleID{creditbank.RuleID(rapid.SampledFrom(rules).Draw(v.rt, "rule"))})
	case "award":
		err = v.award(change)
	case "withdraw":
		err = v.withdrawSome(change)
	case "case":
		err = v.decideSome(change)
	}
	if err != nil && !errors.Is(err, creditbank.ErrNotFound) && !errors.Is(err, creditbank.ErrConflict) && !errors.Is(err, creditbank.ErrInvalid) {
		v.rt.Fatal(err)
	}
	v.check()
}

// likely draws a posting that is mostly good for something, and mostly of the
// course that its id had at first.
func (v *chainLife) likely(id string, revision int) creditbank.Posting {
	courses := map[string]string{"O0": "S1", "O1": "S2", "O5": "S1"}
	course := cmp.Or(courses[id], "N3")
	if rapid.IntRange(0, 9).Draw(v.rt, "moves") == 0 {
		course = rapid.SampledFrom([]string{"S1", "S2", "N3"}).Draw(v.rt, "course")
	}
	p := v.posting(v.learner, id, course, fmt.Sprintf("2025-01-%02d", rapid.IntRange(1, 28).Draw(v.rt, "day")),
		rapid.SampledFrom([]string{"50", "65", "72", "80", "95", "良好", ""}).Draw(v.rt, "score"))
	p.Revision = revision
	return p
}

// check checks the account as it is now.
func (v *chainLife) check() {
	h, err := v.History(v.t.Context(), v.learner)
	if err != nil {
		v.rt.Fatal(err)
	}
	a, err := creditbank.NewAccount(h)
	if err != nil {
		v.rt.Fatalf("the account does not add up: %v", err)
	}
	if fault := unsound(h, a); fault != "" {
		v.rt.Fatal(fault)
	}
	held := map[string]creditbank.Credits{} // of each outcome, by any revision
	for _, c := range a.Conversions {
		for _, s := range c.Decision.Sources {
			if lot := a.Lot(s.Lot); c.Stands() && lot != nil {
				held[lot.ExternalID] += s.Credits
			}
		}
	}
	for _, lot := range a.Lots {
		if lot.Current() && lot.RevokedOn == 0 && lot.Available(20260315) > 0 && held[lot.ExternalID]+lot.Available(20260315) > lot.Credits {
			v.rt.Fatalf("outcome %s of %v credits: %v are held, and %v available", lot.ExternalID, lot.Credits, held[lot.ExternalID], lot.Available(20260315))
		}
	}
}

// award confers a diploma, stating whatever is missing as own study.
func (v *chainLife) award(change creditbank.Change) error {
	a, err := v.Account(v.t.Context(), v.learner)
	if err != nil {
		return err
	}
	p, _ := v.Catalogue().Rules.Programme(creditbank.ProgrammeID(rapid.SampledFrom([]string{"P1", "P2", "P3"}).Draw(v.rt, "programme")))
	own := []creditbank.OwnStudy{{Credits: p.Credits}}
	for _, s := range p.Slots {
		left := s.Credits
		for _, h := range a.HeldLines(p.ID, s.ID) {
			if h.ReversedOn == 0 {
				left -= h.Credits
			}
		}
		if left > 0 {
			own = append(own, creditbank.OwnStudy{Credits: left, Slot: s.ID})
		}
	}
	_, err = v.Confer(v.t.Context(), change, creditbank.Awarding{Kind: creditbank.AwardDiploma, Programme: p.ID, Own: own})
	return err
}

func (v *chainLife) withdrawSome(change creditbank.Change) error {
	a, err := v.Account(v.t.Context(), v.learner)
	if err != nil || len(a.Awards) == 0 {
		return err
	}
	_, err = v.WithdrawAward(v.t.Context(), change, rapid.SampledFrom(a.Awards).Draw(v.rt, "award").Seq, "误授")
	return err
}

func (v *chainLife) decideSome(change creditbank.Change) error {
	a, err := v.Account(v.t.Context(), v.learner)
	if err != nil || len(a.Cases) == 0 {
		return err
	}
	change.By = registrar
	_, err = v.DecideCase(v.t.Context(), change, rapid.SampledFrom(a.Cases).Draw(v.rt, "case").Seq, creditbank.CaseRuling{Uphold: rapid.Bool().Draw(v.rt, "uphold"), Reason: "x"})
	return err
}
