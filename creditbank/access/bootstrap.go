package access

import (
	"context"
	"slices"
	"time"

	"creditbank/creditbank"
)

// bootstrapID is the id of the one record of its kind.
const bootstrapID = "operator"

// Owner returns the operator of the whole bank that whoever holds the machine
// is, with no account in the registry: for a command run on it, such as one that
// makes a new code for an operator who has lost theirs.
func Owner(cat *creditbank.Catalogue) Principal {
	p := Principal{ID: "owner", Kind: Person}
	for _, root := range slices.Sorted(slices.Values(roots(cat))) {
		p.Grants = append(p.Grants, Grant{Operator, Scope{ScopeRegion, string(root)}})
	}
	return p
}

// Bootstrap makes the account of the first operator, of the whole bank, and
// returns it with the code that activates it. It does so once: whoever comes
// later is refused, also if the first attempt's outcome was unknown. Then the
// [Owner] makes another code.
func (r *Registry) Bootstrap(ctx context.Context, by creditbank.Caller, name string) (a Account, code string, err error) {
	if _, err := creditbank.NewCaller(by.ID); err != nil {
		return Account{}, "", err
	}
	if err := checkText("name", name, 200); err != nil {
		return Account{}, "", err
	}
	grants := Owner(r.catalogue()).Grants
	if len(grants) == 0 {
		return Account{}, "", creditbank.Conflict(creditbank.CodeState, "", "尚未发布任何地区", "no regions have been published yet")
	}
	for range maxTries {
		first, _, err := load[pointerBody](ctx, r, KindBootstrap, bootstrapID)
		if err != nil {
			return Account{}, "", err
		}
		if first.Version > 0 {
			return Account{}, "", creditbank.Conflict(creditbank.CodeState, "", "已有首位运营员", "the first operator was made already")
		}
		d := drafter{what: "opened", at: r.now(), by: by}
		id, code, err := r.draftAccount(ctx, &d, NewAccount{Name: name, Grants: grants}, "")
		if err != nil {
			return Account{}, "", err
		}
		d.add(first, pointerBody{id}, time.Time{})
		done, err := r.put(ctx, d)
		if err != nil {
			return Account{}, "", err
		}
		if done {
			a, err = accountOf(d.records[0])
			return a, code, err
		}
	}
	return Account{}, "", busy()
}
