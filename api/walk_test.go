package api_test

import (
	"testing"

	"creditbank/api/apitest"
	"creditbank/api/contract"
)

func TestWalk(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	ids := w.Open()
	l2 := string(ids["L2"])
	poster := w.As(w.Token("I15", "poster institution:I15"))
	score := "72"
	r, err := poster.PostOutcomeWithResponse(t.Context(), contract.Posting{
		ExternalId: "T1", Institution: "I15", Learner: &l2, Course: "S07", IssuedOn: "2024-01-02", Score: &score,
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.JSON201 == nil {
		t.Fatalf("%s %s", r.Status(), r.Body)
	}
	self := w.As(w.LearnerToken(ids["L2"]))
	b, err := self.GetBalanceWithResponse(t.Context(), l2, nil)
	if err != nil || b.JSON200 == nil {
		t.Fatalf("%v %s", err, b.Body)
	}
	t.Logf("%s", b.Body)
}
