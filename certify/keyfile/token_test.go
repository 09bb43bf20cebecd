package keyfile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"creditbank/certify"
	"creditbank/certify/issuance"
	"creditbank/certify/keyfile"
)

// token returns the id of the key of tokens of a time, and what it makes of a
// message.
func token(t *testing.T, f *keyfile.Folder, suite certify.Suite, at time.Time) (id string, sig []byte) {
	t.Helper()
	s, err := f.Token(t.Context(), did, suite, at)
	if err != nil {
		t.Fatal(err)
	}
	if sig, err = s.Sign([]byte("message")); err != nil {
		t.Fatal(err)
	}
	again, err := f.Signer(t.Context(), s.KeyID())
	if err != nil {
		t.Fatal(err)
	}
	if same, err := again.Sign([]byte("message")); err != nil || !bytes.Equal(same, sig) || s.Suite() != suite || again.Suite() != suite {
		t.Errorf("Signer(%s) signs otherwise than Token: %v", s.KeyID(), err)
	}
	return s.KeyID(), sig
}

// Each form has a key of its own, that stays, is rotated, and is published when
// it is retired.
func TestTokens(t *testing.T) {
	dir := newDir(t)
	f := open(t, dir)
	if _, err := f.Token(t.Context(), did, certify.RS256, noon); !errors.Is(err, issuance.ErrNoKey) {
		t.Errorf("Token of who has issued nothing: %v", err)
	}
	signature(t, f, noon)
	for _, suite := range []certify.Suite{certify.EdDSA, "none", ""} {
		if _, err := f.Token(t.Context(), did, suite, noon); !errors.Is(err, issuance.ErrNoKey) {
			t.Errorf("Token of suite %q: %v", suite, err)
		}
	}
	if err := f.RotateToken(t.Context(), did, certify.RS256, tomorrow); !errors.Is(err, issuance.ErrNoKey) {
		t.Errorf("RotateToken of none: %v", err)
	}
	rs, rsSig := token(t, f, certify.RS256, noon)
	es, esSig := token(t, f, certify.ES256, noon)
	if rs != did+"#rs256-1" || es != did+"#es256-1" {
		t.Errorf("keys %s, %s", rs, es)
	}
	other := open(t, dir)
	if _, sig := token(t, other, certify.RS256, noon); !bytes.Equal(sig, rsSig) {
		t.Error("another RS256 key after the folder was opened anew")
	}
	if err := f.RotateToken(t.Context(), did, certify.ES256, noon.Add(-time.Hour).Add(time.Hour*25)); err != nil {
		t.Fatal(err)
	}
	if err := f.RotateToken(t.Context(), did, certify.ES256, tomorrow); !errors.Is(err, issuance.ErrKeyLater) {
		t.Errorf("rotated twice to one time: %v", err)
	}
	if id, sig := token(t, other, certify.ES256, tomorrow.Add(-time.Second)); id != es || !bytes.Equal(sig, esSig) {
		t.Errorf("before it is due: %s", id)
	}
	if id, _ := token(t, other, certify.ES256, tomorrow); id != did+"#es256-2" {
		t.Errorf("once it is due: %s", id)
	}
	docs, err := other.Documents(t.Context())
	if err != nil || len(docs) != 1 || len(docs[0].Keys) != 1 || len(docs[0].Tokens) != 3 {
		t.Fatalf("Documents = %+v, %v", docs, err)
	}
	if k := docs[0].Tokens[1]; k.ID != es || !k.From.IsZero() || !k.Until.Equal(tomorrow) {
		t.Errorf("the retired key: %+v", k)
	}
	if _, err := docs[0].JSON(); err != nil {
		t.Error(err)
	}
}

// Files of tokens are as strict as the others, and none that is gone is made
// anew.
func TestTokenFiles(t *testing.T) {
	dir := newDir(t)
	f := open(t, dir)
	signature(t, f, noon)
	token(t, f, certify.RS256, noon)
	token(t, f, certify.ES256, noon)
	files, err := filepath.Glob(filepath.Join(dir, "token-*"))
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	es, rs := files[0], files[1]
	info, err := os.Stat(rs)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	good, err := os.ReadFile(rs)
	if err != nil {
		t.Fatal(err)
	}
	esGood, err := os.ReadFile(es)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string) {
		t.Helper()
		if _, err := keyfile.Open(dir, nil); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	write := func(data []byte) {
		if err := os.WriteFile(rs, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(good[:len(good)-20])
	refused("cut short")
	write(bytes.Replace(esGood, []byte("es256-1"), []byte("rs256-1"), 1))
	refused("a P-256 key under the name of RSA")
	write(bytes.Replace(good, []byte(`"pkcs8"`), []byte(`"seed"`), 1))
	refused("a seed for a key of tokens")
	write(good)
	if err := os.Chmod(rs, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := keyfile.Open(dir, nil); !errors.Is(err, keyfile.ErrUnsafe) {
		t.Errorf("readable to all: %v", err)
	}
	if err := os.Remove(rs); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(dir, noon, noon); err != nil { // the clock of folders ticks slowly
		t.Fatal(err)
	}
	if _, err := f.Token(t.Context(), did, certify.RS256, noon); err == nil {
		t.Error("a key that is gone: no error")
	}
}
