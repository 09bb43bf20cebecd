package storetest

import (
	"testing"

	"creditbank/creditbank"

	gocmp "github.com/google/go-cmp/cmp"
)

var headTests = []test{
	{"HeadsKeepTheOrderOfTheKeys", testHeads},
	{"HeadsOfManyKeys", testManyHeads},
}

func testHeads(t *testing.T, h Harness) {
	books := Open(t, h.Store, Learners(2)...)
	first := books[0].Post("a", creditbank.Credit)
	second := books[0].Record(Posting(first.Learner, "a", 2), Recognised(2*creditbank.Credit))
	Append(t, h.Store, books[0].Write())
	frozen := books[1].Act(creditbank.ActFrozen, creditbank.ActBody{})
	Append(t, h.Store, books[1].Write())

	key := func(l creditbank.LearnerID, externalID string, revision int) creditbank.OutcomeKey {
		return Posting(l, externalID, revision).OutcomeKey
	}
	known, other, unknown := first.Learner, frozen.Learner, Learner(99).ID
	totals := books[0].Account().Totals
	tests := []struct {
		key  creditbank.OutcomeKey
		want creditbank.Head
	}{
		{key(unknown, "a", 1), creditbank.Head{}},
		{key(known, "a", 2), creditbank.Head{Known: true, Version: 4, Totals: totals, Stored: &second}},
		{key(other, "a", 1), creditbank.Head{Known: true, Version: 2, Frozen: true}},
		{key(known, "a", 1), creditbank.Head{Known: true, Version: 4, Totals: totals, Stored: &first}},
		{key(known, "a", 3), creditbank.Head{Known: true, Version: 4, Totals: totals}},
		{key(known, "b", 1), creditbank.Head{Known: true, Version: 4, Totals: totals}},
		{key(known, "a", 2), creditbank.Head{Known: true, Version: 4, Totals: totals, Stored: &second}},
	}
	keys := make([]creditbank.OutcomeKey, len(tests))
	for i, tt := range tests {
		keys[i] = tt.key
	}
	got, err := h.Store.Heads(t.Context(), keys)
	if err != nil || len(got) != len(tests) {
		t.Fatalf("Heads = %d heads, %v; want %d", len(got), err, len(tests))
	}
	for i, tt := range tests {
		if diff := gocmp.Diff(tt.want, got[i], Equal()); diff != "" {
			t.Errorf("head of %s %v differs (-want +got):\n%s", tt.key.Learner, tt.key, diff)
		}
	}
}

func testManyHeads(t *testing.T, h Harness) {
	books := Open(t, h.Store, Learners(300)...)
	var writes []creditbank.Write
	var keys []creditbank.OutcomeKey
	for _, b := range books {
		keys = append(keys, b.Post("a", creditbank.Credit).OutcomeKey)
		writes = append(writes, b.Write())
	}
	Append(t, h.Store, writes...)
	heads, err := h.Store.Heads(t.Context(), keys)
	if err != nil || len(heads) != len(keys) {
		t.Fatalf("Heads(%d keys) = %d heads, %v", len(keys), len(heads), err)
	}
	for i, head := range heads {
		if !head.Known || head.Version != 2 || head.Stored == nil || head.Stored.OutcomeKey != keys[i] {
			t.Fatalf("head %d = %+v, want the outcome %v", i, head, keys[i])
		}
	}
}
