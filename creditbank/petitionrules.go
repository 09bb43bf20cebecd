package creditbank

import (
	"fmt"
	"slices"
)

// Bounds of petitions. What is sealed is kept for life, so that somebody who
// uploads without end is stopped somewhere.
const (
	MaxOpenPetitions = 5         // of a learner
	MaxEvidence      = 10        // files of a petition
	MaxEvidenceBytes = 10 << 20  // of a file
	maxPetitionBytes = 50 << 20  // of all evidence of a petition
	maxLearnerBytes  = 500 << 20 // of all evidence of a learner
)

// allowsPetition says why act cannot follow on a, if it is one in the life of a
// petition. The bank asks before it writes, and adding up a history asks again.
func (a *Account) allowsPetition(act Act) error {
	if act.Kind == ActPetitioned {
		return a.allowsPetitioning(act.petition())
	}
	p := a.Petition(act.Body.Of)
	switch {
	case p == nil:
		return NotFound(CodeUnknownPetition, "petition", "没有这项认定申请", "there is no such petition")
	case !p.Open():
		return p.notNow(act.Kind)
	}
	switch act.Kind {
	case ActPetitionWithdrawn:
		return nil
	case ActEvidenced:
		return a.allowsEvidence(p, act.petition())
	case ActPetitionSupplemented:
		if p.State != PetitionReturned {
			return p.notNow(act.Kind)
		}
		return nil
	}
	switch {
	case p.speaksFor(act.By):
		return Conflict(CodeState, "petition", "申请人不能认定自己的申请", "whoever applied cannot decide the petition")
	case p.Recused(act.By):
		return Conflict(CodeReviewerExcluded, "petition", "已对该申请回避", "whoever recused themselves has no say in the petition")
	}
	switch act.Kind {
	case ActPetitionRefused, ActPetitionRecused:
		return nil
	case ActPetitionReturned:
		if p.State != PetitionSubmitted {
			return p.notNow(act.Kind)
		}
		return nil
	case ActPetitionAccepted:
		return a.allowsAcceptance(p, act)
	}
	return fmt.Errorf("%s concerns no petition", act.Kind)
}

// speaksFor reports whether somebody applied, supplemented or showed evidence.
func (p *Petition) speaksFor(who Caller) bool {
	return p.By == who ||
		slices.ContainsFunc(p.Letters, func(l Letter) bool { return l.Kind == ActPetitionSupplemented && l.By == who }) ||
		slices.ContainsFunc(p.Evidence, func(e EvidenceRef) bool { return e.By == who })
}

// Recused reports whether somebody recused themselves from p.
func (p *Petition) Recused(who Caller) bool {
	return slices.ContainsFunc(p.Recusals, func(r Recusal) bool { return r.By.ID == who.ID })
}

// Shown reports whether who decides petitions may see p and its evidence: while it is
// open, and when it was accepted, since its institution then answers for the outcome;
// not whoever applied or recused themselves, and of what came to nothing nobody.
func (p *Petition) Shown(to Caller) bool {
	return (p.Open() || p.State == PetitionAccepted) && !p.speaksFor(to) && !p.Recused(to)
}

// allowsPetitioning bounds what is open at once, and refuses to ask twice for the
// same.
func (a *Account) allowsPetitioning(s PetitionStep) error {
	if s.Institution == "" || s.IssuedOn == 0 {
		return fmt.Errorf("the petition is incomplete")
	}
	if a.openPetitions() >= MaxOpenPetitions {
		return Conflict(CodePetitionLimit, "", fmt.Sprintf("未办结的认定申请已达%d项", MaxOpenPetitions),
			fmt.Sprintf("%d petitions are open, which is as many as may be", MaxOpenPetitions))
	}
	for _, p := range a.Petitions {
		if p.Open() && s.Course != "" && p.Claim.Course == s.Course && p.Claim.Institution == s.Institution && p.Claim.IssuedOn == s.IssuedOn {
			return Conflict(CodeState, "course", fmt.Sprintf("同一内容的认定申请（第%d项）尚在办理中", p.Seq),
				fmt.Sprintf("petition %d for the same is still open", p.Seq))
		}
	}
	return nil
}

// allowsEvidence bounds the evidence of a petition and of a learner.
func (a *Account) allowsEvidence(p *Petition, s PetitionStep) error {
	if s.SHA256 == nil || s.Bytes < 1 || s.Bytes > MaxEvidenceBytes || !slices.Contains(MediaTypes(), s.Type) {
		return fmt.Errorf("the evidence is incomplete")
	}
	var all, own int64
	for _, q := range a.Petitions {
		for _, e := range q.Evidence {
			all += e.Bytes
			if q == p {
				own += e.Bytes
			}
		}
	}
	switch {
	case len(p.Evidence) >= MaxEvidence:
		return Conflict(CodeEvidenceLimit, "", fmt.Sprintf("一项申请最多可附%d份证明材料", MaxEvidence),
			fmt.Sprintf("a petition has %d files of evidence at most", MaxEvidence))
	case own+s.Bytes > maxPetitionBytes:
		return Conflict(CodeEvidenceLimit, "", fmt.Sprintf("一项申请的证明材料合计不得超过%dMB", maxPetitionBytes>>20),
			fmt.Sprintf("the evidence of a petition has %d MB at most, all together", maxPetitionBytes>>20))
	case all+s.Bytes > maxLearnerBytes:
		return Conflict(CodeEvidenceLimit, "", fmt.Sprintf("一名学习者的证明材料合计不得超过%dMB", maxLearnerBytes>>20),
			fmt.Sprintf("the evidence of a learner has %d MB at most, all together", maxLearnerBytes>>20))
	}
	return nil
}

// allowsAcceptance: the outcome that was posted just before is the petition's.
func (a *Account) allowsAcceptance(p *Petition, act Act) error {
	if p.State != PetitionSubmitted {
		return p.notNow(act.Kind)
	}
	if act.Body.Since == 0 {
		return nil // asked before it is posted
	}
	lot := a.Lot(act.Body.Since)
	if lot == nil || lot.Seq != act.Seq-1 || lot.Institution != p.Claim.Institution || lot.ExternalID != p.number(a.Learner) || lot.By != act.By {
		return fmt.Errorf("outcome %d does not answer petition %d", act.Body.Since, p.Seq)
	}
	return nil
}

// notNow says that a petition is in no state for an act.
func (p *Petition) notNow(kind ActKind) error {
	state := p.State.Text()
	if p.ClosedBy != 0 {
		return Conflict(CodeState, "petition", fmt.Sprintf("该认定申请已办结：%s（第%d项）", state.ZH, p.ClosedBy),
			fmt.Sprintf("the petition is closed: %s by entry %d", state.EN, p.ClosedBy))
	}
	return Conflict(CodeState, "petition", fmt.Sprintf("该认定申请“%s”，现在不能“%s”", state.ZH, kind.Text().ZH),
		fmt.Sprintf("the petition is in the state %q, which does not allow %q", state.EN, kind.Text().EN))
}
