package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"creditbank/creditbank"

	gocmp "github.com/google/go-cmp/cmp"
)

var bankTests = []test{
	{"BanksRaceOnOneStore", testBanks},
	{"PostingsSentAgainAfterFaultsAreOneRow", testPostingFaults},
}

// Two banks on two handles do everything at once to a few accounts. Whatever
// happens in which order, the books balance and every row is in the feed.
func testBanks(t *testing.T, h Harness) {
	learners := Learners(3)
	Open(t, h.Store, learners...)
	var wg sync.WaitGroup
	for i, s := range twoStores(h) {
		bank := newBank(t, s)
		poster := bank.NewPoster(t.Context(), creditbank.PosterConfig{})
		defer poster.Close()
		for j := range 3 {
			wg.Go(func() {
				c := customer{bank, poster, learners, rand.New(rand.NewPCG(uint64(i), uint64(j))), fmt.Sprintf("%d-%d", i, j)}
				for n := range 25 {
					if err := c.act(t, n); err != nil && !errors.Is(err, creditbank.ErrConflict) && !errors.Is(err, creditbank.ErrBusy) {
						t.Errorf("%s, turn %d: %v", c.name, n, err)
					}
				}
			})
		}
	}
	wg.Wait()
	wantInt(t, h, unbalanced, 0)
	wantInt(t, h, overdrawn, 0)
	var want []creditbank.RowRef
	for _, l := range learners {
		want = append(want, wantAccount(t, h, l.ID)...)
	}
	wantAllRows(t, h.Store, want)
}

// A customer does random things at a bank.
type customer struct {
	bank     *creditbank.Bank
	poster   *creditbank.Poster
	learners []creditbank.NewLearner
	random   *rand.Rand
	name     string
}

func (c customer) act(t *testing.T, n int) error {
	ctx, id := t.Context(), c.learners[c.random.IntN(len(c.learners))].ID
	change := creditbank.Change{By: caller, Learner: id, Key: fmt.Sprintf("%s-%d", c.name, n)}
	p := Posting(id, fmt.Sprintf("p%d", c.random.IntN(60)), 1)
	switch c.random.IntN(10) {
	case 0:
		_, err := c.bank.Convert(ctx, change, []creditbank.RuleID{"R05"})
		return err
	case 8:
		_, err := c.bank.Convert(ctx, change, []creditbank.RuleID{reviewedRule})
		return err
	case 9:
		return c.review(ctx, change)
	case 1:
		p.Revision = 2
		p.Attended += 50
		_, err := c.poster.Post(ctx, caller, p, change.Key)
		return orNotFound(err)
	case 2:
		_, err := c.bank.Revoke(ctx, change, creditbank.Revoking{Institution: Issuer, ExternalID: p.ExternalID, Reason: "x"})
		return orNotFound(err)
	case 3:
		p.ExternalID, p.Attended = change.Key, 0 // refused
	}
	_, err := c.poster.Post(ctx, caller, p, change.Key)
	return err
}

// review decides an application of the learner, if there is one.
func (c customer) review(ctx context.Context, change creditbank.Change) error {
	change.By = creditbank.Caller{ID: "reviewer:" + c.name}
	a, err := c.bank.Account(ctx, change.Learner)
	if err != nil || len(a.Applications) == 0 {
		return err
	}
	p := a.Applications[len(a.Applications)-1]
	_, err = c.bank.Review(ctx, change, p.Seq, creditbank.Verdict{Approve: c.random.IntN(3) > 0})
	return err
}

// orNotFound lets pass that what was to be changed is not there yet.
func orNotFound(err error) error {
	if errors.Is(err, creditbank.ErrNotFound) {
		return nil
	}
	return err
}

// wantAccount checks that the history of an account adds up to what the store
// keeps beside it, and returns what the feed should say of it.
func wantAccount(t *testing.T, h Harness, id creditbank.LearnerID) []creditbank.RowRef {
	t.Helper()
	history, err := h.Store.History(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	a, err := creditbank.NewAccount(history)
	if err != nil {
		t.Fatal(err)
	}
	head := headOf(t, h.Store, creditbank.OutcomeKey{Learner: id})
	if head.Version != a.Version || !head.Totals.Equal(a.Totals) {
		t.Errorf("head of %s = %d, %q; the history says %d, %q", id, head.Version, head.Totals, a.Version, a.Totals)
	}
	wantLedger(t, h, a)
	return Refs(creditbank.Write{Learner: id, Outcomes: history.Outcomes, Acts: history.Acts})
}

// wantAllRows checks that the feed has each of the rows once.
func wantAllRows(t *testing.T, s creditbank.Store, want []creditbank.RowRef) {
	t.Helper()
	var f Follower
	if err := f.Poll(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	var got []creditbank.RowRef
	for _, e := range f.Entries {
		got = append(got, e.Rows...)
	}
	slices.SortStableFunc(got, func(a, b creditbank.RowRef) int {
		if a.Learner != b.Learner {
			return slices.Compare([]byte(a.Learner), []byte(b.Learner))
		}
		return int(a.Seq - b.Seq)
	})
	if diff := gocmp.Diff(want, got, Equal()); diff != "" {
		t.Errorf("rows in the feed differ (-want +got):\n%s", diff)
	}
}

// A sender that hears of a fault sends the posting again, with the same key.
func testPostingFaults(t *testing.T, h Harness) {
	f := &Faulty{Store: h.Store}
	l := Learner(1)
	Open(t, f, l)
	poster := newBank(t, f).NewPoster(t.Context(), creditbank.PosterConfig{})
	defer poster.Close()
	want := int64(1)
	for n, fault := range []Fault{NoFault, BeforeCommit, AfterCommit, Unknown} {
		f.Fail(MethodAppend, fault)
		p := Posting(l.ID, fmt.Sprintf("p%d", n), 1)
		posted, err := poster.Post(t.Context(), caller, p, "r")
		for errors.Is(err, ErrInjected) {
			posted, err = poster.Post(t.Context(), caller, p, "r")
		}
		want++
		if err != nil || posted.Outcome.Seq != want || posted.Duplicate != (fault == AfterCommit) {
			t.Errorf("posting after a fault %v = version %d, duplicate %v, %v; want version %d",
				fault, posted.Outcome.Seq, posted.Duplicate, err, want)
		}
	}
	wantAllRows(t, f, wantAccount(t, h, l.ID))
	wantInt(t, h, "SELECT count(*) FROM outcome", 4)
}
