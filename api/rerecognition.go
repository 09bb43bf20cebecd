package api

import (
	"context"
	"slices"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// PreviewRerecognition implements [contract.StrictServerInterface].
func (s *Server) PreviewRerecognition(ctx context.Context, r contract.PreviewRerecognitionRequestObject) (contract.PreviewRerecognitionResponseObject, error) {
	if err := s.may(ctx, access.OnBank()); err != nil {
		return nil, err
	}
	from, err := afterLearner(r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	reasons, err := refusals(r.Params.Reasons)
	if err != nil {
		return nil, err
	}
	found, err := s.c.Bank.PreviewRerecognition(ctx, creditbank.Rerecognition{Reasons: reasons}, from, pageSize(r.Params.Limit))
	if err != nil {
		return nil, err
	}
	// What is told of each learner is recorded first.
	for i, o := range found.Outcomes {
		if i > 0 && found.Outcomes[i-1].Learner == o.Learner {
			continue
		}
		if err := s.mayRead(ctx, o.Learner, nil, creditbank.FieldOutcomes); err != nil {
			return nil, err
		}
	}
	w := s.rerecognition(ctx, found)
	outcomes := mapped(found.Outcomes, wireRerecognised)
	w.Outcomes = &outcomes
	return contract.PreviewRerecognition200JSONResponse(w), nil
}

// Rerecognise implements [contract.StrictServerInterface]. Its answer names no
// learner's outcomes: what is done does not depend on whether it may be told.
func (s *Server) Rerecognise(ctx context.Context, r contract.RerecogniseRequestObject) (contract.RerecogniseResponseObject, error) {
	if err := s.may(ctx, access.OnBank()); err != nil {
		return nil, err
	}
	from, err := afterLearner(r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	reasons, err := refusals(r.Body.Reasons)
	if err != nil {
		return nil, inBody(err)
	}
	q := creditbank.Rerecognition{RuleSet: r.Body.RuleSet, Reasons: reasons}
	done, err := s.c.Bank.Rerecognise(ctx, callOf(ctx).by(), q, from, pageSize(r.Params.Limit))
	if err != nil {
		return nil, inBody(err)
	}
	return contract.Rerecognise200JSONResponse(s.rerecognition(ctx, done)), nil
}

// rerecognition returns what a page comes to, by rule.
func (s *Server) rerecognition(ctx context.Context, found creditbank.Rerecognitions) contract.Rerecognition {
	w := contract.Rerecognition{RuleSet: found.RuleSet, Learners: found.Learners, ByRule: s.byRule(found.Outcomes)}
	if len(found.Failed) > 0 {
		failed := mapped(found.Failed, func(id creditbank.LearnerID) string { return string(id) })
		w.Failed = &failed
		s.c.Log.ErrorContext(ctx, "accounts could not be looked at to recognise outcomes anew", "learners", failed)
	}
	if found.Next != "" {
		w.Next = cursor(string(found.Next))
	}
	return w
}

func wireRerecognised(o creditbank.Rerecognised) contract.Rerecognised {
	return contract.Rerecognised{
		Learner: string(o.Learner), Seq: o.Seq, Institution: string(o.Institution), Course: string(o.Course), Category: contract.Category(o.Category),
		IssuedOn: o.IssuedOn.String(), Was: mapped(o.Was, wireReason), Rule: string(o.Now.Rule), Credits: o.Now.Credits, Lost: o.Now.Lost, ExpiresOn: day(o.Now.ExpiresOn),
	}
}

// byRule sums outcomes up by the rule that recognises them.
func (s *Server) byRule(outcomes []creditbank.Rerecognised) []contract.RerecognitionByRule {
	sums := []contract.RerecognitionByRule{}
	last := map[string]creditbank.LearnerID{} // that was counted for a rule
	for _, o := range outcomes {
		rule := string(o.Now.Rule)
		i := slices.IndexFunc(sums, func(sum contract.RerecognitionByRule) bool { return sum.Rule == rule })
		if i < 0 {
			i = len(sums)
			sums = append(sums, contract.RerecognitionByRule{Rule: rule, Credits: map[string]contract.Credits{}})
			if title, _, ok := s.c.Bank.Catalogue().Rules.RuleTitle(o.Now.Rule); ok {
				text := wireText(title)
				sums[i].Title = &text
			}
		}
		sums[i].Outcomes++
		sums[i].Credits[string(o.Category)] += o.Now.Credits
		if last[rule] != o.Learner {
			last[rule] = o.Learner
			sums[i].Learners++
		}
	}
	return sums
}

func afterLearner(c *string) (creditbank.LearnerID, error) {
	parts, err := after(c, 1)
	if err != nil || parts[0] != "" && !isUUID(parts[0]) {
		return "", badCursor()
	}
	return creditbank.LearnerID(parts[0]), nil
}

// refusals reads the reasons that may be lifted.
func refusals[T ~string](codes *[]T) ([]creditbank.Reason, error) {
	var reasons []creditbank.Reason
	for _, code := range value(codes) {
		r, err := creditbank.ParseReason(string(code))
		if err != nil {
			return nil, creditbank.Invalid(creditbank.CodeMalformed, "reasons", "没有这个理由代码", "there is no such reason")
		}
		reasons = append(reasons, r)
	}
	return reasons, nil
}
