package rule_test

import (
	"slices"
	"strings"
	"testing"

	"creditbank/creditbank"
)

// Nobody can try all that a large city allows. But what was found to be as good as
// anything bounds what a plan may be: of those that come to the same the ids come first.
// In these a block takes what courses leave, whose own excess, granted, is what else is
// not forfeited: to overlook that made the bound too low.
func TestPlanOfLargeCityComesFirst(t *testing.T) {
	for _, c := range []struct {
		seed  uint64
		mix   mix
		known string
	}{
		{12, ordinary, "R02 R03 R04 R05 R06 R07 R09 R17 R20 R23 R24 R26 R27 R33 R36 R40 R43 R48 R50 R52 R54 R56 R13 R57"},
		{18, ordinary, "R00 R01 R02 R03 R06 R13 R14 R16 R17 R19 R20 R21 R22 R27 R31 R33 R41 R44 R45 R50 R51 R52 R38 R56 R57"},
		{7, crowded, "R00 R02 R03 R04 R05 R06 R08 R09 R11 R15 R19 R22 R26 R27 R32 R37 R12 R41 R56 R58 R50 R59 R28"},
	} {
		b := largeCity(c.seed, c.mix, 60, 0, 0).book(t)
		plan, err := b.set.Plan(b.account, "P1", clock, today)
		must(t, err)
		a := b.account
		var known []creditbank.RuleID
		var credits, forfeited creditbank.Credits
		for _, id := range strings.Fields(c.known) {
			d, err := b.set.Decide(a, creditbank.RuleID(id), clock, today)
			must(t, err)
			known, credits, forfeited = append(known, d.Rule), credits+d.Granted(), forfeited+d.Forfeited
			a = a.With(d)
		}
		if plan.Credits != credits || plan.Forfeited != forfeited || !slices.Equal(expiries(t, b, plan.Steps), expiries(t, b, known)) || slices.Compare(plan.Steps, known) > 0 {
			t.Errorf("seed %d: planned %v, %v credits, %v forfeited", c.seed, plan.Steps, plan.Credits, plan.Forfeited)
		}
		checkProof(t, c.seed, plan)
	}
}

// Large cities are planned for whole, within what they take: the visits do not depend
// on the machine.
func TestPlanOfLargeCitiesIsProven(t *testing.T) {
	visits := 0
	const cities = 20
	for seed := range uint64(cities) {
		b := largeCity(seed, ordinary, 60, 0, 0).book(t)
		plan, err := b.set.Plan(b.account, "P1", clock, today)
		must(t, err)
		checkProof(t, seed, plan)
		visits += plan.Proof.Visits
	}
	if visits > 1200*cities {
		t.Errorf("%d visits for %d cities", visits, cities)
	}
}
