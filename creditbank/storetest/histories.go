package storetest

import (
	"fmt"
	"slices"
	"testing"

	"creditbank/creditbank"

	gocmp "github.com/google/go-cmp/cmp"
)

var historiesTests = []test{
	{"HistoriesAreThoseOfEachLearner", testHistories},
	{"HistoriesAreWholeWhileOthersWrite", testHistoriesWhileWriting},
}

// testHistories reads ranges of accounts of different lengths and compares with
// reading one at a time.
func testHistories(t *testing.T, h Harness) {
	learners := Learners(9)
	for i := range learners {
		learners[i].Region = creditbank.RegionCode(fmt.Sprintf("99010%d", i))
	}
	books := Open(t, h.Store, learners...)
	for i, b := range books {
		for n := range i {
			b.Post(fmt.Sprint(n), creditbank.Credit)
		}
		if i%2 == 1 {
			b.Act(creditbank.ActEnrolled, creditbank.ActBody{Programme: "P1"})
		}
		if v := b.History.Version(); v > 1 {
			Append(t, h.Store, b.Write())
		}
	}
	var want []creditbank.Dossier
	for i, l := range learners {
		history, err := h.Store.History(t.Context(), l.ID)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, creditbank.Dossier{Region: learners[i].Region, History: history})
	}
	for _, r := range [][2]int{{-1, 8}, {-1, 0}, {0, 8}, {3, 5}, {7, 8}, {4, 4}, {5, 2}} {
		after := creditbank.LearnerID("")
		if r[0] >= 0 {
			after = learners[r[0]].ID
		}
		got, err := h.Store.Histories(t.Context(), after, learners[r[1]].ID)
		if err != nil {
			t.Fatalf("Histories(%d, %d]: %v", r[0], r[1], err)
		}
		expected := want[min(r[0]+1, r[1]+1) : r[1]+1]
		if diff := gocmp.Diff(slices.Clone(expected), got, Equal()); diff != "" {
			t.Errorf("Histories(%d, %d] differ (-want +got):\n%s", r[0], r[1], diff)
		}
	}
}

// testHistoriesWhileWriting reads a range over and over while rows are added to
// it: what is read always adds up.
func testHistoriesWhileWriting(t *testing.T, h Harness) {
	learners := Learners(4)
	books := Open(t, h.Store, learners...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := range 25 {
			var writes []creditbank.Write
			for _, b := range books {
				b.Post(fmt.Sprint(n), creditbank.Credit)
				writes = append(writes, b.Write())
			}
			if _, err := h.Store.Append(t.Context(), NewFeed(), writes); err != nil {
				t.Errorf("Append: %v", err)
				return
			}
		}
	}()
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		dossiers, err := h.Store.Histories(t.Context(), "", learners[3].ID)
		if err != nil || len(dossiers) != 4 {
			t.Fatalf("Histories = %d, %v", len(dossiers), err)
		}
		for _, d := range dossiers {
			if _, err := creditbank.NewAccount(d.History); err != nil {
				t.Fatalf("what was read does not add up: %v", err)
			}
			if !reading && d.Version() != 26 {
				t.Errorf("account %s is at %d, want 26", d.Learner, d.Version())
			}
		}
	}
}
