package api

import (
	"context"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// asksOfRules returns who asks for something about rules, under which key.
func (s *Server) asksOfRules(ctx context.Context, key string) creditbank.RuleRequest {
	c := callOf(ctx)
	return creditbank.RuleRequest{By: c.by(), Learner: c.principal.Learner, Key: key}
}

// onOwner returns what a draft of rules belongs to.
func onOwner(institution creditbank.InstitutionID) access.Target {
	if institution == "" {
		return access.OnBank()
	}
	return access.OnInstitution(institution)
}

// draft returns a draft by its number; one that is not known may have been made at
// another replica.
func (s *Server) draft(ctx context.Context, n int) (*creditbank.RuleDraft, error) {
	if d, err := s.c.Bank.Catalogue().Draft(n); err == nil {
		return d, nil
	}
	if err := s.c.Bank.Refresh(ctx); err != nil {
		return nil, err
	}
	return s.c.Bank.Catalogue().Draft(n)
}

// mayDraft returns a draft that is the caller's to act upon, in a role of the
// operation.
func (s *Server) mayDraft(ctx context.Context, n int) (*creditbank.RuleDraft, error) {
	d, err := s.draft(ctx, n)
	if err != nil {
		s.scoped(ctx)
		return nil, err
	}
	return d, s.may(ctx, onOwner(d.Institution))
}

// changedDraft answers with a draft as an act left it, and tells the replicas.
func (s *Server) changedDraft(ctx context.Context, d *creditbank.RuleDraft, err error) (contract.RuleDraftSummary, error) {
	if err != nil {
		return contract.RuleDraftSummary{}, aboutDraft(err)
	}
	s.c.Shared.Signals.Publish(ctx, topicReference, nil)
	return wireDraft(d), nil
}

// aboutDraft tells what is wrong with the files from what is wrong with the
// request, and what the body names from what the address names.
func aboutDraft(err error) error {
	if problems := creditbank.Placed(err); len(problems) > 0 {
		e := refuse(problemInvalid, creditbank.CodeInvalidRules, "规则文件有误", "the files of the rules are wrong")
		for _, p := range problems {
			e.parts = append(e.parts, part(p))
		}
		return e
	}
	if is(err, creditbank.CodeUnknownDraft) || is(err, creditbank.CodeUnknownObjection) {
		return err
	}
	return inBody(err)
}

// CreateRuleDraft implements [contract.StrictServerInterface].
func (s *Server) CreateRuleDraft(ctx context.Context, r contract.CreateRuleDraftRequestObject) (contract.CreateRuleDraftResponseObject, error) {
	institution := creditbank.InstitutionID(value(r.Body.Institution))
	request := s.asksOfRules(ctx, r.Params.IdempotencyKey)
	request.May = func(cat *creditbank.Catalogue) error {
		if _, known := cat.Institutions[institution]; institution != "" && !known {
			s.scoped(ctx) // refused for that
			return nil
		}
		return s.may(ctx, onOwner(institution))
	}
	d, err := s.c.Bank.DraftRules(ctx, request, institution, creditbank.RuleProposal{
		Base: r.Body.Base, Title: creditbank.Text{ZH: r.Body.Title.Zh, EN: value(r.Body.Title.En)}, Comment: value(r.Body.Comment), LegalBasis: value(r.Body.LegalBasis),
		Files: creditbank.RuleFiles{Rules: []byte(r.Body.Rules), Programmes: []byte(r.Body.Programmes)},
	})
	w, err := s.changedDraft(ctx, d, err)
	return contract.CreateRuleDraft200JSONResponse(w), err
}

// ReviseRuleDraft implements [contract.StrictServerInterface].
func (s *Server) ReviseRuleDraft(ctx context.Context, r contract.ReviseRuleDraftRequestObject) (contract.ReviseRuleDraftResponseObject, error) {
	if _, err := s.mayDraft(ctx, r.Draft); err != nil {
		return nil, err
	}
	d, err := s.c.Bank.ReviseDraft(ctx, s.asksOfRules(ctx, r.Params.IdempotencyKey), r.Draft, creditbank.RuleProposal{
		Base: r.Body.Base, Title: creditbank.Text{ZH: r.Body.Title.Zh, EN: value(r.Body.Title.En)}, Comment: value(r.Body.Comment), LegalBasis: value(r.Body.LegalBasis),
		Files: creditbank.RuleFiles{Rules: []byte(r.Body.Rules), Programmes: []byte(r.Body.Programmes)},
	})
	w, err := s.changedDraft(ctx, d, err)
	return contract.ReviseRuleDraft200JSONResponse(w), err
}

// SubmitRuleDraft implements [contract.StrictServerInterface].
func (s *Server) SubmitRuleDraft(ctx context.Context, r contract.SubmitRuleDraftRequestObject) (contract.SubmitRuleDraftResponseObject, error) {
	if _, err := s.mayDraft(ctx, r.Draft); err != nil {
		return nil, err
	}
	d, err := s.c.Bank.SubmitDraft(ctx, s.asksOfRules(ctx, r.Params.IdempotencyKey), r.Draft, r.Body.Revision)
	w, err := s.changedDraft(ctx, d, err)
	return contract.SubmitRuleDraft200JSONResponse(w), err
}

// ReviewRuleDraft implements [contract.StrictServerInterface].
func (s *Server) ReviewRuleDraft(ctx context.Context, r contract.ReviewRuleDraftRequestObject) (contract.ReviewRuleDraftResponseObject, error) {
	if _, err := s.mayDraft(ctx, r.Draft); err != nil {
		return nil, err
	}
	d, err := s.c.Bank.ReviewDraft(ctx, s.asksOfRules(ctx, r.Params.IdempotencyKey), r.Draft,
		creditbank.DraftVerdict{Revision: r.Body.Revision, Approve: r.Body.Approve, Note: value(r.Body.Note)})
	w, err := s.changedDraft(ctx, d, err)
	return contract.ReviewRuleDraft200JSONResponse(w), err
}

// WithdrawRuleDraft implements [contract.StrictServerInterface].
func (s *Server) WithdrawRuleDraft(ctx context.Context, r contract.WithdrawRuleDraftRequestObject) (contract.WithdrawRuleDraftResponseObject, error) {
	if _, err := s.mayDraft(ctx, r.Draft); err != nil {
		return nil, err
	}
	d, err := s.c.Bank.WithdrawDraft(ctx, s.asksOfRules(ctx, r.Params.IdempotencyKey), r.Draft, r.Body.Reason)
	w, err := s.changedDraft(ctx, d, err)
	return contract.WithdrawRuleDraft200JSONResponse(w), err
}

// PublishRuleDraft implements [contract.StrictServerInterface]. The rules are the
// whole bank's, whosever the draft is.
func (s *Server) PublishRuleDraft(ctx context.Context, r contract.PublishRuleDraftRequestObject) (contract.PublishRuleDraftResponseObject, error) {
	if err := s.may(ctx, access.OnBank()); err != nil {
		return nil, err
	}
	set, err := s.c.Bank.PublishDraft(ctx, s.asksOfRules(ctx, r.Params.IdempotencyKey), r.Draft, r.Body.Revision)
	if err != nil {
		return nil, aboutDraft(err)
	}
	s.c.Shared.Signals.Publish(ctx, topicReference, nil)
	return contract.PublishRuleDraft200JSONResponse(summary(s.c.Bank.Catalogue(), set)), nil
}

// ObjectToRuleDraft implements [contract.StrictServerInterface].
func (s *Server) ObjectToRuleDraft(ctx context.Context, r contract.ObjectToRuleDraftRequestObject) (contract.ObjectToRuleDraftResponseObject, error) {
	s.scoped(ctx) // whoever has logged in
	if _, err := s.visibleDraft(ctx, r.Draft); err != nil {
		return nil, err
	}
	request := s.asksOfRules(ctx, r.Params.IdempotencyKey)
	_, o, err := s.c.Bank.Object(ctx, request, r.Draft, r.Body.Text)
	if err != nil {
		return nil, aboutDraft(err)
	}
	s.c.Shared.Signals.Publish(ctx, topicReference, nil)
	w, err := s.wireObjection(ctx, r.Draft, o, true)
	return contract.ObjectToRuleDraft200JSONResponse(w), err
}

// AnswerRuleObjection implements [contract.StrictServerInterface].
func (s *Server) AnswerRuleObjection(ctx context.Context, r contract.AnswerRuleObjectionRequestObject) (contract.AnswerRuleObjectionResponseObject, error) {
	if _, err := s.mayDraft(ctx, r.Draft); err != nil {
		return nil, err
	}
	d, err := s.c.Bank.AnswerObjection(ctx, s.asksOfRules(ctx, r.Params.IdempotencyKey), r.Draft, r.Objection, r.Body.Upheld, r.Body.Reason)
	w, err := s.changedDraft(ctx, d, err)
	return contract.AnswerRuleObjection200JSONResponse(w), err
}

// restanding returns what to suspend, resume or retire, and who asks for it. A
// programme's rules are its institution's to stop, the others the bank's.
func (s *Server) restanding(ctx context.Context, rule, programme *contract.Code, key string) (creditbank.RuleTarget, creditbank.RuleRequest) {
	t := creditbank.RuleTarget{Rule: creditbank.RuleID(value(rule)), Programme: creditbank.ProgrammeID(value(programme))}
	request := s.asksOfRules(ctx, key)
	request.May = func(cat *creditbank.Catalogue) error {
		s.scoped(ctx) // what there is not is refused later
		of := t.Programme
		if cat.Rules == nil {
			return s.may(ctx, access.OnBank())
		}
		if t.Rule != "" && t.Programme == "" {
			var known bool
			if _, of, known = cat.Rules.RuleTitle(t.Rule); !known {
				return nil
			}
		}
		if of == "" {
			return s.may(ctx, access.OnBank())
		}
		p, known := cat.Rules.Programme(of)
		if !known {
			return nil
		}
		return s.may(ctx, access.OnInstitution(p.Institution))
	}
	return t, request
}

// restood answers with the version that says how rules stand now.
func (s *Server) restood(ctx context.Context, set creditbank.RuleSet, err error) (contract.RuleSetSummary, error) {
	if err != nil {
		return contract.RuleSetSummary{}, inBody(err)
	}
	s.c.Shared.Signals.Publish(ctx, topicReference, nil)
	return summary(s.c.Bank.Catalogue(), set), nil
}

// SuspendRules implements [contract.StrictServerInterface].
func (s *Server) SuspendRules(ctx context.Context, r contract.SuspendRulesRequestObject) (contract.SuspendRulesResponseObject, error) {
	t, request := s.restanding(ctx, r.Body.Rule, r.Body.Programme, r.Params.IdempotencyKey)
	set, err := s.c.Bank.SuspendRules(ctx, request, t, r.Body.Reason)
	w, err := s.restood(ctx, set, err)
	return contract.SuspendRules200JSONResponse(w), err
}

// ResumeRules implements [contract.StrictServerInterface].
func (s *Server) ResumeRules(ctx context.Context, r contract.ResumeRulesRequestObject) (contract.ResumeRulesResponseObject, error) {
	t, request := s.restanding(ctx, r.Body.Rule, r.Body.Programme, r.Params.IdempotencyKey)
	set, err := s.c.Bank.ResumeRules(ctx, request, t, r.Body.Reason)
	w, err := s.restood(ctx, set, err)
	return contract.ResumeRules200JSONResponse(w), err
}

// RetireRules implements [contract.StrictServerInterface].
func (s *Server) RetireRules(ctx context.Context, r contract.RetireRulesRequestObject) (contract.RetireRulesResponseObject, error) {
	through, err := parseDay(r.Body.Through, "through")
	if err != nil {
		return nil, err
	}
	t, request := s.restanding(ctx, r.Body.Rule, r.Body.Programme, r.Params.IdempotencyKey)
	set, err := s.c.Bank.RetireRules(ctx, request, t, through, r.Body.Reason)
	w, err := s.restood(ctx, set, err)
	return contract.RetireRules200JSONResponse(w), err
}
