package token_test

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"creditbank/api/token"
)

func TestIssuedTokenVerifies(t *testing.T) {
	r := started(t)
	for name, roles := range map[string][]string{"not narrowed": nil, "to one role": {"post"}, "to two": {"post", "read:own"}} {
		t.Run(name, func(t *testing.T) {
			tok, issued, err := r.issuer.Issue(context.Background(), caller, roles, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, what := range []string{"checked", "cached"} {
				got, err := r.verifier.Verify(tok)
				if err != nil || !reflect.DeepEqual(got, issued) {
					t.Errorf("%s: %+v, %v, want %+v", what, got, err, issued)
				}
				if len(got.Scope) > 0 {
					got.Scope[0] = "admin" // ours alone
				}
			}
			want := token.Claims{Issuer: issuer, Audience: audience, Subject: caller, ID: issued.ID,
				IssuedAt: start, NotBefore: start, Expires: start.Add(10 * time.Minute), Scope: roles}
			if !reflect.DeepEqual(issued, want) || len(issued.ID) != 36 {
				t.Errorf("Issue = %+v, want %+v", issued, want)
			}
		})
	}
}

func TestIssueRefuses(t *testing.T) {
	r := started(t)
	for name, tt := range map[string]struct {
		sub   string
		roles []string
		ttl   time.Duration
	}{
		"nobody":                {"", nil, 0},
		"a subject of two rows": {"client:a\nb", nil, 0},
		"a long subject":        {strings.Repeat("x", 256), nil, 0},
		"no role, but narrowed": {caller, []string{}, 0},
		"a role of two words":   {caller, []string{"post admin"}, 0},
		"an empty role":         {caller, []string{""}, 0},
		"too long a life":       {caller, nil, time.Hour + 1},
		"a life of nothing":     {caller, nil, -time.Second},
	} {
		if tok, _, err := r.issuer.Issue(context.Background(), tt.sub, tt.roles, tt.ttl); err == nil || tok != "" {
			t.Errorf("%s: Issue = %q, %v", name, tok, err)
		}
	}
}

// forge returns the header and claims of a token that would be good.
func (r *replica) forge(t testing.TB) (key token.StoredKey, header, claims object) {
	key = r.signing(t)
	now := r.now().Unix()
	return key, object{"alg": "EdDSA", "typ": "at+jwt", "kid": key.KID}, object{
		"iss": issuer, "aud": audience, "sub": caller, "jti": "j", "iat": now, "nbf": now, "exp": now + 600,
	}
}

func TestForgedTokensAreRefused(t *testing.T) {
	r := started(t)
	key, header, claims := r.forge(t)
	if _, err := r.verifier.Verify(sign(t, key.Seed, header, claims)); err != nil {
		t.Fatalf("the one that the others differ from: %v", err)
	}
	now := start.Unix()
	h := func(name string, v any) string { return sign(t, key.Seed, with(header, object{name: v}), claims) }
	c := func(name string, v any) string { return sign(t, key.Seed, header, with(claims, object{name: v})) }
	good := sign(t, key.Seed, header, claims)
	parts := strings.Split(good, ".")
	unsigned := segment(t, with(header, object{"alg": "none"})) + "." + parts[1] + "."
	tests := map[string]string{
		"algorithm none":                   unsigned,
		"algorithm none, with a signature": unsigned + parts[2],
		"algorithm in other letters":       h("alg", "EDDSA"),
		"algorithm of another kind":        h("alg", "ES256"),
		"no algorithm":                     h("alg", nil),
		"no kid":                           h("kid", nil),
		"kid of nobody":                    h("kid", strings.Repeat("A", 43)),
		"kid that is no text":              h("kid", 7),
		"kid with a path":                  h("kid", "../"+key.KID),
		"type JWT":                         h("typ", "JWT"),
		"type in capitals":                 h("typ", "AT+JWT"),
		"no type":                          h("typ", nil),
		"critical extension":               h("crit", []string{"exp"}),
		"brings its key":                   h("jwk", object{"kty": "OKP"}),
		"names an address of keys":         h("jku", "https://evil.example/keys"),
		"signed by another key":            sign(t, seed(9), header, claims),
		"no signature":                     parts[0] + "." + parts[1] + ".",
		"cut":                              good[:len(good)-1],
		"one segment":                      parts[0],
		"two segments":                     parts[0] + "." + parts[1],
		"four segments":                    good + "." + parts[2],
		"five segments":                    good + "..",
		"empty":                            "",
		"blank before":                     " " + good,
		"line break in it":                 parts[0] + ".\n" + parts[1] + "." + parts[2],
		"line break at its end":            good + "\n",
		"padded":                           good + "==",
		"other bits at the end":            good[:len(good)-1] + nextLetter(good[len(good)-1]),
		"header is no JSON":                "e30x." + parts[1] + "." + parts[2],
		"header null":                      sign(t, key.Seed, nil, claims),
		"claims null":                      sign(t, key.Seed, header, nil),
		"claims a list":                    sign(t, key.Seed, header, []int{1}),
		"too long":                         c("more", strings.Repeat("x", 5000)),
		"another issuer":                   c("iss", "https://other.example"),
		"no issuer":                        c("iss", nil),
		"another audience":                 c("aud", "https://other.example"),
		"two audiences":                    c("aud", []string{audience, "https://other.example"}),
		"no audience":                      c("aud", nil),
		"audience is no text":              c("aud", []int{1}),
		"no subject":                       c("sub", nil),
		"no identifier":                    c("jti", nil),
		"no issue date":                    c("iat", nil),
		"no start":                         c("nbf", nil),
		"no end":                           c("exp", nil),
		"end is a text":                    c("exp", fmt.Sprint(now+600)),
		"end in a far year":                c("exp", 1e300),
		"end before the issue":             c("exp", now-1),
		"life longer than the most":        c("exp", now+3601),
		"issued in the future":             sign(t, key.Seed, header, with(claims, object{"iat": now + 31})),
		"starts in the future":             c("nbf", now+31),
		"expired":                          sign(t, key.Seed, header, with(claims, object{"iat": now - 630, "exp": now - 30})),
		"scope of nothing":                 c("scope", ""),
		"scope with two blanks":            c("scope", "post  read"),
		"scope null":                       sign(t, key.Seed, header, map[string]any{"scope": nil, "iss": issuer, "aud": audience, "sub": caller, "jti": "j", "iat": now, "nbf": now, "exp": now + 600}),
		"names in capitals":                sign(t, key.Seed, header, with(claims, object{"exp": nil, "EXP": now + 600})),
	}
	for name, tok := range tests {
		t.Run(name, func(t *testing.T) {
			for range 2 { // a refusal is not cached as something else
				got, err := r.verifier.Verify(tok)
				if !errors.Is(err, token.ErrToken) || !reflect.DeepEqual(got, token.Claims{}) {
					t.Fatalf("Verify = %+v, %v", got, err)
				}
				noLeak(t, err, tok)
			}
		})
	}
}

// nextLetter returns the letter that differs in the bits that base64 leaves
// over.
func nextLetter(b byte) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(letters[strings.IndexByte(letters, b)+1])
}

func TestDoubledMembersAreRefused(t *testing.T) {
	r := started(t)
	key, header, claims := r.forge(t)
	raw := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	head := `{"alg":"none","alg":"EdDSA","typ":"at+jwt","kid":"` + key.KID + `"}`
	body := fmt.Sprintf(`{"iss":%q,"aud":%q,"sub":"client:a","sub":%q,"jti":"j","iat":%d,"nbf":%d,"exp":%d}`,
		issuer, audience, caller, start.Unix(), start.Unix(), start.Unix()+600)
	for name, text := range map[string]string{
		"in the header": raw(head) + "." + segment(t, claims),
		"in the claims": segment(t, header) + "." + raw(body),
	} {
		if _, err := r.verifier.Verify(signText(text, key.Seed)); !errors.Is(err, token.ErrToken) {
			t.Errorf("%s: Verify = %v", name, err)
		}
	}
}

// The public key is known to all; as a secret of HMAC it must not serve.
func TestHMACWithThePublicKeyIsRefused(t *testing.T) {
	r := started(t)
	key, header, claims := r.forge(t)
	public := publicKey(key.Seed)
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string][]byte{"raw": public, "DER": der, "kid": []byte(key.KID), "empty": nil} {
		text := segment(t, with(header, object{"alg": "HS256"})) + "." + segment(t, claims)
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(text))
		tok := text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
		if _, err := r.verifier.Verify(tok); !errors.Is(err, token.ErrToken) {
			t.Errorf("%s: Verify = %v", name, err)
		}
	}
}

// A key that leaked after its time signs nothing: neither today nor, dated
// back, with a long life.
func TestKeyAfterItsTimeIsRefused(t *testing.T) {
	r := started(t)
	key, header, claims := r.forge(t)
	r.clock.t = key.NotAfter.Add(10 * time.Minute)
	r.ensure(t)
	now, end := r.now().Unix(), key.NotAfter.Unix()
	for name, tt := range map[string]struct {
		iat, exp int64
		want     bool
	}{
		"issued in its last second": {end - 1, end - 1 + 3600, true},
		"issued at its end":         {end, end + 600, false},
		"issued now":                {now, now + 600, false},
		"dated back, with a life":   {end - 1, now + 3600, false},
	} {
		tok := sign(t, key.Seed, header, with(claims, object{"iat": tt.iat, "nbf": tt.iat, "exp": tt.exp}))
		if _, err := r.verifier.Verify(tok); (err == nil) != tt.want {
			t.Errorf("%s: Verify = %v, want success %t", name, err, tt.want)
		}
	}
	// And before its time.
	next := r.signing(t)
	tok := sign(t, next.Seed, with(header, object{"kid": next.KID}), with(claims, object{"iat": end - 1, "nbf": end - 1, "exp": end + 3000}))
	if _, err := r.verifier.Verify(tok); !errors.Is(err, token.ErrToken) {
		t.Errorf("issued before its key signed: Verify = %v", err)
	}
}

func TestTokenExpires(t *testing.T) {
	for name, warm := range map[string]bool{"cached": true, "not cached": false} {
		t.Run(name, func(t *testing.T) {
			r := started(t)
			tok, c := r.issue(t)
			if warm {
				if _, err := r.verifier.Verify(tok); err != nil {
					t.Fatal(err)
				}
			}
			r.clock.t = c.Expires.Add(token.Leeway - 1)
			if _, err := newVerifierIf(t, r, !warm).Verify(tok); err != nil {
				t.Errorf("within the leeway: %v", err)
			}
			r.clock.t = c.Expires.Add(token.Leeway)
			if _, err := newVerifierIf(t, r, !warm).Verify(tok); !errors.Is(err, token.ErrToken) {
				t.Errorf("after it: %v", err)
			}
		})
	}
}

func newVerifierIf(t *testing.T, r *replica, fresh bool) *token.Verifier {
	if fresh {
		return newVerifier(t, r, 0)
	}
	return r.verifier
}

func TestDeniedTokenIsRefusedAtOnce(t *testing.T) {
	r := started(t)
	tok, c := r.issue(t)
	for _, denied := range []bool{false, true, false} {
		r.denied[c.ID] = denied
		if _, err := r.verifier.Verify(tok); (err != nil) != denied {
			t.Errorf("denied %t: Verify = %v", denied, err)
		}
	}
	fresh, c := r.issue(t)
	r.denied[c.ID] = true
	if _, err := r.verifier.Verify(fresh); !errors.Is(err, token.ErrToken) {
		t.Errorf("denied before its first use: Verify = %v", err)
	}
}

// A key taken out of the store takes its tokens with it, cached or not.
func TestTokenOfAKeyTakenOutIsRefused(t *testing.T) {
	r := started(t)
	tok, _ := r.issue(t)
	if _, err := r.verifier.Verify(tok); err != nil {
		t.Fatal(err)
	}
	*r.store.(*token.MemoryKeyStore) = token.MemoryKeyStore{}
	r.ensure(t)
	if _, err := r.verifier.Verify(tok); !errors.Is(err, token.ErrToken) {
		t.Errorf("Verify = %v", err)
	}
	if tok, _ = r.issue(t); tok != "" {
		if _, err := r.verifier.Verify(tok); err != nil {
			t.Errorf("a token of the key drawn anew: %v", err)
		}
	}
}

// A key that another replica drew is read once; strangers cannot make us read
// again and again.
func TestUnknownKeyIsReadOnce(t *testing.T) {
	c := &clock{t: start}
	s := &faultyStore{}
	a, b := newReplica(t, c, s), newReplica(t, c, s)
	a.ensure(t)
	tok, _ := a.issue(t)
	if _, err := b.verifier.Verify(tok); err != nil {
		t.Fatalf("a key drawn elsewhere: %v", err)
	}
	key, header, claims := a.forge(t)
	loads := s.loads
	forge := func() {
		t.Helper()
		kid := make([]byte, 32)
		if _, err := rand.Read(kid); err != nil {
			t.Fatal(err)
		}
		tok := sign(t, key.Seed, with(header, object{"kid": base64.RawURLEncoding.EncodeToString(kid)}), claims)
		if _, err := b.verifier.Verify(tok); !errors.Is(err, token.ErrToken) {
			t.Fatalf("a key of nobody: %v", err)
		}
	}
	for range 100 {
		forge()
	}
	if s.loads != loads {
		t.Errorf("a hundred unknown keys within a second of the last: %d reads", s.loads-loads)
	}
	c.add(10 * time.Second)
	for range 100 {
		forge()
	}
	if s.loads != loads+1 {
		t.Errorf("a hundred more, ten seconds on: %d reads", s.loads-loads)
	}
	s.load = errors.New("database out")
	c.add(10 * time.Second)
	forge()
}

func TestCacheIsBounded(t *testing.T) {
	r := started(t)
	v := newVerifier(t, r, 3)
	var toks []string
	for range 50 {
		tok, _ := r.issue(t)
		toks = append(toks, tok)
		if _, err := v.Verify(tok); err != nil {
			t.Fatal(err)
		}
	}
	for _, tok := range slices.Backward(toks) {
		if _, err := v.Verify(tok); err != nil {
			t.Errorf("after it was forgotten: %v", err)
		}
	}
	if n := v.CacheLen(); n != 3 {
		t.Errorf("the cache holds %d, want 3", n)
	}
	r.clock.add(time.Hour)
	tok, _ := r.issue(t)
	if _, err := v.Verify(tok); err != nil || v.CacheLen() != 1 {
		t.Errorf("after all expired: %v, the cache holds %d, want 1", err, v.CacheLen())
	}
}

// The limit of the first check is the check of one signature, and of the others
// one hash.
func BenchmarkVerify(b *testing.B) {
	r := started(b)
	tok, _ := r.issue(b)
	text := tok[:strings.LastIndexByte(tok, '.')]
	private := ed25519.NewKeyFromSeed(r.signing(b).Seed)
	public, sig := private.Public().(ed25519.PublicKey), ed25519.Sign(private, []byte(text))
	b.Run("limit of first: a signature", func(b *testing.B) {
		for b.Loop() {
			if !ed25519.Verify(public, []byte(text), sig) {
				b.Fatal("wrong signature")
			}
		}
	})
	b.Run("limit of cached: a hash", func(b *testing.B) {
		for b.Loop() {
			sha256.Sum256([]byte(tok))
		}
	})
	b.Run("cached", func(b *testing.B) {
		for b.Loop() {
			if _, err := r.verifier.Verify(tok); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("first", func(b *testing.B) {
		v := newVerifier(b, r, 1)
		other, _ := r.issue(b)
		for b.Loop() { // each puts the other out
			tok, other = other, tok
			if _, err := v.Verify(tok); err != nil {
				b.Fatal(err)
			}
		}
	})
}
