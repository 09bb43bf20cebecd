package api

import (
	"context"

	"creditbank/api/contract"
	"creditbank/creditbank"
)

// Each step of an application's life: whether the caller may, then the bank, then
// the application as it stands.

// ReviewConversion implements [contract.StrictServerInterface].
func (s *Server) ReviewConversion(ctx context.Context, r contract.ReviewConversionRequestObject) (contract.ReviewConversionResponseObject, error) {
	id := creditbank.LearnerID(r.Learner)
	if err := s.mayReview(ctx, id, r.Seq, r.Body.For); err != nil {
		return nil, err
	}
	verdict := creditbank.Verdict{Approve: r.Body.Approve, Note: value(r.Body.Note), For: value(r.Body.For)}
	act, err := s.c.Bank.Review(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), r.Seq, verdict)
	if err != nil {
		return nil, err
	}
	if act.Kind != creditbank.ActDecided {
		d, tag, err := s.stepped(ctx, r.Learner, r.Seq, nil)
		return contract.ReviewConversion200JSONResponse{Body: d, Headers: contract.ReviewConversion200ResponseHeaders{ETag: tag}}, err
	}
	a, err := s.c.Bank.Account(ctx, id)
	if err != nil {
		return nil, err
	}
	return contract.ReviewConversion200JSONResponse{
		Body: s.decision(a, act), Headers: contract.ReviewConversion200ResponseHeaders{ETag: etag(a.Version)},
	}, nil
}

// ClaimApplication implements [contract.StrictServerInterface].
func (s *Server) ClaimApplication(ctx context.Context, r contract.ClaimApplicationRequestObject) (contract.ClaimApplicationResponseObject, error) {
	err := s.mayReview(ctx, creditbank.LearnerID(r.Learner), r.Seq, r.Body.For)
	if err == nil {
		_, err = s.c.Bank.Claim(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), r.Seq, value(r.Body.For))
	}
	d, tag, err := s.stepped(ctx, r.Learner, r.Seq, err)
	return contract.ClaimApplication200JSONResponse{Body: d, Headers: contract.ClaimApplication200ResponseHeaders{ETag: tag}}, err
}

// ReleaseApplication implements [contract.StrictServerInterface]. Who claimed may
// always let go.
func (s *Server) ReleaseApplication(ctx context.Context, r contract.ReleaseApplicationRequestObject) (contract.ReleaseApplicationResponseObject, error) {
	err := s.mayActOnOwn(ctx, creditbank.LearnerID(r.Learner), r.Seq)
	if err == nil {
		_, err = s.c.Bank.Release(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), r.Seq)
	}
	d, tag, err := s.stepped(ctx, r.Learner, r.Seq, err)
	return contract.ReleaseApplication200JSONResponse{Body: d, Headers: contract.ReleaseApplication200ResponseHeaders{ETag: tag}}, err
}

// mayActOnOwn is [Server.mayReview] for what a deputy does in their own name too:
// letting go of a claim, and recusing themselves.
func (s *Server) mayActOnOwn(ctx context.Context, id creditbank.LearnerID, seq int64) error {
	err := s.mayReview(ctx, id, seq, nil)
	if err == nil {
		return nil
	}
	for _, d := range s.c.Bank.Catalogue().Deputations {
		if d.Deputy == callOf(ctx).principal.Caller().ID && s.mayReview(ctx, id, seq, &d.Reviewer) == nil {
			return nil
		}
	}
	return err
}

// RecuseFromApplication implements [contract.StrictServerInterface].
func (s *Server) RecuseFromApplication(ctx context.Context, r contract.RecuseFromApplicationRequestObject) (contract.RecuseFromApplicationResponseObject, error) {
	err := s.mayActOnOwn(ctx, creditbank.LearnerID(r.Learner), r.Seq)
	if err == nil {
		_, err = s.c.Bank.Recuse(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), r.Seq, r.Body.Reason)
	}
	d, tag, err := s.stepped(ctx, r.Learner, r.Seq, err)
	return contract.RecuseFromApplication200JSONResponse{Body: d, Headers: contract.RecuseFromApplication200ResponseHeaders{ETag: tag}}, err
}

// ReturnApplication implements [contract.StrictServerInterface].
func (s *Server) ReturnApplication(ctx context.Context, r contract.ReturnApplicationRequestObject) (contract.ReturnApplicationResponseObject, error) {
	err := s.mayReview(ctx, creditbank.LearnerID(r.Learner), r.Seq, r.Body.For)
	if err == nil {
		within := creditbank.Term{Period: creditbank.Period{Days: value(r.Body.Days)}}
		if value(r.Body.Working) {
			within = creditbank.Term{Working: value(r.Body.Days)}
		}
		_, err = s.c.Bank.Return(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), r.Seq, creditbank.Returning{
			Reason: r.Body.Reason, Within: within, For: value(r.Body.For),
		})
	}
	d, tag, err := s.stepped(ctx, r.Learner, r.Seq, err)
	return contract.ReturnApplication200JSONResponse{Body: d, Headers: contract.ReturnApplication200ResponseHeaders{ETag: tag}}, err
}

// SupplementApplication implements [contract.StrictServerInterface].
func (s *Server) SupplementApplication(ctx context.Context, r contract.SupplementApplicationRequestObject) (contract.SupplementApplicationResponseObject, error) {
	err := s.mayApply(ctx, creditbank.LearnerID(r.Learner), r.Seq)
	if err == nil {
		_, err = s.c.Bank.Supplement(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), r.Seq, creditbank.Supplement{
			Text: r.Body.Text, Forfeit: r.Body.ConfirmForfeited,
		})
	}
	d, tag, err := s.stepped(ctx, r.Learner, r.Seq, err)
	return contract.SupplementApplication200JSONResponse{Body: d, Headers: contract.SupplementApplication200ResponseHeaders{ETag: tag}}, err
}

// WithdrawApplication implements [contract.StrictServerInterface].
func (s *Server) WithdrawApplication(ctx context.Context, r contract.WithdrawApplicationRequestObject) (contract.WithdrawApplicationResponseObject, error) {
	err := s.mayApply(ctx, creditbank.LearnerID(r.Learner), r.Seq)
	if err == nil {
		_, err = s.c.Bank.Retract(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), r.Seq, r.Body.Reason)
	}
	d, tag, err := s.stepped(ctx, r.Learner, r.Seq, err)
	return contract.WithdrawApplication200JSONResponse{Body: d, Headers: contract.WithdrawApplication200ResponseHeaders{ETag: tag}}, err
}

// AppealApplication implements [contract.StrictServerInterface]. A learner appeals
// for themselves.
func (s *Server) AppealApplication(ctx context.Context, r contract.AppealApplicationRequestObject) (contract.AppealApplicationResponseObject, error) {
	err := s.mayApply(ctx, creditbank.LearnerID(r.Learner), r.Seq)
	if err == nil {
		_, err = s.c.Bank.Appeal(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), r.Seq, r.Body.Text)
	}
	d, tag, err := s.stepped(ctx, r.Learner, r.Seq, err)
	return contract.AppealApplication200JSONResponse{Body: d, Headers: contract.AppealApplication200ResponseHeaders{ETag: tag}}, err
}

// AnswerObjection implements [contract.StrictServerInterface].
func (s *Server) AnswerObjection(ctx context.Context, r contract.AnswerObjectionRequestObject) (contract.AnswerObjectionResponseObject, error) {
	err := s.mayReview(ctx, creditbank.LearnerID(r.Learner), r.Seq, r.Body.For)
	if err == nil {
		_, err = s.c.Bank.Answer(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), r.Seq, creditbank.Answer{
			Objection: r.Objection, Uphold: r.Body.Uphold, Text: r.Body.Text, For: value(r.Body.For),
		})
	}
	d, tag, err := s.stepped(ctx, r.Learner, r.Seq, err)
	return contract.AnswerObjection200JSONResponse{Body: d, Headers: contract.AnswerObjection200ResponseHeaders{ETag: tag}}, err
}
