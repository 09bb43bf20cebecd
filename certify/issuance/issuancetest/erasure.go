package issuancetest

import (
	"bytes"
	"errors"
	"testing"

	"creditbank/certify/issuance"
)

var erasureTests = []test{
	{"ErasedPersonLeavesTheLog", testErased},
	{"NothingPersonalIsStoredInTheClear", testPersonal},
	{"NameThatNoCertificateCanHoldIsParked", testBadName},
}

// Once a person's key is gone their certificates cannot be read here. The log
// stays whole, and they can still be revoked.
func testErased(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	o := c.Office(t, nil)
	gone, posted := c.Converted(t)
	stays, _ := c.Converted(t)
	catchUp(t, o, 2, 0)
	must(t, h.Erase(gone.ID))
	erased := certificatesOf(t, h.Store, gone.ID)[0]
	if _, err := o.Fetch(t.Context(), erased.ID); !errors.Is(err, issuance.ErrErased) {
		t.Errorf("Fetch of an erased person's certificate: %v, want ErrErased", err)
	}
	if _, err := o.IssueOutcome(t.Context(), gone.ID, posted.Seq); !errors.Is(err, issuance.ErrErased) {
		t.Errorf("IssueOutcome for an erased person: %v, want ErrErased", err)
	}
	if _, err := o.Fetch(t.Context(), certificatesOf(t, h.Store, stays.ID)[0].ID); err != nil {
		t.Errorf("Fetch of the other's certificate: %v", err)
	}
	CheckCalledFor(t, h.Ledger, h.Store)
	c.Post(t, gone.ID, "K2")
	c.Convert(t, gone.ID, "C2") // there is nobody to certify it to
	catchUp(t, o, 0, 0)
	c.Revoke(t, posted)
	catchUp(t, o, 0, 1)
	CheckAll(t, h.Ledger, h.Store)
}

// The log, its entries and the rows of certificates say nothing about a person
// in the clear; what was handed out does.
func testPersonal(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	o := c.Office(t, nil)
	who, posted := c.Converted(t)
	_, err := o.IssueOutcome(t.Context(), who.ID, posted.Seq)
	must(t, err)
	catchUp(t, o, 1, 0)
	certs := certificatesOf(t, h.Store, who.ID)
	stored := allTiles(t, h.Store)
	for _, cert := range certs {
		stored = append(stored, cert.Leaf.Record()...)
		stored = append(stored, cert.Sealed...)
		stored = append(stored, cert.KeyID...)
	}
	handed, err := o.Fetch(t.Context(), certs[0].ID)
	must(t, err)
	for _, s := range []struct {
		what, value string
		shown       bool
	}{
		{"name", who.Person.Name, true},
		{"account number", string(who.Account), true},
		{"identity number", string(who.Person.IDNumber), false},
		{"learner's id", string(who.ID), false},
	} {
		if bytes.Contains(stored, []byte(s.value)) {
			t.Errorf("the %s is stored in the clear", s.what)
		}
		if bytes.Contains(handed.Bundle.Credential, []byte(s.value)) != s.shown {
			t.Errorf("the certificate shows the %s: %v", s.what, !s.shown)
		}
		if bytes.Contains(append(handed.Bundle.Proof, handed.Bundle.Status...), []byte(s.value)) {
			t.Errorf("the proof or the status list shows the %s", s.what)
		}
	}
	// Two certificates of one person share nothing that could link them but
	// what they show.
	if certs[0].ID == certs[1].ID || certs[0].Status == certs[1].Status || certs[0].Leaf == certs[1].Leaf {
		t.Errorf("two certificates share an id, a place or a leaf: %+v", certs)
	}
}

// A name that was damaged before it came to the bank stops one person's
// certificate, and is not in the error.
func testBadName(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	o := c.Office(t, nil)
	who := c.smuggled(t, "欧阳\ufffd损坏")
	posted := c.Post(t, who.ID, "K1")
	c.Convert(t, who.ID, "C1")
	c.Converted(t)
	p, err := o.CatchUp(t.Context())
	if err != nil || p.Issued != 1 || len(p.Failed) != 1 {
		t.Fatalf("CatchUp = %+v, %v; want one issued and one failure", p, err)
	}
	_, err = o.IssueOutcome(t.Context(), who.ID, posted.Seq)
	for _, err := range []error{err, p.Failed[0].Err} {
		if err == nil || bytes.Contains([]byte(err.Error()), []byte("欧阳")) {
			t.Errorf("the error is %v; want one without the name", err)
		}
	}
	CheckAll(t, h.Ledger, h.Store)
}
