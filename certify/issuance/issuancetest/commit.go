package issuancetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"testing"

	"creditbank/certify/issuance"
	"creditbank/certify/tlog"
	"creditbank/creditbank"
	"creditbank/creditbank/storetest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var commitTests = []test{
	{"NewStoreIsEmpty", testEmpty},
	{"CommitIsReadBack", testReadBack},
	{"CommitIsWholeOrNothing", testWhole},
	{"CommitIsConditional", testConditional},
	{"OneOfManyCommittersWins", testRace},
	{"TilesGrowAcrossTheirWidth", testGrow},
	{"CommitWithoutRecordsMovesTheCursor", testCursorOnly},
	{"LearnersAreParked", testParked},
	{"CancelledCommitWritesNothing", testCancelled},
}

func testEmpty(t *testing.T, h Harness) {
	ctx := t.Context()
	wantState(t, h.Store, issuance.NewState())
	if data, err := h.Store.Tile(ctx, tlog.TileID{}); err != nil || len(data) != 0 {
		t.Errorf("Tile = %d bytes, %v; want none", len(data), err)
	}
	if _, err := h.Store.Find(ctx, certificate(1).ID); !errors.Is(err, creditbank.ErrNotFound) {
		t.Errorf("Find: %v, want ErrNotFound", err)
	}
	if all := certificatesOf(t, h.Store, storetest.Learner(1).ID); len(all) != 0 {
		t.Errorf("Certificates = %d", len(all))
	}
	if all, err := h.Store.Checkpoints(ctx, 0, 10); err != nil || len(all) != 0 {
		t.Errorf("Checkpoints = %d, %v", len(all), err)
	}
	if all, err := h.Store.Anchored(ctx); err != nil || len(all) != 0 {
		t.Errorf("Anchored = %d, %v", len(all), err)
	}
}

// Everything in a commit is there afterwards, for other processes too.
func testReadBack(t *testing.T, h Harness) {
	b := newBuilder(t, h.Store)
	c := b.commit(t, 5)
	if moved, err := h.Store.Commit(t.Context(), c); err != nil || !moved {
		t.Fatalf("Commit = %v, %v", moved, err)
	}
	revoke := b.commit(t, 0, c.Issued[1], c.Issued[3])
	if moved, err := h.Store.Commit(t.Context(), revoke); err != nil || !moved {
		t.Fatalf("Commit of revocations = %v, %v", moved, err)
	}
	_, again := h.Reopen()
	for _, store := range []issuance.Store{h.Store, again} {
		wantState(t, store, revoke.Next)
		for _, id := range []creditbank.LearnerID{storetest.Learner(0).ID, storetest.Learner(1).ID} {
			var want []issuance.Certificate
			for i, w := range c.Issued {
				for _, r := range revoke.Revoked {
					if r.Learner == w.Learner && r.Seq == w.Seq {
						w.RevokedAt, w.RevokedIndex = r.At, r.Index
					}
				}
				if w.Learner == id {
					want = append(want, w)
				}
				if owner, err := store.Find(t.Context(), c.Issued[i].ID); err != nil || owner != c.Issued[i].Learner {
					t.Errorf("Find = %s, %v", owner, err)
				}
			}
			if diff := cmp.Diff(want, certificatesOf(t, store, id)); diff != "" {
				t.Errorf("Certificates(%s) differs (-want +got):\n%s", id, diff)
			}
		}
		checkBetween(t, store)
		if bits, err := store.Revoked(t.Context(), 1); err != nil || !cmp.Equal(bits, []int{1, 3}) {
			t.Errorf("Revoked(1) = %v, %v; want 1 and 3", bits, err)
		}
		if bits, err := store.Revoked(t.Context(), 2); err != nil || len(bits) != 0 {
			t.Errorf("Revoked(2) = %v, %v; want none", bits, err)
		}
		Check(t, store)
	}
}

// A second certificate for a row, or a second revocation, writes nothing.
func testWhole(t *testing.T, h Harness) {
	b := newBuilder(t, h.Store)
	issued := b.add(t, 2)
	b.add(t, 0, issued[0])
	before, err := h.Store.State(t.Context())
	must(t, err)
	for name, spoil := range map[string]func(*issuance.Commit){
		"second certificate of a row": func(c *issuance.Commit) {
			c.Issued[1].Learner, c.Issued[1].Seq = issued[1].Learner, issued[1].Seq
		},
		"second certificate of an id": func(c *issuance.Commit) { c.Issued[1].ID = issued[1].ID },
		"second revocation": func(c *issuance.Commit) {
			c.Revoked[0].Learner, c.Revoked[0].Seq = issued[0].Learner, issued[0].Seq
		},
		"second revocation of a place": func(c *issuance.Commit) { c.Revoked[0].Place = issued[0].Status },
		"record twice":                 func(c *issuance.Commit) { c.Issued[1].Index = c.Issued[0].Index },
		"record missing":               func(c *issuance.Commit) { c.Issued = c.Issued[1:] },
		"other key of the log":         func(c *issuance.Commit) { c.Next.LogKey = "other+00000000+AA==" },
		"backwards":                    func(c *issuance.Commit) { c.Next.Cursor = before.Cursor - 1 },
	} {
		next := b.next
		c := b.commit(t, 2, issued[1])
		b.next = next
		spoil(&c)
		if moved, err := h.Store.Commit(t.Context(), c); err == nil || moved || errors.Is(err, creditbank.ErrOutcomeUnknown) {
			t.Errorf("%s: Commit = %v, %v; want a certain error", name, moved, err)
		}
		wantState(t, h.Store, before)
		if n := len(certificatesOf(t, h.Store, issued[0].Learner)); n != 2 {
			t.Errorf("%s: the learner has %d certificates, want 2", name, n)
		}
	}
	b.add(t, 2, issued[1])
	Check(t, h.Store)
}

// A commit on a state that has moved writes nothing and is no error.
func testConditional(t *testing.T, h Harness) {
	b := newBuilder(t, h.Store)
	first := b.commit(t, 1)
	second := b.commit(t, 1)
	for i, c := range []issuance.Commit{first, second, first} {
		moved, err := h.Store.Commit(t.Context(), c)
		if err != nil || moved != (i == 0) {
			t.Errorf("Commit %d = %v, %v; want the first taken alone", i, moved, err)
		}
	}
	wantState(t, h.Store, first.Next)
	third, fourth := b.commit(t, 1), b.commit(t, 0)
	for i, c := range []issuance.Commit{fourth, third} { // the same size, another cursor
		moved, err := h.Store.Commit(t.Context(), c)
		if err != nil || moved != (i == 0) {
			t.Errorf("Commit %d = %v, %v; want the first taken alone", i, moved, err)
		}
	}
	wantState(t, h.Store, fourth.Next)
}

// Of commits on one state, made at once through several handles, one wins.
func testRace(t *testing.T, h Harness) {
	stores := []issuance.Store{h.Store}
	for range 3 {
		_, other := h.Reopen()
		stores = append(stores, other)
	}
	b := newBuilder(t, h.Store)
	for round := range 12 {
		commits := make([]issuance.Commit, len(stores))
		for i := range commits {
			commits[i] = b.commit(t, 1+round%3)
		}
		won := make([]bool, len(stores))
		var wg sync.WaitGroup
		for i, s := range stores {
			wg.Go(func() {
				var err error
				if won[i], err = s.Commit(t.Context(), commits[i]); err != nil {
					t.Errorf("Commit beside others: %v", err)
				}
			})
		}
		wg.Wait()
		winners := 0
		for i := range won {
			if won[i] {
				winners++
				wantState(t, h.Store, commits[i].Next)
			}
		}
		if winners != 1 {
			t.Fatalf("round %d: %d committers won, want one", round, winners)
		}
	}
	Check(t, h.Store)
}

// The log grows over the width of a tile, by one and by many, and stays one
// log.
func testGrow(t *testing.T, h Harness) {
	b := newBuilder(t, h.Store)
	all := b.add(t, 254)
	for range 4 {
		all = append(all, b.add(t, 1)...)
	}
	all = append(all, b.add(t, 253)...)
	b.add(t, 2, all[0], all[300])
	if a := Check(t, h.Store); a.Size != 515 {
		t.Errorf("the log has %d records, want 515", a.Size)
	}
	state, err := h.Store.State(t.Context())
	must(t, err)
	reader := func(id tlog.TileID) ([]byte, error) { return h.Store.Tile(t.Context(), id) }
	for _, c := range all {
		proof, err := tlog.ProveInclusion(state.Head, c.Index, reader)
		must(t, err)
		must(t, tlog.CheckInclusion(state.Head, c.Index, c.Leaf.Record(), proof))
	}
}

func testCursorOnly(t *testing.T, h Harness) {
	b := newBuilder(t, h.Store)
	b.add(t, 0) // also as the very first
	b.add(t, 1)
	c := b.commit(t, 0)
	if moved, err := h.Store.Commit(t.Context(), c); err != nil || !moved {
		t.Fatalf("Commit = %v, %v", moved, err)
	}
	wantState(t, h.Store, c.Next)
	if all, err := h.Store.Checkpoints(t.Context(), 0, 10); err != nil || len(all) != 1 {
		t.Errorf("Checkpoints = %d, %v; want one", len(all), err)
	}
}

func testParked(t *testing.T, h Harness) {
	b := newBuilder(t, h.Store)
	ids := make([]creditbank.LearnerID, 5)
	for i, l := range storetest.Learners(5) {
		ids[i] = l.ID
	}
	for _, step := range []struct{ park, unpark, want []creditbank.LearnerID }{
		{ids[:4], nil, ids[:4]},
		{ids[2:], nil, ids}, // again is no error
		{nil, ids[1:3], []creditbank.LearnerID{ids[0], ids[3], ids[4]}},
		{nil, ids, nil},
	} {
		c := b.commit(t, 0)
		c.Parked, c.Unparked = step.park, step.unpark
		if moved, err := h.Store.Commit(t.Context(), c); err != nil || !moved {
			t.Fatalf("Commit = %v, %v", moved, err)
		}
		var got []creditbank.LearnerID
		for after := creditbank.LearnerID(""); ; {
			page, err := h.Store.Parked(t.Context(), after, 2)
			must(t, err)
			if len(page) == 0 {
				break
			}
			got, after = append(got, page...), page[len(page)-1]
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("parked differ (-want +got):\n%s", diff)
		}
	}
}

func testCancelled(t *testing.T, h Harness) {
	b := newBuilder(t, h.Store)
	b.add(t, 1)
	before, err := h.Store.State(t.Context())
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	moved, err := h.Store.Commit(ctx, b.commit(t, 1))
	if !errors.Is(err, context.Canceled) || moved {
		t.Errorf("Commit under a context that has ended = %v, %v", moved, err)
	}
	wantState(t, h.Store, before)
}

// checkBetween looks up certificates by ranges of their hashes.
func checkBetween(t *testing.T, store issuance.Store) {
	t.Helper()
	var zero, top [sha256.Size]byte
	for i := range top {
		top[i] = 0xff
	}
	all, err := store.Between(t.Context(), zero, top, 100)
	if err != nil || len(all) < 2 {
		t.Fatalf("Between of everything: %d, %v; want 2 or more", len(all), err)
	}
	hash := func(i int) [sha256.Size]byte { return all[i].Leaf.SHA256 }
	if !slices.IsSortedFunc(all, func(a, b issuance.Certificate) int { return bytes.Compare(a.Leaf.SHA256[:], b.Leaf.SHA256[:]) }) {
		t.Error("Between is not in order of the hash")
	}
	for _, c := range []struct {
		name            string
		least, greatest [sha256.Size]byte
		limit           int
		want            []issuance.Certificate
	}{
		{"from itself to itself", hash(1), hash(1), 9, all[1:2]},
		{"up to one", zero, hash(0), 9, all[:1]},
		{"no more than asked for", zero, top, 1, all[:1]},
		{"none", zero, zero, 9, nil},
	} {
		if got, err := store.Between(t.Context(), c.least, c.greatest, c.limit); err != nil || !cmp.Equal(got, c.want, cmpopts.EquateEmpty()) {
			t.Errorf("Between %s: %v, %v", c.name, got, err)
		}
	}
}
