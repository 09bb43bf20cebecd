package replica

import (
	"bytes"
	"container/list"
	"context"
	"sync"
	"time"
)

// A Cache holds browser sessions, by a key that only the browser knows, so
// that most requests need not read them from the database.
//
// Any value may be missing at any time: a miss costs a read of the database.
// After Set or Delete returned no replica sees the value before. The exception
// is an outage: the replica that changed a value then does not see the old one
// again, the others may until the outage ends, and until the ttl if that
// replica ended first or had to remember too many changes. So a session that
// must not live on is also put on the [DenyList].
//
// Values are stored as they are given; what is personal in them the caller
// seals before.
type Cache interface {
	// Get returns the value of key. The caller may change it.
	Get(ctx context.Context, key string) ([]byte, bool)

	// Set keeps a value for ttl, in place of the one before. Without a
	// positive ttl it is [Cache.Delete].
	Set(ctx context.Context, key string, value []byte, ttl time.Duration)

	// Delete removes the value of key, if there is one.
	Delete(ctx context.Context, key string)
}

// A LocalCache is the [Cache] of one process. When it is full, what was used
// least recently goes.
type LocalCache struct {
	clock func() time.Time
	max   int

	mu     sync.Mutex
	values map[string]*list.Element // of recent
	recent *list.List               // of *cached, the latest used first
	bytes  int
	hits   uint64
	misses uint64
}

type cached struct {
	key   string
	value []byte
	until time.Time
}

// overhead is about what a value costs beside its bytes.
const overhead = 200

func (c *cached) size() int { return len(c.key) + len(c.value) + overhead }

// NewLocalCache returns a cache of at most so many bytes.
func NewLocalCache(clock func() time.Time, maxBytes int) *LocalCache {
	return &LocalCache{clock: clock, max: maxBytes, values: map[string]*list.Element{}, recent: list.New()}
}

// Get implements [Cache].
func (c *LocalCache) Get(_ context.Context, key string) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.values[key]
	if e == nil {
		c.misses++
		return nil, false
	}
	v := e.Value.(*cached)
	if !c.clock().Before(v.until) {
		c.remove(e)
		c.misses++
		return nil, false
	}
	c.hits++
	c.recent.MoveToFront(e)
	return bytes.Clone(v.value), true
}

// Set implements [Cache].
func (c *LocalCache) Set(_ context.Context, key string, value []byte, ttl time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.values[key]; e != nil {
		c.remove(e)
	}
	v := &cached{key, append([]byte{}, value...), c.clock().Add(ttl)}
	if ttl <= 0 || v.size() > c.max {
		return
	}
	c.values[key] = c.recent.PushFront(v)
	c.bytes += v.size()
	for c.bytes > c.max {
		c.remove(c.recent.Back())
	}
}

// Delete implements [Cache].
func (c *LocalCache) Delete(_ context.Context, key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.values[key]; e != nil {
		c.remove(e)
	}
}

func (c *LocalCache) remove(e *list.Element) {
	v := c.recent.Remove(e).(*cached)
	delete(c.values, v.key)
	c.bytes -= v.size()
}

// Counts returns how often a value was there and was not.
func (c *LocalCache) Counts() (hits, misses uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hits, c.misses
}
