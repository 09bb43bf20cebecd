package token_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"errors"
	"testing"

	"creditbank/api/token"
)

// What Verify takes is what was issued, to the letter.
func FuzzVerify(f *testing.F) {
	r := started(f)
	tok, want := r.issue(f)
	key, header, claims := r.forge(f)
	f.Add(tok)
	f.Add("..")
	f.Add(sign(f, seed(9), header, claims))
	f.Add(sign(f, key.Seed, with(header, object{"alg": "none"}), claims))
	f.Add(sign(f, key.Seed, nil, nil))
	f.Fuzz(func(t *testing.T, s string) {
		got, err := r.verifier.Verify(s)
		switch {
		case err == nil && (s != tok || got.ID != want.ID):
			t.Errorf("Verify(%q) = %+v, which was not issued", s, got)
		case err != nil && !errors.Is(err, token.ErrToken):
			t.Errorf("Verify(%q): %v", s, err)
		}
	})
}

// Whatever claims are signed: what Verify takes has all it must have.
func FuzzVerifySignedClaims(f *testing.F) {
	r := started(f)
	key, header, claims := r.forge(f)
	b, err := json.Marshal(claims)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"exp":1e308,"iat":-1e308,"aud":[null]}`))
	f.Add([]byte(`null`))
	head := segment(f, header)
	f.Fuzz(func(t *testing.T, claims []byte) {
		c, err := r.verifier.Verify(signText(head+"."+b64(claims), key.Seed))
		if err != nil {
			return
		}
		now := r.now()
		if c.Issuer != issuer || c.Audience != audience || c.Subject == "" || c.ID == "" ||
			now.After(c.Expires.Add(token.Leeway)) || now.Before(c.NotBefore.Add(-token.Leeway)) || now.Before(c.IssuedAt.Add(-token.Leeway)) {
			t.Errorf("Verify of %s = %+v", claims, c)
		}
	})
}

func FuzzAssertions(f *testing.F) {
	k := newClientKeys(f)
	c := &clock{t: start}
	keys := of(k.public(f, "EdDSA", "ES256", "RS256", "PS256"))
	good := map[string]bool{}
	for _, alg := range []string{"EdDSA", "ES256", "RS256", "PS256"} {
		tok := k.sign(f, alg, alg, object{"alg": alg, "kid": alg}, said("j"))
		good[tok] = true
		f.Add(tok)
	}
	f.Add("..")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := newAssertions(t, c).Verify(s, keys)
		switch {
		case err == nil && (!good[s] || id != client):
			t.Errorf("Verify(%q) = %q, which was not signed", s, id)
		case err != nil && !errors.Is(err, token.ErrToken):
			t.Errorf("Verify(%q): %v", s, err)
		}
	})
}

// What ParseJWK takes is a public key that the standard library takes, and the
// key alone gives the same thumbprint.
func FuzzParseJWK(f *testing.F) {
	k := newClientKeys(f)
	for _, o := range []object{okp(publicKey(seed(1))), with(okp(publicKey(seed(1))), object{"d": b64(seed(1))})} {
		b, err := json.Marshal(o)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, alg := range []string{"ES256", "RS256"} {
		b, err := json.Marshal(jwkOf(f, k.public(f, alg)[0].Key))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := token.ParseJWK(data)
		if err != nil {
			return
		}
		if _, err := x509.MarshalPKIXPublicKey(got.Key); err != nil || got.KID == "" {
			t.Fatalf("ParseJWK(%q) = %+v: %v", data, got, err)
		}
		again, err := parseJWK(t, jwkOf(t, got.Key))
		if err != nil || !(same{got.Key}).Equal(again.Key) {
			t.Errorf("ParseJWK(%q), written anew: %+v, %v", data, again, err)
		}
		if _, private := jsonMember(data, "d"); private {
			t.Errorf("ParseJWK(%q) takes a private key", data)
		}
		if k, ok := got.Key.(ed25519.PublicKey); ok && len(k) != ed25519.PublicKeySize {
			t.Errorf("ParseJWK(%q) = %d bytes", data, len(k))
		}
	})
}

func jsonMember(data []byte, name string) (json.RawMessage, bool) {
	var obj map[string]json.RawMessage
	err := json.Unmarshal(data, &obj)
	v, ok := obj[name]
	return v, err == nil && ok
}
