package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/posting"
)

// A reference is how a request names a learner: by exactly one of id, account
// and identity number.
type reference struct{ id, account, idNumber, name string }

// lookUp finds who is meant, and puts on record that the caller was told.
func (s *Server) lookUp(ctx context.Context, r reference) (creditbank.LearnerID, error) {
	id, err := s.find1(ctx, r)
	if err != nil {
		return "", err
	}
	return id, s.shown(ctx, id)
}

// shown puts on record that the caller is told who somebody is whom they named as
// on the papers.
func (s *Server) shown(ctx context.Context, id creditbank.LearnerID) error {
	c, cat := callOf(ctx), s.c.Bank.Catalogue()
	roles := permissions[c.op.id]
	d := creditbank.Disclosure{Learner: id, Fields: []creditbank.Field{creditbank.FieldProfile}, Basis: creditbank.BasisShown}
	if institutions := c.principal.Institutions(cat, roles); slices.Contains(institutions, c.principal.Institution) {
		d.Recipient = c.principal.Institution
	} else if len(institutions) > 0 {
		d.Recipient = institutions[0]
	} else if regions := c.principal.Regions(roles); len(regions) > 0 {
		d.Authority, d.Basis = regions[0], creditbank.BasisDuty
	}
	return s.disclose(ctx, d)
}

// find1 finds who is meant.
func (s *Server) find1(ctx context.Context, r reference) (creditbank.LearnerID, error) {
	given := 0
	for _, v := range []string{r.id, r.account, r.idNumber} {
		if v != "" {
			given++
		}
	}
	switch {
	case given == 0:
		return "", creditbank.Invalid(creditbank.CodeMissing, "learner", "未指明学习者：请填写 learner、account 或 id_number", "say who is meant: learner, account or id_number")
	case given > 1:
		return "", creditbank.Invalid(creditbank.CodeMalformed, "learner", "learner、account 与 id_number 只能填一个", "learner, account and id_number exclude each other")
	case r.idNumber != "":
		return s.byIDNumber(ctx, r)
	case r.account != "":
		number, err := creditbank.ParseAccountNumber(r.account)
		if err != nil {
			return "", err
		}
		return s.c.Bank.FindByAccount(ctx, number, r.name)
	}
	id := creditbank.LearnerID(r.id)
	if r.name != "" {
		return id, s.unknown(s.c.Bank.CheckName(ctx, id, r.name))
	}
	return id, nil // the write finds out whether there is such an account
}

func (s *Server) byIDNumber(ctx context.Context, r reference) (creditbank.LearnerID, error) {
	number, err := posting.ParseIDNumber(r.idNumber)
	if err != nil {
		return "", err
	}
	if r.name == "" {
		return "", creditbank.Invalid(creditbank.CodeMissing, "learner_name", "填写身份证号时必须同时填写姓名", "an identity number needs the name beside it")
	}
	return s.c.Bank.FindByIDNumber(ctx, number, r.name)
}

// unknown says whom a bare ErrNotFound is about.
func (s *Server) unknown(err error) error {
	var input *creditbank.InputError
	if missing(err) && !errors.As(err, &input) {
		return creditbank.NotFound(creditbank.CodeUnknownLearner, "learner", "没有该学习者的账户", "the learner has no account")
	}
	return err
}

// readPosting reads a posting of the wire, all but the learner's id. Everything wrong
// with it is reported together.
//
// What stands in the place of the score is not repeated: fields that were swapped
// may have put somebody's name there.
func readPosting(w contract.Posting) (creditbank.Posting, error) {
	p := creditbank.Posting{
		OutcomeKey: creditbank.OutcomeKey{Institution: creditbank.InstitutionID(w.Institution), ExternalID: w.ExternalId, Revision: max(1, value(w.Revision))},
		Course:     creditbank.CourseCode(w.Course), Attended: value(w.AttendedHours),
	}
	var errs [3]error
	p.IssuedOn, errs[0] = parseDay(w.IssuedOn, "issued_on")
	p.Score, errs[1] = creditbank.ParseScore(value(w.Score))
	switch text := value(w.Score); {
	case errs[1] != nil && strings.ContainsAny(text, "|:"):
		errs[1] = creditbank.Invalid(creditbank.CodeMalformed, "score", "成绩应写成 85|letter:A-：每种等级制一个成绩，先写等级制名称，百分制的数或词不写名称",
			"a score has the form 85|letter:A-: one mark a scale, its name in front, none in front of a number of 0 to 100 or a word")
	case errs[1] != nil:
		words := creditbank.ScoreWords()
		errs[1] = creditbank.Invalid(creditbank.CodeMalformed, "score", "成绩应为0至100的数，最多两位小数，或"+strings.Join(words, "、"),
			"a score is a number of 0 to 100 with at most two decimals, or one of "+strings.Join(words, ", "))
	}
	if w.ValidUntil != nil {
		p.ValidUntil, errs[2] = parseDay(*w.ValidUntil, "valid_until")
	}
	return p, errors.Join(errs[:]...)
}

// field says which field an input error is about, where it does not itself.
func field(err error, name string) error {
	var input *creditbank.InputError
	if errors.As(err, &input) && input.Field == "" {
		return &creditbank.InputError{Kind: input.Kind, Code: input.Code, Field: name, Reason: input.Reason}
	}
	return err
}

// PostOutcome implements [contract.StrictServerInterface].
func (s *Server) PostOutcome(ctx context.Context, r contract.PostOutcomeRequestObject) (contract.PostOutcomeResponseObject, error) {
	p, err := readPosting(*r.Body)
	if err != nil {
		return nil, inBody(err)
	}
	if err := s.mayPost(ctx, p); err != nil {
		return nil, err
	}
	c := callOf(ctx)
	p.Learner, err = s.find1(ctx, reference{value(r.Body.Learner), value(r.Body.Account), value(r.Body.IdNumber), value(r.Body.LearnerName)})
	if err != nil {
		return nil, inBody(err)
	}
	posted, err := s.c.Poster.Post(ctx, c.by(), p, c.id)
	if err != nil {
		return nil, inBody(err)
	}
	w, err := s.posted(ctx, posted)
	if err != nil {
		return nil, err
	}
	if posted.Duplicate {
		return contract.PostOutcome200JSONResponse(w), nil
	}
	return contract.PostOutcome201JSONResponse(w), nil
}

// posted returns the answer to a posting on record. What has become of a new
// one is known; of one sent again the account tells.
func (s *Server) posted(ctx context.Context, p creditbank.Posted) (contract.Outcome, error) {
	cat, today := s.c.Bank.Catalogue(), s.c.Bank.Today()
	if !p.Duplicate {
		return wireOutcome(cat, &creditbank.Lot{Outcome: p.Outcome}, today), nil
	}
	a, err := s.c.Bank.Account(ctx, p.Outcome.Learner)
	if err != nil {
		return contract.Outcome{}, err
	}
	if l := a.Lot(p.Outcome.Seq); l != nil {
		return wireOutcome(cat, l, today), nil
	}
	return wireOutcome(cat, &creditbank.Lot{Outcome: p.Outcome}, today), nil
}

// mayPost reports whether the caller may post for the institution.
func (s *Server) mayPost(ctx context.Context, p creditbank.Posting) error {
	return s.may(ctx, access.OnInstitution(p.Institution))
}

// PostOutcomes implements [contract.StrictServerInterface]. The array takes the
// way of a file: one path, one kind of answer.
func (s *Server) PostOutcomes(ctx context.Context, r contract.PostOutcomesRequestObject) (contract.PostOutcomesResponseObject, error) {
	s.scoped(ctx) // each posting is asked about by itself
	var file bytes.Buffer
	enc := json.NewEncoder(&file)
	for _, p := range *r.Body {
		if err := enc.Encode(p); err != nil {
			return nil, err
		}
	}
	table, err := posting.OpenFile(posting.Source{Name: "body", Reader: &file, Format: posting.NDJSON, Limits: posting.Limits{Row: s.c.Limits.RowBytes}})
	if err != nil {
		return nil, inBody(err)
	}
	defer table.Close()
	w := contract.PostOutcomes200JSONResponse{Answers: make([]contract.PostingAnswer, 0, len(*r.Body))}
	sum, err := posting.Post(ctx, table, s.run(ctx), func(a posting.Answer) error {
		a.Line = 0 // there are no lines
		w.Answers = append(w.Answers, wireAnswer(a))
		return nil
	})
	if err != nil {
		return nil, err
	}
	w.Summary = wireSummary(sum)
	return w, nil
}

// run says how the rows of a file are put on record for the caller.
func (s *Server) run(ctx context.Context) posting.Run {
	c := callOf(ctx)
	cat := s.c.Bank.Catalogue()
	return posting.Run{
		By: c.by(), Request: c.id, Learners: namedLearners{s}, Poster: s.c.Poster,
		Allow: func(p creditbank.Posting) error {
			if c.principal.May(cat, permissions[c.op.id], access.OnInstitution(p.Institution)) {
				return nil
			}
			return creditbank.Invalid("OUT_OF_SCOPE", "institution", "超出您的权限范围，不能为该机构登记", "you may not post for this institution")
		},
		Fault: func(err error) {
			s.c.Log.ErrorContext(ctx, "row not posted", "request", c.id, "operation", c.name(), "err", err)
		},
	}
}

// namedLearners finds the learners that rows name. What a file calls a learner
// by other means than papers is the learner's id.
type namedLearners struct{ s *Server }

// Find implements [posting.Learners].
func (n namedLearners) Find(ctx context.Context, ref posting.Reference) (creditbank.LearnerID, error) {
	if ref.Alias == "" {
		return posting.InDirectory(n.s.c.Bank).Find(ctx, ref)
	}
	if isUUID(ref.Alias) {
		return n.s.find1(ctx, reference{id: ref.Alias, name: ref.Name})
	}
	return "", creditbank.Invalid(creditbank.CodeMalformed, "learner", "应为学习者标识（UUID）；也可填写账号，或身份证号与姓名", "is to be the learner's id, a UUID; or give the account number, or identity number and name")
}

func isUUID(s string) bool {
	_, err := access.ParseScope("learner:" + s)
	return err == nil
}

// RevokeOutcome implements [contract.StrictServerInterface].
func (s *Server) RevokeOutcome(ctx context.Context, r contract.RevokeOutcomeRequestObject) (contract.RevokeOutcomeResponseObject, error) {
	institution := creditbank.InstitutionID(r.Body.Institution)
	if err := s.may(ctx, access.OnInstitution(institution)); err != nil {
		return nil, err
	}
	acts, err := s.c.Bank.Revoke(ctx, s.change(ctx, r.Body.Learner, r.Params.IdempotencyKey),
		creditbank.Revoking{Institution: institution, ExternalID: r.Body.ExternalId, Reason: r.Body.Reason})
	if err != nil {
		return nil, inBody(err)
	}
	w := contract.RevokeOutcome200JSONResponse{Learner: r.Body.Learner, Reversed: []int64{}}
	var cases []int64
	for _, a := range acts {
		w.Version = max(w.Version, a.Seq)
		switch a.Kind {
		case creditbank.ActRevoked:
			w.Outcome = a.Body.Of
		case creditbank.ActReversed:
			w.Reversed = append(w.Reversed, a.Body.Of)
		case creditbank.ActCaseOpened:
			cases = append(cases, a.Seq)
		}
	}
	if len(cases) > 0 {
		w.Cases = &cases
	}
	return w, nil
}

// is reports whether err is an input error of a code.
func is(err error, code creditbank.Code) bool {
	var input *creditbank.InputError
	return errors.As(err, &input) && input.Code == code
}
