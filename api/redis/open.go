package redis

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"creditbank/api/replica"
)

// shared is the Backend of a Shared over Redis.
type shared struct {
	link   *link
	client *goredis.Client
	prefix string

	limits   *limiter
	denied   *denyList
	sessions *sessions
	signals  *signals

	found     chan struct{} // closed when Redis was found there, or away, for the first time
	foundOnce sync.Once
	cancel    context.CancelFunc
	running   sync.WaitGroup
	closeOnce sync.Once
	closeErr  error
}

// Open returns what this replica shares with others through Redis. It waits
// for Redis, so that the deny list is there before the first request, but no
// longer than a few seconds: if Redis is away the service begins without it,
// and it is found when it comes. So an error says that the configuration is
// wrong or that ctx has ended. The caller must close the Shared.
func Open(ctx context.Context, c Config) (replica.Shared, error) {
	c, err := c.complete()
	if err != nil {
		return replica.Shared{}, err
	}
	options, err := c.options()
	if err != nil {
		return replica.Shared{}, err
	}
	name := make([]byte, 16)
	if _, err := io.ReadFull(c.Random, name); err != nil {
		return replica.Shared{}, fmt.Errorf("redis: name the replica: %w", err)
	}
	// The library would print a line for each connection it cannot make. This
	// package is all that uses it.
	logging.Disable()
	s := newShared(c, goredis.NewClient(options), hex.EncodeToString(name))
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.running.Go(func() { s.run(running) })

	wait := time.NewTimer(3 * patience)
	defer wait.Stop()
	select {
	case <-s.found:
	case <-wait.C:
	case <-ctx.Done():
		_ = s.Close()
		return replica.Shared{}, fmt.Errorf("redis: open: %w", ctx.Err())
	}
	return replica.Shared{Limits: s.limits, Denied: s.denied, Sessions: s.sessions, Signals: s.signals, Backend: s}, nil
}

func newShared(c Config, client *goredis.Client, self string) *shared {
	l := &link{log: c.Log, clock: c.Clock, timeout: c.Timeout}
	return &shared{
		link: l, client: client, prefix: c.Prefix, found: make(chan struct{}),
		limits:   &limiter{link: l, client: client, prefix: c.Prefix, alone: replica.NewLocalLimiter(c.Clock, replica.MaxLimits)},
		denied:   &denyList{LocalDenyList: replica.NewLocalDenyList(c.Clock), link: l, client: client, clock: c.Clock, prefix: c.Prefix},
		sessions: &sessions{link: l, client: client, prefix: c.Prefix, stale: map[string]uint64{}},
		signals:  &signals{Hub: replica.NewHub(), link: l, client: client, prefix: c.Prefix, self: self},
	}
}

// Health implements [replica.Backend]. It asks Redis unless that is known to
// be away, and waits no longer than a request does.
func (s *shared) Health(ctx context.Context) error {
	if err := s.link.missing(); err != nil {
		return err
	}
	err := s.link.do(ctx, func(ctx context.Context) error { return s.client.Ping(ctx).Err() })
	if err != nil {
		return fmt.Errorf("ask redis: %w", err)
	}
	return nil
}

// Stats implements [replica.Backend].
func (s *shared) Stats() replica.Stats {
	var st replica.Stats
	allowed, refused := s.limits.alone.Counts()
	st.LimitsAllowed = allowed + s.limits.allowed.Load()
	st.LimitsRefused = refused + s.limits.refused.Load()
	st.LimitsAlone = allowed + refused
	st.SessionHits, st.SessionMisses = s.sessions.hits.Load(), s.sessions.misses.Load()
	st.Denied = s.denied.Len()
	st.Subscribers, st.SignalsSent, st.SignalsLost = s.signals.Counts()
	st.SignalsLost += s.signals.unsent.Load()
	st.Away, st.Outages, st.Failures = !s.link.there(), s.link.outages.Load(), s.link.failures.Load()
	return st
}

// Close implements [replica.Backend].
func (s *shared) Close() error {
	s.closeOnce.Do(func() {
		s.link.close()
		s.cancel()
		err := s.client.Close() // ends what run waits for
		s.running.Wait()
		s.signals.Close()
		if err != nil {
			s.closeErr = fmt.Errorf("redis: close: %w", err)
		}
	})
	return s.closeErr
}
