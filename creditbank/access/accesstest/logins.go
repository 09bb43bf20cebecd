package accesstest

import (
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/access/password"
	"creditbank/creditbank/storetest"
	"creditbank/creditbank/vault"
)

var loginTests = []test{
	{"LoginFailuresAreAlike", testLoginFailures},
	{"TenFailuresLock", testLock},
	{"GuessesOfManyLock", testLockAtOnce},
	{"PasswordIsChanged", testChangePassword},
	{"WeakHashIsMadeAnew", testRehash},
	{"PasswordIsReplacedMeanwhile", testMeanwhile},
	{"LoginWithArgon2", testArgon2},
}

func wantNoLogin(t testing.TB, what string, err error) {
	t.Helper()
	wantCode(t, what, err, creditbank.ErrForbidden, access.CodeLoginFailed)
}

func testLoginFailures(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	a := w.Staff(t, "王芳", "I04")
	inactive, _ := opened(t, w)
	off := w.Staff(t, "李强", "I04")
	_, err := w.Disable(ctx, w.Owner, off.ID)
	must(t, err)
	texts := map[string]bool{}
	for _, tt := range []struct {
		name     string
		number   creditbank.AccountNumber
		password string
	}{
		{"a wrong password", a.Number, Password + "!"}, {"no password", a.Number, ""},
		{"a password of a megabyte", a.Number, strings.Repeat("x", 1<<20)},
		{"no account", "100000000009", Password}, {"no number", "", Password},
		{"an account that is not active", inactive.Number, Password}, {"an account without a password", inactive.Number, ""},
		{"a disabled account", off.Number, Password},
	} {
		before := w.Passwords.Hashed.Load()
		_, err := w.Login(ctx, tt.number, tt.password)
		wantNoLogin(t, "Login with "+tt.name, err)
		texts[err.Error()] = true
		if n := w.Passwords.Hashed.Load() - before; n != 1 {
			t.Errorf("Login with %s hashed %d times; want once, as when it succeeds", tt.name, n)
		}
	}
	if len(texts) != 1 {
		t.Errorf("failures differ: %v", texts)
	}
	number := creditbank.AccountNumber(a.Number[:4] + " " + a.Number[4:8] + " " + a.Number[8:])
	if got, err := w.Login(ctx, number, Password); err != nil || got.ID != a.ID {
		t.Errorf("Login with a number in groups = %+v, %v", got, err)
	}
}

func testLock(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	a := w.Staff(t, "王芳", "I04")
	fail := func(n int) {
		t.Helper()
		for range n {
			_, err := w.Login(ctx, a.Number, "a wrong password")
			wantNoLogin(t, "Login", err)
		}
	}
	login := func(want bool) {
		t.Helper()
		if _, err := w.Login(ctx, a.Number, Password); (err == nil) != want {
			t.Errorf("Login = %v; want it to succeed: %v", err, want)
		}
	}
	fail(9)
	login(true)
	fail(9) // not in a row with those before
	login(true)
	fail(10)
	login(false)
	other, err := w.Principal(ctx, "user:"+string(a.ID)) // only logging in is locked
	must(t, err)
	if other.ID != string(a.ID) {
		t.Errorf("Principal = %+v", other)
	}
	w.Pass(15*time.Minute - time.Microsecond)
	login(false)
	fail(3) // not counted while it is locked, and does not lock it longer
	w.Pass(time.Microsecond)
	fail(1) // the eleventh in a row
	login(false)
	w.Pass(15 * time.Minute)
	login(true)
	fail(9)
	login(true)
	err = w.ChangePassword(ctx, a.ID, "a wrong password", "another password")
	wantNoLogin(t, "ChangePassword", err)
	fail(9) // that was the first
	login(false)
}

// Many guess at once, one of them right: once ten wrong ones are on record none
// gets in, and all of them are on record.
func testLockAtOnce(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	a := w.Staff(t, "王芳", "I04")
	var wg sync.WaitGroup
	var busy atomic.Int32
	for range 16 {
		wg.Go(func() {
			_, err := w.Login(ctx, a.Number, "a wrong password")
			if errors.Is(err, creditbank.ErrBusy) {
				busy.Add(1)
				return
			}
			wantNoLogin(t, "Login", err)
		})
	}
	wg.Wait()
	_, err := w.Login(ctx, a.Number, Password)
	wantNoLogin(t, "Login after sixteen guesses", err)
	rec, err := h.Store.Get(ctx, access.KindAttempts, string(a.ID), 0)
	must(t, err)
	if rec.Version != 10 || busy.Load() > 0 {
		t.Errorf("%d failures are on record, %d were turned away; want ten and none", rec.Version, busy.Load())
	}
}

func testChangePassword(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	a := w.Staff(t, "王芳", "I04")
	token, _, err := w.NewSession(ctx, a)
	must(t, err)
	before, err := w.Login(ctx, a.Number, Password)
	must(t, err)
	const fresh = "another password"
	wantNoLogin(t, "ChangePassword", w.ChangePassword(ctx, a.ID, fresh, fresh))
	must(t, w.ChangePassword(ctx, a.ID, Password, fresh))
	_, err = w.Login(ctx, a.Number, Password)
	wantNoLogin(t, "Login with the password before", err)
	_, _, err = w.Session(ctx, token)
	wantCode(t, "Session of before", err, creditbank.ErrForbidden, access.CodeSessionEnded)
	late, _, err := w.NewSession(ctx, before) // a login that took long
	must(t, err)
	_, _, err = w.Session(ctx, late)
	wantCode(t, "Session of a login of before", err, creditbank.ErrForbidden, access.CodeSessionEnded)
	now, err := w.Login(ctx, a.Number, fresh)
	must(t, err)
	token, _, err = w.NewSession(ctx, now)
	must(t, err)
	_, _, err = w.Session(ctx, token)
	must(t, err)
	wantCode(t, "ChangePassword of nobody", w.ChangePassword(ctx, "nobody", fresh, Password), creditbank.ErrNotFound, access.CodeUnknownPrincipal)

	w.Store.Fail(storetest.BeforeCommit)
	if err := w.ChangePassword(ctx, a.ID, fresh, Password); !errors.Is(err, storetest.ErrInjected) {
		t.Errorf("ChangePassword with a fault: %v", err)
	}
	_, err = w.Login(ctx, a.Number, fresh)
	must(t, err)
}

func testRehash(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	a := w.Staff(t, "王芳", "I04")
	version := func() int {
		t.Helper()
		rec, err := h.Store.Get(ctx, access.KindPassword, string(a.ID), 0)
		must(t, err)
		return rec.Version
	}
	w.Passwords.Weak.Store(true)
	_, err := w.Login(ctx, a.Number, "a wrong password")
	wantNoLogin(t, "Login", err)
	if version() != 1 {
		t.Error("a wrong password was stored")
	}
	w.Store.Fail(storetest.NoFault, storetest.BeforeCommit) // the first forgets the failure
	_, err = w.Login(ctx, a.Number, Password)
	must(t, err)
	if version() != 1 {
		t.Error("the hash was made anew in spite of a fault")
	}
	_, err = w.Login(ctx, a.Number, Password)
	must(t, err)
	w.Passwords.Weak.Store(false)
	_, err = w.Login(ctx, a.Number, Password)
	must(t, err)
	if version() != 2 {
		t.Errorf("the password is at version %d; want its hash made anew once", version())
	}
}

// While the old password is still good it is changed, or its hash made anew; and
// meanwhile the person sets another with a code. That one stands.
func testMeanwhile(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	for name, late := range map[string]func(access.Account) error{
		"ChangePassword": func(a access.Account) error {
			err := w.ChangePassword(ctx, a.ID, Password, "a thief's password")
			if !errors.Is(err, creditbank.ErrBusy) {
				t.Errorf("ChangePassword: %v; want it to say that others changed it", err)
			}
			return nil
		},
		"Login": func(a access.Account) error { return second(w.Login(ctx, a.Number, Password)) },
	} {
		a := w.Staff(t, "王芳", "I04")
		code, err := w.NewCode(ctx, w.Owner, a.ID)
		must(t, err)
		w.Passwords.Weak.Store(name == "Login")
		w.Passwords.Meanwhile(func() {
			_, err := w.Activate(ctx, a.Number, "王芳", code, "the password that stands")
			must(t, err)
		})
		must(t, late(a))
		w.Passwords.Weak.Store(false)
		_, err = w.Login(ctx, a.Number, "the password that stands")
		must(t, err)
		for _, old := range []string{Password, "a thief's password"} {
			_, err = w.Login(ctx, a.Number, old)
			wantNoLogin(t, "Login after "+name, err)
		}
	}
}

// With the real hasher all goes as with the fast one.
func testArgon2(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	v, err := vault.New([]byte(strings.Repeat("master k", 4)), rand.Reader)
	must(t, err)
	w.Registry, err = access.New(access.Config{
		Store: w.Store, Vault: v, People: w.Bank, Catalogue: w.Bank.Catalogue, Clock: w.Now, Random: rand.Reader, Passwords: password.New(rand.Reader, 2),
	})
	must(t, err)
	a := w.Staff(t, "王芳", "I04")
	_, err = w.Login(ctx, a.Number, Password)
	must(t, err)
	_, err = w.Login(ctx, a.Number, Password+"!")
	wantNoLogin(t, "Login", err)
	_, err = w.Login(ctx, "100000000009", Password)
	wantNoLogin(t, "Login of nobody", err)
}
