package rule_test

import (
	"fmt"
	"strings"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

// A rule is shown in each version there is, within the set and through the sets:
// R has two versions, of which one changes, goes and comes back.
func TestHistory(t *testing.T) {
	cat := checkedCatalogue(t)
	const window = "effective: {from: 2020-01-01, to: 2027-08-31}"
	begin := strings.Index(checkedRules, "  - id: R\n")
	first := checkedRules[begin:strings.Index(checkedRules, "  - id: Q\n")]
	earlier := strings.Replace(first, window, "version: 1\n    effective: {from: 2020-01-01, to: 2023-08-31}", 1)
	later := strings.Replace(first, window, "version: 2\n    effective: {from: 2023-09-01}", 1)
	stricter := strings.Replace(later, `min_grade: "70"`, `min_grade: "75"`, 1)
	var sets []creditbank.RuleSet
	for n, own := range []string{earlier + later, earlier + stricter, earlier, earlier + later} {
		files := rule.Files{Rules: []byte(strings.Replace(checkedRules, first, own, 1)), Programmes: []byte(checkedProgrammes)}
		body, _, problems := rule.Compile(files, cat)
		must(t, problems.Err())
		set, err := rule.Load(n+1, body)
		must(t, err)
		sets = append(sets, creditbank.RuleSet{Rules: set})
	}
	for day, want := range map[creditbank.Date]string{
		20260101: "v2 4-4 in force, v2 2-2, v2 1-1, v1 1-4",
		20230831: "v2 4-4, v2 2-2, v2 1-1, v1 1-4 in force",
		20191231: "v2 4-4, v2 2-2, v2 1-1, v1 1-4",
	} {
		var got []string
		for _, s := range rule.History(sets, "R", day) {
			text := fmt.Sprintf("v%d %d-%d", s.Rule.Version, s.First, s.Last)
			if s.InForce {
				text += " in force"
			}
			got = append(got, text)
		}
		if got := strings.Join(got, ", "); got != want {
			t.Errorf("on %s: %s, want %s", day, got, want)
		}
	}
	if got := rule.History(sets, "none", 20260101); got != nil {
		t.Errorf("of a rule that was never there: %v", got)
	}
	if got := rule.History(sets[:3], "R", 20260101); got[0].InForce || got[1].InForce || got[2].InForce {
		t.Errorf("in force without a version of that day: %v", got)
	}
}
