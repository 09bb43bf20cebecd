package api

import (
	"context"
	"slices"
	"time"

	"creditbank/api/contract"
	"creditbank/api/token"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// asked returns who asks for a change of access, under which key.
func (s *Server) asked(ctx context.Context, key string) access.By {
	return access.By{Principal: callOf(ctx).principal, Key: key}
}

func wireGrant(g access.Grant) contract.Grant {
	return contract.Grant{Role: contract.Role(g.Role), Scope: g.Scope.String()}
}

func readGrants(grants []contract.Grant) ([]access.Grant, error) {
	out := make([]access.Grant, 0, len(grants))
	for _, g := range grants {
		scope, err := access.ParseScope(g.Scope)
		if err != nil {
			return nil, field(err, "grants")
		}
		out = append(out, access.Grant{Role: access.Role(g.Role), Scope: scope})
	}
	return out, nil
}

func wireAccount(a access.Account) contract.LocalAccount {
	w := contract.LocalAccount{
		Id: string(a.ID), Account: string(a.Number), Learner: optional(string(a.Learner)), Institution: optional(string(a.Institution)),
		State: contract.LocalAccountStateInvited, Grants: mapped(a.Grants, wireGrant),
	}
	switch {
	case a.Disabled:
		w.State = contract.LocalAccountStateDisabled
	case a.Active:
		w.State = contract.LocalAccountStateActive
	}
	return w
}

// ListAccounts implements [contract.StrictServerInterface].
func (s *Server) ListAccounts(ctx context.Context, r contract.ListAccountsRequestObject) (contract.ListAccountsResponseObject, error) {
	s.scoped(ctx) // what is listed is within the scope
	parts, err := after(r.Params.Cursor, 1)
	if err != nil {
		return nil, err
	}
	found, next, err := within(parts[0], pageSize(r.Params.Limit), func(from string, n int) ([]access.Account, error) {
		return s.c.Registry.Accounts(ctx, access.AccountID(from), n)
	}, func(a access.Account) string { return string(a.ID) }, func(a access.Account) (bool, error) { return s.seesAccount(ctx, a) })
	return contract.ListAccounts200JSONResponse{Accounts: mapped(found, wireAccount), Next: next}, err
}

// within returns a page of what may be seen. It reads a bounded number, so a
// page may hold less than asked for and still have a next one.
func within[T any](from string, n int, read func(string, int) ([]T, error), id func(T) string, sees func(T) (bool, error)) ([]T, *string, error) {
	const most = 1000
	all, err := read(from, most)
	if err != nil {
		return nil, nil, err
	}
	var found []T
	for _, v := range all {
		if len(found) == n {
			return found, cursor(from), nil
		}
		ok, err := sees(v)
		if err != nil {
			return nil, nil, err
		}
		if from = id(v); ok {
			found = append(found, v)
		}
	}
	if len(all) == most {
		return found, cursor(from), nil
	}
	return found, nil, nil
}

// seesAccount reports whether an account lies within the caller's scope.
func (s *Server) seesAccount(ctx context.Context, a access.Account) (bool, error) {
	c := callOf(ctx)
	targets, err := s.targetsOf(ctx, a)
	if err != nil {
		return false, err
	}
	for _, t := range targets {
		if c.principal.May(s.c.Bank.Catalogue(), permissions[c.op.id], t) {
			return true, nil
		}
	}
	return false, nil
}

// targetsOf returns what an account belongs to.
func (s *Server) targetsOf(ctx context.Context, a access.Account) ([]access.Target, error) {
	targets := []access.Target{access.OnBank()}
	if a.Institution != "" {
		targets = append(targets, access.OnInstitution(a.Institution))
	}
	if a.Learner != "" {
		l, err := s.c.Bank.Learner(ctx, a.Learner)
		if err != nil {
			return nil, err
		}
		targets = append(targets, access.OnLearner(a.Learner, l.Region))
	}
	return targets, nil
}

// OpenAccount implements [contract.StrictServerInterface]. For staff the
// registry decides who may grant what. For a learner, whoever hands out the code
// could use it: a clerk must have a ground to know the learner.
func (s *Server) OpenAccount(ctx context.Context, r contract.OpenAccountRequestObject) (contract.OpenAccountResponseObject, error) {
	c := s.scoped(ctx)
	grants, err := readGrants(value(r.Body.Grants))
	if err != nil {
		return nil, inBody(err)
	}
	n := access.NewAccount{
		Learner: creditbank.LearnerID(value(r.Body.Learner)), Name: value(r.Body.Name), Institution: creditbank.InstitutionID(value(r.Body.Institution)), Grants: grants,
	}
	if n.Learner != "" {
		if err := s.mayServe(ctx, n.Learner); err != nil {
			return nil, inBody(err)
		}
		if n.Institution == "" {
			n.Institution = s.counter(c)
		}
	} else if !c.principal.Has(access.Manager) && !c.principal.Has(access.Operator) {
		return nil, s.noRole([]access.Role{access.Manager, access.Operator})
	}
	a, code, err := s.c.Registry.OpenAccount(ctx, s.asked(ctx, r.Params.IdempotencyKey), n)
	if err != nil {
		return nil, inBody(err)
	}
	return contract.OpenAccount201JSONResponse{
		Body: s.opened(a, code), Headers: contract.OpenAccount201ResponseHeaders{CacheControl: "no-store"},
	}, nil
}

// counter returns the institution at which the caller serves learners, "" for an
// authority: the account of a learner is managed where it was opened.
func (s *Server) counter(c *call) creditbank.InstitutionID {
	at := c.principal.Institution
	if at == "" || !c.principal.May(s.c.Bank.Catalogue(), permissions[c.op.id], access.OnInstitution(at)) {
		return ""
	}
	return at
}

// opened returns an account with its code.
func (s *Server) opened(a access.Account, code string) contract.OpenedAccount {
	w := contract.OpenedAccount{Account: wireAccount(a), Code: optional(code)}
	if code != "" {
		expires := s.c.Clock().UTC().Add(access.CodeLife).Truncate(time.Second)
		w.ExpiresAt = &expires
	}
	return w
}

// mayServe reports whether the caller may open or reset a learner's account to
// log in with: who opened the learner's account with the bank, an institution
// that is source or target, an authority of the region. A consent is for reading
// and lets nobody hand out what opens the account.
func (s *Server) mayServe(ctx context.Context, id creditbank.LearnerID) error {
	c := callOf(ctx)
	h, err := s.c.Bank.History(ctx, id)
	if err != nil {
		return s.unknown(err)
	}
	if len(h.Acts) > 0 && h.Acts[0].By == c.by() {
		return nil
	}
	d, err := s.ground(ctx, id, nil, []creditbank.Field{creditbank.FieldProfile})
	if err != nil {
		return err
	}
	if d.Basis == creditbank.BasisConsent {
		return outOfScope()
	}
	return s.disclose(ctx, d)
}

// local returns an account, which must lie within the caller's scope. A
// learner's may be seen to where it was opened, whoever sits at the counter.
func (s *Server) local(ctx context.Context, id string) (access.Account, error) {
	s.scoped(ctx)
	a, err := s.c.Registry.Account(ctx, access.AccountID(id))
	if err != nil {
		return a, err
	}
	if a.Learner != "" {
		c := callOf(ctx)
		if slices.Contains(c.principal.Institutions(s.c.Bank.Catalogue(), permissions[c.op.id]), a.Institution) {
			return a, nil
		}
		return a, s.mayServe(ctx, a.Learner)
	}
	targets, err := s.targetsOf(ctx, a)
	if err != nil {
		return a, err
	}
	return a, s.mayAny(ctx, targets...)
}

// GetAccount implements [contract.StrictServerInterface].
func (s *Server) GetAccount(ctx context.Context, r contract.GetAccountRequestObject) (contract.GetAccountResponseObject, error) {
	a, err := s.local(ctx, r.Account)
	if err != nil {
		return nil, err
	}
	return contract.GetAccount200JSONResponse(wireAccount(a)), nil
}

// NewCode implements [contract.StrictServerInterface].
func (s *Server) NewCode(ctx context.Context, r contract.NewCodeRequestObject) (contract.NewCodeResponseObject, error) {
	a, err := s.local(ctx, r.Account)
	if err != nil {
		return nil, err
	}
	code, err := s.c.Registry.NewCode(ctx, s.asked(ctx, r.Params.IdempotencyKey), a.ID)
	if err != nil {
		return nil, err
	}
	return contract.NewCode201JSONResponse{Body: s.opened(a, code), Headers: contract.NewCode201ResponseHeaders{CacheControl: "no-store"}}, nil
}

// SetAccountGrants implements [contract.StrictServerInterface].
func (s *Server) SetAccountGrants(ctx context.Context, r contract.SetAccountGrantsRequestObject) (contract.SetAccountGrantsResponseObject, error) {
	grants, err := readGrants(r.Body.Grants)
	if err != nil {
		return nil, inBody(err)
	}
	a, err := s.managed(ctx, r.Account, func(id access.AccountID) (access.Account, error) {
		return s.c.Registry.SetGrants(ctx, s.asked(ctx, r.Params.IdempotencyKey), id, grants)
	})
	return contract.SetAccountGrants200JSONResponse(wireAccount(a)), err
}

// DisableAccount implements [contract.StrictServerInterface].
func (s *Server) DisableAccount(ctx context.Context, r contract.DisableAccountRequestObject) (contract.DisableAccountResponseObject, error) {
	a, err := s.managed(ctx, r.Account, func(id access.AccountID) (access.Account, error) {
		return s.c.Registry.Disable(ctx, s.asked(ctx, r.Params.IdempotencyKey), id)
	})
	return contract.DisableAccount200JSONResponse(wireAccount(a)), err
}

// EnableAccount implements [contract.StrictServerInterface].
func (s *Server) EnableAccount(ctx context.Context, r contract.EnableAccountRequestObject) (contract.EnableAccountResponseObject, error) {
	a, err := s.managed(ctx, r.Account, func(id access.AccountID) (access.Account, error) {
		return s.c.Registry.Enable(ctx, s.asked(ctx, r.Params.IdempotencyKey), id)
	})
	return contract.EnableAccount200JSONResponse(wireAccount(a)), err
}

// managed changes an account within the caller's scope, and has every replica
// look anew at what it may do.
func (s *Server) managed(ctx context.Context, id string, change func(access.AccountID) (access.Account, error)) (access.Account, error) {
	a, err := s.local(ctx, id)
	if err != nil {
		return a, err
	}
	if a, err = change(a.ID); err != nil {
		return a, inBody(err)
	}
	s.changed(ctx, a.Principal().Caller().ID)
	return a, nil
}

// Issue issues a token to a caller, named as it is recorded.
func (s *Server) Issue(ctx context.Context, caller string) (string, token.Claims, error) {
	return s.c.Tokens.Issue(ctx, caller, nil, 0)
}
