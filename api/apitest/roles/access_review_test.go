package roles_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"creditbank/api/apitest"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// apply applies for a conversion and returns the application.
func (s *scene) apply(p person, alias, rule string) int64 {
	s.t.Helper()
	got := s.do(p.token, ask{method: "POST", path: s.about(alias, "/conversions"), body: map[string]any{"rules": []string{rule}}})
	var out struct {
		Decisions []struct {
			Seq             int64
			Decision, State string
		}
	}
	s.must(json.Unmarshal(got.body, &out))
	if got.status != http.StatusOK || len(out.Decisions) != 1 || out.Decisions[0].Decision != "pending" || out.Decisions[0].State != "open" {
		s.t.Fatalf("apply for %s: %v", rule, got)
	}
	return out.Decisions[0].Seq
}

// review returns the request that decides an application.
func (s *scene) review(alias string, application int64, approve bool) ask {
	return ask{method: "POST", path: s.about(alias, fmt.Sprintf("/conversions/%d/review", application)), body: map[string]any{"approve": approve, "note": "材料核对"},
		header: map[string]string{"Idempotency-Key": apitest.Key(s.t)}}
}

// applications lists what a reviewer has to decide, as learner and rule.
func (s *scene) applications(p person) map[string]string {
	s.t.Helper()
	var page struct {
		Applications []struct{ Learner, Rule string }
	}
	s.wants("applications", s.get(p.token, "/v1/applications", &page), 200, "")
	all := map[string]string{}
	for _, a := range page.Applications {
		for alias, id := range s.ids {
			if string(id) == a.Learner {
				all[alias] = a.Rule
			}
		}
	}
	return all
}

func TestApplicationsAreTheProgrammes(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	l2, l3 := s.learner("L2"), s.learner("L3")
	first, second := s.apply(l2, "L2", "R20"), s.apply(l3, "L3", "R21")
	of01, of02, of06 := s.staff("I01", "reviewer institution:I01"), s.staff("I02", "reviewer institution:I02"), s.staff("I06", "reviewer institution:I06")
	everywhere := s.staff("", "reviewer region:9901")
	for _, tt := range []struct {
		who  person
		want map[string]string
	}{
		{of01, map[string]string{"L2": "R20"}}, {of02, map[string]string{"L3": "R21"}}, {of06, map[string]string{}},
		{everywhere, map[string]string{"L2": "R20", "L3": "R21"}},
	} {
		if got := s.applications(tt.who); fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("listed to %v: %v, want %v", tt.who.account.Grants, got, tt.want)
		}
	}
	// I01 and the authority looked at L2's, I02 and the authority at L3's.
	for _, p := range []person{l2, l3} {
		told := s.disclosures(p)
		if len(told) != 2 || told[0].By != everywhere.caller() || fmt.Sprint(told[0].Fields) != "[CONVERSIONS]" {
			t.Errorf("disclosures of who has an application: %+v", told)
		}
	}
	before := s.mark()
	s.wants("another programme's", s.do(of02.token, s.review("L2", first, true)), 403, "OUT_OF_SCOPE")
	s.wants("another programme's, of a source", s.do(of06.token, s.review("L2", first, true)), 403, "OUT_OF_SCOPE")
	s.wants("another programme's", s.do(of01.token, s.review("L3", second, true)), 403, "OUT_OF_SCOPE")
	// A stranger cannot tell an application from none.
	s.wants("none, to a stranger", s.do(of02.token, s.review("L2", first+1000, true)), 403, "OUT_OF_SCOPE")
	s.wants("none, to whom it may concern", s.do(of01.token, s.review("L2", first+1000, true)), 404, "UNKNOWN_APPLICATION")
	if s.mark() != before {
		t.Error("refused, and something changed")
	}
}

func TestReview(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	self := s.learner("L2")
	both := s.staff("I01", "clerk institution:I01", "reviewer institution:I01")
	reviewer := s.staff("I01", "reviewer institution:I01")
	version := func() int64 { return s.account("L2").Version }

	application := s.apply(both, "L2", "R20")
	before := version()
	s.wants("whoever applied reviews", s.do(both.token, s.review("L2", application, true)), 409, "STATE_CONFLICT")
	if version() != before {
		t.Error("refused, and the account moved")
	}
	a := s.review("L2", application, false)
	s.wants("reject", s.do(reviewer.token, a), 200, "")
	if version() != before+1 {
		t.Errorf("a rejection moved the account from %d to %d", before, version())
	}
	s.wants("send it again", s.do(reviewer.token, a), 200, "")
	s.wants("decide twice", s.do(reviewer.token, s.review("L2", application, true)), 409, "STATE_CONFLICT")
	if version() != before+1 {
		t.Error("deciding twice moved the account")
	}
	if got := s.applications(reviewer); len(got) != 0 {
		t.Errorf("decided, and still listed: %v", got)
	}

	application = s.apply(self, "L2", "R20")
	s.wants("a learner reviews", s.do(self.token, s.review("L2", application, true)), 403, "FORBIDDEN")
	got := s.do(both.token, s.review("L2", application, true))
	s.wants("approve", got, 200, "")
	var d struct{ Decision, State, Note string }
	s.must(json.Unmarshal(got.body, &d))
	if d.Decision != "approve" || d.State != "standing" || d.Note != "材料核对" {
		t.Errorf("approved as %+v", d)
	}
	var statement struct {
		Entries []struct {
			Kind, By, Reason string
			Of               int64
		}
	}
	s.get(self.token, s.about("L2", "/statement"), &statement)
	if e := statement.Entries[0]; e.Kind != "decided" || e.By != both.caller() || e.Of != application || e.Reason != "材料核对" {
		t.Errorf("the statement says %+v", e)
	}
}

// Who is a learner and a reviewer does not decide about themselves, though a
// colleague applied.
func TestNobodyReviewsThemselves(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	self := s.activate(access.NewAccount{Learner: s.ids["L2"], Institution: "I01", Grants: apitest.Grants(t, "reviewer institution:I01")})
	clerk := s.staff("I01", "clerk institution:I01")
	before := func(who person) {
		t.Helper()
		application := s.apply(who, "L2", "R20")
		version := s.account("L2").Version
		s.wants("review what is about oneself", s.do(self.token, s.review("L2", application, true)), 409, "STATE_CONFLICT")
		if s.account("L2").Version != version {
			t.Error("refused, and the account moved")
		}
		_, err := s.Bank.Review(t.Context(), s.change("L2"), application, creditbank.Verdict{Note: "x"})
		s.must(err)
	}
	before(self)
	before(clerk)
}
