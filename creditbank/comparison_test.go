package creditbank_test

import (
	"fmt"
	"testing"

	"creditbank/creditbank"
)

// What was asked for is set beside the best order of the same rules.
func TestCompare(t *testing.T) {
	const reviewed = `  - {id: R30, kind: conversion, title: {zh: 审核, en: reviewed}, programme: P1, effective: {from: 2020-01-01}, priority: 1, source: {all: [{course: S1}, {course: S2}]}, grant: [{slot: B, credits: "7", grade: exempt}], approval: reviewer}
`
	for name, tt := range map[string]struct {
		ask         []creditbank.RuleID
		asked, best string // "" where nothing is compared
		improves    bool
	}{
		"the wrong one first": {[]creditbank.RuleID{"R4", "R2"}, "2.0 of [R4], 0.0 forfeited", "8.0 of [R2], 0.0 forfeited", true},
		"already best":        {[]creditbank.RuleID{"R1", "R4"}, "6.0 of [R1 R4], 2.0 forfeited", "6.0 of [R1 R4], 2.0 forfeited", false},
		"in any order":        {[]creditbank.RuleID{"R4", "R1"}, "6.0 of [R4 R1], 2.0 forfeited", "6.0 of [R1 R4], 2.0 forfeited", false},
		"a reviewer decides":  {[]creditbank.RuleID{"R4", "R30"}, "2.0 of [R4], 0.0 forfeited", "7.0 of [R30], 1.0 forfeited", true},
		"a single rule":       {ask: []creditbank.RuleID{"R4"}},
		"one named twice":     {ask: []creditbank.RuleID{"R1", "R4", "R1"}},
		"two programmes":      {ask: []creditbank.RuleID{"R1", "R13"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCity(t)
			c.publishBoth(chainFiles+reviewed, chainProgrammes)
			l := c.open(0)
			c.post(l, "O1", "S1", "2024-01-10", "80")
			c.post(l, "O2", "S2", "2025-01-10", "80")
			got, err := c.Compare(t.Context(), l, tt.ask)
			must(t, err)
			asked, best := "", ""
			if got.Asked != nil {
				asked = fmt.Sprintf("%s of %v, %s forfeited", got.Asked.Credits, got.Asked.Steps, got.Asked.Forfeited)
			}
			if got.Best != nil {
				best = fmt.Sprintf("%s of %v, %s forfeited", got.Best.Credits, got.Best.Steps, got.Best.Forfeited)
			}
			if asked != tt.asked || best != tt.best || got.Improves() != tt.improves || len(got.Decisions) != len(tt.ask) {
				t.Errorf("asked for %q, want %q; the best is %q, want %q; improves %t; %d decisions", asked, tt.asked, best, tt.best, got.Improves(), len(got.Decisions))
			}
			if len(c.account(l).Conversions)+len(c.account(l).Applications) > 0 {
				t.Error("something was put on record")
			}
		})
	}
	c := newCity(t)
	l := c.open(0)
	if _, err := c.Compare(t.Context(), l, []creditbank.RuleID{"R1", "R99"}); err == nil {
		t.Error("an unknown rule is compared")
	}
}

// A rule whose application is open is not planned with: there cannot be a second one.
func TestPlanLeavesOpenApplicationsAlone(t *testing.T) {
	c := newCity(t)
	c.publish(cityFiles + `  - {id: R31, kind: conversion, title: {zh: 审核, en: reviewed}, programme: P1, effective: {from: 2020-01-01}, source: {pool: {category: FORMAL, credits: "2"}, split: true}, grant: [{slot: E, credits: "2", grade: exempt}], approval: reviewer}
`)
	l := c.open(0)
	c.post(l, "O1", "S1", "2024-01-10", "60")
	plan, err := c.Plan(t.Context(), l, "P1")
	must(t, err)
	if fmt.Sprint(plan.Steps) != "[R31]" || fmt.Sprint(plan.Reviewed) != "[R31]" {
		t.Fatalf("planned %+v", plan)
	}
	c.convert(l, "R31")
	plan, err = c.Plan(t.Context(), l, "P1")
	must(t, err)
	if len(plan.Steps) > 0 || !plan.Proof.Exact {
		t.Errorf("planned %+v beside the open application", plan)
	}
	got, err := c.Compare(t.Context(), l, []creditbank.RuleID{"R31", "R1"})
	must(t, err)
	if len(got.Asked.Steps) > 0 || len(got.Best.Steps) > 0 {
		t.Errorf("compared %+v with %+v", got.Asked, got.Best)
	}
}
