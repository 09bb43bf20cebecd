package rule_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

// qingheDocument returns the document of Qinghe's rules after an edit.
func qingheDocument(t *testing.T, edits ...string) []byte {
	t.Helper()
	dir := filepath.Join("..", "scenario", "testdata", "qinghe")
	rules, err := os.ReadFile(filepath.Join(dir, rule.RulesFile))
	if err != nil {
		t.Fatal(err)
	}
	programmes, err := os.ReadFile(filepath.Join(dir, rule.ProgrammesFile))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(edits); i += 2 {
		if !strings.Contains(string(rules), edits[i]) {
			t.Fatalf("the rules do not have %q", edits[i])
		}
		rules = []byte(strings.Replace(string(rules), edits[i], edits[i+1], 1))
	}
	body, _, problems := rule.Draft(rule.Files{Rules: rules, Programmes: programmes}, everything(rules, programmes))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return body
}

// everything is a catalogue with whatever files name.
func everything(files ...[]byte) *creditbank.Catalogue {
	cat := creditbank.NewCatalogue()
	for _, f := range files {
		for _, word := range strings.FieldsFunc(string(f), func(r rune) bool { return strings.ContainsRune(" \n,{}[]:\"", r) }) {
			cat.Courses[creditbank.CourseCode(word)] = creditbank.Course{Category: creditbank.Formal}
			cat.Institutions[creditbank.InstitutionID(word)] = creditbank.Institution{}
		}
	}
	return cat
}

// Nothing that is written otherwise and means the same is a change; every key of
// the city's files has words in both languages.
func TestChangesOfQinghe(t *testing.T) {
	same, err := rule.Maker{}.Changes(qingheDocument(t), qingheDocument(t, `min_grade: "70"`, `min_grade: 70`, "timezone", "# a comment\ntimezone"))
	if err != nil || len(same) != 0 {
		t.Errorf("written otherwise: %+v, %v", same, err)
	}
	all, err := rule.Maker{}.Changes(nil, qingheDocument(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Change != creditbank.ChangeAdded || len(c.Fields) == 0 || c.Title.ZH == "" {
			t.Errorf("from nothing: %+v", c)
		}
		for _, f := range c.Fields {
			last := f.Path[strings.LastIndex(f.Path, ".")+1:]
			if key, _, _ := strings.Cut(last, "["); strings.HasSuffix(f.Label.ZH, last) && key != "" {
				t.Errorf("%s %s: %q has no words", c.ID, f.Path, key)
			}
		}
	}
}

func TestStandRoundTrip(t *testing.T) {
	body := qingheDocument(t)
	standing := creditbank.RuleStanding{
		Suspended: []creditbank.RuleSuspension{{Reason: "核查", Since: 20260310, Target: creditbank.RuleTarget{Rule: "R05"}}, {Reason: "x", Since: 20260310, Target: creditbank.RuleTarget{Rule: "R99"}}},
		Retired: []creditbank.RuleRetirement{
			{Reason: "停开", Through: 20261231, Target: creditbank.RuleTarget{Programme: "P2"}},
			{Reason: "停开", Through: 20991231, Target: creditbank.RuleTarget{Rule: "R04"}},
		},
	}
	stood, err := rule.Maker{}.Stand(body, standing)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := rule.Load(2, stood)
	if err != nil {
		t.Fatal(err)
	}
	got := loaded.Standing()
	if len(got.Suspended) != 1 || got.Suspended[0] != standing.Suspended[0] || len(got.Retired) != 2 || got.Retired[0] != standing.Retired[0] {
		t.Errorf("stands as %+v", got)
	}
	for _, r := range loaded.(*rule.Set).Rules() {
		if r.ID == "R04" && r.To != 20270831 {
			t.Errorf("an end after its own has R04 in force through %s", r.To)
		}
		if r.Conversion == nil || r.Conversion.Programme != "P2" {
			continue
		}
		if r.To == 0 || r.To > 20261231 {
			t.Errorf("%s is in force through %s", r.ID, r.To)
		}
	}
	cleared, err := rule.Maker{}.Stand(stood, creditbank.RuleStanding{})
	if err != nil || string(cleared) != string(body) {
		t.Errorf("cleared, the document is another: %v", err)
	}
	if _, err := (rule.Maker{}).Stand([]byte("{}"), standing); err == nil {
		t.Error("an empty document stands")
	}
}
