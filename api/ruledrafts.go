package api

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// draftReaders are the roles in which a draft of rules is read before it is
// public, within its owner's scope.
var draftReaders = []access.Role{reviewer, manager, operator, auditor}

// staffOf reports whether the caller has to do with a draft.
func (s *Server) staffOf(ctx context.Context, d *creditbank.RuleDraft) bool {
	return callOf(ctx).principal.May(s.c.Bank.Catalogue(), draftReaders, onOwner(d.Institution))
}

// seesDraft reports whether the caller may read a draft.
func (s *Server) seesDraft(ctx context.Context, d *creditbank.RuleDraft) bool {
	return d.Public() || s.staffOf(ctx, d)
}

// visibleDraft returns a draft that the caller may read, or that somebody has
// objected to, which is no secret any more. One that seems to be neither may have
// become so at another replica.
func (s *Server) visibleDraft(ctx context.Context, n int) (*creditbank.RuleDraft, error) {
	visible := func(d *creditbank.RuleDraft) bool { return s.seesDraft(ctx, d) || len(d.Objections) > 0 }
	d, err := s.draft(ctx, n)
	if err != nil || visible(d) {
		return d, err
	}
	if err := s.c.Bank.Refresh(ctx); err != nil {
		return nil, err
	}
	if d, err = s.c.Bank.Catalogue().Draft(n); err == nil && !visible(d) {
		return nil, unknownDraft()
	}
	return d, err
}

func unknownDraft() error {
	return creditbank.NotFound(creditbank.CodeUnknownDraft, "draft", "没有这份规则草案", "there is no such draft of rules")
}

func wireDraft(d *creditbank.RuleDraft) contract.RuleDraftSummary {
	first, now := d.Revisions[0], d.Current()
	w := contract.RuleDraftSummary{
		Draft: d.Number, Institution: optional(string(d.Institution)), State: contract.RuleDraftState(d.State), StateText: wireText(d.State.Text()),
		Title: wireText(now.Title), Comment: optional(now.Comment), Base: now.Base, Revision: now.Number, Hash: now.Hash().String(),
		DraftedAt: first.At, DraftedBy: first.By.ID, RevisedAt: now.At, RevisedBy: now.By.ID, Approvals: d.Approvals(),
		PublicFrom: day(d.PublicFrom), PublicUntil: day(d.PublicUntil), Objections: len(d.Objections), OpenObjections: d.OpenObjections(), RuleSet: optional(d.RuleSet),
	}
	if len(now.LegalBasis) > 0 {
		w.LegalBasis = &now.LegalBasis
	}
	if d.Submitted != 0 {
		w.SubmittedAt, w.SubmittedBy, w.Quorum = &d.SubmittedAt, &d.SubmittedBy.ID, &d.Policy.Quorum
	}
	return w
}

// ListRuleDrafts implements [contract.StrictServerInterface].
func (s *Server) ListRuleDrafts(ctx context.Context, r contract.ListRuleDraftsRequestObject) (contract.ListRuleDraftsResponseObject, error) {
	before, err := afterNumber(r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	w := contract.ListRuleDrafts200JSONResponse{Drafts: []contract.RuleDraftSummary{}}
	for _, d := range slices.Backward(s.c.Bank.Catalogue().Drafts) {
		if before > 0 && int64(d.Number) >= before || !s.seesDraft(ctx, d) || r.Params.State != nil && string(*r.Params.State) != string(d.State) {
			continue
		}
		if n := len(w.Drafts); n == pageSize(r.Params.Limit) {
			w.Next = cursor(strconv.Itoa(w.Drafts[n-1].Draft))
			break
		}
		w.Drafts = append(w.Drafts, wireDraft(d))
	}
	return w, nil
}

// GetRuleDraft implements [contract.StrictServerInterface]. Of a draft that is
// public anyone reads what is public; revisions before and after are for staff.
func (s *Server) GetRuleDraft(ctx context.Context, r contract.GetRuleDraftRequestObject) (contract.GetRuleDraftResponseObject, error) {
	d, err := s.visibleDraft(ctx, r.Draft)
	if err != nil {
		return nil, err
	}
	staff := s.staffOf(ctx, d)
	shown, ok := d.Revision(value(r.Params.Revision))
	if !ok || !staff && (!d.Public() || shown.Number != len(d.Revisions)) {
		return nil, unknownDraft()
	}
	w := contract.RuleDraft{
		Summary: wireDraft(d), Revision: shown.Number, Rules: string(shown.Files.Rules), Programmes: string(shown.Files.Programmes),
		Checks: []contract.ProblemPart{}, Changes: []contract.RuleChange{}, Objections: []contract.RuleObjection{}, Publishable: d.Publishable(s.c.Bank.Today()),
	}
	if !d.State.Ended() || shown.Number == len(d.Revisions) {
		if err := s.examine(&w, d, shown); err != nil {
			return nil, err
		}
	}
	for _, o := range d.Objections {
		wire, err := s.wireObjection(ctx, d.Number, o, staff || o.By == callOf(ctx).by())
		if err != nil {
			return nil, err
		}
		w.Objections = append(w.Objections, wire)
	}
	if staff {
		reviews := mapped(d.Reviews, func(v creditbank.RuleReview) contract.RuleReview {
			return contract.RuleReview{Revision: v.Revision, Approved: v.Approved, Note: optional(v.Note), At: v.At, By: v.By.ID}
		})
		history := mapped(s.c.Bank.Catalogue().ActsOn(d.Number), wireRuleAct)
		w.Reviews, w.History = &reviews, &history
	}
	return contract.GetRuleDraft200JSONResponse(w), nil
}

// examine notes what is wrong with a revision, or else what it changes. What a
// draft changed when it was published is what that version changed.
func (s *Server) examine(w *contract.RuleDraft, d *creditbank.RuleDraft, shown creditbank.RuleRevision) error {
	changes, err := s.c.Bank.DraftChanges(d.Number, shown.Number)
	if d.State == creditbank.RulePublished {
		changes, err = s.c.Bank.RuleChanges(shown.Base, d.RuleSet)
	}
	for _, p := range creditbank.Placed(err) {
		w.Checks = append(w.Checks, part(p))
	}
	if err != nil && len(w.Checks) == 0 {
		return err
	}
	w.Changes = mapped(changes, wireChange)
	return nil
}

func wireRuleAct(a creditbank.RuleAct) contract.RuleAct {
	w := contract.RuleAct{
		At: a.At, By: a.By.ID, Act: string(a.Body.Kind), Text: wireText(a.Body.Kind.Text()), Revision: optional(a.Body.Revision), Objection: optional(a.Body.Objection),
	}
	if a.Body.Kind != creditbank.RuleActObjected {
		w.Note = optional(a.Body.Note)
	}
	return w
}

// wireObjection returns an objection, with what it says to those who may read it.
// The text of a learner who was erased is gone.
func (s *Server) wireObjection(ctx context.Context, draft int, o creditbank.RuleObjection, whole bool) (contract.RuleObjection, error) {
	w := contract.RuleObjection{Draft: draft, Objection: o.Number, Revision: o.Revision, At: o.At}
	if whole {
		text, err := s.c.Bank.ObjectionText(ctx, o)
		if err != nil && !errors.Is(err, creditbank.ErrNotFound) {
			return w, err
		}
		w.By, w.Text = &o.By.ID, optional(text)
	}
	if o.Answer != nil {
		w.Answer = &struct {
			At     time.Time `json:"at"`
			Reason string    `json:"reason"`
			Upheld bool      `json:"upheld"`
		}{o.Answer.At, o.Answer.Reason, o.Answer.Upheld}
	}
	return w, nil
}
