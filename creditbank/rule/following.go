package rule

import (
	"slices"

	"creditbank/creditbank"
)

// Following returns s as it would stand if it were published after another set:
// what is suspended there or has been given an end is so here too, as far as it is
// here. s does not change.
func (s *Set) Following(published *Set) (*Set, error) {
	standing := published.Standing()
	standing.Retired = slices.DeleteFunc(standing.Retired, func(x creditbank.RuleRetirement) bool { return s.lacks(x.Target) })
	standing.Suspended = slices.DeleteFunc(standing.Suspended, func(x creditbank.RuleSuspension) bool { return s.lacks(x.Target) })
	if len(standing.Retired)+len(standing.Suspended) == 0 {
		return s, nil
	}
	next := *s
	next.rules = nil
	next.byID, next.versions = map[creditbank.RuleID]*Rule{}, map[creditbank.RuleID][]*Rule{}
	copies := make(map[*Rule]*Rule, len(s.rules))
	for _, r := range s.rules {
		own := *r
		copies[r] = &own
		next.rules = append(next.rules, &own)
	}
	for id, versions := range s.versions {
		for _, r := range versions {
			next.versions[id] = append(next.versions[id], copies[r])
		}
		next.byID[id] = next.versions[id][0]
	}
	next.stand(standing)
	return &next, next.hashRules()
}
