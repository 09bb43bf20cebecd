package api

import (
	"context"
	"net/http"
	"strconv"

	"creditbank/api/contract"
	"creditbank/creditbank"
)

// Each step of a petition's life: whether the caller may, then the bank, then the
// petition as it stands.

// petitioned answers with a petition as it stands: to the learner with their words.
func (s *Server) petitioned(ctx context.Context, learner string, seq int64, words bool, err error) (contract.Petition, string, error) {
	if err != nil {
		return contract.Petition{}, "", err
	}
	a, err := s.c.Bank.Account(ctx, creditbank.LearnerID(learner))
	if err != nil {
		return contract.Petition{}, "", err
	}
	w, err := s.wirePetition(ctx, a, a.Petition(seq), words)
	return w, etag(a.Version), err
}

// Petition implements [contract.StrictServerInterface].
func (s *Server) Petition(ctx context.Context, r contract.PetitionRequestObject) (contract.PetitionResponseObject, error) {
	if err := s.onlySelf(ctx, r.Learner); err != nil {
		return nil, err
	}
	claim, err := readClaim(*r.Body)
	if err != nil {
		return nil, inBody(err)
	}
	act, err := s.c.Bank.Petition(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), claim)
	w, tag, err := s.petitioned(ctx, r.Learner, act.Seq, true, inBody(err))
	return contract.Petition201JSONResponse{Body: w, Headers: contract.Petition201ResponseHeaders{ETag: tag}}, err
}

// AddEvidence implements [contract.StrictServerInterface]. The file is read only
// once it is known that somebody may bring it.
func (s *Server) AddEvidence(ctx context.Context, r contract.AddEvidenceRequestObject) (contract.AddEvidenceResponseObject, error) {
	if _, _, err := s.ownPetition(ctx, r.Learner, r.Seq); err != nil {
		leave(r.Body)
		return nil, err
	}
	file, err := readFile(r.Body)
	if err == nil {
		_, err = s.c.Bank.AddEvidence(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), r.Seq, file)
	}
	w, tag, err := s.petitioned(ctx, r.Learner, r.Seq, true, err)
	return contract.AddEvidence201JSONResponse{Body: w, Headers: contract.AddEvidence201ResponseHeaders{ETag: tag}}, err
}

// GetEvidence implements [contract.StrictServerInterface].
func (s *Server) GetEvidence(ctx context.Context, r contract.GetEvidenceRequestObject) (contract.GetEvidenceResponseObject, error) {
	a, p, err := s.maySee(ctx, r.Learner, r.Seq, creditbank.FieldEvidence)
	if err != nil {
		return nil, err
	}
	file, err := s.c.Bank.OpenEvidence(ctx, a.Learner, p.Seq, r.Evidence)
	if err != nil {
		return nil, err
	}
	return evidenceFile{file, "evidence-" + strconv.FormatInt(r.Evidence, 10) + file.Type.Extension()}, nil
}

// An evidenceFile is answered so that no browser runs or shows it: what is in it
// nobody has looked at. Its name is ours.
type evidenceFile struct {
	creditbank.File
	name string
}

// VisitGetEvidenceResponse implements [contract.GetEvidenceResponseObject].
func (f evidenceFile) VisitGetEvidenceResponse(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("Content-Type", string(f.Type))
	h.Set("Content-Length", strconv.Itoa(len(f.Data)))
	h.Set("Content-Disposition", `attachment; filename="`+f.name+`"`)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	_, err := w.Write(f.Data)
	return err
}

// SupplementPetition implements [contract.StrictServerInterface].
func (s *Server) SupplementPetition(ctx context.Context, r contract.SupplementPetitionRequestObject) (contract.SupplementPetitionResponseObject, error) {
	_, _, err := s.ownPetition(ctx, r.Learner, r.Seq)
	if err == nil {
		_, err = s.c.Bank.SupplementPetition(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), r.Seq, r.Body.Text)
	}
	w, tag, err := s.petitioned(ctx, r.Learner, r.Seq, true, err)
	return contract.SupplementPetition200JSONResponse{Body: w, Headers: contract.SupplementPetition200ResponseHeaders{ETag: tag}}, err
}

// WithdrawPetition implements [contract.StrictServerInterface].
func (s *Server) WithdrawPetition(ctx context.Context, r contract.WithdrawPetitionRequestObject) (contract.WithdrawPetitionResponseObject, error) {
	_, _, err := s.ownPetition(ctx, r.Learner, r.Seq)
	if err == nil {
		_, err = s.c.Bank.WithdrawPetition(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), r.Seq, r.Body.Reason)
	}
	w, tag, err := s.petitioned(ctx, r.Learner, r.Seq, true, err)
	return contract.WithdrawPetition200JSONResponse{Body: w, Headers: contract.WithdrawPetition200ResponseHeaders{ETag: tag}}, err
}

// ReturnPetition implements [contract.StrictServerInterface].
func (s *Server) ReturnPetition(ctx context.Context, r contract.ReturnPetitionRequestObject) (contract.ReturnPetitionResponseObject, error) {
	_, _, err := s.mayDecide(ctx, r.Learner, r.Seq)
	if err == nil {
		_, err = s.c.Bank.ReturnPetition(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), r.Seq, r.Body.Reason)
	}
	w, tag, err := s.petitioned(ctx, r.Learner, r.Seq, false, err)
	return contract.ReturnPetition200JSONResponse{Body: w, Headers: contract.ReturnPetition200ResponseHeaders{ETag: tag}}, err
}

// RefusePetition implements [contract.StrictServerInterface].
func (s *Server) RefusePetition(ctx context.Context, r contract.RefusePetitionRequestObject) (contract.RefusePetitionResponseObject, error) {
	_, _, err := s.mayDecide(ctx, r.Learner, r.Seq)
	if err == nil {
		_, err = s.c.Bank.RefusePetition(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), r.Seq, r.Body.Reason)
	}
	w, tag, err := s.petitioned(ctx, r.Learner, r.Seq, false, err)
	return contract.RefusePetition200JSONResponse{Body: w, Headers: contract.RefusePetition200ResponseHeaders{ETag: tag}}, err
}

// RecuseFromPetition implements [contract.StrictServerInterface].
func (s *Server) RecuseFromPetition(ctx context.Context, r contract.RecuseFromPetitionRequestObject) (contract.RecuseFromPetitionResponseObject, error) {
	_, _, err := s.mayDecide(ctx, r.Learner, r.Seq)
	if err == nil {
		_, err = s.c.Bank.RecusePetition(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), r.Seq, r.Body.Reason)
	}
	w, tag, err := s.petitioned(ctx, r.Learner, r.Seq, false, err)
	return contract.RecuseFromPetition200JSONResponse{Body: w, Headers: contract.RecuseFromPetition200ResponseHeaders{ETag: tag}}, err
}

// PreviewPetition implements [contract.StrictServerInterface]. What comes of a
// petition depends on what the learner was recognised before, so it tells of that.
func (s *Server) PreviewPetition(ctx context.Context, r contract.PreviewPetitionRequestObject) (contract.PreviewPetitionResponseObject, error) {
	a, p, err := s.mayDecide(ctx, r.Learner, r.Seq)
	if err != nil {
		return nil, err
	}
	findings, err := readFindings(*r.Body)
	if err != nil {
		return nil, inBody(err)
	}
	o, err := s.c.Bank.PreviewPetition(ctx, callOf(ctx).by(), a.Learner, p.Seq, findings)
	if err != nil {
		return nil, inBody(err)
	}
	w := wireOutcome(s.c.Bank.Catalogue(), &creditbank.Lot{Outcome: o}, s.c.Bank.Today())
	return contract.PreviewPetition200JSONResponse{
		Course: w.Course, Category: w.Category, Level: w.Level, Recognised: w.Recognised, Credits: w.Credits, Lost: w.Lost,
		ExpiresOn: w.ExpiresOn, Reasons: w.Reasons, Explained: w.Explained,
	}, s.tellPetition(ctx, a.Learner, p.Claim.Institution, creditbank.FieldOutcomes)
}

// AcceptPetition implements [contract.StrictServerInterface].
func (s *Server) AcceptPetition(ctx context.Context, r contract.AcceptPetitionRequestObject) (contract.AcceptPetitionResponseObject, error) {
	a, p, err := s.mayDecide(ctx, r.Learner, r.Seq)
	if err != nil {
		return nil, err
	}
	findings, err := readFindings(*r.Body)
	if err != nil {
		return nil, inBody(err)
	}
	o, err := s.c.Bank.AcceptPetition(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), p.Seq, findings)
	w, tag, err := s.petitioned(ctx, r.Learner, p.Seq, false, inBody(err))
	if err != nil {
		return nil, err
	}
	if a, err = s.c.Bank.Account(ctx, a.Learner); err != nil {
		return nil, err
	}
	return contract.AcceptPetition200JSONResponse{
		Body:    contract.AcceptedPetition{Petition: w, Outcome: wireOutcome(s.c.Bank.Catalogue(), a.Lot(o.Seq), s.c.Bank.Today())},
		Headers: contract.AcceptPetition200ResponseHeaders{ETag: tag},
	}, nil
}
