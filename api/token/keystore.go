package token

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A StoredKey is a signing key as replicas share it. It signs from NotBefore
// to before NotAfter.
type StoredKey struct {
	KID  string // the thumbprint of the public key (RFC 7638)
	Seed []byte // the Ed25519 private key; the store seals it

	NotBefore, NotAfter time.Time // whole seconds
}

// A KeyStore keeps the signing keys that replicas share. A key that is taken
// out of it, because it leaked, is refused after the next [Keys.Ensure].
type KeyStore interface {
	// Load returns every key whose tokens may still be in use, and may return
	// older ones.
	Load(ctx context.Context) ([]StoredKey, error)

	// Add stores a key unless there is one with the same NotBefore, and says
	// whether it did. After an error the key may be there or not; Add may be
	// repeated, with another key too.
	Add(ctx context.Context, k StoredKey) (added bool, err error)
}

// A MemoryKeyStore is a KeyStore for tests, and for a single process whose
// tokens need not outlive it. The zero value is empty and ready.
type MemoryKeyStore struct {
	mu   sync.Mutex
	keys []StoredKey
}

var _ KeyStore = (*MemoryKeyStore)(nil)

// Load implements [KeyStore].
func (s *MemoryKeyStore) Load(context.Context) ([]StoredKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := slices.Clone(s.keys)
	for i := range keys {
		keys[i].Seed = bytes.Clone(keys[i].Seed)
	}
	return keys, nil
}

// Add implements [KeyStore].
func (s *MemoryKeyStore) Add(_ context.Context, k StoredKey) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.keys, func(o StoredKey) bool { return o.NotBefore.Equal(k.NotBefore) }) {
		return false, nil
	}
	k.Seed = bytes.Clone(k.Seed)
	s.keys = append(s.keys, k)
	return true, nil
}

// A ringKey is a key in use.
type ringKey struct {
	kid     string
	public  ed25519.PublicKey
	private ed25519.PrivateKey // nil once it signs no more

	notBefore, notAfter time.Time
}

// newRingKey checks what came from the store.
func newRingKey(s StoredKey) (ringKey, error) {
	if len(s.Seed) != ed25519.SeedSize {
		return ringKey{}, fmt.Errorf("signing key %q: a seed has %d bytes, not %d", s.KID, ed25519.SeedSize, len(s.Seed))
	}
	k := ringKey{private: ed25519.NewKeyFromSeed(s.Seed), notBefore: s.NotBefore.UTC(), notAfter: s.NotAfter.UTC()}
	k.public = k.private.Public().(ed25519.PublicKey)
	if k.kid = thumbprintEd25519(k.public); k.kid != s.KID {
		return ringKey{}, fmt.Errorf("signing key %q: the seed is that of another key", s.KID)
	}
	whole := s.NotBefore.Nanosecond() == 0 && s.NotAfter.Nanosecond() == 0
	if !whole || !s.NotBefore.Before(s.NotAfter) {
		return ringKey{}, fmt.Errorf("signing key %q: signs from %v to %v", s.KID, s.NotBefore, s.NotAfter)
	}
	return k, nil
}

// signs reports whether k may sign at t.
func (k ringKey) signs(t time.Time) bool { return !t.Before(k.notBefore) && t.Before(k.notAfter) }

// A ring holds the keys in use, the latest first. It does not change.
type ring []ringKey

// signer returns the key that signs at t. Replicas whose clocks differ may have
// drawn keys that overlap; then all take the later.
func (r ring) signer(t time.Time) (ringKey, bool) {
	for _, k := range r {
		if k.signs(t) {
			return k, true
		}
	}
	return ringKey{}, false
}

// find returns the key of a kid.
func (r ring) find(kid string) (ringKey, bool) {
	for _, k := range r {
		if k.kid == kid {
			return k, true
		}
	}
	return ringKey{}, false
}
