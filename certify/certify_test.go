package certify_test

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"creditbank/certify"
	"creditbank/certify/certifytest"
	"creditbank/certify/tlog"
)

func trust(t testing.TB, w *certifytest.World) *certify.Trust {
	t.Helper()
	tr, err := certify.NewTrust(w.Trust)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestIssuedCertificatesAreValid(t *testing.T) {
	w := certifytest.New(t)
	w.Append([]byte("an earlier record"))
	for name, c := range map[string]certify.Certificate{"outcome": certifytest.Outcome(1), "conversion": certifytest.Conversion(2)} {
		r := certify.Verify(w.Issue(c), trust(t, w), certifytest.Now())
		for _, c := range r.Checks {
			if c.Result != certify.OK {
				t.Errorf("%s: %+v", name, c)
			}
		}
		if r.Verdict != certify.Valid || r.Credential.Holder != "王𬱖" || len(r.Checks) != 7 || r.AnchoredAt != certifytest.Now() {
			t.Errorf("%s: report %+v", name, r)
		}
	}
}

func TestPreparedIsDeterministicAndRestorable(t *testing.T) {
	w := certifytest.New(t)
	a, err := certify.Prepare(certifytest.Conversion(1))
	if err != nil {
		t.Fatal(err)
	}
	b, err := certify.Restore(a.Unsigned())
	if err != nil {
		t.Fatal(err)
	}
	if a.Leaf() != b.Leaf() || !bytes.Equal(a.Unsigned(), b.Unsigned()) || a.ID() != b.ID() {
		t.Error("Restore(Unsigned) differs")
	}
	s1, err1 := a.Sign(w.Signer, certifytest.Now())
	s2, err2 := b.Sign(w.Signer, certifytest.Now().Add(time.Millisecond))
	if err1 != nil || err2 != nil || !bytes.Equal(s1, s2) {
		t.Errorf("signed twice: %v %v, equal %v", err1, err2, bytes.Equal(s1, s2))
	}
	other, err := certify.NewSigner("did:web:other.example:x#k", certifytest.Key(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Sign(other, certifytest.Now()); err == nil {
		t.Error("Sign with the key of another issuer: no error")
	}
	for name, bad := range map[string]string{
		"signed": string(s1), "cut": string(a.Unsigned()[:100]), "term added": strings.Replace(string(a.Unsigned()), `"name"`, `"hours":64,"name"`, 1),
	} {
		if _, err := certify.Restore([]byte(bad)); err == nil {
			t.Errorf("Restore of %s bytes: no error", name)
		}
	}
}

func TestPrepareRefuses(t *testing.T) {
	tests := map[string]func(*certify.Certificate){
		"an id that is not random":     func(c *certify.Certificate) { c.ID = "https://credits.example.edu/1" },
		"an id of a sequence":          func(c *certify.Certificate) { c.ID = "urn:uuid:00000000-0000-1000-8000-000000000001" },
		"no name":                      func(c *certify.Certificate) { c.Name = "" },
		"a control character":          func(c *certify.Certificate) { c.Subject.Name = "a\u0001" },
		"a delete character":           func(c *certify.Certificate) { c.Subject.Name = "a\u007f" },
		"text that is not UTF-8":       func(c *certify.Certificate) { c.Subject.Name = "a\xff" },
		"three decimals":               func(c *certify.Certificate) { c.Credits = "1.234" },
		"an exponent":                  func(c *certify.Certificate) { c.Credits = "1e2" },
		"negative credits":             func(c *certify.Certificate) { c.Credits = "-1" },
		"no credits":                   func(c *certify.Certificate) { c.Credits = "" },
		"an end before the start":      func(c *certify.Certificate) { c.ValidUntil = c.ValidFrom },
		"a status list over http":      func(c *certify.Certificate) { c.Status.List = "http://credits.example.edu/status/1" },
		"a negative status index":      func(c *certify.Certificate) { c.Status.Index = -1 },
		"an IRI that RDF would drop":   func(c *certify.Certificate) { c.Achievement.ID = "https://a b" },
		"a URL json-gold would drop":   func(c *certify.Certificate) { c.Achievement.ID = "https://x.example/" + strings.Repeat("a", 2100) },
		"a relative IRI":               func(c *certify.Certificate) { c.Achievement.Creator.ID = "institutions/42" },
		"an achievement type unknown":  func(c *certify.Certificate) { c.Achievement.Type = "Kurs us" },
		"lines in an outcome":          func(c *certify.Certificate) { c.Lines = []certify.Line{{Slot: "a", Name: "b", Credits: "1"}} },
		"the bank's own id as subject": func(c *certify.Certificate) { c.Subject.ID = "1000000017" },
		"one institution by two names": func(c *certify.Certificate) { c.Source.Name = "清河大学" },
		"names that others sort in another order": func(c *certify.Certificate) {
			c.Achievement.ID, c.Achievement.Name, c.Achievement.Creator.Name = c.Achievement.Creator.ID, "（甲", "𬱖"
			c.Source = certify.Institution{}
		},
		"one id of two sources": func(c *certify.Certificate) {
			*c = certifytest.Conversion(1)
			c.Sources[0].ID, c.Sources[1].ID = "https://credits.example.edu/o/1", "https://credits.example.edu/o/1"
		},
		"an unknown kind": func(c *certify.Certificate) { c.Kind = "degree" },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			c := certifytest.Outcome(1)
			change(&c)
			if p, err := certify.Prepare(c); err == nil {
				t.Errorf("Prepare = %s, want an error", p.Unsigned())
			}
		})
	}
}

func TestCertificateSaysItIsNoDiploma(t *testing.T) {
	for _, c := range []certify.Certificate{certifytest.Outcome(1), certifytest.Conversion(1)} {
		p, err := certify.Prepare(c)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(p.Unsigned(), []byte("本证书不是学历、学位证书")) {
			t.Errorf("%s does not say so", c.Kind)
		}
	}
}

func TestDecimalJSON(t *testing.T) {
	for in, want := range map[certify.Decimal]string{"4.0": "4", "3.50": "3.5", "0.25": "0.25", "64": "64", "100": "100", "0": "0", "0.0": "0"} {
		if got, err := in.MarshalJSON(); err != nil || string(got) != want {
			t.Errorf("Decimal(%q) = %s, %v, want %s", in, got, err, want)
		}
	}
}

func TestProofConfigIsTheLibrarys(t *testing.T) {
	for _, test := range [][2]string{
		{"2026-11-23T08:00:00Z", certifytest.KeyID}, {"", certifytest.KeyID}, {"2022-11-10T07:38:00.123-08:00", "did:key:z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi"},
		{"2010-01-01T19:23:24Z", "https://example.com/issuers/876543#z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi"},
	} {
		own, library, err := certify.ProofConfigs(test[0], test[1])
		if d := cmp.Diff(library, own); d != "" || err != nil {
			t.Errorf("%v: %v\n%s", test, err, d)
		}
	}
}

func TestDIDs(t *testing.T) {
	did, err := certify.WebDID("localhost:8443", "issuers", "bank")
	if did != "did:web:localhost%3A8443:issuers:bank" || err != nil {
		t.Errorf("WebDID = %s, %v", did, err)
	}
	for did, want := range map[string]string{
		did: "https://localhost:8443/issuers/bank/did.json", "did:web:a.example": "https://a.example/.well-known/did.json",
	} {
		if got, err := certify.DocumentURL(did); got != want || err != nil {
			t.Errorf("DocumentURL(%s) = %s, %v", did, got, err)
		}
	}
	for _, host := range []string{"", "a/b", "a%2F", "A B", "u@h", "h#x"} {
		if did, err := certify.WebDID(host); err == nil {
			t.Errorf("WebDID(%q) = %s, want an error", host, did)
		}
	}
}

// Keys that may not sign certificates are not taken from a document.
func TestDIDDocumentTakesOnlyKeysThatMaySign(t *testing.T) {
	key := certifytest.Key(1).Public().(ed25519.PublicKey)
	data, err := certify.DIDDocument{ID: certifytest.DID, Keys: []certify.Key{{ID: certifytest.KeyID, Public: key}}}.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if d, err := certify.ParseDIDDocument(data); err != nil || len(d.Keys) != 1 {
		t.Fatalf("ParseDIDDocument = %+v, %v", d, err)
	}
	for name, change := range map[string][2]string{
		"another controller":         {`"controller":"did:web`, `"controller":"did:webs`},
		"not for assertions":         {`"assertionMethod"`, `"authentication"`},
		"a revoked key":              {`"type":"Multikey"`, `"type":"Multikey","revoked":"2026-01-01T00:00:00Z"`},
		"another type":               {`"type":"Multikey"`, `"type":"JsonWebKey"`},
		"a key cut short":            {`"publicKeyMultibase":"z6Mk`, `"publicKeyMultibase":"z6M`},
		"a key of another kind":      {`"publicKeyMultibase":"z6Mk`, `"publicKeyMultibase":"zDna`},
		"a document of another name": {`"id":"` + certifytest.DID + `","ver`, `"id":"did:web:x.example","ver`},
	} {
		bad := bytes.Replace(data, []byte(change[0]), []byte(change[1]), 1)
		if d, err := certify.ParseDIDDocument(bad); err == nil || bytes.Equal(bad, data) {
			t.Errorf("ParseDIDDocument with %s = %+v, want an error", name, d)
		}
	}
}

// A cosignature does not bind its name: one key under two names must not count
// as two witnesses.
func TestTrustRefusesAKeyUnderTwoNames(t *testing.T) {
	w := certifytest.New(t)
	add := func(name string, key byte) *certify.TrustSpec {
		s := w.Trust
		vkey, err := tlog.CosignerKey(name, certifytest.Key(key).Public().(ed25519.PublicKey))
		if err != nil {
			t.Fatal(err)
		}
		s.Anchors = certify.AnchorPolicy{Threshold: 2, Cosigners: append(s.Anchors.Cosigners[:1:1], vkey)}
		return &s
	}
	for name, s := range map[string]*certify.TrustSpec{
		"one key, two names": add("anchor.example.edu/org2", 3), "one name, two keys": add(certifytest.Witness, 4), "the log's own key": add("anchor.example.edu/org2", 2),
	} {
		if _, err := certify.NewTrust(*s); err == nil {
			t.Errorf("NewTrust with %s: no error", name)
		}
	}
	if _, err := certify.NewTrust(*add("anchor.example.edu/org2", 4)); err != nil {
		t.Errorf("NewTrust with two witnesses: %v", err)
	}
}

func TestTrustFile(t *testing.T) {
	w := certifytest.New(t)
	w.Trust.Issuers[0].Keys[0].Until = certifytest.Now().AddDate(1, 0, 0)
	a := trust(t, w)
	data, err := a.JSON()
	if err != nil {
		t.Fatal(err)
	}
	b, err := certify.ParseTrust(data)
	if err != nil {
		t.Fatal(err)
	}
	if a.Fingerprint() != b.Fingerprint() || len(a.Fingerprint()) != 39 {
		t.Errorf("fingerprints %s and %s", a.Fingerprint(), b.Fingerprint())
	}
	w.Trust.Issuers[0].Keys[0].Until = time.Time{}
	if c := trust(t, w); c.Fingerprint() == a.Fingerprint() {
		t.Error("the fingerprint does not depend on the period of a key")
	}
	s := string(data)
	for name, bad := range map[string]string{
		"an unknown member":   strings.Replace(s, `"logs"`, `"extra":1,"logs"`, 1),
		"version 2":           strings.Replace(s, `"version":1`, `"version":2`, 1),
		"threshold too high":  strings.Replace(s, `"threshold":1`, `"threshold":2`, 1),
		"threshold zero":      strings.Replace(s, `"threshold":1`, `"threshold":0`, 1),
		"a period of nothing": strings.Replace(s, `"key":"did`, `"key":"dad`, 1),
		"a name twice":        strings.Replace(s, `"version":1`, `"version":1,"version":1`, 1),
		"a damaged log key":   strings.Replace(s, certifytest.Origin+"+", certifytest.Origin+"x+", 1),
	} {
		if _, err := certify.ParseTrust([]byte(bad)); err == nil || bad == s {
			t.Errorf("ParseTrust with %s: no error", name)
		}
	}
}

func FuzzParseObject(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"c"}],"d":0.5}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := certify.ParseObject(data); err != nil {
			return
		}
	})
}

func FuzzDIDDocument(f *testing.F) {
	d, err := certify.DIDDocument{ID: certifytest.DID, Keys: []certify.Key{{ID: certifytest.KeyID, Public: certifytest.Key(1).Public().(ed25519.PublicKey)}}}.JSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(d)
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := certify.ParseDIDDocument(data)
		if err != nil {
			return
		}
		again, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		e, err := certify.ParseDIDDocument(again)
		for i := range d.Keys {
			d.Keys[i].Until = time.Time{} // not published by us
		}
		if diff := cmp.Diff(d, e); diff != "" || err != nil {
			t.Errorf("round trip: %v\n%s", err, diff)
		}
	})
}

func FuzzStatusList(f *testing.F) {
	l, err := certify.NewStatusList(certify.MinStatusEntries)
	if err != nil {
		f.Fatal(err)
	}
	s, err := l.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s)
	f.Fuzz(func(t *testing.T, s string) {
		l, err := certify.DecodeStatusList(s)
		if err != nil {
			return
		}
		again, err := l.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if m, err := certify.DecodeStatusList(again); err != nil || m.Len() != l.Len() {
			t.Errorf("round trip: %v", err)
		}
	})
}

func FuzzVerify(f *testing.F) {
	w := certifytest.New(f)
	b := w.Issue(certifytest.Outcome(1))
	f.Add(b.Credential, b.Proof, b.Status)
	tr := trust(f, w)
	f.Fuzz(func(t *testing.T, credential, proof, status []byte) {
		r := certify.Verify(certify.Bundle{Credential: credential, Proof: proof, Status: status}, tr, certifytest.Now())
		if len(r.Checks) != 7 {
			t.Errorf("report of %d checks", len(r.Checks))
		}
	})
}

func BenchmarkPrepare(b *testing.B) {
	c := certifytest.Outcome(1)
	for b.Loop() {
		if _, err := certify.Prepare(c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPrepareParallel(b *testing.B) {
	c := certifytest.Outcome(1)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := certify.Prepare(c); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSign(b *testing.B) {
	w := certifytest.New(b)
	p, err := certify.Prepare(certifytest.Outcome(1))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := p.Sign(w.Signer, certifytest.Now()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	w := certifytest.New(b)
	bundle, tr := w.Issue(certifytest.Outcome(1)), trust(b, w)
	for b.Loop() {
		if r := certify.Verify(bundle, tr, certifytest.Now()); r.Verdict != certify.Valid {
			b.Fatal(r)
		}
	}
}

// A bank without issuers or anchors yet has a trust file that can be read.
func TestEmptyTrustReadsBack(t *testing.T) {
	trust, err := certify.NewTrust(certify.TrustSpec{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := trust.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if back, err := certify.ParseTrust(data); err != nil || back.Fingerprint() != trust.Fingerprint() {
		t.Errorf("%s reads back as %v, %v", data, back, err)
	}
}
