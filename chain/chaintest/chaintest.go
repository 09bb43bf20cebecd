// Package chaintest is the suite that every chain.Anchorer passes, and a small
// log to feed it.
package chaintest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"creditbank/certify/tlog"
	"creditbank/chain"
)

// A Log is a log in memory. Its records depend on Salt, so two logs of the same
// origin and another salt are a fork.
type Log struct {
	Origin string
	Salt   string
	Key    string // verifier key

	t      testing.TB
	signer note.Signer
	tiles  map[tlog.TileID][]byte
	heads  map[int64]tlog.Head
	size   int64
}

// NewLog returns an empty log. Logs of one origin have the same key.
func NewLog(t testing.TB, origin, salt string) *Log {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	signer, err := tlog.NewSigner(origin, key)
	if err != nil {
		t.Fatal(err)
	}
	vkey, err := tlog.VerifierKey(origin, key.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return &Log{
		Origin: origin, Salt: salt, Key: vkey, t: t, signer: signer,
		tiles: map[tlog.TileID][]byte{}, heads: map[int64]tlog.Head{0: tlog.EmptyHead()},
	}
}

// Grow appends records until the log has a size, and returns its checkpoint.
func (l *Log) Grow(size int64) chain.Checkpoint {
	l.t.Helper()
	var records [][]byte
	for i := l.size; i < size; i++ {
		records = append(records, fmt.Appendf(nil, "%s %d", l.Salt, i))
	}
	b, err := tlog.Append(l.heads[l.size], l.read, records)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, tile := range b.Tiles {
		l.tiles[tile.ID] = tile.Data
	}
	l.size = b.Head.Size
	l.heads[l.size] = b.Head
	return l.At(l.size)
}

func (l *Log) read(id tlog.TileID) ([]byte, error) { return l.tiles[id], nil }

// At returns the checkpoint of a size the log was grown to.
func (l *Log) At(size int64) chain.Checkpoint {
	l.t.Helper()
	head, ok := l.heads[size]
	if !ok {
		l.t.Fatalf("log was never of size %d", size)
	}
	msg, err := tlog.Checkpoint{Origin: l.Origin, Head: head}.Sign(l.signer)
	if err != nil {
		l.t.Fatal(err)
	}
	return chain.Checkpoint{Origin: l.Origin, Size: size, Root: head.Root, Note: msg}
}

// Proof returns the consistency proof between two sizes it was grown to.
func (l *Log) Proof(from, to int64) [][chain.HashSize]byte {
	l.t.Helper()
	hashes, err := tlog.ProveConsistency(l.heads[to], from, l.read)
	if err != nil {
		l.t.Fatal(err)
	}
	var out [][chain.HashSize]byte
	for _, h := range hashes {
		out = append(out, h)
	}
	return out
}

// Run runs the suite. open returns an Anchorer that has recorded nothing for
// the log of the given verifier key; each test has a log of its own name.
func Run(t *testing.T, open func(t *testing.T, logKey string) chain.Anchorer) {
	n := 0
	setup := func(t *testing.T) (chain.Anchorer, *Log) {
		n++
		l := NewLog(t, fmt.Sprintf("suite.example/log-%d", n), "a")
		return open(t, l.Key), l
	}
	for name, test := range map[string]func(*testing.T, chain.Anchorer, *Log){
		"grows":                  testGrows,
		"refuses and keeps":      testRefuses,
		"starts at size 0":       testEmpty,
		"one winner of a race":   testRace,
		"ended context is no ok": testContext,
	} {
		t.Run(name, func(t *testing.T) {
			a, l := setup(t)
			test(t, a, l)
		})
	}
}

func testGrows(t *testing.T, a chain.Anchorer, l *Log) {
	ctx := context.Background()
	if got, err := a.Latest(ctx, l.Origin); !errors.Is(err, chain.ErrNone) {
		t.Fatalf("Latest before the first anchor = %+v, %v, want ErrNone", got, err)
	}
	last := int64(0)
	for _, size := range []int64{3, 4, 255, 256, 257, 700} {
		cp, proof := l.Grow(size), [][chain.HashSize]byte(nil)
		if last > 0 {
			proof = l.Proof(last, size)
		}
		r, err := a.Anchor(ctx, cp, proof)
		if err != nil {
			t.Fatalf("Anchor(%d): %v", size, err)
		}
		if r.Kind == "" || r.Who == "" || r.Transaction == "" || r.Time.IsZero() {
			t.Errorf("Anchor(%d) = %+v: a receipt says kind, who, transaction and time", size, r)
		}
		again, err := a.Anchor(ctx, cp, nil)
		if err != nil || again.Transaction != r.Transaction || !again.Time.Equal(r.Time) {
			t.Errorf("Anchor(%d) again = %+v, %v, want the first receipt %+v", size, again, err, r)
		}
		wantLatest(t, a, cp, r.Transaction)
		last = size
	}
	if _, err := a.Latest(ctx, "another.example/log"); !errors.Is(err, chain.ErrNone) {
		t.Errorf("Latest of another log: error %v, want ErrNone", err)
	}
}

func wantLatest(t *testing.T, a chain.Anchorer, cp chain.Checkpoint, transaction string) {
	t.Helper()
	got, err := a.Latest(context.Background(), cp.Origin)
	if err != nil || got.Checkpoint.Size != cp.Size || got.Checkpoint.Root != cp.Root || got.Receipt.Transaction != transaction {
		t.Errorf("Latest = %+v, %v, want size %d, transaction %s", got, err, cp.Size, transaction)
	}
}

func testRefuses(t *testing.T, a chain.Anchorer, l *Log) {
	ctx := context.Background()
	fork, other := NewLog(t, l.Origin, "b"), NewLog(t, "another.example/log", "a")
	for _, size := range []int64{5, 10, 20, 30} {
		l.Grow(size)
		fork.Grow(size)
		other.Grow(size)
	}
	if _, err := a.Anchor(ctx, l.At(10), nil); err != nil {
		t.Fatal(err)
	}
	r, err := a.Anchor(ctx, l.At(20), l.Proof(10, 20))
	if err != nil {
		t.Fatal(err)
	}
	lying := l.At(30)
	lying.Size = 31
	badRoot := l.At(30)
	badRoot.Root[0] ^= 1
	badSig := l.At(30)
	badSig.Note = bytes.Replace(badSig.Note, []byte("\n30\n"), []byte("\n31\n"), 1)
	flipped := l.Proof(20, 30)
	flipped[0][0] ^= 1
	tests := map[string]struct {
		cp    chain.Checkpoint
		proof [][chain.HashSize]byte
		want  []error // one of them
	}{
		"smaller":                       {l.At(10), nil, []error{chain.ErrRollback}},
		"smaller with a proof":          {l.At(10), l.Proof(5, 10), []error{chain.ErrRollback}},
		"same size, another root":       {fork.At(20), nil, []error{chain.ErrFork}},
		"larger, of a fork":             {fork.At(30), fork.Proof(20, 30), []error{chain.ErrFork, chain.ErrStale}},
		"larger, of a fork, true proof": {fork.At(30), l.Proof(20, 30), []error{chain.ErrFork, chain.ErrStale}},
		"proof from an older anchor":    {l.At(30), l.Proof(10, 30), []error{chain.ErrStale, chain.ErrFork}},
		"no proof":                      {l.At(30), nil, []error{chain.ErrStale, chain.ErrFork}},
		"proof with a bit flipped":      {l.At(30), flipped, []error{chain.ErrStale, chain.ErrFork}},
		"size that is not the note's":   {lying, l.Proof(20, 30), []error{chain.ErrInvalid}},
		"root that is not the note's":   {badRoot, l.Proof(20, 30), []error{chain.ErrInvalid}},
		"note changed":                  {badSig, l.Proof(20, 30), []error{chain.ErrInvalid}},
		"no note":                       {chain.Checkpoint{Origin: l.Origin, Size: 30, Root: l.At(30).Root}, l.Proof(20, 30), []error{chain.ErrInvalid}},
		"another log":                   {other.At(30), nil, []error{chain.ErrInvalid}},
	}
	for name, test := range tests {
		_, err := a.Anchor(ctx, test.cp, test.proof)
		ok := false
		for _, want := range test.want {
			ok = ok || errors.Is(err, want)
		}
		if !ok {
			t.Errorf("Anchor of %s: error %v, want one of %v", name, err, test.want)
		}
		wantLatest(t, a, l.At(20), r.Transaction)
	}
	if _, err := a.Anchor(ctx, l.At(30), l.Proof(20, 30)); err != nil {
		t.Errorf("Anchor of the right one after all that: %v", err)
	}
}

func testEmpty(t *testing.T, a chain.Anchorer, l *Log) {
	ctx := context.Background()
	if _, err := a.Anchor(ctx, l.At(0), nil); err != nil {
		t.Fatalf("Anchor(0): %v", err)
	}
	cp := l.Grow(5)
	r, err := a.Anchor(ctx, cp, nil)
	if err != nil {
		t.Fatalf("Anchor(5) after 0: %v", err)
	}
	wantLatest(t, a, cp, r.Transaction)
}

// Several workers anchor the same growth at once: each success must be of one
// line of history, and the last must be found.
func testRace(t *testing.T, a chain.Anchorer, l *Log) {
	ctx := context.Background()
	if _, err := a.Anchor(ctx, l.Grow(10), nil); err != nil {
		t.Fatal(err)
	}
	sizes := []int64{11, 12, 13, 14}
	cps, proofs := map[int64]chain.Checkpoint{}, map[int64][][chain.HashSize]byte{}
	for _, s := range sizes {
		cps[s], proofs[s] = l.Grow(s), l.Proof(10, s)
	}
	var wg sync.WaitGroup
	errs := make([]error, 2*len(sizes))
	for i := range errs {
		wg.Go(func() {
			s := sizes[i/2]
			_, errs[i] = a.Anchor(ctx, cps[s], proofs[s])
		})
	}
	wg.Wait()
	latest, err := a.Latest(ctx, l.Origin)
	if err != nil || latest.Checkpoint.Size <= 10 {
		t.Fatalf("Latest after the race = %+v, %v", latest, err)
	}
	won := latest.Checkpoint.Size
	for i, err := range errs {
		lost := errors.Is(err, chain.ErrStale) || errors.Is(err, chain.ErrRollback) || errors.Is(err, chain.ErrFork)
		if (err == nil) != (sizes[i/2] == won) || err != nil && !lost {
			t.Errorf("Anchor(%d) in the race: %v; anchored is %d", sizes[i/2], err, won)
		}
	}
}

// A context that ended gives an error, or a success that is true.
func testContext(t *testing.T, a chain.Anchorer, l *Log) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	cp := l.Grow(3)
	_, err := a.Anchor(ctx, cp, nil)
	latest, lerr := a.Latest(context.Background(), l.Origin)
	if err == nil && (lerr != nil || latest.Checkpoint.Size != 3) {
		t.Errorf("Anchor with an ended context: success, but Latest = %+v, %v", latest, lerr)
	}
	if _, err := a.Anchor(context.Background(), cp, nil); err != nil {
		t.Errorf("Anchor after an unknown outcome: %v", err)
	}
}
