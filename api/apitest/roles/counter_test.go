package roles_test

import (
	"encoding/json"
	"net/http"
	"testing"
)

// Where a learner's account to log in with was opened, any clerk makes a new
// code for who has lost theirs; elsewhere nobody does.
func TestAnotherClerkAtTheCounter(t *testing.T) {
	s := newScene(t, nil)
	first, colleague, elsewhere := s.staff("I09", "clerk institution:I09"), s.staff("I09", "clerk institution:I09"), s.staff("I12", "clerk institution:I12")
	p := s.person("990102")
	var learner struct{ ID string }
	got := s.do(first.token, ask{method: "POST", path: "/v1/learners", body: map[string]any{"name": p.Name, "id_number": string(p.IDNumber), "region": "990102"}})
	s.must(json.Unmarshal(got.body, &learner))
	var opened struct{ Account struct{ ID string } }
	got = s.do(first.token, ask{method: "POST", path: "/v1/accounts", body: map[string]any{"learner": learner.ID}})
	s.must(json.Unmarshal(got.body, &opened))
	if got.status != http.StatusCreated {
		t.Fatalf("open an account: %v", got)
	}
	code := ask{method: "POST", path: "/v1/accounts/" + opened.Account.ID + "/code"}
	if got := s.do(colleague.token, code); got.status != http.StatusCreated {
		t.Errorf("a colleague: %v", got)
	}
	if got := s.do(elsewhere.token, code); got.status != http.StatusForbidden {
		t.Errorf("a clerk elsewhere: %v", got)
	}
}
