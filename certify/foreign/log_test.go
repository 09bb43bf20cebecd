package foreign_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/client"
	"golang.org/x/mod/sumdb/note"
	xtlog "golang.org/x/mod/sumdb/tlog"

	"creditbank/certify/certifytest"
	"creditbank/certify/tlog"
)

// served is a log as it is served: a checkpoint, and tiles by their paths.
type served struct {
	checkpoint []byte
	tiles      map[tlog.TileID][]byte
}

// tile returns what stands at a path. A full tile answers for a partial one,
// which is the same to its width.
func (s served) tile(path string) ([]byte, error) {
	id, width, err := tlog.ParseTilePath(path)
	if err != nil {
		return nil, err
	}
	data, ok := s.tiles[id]
	if !ok {
		return nil, fmt.Errorf("%s: %w", path, os.ErrNotExist)
	}
	if id.Level == tlog.EntriesLevel {
		return tlog.CutBundle(data, width)
	}
	if len(data) < width*xtlog.HashSize {
		return nil, fmt.Errorf("%s: %w", path, os.ErrNotExist)
	}
	return data[:width*xtlog.HashSize], nil
}

// hashes is tile for Tessera's client.
func (s served) hashes(_ context.Context, level, index uint64, partial uint8) ([]byte, error) {
	return s.tile(tlog.TileID{Level: int(level), N: int64(index)}.Path(width(partial)))
}

func width(partial uint8) int {
	if partial == 0 {
		return 256
	}
	return int(partial)
}

// grown returns a log of records, as it was at a few sizes and as it is.
func grown(t *testing.T) (w *certifytest.World, stages []served, records [][]byte) {
	t.Helper()
	w = certifytest.New(t)
	for _, size := range []int{1, 2, 255, 256, 257, 300, 600} {
		var added [][]byte
		for i := len(records); i < size; i++ {
			leaf := tlog.Leaf{Kind: tlog.KindCredential}
			leaf.SHA256[0], leaf.SHA256[1] = byte(i), byte(i>>8)
			added = append(added, leaf.Record())
		}
		records = append(records, added...)
		w.Append(added...)
		s := served{w.Checkpoint(), map[tlog.TileID][]byte{}}
		for id, data := range w.Tiles {
			s.tiles[id] = bytes.Clone(data)
		}
		stages = append(stages, s)
	}
	return w, stages, records
}

// Tessera's client follows our log from each size to each later one, and proves
// every record of it to transparency-dev/merkle.
func TestTesseraReadsTheLog(t *testing.T) {
	ctx := context.Background()
	w, stages, records := grown(t)
	for i, from := range stages {
		for _, to := range stages[i:] {
			tracker, err := client.NewLogStateTracker(ctx, to.hashes, from.checkpoint, w.LogKey, certifytest.Origin,
				client.UnilateralConsensus(func(context.Context) ([]byte, error) { return to.checkpoint, nil }))
			if err != nil {
				t.Fatal(err)
			}
			if _, _, _, err := tracker.Update(ctx); err != nil {
				t.Errorf("from %d to a later size: %v", i, err)
			}
		}
	}
	last := stages[len(stages)-1]
	cp, _, _, err := client.FetchCheckpoint(ctx, func(context.Context) ([]byte, error) { return last.checkpoint, nil }, w.LogKey, certifytest.Origin)
	if err != nil {
		t.Fatal(err)
	}
	builder, err := client.NewProofBuilder(ctx, cp.Size, last.hashes)
	if err != nil {
		t.Fatal(err)
	}
	for i, record := range records {
		bundle, err := client.GetEntryBundle(ctx, func(_ context.Context, n uint64, p uint8) ([]byte, error) {
			return last.tile(tlog.TileID{Level: tlog.EntriesLevel, N: int64(n)}.Path(width(p)))
		}, uint64(i)/256, cp.Size)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(bundle.Entries[i%256], record) {
			t.Fatalf("record %d is another to Tessera", i)
		}
		inclusion, err := builder.InclusionProof(ctx, uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		leaf := rfc6962.DefaultHasher.HashLeaf(record)
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(i), cp.Size, leaf, inclusion, cp.Hash); err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
		other := rfc6962.DefaultHasher.HashLeaf(append(bytes.Clone(record), 'x'))
		if proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(i), cp.Size, other, inclusion, cp.Hash) == nil {
			t.Fatalf("record %d: another record passes", i)
		}
	}
}

// A log that was rewritten, or is signed with another key, is refused.
func TestTesseraRefusesAFork(t *testing.T) {
	ctx := context.Background()
	w, stages, _ := grown(t)
	fork := certifytest.New(t)
	for i := range 700 {
		fork.Append(fmt.Appendf(nil, "another record %d", i))
	}
	forked := served{fork.Checkpoint(), fork.Tiles}
	seen := stages[len(stages)-1]
	track := func(now served, key note.Verifier) error {
		tracker, err := client.NewLogStateTracker(ctx, now.hashes, seen.checkpoint, w.LogKey, certifytest.Origin,
			client.UnilateralConsensus(func(context.Context) ([]byte, error) { return now.checkpoint, nil }))
		if err != nil {
			return err
		}
		_, _, _, err = tracker.Update(ctx)
		return err
	}
	if err := track(forked, w.LogKey); err == nil {
		t.Error("a log that was rewritten: no error")
	} else if _, ok := errors.AsType[client.ErrInconsistency](err); !ok {
		t.Errorf("a log that was rewritten: %v", err)
	}
	otherKey, err := tlog.VerifierKey(certifytest.Origin, public(9))
	if err != nil {
		t.Fatal(err)
	}
	other, err := note.NewVerifier(otherKey)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := client.FetchCheckpoint(ctx, func(context.Context) ([]byte, error) { return seen.checkpoint, nil }, other, certifytest.Origin); err == nil {
		t.Error("the key of another: no error")
	}
	changed := bytes.Replace(seen.checkpoint, []byte("\n600\n"), []byte("\n601\n"), 1)
	if _, _, _, err := client.FetchCheckpoint(ctx, func(context.Context) ([]byte, error) { return changed, nil }, w.LogKey, certifytest.Origin); err == nil {
		t.Error("another size: no error")
	}
}

// x/mod, which checks the Go modules of the world, checks our log: the checkpoint
// as a note, the tiles against it, and the proof that goes with a certificate.
func TestModReadsTheLog(t *testing.T) {
	w, stages, records := grown(t)
	last := stages[len(stages)-1]
	opened, err := note.Open(last.checkpoint, note.VerifierList(w.LogKey))
	if err != nil {
		t.Fatal(err)
	}
	cp, err := tlog.ParseCheckpoint(opened.Text)
	if err != nil {
		t.Fatal(err)
	}
	tree := xtlog.Tree{N: cp.Head.Size, Hash: xtlog.Hash(cp.Head.Root)}
	hashes := xtlog.TileHashReader(tree, tileReader{last})
	for i, record := range records {
		p, err := xtlog.ProveRecord(tree.N, int64(i), hashes)
		if err != nil {
			t.Fatal(err)
		}
		if err := xtlog.CheckRecord(p, tree.N, tree.Hash, int64(i), xtlog.RecordHash(record)); err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
		if xtlog.CheckRecord(p, tree.N, tree.Hash, int64(i), xtlog.RecordHash(append(bytes.Clone(record), 'x'))) == nil {
			t.Fatalf("record %d: another record passes", i)
		}
	}
	damaged := served{last.checkpoint, map[tlog.TileID][]byte{}}
	for id, data := range last.tiles {
		data = bytes.Clone(data)
		data[40] ^= 1
		damaged.tiles[id] = data
	}
	if _, err := xtlog.ProveRecord(tree.N, 1, xtlog.TileHashReader(tree, tileReader{damaged})); err == nil {
		t.Error("tiles that were changed: no error")
	}
}

// tileReader is a log for x/mod.
type tileReader struct{ served }

func (r tileReader) Height() int { return 8 }

func (r tileReader) ReadTiles(tiles []xtlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := r.tile(tlog.TileID{Level: tile.L, N: tile.N}.Path(tile.W))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (r tileReader) SaveTiles([]xtlog.Tile, [][]byte) {}
