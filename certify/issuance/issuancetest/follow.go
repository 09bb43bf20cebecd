package issuancetest

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"testing"

	"creditbank/certify"
	"creditbank/certify/issuance"
	"creditbank/certify/keyfile"
	"creditbank/creditbank"
	"creditbank/creditbank/storetest"
)

var followTests = []test{
	{"ConversionsGetCertificates", testFollow},
	{"OutcomesGetThemOnRequest", testIssueOutcome},
	{"RevokedSourceRevokesOnce", testRevoke},
	{"RevisionsRegradeRelinkAndReverse", testRevise},
	{"ChainsGoTogether", testChain},
	{"WhatIsInDoubtIsNotIssued", testDoubt},
	{"WhatWasReversedIsNeverIssued", testLate},
	{"WhatIsPublishedMeanwhileIsKnown", testPublishedMeanwhile},
	{"ParkedAreLookedAtInTurn", testTurns},
	{"OfficesShareTheWork", testOffices},
	{"AnotherKeyOfTheLogIsRefused", testOtherKey},
	{"HaltedOfficeWritesNothing", testHalt},
}

// catchUp follows to the end and checks what was done.
func catchUp(t testing.TB, o *issuance.Office, issued, revoked int) {
	t.Helper()
	p, err := o.CatchUp(t.Context())
	if err != nil || p.Issued != issued || p.Revoked != revoked || len(p.Failed) > 0 || p.Behind() != 0 {
		t.Fatalf("CatchUp = %+v, %v; want %d issued, %d revoked", p, err, issued, revoked)
	}
}

func testFollow(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	o := c.Office(t, nil)
	catchUp(t, o, 0, 0)
	c.Post(t, c.Citizen(t).ID, "K1") // nothing to certify
	c.Converted(t)
	catchUp(t, o, 1, 0)
	catchUp(t, o, 0, 0)
	who, _ := c.Converted(t)
	c.Post(t, who.ID, "K2")
	c.Convert(t, who.ID, "C2")
	if _, err := c.Bank.Convert(t.Context(), creditbank.Change{By: By, Learner: who.ID}, []creditbank.RuleID{"C1"}); err != nil {
		t.Fatal(err) // decided, and denied
	}
	catchUp(t, o, 2, 0)
	CheckCalledFor(t, h.Ledger, h.Store)
	for _, cert := range certificatesOf(t, h.Store, who.ID) {
		if h, err := o.Fetch(t.Context(), cert.ID); err != nil || len(h.Bundle.Credential) == 0 {
			t.Errorf("Fetch(%s): %v", cert.ID, err)
		}
	}
}

func testIssueOutcome(t *testing.T, h Harness) {
	ctx := t.Context()
	c := NewCity(t, h.Ledger, h.Store)
	o := c.Office(t, nil)
	who := c.Citizen(t)
	posted := c.Post(t, who.ID, "K1")
	first, err := o.IssueOutcome(ctx, who.ID, posted.Seq)
	if err != nil || first.Kind != certify.KindOutcome || first.Institution != "I06" {
		t.Fatalf("IssueOutcome = %+v, %v", first, err)
	}
	if again, err := c.Office(t, nil).IssueOutcome(ctx, who.ID, posted.Seq); err != nil || again.ID != first.ID {
		t.Errorf("IssueOutcome again = %s, %v; want %s", again.ID, err, first.ID)
	}
	revised := c.Revise(t, posted, "90", posted.Attended)
	catchUp(t, o, 0, 1)
	if _, err := o.IssueOutcome(ctx, who.ID, posted.Seq); !errors.Is(err, creditbank.ErrConflict) {
		t.Errorf("IssueOutcome of a replaced revision: %v, want ErrConflict", err)
	}
	if second, err := o.IssueOutcome(ctx, who.ID, revised.Seq); err != nil || second.ID == first.ID {
		t.Errorf("IssueOutcome of the revision = %+v, %v", second, err)
	}
	if _, err := o.IssueOutcome(ctx, who.ID, 1); !errors.Is(err, creditbank.ErrNotFound) {
		t.Errorf("IssueOutcome of an act: %v, want ErrNotFound", err)
	}
	c.Revoke(t, revised)
	catchUp(t, o, 0, 1)
	if _, err := o.IssueOutcome(ctx, who.ID, revised.Seq); !errors.Is(err, creditbank.ErrConflict) {
		t.Errorf("IssueOutcome of a revoked outcome: %v, want ErrConflict", err)
	}
	CheckCalledFor(t, h.Ledger, h.Store)
}

// One revocation takes with it every certificate that stood on the outcome:
// one bit and one record each, however often the office comes by.
func testRevoke(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	o := c.Office(t, nil)
	who, posted := c.Converted(t)
	_, err := o.IssueOutcome(t.Context(), who.ID, posted.Seq)
	must(t, err)
	catchUp(t, o, 1, 0)
	c.Revoke(t, posted)
	catchUp(t, o, 0, 2)
	for range 2 {
		catchUp(t, c.Office(t, nil), 0, 0)
	}
	if a := Check(t, h.Store); a.Size != 4 {
		t.Errorf("the log has %d records, want 4", a.Size)
	}
	bits, err := h.Store.Revoked(t.Context(), 1)
	if err != nil || len(bits) != 2 {
		t.Errorf("Revoked = %v, %v; want two bits", bits, err)
	}
	CheckCalledFor(t, h.Ledger, h.Store)
}

func testRevise(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	o := c.Office(t, nil)
	who, posted := c.Converted(t)
	catchUp(t, o, 1, 0)
	relinked := c.Revise(t, posted, "86", 30*creditbank.Hour) // the same grade
	catchUp(t, o, 0, 0)
	regraded := c.Revise(t, relinked, "91", 30*creditbank.Hour)
	catchUp(t, o, 1, 1)
	again := c.Revise(t, regraded, "91", 31*creditbank.Hour) // regraded, then relinked
	catchUp(t, o, 0, 0)
	c.Revise(t, again, "50", 31*creditbank.Hour) // no longer recognised
	catchUp(t, o, 0, 1)
	all := certificatesOf(t, h.Store, who.ID)
	if len(all) != 2 || all[0].Valid() || all[1].Valid() {
		t.Errorf("Certificates = %+v; want two, both revoked", all)
	}
	CheckCalledFor(t, h.Ledger, h.Store)
}

// A follower that comes late issues what stands, not what once did.
func testLate(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	_, reversed := c.Converted(t)
	c.Revoke(t, reversed)
	_, regraded := c.Converted(t)
	c.Revise(t, c.Revise(t, regraded, "91", regraded.Attended), "92", regraded.Attended)
	catchUp(t, c.Office(t, nil), 1, 0)
	CheckCalledFor(t, h.Ledger, h.Store)
}

// A hooked ledger has something happen just before its feed is read.
type hooked struct {
	creditbank.Store
	hook func()
}

func (s *hooked) Feed(ctx context.Context, after int64, limit int) ([]creditbank.FeedEntry, error) {
	if s.hook != nil {
		s.hook()
		s.hook = nil
	}
	return s.Store.Feed(ctx, after, limit)
}

// A course that is published, taught and converted while a step is under way
// is in the certificate of that step.
func testPublishedMeanwhile(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	catchUp(t, c.Office(t, nil), 0, 0)
	who := c.Citizen(t)
	c.Ledger = &hooked{h.Ledger, func() {
		must(t, c.Bank.Publish(t.Context(), By, creditbank.Reference{Courses: []creditbank.Course{
			{Code: "K2", Title: "老年护理基础（修订）", Institution: "I06", Category: creditbank.NonFormal, Level: 3, Hours: 24 * creditbank.Hour},
		}}))
		c.Post(t, who.ID, "K2")
		c.Convert(t, who.ID, "C2")
		_, err := h.Ledger.Number(t.Context())
		must(t, err)
	}}
	catchUp(t, c.Office(t, nil), 1, 0)
}

// However many learners are parked, following takes some of them each time, and
// comes to all.
func testTurns(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	o := c.Office(t, nil)
	c.Converted(t)
	catchUp(t, o, 1, 0)
	const n, page = 600, 256
	state, err := h.Store.State(t.Context())
	must(t, err)
	commit := issuance.Commit{Base: state, Next: state, At: c.Clock.Now()}
	for _, l := range storetest.Learners(n) {
		commit.Parked = append(commit.Parked, l.ID) // who have no accounts
	}
	moved, err := h.Store.Commit(t.Context(), commit)
	if err != nil || !moved {
		t.Fatalf("Commit = %v, %v", moved, err)
	}
	seen := map[creditbank.LearnerID]int{}
	for i, want := range []int{page, page, n - 2*page, page} {
		c.Converted(t)
		p, err := o.CatchUp(t.Context())
		if err != nil || p.Issued != 1 || len(p.Failed) != want {
			t.Fatalf("CatchUp %d = %d issued, %d failures, %v; want 1, %d", i, p.Issued, len(p.Failed), err, want)
		}
		for _, f := range p.Failed {
			seen[f.Learner]++
		}
	}
	if len(seen) != n {
		t.Errorf("%d of those parked were looked at, want all %d", len(seen), n)
	}
	if p, err := o.Retry(t.Context()); err != nil || len(p.Failed) != n {
		t.Errorf("Retry = %d failures, %v; want %d", len(p.Failed), err, n)
	}
}

// Several offices, each on its own handle and keyring, follow and answer
// requests at once.
func testOffices(t *testing.T, h Harness) {
	dir := t.TempDir() + "/keys"
	c := OpenCity(t, h.Ledger, h.Store, dir)
	const people = 24
	ids, outcomes := make([]Citizen, people), make([]creditbank.Outcome, people)
	for i := range ids {
		ids[i], outcomes[i] = c.Converted(t)
	}
	var wg sync.WaitGroup
	for n := range 3 {
		_, store := h.Reopen()
		c.reopen(t, dir)
		o := c.Office(t, store)
		wg.Go(func() {
			for i := range ids {
				if _, err := o.IssueOutcome(t.Context(), ids[i].ID, outcomes[i].Seq); err != nil && !errors.Is(err, creditbank.ErrBusy) {
					t.Errorf("IssueOutcome beside others: %v", err)
				}
				if i%5 != n {
					continue
				}
				if _, err := o.Follow(t.Context()); err != nil && !errors.Is(err, creditbank.ErrBusy) {
					t.Errorf("Follow beside others: %v", err)
				}
			}
		})
	}
	wg.Wait()
	o := c.Office(t, nil)
	for i := range ids { // where all lost too often
		_, err := o.IssueOutcome(t.Context(), ids[i].ID, outcomes[i].Seq)
		must(t, err)
	}
	if _, err := o.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	CheckCalledFor(t, h.Ledger, h.Store)
	if a := Check(t, h.Store); a.Size != 2*people {
		t.Errorf("the log has %d records, want %d", a.Size, 2*people)
	}
}

func testOtherKey(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	who, posted := c.Converted(t)
	catchUp(t, c.Office(t, nil), 1, 0)
	before, err := h.Store.State(t.Context())
	must(t, err)
	c.Keys, err = keyfile.Open(t.TempDir()+"/others", rand.Reader)
	must(t, err)
	o := c.Office(t, nil)
	if _, err := o.IssueOutcome(t.Context(), who.ID, posted.Seq); !errors.Is(err, issuance.ErrLogKey) {
		t.Errorf("IssueOutcome with another key: %v, want ErrLogKey", err)
	}
	c.Converted(t)
	if _, err := o.Follow(t.Context()); !errors.Is(err, issuance.ErrLogKey) {
		t.Errorf("Follow with another key: %v, want ErrLogKey", err)
	}
	wantState(t, h.Store, before)
}

func testHalt(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	o := c.Office(t, nil)
	who, _ := c.Converted(t)
	catchUp(t, o, 1, 0)
	c.Converted(t)
	forked := errors.New("forked")
	o.Halt(forked)
	if _, err := o.Follow(t.Context()); !errors.Is(err, issuance.ErrHalted) || !errors.Is(err, forked) {
		t.Errorf("Follow of a halted office: %v", err)
	}
	if _, err := o.Fetch(t.Context(), certificatesOf(t, h.Store, who.ID)[0].ID); err != nil {
		t.Errorf("Fetch from a halted office: %v", err)
	}
	catchUp(t, c.Office(t, nil), 1, 0)
}
