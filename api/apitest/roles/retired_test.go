package roles_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"creditbank/creditbank/rule"
)

// A programme that the rules have no more leaves nobody behind: what waits for a
// reviewer is decided, who studied there may be seen to and may leave.
func TestRetiredProgramme(t *testing.T) {
	s := newScene(t, nil)
	s.application("L2", "R20")
	if len(s.account("L2").Enrolments()) == 0 {
		s.must(s.Bank.Enrol(t.Context(), s.change("L2"), "P1"))
	}
	files, err := rule.Source(s.City.Reference.RuleSet)
	s.must(err)
	renamed := func(text []byte) string { return strings.ReplaceAll(string(text), "P1\n", "P9\n") }
	sets := s.Bank.Catalogue().RuleSets
	operator := s.Token("", "operator region:9901")
	got := s.do(operator, ask{method: "POST", path: "/v1/rule-sets", body: map[string]any{
		"replaces": sets[len(sets)-1].Version(), "programmes": renamed(files.Programmes), "rules": renamed(files.Rules)}})
	if got.status != http.StatusOK || s.get("", "/v1/programmes/P1", nil).status != http.StatusNotFound {
		t.Fatalf("rules without P1: %v", got)
	}
	reviewer, learner := s.staff("I01", "reviewer institution:I01"), s.learner("L2")
	var waiting struct{ Applications []struct{ Seq int64 } }
	if got := s.get(reviewer.token, "/v1/applications", &waiting); len(waiting.Applications) != 1 {
		t.Fatalf("what waits: %v", got)
	}
	seq, err := json.Marshal(waiting.Applications[0].Seq)
	s.must(err)
	if got := s.do(reviewer.token, ask{method: "POST", path: s.about("L2", "/conversions/"+string(seq)+"/review"), body: map[string]any{"approve": true}}); got.status != http.StatusOK {
		t.Errorf("review: %v", got)
	}
	if got := s.get(reviewer.token, s.about("L2", "/conversions"), nil); got.status != http.StatusOK {
		t.Errorf("read as the target: %v", got)
	}
	if got := s.do(learner.token, ask{method: "DELETE", path: s.about("L2", "/programmes/P1")}); got.status != http.StatusOK {
		t.Errorf("leave: %v", got)
	}
	if got := s.do(learner.token, ask{method: "PUT", path: s.about("L2", "/programmes/P1")}); got.status < 400 {
		t.Errorf("enrol again: %v", got)
	}
}
