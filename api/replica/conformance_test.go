package replica_test

import (
	"sync"
	"testing"
	"time"

	"creditbank/api/replica"
	"creditbank/api/replica/replicatest"
)

// A clock that stands still until it is set on.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Wait(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestInProcess(t *testing.T) {
	replicatest.Run(t, func(*testing.T) replicatest.Harness {
		c := newClock()
		return replicatest.Harness{Shared: replica.InProcess(c.Now), Wait: c.Wait, Now: c.Now}
	})
}
