package creditbank_test

import (
	"context"
	"crypto/rand"
	"testing"

	"creditbank/creditbank"
)

// outrun is a store where others win so many races.
type outrun struct {
	creditbank.Store
	left *int
}

func (s outrun) Append(ctx context.Context, feed creditbank.Feed, writes []creditbank.Write) ([]bool, error) {
	if *s.left > 0 {
		*s.left--
		return make([]bool, len(writes)), nil
	}
	return s.Store.Append(ctx, feed, writes)
}

// A change that takes longer than the postings it races with loses often, and is
// done all the same.
func TestChangeOutlastsManyLostRaces(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	left := 30
	b := c.another(outrun{c.store, &left}, rand.Reader)
	change := creditbank.Change{By: operator, Learner: l, Key: "outrun"}
	if err := b.Freeze(t.Context(), change, "held up"); err != nil {
		t.Errorf("after 30 lost races: %v", err)
	}
	a, err := b.Account(t.Context(), l)
	must(t, err)
	if !a.Frozen {
		t.Error("the account is not frozen")
	}
}
