package access

import (
	"context"
	"time"

	"creditbank/creditbank"
)

// Disable has the account refused from now on and ends its sessions.
func (r *Registry) Disable(ctx context.Context, by By, id AccountID) (Account, error) {
	return r.changeAccount(ctx, by, id, "disabled", nil, func(b *accountBody) error {
		b.Disabled = true
		b.Epoch++
		return nil
	})
}

// Enable takes [Registry.Disable] back.
func (r *Registry) Enable(ctx context.Context, by By, id AccountID) (Account, error) {
	return r.changeAccount(ctx, by, id, "enabled", nil, func(b *accountBody) error {
		b.Disabled = false
		return nil
	})
}

// SetGrants replaces what the account was granted.
func (r *Registry) SetGrants(ctx context.Context, by By, id AccountID, grants []Grant) (Account, error) {
	grants = sortGrants(grants)
	return r.changeAccount(ctx, by, id, "granted", grants, func(b *accountBody) error {
		if by.Kind == Person && by.ID == string(id) {
			return toOneself()
		}
		old := b.Grants
		b.Grants = grants
		return mayRegrant(r.catalogue(), by.Principal, old, grants)
	})
}

// NewCode makes a code by which the holder of the account sets a new password.
// The one before is void, and so is the old password once the code is used. The
// code is shown this once: to a repeated request the answer is "".
func (r *Registry) NewCode(ctx context.Context, by By, id AccountID) (code string, err error) {
	_, again, err := r.changeAccountRecord(ctx, by, id, "code issued", nil, func(d *drafter, b *accountBody) (err error) {
		if by.Kind == Person && by.ID == string(id) {
			return notAllowed("account", "不能给自己签发激活码，请修改密码", "nobody issues a code to themselves: change the password")
		}
		if b.Disabled {
			return creditbank.Conflict(creditbank.CodeState, "account", "该账户已停用", "the account is disabled")
		}
		code, err = r.draftCode(ctx, d, id)
		return err
	})
	if err != nil || again {
		return "", err
	}
	return code, nil
}

// changeAccount writes the next version of an account, as edit has it.
func (r *Registry) changeAccount(ctx context.Context, by By, id AccountID, what string, asked any, edit func(*accountBody) error) (Account, error) {
	rec, _, err := r.changeAccountRecord(ctx, by, id, what, asked, func(_ *drafter, b *accountBody) error { return edit(b) })
	if err != nil {
		return Account{}, err
	}
	return accountOf(rec)
}

// changeAccountRecord does so with whatever else edit drafts.
func (r *Registry) changeAccountRecord(ctx context.Context, by By, id AccountID, what string, asked any, edit func(*drafter, *accountBody) error) (Record, bool, error) {
	return r.change(ctx, by, []any{"account", id, what, asked}, func(at time.Time) ([]Record, error) {
		rec, body, err := load[accountBody](ctx, r, KindAccount, string(id))
		if err != nil {
			return nil, err
		}
		if rec.Version == 0 {
			return nil, unknown("account")
		}
		if err := r.mayManageAccount(ctx, by.Principal, body); err != nil {
			return nil, err
		}
		beside := drafter{what: what, at: at, by: by.Caller()}
		if err := edit(&beside, &body); err != nil {
			return nil, err
		}
		d := drafter{what: what, at: at, by: by.Caller()}
		d.add(rec, body, time.Time{})
		d.records, d.err = append(d.records, beside.records...), beside.err
		return d.done()
	})
}

func (r *Registry) mayManageAccount(ctx context.Context, by Principal, b accountBody) error {
	if b.Learner == "" {
		return mayManage(r.catalogue(), by, managedAs(b.Institution, b.Grants))
	}
	learner, err := r.people.Learner(ctx, b.Learner)
	if err != nil {
		return err
	}
	return mayManage(r.catalogue(), by, managedWith(b.Institution, learner, b.Grants))
}
