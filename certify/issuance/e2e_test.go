package issuance_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"path/filepath"
	"testing"
	"time"

	"creditbank/certify"
	"creditbank/certify/issuance"
	"creditbank/certify/issuance/issuancetest"
	"creditbank/certify/tlog"
	"creditbank/chain"
	"creditbank/chain/local"
	"creditbank/creditbank/sqlite"
)

// The whole way on SQLite: post, convert, follow, anchor, fetch, verify with
// nothing but the bytes handed out; then revoke the source, and verify again.
func TestFromPostingToVerdict(t *testing.T) {
	ctx := t.Context()
	city, anchorer := newCity(t)
	office := city.Office(t, nil)
	who, outcome := city.Converted(t)
	p, err := office.CatchUp(ctx)
	if err != nil || p.Issued != 1 || p.Behind() != 0 {
		t.Fatalf("CatchUp = %+v, %v; want one certificate", p, err)
	}
	single, err := office.IssueOutcome(ctx, who.ID, outcome.Seq)
	if err != nil {
		t.Fatal(err)
	}
	certs, err := office.List(ctx, who.ID)
	if err != nil || len(certs) != 2 {
		t.Fatalf("List = %d certificates, %v; want two", len(certs), err)
	}
	conversion := certs[1]
	want(t, fetch(t, office, conversion.ID), certify.Incomplete, "anchor_few")

	worker, err := chain.NewWorker(chain.WorkerConfig{Origin: issuancetest.Host + "/certlog", Source: office.Source(), Anchorer: anchorer, Halt: office.Halt})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds nothing to do
		if err := worker.Once(ctx); err != nil {
			t.Fatal(err)
		}
	}
	h := fetch(t, office, conversion.ID)
	want(t, h, certify.Valid, "anchor_ok")
	want(t, fetch(t, office, single.ID), certify.Valid, "anchor_ok")
	if again := fetch(t, office, conversion.ID); !bytes.Equal(again.Bundle.Credential, h.Bundle.Credential) || !bytes.Equal(again.Bundle.Proof, h.Bundle.Proof) {
		t.Error("fetched again, the certificate has other bytes")
	}

	city.Revoke(t, outcome)
	if p, err := office.CatchUp(ctx); err != nil || p.Revoked != 2 {
		t.Fatalf("CatchUp = %+v, %v; want two revoked", p, err)
	}
	want(t, fetch(t, office, conversion.ID), certify.Invalid, "revoked")
	want(t, fetch(t, office, single.ID), certify.Invalid, "revoked")
	if err := worker.Once(ctx); err != nil {
		t.Fatal(err)
	}
	issuancetest.CheckCalledFor(t, city.Ledger, city.Store)
	latest, err := anchorer.Latest(ctx, issuancetest.Host+"/certlog")
	if err != nil || latest.Checkpoint.Size != 4 {
		t.Errorf("anchored at %d, %v; want 4", latest.Checkpoint.Size, err)
	}
	if err := office.CheckAnchored(ctx, latest); err != nil {
		t.Error(err)
	}
}

func newCity(t testing.TB) (*issuancetest.City, *local.Anchorer) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "bank.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	city := issuancetest.NewCity(t, store, store.Certificates())
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	_, vkey, err := city.Keys.Log(context.Background(), issuancetest.Host+"/certlog")
	if err != nil {
		t.Fatal(err)
	}
	anchorer, err := local.Open(local.Config{
		Path: filepath.Join(t.TempDir(), "anchor"), Name: "anchor.example.edu/local", Key: key, LogKey: vkey, Now: city.Clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { anchorer.Close() })
	cosigner, err := tlog.CosignerKey("anchor.example.edu/local", key.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	city.Anchors = certify.AnchorPolicy{Threshold: 1, Cosigners: []string{cosigner}}
	return city, anchorer
}

func fetch(t testing.TB, o *issuance.Office, id string) issuance.Handout {
	t.Helper()
	h, err := o.Fetch(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// want verifies what was handed out, from its bytes alone.
func want(t *testing.T, h issuance.Handout, verdict certify.Verdict, code string) {
	t.Helper()
	trust, err := certify.ParseTrust(h.Trust)
	if err != nil {
		t.Fatal(err)
	}
	report := certify.Verify(h.Bundle, trust, time.Date(2026, time.March, 16, 0, 0, 0, 0, time.UTC))
	found := report.Verdict == verdict
	for _, c := range report.Checks {
		found = found && c.Code != "" // every code is known
	}
	for _, c := range report.Checks {
		if c.Code == code && found {
			return
		}
	}
	t.Errorf("Verify says %s, want %s with %s: %+v\n%s", report.Verdict, verdict, code, report.Checks, h.Bundle.Credential)
}
