package api_test

import (
	"net/http"
	"testing"

	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/creditbank"
)

// Two rules fill the same slot: a preview of both tells that the one asked for first
// is the worse one, and a plan says why there is nothing better.
func TestPlanAndComparison(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	id := w.Open()["L1"]
	who, score, hours := contract.LearnerID(id), "85", 72*creditbank.Hour
	for course, attended := range map[string]*creditbank.Hours{"S06": &hours, "S07": nil} {
		institution := map[string]string{"S06": "I10", "S07": "I15"}[course]
		poster := w.As(w.Token(institution, "poster institution:"+institution))
		r, err := poster.PostOutcomeWithResponse(t.Context(), contract.Posting{
			ExternalId: course, Institution: institution, Learner: &who, Course: course, IssuedOn: "2025-06-30", Score: &score, AttendedHours: attended,
		})
		if err != nil || r.StatusCode() != http.StatusCreated {
			t.Fatalf("%v %s %s", err, r.Status(), r.Body)
		}
	}
	if err := w.Bank.Enrol(t.Context(), creditbank.Change{By: creditbank.Caller{ID: "test"}, Learner: id}, "P1"); err != nil {
		t.Fatal(err)
	}
	learner := w.As(w.LearnerToken(id))

	p, err := learner.GetPlanWithResponse(t.Context(), who, &contract.GetPlanParams{Programme: "P1"})
	if err != nil || p.StatusCode() != http.StatusOK {
		t.Fatalf("%v %s %s", err, p.Status(), p.Body)
	}
	proof := p.JSON200.Proof
	if len(p.JSON200.Steps) != 1 || p.JSON200.Steps[0].Rule != "R05" || p.JSON200.Credits != 600 || !proof.Exact || proof.AtMost != 600 || proof.Gap != 0 {
		t.Errorf("planned %s", p.Body)
	}
	sum := creditbank.Credits(0)
	for _, part := range proof.Parts {
		sum += part.Credits
	}
	if sum != proof.Room || sum < 600 || proof.Text.En == "" || len(proof.Parts) == 0 || proof.Parts[0].Text.Zh == "" {
		t.Errorf("the proof %+v", proof)
	}

	for _, tt := range []struct {
		rules    []string
		compared bool
	}{{[]string{"R04", "R05"}, true}, {[]string{"R05"}, false}} {
		c, err := learner.PreviewConversionsWithResponse(t.Context(), who, nil, contract.PreviewConversionsJSONRequestBody{Rules: tt.rules})
		if err != nil || c.StatusCode() != http.StatusOK || len(c.JSON200.Decisions) != len(tt.rules) || (c.JSON200.Comparison != nil) != tt.compared {
			t.Fatalf("%v: %v %s %s", tt.rules, err, c.Status(), c.Body)
		}
		if got := c.JSON200.Comparison; got != nil && (!got.Improves || got.Asked.Credits != 400 || got.Best.Credits != 600 || got.Best.Steps[0].Rule != "R05") {
			t.Errorf("compared %s", c.Body)
		}
	}
}
