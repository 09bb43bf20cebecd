package rule_test

import (
	"slices"
	"strings"
	"testing"

	"creditbank/creditbank"
)

// Nobody can try all that a large city allows. But what was found to be as good as
// anything bounds what a plan may be: of those that come to the same the ids come first.
// A block takes what courses leave; their own excess is what else is not forfeited.
func TestPlanOfLargeCityComesFirst(t *testing.T) {
	b := largeCity(12, ordinary, 60, 0, 0).book(t)
	plan, err := b.set.Plan(b.account, "P1", clock, today)
	must(t, err)
	var known []creditbank.RuleID
	for _, id := range strings.Fields("R02 R03 R04 R05 R06 R07 R09 R17 R20 R23 R24 R26 R27 R33 R36 R40 R43 R48 R50 R52 R54 R56 R13 R57") {
		known = append(known, creditbank.RuleID(id))
	}
	if plan.Credits != 5300 || plan.Forfeited != 1350 || !slices.Equal(expiries(t, b, plan.Steps), expiries(t, b, known)) || slices.Compare(plan.Steps, known) > 0 {
		t.Errorf("planned %v, %v credits, %v forfeited", plan.Steps, plan.Credits, plan.Forfeited)
	}
	checkProof(t, 12, plan)
}
