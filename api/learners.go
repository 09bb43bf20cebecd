package api

import (
	"context"
	"slices"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// OpenLearner implements [contract.StrictServerInterface].
func (s *Server) OpenLearner(ctx context.Context, r contract.OpenLearnerRequestObject) (contract.OpenLearnerResponseObject, error) {
	c := callOf(ctx)
	c.checked = true
	// A clerk serves whoever comes to the counter, wherever they live.
	if !c.principal.Has(access.Clerk) {
		if err := s.may(ctx, access.OnRegion(creditbank.RegionCode(r.Body.Region))); err != nil {
			return nil, err
		}
	}
	number, err := creditbank.ParseIDNumber(r.Body.IdNumber)
	if err != nil {
		return nil, inBody(err)
	}
	opening := creditbank.Opening{Person: creditbank.Person{IDNumber: number, Name: r.Body.Name}, Region: creditbank.RegionCode(r.Body.Region)}
	opened, errs := s.c.Bank.Open(ctx, c.by(), []creditbank.Opening{opening})
	if errs[0] != nil {
		return nil, inBody(errs[0])
	}
	l := opened[0].Learner
	if opened[0].Existed {
		// To be told that there is one, and which, is to have looked it up.
		if err := s.shown(ctx, l.ID); err != nil {
			return nil, err
		}
	}
	w := contract.Learner{Id: string(l.ID), Account: string(l.Account), Region: string(l.Region), OpenedAt: l.Opened}
	if opened[0].Existed {
		return contract.OpenLearner200JSONResponse(w), nil
	}
	return contract.OpenLearner201JSONResponse(w), nil
}

// FindLearner implements [contract.StrictServerInterface]. Whoever names a
// learner by number and name learns the learner's id; that is put on record
// where the caller has a ground to be told anything.
func (s *Server) FindLearner(ctx context.Context, r contract.FindLearnerRequestObject) (contract.FindLearnerResponseObject, error) {
	s.scoped(ctx)
	id, err := s.lookUp(ctx, reference{account: value(r.Body.Account), idNumber: value(r.Body.IdNumber), name: r.Body.Name})
	if err != nil {
		if missing(err) {
			return nil, err // the answer to a search that finds nothing is 404
		}
		return nil, inBody(err)
	}
	l, err := s.c.Bank.Learner(ctx, id)
	if err != nil {
		return nil, err
	}
	return contract.FindLearner200JSONResponse{Id: string(id), Account: string(l.Account)}, nil
}

// GetLearner implements [contract.StrictServerInterface]. A learner who consents
// lets name and region be known, and nothing else that stands here.
func (s *Server) GetLearner(ctx context.Context, r contract.GetLearnerRequestObject) (contract.GetLearnerResponseObject, error) {
	id := creditbank.LearnerID(r.Learner)
	basis, err := s.basisToRead(ctx, id, r.Params.Purpose, creditbank.FieldProfile)
	if err != nil {
		return nil, err
	}
	l, err := s.c.Bank.Learner(ctx, id)
	if err != nil {
		return nil, err
	}
	p, err := s.c.Bank.Person(ctx, id)
	if err != nil {
		return nil, err
	}
	a, err := s.c.Bank.Account(ctx, id)
	if err != nil {
		return nil, err
	}
	w := contract.GetLearner200JSONResponse{Id: string(id), Account: string(l.Account), Name: optional(p.Name), Region: string(l.Region), OpenedAt: l.Opened}
	if basis != creditbank.BasisConsent {
		programmes := texts(a.Enrolments())
		w.Programmes, w.Frozen = &programmes, &a.Frozen
	}
	return w, nil
}

// change returns the request to change something about a learner.
func (s *Server) change(ctx context.Context, learner, key string) creditbank.Change {
	return creditbank.Change{By: callOf(ctx).by(), Learner: creditbank.LearnerID(learner), Key: key}
}

// standing returns how an account stands after a change: to others than the
// learner, as far as it is theirs. Where else somebody studies is not.
func (s *Server) standing(ctx context.Context, learner string) (contract.StandingJSONResponse, error) {
	a, err := s.c.Bank.Account(ctx, creditbank.LearnerID(learner))
	if err != nil {
		return contract.StandingJSONResponse{}, err
	}
	programmes := a.Enrolments()
	if c := callOf(ctx); !s.isSelf(ctx, a.Learner) {
		programmes = slices.DeleteFunc(programmes, func(p creditbank.ProgrammeID) bool {
			return !c.principal.May(s.c.Bank.Catalogue(), permissions[c.op.id], access.OnInstitution(s.institutionOf(p)))
		})
	}
	return contract.StandingJSONResponse{
		Body:    contract.Standing{Learner: learner, Version: a.Version, Frozen: a.Frozen, Programmes: texts(programmes)},
		Headers: contract.StandingResponseHeaders{ETag: etag(a.Version)},
	}, nil
}

// Enrol implements [contract.StrictServerInterface]. The programme's
// institution decides who studies there.
func (s *Server) Enrol(ctx context.Context, r contract.EnrolRequestObject) (contract.EnrolResponseObject, error) {
	p, err := s.programme(r.Programme)
	if err != nil {
		return nil, err
	}
	if err := s.may(ctx, access.OnInstitution(p.Institution)); err != nil {
		return nil, err
	}
	if err := s.c.Bank.Enrol(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), p.ID); err != nil {
		return nil, err
	}
	answer, err := s.standing(ctx, r.Learner)
	return contract.Enrol200JSONResponse{StandingJSONResponse: answer}, err
}

// Withdraw implements [contract.StrictServerInterface].
func (s *Server) Withdraw(ctx context.Context, r contract.WithdrawRequestObject) (contract.WithdrawResponseObject, error) {
	id := creditbank.ProgrammeID(r.Programme)
	of := s.institutionOf(id)
	if of == "" {
		_, err := s.programme(r.Programme)
		return nil, err
	}
	if !s.isSelf(ctx, creditbank.LearnerID(r.Learner)) {
		if err := s.may(ctx, access.OnInstitution(of)); err != nil {
			return nil, err
		}
	}
	s.scoped(ctx)
	if err := s.c.Bank.Leave(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), id); err != nil {
		return nil, err
	}
	answer, err := s.standing(ctx, r.Learner)
	return contract.Withdraw200JSONResponse{StandingJSONResponse: answer}, err
}

// Freeze implements [contract.StrictServerInterface].
func (s *Server) Freeze(ctx context.Context, r contract.FreezeRequestObject) (contract.FreezeResponseObject, error) {
	answer, err := s.freeze(ctx, r.Learner, r.Params.IdempotencyKey, r.Body.Reason, s.c.Bank.Freeze)
	return contract.Freeze200JSONResponse{StandingJSONResponse: answer}, err
}

// Unfreeze implements [contract.StrictServerInterface].
func (s *Server) Unfreeze(ctx context.Context, r contract.UnfreezeRequestObject) (contract.UnfreezeResponseObject, error) {
	answer, err := s.freeze(ctx, r.Learner, r.Params.IdempotencyKey, r.Body.Reason, s.c.Bank.Unfreeze)
	return contract.Unfreeze200JSONResponse{StandingJSONResponse: answer}, err
}

func (s *Server) freeze(ctx context.Context, learner, key, reason string, do func(context.Context, creditbank.Change, string) error) (contract.StandingJSONResponse, error) {
	l, err := s.c.Bank.Learner(ctx, creditbank.LearnerID(learner))
	if err != nil {
		return contract.StandingJSONResponse{}, s.unknown(err)
	}
	if err := s.may(ctx, access.OnLearner(l.ID, l.Region)); err != nil {
		return contract.StandingJSONResponse{}, err
	}
	if err := do(ctx, s.change(ctx, learner, key), reason); err != nil {
		return contract.StandingJSONResponse{}, err
	}
	return s.standing(ctx, learner)
}
