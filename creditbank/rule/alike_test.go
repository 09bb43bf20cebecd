package rule_test

import (
	"strings"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

// Whatever a decision could depend on makes rules differ; words do not.
func TestAlike(t *testing.T) {
	cat := everyCatalogue(t)
	read := func(f rule.Files) *rule.Set {
		t.Helper()
		_, set, problems := rule.Draft(f, cat)
		must(t, problems.Err())
		return set
	}
	was := read(every(t))
	for name, tt := range map[string]struct {
		file, old, new string
		recognition    bool
		conversions    string // some of those that are alike; "" for none
	}{
		"nothing":         {rule.RulesFile, "", "", true, "R Q L B"},
		"an example":      {rule.RulesFile, `expect: {decision: approve, grade: "85"}`, `expect: {decision: approve}`, true, "R Q L B"},
		"a comment":       {rule.RulesFile, "# Every key", "# Each key", true, "R Q L B"},
		"a conversion":    {rule.RulesFile, `min_credits: "12"`, `min_credits: "13"`, true, "R Q L"},
		"a recognition":   {rule.RulesFile, "pass_mark: 60", "pass_mark: 61", false, "R Q L B"},
		"the order":       {rule.RulesFile, "id: J\n", "id: J0\n", false, "R Q L B"},
		"a scale":         {rule.RulesFile, "{label: B, points: 80,", "{label: B, points: 81,", false, ""},
		"a distribution":  {rule.RulesFile, "{grade: A, share: 10}", "{grade: A, share: 11}", false, ""},
		"a calendar":      {rule.RulesFile, "semesters: [09-01, 03-01]", "semesters: [09-01, 03-02]", false, ""},
		"a negative list": {rule.RulesFile, "deny_sources:\n  - {category: INFORMAL, course: X9", "deny_sources:\n  - {category: INFORMAL, course: S4", false, ""},
		"an exclusion":    {rule.RulesFile, "exclude: {courses: [X9], families: [DRIVING], tags", "exclude: {courses: [X9], families: [DIVING], tags", false, ""},
		"a subject":       {rule.RulesFile, "高数: 高等数学", "高数: 高级数学", false, ""},
		"the zone":        {rule.RulesFile, "Asia/Shanghai", "Asia/Urumqi", false, ""},
		"a slot":          {rule.ProgrammesFile, `credits: "2", level: 5`, `credits: "2", level: 6`, false, ""},
		"a cap":           {rule.ProgrammesFile, `credits: "3.5"`, `credits: "3.6"`, false, ""},
	} {
		files := every(t)
		text := map[string]*[]byte{rule.RulesFile: &files.Rules, rule.ProgrammesFile: &files.Programmes}[tt.file]
		if !strings.Contains(string(*text), tt.old) {
			t.Fatalf("%s: %s has no %q", name, tt.file, tt.old)
		}
		*text = []byte(strings.Replace(string(*text), tt.old, tt.new, 1))
		recognition, conversions, err := was.Alike(read(files))
		if err != nil || recognition != tt.recognition {
			t.Errorf("%s: recognition alike %v, %v", name, recognition, err)
		}
		for _, id := range []creditbank.RuleID{"R", "Q", "L", "B"} {
			if want := strings.Contains(tt.conversions, string(id)); conversions[id] != want {
				t.Errorf("%s: rule %s alike %v, want %v", name, id, conversions[id], want)
			}
		}
	}
}

// Courses that the rules know otherwise, and rules that are suspended, are not
// alike.
func TestAlikeNeedsTheSameFactsAndStanding(t *testing.T) {
	body, was, problems := rule.Draft(every(t), everyCatalogue(t))
	must(t, problems.Err())
	other := catalogue(t, "S1 FORMAL 5 32 6", "S2 NON_FORMAL 5 80 2", "S4 FORMAL 4 16 3", "N5 NON_FORMAL 4 80 0 - craft", "X9 FORMAL 1 0 1")
	must(t, other.AddInstitution(creditbank.Institution{ID: "I03", Name: "驾校", Kinds: []string{"other"}, Region: "9901"}))
	_, facts, problems := rule.Draft(every(t), other)
	must(t, problems.Err())
	body, err := rule.Maker{}.Stand(body, creditbank.RuleStanding{Suspended: []creditbank.RuleSuspension{{Reason: "查", Since: 20260401, Target: creditbank.RuleTarget{Rule: "Q"}}}})
	must(t, err)
	suspended, err := rule.Load(2, body)
	must(t, err)
	for name, set := range map[string]*rule.Set{"facts": facts, "suspended": suspended.(*rule.Set)} {
		if recognition, conversions, err := was.Alike(set); err != nil || recognition || len(conversions) > 0 {
			t.Errorf("%s: alike %v, %v, %v", name, recognition, conversions, err)
		}
	}
	after, err := was.Following(suspended.(*rule.Set))
	must(t, err)
	if recognition, conversions, err := suspended.(*rule.Set).Alike(after); err != nil || !recognition || !conversions["Q"] {
		t.Errorf("after what is suspended: alike %v, %v, %v", recognition, conversions, err)
	}
}

// Only caps by calendar years of whole categories do with totals.
func TestRecallsNothing(t *testing.T) {
	for name, tt := range map[string]struct {
		old, new string
		want     bool
	}{
		"as it is":        {"", "", true},
		"by institution":  {"of: {category: NON_FORMAL}", "of: {category: NON_FORMAL, each: institution}", false},
		"for ever":        {"per: calendar_year, by: issued_on", "per: ever", false},
		"with remainders": {"hours: scheduled}", "hours: scheduled, carry_remainder: true}", false},
	} {
		_, set, problems := rule.Draft(rule.Files{Rules: []byte(strings.Replace(checkedRules, tt.old, tt.new, 1)), Programmes: []byte(checkedProgrammes)}, checkedCatalogue(t))
		must(t, problems.Err())
		if got := set.RecallsNothing(); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
