package chain

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Source is the log, as the Worker wants it.
type Source interface {
	// Checkpoint returns the newest published checkpoint, or ErrNone. Its size
	// never shrinks.
	Checkpoint(ctx context.Context) (Checkpoint, error)
	// Consistency returns the RFC 6962 proof between two sizes of the log. It
	// is called with 0 < from < to, to being the size of a Checkpoint.
	Consistency(ctx context.Context, from, to int64) ([][HashSize]byte, error)
	// SaveReceipt stores a receipt of a checkpoint. It is called again with
	// the same receipt, after a crash for one, and takes that as a success.
	SaveReceipt(ctx context.Context, cp Checkpoint, r Receipt) error
}

// A WorkerConfig configures a [Worker].
type WorkerConfig struct {
	Origin   string // of the log
	Source   Source
	Anchorer Anchorer
	// Interval is the time between two tries, and so the least between two
	// anchors. Default: one minute.
	Interval time.Duration
	// Halt is called, once, when the Anchorer has something that the log does
	// not extend; the error wraps ErrFork or ErrRollback. Whoever signs
	// checkpoints must stop then. Optional.
	Halt func(error)
	// Report is called after every try, with nil after a success: for logs
	// and metrics. Optional.
	Report func(error)
}

// A Worker anchors the newest checkpoint of a Source, again and again. Several
// may run for one log (one a replica): they only find each other's anchors.
type Worker struct{ c WorkerConfig }

// NewWorker returns a Worker.
func NewWorker(c WorkerConfig) (*Worker, error) {
	if c.Origin == "" || c.Source == nil || c.Anchorer == nil || c.Interval < 0 {
		return nil, fmt.Errorf("anchor worker of %q: origin, source and anchorer are required", c.Origin)
	}
	if c.Interval == 0 {
		c.Interval = time.Minute
	}
	return &Worker{c}, nil
}

// Run anchors until ctx ends, and then returns its error, or until the log is
// found to have forked or gone back, and then returns that. Outages are
// reported and tried again; they never stop it.
func (w *Worker) Run(ctx context.Context) error {
	tick := time.NewTicker(w.c.Interval)
	defer tick.Stop()
	for {
		err := w.Once(ctx)
		if w.c.Report != nil {
			w.c.Report(err)
		}
		if errors.Is(err, ErrFork) || errors.Is(err, ErrRollback) {
			if w.c.Halt != nil {
				w.c.Halt(err)
			}
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// maxRaces bounds how often Once starts over because others anchored meanwhile.
const maxRaces = 3

// Once anchors what is newest now. There is no state to keep between calls:
// what is anchored already is asked of the Anchorer each time, so a call after
// an outage, a crash or an unknown outcome is like any other.
func (w *Worker) Once(ctx context.Context) error {
	var err error
	for range maxRaces {
		var again bool
		if again, err = w.try(ctx); !again {
			return err
		}
	}
	return err
}

// try makes one attempt; again says that the anchor moved meanwhile.
func (w *Worker) try(ctx context.Context) (again bool, err error) {
	// Ask for the anchor before the checkpoint: a checkpoint read later is at
	// least as new, so if it is smaller the log did go back.
	last, err := w.c.Anchorer.Latest(ctx, w.c.Origin)
	first := errors.Is(err, ErrNone)
	if err != nil && !first {
		return false, fmt.Errorf("find anchor of %s: %w", w.c.Origin, err)
	}
	cp, err := w.c.Source.Checkpoint(ctx)
	if errors.Is(err, ErrNone) && first {
		return false, nil
	}
	if errors.Is(err, ErrNone) {
		return false, fmt.Errorf("%w: %s has no checkpoint, %d is anchored", ErrRollback, w.c.Origin, last.Checkpoint.Size)
	}
	if err != nil {
		return false, fmt.Errorf("read checkpoint of %s: %w", w.c.Origin, err)
	}
	if !first {
		if done, err := w.compare(ctx, cp, last); done || err != nil {
			return false, err
		}
	}
	return w.anchor(ctx, cp, last)
}

// compare handles a checkpoint that is not newer than the anchor.
func (w *Worker) compare(ctx context.Context, cp Checkpoint, last Anchored) (done bool, err error) {
	was := last.Checkpoint
	switch {
	case cp.Size > was.Size:
		return false, nil
	case cp.Size < was.Size:
		return false, fmt.Errorf("%w: %s is at %d, anchored is %d", ErrRollback, w.c.Origin, cp.Size, was.Size)
	case cp.Root != was.Root:
		return false, fmt.Errorf("%w: %s has another root at %d than is anchored", ErrFork, w.c.Origin, cp.Size)
	}
	return true, w.save(ctx, cp, last.Receipt) // the receipt may not have been saved last time
}

// anchor sends a checkpoint that is newer than the anchor.
func (w *Worker) anchor(ctx context.Context, cp Checkpoint, last Anchored) (again bool, err error) {
	var proof [][HashSize]byte
	if from := last.Checkpoint.Size; from > 0 {
		if proof, err = w.c.Source.Consistency(ctx, from, cp.Size); err != nil {
			return false, fmt.Errorf("prove %s from %d to %d: %w", w.c.Origin, from, cp.Size, err)
		}
	}
	receipt, err := w.c.Anchorer.Anchor(ctx, cp, proof)
	if errors.Is(err, ErrStale) || errors.Is(err, ErrRollback) {
		return w.raced(ctx, cp, last, err)
	}
	if err != nil {
		return false, fmt.Errorf("anchor %s at %d: %w", w.c.Origin, cp.Size, err)
	}
	return false, w.save(ctx, cp, receipt)
}

// raced tells a lost race from a fork: if the anchor is still the one that the
// proof started from, the proof was right and the log is not.
func (w *Worker) raced(ctx context.Context, cp Checkpoint, last Anchored, cause error) (again bool, err error) {
	now, err := w.c.Anchorer.Latest(ctx, w.c.Origin)
	if err != nil {
		return false, fmt.Errorf("find anchor of %s: %w", w.c.Origin, err)
	}
	if now.Checkpoint.Size == last.Checkpoint.Size && now.Checkpoint.Root == last.Checkpoint.Root {
		return false, fmt.Errorf("%w: %s at %d does not extend what is anchored at %d: %v",
			ErrFork, w.c.Origin, cp.Size, last.Checkpoint.Size, cause)
	}
	return true, fmt.Errorf("anchor %s at %d: others were faster", w.c.Origin, cp.Size)
}

func (w *Worker) save(ctx context.Context, cp Checkpoint, r Receipt) error {
	if err := w.c.Source.SaveReceipt(ctx, cp, r); err != nil {
		return fmt.Errorf("save receipt of %s at %d: %w", w.c.Origin, cp.Size, err)
	}
	return nil
}
