package certify_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"creditbank/certify"
	"creditbank/certify/certifytest"
	"creditbank/certify/tlog"
)

// A forgery is a bundle that was tampered with, what it was checked against,
// and which check must say so.
type forgery struct {
	bundle  certify.Bundle
	trust   *certify.Trust
	at      time.Time
	verdict certify.Verdict
	code    string // one check of the report must have it
}

func replace(t *testing.T, data []byte, old, new string) []byte {
	t.Helper()
	if bytes.Count(data, []byte(old)) == 0 {
		t.Fatalf("%q is not in %s", old, data)
	}
	return bytes.Replace(data, []byte(old), []byte(new), 1)
}

func TestForgeries(t *testing.T) {
	w := certifytest.New(t)
	good, other := w.Issue(certifytest.Outcome(1)), w.Issue(certifytest.Outcome(2))
	good.Proof = w.Proof(0)
	tr := trust(t, w)
	tests := map[string]forgery{}
	add := func(name string, verdict certify.Verdict, code string, change func(f *forgery)) {
		f := forgery{bundle: good, trust: tr, at: certifytest.Now(), verdict: verdict, code: code}
		change(&f)
		tests[name] = f
	}
	// edit changes the credential by replacing text in it.
	edit := func(old, new string) func(*forgery) {
		return func(f *forgery) { f.bundle.Credential = replace(t, f.bundle.Credential, old, new) }
	}
	bad, unknown, damaged := "signature_bad", "format_unknown", "format_bad"
	add("nothing changed", certify.Valid, "anchor_ok", func(*forgery) {})

	add("credits changed", certify.Invalid, bad, edit(`"creditsEarned":3.5`, `"creditsEarned":9.5`))
	add("credits as text", certify.Invalid, bad, edit(`"creditsEarned":3.5`, `"creditsEarned":"3.5"`))
	add("credits beyond float64", certify.Invalid, damaged, edit(`3.5,"lic`, `3.5000000000000001,"lic`))
	add("credits with exponent", certify.Invalid, damaged, edit(`3.5,"lic`, `35e-1,"lic`))
	add("name changed", certify.Invalid, bad, edit("王", "玉"))
	add("period made longer", certify.Invalid, bad, edit(`"validUntil":"2036`, `"validUntil":"2046`))
	add("end removed", certify.Invalid, bad, edit(`"validUntil":"2036-11-23T08:00:00Z",`, ``))
	add("end as null", certify.Invalid, damaged, edit(`"validUntil":"2036-11-23T08:00:00Z"`, `"validUntil":null`))
	add("end under its IRI", certify.Invalid, unknown, edit(`"validUntil":"2036-11-23T08:00:00Z"`,
		`"https://www.w3.org/2018/credentials#validUntil":{"@value":"2036-11-23T08:00:00Z","@type":"http://www.w3.org/2001/XMLSchema#dateTime"}`))
	add("status under its IRI", certify.Invalid, unknown, edit(`"credentialStatus"`, `"https://www.w3.org/2018/credentials#credentialStatus"`))
	add("status as reverse", certify.Invalid, unknown, edit(`"credentialStatus"`, `"@included"`))
	add("undefined term", certify.Invalid, unknown, edit(`"creditsEarned"`, `"hours":64,"creditsEarned"`))
	add("undefined type", certify.Invalid, unknown, edit(`"OpenBadgeCredential"`, `"OpenBadgeCredential","Diploma2"`))
	add("unknown context", certify.Invalid, unknown, edit(`"@context":["https://www.w3.org/ns/credentials/v2",`, `"@context":["https://www.w3.org/ns/credentials/v2","https://evil.example/ctx",`))
	add("context in place", certify.Invalid, unknown, edit(`"@context":["https://www.w3.org/ns/credentials/v2",`, `"@context":["https://www.w3.org/ns/credentials/v2",{"hours":"https://x.example/h"},`))
	add("relative id, which RDF drops", certify.Invalid, unknown, edit(`"id":"https://credits.example.edu/institutions/42","type":["Profile"],"name":"清河社区学院","otherIdentifier"`, `"id":"institutions/42","type":["Profile"],"name":"伪造大学","otherIdentifier"`))
	add("long URL, which json-gold drops", certify.Invalid, unknown, edit(`"id":"https://credits.example.edu/institutions/42"`, `"id":"https://a.example/`+strings.Repeat("a", 2100)+`"`))
	add("URL that json-gold takes for none, and drops", certify.Invalid, unknown, edit(`"id":"https://credits.example.edu/institutions/42"`, `"id":"https://-/x"`))
	add("name twice", certify.Invalid, damaged, edit(`"creditsEarned":3.5`, `"creditsEarned":9.5,"creditsEarned":3.5`))
	add("name twice by escape", certify.Invalid, damaged, edit(`"creditsEarned":3.5`, `"creditsE\u0061rned":9.5,"creditsEarned":3.5`))
	add("control character", certify.Invalid, damaged, edit("王", `\u0000王`))
	add("lone surrogate", certify.Invalid, damaged, edit("王", `\ud800王`))
	add("truncated", certify.Invalid, damaged, func(f *forgery) { f.bundle.Credential = good.Credential[:len(good.Credential)/2] })
	add("empty", certify.Invalid, damaged, func(f *forgery) { f.bundle.Credential = nil })
	add("two objects", certify.Invalid, damaged, func(f *forgery) { f.bundle.Credential = append(bytes.Clone(good.Credential), "{}"...) })
	add("10,000 deep", certify.Invalid, damaged, edit(`"creditsEarned":3.5`, `"image":`+strings.Repeat(`{"a":`, 10_000)+"1"+strings.Repeat("}", 10_000)))
	add("10,000 arrays deep", certify.Invalid, damaged, edit(`"creditsEarned":3.5`, `"image":`+strings.Repeat(`[`, 10_000)+strings.Repeat("]", 10_000)))
	add("over a mebibyte", certify.Invalid, damaged, func(f *forgery) {
		f.bundle.Credential = append(bytes.Clone(good.Credential), bytes.Repeat([]byte(" "), certify.MaxSize)...)
	})
	add("blank nodes without end", certify.Invalid, damaged, edit(`"credentialSchema"`, `"evidence":[`+strings.Repeat(`{"type":["Evidence"]},`, 40)+`{"type":["Evidence"]}],"credentialSchema"`))

	add("no proof", certify.Invalid, "signature_unknown", func(f *forgery) {
		f.bundle.Credential = append(bytes.Clone(good.Credential[:bytes.Index(good.Credential, []byte(`,"proof"`))]), '}')
	})
	add("unknown cryptosuite", certify.Invalid, "signature_unknown", edit("eddsa-rdfc-2022", "eddsa-jcs-2022"))
	add("other purpose", certify.Invalid, "signature_unknown", edit("assertionMethod", "authentication"))
	add("proof with a member more", certify.Invalid, "signature_unknown", edit(`"cryptosuite"`, `"expires":"2026-01-01T00:00:00Z","cryptosuite"`))
	add("signature date changed", certify.Invalid, bad, edit(`"created":"2026-11-23T08:00:00Z"`, `"created":"2025-11-23T08:00:00Z"`))
	add("proof value cut", certify.Invalid, bad, edit(`"proofValue":"z`, `"proofValue":"`))
	add("proof of another certificate", certify.Invalid, bad, func(f *forgery) {
		i, j := bytes.Index(good.Credential, []byte(`"proof"`)), bytes.Index(other.Credential, []byte(`"proof"`))
		f.bundle.Credential = append(bytes.Clone(good.Credential[:i]), other.Credential[j:]...)
	})
	forge := func(keyID string, key byte) []byte {
		p, err := certify.Prepare(certifytest.Outcome(1))
		if err != nil {
			t.Fatal(err)
		}
		return certify.SignAs(p, keyID, certifytest.Key(key), certifytest.Now())
	}
	add("another's key under the issuer's key id", certify.Invalid, bad, func(f *forgery) { f.bundle.Credential = forge(certifytest.KeyID, 9) })
	add("key the issuer never published", certify.Invalid, "issuer_key_unlisted", func(f *forgery) { f.bundle.Credential = forge(certifytest.DID+"#key-9", 9) })
	didKey := certify.DIDKey(certifytest.Key(9))
	add("other controller, did:key", certify.Invalid, "issuer_key_foreign", func(f *forgery) { f.bundle.Credential = forge(didKey, 9) })
	add("other controller, also trusted", certify.Invalid, "issuer_key_foreign", func(f *forgery) {
		const did = "did:web:other.example:issuers:x"
		f.bundle.Credential = forge(did+"#k", 9)
		s := w.Trust
		s.Issuers = append(s.Issuers[:1:1], certify.DIDDocument{ID: did, Keys: []certify.Key{{ID: did + "#k", Public: certifytest.Key(9).Public().(ed25519.PublicKey)}}})
		f.trust = trust(t, &certifytest.World{Trust: s})
	})
	add("issuer made the forger", certify.Invalid, bad, edit(`"issuer":{"id":"`+certifytest.DID, `"issuer":{"id":"`+didKey[:strings.Index(didKey, "#")]))
	add("issuer not trusted", certify.Incomplete, "issuer_unknown", func(f *forgery) {
		s := w.Trust
		s.Issuers = nil
		f.trust = trust(t, &certifytest.World{Trust: s})
	})
	add("key not in use any more", certify.Invalid, "issuer_key_period", func(f *forgery) {
		s := w.Trust
		k := s.Issuers[0].Keys[0]
		k.Until = certifytest.Now()
		s.Issuers = []certify.DIDDocument{{ID: certifytest.DID, Keys: []certify.Key{k}}}
		f.trust = trust(t, &certifytest.World{Trust: s})
	})

	add("expired", certify.Invalid, "expired", func(f *forgery) { f.at = f.at.AddDate(10, 0, 0) })
	add("not yet valid", certify.Invalid, "not_yet_valid", func(f *forgery) { f.at = f.at.AddDate(0, 0, -2) })

	add("status missing", certify.Incomplete, "status_missing", func(f *forgery) { f.bundle.Status = nil })
	add("status out of date", certify.Incomplete, "status_stale", func(f *forgery) { f.at = f.at.AddDate(0, 0, 2) })
	add("status is no list", certify.Invalid, "status_bad", func(f *forgery) { f.bundle.Status = good.Credential })
	add("status truncated", certify.Invalid, "status_bad", func(f *forgery) { f.bundle.Status = f.bundle.Status[:200] })
	add("status edited", certify.Invalid, "status_bad", func(f *forgery) {
		f.bundle.Status = replace(t, f.bundle.Status, `"validUntil":"2026`, `"validUntil":"2036`)
	})
	add("status type unknown, terms of another", certify.Invalid, unknown, edit(`"BitstringStatusListEntry"`, `"1EdTechRevocationList"`))
	add("status type unknown", certify.Invalid, "status_unknown", edit(`"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"90007","statusListCredential":"https://credits.example.edu/status/1"`, `"1EdTechRevocationList"`))
	add("status purpose unknown", certify.Invalid, "status_unknown", edit(`"revocation"`, `"message"`))
	add("status index moved", certify.Invalid, bad, edit(`"statusListIndex":"90007"`, `"statusListIndex":"90008"`))
	add("list of another", certify.Incomplete, "status_other_list", func(f *forgery) {
		data, err := certify.StatusCredential{ID: certifytest.List + "2", Issuer: certifytest.DID, ValidFrom: f.at, List: w.Revoked}.Sign(w.Signer, f.at)
		if err != nil {
			t.Fatal(err)
		}
		f.bundle.Status = data
	})
	add("list by another issuer", certify.Invalid, "status_bad", func(f *forgery) {
		s, err := certify.NewSigner(didKey, certifytest.Key(9))
		if err != nil {
			t.Fatal(err)
		}
		f.bundle.Status, err = certify.StatusCredential{ID: certifytest.List, Issuer: didKey[:strings.Index(didKey, "#")], ValidFrom: f.at, List: w.Revoked}.Sign(s, f.at)
		if err != nil {
			t.Fatal(err)
		}
	})
	add("revoked", certify.Invalid, "revoked", func(f *forgery) {
		list, err := certify.NewStatusList(certify.MinStatusEntries)
		if err != nil {
			t.Fatal(err)
		}
		if err := list.Revoke(90_007); err != nil {
			t.Fatal(err)
		}
		f.bundle.Status, err = certify.StatusCredential{ID: certifytest.List, Issuer: certifytest.DID, ValidFrom: f.at, List: list}.Sign(w.Signer, f.at)
		if err != nil {
			t.Fatal(err)
		}
	})

	add("log proof missing", certify.Incomplete, "log_missing", func(f *forgery) { f.bundle.Proof = nil })
	add("log proof of another certificate", certify.Invalid, "log_bad", func(f *forgery) { f.bundle.Proof = other.Proof })
	add("log index changed", certify.Invalid, "log_bad", func(f *forgery) { f.bundle.Proof = replace(t, f.bundle.Proof, "index 0", "index 1") })
	add("log proof truncated", certify.Invalid, "log_malformed", func(f *forgery) { f.bundle.Proof = f.bundle.Proof[:60] })
	add("checkpoint of another log", certify.Invalid, "log_other", func(f *forgery) {
		s, err := tlog.NewSigner("other.example/log", certifytest.Key(2))
		if err != nil {
			t.Fatal(err)
		}
		cp, err := tlog.Checkpoint{Origin: "other.example/log", Head: w.Head}.Sign(s)
		if err != nil {
			t.Fatal(err)
		}
		p, err := tlog.ParseProof(f.bundle.Proof)
		if err != nil {
			t.Fatal(err)
		}
		p.Checkpoint = cp
		if f.bundle.Proof, err = p.Format(); err != nil {
			t.Fatal(err)
		}
	})
	cut := strings.LastIndex(string(good.Proof), "— ")
	add("cosignature stripped", certify.Incomplete, "anchor_few", func(f *forgery) { f.bundle.Proof = f.bundle.Proof[:cut] })
	add("cosignature damaged", certify.Invalid, "log_bad", func(f *forgery) {
		f.bundle.Proof = bytes.Clone(f.bundle.Proof)
		at := len(f.bundle.Proof) - 20
		f.bundle.Proof[at] = map[bool]byte{true: 'B', false: 'A'}[f.bundle.Proof[at] == 'A']
	})
	add("no anchor trusted", certify.Incomplete, "anchor_unpinned", func(f *forgery) {
		s := w.Trust
		s.Anchors = certify.AnchorPolicy{}
		f.trust = trust(t, &certifytest.World{Trust: s})
	})
	add("no log trusted", certify.Incomplete, "log_unpinned", func(f *forgery) {
		s := w.Trust
		s.Logs = nil
		f.trust = trust(t, &certifytest.World{Trust: s})
	})

	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			r := certify.Verify(f.bundle, f.trust, f.at)
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("took %v", took)
			}
			found := false
			for _, c := range r.Checks {
				found = found || c.Code == f.code
			}
			if r.Verdict != f.verdict || !found {
				t.Errorf("verdict %s, want %s with %s; report:\n%+v", r.Verdict, f.verdict, f.code, r.Checks)
			}
		})
	}
}

func TestEveryCodeHasWords(t *testing.T) {
	for code, result := range certify.Codes() {
		if result == "" || code == "" {
			t.Errorf("code %q: result %q", code, result)
		}
	}
}

func TestGzipBomb(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	zeros := make([]byte, 1<<20)
	for range 64 { // 64 MiB in 64 KiB
		if _, err := z.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	bomb := "u" + base64.RawURLEncoding.EncodeToString(b.Bytes())
	allocated := testing.AllocsPerRun(1, func() {
		if _, err := certify.DecodeStatusList(bomb); err == nil {
			t.Error("DecodeStatusList of a bomb: no error")
		}
	})
	t.Logf("%d bytes of text, %v allocations", len(bomb), allocated)
}
