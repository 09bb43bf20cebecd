package access

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"creditbank/creditbank"
)

// city has two counties, a branch across their border, and an institution of
// the city itself.
func city(t testing.TB) *creditbank.Catalogue {
	t.Helper()
	cat := creditbank.NewCatalogue()
	for _, r := range []creditbank.Region{
		{Code: "9901", Name: "青禾市", Level: "city"},
		{Code: "990101", Name: "东岭县", Level: "county", Parent: "9901"},
		{Code: "990102", Name: "南浦区", Level: "county", Parent: "9901"},
	} {
		if err := cat.AddRegion(r); err != nil {
			t.Fatal(err)
		}
	}
	for _, i := range []creditbank.Institution{
		{ID: "I01", Region: "9901"}, {ID: "I04", Region: "990101"}, {ID: "I05", Parent: "I04", Region: "990101"},
		{ID: "I06", Parent: "I05", Region: "990101"}, {ID: "I09", Parent: "I05", Region: "990102"}, {ID: "I07", Region: "990102"},
	} {
		i.Name, i.Kinds = string(i.ID), []string{"other"}
		if err := cat.AddInstitution(i); err != nil {
			t.Fatal(err)
		}
	}
	return cat
}

const (
	someone = "0190a1b2-0000-4000-8000-000000000001"
	another = "0190a1b2-0000-4000-8000-000000000002"
)

func scope(t testing.TB, s string) Scope {
	t.Helper()
	parsed, err := ParseScope(s)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestCovers(t *testing.T) {
	cat := city(t)
	targets := map[string]Target{
		"someone in 990101": OnLearner(someone, "990101"), "someone in 990102": OnLearner(someone, "990102"),
		"someone nowhere": OnLearner(someone, ""), "someone astray": OnLearner(someone, "88"), "another in 990101": OnLearner(another, "990101"),
		"I01": OnInstitution("I01"), "I04": OnInstitution("I04"), "I05": OnInstitution("I05"), "I06": OnInstitution("I06"),
		"I07": OnInstitution("I07"), "I09": OnInstitution("I09"), "I99": OnInstitution("I99"), "no institution": OnInstitution(""),
		"9901": OnRegion("9901"), "990101": OnRegion("990101"), "990102": OnRegion("990102"), "88": OnRegion("88"), "no region": OnRegion(""),
		"the bank": OnBank(), "nothing": {},
	}
	all := []string{"someone in 990101", "someone in 990102", "another in 990101", "I01", "I04", "I05", "I06", "I07", "I09", "9901", "990101", "990102", "the bank"}
	for s, want := range map[string][]string{
		"learner:" + someone: {"someone in 990101", "someone in 990102", "someone nowhere", "someone astray"},
		"learner:" + another: {"another in 990101"},
		"institution:I05":    {"I05"},
		"institution:I99":    {"I99"},
		"branch:I04":         {"I04", "I05", "I06", "I09"},
		"branch:I05":         {"I05", "I06", "I09"},
		"branch:I06":         {"I06"},
		"branch:I99":         {"I99"},
		"region:990101":      {"someone in 990101", "another in 990101", "I04", "I05", "I06", "990101"},
		"region:990102":      {"someone in 990102", "I07", "I09", "990102"},
		"region:9901":        all,
		"region:88":          nil,
	} {
		for name, target := range targets {
			if got := scope(t, s).Covers(cat, target); got != slices.Contains(want, name) {
				t.Errorf("%s covers %s: %v", s, name, got)
			}
		}
	}
	for name, target := range targets {
		if (Scope{}).Covers(cat, target) || (Scope{Kind: ScopeRegion}).Covers(cat, target) || (Scope{Kind: ScopeBranch}).Covers(cat, target) {
			t.Errorf("a scope of nothing covers %s", name)
		}
	}
}

// Where two regions are above all others, the bank is nobody's who has but one.
func TestWholeBank(t *testing.T) {
	cat := city(t)
	first := Grant{Operator, scope(t, "region:9901")}
	one := Principal{ID: "1", Kind: Person, Grants: []Grant{first}}
	if !first.Scope.Covers(cat, OnBank()) || !one.May(cat, []Role{Operator}, OnBank()) || one.May(cat, []Role{Auditor}, OnBank()) {
		t.Error("the operator of the one city does not have the bank")
	}
	if err := cat.AddRegion(creditbank.Region{Code: "9902", Name: "白河市", Level: "city"}); err != nil {
		t.Fatal(err)
	}
	for range 20 { // regions come in any order
		if first.Scope.Covers(cat, OnBank()) || scope(t, "region:9902").Covers(cat, OnBank()) || one.May(cat, []Role{Operator}, OnBank()) {
			t.Fatal("the operator of one city has the bank of two")
		}
	}
	both := one
	both.Grants = []Grant{first, {Operator, scope(t, "region:9902")}}
	if !both.May(cat, []Role{Operator}, OnBank()) {
		t.Error("the operator of both cities does not have the bank")
	}
	both.Grants[1].Role = Auditor
	if both.May(cat, []Role{Operator}, OnBank()) || !both.May(cat, []Role{Operator, Auditor}, OnBank()) {
		t.Error("roles are mixed up")
	}
	if empty := creditbank.NewCatalogue(); one.May(empty, []Role{Operator}, OnBank()) || len(Owner(empty).Grants) != 0 {
		t.Error("somebody has a bank of nothing")
	}
	if !Owner(cat).May(cat, []Role{Operator}, OnBank()) {
		t.Error("the owner does not have the bank")
	}
}

// Data that goes round in circles, which nobody can publish, ends nobody's day.
func TestCycles(t *testing.T) {
	cat := city(t)
	cat.Regions["9901"] = creditbank.Region{Code: "9901", Parent: "990101"}
	cat.Institutions["I04"] = creditbank.Institution{ID: "I04", Parent: "I06", Region: "990101"}
	for _, s := range []string{"region:990102", "region:88", "branch:I07", "branch:I99"} {
		for _, target := range []Target{OnRegion("990101"), OnInstitution("I06"), OnInstitution("I04"), OnLearner(someone, "990101"), OnBank()} {
			if scope(t, s).Covers(cat, target) {
				t.Errorf("%s covers %+v", s, target)
			}
		}
	}
	if !scope(t, "branch:I06").Covers(cat, OnInstitution("I04")) || !scope(t, "region:990101").Covers(cat, OnRegion("9901")) {
		t.Error("what is on the circle is not found")
	}
}

func TestParseScope(t *testing.T) {
	for _, good := range []string{"learner:" + someone, "institution:I06", "branch:I04", "region:9901", "institution:学校.1"} {
		s, err := ParseScope(good)
		if err != nil || s.String() != good {
			t.Errorf("ParseScope(%q) = %v, %v", good, s, err)
		}
		var again Scope
		text, _ := s.MarshalText()
		if err := again.UnmarshalText(text); err != nil || again != s {
			t.Errorf("UnmarshalText(%s) = %v, %v", text, again, err)
		}
	}
	for _, bad := range []string{
		"", ":", "region", "region:", "bank:1", "learner:1", "learner:0190A1B2-0000-4000-8000-000000000001", "region:a b", "region:9901 ",
		" region:9901", "institution:I06:I07", "Region:9901",
	} {
		_, err := ParseScope(bad)
		var input *creditbank.InputError
		if !errors.As(err, &input) || !errors.Is(err, creditbank.ErrInvalid) || input.Code != creditbank.CodeMalformed {
			t.Errorf("ParseScope(%q): %v; want MALFORMED", bad, err)
		}
	}
}

func FuzzParseScope(f *testing.F) {
	for _, s := range []string{"learner:" + someone, "institution:I06", "branch:I04", "region:9901", "region:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if scope, err := ParseScope(s); err == nil && scope.String() != s {
			t.Errorf("ParseScope(%q) is written as %q", s, scope)
		}
	})
}

// A scope lies within another only if nothing is covered by it alone.
func TestWithin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cat := creditbank.NewCatalogue()
		n := rapid.IntRange(1, 6).Draw(t, "regions")
		for i := range n {
			r := creditbank.Region{Code: creditbank.RegionCode(fmt.Sprint("R", i))}
			if parent := rapid.IntRange(-1, i-1).Draw(t, "parent"); parent >= 0 {
				r.Parent = creditbank.RegionCode(fmt.Sprint("R", parent))
			}
			cat.Regions[r.Code] = r
		}
		m := rapid.IntRange(1, 6).Draw(t, "institutions")
		for i := range m {
			in := creditbank.Institution{ID: creditbank.InstitutionID(fmt.Sprint("I", i)), Region: creditbank.RegionCode(fmt.Sprint("R", rapid.IntRange(0, n-1).Draw(t, "region")))}
			if parent := rapid.IntRange(-1, i-1).Draw(t, "parent"); parent >= 0 {
				in.Parent = creditbank.InstitutionID(fmt.Sprint("I", parent))
			}
			cat.Institutions[in.ID] = in
		}
		var targets []Target
		var scopes []Scope
		for id := range cat.Institutions {
			targets = append(targets, OnInstitution(id))
			scopes = append(scopes, Scope{ScopeInstitution, string(id)}, Scope{ScopeBranch, string(id)})
		}
		for code := range cat.Regions {
			targets = append(targets, OnRegion(code), OnLearner(someone, code))
			scopes = append(scopes, Scope{ScopeRegion, string(code)})
		}
		for _, outer := range scopes {
			for _, inner := range scopes {
				subset := true
				for _, target := range targets {
					subset = subset && (!inner.Covers(cat, target) || outer.Covers(cat, target))
				}
				// A branch of one institution is no more than the institution,
				// today: the next one opened below it is.
				subset = subset && (outer.Kind != ScopeInstitution || inner.Kind != ScopeBranch)
				if got := outer.within(cat, inner); got != subset {
					t.Fatalf("%s within %s: %v, but whether nothing is left out: %v", inner, outer, got, subset)
				}
			}
		}
	})
}
