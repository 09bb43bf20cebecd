package replica

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// A DenyList holds the ids of tokens that were revoked before they expired.
//
// The truth is in the database, and the service feeds it in with Merge, at
// start and from time to time. The list is how replicas hear of it sooner: as
// a rule at once, and within seconds when a message between them was lost.
// While replicas cannot reach each other, only the database tells them. An
// entry is never lost before its time in the replica that knows it.
type DenyList interface {
	// Deny puts a token on the list until it expires. When it returns this
	// replica denies the token. Denying it again for a shorter time changes
	// nothing. The list has no bound but the lives of tokens, so these are to
	// be short.
	Deny(ctx context.Context, jti string, until time.Time)

	// Denied reports whether a token is on the list. It looks in memory only
	// and may be asked for every request.
	Denied(jti string) bool

	// Merge adds entries that are known from the database.
	Merge(entries []Denial)
}

// A Denial is an entry of a [DenyList].
type Denial struct {
	JTI   string
	Until time.Time
}

// A LocalDenyList is the [DenyList] of one process.
type LocalDenyList struct {
	clock func() time.Time

	mu    sync.RWMutex
	until map[string]time.Time
	queue denialQueue // each denial as it was added; those extended since are passed over
}

// NewLocalDenyList returns an empty list.
func NewLocalDenyList(clock func() time.Time) *LocalDenyList {
	return &LocalDenyList{clock: clock, until: map[string]time.Time{}}
}

// Deny implements [DenyList].
func (l *LocalDenyList) Deny(_ context.Context, jti string, until time.Time) {
	l.Merge([]Denial{{jti, until}})
}

// Denied implements [DenyList].
func (l *LocalDenyList) Denied(jti string) bool {
	l.mu.RLock()
	until, ok := l.until[jti]
	l.mu.RUnlock()
	return ok && l.clock().Before(until)
}

// Merge implements [DenyList].
func (l *LocalDenyList) Merge(entries []Denial) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	l.forget(now)
	for _, e := range entries {
		// The zero time of a token that is not listed is before all others.
		if e.Until.After(now) && e.Until.After(l.until[e.JTI]) {
			l.until[e.JTI] = e.Until
			heap.Push(&l.queue, e)
		}
	}
}

// forget drops what has expired.
func (l *LocalDenyList) forget(now time.Time) {
	for len(l.queue) > 0 && !l.queue[0].Until.After(now) {
		e := heap.Pop(&l.queue).(Denial)
		if !l.until[e.JTI].After(now) {
			delete(l.until, e.JTI)
		}
	}
}

// Entries returns what is on the list, in no order.
func (l *LocalDenyList) Entries() []Denial {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(l.clock())
	entries := make([]Denial, 0, len(l.until))
	for jti, until := range l.until {
		entries = append(entries, Denial{jti, until})
	}
	return entries
}

// Len returns how many tokens are on the list.
func (l *LocalDenyList) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(l.clock())
	return len(l.until)
}

// A denialQueue is a heap of denials, the first to expire on top.
type denialQueue []Denial

func (q denialQueue) Len() int           { return len(q) }
func (q denialQueue) Less(i, j int) bool { return q[i].Until.Before(q[j].Until) }
func (q denialQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *denialQueue) Push(x any)        { *q = append(*q, x.(Denial)) }

func (q *denialQueue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last] = Denial{}
	*q = (*q)[:last]
	return e
}
