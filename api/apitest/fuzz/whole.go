package fuzz

import (
	"fmt"
	"slices"

	"creditbank/creditbank"
)

// whole reports what does not add up in the bank: what `creditbank doctor` looks
// at in the accounts.
func (s *scene) whole() {
	sums := map[creditbank.Category]creditbank.Credits{}
	var accounts, decisions int
	for after := creditbank.LearnerID(""); ; {
		ids, err := s.ledger.Learners(s.t.Context(), after, 100)
		must(s.t, err)
		for _, id := range ids {
			after = id
			accounts++
			n, err := s.account(id, sums)
			decisions += n
			if err != nil {
				s.t.Errorf("account %s: %v", id, err)
			}
		}
		if len(ids) < 100 {
			break
		}
	}
	for c, sum := range sums {
		if sum != 0 {
			s.t.Errorf("all accounts of %s sum to %s, not to zero", c, sum)
		}
	}
	s.t.Logf("%d accounts and %d decisions add up", accounts, decisions)
}

// account examines one account, adds its transfers to sums, and returns how many
// decisions were reached again.
func (s *scene) account(id creditbank.LearnerID, sums map[creditbank.Category]creditbank.Credits) (int, error) {
	ctx := s.t.Context()
	h, err := s.ledger.History(ctx, id)
	if err != nil {
		return 0, err
	}
	a, err := creditbank.NewAccount(h)
	if err != nil {
		return 0, err
	}
	heads, err := s.ledger.Heads(ctx, []creditbank.OutcomeKey{{Learner: id, Institution: "-", ExternalID: "-", Revision: 1}})
	if err != nil {
		return 0, err
	}
	if head := heads[0]; !head.Known || head.Version != a.Version || head.Frozen != a.Frozen || !head.Totals.Equal(a.Totals) {
		return 0, fmt.Errorf("kept for the next posting is version %d, totals %q; its rows make version %d, totals %q", head.Version, head.Totals, a.Version, a.Totals)
	}
	stored, err := s.ledger.Movements(ctx, id)
	if err != nil {
		return 0, err
	}
	derived, err := h.Movements()
	if err != nil {
		return 0, err
	}
	if !slices.Equal(stored, derived) {
		return 0, fmt.Errorf("%d transfers are stored, which are not the %d that its rows call for", len(stored), len(derived))
	}
	for _, m := range stored {
		sums[m.Category] -= m.Credits // from
		sums[m.Category] += m.Credits // to
	}
	if err := lots(a, stored); err != nil {
		return 0, err
	}
	n := 0
	for _, act := range h.Acts {
		if act.Body.Decision == nil {
			continue
		}
		n++
		r, err := s.Bank.Replay(ctx, id, act.Seq)
		if err != nil {
			return n, fmt.Errorf("decision %d cannot be reached again: %v", act.Seq, err)
		}
		if !r.Equal() {
			return n, fmt.Errorf("decision %d comes out otherwise", act.Seq)
		}
	}
	return n, nil
}

// lots compares what the transfers leave in each lot with what the account says.
func lots(a *creditbank.Account, stored []creditbank.Movement) error {
	held := map[creditbank.AccountID]creditbank.Credits{}
	for _, m := range stored {
		held[m.From] -= m.Credits
		held[m.To] += m.Credits
	}
	used := map[int64]creditbank.Credits{}
	for _, c := range a.Conversions {
		for _, src := range c.Decision.Sources {
			if c.Stands() {
				used[src.Lot] += src.Credits
			}
		}
	}
	for _, l := range a.Lots {
		want := creditbank.Credits(0)
		if l.Granted && l.Current() && l.RevokedOn == 0 {
			want = l.Credits - used[l.Seq] - l.Held(99991231) - l.Lapsed()
		}
		if n := held[creditbank.LotAccount(l.Seq)]; n != want || n < 0 {
			return fmt.Errorf("lot %d has %s left in the ledger, %s by its rows", l.Seq, n, want)
		}
	}
	return nil
}
