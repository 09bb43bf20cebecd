package vault_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"

	"creditbank/creditbank/vault"
)

func newVault(t testing.TB) *vault.Vault {
	t.Helper()
	master, err := vault.NewMaster(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.New(master, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func newKey(t testing.TB, v *vault.Vault) []byte {
	t.Helper()
	key, err := v.NewKey("learner")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func seal(t testing.TB, v *vault.Vault, key []byte, plain string) []byte {
	t.Helper()
	sealed, err := v.Seal("learner", key, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestSealedTextComesBack(t *testing.T) {
	v := newVault(t)
	key := newKey(t, v)
	for _, plain := range []string{"", "王桂兰", strings.Repeat("x", 1<<20)} {
		sealed := seal(t, v, key, plain)
		got, err := v.Unseal("learner", key, sealed)
		if err != nil || string(got) != plain {
			t.Errorf("Unseal(Seal(%.10q…)) = %.10q…, %v", plain, got, err)
		}
		if len(plain) > 0 && bytes.Contains(sealed, []byte(plain)) {
			t.Errorf("Seal(%.10q…) holds its text", plain)
		}
		if sealed[0] != byte(vault.SuiteAES) {
			t.Errorf("Seal names suite %q, want %q", sealed[0], vault.SuiteAES)
		}
	}
}

func TestSealingTwiceGivesDifferentBytes(t *testing.T) {
	v := newVault(t)
	key := newKey(t, v)
	if bytes.Equal(seal(t, v, key, "same"), seal(t, v, key, "same")) {
		t.Error("two seals of one text are the same: the nonce was used twice")
	}
	if bytes.Equal(newKey(t, v), newKey(t, v)) {
		t.Error("two keys are the same")
	}
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	v := newVault(t)
	key := newKey(t, v)
	sealed := seal(t, v, key, "990101195811030283")
	for _, tt := range []struct {
		name string
		data []byte
		open func([]byte) error
	}{
		{"sealed data", sealed, func(b []byte) error { _, err := v.Unseal("learner", key, b); return err }},
		{"wrapped key", key, func(b []byte) error { _, err := v.Unseal("learner", b, sealed); return err }},
	} {
		for i := range len(tt.data) * 8 {
			b := bytes.Clone(tt.data)
			b[i/8] ^= 1 << (i % 8)
			if tt.open(b) == nil {
				t.Errorf("%s opens with bit %d flipped", tt.name, i)
			}
		}
		for n := range tt.data {
			if tt.open(tt.data[:n]) == nil {
				t.Errorf("%s opens when cut to %d bytes", tt.name, n)
			}
		}
	}
}

func TestOtherKeysAreRefused(t *testing.T) {
	v, other := newVault(t), newVault(t)
	key, theirs := newKey(t, v), newKey(t, v)
	sealed := seal(t, v, key, "secret")
	for _, tt := range []struct {
		name   string
		open   *vault.Vault
		key    []byte
		sealed []byte
	}{
		{"another person's key", v, theirs, sealed},
		{"another bank's master key", other, key, sealed},
		{"another bank's person", other, newKey(t, other), sealed},
		{"a wrapped key taken for sealed data", v, key, key},
		{"sealed data taken for a wrapped key", v, sealed, sealed},
		{"no key: the person was erased", v, nil, sealed},
	} {
		if plain, err := tt.open.Unseal("learner", tt.key, tt.sealed); err == nil {
			t.Errorf("%s: Unseal = %q, want an error", tt.name, plain)
		}
	}
}

func TestHashIsStableAndKeyed(t *testing.T) {
	master := bytes.Repeat([]byte{7}, vault.MasterSize)
	v, err := vault.New(master, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	// Stored hashes must be found again by every later version of this code.
	const want = "A8FSC_gvsNIE3JL4ilhLEERfuuJtDivlBJSTWfP6YB6g"
	if got := v.Hash("id_number", "990101195811030283"); got != want {
		t.Errorf("Hash = %q, want %q", got, want)
	}
	seen := map[string]string{}
	for _, h := range []struct{ name, hash string }{
		{"as stored", v.Hash("id_number", "990101195811030283")},
		{"other value", v.Hash("id_number", "990101195811030284")},
		{"other kind", v.Hash("passport", "990101195811030283")},
		{"kind and value cut elsewhere", v.Hash("id_number9", "90101195811030283")},
		{"other master key", newVault(t).Hash("id_number", "990101195811030283")},
	} {
		if twin, ok := seen[h.hash]; ok {
			t.Errorf("%s has the hash of %s", h.name, twin)
		}
		seen[h.hash] = h.name
	}
}

func TestNewRefuses(t *testing.T) {
	for _, n := range []int{0, 16, 31, 33} {
		if _, err := vault.New(make([]byte, n), rand.Reader); err == nil {
			t.Errorf("New takes a master key of %d bytes", n)
		}
	}
	if _, err := vault.NewMaster(strings.NewReader("short")); err == nil {
		t.Error("NewMaster is content with 5 random bytes")
	}
	v, err := vault.New(make([]byte, vault.MasterSize), strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.NewKey("learner"); !errors.Is(err, io.EOF) {
		t.Errorf("NewKey without randomness: %v, want %v", err, io.EOF)
	}
}

func FuzzUnseal(f *testing.F) {
	v := newVault(f)
	key := newKey(f, v)
	f.Add(key, seal(f, v, key, "王桂兰"))
	f.Add([]byte("A"), []byte("A"))
	f.Fuzz(func(t *testing.T, wrapped, sealed []byte) {
		if plain, err := v.Unseal("learner", wrapped, sealed); err == nil && string(plain) != "王桂兰" {
			t.Errorf("Unseal(%x, %x) = %q: nobody sealed that", wrapped, sealed, plain)
		}
	})
}

func FuzzSeal(f *testing.F) {
	v := newVault(f)
	key := newKey(f, v)
	f.Add([]byte("王桂兰"))
	f.Fuzz(func(t *testing.T, plain []byte) {
		sealed, err := v.Seal("learner", key, plain)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := v.Unseal("learner", key, sealed); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("Unseal(Seal(%q)) = %q, %v", plain, got, err)
		}
	})
}
