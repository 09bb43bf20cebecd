package chain_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"creditbank/chain"
	"creditbank/chain/chaintest"
	"creditbank/chain/local"
)

// A source is a log as a Worker sees it, with faults.
type source struct {
	log      *chaintest.Log
	size     int64 // of the newest checkpoint; -1: none
	receipts map[int64]chain.Receipt
	saveErr  error
}

func (s *source) Checkpoint(context.Context) (chain.Checkpoint, error) {
	if s.size < 0 {
		return chain.Checkpoint{}, chain.ErrNone
	}
	return s.log.At(s.size), nil
}

func (s *source) Consistency(_ context.Context, from, to int64) ([][chain.HashSize]byte, error) {
	return s.log.Proof(from, to), nil
}

func (s *source) SaveReceipt(_ context.Context, cp chain.Checkpoint, r chain.Receipt) error {
	if s.saveErr == nil {
		s.receipts[cp.Size] = r
	}
	return s.saveErr
}

// An anchorer fails before or after it does what it is asked.
type anchorer struct {
	chain.Anchorer
	before, after error
	calls         int
	meanwhile     func() // called once before Anchor
}

func (a *anchorer) Anchor(ctx context.Context, cp chain.Checkpoint, p [][chain.HashSize]byte) (chain.Receipt, error) {
	a.calls++
	if f := a.meanwhile; f != nil {
		a.meanwhile = nil
		f()
	}
	if a.before != nil {
		return chain.Receipt{}, a.before
	}
	r, err := a.Anchorer.Anchor(ctx, cp, p)
	return r, errors.Join(err, a.after)
}

func setup(t *testing.T, sizes ...int64) (*source, *anchorer, *chain.Worker) {
	t.Helper()
	s := &source{log: chaintest.NewLog(t, "worker.example/log", "a"), receipts: map[int64]chain.Receipt{}, size: -1}
	for _, n := range sizes {
		s.log.Grow(n)
	}
	f, err := local.Open(local.Config{
		Path: filepath.Join(t.TempDir(), "a"), Name: "anchor.example", LogKey: s.log.Key, Now: func() time.Time { return time.Unix(1e9, 0) },
		Key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	a := &anchorer{Anchorer: f}
	w, err := chain.NewWorker(chain.WorkerConfig{Origin: s.log.Origin, Source: s, Anchorer: a})
	if err != nil {
		t.Fatal(err)
	}
	return s, a, w
}

func TestOnceAnchorsAndCatchesUp(t *testing.T) {
	s, a, w := setup(t, 10, 20, 30, 500)
	ctx := context.Background()
	if err := w.Once(ctx); err != nil || a.calls != 0 {
		t.Fatalf("Once without a checkpoint: %v, %d calls", err, a.calls)
	}
	s.size = 10
	if err := w.Once(ctx); err != nil || s.receipts[10].Kind != "local" {
		t.Fatalf("Once at 10: %v, receipt %+v", err, s.receipts[10])
	}
	if err := w.Once(ctx); err != nil || a.calls != 1 {
		t.Errorf("Once with nothing new: %v, %d calls", err, a.calls)
	}
	a.before = errors.New("outage")
	s.size = 20
	if err := w.Once(ctx); !errors.Is(err, a.before) {
		t.Errorf("Once in an outage: %v", err)
	}
	a.before, s.size = nil, 500
	if err := w.Once(ctx); err != nil || s.receipts[500].Position != 1 {
		t.Errorf("Once after the outage: %v, receipt %+v", err, s.receipts[500])
	}
}

// The outcome is unknown, or the receipt is not saved: the next try finds the
// anchor and saves its receipt, without anchoring again.
func TestOnceAfterAnUnknownOutcome(t *testing.T) {
	s, a, w := setup(t, 10)
	ctx := context.Background()
	s.size, a.after = 10, errors.New("connection lost")
	if err := w.Once(ctx); !errors.Is(err, a.after) || len(s.receipts) != 0 {
		t.Fatalf("Once, answer lost: %v, receipts %v", err, s.receipts)
	}
	a.after, s.saveErr = nil, errors.New("database out")
	if err := w.Once(ctx); !errors.Is(err, s.saveErr) {
		t.Fatalf("Once, database out: %v", err)
	}
	s.saveErr = nil
	if err := w.Once(ctx); err != nil || len(s.receipts) != 1 || a.calls != 1 {
		t.Errorf("Once: %v, receipts %v, %d calls", err, s.receipts, a.calls)
	}
}

func TestOnceFindsForkAndRollback(t *testing.T) {
	tests := map[string]struct {
		salt string
		size int64
		want error
	}{
		"another root, same size": {"b", 20, chain.ErrFork},
		"larger, of a fork":       {"b", 30, chain.ErrFork},
		"smaller":                 {"a", 10, chain.ErrRollback},
		"nothing left":            {"a", -1, chain.ErrRollback},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, _, w := setup(t, 10, 20, 30)
			s.size = 20
			if err := w.Once(context.Background()); err != nil {
				t.Fatal(err)
			}
			s.log = chaintest.NewLog(t, s.log.Origin, test.salt)
			for _, n := range []int64{10, 20, 30} {
				s.log.Grow(n)
			}
			s.size = test.size
			if err := w.Once(context.Background()); !errors.Is(err, test.want) {
				t.Errorf("Once = %v, want %v", err, test.want)
			}
		})
	}
}

// Another replica anchors between our question and our answer: no alarm.
func TestOnceLosesARace(t *testing.T) {
	for name, theirs := range map[string]int64{"to less": 15, "to the same": 20, "to more": 30} {
		t.Run(name, func(t *testing.T) {
			s, a, w := setup(t, 10, 15, 20, 30)
			ctx := context.Background()
			s.size = 10
			if err := w.Once(ctx); err != nil {
				t.Fatal(err)
			}
			s.size = 20
			a.meanwhile = func() {
				if _, err := a.Anchorer.Anchor(ctx, s.log.At(theirs), s.log.Proof(10, theirs)); err != nil {
					t.Error(err)
				}
				s.size = max(20, theirs) // what they anchored was published
			}
			if err := w.Once(ctx); err != nil {
				t.Errorf("Once: %v", err)
			}
			if _, ok := s.receipts[max(20, theirs)]; !ok {
				t.Errorf("receipts %v", s.receipts)
			}
		})
	}
}

func TestRunHaltsOnForkOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, a, _ := setup(t, 10, 20)
		s.size, a.before = 10, errors.New("outage")
		var reports []error
		halted := 0
		w, err := chain.NewWorker(chain.WorkerConfig{
			Origin: s.log.Origin, Source: s, Anchorer: a, Interval: time.Minute,
			Halt: func(error) { halted++ },
			Report: func(err error) {
				switch reports = append(reports, err); len(reports) {
				case 3: // the outage ends
					a.before = nil
				case 5: // the log is rewritten
					s.log = chaintest.NewLog(t, s.log.Origin, "b")
					s.log.Grow(10)
					s.log.Grow(20)
					s.size = 20
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := w.Run(context.Background()); !errors.Is(err, chain.ErrFork) {
			t.Errorf("Run = %v, want ErrFork", err)
		}
		if halted != 1 || len(reports) != 6 || reports[2] == nil || reports[3] != nil {
			t.Errorf("halted %d times, reports %v", halted, reports)
		}
		if took := time.Since(start); took != 5*time.Minute || a.calls != 5 {
			t.Errorf("six tries took %v, %d calls", took, a.calls)
		}
	})
}

func TestRunEndsWithItsContext(t *testing.T) {
	_, _, w := setup(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v", err)
	}
}
