package roles_test

import (
	"fmt"
	"net/http"
	"testing"
)

// The learner's statement names who did each thing, as the ledger has it; that
// the ledger has it right after each operation is for [TestAccess].
func TestStatementNamesWhoDidIt(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	self, clerk, operator := s.learner("L2"), s.staff("I01", "clerk institution:I01"), s.staff("", "operator region:990102")
	poster := s.staff("I06", "poster institution:I06")
	reason := map[string]any{"reason": "核查"}
	posting := s.posting("L2", "I06", "S01", "80")
	var want []string
	for _, step := range []struct {
		who  person
		kind string
		ask  ask
	}{
		{operator, "frozen", ask{method: "POST", path: s.about("L2", "/freeze"), body: reason}},
		{operator, "unfrozen", ask{method: "POST", path: s.about("L2", "/unfreeze"), body: reason}},
		{clerk, "left", ask{method: "DELETE", path: s.about("L2", "/programmes/P1")}},
		{clerk, "enrolled", ask{method: "PUT", path: s.about("L2", "/programmes/P1")}},
		{poster, "posted", ask{method: "POST", path: "/v1/outcomes", body: posting}},
		{poster, "revoked", ask{method: "POST", path: "/v1/outcomes/revoke", body: map[string]any{
			"learner": posting["learner"], "institution": "I06", "external_id": posting["external_id"], "reason": "误登"}}},
		{clerk, "decided", ask{method: "POST", path: s.about("L2", "/conversions"), body: map[string]any{"rules": []string{"R10"}}}},
		{self, "applied", ask{method: "POST", path: s.about("L2", "/conversions"), body: map[string]any{"rules": []string{"R20"}}}},
		{self, "requested", ask{method: "POST", path: s.about("L2", "/certificates"), body: map[string]any{"outcome": s.outcome("O006")}}},
		{self, "left", ask{method: "DELETE", path: s.about("L2", "/programmes/P1")}},
	} {
		if got := s.do(step.who.token, step.ask); got.status > 299 {
			t.Fatalf("%s: %v", step.kind, got)
		}
		want = append(want, step.kind+" by "+step.who.caller())
	}
	var statement struct{ Entries []struct{ Kind, By string } }
	s.wants("statement", s.get(self.token, s.about("L2", "/statement?limit=100"), &statement), http.StatusOK, "")
	for i, w := range want {
		if e := statement.Entries[len(want)-1-i]; e.Kind+" by "+e.By != w {
			t.Errorf("step %d: %s by %s, want %s", i, e.Kind, e.By, w)
		}
	}
}

// The audit names who gave whom which access, to the auditors of the part that
// it belongs to.
func TestAuditNamesWhoDidIt(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	manager, auditor := s.staff("I06", "manager institution:I06"), s.staff("", "auditor region:9901")
	near, far := s.staff("", "auditor region:990101"), s.staff("I09", "auditor institution:I09")
	colleague, machine := s.colleague(), s.machine()
	from := s.mark().access
	for _, a := range []ask{
		{method: "POST", path: "/v1/accounts/" + colleague + "/code"},
		{method: "PUT", path: "/v1/accounts/" + colleague + "/grants", body: map[string]any{"grants": wireGrants("clerk institution:I06")}},
		{method: "POST", path: "/v1/accounts/" + colleague + "/disable"},
		{method: "POST", path: "/v1/clients/" + machine + "/secrets", body: map[string]any{}},
		{method: "POST", path: "/v1/clients/" + machine + "/disable"},
	} {
		if got := s.do(manager.token, a); got.status > 299 {
			t.Fatalf("%s: %v", a.path, got)
		}
	}
	want := fmt.Sprintf("[account %[1]s code issued account %[1]s granted account %[1]s disabled client %[2]s secret added client %[2]s disabled]", colleague, machine)
	for name, tt := range map[string]struct {
		who  person
		want string
	}{"the city's": {auditor, want}, "the county's": {near, want}, "another institution's": {far, "[]"}} {
		heard := []string{}
		for _, e := range s.audit(tt.who) {
			if e.Seq > from {
				heard = append(heard, e.Kind+" "+e.ID+" "+e.What)
				if e.By != manager.caller() {
					t.Errorf("%s auditor: %+v, want it by %s", name, e, manager.caller())
				}
			}
		}
		if fmt.Sprint(heard) != tt.want {
			t.Errorf("%s auditor reads %v\nwant %s", name, heard, tt.want)
		}
	}
}

type auditEntry struct {
	Seq                int64
	By, Kind, ID, What string
}

// audit reads the whole audit, page by page.
func (s *scene) audit(p person) []auditEntry {
	s.t.Helper()
	var all []auditEntry
	for cursor := ""; ; {
		var page struct {
			Entries []auditEntry
			Next    string
		}
		s.wants("audit", s.get(p.token, "/v1/audit?limit=50"+cursor, &page), http.StatusOK, "")
		all = append(all, page.Entries...)
		if page.Next == "" {
			return all
		}
		cursor = "&cursor=" + page.Next
	}
}

// Of a learner who does not exist everybody who may ask hears the same, and a
// learner hears of others nothing, whether they exist or not.
func TestUnknownLearnerIs404(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	for _, p := range []person{s.staff("I12", "clerk institution:I12"), s.staff("", "operator region:990103"), s.staff("I06", "clerk institution:I06")} {
		got := s.get(p.token, "/v1/learners/"+stranger(), nil)
		s.wants("unknown", got, http.StatusNotFound, "UNKNOWN_LEARNER")
	}
	self := s.learner("L2")
	s.wants("unknown, to a learner", s.get(self.token, "/v1/learners/"+stranger(), nil), http.StatusForbidden, "OUT_OF_SCOPE")
	s.wants("another, to a learner", s.get(self.token, s.about("L1", ""), nil), http.StatusForbidden, "OUT_OF_SCOPE")
	if told := s.lastTold("L1"); told != nil {
		t.Errorf("told: %+v", told)
	}
}
