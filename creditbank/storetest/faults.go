package storetest

import (
	"errors"
	"testing"

	"creditbank/creditbank"

	gocmp "github.com/google/go-cmp/cmp"
)

var faultTests = []test{
	{"RepeatedWritesHaveOneEffect", testFaults},
	{"FaultyStorePassesOnEverythingElse", testFaultyPasses},
}

// A repetition is a write that can be made again, and what it must have come
// to however often it was made.
type repetition struct {
	method Method
	write  func() error
	check  func(*testing.T)
}

// Each write is repeated with the very same arguments, the feed row among
// them, as a caller does to whom its outcome is unknown.
func testFaults(t *testing.T, h Harness) {
	f := &Faulty{Store: h.Store}
	n, version := 0, 0
	for _, fault := range []Fault{NoFault, BeforeCommit, AfterCommit, Unknown} {
		for _, method := range Methods() {
			n++
			if method == MethodPublish {
				version++
			}
			r := repeatable(t, f, method, n, version)
			t.Run(string(method)+" "+fault.String(), func(t *testing.T) { r.run(t, f, fault) })
		}
	}
}

func (r repetition) run(t *testing.T, f *Faulty, fault Fault) {
	f.Fail(r.method, fault)
	err := r.write()
	unknown := fault == AfterCommit || fault == Unknown
	if errors.Is(err, ErrInjected) != (fault != NoFault) || errors.Is(err, creditbank.ErrOutcomeUnknown) != unknown {
		t.Fatalf("first try: %v", err)
	}
	for range 2 {
		if err := r.write(); err != nil {
			t.Fatalf("repeated: %v", err)
		}
		r.check(t)
	}
}

// repeatable returns a write by the method that nothing else depends on.
func repeatable(t *testing.T, f *Faulty, method Method, n, version int) repetition {
	feed := NewFeed()
	r := repetition{method: method}
	l := Learner(n)
	switch method {
	case MethodAppend:
		b := Open(t, f.Store, l)[0]
		fill(b)
		w := b.Write()
		r.write = func() error { _, err := f.Append(t.Context(), feed, []creditbank.Write{w}); return err }
		r.check = func(t *testing.T) {
			WantHistory(t, f, b.History)
			wantFeed(t, f, feed, Refs(w))
		}
	case MethodOpen:
		r.write = func() error { _, err := f.Open(t.Context(), feed, []creditbank.NewLearner{l}); return err }
		r.check = func(t *testing.T) {
			WantHistory(t, f, creditbank.History{Learner: l.ID, Acts: []creditbank.Act{l.Act}})
			wantFeed(t, f, feed, []creditbank.RowRef{{Learner: l.ID, Seq: 1, Kind: creditbank.ActOpened}})
		}
	case MethodPublish:
		docs := documents(version, version)
		r.write = func() error { _, err := f.Publish(t.Context(), feed, version-1, docs); return err }
		r.check = func(t *testing.T) {
			wantDocuments(t, f, 0, documents(1, version))
			wantFeed(t, f, feed, nil)
		}
	case MethodDisclose:
		d := Disclosure(l.ID, n)
		r.write = func() error { return f.Disclose(t.Context(), d) }
		r.check = func(t *testing.T) {
			all, err := f.Disclosures(t.Context(), l.ID, "", 10)
			if diff := gocmp.Diff([]creditbank.Disclosure{d}, all, Equal()); err != nil || diff != "" {
				t.Errorf("Disclosures: %v, differ (-want +got):\n%s", err, diff)
			}
		}
	case MethodMarkRead:
		r.write = func() error { return f.MarkRead(t.Context(), l.ID, int64(n)) }
		r.check = func(t *testing.T) {
			if got, err := f.ReadMark(t.Context(), l.ID); err != nil || got != int64(n) {
				t.Errorf("ReadMark = %d, %v; want %d", got, err, n)
			}
		}
	case MethodSetMark:
		r.write = func() error { return f.SetMark(t.Context(), "expiry", int64(n)) }
		r.check = func(t *testing.T) {
			if got, err := f.Mark(t.Context(), "expiry"); err != nil || got != int64(n) {
				t.Errorf("Mark = %d, %v; want %d", got, err, n)
			}
		}
	case MethodNumber:
		Open(t, f.Store, l)
		r.write = func() error { _, err := f.Number(t.Context()); return err }
		r.check = func(t *testing.T) {
			if err := new(Follower).Poll(t.Context(), f); err != nil {
				t.Error(err)
			}
		}
	}
	return r
}

// wantFeed checks that the feed has the row once, with what it wrote.
func wantFeed(t *testing.T, s creditbank.Store, feed creditbank.Feed, want []creditbank.RowRef) {
	t.Helper()
	var f Follower
	if err := f.Poll(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Rows(); err != nil {
		t.Error(err)
	}
	seen := 0
	for _, e := range f.Entries {
		if e.ID != feed.ID {
			continue
		}
		seen++
		if diff := gocmp.Diff(want, e.Rows, Equal()); diff != "" {
			t.Errorf("rows of the feed entry differ (-want +got):\n%s", diff)
		}
	}
	if seen != 1 {
		t.Errorf("the feed has the row %d times, want once", seen)
	}
}

func testFaultyPasses(t *testing.T, h Harness) {
	f := &Faulty{Store: h.Store}
	f.Fail(MethodAppend, NoFault, BeforeCommit)
	b := Open(t, f, Learner(1))[0]
	b.Post("a", creditbank.Credit)
	Append(t, f, b.Write())
	WantHistory(t, f, b.History)
	b.Post("b", creditbank.Credit)
	w := b.Write()
	if _, err := f.Append(t.Context(), NewFeed(), []creditbank.Write{w}); !errors.Is(err, ErrInjected) || isKind(err) {
		t.Errorf("second Append: %v, want the injected fault and no kind", err)
	}
	Append(t, f, w)
	WantHistory(t, f, b.History)
}
