package api

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"creditbank/api/contract"
	"creditbank/creditbank"
)

// GetBalance implements [contract.StrictServerInterface].
func (s *Server) GetBalance(ctx context.Context, r contract.GetBalanceRequestObject) (contract.GetBalanceResponseObject, error) {
	id := creditbank.LearnerID(r.Learner)
	on, err := s.onDay(r.Params.Date, "date")
	if err != nil {
		return nil, err
	}
	if err := s.mayRead(ctx, id, r.Params.Purpose, creditbank.FieldBalance); err != nil {
		return nil, err
	}
	a, err := s.account(ctx, id, r.Params.MinVersion)
	if err != nil {
		return nil, err
	}
	tag := etag(a.Version, on.String())
	if value(r.Params.IfNoneMatch) == tag {
		return contract.GetBalance304Response{Headers: contract.GetBalance304ResponseHeaders{ETag: tag}}, nil
	}
	b := a.Balance(on)
	w := contract.Balance{
		Learner: r.Learner, Version: a.Version, Date: on.String(), Frozen: a.Frozen,
		Available: map[string]contract.Credits{}, Programmes: map[string]contract.Credits{},
	}
	for category, credits := range b.Available {
		w.Available[string(category)] = credits
	}
	if len(b.Held) > 0 {
		held := map[string]contract.Credits{}
		for category, credits := range b.Held {
			held[string(category)] = credits
		}
		w.Held = &held
	}
	for programme, credits := range b.Programmes {
		w.Programmes[string(programme)] = credits
	}
	if in := a.InQuestion(on); len(in) > 0 {
		w.InQuestion = &map[string]contract.Credits{}
		for programme, credits := range in {
			(*w.InQuestion)[string(programme)] = credits
		}
	}
	return contract.GetBalance200JSONResponse{Body: w, Headers: contract.GetBalance200ResponseHeaders{ETag: tag}}, nil
}

// account returns an account at no less than the version asked for. Its version
// is read from the database each time, by key, so that no reader sees less than
// was seen before, at whichever replica.
func (s *Server) account(ctx context.Context, id creditbank.LearnerID, min *int64) (*creditbank.Account, error) {
	a, err := s.c.Bank.Account(ctx, id)
	if err != nil {
		return nil, err
	}
	return a, behind(min, a.Version)
}

// ListLots implements [contract.StrictServerInterface].
func (s *Server) ListLots(ctx context.Context, r contract.ListLotsRequestObject) (contract.ListLotsResponseObject, error) {
	id := creditbank.LearnerID(r.Learner)
	on, err := s.onDay(r.Params.Date, "date")
	if err != nil {
		return nil, err
	}
	if err := s.mayRead(ctx, id, r.Params.Purpose, creditbank.FieldOutcomes); err != nil {
		return nil, err
	}
	a, err := s.account(ctx, id, r.Params.MinVersion)
	if err != nil {
		return nil, err
	}
	w := contract.Lots{Learner: r.Learner, Version: a.Version, Date: on.String(), Lots: []contract.Outcome{}}
	cat := s.c.Bank.Catalogue()
	for _, l := range a.Lots {
		if o := wireOutcome(cat, l, on); r.Params.State == nil || o.State == *r.Params.State {
			o.Case = optional(a.UsedUnderCase(l))
			w.Lots = append(w.Lots, o)
		}
	}
	return contract.ListLots200JSONResponse{Body: w, Headers: contract.ListLots200ResponseHeaders{ETag: etag(a.Version, on.String())}}, nil
}

// GetOutcome implements [contract.StrictServerInterface].
func (s *Server) GetOutcome(ctx context.Context, r contract.GetOutcomeRequestObject) (contract.GetOutcomeResponseObject, error) {
	id := creditbank.LearnerID(r.Learner)
	if err := s.mayRead(ctx, id, r.Params.Purpose, creditbank.FieldOutcomes); err != nil {
		return nil, err
	}
	a, err := s.c.Bank.Account(ctx, id)
	if err != nil {
		return nil, err
	}
	l := a.Lot(r.Seq)
	if l == nil {
		return nil, creditbank.NotFound(creditbank.CodeUnknownOutcome, "seq", "没有这项学习成果", "there is no such outcome")
	}
	w := wireOutcome(s.c.Bank.Catalogue(), l, s.c.Bank.Today())
	w.Case = optional(a.UsedUnderCase(l))
	return contract.GetOutcome200JSONResponse{Body: w, Headers: contract.GetOutcome200ResponseHeaders{ETag: etag(a.Version)}}, nil
}

// GetStatement implements [contract.StrictServerInterface]. Pages go back in
// time, so what comes meanwhile shifts nothing.
func (s *Server) GetStatement(ctx context.Context, r contract.GetStatementRequestObject) (contract.GetStatementResponseObject, error) {
	id := creditbank.LearnerID(r.Learner)
	before, err := afterNumber(r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	fields := []creditbank.Field{creditbank.FieldOutcomes, creditbank.FieldConversions}
	if err := s.mayRead(ctx, id, r.Params.Purpose, fields...); err != nil {
		return nil, err
	}
	h, err := s.c.Bank.History(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := behind(r.Params.MinVersion, h.Version()); err != nil {
		return nil, err
	}
	entries, err := s.entries(h)
	if err != nil {
		return nil, err
	}
	slices.Reverse(entries)
	if before > 0 {
		entries = slices.DeleteFunc(entries, func(e contract.Entry) bool { return e.Seq >= before })
	}
	w := contract.Statement{Learner: r.Learner, Version: h.Version(), Entries: entries}
	if n := pageSize(r.Params.Limit); len(entries) > n {
		w.Entries, w.Next = entries[:n], cursor(strconv.FormatInt(entries[n-1].Seq, 10))
	}
	return contract.GetStatement200JSONResponse{Body: w, Headers: contract.GetStatement200ResponseHeaders{ETag: etag(h.Version())}}, nil
}

// entries returns everything on record about an account, in order.
func (s *Server) entries(h creditbank.History) ([]contract.Entry, error) {
	account, err := creditbank.NewAccount(h)
	if err != nil {
		return nil, err
	}
	movements, err := h.Movements()
	if err != nil {
		return nil, err
	}
	moves := map[int64][]contract.Transfer{}
	for _, m := range movements {
		moves[m.Seq] = append(moves[m.Seq], wireTransfer(m.Transfer))
	}
	entries := make([]contract.Entry, 0, h.Version())
	for _, o := range h.Outcomes {
		entries = append(entries, s.postedEntry(account, o))
	}
	for _, a := range h.Acts {
		entries = append(entries, s.actEntry(account, a))
	}
	for i, e := range entries {
		entries[i].Transfers = append([]contract.Transfer{}, moves[e.Seq]...)
	}
	slices.SortFunc(entries, func(a, b contract.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	return entries, nil
}

func (s *Server) postedEntry(a *creditbank.Account, o creditbank.Outcome) contract.Entry {
	cat := s.c.Bank.Catalogue()
	posted := creditbank.DateOf(o.PostedAt.In(s.location()))
	outcome := wireOutcome(cat, a.Lot(o.Seq), posted)
	title := text("登记并认定", "posted and recognised")
	if !o.Granted {
		title = text("登记，未获认定", "posted, not recognised")
	}
	return contract.Entry{Seq: o.Seq, Kind: "posted", Title: wireText(title), At: o.PostedAt, Date: posted.String(), By: o.By.ID, Outcome: &outcome}
}

// reviewersOwn are the acts that a statement says nothing more of than that they
// were: who reviews and how, and who objects, is told to those who decide
// (getApplication), so that nobody is leaned on.
var reviewersOwn = []creditbank.ActKind{
	creditbank.ActClaimed, creditbank.ActReleased, creditbank.ActRecused, creditbank.ActOpined, creditbank.ActObjected,
	creditbank.ActPetitionReturned, creditbank.ActPetitionRefused, creditbank.ActPetitionRecused,
}

func (s *Server) actEntry(a *creditbank.Account, act creditbank.Act) contract.Entry {
	e := contract.Entry{
		Seq: act.Seq, Kind: string(act.Kind), Title: wireText(act.Kind.Text()), At: act.At, Date: act.Day.String(), By: act.By.ID,
		Of: optional(act.Body.Of), Since: optional(act.Body.Since), Programme: optional(string(act.Body.Programme)), Reason: optional(act.Body.Reason),
	}
	if slices.Contains(reviewersOwn, act.Kind) {
		e.By, e.Reason = "", nil
	}
	if act.Body.Decision != nil {
		d := wireDecision(s.c.Bank.Catalogue(), act.Seq, act.Body.Decision)
		if c := a.Conversion(act.Seq); c != nil && c.Stands() {
			d.Case = optional(a.UnderCase(c.Seq))
		}
		e.Decision = &d
	}
	if award := a.Award(act.Seq); award != nil {
		w := s.wireAward(a, award)
		e.Award = &w
	}
	if k := a.Case(act.Seq); k != nil {
		w := s.wireCase(a, k)
		e.Case = &w
	}
	if g := a.GivenConsent(act.Seq); g != nil {
		c := wireConsent(g)
		e.Consent = &c
	}
	return e
}

// GetPlan implements [contract.StrictServerInterface].
func (s *Server) GetPlan(ctx context.Context, r contract.GetPlanRequestObject) (contract.GetPlanResponseObject, error) {
	id := creditbank.LearnerID(r.Learner)
	programme, err := s.programme(r.Params.Programme)
	if err != nil {
		return nil, inBody(err)
	}
	if err := s.mayRead(ctx, id, r.Params.Purpose, creditbank.FieldOutcomes, creditbank.FieldConversions); err != nil {
		return nil, err
	}
	plan, err := s.c.Bank.Plan(ctx, id, programme.ID)
	if err != nil {
		return nil, err
	}
	return contract.GetPlan200JSONResponse(wirePlan(s.c.Bank.Catalogue(), plan)), nil
}
