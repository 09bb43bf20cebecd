package replica

import (
	"container/heap"
	"context"
	"crypto/sha256"
	"sync"
	"time"
)

// A Limiter keeps callers to a rate.
//
// Replicas count together while they can reach each other. What may be lost is
// that they do: then each counts alone, and a caller gets its rate once from
// each replica. Counts start anew when the program, or Redis, is started anew,
// and for the keys nearest to a full bucket when there are too many of them.
type Limiter interface {
	// Allow reports whether key may do something n times now, and if so counts
	// it; what is refused is not counted. The same key is to be asked with the
	// same rate. Use [Key] for keys that have parts. It never fails and takes
	// no longer than some 50 ms.
	Allow(ctx context.Context, key string, rate Rate, n int) Verdict
}

// A LocalLimiter is the [Limiter] of one process. Of the keys it keeps a
// digest each, so that long ones cost no more.
type LocalLimiter struct {
	clock func() time.Time
	max   int

	mu      sync.Mutex
	buckets map[digest]*bucket
	queue   bucketQueue
	allowed uint64
	refused uint64
}

type digest = [sha256.Size]byte

// NewLocalLimiter returns a limiter that remembers at most max keys, of which
// there is at least one.
func NewLocalLimiter(clock func() time.Time, max int) *LocalLimiter {
	return &LocalLimiter{clock: clock, max: max, buckets: map[digest]*bucket{}}
}

// Allow implements [Limiter].
func (l *LocalLimiter) Allow(_ context.Context, key string, rate Rate, n int) Verdict {
	d := sha256.Sum256([]byte(key))
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	l.forget(now)
	var full time.Time
	b := l.buckets[d]
	if b != nil {
		full = b.full
	}
	full, v := rate.Decide(full, now, n)
	switch {
	case b != nil:
		b.full = full
		heap.Fix(&l.queue, b.place)
	case full.After(now): // else there is nothing to remember
		l.add(&bucket{key: d, full: full})
	}
	if v.Allowed {
		l.allowed++
	} else {
		l.refused++
	}
	return v
}

// forget drops the buckets that are full: they are as if never used.
func (l *LocalLimiter) forget(now time.Time) {
	for len(l.queue) > 0 && !l.queue[0].full.After(now) {
		l.drop()
	}
}

// add remembers b, and where there is no room forgets the bucket that will be
// full first, of which the least is lost. So whoever wants a limit forgotten
// by using many keys must use up all of them further than that one.
func (l *LocalLimiter) add(b *bucket) {
	if len(l.queue) >= l.max {
		l.drop()
	}
	l.buckets[b.key] = b
	heap.Push(&l.queue, b)
}

func (l *LocalLimiter) drop() {
	delete(l.buckets, heap.Pop(&l.queue).(*bucket).key)
}

// Counts returns how many requests were allowed and refused.
func (l *LocalLimiter) Counts() (allowed, refused uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.allowed, l.refused
}

// A bucket is what a key has left, as the time when it will be full.
type bucket struct {
	key   digest
	full  time.Time
	place int // in the queue
}

// A bucketQueue is a heap of buckets, the first to be full on top.
type bucketQueue []*bucket

func (q bucketQueue) Len() int           { return len(q) }
func (q bucketQueue) Less(i, j int) bool { return q[i].full.Before(q[j].full) }
func (q bucketQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

func (q *bucketQueue) Push(x any) {
	b := x.(*bucket)
	b.place = len(*q)
	*q = append(*q, b)
}

func (q *bucketQueue) Pop() any {
	last := len(*q) - 1
	b := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return b
}
