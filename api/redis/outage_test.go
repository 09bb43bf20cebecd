package redis_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"creditbank/api/redis/redistest"
	"creditbank/api/replica"
	"creditbank/api/replica/replicatest"
)

// stalledListener accepts connections, by way of the kernel, and never says a
// word.
func stalledListener(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// load uses a replica in every way from several goroutines, until stop is
// called; that returns how many tokens were denied. Each call must return, and
// what the replica did itself must hold.
func load(t *testing.T, s replica.Shared, name string) (stop func() int) {
	t.Helper()
	var denied atomic.Int64
	var wg sync.WaitGroup
	ended := make(chan struct{})
	for i := range 4 {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-ended:
					return
				default:
				}
				id := fmt.Sprintf("%s-%d-%d", name, i, n)
				start := time.Now()
				s.Limits.Allow(t.Context(), id, daily(5), 1)
				s.Sessions.Set(t.Context(), id, []byte(id), time.Hour)
				if value, ok := s.Sessions.Get(t.Context(), id); ok && string(value) != id {
					t.Errorf("session %s = %q", id, value)
				}
				s.Sessions.Delete(t.Context(), id)
				if value, ok := s.Sessions.Get(t.Context(), id); ok {
					t.Errorf("deleted session %s = %q", id, value)
				}
				if n%50 == 0 {
					s.Denied.Deny(t.Context(), id, inAnHour())
					denied.Add(1)
					if !s.Denied.Denied(id) {
						t.Errorf("%s is not denied", id)
					}
				}
				s.Signals.Publish(t.Context(), "load", []byte(id))
				if took := time.Since(start); took > replicatest.Patience {
					t.Errorf("round %s took %v", id, took)
				}
				time.Sleep(time.Millisecond) // else a replica alone does in a second the work of an hour
			}
		})
	}
	// A test that fails stops the load, too.
	end := sync.OnceFunc(func() { close(ended); wg.Wait() })
	t.Cleanup(end)
	return func() int { end(); return int(denied.Load()) }
}

func eventuallyAway(t *testing.T, s replica.Shared, away bool) {
	t.Helper()
	replicatest.Eventually(t, fmt.Sprintf("Redis is away: %v", away), func() bool { return s.Stats().Away == away })
}

func eventuallyDenied(t *testing.T, s replica.Shared, jti string) {
	t.Helper()
	replicatest.Eventually(t, jti+" is denied", func() bool { return s.Denied.Denied(jti) })
}

// wantDeniedByAll waits until Redis and the replicas have n tokens on the list.
func wantDeniedByAll(t *testing.T, s *redistest.Server, n int, replicas ...replica.Shared) {
	t.Helper()
	replicatest.Eventually(t, fmt.Sprintf("all deny %d tokens", n), func() bool {
		for _, r := range replicas {
			if r.Stats().Denied != n {
				return false
			}
		}
		stored, err := s.Do(t.Context(), "ZCARD", "test:denied")
		return err == nil && stored == fmt.Sprintf(":%d", n)
	})
}

// awaitNil reads signals until one says "look for yourself".
func awaitNil(t *testing.T, signals <-chan []byte) {
	t.Helper()
	for replicatest.Receive(t, signals) != nil {
	}
}

func TestOpenWhileRedisIsAway(t *testing.T) {
	s := redistest.New(t, redistest.Options{})
	must(t, s.Kill())
	one, log := openLogged(t, config(s.URL()))
	if err := one.Health(t.Context()); err == nil {
		t.Error("Health without Redis = nil")
	}
	log.want(t, "redis is away")
	signals, cancel := one.Signals.Subscribe("t")
	defer cancel()
	one.Signals.Publish(t.Context(), "t", []byte("alone"))
	if got := replicatest.Receive(t, signals); string(got) != "alone" {
		t.Errorf("signal = %q", got)
	}
	one.Denied.Deny(t.Context(), "early", inAnHour())
	for want := 2; want >= 0; want-- {
		if v := one.Limits.Allow(t.Context(), "k", daily(3), 1); !v.Allowed || v.Remaining != want {
			t.Errorf("Allow = %+v, want %d remaining", v, want)
		}
	}
	if v := one.Limits.Allow(t.Context(), "k", daily(3), 1); v.Allowed {
		t.Error("without Redis there is no limit")
	}
	if n := one.Stats().LimitsAlone; n != 4 {
		t.Errorf("Stats count %d decided alone, want 4", n)
	}

	must(t, s.Restart(t.Context()))
	eventuallyAway(t, one, false)
	if err := one.Health(t.Context()); err != nil {
		t.Errorf("Health = %v", err)
	}
	awaitNil(t, signals)
	if other := open(t, config(s.URL())); !other.Denied.Denied("early") {
		t.Error("what was denied without Redis is not known to a replica that starts")
	}
	log.want(t, "redis is away", "redis is back")
}

// Redis is killed while two replicas are at work, and comes back empty.
func TestKilledUnderLoad(t *testing.T) {
	s := redistest.New(t, redistest.Options{})
	one, logOne := openLogged(t, config(s.URL()))
	two, logTwo := openLogged(t, config(s.URL()))
	signals, cancel := two.Signals.Subscribe("rare")
	defer cancel()
	one.Denied.Deny(t.Context(), "before", inAnHour())
	eventuallyDenied(t, two, "before")

	stopOne, stopTwo := load(t, one, "one"), load(t, two, "two")
	awaitRounds := func(n uint64) {
		from := one.Stats().SignalsSent
		replicatest.Eventually(t, "the load goes on", func() bool { return one.Stats().SignalsSent > from+n })
	}
	awaitRounds(100)
	must(t, s.Kill())
	eventuallyAway(t, one, true)
	eventuallyAway(t, two, true)
	awaitRounds(500)
	one.Denied.Deny(t.Context(), "meanwhile", inAnHour())
	must(t, s.Restart(t.Context()))
	eventuallyAway(t, one, false)
	eventuallyAway(t, two, false)
	awaitRounds(100)
	awaitNil(t, signals)
	eventuallyDenied(t, two, "meanwhile")
	wantDeniedByAll(t, s, 2+stopOne()+stopTwo(), one, two)
	if n, want := open(t, config(s.URL())).Stats().Denied, one.Stats().Denied; n != want {
		t.Errorf("a replica that starts denies %d tokens, want %d", n, want)
	}
	logOne.want(t, "redis is away", "redis is back")
	logTwo.want(t, "redis is away", "redis is back")
}

// All that Redis holds vanishes while two replicas are at work.
func TestFlushedUnderLoad(t *testing.T) {
	s := redistest.New(t, redistest.Options{})
	one, log := openLogged(t, config(s.URL()))
	two := open(t, config(s.URL()))
	one.Denied.Deny(t.Context(), "before", inAnHour())
	stopOne, stopTwo := load(t, one, "one"), load(t, two, "two")
	for range 5 {
		must(t, s.FlushAll(t.Context()))
		replicatest.Eventually(t, "the deny list is put back", func() bool {
			answer, err := s.Do(t.Context(), "ZSCORE", "test:denied", "before")
			return err == nil && answer != "$-1"
		})
	}
	wantDeniedByAll(t, s, 1+stopOne()+stopTwo(), one, two)
	log.want(t) // it was there all the time
}

// Redis accepts connections and never answers.
func TestHaltedUnderLoad(t *testing.T) {
	s := redistest.New(t, redistest.Options{})
	c := config(s.URL())
	c.Timeout = 200 * time.Millisecond
	one := open(t, c)
	signals, cancel := one.Signals.Subscribe("rare")
	defer cancel()
	stop := load(t, one, "one")
	must(t, s.Pause())
	t.Cleanup(func() { s.Resume() }) // of a server that was stopped: harmless
	eventuallyAway(t, one, true)
	st := one.Stats()
	replicatest.Eventually(t, "requests go around it", func() bool { return one.Stats().SignalsSent > st.SignalsSent+500 })
	// The requests of the first moment waited; those after did not try.
	if n := one.Stats().Failures; n > 20 {
		t.Errorf("%d calls waited for Redis, want a few", n)
	}
	must(t, s.Resume())
	eventuallyAway(t, one, false)
	awaitNil(t, signals)
	stop()
}

func TestStalledListener(t *testing.T) {
	c := config("redis://" + stalledListener(t))
	c.Timeout = 0 // the default
	one, log := openLogged(t, c)
	stop := load(t, one, "one")
	replicatest.Eventually(t, "requests go around it", func() bool { return one.Stats().SignalsSent > 500 })
	stop()
	if st := one.Stats(); st.Failures != 0 || !st.Away {
		t.Errorf("Stats = %+v, want nobody to have waited", st)
	}
	must(t, one.Close())
	log.want(t, "redis is away")
}

// What one replica changes while it is cut off reaches Redis, and with it the
// others, when it is back.
func TestCutOffReplica(t *testing.T) {
	s := redistest.New(t, redistest.Options{})
	p := newProxy(t, s.Socket(), nil)
	one, log := openLogged(t, config("redis://"+p.addr()))
	two := open(t, config(s.URL()))
	heard, cancel := two.Signals.Subscribe("t")
	defer cancel()
	own, cancelOwn := one.Signals.Subscribe("u")
	defer cancelOwn()
	for _, key := range []string{"deleted", "replaced", "left"} {
		one.Sessions.Set(t.Context(), key, []byte("old"), time.Hour)
	}
	wantSession := func(s replica.Shared, key, want string) {
		t.Helper()
		if value, _ := s.Sessions.Get(t.Context(), key); string(value) != want {
			t.Errorf("session %s = %q, want %q", key, value, want)
		}
	}

	p.Cut()
	eventuallyAway(t, one, true)
	one.Sessions.Delete(t.Context(), "deleted")
	one.Sessions.Set(t.Context(), "replaced", []byte("new"), time.Hour)
	one.Sessions.Delete(t.Context(), "never there")
	for _, key := range []string{"deleted", "replaced", "left"} {
		wantSession(one, key, "")
		wantSession(two, key, "old") // it cannot know
	}
	one.Denied.Deny(t.Context(), "by one", inAnHour())
	two.Denied.Deny(t.Context(), "by two", inAnHour())
	one.Signals.Publish(t.Context(), "t", []byte("lost"))
	two.Signals.Publish(t.Context(), "u", []byte("lost"))

	p.Heal()
	eventuallyAway(t, one, false)
	for _, of := range []replica.Shared{one, two} {
		wantSession(of, "deleted", "")
		wantSession(of, "replaced", "")
		wantSession(of, "left", "old")
	}
	eventuallyDenied(t, one, "by two")
	eventuallyDenied(t, two, "by one")
	for _, signals := range []<-chan []byte{heard, own} {
		if got := replicatest.Receive(t, signals); got != nil {
			t.Errorf("signal after an outage = %q, want nil", got)
		}
	}
	two.Sessions.Set(t.Context(), "deleted", []byte("again"), time.Hour)
	wantSession(one, "deleted", "again")
	if n := one.Stats().SignalsLost; n != 1 {
		t.Errorf("Stats count %d signals lost, want 1", n)
	}
	log.want(t, "redis is away", "redis is back")
}

// A Redis that only reads is no help, and is not taken for one that is back
// again and again.
func TestFullRedisIsAway(t *testing.T) {
	s := redistest.New(t, redistest.Options{Settings: []string{"--maxmemory", "1"}})
	one, log := openLogged(t, config(s.URL()))
	if err := one.Health(t.Context()); err == nil {
		t.Error("Health of a full Redis = nil")
	}
	one.Denied.Deny(t.Context(), "a", inAnHour())
	_, err := s.Do(t.Context(), "CONFIG", "SET", "maxmemory", "0")
	must(t, err)
	eventuallyAway(t, one, false)
	log.want(t, "redis is away", "redis is back")
}

// Two lists of one length can differ; that is found within a minute.
func TestDenyListsAreComparedWhole(t *testing.T) {
	s := redistest.New(t, redistest.Options{})
	c := config(s.URL())
	var ahead atomic.Int64
	c.Clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	one := open(t, c)
	one.Denied.Deny(t.Context(), "x", inAnHour())
	for _, command := range [][]string{
		{"ZADD", "test:denied", fmt.Sprint(inAnHour().UnixMilli()), "y"},
		{"ZREM", "test:denied", "x"},
	} {
		_, err := s.Do(t.Context(), command...)
		must(t, err)
	}
	ahead.Store(int64(time.Minute))
	eventuallyDenied(t, one, "y")
	replicatest.Eventually(t, "x is put back", func() bool {
		answer, err := s.Do(t.Context(), "ZSCORE", "test:denied", "x")
		return err == nil && answer != "$-1"
	})
}

// The caller who hangs up is no outage, and takes nothing back.
func TestCallerHangsUp(t *testing.T) {
	s := redistest.New(t, redistest.Options{})
	one, two := open(t, config(s.URL())), open(t, config(s.URL()))
	heard, cancel := two.Signals.Subscribe("t")
	defer cancel()
	one.Sessions.Set(t.Context(), "k", []byte("x"), time.Hour)
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	one.Limits.Allow(gone, "k", daily(1), 1)
	one.Sessions.Get(gone, "k")
	one.Sessions.Set(gone, "k", []byte("y"), time.Hour)
	if value, ok := one.Sessions.Get(t.Context(), "k"); ok && string(value) != "y" {
		t.Errorf("session that was replaced = %q", value)
	}
	one.Sessions.Delete(gone, "k")
	one.Signals.Publish(gone, "t", []byte("x"))
	one.Denied.Deny(gone, "a", inAnHour())
	if answer, err := s.Do(t.Context(), "ZSCORE", "test:denied", "a"); err != nil || answer == "$-1" {
		t.Errorf("score of what was denied = %q, %v", answer, err)
	}
	if value, ok := two.Sessions.Get(t.Context(), "k"); ok {
		t.Errorf("session that was deleted = %q", value)
	}
	eventuallyDenied(t, two, "a")
	if got := replicatest.Receive(t, heard); string(got) != "x" {
		t.Errorf("signal = %q", got)
	}
	if st := one.Stats(); st.Outages != 0 || st.Away {
		t.Errorf("Stats = %+v, want no outage", st)
	}
}
