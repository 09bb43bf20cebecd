package tlog

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	xtlog "golang.org/x/mod/sumdb/tlog"
)

// A memory is a storage of tiles that checks what every storage may rely on:
// a tile only ever grows.
type memory struct {
	t     testing.TB
	tiles map[TileID][]byte
	head  Head
}

func newMemory(t testing.TB) *memory {
	return &memory{t: t, tiles: map[TileID][]byte{}, head: EmptyHead()}
}

func (m *memory) read(id TileID) ([]byte, error) { return m.tiles[id], nil }

func (m *memory) append(records ...[]byte) {
	m.t.Helper()
	b, err := Append(m.head, m.read, records)
	if err != nil {
		m.t.Fatalf("Append(%d, %d records): %v", m.head.Size, len(records), err)
	}
	if b.First != m.head.Size || b.Head.Size != m.head.Size+int64(len(records)) {
		m.t.Fatalf("Append(%d, %d records) = first %d, size %d", m.head.Size, len(records), b.First, b.Head.Size)
	}
	for _, tile := range b.Tiles {
		if old := m.tiles[tile.ID]; string(old) != string(tile.Data[:len(old)]) {
			m.t.Fatalf("tile %v: new data does not begin with the stored data", tile.ID)
		}
		if tile.ID.Level != EntriesLevel && tile.Width*xtlog.HashSize != len(tile.Data) {
			m.t.Fatalf("tile %v: width %d, %d bytes", tile.ID, tile.Width, len(tile.Data))
		}
		m.tiles[tile.ID] = tile.Data
	}
	m.head = b.Head
}

func record(i int64) []byte { return fmt.Appendf(nil, "record %d", i) }

func records(from, n int64) [][]byte {
	var rs [][]byte
	for i := from; i < from+n; i++ {
		rs = append(rs, record(i))
	}
	return rs
}

// grow builds a log in random batches and returns the heads by size, each
// computed from the records alone as RFC 6962 says.
func grow(t testing.TB, size int64, seed uint64) (*memory, []Head) {
	t.Helper()
	m, r := newMemory(t), rand.New(rand.NewPCG(seed, 1))
	heads := []Head{EmptyHead()}
	for i := range size {
		heads = append(heads, Head{Size: i + 1, Root: naiveRoot(i + 1)})
	}
	for m.head.Size < size {
		m.append(records(m.head.Size, min(1+r.Int64N(60), size-m.head.Size))...)
		if m.head != heads[m.head.Size] {
			t.Fatalf("root of size %d is %v, want %v", m.head.Size, m.head.Root, heads[m.head.Size].Root)
		}
	}
	return m, heads
}

// naiveRoot is MTH of RFC 6962, section 2.1, as it is written there.
func naiveRoot(n int64) Hash { return naiveHash(0, n) }

func naiveHash(lo, hi int64) Hash {
	if hi-lo == 1 {
		return Hash(rfc6962.DefaultHasher.HashLeaf(record(lo)))
	}
	k := int64(1)
	for k*2 < hi-lo {
		k *= 2
	}
	l, r := naiveHash(lo, lo+k), naiveHash(lo+k, hi)
	return Hash(rfc6962.DefaultHasher.HashChildren(l[:], r[:]))
}

func raw(hs []Hash) [][]byte {
	out := make([][]byte, len(hs))
	for i := range hs {
		out[i] = hs[i][:]
	}
	return out
}

const testSize = 600

// step says which size comes after one: all of them until well past the edge
// of the first tile, then fewer, since the work grows with the square. The
// roots of all sizes are compared in grow.
func step(size int64) int64 {
	switch {
	case testing.Short():
		return 37
	case size < 270 || size > 508 && size < 520:
		return 1
	}
	return 13
}

func TestInclusionOfEveryRecordInEveryTree(t *testing.T) {
	m, heads := grow(t, testSize, 1)
	t.Parallel()
	for size := int64(1); size <= testSize; size += step(size) {
		for i := int64(0); i < size; i++ {
			p, err := ProveInclusion(heads[size], i, m.read)
			if err != nil {
				t.Fatal(err)
			}
			if err := CheckInclusion(heads[size], i, record(i), p); err != nil {
				t.Fatal(err)
			}
			leaf := rfc6962.DefaultHasher.HashLeaf(record(i))
			if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(i), uint64(size), leaf, raw(p), heads[size].Root[:]); err != nil {
				t.Fatalf("merkle.VerifyInclusion(%d in %d): %v", i, size, err)
			}
			if i%17 == size%17 {
				flipEach(t, p, func(bad []Hash) error { return CheckInclusion(heads[size], i, record(i), bad) })
			}
		}
	}
}

func TestConsistencyOfEveryPairOfTrees(t *testing.T) {
	m, heads := grow(t, testSize, 2)
	t.Parallel()
	for to := int64(1); to <= testSize; to += step(to) {
		for from := int64(0); from <= to; from++ {
			p, err := ProveConsistency(heads[to], from, m.read)
			if err != nil {
				t.Fatal(err)
			}
			if err := CheckConsistency(heads[from], heads[to], p); err != nil {
				t.Fatal(err)
			}
			if from > 0 {
				if err := proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(from), uint64(to), raw(p), heads[from].Root[:], heads[to].Root[:]); err != nil {
					t.Fatalf("merkle.VerifyConsistency(%d to %d): %v", from, to, err)
				}
			}
			if from%17 == to%17 {
				flipEach(t, p, func(bad []Hash) error { return CheckConsistency(heads[from], heads[to], bad) })
			}
		}
	}
}

// flipEach flips one bit in each hash of a proof, drops one and adds one:
// every such proof must be refused.
func flipEach(t *testing.T, p []Hash, check func([]Hash) error) {
	t.Helper()
	for i := range p {
		bad := append([]Hash(nil), p...)
		bad[i][i%32] ^= 1 << (i % 8)
		if err := check(bad); !errors.Is(err, ErrProof) {
			t.Fatalf("proof with a flipped bit in hash %d: error %v, want ErrProof", i, err)
		}
	}
	if len(p) > 0 {
		if err := check(p[1:]); !errors.Is(err, ErrProof) {
			t.Fatalf("proof without its first hash: error %v", err)
		}
	}
	if err := check(append(append([]Hash(nil), p...), Hash{})); !errors.Is(err, ErrProof) {
		t.Fatalf("proof with a hash too many: error %v", err)
	}
}

func TestTilesAreThoseOfXMod(t *testing.T) {
	m := newMemory(t)
	m.append(records(0, 69_000)...)
	m.append(records(69_000, 1000)...)
	var all []Hash
	for i := range m.head.Size {
		hs, err := xtlog.StoredHashes(i, record(i), xtlog.HashReaderFunc(func(ix []int64) ([]Hash, error) {
			out := make([]Hash, len(ix))
			for j, x := range ix {
				out[j] = all[x]
			}
			return out, nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, hs...)
	}
	reader := xtlog.HashReaderFunc(func(ix []int64) ([]Hash, error) {
		out := make([]Hash, len(ix))
		for j, x := range ix {
			out[j] = all[x]
		}
		return out, nil
	})
	want := 0
	for _, tile := range xtlog.NewTiles(tileHeight, 0, m.head.Size) {
		data, err := xtlog.ReadTileData(tile, reader)
		if err != nil {
			t.Fatal(err)
		}
		if tile.L < 0 {
			continue
		}
		want++
		if got := m.tiles[TileID{tile.L, tile.N}]; string(got) != string(data) {
			t.Errorf("tile %s differs from x/mod's", tile.Path())
		}
	}
	// The example of C2SP tlog-tiles: 273 full and 1 partial, 1 and 1, 0 and 1.
	if want != 273+1+1+1+1 {
		t.Errorf("x/mod has %d tiles", want)
	}
	for id, data := range m.tiles {
		if id.Level == EntriesLevel {
			got, err := ParseEntries(data)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(records(id.N*256, int64(len(got))), got); d != "" {
				t.Fatalf("bundle %d: %s", id.N, d)
			}
		}
	}
}

func TestAppendRefusesDamage(t *testing.T) {
	m := newMemory(t)
	m.append(records(0, 70_000-3)...)
	partial := []TileID{{0, 273}, {1, 1}, {2, 0}, {EntriesLevel, 273}}
	for _, id := range partial {
		good := m.tiles[id]
		for name, bad := range map[string][]byte{
			"first bit flipped": append([]byte{good[0] ^ 1}, good[1:]...),
			"last bit flipped":  append(append([]byte{}, good[:len(good)-1]...), good[len(good)-1]^1),
			"cut short":         good[:len(good)-1],
			"gone":              nil,
		} {
			m.tiles[id] = bad
			if _, err := Append(m.head, m.read, [][]byte{[]byte("x")}); !errors.Is(err, ErrDamaged) {
				t.Errorf("tile %v %s: error %v, want ErrDamaged", id, name, err)
			}
		}
		m.tiles[id] = good
	}
	if _, err := Append(Head{Size: m.head.Size, Root: Hash{1}}, m.read, nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("wrong root: error %v, want ErrDamaged", err)
	}
	if _, err := Append(Head{Size: -1}, m.read, nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("negative size: error %v, want ErrDamaged", err)
	}
	outage := errors.New("outage")
	if _, err := Append(m.head, func(TileID) ([]byte, error) { return nil, outage }, nil); !errors.Is(err, outage) {
		t.Errorf("storage out: error %v, want it to wrap the storage's", err)
	}
}

// A batch may have been stored without its head (storage that is not
// transactional): the wider tiles must not be believed.
func TestAppendCutsWiderTilesBack(t *testing.T) {
	m, heads := grow(t, 300, 5)
	for _, size := range []int64{290, 256, 255, 1, 0} {
		b, err := Append(heads[size], m.read, records(size, 300-size))
		if err != nil {
			t.Fatalf("Append at %d over tiles of 300: %v", size, err)
		}
		if b.Head != heads[300] {
			t.Errorf("Append at %d over tiles of 300: wrong head", size)
		}
	}
}

func TestProveRefusesDamage(t *testing.T) {
	m, _ := grow(t, 600, 6)
	id := TileID{0, 1}
	m.tiles[id][5*32] ^= 1
	if _, err := ProveInclusion(m.head, 300, m.read); err == nil {
		t.Error("ProveInclusion over a damaged tile: no error")
	}
	delete(m.tiles, id)
	if _, err := ProveInclusion(m.head, 300, m.read); !errors.Is(err, ErrDamaged) {
		t.Errorf("ProveInclusion without a tile: error %v, want ErrDamaged", err)
	}
	for _, index := range []int64{-1, 600} {
		if _, err := ProveInclusion(m.head, index, m.read); err == nil {
			t.Errorf("ProveInclusion(%d) of 600: no error", index)
		}
	}
	for _, from := range []int64{-1, 601} {
		if _, err := ProveConsistency(m.head, from, m.read); err == nil {
			t.Errorf("ProveConsistency(%d to 600): no error", from)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	m := newMemory(b)
	rs := records(0, 1024)
	for b.Loop() {
		m.append(rs...)
	}
	b.ReportMetric(float64(b.N*1024)/b.Elapsed().Seconds(), "records/s")
}
