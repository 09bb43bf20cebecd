package embedded

import (
	"context"
	"fmt"
	"slices"

	"creditbank/creditbank"
)

// The checks of petitions and what is shown for them.
const (
	CheckPetitions = "petitions" // open petitions are listed, and nothing else
	CheckEvidence  = "evidence"  // each piece of evidence is whole and opens, and none belongs to nothing
)

// readPetitions reads the list of open petitions as it is stored.
func (x *examiner) readPetitions(ctx context.Context) error {
	x.petitions = map[creditbank.LearnerID][]creditbank.PetitionItem{}
	q := creditbank.PetitionQuery{Limit: 1000}
	for id := range x.bank.Catalogue().Institutions {
		q.Institutions = append(q.Institutions, id)
	}
	for {
		items, next, err := x.bank.Petitions(ctx, q)
		if err != nil {
			return err
		}
		for _, i := range items {
			x.petitions[i.Learner] = append(x.petitions[i.Learner], i)
		}
		if next == nil {
			return nil
		}
		q.After = *next
	}
}

// asked compares the list with the open petitions of an account, and what is stored
// as evidence with what its history says.
func (x *examiner) asked(ctx context.Context, l creditbank.Learner, a *creditbank.Account) error {
	stored := x.petitions[l.ID]
	slices.SortFunc(stored, func(a, b creditbank.PetitionItem) int { return int(a.Seq - b.Seq) })
	if derived := a.OpenPetitions(); !slices.Equal(stored, derived) {
		x.fault(CheckPetitions, l.Account, fmt.Sprintf("清单列有该户%d项认定申请，与记录中的%d项不符", len(stored), len(derived)),
			fmt.Sprintf("the list has %d petitions of the account, which are not the %d that its rows say", len(stored), len(derived)))
	}
	kept, err := x.bank.Store.EvidenceKept(ctx, l.ID)
	if err != nil {
		return err
	}
	for _, p := range a.Petitions {
		for _, e := range p.Evidence {
			x.result.Evidence++
			kept = slices.DeleteFunc(kept, func(seq int64) bool { return seq == e.Seq })
			if err := x.opens(ctx, l, p, e); err != nil {
				x.fault(CheckEvidence, l.Account, fmt.Sprintf("第%d项证明材料受损：%v", e.Seq, err), fmt.Sprintf("evidence %d is damaged: %v", e.Seq, err))
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
	}
	for _, seq := range kept {
		x.fault(CheckEvidence, l.Account, fmt.Sprintf("第%d项存有证明材料，而记录中没有", seq), fmt.Sprintf("evidence is stored for entry %d, which is none", seq))
	}
	return nil
}

// opens reads a piece of evidence as those who may see it do. That of somebody who
// was erased opens for nobody, and must be whole all the same.
func (x *examiner) opens(ctx context.Context, l creditbank.Learner, p *creditbank.Petition, e creditbank.EvidenceRef) error {
	if len(l.Key) == 0 {
		stored, err := x.bank.Store.Evidence(ctx, l.ID, e.Seq)
		if err == nil && stored.SHA256 != e.SHA256 {
			err = fmt.Errorf("it is not what the history says")
		}
		return err
	}
	_, err := x.bank.OpenEvidence(ctx, l.ID, p.Seq, e.Seq)
	return err
}
