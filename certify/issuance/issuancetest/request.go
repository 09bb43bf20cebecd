package issuancetest

import (
	"errors"
	"testing"

	"creditbank/certify"
	"creditbank/creditbank"
	"creditbank/creditbank/storetest"
)

var requestTests = []test{
	{"RequestedOutcomesAreIssued", testRequest},
	{"RequestsSurviveFaults", testRequestFaults},
	{"VoidedCertificatesAreRevokedForGood", testVoid},
	{"ReviewedConversionsAreIssuedOnceApproved", testReviewed},
	{"OutcomesRecognisedAnewAreIssued", testRecognisedAnew},
}

// request asks for the certificate of an outcome.
func (c *City) request(t testing.TB, o creditbank.Outcome) {
	t.Helper()
	_, err := c.Bank.RequestCertificate(t.Context(), creditbank.Change{By: By, Learner: o.Learner}, o.Seq)
	must(t, err)
}

// void voids the certificate of a row.
func (c *City) void(t testing.TB, id creditbank.LearnerID, seq int64) {
	t.Helper()
	_, err := c.Bank.VoidCertificate(t.Context(), creditbank.Change{By: By, Learner: id}, seq, "姓名有误")
	must(t, err)
}

func testRequest(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	o := c.Office(t, nil)
	who := c.Citizen(t)
	one, other := c.Post(t, who.ID, "K1"), c.Post(t, who.ID, "K2")
	c.request(t, one)
	c.request(t, one) // twice is once
	catchUp(t, o, 1, 0)
	catchUp(t, o, 0, 0)
	all := certificatesOf(t, h.Store, who.ID)
	if len(all) != 1 || all[0].Seq != one.Seq || all[0].Kind != certify.KindOutcome {
		t.Fatalf("Certificates = %+v; want that of row %d", all, one.Seq)
	}
	if same, err := o.IssueOutcome(t.Context(), who.ID, one.Seq); err != nil || same.ID != all[0].ID {
		t.Errorf("IssueOutcome of what was requested = %s, %v; want %s", same.ID, err, all[0].ID)
	}
	// Issued at once, and found to be requested later.
	_, err := o.IssueOutcome(t.Context(), who.ID, other.Seq)
	must(t, err)
	c.request(t, other)
	catchUp(t, o, 0, 0)
	// A revision is another outcome: its certificate is asked for again.
	revised := c.Revise(t, one, "90", one.Attended)
	catchUp(t, o, 0, 1)
	c.request(t, revised)
	catchUp(t, o, 1, 0)
	// What was revoked before the office came by is not issued.
	late := c.Post(t, who.ID, "K1")
	c.request(t, late)
	c.Revoke(t, late)
	catchUp(t, o, 0, 0)
	CheckCalledFor(t, h.Ledger, h.Store)
}

// Between the request and the certificate everything may fail: it is issued,
// once.
func testRequestFaults(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	f := &Faulty{Store: h.Store, Faults: &Faults{}}
	for _, fault := range []storetest.Fault{storetest.BeforeCommit, storetest.AfterCommit, storetest.Unknown} {
		t.Run(fault.String(), func(t *testing.T) {
			who := c.Citizen(t)
			posted := c.Post(t, who.ID, "K1")
			for i, ask := range []func(){func() { c.request(t, posted) }, func() { c.void(t, who.ID, posted.Seq) }} {
				ask()
				f.Fail(MethodCommit, fault)
				if _, err := c.Office(t, f).CatchUp(t.Context()); !errors.Is(err, storetest.ErrInjected) {
					t.Fatalf("step %d: %v, want the injected fault", i, err)
				}
				for range 2 {
					_, err := c.Office(t, f).CatchUp(t.Context())
					must(t, err)
				}
				if all := certificatesOf(t, h.Store, who.ID); len(all) != 1 || all[0].Valid() != (i == 0) {
					t.Errorf("step %d: Certificates = %+v; want one", i, all)
				}
			}
			CheckCalledFor(t, h.Ledger, h.Store)
		})
	}
}

func testVoid(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	o := c.Office(t, nil)
	who, posted := c.Converted(t)
	conversion := posted.Seq + 1
	c.request(t, posted)
	catchUp(t, o, 2, 0)
	c.void(t, who.ID, conversion)
	catchUp(t, o, 0, 1)
	c.void(t, who.ID, posted.Seq)
	catchUp(t, o, 0, 1)
	for range 2 {
		catchUp(t, c.Office(t, nil), 0, 0)
	}
	if _, err := o.IssueOutcome(t.Context(), who.ID, posted.Seq); !errors.Is(err, creditbank.ErrConflict) {
		t.Errorf("IssueOutcome of what was voided: %v, want ErrConflict", err)
	}
	c.Revise(t, posted, "91", posted.Attended) // regrades the conversion, which is certified anew
	catchUp(t, o, 1, 0)

	early, _ := c.Converted(t)
	c.void(t, early.ID, conversion) // before the office came by
	catchUp(t, o, 0, 0)
	if all := certificatesOf(t, h.Store, early.ID); len(all) != 0 {
		t.Errorf("Certificates = %+v; want none", all)
	}
	CheckCalledFor(t, h.Ledger, h.Store)
}

func testReviewed(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	o := c.Office(t, nil)
	who := c.Citizen(t)
	c.Post(t, who.ID, "K2")
	for n, approve := range []bool{false, true} {
		acts, err := c.Bank.Convert(t.Context(), creditbank.Change{By: By, Learner: who.ID}, []creditbank.RuleID{"C3"})
		if err != nil || acts[0].Kind != creditbank.ActApplied {
			t.Fatalf("Convert = %+v, %v; want an application", acts, err)
		}
		catchUp(t, o, 0, 0)
		reviewer := creditbank.Change{By: creditbank.Caller{ID: "operator:reviewer"}, Learner: who.ID}
		_, err = c.Bank.Review(t.Context(), reviewer, acts[0].Seq, creditbank.Verdict{Approve: approve})
		must(t, err)
		catchUp(t, o, n, 0)
	}
	CheckCalledFor(t, h.Ledger, h.Store)
}

// An outcome that gives way to a better result loses its certificate; one that
// is recognised anew may be certified as any other.
func testRecognisedAnew(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	o := c.Office(t, nil)
	ctx := t.Context()
	best := c.Bank.Catalogue().Courses["K1"]
	best.Repeat = creditbank.RepeatBest
	must(t, c.Bank.Publish(ctx, By, creditbank.Reference{Courses: []creditbank.Course{best}}))
	who := c.Citizen(t)
	first := c.PostScored(t, who.ID, "K1", "70")
	c.request(t, first)
	catchUp(t, o, 1, 0)
	better := c.PostScored(t, who.ID, "K1", "90")
	worse := c.PostScored(t, who.ID, "K1", "65") // refused
	catchUp(t, o, 0, 1)
	if _, err := o.IssueOutcome(ctx, who.ID, worse.Seq); !errors.Is(err, creditbank.ErrConflict) {
		t.Errorf("IssueOutcome of what was refused: %v, want ErrConflict", err)
	}
	c.Revoke(t, better)
	done, err := c.Bank.Rerecognise(ctx, By, creditbank.Rerecognition{Reasons: []creditbank.Reason{creditbank.DuplicateSubject}}, "", 100)
	must(t, err)
	if len(done.Outcomes) != 1 || done.Outcomes[0].Seq != first.Seq {
		t.Fatalf("recognised anew: %+v, want the first", done.Outcomes)
	}
	if _, err := o.IssueOutcome(ctx, who.ID, first.Seq); !errors.Is(err, creditbank.ErrConflict) {
		t.Errorf("IssueOutcome of what was voided: %v, want ErrConflict", err)
	}
	// Another that nobody had a certificate of.
	other := c.Citizen(t)
	gone := c.PostScored(t, other.ID, "K1", "90")
	late := c.PostScored(t, other.ID, "K1", "80")
	c.Revoke(t, gone)
	_, err = c.Bank.Rerecognise(ctx, By, creditbank.Rerecognition{Reasons: []creditbank.Reason{creditbank.DuplicateSubject}}, "", 100)
	must(t, err)
	c.request(t, late)
	catchUp(t, o, 1, 0)
	CheckCalledFor(t, h.Ledger, h.Store)
}
