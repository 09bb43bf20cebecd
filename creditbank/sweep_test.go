package creditbank_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/storetest"
)

// once sweeps once, in batches of the given size.
func (c *city) once(batch int) creditbank.Swept {
	c.t.Helper()
	done, err := creditbank.NewSweeper(creditbank.SweeperConfig{Jobs: c.Jobs(), Batch: batch}).Once(c.t.Context())
	must(c.t, err)
	return done["expiry"]
}

func (c *city) mark(want int64) {
	c.t.Helper()
	if got, err := c.store.Mark(c.t.Context(), "expiry"); err != nil || got != want {
		c.t.Errorf("the mark is %d, %v; want %d", got, err, want)
	}
}

// sweepCity is a city of six learners with lots whose last days are 10, 11 and 12
// January 2027.
func sweepCity(t *testing.T) (*city, []creditbank.LearnerID) {
	c := newCity(t)
	var ls []creditbank.LearnerID
	for n := range 6 {
		l := c.stranger(n)
		ls = append(ls, l)
		c.post(l, "O1", "N3", fmt.Sprintf("2022-01-1%d", n%3), "80")
		c.post(l, "O2", "N3", "2025-01-10", "80")
	}
	return c, ls
}

func TestSweepPostsWhatIsDue(t *testing.T) {
	for _, batch := range []int{1, 2, 4, 100} {
		t.Run(fmt.Sprint("batches of ", batch), func(t *testing.T) {
			c, ls := sweepCity(t)
			c.set("2027-01-12")
			if s := c.once(batch); s.Done != 4 || s.More || s.Behind != 0 {
				t.Errorf("swept %+v, want 4", s)
			}
			c.mark(20270111)
			for n, l := range ls {
				want := 3 * creditbank.Credit
				if n%3 == 2 {
					want = 0
				}
				c.ledger(l, creditbank.AccountExpired, want)
			}
			if s := c.once(batch); s.Done != 0 {
				t.Errorf("swept again: %+v", s)
			}
			c.set("2027-01-13")
			if s := c.once(batch); s.Done != 2 || s.Looked != 2 {
				t.Errorf("swept the next day: %+v, want 2", s)
			}
			c.mark(20270112)
		})
	}
}

// A day that ends in the middle of a sweep is not passed over.
func TestADayEndsDuringASweep(t *testing.T) {
	c, ls := sweepCity(t)
	c.set("2027-01-12")
	s := creditbank.NewSweeper(creditbank.SweeperConfig{Jobs: c.Jobs(), Batch: 1})
	job := c.Jobs()[slices.Index(creditbank.JobNames(), creditbank.JobExpiry)]
	for n := range 3 {
		if one, err := job.Sweep(t.Context(), 1); err != nil || one.Done != 1 || !one.More {
			t.Fatalf("batch %d: %+v, %v", n, one, err)
		}
	}
	c.set("2027-01-13")
	done := 0
	for more := true; more; {
		one, err := job.Sweep(t.Context(), 1)
		must(t, err)
		done, more = done+one.Done, one.More
	}
	if done != len(ls)-3 {
		t.Errorf("%d were posted once the day was over, want %d", done, len(ls)-3)
	}
	if again, err := s.Once(t.Context()); err != nil || again["expiry"].Done != 0 {
		t.Errorf("another sweeper found %+v, %v", again, err)
	}
}

// Ten minutes after midnight a day is over for every replica.
func TestADayIsOverALittleLater(t *testing.T) {
	c, _ := sweepCity(t)
	c.at(time.Date(2027, 1, 10, 16, 9, 0, 0, time.UTC)) // 00:09 of the 11th
	if s := c.once(10); s.Looked != 0 {
		t.Errorf("nine minutes past midnight: %+v", s)
	}
	c.at(time.Date(2027, 1, 10, 16, 10, 0, 0, time.UTC))
	if s := c.once(10); s.Done != 2 {
		t.Errorf("ten minutes past midnight: %+v", s)
	}
}

// Two banks on one ledger sweep at the same time: each lot expires once.
func TestSweepsRace(t *testing.T) {
	c, ls := sweepCity(t)
	c.set("2027-02-01")
	done := make(chan int, 4)
	for range cap(done) {
		go func() {
			s, err := creditbank.NewSweeper(creditbank.SweeperConfig{Jobs: c.Jobs(), Batch: 2}).Once(t.Context())
			if err != nil {
				t.Error(err)
			}
			done <- s["expiry"].Done
		}()
	}
	sum := 0
	for range cap(done) {
		sum += <-done
	}
	if sum != len(ls) {
		t.Errorf("%d acts, want %d", sum, len(ls))
	}
	for _, l := range ls {
		c.ledger(l, creditbank.AccountExpired, 3*creditbank.Credit)
	}
}

// A write or mark that fails, or of which nobody knows, is made up for.
func TestSweepFaults(t *testing.T) {
	for _, method := range []storetest.Method{storetest.MethodAppend, storetest.MethodSetMark} {
		for _, fault := range []storetest.Fault{storetest.BeforeCommit, storetest.AfterCommit, storetest.Unknown} {
			t.Run(fmt.Sprint(method, " ", fault), func(t *testing.T) {
				c, ls := sweepCity(t)
				c.set("2027-02-01")
				s := creditbank.NewSweeper(creditbank.SweeperConfig{Jobs: c.Jobs(), Batch: 2})
				c.store.Fail(method, storetest.NoFault, fault, fault, fault)
				for try := 0; ; try++ {
					_, err := s.Once(t.Context())
					if err == nil {
						break
					}
					if try == 3 || !errors.Is(err, storetest.ErrInjected) {
						t.Fatalf("try %d: %v", try, err)
					}
				}
				c.mark(20270131)
				for _, l := range ls {
					c.ledger(l, creditbank.AccountExpired, 3*creditbank.Credit)
				}
			})
		}
	}
}

// An account that is damaged holds up nobody, and is not forgotten.
func TestSweepPassesADamagedAccountBy(t *testing.T) {
	c, ls := sweepCity(t)
	slices.Sort(ls)
	bad := ls[0]
	broken := &brokenStore{Store: c.store, bad: bad}
	c.reopen(broken)
	c.set("2027-02-01")
	s := creditbank.NewSweeper(creditbank.SweeperConfig{Jobs: c.Jobs(), Batch: 1})
	for range 2 {
		done, err := s.Once(t.Context())
		if !errors.Is(err, errBroken) || done["expiry"].Behind == 0 {
			t.Errorf("swept %+v, %v; want to be told of the account", done, err)
		}
		for _, l := range ls[1:] {
			c.ledger(l, creditbank.AccountExpired, 3*creditbank.Credit)
		}
	}
	before, err := c.store.Mark(t.Context(), "expiry")
	must(t, err)
	if before >= 20270112 {
		t.Errorf("the mark is %d, past the account that failed", before)
	}
	broken.bad = ""
	if done, err := s.Once(t.Context()); err != nil || done["expiry"].Done != 1 {
		t.Errorf("swept once it is mended: %+v, %v", done, err)
	}
	c.mark(20270131)
	c.ledger(bad, creditbank.AccountExpired, 3*creditbank.Credit)
}

var errBroken = errors.New("broken")

type brokenStore struct {
	creditbank.Store
	bad creditbank.LearnerID
}

func (s *brokenStore) History(ctx context.Context, id creditbank.LearnerID) (creditbank.History, error) {
	if id == s.bad {
		return creditbank.History{}, errBroken
	}
	return s.Store.History(ctx, id)
}

// A job that fails is told of and keeps nobody else from working; stopping waits
// for the piece under way.
func TestSweeperRuns(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	reported := make(chan string, 100)
	rounds := 0
	job := func(name string, sweep func() (creditbank.Swept, error)) creditbank.Job {
		return creditbank.Job{Name: name, Sweep: func(context.Context, int) (creditbank.Swept, error) { return sweep() }}
	}
	s := creditbank.NewSweeper(creditbank.SweeperConfig{
		Interval: time.Millisecond,
		Jobs: []creditbank.Job{
			job("bad", func() (creditbank.Swept, error) { return creditbank.Swept{}, errBroken }),
			job("good", func() (creditbank.Swept, error) {
				if rounds++; rounds == 5 {
					stop()
				}
				return creditbank.Swept{Done: rounds, More: rounds%2 == 1}, nil
			}),
		},
		Report: func(name string, s creditbank.Swept, err error) { reported <- fmt.Sprint(name, s.Done, err != nil) },
	})
	s.Run(ctx)
	close(reported)
	var got []string
	for r := range reported {
		got = append(got, r)
	}
	want := []string{"bad0 true", "good1 false", "good2 false", "bad0 true", "good3 false", "good4 false", "bad0 true", "good5 false"}
	if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("reported %v, want %v", got, want)
	}
}
