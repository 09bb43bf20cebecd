package storetest

import (
	"context"
	"sync"
	"testing"

	"creditbank/creditbank"

	gocmp "github.com/google/go-cmp/cmp"
)

var documentTests = []test{
	{"DocumentsAreReadBack", testDocuments},
	{"PublishAtAnOldVersionAddsNothing", testStalePublish},
	{"ConcurrentPublishersFollowEachOther", testConcurrentPublish},
}

// documents returns the versions first to last.
func documents(first, last int) []creditbank.Document {
	var docs []creditbank.Document
	for v := first; v <= last; v++ {
		docs = append(docs, Document(v))
	}
	return docs
}

func publish(t *testing.T, s creditbank.Store, base int, docs []creditbank.Document, want bool) {
	t.Helper()
	if ok, err := s.Publish(t.Context(), NewFeed(), base, docs); err != nil || ok != want {
		t.Fatalf("Publish(base %d, %d documents) = %v, %v; want %v", base, len(docs), ok, err, want)
	}
}

func wantDocuments(t *testing.T, s creditbank.Store, after int, want []creditbank.Document) {
	t.Helper()
	got, err := s.Documents(t.Context(), after)
	if err != nil {
		t.Fatalf("Documents(%d): %v", after, err)
	}
	if diff := gocmp.Diff(want, got, Equal()); diff != "" {
		t.Errorf("Documents(%d) differs (-want +got):\n%s", after, diff)
	}
}

func testDocuments(t *testing.T, h Harness) {
	wantDocuments(t, h.Store, 0, nil)
	publish(t, h.Store, 0, documents(1, 3), true)
	publish(t, h.Store, 3, documents(4, 4), true)
	wantDocuments(t, h.Store, 0, documents(1, 4))
	wantDocuments(t, h.Store, 2, documents(3, 4))
	wantDocuments(t, h.Store, 4, nil)
}

func testStalePublish(t *testing.T, h Harness) {
	publish(t, h.Store, 1, documents(2, 2), false)
	publish(t, h.Store, 0, documents(1, 2), true)
	other := documents(1, 3)
	for i := range other {
		other[i].ID = "other"
	}
	publish(t, h.Store, 0, other, false)
	publish(t, h.Store, 1, other[1:], false)
	publish(t, h.Store, 3, documents(4, 4), false)
	if ok, err := h.Store.Publish(t.Context(), NewFeed(), 2, documents(4, 4)); err == nil {
		t.Errorf("Publish with a gap = %v, want an error", ok)
	}
	wantDocuments(t, h.Store, 0, documents(1, 2))
}

func testConcurrentPublish(t *testing.T, h Harness) {
	stores := twoStores(h)
	const publishers, each = 6, 5
	var wg sync.WaitGroup
	for i := range publishers {
		wg.Go(func() {
			for range each {
				if err := publishNext(t.Context(), stores[i%2]); err != nil {
					t.Errorf("publisher %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
	wantDocuments(t, h.Store, 0, documents(1, publishers*each))
}

// publishNext publishes the next document, going again while others are faster.
func publishNext(ctx context.Context, s creditbank.Store) error {
	for {
		known, err := s.Documents(ctx, 0)
		if err != nil {
			return err
		}
		ok, err := s.Publish(ctx, NewFeed(), len(known), []creditbank.Document{Document(len(known) + 1)})
		if err != nil || ok {
			return err
		}
	}
}
