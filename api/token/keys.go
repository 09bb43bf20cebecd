package token

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	defaultPeriod = 30 * 24 * time.Hour
	defaultLead   = 24 * time.Hour
	defaultMaxTTL = time.Hour

	// reloadEvery is the least time between two reads of the store that
	// strangers cause with keys we do not know, and reloadFor the most that one
	// may take.
	reloadEvery = 10 * time.Second
	reloadFor   = 2 * time.Second

	// maxAdds bounds the keys that one Ensure adds. Two may be missing, more
	// where the period was shorter before.
	maxAdds = 4
)

// KeysConfig configures [Keys].
type KeysConfig struct {
	Store  KeyStore
	Now    func() time.Time
	Random io.Reader // fit for cryptography, and for use by several goroutines

	Period time.Duration // how long a key signs; default 30 days
	Lead   time.Duration // how long before that it is published; default a day
	MaxTTL time.Duration // how long a token may serve at most; default an hour
}

// Keys are the signing keys: the current one, the next, and those whose tokens
// have not all expired. They may be used by several goroutines.
type Keys struct {
	c    KeysConfig
	ring atomic.Pointer[ring]

	mu       sync.Mutex // held while the store is read and the ring replaced
	ended    time.Time  // when the last key ended that signs no more
	reloaded time.Time  // when an unknown key last made us read
}

// NewKeys returns Keys that know no key until [Keys.Ensure].
func NewKeys(c KeysConfig) (*Keys, error) {
	if c.Store == nil || c.Now == nil || c.Random == nil {
		return nil, errors.New("signing keys: store, clock and randomness are required")
	}
	c.Period = cmp.Or(c.Period, defaultPeriod)
	c.Lead = cmp.Or(c.Lead, min(defaultLead, c.Period/4))
	c.MaxTTL = cmp.Or(c.MaxTTL, defaultMaxTTL)
	if c.Period < time.Minute || c.Period%time.Second != 0 || c.Lead < 0 || 2*c.Lead > c.Period || c.MaxTTL < time.Second {
		return nil, fmt.Errorf("signing keys: period %v, lead %v, longest token %v: a period is whole seconds, a minute at least, and two leads at least",
			c.Period, c.Lead, c.MaxTTL)
	}
	k := &Keys{c: c}
	k.ring.Store(&ring{})
	return k, nil
}

// Ensure reads the keys of the store and adds the current and the next one
// where they are missing. It is called at start and then by a ticker, several
// times in a Lead. After an error the keys are those of before, or of after.
func (k *Keys) Ensure(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for adds := 0; ; adds++ {
		if err := k.load(ctx); err != nil {
			return err
		}
		start, missing := k.missing(k.c.Now())
		if !missing {
			return nil
		}
		if adds == maxAdds {
			return errors.New("signing keys: the store does not return what was added")
		}
		if err := k.add(ctx, start); err != nil {
			return err
		}
	}
}

// load replaces the ring by what the store has. Under k.mu.
func (k *Keys) load(ctx context.Context) error {
	stored, err := k.c.Store.Load(ctx)
	if err != nil {
		return fmt.Errorf("load signing keys: %w", err)
	}
	now := k.c.Now()
	var r ring
	var ended time.Time
	for _, s := range stored {
		if !s.NotAfter.After(now) && s.NotAfter.After(ended) {
			ended = s.NotAfter.UTC()
		}
		if !now.Before(k.retired(s.NotAfter)) {
			continue
		}
		key, err := newRingKey(s)
		if err != nil {
			return err
		}
		if !now.Before(key.notAfter.Add(Leeway)) {
			key.private = nil
		}
		r = append(r, key)
	}
	slices.SortFunc(r, func(a, b ringKey) int {
		return cmp.Or(b.notBefore.Compare(a.notBefore), cmp.Compare(a.kid, b.kid))
	})
	k.ended = ended
	k.ring.Store(&r)
	return nil
}

// retired returns when the last token has expired of a key that signed until
// notAfter.
func (k *Keys) retired(notAfter time.Time) time.Time { return notAfter.Add(k.c.MaxTTL + Leeway) }

// missing returns the start of the first key that should be there and is not.
// Every replica comes to the same start, since periods begin where the last
// one ended, or else at a multiple of the period. Under k.mu. The next key is drawn two
// leads ahead, so that every replica has read it when it is published.
func (k *Keys) missing(now time.Time) (start time.Time, yes bool) {
	r := *k.ring.Load()
	key, ok := r.signer(now)
	for ok && key.notAfter.Sub(now) <= 2*k.c.Lead {
		end := key.notAfter
		if key, ok = r.signer(end); !ok {
			return end, true
		}
	}
	if ok {
		return time.Time{}, false
	}
	start = now.UTC().Truncate(k.c.Period)
	if k.ended.After(start) {
		start = k.ended
	}
	return start, true
}

// add draws the key of the period that begins at start.
func (k *Keys) add(ctx context.Context, start time.Time) error {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(k.c.Random, seed); err != nil {
		return fmt.Errorf("draw a signing key: %w", err)
	}
	public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	s := StoredKey{KID: thumbprintEd25519(public), Seed: seed, NotBefore: start, NotAfter: start.Add(k.c.Period)}
	if _, err := k.c.Store.Add(ctx, s); err != nil {
		return fmt.Errorf("add a signing key: %w", err)
	}
	return nil // ours or another replica's: the store is asked again
}

// signer returns the key that signs at t.
func (k *Keys) signer(t time.Time) (ringKey, bool) { return k.ring.Load().signer(t) }

// find returns the key of a kid, from the store if need be.
func (k *Keys) find(kid string) (ringKey, bool) {
	if key, ok := k.ring.Load().find(kid); ok {
		return key, true
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	// Whoever held the lock may have read it meanwhile.
	if key, ok := k.ring.Load().find(kid); ok {
		return key, true
	}
	now := k.c.Now()
	if since := now.Sub(k.reloaded); since >= 0 && since < reloadEvery {
		return ringKey{}, false
	}
	k.reloaded = now
	ctx, cancel := context.WithTimeout(context.Background(), reloadFor)
	defer cancel()
	// An outage of the store leaves the key unknown; the ticker reports it.
	if err := k.load(ctx); err != nil {
		return ringKey{}, false
	}
	return k.ring.Load().find(kid)
}

// publicJWK is a key as it stands in the set.
type publicJWK struct {
	KTY string `json:"kty"`
	CRV string `json:"crv"`
	X   string `json:"x"`
	KID string `json:"kid"`
	Use string `json:"use"`
	Alg string `json:"alg"`
}

// JWKS returns the public keys as a JSON Web Key Set (RFC 7517, RFC 8037): the
// current one, the next from a Lead before it signs, and those whose tokens
// have not all expired.
func (k *Keys) JWKS() []byte {
	now := k.c.Now()
	set := struct {
		Keys []publicJWK `json:"keys"`
	}{[]publicJWK{}}
	for _, key := range *k.ring.Load() {
		if now.Before(key.notBefore.Add(-k.c.Lead)) || !now.Before(k.retired(key.notAfter)) {
			continue
		}
		x := base64.RawURLEncoding.EncodeToString(key.public)
		set.Keys = append(set.Keys, publicJWK{"OKP", "Ed25519", x, key.kid, "sig", "EdDSA"})
	}
	b, err := json.Marshal(set)
	if err != nil {
		return []byte(`{"keys":[]}`) // unreachable: the set is made of texts
	}
	return b
}
