package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"creditbank/creditbank"
)

// Failed logins.
const (
	maxFailures  = 10 // in a row, before the account is locked
	lockedFor    = 15 * time.Minute
	attemptsLife = 30 * 24 * time.Hour // of the count of failures after the last
)

// Passwords (NIST SP 800-63B: length counts, composition does not).
const (
	minPassword = 10
	maxPassword = 200
)

// passwordBody is the hash of an account's password. It is no part of the
// account's history: old hashes are of no use but to those who steal them.
type passwordBody struct {
	Hash string `json:"hash"`
}

// attemptsBody counts the failed logins since the last that did not fail.
type attemptsBody struct {
	Failures int       `json:"failures"`
	Until    time.Time `json:"until,omitzero"` // locked
}

// commonPasswords are long enough, and tried first by everybody.
var commonPasswords = []string{
	"1234567890", "0123456789", "0987654321", "9876543210", "12345678910", "123456789a", "a123456789", "123456789q",
	"123456789abc", "abc123456789", "abcd123456", "abcdefghij", "1q2w3e4r5t", "1qaz2wsx3edc", "qwertyuiop", "qwerty12345",
	"qwerty123456", "asdfghjkl1", "password12", "password123", "password1234", "passw0rd123", "p@ssw0rd123", "admin12345",
	"admin123456", "administrator", "iloveyou123", "woaini1314", "woaini520", "woaini5201314", "woaini123456", "5201314520",
	"1314520520", "1234512345", "1122334455", "1212121212", "0101010101", "changeme123", "xuefenyinhang", "creditbank",
	"xuefenyinhang123", "creditbank123",
}

// checkPassword reports a password that is unfit whatever the account: the text
// says nothing about the account, and never repeats the password.
func checkPassword(password string, number creditbank.AccountNumber) error {
	n := utf8.RuneCountInString(password)
	if n < minPassword || n > maxPassword || !utf8.ValidString(password) {
		return creditbank.Invalid(CodePassword, "password", fmt.Sprintf("密码应为%d至%d个字符", minPassword, maxPassword),
			fmt.Sprintf("a password has %d to %d characters", minPassword, maxPassword))
	}
	digits := strings.NewReplacer(" ", "", "-", "")
	one, _ := utf8.DecodeRuneInString(password)
	if digits.Replace(password) == digits.Replace(string(number)) || strings.Trim(password, string(one)) == "" ||
		slices.Contains(commonPasswords, strings.ToLower(password)) {
		return creditbank.Invalid(CodePassword, "password", "密码太容易猜到，请换一个", "the password is too easily guessed: choose another")
	}
	return nil
}

// Login returns the account if the password is its own. Every failure is
// LOGIN_FAILED and takes as long, whether or not there is such an account. After
// ten failures in a row the account is locked for a quarter of an hour, and
// again after each failure that follows.
func (r *Registry) Login(ctx context.Context, number creditbank.AccountNumber, password string) (Account, error) {
	var id string
	if plain, err := creditbank.ParseAccountNumber(string(number)); err == nil {
		_, to, err := load[pointerBody](ctx, r, KindNumber, string(plain))
		if err != nil {
			return Account{}, err
		}
		id = string(to.Account)
	}
	a, weak, err := r.verify(ctx, id, password)
	if err != nil {
		return Account{}, err
	}
	if weak.Version > 0 {
		r.rehash(ctx, a, weak, password)
	}
	return a, nil
}

// verify returns the account if the password is its own, and the record of the
// password if it is to be hashed anew.
func (r *Registry) verify(ctx context.Context, id, password string) (Account, Record, error) {
	var rec, hashed Record
	var body accountBody
	var known passwordBody
	var err error
	if id != "" {
		if rec, body, err = load[accountBody](ctx, r, KindAccount, id); err != nil {
			return Account{}, Record{}, err
		}
		if hashed, known, err = load[passwordBody](ctx, r, KindPassword, id); err != nil {
			return Account{}, Record{}, err
		}
	}
	a := body.account(rec)
	locked, err := r.locked(ctx, id)
	if err != nil {
		return Account{}, Record{}, err
	}
	if known.Hash == "" || a.Disabled || locked || len(password) > maxPassword*utf8.UTFMax {
		if _, err := r.passwords.Hash(ctx, ""); err != nil { // for the time it takes
			return Account{}, Record{}, err
		}
		return Account{}, Record{}, loginFailed()
	}
	ok, rehash, err := r.passwords.Check(ctx, password, known.Hash)
	if err != nil {
		return Account{}, Record{}, err
	}
	// Others may have guessed while this one was waiting: a right guess counts
	// only if the account is not locked now.
	if err := r.count(ctx, a, ok); err != nil {
		return Account{}, Record{}, err
	}
	if !rehash {
		hashed = Record{}
	}
	return a, hashed, nil
}

// locked reports whether an account is locked.
func (r *Registry) locked(ctx context.Context, id string) (bool, error) {
	if id == "" {
		return false, nil
	}
	_, attempts, err := load[attemptsBody](ctx, r, KindAttempts, id)
	return attempts.Until.After(r.now()), err
}

// count puts on record how a login went, and returns what to answer.
func (r *Registry) count(ctx context.Context, a Account, ok bool) error {
	for range maxTries {
		rec, attempts, err := load[attemptsBody](ctx, r, KindAttempts, string(a.ID))
		if err != nil {
			return err
		}
		at := r.now()
		switch {
		case attempts.Until.After(at):
			return loginFailed()
		case ok && attempts.Failures == 0:
			return nil
		case ok:
			attempts = attemptsBody{}
		default:
			attempts.Failures++
			if attempts.Failures >= maxFailures {
				attempts.Until = at.Add(lockedFor)
			}
		}
		d := drafter{what: "logged in", at: at, by: a.Principal().Caller()}
		if !ok {
			d.what = "failed"
		}
		d.add(rec, attempts, at.Add(attemptsLife))
		done, err := r.put(ctx, d)
		if err != nil {
			return err
		}
		if done && ok {
			return nil
		}
		if done {
			return loginFailed()
		}
	}
	return busy()
}

// rehash stores the hash of a password made anew, unless the password has been
// replaced since. It does not matter if that fails: the next login tries again.
func (r *Registry) rehash(ctx context.Context, a Account, weak Record, password string) {
	hash, err := r.passwords.Hash(ctx, password)
	if err != nil {
		return
	}
	d := drafter{what: "rehashed", at: r.now(), by: a.Principal().Caller()}
	d.add(weak, passwordBody{hash}, time.Time{})
	_, _ = r.put(ctx, d)
}

// ChangePassword replaces the password of an account by another, and ends its
// sessions. A wrong old one is LOGIN_FAILED, and counts as a failed login.
func (r *Registry) ChangePassword(ctx context.Context, id AccountID, old, fresh string) error {
	a, err := r.Account(ctx, id)
	if err != nil {
		return err
	}
	if err := checkPassword(fresh, a.Number); err != nil {
		return err
	}
	if a, _, err = r.verify(ctx, string(id), old); err != nil {
		return err
	}
	hash, err := r.passwords.Hash(ctx, fresh)
	if err != nil {
		return err
	}
	rec, body, err := load[accountBody](ctx, r, KindAccount, string(id))
	if err != nil {
		return err
	}
	if rec.Version != a.Version {
		return busy() // the password may be another's by now
	}
	d := drafter{what: "password changed", at: r.now(), by: a.Principal().Caller()}
	if err := r.draftPassword(ctx, &d, rec, &body, hash); err != nil {
		return err
	}
	if done, err := r.put(ctx, d); err != nil {
		return err
	} else if !done {
		return busy()
	}
	return nil
}
