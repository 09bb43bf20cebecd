package creditbank

import "context"

// A PetitionItem is an open petition as the list of its institution has it: an index
// kept beside the ledger, as the worklist of applications is ([WorkItem]).
type PetitionItem struct {
	Learner     LearnerID
	Seq         int64
	Institution InstitutionID
	State       PetitionState
	Since       Date // the day on which it was last sent to the institution; the list is sorted by it
}

// Place returns where i stands in the list.
func (i PetitionItem) Place() PetitionPlace { return PetitionPlace{i.Since, i.Learner, i.Seq} }

// Open reports whether i belongs in the list.
func (i PetitionItem) Open() bool { return (&Petition{State: i.State}).Open() }

// A PetitionPlace is a place in the list of open petitions, after which a page
// begins. The zero PetitionPlace is before the first.
type PetitionPlace struct {
	Since   Date
	Learner LearnerID
	Seq     int64
}

// A PetitionStore finds open petitions by an index that [Store.Append] keeps
// ([Write], Petitions), and the evidence that it stored with them ([Write],
// Evidence).
type PetitionStore interface {
	// Petitions returns up to limit open petitions to the institutions above after,
	// in order of [PetitionItem.Place]. It reads none to others.
	Petitions(ctx context.Context, institutions []InstitutionID, after PetitionPlace, limit int) ([]PetitionItem, error)

	// Evidence returns the evidence that a version of an account added, or
	// ErrNotFound.
	Evidence(ctx context.Context, id LearnerID, seq int64) (Evidence, error)

	// EvidenceKept returns the versions of an account whose evidence is stored, in
	// order, for whoever audits.
	EvidenceKept(ctx context.Context, id LearnerID) ([]int64, error)
}

// petitionItem returns p as the list has it.
func (a *Account) petitionItem(p *Petition) PetitionItem {
	return PetitionItem{Learner: a.Learner, Seq: p.Seq, Institution: p.Claim.Institution, State: p.State, Since: p.Since}
}

// OpenPetitions returns the open petitions of a as the list has them.
func (a *Account) OpenPetitions() []PetitionItem {
	var open []PetitionItem
	for _, p := range a.Petitions {
		if p.Open() {
			open = append(open, a.petitionItem(p))
		}
	}
	return open
}

// PetitionChanges returns what brings the list from what it was to what the account
// says: items to put in place of what is there, and closed ones to remove.
func (a *Account) PetitionChanges(was []PetitionItem) []PetitionItem {
	before := make(map[int64]PetitionItem, len(was))
	for _, i := range was {
		before[i.Seq] = i
	}
	var changes []PetitionItem
	for _, p := range a.Petitions {
		old, listed := before[p.Seq]
		if now := a.petitionItem(p); (listed || p.Open()) && now != old {
			changes = append(changes, now)
		}
	}
	return changes
}

// Petitions returns up to q.Limit open petitions, those that wait
// longest first, and where the next page begins if there may be more.
func (b *Bank) Petitions(ctx context.Context, q PetitionQuery) (items []PetitionItem, next *PetitionPlace, err error) {
	for at := q.After; ; {
		page, err := b.store.Petitions(ctx, q.Institutions, at, q.Limit)
		if err != nil {
			return nil, nil, err
		}
		for _, i := range page {
			at = i.Place()
			if q.State != "" && i.State != q.State {
				continue
			}
			if items = append(items, i); len(items) == q.Limit {
				return items, &at, nil
			}
		}
		if len(page) < q.Limit {
			return items, nil, nil
		}
	}
}

// A PetitionQuery asks for a page of open petitions.
type PetitionQuery struct {
	Institutions []InstitutionID // to these only
	State        PetitionState   // "" for all
	After        PetitionPlace   // where the page before ended
	Limit        int
}
