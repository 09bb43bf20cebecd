package sm2_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"testing"

	gm "github.com/emmansun/gmsm/sm2"

	"creditbank/certify"
	"creditbank/certify/certifytest"
	"creditbank/certify/sm2"
)

const keyID = certifytest.DID + "#sm2-1"

func key(t testing.TB) *gm.PrivateKey {
	t.Helper()
	k, err := gm.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func signed(t testing.TB, w *certifytest.World, k *gm.PrivateKey) certify.Bundle {
	t.Helper()
	s, err := sm2.NewSigner(keyID, k, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := w.Issue(certifytest.Outcome(1))
	p, err := certify.Prepare(certifytest.Outcome(1))
	if err != nil {
		t.Fatal(err)
	}
	if b.Credential, err = p.Sign(w.Signer, certifytest.Now(), s); err != nil {
		t.Fatal(err)
	}
	return b
}

// A certificate with both proofs is valid to who knows the one, and to who knows
// the other.
func TestSM2StandsBeside(t *testing.T) {
	w, k := certifytest.New(t), key(t)
	b := signed(t, w, k)
	trust, err := certify.NewTrust(w.Trust)
	if err != nil {
		t.Fatal(err)
	}
	if r := certify.Verify(b, trust, certifytest.Now()); r.Verdict != certify.Valid {
		t.Errorf("certify.Verify: %+v", r)
	}
	if err := sm2.Verify(b.Credential, keyID, &k.PublicKey); err != nil {
		t.Error(err)
	}
}

func TestSM2Refuses(t *testing.T) {
	w, k := certifytest.New(t), key(t)
	b := signed(t, w, k)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(old, new string) []byte { return bytes.Replace(b.Credential, []byte(old), []byte(new), 1) }
	for name, test := range map[string]struct {
		credential []byte
		keyID      string
		key        *ecdsa.PublicKey
		want       error
	}{
		"a credit changed":      {edit(`"creditsEarned":3.5`, `"creditsEarned":9.5`), keyID, &k.PublicKey, certify.ErrSignature},
		"a name changed":        {edit("王", "玉"), keyID, &k.PublicKey, certify.ErrSignature},
		"a term not defined":    {edit(`"creditsEarned"`, `"hours":64,"creditsEarned"`), keyID, &k.PublicKey, certify.ErrUnknown},
		"the key of another":    {b.Credential, keyID, &key(t).PublicKey, certify.ErrSignature},
		"another name of it":    {b.Credential, certifytest.DID + "#sm2-2", &k.PublicKey, certify.ErrSignature},
		"no key":                {b.Credential, keyID, nil, certify.ErrMalformed},
		"a key of another kind": {b.Credential, keyID, &p256.PublicKey, certify.ErrMalformed},
		"no such proof":         {w.Issue(certifytest.Outcome(1)).Credential, keyID, &k.PublicKey, certify.ErrUnknown},
		"another purpose":       {bytes.ReplaceAll(b.Credential, []byte("assertionMethod"), []byte("authentication")), keyID, &k.PublicKey, certify.ErrUnknown},
		"nothing":               {nil, keyID, &k.PublicKey, certify.ErrMalformed},
	} {
		if err := sm2.Verify(test.credential, test.keyID, test.key); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	if _, err := sm2.NewSigner("key", k, rand.Reader); err == nil {
		t.Error("a key without an issuer: no error")
	}
	if _, err := sm2.NewSigner(keyID, nil, rand.Reader); err == nil {
		t.Error("no key: no error")
	}
	s, err := sm2.NewSigner("did:web:other.example:issuers:x#sm2-1", k, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p, err := certify.Prepare(certifytest.Outcome(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Sign(w.Signer, certifytest.Now(), s); err == nil {
		t.Error("the key of another issuer beside: no error")
	}
	if _, err := p.Sign(s, certifytest.Now()); err == nil {
		t.Error("SM2 alone: no error")
	}
}
