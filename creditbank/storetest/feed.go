package storetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"creditbank/creditbank"

	gocmp "github.com/google/go-cmp/cmp"
)

var feedTests = []test{
	{"FeedNamesTheRowsWritten", testFeedRows},
	{"EmptyFeed", testEmptyFeed},
	{"FeedUnderRacingWriters", func(t *testing.T, h Harness) { testFeedRace(t, h) }},
	{"FeedWithATransactionIdle", testFeedIdle},
	{"FeedGoesOnAfterDumpAndRestore", testFeedRestore},
}

func testEmptyFeed(t *testing.T, h Harness) {
	if n, err := h.Store.Number(t.Context()); err != nil || n != 0 {
		t.Errorf("Number of an empty feed = %d, %v; want 0", n, err)
	}
	if entries, err := h.Store.Feed(t.Context(), 0, 10); err != nil || len(entries) != 0 {
		t.Errorf("empty feed = %v, %v; want nothing", entries, err)
	}
}

func testFeedRows(t *testing.T, h Harness) {
	learners := Learners(3)
	opening := NewFeed()
	if _, err := h.Store.Open(t.Context(), opening, learners); err != nil {
		t.Fatal(err)
	}
	var opened []creditbank.RowRef
	var writes []creditbank.Write
	for _, l := range learners {
		opened = append(opened, creditbank.RowRef{Learner: l.ID, Seq: 1, Kind: creditbank.ActOpened})
		b := NewBook(t, l)
		fill(b)
		writes = append(writes, b.Write())
	}
	posting, publishing := NewFeed(), NewFeed()
	if _, err := h.Store.Append(t.Context(), posting, writes); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Store.Publish(t.Context(), publishing, 0, documents(1, 2)); err != nil {
		t.Fatal(err)
	}
	var f Follower
	if err := f.Poll(t.Context(), h.Store); err != nil {
		t.Fatal(err)
	}
	// Numbers follow when rows were numbered, one at a time here in no known
	// order; what is in them is compared by id.
	byID := map[string]creditbank.FeedEntry{}
	for _, e := range f.Entries {
		e.Seq = 0
		byID[e.ID] = e
	}
	want := map[string]creditbank.FeedEntry{
		opening.ID:    {ID: opening.ID, At: opening.At, Rows: opened},
		posting.ID:    {ID: posting.ID, At: posting.At, Rows: Refs(writes...)},
		publishing.ID: {ID: publishing.ID, At: publishing.At},
	}
	if diff := gocmp.Diff(want, byID, Equal()); diff != "" {
		t.Errorf("the feed differs (-want +got):\n%s", diff)
	}
}

// A race is writers that contend for accounts, and what they had taken.
type race struct {
	stores [2]creditbank.Store
	shared []creditbank.NewLearner

	turns atomic.Int64
	mu    sync.Mutex
	taken map[string][]creditbank.RowRef // by feed id
}

func newRace(t *testing.T, h Harness) *race {
	r := &race{stores: twoStores(h), shared: Learners(4), taken: map[string][]creditbank.RowRef{}}
	feed := NewFeed()
	if _, err := h.Store.Open(t.Context(), feed, r.shared); err != nil {
		t.Fatal(err)
	}
	for _, l := range r.shared {
		r.taken[feed.ID] = append(r.taken[feed.ID], creditbank.RowRef{Learner: l.ID, Seq: 1, Kind: creditbank.ActOpened})
	}
	return r
}

// run lets the writers go for so many turns each, and returns when they are
// done.
func (r *race) run(t *testing.T, writers, turns int) {
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for range turns {
				r.turn(t, r.stores[w%2])
			}
		})
	}
	wg.Wait()
}

// turn posts one outcome to each shared account, at whatever version it is.
func (r *race) turn(t *testing.T, s creditbank.Store) {
	externalID := fmt.Sprintf("turn-%d", r.turns.Add(1))
	keys := make([]creditbank.OutcomeKey, len(r.shared))
	for i, l := range r.shared {
		keys[i] = Posting(l.ID, externalID, 1).OutcomeKey
	}
	heads, err := s.Heads(t.Context(), keys)
	if err != nil {
		t.Errorf("Heads: %v", err)
		return
	}
	writes := make([]creditbank.Write, len(keys))
	for i, head := range heads {
		o := Outcome(Posting(keys[i].Learner, externalID, 1), Recognised(creditbank.Credit), head.Version+1)
		writes[i] = creditbank.Write{
			Learner: o.Learner, Base: head.Version, Outcomes: []creditbank.Outcome{o},
			Totals: head.Totals.Plus(o.Category, o.IssuedOn, o.Credits),
		}
	}
	feed := NewFeed()
	taken, err := s.Append(t.Context(), feed, writes)
	if err != nil {
		t.Errorf("Append: %v", err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, w := range writes {
		if taken[i] {
			r.taken[feed.ID] = append(r.taken[feed.ID], Refs(w)...)
		}
	}
}

// want checks that a follower saw everything that was taken, once.
func (r *race) want(t *testing.T, f *Follower) {
	t.Helper()
	got, err := f.Rows()
	if err != nil {
		t.Error(err)
	}
	if diff := gocmp.Diff(r.taken, got, Equal()); diff != "" {
		t.Errorf("what the follower saw differs from what was written (-want +got):\n%s", diff)
	}
}

// follow polls until stop is closed, and once more.
func follow(ctx context.Context, t *testing.T, s creditbank.Store, f *Follower, stop <-chan struct{}) {
	for last := false; !last; {
		select {
		case <-stop:
			last = true
		default:
		}
		if err := f.Poll(ctx, s); err != nil {
			t.Errorf("follower: %v", err)
			return
		}
	}
}

// testFeedRace has eight writers race, while several processes number the feed
// and follow it.
func testFeedRace(t *testing.T, h Harness) *race {
	r := newRace(t, h)
	stop := make(chan struct{})
	followers := make([]Follower, 3)
	var wg sync.WaitGroup
	for i := range followers {
		wg.Go(func() { follow(t.Context(), t, r.stores[i%2], &followers[i], stop) })
	}
	r.run(t, 8, 20)
	close(stop)
	wg.Wait()
	for i := range followers {
		r.want(t, &followers[i])
		if diff := gocmp.Diff(followers[0].Entries, followers[i].Entries); diff != "" {
			t.Errorf("followers 0 and %d saw different feeds:\n%s", i, diff)
		}
	}
	return r
}

// An idle transaction holds up transaction ids, which is why the feed does not
// use them.
func testFeedIdle(t *testing.T, h Harness) {
	skipWithout(t, h.IdleTx != nil, "idle transactions")
	r := newRace(t, h)
	release := h.IdleTx()
	defer release()
	r.run(t, 2, 5)
	var f Follower
	if err := f.Poll(t.Context(), h.Store); err != nil {
		t.Fatal(err)
	}
	r.want(t, &f)
}

func testFeedRestore(t *testing.T, h Harness) {
	skipWithout(t, h.Clone != nil, "dump and restore")
	r := newRace(t, h)
	r.run(t, 2, 10)
	var f Follower
	if err := f.Poll(t.Context(), h.Store); err != nil {
		t.Fatal(err)
	}
	r.run(t, 2, 5) // dumped without a number
	restored := h.Clone(t)
	r.stores = [2]creditbank.Store{restored.Store, restored.Store}
	r.run(t, 4, 10)
	if err := f.Poll(t.Context(), restored.Store); err != nil {
		t.Fatal(err)
	}
	r.want(t, &f)
}
