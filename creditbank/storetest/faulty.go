package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"creditbank/creditbank"
)

// A Fault says how a [Faulty] store fails.
type Fault int

const (
	NoFault      Fault = iota
	BeforeCommit       // nothing is written, and the error says so
	AfterCommit        // everything is written, and the outcome is unknown to the caller
	Unknown            // nothing is written, and the outcome is unknown to the caller
)

func (f Fault) String() string {
	return [...]string{"no fault", "before commit", "after commit", "unknown"}[f]
}

// A Method is a method of [creditbank.Store] that writes.
type Method string

// The methods that can fail.
const (
	MethodAppend   Method = "Append"
	MethodOpen     Method = "Open"
	MethodPublish  Method = "Publish"
	MethodNumber   Method = "Number"
	MethodDisclose Method = "Disclose"
	MethodMarkRead Method = "MarkRead"
	MethodSetMark  Method = "SetMark"
)

// Methods lists the methods that can fail.
func Methods() []Method {
	return []Method{MethodAppend, MethodOpen, MethodPublish, MethodNumber, MethodDisclose, MethodMarkRead, MethodSetMark}
}

// ErrInjected is in the chain of every injected error.
var ErrInjected = errors.New("storetest: injected fault")

// Faulty wraps a Store and fails as it was told to. It may be used
// concurrently.
type Faulty struct {
	creditbank.Store

	mu     sync.Mutex
	queued map[Method][]Fault
}

// Fail sets how the next calls of m go, one fault for each call. Calls after
// those do not fail.
func (f *Faulty) Fail(m Method, faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.queued == nil {
		f.queued = map[Method][]Fault{}
	}
	f.queued[m] = append(f.queued[m], faults...)
}

func (f *Faulty) next(m Method) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queued[m]) == 0 {
		return NoFault
	}
	fault := f.queued[m][0]
	f.queued[m] = f.queued[m][1:]
	return fault
}

// withFault calls write under the next fault of m. The result is lost if the
// call fails.
func withFault[T any](f *Faulty, m Method, write func() (T, error)) (T, error) {
	var none T
	unknown := fmt.Errorf("%s: %w: %w", m, creditbank.ErrOutcomeUnknown, ErrInjected)
	switch f.next(m) {
	case BeforeCommit:
		return none, fmt.Errorf("%s: %w", m, ErrInjected)
	case Unknown:
		return none, unknown
	case AfterCommit:
		if _, err := write(); err != nil {
			return none, err
		}
		return none, unknown
	}
	return write()
}

// Append implements [creditbank.Store].
func (f *Faulty) Append(ctx context.Context, feed creditbank.Feed, writes []creditbank.Write) ([]bool, error) {
	return withFault(f, MethodAppend, func() ([]bool, error) { return f.Store.Append(ctx, feed, writes) })
}

// Open implements [creditbank.Store].
func (f *Faulty) Open(ctx context.Context, feed creditbank.Feed, learners []creditbank.NewLearner) ([]bool, error) {
	return withFault(f, MethodOpen, func() ([]bool, error) { return f.Store.Open(ctx, feed, learners) })
}

// Publish implements [creditbank.Store].
func (f *Faulty) Publish(ctx context.Context, feed creditbank.Feed, base int, docs []creditbank.Document) (bool, error) {
	return withFault(f, MethodPublish, func() (bool, error) { return f.Store.Publish(ctx, feed, base, docs) })
}

// Disclose implements [creditbank.DisclosureStore].
func (f *Faulty) Disclose(ctx context.Context, d creditbank.Disclosure) error {
	_, err := withFault(f, MethodDisclose, func() (struct{}, error) { return struct{}{}, f.Store.Disclose(ctx, d) })
	return err
}

// MarkRead implements [creditbank.InboxStore].
func (f *Faulty) MarkRead(ctx context.Context, learner creditbank.LearnerID, through int64) error {
	_, err := withFault(f, MethodMarkRead, func() (struct{}, error) { return struct{}{}, f.Store.MarkRead(ctx, learner, through) })
	return err
}

// SetMark implements [creditbank.SweepStore].
func (f *Faulty) SetMark(ctx context.Context, job string, mark int64) error {
	_, err := withFault(f, MethodSetMark, func() (struct{}, error) { return struct{}{}, f.Store.SetMark(ctx, job, mark) })
	return err
}

// Number implements [creditbank.Store].
func (f *Faulty) Number(ctx context.Context) (int64, error) {
	return withFault(f, MethodNumber, func() (int64, error) { return f.Store.Number(ctx) })
}
