package local

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"creditbank/certify/tlog"
	"creditbank/chain"
	"creditbank/chain/chaintest"

	"golang.org/x/mod/sumdb/note"
)

func now() time.Time { return time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC) }

func config(path, logKey string) Config {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize))
	return Config{Path: path, Name: "anchor.example/local", Key: key, LogKey: logKey, Now: now}
}

func mustOpen(t *testing.T, path, logKey string) *Anchorer {
	t.Helper()
	a, err := Open(config(path, logKey))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() }) // closed already in some tests
	return a
}

func TestSuite(t *testing.T) {
	chaintest.Run(t, func(t *testing.T, logKey string) chain.Anchorer {
		return mustOpen(t, filepath.Join(t.TempDir(), "anchors.jsonl"), logKey)
	})
}

// three anchors sizes 10, 20, 30 and closes the file.
func three(t *testing.T) (path string, l *chaintest.Log, data []byte) {
	t.Helper()
	l = chaintest.NewLog(t, "local.example/log", "a")
	path = filepath.Join(t.TempDir(), "anchors.jsonl")
	a := mustOpen(t, path, l.Key)
	for _, size := range []int64{10, 20, 30} {
		if _, err := a.Anchor(context.Background(), l.Grow(size), l.Proof(max(size-10, 0), size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, l, data
}

func TestCosignatureCounts(t *testing.T) {
	path, l, _ := three(t)
	got, err := mustOpen(t, path, l.Key).Latest(context.Background(), l.Origin)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := tlog.AddSignatures(got.Checkpoint.Note, got.Receipt.Cosignatures)
	if err != nil {
		t.Fatal(err)
	}
	c := config(path, l.Key)
	vkey, err := tlog.CosignerKey(c.Name, c.Key.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	cosigner, err := tlog.NewCosignatureVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	log, err := note.NewVerifier(l.Key)
	if err != nil {
		t.Fatal(err)
	}
	o, err := tlog.Open(msg, log, cosigner)
	if err != nil || len(o.Cosignatures) != 1 || !o.Cosignatures[0].Time.Equal(now()) {
		t.Errorf("Open(cosigned) = %+v, %v", o, err)
	}
}

// A crash may cut the last line anywhere: what was acknowledged before it must
// be there, the rest must be gone, and the anchor must go on.
func TestTornLineAtEveryByte(t *testing.T) {
	path, l, data := three(t)
	second := bytes.LastIndexByte(data[:len(data)-1], '\n') + 1
	for cut := second; cut < len(data); cut += 7 {
		if err := os.WriteFile(path, data[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := Open(config(path, l.Key))
		if err != nil {
			t.Fatalf("Open after a cut at %d: %v", cut, err)
		}
		latest, err := a.Latest(context.Background(), l.Origin)
		if err != nil || latest.Checkpoint.Size != 20 {
			t.Fatalf("Latest after a cut at %d = %d, %v, want 20", cut, latest.Checkpoint.Size, err)
		}
		if _, err := a.Anchor(context.Background(), l.At(30), l.Proof(20, 30)); err != nil {
			t.Fatalf("Anchor after a cut at %d: %v", cut, err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, data) {
			t.Fatalf("file after a cut at %d differs from the one without a crash: %v", cut, err)
		}
	}
}

func TestChangedFileIsRefused(t *testing.T) {
	path, l, data := three(t)
	lines := bytes.SplitAfter(data, []byte("\n"))
	tests := map[string][]byte{
		"first line gone":     bytes.Join(lines[1:], nil),
		"middle line gone":    bytes.Join([][]byte{lines[0], lines[2]}, nil),
		"lines swapped":       bytes.Join([][]byte{lines[1], lines[0], lines[2]}, nil),
		"line twice":          bytes.Join([][]byte{lines[0], lines[1], lines[1], lines[2]}, nil),
		"time changed":        bytes.Replace(data, []byte("2026-11-23"), []byte("2026-11-22"), 1),
		"a space added":       bytes.Replace(data, []byte(`"n":1`), []byte(`"n": 1`), 1),
		"empty line":          append(bytes.Clone(data), '\n'),
		"rubbish with an end": append(bytes.Clone(data), "rubbish\n"...),
	}
	for i := 0; i < len(data); i += 41 {
		if data[i] != '\n' && i < len(data)-1 {
			bad := bytes.Clone(data)
			bad[i] ^= 1
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(config(path, l.Key)); !errors.Is(err, ErrDamaged) {
				t.Errorf("Open with a bit flipped at %d: error %v, want ErrDamaged", i, err)
			}
		}
	}
	for name, bad := range tests {
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(config(path, l.Key)); !errors.Is(err, ErrDamaged) {
			t.Errorf("Open with %s: error %v, want ErrDamaged", name, err)
		}
	}
}

// Lines that are right each, of two histories by one key, do not make a third.
func TestSplicedHistoriesAreRefused(t *testing.T) {
	path, l, data := three(t)
	other := filepath.Join(t.TempDir(), "anchors.jsonl")
	a := mustOpen(t, other, l.Key)
	for _, size := range []int64{20, 30} {
		if _, err := a.Anchor(context.Background(), l.At(size), l.Proof(max(size-10, 10), size)); err != nil {
			t.Fatal(err)
		}
	}
	theirs, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.SplitAfter(data, []byte("\n"))[0]
	second := bytes.SplitAfter(theirs, []byte("\n"))[1]
	if err := os.WriteFile(path, append(bytes.Clone(first), second...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(config(path, l.Key)); !errors.Is(err, ErrDamaged) {
		t.Errorf("Open of spliced histories: error %v, want ErrDamaged", err)
	}
}

func TestOtherKeysAreRefused(t *testing.T) {
	path, l, _ := three(t)
	other := config(path, l.Key)
	other.Key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, ed25519.SeedSize))
	if _, err := Open(other); !errors.Is(err, ErrDamaged) {
		t.Errorf("Open with another anchor key: error %v, want ErrDamaged", err)
	}
	log := chaintest.NewLog(t, "another.example/log", "a")
	if _, err := Open(config(path, log.Key)); !errors.Is(err, ErrDamaged) {
		t.Errorf("Open with another log key: error %v, want ErrDamaged", err)
	}
}

func TestSecondOpenIsRefused(t *testing.T) {
	path, l, _ := three(t)
	a := mustOpen(t, path, l.Key)
	if _, err := Open(config(path, l.Key)); !errors.Is(err, ErrLocked) {
		t.Errorf("second Open: error %v, want ErrLocked", err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, path, l.Key)
}

// A failing file: each fault in both ways it can come, persisted or not.
type failing struct {
	*os.File
	writeN   int   // bytes that get through before the write fails; -1: all
	truncate error // error of Truncate
	sync     error // error of Sync
}

var errFull = errors.New("no space left on device")

func (f *failing) Write(p []byte) (int, error) {
	if f.writeN < 0 {
		return f.File.Write(p)
	}
	n, err := f.File.Write(p[:min(f.writeN, len(p))])
	return n, errors.Join(errFull, err)
}

func (f *failing) Truncate(n int64) error {
	if f.truncate != nil {
		return f.truncate
	}
	return f.File.Truncate(n)
}

func (f *failing) Sync() error {
	if f.sync != nil {
		return f.sync
	}
	return f.File.Sync()
}

func TestFaults(t *testing.T) {
	outage := errors.New("device gone")
	tests := map[string]struct {
		fault      failing
		goesOn     bool  // the same Anchorer works once the fault is gone
		afterwards int64 // size anchored once the file is opened again
	}{
		"disk full, nothing written":              {failing{writeN: 0}, true, 30},
		"disk full, part written":                 {failing{writeN: 100}, true, 30},
		"disk full, part written and not cut off": {failing{writeN: 100, truncate: outage}, false, 30},
		"fsync fails, written":                    {failing{writeN: -1, sync: outage}, false, 40},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path, l, _ := three(t)
			a := mustOpen(t, path, l.Key)
			whole := a.f.(*os.File)
			test.fault.File = whole
			a.f = &test.fault
			cp, proof := l.Grow(40), l.Proof(30, 40)
			if _, err := a.Anchor(context.Background(), cp, proof); err == nil {
				t.Fatal("Anchor on a failing disk: success")
			}
			a.f = whole
			_, err := a.Anchor(context.Background(), cp, proof)
			if (err == nil) != test.goesOn || err != nil && !errors.Is(err, ErrBroken) {
				t.Errorf("Anchor after the fault: %v, want success %v", err, test.goesOn)
			}
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			b := mustOpen(t, path, l.Key)
			latest, err := b.Latest(context.Background(), l.Origin)
			want := test.afterwards
			if test.goesOn {
				want = 40
			}
			if err != nil || latest.Checkpoint.Size != want {
				t.Errorf("Latest after opening again = %d, %v, want %d", latest.Checkpoint.Size, err, want)
			}
			if _, err := b.Anchor(context.Background(), cp, proof); err != nil {
				t.Errorf("Anchor after opening again: %v", err)
			}
		})
	}
}

func FuzzParseLine(f *testing.F) {
	c := config("", "")
	raw, err := line{V: 1, Time: now(), Note: "n", Prev: noHash}.sign(c.Key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := parseLine(data, c.Key.Public().(ed25519.PublicKey))
		if err != nil {
			return
		}
		if again, err := l.sign(c.Key); err != nil || !bytes.Equal(again, data) {
			t.Errorf("round trip of %q = %q, %v", data, again, err)
		}
	})
}
