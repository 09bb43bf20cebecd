package api

import (
	"context"
	"slices"

	"creditbank/api/contract"
	"creditbank/creditbank"
)

// GetConsentText implements [contract.StrictServerInterface].
func (s *Server) GetConsentText(_ context.Context, r contract.GetConsentTextRequestObject) (contract.GetConsentTextResponseObject, error) {
	t, ok := creditbank.ConsentText(r.Version)
	if !ok {
		return nil, creditbank.NotFound("UNKNOWN_TEXT", "version", "没有此版本的同意书", "there is no such version of the text")
	}
	return contract.GetConsentText200JSONResponse{Version: r.Version, Text: wireText(t)}, nil
}

// ListConsents implements [contract.StrictServerInterface].
func (s *Server) ListConsents(ctx context.Context, r contract.ListConsentsRequestObject) (contract.ListConsentsResponseObject, error) {
	id := creditbank.LearnerID(r.Learner)
	if err := s.mayOversee(ctx, id); err != nil {
		return nil, err
	}
	a, err := s.c.Bank.Account(ctx, id)
	if err != nil {
		return nil, err
	}
	consents := mapped(a.Consents, wireConsent)
	slices.Reverse(consents)
	return contract.ListConsents200JSONResponse{Consents: consents}, nil
}

// GiveConsent implements [contract.StrictServerInterface]. Nobody consents for
// another.
func (s *Server) GiveConsent(ctx context.Context, r contract.GiveConsentRequestObject) (contract.GiveConsentResponseObject, error) {
	if err := s.onlySelf(ctx, r.Learner); err != nil {
		return nil, err
	}
	until, err := parseDay(r.Body.Until, "until")
	if err != nil {
		return nil, inBody(err)
	}
	act, err := s.c.Bank.Consent(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), creditbank.Consent{
		Recipient: creditbank.InstitutionID(r.Body.Recipient), Purpose: creditbank.Purpose(r.Body.Purpose), TextVersion: r.Body.TextVersion, Until: until,
		Fields: mapped(r.Body.Fields, func(f contract.Field) creditbank.Field { return creditbank.Field(f) }),
	})
	if err != nil {
		return nil, inBody(err)
	}
	given, err := s.consent(ctx, r.Learner, act.Seq)
	return contract.GiveConsent201JSONResponse(given), err
}

// onlySelf reports FORBIDDEN unless the caller is the learner.
func (s *Server) onlySelf(ctx context.Context, learner string) error {
	s.scoped(ctx)
	if s.isSelf(ctx, creditbank.LearnerID(learner)) {
		return nil
	}
	return refuse(problemForbidden, "OUT_OF_SCOPE", "只有学习者本人可以这样做", "only the learner may do that")
}

// consent returns a consent on record.
func (s *Server) consent(ctx context.Context, learner string, seq int64) (contract.Consent, error) {
	a, err := s.c.Bank.Account(ctx, creditbank.LearnerID(learner))
	if err != nil {
		return contract.Consent{}, err
	}
	given := a.GivenConsent(seq)
	if given == nil {
		return contract.Consent{}, creditbank.NotFound(creditbank.CodeUnknownConsent, "seq", "没有这项同意", "there is no such consent")
	}
	return wireConsent(given), nil
}

// WithdrawConsent implements [contract.StrictServerInterface].
func (s *Server) WithdrawConsent(ctx context.Context, r contract.WithdrawConsentRequestObject) (contract.WithdrawConsentResponseObject, error) {
	if err := s.onlySelf(ctx, r.Learner); err != nil {
		return nil, err
	}
	if _, err := s.c.Bank.WithdrawConsent(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), r.Seq); err != nil {
		return nil, err
	}
	given, err := s.consent(ctx, r.Learner, r.Seq)
	return contract.WithdrawConsent200JSONResponse(given), err
}

// ListDisclosures implements [contract.StrictServerInterface].
func (s *Server) ListDisclosures(ctx context.Context, r contract.ListDisclosuresRequestObject) (contract.ListDisclosuresResponseObject, error) {
	id := creditbank.LearnerID(r.Learner)
	parts, err := after(r.Params.Cursor, 1)
	if err != nil {
		return nil, err
	}
	if parts[0] != "" && !isUUID(parts[0]) {
		return nil, badCursor()
	}
	if err := s.mayOversee(ctx, id); err != nil {
		return nil, err
	}
	if _, err := s.c.Bank.Version(ctx, id); err != nil {
		return nil, err
	}
	n := pageSize(r.Params.Limit)
	all, err := s.c.Bank.Disclosures(ctx, id, parts[0], n+1)
	if err != nil {
		return nil, err
	}
	var w contract.ListDisclosures200JSONResponse
	if len(all) > n {
		all, w.Next = all[:n], cursor(all[n-1].ID)
	}
	w.Disclosures = mapped(all, wireDisclosure)
	return w, nil
}

func wireDisclosure(d creditbank.Disclosure) contract.Disclosure {
	w := contract.Disclosure{
		Id: d.ID, At: d.At, By: d.By.ID, Recipient: optional(string(d.Recipient)), Region: optional(string(d.Authority)),
		Fields: mapped(d.Fields, func(f creditbank.Field) contract.DisclosedField { return contract.DisclosedField(f) }),
		Basis:  contract.DisclosureBasis(d.Basis), Consent: optional(d.Consent), Request: optional(d.Request),
	}
	if d.Purpose != "" {
		p := contract.Purpose(d.Purpose)
		w.Purpose = &p
	}
	return w
}
