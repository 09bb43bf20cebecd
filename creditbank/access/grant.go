package access

import (
	"fmt"
	"slices"
	"strings"

	"creditbank/creditbank"
)

// maxGrants bounds the grants of one principal.
const maxGrants = 64

// MayGrant reports why by may not give g to somebody, or take it away: nil if
// they may.
//
//   - A manager grants poster, reviewer and clerk within their own scope.
//   - An operator of a region grants everything there but operator, and but
//     auditor of a region.
//   - An operator of the whole bank grants those too.
//
// The role of a learner comes with the account and is granted by nobody.
func MayGrant(cat *creditbank.Catalogue, by Principal, g Grant) error {
	if err := g.check(cat); err != nil {
		return err
	}
	if !mayGrant(cat, by, g) {
		return notAllowed("grants", fmt.Sprintf("无权授予“%s”（%s）", g.Role.Text().ZH, g.Scope), fmt.Sprintf("you may not grant %s within %s", g.Role, g.Scope))
	}
	return nil
}

func mayGrant(cat *creditbank.Catalogue, by Principal, g Grant) bool {
	switch g.Role {
	case Operator:
		return by.May(cat, []Role{Operator}, OnBank())
	case Auditor:
		if g.Scope.Kind == ScopeRegion {
			return by.May(cat, []Role{Operator}, OnBank())
		}
		return by.grantsWithin(cat, g.Scope, Operator)
	case Manager:
		return by.grantsWithin(cat, g.Scope, Operator)
	case Poster, Reviewer, Clerk:
		return by.grantsWithin(cat, g.Scope, Operator, Manager)
	}
	return false
}

// grantsWithin reports whether p has one of the roles in a scope that inner
// lies within.
func (p Principal) grantsWithin(cat *creditbank.Catalogue, inner Scope, roles ...Role) bool {
	return slices.ContainsFunc(p.Grants, func(g Grant) bool {
		return slices.Contains(roles, g.Role) && g.Scope.within(cat, inner)
	})
}

// check reports a grant that nobody can have.
func (g Grant) check(cat *creditbank.Catalogue) error {
	if _, err := ParseRole(string(g.Role)); err != nil {
		return err
	}
	if err := g.Scope.check(cat); err != nil {
		return err
	}
	switch {
	case g.Role == Learner || g.Scope.Kind == ScopeLearner:
		return creditbank.Invalid(creditbank.CodeMalformed, "grants", "学习者角色随账户产生，不能授予", "the role of a learner comes with the account and is not granted")
	case g.Role == Operator && g.Scope.Kind != ScopeRegion:
		return creditbank.Invalid(creditbank.CodeMalformed, "grants", "运营员的权限范围应为地区", "the scope of an operator is a region")
	}
	return nil
}

// mayRegrant reports why by may not replace the grants before by those after:
// each that comes or goes must be one that by may grant. What has gone from the
// catalogue may be taken away by an operator of the whole bank.
func mayRegrant(cat *creditbank.Catalogue, by Principal, before, after []Grant) error {
	if len(after) > maxGrants {
		return creditbank.Invalid(creditbank.CodeMalformed, "grants", fmt.Sprintf("最多授予%d项权限", maxGrants), fmt.Sprintf("at most %d grants", maxGrants))
	}
	for _, g := range after {
		if !slices.Contains(before, g) {
			if err := MayGrant(cat, by, g); err != nil {
				return err
			}
		}
	}
	for _, g := range before {
		if !slices.Contains(after, g) && !by.May(cat, []Role{Operator}, OnBank()) {
			if err := MayGrant(cat, by, g); err != nil {
				return err
			}
		}
	}
	return nil
}

// sortGrants returns grants sorted, each once, so that the same grants are
// stored the same way.
func sortGrants(grants []Grant) []Grant {
	sorted := slices.SortedFunc(slices.Values(grants), func(a, b Grant) int {
		if a.Role != b.Role {
			return slices.Index(Roles(), a.Role) - slices.Index(Roles(), b.Role)
		}
		return strings.Compare(a.Scope.String(), b.Scope.String())
	})
	return slices.Compact(sorted)
}
