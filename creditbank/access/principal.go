package access

import (
	"maps"
	"slices"

	"creditbank/creditbank"
)

// A Grant gives a role within a scope.
type Grant struct {
	Role  Role  `json:"role"`
	Scope Scope `json:"scope"`
}

// A PrincipalKind says what acts.
type PrincipalKind string

// The kinds of principal.
const (
	Person  PrincipalKind = "person"
	Machine PrincipalKind = "machine"
)

// A Principal is who acts, with all they were granted. The zero Principal is the
// public.
type Principal struct {
	ID          string // of the account or of the client
	Kind        PrincipalKind
	Learner     creditbank.LearnerID     // whose account it is, "" for staff and machines
	Institution creditbank.InstitutionID // where they belong, "" for none
	Grants      []Grant
	Epoch       int // of a person's account: sessions of earlier ones have ended
}

// Prefixes of the ids of callers.
const (
	prefixUser    = "user:"
	prefixClient  = "client:"
	prefixLearner = "learner:"
)

// Caller returns p as it is recorded with what it does: client:<id> for a
// machine, learner:<uuid> for a person with a learner's account, user:<uuid> for
// other people. The public is the zero Caller, which may record nothing.
func (p Principal) Caller() creditbank.Caller {
	switch {
	case p.Kind == Machine:
		return creditbank.Caller{ID: prefixClient + p.ID}
	case p.Learner != "":
		return creditbank.Caller{ID: prefixLearner + string(p.Learner)}
	case p.ID != "":
		return creditbank.Caller{ID: prefixUser + p.ID}
	}
	return creditbank.Caller{}
}

// Has reports whether p has a role in any scope.
func (p Principal) Has(role Role) bool {
	return role == Anyone || slices.ContainsFunc(p.Grants, func(g Grant) bool { return g.Role == role })
}

// May reports whether p may act upon t in one of the roles. The whole bank is
// covered also by grants over each of the regions that are above all others.
func (p Principal) May(cat *creditbank.Catalogue, roles []Role, t Target) bool {
	if slices.Contains(roles, Anyone) {
		return true
	}
	if t.kind == onBank {
		return p.coversBank(cat, roles)
	}
	return slices.ContainsFunc(p.Grants, func(g Grant) bool {
		return slices.Contains(roles, g.Role) && g.Scope.Covers(cat, t)
	})
}

func (p Principal) coversBank(cat *creditbank.Catalogue, roles []Role) bool {
	all, mine := roots(cat), p.Regions(roles)
	for _, root := range all {
		if !slices.Contains(mine, root) {
			return false
		}
	}
	return len(all) > 0
}

// Institutions returns the institutions that p's scopes of institutions and
// branches cover in one of the roles, sorted.
func (p Principal) Institutions(cat *creditbank.Catalogue, roles []Role) []creditbank.InstitutionID {
	return slices.Sorted(func(yield func(creditbank.InstitutionID) bool) {
		for id := range maps.Keys(cat.Institutions) {
			covered := slices.ContainsFunc(p.Grants, func(g Grant) bool {
				return slices.Contains(roles, g.Role) && g.Scope.Kind != ScopeRegion && g.Scope.Covers(cat, OnInstitution(id))
			})
			if covered && !yield(id) {
				return
			}
		}
	})
}

// Regions returns the regions that p has one of the roles in, sorted; the
// regions below them are not listed.
func (p Principal) Regions(roles []Role) []creditbank.RegionCode {
	var all []creditbank.RegionCode
	for _, g := range p.Grants {
		if g.Scope.Kind == ScopeRegion && slices.Contains(roles, g.Role) {
			all = append(all, creditbank.RegionCode(g.Scope.ID))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
