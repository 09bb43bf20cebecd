package token

import (
	"sync"
	"time"
)

// A ReplayGuard remembers which assertions were used.
type ReplayGuard interface {
	// Once reports whether jti has not been used before, and remembers it
	// until the given time. In doubt it says no. jti is a text of 43 letters,
	// digits, - and _, made of the identifier and the client.
	Once(jti string, until time.Time) bool
}

// A MemoryReplay is a ReplayGuard for a single process.
type MemoryReplay struct {
	now  func() time.Time
	size int

	mu   sync.Mutex
	used map[string]time.Time // until when
	next time.Time            // when something may have been forgotten, at the soonest
}

var _ ReplayGuard = (*MemoryReplay)(nil)

// NewMemoryReplay returns a MemoryReplay that remembers at most size assertions
// at a time, and refuses more.
func NewMemoryReplay(now func() time.Time, size int) *MemoryReplay {
	return &MemoryReplay{now: now, size: size, used: map[string]time.Time{}}
}

// Once implements [ReplayGuard].
func (r *MemoryReplay) Once(jti string, until time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if t, ok := r.used[jti]; ok && now.Before(t) {
		return false
	}
	r.forget(now)
	if len(r.used) >= r.size {
		return false
	}
	r.used[jti] = until
	return true
}

// forget drops what has expired, once a minute: each takes all of r.
func (r *MemoryReplay) forget(now time.Time) {
	if now.Before(r.next) {
		return
	}
	r.next = now.Add(time.Minute)
	for jti, until := range r.used {
		if !now.Before(until) {
			delete(r.used, jti)
		}
	}
}
