package foreign_test

import (
	"crypto/ed25519"
	"encoding/json"
	"os"
	"testing"
	"time"

	"creditbank/certify"
	"creditbank/certify/certifytest"
)

// The other issuer of the tests, as real as ours, and its keys.
const (
	otherDID   = "did:web:other.example.edu:issuers:x"
	otherKey   = otherDID + "#key-1"
	otherToken = otherDID + "#rs256-1"
)

// staleList is a status list that was good for a day, long ago; otherList one
// that the other issuer signed.
const (
	staleList  = "https://credits.example.edu/status/2"
	otherList  = "https://credits.example.edu/status/3"
	absentList = "https://credits.example.edu/status/4"
)

const schemaAddress = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"

// A world is an issuer, what it has published, and the verifiers of others.
type world struct {
	*certifytest.World
	trust *certify.Trust
	lists map[string][]byte
	*process

	rs256, es256 certify.Signer
}

func public(b byte) ed25519.PublicKey { return certifytest.Key(b).Public().(ed25519.PublicKey) }

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{World: certifytest.New(t)}
	w.rs256, w.es256 = w.Tokens()
	w.Trust.Issuers = append(w.Trust.Issuers, certify.DIDDocument{
		ID: otherDID, Keys: []certify.Key{{ID: otherKey, Public: public(9)}},
		Tokens: []certify.TokenKey{{ID: otherToken, Public: certifytest.OtherRSAKey().Public()}},
	})
	documents := map[string]json.RawMessage{}
	for _, d := range w.Trust.Issuers {
		publish(t, documents, d)
	}
	if err := w.Revoked.Revoke(revokedIndex); err != nil {
		t.Fatal(err)
	}
	other, err := certify.NewSigner(otherKey, certifytest.Key(9))
	if err != nil {
		t.Fatal(err)
	}
	w.lists = map[string][]byte{
		certifytest.List: w.Status(),
		staleList:        w.list(t, staleList, certifytest.DID, w.Signer, certifytest.Now().AddDate(0, -1, 0)),
		otherList:        w.list(t, otherList, otherDID, other, certifytest.Now()),
	}
	for address, list := range w.lists {
		documents[address] = list
	}
	schema, err := os.ReadFile(certifytest.Shared(t, "ob_v3p0_achievementcredential_schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	documents[schemaAddress] = schema
	if w.trust, err = certify.NewTrust(w.Trust); err != nil {
		t.Fatal(err)
	}
	w.process = start(t, certifytest.Now(), documents)
	return w
}

func publish(t testing.TB, documents map[string]json.RawMessage, d certify.DIDDocument) {
	t.Helper()
	address, err := certify.DocumentURL(d.ID)
	if err != nil {
		t.Fatal(err)
	}
	if documents[address], err = d.JSON(); err != nil {
		t.Fatal(err)
	}
	for _, k := range d.Tokens {
		if address, err = certify.KeyAddress(k.ID); err != nil {
			t.Fatal(err)
		}
		if documents[address], err = k.JWK(); err != nil {
			t.Fatal(err)
		}
	}
}

// list returns a signed status list of a day, in which nothing is revoked.
func (w *world) list(t testing.TB, address, did string, s certify.Signer, from time.Time) []byte {
	t.Helper()
	empty, err := certify.NewStatusList(certify.MinStatusEntries)
	if err != nil {
		t.Fatal(err)
	}
	data, err := certify.StatusCredential{
		ID: address, Issuer: did, ValidFrom: from.Add(-time.Hour), ValidUntil: from.AddDate(0, 0, 1), List: empty,
	}.Sign(s, from)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// prepare logs a certificate and returns it ready to be signed, with its proof.
func (w *world) prepare(t testing.TB, c certify.Certificate) (*certify.Prepared, []byte) {
	t.Helper()
	p, err := certify.Prepare(c)
	if err != nil {
		t.Fatal(err)
	}
	return p, w.Proof(w.Append(p.Leaf().Record()))
}
