package api

import (
	"context"
	"slices"
	"strconv"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// ListAwards implements [contract.StrictServerInterface].
func (s *Server) ListAwards(ctx context.Context, r contract.ListAwardsRequestObject) (contract.ListAwardsResponseObject, error) {
	id := creditbank.LearnerID(r.Learner)
	if err := s.mayRead(ctx, id, r.Params.Purpose, creditbank.FieldConversions); err != nil {
		return nil, err
	}
	a, err := s.c.Bank.Account(ctx, id)
	if err != nil {
		return nil, err
	}
	w := contract.Awards{
		Learner: r.Learner, Version: a.Version,
		Awards: mapped(a.Awards, func(award *creditbank.Award) contract.Award { return s.wireAward(a, award) }),
		Cases:  mapped(a.Cases, func(k *creditbank.Case) contract.Case { return s.wireCase(a, k) }),
	}
	slices.Reverse(w.Awards)
	slices.Reverse(w.Cases)
	return contract.ListAwards200JSONResponse{Body: w, Headers: contract.ListAwards200ResponseHeaders{ETag: etag(a.Version)}}, nil
}

// ConferAward implements [contract.StrictServerInterface].
func (s *Server) ConferAward(ctx context.Context, r contract.ConferAwardRequestObject) (contract.ConferAwardResponseObject, error) {
	programme, err := s.programme(r.Body.Programme)
	if err != nil {
		return nil, inBody(err)
	}
	if err := s.may(ctx, access.OnInstitution(programme.Institution)); err != nil {
		return nil, err
	}
	asked := creditbank.Awarding{
		Kind: creditbank.AwardKind(r.Body.Kind), Programme: programme.ID,
		Own: mapped(value(r.Body.Own), func(o contract.OwnStudy) creditbank.OwnStudy {
			return creditbank.OwnStudy{Credits: o.Credits, Slot: creditbank.SlotID(value(o.Slot))}
		}),
	}
	act, err := s.c.Bank.Confer(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), asked)
	if err != nil {
		return nil, s.aboutRules(err)
	}
	a, err := s.c.Bank.Account(ctx, creditbank.LearnerID(r.Learner))
	if err != nil {
		return nil, err
	}
	return contract.ConferAward201JSONResponse{
		Body: s.wireAward(a, a.Award(act.Seq)), Headers: contract.ConferAward201ResponseHeaders{ETag: etag(a.Version)},
	}, nil
}

// WithdrawAward implements [contract.StrictServerInterface].
func (s *Server) WithdrawAward(ctx context.Context, r contract.WithdrawAwardRequestObject) (contract.WithdrawAwardResponseObject, error) {
	id := creditbank.LearnerID(r.Learner)
	a, err := s.c.Bank.Account(ctx, id)
	if err != nil {
		return nil, err
	}
	award := a.Award(r.Seq)
	if award == nil {
		return nil, s.hidden(ctx, id, creditbank.NotFound(creditbank.CodeUnknownAward, "seq", "没有这项授予", "there is no such award"))
	}
	if err := s.may(ctx, access.OnInstitution(s.institutionOf(award.Programme))); err != nil {
		return nil, err
	}
	if _, err := s.c.Bank.WithdrawAward(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), r.Seq, r.Body.Reason); err != nil {
		return nil, inBody(err)
	}
	if a, err = s.c.Bank.Account(ctx, id); err != nil {
		return nil, err
	}
	return contract.WithdrawAward200JSONResponse{
		Body: s.wireAward(a, a.Award(r.Seq)), Headers: contract.WithdrawAward200ResponseHeaders{ETag: etag(a.Version)},
	}, nil
}

// hidden says that something is not there to those who may know the learner; to
// others it looks as one that is not theirs.
func (s *Server) hidden(ctx context.Context, id creditbank.LearnerID, missing error) error {
	s.scoped(ctx)
	if _, err := s.ground(ctx, id, nil, []creditbank.Field{creditbank.FieldConversions}); err != nil {
		return outOfScope()
	}
	return missing
}

// DecideCase implements [contract.StrictServerInterface]. Who revoked or revised
// cannot decide, says the bank; nor can whom it is about.
func (s *Server) DecideCase(ctx context.Context, r contract.DecideCaseRequestObject) (contract.DecideCaseResponseObject, error) {
	id := creditbank.LearnerID(r.Learner)
	a, err := s.c.Bank.Account(ctx, id)
	if err != nil {
		return nil, err
	}
	k := a.Case(r.Seq)
	if k == nil {
		return nil, s.hidden(ctx, id, creditbank.NotFound(creditbank.CodeUnknownCase, "seq", "没有这项复核", "there is no such case"))
	}
	if err := s.may(ctx, access.OnInstitution(s.decides(a, k))); err != nil {
		return nil, err
	}
	if callOf(ctx).principal.Learner == id {
		return nil, creditbank.Conflict(creditbank.CodeState, "case", "不能决定与本人有关的复核", "nobody decides a case about themselves")
	}
	acts, err := s.c.Bank.DecideCase(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), r.Seq, creditbank.CaseRuling{
		Uphold: r.Body.Uphold, Withdraw: value(r.Body.WithdrawAward), Reason: r.Body.Reason,
	})
	if err != nil {
		return nil, inBody(err)
	}
	if a, err = s.c.Bank.Account(ctx, id); err != nil {
		return nil, err
	}
	w := contract.DecidedCase{Version: a.Version, Case: s.wireCase(a, a.Case(r.Seq)), Reversed: []int64{}}
	for _, act := range acts {
		if act.Kind == creditbank.ActReversed {
			w.Reversed = append(w.Reversed, act.Body.Of)
		}
	}
	return contract.DecideCase200JSONResponse{Body: w, Headers: contract.DecideCase200ResponseHeaders{ETag: etag(a.Version)}}, nil
}

// decides returns the institution that decides a case: whose award hangs on the
// conversion.
func (s *Server) decides(a *creditbank.Account, k *creditbank.Case) creditbank.InstitutionID {
	if award := a.Award(k.Award); award != nil {
		return s.institutionOf(award.Programme)
	}
	return ""
}

// casesRead is how many cases one request looks at: those of other institutions are
// passed over.
const casesRead = 1000

// afterRow reads where a page of rows of histories ended.
func afterRow(c *string) (creditbank.RowRef, error) {
	parts, err := after(c, 2)
	if err != nil || parts[0] == "" {
		return creditbank.RowRef{}, err
	}
	seq, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || !isUUID(parts[0]) {
		return creditbank.RowRef{}, badCursor()
	}
	return creditbank.RowRef{Learner: creditbank.LearnerID(parts[0]), Seq: seq}, nil
}

// ListCases implements [contract.StrictServerInterface]. What a manager is told
// here is recorded: the learners see that somebody looked.
func (s *Server) ListCases(ctx context.Context, r contract.ListCasesRequestObject) (contract.ListCasesResponseObject, error) {
	c := s.scoped(ctx) // what is listed is within the scope
	from, err := afterRow(r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	w := contract.ListCases200JSONResponse{Cases: []contract.Case{}}
	refs, err := s.c.Bank.Cases(ctx, from, casesRead)
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		if len(w.Cases) == pageSize(r.Params.Limit) {
			w.Next = cursor(string(from.Learner), strconv.FormatInt(from.Seq, 10))
			return w, nil
		}
		from = ref
		k, ok, err := s.openCase(ctx, c, ref)
		if err != nil {
			return nil, err
		}
		if ok {
			w.Cases = append(w.Cases, k)
		}
	}
	if len(refs) == casesRead {
		w.Next = cursor(string(from.Learner), strconv.FormatInt(from.Seq, 10))
	}
	return w, nil
}

// openCase returns an open case if it is the caller's to decide.
func (s *Server) openCase(ctx context.Context, c *call, ref creditbank.RowRef) (contract.Case, bool, error) {
	a, err := s.c.Bank.Account(ctx, ref.Learner)
	if err != nil {
		return contract.Case{}, false, err
	}
	k := a.Case(ref.Seq)
	if k == nil || a.CaseState(k) != creditbank.CaseOpen {
		return contract.Case{}, false, nil
	}
	institution := s.decides(a, k)
	if !c.principal.May(s.c.Bank.Catalogue(), permissions[c.op.id], access.OnInstitution(institution)) {
		return contract.Case{}, false, nil
	}
	return s.wireCase(a, k), true, s.disclose(ctx, creditbank.Disclosure{
		Learner: ref.Learner, Recipient: institution, Purpose: creditbank.PurposeConversion, Basis: creditbank.BasisTarget,
		Fields: []creditbank.Field{creditbank.FieldConversions},
	})
}

func (s *Server) wireAward(a *creditbank.Account, award *creditbank.Award) contract.Award {
	return contract.Award{
		Seq: award.Seq, Kind: contract.AwardKind(award.Kind), Title: wireText(award.Kind.Text()), Programme: string(award.Programme),
		Institution: optional(string(s.institutionOf(award.Programme))), Credits: award.Credits,
		Lines: mapped(award.Lines, func(l creditbank.LineRef) contract.LineRef {
			return contract.LineRef{Conversion: l.Conversion, Slot: string(l.Slot)}
		}),
		Own: mapped(award.Own, func(o creditbank.OwnStudy) contract.OwnStudy {
			return contract.OwnStudy{Credits: o.Credits, Slot: optional(string(o.Slot))}
		}),
		State: contract.AwardState(a.StateOf(award)), Date: award.Day.String(), WithdrawnOn: day(award.WithdrawnOn),
	}
}

func (s *Server) wireCase(a *creditbank.Account, k *creditbank.Case) contract.Case {
	w := contract.Case{
		Seq: k.Seq, Learner: string(a.Learner), Conversion: k.Conversion, Award: k.Award, Since: k.Since,
		Institution: optional(string(s.decides(a, k))), State: contract.CaseState(a.CaseState(k)), Date: k.Day.String(),
		DecidedBy: optional(k.DecidedBy), Reason: optional(k.Reason),
	}
	if award := a.Award(k.Award); award != nil {
		w.Programme = string(award.Programme)
	}
	return w
}
