package token

import (
	"crypto/sha256"
	"slices"
	"sync"
	"time"
)

// verified is a token that was checked.
type verified struct {
	kid    string
	claims Claims
}

// clone returns claims whose scope the caller may change.
func (c Claims) clone() Claims {
	c.Scope = slices.Clone(c.Scope)
	return c
}

// A cache remembers verified tokens by their hash, so that it holds none. It
// is bounded; only what was signed by us gets into it.
type cache struct {
	size int
	mu   sync.RWMutex
	m    map[[sha256.Size]byte]verified
}

func newCache(size int) cache { return cache{size: size, m: map[[sha256.Size]byte]verified{}} }

// get may return what has expired.
func (c *cache) get(sum [sha256.Size]byte) (verified, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e, ok := c.m[sum]
	return e, ok
}

func (c *cache) put(sum [sha256.Size]byte, e verified, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.m) >= c.size {
		c.evict(now)
	}
	c.m[sum] = e
}

// evict makes room: a few tokens are looked at, as they come, and go if they
// have expired; if none has, some other goes. The order of a map is random
// enough.
func (c *cache) evict(now time.Time) {
	const look = 16
	looked := 0
	for sum, e := range c.m {
		if looked++; looked > look {
			break
		}
		if !now.Before(e.claims.Expires.Add(Leeway)) {
			delete(c.m, sum)
		}
	}
	for sum := range c.m {
		if len(c.m) < c.size {
			return
		}
		delete(c.m, sum)
	}
}
