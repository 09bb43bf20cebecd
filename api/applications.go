package api

import (
	"context"
	"slices"
	"strconv"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// howFar returns how far an application is.
func (s *Server) howFar(p *creditbank.Application) *contract.Progress {
	today := s.c.Bank.Today()
	w := &contract.Progress{
		State: contract.ProgressState(p.State), Level: p.Level, Reviewers: p.Process.Votes(), Votes: len(p.Votes()), Unclaimed: max(0, p.Seats(today)),
		Due: day(p.Due), Disputed: p.Disputed(), Appealable: p.Appealable(today), ClosedBy: optional(p.ClosedBy),
	}
	if len(p.Assumed) > 0 {
		years := slices.Clone(p.Assumed)
		w.AssumedYears = &years
	}
	if p.State == creditbank.StatePublicity {
		w.Number = optional(p.Number())
	}
	return w
}

// noApplication says that there is no such application.
func noApplication() error {
	return creditbank.NotFound(creditbank.CodeUnknownApplication, "seq", "没有这项申请", "there is no such application")
}

// mayReview reports whether the caller may act upon an application as a reviewer of
// the institution that would grant: in their own right, or in the stead of one whose
// deputy they are.
func (s *Server) mayReview(ctx context.Context, id creditbank.LearnerID, seq int64, behalf *string) error {
	a, err := s.c.Bank.Account(ctx, id)
	if err != nil {
		return err
	}
	p := a.Application(seq)
	if p == nil {
		return s.hidden(ctx, id, noApplication())
	}
	who := callOf(ctx).principal
	reviewer := who
	if name := value(behalf); name != "" && name != who.Caller().ID {
		if reviewer, err = s.deputised(ctx, name); err != nil {
			return err
		}
	}
	if !s.reviewsAt(reviewer, s.institutionOf(p.Decision.Programme)) {
		s.scoped(ctx)
		return outOfScope()
	}
	s.scoped(ctx)
	// Who applied cannot review, says the bank; nor can whom it is about, whoever
	// applied in their stead.
	if who.Learner == id || reviewer.Learner == id {
		return creditbank.Conflict(creditbank.CodeState, "application", "不能审核与本人有关的申请", "nobody reviews an application about themselves")
	}
	return nil
}

// reviewsAt reports whether somebody is a reviewer of an institution.
func (s *Server) reviewsAt(p access.Principal, i creditbank.InstitutionID) bool {
	return p.May(s.c.Bank.Catalogue(), []access.Role{access.Reviewer}, access.OnInstitution(i))
}

// deputised returns the reviewer in whose stead the caller may act today.
func (s *Server) deputised(ctx context.Context, reviewer string) (access.Principal, error) {
	s.scoped(ctx)
	if !s.c.Bank.Catalogue().Deputises(callOf(ctx).principal.Caller().ID, reviewer, s.c.Bank.Today()) {
		return access.Principal{}, creditbank.Forbidden(creditbank.CodeNotDeputy, "for", "您现在不是该审核人的代理人", "you are no deputy of that reviewer at present")
	}
	p, err := s.principals.get(ctx, reviewer)
	if err != nil && gone(err) {
		return access.Principal{}, outOfScope() // who is gone has nothing to give
	}
	return p, err
}

// reviewers returns the caller, and those in whose stead they may act today.
func (s *Server) reviewers(ctx context.Context) ([]access.Principal, error) {
	who, cat, today := callOf(ctx).principal, s.c.Bank.Catalogue(), s.c.Bank.Today()
	all := []access.Principal{who}
	for _, d := range cat.Deputations {
		if d.Deputy != who.Caller().ID || today < d.From || d.To < today {
			continue
		}
		p, err := s.principals.get(ctx, d.Reviewer)
		if err != nil && gone(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// mayApply reports whether the caller may speak for the applicant: the learner, or
// a clerk of the institution that would grant, who applied in their stead.
func (s *Server) mayApply(ctx context.Context, id creditbank.LearnerID, seq int64) error {
	s.scoped(ctx)
	self := s.isSelf(ctx, id)
	a, err := s.c.Bank.Account(ctx, id)
	if err != nil {
		if !self && missing(err) {
			return s.unknown(err)
		}
		return err
	}
	p := a.Application(seq)
	switch {
	case self && p != nil:
		return nil
	case self:
		return noApplication()
	case p != nil && p.By.ID == callOf(ctx).principal.Caller().ID:
		return s.may(ctx, access.OnInstitution(s.institutionOf(p.Decision.Programme)))
	}
	return outOfScope()
}

// stepped answers with an application as it stands.
func (s *Server) stepped(ctx context.Context, learner string, seq int64, err error) (contract.Decision, string, error) {
	if err != nil {
		return contract.Decision{}, "", err
	}
	h, err := s.c.Bank.History(ctx, creditbank.LearnerID(learner))
	if err != nil {
		return contract.Decision{}, "", err
	}
	a, err := creditbank.NewAccount(h)
	if err != nil {
		return contract.Decision{}, "", err
	}
	i := slices.IndexFunc(h.Acts, func(act creditbank.Act) bool { return act.Seq == seq })
	return s.decision(a, h.Acts[i]), etag(a.Version), nil
}

// ListApplications implements [contract.StrictServerInterface]. What a reviewer
// is told here is recorded: the learners see that somebody looked.
func (s *Server) ListApplications(ctx context.Context, r contract.ListApplicationsRequestObject) (contract.ListApplicationsResponseObject, error) {
	c := s.scoped(ctx) // what is listed is within the scope
	after, err := afterWork(r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	programmes, err := s.reviewed(ctx)
	if err != nil {
		return nil, err
	}
	items, next, err := s.c.Bank.Worklist(ctx, creditbank.WorkQuery{
		Programmes: programmes, Filter: creditbank.WorkFilter(value(r.Params.Filter)), By: c.by(), After: after, Limit: pageSize(r.Params.Limit),
	})
	if err != nil {
		return nil, err
	}
	w := contract.ListApplications200JSONResponse{Applications: []contract.Decision{}}
	for _, item := range items {
		d, ok, err := s.application(ctx, item)
		if err != nil {
			return nil, err
		}
		if ok {
			w.Applications = append(w.Applications, d)
		}
	}
	if next != nil {
		w.Next = workCursor(*next)
	}
	return w, nil
}

// reviewed returns the programmes for which the caller reviews, those that the rules
// have no more among them.
func (s *Server) reviewed(ctx context.Context) ([]creditbank.ProgrammeID, error) {
	all, err := s.reviewers(ctx)
	if err != nil {
		return nil, err
	}
	var programmes []creditbank.ProgrammeID
	for _, set := range s.c.Bank.Catalogue().RuleSets {
		for _, p := range set.Programmes() {
			if slices.Contains(programmes, p.ID) {
				continue
			}
			if slices.ContainsFunc(all, func(who access.Principal) bool { return s.reviewsAt(who, s.institutionOf(p.ID)) }) {
				programmes = append(programmes, p.ID)
			}
		}
	}
	return programmes, nil
}

// application returns an open application of the worklist, and records that it was
// told.
func (s *Server) application(ctx context.Context, item creditbank.WorkItem) (contract.Decision, bool, error) {
	a, err := s.c.Bank.Account(ctx, item.Learner)
	if err != nil {
		return contract.Decision{}, false, err
	}
	p := a.Application(item.Seq)
	if p == nil || !p.Open() {
		return contract.Decision{}, false, nil // it was closed a moment ago
	}
	w := wireDecision(s.c.Bank.Catalogue(), p.Seq, p.Decision)
	state := contract.DecisionStateOpen
	w.State, w.Progress = &state, s.howFar(p)
	return w, true, s.disclose(ctx, creditbank.Disclosure{
		Learner: item.Learner, Recipient: s.institutionOf(item.Programme), Purpose: creditbank.PurposeConversion, Basis: creditbank.BasisTarget,
		Fields: []creditbank.Field{creditbank.FieldConversions},
	})
}

// workCursor and afterWork write and read where a page of the worklist ends.
func workCursor(p creditbank.WorkPlace) *string {
	return cursor(strconv.Itoa(int(p.Due)), string(p.Learner), strconv.FormatInt(p.Seq, 10))
}

func afterWork(c *string) (creditbank.WorkPlace, error) {
	parts, err := after(c, 3)
	if err != nil || parts[0] == "" {
		return creditbank.WorkPlace{}, err
	}
	due, bad := strconv.ParseInt(parts[0], 10, 32)
	seq, worse := strconv.ParseInt(parts[2], 10, 64)
	if bad != nil || worse != nil || !isUUID(parts[1]) {
		return creditbank.WorkPlace{}, badCursor()
	}
	return creditbank.WorkPlace{Due: creditbank.Date(due), Learner: creditbank.LearnerID(parts[1]), Seq: seq}, nil
}

// GetApplication implements [contract.StrictServerInterface].
func (s *Server) GetApplication(ctx context.Context, r contract.GetApplicationRequestObject) (contract.GetApplicationResponseObject, error) {
	id := creditbank.LearnerID(r.Learner)
	self := s.isSelf(ctx, id)
	if err := s.mayFollow(ctx, id, r.Seq, self); err != nil {
		return nil, err
	}
	d, tag, err := s.stepped(ctx, r.Learner, r.Seq, nil)
	if err != nil {
		return nil, err
	}
	a, err := s.c.Bank.Account(ctx, id)
	if err != nil {
		return nil, err
	}
	w, err := s.wireApplication(ctx, a, a.Application(r.Seq), self)
	if err != nil {
		return nil, err
	}
	w.Decision = d
	return contract.GetApplication200JSONResponse{Body: w, Headers: contract.GetApplication200ResponseHeaders{ETag: tag}}, nil
}

// mayFollow reports whether the caller may be told how an application is being
// decided: its learner, and those who decide it. It records that they were told.
func (s *Server) mayFollow(ctx context.Context, id creditbank.LearnerID, seq int64, self bool) error {
	s.scoped(ctx)
	if self {
		a, err := s.c.Bank.Account(ctx, id)
		if err == nil && a.Application(seq) == nil {
			err = noApplication()
		}
		return err
	}
	all, err := s.reviewers(ctx)
	if err != nil {
		return err
	}
	a, err := s.c.Bank.Account(ctx, id)
	if err != nil {
		return s.unknown(err)
	}
	p := a.Application(seq)
	if p == nil {
		return s.hidden(ctx, id, noApplication())
	}
	institution := s.institutionOf(p.Decision.Programme)
	if !slices.ContainsFunc(all, func(who access.Principal) bool { return s.reviewsAt(who, institution) }) {
		return outOfScope()
	}
	told, err := s.ground(ctx, id, nil, []creditbank.Field{creditbank.FieldConversions})
	if err != nil { // a deputy, or somebody of a region that is not the learner's
		told = creditbank.Disclosure{
			Learner: id, Recipient: institution, Purpose: creditbank.PurposeConversion, Basis: creditbank.BasisTarget,
			Fields: []creditbank.Field{creditbank.FieldConversions},
		}
	}
	return s.disclose(ctx, told)
}

// wireApplication returns the life of an application as its learner, or a reviewer,
// may see it.
func (s *Server) wireApplication(ctx context.Context, a *creditbank.Account, p *creditbank.Application, self bool) (contract.Application, error) {
	w := contract.Application{
		Learner: string(a.Learner), Version: a.Version, Letters: []contract.Letter{}, Opinions: []contract.Opinion{}, Claims: []contract.Claim{},
		Recusals: len(p.Recusals), Objections: []contract.AnsweredObjection{},
	}
	if p.Resolved != nil {
		d := wireDecision(s.c.Bank.Catalogue(), 0, p.Resolved)
		w.Expected = &d
	}
	for _, l := range p.Letters {
		words, err := s.c.Bank.Words(ctx, a.Learner, l.Sealed)
		if err != nil {
			return w, err
		}
		w.Letters = append(w.Letters, contract.Letter{Seq: l.Seq, Kind: contract.LetterKind(l.Kind), At: l.At, Text: optional(l.Note + words), Due: day(l.Due)})
	}
	for _, o := range p.Objections {
		words, err := s.c.Bank.Words(ctx, a.Learner, o.Sealed)
		if err != nil {
			return w, err
		}
		one := contract.AnsweredObjection{Seq: o.Seq, At: o.At, Text: words, Answer: optional(o.Answer)}
		if o.Answered != 0 {
			one.Upheld = &o.Upheld
		}
		w.Objections = append(w.Objections, one)
	}
	w.Opinions = opinions(p, self)
	for _, c := range p.LiveClaims(s.c.Bank.Today()) {
		one := contract.Claim{Until: c.Until.String()}
		if !self {
			one.By, one.For = optional(c.By), optional(c.For)
		}
		w.Claims = append(w.Claims, one)
	}
	return w, nil
}

// opinions returns the votes on an application. Learners are not told whose they
// are, and not told of them before all are cast.
func opinions(p *creditbank.Application, self bool) []contract.Opinion {
	out := []contract.Opinion{}
	for _, o := range p.Opinions {
		running := o.Round == p.Round && p.UnderReview()
		if self && (running || o.Struck) {
			continue
		}
		one := contract.Opinion{Seq: o.Seq, At: o.At, Approve: o.Approve, Note: optional(o.Note), Level: o.Level, Counts: o.Round == p.Round && !o.Struck}
		if !self {
			one.By, one.For = optional(o.By.ID), optional(o.For)
		}
		out = append(out, one)
	}
	return out
}
