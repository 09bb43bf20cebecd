package storetest

import (
	"slices"
	"testing"

	"creditbank/creditbank"

	gocmp "github.com/google/go-cmp/cmp"
)

var learnerTests = []test{
	{"LearnersAreReadBack", testLearners},
	{"LookupsLeadToLearners", testFind},
	{"LearnersArePaged", testLearnerPages},
	{"TakenLookupLeavesTheLearnerOut", testTakenLookup},
	{"LookupTakenWithinABatch", testTakenWithinBatch},
	{"OpeningTheSameLearnerConcurrently", testConcurrentOpen},
}

func testLearners(t *testing.T, h Harness) {
	learners := Learners(5)
	Open(t, h.Store, learners...)
	for _, l := range learners {
		got, err := h.Store.Learner(t.Context(), l.ID)
		if err != nil {
			t.Fatalf("Learner(%s): %v", l.ID, err)
		}
		if diff := gocmp.Diff(l.Learner, got, Equal()); diff != "" {
			t.Errorf("Learner(%s) differs (-want +got):\n%s", l.ID, diff)
		}
		WantHistory(t, h.Store, creditbank.History{Learner: l.ID, Acts: []creditbank.Act{l.Act}})
	}
	if _, err := h.Store.Learner(t.Context(), Learner(99).ID); !isOnly(err, creditbank.ErrNotFound) {
		t.Errorf("Learner of an unknown id: %v, want ErrNotFound", err)
	}
}

func testFind(t *testing.T, h Harness) {
	learners := Learners(5)
	Open(t, h.Store, learners...)
	for _, l := range learners {
		for _, lookup := range l.Lookups {
			if got, err := h.Store.Find(t.Context(), lookup); err != nil || got != l.ID {
				t.Errorf("Find(%v) = %q, %v; want %s", lookup, got, err, l.ID)
			}
		}
	}
	for _, lookup := range []creditbank.Lookup{
		{}, {Kind: "account", Value: learners[0].Lookups[1].Value}, Learner(99).Lookups[0],
	} {
		if got, err := h.Store.Find(t.Context(), lookup); !isOnly(err, creditbank.ErrNotFound) {
			t.Errorf("Find(%v) = %q, %v; want ErrNotFound", lookup, got, err)
		}
	}
}

func testLearnerPages(t *testing.T, h Harness) {
	learners := Learners(25)
	shuffled := slices.Clone(learners)
	slices.Reverse(shuffled)
	Open(t, h.Store, shuffled...)
	var got []creditbank.LearnerID
	for after := creditbank.LearnerID(""); ; after = got[len(got)-1] {
		page, err := h.Store.Learners(t.Context(), after, 10)
		if err != nil || len(page) > 10 {
			t.Fatalf("Learners(%q, 10) = %d learners, %v", after, len(page), err)
		}
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
	}
	var want []creditbank.LearnerID
	for _, l := range learners {
		want = append(want, l.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("paging through learners: got %v, want %v", got, want)
	}
}

// withLookup returns l with another's look-up among its own.
func withLookup(l, other creditbank.NewLearner, i int) creditbank.NewLearner {
	l.Lookups = slices.Clone(l.Lookups)
	l.Lookups[i] = other.Lookups[i]
	return l
}

// wantLeftOut checks that nothing is written of l.
func wantLeftOut(t *testing.T, s creditbank.Store, l creditbank.NewLearner) {
	t.Helper()
	if _, err := s.Learner(t.Context(), l.ID); !isOnly(err, creditbank.ErrNotFound) {
		t.Errorf("Learner(%s) left out: %v, want ErrNotFound", l.ID, err)
	}
	if _, err := s.History(t.Context(), l.ID); !isOnly(err, creditbank.ErrNotFound) {
		t.Errorf("History(%s) of one left out: %v, want ErrNotFound", l.ID, err)
	}
	for _, lookup := range l.Lookups {
		if id, err := s.Find(t.Context(), lookup); id == l.ID || err != nil && !isOnly(err, creditbank.ErrNotFound) {
			t.Errorf("Find(%v) = %q, %v; want nothing of one left out", lookup, id, err)
		}
	}
}

func testTakenLookup(t *testing.T, h Harness) {
	first := Learner(1)
	Open(t, h.Store, first)
	sameID := Learner(5)
	sameID.ID, sameID.Act.Learner = first.ID, first.ID
	batch := []creditbank.NewLearner{
		withLookup(Learner(2), first, 0), Learner(3), withLookup(Learner(4), first, 1), first, sameID,
	}
	taken, err := h.Store.Open(t.Context(), NewFeed(), batch)
	if err != nil || !slices.Equal(taken, []bool{false, true, false, false, false}) {
		t.Fatalf("Open with taken look-ups = %v, %v; want only the second taken in", taken, err)
	}
	wantLeftOut(t, h.Store, batch[0])
	wantLeftOut(t, h.Store, batch[2])
	if _, err := h.Store.Find(t.Context(), sameID.Lookups[0]); !isOnly(err, creditbank.ErrNotFound) {
		t.Errorf("Find of one left out for its id: %v, want ErrNotFound", err)
	}
	for _, lookup := range first.Lookups {
		if got, err := h.Store.Find(t.Context(), lookup); err != nil || got != first.ID {
			t.Errorf("Find(%v) = %q, %v; want still %s", lookup, got, err, first.ID)
		}
	}
	WantHistory(t, h.Store, creditbank.History{Learner: first.ID, Acts: []creditbank.Act{first.Act}})
}

// Two learners of one batch that share a look-up: one is taken in.
func testTakenWithinBatch(t *testing.T, h Harness) {
	one := Learner(1)
	two := withLookup(Learner(2), one, 1)
	taken, err := h.Store.Open(t.Context(), NewFeed(), []creditbank.NewLearner{one, two, Learner(3)})
	if err != nil || len(taken) != 3 || taken[0] == taken[1] || !taken[2] {
		t.Fatalf("Open with a shared look-up = %v, %v; want one of the first two, and the third", taken, err)
	}
	if taken[0] {
		wantLeftOut(t, h.Store, two)
	} else {
		wantLeftOut(t, h.Store, one)
	}
}

func testConcurrentOpen(t *testing.T, h Harness) {
	stores := twoStores(h)
	for round := range 10 {
		shared := Learner(1000 + round)
		var rivals []creditbank.NewLearner
		for i := range 4 {
			rivals = append(rivals, withLookup(Learner(100*round+i), shared, 1))
		}
		winner := contendToOpen(t, stores, rivals)
		for i, l := range rivals {
			if i != winner {
				wantLeftOut(t, h.Store, l)
			}
		}
		if id, err := h.Store.Find(t.Context(), shared.Lookups[1]); err != nil || id != rivals[winner].ID {
			t.Errorf("round %d: Find = %q, %v; want the winner %s", round, id, err, rivals[winner].ID)
		}
	}
}

// contendToOpen opens the rivals at the same time, each through its own call,
// and returns the index of the one taken in. There must be exactly one.
func contendToOpen(t *testing.T, stores [2]creditbank.Store, rivals []creditbank.NewLearner) int {
	t.Helper()
	return onlyOne(t, len(rivals), func(i int) (bool, error) {
		taken, err := stores[i%2].Open(t.Context(), NewFeed(), rivals[i:i+1])
		return err == nil && taken[0], err
	})
}
