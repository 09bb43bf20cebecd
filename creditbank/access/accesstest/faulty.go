package accesstest

import (
	"context"
	"fmt"
	"sync"

	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/storetest"
)

// A Faulty store's writes fail as they were told to. It may be used
// concurrently.
type Faulty struct {
	access.Store

	mu     sync.Mutex
	queued []storetest.Fault
}

// Fail sets how the next calls of Put go, one fault for each.
func (f *Faulty) Fail(faults ...storetest.Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queued = append(f.queued, faults...)
}

func (f *Faulty) next() storetest.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queued) == 0 {
		return storetest.NoFault
	}
	fault := f.queued[0]
	f.queued = f.queued[1:]
	return fault
}

// Put implements [access.Store].
func (f *Faulty) Put(ctx context.Context, records []access.Record, answer *access.Answer) (bool, error) {
	unknown := fmt.Errorf("put: %w: %w", creditbank.ErrOutcomeUnknown, storetest.ErrInjected)
	switch f.next() {
	case storetest.BeforeCommit:
		return false, fmt.Errorf("put: %w", storetest.ErrInjected)
	case storetest.Unknown:
		return false, unknown
	case storetest.AfterCommit:
		if _, err := f.Store.Put(ctx, records, answer); err != nil {
			return false, err
		}
		return false, unknown
	}
	return f.Store.Put(ctx, records, answer)
}
