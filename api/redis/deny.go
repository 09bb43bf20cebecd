package redis

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"creditbank/api/replica"
)

// A denyList is a [replica.DenyList] that Redis spreads. Each replica holds
// all of it in memory, and Redis holds it for those that start: in one sorted
// set, not in a key each, so that it can be read in one call, and compared by
// its size. The set expires with its last entry.
type denyList struct {
	*replica.LocalDenyList
	link   *link
	client *goredis.Client
	clock  func() time.Time
	prefix string

	compared time.Time // when all entries were; used by [shared.run] only
}

// maxChunk bounds the entries of one call, since Redis does nothing else
// meanwhile and the stack of its scripts is small.
const maxChunk = 500

// fullCompare is how often all entries are compared although their number is
// right: two replicas can have lost one each.
const fullCompare = time.Minute

// put adds entries, drops those expired for a minute (clocks differ), and
// tells the other replicas if anything is new.
var put = goredis.NewScript(`
local time = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', time[1] * 1000 - 60000)
local changed = redis.call('ZADD', KEYS[1], 'GT', 'CH', unpack(ARGV, 3))
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', last[2] + 60000))
if changed > 0 then redis.call('PUBLISH', ARGV[1], ARGV[2]) end
return changed
`)

// Deny implements [replica.DenyList]. What cannot be put into Redis now is put
// there when the lists are compared next.
func (l *denyList) Deny(ctx context.Context, jti string, until time.Time) {
	l.LocalDenyList.Deny(ctx, jti, until)
	if !until.After(l.clock()) {
		return
	}
	// A caller who hangs up does not take the denial back.
	_ = l.link.do(context.WithoutCancel(ctx), func(ctx context.Context) error {
		return l.put(ctx, []replica.Denial{{JTI: jti, Until: until}})
	})
}

// maxMillis is the last time that is exact as a score, a float64.
const maxMillis = 1 << 53

// millis rounds up, so that nothing is denied too short.
func millis(t time.Time) int64 {
	return min(t.Add(time.Millisecond-1).UnixMilli(), maxMillis)
}

func (l *denyList) key() string { return l.prefix + ":denied" }

// put sends at most maxChunk entries.
func (l *denyList) put(ctx context.Context, entries []replica.Denial) error {
	message := message{Denied: make([]denial, len(entries))}
	args := []any{channel(l.prefix), nil}
	for i, e := range entries {
		message.Denied[i] = denial{[]byte(e.JTI), millis(e.Until)}
		args = append(args, millis(e.Until), e.JTI)
	}
	text, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("redis: deny: %w", err)
	}
	args[1] = text
	return put.Run(ctx, l.client, []string{l.key()}, args...).Err()
}

// heard takes in what another replica denied.
func (l *denyList) heard(denied []denial) {
	entries := make([]replica.Denial, len(denied))
	for i, d := range denied {
		entries[i] = replica.Denial{JTI: string(d.JTI), Until: time.UnixMilli(d.Until)}
	}
	l.Merge(entries)
}

// check compares the lists if their sizes differ or it is time.
func (l *denyList) check(ctx context.Context) error {
	now := l.clock()
	if d := now.Sub(l.compared); d >= 0 && d < fullCompare {
		n, err := l.client.ZCount(ctx, l.key(), after(now), "+inf").Result()
		if err != nil {
			return fmt.Errorf("count the deny list: %w", err)
		}
		if n == int64(l.Len()) {
			return nil
		}
	}
	return l.compare(ctx)
}

// compare makes the list here and the list in Redis one: the union of both.
func (l *denyList) compare(ctx context.Context) error {
	now := l.clock()
	stored, err := l.client.ZRangeByScoreWithScores(ctx, l.key(), &goredis.ZRangeBy{Min: after(now), Max: "+inf"}).Result()
	if err != nil {
		return fmt.Errorf("read the deny list: %w", err)
	}
	there := make(map[string]int64, len(stored))
	entries := make([]replica.Denial, 0, len(stored))
	for _, z := range stored {
		jti, until := fmt.Sprint(z.Member), int64(min(z.Score, maxMillis))
		there[jti] = until
		entries = append(entries, replica.Denial{JTI: jti, Until: time.UnixMilli(until)})
	}
	l.Merge(entries)
	missing := slices.DeleteFunc(l.Entries(), func(e replica.Denial) bool { return there[e.JTI] >= millis(e.Until) })
	for chunk := range slices.Chunk(missing, maxChunk) {
		if err := l.put(ctx, chunk); err != nil {
			return fmt.Errorf("put back the deny list: %w", err)
		}
	}
	l.compared = now
	return nil
}

// after is the bound of the scores of what has not expired.
func after(now time.Time) string { return "(" + strconv.FormatInt(now.UnixMilli(), 10) }
