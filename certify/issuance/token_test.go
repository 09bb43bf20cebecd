package issuance_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"creditbank/certify"
	"creditbank/certify/issuance"
	"creditbank/certify/issuance/issuancetest"
	"creditbank/certify/keyfile"
	"creditbank/chain"
	"creditbank/creditbank"
	"creditbank/creditbank/sqlite"
)

// A certificate is handed out in all its forms, each checked from its bytes, with
// keys that are published, pinned, rotated and kept.
func TestForms(t *testing.T) {
	ctx := t.Context()
	city, anchorer := newCity(t)
	office := city.Office(t, nil)
	who, outcome := city.Converted(t)
	if _, err := office.CatchUp(ctx); err != nil {
		t.Fatal(err)
	}
	certs, err := office.List(ctx, who.ID)
	if err != nil || len(certs) != 1 {
		t.Fatal(certs, err)
	}
	id := certs[0].ID
	if _, err := office.JWT(ctx, "urn:uuid:none"); !errors.Is(err, creditbank.ErrNotFound) {
		t.Errorf("JWT of no certificate: %v", err)
	}
	jwt, err := office.JWT(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	sdjwt, err := office.SDJWT(ctx, id, []string{certify.DiscloseLines})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := office.SDJWT(ctx, id, []string{certify.DiscloseHours}); !errors.Is(err, creditbank.ErrInvalid) {
		t.Errorf("hours of a conversion: %v", err)
	}
	worker, err := chain.NewWorker(chain.WorkerConfig{Origin: issuancetest.Host + "/certlog", Source: office.Source(), Anchorer: anchorer, Halt: office.Halt})
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Once(ctx); err != nil {
		t.Fatal(err)
	}
	check := func(verdict certify.Verdict, code string, credential []byte) {
		t.Helper()
		h := fetch(t, office, id)
		h.Bundle.Credential = credential
		want(t, h, verdict, code)
	}
	check(certify.Valid, "signature_ok", jwt)
	check(certify.Valid, "signature_ok", sdjwt)

	did, err := office.DID(certs[0].Institution)
	if err != nil {
		t.Fatal(err)
	}
	for _, suite := range []certify.Suite{certify.RS256, certify.ES256} {
		if err := city.Keys.RotateToken(ctx, did, suite, city.Clock.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	for range 60 { // a second each
		city.Clock.Now()
	}
	if again, err := office.JWT(ctx, id); err != nil || !bytes.Equal(again, jwt) {
		t.Errorf("the JWT is another after its key was retired: %v", err)
	}
	check(certify.Valid, "issuer_ok", jwt)
	check(certify.Valid, "issuer_ok", sdjwt)
	later, err := office.SDJWT(ctx, id, nil)
	if err != nil {
		t.Fatal(err)
	}
	check(certify.Valid, "issuer_ok", later)
	for name, want := range map[string]error{"rs256-1": nil, "rs256-2": nil, "es256-2": nil, "key-1": creditbank.ErrNotFound, "rs256-3": creditbank.ErrNotFound} {
		if _, err := office.TokenKey(ctx, certs[0].Institution, name); !errors.Is(err, want) {
			t.Errorf("TokenKey(%s): %v", name, err)
		}
	}
	city.Revoke(t, outcome)
	if _, err := office.CatchUp(ctx); err != nil {
		t.Fatal(err)
	}
	check(certify.Invalid, "revoked", jwt)
	check(certify.Invalid, "revoked", sdjwt)
}

// A key of tokens that was lost is not made anew under its id.
func TestLostTokenKey(t *testing.T) {
	ctx := t.Context()
	store, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "bank.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	dir := filepath.Join(t.TempDir(), "keys")
	city := issuancetest.OpenCity(t, store, store.Certificates(), dir)
	office := city.Office(t, nil)
	who, _ := city.Converted(t)
	if _, err := office.CatchUp(ctx); err != nil {
		t.Fatal(err)
	}
	certs, err := office.List(ctx, who.ID)
	if err != nil || len(certs) != 1 {
		t.Fatal(certs, err)
	}
	if _, err := office.JWT(ctx, certs[0].ID); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "token-*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	if city.Keys, err = keyfile.Open(dir, rand.Reader); err != nil {
		t.Fatal(err)
	}
	anew := city.Office(t, nil)
	if _, err := anew.JWT(ctx, certs[0].ID); !errors.Is(err, issuance.ErrIssuerKey) {
		t.Errorf("JWT after its key was lost: %v", err)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "token-*")); err != nil || len(files) != 0 {
		t.Errorf("the key was made anew: %v, %v", files, err)
	}
}
