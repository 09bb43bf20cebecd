package access

import (
	"fmt"
	"regexp"
	"strings"

	"creditbank/creditbank"
)

// A ScopeKind says what a scope is a part of.
type ScopeKind string

// The kinds of scope.
const (
	ScopeLearner     ScopeKind = "learner"     // one learner
	ScopeInstitution ScopeKind = "institution" // one institution
	ScopeBranch      ScopeKind = "branch"      // an institution and those below it
	ScopeRegion      ScopeKind = "region"      // a region, those below it, their institutions and learners
)

// A Scope is the part of the bank within which a grant counts.
type Scope struct {
	Kind ScopeKind
	ID   string
}

var uuidPattern = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// ParseScope parses a scope written as learner:<uuid>, institution:I06,
// branch:I04 or region:9901.
func ParseScope(s string) (Scope, error) {
	kind, id, _ := strings.Cut(s, ":")
	scope := Scope{ScopeKind(kind), id}
	ok := false
	switch scope.Kind {
	case ScopeLearner:
		ok = uuidPattern.MatchString(id)
	case ScopeInstitution, ScopeBranch, ScopeRegion:
		_, err := creditbank.ParseCode(id)
		ok = err == nil
	}
	if !ok {
		return Scope{}, creditbank.Invalid(creditbank.CodeMalformed, "scope",
			"权限范围应如 institution:I06、branch:I04、region:9901 或 learner:<UUID>",
			"a scope is institution:I06, branch:I04, region:9901 or learner:<uuid>")
	}
	return scope, nil
}

// String returns s in the form that [ParseScope] reads.
func (s Scope) String() string { return string(s.Kind) + ":" + s.ID }

// MarshalText implements [encoding.TextMarshaler].
func (s Scope) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *Scope) UnmarshalText(text []byte) (err error) {
	*s, err = ParseScope(string(text))
	return err
}

// A Target is what an operation acts upon. The zero Target is covered by no
// scope.
type Target struct {
	kind   targetKind
	id     string
	region creditbank.RegionCode // of a learner
}

type targetKind int

const (
	onNothing targetKind = iota
	onLearner
	onInstitution
	onRegion
	onBank
)

// OnLearner is the target of an operation on a learner's account.
func OnLearner(id creditbank.LearnerID, region creditbank.RegionCode) Target {
	return Target{onLearner, string(id), region}
}

// OnInstitution is the target of an operation on what belongs to an
// institution.
func OnInstitution(id creditbank.InstitutionID) Target { return Target{onInstitution, string(id), ""} }

// OnRegion is the target of an operation on a region as a whole.
func OnRegion(code creditbank.RegionCode) Target { return Target{onRegion, string(code), ""} }

// OnBank is the target of an operation on the bank as a whole.
func OnBank() Target { return Target{kind: onBank} }

// Covers reports whether t lies within s. What the catalogue does not know lies
// within no region. An institution's scope never covers a learner: whether it
// may see one is for the learner to consent to. The whole bank is covered by
// the scope of the one region that is above all others; where there are several
// such regions it takes a grant over each, see [Principal.May].
func (s Scope) Covers(cat *creditbank.Catalogue, t Target) bool {
	if s.ID == "" || t.kind != onBank && t.id == "" {
		return false
	}
	switch s.Kind {
	case ScopeLearner:
		return t.kind == onLearner && t.id == s.ID
	case ScopeInstitution:
		return t.kind == onInstitution && t.id == s.ID
	case ScopeBranch:
		return t.kind == onInstitution && institutionWithin(cat, creditbank.InstitutionID(t.id), creditbank.InstitutionID(s.ID))
	case ScopeRegion:
		return regionCovers(cat, creditbank.RegionCode(s.ID), t)
	}
	return false
}

func regionCovers(cat *creditbank.Catalogue, scope creditbank.RegionCode, t Target) bool {
	switch t.kind {
	case onLearner:
		return regionWithin(cat, t.region, scope)
	case onInstitution:
		i, ok := cat.Institutions[creditbank.InstitutionID(t.id)]
		return ok && regionWithin(cat, i.Region, scope)
	case onRegion:
		return regionWithin(cat, creditbank.RegionCode(t.id), scope)
	case onBank:
		all := roots(cat)
		return len(all) == 1 && all[0] == scope
	}
	return false
}

// institutionWithin reports whether i is top or below it. Data with a cycle in
// it, which cannot be published, ends the walk too.
func institutionWithin(cat *creditbank.Catalogue, i, top creditbank.InstitutionID) bool {
	for range len(cat.Institutions) + 1 {
		if i == top {
			return true
		}
		if i = cat.Institutions[i].Parent; i == "" {
			return false
		}
	}
	return false
}

// regionWithin reports whether r is a known region that is top or below it.
func regionWithin(cat *creditbank.Catalogue, r, top creditbank.RegionCode) bool {
	for range len(cat.Regions) {
		region, known := cat.Regions[r]
		if !known {
			return false
		}
		if r == top {
			return true
		}
		r = region.Parent
	}
	return false
}

// roots returns the regions that are above all others.
func roots(cat *creditbank.Catalogue) []creditbank.RegionCode {
	var all []creditbank.RegionCode
	for code, r := range cat.Regions {
		if r.Parent == "" {
			all = append(all, code)
		}
	}
	return all
}

// within reports whether everything that inner covers is covered by s too.
func (s Scope) within(cat *creditbank.Catalogue, inner Scope) bool {
	switch inner.Kind {
	case ScopeInstitution:
		return s.Covers(cat, OnInstitution(creditbank.InstitutionID(inner.ID)))
	case ScopeRegion:
		return s.Covers(cat, OnRegion(creditbank.RegionCode(inner.ID)))
	case ScopeBranch:
		// Branches may reach across the borders of regions, and an
		// institution's scope ends at the institution.
		if s.Kind == ScopeInstitution || !s.Covers(cat, OnInstitution(creditbank.InstitutionID(inner.ID))) {
			return false
		}
		for id := range cat.Institutions {
			if institutionWithin(cat, id, creditbank.InstitutionID(inner.ID)) && !s.Covers(cat, OnInstitution(id)) {
				return false
			}
		}
		return true
	}
	return false
}

// check reports a scope that names what the catalogue does not know.
func (s Scope) check(cat *creditbank.Catalogue) error {
	if _, err := ParseScope(s.String()); err != nil {
		return err
	}
	switch s.Kind {
	case ScopeInstitution, ScopeBranch:
		return checkInstitution(cat, creditbank.InstitutionID(s.ID))
	case ScopeRegion:
		if _, ok := cat.Regions[creditbank.RegionCode(s.ID)]; !ok {
			return creditbank.NotFound(creditbank.CodeUnknownRegion, "scope", fmt.Sprintf("地区 %s 不存在", creditbank.Shown(s.ID)), fmt.Sprintf("region %s does not exist", creditbank.Shown(s.ID)))
		}
	}
	return nil
}

func checkInstitution(cat *creditbank.Catalogue, id creditbank.InstitutionID) error {
	if _, ok := cat.Institutions[id]; !ok {
		return creditbank.NotFound(creditbank.CodeUnknownInstitution, "institution", fmt.Sprintf("机构 %s 不存在", creditbank.Shown(id)), fmt.Sprintf("institution %s does not exist", creditbank.Shown(id)))
	}
	return nil
}
