package keyfile_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"creditbank/certify/issuance"
	"creditbank/certify/keyfile"
)

const (
	did    = "did:web:credits.example.edu%3A8443:issuers:i06"
	origin = "credits.example.edu/certlog"
)

var (
	noon     = time.Date(2026, time.March, 15, 4, 0, 0, 0, time.UTC)
	tomorrow = noon.AddDate(0, 0, 1)
)

func open(t *testing.T, dir string) *keyfile.Folder {
	t.Helper()
	f, err := keyfile.Open(dir, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func newDir(t *testing.T) string { return filepath.Join(t.TempDir(), "deep", "keys") }

// signature returns what the issuer's key of a time makes of a message, and the
// key's id.
func signature(t *testing.T, f *keyfile.Folder, at time.Time) (id string, sig []byte) {
	t.Helper()
	s, err := f.Current(t.Context(), did, at)
	if err != nil {
		t.Fatal(err)
	}
	sig, err = s.Sign([]byte("message"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := f.Signer(t.Context(), s.KeyID())
	if err != nil {
		t.Fatal(err)
	}
	if same, err := again.Sign([]byte("message")); err != nil || !bytes.Equal(same, sig) {
		t.Errorf("Signer(%s) signs otherwise than Current: %v", s.KeyID(), err)
	}
	return s.KeyID(), sig
}

func TestKeysStay(t *testing.T) {
	dir := newDir(t)
	f := open(t, dir)
	id, sig := signature(t, f, noon)
	_, vkey, err := f.Log(t.Context(), origin)
	if err != nil {
		t.Fatal(err)
	}
	for _, again := range []*keyfile.Folder{f, open(t, dir)} {
		if id2, sig2 := signature(t, again, noon.AddDate(-5, 0, 0)); id2 != id || !bytes.Equal(sig2, sig) {
			t.Errorf("the key is another: %s", id2)
		}
		if _, v, err := again.Log(t.Context(), origin); err != nil || v != vkey {
			t.Errorf("Log = %s, %v; want %s", v, err, vkey)
		}
	}
	if id != did+"#key-1" {
		t.Errorf("the first key is %s", id)
	}
}

// After a rotation each key signs in its own time, and the documents say so.
func TestRotate(t *testing.T) {
	dir := newDir(t)
	f := open(t, dir)
	if err := f.Rotate(t.Context(), did, tomorrow); !errors.Is(err, issuance.ErrNoKey) {
		t.Errorf("Rotate of no key: %v, want ErrNoKey", err)
	}
	first, _ := signature(t, f, noon)
	other := open(t, dir) // another process
	if err := f.Rotate(t.Context(), did, tomorrow); err != nil {
		t.Fatal(err)
	}
	if err := f.Rotate(t.Context(), did, noon); err == nil {
		t.Error("Rotate to before the last key: no error")
	}
	for _, f := range []*keyfile.Folder{f, other, open(t, dir)} {
		if id, _ := signature(t, f, tomorrow.Add(-time.Second)); id != first {
			t.Errorf("until tomorrow %s signs, want %s", id, first)
		}
		if id, _ := signature(t, f, tomorrow); id != did+"#key-2" {
			t.Errorf("from tomorrow %s signs", id)
		}
		docs, err := f.Documents(t.Context())
		if err != nil || len(docs) != 1 || docs[0].ID != did || len(docs[0].Keys) != 2 {
			t.Fatalf("Documents = %+v, %v; want one with two keys", docs, err)
		}
		k := docs[0].Keys
		if !k[0].From.IsZero() || !k[0].Until.Equal(tomorrow) || !k[1].From.Equal(tomorrow) || !k[1].Until.IsZero() {
			t.Errorf("the periods are %v to %v, %v to %v", k[0].From, k[0].Until, k[1].From, k[1].Until)
		}
	}
	if _, err := f.Signer(t.Context(), did+"#key-3"); !errors.Is(err, issuance.ErrNoKey) {
		t.Errorf("Signer of no key: %v, want ErrNoKey", err)
	}
}

// Processes that make the same keys at once end up with the same keys.
func TestMadeAtOnce(t *testing.T) {
	dir := newDir(t)
	const n = 8
	keys := make([]string, n)
	var wg sync.WaitGroup
	for i := range n {
		f := open(t, dir)
		wg.Go(func() {
			s, err := f.Current(t.Context(), did, noon)
			if err != nil {
				t.Error(err)
				return
			}
			sig, _ := s.Sign([]byte("message"))
			_, vkey, err := f.Log(t.Context(), origin)
			if err != nil {
				t.Error(err)
			}
			keys[i] = string(sig) + vkey
		})
	}
	wg.Wait()
	if len(slices.Compact(keys)) != 1 {
		t.Error("there are several first keys")
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Errorf("the folder holds %v, %v; want two keys and nothing else", files, err)
	}
}

func TestModes(t *testing.T) {
	dir := newDir(t)
	f := open(t, dir)
	signature(t, f, noon)
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	path := filepath.Join(dir, files[0].Name())
	for p, want := range map[string]os.FileMode{dir: 0o700, path: 0o600} {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v; want %v", p, info.Mode().Perm(), err, want)
		}
	}
	for _, p := range []string{dir, path} {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, bit := range []os.FileMode{0o040, 0o004, 0o010, 0o002} {
			chmod(t, p, info.Mode().Perm()|bit)
			if _, err := keyfile.Open(dir, rand.Reader); !errors.Is(err, keyfile.ErrUnsafe) {
				t.Errorf("Open with mode %v: %v, want ErrUnsafe", info.Mode().Perm()|bit, err)
			}
		}
		chmod(t, p, info.Mode().Perm())
	}
	open(t, dir)
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// A damaged folder is refused, and the error shows no key.
func TestDamage(t *testing.T) {
	good := newDir(t)
	f := open(t, good)
	signature(t, f, noon)
	if err := f.Rotate(t.Context(), did, tomorrow); err != nil {
		t.Fatal(err)
	}
	first := "issuer-did%3Aweb%3Acredits.example.edu%253A8443%3Aissuers%3Ai06%23key-1.json"
	data, err := os.ReadFile(filepath.Join(good, first))
	if err != nil {
		t.Fatal(err)
	}
	second := strings.Replace(first, "key-1", "key-2", 1)
	for name, damage := range map[string]func(dir string) error{
		"cut short":      func(dir string) error { return os.Truncate(filepath.Join(dir, first), int64(len(data)-9)) },
		"empty":          func(dir string) error { return os.Truncate(filepath.Join(dir, first), 0) },
		"key is missing": func(dir string) error { return os.Remove(filepath.Join(dir, first)) },
		"another's key":  func(dir string) error { return os.WriteFile(filepath.Join(dir, second), data, 0o600) },
		"link": func(dir string) error {
			path := filepath.Join(dir, first)
			return errors.Join(os.Rename(path, path+".x"), os.Symlink(path+".x", path))
		},
	} {
		dir := newDir(t)
		if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
			t.Fatal(err)
		}
		chmod(t, dir, 0o700)
		for _, file := range []string{first, second} {
			chmod(t, filepath.Join(dir, file), 0o600)
		}
		open(t, dir)
		if err := damage(dir); err != nil {
			t.Fatal(err)
		}
		_, err := keyfile.Open(dir, rand.Reader)
		if err == nil || strings.Contains(err.Error(), "seed") {
			t.Errorf("%s: Open: %v, want an error without the key", name, err)
		}
	}
}

// A key that is taken away under a program is not made anew under its id.
func TestKeyTakenAway(t *testing.T) {
	for _, prefix := range []string{"issuer-", "log-"} {
		dir := newDir(t)
		f := open(t, dir)
		_, sig := signature(t, f, noon)
		_, vkey, err := f.Log(t.Context(), origin)
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, prefix+"*"))
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		away := filepath.Join(t.TempDir(), "away")
		if err := os.Rename(files[0], away); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, noon, noon); err != nil { // the clock of folders ticks slowly
			t.Fatal(err)
		}
		_, current := f.Current(t.Context(), did, noon)
		_, _, log := f.Log(t.Context(), origin)
		_, documents := f.Documents(t.Context())
		for what, err := range map[string]error{"Current": current, "Log": log, "Documents": documents} {
			if err == nil {
				t.Errorf("%s after the key of %s... was taken away: no error", what, prefix)
			}
		}
		if err := os.Rename(away, files[0]); err != nil {
			t.Fatal(err)
		}
		if _, again := signature(t, f, noon); !bytes.Equal(again, sig) {
			t.Error("the key is another after it was put back")
		}
		if _, v, err := f.Log(t.Context(), origin); err != nil || v != vkey {
			t.Errorf("Log after it was put back = %s, %v; want %s", v, err, vkey)
		}
	}
}
