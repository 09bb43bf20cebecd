package roles_test

import (
	"fmt"
	"strings"

	"creditbank/creditbank"
)

// aPDF is the least that passes for one.
const aPDF = "%PDF-1.4\n1 0 obj<<>>endobj\nstartxref\n9\n%%EOF\n"

// petition returns an open petition of L2's to I06 that nobody but L2 has touched.
func (s *scene) petition() int64 {
	s.t.Helper()
	a := s.account("L2")
	for _, p := range a.Petitions {
		if p.Open() && len(p.Letters)+len(p.Recusals) == 0 {
			return p.Seq
		}
	}
	s.closePetitions()
	act, err := s.Bank.Petition(s.t.Context(), s.byL2(), creditbank.Petitioning{
		Claimed:       creditbank.Claimed{Institution: "I06", IssuedOn: 20250101},
		PetitionWords: creditbank.PetitionWords{Title: "刺绣一等奖"},
	})
	s.must(err)
	return act.Seq
}

// byL2 is a change that L2 makes.
func (s *scene) byL2() creditbank.Change {
	c := s.change("L2")
	c.By = creditbank.Caller{ID: "learner:" + string(s.ids["L2"])}
	return c
}

// closePetitions withdraws what is open.
func (s *scene) closePetitions() {
	s.t.Helper()
	for _, p := range s.account("L2").OpenPetitions() {
		_, err := s.Bank.WithdrawPetition(s.t.Context(), s.byL2(), p.Seq, "")
		s.must(err)
	}
}

// evidence returns a petition with a file, and the file.
func (s *scene) evidence() (seq, file int64) {
	s.t.Helper()
	seq = s.petition()
	if e := s.account("L2").Petition(seq).Evidence; len(e) > 0 {
		return seq, e[0].Seq
	}
	act, err := s.Bank.AddEvidence(s.t.Context(), s.byL2(), seq, []byte(aPDF))
	s.must(err)
	return seq, act.Seq
}

// basisDeciding is [basisOf] where the institution decides a petition.
func basisDeciding(place string) creditbank.Basis {
	if strings.HasPrefix(place, "I") {
		return creditbank.BasisTarget
	}
	return creditbank.BasisDuty
}

// petitionOperations are about petitions of L2's to I06: the learner makes and
// changes them, reviewers of I06 decide, and both may look.
func petitionOperations() []operation {
	why, words := map[string]any{"reason": "说明"}, map[string]any{"text": "说明"}
	accepting := map[string]any{"course": "S01", "score": "80", "attended_hours": "16"}
	after := func(s *scene) { s.closePetitions() }
	step := func(id, rest string, body any, seq func(*scene) int64) operation {
		return operation{id: id, ask: func(s *scene, _ person) ask {
			return ask{method: "POST", path: s.about("L2", fmt.Sprintf("/petitions/%d%s", seq(s), rest)), body: body}
		}, none: ofNobody("POST", "/petitions/2"+rest, body), after: after}
	}
	byReviewers := func(o operation) operation { o.by = roles(ofI06, "reviewer"); return o }
	byLearner := func(o operation) operation { o.by = roles(own, "learner"); return o }
	preview := byReviewers(step("previewPetition", "/preview", accepting, (*scene).petition))
	preview.tells, preview.basis = fields("OUTCOMES"), basisDeciding
	upload := byLearner(step("addEvidence", "/evidence", aPDF, (*scene).petition))
	uploadAsk, uploadNone := upload.ask, upload.none
	upload.ask = func(s *scene, p person) ask {
		if len(s.account("L2").Petition(s.petition()).Evidence) == creditbank.MaxEvidence {
			s.closePetitions()
		}
		a := uploadAsk(s, p)
		a.kind = "application/octet-stream"
		return a
	}
	upload.none = func(s *scene) ask { a := uploadNone(s); a.kind = "application/octet-stream"; return a }
	petitioning := map[string]any{"institution": "I06", "issued_on": "2025-01-01", "title": "刺绣一等奖"}
	return []operation{
		{id: "listPetitions", by: roles(own, "learner"), ask: ofLearner("/petitions"), none: ofNobody("GET", "/petitions", nil)},
		{id: "petition", by: roles(own, "learner"), ask: func(s *scene, _ person) ask {
			s.closePetitions()
			return ask{method: "POST", path: s.about("L2", "/petitions"), body: petitioning}
		}, none: ofNobody("POST", "/petitions", petitioning), after: after},
		{id: "getPetition", by: with(roles(ofI06, "reviewer"), own, "learner"), tells: fields("OUTCOMES"), basis: basisDeciding, ask: func(s *scene, _ person) ask {
			return ask{method: "GET", path: s.about("L2", fmt.Sprintf("/petitions/%d", s.petition()))}
		}, none: ofNobody("GET", "/petitions/2", nil)},
		upload,
		{id: "getEvidence", by: with(roles(ofI06, "reviewer"), own, "learner"), tells: fields("EVIDENCE"), basis: basisDeciding, ask: func(s *scene, _ person) ask {
			seq, file := s.evidence()
			return ask{method: "GET", path: s.about("L2", fmt.Sprintf("/petitions/%d/evidence/%d", seq, file))}
		}, none: ofNobody("GET", "/petitions/2/evidence/3", nil)},
		byLearner(step("supplementPetition", "/supplement", words, func(s *scene) int64 {
			s.closePetitions()
			seq := s.petition()
			_, err := s.Bank.ReturnPetition(s.t.Context(), s.fresh("L2"), seq, "缺页")
			s.must(err)
			return seq
		})),
		byLearner(step("withdrawPetition", "/withdraw", why, (*scene).petition)),
		byReviewers(step("returnPetition", "/return", why, (*scene).petition)),
		byReviewers(step("refusePetition", "/refuse", why, (*scene).petition)),
		byReviewers(step("recuseFromPetition", "/recuse", why, (*scene).petition)),
		preview,
		{id: "listOpenPetitions", by: roles(everywhere, "reviewer"), ask: func(s *scene, _ person) ask {
			s.closePetitions()
			return ask{method: "GET", path: "/v1/petitions"} // none is open: nothing is told
		}},
		byReviewers(step("acceptPetition", "/accept", accepting, (*scene).petition)),
	}
}
