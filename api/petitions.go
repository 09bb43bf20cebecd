package api

import (
	"context"
	"slices"
	"strconv"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// noPetition says that there is no such petition.
func noPetition() error {
	return creditbank.NotFound(creditbank.CodeUnknownPetition, "seq", "没有这项认定申请", "there is no such petition")
}

// ownPetition returns a petition of the caller, who is the learner.
func (s *Server) ownPetition(ctx context.Context, learner string, seq int64) (*creditbank.Account, *creditbank.Petition, error) {
	if err := s.onlySelf(ctx, learner); err != nil {
		return nil, nil, err
	}
	a, err := s.c.Bank.Account(ctx, creditbank.LearnerID(learner))
	if err != nil {
		return nil, nil, err
	}
	p := a.Petition(seq)
	if p == nil {
		return nil, nil, noPetition()
	}
	return a, p, nil
}

// mayDecide returns a petition if the caller is a reviewer of the institution that
// decides it, and not whom it is about. Whether it can be decided is for the bank to
// say.
func (s *Server) mayDecide(ctx context.Context, learner string, seq int64) (*creditbank.Account, *creditbank.Petition, error) {
	id, who := creditbank.LearnerID(learner), callOf(ctx).principal
	a, err := s.c.Bank.Account(ctx, id)
	if err != nil {
		return nil, nil, s.unknown(err)
	}
	p := a.Petition(seq)
	if p == nil {
		return nil, nil, s.hidden(ctx, id, noPetition())
	}
	s.scoped(ctx)
	switch {
	case !s.reviewsAt(who, p.Claim.Institution):
		return nil, nil, outOfScope()
	case who.Learner == id:
		return nil, nil, creditbank.Conflict(creditbank.CodeState, "petition", "不能认定本人的申请", "nobody decides a petition of their own")
	}
	return a, p, nil
}

// maySee returns a petition if the caller may be told of it: its learner, or a
// reviewer who may decide it. What a reviewer is told is put on record first.
func (s *Server) maySee(ctx context.Context, learner string, seq int64, fields ...creditbank.Field) (*creditbank.Account, *creditbank.Petition, error) {
	if s.isSelf(ctx, creditbank.LearnerID(learner)) {
		return s.ownPetition(ctx, learner, seq)
	}
	a, p, err := s.mayDecide(ctx, learner, seq)
	if err != nil {
		return nil, nil, err
	}
	if !p.Shown(callOf(ctx).by()) {
		return nil, nil, outOfScope()
	}
	return a, p, s.tellPetition(ctx, a.Learner, p.Claim.Institution, fields...)
}

// tellPetition puts on record that the institution that decides a petition is told
// of it, or the authority that reviews in its stead.
func (s *Server) tellPetition(ctx context.Context, id creditbank.LearnerID, to creditbank.InstitutionID, fields ...creditbank.Field) error {
	who, cat := callOf(ctx).principal, s.c.Bank.Catalogue()
	d := creditbank.Disclosure{Learner: id, Recipient: to, Purpose: creditbank.PurposeConversion, Basis: creditbank.BasisTarget, Fields: fields}
	if !slices.Contains(who.Institutions(cat, []access.Role{access.Reviewer}), to) {
		for _, region := range who.Regions([]access.Role{access.Reviewer}) {
			if (access.Scope{Kind: access.ScopeRegion, ID: string(region)}).Covers(cat, access.OnInstitution(to)) {
				d.Recipient, d.Authority, d.Basis = "", region, creditbank.BasisDuty
			}
		}
	}
	return s.disclose(ctx, d)
}

// wirePetition returns a petition as it stands; with the learner's words, where they
// are told.
func (s *Server) wirePetition(ctx context.Context, a *creditbank.Account, p *creditbank.Petition, words bool) (contract.Petition, error) {
	w := contract.Petition{
		Learner: string(a.Learner), Version: a.Version, Seq: p.Seq, At: p.At, Institution: string(p.Claim.Institution),
		Course: optional(string(p.Claim.Course)), CourseTitle: optional(s.c.Bank.Catalogue().Courses[p.Claim.Course].Title),
		IssuedOn: p.Claim.IssuedOn.String(), Score: optional(p.Claim.Score.String()), AttendedHours: optional(p.Claim.Attended), ValidUntil: day(p.Claim.ValidUntil),
		State: contract.PetitionState(p.State), Since: p.Since.String(), Letters: []contract.PetitionLetter{}, Recusals: len(p.Recusals),
		Outcome: optional(p.Outcome), Reason: optional(p.Reason), ClosedBy: optional(p.ClosedBy),
	}
	w.Evidence = mapped(p.Evidence, func(e creditbank.EvidenceRef) contract.EvidenceRef {
		return contract.EvidenceRef{Seq: e.Seq, At: e.At, Type: contract.EvidenceRefType(e.Type), Bytes: e.Bytes}
	})
	for _, l := range p.Letters {
		said := ""
		if words {
			var err error
			if said, err = s.c.Bank.Words(ctx, a.Learner, l.Sealed); err != nil {
				return w, err
			}
		}
		w.Letters = append(w.Letters, contract.PetitionLetter{Seq: l.Seq, Kind: contract.PetitionLetterKind(l.Kind), At: l.At, Text: optional(l.Note + said)})
	}
	if !words {
		return w, nil
	}
	said, err := s.c.Bank.PetitionWords(ctx, a.Learner, p.Words)
	w.Title, w.Text = optional(said.Title), optional(said.Text)
	return w, err
}

// ListPetitions implements [contract.StrictServerInterface].
func (s *Server) ListPetitions(ctx context.Context, r contract.ListPetitionsRequestObject) (contract.ListPetitionsResponseObject, error) {
	if err := s.onlySelf(ctx, r.Learner); err != nil {
		return nil, err
	}
	a, err := s.c.Bank.Account(ctx, creditbank.LearnerID(r.Learner))
	if err != nil {
		return nil, err
	}
	w := contract.Petitions{Learner: r.Learner, Version: a.Version, Petitions: []contract.Petition{}}
	for _, p := range a.Petitions {
		one, err := s.wirePetition(ctx, a, p, true)
		if err != nil {
			return nil, err
		}
		w.Petitions = append(w.Petitions, one)
	}
	return contract.ListPetitions200JSONResponse{Body: w, Headers: contract.ListPetitions200ResponseHeaders{ETag: etag(a.Version)}}, nil
}

// GetPetition implements [contract.StrictServerInterface].
func (s *Server) GetPetition(ctx context.Context, r contract.GetPetitionRequestObject) (contract.GetPetitionResponseObject, error) {
	a, p, err := s.maySee(ctx, r.Learner, r.Seq, creditbank.FieldOutcomes)
	if err != nil {
		return nil, err
	}
	w, err := s.wirePetition(ctx, a, p, true)
	if err != nil {
		return nil, err
	}
	return contract.GetPetition200JSONResponse{Body: w, Headers: contract.GetPetition200ResponseHeaders{ETag: etag(a.Version)}}, nil
}

// ListOpenPetitions implements [contract.StrictServerInterface]. What a reviewer is
// told here is recorded: the learners see that somebody looked.
func (s *Server) ListOpenPetitions(ctx context.Context, r contract.ListOpenPetitionsRequestObject) (contract.ListOpenPetitionsResponseObject, error) {
	c := s.scoped(ctx) // what is listed is within the scope
	after, err := afterPetition(r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	q := creditbank.PetitionQuery{State: creditbank.PetitionState(value(r.Params.State)), After: after, Limit: pageSize(r.Params.Limit)}
	for id := range s.c.Bank.Catalogue().Institutions {
		if s.reviewsAt(c.principal, id) {
			q.Institutions = append(q.Institutions, id)
		}
	}
	items, next, err := s.c.Bank.Petitions(ctx, q)
	if err != nil {
		return nil, err
	}
	w := contract.ListOpenPetitions200JSONResponse{Petitions: []contract.PetitionItem{}}
	for _, item := range items {
		one, ok, err := s.openPetition(ctx, item)
		if err != nil {
			return nil, err
		}
		if ok {
			w.Petitions = append(w.Petitions, one)
		}
	}
	if next != nil {
		w.Next = cursor(strconv.Itoa(int(next.Since)), string(next.Learner), strconv.FormatInt(next.Seq, 10))
	}
	return w, nil
}

// openPetition returns an open petition of the list, and records that it was told;
// false for one that was closed a moment ago, or is not for the caller to see.
func (s *Server) openPetition(ctx context.Context, item creditbank.PetitionItem) (contract.PetitionItem, bool, error) {
	a, err := s.c.Bank.Account(ctx, item.Learner)
	if err != nil {
		return contract.PetitionItem{}, false, err
	}
	p, who := a.Petition(item.Seq), callOf(ctx)
	if p == nil || !p.Open() || !p.Shown(who.by()) || who.principal.Learner == item.Learner {
		return contract.PetitionItem{}, false, nil
	}
	w := contract.PetitionItem{
		Learner: string(a.Learner), Seq: p.Seq, Institution: string(p.Claim.Institution), Course: optional(string(p.Claim.Course)),
		CourseTitle: optional(s.c.Bank.Catalogue().Courses[p.Claim.Course].Title), IssuedOn: p.Claim.IssuedOn.String(),
		State: contract.PetitionState(p.State), Since: p.Since.String(), Evidence: len(p.Evidence),
	}
	return w, true, s.tellPetition(ctx, a.Learner, p.Claim.Institution, creditbank.FieldOutcomes)
}

// afterPetition reads where a page of the list ends.
func afterPetition(c *string) (creditbank.PetitionPlace, error) {
	parts, err := after(c, 3)
	if err != nil || parts[0] == "" {
		return creditbank.PetitionPlace{}, err
	}
	since, bad := strconv.ParseInt(parts[0], 10, 32)
	seq, worse := strconv.ParseInt(parts[2], 10, 64)
	if bad != nil || worse != nil || !isUUID(parts[1]) {
		return creditbank.PetitionPlace{}, badCursor()
	}
	return creditbank.PetitionPlace{Since: creditbank.Date(since), Learner: creditbank.LearnerID(parts[1]), Seq: seq}, nil
}

// readClaim reads what a petition says was learned.
func readClaim(w contract.Petitioning) (creditbank.Petitioning, error) {
	p, err := readPosting(contract.Posting{
		Institution: w.Institution, Course: value(w.Course), IssuedOn: w.IssuedOn, Score: w.Score, AttendedHours: w.AttendedHours, ValidUntil: w.ValidUntil,
	})
	return creditbank.Petitioning{
		Claimed: creditbank.Claimed{
			Institution: p.Institution, Course: p.Course, IssuedOn: p.IssuedOn, Score: p.Score, Attended: p.Attended, ValidUntil: p.ValidUntil,
		},
		PetitionWords: creditbank.PetitionWords{Text: value(w.Text), Title: value(w.Title)},
	}, err
}

// readFindings reads what an institution found.
func readFindings(w contract.PetitionFindings) (creditbank.Findings, error) {
	f := creditbank.Findings{Course: (*creditbank.CourseCode)(w.Course), Attended: w.AttendedHours}
	posting := contract.Posting{IssuedOn: value(w.IssuedOn), Score: w.Score}
	if w.IssuedOn == nil {
		posting.IssuedOn = "2000-01-01" // stands for nothing
	}
	if value(w.ValidUntil) != "" {
		posting.ValidUntil = w.ValidUntil
	}
	p, err := readPosting(posting)
	if w.ValidUntil != nil {
		f.ValidUntil = &p.ValidUntil
	}
	if w.IssuedOn != nil {
		f.IssuedOn = &p.IssuedOn
	}
	if w.Score != nil {
		f.Score = &p.Score
	}
	return f, err
}
