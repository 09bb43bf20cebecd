package roles_test

import (
	"fmt"
	"slices"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// awardOperations are about awards of P1, which is I01's, and what hangs on them.
func awardOperations() []operation {
	byI01 := func(role access.Role) map[access.Role]reach { return roles(ofI01, role) }
	reason := map[string]any{"reason": "误授"}
	ruling := map[string]any{"uphold": true, "reason": "复核意见"}
	return []operation{
		{id: "listAwards", by: readers(), tells: fields("CONVERSIONS"), ask: ofLearner("/awards"), none: ofNobody("GET", "/awards", nil)},
		{id: "conferAward", by: byI01("clerk"), ask: func(s *scene, _ person) ask {
			s.Vacant(s.ids["L2"])
			own := []map[string]any{}
			for _, o := range s.Own(s.ids["L2"], "P1") {
				one := map[string]any{"credits": o.Credits.String()}
				if o.Slot != "" {
					one["slot"] = string(o.Slot)
				}
				own = append(own, one)
			}
			return ask{method: "POST", path: s.about("L2", "/awards"), body: map[string]any{"programme": "P1", "kind": "DIPLOMA", "own": own}}
		}, none: ofNobody("POST", "/awards", map[string]any{"programme": "P1", "kind": "DIPLOMA"})},
		{id: "withdrawAward", by: byI01("manager"), ask: func(s *scene, _ person) ask {
			return ask{method: "POST", path: s.about("L2", fmt.Sprintf("/awards/%d/withdraw", s.Confer(s.ids["L2"]))), body: reason}
		}, none: ofNobody("POST", "/awards/2/withdraw", reason)},
		{id: "decideCase", by: byI01("manager"), ask: func(s *scene, _ person) ask {
			return ask{method: "POST", path: s.about("L2", fmt.Sprintf("/cases/%d/decision", s.OpenCase(s.ids["L2"]))), body: ruling}
		}, none: ofNobody("POST", "/cases/2/decision", ruling), after: func(s *scene) { s.Vacant(s.ids["L2"]) }},
		{id: "listCases", by: roles(everywhere, "manager"), ask: func(s *scene, _ person) ask {
			return ask{method: "GET", path: "/v1/cases"} // none is open: nothing is told
		}},
	}
}

// inboxOperations are the inboxes of L2 and of I06.
func inboxOperations() []operation {
	return []operation{
		{id: "listNotices", by: roles(own, "learner"), ask: ofLearner("/notices"), none: ofNobody("GET", "/notices", nil)},
		{id: "markNoticesRead", by: roles(own, "learner"), ask: func(s *scene, _ person) ask {
			return ask{method: "PUT", path: s.about("L2", "/notices/read"), body: map[string]any{"through": 1}}
		}, none: ofNobody("PUT", "/notices/read", map[string]any{"through": 1})},
		{id: "listConcerns", by: roles(ofI06, "poster", "reviewer", "clerk", "manager", "operator", "auditor"), ask: get("/v1/institutions/I06/concerns"),
			none: func(*scene) ask { return ask{method: "GET", path: "/v1/institutions/none/concerns"} }},
	}
}

// Both ends of a conversion hear that it was reversed: who posted its source, and
// whose programme it stood in.
func TestBothEndsHearOfAReversal(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	a := s.account("L2")
	i := slices.IndexFunc(a.Conversions, func(c *creditbank.Conversion) bool { return c.Stands() && c.Decision.Programme == "P1" })
	source := a.Lot(a.Conversions[i].Decision.Sources[0].Lot)
	posted := string(source.Institution)
	ends := map[string]*listener{
		posted: s.listen(s.staff(posted, "poster institution:"+posted).token, "", ""),
		"I01":  s.listen(s.staff("I01", "clerk institution:I01").token, "", ""),
	}
	_, err := s.Bank.Revoke(t.Context(), s.change("L2"), creditbank.Revoking{Institution: source.Institution, ExternalID: source.ExternalID, Reason: "误登"})
	s.must(err)
	s.must(s.Bank.Leave(t.Context(), s.change("L2"), "P1")) // I01's alone
	s.post("L2", posted, "S01", "80")
	for name, want := range map[string][]string{posted: {"L2 reversed", "L2 revoked", "L2 posted"}, "I01": {"L2 reversed", "L2 left"}} {
		if got := ends[name].hear(len(want)); !slices.Equal(got, want) {
			t.Errorf("%s heard %v, want %v", name, got, want)
		}
	}
}
