package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"creditbank/creditbank"
)

// CheckWork is whether the worklist is what the accounts say.
const CheckWork = "worklist" // open applications are listed, and nothing else

// readWork reads the worklist as it is stored.
func (x *examiner) readWork(ctx context.Context) error {
	var programmes []creditbank.ProgrammeID
	for _, set := range x.bank.Catalogue().RuleSets {
		for _, p := range set.Programmes() {
			programmes = append(programmes, p.ID)
		}
	}
	slices.Sort(programmes)
	x.work = map[creditbank.LearnerID][]creditbank.WorkItem{}
	q := creditbank.WorkQuery{Programmes: slices.Compact(programmes), Filter: creditbank.WorkAll, Limit: 1000}
	for {
		items, next, err := x.bank.Worklist(ctx, q)
		if err != nil {
			return err
		}
		for _, w := range items {
			x.work[w.Learner] = append(x.work[w.Learner], w)
		}
		if next == nil {
			return nil
		}
		q.After = *next
	}
}

// listed compares the worklist with the open applications of an account.
func (x *examiner) listed(l creditbank.Learner, a *creditbank.Account) {
	stored := x.work[l.ID]
	slices.SortFunc(stored, func(a, b creditbank.WorkItem) int { return int(a.Seq - b.Seq) })
	same := func(a, b creditbank.WorkItem) bool {
		one, err := json.Marshal(a)
		other, err2 := json.Marshal(b)
		return err == nil && err2 == nil && bytes.Equal(one, other)
	}
	if derived := a.Work(); !slices.EqualFunc(stored, derived, same) {
		x.fault(CheckWork, l.Account, fmt.Sprintf("办理清单列有该户%d项申请，与记录中的%d项不符", len(stored), len(derived)),
			fmt.Sprintf("the worklist has %d applications of the account, which are not the %d that its rows say", len(stored), len(derived)))
	}
}
