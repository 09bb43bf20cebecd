package token_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"creditbank/api/token"
)

const day = 24 * time.Hour

// published returns the identifiers in the key set.
func published(t testing.TB, k *token.Keys) []string {
	t.Helper()
	var set struct {
		Keys []struct{ KTY, CRV, X, KID, Use, Alg string }
	}
	if err := json.Unmarshal(k.JWKS(), &set); err != nil {
		t.Fatalf("JWKS: %v", err)
	}
	var kids []string
	for _, k := range set.Keys {
		kids = append(kids, k.KID)
	}
	return kids
}

// A hundred days, hour by hour: two replicas agree, every token serves, every
// key but the first is published a day before it signs, and long enough after.
func TestKeysRotate(t *testing.T) {
	c := &clock{t: start}
	store := &token.MemoryKeyStore{}
	replicas := []*replica{newReplica(t, c, store), newReplica(t, c, store)}
	since := map[string]time.Time{} // when a key was first published
	signers := map[string]bool{}
	type issued struct {
		token   string
		expires time.Time
	}
	var last issued
	for hour := range 100 * 24 {
		a, b := replicas[hour%2], replicas[(hour+1)%2]
		a.ensure(t)
		if hour == 0 {
			b.ensure(t)
		}
		kids := published(t, a.keys)
		if !slices.Equal(kids, published(t, b.keys)) || len(kids) > 3 {
			t.Fatalf("hour %d: JWKS %v and %v", hour, kids, published(t, b.keys))
		}
		for _, kid := range kids {
			if _, ok := since[kid]; !ok {
				since[kid] = c.now()
			}
		}
		if _, err := b.verifier.Verify(last.token); hour > 0 && err != nil {
			t.Fatalf("hour %d: a token of the hour before, good until %v: %v", hour, last.expires, err)
		}
		kid := a.signing(t).KID
		if first := len(signers) == 0; !first && !signers[kid] && c.now().Sub(since[kid]) < day {
			t.Errorf("hour %d: a key signs that was published at %v", hour, since[kid])
		}
		signers[kid] = true
		tok, claims, err := a.issuer.Issue(context.Background(), caller, nil, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.verifier.Verify(tok); err != nil {
			t.Fatalf("hour %d: %v", hour, err)
		}
		last = issued{tok, claims.Expires}
		c.add(time.Hour)
	}
	if len(signers) != 4 && len(signers) != 5 {
		t.Errorf("%d keys signed in a hundred days", len(signers))
	}
	if n := len(published(t, replicas[0].keys)); n > 2 {
		t.Errorf("%d keys are published, none of which was retired lately", n)
	}
}

func TestKeyIsPublishedUntilItsTokensExpired(t *testing.T) {
	r := started(t)
	k := r.signing(t)
	for after, want := range map[time.Duration]bool{
		-time.Second:                         true,
		time.Hour + token.Leeway - 1:         true,
		time.Hour + token.Leeway:             false,
		time.Hour + token.Leeway + time.Hour: false,
	} {
		r.clock.t = k.NotAfter.Add(after)
		if got := slices.Contains(published(t, r.keys), k.KID); got != want {
			t.Errorf("%v after its end: published %t, want %t", after, got, want)
		}
		r2 := newReplica(t, r.clock, r.store)
		r2.ensure(t)
		if got := slices.Contains(published(t, r2.keys), k.KID); got != want {
			t.Errorf("%v after its end, read anew: published %t, want %t", after, got, want)
		}
	}
}

func TestNextKeyIsPublishedADayAhead(t *testing.T) {
	r := started(t)
	end := r.signing(t).NotAfter
	r.clock.t = end.Add(-2 * day)
	r.ensure(t)
	if n := len(published(t, r.keys)); n != 1 {
		t.Errorf("two days ahead: %d keys published, want 1", n)
	}
	if stored, _ := r.store.Load(context.Background()); len(stored) != 2 {
		t.Errorf("two days ahead: %d keys stored, want 2", len(stored))
	}
	r.clock.t = end.Add(-day)
	if n := len(published(t, r.keys)); n != 2 {
		t.Errorf("a day ahead: %d keys published, want 2", n)
	}
}

func TestKeysOfAStartInParallel(t *testing.T) {
	c := &clock{t: start}
	store := &token.MemoryKeyStore{}
	var wg sync.WaitGroup
	for range 8 {
		r := newReplica(t, c, store)
		wg.Go(func() {
			for range 3 {
				if err := r.keys.Ensure(context.Background()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if keys, _ := store.Load(context.Background()); len(keys) != 1 {
		t.Errorf("eight replicas started with %d keys, want one", len(keys))
	}
}

func TestKeysAfterAPause(t *testing.T) {
	for name, pause := range map[string]time.Duration{"a few days late": 33 * day, "a quarter late": 90 * day, "ten years late": 3653 * day} {
		t.Run(name, func(t *testing.T) {
			r := started(t)
			r.clock.add(pause)
			// The ticker was not there: issuing finds the key missing.
			tok, _ := r.issue(t)
			if _, err := r.verifier.Verify(tok); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestKeysWhenThePeriodChanges(t *testing.T) {
	c := &clock{t: start}
	store := &token.MemoryKeyStore{}
	for _, period := range []time.Duration{time.Minute, 30 * day, time.Hour, 7 * day} {
		k, err := token.NewKeys(token.KeysConfig{Store: store, Now: c.now, Random: rand.Reader, Period: period})
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if err := k.Ensure(context.Background()); err != nil {
				t.Fatalf("period %v at %v: %v", period, c.now(), err)
			}
			c.add(90 * time.Minute)
		}
	}
}

// Where a period is changed at a common multiple of both, the long one begins
// where a short one began: its key has to begin later.
func TestKeysWhenThePeriodGrowsAtItsStart(t *testing.T) {
	c := &clock{t: start.Truncate(30 * day)}
	store := &token.MemoryKeyStore{}
	for _, period := range []time.Duration{time.Minute, 30 * day} {
		k, err := token.NewKeys(token.KeysConfig{Store: store, Now: c.now, Random: rand.Reader, Period: period})
		if err != nil {
			t.Fatal(err)
		}
		if err := k.Ensure(context.Background()); err != nil {
			t.Errorf("period %v: %v", period, err)
		}
		c.add(2 * time.Hour)
	}
}

// Replicas whose clocks differ a little, neither of which has seen the key of
// the other, draw for the same period.
func TestKeysOfReplicasWhoseClocksDiffer(t *testing.T) {
	s := &faultyStore{}
	a := newReplica(t, &clock{t: start}, s)
	b := newReplica(t, &clock{t: start.Add(1500 * time.Millisecond)}, s)
	a.ensure(t)
	s.stale = true
	b.ensure(t)
	if keys, _ := s.MemoryKeyStore.Load(context.Background()); len(keys) != 1 {
		t.Errorf("two replicas have %d keys, want one", len(keys))
	}
	tok, _ := b.issue(t)
	if _, err := a.verifier.Verify(tok); err != nil {
		t.Error(err)
	}
}

// A store fails before or after it does what it is asked.
type faultyStore struct {
	token.MemoryKeyStore
	load, before, after error
	lies                bool // it says it added, and did not
	stale               bool // the next Load sees nothing
	loads               int
}

func (s *faultyStore) Load(ctx context.Context) ([]token.StoredKey, error) {
	s.loads++
	if s.load != nil {
		return nil, s.load
	}
	if s.stale {
		s.stale = false
		return nil, nil
	}
	return s.MemoryKeyStore.Load(ctx)
}

func (s *faultyStore) Add(ctx context.Context, k token.StoredKey) (bool, error) {
	if s.before != nil || s.lies {
		return s.lies, s.before
	}
	ok, err := s.MemoryKeyStore.Add(ctx, k)
	return ok, errors.Join(err, s.after)
}

func TestKeysWhenTheStoreFails(t *testing.T) {
	out := errors.New("database out")
	c := &clock{t: start}
	s := &faultyStore{before: out}
	r := newReplica(t, c, s)
	if err := r.keys.Ensure(context.Background()); !errors.Is(err, out) {
		t.Fatalf("Ensure, not added: %v", err)
	}
	if _, _, err := r.issuer.Issue(context.Background(), caller, nil, 0); !errors.Is(err, out) || errors.Is(err, token.ErrToken) {
		t.Errorf("Issue without a key: %v", err)
	}
	s.before, s.after = nil, out
	if err := r.keys.Ensure(context.Background()); !errors.Is(err, out) {
		t.Fatalf("Ensure, added and the answer lost: %v", err)
	}
	s.after = nil
	r.ensure(t)
	if keys, _ := s.MemoryKeyStore.Load(context.Background()); len(keys) != 1 {
		t.Errorf("%d keys after a lost answer, want one", len(keys))
	}
	tok, _ := r.issue(t)
	s.load = out
	if err := r.keys.Ensure(context.Background()); !errors.Is(err, out) {
		t.Errorf("Ensure in an outage: %v", err)
	}
	if _, err := newVerifier(t, r, 0).Verify(tok); err != nil {
		t.Errorf("Verify in an outage: %v", err)
	}
	r.issue(t)
	lying := newReplica(t, c, &faultyStore{lies: true})
	if err := lying.keys.Ensure(context.Background()); err == nil {
		t.Error("Ensure: nil, though the store keeps nothing")
	}
}

func TestDamagedKeysAreRefused(t *testing.T) {
	r := started(t)
	good := r.signing(t)
	tests := map[string]func(*token.StoredKey){
		"seed cut":             func(k *token.StoredKey) { k.Seed = k.Seed[:31] },
		"seed of another key":  func(k *token.StoredKey) { k.Seed = seed(7) },
		"another identifier":   func(k *token.StoredKey) { k.KID = "k" },
		"ends before it signs": func(k *token.StoredKey) { k.NotAfter, k.NotBefore = k.NotAfter.Add(day), k.NotAfter.Add(day) },
		"parts of a second":    func(k *token.StoredKey) { k.NotBefore = k.NotBefore.Add(1) },
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			k := good
			damage(&k)
			s := &token.MemoryKeyStore{}
			if _, err := s.Add(context.Background(), k); err != nil {
				t.Fatal(err)
			}
			err := newReplica(t, r.clock, s).keys.Ensure(context.Background())
			if err == nil || bytes.Contains([]byte(err.Error()), k.Seed) {
				t.Errorf("Ensure = %v", err)
			}
		})
	}
}

func TestKeySetHoldsNoSecret(t *testing.T) {
	r := started(t)
	set := r.keys.JWKS()
	if s := r.signing(t).Seed; bytes.Contains(set, []byte(base64.RawURLEncoding.EncodeToString(s)[:40])) {
		t.Errorf("the set holds the seed: %s", set)
	}
	var obj struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(set, &obj); err != nil || len(obj.Keys) != 1 {
		t.Fatalf("JWKS %s: %v", set, err)
	}
	k, err := token.ParseJWK(obj.Keys[0])
	if err != nil || k.Alg != "EdDSA" || k.KID != r.signing(t).KID {
		t.Errorf("ParseJWK of our own key = %+v, %v", k, err)
	}
	empty := newReplica(t, r.clock, r.store)
	if got := string(empty.keys.JWKS()); got != `{"keys":[]}` {
		t.Errorf("JWKS without keys = %s", got)
	}
}

func TestKeysConfigIsChecked(t *testing.T) {
	good := token.KeysConfig{Store: &token.MemoryKeyStore{}, Now: time.Now, Random: rand.Reader}
	for name, change := range map[string]func(*token.KeysConfig){
		"no store":      func(c *token.KeysConfig) { c.Store = nil },
		"no clock":      func(c *token.KeysConfig) { c.Now = nil },
		"no randomness": func(c *token.KeysConfig) { c.Random = nil },
		"short period":  func(c *token.KeysConfig) { c.Period = time.Second },
		"long lead":     func(c *token.KeysConfig) { c.Lead = 16 * day },
		"no life":       func(c *token.KeysConfig) { c.MaxTTL = -1 },
	} {
		c := good
		change(&c)
		if _, err := token.NewKeys(c); err == nil {
			t.Errorf("%s: NewKeys takes it", name)
		}
	}
}
