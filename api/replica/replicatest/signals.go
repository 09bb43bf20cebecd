package replicatest

import (
	"fmt"
	"sync"
	"testing"

	"creditbank/api/replica"
)

var signalTests = []test{
	{"SignalsArriveInOrder", testSignals},
	{"TopicsAreToldApart", testTopics},
	{"PayloadsArriveAsSent", testPayloads},
	{"SlowSubscriberIsToldThatItMissedSome", testSlowSubscriber},
	{"CancelledSubscriptionEnds", testCancel},
	{"SubscribersComeAndGo", testComeAndGo},
}

// quiet checks that nothing waits in a channel: what is published by the
// replica that one subscribed at is there when Publish returns.
func quiet(t *testing.T, signals <-chan []byte) {
	t.Helper()
	select {
	case payload, open := <-signals:
		t.Errorf("got signal %q (open: %v), want none", payload, open)
	default:
	}
}

func testSignals(t *testing.T, h Harness) {
	h.Shared.Signals.Publish(t.Context(), "t", []byte("before"))
	one, cancelOne := h.Shared.Signals.Subscribe("t")
	two, cancelTwo := h.Shared.Signals.Subscribe("t")
	defer cancelOne()
	defer cancelTwo()
	for i := range 20 {
		h.Shared.Signals.Publish(t.Context(), "t", fmt.Append(nil, i))
	}
	for _, signals := range []<-chan []byte{one, two} {
		for i := range 20 {
			if got := Receive(t, signals); string(got) != fmt.Sprint(i) {
				t.Fatalf("signal %d = %q", i, got)
			}
		}
		quiet(t, signals)
	}
	s := h.Shared.Stats()
	if s.SignalsSent != 21 || s.SignalsLost != 0 || s.Subscribers != 2 {
		t.Errorf("Stats count %d sent, %d lost, %d subscribers; want 21, 0, 2", s.SignalsSent, s.SignalsLost, s.Subscribers)
	}
}

func testTopics(t *testing.T, h Harness) {
	channels := make([]<-chan []byte, len(ids))
	for i, topic := range ids {
		var cancel func()
		channels[i], cancel = h.Shared.Signals.Subscribe(topic)
		defer cancel()
	}
	for _, topic := range ids {
		h.Shared.Signals.Publish(t.Context(), topic, []byte("for "+topic))
	}
	for i, topic := range ids {
		if got := Receive(t, channels[i]); string(got) != "for "+topic {
			t.Errorf("signal of topic %q = %q", topic, got)
		}
		quiet(t, channels[i])
	}
}

func testPayloads(t *testing.T, h Harness) {
	signals, cancel := h.Shared.Signals.Subscribe("t")
	defer cancel()
	given := []byte("\x00\xff学分\n")
	h.Shared.Signals.Publish(t.Context(), "t", given)
	given[0] = 'X'
	if got := Receive(t, signals); string(got) != "\x00\xff学分\n" {
		t.Errorf("signal = %q", got)
	}
	for _, empty := range [][]byte{nil, {}} {
		h.Shared.Signals.Publish(t.Context(), "t", empty)
		if got := Receive(t, signals); got != nil {
			t.Errorf("empty signal = %#v, want nil", got)
		}
	}
}

// Whatever is lost, a nil comes after it.
func testSlowSubscriber(t *testing.T, h Harness) {
	signals, cancel := h.Shared.Signals.Subscribe("t")
	defer cancel()
	const n = 1000
	for i := 1; i <= n; i++ {
		h.Shared.Signals.Publish(t.Context(), "t", fmt.Append(nil, i))
	}
	for i := 1; ; i++ {
		got := Receive(t, signals)
		if got == nil {
			if i == 1 || i > n {
				t.Errorf("signal %d is the nil", i)
			}
			if lost := h.Shared.Stats().SignalsLost; lost != uint64(n-i+1) {
				t.Errorf("Stats count %d lost, want %d", lost, n-i+1)
			}
			break
		}
		if string(got) != fmt.Sprint(i) {
			t.Fatalf("signal %d = %q", i, got)
		}
	}
	quiet(t, signals)
	h.Shared.Signals.Publish(t.Context(), "t", []byte("again"))
	if got := Receive(t, signals); string(got) != "again" {
		t.Errorf("signal once there is room = %q", got)
	}
}

func wantClosed(t *testing.T, signals <-chan []byte) {
	t.Helper()
	for range signals { // hangs, and so fails, if it is not
	}
}

func testCancel(t *testing.T, h Harness) {
	gone, cancel := h.Shared.Signals.Subscribe("t")
	stays, cancelStays := h.Shared.Signals.Subscribe("t")
	defer cancelStays()
	cancel()
	cancel()
	wantClosed(t, gone)
	h.Shared.Signals.Publish(t.Context(), "t", []byte("x"))
	if got := Receive(t, stays); string(got) != "x" {
		t.Errorf("signal = %q", got)
	}
	if n := h.Shared.Stats().Subscribers; n != 1 {
		t.Errorf("Stats count %d subscribers, want 1", n)
	}
}

func testComeAndGo(t *testing.T, h Harness) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 50 {
				signals, cancel := h.Shared.Signals.Subscribe("t")
				if i%2 == 0 {
					Receive(t, signals)
				}
				cancel()
				wantClosed(t, signals)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for {
		select {
		case <-done:
			if n := h.Shared.Stats().Subscribers; n != 0 {
				t.Errorf("Stats count %d subscribers, want none", n)
			}
			return
		default:
			h.Shared.Signals.Publish(t.Context(), "t", []byte("x"))
		}
	}
}

var lifeTests = []test{
	{"HealthyWhenOpened", testHealthy},
	{"GoesOnAloneAfterClose", testClosed},
}

func testHealthy(t *testing.T, h Harness) {
	if err := h.Shared.Health(t.Context()); err != nil {
		t.Errorf("Health = %v", err)
	}
	if got := h.Shared.Stats(); got != (replica.Stats{}) {
		t.Errorf("Stats of a new Shared = %+v, want zeros", got)
	}
}

func testClosed(t *testing.T, h Harness) {
	signals, cancel := h.Shared.Signals.Subscribe("t")
	for range 2 {
		if err := h.Shared.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	}
	wantClosed(t, signals)
	cancel()
	late, cancel := h.Shared.Signals.Subscribe("t")
	wantClosed(t, late)
	cancel()
	h.Shared.Signals.Publish(t.Context(), "t", []byte("x"))
	wantAllowed(t, h, "k", slow(1), 1, 0)
	h.Shared.Denied.Deny(t.Context(), "a", h.Now().Add(sureOf))
	wantDenied(t, h, "a", true)
	h.Shared.Sessions.Set(t.Context(), "k", []byte("x"), sureOf)
	h.Shared.Sessions.Delete(t.Context(), "k")
	wantMiss(t, h, "k")
}
