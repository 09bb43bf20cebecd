package issuancetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"creditbank/certify/issuance"
	"creditbank/creditbank"
	"creditbank/creditbank/storetest"
)

var faultTests = []test{
	{"FaultsLoseAndDoubleNothing", testFaults},
	{"LateCommitIsNotDoubled", testZombie},
}

// A Faulty store fails in Commit as it was told to.
type Faulty struct {
	issuance.Store

	mu     sync.Mutex
	faults []storetest.Fault
}

// Fail sets how the next commits go, one fault for each.
func (f *Faulty) Fail(faults ...storetest.Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, faults...)
}

func (f *Faulty) next() storetest.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.faults) == 0 {
		return storetest.NoFault
	}
	fault := f.faults[0]
	f.faults = f.faults[1:]
	return fault
}

// Commit implements [issuance.Store].
func (f *Faulty) Commit(ctx context.Context, c issuance.Commit) (bool, error) {
	unknown := fmt.Errorf("%w: %w", creditbank.ErrOutcomeUnknown, storetest.ErrInjected)
	switch f.next() {
	case storetest.BeforeCommit:
		return false, storetest.ErrInjected
	case storetest.Unknown:
		return false, unknown
	case storetest.AfterCommit:
		if _, err := f.Store.Commit(ctx, c); err != nil {
			return false, err
		}
		return false, unknown
	}
	return f.Store.Commit(ctx, c)
}

// Each step that writes fails, in each way, and is taken again by an office
// that remembers nothing: every certificate comes to be once.
func testFaults(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	f := &Faulty{Store: h.Store}
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
				f.Fail(fault)
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
