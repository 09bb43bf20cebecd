package api

import (
	"context"
	"slices"
	"strconv"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

func ruleIDs(codes []contract.Code) []creditbank.RuleID {
	return mapped(codes, func(c contract.Code) creditbank.RuleID { return creditbank.RuleID(c) })
}

// PreviewConversions implements [contract.StrictServerInterface].
func (s *Server) PreviewConversions(ctx context.Context, r contract.PreviewConversionsRequestObject) (contract.PreviewConversionsResponseObject, error) {
	id := creditbank.LearnerID(r.Learner)
	if err := s.mayRead(ctx, id, r.Params.Purpose, creditbank.FieldOutcomes, creditbank.FieldConversions); err != nil {
		return nil, err
	}
	c, err := s.c.Bank.Compare(ctx, id, ruleIDs(r.Body.Rules))
	if err != nil {
		return nil, s.aboutRules(err)
	}
	cat := s.c.Bank.Catalogue()
	w := contract.Preview{
		Learner: r.Learner, Version: c.Decisions[0].Base, Comparison: wireComparison(cat, c),
		Decisions: mapped(c.Decisions, func(d *creditbank.Decision) contract.Decision { return wireDecision(cat, 0, d) }),
	}
	return contract.PreviewConversions200JSONResponse{Body: w, Headers: contract.PreviewConversions200ResponseHeaders{ETag: etag(w.Version)}}, nil
}

// aboutRules tells a rule that the body names from a learner that the address
// names.
func (s *Server) aboutRules(err error) error {
	if is(err, creditbank.CodeUnknownLearner) {
		return err
	}
	return inBody(err)
}

// Convert implements [contract.StrictServerInterface]. A learner applies for
// what is their own; a clerk of the institution that would grant, on a ground
// on which it may know the account.
func (s *Server) Convert(ctx context.Context, r contract.ConvertRequestObject) (contract.ConvertResponseObject, error) {
	id := creditbank.LearnerID(r.Learner)
	rules := ruleIDs(r.Body.Rules)
	if !s.isSelf(ctx, id) {
		if err := s.mayConvertFor(ctx, id, rules); err != nil {
			return nil, err
		}
	}
	s.scoped(ctx)
	acts, err := s.c.Bank.ConvertConfirmed(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), rules, value(r.Body.ConfirmForfeited))
	if err != nil {
		return nil, s.aboutRules(err)
	}
	a, err := s.c.Bank.Account(ctx, id)
	if err != nil {
		return nil, err
	}
	w := contract.Decisions{Learner: r.Learner, Version: a.Version, Decisions: []contract.Decision{}}
	for _, act := range acts {
		if act.Body.Decision != nil {
			w.Decisions = append(w.Decisions, s.decision(a, act))
		}
	}
	return contract.Convert200JSONResponse{Body: w, Headers: contract.Convert200ResponseHeaders{ETag: etag(a.Version)}}, nil
}

// mayConvertFor reports whether the caller may apply in the learner's stead.
func (s *Server) mayConvertFor(ctx context.Context, id creditbank.LearnerID, rules []creditbank.RuleID) error {
	set := s.c.Bank.Catalogue().Rules
	for _, rule := range rules {
		if set == nil {
			break
		}
		_, programme, _ := set.RuleTitle(rule)
		if err := s.may(ctx, access.OnInstitution(s.institutionOf(programme))); err != nil {
			return err
		}
	}
	purpose := contract.CONVERSION
	return s.mayRead(ctx, id, &purpose, creditbank.FieldOutcomes, creditbank.FieldConversions)
}

// decision returns a decision on record with what became of it.
func (s *Server) decision(a *creditbank.Account, act creditbank.Act) contract.Decision {
	w := wireDecision(s.c.Bank.Catalogue(), act.Seq, act.Body.Decision)
	state := contract.DecisionStateDenied
	if p := a.Application(act.Seq); p != nil {
		state = contract.DecisionStateOpen
		if !p.Open() {
			state, w.DecidedBy = contract.DecisionStateDecided, &p.ClosedBy
		}
		w.Progress = s.howFar(p)
	}
	if c := a.Conversion(act.Seq); c != nil {
		state, w.Case = contract.DecisionStateStanding, optional(a.UnderCase(c.Seq))
		if !c.Stands() {
			state, w.ReversedOn = contract.DecisionStateReversed, day(c.ReversedOn)
		}
	}
	w.State, w.Note = &state, optional(act.Body.Reason)
	return w
}

// decides reports whether an act is an application or a decision on one.
func decides(a creditbank.Act) bool {
	return a.Body.Decision != nil && (a.Kind == creditbank.ActDecided || a.Kind == creditbank.ActApplied)
}

// ListConversions implements [contract.StrictServerInterface].
func (s *Server) ListConversions(ctx context.Context, r contract.ListConversionsRequestObject) (contract.ListConversionsResponseObject, error) {
	before, err := afterNumber(r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	h, a, err := s.conversionsOf(ctx, r.Learner, r.Params.Purpose)
	if err != nil {
		return nil, err
	}
	w := contract.DecisionPage{Learner: r.Learner, Version: a.Version, Decisions: []contract.Decision{}}
	for _, act := range slices.Backward(h.Acts) {
		if !decides(act) || before > 0 && act.Seq >= before {
			continue
		}
		if len(w.Decisions) == pageSize(r.Params.Limit) {
			w.Next = cursor(strconv.FormatInt(*w.Decisions[len(w.Decisions)-1].Seq, 10))
			break
		}
		w.Decisions = append(w.Decisions, s.decision(a, act))
	}
	return contract.ListConversions200JSONResponse{Body: w, Headers: contract.ListConversions200ResponseHeaders{ETag: etag(a.Version)}}, nil
}

func (s *Server) conversionsOf(ctx context.Context, learner string, purpose *contract.Purpose) (creditbank.History, *creditbank.Account, error) {
	id := creditbank.LearnerID(learner)
	if err := s.mayRead(ctx, id, purpose, creditbank.FieldConversions); err != nil {
		return creditbank.History{}, nil, err
	}
	h, err := s.c.Bank.History(ctx, id)
	if err != nil {
		return h, nil, err
	}
	a, err := creditbank.NewAccount(h)
	return h, a, err
}

// GetConversion implements [contract.StrictServerInterface].
func (s *Server) GetConversion(ctx context.Context, r contract.GetConversionRequestObject) (contract.GetConversionResponseObject, error) {
	h, a, err := s.conversionsOf(ctx, r.Learner, r.Params.Purpose)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(h.Acts, func(act creditbank.Act) bool { return act.Seq == r.Seq && decides(act) })
	if i < 0 {
		return nil, creditbank.NotFound("UNKNOWN_DECISION", "seq", "没有这项决定", "there is no such decision")
	}
	return contract.GetConversion200JSONResponse{
		Body: s.decision(a, h.Acts[i]), Headers: contract.GetConversion200ResponseHeaders{ETag: etag(a.Version)},
	}, nil
}
