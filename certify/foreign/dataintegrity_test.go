package foreign_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"testing"

	"github.com/mr-tron/base58"

	"creditbank/certify"
	"creditbank/certify/certifytest"
)

// revokedIndex is the bit that is set in the list of the tests.
const revokedIndex = 4242

// A trial is a credential and what is to be thought of it.
type trial struct {
	name       string
	credential []byte
	proof      []byte // of the log
	list       string // that it names
	want       bool
	code       string // of ours that says why not; "" if it is wanted
}

// malformed is what a schema can find wrong.
var malformed = map[string]bool{"credits as text": true, "no achievement": true}

// theirs is what a verifier accepts though nobody should.
var theirs = map[string]bool{"core: a status list of another issuer": true}

// What others make of our certificates, with the proof eddsa-rdfc-2022, and of
// what was done to them.
func TestDataIntegrity(t *testing.T) {
	w := newWorld(t)
	table := newTable("eddsa-rdfc-2022", "certify", "@digitalbazaar/vc", "verifier-core", "ajv")
	for _, c := range w.trials(t) {
		report := certify.Verify(certify.Bundle{Credential: c.credential, Proof: c.proof, Status: w.lists[c.list]}, w.trust, certifytest.Now())
		if got := report.Verdict == certify.Valid; got != c.want {
			t.Errorf("%s: certify says %s: %+v", c.name, report.Verdict, report.Checks)
		}
		if c.code != "" && !has(report, c.code) {
			t.Errorf("%s: certify says not %s: %+v", c.name, c.code, report.Checks)
		}
		row := []bool{report.Verdict == certify.Valid}
		for _, verifier := range []string{"vc", "core", "ajv"} {
			a := w.ask(t, verifier, json.RawMessage(c.credential))
			want := c.want || theirs[verifier+": "+c.name]
			if verifier == "ajv" {
				want = !malformed[c.name]
			}
			if a.Accepted != want {
				t.Errorf("%s: %s accepts: %v, want %v: %s", c.name, verifier, a.Accepted, want, a.Why)
			}
			t.Logf("%-45s %-5s %v %s", c.name, verifier, a.Accepted, a.Why)
			row = append(row, a.Accepted)
		}
		table.add(c.name, row...)
	}
	table.check(t)
}

func has(r certify.Report, code string) bool {
	for _, c := range r.Checks {
		if c.Code == code {
			return true
		}
	}
	return false
}

func (w *world) trials(t *testing.T) []trial {
	t.Helper()
	var all []trial
	add := func(name string, want bool, code string, c certify.Certificate, sign func(*certify.Prepared) []byte) {
		p, proof := w.prepare(t, c)
		all = append(all, trial{name, sign(p), proof, c.Status.List, want, code})
	}
	ours := func(p *certify.Prepared) []byte {
		signed, err := p.Sign(w.Signer, certifytest.Now())
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	edit := func(old, new string) func(*certify.Prepared) []byte {
		return func(p *certify.Prepared) []byte {
			signed := ours(p)
			if bytes.Count(signed, []byte(old)) == 0 {
				t.Fatalf("%q is not in %s", old, signed)
			}
			return bytes.Replace(signed, []byte(old), []byte(new), 1)
		}
	}
	as := func(keyID string, key byte) func(*certify.Prepared) []byte {
		return func(p *certify.Prepared) []byte { return forge(t, p, keyID, certifytest.Key(key)) }
	}
	changed := func(change func(*certify.Certificate)) certify.Certificate {
		c := certifytest.Outcome(7)
		change(&c)
		return c
	}
	outcome := certifytest.Outcome(1)
	bare := changed(func(c *certify.Certificate) {
		c.Subject.Name, c.Subject.AccountNumber, c.Source, c.Grade, c.Hours, c.Number = "", "", certify.Institution{}, "", "", ""
		c.Achievement.Credits, c.Achievement.Alignments = "", nil
	})
	add("of an outcome", true, "", outcome, ours)
	add("of a conversion", true, "", certifytest.Conversion(2), ours)
	add("with no more than it must have", true, "", bare, ours)
	add("a credit changed", false, "signature_bad", outcome, edit(`"creditsEarned":3.5`, `"creditsEarned":9.5`))
	add("a term that is not defined", false, "format_unknown", outcome, edit(`"creditsEarned"`, `"hours":64,"creditsEarned"`))
	add("a type that is not defined", false, "format_unknown", outcome, edit(`"OpenBadgeCredential"`, `"OpenBadgeCredential","Diploma2"`))
	add("credits as text", false, "signature_bad", outcome, edit(`"creditsEarned":3.5`, `"creditsEarned":"3.5"`))
	add("no achievement", false, "signature_bad", outcome, func(p *certify.Prepared) []byte {
		signed := ours(p)
		i, j := bytes.Index(signed, []byte(`,"achievement"`)), bytes.Index(signed, []byte(`,"result":`))
		return append(bytes.Clone(signed[:i]), signed[j:]...)
	})
	add("revoked", false, "revoked", changed(func(c *certify.Certificate) { c.Status.Index = revokedIndex }), ours)
	add("expired", false, "expired", changed(func(c *certify.Certificate) {
		c.ValidFrom, c.ValidUntil = certifytest.Now().AddDate(-2, 0, 0), certifytest.Now().AddDate(-1, 0, 0)
	}), ours)
	add("not valid yet", false, "not_yet_valid", changed(func(c *certify.Certificate) { c.ValidFrom = certifytest.Now().AddDate(0, 0, 1) }), ours)
	add("the key of another", false, "signature_bad", outcome, as(certifytest.KeyID, 9))
	add("a key that was never published", false, "issuer_key_unlisted", outcome, as(certifytest.DID+"#key-9", 1))
	add("another issuer's key, published by it", false, "issuer_key_foreign", outcome, as(otherKey, 9))
	add("no proof", false, "signature_unknown", outcome, func(p *certify.Prepared) []byte { return p.Unsigned() })
	add("a status list out of date", false, "status_stale", changed(func(c *certify.Certificate) { c.Status.List = staleList }), ours)
	add("a status list of another issuer", false, "status_bad", changed(func(c *certify.Certificate) { c.Status.List = otherList }), ours)
	add("no status list to be had", false, "status_missing", changed(func(c *certify.Certificate) { c.Status.List = absentList }), ours)
	return all
}

// forge signs what Prepared.Sign would not: with any key, under any name. It
// knows the suite from its specification, not from package certify.
func forge(t testing.TB, p *certify.Prepared, keyID string, key ed25519.PrivateKey) []byte {
	t.Helper()
	const sec, self = "https://w3id.org/security#", "_:c14n0 <"
	config := self + "http://purl.org/dc/terms/created> \"2026-11-23T08:00:00Z\"^^<http://www.w3.org/2001/XMLSchema#dateTime> .\n" +
		self + "http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <" + sec + "DataIntegrityProof> .\n" +
		self + sec + "cryptosuite> \"eddsa-rdfc-2022\"^^<" + sec + "cryptosuiteString> .\n" +
		self + sec + "proofPurpose> <" + sec + "assertionMethod> .\n" +
		self + sec + "verificationMethod> <" + keyID + "> .\n"
	hash, leaf := sha256.Sum256([]byte(config)), p.Leaf()
	proof, err := json.Marshal([]map[string]string{{
		"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "created": "2026-11-23T08:00:00Z",
		"verificationMethod": keyID, "proofPurpose": "assertionMethod",
		"proofValue": "z" + base58.Encode(ed25519.Sign(key, append(hash[:], leaf.SHA256[:]...))),
	}})
	if err != nil {
		t.Fatal(err)
	}
	unsigned := bytes.TrimSuffix(p.Unsigned(), []byte("}"))
	return append(append(append(unsigned, `,"proof":`...), proof...), '}')
}
