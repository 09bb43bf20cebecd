package accesstest

import (
	"errors"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/storetest"
)

var sessionTests = []test{
	{"SessionEndsWhenItIsNotUsed", testIdle},
	{"SessionEndsAfterTwelveHours", testTwelveHours},
	{"SessionUseIsNotedOnceAMinute", testNoted},
	{"SessionIsEnded", testEnded},
	{"SessionOfADisabledAccount", testDisabledSession},
	{"TokensAreRevoked", testTokens},
	{"PurgeOfTheRegistry", testRegistryPurge},
}

// session begins a session of 王芳.
func session(t testing.TB, w *World) (access.Account, string) {
	t.Helper()
	a := w.Staff(t, "王芳", "I04", Grant(access.Clerk, "institution:I04"))
	token, _, err := w.NewSession(t.Context(), a)
	must(t, err)
	if len(token) != 43 {
		t.Errorf("a token of %d characters; want 43, of 32 bytes", len(token))
	}
	return a, token
}

func wantSession(t testing.TB, w *World, token string, want bool) {
	t.Helper()
	_, _, err := w.Session(t.Context(), token)
	if want && err != nil {
		t.Errorf("Session: %v", err)
	}
	if !want {
		wantCode(t, "Session", err, creditbank.ErrForbidden, access.CodeSessionEnded)
	}
}

func testIdle(t *testing.T, h Harness) {
	w := NewWorld(t, h)
	a, token := session(t, w)
	s, p, err := w.Session(t.Context(), token)
	must(t, err)
	want := access.Session{Account: a.ID, Started: w.Now(), Seen: w.Now(), Expires: w.Now().Add(30 * time.Minute)}
	if diff := gocmp.Diff(want, s); diff != "" {
		t.Errorf("Session differs (-want +got):\n%s", diff)
	}
	if diff := gocmp.Diff(a.Principal(), p); diff != "" {
		t.Errorf("Principal of the session differs (-want +got):\n%s", diff)
	}
	w.Pass(30*time.Minute - time.Microsecond)
	wantSession(t, w, token, true)
	w.Pass(30*time.Minute - time.Microsecond)
	wantSession(t, w, token, true)
	w.Pass(30 * time.Minute)
	wantSession(t, w, token, false)
	wantSession(t, w, token+"A", false)
	wantSession(t, w, "", false)
}

func testTwelveHours(t *testing.T, h Harness) {
	w := NewWorld(t, h)
	_, token := session(t, w)
	for range 12*60/20 - 1 {
		w.Pass(20 * time.Minute)
		wantSession(t, w, token, true)
	}
	w.Pass(20*time.Minute - time.Microsecond)
	wantSession(t, w, token, true)
	w.Pass(time.Microsecond)
	wantSession(t, w, token, false)
}

func testNoted(t *testing.T, h Harness) {
	w := NewWorld(t, h)
	_, token := session(t, w)
	version := func() int {
		t.Helper()
		all, err := h.Store.List(t.Context(), access.KindSession, "", 10)
		must(t, err)
		return all[0].Version
	}
	for i, d := range []time.Duration{time.Second, 58 * time.Second, time.Second, 59 * time.Second} {
		w.Pass(d)
		wantSession(t, w, token, true)
		wantSession(t, w, token, true)
		if want := 1 + i/2; version() != want {
			t.Errorf("after %v of it the session is at version %d; want %d", d, version(), want)
		}
	}
	w.Pass(time.Minute)
	w.Store.Fail(storetest.BeforeCommit) // a session is no worse for it
	wantSession(t, w, token, true)
	if version() != 2 {
		t.Errorf("the session is at version %d in spite of the fault", version())
	}
	wantSession(t, w, token, true)
	if version() != 3 {
		t.Errorf("the session is at version %d; want 3", version())
	}
}

func testEnded(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	a, token := session(t, w)
	other, _, err := w.NewSession(ctx, a)
	must(t, err)
	w.Store.Fail(storetest.Unknown)
	if err := w.EndSession(ctx, token); !errors.Is(err, creditbank.ErrOutcomeUnknown) {
		t.Errorf("EndSession with a fault: %v", err)
	}
	wantSession(t, w, token, true)
	for range 2 {
		must(t, w.EndSession(ctx, token))
		wantSession(t, w, token, false)
	}
	must(t, w.EndSession(ctx, "none"))
	wantSession(t, w, other, true)
}

func testDisabledSession(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	a, token := session(t, w)
	_, err := w.SetGrants(ctx, w.Owner, a.ID, nil)
	must(t, err)
	_, p, err := w.Session(ctx, token)
	must(t, err)
	if len(p.Grants) != 0 {
		t.Errorf("the session still grants %v", p.Grants)
	}
	_, err = w.Disable(ctx, w.Owner, a.ID)
	must(t, err)
	_, _, err = w.Session(ctx, token)
	wantCode(t, "Session of a disabled account", err, creditbank.ErrForbidden, access.CodePrincipalDisabled)
	_, err = w.Enable(ctx, w.Owner, a.ID)
	must(t, err)
	wantSession(t, w, token, false) // it does not come back
}

func testTokens(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	who := creditbank.Caller{ID: "client:school-1"}
	start := w.Now()
	w.Store.Fail(storetest.AfterCommit)
	if err := w.RevokeToken(ctx, who, "t-1", start.Add(time.Hour)); !errors.Is(err, creditbank.ErrOutcomeUnknown) {
		t.Errorf("RevokeToken with a fault: %v", err)
	}
	must(t, w.RevokeToken(ctx, who, "t-1", start.Add(time.Hour)))
	w.Pass(time.Minute)
	must(t, w.RevokeToken(ctx, who, "t-0", start.Add(2*time.Hour+1)))
	first := access.RevokedToken{JTI: "t-1", By: who, At: start, Expires: start.Add(time.Hour)}
	later := access.RevokedToken{JTI: "t-0", By: who, At: start.Add(time.Minute), Expires: start.Add(2*time.Hour + time.Microsecond)}
	check := func(since time.Time, want ...access.RevokedToken) {
		t.Helper()
		got, err := w.Revoked(ctx, since)
		must(t, err)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("Revoked since %v differs (-want +got):\n%s", since, diff)
		}
	}
	check(time.Time{}, later, first)
	check(start, later, first)
	check(start.Add(time.Second), later)
	w.Pass(time.Hour)
	check(time.Time{}, later)
	wantCode(t, "RevokeToken of nothing", w.RevokeToken(ctx, who, "", start), creditbank.ErrInvalid, creditbank.CodeMissing)
	wantCode(t, "RevokeToken for ever", w.RevokeToken(ctx, who, "t-2", time.Time{}), creditbank.ErrInvalid, creditbank.CodeMissing)
	wantCode(t, "RevokeToken by nobody", w.RevokeToken(ctx, creditbank.Caller{}, "t-2", start), creditbank.ErrInvalid, creditbank.CodeMissing)
}

func testRegistryPurge(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	a, token := session(t, w)
	by := w.Owner
	by.Key = "k"
	_, err := w.OpenClient(ctx, by, newClient("c-1"))
	must(t, err)
	n := audited(t, w)
	w.Pass(24 * time.Hour)
	if purged, err := w.Purge(ctx); purged != 1 || err != nil { // the session
		t.Errorf("Purge after a day = %d, %v; want 1", purged, err)
	}
	wantSession(t, w, token, false)
	w.Pass(30 * 24 * time.Hour)
	if purged, err := w.Purge(ctx); purged != 2 || err != nil { // the code and the answer
		t.Errorf("Purge after a month = %d, %v; want 2", purged, err)
	}
	if after := audited(t, w); after != n {
		t.Errorf("purging left %d of %d records", after, n)
	}
	_, err = w.Login(ctx, a.Number, Password)
	must(t, err)
	if name, err := w.Name(ctx, a); name != "王芳" || err != nil {
		t.Errorf("Name = %q, %v", name, err)
	}
}
