package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"creditbank/creditbank"
)

// An AccountID is the UUID of an account with which a person logs in.
type AccountID string

// An Account is what a person logs in with: a learner's own, or one of staff.
type Account struct {
	ID          AccountID
	Number      creditbank.AccountNumber // of a learner's account, the learner's
	Learner     creditbank.LearnerID     // "" for staff
	Institution creditbank.InstitutionID // where it is managed, "" for none
	Grants      []Grant                  // besides a learner's own
	Active      bool                     // whether a password was set
	Disabled    bool
	Epoch       int // sessions of earlier epochs have ended
	Version     int
}

// Principal returns a as one that acts. A learner acts on the account of their
// own besides what they were granted.
func (a Account) Principal() Principal {
	p := Principal{ID: string(a.ID), Kind: Person, Learner: a.Learner, Institution: a.Institution, Epoch: a.Epoch}
	if a.Learner != "" {
		p.Grants = append(p.Grants, Grant{Learner, Scope{ScopeLearner, string(a.Learner)}})
	}
	p.Grants = append(p.Grants, a.Grants...)
	return p
}

// A NewAccount asks for an account: of a learner, or of a member of staff whose
// name is given.
type NewAccount struct {
	Learner     creditbank.LearnerID
	Name        string
	Institution creditbank.InstitutionID
	Grants      []Grant
}

// accountBody is what the record of an account says.
type accountBody struct {
	Number      creditbank.AccountNumber `json:"number"`
	Learner     creditbank.LearnerID     `json:"learner,omitempty"`
	Institution creditbank.InstitutionID `json:"institution,omitempty"`
	Grants      []Grant                  `json:"grants,omitempty"`
	Active      bool                     `json:"active,omitempty"`
	Disabled    bool                     `json:"disabled,omitempty"`
	Epoch       int                      `json:"epoch"`
}

func (b accountBody) account(rec Record) Account {
	return Account{AccountID(rec.ID), b.Number, b.Learner, b.Institution, b.Grants, b.Active, b.Disabled, b.Epoch, rec.Version}
}

func accountOf(rec Record) (Account, error) {
	body, err := decode[accountBody](rec)
	if err != nil {
		return Account{}, err
	}
	return body.account(rec), nil
}

// pointerBody is what the records say that lead to an account.
type pointerBody struct {
	Account AccountID `json:"account"`
}

// personBody is who holds a staff account, sealed under the account's own key.
// It is no part of the account's history, so that it can be destroyed.
type personBody struct {
	Key    []byte `json:"key"`
	Sealed []byte `json:"sealed"`
}

// staff is what is sealed.
type staff struct {
	Name string `json:"name"`
}

// OpenAccount makes an account, with a code by which its holder activates it.
// The code is shown this once: to a repeated request it is "", and
// [Registry.NewCode] makes another.
func (r *Registry) OpenAccount(ctx context.Context, by By, n NewAccount) (a Account, code string, err error) {
	n.Grants = sortGrants(n.Grants)
	rec, again, err := r.change(ctx, by, []any{"open account", n}, func(at time.Time) ([]Record, error) {
		learner, err := r.checkOpening(ctx, by.Principal, n)
		if err != nil {
			return nil, err
		}
		d := drafter{what: "opened", at: at, by: by.Caller()}
		_, code, err = r.draftAccount(ctx, &d, n, learner.Account)
		if err != nil {
			return nil, err
		}
		return d.done()
	})
	if err != nil {
		return Account{}, "", err
	}
	if again {
		code = ""
	}
	a, err = accountOf(rec)
	return a, code, err
}

// checkOpening reports why by may not open the account, or returns the learner
// whose it will be, if any.
func (r *Registry) checkOpening(ctx context.Context, by Principal, n NewAccount) (learner creditbank.Learner, err error) {
	cat := r.catalogue()
	if (n.Learner == "") == (n.Name == "") {
		return learner, creditbank.Invalid(creditbank.CodeMissing, "name", "请给出学习者或姓名之一", "give either a learner or a name")
	}
	if n.Institution != "" {
		if err := checkInstitution(cat, n.Institution); err != nil {
			return learner, err
		}
	}
	if err := mayRegrant(cat, by, nil, n.Grants); err != nil {
		return learner, err
	}
	if n.Learner == "" {
		if err := checkText("name", n.Name, 200); err != nil {
			return learner, err
		}
		return learner, mayManage(cat, by, managedAs(n.Institution, n.Grants))
	}
	if n.Learner == by.Learner {
		return learner, toOneself()
	}
	learner, err = r.people.Learner(ctx, n.Learner)
	if errors.Is(err, creditbank.ErrNotFound) {
		return learner, creditbank.NotFound(creditbank.CodeUnknownLearner, "learner", "没有该学习者的账户", "the learner has no account")
	}
	if err != nil {
		return learner, err
	}
	return learner, mayManage(cat, by, managedWith(n.Institution, learner, n.Grants))
}

// draftAccount drafts the records of a new account. The number of a learner is
// given, that of staff is drawn.
func (r *Registry) draftAccount(ctx context.Context, d *drafter, n NewAccount, number creditbank.AccountNumber) (AccountID, string, error) {
	uuid, err := creditbank.NewFeedID(d.at, r.random)
	if err != nil {
		return "", "", err
	}
	id := AccountID(uuid)
	if number == "" {
		if number, err = creditbank.NewAccountNumber(r.random); err != nil {
			return "", "", err
		}
	}
	d.add(Record{Kind: KindAccount, ID: uuid}, accountBody{Number: number, Learner: n.Learner, Institution: n.Institution, Grants: n.Grants}, time.Time{})
	if err := r.draftPointer(ctx, d, KindNumber, string(number), id, n.Learner == ""); err != nil {
		return "", "", err
	}
	if n.Learner != "" {
		if err := r.draftPointer(ctx, d, KindLearner, string(n.Learner), id, false); err != nil {
			return "", "", err
		}
	} else if err := r.draftPerson(d, id, n.Name); err != nil {
		return "", "", err
	}
	code, err := r.draftCode(ctx, d, id)
	return id, code, err
}

// draftPointer drafts a record that leads to an account. Where it is taken there
// is an account already; or it was drawn, and another will be.
func (r *Registry) draftPointer(ctx context.Context, d *drafter, kind Kind, from string, to AccountID, drawn bool) error {
	old, _, err := load[pointerBody](ctx, r, kind, from)
	if err != nil {
		return err
	}
	if old.Version > 0 && !drawn {
		return creditbank.Conflict(creditbank.CodeDuplicate, string(kind), "该学习者已有登录账户", "the learner has an account to log in with already")
	}
	d.add(Record{Kind: kind, ID: from}, pointerBody{to}, time.Time{})
	return nil
}

func (r *Registry) draftPerson(d *drafter, id AccountID, name string) error {
	key, err := r.vault.NewKey(creditbank.LearnerID(id))
	if err != nil {
		return fmt.Errorf("make the key of an account: %w", err)
	}
	plain, err := json.Marshal(staff{name})
	if err != nil {
		return err
	}
	sealed, err := r.vault.Seal(creditbank.LearnerID(id), key, plain)
	if err != nil {
		return fmt.Errorf("seal a name: %w", err)
	}
	d.add(Record{Kind: KindPerson, ID: string(id)}, personBody{key, sealed}, time.Time{})
	return nil
}

// Name returns the name of the person who holds an account.
func (r *Registry) Name(ctx context.Context, a Account) (string, error) {
	if a.Learner != "" {
		p, err := r.people.Person(ctx, a.Learner)
		return p.Name, err
	}
	rec, body, err := load[personBody](ctx, r, KindPerson, string(a.ID))
	if err != nil {
		return "", err
	}
	if rec.Version == 0 {
		return "", fmt.Errorf("account %s: its holder is not on record", a.ID)
	}
	plain, err := r.vault.Unseal(creditbank.LearnerID(a.ID), body.Key, body.Sealed)
	if err != nil {
		return "", fmt.Errorf("account %s: %v", a.ID, err)
	}
	var s staff
	if err := json.Unmarshal(plain, &s); err != nil {
		return "", fmt.Errorf("account %s: sealed data: %v", a.ID, err)
	}
	return s.Name, nil
}

// Account returns an account.
func (r *Registry) Account(ctx context.Context, id AccountID) (Account, error) {
	rec, body, err := load[accountBody](ctx, r, KindAccount, string(id))
	if err != nil {
		return Account{}, err
	}
	if rec.Version == 0 {
		return Account{}, unknown("account")
	}
	return body.account(rec), nil
}

// AccountByNumber returns the account of a number.
func (r *Registry) AccountByNumber(ctx context.Context, number creditbank.AccountNumber) (Account, error) {
	return r.pointed(ctx, KindNumber, string(number))
}

// pointed returns the account that a record leads to.
func (r *Registry) pointed(ctx context.Context, kind Kind, from string) (Account, error) {
	rec, body, err := load[pointerBody](ctx, r, kind, from)
	if err != nil {
		return Account{}, err
	}
	if rec.Version == 0 {
		return Account{}, unknown("account")
	}
	return r.Account(ctx, body.Account)
}

// Accounts returns up to limit accounts with ids above after, in order.
func (r *Registry) Accounts(ctx context.Context, after AccountID, limit int) ([]Account, error) {
	records, err := r.store.List(ctx, KindAccount, string(after), limit)
	if err != nil {
		return nil, err
	}
	all := make([]Account, len(records))
	for i, rec := range records {
		if all[i], err = accountOf(rec); err != nil {
			return nil, err
		}
	}
	return all, nil
}
