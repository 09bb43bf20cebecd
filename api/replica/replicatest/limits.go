package replicatest

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"creditbank/api/replica"
)

var limitTests = []test{
	{"BurstIsAllowedAndNoMore", testBurst},
	{"SeveralAtOnceCountAsSeveral", testSeveral},
	{"MoreThanTheBurstIsNeverAllowed", testMoreThanBurst},
	{"AskingForNothingTakesNothing", testNothing},
	{"KeysCountApart", testKeys},
	{"BadRateAllowsNothing", testBadRate},
	{"BucketFillsAgain", testRefill},
	{"StricterRateLocksNobodyOutForLong", testStricterRate},
	{"RatherLargeRatesWork", testLargeRates},
	{"CallersAtOnceShareABurst", testCallersAtOnce},
}

// slow is a rate that gives nothing back while a test runs.
func slow(burst int) replica.Rate {
	return replica.Rate{Burst: burst, Refill: 1, Per: 24 * time.Hour}
}

func wantAllowed(t *testing.T, h Harness, key string, r replica.Rate, n, remaining int) {
	t.Helper()
	v := h.Shared.Limits.Allow(t.Context(), key, r, n)
	if want := (replica.Verdict{Allowed: true, Remaining: remaining}); v != want {
		t.Errorf("Allow(%.40q, %v, %d) = %+v, want %+v", key, r, n, v, want)
	}
}

// wantRefused checks a refusal, and that it names a time to come back within
// the bounds: after from, not after to.
func wantRefused(t *testing.T, h Harness, key string, r replica.Rate, n, remaining int, from, to time.Duration) {
	t.Helper()
	v := h.Shared.Limits.Allow(t.Context(), key, r, n)
	if v.Allowed || v.Remaining != remaining || v.RetryAfter <= from || v.RetryAfter > to {
		t.Errorf("Allow(%.40q, %v, %d) = %+v, want refused with %d remaining, retry after %v to %v", key, r, n, v, remaining, from, to)
	}
}

func testBurst(t *testing.T, h Harness) {
	for remaining := 4; remaining >= 0; remaining-- {
		wantAllowed(t, h, "k", slow(5), 1, remaining)
	}
	for range 3 {
		wantRefused(t, h, "k", slow(5), 1, 0, 23*time.Hour, 24*time.Hour)
	}
	s := h.Shared.Stats()
	if s.LimitsAllowed != 5 || s.LimitsRefused != 3 {
		t.Errorf("Stats count %d allowed, %d refused; want 5, 3", s.LimitsAllowed, s.LimitsRefused)
	}
}

func testSeveral(t *testing.T, h Harness) {
	wantAllowed(t, h, "k", slow(10), 7, 3)
	wantRefused(t, h, "k", slow(10), 5, 3, 47*time.Hour, 48*time.Hour)
	wantAllowed(t, h, "k", slow(10), 3, 0)
}

func testMoreThanBurst(t *testing.T, h Harness) {
	for _, n := range []int{6, 1 << 31, 1<<63 - 1} {
		v := h.Shared.Limits.Allow(t.Context(), "k", slow(5), n)
		if want := (replica.Verdict{Remaining: 5}); v != want {
			t.Errorf("Allow(%d) of a burst of 5 = %+v, want %+v", n, v, want)
		}
	}
	wantAllowed(t, h, "k", slow(5), 5, 0)
}

func testNothing(t *testing.T, h Harness) {
	wantAllowed(t, h, "k", slow(2), 0, 2)
	wantAllowed(t, h, "k", slow(2), -3, 2)
	wantAllowed(t, h, "k", slow(2), 2, 0)
	wantAllowed(t, h, "k", slow(2), 0, 0)
}

func testKeys(t *testing.T, h Harness) {
	for _, key := range []string{
		"", "a", "A", "a ", "学分", "\x00", "a:b", strings.Repeat("x", 1<<16), strings.Repeat("x", 1<<16) + "y",
		replica.Key("a", "b"), replica.Key("a/b"), replica.Key("a", "b", ""), replica.Key("", "a", "b"),
		replica.Key("a%2Fb"), replica.Key("a%2", "Fb"), replica.Key("a%", "2Fb"),
	} {
		wantAllowed(t, h, key, slow(1), 1, 0)
		wantRefused(t, h, key, slow(1), 1, 0, 23*time.Hour, 24*time.Hour)
	}
}

func testBadRate(t *testing.T, h Harness) {
	for _, r := range []replica.Rate{
		{}, {Burst: -1, Refill: 1, Per: time.Second}, {Burst: 1, Refill: 0, Per: time.Second}, {Burst: 1, Refill: 1},
	} {
		if v := h.Shared.Limits.Allow(t.Context(), "k", r, 1); v != (replica.Verdict{}) {
			t.Errorf("Allow at %v = %+v, want refused", r, v)
		}
	}
	wantAllowed(t, h, "k", slow(1), 1, 0)
}

func testRefill(t *testing.T, h Harness) {
	// The bucket takes a minute to fill, and so much can go wrong between two
	// calls; a thirtieth of it is there after a fifth of a second.
	r := replica.Rate{Burst: 6000, Refill: 100, Per: time.Second}
	wantAllowed(t, h, "k", r, 6000, 0)
	v := h.Shared.Limits.Allow(t.Context(), "k", r, 6000)
	if v.Allowed || v.RetryAfter <= 0 || v.RetryAfter > time.Minute {
		t.Fatalf("Allow(6000) of an empty bucket = %+v, want refused for up to a minute", v)
	}
	h.Wait(200 * time.Millisecond)
	if v := h.Shared.Limits.Allow(t.Context(), "k", r, 20); !v.Allowed {
		t.Errorf("Allow(20) after 200 ms at 100/s = %+v, want allowed", v)
	}
	v = h.Shared.Limits.Allow(t.Context(), "k", r, 100)
	h.Wait(v.RetryAfter)
	if v := h.Shared.Limits.Allow(t.Context(), "k", r, 100); !v.Allowed {
		t.Errorf("Allow(100) after RetryAfter = %+v, want allowed", v)
	}
}

// What is remembered of a bucket is taken for no worse than empty, by the rate
// of today.
func testStricterRate(t *testing.T, h Harness) {
	wantAllowed(t, h, "k", slow(100), 100, 0)
	r := replica.Rate{Burst: 2, Refill: 1, Per: 100 * time.Millisecond}
	wantRefused(t, h, "k", r, 2, 0, 199*time.Millisecond, 200*time.Millisecond)
	h.Wait(200 * time.Millisecond)
	wantAllowed(t, h, "k", r, 2, 0)
}

func testLargeRates(t *testing.T, h Harness) {
	const many = 1<<63 - 1
	for i, r := range []replica.Rate{
		{Burst: many, Refill: many, Per: 1},
		{Burst: many, Refill: 1, Per: many},
		{Burst: 1, Refill: 1, Per: many},
	} {
		if v := h.Shared.Limits.Allow(t.Context(), strconv.Itoa(i), r, 1); !v.Allowed || v.Remaining < 0 {
			t.Errorf("Allow at %v = %+v, want allowed", r, v)
		}
	}
}

func testCallersAtOnce(t *testing.T, h Harness) {
	replicas := []replica.Shared{h.Shared, h.Shared}
	if h.Another != nil {
		replicas[1] = h.Another()
	}
	const burst = 50
	var allowed atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range burst / 4 {
				if replicas[i%2].Limits.Allow(t.Context(), "k", slow(burst), 1).Allowed {
					allowed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if n := allowed.Load(); n != burst {
		t.Errorf("%d of %d calls at once were allowed, want %d", n, 8*(burst/4), burst)
	}
}
