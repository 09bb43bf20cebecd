package redis

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"creditbank/api/replica"
)

// A limiter is a [replica.Limiter] over Redis. The clock is that of Redis, so
// that replicas need not agree on theirs.
type limiter struct {
	link   *link
	client *goredis.Client
	prefix string
	alone  *replica.LocalLimiter // decides while Redis is away

	allowed, refused atomic.Uint64 // by Redis
}

// take is [replica.Rate.Decide] on what is stored: it returns the time when
// the bucket would be full before this, and the time, in microseconds. What it
// decides is not among the answer, since Decide says the same of these two;
// the numbers are integers below 2^53 and so exact.
var take = goredis.NewScript(`
local cost, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local stored = tonumber(redis.call('GET', KEYS[1]) or now)
local full = math.min(math.max(stored, now), now + window)
local after = full
if full - now + cost <= window then after = full + cost end
if after ~= stored and after > now then
	redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
end
return {full, now}
`)

// Allow implements [replica.Limiter].
func (l *limiter) Allow(ctx context.Context, key string, rate replica.Rate, n int) replica.Verdict {
	_, window := rate.Interval()
	if window == 0 {
		return l.alone.Allow(ctx, key, rate, n) // nothing is allowed
	}
	var full, now time.Time
	err := l.link.do(ctx, func(ctx context.Context) error {
		times, err := take.Run(ctx, l.client, []string{l.prefix + ":limit:" + digest(key)},
			rate.Cost(n).Microseconds(), window.Microseconds()).Int64Slice()
		if err != nil {
			return err
		}
		if len(times) != 2 {
			return fmt.Errorf("redis: limit answered by %d numbers", len(times))
		}
		full, now = time.UnixMicro(times[0]), time.UnixMicro(times[1])
		return nil
	})
	if err != nil {
		return l.alone.Allow(ctx, key, rate, n)
	}
	_, v := rate.Decide(full, now, n)
	if v.Allowed {
		l.allowed.Add(1)
	} else {
		l.refused.Add(1)
	}
	return v
}
