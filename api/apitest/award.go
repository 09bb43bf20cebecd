package apitest

import (
	"creditbank/creditbank"
)

// The parties of the cases that [World.OpenCase] opens. No test acts as either.
var (
	registrar = creditbank.Caller{ID: "operator:registrar"}
	corrector = creditbank.Caller{ID: "operator:corrector"}
)

// P1 is the programme that [World.Confer] and [World.OpenCase] are about.
const P1 = "P1"

// Own returns what a learner must have studied in a programme beside the lines
// there are, for an award to be conferred.
func (w *World) Own(id creditbank.LearnerID, programme creditbank.ProgrammeID) []creditbank.OwnStudy {
	w.t.Helper()
	a, err := w.Bank.Account(w.t.Context(), id)
	w.must(err)
	p, _ := w.Bank.Catalogue().Rules.Programme(programme)
	own := []creditbank.OwnStudy{{Credits: p.Credits}}
	for _, slot := range p.Slots {
		left := slot.Credits
		for _, line := range a.HeldLines(p.ID, slot.ID) {
			if line.ReversedOn == 0 {
				left -= line.Credits
			}
		}
		if left > 0 {
			own = append(own, creditbank.OwnStudy{Credits: left, Slot: slot.ID})
		}
	}
	return own
}

// Vacant sees to it that a learner is enrolled in P1 and holds no diploma of it,
// nor has a case that would keep one from being conferred.
func (w *World) Vacant(id creditbank.LearnerID) {
	w.t.Helper()
	w.must(w.Bank.Enrol(w.t.Context(), w.by(registrar, id), P1))
	a, err := w.Bank.Account(w.t.Context(), id)
	w.must(err)
	for _, k := range a.Cases {
		if a.CaseState(k) == creditbank.CaseOpen {
			_, err := w.Bank.DecideCase(w.t.Context(), w.by(registrar, id), k.Seq, creditbank.CaseRuling{Uphold: true, Reason: "x"})
			w.must(err)
		}
	}
	for _, award := range a.Awards {
		if award.Stands() {
			_, err := w.Bank.WithdrawAward(w.t.Context(), w.by(registrar, id), award.Seq, "x")
			w.must(err)
		}
	}
}

// Confer confers the diploma of P1 on a learner and returns its place.
func (w *World) Confer(id creditbank.LearnerID) int64 {
	w.t.Helper()
	w.Vacant(id)
	act, err := w.Bank.Confer(w.t.Context(), w.by(registrar, id), creditbank.Awarding{Kind: creditbank.AwardDiploma, Programme: P1, Own: w.Own(id, P1)})
	w.must(err)
	return act.Seq
}

// OpenCase opens a case about a conversion of the learner's into P1 on which the
// diploma of P1 hangs, both of which it makes if there are none: by a revision of
// the conversion's source that is no longer recognised. It returns its place.
func (w *World) OpenCase(id creditbank.LearnerID) int64 {
	w.t.Helper()
	source := w.converted(id)
	w.Confer(id)
	p := source.Posting
	p.Revision++
	p.Score, _ = creditbank.ParseScore(creditbank.FailWord)
	_, err := w.Bank.Revise(w.t.Context(), corrector, p, "")
	w.must(err)
	a, err := w.Bank.Account(w.t.Context(), id)
	w.must(err)
	for _, k := range a.Cases {
		if a.CaseState(k) == creditbank.CaseOpen {
			return k.Seq
		}
	}
	w.t.Fatalf("revising %v opened no case", p.OutcomeKey)
	return 0
}

// converted returns the newest revision of the source of a standing conversion
// into P1.
func (w *World) converted(id creditbank.LearnerID) creditbank.Outcome {
	w.t.Helper()
	w.must(w.Bank.Enrol(w.t.Context(), w.by(registrar, id), P1))
	a, err := w.Bank.Account(w.t.Context(), id)
	w.must(err)
	for _, c := range a.Conversions {
		if !c.Stands() || c.Decision.Programme != P1 {
			continue
		}
		used := a.Lot(c.Decision.Sources[0].Lot)
		for _, l := range a.Lots {
			if l.Current() && l.Institution == used.Institution && l.ExternalID == used.ExternalID && l.RevokedOn == 0 {
				return l.Outcome
			}
		}
	}
	w.convert(id)
	return w.converted(id)
}

// convert posts an outcome and has it converted by R04.
func (w *World) convert(id creditbank.LearnerID) {
	w.t.Helper()
	course := w.Bank.Catalogue().Courses["S06"]
	score, err := creditbank.ParseScore("85")
	w.must(err)
	poster := w.Bank.NewPoster(w.t.Context(), creditbank.PosterConfig{Writers: 1})
	defer poster.Close()
	posted, err := poster.Post(w.t.Context(), registrar, creditbank.Posting{
		OutcomeKey: creditbank.OutcomeKey{Learner: id, Institution: course.Institution, ExternalID: "case-" + Key(w.t), Revision: 1},
		Course:     course.Code, IssuedOn: 20250601, Score: score, Attended: course.Hours,
	}, "")
	w.must(err)
	acts, err := w.Bank.Convert(w.t.Context(), w.by(registrar, id), []creditbank.RuleID{"R04"})
	w.must(err)
	if d := acts[0].Body.Decision; !d.Approved {
		w.t.Fatalf("R04 of %v: %v", posted.Outcome.OutcomeKey, d.Findings)
	}
}

func (w *World) by(c creditbank.Caller, id creditbank.LearnerID) creditbank.Change {
	return creditbank.Change{By: c, Learner: id}
}

func (w *World) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}
