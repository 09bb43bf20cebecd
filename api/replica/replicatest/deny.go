package replicatest

import (
	"fmt"
	"testing"
	"time"

	"creditbank/api/replica"
)

var denyTests = []test{
	{"TokenIsDeniedUntilItExpires", testDenied},
	{"DenialIsExtendedNotShortened", testExtended},
	{"ExpiredTokensAreNotKept", testDenyExpired},
	{"EntriesOfTheDatabaseAreMerged", testMerge},
	{"IDsAreToldApart", testIDs},
}

// sureOf is a time no test takes.
const sureOf = time.Hour

func wantDenied(t *testing.T, h Harness, jti string, want bool) {
	t.Helper()
	if got := h.Shared.Denied.Denied(jti); got != want {
		t.Errorf("Denied(%q) = %v, want %v", jti, got, want)
	}
}

func testDenied(t *testing.T, h Harness) {
	wantDenied(t, h, "a", false)
	h.Shared.Denied.Deny(t.Context(), "a", h.Now().Add(sureOf))
	h.Shared.Denied.Deny(t.Context(), "b", h.Now().Add(300*time.Millisecond))
	wantDenied(t, h, "a", true)
	h.Wait(301 * time.Millisecond) // up to a millisecond is added where it is stored
	wantDenied(t, h, "a", true)
	wantDenied(t, h, "b", false)
	Eventually(t, "one token is on the list", func() bool { return h.Shared.Stats().Denied == 1 })
}

func testExtended(t *testing.T, h Harness) {
	h.Shared.Denied.Deny(t.Context(), "a", h.Now().Add(200*time.Millisecond))
	h.Shared.Denied.Deny(t.Context(), "a", h.Now().Add(sureOf))
	h.Shared.Denied.Deny(t.Context(), "a", h.Now().Add(100*time.Millisecond))
	h.Shared.Denied.Deny(t.Context(), "a", h.Now().Add(-time.Second))
	h.Wait(201 * time.Millisecond)
	wantDenied(t, h, "a", true)
	h.Shared.Denied.Deny(t.Context(), "b", h.Now().Add(sureOf)) // drops what expired
	wantDenied(t, h, "a", true)
	if n := h.Shared.Stats().Denied; n != 2 {
		t.Errorf("Stats count %d denied, want 2", n)
	}
}

func testDenyExpired(t *testing.T, h Harness) {
	h.Shared.Denied.Deny(t.Context(), "past", h.Now().Add(-time.Second))
	h.Shared.Denied.Deny(t.Context(), "zero", time.Time{})
	h.Shared.Denied.Merge([]replica.Denial{{JTI: "now", Until: h.Now()}})
	for _, jti := range []string{"past", "zero", "now"} {
		wantDenied(t, h, jti, false)
	}
	if n := h.Shared.Stats().Denied; n != 0 {
		t.Errorf("Stats count %d denied, want none", n)
	}
}

func testMerge(t *testing.T, h Harness) {
	h.Shared.Denied.Deny(t.Context(), "own", h.Now().Add(sureOf))
	var entries []replica.Denial
	for i := range 2000 {
		entries = append(entries, replica.Denial{JTI: fmt.Sprint(i), Until: h.Now().Add(sureOf)})
	}
	for range 2 {
		h.Shared.Denied.Merge(entries)
	}
	h.Shared.Denied.Merge(nil)
	for _, jti := range []string{"own", "0", "1000", "1999"} {
		wantDenied(t, h, jti, true)
	}
	wantDenied(t, h, "2000", false)
	if n := h.Shared.Stats().Denied; n != 2001 {
		t.Errorf("Stats count %d denied, want 2001", n)
	}
}

// ids are such that some would be one if they were joined, cut or folded.
var ids = []string{"", " ", "a", "A", "a b", "a\nb", "a:b", "#", "学分", "\x00", "\xff", "\xfe", "5 a"}

func testIDs(t *testing.T, h Harness) {
	for _, jti := range ids {
		wantDenied(t, h, jti, false)
		h.Shared.Denied.Deny(t.Context(), jti, h.Now().Add(sureOf))
		wantDenied(t, h, jti, true)
	}
}
