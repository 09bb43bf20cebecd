package redis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// errAway is the answer of a call that was not tried.
var errAway = errors.New("redis is away")

// A link knows whether Redis is there. It is the circuit breaker of the
// requests: once Redis is away it is [shared.run] that finds it again.
type link struct {
	log     *slog.Logger
	clock   func() time.Time
	timeout time.Duration

	// turns counts how often Redis came and went, so it is there when the
	// number is odd. A call that fails tells only of the turn it began in.
	turns    atomic.Int64
	outages  atomic.Uint64
	failures atomic.Uint64

	mu     sync.Mutex
	closed bool
	since  time.Time // of being away; zero until that was found once
	cause  error
}

// there reports whether Redis is there.
func (l *link) there() bool { return l.turns.Load()%2 == 1 }

// do calls Redis within the timeout, if it is there. The error is for the
// caller to see that it must do without, and has been counted and told.
// Nothing found ([goredis.Nil]) is a good answer.
func (l *link) do(ctx context.Context, call func(context.Context) error) error {
	turn := l.turns.Load()
	if turn%2 == 0 {
		return errAway
	}
	limited, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	err := call(limited)
	if err == nil || errors.Is(err, goredis.Nil) {
		return err
	}
	l.failures.Add(1)
	if ctx.Err() == nil { // else it is the caller who has gone
		l.away(turn, err)
	}
	return err
}

// away notes that Redis did not answer: a call that began in a turn when it
// was there, or the search for it when it was not.
func (l *link) away(turn int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || turn != l.turns.Load() {
		return
	}
	if l.there() {
		l.turns.Add(1)
	}
	l.cause = err
	if l.since.IsZero() {
		l.since = l.clock()
		l.outages.Add(1)
		l.log.Warn("redis is away: limits count per replica, signals stay in this one", slog.Any("error", err))
	}
}

// back notes that Redis is there.
func (l *link) back() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.there() {
		return
	}
	l.turns.Add(1)
	if !l.since.IsZero() {
		l.log.Info("redis is back", slog.Duration("after", l.clock().Sub(l.since).Round(time.Millisecond)))
	}
	l.since, l.cause = time.Time{}, nil
}

// close makes the link away for good, without a word in the log.
func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.there() {
		l.turns.Add(1)
	}
}

// missing returns why Redis is away, or nil if it is there.
func (l *link) missing() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.there():
		return nil
	case l.since.IsZero():
		return errAway
	default:
		return fmt.Errorf("redis is away since %s: %w", l.since.UTC().Format(time.RFC3339), l.cause)
	}
}
