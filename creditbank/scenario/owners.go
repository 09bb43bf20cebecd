package scenario

import (
	"fmt"
	"slices"

	"creditbank/creditbank"
)

// An outcomeName is how a revocation names an outcome.
type outcomeName struct {
	institution creditbank.InstitutionID
	externalID  string
}

// Owners are the aliases of those whose outcomes are on record, since a
// revocation in the timeline need not name the learner.
type Owners map[outcomeName][]string

// Add notes that an outcome is on record.
func (w Owners) Add(o Outcome) {
	name := outcomeName{o.Posting.Institution, o.Posting.ExternalID}
	if !slices.Contains(w[name], o.Alias) {
		w[name] = append(w[name], o.Alias)
	}
}

// Whose returns the alias of the one learner whose outcome a revocation means.
func (w Owners) Whose(r creditbank.Revoking) (string, error) {
	learners := w[outcomeName{r.Institution, r.ExternalID}]
	switch len(learners) {
	case 0:
		return "", creditbank.NotFound(creditbank.CodeUnknownOutcome, "revoke", fmt.Sprintf("没有成果 %s/%s", r.Institution, r.ExternalID),
			fmt.Sprintf("there is no outcome %s/%s", r.Institution, r.ExternalID))
	case 1:
		return learners[0], nil
	}
	return "", creditbank.Conflict(creditbank.CodeState, "revoke", fmt.Sprintf("%d名学员有成果 %s/%s，请写明 learner", len(learners), r.Institution, r.ExternalID),
		fmt.Sprintf("%d learners have an outcome %s/%s: name the learner", len(learners), r.Institution, r.ExternalID))
}
