package creditbank_test

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
	"creditbank/creditbank/vault"
)

// A counting store counts what readers ask of it, and may not confirm.
type counting struct {
	creditbank.Store
	histories, confirms atomic.Int64
	unconfirmed         atomic.Bool
}

func (s *counting) History(ctx context.Context, id creditbank.LearnerID) (creditbank.History, error) {
	s.histories.Add(1)
	return s.Store.History(ctx, id)
}

func (s *counting) Confirm(ctx context.Context) error {
	s.confirms.Add(1)
	if s.unconfirmed.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.Store.Confirm(ctx)
}

// reader returns another bank on c's store that keeps so many accounts.
func (c *city) reader(accounts int) (*creditbank.Bank, *counting) {
	c.t.Helper()
	v, err := vault.New(make([]byte, vault.MasterSize), rand.Reader)
	must(c.t, err)
	s := &counting{Store: c.store.Store}
	b, err := creditbank.New(c.t.Context(), creditbank.Config{
		Store: s, Vault: v, Clock: c.clock, Random: rand.Reader, LoadRules: rule.Load, Accounts: accounts,
	})
	must(c.t, err)
	return b, s
}

// reads checks how often the histories of learners are read to get their accounts.
func reads(t *testing.T, b *creditbank.Bank, s *counting, want int64, learners ...creditbank.LearnerID) {
	t.Helper()
	before := s.histories.Load()
	for _, l := range learners {
		a, err := b.Account(t.Context(), l)
		must(t, err)
		v, err := b.Version(t.Context(), l)
		if err != nil || a.Version != v || a.Learner != l {
			t.Errorf("account of %s at version %d, want %s at %d (%v)", a.Learner, a.Version, l, v, err)
		}
	}
	if got := s.histories.Load() - before; got != want {
		t.Errorf("%d histories were read, want %d", got, want)
	}
}

func TestAccountsAreKeptByVersion(t *testing.T) {
	c := newCity(t)
	b, s := c.reader(2)
	one, two, three := c.open(0), c.open(1), c.open(2)
	reads(t, b, s, 1, one, one, one)
	c.post(one, "O1", "S1", "2025-01-01", "80") // by another bank
	reads(t, b, s, 1, one, one)
	must(t, b.Freeze(t.Context(), creditbank.Change{By: operator, Learner: one}, "x"))
	s.histories.Store(0)
	reads(t, b, s, 1, one, one)
	reads(t, b, s, 1, two, one, two)
	reads(t, b, s, 1, one, three)      // which drops two
	reads(t, b, s, 1, one, three, two) // which drops one
	reads(t, b, s, 1, two, three, one)

	none, s := c.reader(-1)
	reads(t, none, s, 3, one, one, one)
	if _, err := b.Account(t.Context(), "00000000-0000-4000-8000-000000000000"); !errors.Is(err, creditbank.ErrNotFound) {
		t.Errorf("account of nobody: %v", err)
	}
	_, err := b.Version(t.Context(), "nobody")
	wantCode(t, "version of nobody", err, creditbank.ErrNotFound, creditbank.CodeUnknownLearner)
}

// What cannot be confirmed is not kept, and readers do not wait for that again
// and again.
func TestUnconfirmedAccountsAreNotKept(t *testing.T) {
	c := newCity(t)
	b, s := c.reader(0)
	l := c.open(0)
	s.unconfirmed.Store(true)
	began := time.Now()
	reads(t, b, s, 3, l, l, l)
	if n := s.confirms.Load(); n != 1 || time.Since(began) > 5*time.Second {
		t.Errorf("%d times asked to confirm in %v, want once", n, time.Since(began))
	}
	s.unconfirmed.Store(false)
	reads(t, b, s, 1, l)
	c.set("2026-03-16")
	reads(t, b, s, 1, l, l)
}

// Readers share accounts while a writer goes on: the race detector looks on.
func TestSharedAccountsAreNotChanged(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	before, err := c.Account(t.Context(), l)
	must(t, err)
	version, digest := before.Version, before.Digest()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				_, err := c.Preview(context.Background(), l, []creditbank.RuleID{"R1", "R2", "R3"})
				if err == nil {
					_, err = c.Plan(context.Background(), l, "P1")
				}
				if err == nil {
					_, err = c.Balance(context.Background(), l, 20260315)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	c.convert(l, "R1")
	c.revise(l, "O1", "S1", "2025-01-01", "90", 2)
	c.revoke(l, "O1")
	wg.Wait()
	if before.Version != version || before.Digest() != digest || len(before.Conversions) != 0 || before.Lots[0].InUse() || before.Lots[0].RevokedOn != 0 {
		t.Errorf("the account that was handed out changed: %+v", before)
	}
	c.holds(l, "2026-03-15", "")
}
