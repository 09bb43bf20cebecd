package creditbank_test

import (
	"slices"
	"testing"

	"creditbank/creditbank"
)

// An application that was withdrawn stands in no plan's way.
func TestPlanAfterAWithdrawal(t *testing.T) {
	c := heldCity(t)
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	before, err := c.Plan(t.Context(), l, "P1")
	must(t, err)
	p := c.apply(l)
	c.lastly(c.Retract(t.Context(), acting(operator.ID, l), p.Seq, ""))
	after, err := c.Plan(t.Context(), l, "P1")
	must(t, err)
	if len(before.Steps) == 0 || !slices.Equal(after.Steps, before.Steps) {
		t.Errorf("planned %v before applying, %v after withdrawing", before.Steps, after.Steps)
	}
	c.post(l, "O2", "S2", "2025-01-01", "80")
	compared, err := c.Compare(t.Context(), l, []creditbank.RuleID{"R1", "R4"})
	must(t, err)
	if compared.Best.Credits < compared.Asked.Credits {
		t.Errorf("the best brings %v, what was asked for %v", compared.Best.Credits, compared.Asked.Credits)
	}
}

// A rule whose application is under appeal cannot be asked for, and is in no plan.
func TestPlanUnderAppeal(t *testing.T) {
	c := applicationCity(t, wholeLife)
	l, seq := c.applicant(1)
	c.vote(l, seq, 1, "nnn")
	c.lastly(c.Appeal(t.Context(), acting(operator.ID, l), seq, "不服"))
	c.post(l, "O9", "S1", "2025-01-02", "80")
	plan, err := c.Plan(t.Context(), l, "P1")
	must(t, err)
	if slices.Contains(plan.Steps, "R1") {
		t.Errorf("planned %v", plan.Steps)
	}
}
