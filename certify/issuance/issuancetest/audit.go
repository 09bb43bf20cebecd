package issuancetest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"creditbank/certify"
	"creditbank/certify/issuance"
	"creditbank/certify/tlog"
	"creditbank/creditbank"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"
	xtlog "golang.org/x/mod/sumdb/tlog"
)

// tiles reads the log for x/mod.
type tiles struct {
	ctx   context.Context
	store issuance.Store
}

func (s tiles) Height() int                          { return 8 }
func (s tiles) SaveTiles(_ []xtlog.Tile, _ [][]byte) {}

func (s tiles) ReadTiles(ts []xtlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(ts))
	for i, t := range ts {
		data, err := s.store.Tile(s.ctx, tlog.TileID{Level: t.L, N: t.N})
		if err != nil || len(data) < t.W*xtlog.HashSize {
			return nil, fmt.Errorf("tile %v has %d bytes: %v", t, len(data), err)
		}
		out[i] = data[:t.W*xtlog.HashSize]
	}
	return out, nil
}

// An Audit is what a stranger finds in a log.
type Audit struct {
	Size    int64
	Records [][]byte
}

// Check reads the whole log with x/mod and checks it: each record is included,
// every pair of checkpoints is consistent, and the newest one is the head.
func Check(t testing.TB, store issuance.Store) Audit {
	t.Helper()
	state, err := store.State(t.Context())
	must(t, err)
	a := Audit{Size: state.Head.Size}
	if a.Size == 0 {
		return a
	}
	reader := xtlog.TileHashReader(xtlog.Tree{N: a.Size, Hash: state.Head.Root}, tiles{t.Context(), store})
	for n := int64(0); n*256 < a.Size; n++ {
		data, err := store.Tile(t.Context(), tlog.TileID{Level: tlog.EntriesLevel, N: n})
		must(t, err)
		records, err := tlog.ParseEntries(data)
		must(t, err)
		a.Records = append(a.Records, records...)
	}
	if int64(len(a.Records)) != a.Size {
		t.Fatalf("the log of size %d has %d entries", a.Size, len(a.Records))
	}
	for i, r := range a.Records {
		proof, err := xtlog.ProveRecord(a.Size, int64(i), reader)
		must(t, err)
		if err := xtlog.CheckRecord(proof, a.Size, state.Head.Root, int64(i), xtlog.RecordHash(r)); err != nil {
			t.Errorf("record %d: %v", i, err)
		}
	}
	checkPairs(t, store, state, reader)
	return a
}

// checkPairs checks the signature of each checkpoint, and that each is
// consistent with every later one.
func checkPairs(t testing.TB, store issuance.Store, state issuance.State, reader xtlog.HashReader) {
	t.Helper()
	verifier, err := note.NewVerifier(state.LogKey)
	must(t, err)
	all, err := store.Checkpoints(t.Context(), 0, 1<<30)
	must(t, err)
	var heads []xtlog.Tree
	for _, c := range all {
		n, err := note.Open(c.Note, note.VerifierList(verifier))
		must(t, err)
		cp, err := tlog.ParseCheckpoint(n.Text)
		must(t, err)
		if cp.Size != c.Size {
			t.Errorf("checkpoint of size %d is stored at %d", cp.Size, c.Size)
		}
		heads = append(heads, xtlog.Tree{N: cp.Size, Hash: cp.Root})
	}
	if last := heads[len(heads)-1]; last.N != state.Head.Size || last.Hash != state.Head.Root {
		t.Errorf("the newest checkpoint is of %d, the head of %d", last.N, state.Head.Size)
	}
	for i, old := range heads {
		for _, younger := range heads[i+1:] {
			proof, err := xtlog.ProveTree(younger.N, old.N, reader)
			must(t, err)
			if err := xtlog.CheckTree(proof, younger.N, younger.Hash, old.N, old.Hash); err != nil {
				t.Errorf("checkpoints %d and %d: %v", old.N, younger.N, err)
			}
		}
	}
}

// CheckAll checks the log, and that it holds exactly the certificates on
// record and their revocations, each once. It returns the certificates of all
// learners.
func CheckAll(t testing.TB, ledger creditbank.Store, store issuance.Store) []issuance.Certificate {
	t.Helper()
	a := Check(t, store)
	var all []issuance.Certificate
	seen := make([]bool, a.Size)
	record := func(index int64, leaf tlog.Leaf) {
		if index >= a.Size || seen[index] || string(a.Records[index]) != string(leaf.Record()) {
			t.Fatalf("record %d is not that of %s %x", index, leaf.Kind, leaf.SHA256)
		}
		seen[index] = true
	}
	for _, id := range learners(t, ledger) {
		have, err := store.Certificates(t.Context(), id)
		must(t, err)
		for _, c := range have {
			record(c.Index, c.Leaf)
			if !c.Valid() {
				leaf, err := tlog.RevocationLeaf(c.Leaf, c.RevokedAt)
				must(t, err)
				record(c.RevokedIndex, leaf)
			}
			bits, err := store.Revoked(t.Context(), c.Status.List)
			must(t, err)
			if slices.Contains(bits, c.Status.Index) == c.Valid() {
				t.Errorf("certificate %s: valid is %v, and so is its bit", c.ID, c.Valid())
			}
			if owner, err := store.Find(t.Context(), c.ID); err != nil || owner != id {
				t.Errorf("Find(%s) = %s, %v; want %s", c.ID, owner, err, id)
			}
			least, greatest := certify.CodeOf(c.Leaf.SHA256).Range()
			if found, err := store.Between(t.Context(), least, greatest, 2); err != nil || !cmp.Equal(found, []issuance.Certificate{c}) {
				t.Errorf("certificates with the code of %s: %v, %v", c.ID, found, err)
			}
		}
		all = append(all, have...)
	}
	if i := slices.Index(seen, false); i >= 0 {
		t.Errorf("record %d belongs to nothing: %s", i, a.Records[i])
	}
	return all
}

func learners(t testing.TB, ledger creditbank.Store) []creditbank.LearnerID {
	t.Helper()
	ids, err := ledger.Learners(t.Context(), "", 1<<20)
	must(t, err)
	return ids
}

// CheckCalledFor checks that each standing conversion of each learner has one
// valid certificate, and each standing outcome for which one was requested,
// unless it was voided; and that no other conversion has, nor anything voided. What
// is in doubt may have one or not.
func CheckCalledFor(t testing.TB, ledger creditbank.Store, store issuance.Store) {
	t.Helper()
	valid := map[string]int{}
	for _, c := range CheckAll(t, ledger, store) {
		if c.Valid() {
			valid[fmt.Sprint(c.Learner, c.Seq)]++
		}
	}
	want := map[string]int{}
	for _, id := range learners(t, ledger) {
		h, err := ledger.History(t.Context(), id)
		must(t, err)
		a, err := creditbank.NewAccount(h)
		must(t, err)
		for _, c := range a.Conversions {
			seq := max(c.Seq, c.Regraded)
			if key := fmt.Sprint(id, seq); c.Stands() && !a.Voided(seq) && (a.UnderCase(c.Seq) == 0 || valid[key] > 0) {
				want[key]++
			}
		}
		for _, l := range a.Lots {
			key := fmt.Sprint(id, l.Seq)
			asked := slices.Contains(a.Requested(), l.Seq) || valid[key] == 1 // or issued at once
			if asked && l.Current() && l.RevokedOn == 0 && !a.Voided(l.Seq) {
				want[key]++
			}
		}
	}
	if fmt.Sprint(want) != fmt.Sprint(valid) {
		t.Errorf("%d certificates are called for, %d are valid, or they are not the same", len(want), len(valid))
	}
}
