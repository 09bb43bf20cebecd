package issuance_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"creditbank/certify"
	"creditbank/certify/issuance"
	"creditbank/certify/issuance/issuancetest"
	"creditbank/certify/keyfile"
	"creditbank/creditbank"
	"creditbank/creditbank/rule"
	"creditbank/creditbank/scenario"
	"creditbank/creditbank/sqlite"
	"creditbank/creditbank/vault"
)

// The city of Qinghe, whose six approved conversions give six certificates,
// with every shape of source there is: one outcome, several, a pool, a block,
// a family of certificates, a part. Each outcome that was recognised can have
// its own too.
func TestQinghe(t *testing.T) {
	store, clock, office := qinghe(t)
	p, err := office.CatchUp(t.Context())
	if err != nil || p.Issued != 6 || len(p.Failed) > 0 {
		t.Fatalf("CatchUp = %+v, %v; want six certificates", p, err)
	}
	ids, err := store.Learners(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, id := range ids {
		issueAll(t, store, office, id)
		certs, err := office.List(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range certs {
			h := fetch(t, office, c.ID)
			trust, err := certify.ParseTrust(h.Trust)
			if err != nil {
				t.Fatal(err)
			}
			report := certify.Verify(h.Bundle, trust, clock.Now().Add(time.Hour))
			for _, check := range report.Checks {
				if check.Result != certify.OK && check.Code != "anchor_unpinned" {
					t.Errorf("certificate of row %d: %s %s %s", c.Seq, check.Name, check.Code, check.Detail)
				}
			}
			seen++
		}
	}
	if seen != 6+33 { // 32 of outcomes.csv, one of the timeline
		t.Errorf("there are %d certificates, want 39", seen)
	}
	issuancetest.CheckCalledFor(t, store, store.Certificates())
}

// issueAll has a certificate issued for each outcome that can have one.
func issueAll(t *testing.T, store creditbank.Store, office *issuance.Office, id creditbank.LearnerID) {
	t.Helper()
	h, err := store.History(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range h.Outcomes {
		if !o.Granted {
			continue
		}
		if _, err := office.IssueOutcome(t.Context(), id, o.Seq); err != nil {
			t.Errorf("IssueOutcome(%s): %v", o.OutcomeKey, err)
		}
	}
}

// qinghe plays the city on a new store.
func qinghe(t *testing.T) (*sqlite.Store, *scenario.Clock, *issuance.Office) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "bank.db"))
	check(err)
	t.Cleanup(func() { store.Close() })
	master, err := vault.NewMaster(rand.Reader)
	check(err)
	v, err := vault.New(master, rand.Reader)
	check(err)
	clock := scenario.NewClock(time.Date(2026, time.March, 15, 4, 0, 0, 0, time.UTC))
	bank, err := creditbank.New(t.Context(), creditbank.Config{Store: store, Vault: v, Clock: clock.Now, Random: rand.Reader, LoadRules: rule.Load})
	check(err)
	city, err := scenario.Read(os.DirFS("../../creditbank/scenario/testdata/qinghe"))
	check(err)
	_, err = scenario.Play(t.Context(), scenario.Stage{Bank: bank, Clock: clock, By: issuancetest.By}, city)
	check(err)
	keys, err := keyfile.Open(filepath.Join(t.TempDir(), "keys"), rand.Reader)
	check(err)
	office, err := issuance.New(issuance.Config{
		Ledger: store, Store: store.Certificates(), Vault: v, Keys: keys, Clock: clock.Now, Random: rand.Reader,
		LoadRules: rule.Load, Host: "qinghe.example.edu:8443",
	})
	check(err)
	return store, clock, office
}
