package issuancetest

import (
	"testing"

	"creditbank/certify"
	"creditbank/creditbank"
)

// chained opens an account in which one outcome was converted and carried on
// through three programmes.
func (c *City) chained(t testing.TB) (Citizen, creditbank.Outcome, []creditbank.Act) {
	t.Helper()
	who := c.Citizen(t)
	for _, p := range []creditbank.ProgrammeID{"P2", "P3"} {
		must(t, c.Bank.Enrol(t.Context(), creditbank.Change{By: By, Learner: who.ID}, p))
	}
	o := c.Post(t, who.ID, "K1")
	return who, o, c.Convert(t, who.ID, "C1", "C4", "C5")
}

// Each link of a chain has a certificate; what changes the root changes all of
// them, in one step of the follower.
func testChain(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	o := c.Office(t, nil)
	who, posted, _ := c.chained(t)
	catchUp(t, o, 3, 0)
	certificates := certificatesOf(t, h.Store, who.ID)
	for i, by := range []creditbank.InstitutionID{"I01", "I06", "I01"} {
		cert := certificates[i]
		if cert.Kind != certify.KindConversion || cert.Institution != by || !cert.Valid() {
			t.Errorf("certificate %d of the chain: %+v", i, cert)
		}
		if f, err := o.Fetch(t.Context(), cert.ID); err != nil || len(f.Bundle.Credential) == 0 {
			t.Errorf("Fetch(%s): %v", cert.ID, err)
		}
	}
	regraded := c.Revise(t, posted, "91", posted.Attended)
	catchUp(t, o, 3, 3)
	CheckCalledFor(t, h.Ledger, h.Store)
	_, err := o.IssueOutcome(t.Context(), who.ID, regraded.Seq)
	must(t, err)
	c.Revoke(t, regraded)
	catchUp(t, o, 0, 4)
	for _, cert := range certificatesOf(t, h.Store, who.ID) {
		if cert.Valid() {
			t.Errorf("the certificate of row %d is valid after its root was revoked", cert.Seq)
		}
	}
	CheckCalledFor(t, h.Ledger, h.Store)
}

// While a case is open what stands keeps its certificate, and nothing is issued
// anew; the decision ends either.
func testDoubt(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	o := c.Office(t, nil)
	for _, uphold := range []bool{true, false} {
		who, posted, acts := c.chained(t)
		catchUp(t, o, 3, 0)
		_, err := c.Bank.Confer(t.Context(), creditbank.Change{By: By, Learner: who.ID}, creditbank.Awarding{Kind: creditbank.AwardDiploma, Programme: "P3"})
		must(t, err)
		_, err = c.Bank.VoidCertificate(t.Context(), creditbank.Change{By: By, Learner: who.ID}, acts[1].Seq, "姓名有误")
		must(t, err)
		catchUp(t, o, 0, 1)
		regraded := c.Revise(t, posted, "91", posted.Attended) // the voided one gets a certificate of its own again
		c.Revoke(t, regraded)
		catchUp(t, o, 0, 2) // those of the old grades; the new ones wait
		account := c.account(t, who.ID)
		if len(account.Cases) != 1 {
			t.Fatalf("cases %+v", account.Cases)
		}
		manager := creditbank.Caller{ID: "operator:manager"}
		_, err = c.Bank.DecideCase(t.Context(), creditbank.Change{By: manager, Learner: who.ID}, account.Cases[0].Seq, creditbank.CaseRuling{Uphold: uphold, Reason: "复核意见"})
		must(t, err)
		if uphold {
			catchUp(t, o, 3, 0)
		} else {
			catchUp(t, o, 0, 0)
		}
		CheckCalledFor(t, h.Ledger, h.Store)
	}
}

// account reads an account anew.
func (c *City) account(t testing.TB, id creditbank.LearnerID) *creditbank.Account {
	t.Helper()
	h, err := c.Ledger.History(t.Context(), id)
	must(t, err)
	a, err := creditbank.NewAccount(h)
	must(t, err)
	return a
}
