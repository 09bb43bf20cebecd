package accesstest

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/storetest"
)

var activationTests = []test{
	{"ActivationFailuresAreAlike", testActivationFailures},
	{"CodeIsVoidAfterFiveTries", testTries},
	{"CodeServesOnceAtOnce", testOnceAtOnce},
	{"GuessesAtOnceAreCounted", testGuesses},
	{"ForgottenPassword", testForgotten},
	{"UnfitPasswords", testUnfit},
	{"ActivationWithFaults", testActivationFaults},
	{"ActivationByIdentity", testActivationIdentity},
}

// opened opens the account of 王芳 at I04.
func opened(t testing.TB, w *World) (access.Account, string) {
	t.Helper()
	a, code, err := w.OpenAccount(t.Context(), w.Owner, access.NewAccount{Name: "王芳", Institution: "I04"})
	must(t, err)
	return a, code
}

func wantNotActivated(t testing.TB, what string, err error) {
	t.Helper()
	wantCode(t, what, err, creditbank.ErrForbidden, access.CodeActivationFailed)
}

func testActivationFailures(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	a, code := opened(t, w)
	other, otherCode := opened(t, w)
	texts := map[string]bool{}
	for _, tt := range []struct {
		name         string
		number       creditbank.AccountNumber
		person, code string
	}{
		{"an account that is none", "100000000009", "王芳", code},
		{"a number that is none", "12", "王芳", code},
		{"another name", a.Number, "王芬", code},
		{"no name", a.Number, "", code},
		{"another code", a.Number, "王芳", "2222222222"},
		{"no code", a.Number, "王芳", ""},
		{"the code of another account", a.Number, "王芳", otherCode},
		{"another's account", other.Number, "王芳", code},
	} {
		before := w.Passwords.Hashed.Load()
		_, err := w.Activate(ctx, tt.number, tt.person, tt.code, Password)
		wantNotActivated(t, "Activate with "+tt.name, err)
		texts[err.Error()] = true
		if n := w.Passwords.Hashed.Load() - before; n != 1 {
			t.Errorf("Activate with %s hashed %d times; want once, as when it succeeds", tt.name, n)
		}
	}
	if len(texts) != 1 {
		t.Errorf("failures differ: %v", texts)
	}
	a, code = opened(t, w)
	w.Pass(14 * 24 * time.Hour)
	_, err := w.Activate(ctx, a.Number, "王芳", code, Password)
	wantNotActivated(t, "Activate after a fortnight", err)

	a, code = opened(t, w)
	w.Pass(14*24*time.Hour - time.Microsecond)
	got, err := w.Activate(ctx, a.Number, "王 芳", strings.ToLower(code[:5])+"-"+code[5:], Password)
	must(t, err)
	if !got.Active || got.ID != a.ID {
		t.Errorf("Activate = %+v", got)
	}
	_, err = w.Activate(ctx, a.Number, "王芳", code, Password)
	wantNotActivated(t, "Activate again", err)
	_, err = w.Login(ctx, a.Number, Password)
	must(t, err)
}

func testTries(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	for wrong, name := range map[int]string{4: "王芳", 5: "王芳", 6: "王芬"} {
		a, code := opened(t, w)
		for i := range wrong {
			guess, person := "2222222222", "王芳"
			if i%2 == 1 { // the code alone is a try, and so is the name
				guess, person = code, "王芬"
			}
			_, err := w.Activate(ctx, a.Number, person, guess, Password)
			wantNotActivated(t, "Activate", err)
		}
		_, err := w.Activate(ctx, a.Number, "王芳", code, Password)
		if (err == nil) != (wrong < 5) {
			t.Errorf("Activate after %d wrong tries (%s): %v", wrong, name, err)
		}
	}
}

func testOnceAtOnce(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	a, code := opened(t, w)
	var done atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := w.Activate(ctx, a.Number, "王芳", code, Password)
			if err == nil {
				done.Add(1)
			} else {
				wantNotActivated(t, "Activate beside another", err)
			}
		})
	}
	wg.Wait()
	if done.Load() != 1 {
		t.Errorf("a code served %d times", done.Load())
	}
}

// However many guess at once, five wrong guesses are all there are.
func testGuesses(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	a, code := opened(t, w)
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			_, err := w.Activate(ctx, a.Number, "王芳", "2222222222", Password)
			wantNotActivated(t, "Activate", err)
		})
	}
	wg.Wait()
	_, err := w.Activate(ctx, a.Number, "王芳", code, Password)
	wantNotActivated(t, "Activate after twelve guesses", err)
	rec, err := h.Store.Get(ctx, access.KindCode, string(a.ID), 0)
	must(t, err)
	if rec.Version != 1+5 {
		t.Errorf("the code is at version %d; want five tries on record", rec.Version)
	}
}

func testForgotten(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	a := w.Staff(t, "王芳", "I04")
	token, _, err := w.NewSession(ctx, a)
	must(t, err)
	old, err := w.NewCode(ctx, w.Owner, a.ID)
	must(t, err)
	code, err := w.NewCode(ctx, w.Owner, a.ID)
	must(t, err)
	_, err = w.Activate(ctx, a.Number, "王芳", old, Password+"2")
	wantNotActivated(t, "Activate with the code before", err)
	_, err = w.Login(ctx, a.Number, Password) // until the code is used
	must(t, err)
	_, _, err = w.Session(ctx, token)
	must(t, err)
	for range 12 {
		_, _ = w.Login(ctx, a.Number, "a wrong password") // locks the account
	}
	_, err = w.Activate(ctx, a.Number, "王芳", code, Password+"2")
	must(t, err)
	_, err = w.Login(ctx, a.Number, Password+"2") // and is unlocked
	must(t, err)
	_, err = w.Login(ctx, a.Number, Password)
	wantCode(t, "Login with the password before", err, creditbank.ErrForbidden, access.CodeLoginFailed)
	_, _, err = w.Session(ctx, token)
	wantCode(t, "Session of before", err, creditbank.ErrForbidden, access.CodeSessionEnded)
}

func testUnfit(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	a, code := opened(t, w)
	n := string(a.Number)
	for _, bad := range []string{
		"", "123456789", "一二三四五六七八九", strings.Repeat("长", 201), n, n[:4] + " " + n[4:8] + "-" + n[8:], "1234567890", "QWERTYUIOP",
		"woaini1314", "xxxxxxxxxxxx", "一一一一一一一一一一", "not utf-8 \xff\xff\xff",
	} {
		_, err := w.Activate(ctx, a.Number, "王芳", code, bad)
		wantCode(t, "Activate with the password "+bad, err, creditbank.ErrInvalid, access.CodePassword)
		if len(bad) > 0 && strings.Contains(err.Error(), bad) {
			t.Errorf("the error repeats the password: %v", err)
		}
	}
	_, err := w.Activate(ctx, a.Number, "王芳", code, "一二三四五六七八九十")
	must(t, err)
	for _, bad := range []string{"short", n} {
		err := w.ChangePassword(ctx, a.ID, "一二三四五六七八九十", bad)
		wantCode(t, "ChangePassword to "+bad, err, creditbank.ErrInvalid, access.CodePassword)
	}
}

func testActivationFaults(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	for _, fault := range []storetest.Fault{storetest.BeforeCommit, storetest.AfterCommit, storetest.Unknown} {
		a, code := opened(t, w)
		w.Store.Fail(fault)
		if _, err := w.Activate(ctx, a.Number, "王芳", code, Password); !errors.Is(err, storetest.ErrInjected) {
			t.Errorf("Activate, %s: %v", fault, err)
		}
		// Whoever is told that nobody knows tries to log in, or activates again.
		_, loggedIn := w.Login(ctx, a.Number, Password)
		_, activated := w.Activate(ctx, a.Number, "王芳", code, Password)
		if made := fault == storetest.AfterCommit; (loggedIn == nil) != made || (activated == nil) == made {
			t.Errorf("after %s: Login %v, Activate %v", fault, loggedIn, activated)
		}
		_, err := w.Login(ctx, a.Number, Password)
		must(t, err)
		// A try that could not be put on record is not answered.
		a, code = opened(t, w)
		w.Store.Fail(fault)
		if _, err := w.Activate(ctx, a.Number, "王芳", "2222222222", Password); !errors.Is(err, storetest.ErrInjected) {
			t.Errorf("a wrong try, %s: %v", fault, err)
		}
		_, err = w.Activate(ctx, a.Number, "王芳", code, Password)
		must(t, err)
	}
}

// A code serves for an identity as for a password, and only for one of them.
func testActivationIdentity(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	const issuer = "https://login.example.edu"
	a, code := opened(t, w)
	for what, err := range map[string]error{
		"another name": errOf(w.ActivateIdentity(ctx, a.Number, "王芬", code, issuer, "wang")),
		"another code": errOf(w.ActivateIdentity(ctx, a.Number, "王芳", "2222222222", issuer, "wang")),
		"no account":   errOf(w.ActivateIdentity(ctx, "12", "王芳", code, issuer, "wang")),
	} {
		wantNotActivated(t, "ActivateIdentity with "+what, err)
	}
	before := w.Passwords.Hashed.Load()
	got, err := w.ActivateIdentity(ctx, a.Number, "王芳", code, issuer, "wang")
	must(t, err)
	if n := w.Passwords.Hashed.Load() - before; n != 1 || !got.Active || got.ID != a.ID {
		t.Errorf("ActivateIdentity = %+v after %d hashes", got, n)
	}
	found, err := w.ByIdentity(ctx, issuer, "wang")
	must(t, err)
	if found.ID != a.ID {
		t.Errorf("ByIdentity = %+v", found)
	}
	_, err = w.Login(ctx, a.Number, "")
	wantNoLogin(t, "Login without a password", err)
	wantNotActivated(t, "ActivateIdentity again", errOf(w.ActivateIdentity(ctx, a.Number, "王芳", code, issuer, "wang")))

	// Another's identity is not taken over, and the code is not used up by it.
	other, code := opened(t, w)
	err = errOf(w.ActivateIdentity(ctx, other.Number, "王芳", code, issuer, "wang"))
	wantCode(t, "ActivateIdentity with another's identity", err, creditbank.ErrConflict, creditbank.CodeDuplicate)
	_, err = w.Activate(ctx, other.Number, "王芳", code, Password)
	must(t, err)

	// Who gets a new code gets in anew, and nobody else does.
	logged, err := w.Login(ctx, other.Number, Password)
	must(t, err)
	session, _, err := w.NewSession(ctx, logged)
	must(t, err)
	code, err = w.NewCode(ctx, w.Owner, other.ID)
	must(t, err)
	_, err = w.ActivateIdentity(ctx, other.Number, "王芳", code, issuer, "fang")
	must(t, err)
	_, err = w.Login(ctx, other.Number, Password)
	wantNoLogin(t, "Login with the password of before", err)
	_, _, err = w.Session(ctx, session)
	wantCode(t, "Session of before", err, creditbank.ErrForbidden, access.CodeSessionEnded)
}

func errOf(_ access.Account, err error) error { return err }
