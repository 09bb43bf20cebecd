package storetest

import (
	crand "crypto/rand"
	"errors"
	"slices"
	"testing"
	"time"

	"creditbank/creditbank"

	gocmp "github.com/google/go-cmp/cmp"
)

var disclosureTests = []test{
	{"DisclosuresAreListedNewestFirst", testDisclosures},
	{"DisclosuresAreNeverChanged", testDisclosuresStay},
	{"DamagedDisclosureIsNoticed", testDamagedDisclosure},
	{"NothingIsToldWithoutARecord", testDisclosureFaults},
}

// Disclosure returns the n-th disclosure about a learner. Later ones have
// greater ids.
func Disclosure(l creditbank.LearnerID, n int) creditbank.Disclosure {
	at := Noon.Add(time.Duration(n) * time.Second)
	id, err := creditbank.NewFeedID(at, crand.Reader)
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return creditbank.Disclosure{
		ID: id, At: at, Learner: l, By: caller, Recipient: Issuer, Purpose: creditbank.PurposeAdmission,
		Fields: []creditbank.Field{creditbank.FieldProfile, creditbank.FieldOutcomes},
		Basis:  creditbank.BasisConsent, Consent: 7, Request: "req-1",
	}
}

func testDisclosures(t *testing.T, h Harness) {
	ctx := t.Context()
	one, other := Learner(1).ID, Learner(2).ID
	var all []creditbank.Disclosure
	for n := range 7 {
		d := Disclosure(one, n)
		if n == 3 {
			d.Recipient, d.Authority, d.Purpose, d.Basis, d.Consent, d.Request = "", "990102", "", creditbank.BasisDuty, 0, ""
		}
		all = append(all, d)
		for _, d := range []creditbank.Disclosure{d, d, Disclosure(other, n)} { // written again, it is one
			if err := h.Store.Disclose(ctx, d); err != nil {
				t.Fatal(err)
			}
		}
	}
	slices.Reverse(all)
	for _, limit := range []int{1, 3, 7, 100} {
		var got []creditbank.Disclosure
		for before := ""; ; before = got[len(got)-1].ID {
			page, err := h.Store.Disclosures(ctx, one, before, limit)
			if err != nil || len(page) > limit {
				t.Fatalf("Disclosures(%q, %d) = %d, %v", before, limit, len(page), err)
			}
			if got = append(got, page...); len(page) == 0 {
				break
			}
		}
		if diff := gocmp.Diff(all, got, Equal()); diff != "" {
			t.Errorf("disclosures in pages of %d differ (-want +got):\n%s", limit, diff)
		}
	}
	if got, err := h.Store.Disclosures(ctx, Learner(3).ID, "", 10); err != nil || len(got) != 0 {
		t.Errorf("Disclosures of nobody = %v, %v", got, err)
	}
	wantInt(t, h, "SELECT count(*) FROM disclosure", 14)
	wantInt(t, h, "SELECT count(*) FROM feed", 0) // they are no part of the ledger
}

func testDisclosuresStay(t *testing.T, h Harness) {
	skipWithout(t, h.Exec != nil, "raw SQL")
	if err := h.Store.Disclose(t.Context(), Disclosure(Learner(1).ID, 1)); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{"UPDATE disclosure SET request = ''", "DELETE FROM disclosure"} {
		if err := h.Exec(query); err == nil {
			t.Errorf("%s: done, want it forbidden", query)
		}
	}
	wantInt(t, h, "SELECT count(*) FROM disclosure WHERE request <> ''", 1)
}

func testDamagedDisclosure(t *testing.T, h Harness) {
	d := Disclosure(Learner(1).ID, 1)
	if err := h.Store.Disclose(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	damages := []damage{
		{"at", d.At.UnixMicro() + 1}, {"caller", "institution:I07"}, {"recipient", "I07"}, {"authority", "990102"},
		{"purpose", "EMPLOYMENT"}, {"fields", "PROFILE"}, {"basis", "SOURCE"}, {"consent", int64(8)}, {"request", ""},
		{"digest", make([]byte, 32)}, {"fields", "X"}, {"digest", []byte{1}},
	}
	onCopies(t, h, damages, "disclosure", func(t *testing.T, _ damage, s creditbank.Store) {
		_, err := s.Disclosures(t.Context(), d.Learner, "", 10)
		wantDamage(t, "Disclosures", err, d.ID)
	})
}

// A bank tells nobody anything unless the record of it is durable.
func testDisclosureFaults(t *testing.T, h Harness) {
	f := &Faulty{Store: h.Store}
	l := Learner(1)
	Open(t, f, l)
	b := newBank(t, f)
	d := creditbank.Disclosure{Learner: l.ID, Recipient: Issuer, Fields: creditbank.Fields(), Basis: creditbank.BasisSource}
	want := 0
	for _, fault := range []Fault{NoFault, BeforeCommit, AfterCommit, Unknown} {
		f.Fail(MethodDisclose, fault)
		if err := b.Disclose(t.Context(), caller, d); errors.Is(err, ErrInjected) != (fault != NoFault) {
			t.Errorf("Disclose with a fault %v: %v", fault, err)
		}
		if fault == NoFault || fault == AfterCommit {
			want++
		}
		if all, err := b.Disclosures(t.Context(), l.ID, "", 10); err != nil || len(all) != want {
			t.Errorf("after a fault %v: %d disclosures, %v; want %d", fault, len(all), err, want)
		}
	}
}
