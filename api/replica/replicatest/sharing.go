package replicatest

import (
	"fmt"
	"testing"

	"creditbank/api/replica"
)

var sharingTests = []test{
	{"ReplicasCountTogether", testCountTogether},
	{"ReplicasHearOfDenials", testHearDenials},
	{"LateReplicaKnowsDenials", testLateReplica},
	{"DenialsOfTheDatabaseReachAll", testMergedReachAll},
	{"ReplicasShareSessions", testShareSessions},
	{"ReplicasHearSignals", testHearSignals},
	{"SlowSubscriberElsewhereIsTold", testSlowElsewhere},
}

func testCountTogether(t *testing.T, h Harness) {
	other := h
	other.Shared = h.Another()
	wantAllowed(t, h, "k", slow(3), 1, 2)
	wantAllowed(t, other, "k", slow(3), 1, 1)
	wantAllowed(t, h, "k", slow(3), 1, 0)
	if v := other.Shared.Limits.Allow(t.Context(), "k", slow(3), 1); v.Allowed {
		t.Errorf("the fourth of three is allowed: %+v", v)
	}
	if n := h.Shared.Stats().LimitsAlone + other.Shared.Stats().LimitsAlone; n != 0 {
		t.Errorf("%d were decided alone, want none", n)
	}
}

func eventuallyDenied(t *testing.T, s replica.Shared, jti string) {
	t.Helper()
	Eventually(t, fmt.Sprintf("%q is denied", jti), func() bool { return s.Denied.Denied(jti) })
}

func testHearDenials(t *testing.T, h Harness) {
	other := h.Another()
	for _, jti := range ids {
		h.Shared.Denied.Deny(t.Context(), jti, h.Now().Add(sureOf))
		eventuallyDenied(t, other, jti)
	}
	other.Denied.Deny(t.Context(), "back", h.Now().Add(sureOf))
	eventuallyDenied(t, h.Shared, "back")
}

func testLateReplica(t *testing.T, h Harness) {
	for _, jti := range ids {
		h.Shared.Denied.Deny(t.Context(), jti, h.Now().Add(sureOf))
	}
	late := h
	late.Shared = h.Another()
	for _, jti := range ids {
		wantDenied(t, late, jti, true)
	}
}

func testMergedReachAll(t *testing.T, h Harness) {
	other := h.Another()
	h.Shared.Denied.Merge([]replica.Denial{{JTI: "a", Until: h.Now().Add(sureOf)}})
	eventuallyDenied(t, other, "a")
}

func testShareSessions(t *testing.T, h Harness) {
	other := h
	other.Shared = h.Another()
	h.Shared.Sessions.Set(t.Context(), "k", []byte("one"), sureOf)
	wantValue(t, other, "k", []byte("one"))
	other.Shared.Sessions.Set(t.Context(), "k", []byte("two"), sureOf)
	wantValue(t, h, "k", []byte("two"))
	h.Shared.Sessions.Delete(t.Context(), "k")
	wantMiss(t, other, "k")
}

func testHearSignals(t *testing.T, h Harness) {
	other := h.Another()
	for _, topic := range ids {
		signals, cancel := other.Signals.Subscribe(topic)
		wrong, cancelWrong := other.Signals.Subscribe("not " + topic)
		own, cancelOwn := h.Shared.Signals.Subscribe(topic)
		for i := range 20 {
			h.Shared.Signals.Publish(t.Context(), topic, fmt.Appendf(nil, "\x00\xff%d", i))
		}
		h.Shared.Signals.Publish(t.Context(), topic, nil)
		for _, heard := range []<-chan []byte{own, signals} {
			for i := range 20 {
				if got, want := Receive(t, heard), fmt.Sprintf("\x00\xff%d", i); string(got) != want {
					t.Fatalf("signal of topic %q = %q, want %q", topic, got, want)
				}
			}
			if got := Receive(t, heard); got != nil {
				t.Errorf("empty signal of topic %q = %q, want nil", topic, got)
			}
		}
		other.Signals.Publish(t.Context(), topic, []byte("answer"))
		if got := Receive(t, own); string(got) != "answer" {
			t.Errorf("signal of topic %q = %q, want the answer, and its own once only", topic, got)
		}
		quiet(t, wrong)
		cancel()
		cancelWrong()
		cancelOwn()
	}
}

func testSlowElsewhere(t *testing.T, h Harness) {
	other := h.Another()
	signals, cancel := other.Signals.Subscribe("t")
	defer cancel()
	const n = 1000
	for i := range n {
		h.Shared.Signals.Publish(t.Context(), "t", fmt.Append(nil, i))
	}
	// By then all have been offered to the subscriber.
	end, cancelEnd := other.Signals.Subscribe("end")
	defer cancelEnd()
	h.Shared.Signals.Publish(t.Context(), "end", []byte("x"))
	Receive(t, end)
	for i := 0; ; i++ {
		got := Receive(t, signals)
		if got == nil {
			break
		}
		if i == n-1 || string(got) != fmt.Sprint(i) {
			t.Fatalf("signal %d = %q, want the nil before the last", i, got)
		}
	}
}
