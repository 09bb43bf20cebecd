package issuancetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"creditbank/certify/issuance"
	"creditbank/creditbank"
	"creditbank/creditbank/storetest"
)

var faultTests = []test{
	{"FaultsLoseAndDoubleNothing", testFaults},
	{"ReadFaultsLoseNothing", testReadFaults},
	{"OutageParksNobody", testOutage},
	{"ConfirmFaultsShowNothing", testConfirmFaults},
	{"LateCommitIsNotDoubled", testZombie},
}

// Each step that writes fails, in each way, and is taken again by an office
// that remembers nothing: every certificate comes to be once.
func testFaults(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	f := &Faulty{Store: h.Store, Faults: &Faults{}}
	for _, fault := range []storetest.Fault{storetest.BeforeCommit, storetest.AfterCommit, storetest.Unknown} {
		t.Run(fault.String(), func(t *testing.T) {
			who, posted := c.Converted(t)
			steps := []func(*issuance.Office) error{
				func(o *issuance.Office) error { _, err := o.CatchUp(t.Context()); return err },
				func(o *issuance.Office) error { _, err := o.IssueOutcome(t.Context(), who.ID, posted.Seq); return err },
				func(o *issuance.Office) error { _, err := o.CatchUp(t.Context()); return err },
			}
			for i, step := range steps {
				if i == 2 {
					c.Revoke(t, posted)
				}
				f.Fail(MethodCommit, fault)
				if err := step(c.Office(t, f)); !errors.Is(err, storetest.ErrInjected) {
					t.Fatalf("step %d: %v, want the injected fault", i, err)
				}
				for range 2 {
					must(t, step(c.Office(t, f)))
				}
			}
			if all := certificatesOf(t, h.Store, who.ID); len(all) != 2 || all[0].Valid() || all[1].Valid() {
				t.Errorf("Certificates = %+v; want two, both revoked", all)
			}
			CheckCalledFor(t, h.Ledger, h.Store)
		})
	}
}

// Each read of a step fails, the first or a later one, and is no more than
// late: what it would have found is issued and revoked when the office comes by
// again, and nobody has to know.
func testReadFaults(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	faults := &Faults{}
	f := &Faulty{h.Store, faults}
	c.Ledger = &FaultyLedger{h.Ledger, faults}
	who, posted := c.Converted(t)
	for _, m := range Methods() {
		t.Run(string(m), func(t *testing.T) {
			for before := range 3 { // that many calls go well
				stays, _ := c.Converted(t)
				for step := range 2 {
					if step == 1 {
						c.Revoke(t, posted)
					}
					faults.Fail(m, append(make([]storetest.Fault, before), storetest.BeforeCommit)...)
					p, err := c.Office(t, f).CatchUp(t.Context())
					if err != nil && !errors.Is(err, storetest.ErrInjected) || len(p.Failed) > 0 {
						t.Errorf("CatchUp with a fault = %+v, %v; want nobody to blame", p, err)
					}
					faults.Clear()
					if p, err := c.Office(t, f).CatchUp(t.Context()); err != nil || len(p.Failed) > 0 || p.Behind() != 0 {
						t.Errorf("CatchUp after the fault = %+v, %v", p, err)
					}
					CheckCalledFor(t, h.Ledger, h.Store)
				}
				if all := certificatesOf(t, h.Store, who.ID); len(all) != 1 || all[0].Valid() {
					t.Errorf("Certificates = %+v; want one, revoked", all)
				}
				who, posted = stays, c.lastOf(t, stays.ID)
			}
		})
	}
}

// lastOf returns the only outcome of a learner.
func (c *City) lastOf(t testing.TB, id creditbank.LearnerID) creditbank.Outcome {
	t.Helper()
	h, err := c.Ledger.History(t.Context(), id)
	must(t, err)
	return h.Outcomes[len(h.Outcomes)-1]
}

// While the store does not answer at all the follower stays where it is. What
// fails for one learner alone looks like damage, and is made good by following.
func testOutage(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	faults := &Faults{}
	f := &Faulty{h.Store, faults}
	c.Ledger = &FaultyLedger{h.Ledger, faults}
	o := c.Office(t, f)
	c.Converted(t)
	catchUp(t, o, 1, 0)
	c.Converted(t)
	_, err := h.Ledger.Number(t.Context())
	must(t, err)
	before, err := h.Store.State(t.Context())
	must(t, err)
	for _, down := range [][]Method{
		{MethodCertificates}, {MethodHistory, MethodDocuments}, {MethodLearner, MethodDocuments}, {MethodIssuerKeys}, Methods(),
	} {
		faults.Down(down...)
		for range 3 {
			if p, err := o.CatchUp(t.Context()); !errors.Is(err, storetest.ErrInjected) || len(p.Failed) > 0 {
				t.Errorf("CatchUp without %v = %+v, %v; want the fault, and nobody to blame", down, p, err)
			}
		}
		faults.Clear()
		wantState(t, h.Store, before)
	}
	for _, m := range []Method{MethodHistory, MethodLearner} { // what is certainly no damage
		faults.Fail(m, storetest.Unknown)
		if p, err := o.CatchUp(t.Context()); !errors.Is(err, storetest.ErrInjected) || len(p.Failed) > 0 {
			t.Errorf("CatchUp with %s in doubt = %+v, %v; want the fault, and nobody to blame", m, p, err)
		}
		wantState(t, h.Store, before)
	}
	faults.Down(MethodHistory)
	if p, err := o.CatchUp(t.Context()); err != nil || len(p.Failed) != 1 || p.Behind() != 0 {
		t.Errorf("CatchUp without one history = %+v, %v; want one failure", p, err)
	}
	faults.Clear()
	catchUp(t, o, 1, 0)
	CheckCalledFor(t, h.Ledger, h.Store)
}

// What could not be confirmed is shown to nobody, until it could.
func testConfirmFaults(t *testing.T, h Harness) {
	ctx := t.Context()
	c := NewCity(t, h.Ledger, h.Store)
	faults := &Faults{}
	c.Ledger = &FaultyLedger{h.Ledger, faults}
	o := c.Office(t, nil)
	who, posted := c.Converted(t)
	issued, err := o.IssueOutcome(ctx, who.ID, posted.Seq)
	must(t, err)
	for what, show := range map[string]func() error{
		"Fetch":              func() error { _, err := o.Fetch(ctx, issued.ID); return err },
		"IssueOutcome again": func() error { _, err := o.IssueOutcome(ctx, who.ID, posted.Seq); return err },
		"LogFile":            func() error { _, err := o.LogFile(ctx, "checkpoint"); return err },
		"Checkpoint":         func() error { _, err := o.Source().Checkpoint(ctx); return err },
	} {
		for _, fault := range []storetest.Fault{storetest.BeforeCommit, storetest.Unknown} {
			faults.Fail(MethodConfirm, fault)
			if err := show(); !errors.Is(err, storetest.ErrInjected) {
				t.Errorf("%s of what is not confirmed (%s): %v", what, fault, err)
			}
		}
		must(t, show())
	}
}

// A held store keeps a commit back until it is released.
type held struct {
	issuance.Store
	arrived, release chan struct{}
}

func (s held) Commit(ctx context.Context, c issuance.Commit) (bool, error) {
	s.arrived <- struct{}{}
	<-s.release
	return s.Store.Commit(ctx, c)
}

// An office that stalls before its commit wakes up after others have done its
// work: it does nothing more.
func testZombie(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	c.Converted(t)
	s := held{h.Store, make(chan struct{}, 9), make(chan struct{})}
	done := make(chan error)
	go func() {
		p, err := c.Office(t, s).Follow(t.Context())
		if p.Issued != 0 {
			err = fmt.Errorf("the late office issued %d", p.Issued)
		}
		done <- err
	}()
	<-s.arrived
	catchUp(t, c.Office(t, nil), 1, 0)
	close(s.release)
	must(t, <-done)
	CheckCalledFor(t, h.Ledger, h.Store)
}
