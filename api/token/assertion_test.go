package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"creditbank/api/token"
)

const (
	client   = "i06-post"
	endpoint = "https://bank.example/oauth/token"
)

// clientKeys are the private keys of a client, by kid, which is the algorithm.
type clientKeys map[string]crypto.Signer

func newClientKeys(t testing.TB) clientKeys {
	t.Helper()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return clientKeys{"EdDSA": ed25519.NewKeyFromSeed(seed(3)), "ES256": ec, "RS256": r, "PS256": r}
}

// public returns the keys as the bank has them, in the order of kids.
func (k clientKeys) public(t testing.TB, kids ...string) []token.JWK {
	t.Helper()
	var all []token.JWK
	for _, kid := range kids {
		j, err := parseJWK(t, with(jwkOf(t, k[kid].Public()), object{"kid": kid, "alg": kid}))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, j)
	}
	return all
}

func jwkOf(t testing.TB, key crypto.PublicKey) object {
	t.Helper()
	switch k := key.(type) {
	case ed25519.PublicKey:
		return okp(k)
	case *ecdsa.PublicKey:
		return ec(t, k)
	case *rsa.PublicKey:
		return rsaJWK(k)
	}
	t.Fatalf("a key of type %T", key)
	return nil
}

// sign signs with a key of this kid, by the algorithm given.
func (k clientKeys) sign(t testing.TB, kid, alg string, header, claims any) string {
	t.Helper()
	text := segment(t, header) + "." + segment(t, claims)
	sum := sha256.Sum256([]byte(text))
	var sig []byte
	var err error
	switch key := k[kid].(type) {
	case ed25519.PrivateKey:
		sig = ed25519.Sign(key, []byte(text))
	case *ecdsa.PrivateKey:
		r, s, e := ecdsa.Sign(rand.Reader, key, sum[:])
		if err = e; err == nil {
			sig = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		}
	case *rsa.PrivateKey:
		if alg == "PS256" {
			sig, err = rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		} else {
			sig, err = rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + b64(sig)
}

// said returns the claims of a good assertion with an identifier of its own.
func said(jti string) object {
	now := start.Unix()
	return object{"iss": client, "sub": client, "aud": endpoint, "jti": jti, "iat": now, "exp": now + 60}
}

func newAssertions(t testing.TB, c *clock) *token.Assertions {
	t.Helper()
	a, err := token.NewAssertions(token.AssertionsConfig{
		Audiences: []string{endpoint, issuer}, Now: c.now, Replay: token.NewMemoryReplay(c.now, 1000),
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// of returns the look-up of a bank that knows one client.
func of(keys []token.JWK) func(string) ([]token.JWK, error) {
	return func(id string) ([]token.JWK, error) {
		if id != client {
			return nil, nil
		}
		return keys, nil
	}
}

func TestAssertionsVerify(t *testing.T) {
	k := newClientKeys(t)
	a := newAssertions(t, &clock{t: start})
	all := k.public(t, "EdDSA", "ES256", "RS256", "PS256")
	now := start.Unix()
	type assertion struct {
		kid            string
		header, claims object
		keys           []token.JWK
	}
	tests := map[string]assertion{}
	for _, alg := range []string{"EdDSA", "ES256", "RS256", "PS256"} {
		tests[alg] = assertion{alg, object{"alg": alg, "kid": alg, "typ": "JWT"}, said(alg), all}
		tests[alg+" without kid, of one key"] = assertion{alg, object{"alg": alg}, said(alg + "2"), k.public(t, alg)}
	}
	h := object{"alg": "EdDSA", "kid": "EdDSA"}
	for name, change := range map[string]object{
		"for our issuer":        {"aud": issuer},
		"for both":              {"aud": []string{issuer, endpoint}},
		"without an issue date": {"iat": nil},
		"with nbf":              {"nbf": now},
		"of a fast clock":       {"iat": now + 29, "nbf": now + 29, "exp": now + 329},
		"of a slow clock":       {"iat": now - 89, "exp": now - 29},
		"of parts of a second":  {"iat": float64(now) + 0.25, "exp": float64(now) + 60.5},
		"with other claims":     {"nonce": "x", "amr": []string{"a"}},
	} {
		tests[name] = assertion{"EdDSA", h, with(said(name), change), all}
	}
	tests["with its type"] = assertion{"EdDSA", with(h, object{"typ": "client-authentication+jwt"}), said("t"), all}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tok := k.sign(t, tt.kid, tt.kid, tt.header, tt.claims)
			if id, err := a.Verify(tok, of(tt.keys)); err != nil || id != client {
				t.Errorf("Verify = %q, %v", id, err)
			}
			if id, err := a.Verify(tok, of(tt.keys)); !errors.Is(err, token.ErrToken) || id != "" {
				t.Errorf("Verify again = %q, %v", id, err)
			}
		})
	}
}

func TestForgedAssertionsAreRefused(t *testing.T) {
	k := newClientKeys(t)
	other := clientKeys{"EdDSA": ed25519.NewKeyFromSeed(seed(4))}
	c := &clock{t: start}
	all := k.public(t, "EdDSA", "ES256", "RS256", "PS256")
	now := start.Unix()
	good := object{"alg": "EdDSA", "kid": "EdDSA"}
	changed := func(change object) string { return k.sign(t, "EdDSA", "", good, with(said("j"), change)) }
	header := func(change object) string { return k.sign(t, "EdDSA", "", with(good, change), said("j")) }
	ok := k.sign(t, "EdDSA", "", good, said("j"))
	parts := strings.Split(ok, ".")
	tests := map[string]string{
		"algorithm none":                 segment(t, with(good, object{"alg": "none"})) + "." + parts[1] + ".",
		"the header picks another":       header(object{"alg": "ES256"}),
		"RS256 with a key for PS256":     k.sign(t, "RS256", "RS256", object{"alg": "RS256", "kid": "PS256"}, said("j")),
		"PS256 with a key for RS256":     k.sign(t, "RS256", "PS256", object{"alg": "PS256", "kid": "RS256"}, said("j")),
		"signed PS256, says RS256":       k.sign(t, "RS256", "PS256", object{"alg": "RS256", "kid": "RS256"}, said("j")),
		"RS512":                          header(object{"alg": "RS512"}),
		"kid of another key of theirs":   header(object{"kid": "ES256"}),
		"kid of nobody":                  header(object{"kid": "nobody"}),
		"no kid, of four keys":           header(object{"kid": nil}),
		"critical extension":             header(object{"crit": []string{"b64"}, "b64": false}),
		"type of our tokens":             header(object{"typ": "at+jwt"}),
		"type unknown":                   header(object{"typ": "dpop+jwt"}),
		"signed by another":              other.sign(t, "EdDSA", "", good, said("j")),
		"another client":                 changed(object{"iss": "i07", "sub": "i07"}),
		"issuer and subject differ":      changed(object{"sub": "i07"}),
		"issuer differs":                 changed(object{"iss": "i07"}),
		"no subject":                     changed(object{"sub": nil}),
		"no issuer":                      changed(object{"iss": nil}),
		"neither":                        changed(object{"iss": nil, "sub": nil}),
		"audience of another":            changed(object{"aud": "https://evil.example/token"}),
		"audience of another and us":     changed(object{"aud": []string{endpoint, "https://evil.example/token"}}),
		"audience with a slash more":     changed(object{"aud": endpoint + "/"}),
		"no audience":                    changed(object{"aud": nil}),
		"audience of nothing":            changed(object{"aud": []string{}}),
		"no identifier":                  changed(object{"jti": nil}),
		"identifier too long":            changed(object{"jti": strings.Repeat("j", 256)}),
		"no end":                         changed(object{"exp": nil}),
		"end too far ahead":              changed(object{"exp": now + 331, "iat": nil}),
		"end in the year 1e300":          changed(object{"exp": 1e300, "iat": nil}),
		"end below zero":                 changed(object{"exp": -1, "iat": nil}),
		"expired":                        changed(object{"iat": now - 90, "exp": now - 30}),
		"issued in the future":           changed(object{"iat": now + 31}),
		"issued long ago":                changed(object{"iat": now - 3600}),
		"issued at its end":              changed(object{"iat": now, "exp": now}),
		"starts in the future":           changed(object{"nbf": now + 31}),
		"identifier of another kind":     changed(object{"jti": 5}),
		"subject null":                   k.sign(t, "EdDSA", "", good, map[string]any{"iss": client, "sub": nil, "aud": endpoint, "jti": "j", "exp": now + 60}),
		"no signature":                   parts[0] + "." + parts[1] + ".",
		"one byte of the signature":      parts[0] + "." + parts[1] + ".AA",
		"claims of another":              parts[0] + "." + segment(t, said("k")) + "." + parts[2],
		"ES256 with an empty signature":  segment(t, object{"alg": "ES256", "kid": "ES256"}) + "." + parts[1] + ".",
		"ES256 with zeros":               segment(t, object{"alg": "ES256", "kid": "ES256"}) + "." + parts[1] + "." + b64(make([]byte, 64)),
		"RS256 with zeros":               segment(t, object{"alg": "RS256", "kid": "RS256"}) + "." + parts[1] + "." + b64(make([]byte, 256)),
		"line break":                     ok + "\n",
		"empty":                          "",
		"too long":                       changed(object{"more": strings.Repeat("x", 9000)}),
		"a JSON serialisation of a JWS":  `{"payload":"` + parts[1] + `","signatures":[]}`,
		"a client with a line in it":     changed(object{"iss": "a\nb", "sub": "a\nb"}),
		"HS256 with the client's own id": hmacToken(t, []byte(client), with(good, object{"alg": "HS256"}), said("j")),
	}
	der, err := x509.MarshalPKIXPublicKey(k["RS256"].Public())
	if err != nil {
		t.Fatal(err)
	}
	tests["HS256 with the public key"] = hmacToken(t, der, object{"alg": "HS256", "kid": "RS256"}, said("j"))
	for name, tok := range tests {
		t.Run(name, func(t *testing.T) {
			id, err := newAssertions(t, c).Verify(tok, of(all))
			if !errors.Is(err, token.ErrToken) || id != "" {
				t.Fatalf("Verify = %q, %v", id, err)
			}
			noLeak(t, err, tok)
		})
	}
}

func hmacToken(t testing.TB, secret []byte, header, claims object) string {
	t.Helper()
	text := segment(t, header) + "." + segment(t, claims)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return text + "." + b64(mac.Sum(nil))
}

func TestOneKeyIsNotForEveryKid(t *testing.T) {
	k := newClientKeys(t)
	tok := k.sign(t, "EdDSA", "", object{"alg": "EdDSA", "kid": "nobody"}, said("j"))
	if id, err := newAssertions(t, &clock{t: start}).Verify(tok, of(k.public(t, "EdDSA"))); !errors.Is(err, token.ErrToken) {
		t.Errorf("Verify = %q, %v", id, err)
	}
}

// A key that the parser would not have taken cannot get in by hand either.
func TestAssertionWithAKeyOfNoAlgorithm(t *testing.T) {
	k := newClientKeys(t)
	tok := k.sign(t, "EdDSA", "", object{"alg": "EdDSA", "kid": "k"}, said("j"))
	for name, key := range map[string]token.JWK{
		"no algorithm":       {KID: "k", Key: k["EdDSA"].Public()},
		"key of another kty": {KID: "k", Alg: "EdDSA", Key: k["RS256"].Public()},
		"no key":             {KID: "k", Alg: "EdDSA"},
		"short key":          {KID: "k", Alg: "EdDSA", Key: ed25519.PublicKey{1}},
	} {
		if id, err := newAssertions(t, &clock{t: start}).Verify(tok, of([]token.JWK{key})); !errors.Is(err, token.ErrToken) {
			t.Errorf("%s: Verify = %q, %v", name, id, err)
		}
	}
}

func TestFaultOfTheLookUpIsOurs(t *testing.T) {
	k := newClientKeys(t)
	a := newAssertions(t, &clock{t: start})
	tok := k.sign(t, "EdDSA", "", object{"alg": "EdDSA", "kid": "EdDSA"}, said("j"))
	out := errors.New("database out")
	_, err := a.Verify(tok, func(string) ([]token.JWK, error) { return nil, out })
	if !errors.Is(err, out) || errors.Is(err, token.ErrToken) {
		t.Errorf("Verify in an outage: %v", err)
	}
	// It was not used up.
	if id, err := a.Verify(tok, of(k.public(t, "EdDSA"))); err != nil || id != client {
		t.Errorf("Verify after it = %q, %v", id, err)
	}
}

// A stranger who guesses an identifier cannot use it up, nor can another client.
func TestIdentifiersAreAClientsOwn(t *testing.T) {
	k := newClientKeys(t)
	a := newAssertions(t, &clock{t: start})
	h := object{"alg": "EdDSA", "kid": "EdDSA"}
	keys := k.public(t, "EdDSA")
	forged := clientKeys{"EdDSA": ed25519.NewKeyFromSeed(seed(4))}.sign(t, "EdDSA", "", h, said("j"))
	if _, err := a.Verify(forged, of(keys)); err == nil {
		t.Fatal("Verify takes a forged one")
	}
	anybody := func(string) ([]token.JWK, error) { return keys, nil }
	theirs := k.sign(t, "EdDSA", "", h, with(said("j"), object{"iss": "i07", "sub": "i07"}))
	if id, err := a.Verify(theirs, anybody); err != nil || id != "i07" {
		t.Fatalf("Verify of another client = %q, %v", id, err)
	}
	if id, err := a.Verify(k.sign(t, "EdDSA", "", h, said("j")), anybody); err != nil || id != client {
		t.Errorf("Verify = %q, %v", id, err)
	}
}

func TestAssertionServesOnceInParallel(t *testing.T) {
	k := newClientKeys(t)
	a := newAssertions(t, &clock{t: start})
	tok := k.sign(t, "ES256", "", object{"alg": "ES256", "kid": "ES256"}, said("j"))
	keys := of(k.public(t, "ES256"))
	var wg sync.WaitGroup
	var served atomic.Int32
	for range 16 {
		wg.Go(func() {
			if _, err := a.Verify(tok, keys); err == nil {
				served.Add(1)
			}
		})
	}
	wg.Wait()
	if n := served.Load(); n != 1 {
		t.Errorf("one assertion served %d times", n)
	}
}

func TestMemoryReplay(t *testing.T) {
	c := &clock{t: start}
	r := token.NewMemoryReplay(c.now, 3)
	for i, want := range []bool{true, true, true, false} {
		if got := r.Once(fmt.Sprint(i), start.Add(5*time.Minute)); got != want {
			t.Errorf("identifier %d of three: Once = %t", i, got)
		}
	}
	c.t = start.Add(5*time.Minute - 1)
	if r.Once("0", start.Add(9*time.Minute)) {
		t.Error("Once: true, just before its end")
	}
	c.t = start.Add(5 * time.Minute)
	for _, jti := range []string{"0", "1", "2"} {
		if !r.Once(jti, start.Add(9*time.Minute)) {
			t.Errorf("Once(%s): false, after all ended", jti)
		}
	}
}

// An assertion is remembered for as long as it serves.
func TestAssertionIsRememberedToItsEnd(t *testing.T) {
	k := newClientKeys(t)
	c := &clock{t: start}
	a := newAssertions(t, c)
	tok := k.sign(t, "EdDSA", "", object{"alg": "EdDSA", "kid": "EdDSA"}, said("j"))
	for s := range 200 {
		_, err := a.Verify(tok, of(k.public(t, "EdDSA")))
		if (err == nil) != (s == 0) {
			t.Fatalf("after %d seconds: %v", s, err)
		}
		c.add(time.Second)
	}
}
