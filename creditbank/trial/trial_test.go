package trial_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
	"creditbank/creditbank/scenario"
	"creditbank/creditbank/scenario/scenariotest"
	"creditbank/creditbank/sqlite"
	"creditbank/creditbank/trial"
)

const qinghe = "../scenario/testdata/qinghe"

// evening is after the last event of Qinghe's timeline.
var evening = time.Date(2026, 4, 20, 12, 0, 0, 0, time.UTC)

// A town is Qinghe at the end of its year.
type town struct {
	t     testing.TB
	bank  *creditbank.Bank
	files rule.Files
	names map[creditbank.LearnerID]string // ids in the files
}

func newTown(t testing.TB) *town {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "bank.db"))
	must(t, err)
	t.Cleanup(func() { store.Close() })
	city, err := scenario.Read(os.DirFS(qinghe))
	must(t, err)
	stage := scenariotest.NewStage(t, store)
	_, err = scenario.Play(t.Context(), stage, city)
	must(t, err)
	w := &town{t: t, bank: stage.Bank, names: map[creditbank.LearnerID]string{}}
	for _, l := range city.Learners {
		id, err := w.bank.FindByIDNumber(t.Context(), l.Person.IDNumber, l.Person.Name)
		must(t, err)
		w.names[id] = l.Alias
	}
	for name, into := range map[string]*[]byte{rule.RulesFile: &w.files.Rules, rule.ProgrammesFile: &w.files.Programmes} {
		*into, err = os.ReadFile(filepath.Join(qinghe, name))
		must(t, err)
	}
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// draft returns the city's rules with one thing changed.
func (w *town) draft(old, text string) *rule.Set {
	w.t.Helper()
	if n := bytes.Count(w.files.Rules, []byte(old)); n != 1 {
		w.t.Fatalf("the rules have %q %d times", old, n)
	}
	files := w.files
	files.Rules = bytes.Replace(files.Rules, []byte(old), []byte(text), 1)
	_, set, problems := rule.Draft(files, w.bank.Catalogue())
	must(w.t, problems.Err())
	return set
}

func (w *town) config(draft *rule.Set) trial.Config {
	return trial.Config{Published: w.bank.Catalogue().Rules.(*rule.Set), Draft: draft, Catalogue: w.bank.Catalogue(), At: evening}
}

// run tries a draft and returns the report with the learners by their names.
func (w *town) run(c trial.Config, o trial.Options) (*trial.Report, map[string]trial.Learner) {
	w.t.Helper()
	learners := map[string]trial.Learner{}
	o.Learner = func(l trial.Learner) error {
		learners[w.names[l.ID]] = l
		return nil
	}
	tr, err := trial.New(c)
	must(w.t, err)
	report, err := trial.Run(w.t.Context(), w.bank, tr, o)
	must(w.t, err)
	return report, learners
}

// told writes a tally in one line.
func told(t trial.Tally) string {
	return fmt.Sprintf("%d cases of %d learners, %d changed for %d: %d gain %s, %d lose %s; %s to %s",
		t.Cases, t.Of, t.Changed, t.Learners, t.Gainers, t.Gained, t.Losers, t.Lost, t.Before, t.After)
}

func verdicts(r *trial.Report) string {
	var all []string
	for _, v := range r.Verdicts {
		all = append(all, fmt.Sprintf("%s %d", v.Verdict, v.Learners))
	}
	return strings.Join(all, ", ")
}

// An hour less for a credit, worked out by hand. 16, 24, 32, 18, 120, 72 and 4
// hours are 0.5, 1.0, 1.5, 1.0, 6.5, 4.0 and 0.0 credits at 18 hours, and 1.0,
// 1.5, 2.0, 1.0, 7.5, 4.5 and 0.0 at 16. L5's second course of 2025 is cut by the
// year's cap: to 6.0 before, and to 5.5 after, since the first one takes more.
func TestMoreCreditsForAnHour(t *testing.T) {
	w := newTown(t)
	report, learners := w.run(w.config(w.draft(`hours_per_credit: "18"`, `hours_per_credit: "16"`)), trial.Options{})

	if got, want := verdicts(report), "better 4, worse 0, mixed 0, otherwise 0, unchanged 1"; got != want || report.Learners != 5 {
		t.Errorf("%d learners: %s, want %s", report.Learners, got, want)
	}
	recognition := report.Area(trial.Recognition)
	for _, tt := range []struct {
		of   trial.Tally
		name string
		want string
	}{
		{recognition.All, "all", "35 cases of 5 learners, 12 changed for 4: 4 gain 5.5, 0 lose 0.5; 89.0 to 94.0"},
		{recognition.Row(trial.ByRule, "R01").Tally, "R01", "17 cases of 5 learners, 12 changed for 4: 4 gain 5.5, 0 lose 0.5; 29.0 to 34.0"},
		{recognition.Row(trial.ByRule, "R02").Tally, "R02", "1 cases of 1 learners, 0 changed for 0: 0 gain 0.0, 0 lose 0.0; 2.0 to 2.0"},
		{recognition.Row(trial.ByInstitution, "I10").Tally, "I10", "3 cases of 3 learners, 3 changed for 3: 3 gain 1.5, 0 lose 0.0; 12.0 to 13.5"},
		{recognition.Row(trial.ByInstitution, "I07").Tally, "I07", "1 cases of 1 learners, 1 changed for 1: 0 gain 0.0, 1 lose 0.5; 6.0 to 5.5"},
		{recognition.Row(trial.ByRegion, "990101").Tally, "990101", "8 cases of 2 learners, 1 changed for 1: 1 gain 0.5, 0 lose 0.0; 14.5 to 15.0"},
		{recognition.Row(trial.ByRegion, "990102").Tally, "990102", "9 cases of 2 learners, 7 changed for 2: 2 gain 3.0, 0 lose 0.5; 24.5 to 27.0"},
		// what was asked for was decided on what was on record
		{report.Area(trial.Requests).All, "requests", "18 cases of 5 learners, 0 changed for 0: 0 gain 0.0, 0 lose 0.0; 60.0 to 60.0"},
	} {
		if got := told(tt.of); got != tt.want {
			t.Errorf("%s: %s\n  want %s", tt.name, got, tt.want)
		}
	}
	for name, want := range map[string]creditbank.Credits{"L1": 50, "L2": 200, "L3": 0, "L4": 200, "L5": 50} {
		if got := learners[name].Gain(trial.Recognition); got != want {
			t.Errorf("%s gains %v, want %v", name, got, want)
		}
	}
	var histogram []string
	for _, b := range recognition.Histogram {
		if b.Learners > 0 {
			histogram = append(histogram, fmt.Sprintf("%v..%v: %d", *b.Above, *b.Through, b.Learners))
		}
	}
	if want := []string{"-0.01..0.0: 1", "0.0..0.99: 2", "1.99..3.99: 2"}; !slices.Equal(histogram, want) {
		t.Errorf("histogram %v, want %v", histogram, want)
	}
}

// A higher minimum: R05 asked for 60, L2 had 72 and L4 75.
func TestHigherMinimum(t *testing.T) {
	w := newTown(t)
	report, learners := w.run(w.config(w.draft(`source: {course: S07, min_grade: "60"}`, `source: {course: S07, min_grade: "73"}`)), trial.Options{})
	if got, want := verdicts(report), "better 0, worse 1, mixed 0, otherwise 0, unchanged 4"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	requests := report.Area(trial.Requests)
	if got, want := told(requests.All), "18 cases of 5 learners, 1 changed for 1: 0 gain 0.0, 1 lose 6.0; 60.0 to 54.0"; got != want {
		t.Errorf("requests: %s\n  want %s", got, want)
	}
	if got, want := told(requests.Row(trial.ByRule, "R05").Tally), "2 cases of 2 learners, 1 changed for 1: 0 gain 0.0, 1 lose 6.0; 10.0 to 4.0"; got != want {
		t.Errorf("R05: %s\n  want %s", got, want)
	}
	if got, want := told(requests.Row(trial.ByProgramme, "P1").Tally), "15 cases of 4 learners, 1 changed for 1: 0 gain 0.0, 1 lose 6.0; 54.0 to 48.0"; got != want {
		t.Errorf("P1: %s\n  want %s", got, want)
	}
	if got, want := told(requests.Row(trial.ByInstitution, "I01").Tally), told(requests.Row(trial.ByProgramme, "P1").Tally); got != want {
		t.Errorf("I01, whose P1 is: %s\n  want %s", got, want)
	}
	if want := []trial.ReasonRow{{Rule: "R05", Reason: creditbank.GradeBelowMin, Appears: 1, Learners: 1}}; !slices.Equal(requests.Reasons, want) {
		t.Errorf("reasons %+v, want %+v", requests.Reasons, want)
	}
	// Today R05 is denied to L2 anyway, now for one reason more.
	want := []trial.Change{
		{
			Area: trial.Requests, Version: learners["L2"].Changes[0].Version, Programme: "P1", Rule: "R05", Day: 20260315,
			Before: trial.Side{State: trial.Approved, Credits: 600, Reasons: []creditbank.Reason{}, Lines: []trial.Line{{Slot: "T-A1", Credits: 400, Grade: "72"}, {Slot: "T-EL", Credits: 200, Grade: "72"}}},
			After:  trial.Side{State: trial.Denied, Reasons: []creditbank.Reason{creditbank.GradeBelowMin}},
		},
		{
			Area: trial.Today, Programme: "P1", Rule: "R05", Day: 20260420,
			Before: trial.Side{State: trial.Denied, Reasons: []creditbank.Reason{creditbank.OutcomeAlreadyConsumed, creditbank.TargetAlreadySatisfied}},
			After:  trial.Side{State: trial.Denied, Reasons: []creditbank.Reason{creditbank.GradeBelowMin, creditbank.OutcomeAlreadyConsumed, creditbank.TargetAlreadySatisfied}},
		},
	}
	if diff := cmp.Diff(want, learners["L2"].Changes); diff != "" {
		t.Errorf("L2 (-want +got):\n%s", diff)
	}
}

// A pool of seven credits instead of eight opens to L5, who has 7.5: in the
// request of March, today, and in the best plan. L4's programme is full anyway.
func TestSmallerPool(t *testing.T) {
	w := newTown(t)
	c := w.config(w.draft(`credits: "8", order`, `credits: "7", order`))
	c.Plans = true
	report, learners := w.run(c, trial.Options{})
	for _, a := range []trial.Area{trial.Requests, trial.Today, trial.Plans} {
		if all := report.Area(a).All; all.Changed != 1 || all.Learners != 1 || all.Gainers != 1 || all.Gained != 400 || all.Lost != 0 {
			t.Errorf("%s: %s", a, told(all))
		}
		if gain := learners["L5"].Gain(a); gain != 400 {
			t.Errorf("L5 gains %v in %s", gain, a)
		}
	}
	plan := learners["L5"].Changes[2]
	if plan.Area != trial.Plans || plan.Before.Credits != 0 || !slices.Equal(plan.After.Steps, []creditbank.RuleID{"R10"}) {
		t.Errorf("L5's plan %+v", plan)
	}
	if all := report.Area(trial.Recognition).All; all.Changed != 0 {
		t.Errorf("recognition: %s", told(all))
	}
}

// A rule that the draft does not have decides nothing; one that only the draft
// has is new.
func TestRulesThatGoAndCome(t *testing.T) {
	w := newTown(t)
	report, learners := w.run(w.config(w.draft("id: R12", "id: R13")), trial.Options{})
	requests := report.Area(trial.Requests)
	if got, want := told(requests.Row(trial.ByRule, "R12").Tally), "1 cases of 1 learners, 1 changed for 1: 0 gain 0.0, 1 lose 36.0; 36.0 to 0.0"; got != want {
		t.Errorf("R12: %s\n  want %s", got, want)
	}
	if l := learners["L4"]; l.Verdict != trial.Worse || l.Changes[0].After.State != trial.None {
		t.Errorf("L4: %+v", l)
	}
	today := report.Area(trial.Today)
	if row := today.Row(trial.ByRule, "R13"); row.Cases != 3 || row.Changed != 3 {
		t.Errorf("R13 today: %s", told(row.Tally))
	}
	if l := learners["L5"]; l.Verdict != trial.Otherwise { // denied before, nobody to ask now
		t.Errorf("L5: %+v", l)
	}
}

// An outcome that another rule recognises counts with both.
func TestOutcomesThatGoToAnotherRule(t *testing.T) {
	w := newTown(t)
	report, _ := w.run(w.config(w.draft("id: R01C\n", "id: R02C\n")), trial.Options{})
	recognition := report.Area(trial.Recognition)
	for key, want := range map[string]string{
		"R01C": "2 cases of 1 learners, 2 changed for 1: 0 gain 0.0, 1 lose 10.0; 10.0 to 0.0",
		"R02C": "2 cases of 1 learners, 2 changed for 1: 1 gain 10.0, 0 lose 0.0; 0.0 to 10.0",
	} {
		if got := told(recognition.Row(trial.ByRule, key).Tally); got != want {
			t.Errorf("%s: %s\n  want %s", key, got, want)
		}
	}
	if got, want := told(recognition.All), "35 cases of 5 learners, 2 changed for 1: 0 gain 0.0, 0 lose 0.0; 89.0 to 89.0"; got != want {
		t.Errorf("all: %s\n  want %s", got, want)
	}
}

// The same rules change nothing for anybody, also where decisions on record are
// of an older set.
func TestTheSameRulesChangeNothing(t *testing.T) {
	w := newTown(t)
	c := w.config(w.draft("id: R12", "id: R12"))
	c.Plans = true
	wantNothing(t, w, c)

	by, err := creditbank.NewCaller("operator:test")
	must(t, err)
	newer := w.files
	newer.Rules = bytes.Replace(newer.Rules, []byte(`S07, min_grade: "60"`), []byte(`S07, min_grade: "73"`), 1)
	body, _, problems := rule.Compile(newer, w.bank.Catalogue())
	must(t, problems.Err())
	must(t, w.bank.Publish(t.Context(), by, creditbank.Reference{RuleSet: body}))
	c.Published, c.Draft = w.bank.Catalogue().Rules.(*rule.Set), w.draft(`S07, min_grade: "60"`, `S07, min_grade: "73"`)
	wantNothing(t, w, c)
}

func wantNothing(t *testing.T, w *town, c trial.Config) {
	t.Helper()
	report, learners := w.run(c, trial.Options{})
	if len(learners) > 0 || verdicts(report) != "better 0, worse 0, mixed 0, otherwise 0, unchanged 5" {
		t.Errorf("%v, %s", learners, verdicts(report))
	}
	for _, a := range report.Areas {
		if a.All.Changed != 0 || a.All.Before != a.All.After || a.All.Cases == 0 || len(a.Reasons) > 0 {
			t.Errorf("%s: %s %v", a.Area, told(a.All), a.Reasons)
		}
	}
}

// What both sets say the same of is decided once; that tells nothing else than
// deciding everything twice.
func TestDecidingOnceTellsTheSame(t *testing.T) {
	w := newTown(t)
	for _, change := range [][2]string{
		{"id: R12", "id: R12"}, {"id: R12", "id: R13"}, {`hours_per_credit: "18"`, `hours_per_credit: "16"`},
		{`S07, min_grade: "60"`, `S07, min_grade: "73"`}, {`credits: "8", order`, `credits: "7", order`},
		{"timezone: Asia/Shanghai", "timezone: Pacific/Kiritimati"},
	} {
		var told []string
		for _, full := range []bool{false, true} {
			var all bytes.Buffer
			enc := json.NewEncoder(&all)
			tr, err := trial.New(w.config(w.draft(change[0], change[1])))
			must(t, err)
			if full {
				tr.InFull()
			}
			report, err := trial.Run(t.Context(), w.bank, tr, trial.Options{Learner: func(l trial.Learner) error { return enc.Encode(l) }})
			must(t, err)
			must(t, enc.Encode(report))
			told = append(told, all.String())
		}
		if diff := cmp.Diff(told[1], told[0]); diff != "" {
			t.Errorf("%s: (-in full +once)\n%s", change[1], diff)
		}
	}
}

// What is told does not depend on how the work is shared out.
func TestTellsTheSameWhoeverWorks(t *testing.T) {
	w := newTown(t)
	c := w.config(w.draft(`hours_per_credit: "18"`, `hours_per_credit: "16"`))
	var want string
	for _, o := range []trial.Options{{Workers: 1, Page: 100}, {Workers: 1, Page: 1}, {Workers: 4, Page: 1}, {Workers: 3, Page: 2}} {
		var got bytes.Buffer
		enc := json.NewEncoder(&got)
		last := -1
		o.Learner = func(l trial.Learner) error { return enc.Encode(l) }
		o.Progress = func(p trial.Progress) error {
			if p.PerMille < last {
				t.Errorf("progress goes back to %+v", p)
			}
			last = p.PerMille
			return nil
		}
		tr, err := trial.New(c)
		must(t, err)
		report, err := trial.Run(t.Context(), w.bank, tr, o)
		must(t, err)
		must(t, enc.Encode(report))
		if want == "" {
			want = got.String()
		}
		if got.String() != want {
			t.Errorf("%d workers, pages of %d tell\n%s\nand not\n%s", o.Workers, o.Page, got.String(), want)
		}
	}
}

// Only the learners of a region are looked at.
func TestWithin(t *testing.T) {
	w := newTown(t)
	c := w.config(w.draft(`hours_per_credit: "18"`, `hours_per_credit: "16"`))
	c.Within = func(r creditbank.RegionCode) bool { return r == "990102" }
	report, learners := w.run(c, trial.Options{})
	if report.Learners != 2 || len(learners) != 2 || learners["L2"].ID == "" || learners["L5"].ID == "" {
		t.Errorf("%d learners, %v", report.Learners, learners)
	}
}

// What was revised counts once, what was revoked not at all.
func TestOnlyOutcomesThatStand(t *testing.T) {
	w := newTown(t)
	by := creditbank.Caller{ID: "operator:test"}
	for id, alias := range w.names {
		a, err := w.bank.Account(t.Context(), id)
		must(t, err)
		for _, l := range a.Lots {
			switch {
			case alias == "L4" && l.ExternalID == "O026": // S06, 4.0 credits
				p := l.Posting
				p.Revision = 2
				p.Score, err = creditbank.ParseScore("84")
				must(t, err)
				_, err := w.bank.Revise(t.Context(), by, p, "")
				must(t, err)
			case alias == "L1" && l.ExternalID == "O001": // S01, 0.5 credits
				_, err := w.bank.Revoke(t.Context(), creditbank.Change{By: by, Learner: id}, creditbank.Revoking{Institution: l.Institution, ExternalID: l.ExternalID, Reason: "test"})
				must(t, err)
			}
		}
	}
	report, _ := w.run(w.config(w.draft(`hours_per_credit: "18"`, `hours_per_credit: "16"`)), trial.Options{})
	if got, want := told(report.Area(trial.Recognition).All), "34 cases of 5 learners, 11 changed for 3: 3 gain 5.0, 0 lose 0.5; 88.5 to 93.0"; got != want {
		t.Errorf("recognition: %s\n  want %s", got, want)
	}
}

// An application and its review are one request, and nobody is reviewed again.
func TestReviewedRequestsCountOnce(t *testing.T) {
	w := newTown(t)
	by, reviewer := creditbank.Caller{ID: "operator:test"}, creditbank.Caller{ID: "reviewer:test"}
	w.files.Rules = bytes.Replace(w.files.Rules, []byte(`credits: "8", order: earliest_expiry}, split: true}`), []byte(`credits: "7", order: earliest_expiry}, split: true}
    approval: reviewer`), 1)
	body, _, problems := rule.Compile(w.files, w.bank.Catalogue())
	must(t, problems.Err())
	must(t, w.bank.Publish(t.Context(), by, creditbank.Reference{RuleSet: body}))
	for id, alias := range w.names {
		if alias != "L5" {
			continue
		}
		acts, err := w.bank.Convert(t.Context(), creditbank.Change{By: by, Learner: id}, []creditbank.RuleID{"R10"})
		must(t, err)
		_, err = w.bank.Review(t.Context(), creditbank.Change{By: reviewer, Learner: id}, acts[0].Seq, creditbank.Verdict{Approve: true})
		must(t, err)
	}
	report, learners := w.run(w.config(w.draft(`approval: reviewer`, `approval: reviewer`)), trial.Options{})
	if got, want := told(report.Area(trial.Requests).All), "19 cases of 5 learners, 0 changed for 0: 0 gain 0.0, 0 lose 0.0; 68.0 to 68.0"; got != want || len(learners) > 0 {
		t.Errorf("requests: %s\n  want %s; %v", got, want, learners)
	}
	report, _ = w.run(w.config(w.draft("    approval: reviewer\n", "")), trial.Options{}) // pending before, approved after: the same credits
	if got, want := told(report.Area(trial.Requests).Row(trial.ByRule, "R10").Tally), "4 cases of 3 learners, 2 changed for 1: 0 gain 0.0, 0 lose 0.0; 8.0 to 8.0"; got != want {
		t.Errorf("R10: %s\n  want %s", got, want)
	}
}

// What is suspended or ended stays so under the draft: publishing would not bring
// it back.
func TestSuspendedStaysSuspended(t *testing.T) {
	w := newTown(t)
	body, _, problems := rule.Draft(w.files, w.bank.Catalogue())
	must(t, problems.Err())
	body, err := rule.Maker{}.Stand(body, creditbank.RuleStanding{
		Suspended: []creditbank.RuleSuspension{{Reason: "查", Since: 20260401, Target: creditbank.RuleTarget{Rule: "R10"}}},
		Retired:   []creditbank.RuleRetirement{{Reason: "停", Through: 20260101, Target: creditbank.RuleTarget{Rule: "R04"}}},
	})
	must(t, err)
	published, err := rule.Load(9, body)
	must(t, err)
	c := w.config(w.draft("id: R12", "id: R12"))
	c.Published = published.(*rule.Set)
	wantNothing(t, w, c)
	c.Draft = w.draft(`credits: "8", order`, `credits: "7", order`) // to L5 the pool would open
	report, learners := w.run(c, trial.Options{})
	if l := learners["L5"]; l.Verdict != trial.Otherwise || len(learners) != 1 || l.Changes[1].After.State != trial.Denied || !slices.Contains(l.Changes[1].After.Reasons, creditbank.RuleSuspended) {
		t.Errorf("%+v, %s", learners, verdicts(report))
	}
}

// Who gains in one area and loses in another is told apart.
func TestBetterHereWorseThere(t *testing.T) {
	w := newTown(t)
	w.files.Rules = bytes.Replace(w.files.Rules, []byte(`S07, min_grade: "60"`), []byte(`S07, min_grade: "73"`), 1)
	report, learners := w.run(w.config(w.draft(`hours_per_credit: "18"`, `hours_per_credit: "16"`)), trial.Options{})
	if got, want := verdicts(report), "better 3, worse 0, mixed 1, otherwise 0, unchanged 1"; got != want || learners["L2"].Verdict != trial.Mixed {
		t.Errorf("%s, want %s", got, want)
	}
}

// failing is a store that fails after some pages.
type failing struct {
	trial.Store
	left *int
}

func (f failing) Histories(ctx context.Context, after, through creditbank.LearnerID) ([]creditbank.Dossier, error) {
	if *f.left--; *f.left < 0 {
		return nil, errTest
	}
	return f.Store.Histories(ctx, after, through)
}

var errTest = errors.New("the disk is gone")

// Whatever fails ends the trial, with nobody left at work.
func TestFailuresEndIt(t *testing.T) {
	w := newTown(t)
	tr, err := trial.New(w.config(w.draft(`hours_per_credit: "18"`, `hours_per_credit: "16"`)))
	must(t, err)
	left := 2
	if _, err := trial.Run(t.Context(), failing{w.bank, &left}, tr, trial.Options{Workers: 1, Page: 1}); !errors.Is(err, errTest) {
		t.Errorf("the store fails: %v", err)
	}
	stop := func() error { return errTest }
	for name, o := range map[string]trial.Options{
		"progress": {Page: 1, Progress: func(trial.Progress) error { return stop() }},
		"learner":  {Page: 1, Learner: func(trial.Learner) error { return stop() }},
	} {
		if _, err := trial.Run(t.Context(), w.bank, tr, o); !errors.Is(err, errTest) {
			t.Errorf("%s fails: %v", name, err)
		}
	}
	if _, err := trial.New(trial.Config{}); err == nil {
		t.Error("a trial of nothing")
	}
}
