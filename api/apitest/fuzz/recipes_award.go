package fuzz

import (
	"fmt"

	"creditbank/api/apitest/generate"
	"creditbank/creditbank"
)

// conferAward asks for an award of a learner who is enrolled somewhere, mostly,
// with all that is missing as own study.
func conferAward(d *draw) {
	id := creditbank.LearnerID(pick(d, &d.learners, learner{id: nobody}).id)
	d.q.Vars["learner"] = string(id)
	programme := creditbank.ProgrammeID(generate.Pick(d.Rand, "P1", "P1", "P2"))
	own := []any{}
	if a, err := d.Bank.Account(d.t.Context(), id); err == nil {
		p, _ := d.Bank.Catalogue().Rules.Programme(programme)
		own = append(own, object{"credits": p.Credits.String()})
		for _, slot := range p.Slots {
			left := slot.Credits
			for _, line := range a.HeldLines(p.ID, slot.ID) {
				if line.ReversedOn == 0 {
					left -= line.Credits
				}
			}
			if left > 0 {
				own = append(own, object{"slot": string(slot.ID), "credits": left.String()})
			}
		}
	}
	d.q.Tree = object{"programme": string(programme), "kind": generate.Pick(d.Rand, "DIPLOMA", "DIPLOMA", "COMPLETION"), "own": own}
}

// withdrawAward withdraws an award that is known.
func withdrawAward(d *draw) {
	d.q.Vars["seq"] = fmt.Sprint(d.done(&d.awards).seq)
	d.q.Tree = object{"reason": "误授 " + d.tag()}
}

// decideCase decides a case, which a revision by somebody else opens where none
// is known.
func decideCase(d *draw) {
	if d.Chance(50) {
		for tries := 0; tries < 20 && !d.openCase(); tries++ {
		}
	}
	d.q.Vars["seq"] = fmt.Sprint(d.done(&d.cases).seq)
	uphold := d.Chance(40)
	d.q.Tree = object{"uphold": uphold, "withdraw_award": !uphold && d.Chance(40), "reason": "复核意见 " + d.tag()}
}

// openCase revises the source of a conversion that an award hangs on, so that it
// is no longer recognised, and reports whether there is a case now. Others may be
// faster, which is no fault, and what hangs on nothing opens none.
func (d *draw) openCase() bool {
	id := creditbank.LearnerID(d.mine(&d.awards).learner)
	a, err := d.Bank.Account(d.t.Context(), id)
	if err != nil {
		return false
	}
	for _, award := range a.Awards {
		if !award.Stands() || len(award.Lines) == 0 {
			continue
		}
		for _, s := range a.Conversion(award.Lines[0].Conversion).Decision.Sources {
			l := a.Lot(s.Lot)
			if l == nil || !l.Current() || l.RevokedOn != 0 {
				continue
			}
			p := l.Posting
			p.Revision++
			p.Score, _ = creditbank.ParseScore(creditbank.FailWord)
			if _, err := d.Bank.Revise(d.t.Context(), creditbank.Caller{ID: "operator:corrector"}, p, ""); err != nil {
				return false
			}
			return d.takeCases(id)
		}
	}
	return false
}

// takeCases notes the open cases of a learner, and reports whether there are any.
func (d *draw) takeCases(id creditbank.LearnerID) (found bool) {
	a, err := d.Bank.Account(d.t.Context(), id)
	if err != nil {
		return false
	}
	for _, k := range a.Cases {
		if a.CaseState(k) == creditbank.CaseOpen {
			d.cases.Add(row{learner: string(id), seq: k.Seq})
			found = true
		}
	}
	return found
}
