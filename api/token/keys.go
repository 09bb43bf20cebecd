package token

import (
	"context"
	"errors"
	"io"
	"time"
)

// A StoredKey is a signing key as replicas share it. It signs from NotBefore
// to before NotAfter.
type StoredKey struct {
	KID  string // the thumbprint of the public key (RFC 7638)
	Seed []byte // the Ed25519 private key; the store seals it

	NotBefore, NotAfter time.Time
}

// A KeyStore keeps the signing keys that replicas share.
type KeyStore interface {
	// Load returns every key whose tokens may still be in use, and may return
	// older ones.
	Load(ctx context.Context) ([]StoredKey, error)

	// Add stores a key unless there is one with the same NotBefore, and says
	// whether it did. After an error the key may be there or not; Add may be
	// repeated.
	Add(ctx context.Context, k StoredKey) (added bool, err error)
}

// A MemoryKeyStore is a KeyStore for tests, and for a single process whose
// tokens need not outlive it. The zero value is empty and ready.
type MemoryKeyStore struct{}

// KeysConfig configures [Keys].
type KeysConfig struct {
	Store  KeyStore
	Now    func() time.Time
	Random io.Reader // fit for cryptography

	Period time.Duration // how long a key signs; default 30 days
	Lead   time.Duration // how long before that it is published; default a day
	MaxTTL time.Duration // how long a token may serve at most; default an hour
}

// Keys are the signing keys: the current one, the next, and those whose tokens
// have not expired. They may be used by several goroutines.
type Keys struct{}

// NewKeys returns Keys that know no key until [Keys.Ensure].
func NewKeys(c KeysConfig) (*Keys, error) { return nil, errors.ErrUnsupported }

// Ensure reads the keys of the store and adds the current and the next one
// where they are missing. It is called at start and then by a ticker, several
// times in a Lead. After an error the keys are those of before.
func (k *Keys) Ensure(ctx context.Context) error { return errors.ErrUnsupported }

// JWKS returns the public keys as a JSON Web Key Set (RFC 7517, RFC 8037).
func (k *Keys) JWKS() []byte { return nil }
