package scenariotest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"testing"

	"gopkg.in/yaml.v3"

	"creditbank/creditbank"
	"creditbank/creditbank/scenario"
)

// Expected is the form of expected.yaml: answers worked out by hand. What a
// decision leaves out is empty, and zero where it is an amount.
type Expected struct {
	AfterPosting struct {
		Outcomes struct{ Posted, Recognised, Rejected int }
		Rejected []struct {
			ExternalID string `yaml:"external_id"`
			Reasons    []string
		}
		RecognisedCredits map[string]string `yaml:"recognised_credits"` // a sample
	} `yaml:"after_posting"`
	Decisions   []decision         // all of them
	Balances    map[string]balance // on the first day of the timeline; a sample
	BalancesEnd map[string]balance `yaml:"balances_end"` // on its last day; a sample
}

type decision struct {
	At, Learner, Rule, Decision string
	Reasons                     []string
	Lines                       []struct{ Slot, Credits, Grade string }
	Missing                     []string
	Short, Forfeited            string
}

type balance struct{ Available, Programmes map[string]string }

// Expect plays the city and compares the result with its expected.yaml.
func Expect(t testing.TB, store creditbank.Store, fsys fs.FS) {
	t.Helper()
	ExpectResult(t, Play(t, store, fsys), fsys)
}

// ExpectResult compares what came of a city with its expected.yaml.
func ExpectResult(t testing.TB, got *scenario.Result, fsys fs.FS) {
	t.Helper()
	data, err := fs.ReadFile(fsys, "expected.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	var want Expected
	if err := dec.Decode(&want); err != nil {
		t.Fatalf("expected.yaml: %v", err)
	}
	for _, p := range got.Problems {
		t.Errorf("problem: %v %s: %s (%s)", p.Place, p.Field, p.Message.EN, p.Code)
	}
	comparePosting(t, got.AfterPosting, want)
	compareDecisions(t, got.Decisions, want.Decisions)
	if len(want.Decisions) == 0 {
		t.Fatal("expected.yaml names no decisions")
	}
	compareBalances(t, got, want.Decisions[0].At, want.Balances)
	compareBalances(t, got, want.Decisions[len(want.Decisions)-1].At, want.BalancesEnd)
	compareTotals(t, got)
}

func comparePosting(t testing.TB, got scenario.AfterPosting, want Expected) {
	t.Helper()
	w := want.AfterPosting
	compare(t, "outcomes", fmt.Sprint(got.Outcomes), fmt.Sprint(w.Outcomes))
	for id, credits := range w.RecognisedCredits {
		c, ok := got.RecognisedCredits[id]
		if !ok {
			t.Errorf("recognised_credits leaves out %s", id)
		}
		compare(t, "recognised_credits of "+id, c.String(), credits)
	}
	if len(got.RecognisedCredits) != w.Outcomes.Recognised {
		t.Errorf("recognised_credits names %d outcomes, want %d", len(got.RecognisedCredits), w.Outcomes.Recognised)
	}
	var gotRejected, wantRejected []string
	for _, r := range got.Rejected {
		gotRejected = append(gotRejected, fmt.Sprint(r.ExternalID, printed(t, r.Reasons)))
	}
	for _, r := range w.Rejected {
		wantRejected = append(wantRejected, fmt.Sprint(r.ExternalID, sorted(r.Reasons)))
	}
	compare(t, "rejected", fmt.Sprint(gotRejected), fmt.Sprint(wantRejected))
}

func compareDecisions(t testing.TB, got []scenario.Decision, want []decision) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d decisions, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		g, w := got[i], want[i]
		w.Forfeited = cmp.Or(w.Forfeited, "0.0")
		lines := make([]scenario.Line, 0, len(w.Lines))
		for _, l := range w.Lines {
			credits, err := creditbank.ParseCredits(l.Credits)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, scenario.Line{Slot: creditbank.SlotID(l.Slot), Credits: credits, Grade: l.Grade})
		}
		compare(t, fmt.Sprintf("decision %d", i+1),
			fmt.Sprint(g.At, g.Learner, g.Rule, g.Decision, printed(t, g.Reasons), g.Lines, g.Missing, g.Short, g.Forfeited),
			fmt.Sprint(w.At, w.Learner, w.Rule, w.Decision, sorted(w.Reasons), lines, orNone(w.Missing), w.Short, w.Forfeited))
	}
}

func compareBalances(t testing.TB, got *scenario.Result, day string, want map[string]balance) {
	t.Helper()
	for learner, w := range want {
		b, ok := got.Balances[day][learner]
		if !ok {
			t.Errorf("balances of %s leave out %s", day, learner)
			continue
		}
		compare(t, fmt.Sprintf("balance of %s on %s", learner, day), encode(t, b),
			encode(t, map[string]any{"available": orEmpty(w.Available), "programmes": orEmpty(w.Programmes)}))
	}
}

// compareTotals checks that the totals follow from the rest of the result.
func compareTotals(t testing.TB, got *scenario.Result) {
	t.Helper()
	approved := len(slices.DeleteFunc(slices.Clone(got.Decisions), func(d scenario.Decision) bool { return d.Decision != "approve" }))
	if got.Totals.Approved != approved || got.Totals.Approved+got.Totals.Denied+got.Totals.Pending != len(got.Decisions) {
		t.Errorf("totals %+v do not follow from %d decisions with %d approved", got.Totals, len(got.Decisions), approved)
	}
	last, sum := "", creditbank.Credits(0)
	for day := range got.Balances {
		last = max(last, day)
	}
	for _, b := range got.Balances[last] {
		for _, c := range b.Programmes {
			sum += c
		}
	}
	if got.Totals.Granted != sum {
		t.Errorf("credits_granted is %v, but the last balances hold %v", got.Totals.Granted, sum)
	}
}

func compare(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

func encode(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// printed returns the codes of reasons, which stand in printing order, sorted.
func printed(t testing.TB, reasons []creditbank.Reason) []string {
	t.Helper()
	if !slices.IsSorted(reasons) {
		t.Errorf("reasons %v are not in printing order", reasons)
	}
	var codes []string
	for _, r := range reasons {
		codes = append(codes, r.String())
	}
	return sorted(codes)
}

// sorted returns a set of codes in a fixed order.
func sorted(codes []string) []string { return orNone(slices.Sorted(slices.Values(codes))) }

func orNone(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
