package roles_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"creditbank/api/apitest"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// Who is let know a learner's name and region is told those, and neither what
// the learner studies nor whom else the learner lets know what.
func TestConsentIsNotExceeded(t *testing.T) {
	s := newScene(t, nil)
	s.consent("L2", "I09", "ADMISSION", "2027-01-01", creditbank.FieldProfile)
	clerk, auditor := s.staff("I09", "clerk institution:I09"), s.staff("I09", "auditor institution:I09")
	var told map[string]any
	if got := s.get(clerk.token, s.about("L2", ""), &told); got.status != http.StatusOK || told["name"] != "李建国" || told["region"] != "990102" {
		t.Fatalf("the profile that was consented to: %v", got)
	}
	for _, field := range []string{"programmes", "frozen"} {
		if v, ok := told[field]; ok {
			t.Errorf("%s was not consented to, and told: %v", field, v)
		}
	}
	for _, what := range []string{"/consents", "/disclosures"} {
		if got := s.get(auditor.token, s.about("L2", what), nil); got.status != http.StatusForbidden || got.code != "OUT_OF_SCOPE" {
			t.Errorf("%s, by consent to the profile: %v", what, got)
		}
	}
}

// Who enrols somebody in a programme is not told where else they study.
func TestStandingTellsOnesOwn(t *testing.T) {
	s := newScene(t, nil)
	s.must(s.Bank.Enrol(t.Context(), s.change("L2"), "P2"))
	s.must(s.Bank.Enrol(t.Context(), s.change("L2"), "P1"))
	clerk, learner := s.staff("I02", "clerk institution:I02"), s.learner("L2")
	for who, want := range map[string]string{clerk.token: `["P2"]`, learner.token: `["P1"]`} {
		method := map[string]string{clerk.token: "PUT", learner.token: "DELETE"}[who]
		got := s.do(who, ask{method: method, path: s.about("L2", "/programmes/P2")})
		if got.status != http.StatusOK || !strings.Contains(string(got.body), `"programmes":`+want) {
			t.Errorf("%s, want %s: %v", method, want, got)
		}
	}
}

// A reviewer who is a learner too does not decide an application of their own,
// whoever sent it in.
func TestNobodyReviewsTheirOwnApplication(t *testing.T) {
	s := newScene(t, nil)
	clerk := s.staff("I01", "clerk institution:I01")
	reviewer := s.activate(access.NewAccount{Learner: s.ids["L2"], Institution: "I01", Grants: apitest.Grants(t, "reviewer institution:I01")})
	var applied struct{ Decisions []struct{ Seq int64 } }
	got := s.do(clerk.token, ask{method: "POST", path: s.about("L2", "/conversions"), body: map[string]any{"rules": []string{"R20"}}})
	s.must(json.Unmarshal(got.body, &applied))
	if got.status != http.StatusOK || len(applied.Decisions) != 1 {
		t.Fatalf("apply: %v", got)
	}
	path := s.about("L2", "/conversions/") + fmt.Sprint(applied.Decisions[0].Seq) + "/review"
	if got := s.do(reviewer.token, ask{method: "POST", path: path, body: map[string]any{"approve": true}}); got.status != http.StatusConflict || got.code != "STATE_CONFLICT" {
		t.Errorf("review of one's own: %v", got)
	}
	other := s.staff("I01", "reviewer institution:I01")
	if got := s.do(other.token, ask{method: "POST", path: path, body: map[string]any{"approve": true}}); got.status != http.StatusOK {
		t.Errorf("review by another: %v", got)
	}
}
