package access

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"creditbank/creditbank"
)

// identityID returns under what an identity elsewhere is looked up: a keyed
// hash, for the subject may say who somebody is.
func (r *Registry) identityID(issuer, subject string) (string, error) {
	if err := checkText("issuer", issuer, 512); err != nil {
		return "", err
	}
	if err := checkText("subject", subject, 512); err != nil {
		return "", err
	}
	both, err := json.Marshal([]string{issuer, subject})
	if err != nil {
		return "", fmt.Errorf("hash an identity: %w", err)
	}
	return r.vault.Hash("access_identity", string(both)), nil
}

// LinkIdentity has the person who logs in at an OpenID provider as subject be
// the holder of the account. Linking again changes nothing; an identity leads
// to one account only.
func (r *Registry) LinkIdentity(ctx context.Context, id AccountID, issuer, subject string) error {
	hash, err := r.identityID(issuer, subject)
	if err != nil {
		return err
	}
	for range maxTries {
		link, to, err := load[pointerBody](ctx, r, KindIdentity, hash)
		if err != nil {
			return err
		}
		if link.Version > 0 && to.Account == id {
			return r.store.Confirm(ctx)
		}
		if link.Version > 0 {
			return linked()
		}
		rec, body, err := load[accountBody](ctx, r, KindAccount, string(id))
		if err != nil {
			return err
		}
		if rec.Version == 0 {
			return unknown("account")
		}
		if body.Disabled {
			return disabled()
		}
		d := drafter{what: "identity linked", at: r.now(), by: body.account(rec).Principal().Caller()}
		d.add(rec, body, time.Time{})
		d.add(link, pointerBody{id}, time.Time{})
		if done, err := r.put(ctx, d); done || err != nil {
			return err
		}
	}
	return busy()
}

// ActivateIdentity has the person who logs in at an OpenID provider as subject
// be the holder of the account whose code they hold and whose name they bear, as
// [Registry.Activate] has them set a password: one that was set before serves no
// more, and all sessions end. An identity that leads to another account is a
// conflict, and leaves the code as it was.
func (r *Registry) ActivateIdentity(ctx context.Context, number creditbank.AccountNumber, name, code, issuer, subject string) (Account, error) {
	hash, err := r.identityID(issuer, subject)
	if err != nil {
		return Account{}, err
	}
	if _, err := r.passwords.Hash(ctx, ""); err != nil { // for the time it takes
		return Account{}, err
	}
	return r.redeem(ctx, number, name, code, func(d *drafter, rec Record, body *accountBody) error {
		return r.draftIdentity(ctx, d, rec, body, hash)
	})
}

// draftIdentity drafts the next version of an account to which an identity
// leads, instead of a password.
func (r *Registry) draftIdentity(ctx context.Context, d *drafter, rec Record, body *accountBody, hash string) error {
	link, to, err := load[pointerBody](ctx, r, KindIdentity, hash)
	if err != nil {
		return err
	}
	if link.Version > 0 && to.Account != AccountID(rec.ID) {
		return linked()
	}
	body.Active = true
	body.Epoch++
	d.add(rec, *body, time.Time{})
	if link.Version == 0 {
		d.add(link, pointerBody{AccountID(rec.ID)}, time.Time{})
	}
	old, known, err := load[passwordBody](ctx, r, KindPassword, rec.ID)
	if err != nil {
		return err
	}
	if known.Hash != "" {
		d.add(old, passwordBody{}, time.Time{})
	}
	return nil
}

func linked() error {
	return creditbank.Conflict(creditbank.CodeDuplicate, "subject", "该身份已关联其他账户", "the identity is linked to another account")
}

// ByIdentity returns the account that an identity is linked to.
func (r *Registry) ByIdentity(ctx context.Context, issuer, subject string) (Account, error) {
	hash, err := r.identityID(issuer, subject)
	if err != nil {
		return Account{}, err
	}
	a, err := r.pointed(ctx, KindIdentity, hash)
	if err == nil && a.Disabled {
		return Account{}, disabled()
	}
	return a, err
}

// Principal returns who acts under the id of a caller, as
// [Principal.Caller] makes it, with what they are granted now.
func (r *Registry) Principal(ctx context.Context, id string) (Principal, error) {
	if client, ok := strings.CutPrefix(id, prefixClient); ok {
		c, err := r.Client(ctx, client)
		if err == nil && c.Disabled {
			err = disabled()
		}
		if err != nil {
			return Principal{}, err
		}
		return c.Principal(), nil
	}
	var a Account
	err := unknown("caller")
	if user, ok := strings.CutPrefix(id, prefixUser); ok {
		a, err = r.Account(ctx, AccountID(user))
	} else if learner, ok := strings.CutPrefix(id, prefixLearner); ok {
		a, err = r.pointed(ctx, KindLearner, learner)
	}
	if err == nil && a.Disabled {
		err = disabled()
	}
	if err != nil {
		return Principal{}, err
	}
	return a.Principal(), nil
}
