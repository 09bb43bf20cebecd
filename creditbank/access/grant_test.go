package access

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"creditbank/creditbank"
)

func grant(t testing.TB, role Role, s string) Grant {
	t.Helper()
	return Grant{role, scope(t, s)}
}

// Who may give which grant: every giver and every grant.
func TestMayGrant(t *testing.T) {
	cat := city(t)
	givers := map[string]Principal{}
	for _, s := range []string{"institution:I04", "branch:I05", "region:990101", "region:9901"} {
		givers["manager "+s] = Principal{ID: "m", Kind: Person, Grants: []Grant{grant(t, Manager, s)}}
	}
	for _, s := range []string{"region:990101", "region:9901"} {
		givers["operator "+s] = Principal{ID: "o", Kind: Person, Grants: []Grant{grant(t, Operator, s)}}
	}
	for _, r := range []Role{Poster, Reviewer, Clerk, Auditor} {
		givers[string(r)] = Principal{ID: "x", Kind: Person, Grants: []Grant{grant(t, r, "region:9901")}}
	}
	givers["the public"] = Principal{}
	county, city := "operator region:990101", "operator region:9901"
	for _, tt := range []struct {
		role  Role
		scope string
		by    []string
	}{
		{Clerk, "institution:I04", []string{"manager institution:I04", "manager region:990101", "manager region:9901", county, city}},
		{Poster, "institution:I05", []string{"manager branch:I05", "manager region:990101", "manager region:9901", county, city}},
		{Reviewer, "institution:I09", []string{"manager branch:I05", "manager region:9901", city}},
		{Clerk, "branch:I05", []string{"manager branch:I05", "manager region:9901", city}}, // it reaches into the other county
		{Clerk, "branch:I06", []string{"manager branch:I05", "manager region:990101", "manager region:9901", county, city}},
		{Clerk, "region:990101", []string{"manager region:990101", "manager region:9901", county, city}},
		{Clerk, "region:9901", []string{"manager region:9901", city}},
		{Manager, "institution:I04", []string{county, city}},
		{Manager, "branch:I04", []string{city}},
		{Manager, "region:990101", []string{county, city}},
		{Auditor, "institution:I04", []string{county, city}},
		{Auditor, "region:990101", []string{city}},
		{Operator, "region:990101", []string{city}},
		{Operator, "region:9901", []string{city}},
	} {
		for name, p := range givers {
			err := MayGrant(cat, p, grant(t, tt.role, tt.scope))
			if want := slices.Contains(tt.by, name); (err == nil) != want || !want && !errors.Is(err, creditbank.ErrForbidden) {
				t.Errorf("%s may grant %s within %s: %v; want %v", name, tt.role, tt.scope, err, want)
			}
		}
	}
	for _, bad := range []Grant{
		{Learner, Scope{ScopeLearner, someone}}, {Clerk, Scope{ScopeLearner, someone}}, {Learner, Scope{ScopeRegion, "9901"}},
		{Anyone, Scope{ScopeRegion, "9901"}}, {"emperor", Scope{ScopeRegion, "9901"}}, {Operator, Scope{ScopeInstitution, "I04"}}, {},
		{Clerk, Scope{ScopeRegion, "88"}}, {Clerk, Scope{ScopeBranch, "I99"}}, {Clerk, Scope{"bank", "1"}},
	} {
		if err := MayGrant(cat, givers[city], bad); err == nil || errors.Is(err, creditbank.ErrForbidden) {
			t.Errorf("MayGrant(%+v): %v; want it to be said what is wrong with it", bad, err)
		}
	}
}

// What comes and what goes must both be the giver's to give; what stays need
// not be.
func TestMayRegrant(t *testing.T) {
	cat := city(t)
	manager := Principal{ID: "m", Kind: Person, Grants: []Grant{grant(t, Manager, "institution:I04")}}
	operator := Principal{ID: "o", Kind: Person, Grants: []Grant{grant(t, Operator, "region:9901")}}
	mine, other := grant(t, Clerk, "institution:I04"), grant(t, Clerk, "institution:I07")
	gone := Grant{Clerk, Scope{ScopeInstitution, "I99"}}
	for _, tt := range []struct {
		name          string
		by            Principal
		before, after []Grant
		want          error
	}{
		{"comes", manager, []Grant{other}, []Grant{other, mine}, nil},
		{"goes", manager, []Grant{other, mine}, []Grant{other}, nil},
		{"another comes", manager, []Grant{mine}, []Grant{other, mine}, creditbank.ErrForbidden},
		{"another goes", manager, []Grant{mine, other}, []Grant{mine}, creditbank.ErrForbidden},
		{"what is gone stays", manager, []Grant{gone}, []Grant{gone, mine}, nil},
		{"what is gone goes", operator, []Grant{gone}, nil, nil},
		{"what is gone comes", operator, nil, []Grant{gone}, creditbank.ErrNotFound},
	} {
		if err := mayRegrant(cat, tt.by, tt.before, tt.after); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
			t.Errorf("%s: %v; want %v", tt.name, err, tt.want)
		}
	}
}

func TestPrincipal(t *testing.T) {
	cat := city(t)
	p := Principal{ID: "p", Kind: Person, Grants: []Grant{
		grant(t, Clerk, "branch:I05"), grant(t, Clerk, "institution:I07"), grant(t, Reviewer, "institution:I01"),
		grant(t, Auditor, "region:990102"), grant(t, Operator, "region:990101"), grant(t, Auditor, "region:990102"),
	}}
	for _, tt := range []struct {
		roles        []Role
		institutions []creditbank.InstitutionID
		regions      []creditbank.RegionCode
	}{
		{[]Role{Clerk}, []creditbank.InstitutionID{"I05", "I06", "I07", "I09"}, nil},
		{[]Role{Clerk, Reviewer}, []creditbank.InstitutionID{"I01", "I05", "I06", "I07", "I09"}, nil},
		{[]Role{Auditor, Operator}, nil, []creditbank.RegionCode{"990101", "990102"}},
		{[]Role{Manager}, nil, nil},
		{nil, nil, nil},
	} {
		if diff := cmp.Diff(tt.institutions, p.Institutions(cat, tt.roles)); diff != "" {
			t.Errorf("Institutions(%v) differ (-want +got):\n%s", tt.roles, diff)
		}
		if diff := cmp.Diff(tt.regions, p.Regions(tt.roles)); diff != "" {
			t.Errorf("Regions(%v) differ (-want +got):\n%s", tt.roles, diff)
		}
	}
	for _, role := range append(Roles(), Anyone) {
		if want := !slices.Contains([]Role{Learner, Poster, Manager}, role); p.Has(role) != want {
			t.Errorf("Has(%s) = %v", role, !want)
		}
		if (Principal{}).Has(role) != (role == Anyone) {
			t.Errorf("the public has %s", role)
		}
	}
	for _, tt := range []struct {
		roles  []Role
		target Target
		want   bool
	}{
		{[]Role{Clerk}, OnInstitution("I09"), true},
		{[]Role{Reviewer}, OnInstitution("I09"), false},
		{[]Role{Reviewer, Operator}, OnLearner(someone, "990101"), true},
		{[]Role{Clerk}, OnLearner(someone, "990101"), false},
		{[]Role{Operator}, OnBank(), false},
		{[]Role{Anyone}, OnBank(), true},
		{nil, OnInstitution("I09"), false},
	} {
		if got := p.May(cat, tt.roles, tt.target); got != tt.want {
			t.Errorf("May(%v, %+v) = %v", tt.roles, tt.target, got)
		}
	}
	for want, who := range map[string]Principal{
		"": {}, "user:a": {ID: "a", Kind: Person}, "client:a": {ID: "a", Kind: Machine}, "learner:b": {ID: "a", Kind: Person, Learner: "b"},
	} {
		if got := who.Caller().ID; got != want {
			t.Errorf("Caller of %+v = %q; want %q", who, got, want)
		}
	}
}

// Every role is named in both languages, each differently.
func TestRoleTexts(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range append(Roles(), Anyone) {
		text := r.Text()
		if text.ZH == "" || text.ZH == string(r) || text.EN == "" || seen[text.ZH] || seen[text.EN] {
			t.Errorf("%s is called %+v", r, text)
		}
		seen[text.ZH], seen[text.EN] = true, true
		if got, err := ParseRole(string(r)); (err == nil) != (r != Anyone) || err == nil && got != r {
			t.Errorf("ParseRole(%s) = %s, %v", r, got, err)
		}
	}
}
