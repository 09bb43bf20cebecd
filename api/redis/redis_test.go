package redis_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"creditbank/api/redis"
	"creditbank/api/redis/redistest"
	"creditbank/api/replica"
	"creditbank/api/replica/replicatest"
)

// A journal is the log of a replica.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// want checks that the lines are those, each by how it begins.
func (j *journal) want(t *testing.T, lines ...string) {
	t.Helper()
	got := strings.FieldsFunc(j.String(), func(r rune) bool { return r == '\n' })
	ok := len(got) == len(lines)
	for i := 0; ok && i < len(lines); i++ {
		ok = strings.Contains(got[i], lines[i])
	}
	if !ok {
		t.Errorf("log is\n%s\nwant %q", j, lines)
	}
}

// ample is a timeout for tests in which Redis is there: however slow the
// machine is, it counts as there.
const ample = 20 * time.Second

func config(url string) redis.Config {
	return redis.Config{
		URL: url, Prefix: "test", Timeout: ample,
		Log: slog.New(slog.DiscardHandler), Clock: time.Now, Random: rand.Reader,
	}
}

func open(t *testing.T, c redis.Config) replica.Shared {
	t.Helper()
	s, err := redis.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// openLogged is open with a journal.
func openLogged(t *testing.T, c redis.Config) (replica.Shared, *journal) {
	t.Helper()
	j := &journal{}
	c.Log = slog.New(slog.NewTextHandler(j, nil))
	return open(t, c), j
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRedis(t *testing.T) {
	s := redistest.New(t, redistest.Options{})
	runs := 0
	replicatest.Run(t, func(t *testing.T) replicatest.Harness {
		runs++
		c := config(s.URL())
		c.Prefix = fmt.Sprintf("run%d", runs)
		return replicatest.Harness{
			Shared: open(t, c), Another: func() replica.Shared { return open(t, c) },
			Wait: time.Sleep, Now: time.Now,
		}
	})
}

// daily is a rate that gives nothing back while a test runs.
func daily(burst int) replica.Rate {
	return replica.Rate{Burst: burst, Refill: 1, Per: 24 * time.Hour}
}

func inAnHour() time.Time { return time.Now().Add(time.Hour) }

func TestServicesOnOneRedisAreApart(t *testing.T) {
	s := redistest.New(t, redistest.Options{})
	var services []replica.Shared
	for _, prefix := range []string{"a", "a.b", ""} {
		c := config(s.URL())
		c.Prefix = prefix
		services = append(services, open(t, c))
	}
	var heard []<-chan []byte
	for _, one := range services {
		signals, cancel := one.Signals.Subscribe("t")
		defer cancel()
		heard = append(heard, signals)
	}
	for i, one := range services {
		name := fmt.Sprint(i)
		if v := one.Limits.Allow(t.Context(), "k", daily(1), 1); !v.Allowed {
			t.Errorf("service %d: the first request is refused", i)
		}
		if value, ok := one.Sessions.Get(t.Context(), "k"); ok {
			t.Errorf("service %d finds the session %q", i, value)
		}
		one.Sessions.Set(t.Context(), "k", []byte(name), time.Hour)
		one.Denied.Deny(t.Context(), name, inAnHour())
		one.Signals.Publish(t.Context(), "t", []byte(name))
	}
	for i, one := range services {
		if got := replicatest.Receive(t, heard[i]); string(got) != fmt.Sprint(i) {
			t.Errorf("service %d hears %q", i, got)
		}
		if n := one.Stats().Denied; n != 1 {
			t.Errorf("service %d denies %d tokens, want its own", i, n)
		}
	}
}

// No key of a caller can be read in Redis.
func TestKeysAreDigests(t *testing.T) {
	s := redistest.New(t, redistest.Options{})
	one := open(t, config(s.URL()))
	one.Limits.Allow(t.Context(), "person@example.org", daily(1), 1)
	one.Sessions.Set(t.Context(), "cookie", []byte("x"), time.Hour)
	one.Denied.Deny(t.Context(), "token", inAnHour())
	for pattern, want := range map[string]string{"*person*": "*0", "*cookie*": "*0", "test:limit:*": "*1", "test:session:*": "*1"} {
		got, err := s.Do(t.Context(), "KEYS", pattern)
		if err != nil || got != want {
			t.Errorf("KEYS %s = %q, %v; want %q", pattern, got, err, want)
		}
	}
	// All of it expires by itself.
	replicatest.Eventually(t, "nothing is kept for good", func() bool {
		n, err := s.Do(t.Context(), "EVAL", "local n = 0 for _, k in ipairs(redis.call('KEYS', '*')) do if redis.call('PTTL', k) < 0 then n = n + 1 end end return n", "0")
		return err == nil && n == ":0"
	})
}

// A denial does not wait until the lists are compared: it is sent.
func TestDenialsAreSent(t *testing.T) {
	s := redistest.New(t, redistest.Options{})
	one := open(t, config(s.URL()))
	client := goredis.NewClient(&goredis.Options{Network: "unix", Addr: s.Socket(), ReadTimeout: replicatest.Patience})
	defer client.Close()
	sub := client.Subscribe(t.Context(), "test:messages")
	defer sub.Close()
	_, err := sub.Receive(t.Context())
	must(t, err)
	for range 2 { // what is on the list already is not news
		one.Denied.Deny(t.Context(), "a", time.Unix(4e9, 0))
	}
	one.Denied.Deny(t.Context(), "b", time.Unix(4e9, 0))
	for _, want := range []string{`{"denied":[{"jti":"YQ==","until":4000000000000}]}`, `{"denied":[{"jti":"Yg==","until":4000000000000}]}`} {
		got, err := sub.ReceiveTimeout(t.Context(), replicatest.Patience)
		m, ok := got.(*goredis.Message)
		if err != nil || !ok || m.Payload != want {
			t.Fatalf("message = %v, %v; want %s", got, err, want)
		}
	}

	// And what is sent is heard, though it stands nowhere.
	must(t, client.Publish(t.Context(), "test:messages", `{"denied":[{"jti":"Yw==","until":4000000000000}]}`).Err())
	eventuallyDenied(t, one, "c")
}

// What others send on the channel harms nothing.
func TestStrangeMessagesArePassedOver(t *testing.T) {
	s := redistest.New(t, redistest.Options{})
	one, other := open(t, config(s.URL())), open(t, config(s.URL()))
	signals, cancel := one.Signals.Subscribe("t")
	defer cancel()
	for _, text := range []string{"x", "{}", "[]", "null", `{"from":1}`, `{"denied":[{}]}`, `{"denied":[{"jti":"eA==","until":-9e18}]}`, `{"later":true}`} {
		_, err := s.Do(t.Context(), "PUBLISH", "test:messages", text)
		must(t, err)
	}
	other.Signals.Publish(t.Context(), "t", []byte("after"))
	if got := replicatest.Receive(t, signals); string(got) != "after" {
		t.Errorf("signal = %q, want the one after", got)
	}
	if st := one.Stats(); st.Denied != 0 || st.Outages != 0 {
		t.Errorf("Stats = %+v, want nothing denied, no outage", st)
	}
}
