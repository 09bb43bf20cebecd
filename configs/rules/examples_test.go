package rules

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
	"creditbank/creditbank/scenario"
)

// load reads a shipped folder as commands do.
func load(t *testing.T, name string) (rule.Files, *creditbank.Catalogue) {
	t.Helper()
	folder, err := Files(name)
	if err != nil {
		t.Fatal(err)
	}
	city, err := scenario.Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := city.Problems.Err(); err != nil {
		t.Fatal(err)
	}
	cat := creditbank.NewCatalogue()
	for _, i := range city.Reference.Institutions {
		cat.Institutions[i.ID] = i
	}
	for _, c := range city.Reference.Courses {
		cat.Courses[c.Code] = c
	}
	return rule.Files{Rules: read(t, folder, rule.RulesFile), Programmes: read(t, folder, rule.ProgrammesFile)}, cat
}

func read(t *testing.T, folder fs.FS, name string) []byte {
	t.Helper()
	data, err := fs.ReadFile(folder, name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Each rule set compiles against its own courses, its examples come out as they
// say, and nothing is left to complain about.
func TestExamplesAreRight(t *testing.T) {
	for _, e := range Examples() {
		t.Run(e.Name, func(t *testing.T) {
			files, cat := load(t, e.Name)
			checked := rule.Check(files, cat)
			for _, f := range checked.Findings {
				t.Errorf("%s: %s [%s]", f.Place, f.Reason.EN, f.Code)
			}
			if checked.Set == nil {
				return
			}
			institutions := map[creditbank.InstitutionID]bool{}
			for id := range cat.Institutions {
				institutions[id] = true
			}
			for _, r := range checked.Set.Rules() {
				says(t, r)
				if !institutions[r.Owner] || len(r.LegalBasis) == 0 || r.Title.ZH == "" || r.Title.EN == "" {
					t.Errorf("%s: an owner, a legal basis and a title in both languages are needed", r.ID)
				}
			}
		})
	}
}

// says requires an example that the rule approves and one that it refuses.
func says(t *testing.T, r *rule.Rule) {
	t.Helper()
	approves, refuses := false, false
	for _, x := range r.Examples() {
		switch x.Decision() {
		case "approve", "pending":
			approves = true
		case "deny":
			refuses = true
		}
	}
	if !approves || !refuses {
		t.Errorf("%s: an approving example: %t, a refusing one: %t", r.ID, approves, refuses)
	}
}

// An example that expects something else than what comes is found, and so is a
// limit that was changed: nothing of the examples is vacuous.
func TestChangedLimitsFailExamples(t *testing.T) {
	for _, c := range []struct{ name, old, new string }{
		{"guangdong", `{of: all, share: "0.50"}`, `{of: all, share: "0.60"}`},
		{"guangdong", `{of: {tag: online}, share: "0.25"}`, `{of: {tag: online}, share: "0.30"}`},
		{"open-university", `share: "0.35"`, `share: "0.50"`},
		{"one-plus-x", `per: source, credits: "8"`, `per: source, credits: "9"`},
		{"korea", `per: institution, credits: "105"`, `per: institution, credits: "106"`},
		{"korea", `{of: {tag: accredited}, credits: "18"}`, `{of: {tag: accredited}, credits: "17"}`},
		{"korea", `{of: {category: CERTIFICATE}, sources: 3}`, `{of: {category: CERTIFICATE}, sources: 4}`},
		{"korea", `slots: [K-FR]}, sources: 1}`, `slots: [K-FR]}, sources: 2}`},
		{"korea", `credits: "42", per: year`, `credits: "45", per: year`},
		{"korea", `credits: "24", per: semester`, `credits: "27", per: semester`},
		{"korea", `min_attendance: "0.80"`, `min_attendance: "0.75"`},
		{"ects", `{from: "25", to: "30"}`, `{from: "20", to: "30"}`},
		{"ects", `{from: "25", to: "30"}`, `{from: "25", to: "25"}`},
		{"guangdong", `overlap: "0.90"`, `overlap: "0.79"`},
	} {
		t.Run(c.name+" "+c.new, func(t *testing.T) {
			files, cat := load(t, c.name)
			before := rule.Files{Rules: files.Rules, Programmes: files.Programmes}
			files.Rules = bytes.Replace(files.Rules, []byte(c.old), []byte(c.new), 1)
			files.Programmes = bytes.Replace(files.Programmes, []byte(c.old), []byte(c.new), 1)
			if bytes.Equal(before.Rules, files.Rules) && bytes.Equal(before.Programmes, files.Programmes) {
				t.Fatalf("nothing reads %s", c.old)
			}
			for _, f := range rule.Check(files, cat).Findings {
				if f.Code == rule.CodeExampleFailed {
					return
				}
			}
			t.Error("no example noticed")
		})
	}
}

// Each README tells in both languages what is followed and what is left out.
func TestExamplesAreExplained(t *testing.T) {
	for _, e := range Examples() {
		folder, err := Files(e.Name)
		if err != nil {
			t.Fatal(err)
		}
		text := string(read(t, folder, "README.md"))
		for _, heading := range []string{"## 依据与对应", "## 未能表达", "## Sources and keys", "## What is left out"} {
			if !strings.Contains(text, heading) {
				t.Errorf("%s: README.md lacks %q", e.Name, heading)
			}
		}
	}
}

func TestUnknownExample(t *testing.T) {
	if _, err := Files("../guangdong"); err == nil {
		t.Error("a path is taken for a name")
	}
}
