package replica

import "time"

// A Rate says how often something may be done: Burst times at once, and then
// as fast as Refill times in each Per, evenly spread. It counts to the
// microsecond. A Rate with a part that is not positive allows nothing, so that
// a forgotten setting is noticed.
type Rate struct {
	Burst  int
	Refill int
	Per    time.Duration
}

// A Verdict is the answer of a [Limiter].
type Verdict struct {
	Allowed   bool
	Remaining int // how many more would be allowed now

	// RetryAfter, of a refusal, is when the same will be allowed if nothing
	// else is done until then; 0 if never, because it is more than the burst.
	RetryAfter time.Duration
}

// maxWindow bounds the time a bucket takes to fill, so that sums of times and
// windows stay far from overflowing, in float64 microseconds too (Redis).
const maxWindow = 100 * 365 * 24 * time.Hour

// Interval returns the time in which one is added to the bucket, at least a
// microsecond, and the time in which an empty one fills. Both are 0 if the
// rate allows nothing.
func (r Rate) Interval() (interval, window time.Duration) {
	if r.Burst <= 0 || r.Refill <= 0 || r.Per <= 0 {
		return 0, 0
	}
	const unit = time.Microsecond
	interval = min(r.Per/time.Duration(r.Refill), maxWindow)
	interval = max((interval+unit-1)/unit*unit, unit)
	burst := min(time.Duration(r.Burst), max(maxWindow/interval, 1))
	return interval, burst * interval
}

// Decide is the generic cell rate algorithm (GCRA), which keeps of a bucket
// only when it will be full again. It returns the verdict on doing something n
// times now, and when the bucket will be full after it, which is to be kept
// after a refusal as well: of what is remembered it believes no more than that
// the bucket is empty, so that a clock set back or a rate made stricter locks
// nobody out for longer than the window. n below 0 counts as 0, which asks and
// takes nothing.
func (r Rate) Decide(full, now time.Time, n int) (time.Time, Verdict) {
	interval, window := r.Interval()
	if window == 0 {
		return full, Verdict{}
	}
	fill := min(max(full.Sub(now), 0), window) // the time until the bucket is full
	cost := r.Cost(n)
	if fill+cost > window {
		v := Verdict{Remaining: int((window - fill) / interval)}
		if cost <= window {
			v.RetryAfter = fill + cost - window
		}
		return now.Add(fill), v
	}
	fill += cost
	return now.Add(fill), Verdict{Allowed: true, Remaining: int((window - fill) / interval)}
}

// Cost returns the time in which n are added to the bucket, and for more than
// the burst one interval above the window.
func (r Rate) Cost(n int) time.Duration {
	interval, window := r.Interval()
	if window == 0 {
		return 0
	}
	return min(time.Duration(max(n, 0)), window/interval+1) * interval
}
