package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"creditbank/creditbank"
)

var contextTests = []test{
	{"EndedContextWritesNothing", testEndedContext},
	{"ContextEndingDuringAWrite", testContextEnds},
}

func testEndedContext(t *testing.T, h Harness) {
	b := Open(t, h.Store, Learner(1))[0]
	before := b.Clone().History
	b.Post("a", creditbank.Credit)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if taken, err := h.Store.Append(ctx, NewFeed(), []creditbank.Write{b.Write()}); err == nil {
		t.Errorf("Append under an ended context = %v, want an error", taken)
	}
	l := Learner(2)
	if taken, err := h.Store.Open(ctx, NewFeed(), []creditbank.NewLearner{l}); err == nil {
		t.Errorf("Open under an ended context = %v, want an error", taken)
	}
	if ok, err := h.Store.Publish(ctx, NewFeed(), 0, documents(1, 1)); err == nil {
		t.Errorf("Publish under an ended context = %v, want an error", ok)
	}
	WantHistory(t, h.Store, before)
	wantLeftOut(t, h.Store, l)
	wantDocuments(t, h.Store, 0, nil)
}

// A context may end at any moment of a write. Success means that the write is
// there, an unknown outcome that it may be, any other error that it is not;
// and there is never half of it.
func testContextEnds(t *testing.T, h Harness) {
	b := Open(t, h.Store, Learner(1))[0]
	took := time.Millisecond
	for i := range 60 {
		tried := b.Clone()
		for j := range 5 {
			tried.Post(fmt.Sprintf("%d-%d", i, j), creditbank.Credit)
		}
		tried.Convert(creditbank.Centicredit, tried.next()-1)
		w := tried.Write()
		ctx, cancel := context.WithTimeout(t.Context(), took*time.Duration(i)/40)
		start := time.Now()
		taken, err := h.Store.Append(ctx, NewFeed(), []creditbank.Write{w})
		cancel()
		version := headOf(t, h.Store, creditbank.OutcomeKey{Learner: w.Learner}).Version
		there := version == w.Version()
		switch {
		case version != w.Base && !there:
			t.Fatalf("the account is at version %d after a write from %d to %d", version, w.Base, w.Version())
		case err == nil && (!taken[0] || !there):
			t.Fatalf("Append = %v, nil; but there: %v", taken, there)
		case err == nil:
			took = time.Since(start)
		case there && !errors.Is(err, creditbank.ErrOutcomeUnknown):
			t.Fatalf("Append: %v, but it was written", err)
		}
		if there {
			b = tried
		}
	}
	WantHistory(t, h.Store, b.History)
}
