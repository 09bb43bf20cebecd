package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// entitle refuses whoever has none of the roles of the operation, before anything
// of a body is read: who may not be heard takes no place for long.
func (s *Server) entitle(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.entitled(callOf(r.Context())); err != nil {
			if r.ContentLength != 0 {
				w.Header().Set("Connection", "close") // the rest is not read
			}
			s.writeProblem(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) entitled(c *call) error {
	roles, known := permissions[c.op.id]
	switch {
	case !known:
		return fmt.Errorf("operation %s has no permissions", c.op.id)
	case slices.Contains(roles, access.Anyone):
		return nil
	case !c.authenticated:
		return refuse(problemUnauthenticated, "UNAUTHENTICATED", "请先登录或提供令牌", "log in or bring a token")
	case !slices.ContainsFunc(roles, c.principal.Has):
		return s.noRole(roles)
	}
	return nil
}

// guard is asked after each handler whether it asked for the scope. An answer
// given without asking is a fault of this program.
func (s *Server) guard(next contract.StrictHandlerFunc, _ string) contract.StrictHandlerFunc {
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		c := callOf(ctx)
		c.checked = slices.Contains(permissions[c.op.id], access.Anyone)
		answer, err := next(ctx, w, r, request)
		if err == nil && !c.checked {
			return nil, fmt.Errorf("operation %s answered without asking for the scope", c.op.id)
		}
		return answer, err
	}
}

// noRole says which roles would do.
func (s *Server) noRole(roles []access.Role) error {
	zh, en := "", ""
	for i, r := range roles {
		if i > 0 {
			zh, en = zh+"、", en+", "
		}
		zh, en = zh+r.Text().ZH, en+r.Text().EN
	}
	return refuse(problemForbidden, "FORBIDDEN", "此操作需要角色："+zh, "this takes one of the roles "+en)
}

// may reports FORBIDDEN unless the caller may act upon the target in a role of
// the operation.
func (s *Server) may(ctx context.Context, t access.Target) error {
	c := callOf(ctx)
	c.checked = true
	if c.principal.May(s.c.Bank.Catalogue(), permissions[c.op.id], t) {
		return nil
	}
	return outOfScope()
}

func outOfScope() error {
	return refuse(problemForbidden, "OUT_OF_SCOPE", "超出您的权限范围", "this lies outside the scope of your grants")
}

// mayAny is [Server.may] upon one of several targets.
func (s *Server) mayAny(ctx context.Context, targets ...access.Target) error {
	var err error
	for _, t := range targets {
		if err = s.may(ctx, t); err == nil {
			return nil
		}
	}
	return err
}

// scoped notes that no further check is needed: the operation is about the caller
// alone, or is confined to the caller's scope by what it reads.
func (s *Server) scoped(ctx context.Context) *call {
	c := callOf(ctx)
	c.checked = true
	return c
}

// isSelf reports whether the caller is the learner, in a role of the operation.
func (s *Server) isSelf(ctx context.Context, id creditbank.LearnerID) bool {
	c := callOf(ctx)
	return slices.Contains(permissions[c.op.id], access.Learner) &&
		c.principal.May(s.c.Bank.Catalogue(), []access.Role{access.Learner}, access.OnLearner(id, ""))
}

// mayRead reports whether the caller may be told fields of what is on record
// about a learner: the learner always; an authority within its region; an
// institution that is source or target or has the learner's consent. What is
// told to others than the learner is recorded first, for the learner to see.
func (s *Server) mayRead(ctx context.Context, id creditbank.LearnerID, purpose *contract.Purpose, fields ...creditbank.Field) error {
	_, err := s.basisToRead(ctx, id, purpose, fields...)
	return err
}

// basisToRead is [Server.mayRead] for who must know by what right: "" for the
// learner.
func (s *Server) basisToRead(ctx context.Context, id creditbank.LearnerID, purpose *contract.Purpose, fields ...creditbank.Field) (creditbank.Basis, error) {
	s.scoped(ctx)
	if s.isSelf(ctx, id) {
		return "", nil
	}
	d, err := s.ground(ctx, id, purpose, fields)
	if err != nil {
		return "", err
	}
	return d.Basis, s.disclose(ctx, d)
}

// mayOversee reports whether the caller may be told whom a learner lets know
// what, and who was told: the learner, and an authority on duty. It is none of
// the fields that an institution may see or be let see.
func (s *Server) mayOversee(ctx context.Context, id creditbank.LearnerID) error {
	s.scoped(ctx)
	if s.isSelf(ctx, id) {
		return nil
	}
	d, err := s.ground(ctx, id, nil, []creditbank.Field{creditbank.FieldProfile})
	if is(err, creditbank.CodeConsentRequired) || err == nil && d.Basis != creditbank.BasisDuty {
		return outOfScope()
	}
	if err != nil {
		return err
	}
	return s.disclose(ctx, d)
}

// disclose records what the caller is about to be told.
func (s *Server) disclose(ctx context.Context, d creditbank.Disclosure) error {
	c := callOf(ctx)
	d.Request = c.id
	return s.c.Bank.Disclose(ctx, c.by(), d)
}

// ground finds on which ground the caller may be told, and returns what is then
// to be recorded.
func (s *Server) ground(ctx context.Context, id creditbank.LearnerID, purpose *contract.Purpose, fields []creditbank.Field) (creditbank.Disclosure, error) {
	c, cat := callOf(ctx), s.c.Bank.Catalogue()
	roles := slices.DeleteFunc(slices.Clone(permissions[c.op.id]), func(r access.Role) bool { return r == access.Learner })
	d := creditbank.Disclosure{Learner: id, Fields: fields}
	if purpose != nil {
		d.Purpose = creditbank.Purpose(*purpose)
	}
	if regions := c.principal.Regions(roles); len(regions) > 0 {
		l, err := s.c.Bank.Learner(ctx, id)
		if err != nil {
			return d, s.unknown(err)
		}
		for _, region := range regions {
			if (access.Scope{Kind: access.ScopeRegion, ID: string(region)}).Covers(cat, access.OnLearner(id, l.Region)) {
				d.Authority, d.Basis = region, creditbank.BasisDuty
				return d, nil
			}
		}
	}
	institutions := c.principal.Institutions(cat, roles)
	if len(institutions) == 0 {
		return d, outOfScope()
	}
	account, err := s.c.Bank.Account(ctx, id)
	if err != nil {
		return d, s.unknown(err)
	}
	return s.basis(account, institutions, d)
}

// basis finds the institution that may be told all the fields, and why.
func (s *Server) basis(account *creditbank.Account, who []creditbank.InstitutionID, d creditbank.Disclosure) (creditbank.Disclosure, error) {
	day := s.c.Bank.Today()
	var refused error
	for _, institution := range who {
		one := []creditbank.InstitutionID{institution}
		basis, err := account.Basis(one, s.institutionOf, d.Fields, d.Purpose, day)
		if err != nil {
			refused = err
			continue
		}
		d.Recipient, d.Basis = institution, basis
		if basis == creditbank.BasisConsent {
			d.Consent = account.ConsentFor(one, d.Fields, d.Purpose, day).Seq
		}
		return d, nil
	}
	return d, refused
}

// institutionOf returns the institution of a programme, "" if there is none. One
// that the rules in force have no more is still whose it was last: who studies
// there, and what waits for its reviewers, is theirs to end.
func (s *Server) institutionOf(id creditbank.ProgrammeID) creditbank.InstitutionID {
	return s.c.Bank.Catalogue().InstitutionOf(id)
}

// programme returns a programme that a request names.
func (s *Server) programme(id string) (creditbank.Programme, error) {
	rules := s.c.Bank.Catalogue().Rules
	if rules != nil {
		if p, ok := rules.Programme(creditbank.ProgrammeID(id)); ok {
			return p, nil
		}
	}
	return creditbank.Programme{}, creditbank.NotFound(creditbank.CodeUnknownProgramme, "programme", "没有这个专业", "there is no such programme")
}

// missing reports whether err says that something is not there.
func missing(err error) bool { return errors.Is(err, creditbank.ErrNotFound) }
