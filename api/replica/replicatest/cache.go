package replicatest

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

var cacheTests = []test{
	{"ValueIsReadBack", testValue},
	{"ValueIsReplacedAndDeleted", testReplaced},
	{"ValueExpires", testValueExpires},
	{"ValuesAreTheCallersOwn", testOwnValues},
	{"SessionKeysAreToldApart", testSessionKeys},
}

func wantValue(t *testing.T, h Harness, key string, want []byte) {
	t.Helper()
	got, ok := h.Shared.Sessions.Get(t.Context(), key)
	if !ok || !bytes.Equal(got, want) {
		t.Errorf("Get(%.40q) = %.40q, %v; want %.40q", key, got, ok, want)
	}
}

func wantMiss(t *testing.T, h Harness, key string) {
	t.Helper()
	if got, ok := h.Shared.Sessions.Get(t.Context(), key); ok {
		t.Errorf("Get(%.40q) = %.40q, want a miss", key, got)
	}
}

func testValue(t *testing.T, h Harness) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for name, value := range map[string][]byte{"empty": {}, "nil": nil, "every": every, "large": bytes.Repeat(every, 1<<10)} {
		wantMiss(t, h, name)
		h.Shared.Sessions.Set(t.Context(), name, value, sureOf)
		wantValue(t, h, name, value)
	}
	s := h.Shared.Stats()
	if s.SessionHits != 4 || s.SessionMisses != 4 {
		t.Errorf("Stats count %d hits, %d misses; want 4, 4", s.SessionHits, s.SessionMisses)
	}
}

func testReplaced(t *testing.T, h Harness) {
	set := h.Shared.Sessions.Set
	set(t.Context(), "k", []byte("one"), sureOf)
	set(t.Context(), "k", []byte("two"), sureOf)
	wantValue(t, h, "k", []byte("two"))
	h.Shared.Sessions.Delete(t.Context(), "k")
	wantMiss(t, h, "k")
	h.Shared.Sessions.Delete(t.Context(), "k")
	for _, ttl := range []time.Duration{0, -time.Second} {
		set(t.Context(), "k", []byte("three"), sureOf)
		wantValue(t, h, "k", []byte("three"))
		set(t.Context(), "k", []byte("four"), ttl)
		wantMiss(t, h, "k")
	}
}

func testValueExpires(t *testing.T, h Harness) {
	h.Shared.Sessions.Set(t.Context(), "short", []byte("x"), 200*time.Millisecond)
	h.Shared.Sessions.Set(t.Context(), "shortest", []byte("x"), 1)
	h.Shared.Sessions.Set(t.Context(), "long", []byte("x"), 200*time.Millisecond)
	h.Shared.Sessions.Set(t.Context(), "long", []byte("y"), sureOf)
	h.Wait(201 * time.Millisecond)
	wantMiss(t, h, "short")
	wantMiss(t, h, "shortest")
	wantValue(t, h, "long", []byte("y"))
}

func testOwnValues(t *testing.T, h Harness) {
	given := []byte("value")
	h.Shared.Sessions.Set(t.Context(), "k", given, sureOf)
	given[0] = 'X'
	got, _ := h.Shared.Sessions.Get(t.Context(), "k")
	wantValue(t, h, "k", []byte("value"))
	if len(got) > 0 {
		got[0] = 'Y'
	}
	wantValue(t, h, "k", []byte("value"))
}

func testSessionKeys(t *testing.T, h Harness) {
	for i, key := range ids {
		h.Shared.Sessions.Set(t.Context(), key, fmt.Append(nil, i), sureOf)
	}
	for i, key := range ids {
		wantValue(t, h, key, fmt.Append(nil, i))
	}
}
