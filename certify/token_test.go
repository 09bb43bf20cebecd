package certify_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"creditbank/certify"
	"creditbank/certify/certifytest"
)

// tokens are the forms of one certificate, with what belongs to it.
type tokens struct {
	world      *certifytest.World
	trust      *certify.Trust
	jwt, sdjwt certify.Bundle
}

func newTokens(t testing.TB, c certify.Certificate) tokens {
	t.Helper()
	w := certifytest.New(t)
	rs256, es256 := w.Tokens()
	all := w.Issue(c)
	p, err := certify.Prepare(c)
	if err != nil {
		t.Fatal(err)
	}
	s := tokens{world: w, trust: trust(t, w), jwt: all, sdjwt: all}
	if s.jwt.Credential, err = p.JWT(rs256); err != nil {
		t.Fatal(err)
	}
	if s.sdjwt.Credential, err = p.SDJWT(es256, certifytest.Now(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTokensAreValid(t *testing.T) {
	for name, c := range map[string]certify.Certificate{"outcome": certifytest.Outcome(1), "conversion": certifytest.Conversion(2)} {
		s := newTokens(t, c)
		for form, b := range map[string]certify.Bundle{"JSON": s.world.Issue(c), "JWT": s.jwt, "SD-JWT": s.sdjwt} {
			r := certify.Verify(b, s.trust, certifytest.Now())
			if r.Verdict != certify.Valid || r.Credential.Holder != "王𬱖" || r.Credential.ID != c.ID || len(r.Checks) != 7 {
				t.Errorf("%s as %s: %+v", name, form, r)
			}
			if id, list := certify.Names(b.Credential); id != c.ID || list != certifytest.List {
				t.Errorf("Names(%s) = %q, %q", form, id, list)
			}
		}
	}
}

func part(t testing.TB, token []byte, n int) map[string]any {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(strings.Split(string(token), ".")[n])
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// The header and the claims are those of Open Badges 3.0, and no others.
func TestJWTIsThatOfOpenBadges(t *testing.T) {
	c := certifytest.Outcome(1)
	s := newTokens(t, c)
	header, payload := part(t, s.jwt.Credential, 0), part(t, s.jwt.Credential, 1)
	if len(header) != 3 || header["alg"] != "RS256" || header["typ"] != "JWT" || header["kid"] != "https://credits.example.edu/keys/bank.rs256-1" {
		t.Errorf("header %v", header)
	}
	want := map[string]any{
		"iss": certifytest.DID, "sub": c.Subject.ID, "jti": c.ID, "nbf": float64(c.ValidFrom.Unix()), "exp": float64(c.ValidUntil.Unix()),
	}
	for name, v := range want {
		if payload[name] != v {
			t.Errorf("%s is %v, want %v", name, payload[name], v)
		}
	}
	if payload["vc"] != nil || payload["iat"] != nil || payload["credentialSubject"] == nil || payload["proof"] != nil {
		t.Errorf("payload %v", payload)
	}
	again := newTokens(t, c)
	if !bytes.Equal(s.jwt.Credential, again.jwt.Credential) {
		t.Error("signed twice: two JWTs")
	}
	open := c
	open.ValidUntil = time.Time{}
	if p := part(t, newTokens(t, open).jwt.Credential, 1); p["exp"] != nil {
		t.Errorf("exp of what has no end: %v", p["exp"])
	}
}

// resign makes a token of an altered header or payload, signed by a key.
func resign(t testing.TB, token []byte, key crypto.Signer, change func(header, payload map[string]any)) []byte {
	t.Helper()
	body, rest, hasRest := strings.Cut(string(token), "~")
	h, p := part(t, []byte(body), 0), part(t, []byte(body), 1)
	change(h, p)
	var parts []string
	for _, v := range []any{h, p} {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(data))
	}
	signed := strings.Join(parts, ".")
	s, err := certify.NewTokenSigner(certifytest.RS256ID, key)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := s.Sign([]byte(signed))
	if err != nil {
		t.Fatal(err)
	}
	signed += "." + base64.RawURLEncoding.EncodeToString(sig)
	if hasRest {
		signed += "~" + rest
	}
	return []byte(signed)
}

func TestForgedTokens(t *testing.T) {
	s := newTokens(t, certifytest.Outcome(1))
	conversion := newTokens(t, certifytest.Conversion(2))
	rsaKey, ecKey := certifytest.RSAKey(), certifytest.P256Key()
	jwtWith := func(change func(h, p map[string]any)) []byte { return resign(t, s.jwt.Credential, rsaKey, change) }
	sdWith := func(change func(h, p map[string]any)) []byte { return resign(t, s.sdjwt.Credential, ecKey, change) }
	set := func(name string, v any) func(h, p map[string]any) {
		return func(_, p map[string]any) { p[name] = v }
	}
	head := func(name string, v any) func(h, p map[string]any) {
		return func(h, _ map[string]any) { h[name] = v }
	}
	// raw replaces the header by what JSON could not be marshalled to.
	raw := func(token []byte, header string) []byte {
		_, rest, _ := strings.Cut(string(token), ".")
		return []byte(base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + rest)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	const kid = "https://credits.example.edu/keys/bank.rs256-1"
	spki, err := x509.MarshalPKIXPublicKey(rsaKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	hs256 := func() []byte { // the public key as the secret of an HMAC
		signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","kid":"`+kid+`","typ":"JWT"}`)) + "." + strings.Split(string(s.jwt.Credential), ".")[1]
		mac := hmac.New(sha256.New, spki)
		mac.Write([]byte(signed))
		return []byte(signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
	}
	cut := func(token []byte, old, new string) []byte { return []byte(strings.Replace(string(token), old, new, 1)) }
	for _, test := range []struct {
		name  string
		token []byte
		code  string
	}{
		{"nothing changed", jwtWith(func(h, p map[string]any) {}), "signature_ok"},
		{"no algorithm", raw(s.jwt.Credential, `{"alg":"none","kid":"`+kid+`","typ":"JWT"}`), "format_unknown"},
		{"an HMAC of the public key", hs256(), "format_unknown"},
		{"another algorithm of the same key", jwtWith(head("alg", "PS256")), "format_unknown"},
		{"the algorithm of the other key", jwtWith(head("alg", "ES256")), "format_unknown"},
		{"alg twice", raw(s.jwt.Credential, `{"alg":"RS256","alg":"none","kid":"`+kid+`","typ":"JWT"}`), "format_bad"},
		{"another type", jwtWith(head("typ", "vc+jwt")), "format_unknown"},
		{"no type", jwtWith(func(h, _ map[string]any) { delete(h, "typ") }), "format_bad"},
		{"a key in the header", jwtWith(head("jwk", "x")), "format_unknown"},
		{"an address of keys in the header", jwtWith(head("jku", "https://evil.example/keys")), "format_unknown"},
		{"crit", jwtWith(head("crit", []string{"b64"})), "format_bad"},
		{"a key of the other form", jwtWith(head("kid", certifytest.ES256ID)), "signature_bad"},
		{"the key of the credential", jwtWith(head("kid", certifytest.KeyID)), "issuer_key_unlisted"},
		{"a key nobody published", jwtWith(head("kid", "https://credits.example.edu/keys/bank.rs256-2")), "issuer_key_unlisted"},
		{"a key of another", jwtWith(head("kid", "did:web:evil.example:issuers:x#rs256-1")), "issuer_key_foreign"},
		{"signed by another", resign(t, s.jwt.Credential, certifytest.OtherRSAKey(), func(h, p map[string]any) {}), "signature_bad"},
		{"credits changed", cutPayload(t, s.jwt.Credential, `"creditsEarned":3.5`, `"creditsEarned":9.5`), "signature_bad"},
		{"another nbf", jwtWith(set("nbf", 1)), "format_bad"},
		{"another jti", jwtWith(set("jti", "urn:uuid:x")), "format_bad"},
		{"another subject", jwtWith(set("sub", "urn:uuid:x")), "format_bad"},
		{"no exp", jwtWith(func(_, p map[string]any) { delete(p, "exp") }), "format_bad"},
		{"exp without an end", jwtWith(func(_, p map[string]any) { delete(p, "validUntil") }), "format_bad"},
		{"iat, which the contexts know", jwtWith(set("iat", 1)), "log_bad"},
		{"vc", jwtWith(set("vc", map[string]any{})), "format_unknown"},
		{"a proof within", jwtWith(set("proof", []any{})), "format_unknown"},
		{"an undefined term", jwtWith(set("hours", 64)), "format_unknown"},
		{"another credential of the issuer, unlogged", jwtWith(set("name", "x")), "log_bad"},
		{"two parts", s.jwt.Credential[:bytes.LastIndexByte(s.jwt.Credential, '.')], "format_bad"},
		{"the signature written in another way", otherwise(s.jwt.Credential), "format_bad"},
		{"padding", append(bytes.Clone(s.jwt.Credential), '='), "format_bad"},
		{"a line after it", append(bytes.Clone(s.jwt.Credential), '\n'), "format_bad"},
		{"a long header", raw(s.jwt.Credential, `{"alg":"RS256","kid":"`+strings.Repeat("k", 5000)+`","typ":"JWT"}`), "format_bad"},
		{"long", append(bytes.Clone(s.jwt.Credential), bytes.Repeat([]byte("A"), 2*certify.MaxSize)...), "format_bad"},

		{"SD-JWT, nothing changed", sdWith(func(h, p map[string]any) {}), "signature_ok"},
		{"SD-JWT without a tilde at the end", bytes.TrimSuffix(s.sdjwt.Credential, []byte("~")), "format_unknown"},
		{"SD-JWT with a key binding", append(bytes.Clone(s.sdjwt.Credential), "eyJ.e.e"...), "format_unknown"},
		{"SD-JWT, a disclosure of another", []byte(strings.Split(string(s.sdjwt.Credential), "~")[0] + "~" + strings.Split(string(conversion.sdjwt.Credential), "~")[1] + "~"), "format_bad"},
		{"SD-JWT, a disclosure twice", append(bytes.Clone(s.sdjwt.Credential), (strings.Split(string(s.sdjwt.Credential), "~")[1] + "~")...), "format_bad"},
		{"SD-JWT, a disclosure of one's own", append(bytes.Clone(s.sdjwt.Credential), (base64.RawURLEncoding.EncodeToString([]byte(`["AAAAAAAAAAAAAAAAAAAAAA","grade","100"]`)) + "~")...), "format_bad"},
		{"SD-JWT, a disclosure that breaks out", append(bytes.Clone(s.sdjwt.Credential), (base64.RawURLEncoding.EncodeToString([]byte(`["AAAAAAAAAAAAAAAAAAAAAA","grade","1"],"e":["x"]`)) + "~")...), "format_bad"},
		{"SD-JWT, another hash", sdWith(set("_sd_alg", "md5")), "format_unknown"},
		{"SD-JWT, a claim unknown", sdWith(set("hours", 64)), "format_unknown"},
		{"SD-JWT, a type unknown", sdWith(set("vct", "urn:x")), "format_unknown"},
		{"SD-JWT, a record of nothing", sdWith(set("record", base64.RawURLEncoding.EncodeToString(make([]byte, 32)))), "log_bad"},
		{"SD-JWT, a short record", sdWith(set("record", "AAAA")), "format_bad"},
		{"SD-JWT, expired", sdWith(set("exp", certifytest.Now().Unix())), "expired"},
		{"SD-JWT, not valid yet", sdWith(set("nbf", certifytest.Now().Unix()+1)), "not_yet_valid"},
		{"SD-JWT, iat as text", sdWith(set("iat", "1")), "format_bad"},
		{"SD-JWT, status gone", sdWith(func(_, p map[string]any) { p["credentialStatus"] = map[string]any{"type": "x"} }), "status_unknown"},
		{"SD-JWT signed by another", resign(t, s.sdjwt.Credential, other, func(h, p map[string]any) {}), "signature_bad"},
		{"SD-JWT under the type of a JWT", sdWith(head("typ", "JWT")), "format_unknown"},
		{"SD-JWT, credits changed", cutPayload(t, s.sdjwt.Credential, `"credits":3.5`, `"credits":9.5`), "signature_bad"},
		{"a JWT that would be an SD-JWT", append(bytes.Clone(s.jwt.Credential), '~'), "format_unknown"},
		{"an SD-JWT that would be a JWT", []byte(strings.Split(string(s.sdjwt.Credential), "~")[0]), "format_unknown"},
		{"dots only", cut(s.jwt.Credential, "", "ey.."), "format_bad"},
	} {
		b := s.jwt
		b.Credential = test.token
		r := certify.Verify(b, s.trust, certifytest.Now())
		ok := test.code == "signature_ok"
		if !slices.ContainsFunc(r.Checks, func(c certify.Check) bool { return c.Code == test.code }) || (r.Verdict == certify.Valid) != ok {
			t.Errorf("%s: %s, want %s: %+v", test.name, r.Verdict, test.code, r.Checks)
		}
	}
}

// otherwise changes bits at the end that base64 does not use.
func otherwise(token []byte) []byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	out := bytes.Clone(token)
	last := strings.IndexByte(alphabet, out[len(out)-1])
	out[len(out)-1] = alphabet[last^1]
	return out
}

// cutPayload changes the payload, and leaves the signature.
func cutPayload(t testing.TB, token []byte, old, new string) []byte {
	t.Helper()
	parts := strings.Split(string(token), ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || !bytes.Contains(payload, []byte(old)) {
		t.Fatalf("%q is not in %s: %v", old, payload, err)
	}
	parts[1] = base64.RawURLEncoding.EncodeToString(bytes.Replace(payload, []byte(old), []byte(new), 1))
	return []byte(strings.Join(parts, "."))
}

// A retired key verifies what it signed, and nothing later.
func TestTokenKeysHavePeriods(t *testing.T) {
	s := newTokens(t, certifytest.Outcome(1))
	w := s.world
	for i := range w.Trust.Issuers[0].Tokens {
		w.Trust.Issuers[0].Tokens[i].Until = certifytest.Now().Add(time.Hour)
	}
	later := certifytest.Now().AddDate(1, 0, 0)
	retired := trust(t, w)
	file, err := retired.JSON()
	if err != nil {
		t.Fatal(err)
	}
	again, err := certify.ParseTrust(file)
	if err != nil {
		t.Fatal(err)
	}
	if again.Fingerprint() != retired.Fingerprint() || retired.Fingerprint() == s.trust.Fingerprint() {
		t.Errorf("fingerprints: retired %s, read back %s, before %s", retired.Fingerprint(), again.Fingerprint(), s.trust.Fingerprint())
	}
	for name, b := range map[string]certify.Bundle{"JWT": s.jwt, "SD-JWT": s.sdjwt} {
		if c := certify.Verify(b, again, later).Check(certify.CheckIssuer); c.Code != "issuer_ok" {
			t.Errorf("%s of a retired key: %s", name, c.Code)
		}
	}
	for i := range w.Trust.Issuers[0].Tokens {
		w.Trust.Issuers[0].Tokens[i].Until = certifytest.Now().AddDate(0, 0, -2)
	}
	for name, b := range map[string]certify.Bundle{"JWT": s.jwt, "SD-JWT": s.sdjwt} {
		if c := certify.Verify(b, trust(t, w), later).Check(certify.CheckIssuer); c.Code != "issuer_key_period" {
			t.Errorf("%s after the key was retired: %s", name, c.Code)
		}
	}
}

// What is kept back is in no byte of what is shown.
func TestDisclose(t *testing.T) {
	s := newTokens(t, certifytest.Outcome(1))
	whole := certify.Verify(s.sdjwt, s.trust, certifytest.Now())
	if len(whole.Credential.Disclosed) != 8 || whole.Credential.Disclosed["grade"] != "91" || whole.Credential.Disclosed["hours"] != "64" {
		t.Errorf("all disclosed: %v", whole.Credential.Disclosed)
	}
	shown, err := certify.Disclose(s.sdjwt.Credential, certify.DiscloseHours)
	if err != nil {
		t.Fatal(err)
	}
	b := s.sdjwt
	b.Credential = shown
	r := certify.Verify(b, s.trust, certifytest.Now())
	if r.Verdict != certify.Valid || r.Credential.Holder != "" || len(r.Credential.Disclosed) != 1 || r.Credential.Credits != "3.5" {
		t.Errorf("hours alone: %+v", r)
	}
	subject := certifytest.Outcome(1).Subject.ID
	for _, piece := range strings.FieldsFunc(string(shown), func(r rune) bool { return r == '~' || r == '.' }) {
		data, err := base64.RawURLEncoding.DecodeString(piece)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"王", `"91"`, "1000000017", subject, "CB-2026"} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%q is in %s", secret, data)
			}
		}
	}
	if _, err := certify.Disclose(s.sdjwt.Credential, certify.DiscloseLines); err == nil {
		t.Error("the lines of an outcome: no error")
	}
	none, err := certify.Disclose(s.sdjwt.Credential)
	if err != nil || bytes.Count(none, []byte("~")) != 1 {
		t.Errorf("nothing disclosed: %s, %v", none, err)
	}
	c := newTokens(t, certifytest.Conversion(2))
	lines := certify.Verify(c.sdjwt, c.trust, certifytest.Now()).Credential.Disclosed
	if got := fmt.Sprint(lines["lines"], lines["grades"]); !strings.Contains(got, "计算机基础 value:4.0") || !strings.Contains(got, "value:72") || lines["grade"] != nil {
		t.Errorf("lines of a conversion: %v", got)
	}
}

func TestTokensAreSignedByTheirKeys(t *testing.T) {
	w := certifytest.New(t)
	rs256, es256 := w.Tokens()
	p, err := certify.Prepare(certifytest.Outcome(1))
	if err != nil {
		t.Fatal(err)
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err == nil {
		if _, err := certify.NewTokenSigner(certifytest.RS256ID, small); err == nil {
			t.Error("an RSA key of 1024 bits: no error")
		}
	}
	if _, err := certify.NewTokenSigner(certifytest.RS256ID, certifytest.Key(1)); err == nil {
		t.Error("an Ed25519 key for tokens: no error")
	}
	if _, err := p.JWT(es256); err == nil {
		t.Error("JWT by ES256: no error")
	}
	if _, err := p.JWT(w.Signer); err == nil {
		t.Error("JWT by EdDSA: no error")
	}
	if _, err := p.SDJWT(rs256, certifytest.Now(), rand.Reader); err == nil {
		t.Error("SD-JWT by RS256: no error")
	}
	if _, err := p.Sign(rs256, certifytest.Now()); err == nil {
		t.Error("proof by RS256: no error")
	}
	if _, err := p.Sign(w.Signer, certifytest.Now(), es256); err == nil {
		t.Error("proof by ES256 beside: no error")
	}
	if _, err := p.SDJWT(es256, certifytest.Now(), strings.NewReader("short")); err == nil {
		t.Error("no salt: no error")
	}
	a, err1 := es256.Sign([]byte("x"))
	b, err2 := es256.Sign([]byte("x"))
	if err1 != nil || err2 != nil || !bytes.Equal(a, b) || jwt.SigningMethodES256.Verify("x", a, certifytest.P256Key().Public()) != nil {
		t.Errorf("ES256 twice: %x %x", a, b)
	}
}

func TestDIDDocumentHasKeysOfEachForm(t *testing.T) {
	w := certifytest.New(t)
	w.Tokens()
	data, err := w.Trust.Issuers[0].JSON()
	if err != nil {
		t.Fatal(err)
	}
	d, err := certify.ParseDIDDocument(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Keys) != 1 || len(d.Tokens) != 2 || d.Tokens[0].Suite() != certify.RS256 || d.Tokens[1].Suite() != certify.ES256 {
		t.Errorf("read back: %+v", d)
	}
	for i, k := range d.Tokens {
		a, err1 := k.Thumbprint()
		b, err2 := w.Trust.Issuers[0].Tokens[i].Thumbprint()
		if a != b || err1 != nil || err2 != nil {
			t.Errorf("%s: another key", k.ID)
		}
	}
	for name, change := range map[string]func(string) string{
		"a private key":     func(s string) string { return strings.Replace(s, `"kty":"RSA"`, `"kty":"RSA","d":"AQAB"`, 1) },
		"another algorithm": func(s string) string { return strings.Replace(s, `"RS256"`, `"RS512"`, 1) },
		"a small exponent":  func(s string) string { return strings.Replace(s, `"AQAB"`, `"Aw"`, 1) },
		"another controller": func(s string) string {
			return strings.ReplaceAll(s, `"JsonWebKey","controller":"`, `"JsonWebKey","controller":"x`)
		},
		"a key for no purpose": func(s string) string { return strings.Replace(s, `"`+certifytest.RS256ID+`"]`, `]`, 1) },
	} {
		changed := change(string(data))
		if changed == string(data) {
			continue
		}
		d, err := certify.ParseDIDDocument([]byte(changed))
		if err == nil && len(d.Tokens) == 2 {
			t.Errorf("%s: taken", name)
		}
	}
	s := w.Trust
	s.Issuers[0].Keys = append(slices.Clone(s.Issuers[0].Keys), certify.Key{ID: certifytest.RS256ID, Public: certifytest.Key(3).Public().(ed25519.PublicKey)})
	if _, err := certify.NewTrust(s); err == nil {
		t.Error("two keys of one name: no error")
	}
}

// FuzzVerifyToken: whatever the bytes, there is a report of seven checks, and
// only what was signed is valid.
func FuzzVerifyToken(f *testing.F) {
	s := newTokens(f, certifytest.Outcome(1))
	good := map[string]bool{}
	shown, err := certify.Disclose(s.sdjwt.Credential, certify.DiscloseGrade)
	if err != nil {
		f.Fatal(err)
	}
	for _, token := range [][]byte{s.jwt.Credential, s.sdjwt.Credential, shown} {
		f.Add(token)
	}
	f.Add([]byte("eyJhbGciOiJub25lIn0..~"))
	f.Add([]byte("ey.ey.ey~ey~"))
	good[string(s.jwt.Credential)] = true
	signed, _, _ := strings.Cut(string(s.sdjwt.Credential), "~")
	f.Fuzz(func(t *testing.T, token []byte) {
		b := s.jwt
		b.Credential = token
		r := certify.Verify(b, s.trust, certifytest.Now())
		if id, _ := certify.Names(token); len(r.Checks) != 7 || r.Verdict == certify.Valid && id != r.Credential.ID {
			t.Fatalf("%d checks, id %q", len(r.Checks), id)
		}
		if r.Verdict == certify.Valid && !good[string(token)] && !strings.HasPrefix(string(token), signed+"~") {
			t.Fatalf("valid: %s", token)
		}
	})
}

// FuzzDisclose: what is taken from a token is a token, of the same signature,
// with no more disclosed.
func FuzzDisclose(f *testing.F) {
	s := newTokens(f, certifytest.Outcome(1))
	f.Add(s.sdjwt.Credential)
	f.Fuzz(func(t *testing.T, token []byte) {
		none, err := certify.Disclose(token)
		if err != nil {
			return
		}
		signed, _, _ := bytes.Cut(token, []byte("~"))
		if !bytes.Equal(none, append(bytes.Clone(signed), '~')) {
			t.Fatalf("%s of %s", none, token)
		}
	})
}
