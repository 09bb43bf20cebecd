package issuancetest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"creditbank/certify/issuance"
	"creditbank/certify/tlog"
	"creditbank/creditbank"
	"creditbank/creditbank/storetest"
)

// A Method is a method of [Faulty] or [FaultyLedger] that can fail.
type Method string

// The methods that can fail.
const (
	MethodCommit       Method = "Commit"
	MethodPinKeys      Method = "PinKeys"
	MethodState        Method = "State"
	MethodTile         Method = "Tile"
	MethodCertificates Method = "Certificates"
	MethodIssuerKeys   Method = "IssuerKeys"
	MethodParked       Method = "Parked"

	MethodNumber    Method = "Number"
	MethodFeed      Method = "Feed"
	MethodHistory   Method = "History"
	MethodLearner   Method = "Learner"
	MethodDocuments Method = "Documents"
	MethodConfirm   Method = "Confirm"
)

// Methods lists the methods that can fail, all of which a step may call, but
// for Confirm.
func Methods() []Method {
	return []Method{
		MethodCommit, MethodPinKeys, MethodState, MethodTile, MethodCertificates, MethodIssuerKeys, MethodParked,
		MethodNumber, MethodFeed, MethodHistory, MethodLearner, MethodDocuments,
	}
}

// Faults say how calls fail. Several wrappers may share them, concurrently.
type Faults struct {
	mu     sync.Mutex
	queued map[Method][]storetest.Fault
	down   []Method
}

// Fail sets how the next calls of m go, one fault for each. A read fails with
// any of them.
func (f *Faults) Fail(m Method, faults ...storetest.Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.queued == nil {
		f.queued = map[Method][]storetest.Fault{}
	}
	f.queued[m] = append(f.queued[m], faults...)
}

// Down has every call of the methods fail, before it does anything.
func (f *Faults) Down(methods ...Method) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = methods
}

// Clear has no call fail any more.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queued, f.down = nil, nil
}

func (f *Faults) next(m Method) storetest.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if slices.Contains(f.down, m) {
		return storetest.BeforeCommit
	}
	if len(f.queued[m]) == 0 {
		return storetest.NoFault
	}
	fault := f.queued[m][0]
	f.queued[m] = f.queued[m][1:]
	return fault
}

// withFault calls do, or fails as m is told to.
func withFault[T any](f *Faults, m Method, do func() (T, error)) (T, error) {
	var none T
	unknown := fmt.Errorf("%s: %w: %w", m, creditbank.ErrOutcomeUnknown, storetest.ErrInjected)
	switch f.next(m) {
	case storetest.BeforeCommit:
		return none, fmt.Errorf("%s: connection reset by peer: %w", m, storetest.ErrInjected)
	case storetest.Unknown:
		return none, unknown
	case storetest.AfterCommit:
		if _, err := do(); err != nil {
			return none, err
		}
		return none, unknown
	}
	return do()
}

func noResult(do func() error) func() (struct{}, error) {
	return func() (struct{}, error) { return struct{}{}, do() }
}

// A Faulty store fails as it was told to.
type Faulty struct {
	issuance.Store
	*Faults
}

// Commit implements [issuance.Store].
func (f *Faulty) Commit(ctx context.Context, c issuance.Commit) (bool, error) {
	return withFault(f.Faults, MethodCommit, func() (bool, error) { return f.Store.Commit(ctx, c) })
}

// PinKeys implements [issuance.Store].
func (f *Faulty) PinKeys(ctx context.Context, keys []issuance.IssuerKey) error {
	_, err := withFault(f.Faults, MethodPinKeys, noResult(func() error { return f.Store.PinKeys(ctx, keys) }))
	return err
}

// State implements [issuance.Store].
func (f *Faulty) State(ctx context.Context) (issuance.State, error) {
	return withFault(f.Faults, MethodState, func() (issuance.State, error) { return f.Store.State(ctx) })
}

// Tile implements [issuance.Store].
func (f *Faulty) Tile(ctx context.Context, id tlog.TileID) ([]byte, error) {
	return withFault(f.Faults, MethodTile, func() ([]byte, error) { return f.Store.Tile(ctx, id) })
}

// Certificates implements [issuance.Store].
func (f *Faulty) Certificates(ctx context.Context, id creditbank.LearnerID) ([]issuance.Certificate, error) {
	return withFault(f.Faults, MethodCertificates, func() ([]issuance.Certificate, error) { return f.Store.Certificates(ctx, id) })
}

// IssuerKeys implements [issuance.Store].
func (f *Faulty) IssuerKeys(ctx context.Context) ([]issuance.IssuerKey, error) {
	return withFault(f.Faults, MethodIssuerKeys, func() ([]issuance.IssuerKey, error) { return f.Store.IssuerKeys(ctx) })
}

// Parked implements [issuance.Store].
func (f *Faulty) Parked(ctx context.Context, after creditbank.LearnerID, limit int) ([]creditbank.LearnerID, error) {
	return withFault(f.Faults, MethodParked, func() ([]creditbank.LearnerID, error) { return f.Store.Parked(ctx, after, limit) })
}

// A FaultyLedger fails as it was told to, where an office uses it.
type FaultyLedger struct {
	creditbank.Store
	*Faults
}

// Number implements [creditbank.Store].
func (f *FaultyLedger) Number(ctx context.Context) (int64, error) {
	return withFault(f.Faults, MethodNumber, func() (int64, error) { return f.Store.Number(ctx) })
}

// Feed implements [creditbank.Store].
func (f *FaultyLedger) Feed(ctx context.Context, after int64, limit int) ([]creditbank.FeedEntry, error) {
	return withFault(f.Faults, MethodFeed, func() ([]creditbank.FeedEntry, error) { return f.Store.Feed(ctx, after, limit) })
}

// History implements [creditbank.Store].
func (f *FaultyLedger) History(ctx context.Context, id creditbank.LearnerID) (creditbank.History, error) {
	return withFault(f.Faults, MethodHistory, func() (creditbank.History, error) { return f.Store.History(ctx, id) })
}

// Learner implements [creditbank.Store].
func (f *FaultyLedger) Learner(ctx context.Context, id creditbank.LearnerID) (creditbank.Learner, error) {
	return withFault(f.Faults, MethodLearner, func() (creditbank.Learner, error) { return f.Store.Learner(ctx, id) })
}

// Documents implements [creditbank.Store].
func (f *FaultyLedger) Documents(ctx context.Context, after int) ([]creditbank.Document, error) {
	return withFault(f.Faults, MethodDocuments, func() ([]creditbank.Document, error) { return f.Store.Documents(ctx, after) })
}

// Confirm implements [creditbank.Store].
func (f *FaultyLedger) Confirm(ctx context.Context) error {
	_, err := withFault(f.Faults, MethodConfirm, noResult(func() error { return f.Store.Confirm(ctx) }))
	return err
}
