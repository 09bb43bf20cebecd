package foreign_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"creditbank/certify"
	"creditbank/certify/certifytest"
)

// jwtTrial is a token, who is asked about it, and what is to be thought of it.
type jwtTrial struct {
	name  string
	token []byte
	proof []byte
	want  bool
}

// What jose makes of our Open Badges JWTs, fetching the key from where kid says.
func TestJWT(t *testing.T) {
	w := newWorld(t)
	table := newTable("Open Badges JWT, RS256", "certify", "jose, ajv")
	for _, c := range w.jwts(t) {
		report := certify.Verify(certify.Bundle{Credential: c.token, Proof: c.proof, Status: w.lists[certifytest.List]}, w.trust, certifytest.Now())
		ours := report.Verdict == certify.Valid
		a := w.ask(t, "jose", string(c.token))
		if ours != c.want || a.Accepted != c.want && !joseOnly[c.name] {
			t.Errorf("%s: certify %v, jose %v, want %v: %s %+v", c.name, ours, a.Accepted, c.want, a.Why, report.Checks)
		}
		t.Logf("%-40s jose %v %s", c.name, a.Accepted, a.Why)
		table.add(c.name, ours, a.Accepted)
	}
	table.check(t)
}

// joseOnly is what cannot be seen in a token: the status is in a list, terms are
// JSON-LD's, and whose key it is stands in the DID document.
var joseOnly = map[string]bool{"revoked": true, "a term that is not defined": true, "another issuer's key, published by it": true}

func (w *world) jwts(t *testing.T) []jwtTrial {
	t.Helper()
	var all []jwtTrial
	sign := func(name string, c certify.Certificate, want bool, change func([]byte) []byte) {
		p, proof := w.prepare(t, c)
		token, err := p.JWT(w.rs256)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, jwtTrial{name, change(token), proof, want})
	}
	as := func(token []byte) []byte { return token }
	outcome, revoked, expired, early := certifytest.Outcome(1), certifytest.Outcome(3), certifytest.Outcome(4), certifytest.Outcome(5)
	revoked.Status.Index = revokedIndex
	expired.ValidFrom, expired.ValidUntil = certifytest.Now().AddDate(-2, 0, 0), certifytest.Now().AddDate(-1, 0, 0)
	early.ValidFrom = certifytest.Now().AddDate(0, 0, 1)
	sign("of an outcome", outcome, true, as)
	sign("of a conversion", certifytest.Conversion(2), true, as)
	sign("a credit changed", outcome, false, edited(t, `"creditsEarned":3.5`, `"creditsEarned":9.5`))
	sign("a term that is not defined", outcome, false, w.resigned(t, func(_, p map[string]any) { p["hours"] = 64 }))
	sign("revoked", revoked, false, as)
	sign("expired", expired, false, as)
	sign("not valid yet", early, false, as)
	sign("no algorithm", outcome, false, unsigned(`{"alg":"none","kid":"https://credits.example.edu/keys/bank.rs256-1","typ":"JWT"}`))
	sign("a header more", outcome, false, w.resigned(t, func(h, _ map[string]any) { h["jku"] = "https://evil.example/keys" }))
	sign("the key of another", outcome, false, func(token []byte) []byte {
		return resign(t, token, certifytest.RS256ID, func(_, _ map[string]any) {})
	})
	sign("another issuer's key, published by it", outcome, false, func(token []byte) []byte {
		return resign(t, token, otherToken, func(h, _ map[string]any) { h["kid"] = "https://other.example.edu/keys/x.rs256-1" })
	})
	sign("a key that was never published", outcome, false, w.resigned(t, func(h, _ map[string]any) { h["kid"] = "https://credits.example.edu/keys/bank.rs256-9" }))
	sign("nbf is not validFrom", outcome, false, w.resigned(t, func(_, p map[string]any) { p["nbf"] = 1 }))
	sign("without sub", outcome, false, w.resigned(t, func(_, p map[string]any) { delete(p, "sub") }))
	sign("without exp, though it ends", outcome, false, w.resigned(t, func(_, p map[string]any) { delete(p, "exp") }))
	return all
}

// edited changes a text in the payload and leaves the signature.
func edited(t *testing.T, old, new string) func([]byte) []byte {
	return func(token []byte) []byte {
		parts := strings.SplitN(string(token), ".", 3)
		payload, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err != nil || !bytes.Contains(payload, []byte(old)) {
			t.Fatalf("%q is not in %s: %v", old, payload, err)
		}
		parts[1] = base64.RawURLEncoding.EncodeToString(bytes.Replace(payload, []byte(old), []byte(new), 1))
		return []byte(strings.Join(parts, "."))
	}
}

// unsigned puts a header in front, and no signature behind.
func unsigned(header string) func([]byte) []byte {
	return func(token []byte) []byte {
		parts := strings.SplitN(string(token), ".", 3)
		return []byte(base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + parts[1] + ".")
	}
}

// resigned changes a token and signs it again with the issuer's own key: what an
// issuer might do that does not keep to the form.
func (w *world) resigned(t *testing.T, change func(header, payload map[string]any)) func([]byte) []byte {
	return func(token []byte) []byte { return resign(t, token, "", change) }
}

// resign signs with the issuer's key, or if an id is given with another's.
func resign(t *testing.T, token []byte, as string, change func(header, payload map[string]any)) []byte {
	t.Helper()
	body, disclosures, isSD := strings.Cut(string(token), "~")
	parts := strings.Split(body, ".")
	var decoded [2]map[string]any
	for i := range decoded {
		data, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &decoded[i]); err != nil {
			t.Fatal(err)
		}
	}
	change(decoded[0], decoded[1])
	for i := range decoded {
		data, err := json.Marshal(decoded[i])
		if err != nil {
			t.Fatal(err)
		}
		parts[i] = base64.RawURLEncoding.EncodeToString(data)
	}
	key := certifytest.RSAKey()
	if as != "" {
		key = certifytest.OtherRSAKey()
	}
	if isSD {
		key = certifytest.P256Key()
	}
	s, err := certify.NewTokenSigner(certifytest.RS256ID, key)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := s.Sign([]byte(parts[0] + "." + parts[1]))
	if err != nil {
		t.Fatal(err)
	}
	parts[2] = base64.RawURLEncoding.EncodeToString(signature)
	out := strings.Join(parts, ".")
	if isSD {
		out += "~" + disclosures
	}
	return []byte(out)
}

// What @sd-jwt/sd-jwt-vc makes of our SD-JWT VCs: it sees what was disclosed, and
// nothing of what was not.
func TestSDJWT(t *testing.T) {
	w := newWorld(t)
	table := newTable("SD-JWT VC, ES256", "certify", "@sd-jwt/sd-jwt-vc")
	p, proof := w.prepare(t, certifytest.Outcome(1))
	token := func(p *certify.Prepared) []byte {
		s, err := p.SDJWT(w.es256, certifytest.Now(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	whole := token(p)
	shown := func(names ...string) []byte {
		s, err := certify.Disclose(whole, names...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	revoked, expired := certifytest.Outcome(3), certifytest.Outcome(4)
	revoked.Status.Index = revokedIndex
	expired.ValidFrom, expired.ValidUntil = certifytest.Now().AddDate(-2, 0, 0), certifytest.Now().AddDate(-1, 0, 0)
	revokedToken, revokedProof := w.prepare(t, revoked)
	expiredToken, expiredProof := w.prepare(t, expired)
	parts := strings.Split(string(whole), "~")
	for _, c := range []struct {
		name      string
		token     []byte
		proof     []byte
		want      bool
		disclosed []string
	}{
		{"all disclosed", whole, proof, true, []string{"name", "account_number", "number", "source", "started", "ended", "grade", "hours"}},
		{"the grade kept back", shown("name", "hours"), proof, true, []string{"name", "hours"}},
		{"the name kept back", shown("grade"), proof, true, []string{"grade"}},
		{"nothing disclosed", shown(), proof, true, nil},
		{"a credit changed", edited(t, `"credits":3.5`, `"credits":9.5`)(whole), proof, false, nil},
		{"a grade of one's own", []byte(parts[0] + "~" + base64.RawURLEncoding.EncodeToString([]byte(`["AAAAAAAAAAAAAAAAAAAAAA","grade","100"]`)) + "~"), proof, false, nil},
		{"revoked", token(revokedToken), revokedProof, false, nil},
		{"expired", token(expiredToken), expiredProof, false, nil},
		{"no algorithm", unsigned(`{"alg":"none","kid":"` + certifytest.ES256ID + `","typ":"dc+sd-jwt"}`)(whole), proof, false, nil},
		{"a key that was never published", resign(t, whole, "", func(h, _ map[string]any) { h["kid"] = certifytest.DID + "#es256-9" }), proof, false, nil},
		{"another issuer's key", resign(t, whole, "", func(h, _ map[string]any) { h["kid"] = otherKey }), proof, false, nil},
	} {
		report := certify.Verify(certify.Bundle{Credential: c.token, Proof: c.proof, Status: w.lists[certifytest.List]}, w.trust, certifytest.Now())
		ours := report.Verdict == certify.Valid
		a := w.ask(t, "sdjwt", string(c.token))
		if ours != c.want || a.Accepted != c.want && !sdOnly[c.name] {
			t.Errorf("%s: certify %v, sd-jwt-vc %v, want %v: %s %+v", c.name, ours, a.Accepted, c.want, a.Why, report.Checks)
		}
		if a.Accepted && c.name != "revoked" {
			if report.Credential == nil { // refused by us: they at least see nothing of it
				report.Credential = &certify.Header{}
			}
			sameClaims(t, c.name, a.Output, report.Credential.Disclosed, c.disclosed)
		}
		t.Logf("%-40s sd-jwt-vc %v %s", c.name, a.Accepted, a.Why)
		table.add(c.name, ours, a.Accepted)
	}
	table.check(t)
}

// sdOnly is what the library does not look at, and what it drops without a word.
var sdOnly = map[string]bool{"revoked": true, "a grade of one's own": true}

// sameClaims compares what was disclosed to them and to us.
func sameClaims(t *testing.T, name string, theirs json.RawMessage, ours map[string]any, want []string) {
	t.Helper()
	var payload map[string]any
	if err := json.Unmarshal(theirs, &payload); err != nil {
		t.Fatal(err)
	}
	for _, claim := range certify.Disclosable() {
		a, err1 := json.Marshal(payload[claim])
		b, err2 := json.Marshal(ours[claim])
		if err1 != nil || err2 != nil || !bytes.Equal(a, b) || (payload[claim] != nil) != slices.Contains(want, claim) {
			t.Errorf("%s: %s is %s to them, %s to us", name, claim, a, b)
		}
	}
}
