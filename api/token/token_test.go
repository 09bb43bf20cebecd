package token_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"creditbank/api/token"
)

const (
	issuer   = "https://bank.example"
	audience = "https://bank.example/v1"
	caller   = "client:i06-post"
)

var start = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)

// A clock stands until it is moved.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// A replica is one process of the service.
type replica struct {
	*clock
	store    token.KeyStore
	keys     *token.Keys
	issuer   *token.Issuer
	verifier *token.Verifier
	denied   map[string]bool
}

func newReplica(t testing.TB, c *clock, store token.KeyStore) *replica {
	t.Helper()
	r := &replica{clock: c, store: store, denied: map[string]bool{}}
	var err error
	if r.keys, err = token.NewKeys(token.KeysConfig{Store: store, Now: c.now, Random: rand.Reader}); err != nil {
		t.Fatal(err)
	}
	r.issuer, err = token.NewIssuer(token.IssuerConfig{Keys: r.keys, Issuer: issuer, Audience: audience, Now: c.now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	r.verifier = newVerifier(t, r, 0)
	return r
}

func newVerifier(t testing.TB, r *replica, size int) *token.Verifier {
	t.Helper()
	v, err := token.NewVerifier(token.VerifierConfig{
		Keys: r.keys, Issuer: issuer, Audience: audience, Now: r.now, CacheSize: size,
		Denied: func(jti string) bool { return r.denied[jti] },
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// started returns a replica that has its keys.
func started(t testing.TB) *replica {
	t.Helper()
	r := newReplica(t, &clock{t: start}, &token.MemoryKeyStore{})
	r.ensure(t)
	return r
}

func (r *replica) ensure(t testing.TB) {
	t.Helper()
	if err := r.keys.Ensure(context.Background()); err != nil {
		t.Fatalf("Ensure at %v: %v", r.now(), err)
	}
}

func (r *replica) issue(t testing.TB) (string, token.Claims) {
	t.Helper()
	tok, c, err := r.issuer.Issue(context.Background(), caller, nil, 0)
	if err != nil {
		t.Fatalf("Issue at %v: %v", r.now(), err)
	}
	return tok, c
}

// signing returns the key that signs now.
func (r *replica) signing(t testing.TB) token.StoredKey {
	t.Helper()
	keys, err := r.store.Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if now := r.now(); !now.Before(k.NotBefore) && now.Before(k.NotAfter) {
			return k
		}
	}
	t.Fatalf("no key signs at %v", r.now())
	return token.StoredKey{}
}

// object is a JSON object to be made.
type object = map[string]any

// with returns a copy of o with members replaced, or taken out by nil.
func with(o object, changes object) object {
	out := object{}
	for k, v := range o {
		out[k] = v
	}
	for k, v := range changes {
		if out[k] = v; v == nil {
			delete(out, k)
		}
	}
	return out
}

func segment(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// sign makes a token of any header and claims.
func sign(t testing.TB, seed []byte, header, claims any) string {
	t.Helper()
	return signText(segment(t, header)+"."+segment(t, claims), seed)
}

func signText(text string, seed []byte) string {
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(ed25519.NewKeyFromSeed(seed), []byte(text)))
}

func publicKey(seed []byte) ed25519.PublicKey {
	return ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
}

func seed(b byte) []byte { return bytes.Repeat([]byte{b}, ed25519.SeedSize) }

// noLeak fails if an error repeats a part of a token that somebody could use.
func noLeak(t *testing.T, err error, tok string) {
	t.Helper()
	for part := range strings.SplitSeq(tok, ".") {
		if len(part) >= 8 && strings.Contains(err.Error(), part) {
			t.Errorf("the error repeats the token: %v", err)
		}
	}
}
