package password

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
)

func TestHashAndCheck(t *testing.T) {
	h := New(rand.Reader, 2)
	const secret = "一二三四五六七八九十"
	first, err := h.Hash(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.Hash(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	if first == second {
		t.Error("two hashes of one password are the same")
	}
	if !strings.HasPrefix(first, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("Hash = %q; the parameters are not as documented", first)
	}
	for password, want := range map[string]bool{secret: true, "": false, secret + " ": false, "一二三四五六七八九": false} {
		ok, rehash, err := h.Check(t.Context(), password, first)
		if ok != want || rehash || err != nil {
			t.Errorf("Check(%q) = %v, %v, %v; want %v, false", password, ok, rehash, err, want)
		}
	}
}

// The same characters are the same password, however they were typed.
func TestCheckEvensOut(t *testing.T) {
	h := New(rand.Reader, 1)
	hash, err := h.Hash(t.Context(), "cafe\u0301 ２０２６ creme")
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := h.Check(t.Context(), "caf\u00e9 2026 creme", hash); !ok || err != nil {
		t.Errorf("Check = %v, %v; want true", ok, err)
	}
}

// A hash made elsewhere (the reference implementation's command line: echo -n
// password | argon2 somesalt -id -t 2 -m 16 -p 1) is understood.
func TestForeignHash(t *testing.T) {
	const foreign = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	for password, want := range map[string]bool{"password": true, "passwore": false} {
		if ok, _, err := New(rand.Reader, 1).Check(t.Context(), password, foreign); ok != want || err != nil {
			t.Errorf("Check(%q) = %v, %v; want %v", password, ok, err, want)
		}
	}
}

func TestRehash(t *testing.T) {
	salt := []byte("sixteen bytes...")
	for name, tt := range map[string]struct {
		p    params
		want bool
	}{
		"as today":     {params{19456, 2, 1, salt, make([]byte, 32)}, false},
		"stronger":     {params{19457, 3, 2, salt, make([]byte, 32)}, false},
		"less memory":  {params{19455, 2, 1, salt, make([]byte, 32)}, true},
		"fewer passes": {params{19456, 1, 1, salt, make([]byte, 32)}, true},
		"shorter salt": {params{19456, 2, 1, salt[:15], make([]byte, 32)}, true},
		"shorter hash": {params{19456, 2, 1, salt, make([]byte, 31)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			tt.p.hash = argon2.IDKey([]byte("correct horse"), tt.p.salt, tt.p.passes, tt.p.memory, tt.p.lanes, uint32(len(tt.p.hash)))
			ok, rehash, err := New(rand.Reader, 1).Check(t.Context(), "correct horse", tt.p.String())
			if !ok || rehash != tt.want || err != nil {
				t.Errorf("Check = %v, %v, %v; want true, %v", ok, rehash, err, tt.want)
			}
		})
	}
}

func TestDamagedHash(t *testing.T) {
	const good = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	for _, bad := range []string{
		"", "$", good + "$", good[1:], strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=65536", "m=4294967295", 1), strings.Replace(good, "m=65536", "m=065536", 1),
		strings.Replace(good, "m=65536", "m=7", 1), strings.Replace(good, "t=2", "t=0", 1), strings.Replace(good, "t=2", "t=17", 1),
		strings.Replace(good, "p=1", "p=0", 1), strings.Replace(good, "p=1", "p=17", 1), strings.Replace(good, "p=1", "p=1,x=1", 1),
		strings.Replace(good, "$CTFh", "$CTF!", 1), strings.Replace(good, "c29tZXNhbHQ", "c29t", 1), good[:len(good)-30],
		strings.Replace(good, "m=65536", "m=-1", 1), strings.Replace(good, "PPc", "PPd", 1),
	} {
		if ok, _, err := New(rand.Reader, 1).Check(t.Context(), "password", bad); ok || !errors.Is(err, errHash) {
			t.Errorf("Check against %q = %v, %v; want errHash", bad, ok, err)
		}
	}
}

// So many are hashed at once and no more: memory stays bounded.
func TestTurns(t *testing.T) {
	h := New(rand.Reader, 2)
	h.turns <- struct{}{}
	h.turns <- struct{}{} // two are being hashed
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := h.Hash(ctx, "password"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Hash while others have the turns = %v; want it to wait", err)
	}
	<-h.turns
	if _, err := h.Hash(t.Context(), "password"); err != nil {
		t.Errorf("Hash = %v", err)
	}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if _, err := h.Hash(t.Context(), "password"); err != nil {
				t.Error(err)
			}
			if len(h.turns) > cap(h.turns) {
				t.Error("too many at once")
			}
		})
	}
	wg.Wait()
	if len(h.turns) != 1 {
		t.Errorf("%d turns are taken; want the one of this test", len(h.turns))
	}
}

func TestHashNeedsRandomness(t *testing.T) {
	if hash, err := New(strings.NewReader("short"), 1).Hash(t.Context(), "password"); err == nil {
		t.Errorf("Hash without randomness = %q", hex.EncodeToString([]byte(hash)))
	}
}

func FuzzParse(f *testing.F) {
	f.Add("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parse(s)
		if err == nil && p.String() != s {
			t.Errorf("parse(%q) is written as %q", s, p)
		}
	})
}

func BenchmarkHash(b *testing.B) {
	h := New(rand.Reader, 1)
	for b.Loop() {
		if _, err := h.Hash(b.Context(), "correct horse"); err != nil {
			b.Fatal(err)
		}
	}
}
