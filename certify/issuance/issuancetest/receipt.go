package issuancetest

import (
	"errors"
	"testing"
	"time"

	"creditbank/certify/issuance"
	"creditbank/chain"
	"creditbank/creditbank"
	"creditbank/creditbank/storetest"

	"github.com/google/go-cmp/cmp"
)

var receiptTests = []test{
	{"ReceiptsAreKept", testReceipts},
	{"CheckpointsAreListed", testCheckpoints},
}

func receipt(who string, position int64) chain.Receipt {
	return chain.Receipt{
		Kind: "local", Who: who, Time: storetest.Noon.Truncate(time.Second), Transaction: "tx", Position: position,
		Cosignatures: []byte("— " + who + " AAAA\n"),
	}
}

func testReceipts(t *testing.T, h Harness) {
	ctx := t.Context()
	b := newBuilder(t, h.Store)
	for range 3 {
		b.add(t, 2)
	}
	if err := h.Store.SaveReceipt(ctx, 3, receipt("a", 0)); !errors.Is(err, creditbank.ErrNotFound) {
		t.Errorf("SaveReceipt of no checkpoint: %v, want ErrNotFound", err)
	}
	for _, s := range []struct {
		size int64
		r    chain.Receipt
	}{
		{2, receipt("a", 1)}, {4, receipt("a", 2)}, {2, receipt("b", 1)},
		{4, receipt("a", 2)},  // after a crash
		{4, receipt("a", 99)}, // changes nothing
	} {
		if err := h.Store.SaveReceipt(ctx, s.size, s.r); err != nil {
			t.Fatalf("SaveReceipt(%d): %v", s.size, err)
		}
	}
	checkpoints, err := h.Store.Checkpoints(ctx, 0, 10)
	must(t, err)
	want := []issuance.Anchored{{Checkpoint: checkpoints[0], Receipt: receipt("b", 1)}, {Checkpoint: checkpoints[1], Receipt: receipt("a", 2)}}
	got, err := h.Store.Anchored(ctx)
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Anchored differs (-want +got):\n%s", diff)
	}
}

func testCheckpoints(t *testing.T, h Harness) {
	b := newBuilder(t, h.Store)
	for range 5 {
		b.add(t, 3)
	}
	for _, tt := range []struct {
		after int64
		limit int
		want  []int64
	}{{0, 2, []int64{3, 6}}, {6, 10, []int64{9, 12, 15}}, {8, 1, []int64{9}}, {15, 1, nil}} {
		all, err := h.Store.Checkpoints(t.Context(), tt.after, tt.limit)
		must(t, err)
		var sizes []int64
		for _, c := range all {
			sizes = append(sizes, c.Size)
			if !c.At.Equal(storetest.Noon) {
				t.Errorf("checkpoint %d is of %v, want %v", c.Size, c.At, storetest.Noon)
			}
		}
		if diff := cmp.Diff(tt.want, sizes); diff != "" {
			t.Errorf("Checkpoints(%d, %d) differ (-want +got):\n%s", tt.after, tt.limit, diff)
		}
	}
}
