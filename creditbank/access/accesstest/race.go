package accesstest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"creditbank/creditbank/access"
)

var raceTests = []test{
	{"OneOfManyWins", testOneWins},
	{"WritersInAnyOrderDoNotStick", testNoDeadlock},
	{"ReadersOfChangesMissNothing", testGapless},
}

// Many write the same next version at once, through two handles: one wins, and
// what comes with it is written once.
func testOneWins(t *testing.T, h Harness) {
	stores := []access.Store{h.Store, h.Reopen()}
	for round, kinds := range [][]access.Kind{{access.KindClient}, {access.KindSession}, {access.KindAccount, access.KindCode}, nil} {
		for version := 1; version <= 4; version++ {
			var won atomic.Int32
			var wg sync.WaitGroup
			for n := range 8 {
				wg.Go(func() {
					own := record(access.KindToken, fmt.Sprintf("%d-%d-%d", round, version, n), 1)
					records := []access.Record{own}
					for _, k := range kinds {
						records = append(records, record(k, "contended", version))
					}
					var a *access.Answer
					if kinds == nil { // they contend for the key
						a = answer(fmt.Sprint("key-", version), own)
					}
					done, err := stores[n%2].Put(t.Context(), records, a)
					if err != nil {
						t.Errorf("Put: %v", err)
					}
					if done {
						won.Add(1)
					}
				})
			}
			wg.Wait()
			if won.Load() != 1 {
				t.Errorf("%v: %d of 8 writers of version %d won", kinds, won.Load(), version)
			}
		}
	}
	tokens, err := h.Store.List(t.Context(), access.KindToken, "", 100)
	must(t, err)
	if len(tokens) != 16 {
		t.Errorf("%d winners wrote what was theirs: %v; want 16", len(tokens), ids(tokens))
	}
}

// Writes that name the same records in another order do not wait for each
// other for ever.
func testNoDeadlock(t *testing.T, h Harness) {
	const writers, each = 4, 10
	names := []string{"a", "b", "c"}
	for _, n := range names {
		put(t, h.Store, record(access.KindAttempts, n, 1))
	}
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() {
			for done := 0; done < each; {
				var records []access.Record
				for i := range names {
					old, err := h.Store.Get(t.Context(), access.KindAttempts, names[(i+n)%len(names)], 0)
					if err != nil {
						t.Error(err)
						return
					}
					records = append(records, record(old.Kind, old.ID, old.Version+1))
				}
				ok, err := h.Store.Put(t.Context(), records, nil)
				if err != nil {
					t.Errorf("Put: %v", err)
					return
				}
				if ok {
					done++
				}
			}
		})
	}
	wg.Wait()
	for _, n := range names {
		wantRecord(t, h.Store, 0, record(access.KindAttempts, n, writers*each+1))
	}
}

// Whoever follows the changes while others write sees every number once.
func testGapless(t *testing.T, h Harness) {
	const writers, each = 4, 15
	var wg sync.WaitGroup
	other := h.Reopen()
	for n := range writers {
		wg.Go(func() {
			for i := range each {
				s := h.Store
				if i%2 == 1 {
					s = other
				}
				records := []access.Record{
					record(access.KindNumber, fmt.Sprintf("%d-%d", n, i), 1), record(access.KindAccount, fmt.Sprintf("%d-%d", n, i), 1),
				}
				if done, err := s.Put(t.Context(), records, nil); !done || err != nil {
					t.Errorf("Put = %v, %v; want true", done, err)
				}
			}
		})
	}
	finished := make(chan struct{})
	go func() { wg.Wait(); close(finished) }()
	var last int64
	seen := map[string]bool{}
	for running := true; running; {
		select {
		case <-finished:
			running = false
		default:
		}
		changes, err := h.Store.Changes(t.Context(), last, 1000)
		must(t, err)
		for _, c := range changes {
			if c.Seq != last+1 || seen[string(c.Kind)+c.ID] {
				t.Fatalf("after %d came %d, %s %s", last, c.Seq, c.Kind, c.ID)
			}
			last, seen[string(c.Kind)+c.ID] = c.Seq, true
		}
	}
	if last != 2*writers*each {
		t.Errorf("%d changes were seen; want %d", last, 2*writers*each)
	}
}
