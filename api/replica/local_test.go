package replica_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"creditbank/api/replica"
)

// A bucket in the plain way: so many in it, and a share of one.
type plainBucket struct {
	tokens float64
	at     time.Time
}

func (b *plainBucket) allow(r replica.Rate, now time.Time, n int) bool {
	interval, _ := r.Interval()
	b.tokens = min(b.tokens+float64(now.Sub(b.at))/float64(interval), float64(r.Burst))
	b.at = now
	if b.tokens < float64(n) {
		return false
	}
	b.tokens -= float64(n)
	return true
}

// The algorithm that keeps one time says what one that counts would say.
func TestLimiterCountsAsABucketDoes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		c := newClock()
		limiter := replica.NewLocalLimiter(c.Now, 10)
		// An interval of a power of two of milliseconds is exact in a float.
		r := replica.Rate{Burst: 1 + random.IntN(20), Refill: 1, Per: time.Millisecond << random.IntN(10)}
		b := &plainBucket{float64(r.Burst), c.Now()}
		for step := range 200 {
			c.Wait(time.Duration(random.Int64N(int64(3 * r.Per))).Truncate(r.Per / 8))
			n := random.IntN(r.Burst + 1)
			v := limiter.Allow(t.Context(), "k", r, n)
			if want := b.allow(r, c.Now(), n); v.Allowed != want || v.Remaining != int(b.tokens) {
				t.Fatalf("%v, step %d: Allow(%d) = %+v, want %v with %v left", r, step, n, v, want, b.tokens)
			}
			if v.Allowed {
				continue
			}
			c.Wait(v.RetryAfter - 1)
			if v := limiter.Allow(t.Context(), "k", r, n); v.Allowed {
				t.Fatalf("%v, step %d: Allow(%d) before its time", r, step, n)
			}
			c.Wait(1)
			if v := limiter.Allow(t.Context(), "k", r, n); !v.Allowed || !b.allow(r, c.Now(), n) {
				t.Fatalf("%v, step %d: Allow(%d) at its time = %+v", r, step, n, v)
			}
		}
	}
}

// A clock that is set back, or a rate that was made stricter, locks nobody out
// for longer than the rate does.
func TestLimiterForgivesClocks(t *testing.T) {
	r := replica.Rate{Burst: 2, Refill: 1, Per: time.Minute}
	for name, before := range map[string]func(*replica.LocalLimiter, *clock){
		"clock set back": func(l *replica.LocalLimiter, c *clock) {
			l.Allow(t.Context(), "k", r, 2)
			c.Wait(-24 * time.Hour)
		},
		"stricter rate": func(l *replica.LocalLimiter, c *clock) {
			l.Allow(t.Context(), "k", replica.Rate{Burst: 100, Refill: 1, Per: time.Hour}, 100)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			l := replica.NewLocalLimiter(c.Now, 10)
			before(l, c)
			v := l.Allow(t.Context(), "k", r, 2)
			if v.Allowed || v.RetryAfter != 2*time.Minute {
				t.Errorf("Allow = %+v, want refused for two minutes", v)
			}
			c.Wait(v.RetryAfter)
			if v := l.Allow(t.Context(), "k", r, 2); !v.Allowed {
				t.Errorf("Allow after two minutes = %+v, want allowed", v)
			}
		})
	}
}

// Too many keys make it forget the one that loses least, never one that has
// used up more.
func TestLimiterIsBounded(t *testing.T) {
	c := newClock()
	l := replica.NewLocalLimiter(c.Now, 3)
	r := replica.Rate{Burst: 10, Refill: 1, Per: time.Hour}
	left := func(key string) int { return l.Allow(t.Context(), key, r, 0).Remaining }
	l.Allow(t.Context(), "most", r, 1) // by this alone it would be the first to go
	l.Allow(t.Context(), "more", r, 5)
	l.Allow(t.Context(), "less", r, 2)
	l.Allow(t.Context(), "most", r, 9)
	for i := range 1000 {
		l.Allow(t.Context(), fmt.Sprint(i), r, 1)
	}
	if left("most") != 0 || left("more") != 5 {
		t.Errorf("left are %d and %d, want 0 and 5: the keys in use were forgotten", left("most"), left("more"))
	}
	if left("0") != 10 || left("999") != 9 {
		t.Errorf("left are %d and %d, want 10 of the one forgotten and 9 of the last", left("0"), left("999"))
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := newClock()
	cache := replica.NewLocalCache(c.Now, 10_000)
	value := make([]byte, 700) // with what it costs besides: ten fit
	cache.Set(t.Context(), "used", value, time.Hour)
	for i := range 100 {
		cache.Get(t.Context(), "used")
		cache.Set(t.Context(), fmt.Sprint(i), value, time.Hour)
	}
	var kept int
	for i := range 100 {
		if _, ok := cache.Get(t.Context(), fmt.Sprint(i)); ok {
			kept++
		}
	}
	if kept < 5 || kept > 10 {
		t.Errorf("%d values of 700 bytes are kept in 10000 bytes", kept)
	}
	if _, ok := cache.Get(t.Context(), "used"); !ok {
		t.Error("the value that is used was dropped for those that are not")
	}
	cache.Set(t.Context(), "used", make([]byte, 10_000), time.Hour)
	if _, ok := cache.Get(t.Context(), "used"); ok {
		t.Error("a value larger than the cache left the one before")
	}
	if _, ok := cache.Get(t.Context(), "99"); !ok {
		t.Error("a value larger than the cache emptied it")
	}
}

// What expired leaves the memory though nobody asks for it.
func TestDenyListForgets(t *testing.T) {
	c := newClock()
	l := replica.NewLocalDenyList(c.Now)
	for i := range 1000 {
		l.Deny(t.Context(), fmt.Sprint(i), c.Now().Add(time.Minute))
		l.Deny(t.Context(), "extended", c.Now().Add(time.Minute))
		c.Wait(time.Second)
	}
	if n := l.Len(); n != 60 {
		t.Errorf("%d are on the list, want the 59 of the last minute and the one extended", n)
	}
	if n := len(l.Entries()); n != 60 {
		t.Errorf("Entries returns %d, want 60", n)
	}
	c.Wait(time.Minute)
	if n := l.Len(); n != 0 {
		t.Errorf("%d are on the list, want none", n)
	}
}

// A subscriber that reads while signals come misses none without being told.
func TestHubTellsOfEveryLoss(t *testing.T) {
	hub := replica.NewHub()
	signals, cancel := hub.Subscribe("t")
	defer cancel()
	random := rand.New(rand.NewPCG(3, 4))
	var published, seen byte
	for range 100_000 {
		for range random.IntN(8) {
			published++
			hub.Publish(t.Context(), "t", []byte{published})
		}
		for range random.IntN(8) {
			select {
			case payload := <-signals:
				switch {
				case payload == nil:
					seen = published // it looks for itself
				case payload[0] == seen+1:
					seen++
				case int8(payload[0]-seen) <= 0: // was seen by looking
				default:
					t.Fatalf("signal %d follows %d", payload[0], seen)
				}
			default:
				if seen != published {
					t.Fatalf("nothing more waits after %d, and %d was published", seen, published)
				}
			}
		}
	}
}
