package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"creditbank/creditbank"
)

var raceTests = []test{
	{"TwoWritersAtOneVersion", testTwoWriters},
	{"SamePostingConcurrentlyIsOneRow", testSamePosting},
	{"LastCreditsAreConvertedOnce", testLastCredits},
	{"ReadersSeeWholeWrites", testWholeWrites},
}

// twoStores returns the store and a second handle on it, where there is one.
func twoStores(h Harness) [2]creditbank.Store {
	if h.Reopen == nil {
		return [2]creditbank.Store{h.Store, h.Store}
	}
	return [2]creditbank.Store{h.Store, h.Reopen()}
}

// contend appends the writes at the same time, each through its own call, and
// returns the index of the one taken. There must be exactly one.
func contend(t *testing.T, stores [2]creditbank.Store, writes []creditbank.Write) int {
	t.Helper()
	return onlyOne(t, len(writes), func(i int) (bool, error) {
		taken, err := stores[i%2].Append(t.Context(), NewFeed(), writes[i:i+1])
		return err == nil && taken[0], err
	})
}

// onlyOne calls try n times at once and returns which call won. There must be
// exactly one.
func onlyOne(t *testing.T, n int, try func(i int) (bool, error)) int {
	t.Helper()
	var wg sync.WaitGroup
	start := make(chan struct{})
	won := make([]bool, n)
	for i := range won {
		wg.Go(func() {
			<-start
			var err error
			if won[i], err = try(i); err != nil {
				t.Errorf("rival %d: %v", i, err)
			}
		})
	}
	close(start)
	wg.Wait()
	winner := slices.Index(won, true)
	if winner < 0 || slices.Contains(won[winner+1:], true) {
		t.Fatalf("rivals that won: %v, want exactly one", won)
	}
	return winner
}

func testTwoWriters(t *testing.T, h Harness) {
	stores := twoStores(h)
	b := Open(t, h.Store, Learner(1))[0]
	for round := range 20 {
		rivals := []*Book{b.Clone(), b.Clone(), b.Clone()}
		var writes []creditbank.Write
		for i, r := range rivals {
			for range i + 1 {
				r.Post(fmt.Sprintf("%d-%d-%d", round, i, r.next()), creditbank.Credit)
			}
			r.Convert(creditbank.Centicredit, r.next()-1)
			writes = append(writes, r.Write())
		}
		b = rivals[contend(t, stores, writes)]
		WantHistory(t, h.Store, b.History)
		wantHead(t, h.Store, b)
	}
	wantInt(t, h, "SELECT count(*) FROM transfer", 40)
}

// post posts p as the bank does: it reads the head, decides, writes on the
// condition of the version, and goes again if it lost. It reports whether the
// posting was on record already.
func post(ctx context.Context, s creditbank.Store, p creditbank.Posting) (known bool, err error) {
	for {
		heads, err := s.Heads(ctx, []creditbank.OutcomeKey{p.OutcomeKey})
		if err != nil {
			return false, err
		}
		head := heads[0]
		if head.Stored != nil {
			return true, nil
		}
		o := Outcome(p, Recognised(creditbank.Credit), head.Version+1)
		taken, err := s.Append(ctx, NewFeed(), []creditbank.Write{{
			Learner: p.Learner, Base: head.Version, Outcomes: []creditbank.Outcome{o},
			Totals: head.Totals.Plus(o.Category, o.IssuedOn, o.Credits),
		}})
		if err != nil || taken[0] {
			return false, err
		}
	}
}

func testSamePosting(t *testing.T, h Harness) {
	stores := twoStores(h)
	b := Open(t, h.Store, Learner(1))[0]
	const keys, senders = 5, 8
	var wg sync.WaitGroup
	var mu sync.Mutex
	first := map[string]int{}
	for i := range senders {
		wg.Go(func() {
			for k := range keys {
				p := Posting(b.History.Learner, fmt.Sprintf("key-%d", k), 1)
				known, err := post(t.Context(), stores[i%2], p)
				if err != nil {
					t.Errorf("post %v: %v", p.OutcomeKey, err)
				}
				if !known {
					mu.Lock()
					first[p.ExternalID]++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	for k := range keys {
		if n := first[fmt.Sprintf("key-%d", k)]; n != 1 {
			t.Errorf("key-%d: %d senders were the first, want 1", k, n)
		}
	}
	wantInt(t, h, "SELECT count(*) FROM outcome", keys)
	wantInt(t, h, "SELECT count(DISTINCT external_id) FROM outcome", keys)
	history, err := h.Store.History(t.Context(), b.History.Learner)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := creditbank.NewAccount(history); err != nil {
		t.Errorf("the history does not add up: %v", err)
	}
}

func testLastCredits(t *testing.T, h Harness) {
	stores := twoStores(h)
	for i, b := range Open(t, h.Store, Learners(10)...) {
		lot := b.Post("a", creditbank.Credit)
		Append(t, stores[i%2], b.Write())
		rivals := []*Book{b.Clone(), b.Clone()}
		var writes []creditbank.Write
		for _, r := range rivals {
			r.Convert(creditbank.Credit, lot.Seq)
			writes = append(writes, r.Write())
		}
		winner := rivals[contend(t, stores, writes)]
		WantHistory(t, h.Store, winner.History)
		left := winner.Account().Lot(lot.Seq).Available(Day)
		wantInt(t, h, ledgerBalance(winner.History.Learner, creditbank.LotAccount(lot.Seq)), int64(left))
	}
}

// A history read while others write adds up: it is of one moment.
func testWholeWrites(t *testing.T, h Harness) {
	stores := twoStores(h)
	b := Open(t, h.Store, Learner(1))[0]
	done := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			for {
				history, err := stores[i].History(t.Context(), b.History.Learner)
				if err != nil {
					t.Errorf("History while others write: %v", err)
					return
				}
				if n := len(history.Acts) + len(history.Outcomes); n%2 != 1 {
					t.Errorf("History has %d rows: half a write", n)
				}
				if _, err := creditbank.NewAccount(history); err != nil {
					t.Errorf("history read while others write: %v", err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for i := range 40 {
		o := b.Post(fmt.Sprintf("%d", i), creditbank.Credit)
		b.Convert(creditbank.Credit, o.Seq)
		Append(t, stores[i%2], b.Write())
	}
	close(done)
	wg.Wait()
}
