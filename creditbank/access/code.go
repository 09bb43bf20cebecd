package access

import (
	"context"
	"crypto/subtle"
	"strings"
	"time"

	"creditbank/creditbank"
)

// Activation codes.
const (
	CodeLife     = 14 * 24 * time.Hour
	codeLength   = 10
	maxCodeTries = 5

	// codeAlphabet has nothing in it that is read or heard as something else.
	codeAlphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// codeBody is a code as it is stored: a keyed hash, since it is short enough to
// be guessed from a plain one.
type codeBody struct {
	Hash  string `json:"hash"` // "" once used
	Tries int    `json:"tries"`
}

// draftCode draws a code for an account and drafts its record, in place of any
// code there was.
func (r *Registry) draftCode(ctx context.Context, d *drafter, id AccountID) (string, error) {
	old, _, err := load[codeBody](ctx, r, KindCode, string(id))
	if err != nil {
		return "", err
	}
	code, err := r.drawCode()
	if err != nil {
		return "", err
	}
	d.add(old, codeBody{Hash: r.hashCode(id, code)}, d.at.Add(CodeLife))
	return code, nil
}

// drawCode draws each character with the same chance: bytes beyond the last
// whole multiple of the alphabet are drawn again.
func (r *Registry) drawCode() (string, error) {
	const fair = 256 - 256%len(codeAlphabet)
	var code strings.Builder
	for code.Len() < codeLength {
		b, err := r.draw(1)
		if err != nil {
			return "", err
		}
		if int(b[0]) < fair {
			code.WriteByte(codeAlphabet[int(b[0])%len(codeAlphabet)])
		}
	}
	return code.String(), nil
}

// hashCode hashes a code as typed: in capitals or not, in groups or not.
func (r *Registry) hashCode(id AccountID, code string) string {
	code = strings.NewReplacer(" ", "", "-", "").Replace(strings.ToUpper(code))
	return r.vault.Hash("access_code", string(id)+" "+code)
}

// fits reports whether hash is that of a code that is neither used nor void at
// an instant.
func (b codeBody) fits(rec Record, hash string, at time.Time) bool {
	return subtle.ConstantTimeCompare([]byte(b.Hash), []byte(hash)) == 1 && b.usable(rec, at)
}

func (b codeBody) usable(rec Record, at time.Time) bool {
	return rec.Version > 0 && b.Hash != "" && b.Tries < maxCodeTries && rec.Expires.After(at)
}

// Activate sets the password of an account for whoever holds its code and bears
// its name, and ends all its sessions. A code serves once, for so many days, and
// is void after five wrong tries. Every failure is ACTIVATION_FAILED, except for
// a password that is unfit by itself.
func (r *Registry) Activate(ctx context.Context, number creditbank.AccountNumber, name, code, password string) (Account, error) {
	if err := checkPassword(password, number); err != nil {
		return Account{}, err
	}
	// First of all, so that every failure takes as long.
	hash, err := r.passwords.Hash(ctx, password)
	if err != nil {
		return Account{}, err
	}
	return r.redeem(ctx, number, name, code, func(d *drafter, rec Record, body *accountBody) error {
		return r.draftPassword(ctx, d, rec, body, hash)
	})
}

// redeem does what a code is for, for whoever holds it and bears the account's
// name.
func (r *Registry) redeem(ctx context.Context, number creditbank.AccountNumber, name, code string, do func(*drafter, Record, *accountBody) error) (Account, error) {
	plain, err := creditbank.ParseAccountNumber(string(number))
	if err != nil {
		return Account{}, activationFailed()
	}
	for range maxTries {
		a, done, err := r.redeemOnce(ctx, plain, name, code, do)
		if err != nil || done {
			return a, err
		}
	}
	return Account{}, busy()
}

// redeemOnce tries once. It is not done if it lost a race, and then nobody learns
// whether the code was right. What do drafts first is the account.
func (r *Registry) redeemOnce(ctx context.Context, number creditbank.AccountNumber, name, code string, do func(*drafter, Record, *accountBody) error) (Account, bool, error) {
	ptr, to, err := load[pointerBody](ctx, r, KindNumber, string(number))
	if err != nil {
		return Account{}, false, err
	}
	if ptr.Version == 0 {
		return Account{}, false, activationFailed()
	}
	rec, body, err := load[accountBody](ctx, r, KindAccount, string(to.Account))
	if err != nil {
		return Account{}, false, err
	}
	codeRec, known, err := load[codeBody](ctx, r, KindCode, rec.ID)
	if err != nil {
		return Account{}, false, err
	}
	at := r.now()
	if !known.usable(codeRec, at) || body.Disabled {
		return Account{}, false, activationFailed()
	}
	a := body.account(rec)
	d := drafter{what: "activated", at: at, by: a.Principal().Caller()}
	holder, err := r.Name(ctx, a)
	if err != nil {
		return Account{}, false, err
	}
	if !known.fits(codeRec, r.hashCode(a.ID, code), at) || !creditbank.SameName(holder, name) {
		known.Tries++
		d.what = "tried"
		d.add(codeRec, known, codeRec.Expires)
		return r.failed(ctx, d)
	}
	if err := do(&d, rec, &body); err != nil {
		return Account{}, false, err
	}
	d.add(codeRec, codeBody{}, codeRec.Expires)
	done, err := r.put(ctx, d)
	if !done || err != nil {
		return Account{}, false, err
	}
	a, err = accountOf(d.records[0])
	return a, true, err
}

// failed puts a wrong try on record, and only then says that it was one.
func (r *Registry) failed(ctx context.Context, d drafter) (Account, bool, error) {
	done, err := r.put(ctx, d)
	if done {
		err = activationFailed()
	}
	return Account{}, false, err
}

// put writes what was drafted.
func (r *Registry) put(ctx context.Context, d drafter) (bool, error) {
	records, err := d.done()
	if err != nil {
		return false, err
	}
	return r.store.Put(ctx, records, nil)
}

// draftPassword drafts the next version of an account with another password:
// its sessions end, and failed logins are forgotten.
func (r *Registry) draftPassword(ctx context.Context, d *drafter, rec Record, body *accountBody, hash string) error {
	body.Active = true
	body.Epoch++
	d.add(rec, *body, time.Time{})
	old, _, err := load[passwordBody](ctx, r, KindPassword, rec.ID)
	if err != nil {
		return err
	}
	d.add(old, passwordBody{hash}, time.Time{})
	attempts, failures, err := load[attemptsBody](ctx, r, KindAttempts, rec.ID)
	if err != nil {
		return err
	}
	if failures.Failures > 0 {
		d.add(attempts, attemptsBody{}, d.at.Add(attemptsLife))
	}
	return nil
}
