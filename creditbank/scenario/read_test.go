package scenario_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"creditbank/creditbank"
	"creditbank/creditbank/scenario"
	"creditbank/creditbank/scenario/scenariotest"
)

// places returns where problems stand and what they are.
func places(p *creditbank.Problems) []string {
	out := []string{}
	for _, e := range p.List() {
		out = append(out, fmt.Sprintf("%v %s %s", e.Place, e.Field, e.Code))
	}
	return out
}

func timeline(events ...string) map[string]string {
	return map[string]string{"timeline.yaml": "events:\n  - " + strings.Join(events, "\n  - ") + "\n"}
}

func TestWhatCannotBeReadStopsTheRun(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"no regions", map[string]string{"regions.csv": ""}, []string{"regions.csv  MISSING"}},
		{"no rules", map[string]string{"rules.yaml": ""}, []string{"rules.yaml  MISSING"}},
		{"a header with a column too many and one too few", map[string]string{"learners.csv": "id,name,id_number,region,programs\n"},
			[]string{"learners.csv:1 programmes MISSING", "learners.csv:1:5 programs UNKNOWN_COLUMN"}},
		{"a broken rule", map[string]string{"rules.yaml": "timezone: Asia/Shanghai\nrules: [{id: R}]\n"}, nil},
		{"a broken timeline", map[string]string{"timeline.yaml": "events: [\n"}, []string{"timeline.yaml:1  MALFORMED"}},
		{"an unknown key", timeline("{at: 2026-01-10, learner: L1, convrt: [RA]}"), []string{"timeline.yaml:2:5 events[0] MISSING", "timeline.yaml:2:35 events[0].convrt UNKNOWN_KEY"}},
		{"days that go backwards", timeline("{at: 2026-01-10, freeze: L1}", "{at: 2026-01-09, unfreeze: L1}", "{at: 2026-01-10, freeze: L1}"),
			[]string{"timeline.yaml:3:5 events[1] DATE_ORDER"}},
		{"no day", timeline("{at: 2026-02-30, freeze: L1}"), []string{"timeline.yaml:2:10 events[0].at MALFORMED"}},
		{"two deeds", timeline("{at: 2026-01-10, freeze: L1, unfreeze: L1}"), []string{"timeline.yaml:2:44 events[0].unfreeze MALFORMED"}},
		{"a key that means nothing there", timeline("{at: 2026-01-10, freeze: L1, learner: L1}"), []string{"timeline.yaml:2:43 events[0].learner MALFORMED"}},
		{"nothing to convert", timeline("{at: 2026-01-10, learner: L1, convert: []}"), []string{"timeline.yaml:2:44 events[0].convert MISSING"}},
		{"a revision that is none", timeline("{at: 2026-01-10, revise: {external_id: O, institution: I1, learner: L1, course: C72, issued_on: 2025-01-01, revision: 1}}"),
			[]string{"timeline.yaml:2:123 events[0].revise.revision MALFORMED"}},
		{"a posting with faults", timeline("{at: 2026-01-10, post: {external_id: O, learner: L1, course: C72, issued_on: 2025-01-01, score: \"101\"}}"),
			[]string{"timeline.yaml:2:28 events[0].post MISSING", "timeline.yaml:2:101 events[0].post.score MALFORMED"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			city, err := scenario.Read(base(t, tt.files))
			if err == nil {
				t.Fatal("Read found nothing wrong")
			}
			if tt.want == nil {
				return // told by package rule
			}
			got := places(&city.Problems)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s\n%v", diff, err)
			}
		})
	}
}

func TestPartsThatMayBeMissing(t *testing.T) {
	city, err := scenario.Read(base(t, map[string]string{"learners.csv": ""}))
	if err != nil || len(city.Learners)+len(city.Outcomes)+len(city.Events) > 0 {
		t.Fatalf("Read = %+v, %v", city, err)
	}
	result, err := scenario.Play(t.Context(), scenariotest.NewStage(t, openStore(t)), city)
	if err != nil {
		t.Fatal(err)
	}
	if got := encode(t, result); strings.Contains(got, "null") {
		t.Errorf("an empty city has nulls: %s", got)
	}
}

// An fs.FS that fails must not pass for a folder without a timeline.
type faulty struct{ fs.FS }

var errFaulty = errors.New("disk on fire")

func (f faulty) Open(name string) (fs.File, error) {
	if name == "timeline.yaml" || name == "outcomes.csv" {
		return nil, errFaulty
	}
	return f.FS.Open(name)
}

func TestAFaultOfTheDiskIsNoMissingFile(t *testing.T) {
	_, err := scenario.Read(faulty{base(t, nil)})
	if err == nil || strings.Count(err.Error(), errFaulty.Error()) != 2 {
		t.Errorf("Read = %v, want both faults", err)
	}
}

func TestRegionsAndInstitutionsStandInAnyOrder(t *testing.T) {
	city, err := scenario.Read(base(t, map[string]string{
		"regions.csv": "code,name,level,parent\n3,c,township,2\n2,b,county,1\n4,d,township,2\n1,a,city,\n990101,e,county,1\n9901,f,city,\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range city.Reference.Regions {
		got = append(got, string(r.Code))
	}
	if want := []string{"1", "2", "3", "4", "990101", "9901"}; !slices.Equal(got, want) {
		t.Errorf("regions in order %q, want %q", got, want)
	}
}

// Playing a city again on the same bank, as after a crash, writes nothing.
func TestPlayingAgainChangesNothing(t *testing.T) {
	for _, name := range []string{"revoke", "revise", "standing", "cap"} {
		_, _, parts := archive(string(read(t, "testdata/cities/"+name+".txtar")))
		delete(parts, "result.json")
		city, err := scenario.Read(base(t, parts))
		if err != nil {
			t.Fatal(err)
		}
		stage := scenariotest.NewStage(t, openStore(t))
		var before []creditbank.History
		for range 2 {
			if _, err := scenario.Play(t.Context(), stage, city); err != nil {
				t.Fatal(err)
			}
			after := histories(t, stage.Bank)
			if before != nil && fmt.Sprint(versions(before)) != fmt.Sprint(versions(after)) {
				t.Errorf("%s: accounts went from versions %v to %v", name, versions(before), versions(after))
			}
			before = after
		}
	}
}

func TestEverythingHappensAtNoonOfItsDay(t *testing.T) {
	_, _, parts := archive(string(read(t, "testdata/cities/standing.txtar")))
	city, err := scenario.Read(base(t, parts))
	if err != nil {
		t.Fatal(err)
	}
	stage := scenariotest.NewStage(t, openStore(t))
	if _, err := scenario.Play(t.Context(), stage, city); err != nil {
		t.Fatal(err)
	}
	const first = "2026-01-10 12:00 CST" // of the timeline
	days := map[string]bool{}
	for _, h := range histories(t, stage.Bank) {
		for _, o := range h.Outcomes {
			if at := o.PostedAt.In(city.Location).Format("2006-01-02 15:04 MST"); o.ExternalID != "O3" && at != first {
				t.Errorf("%s was posted at %s, want %s", o.ExternalID, at, first)
			}
		}
		for _, a := range h.Acts {
			days[a.At.In(city.Location).Format("2006-01-02 15:04 MST")] = true
			if want := creditbank.DateOf(a.At.In(city.Location)); a.Day != want {
				t.Errorf("%s of %v takes effect on %v", a.Kind, want, a.Day)
			}
		}
	}
	want := []string{first, "2026-01-11 12:00 CST", "2026-01-12 12:00 CST", "2026-01-13 12:00 CST", "2026-01-14 12:00 CST"}
	if got := slices.Sorted(maps.Keys(days)); !slices.Equal(got, want) {
		t.Errorf("acts happened at %q, want %q", got, want)
	}
}

func histories(t *testing.T, bank *creditbank.Bank) []creditbank.History {
	t.Helper()
	ids, err := bank.Learners(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	var all []creditbank.History
	for _, id := range ids {
		h, err := bank.History(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, h)
	}
	return all
}

func versions(all []creditbank.History) []int {
	var v []int
	for _, h := range all {
		v = append(v, len(h.Outcomes)+len(h.Acts))
	}
	return v
}

// A province in small: many learners side by side, the order of each kept.
func TestManyLearners(t *testing.T) {
	var learners, outcomes strings.Builder
	learners.WriteString("id,name,id_number,region,programmes\n")
	outcomes.WriteString("external_id,institution,learner,course,issued_on,score,attended_hours\n")
	const n = 300
	for i := range n {
		fmt.Fprintf(&learners, "L%d,学员%d,%s,990101,\n", i, i, idNumber(i))
	}
	for round, course := range []string{"C72,2025-03-01,80,72", "C180,2025-03-01,80,180", "C36,2025-03-01,80,36"} {
		for i := range n {
			fmt.Fprintf(&outcomes, "O%d-%d,I1,L%d,%s\n", round, i, i, course)
		}
	}
	city, err := scenario.Read(base(t, map[string]string{"learners.csv": learners.String(), "outcomes.csv": outcomes.String()}))
	if err != nil {
		t.Fatal(err)
	}
	stage := scenariotest.NewStage(t, openStore(t))
	steps := map[string]int{}
	stage.Progress = func(p scenario.Progress) { steps[p.Step] = max(steps[p.Step], p.Done) }
	result, err := scenario.Play(t.Context(), stage, city)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		for round, want := range []creditbank.Credits{400, 600, 0} {
			if got := result.AfterPosting.RecognisedCredits[fmt.Sprintf("O%d-%d", round, i)]; got != want {
				t.Fatalf("outcome O%d-%d is worth %v, want %v: the cap was applied in another order", round, i, got, want)
			}
		}
	}
	if steps["learners"] != n || steps["outcomes"] != n || steps["balances"] != 1 {
		t.Errorf("progress ended at %v", steps)
	}
}

// idNumber returns the i-th of some valid identity numbers.
func idNumber(i int) string {
	digits := fmt.Sprintf("99010119700101%03d", i)
	for _, check := range "0123456789X" {
		if n, err := creditbank.ParseIDNumber(digits + string(check)); err == nil {
			return string(n)
		}
	}
	return ""
}

func FuzzRead(f *testing.F) {
	f.Add("external_id,institution,learner,course,issued_on,score,attended_hours\nO1,I1,L1,C72,2025-03-01,85,72\n",
		"events:\n  - {at: 2026-01-10, learner: L1, convert: [RA], programme: P1}\n  - {at: 2026-01-11, revoke: {external_id: O1, institution: I1}}\n")
	f.Add("external_id,institution,learner,course,issued_on,score,attended_hours,valid_until\nO1,I1,L1,C72,2025-03-01,85,72,2026-12-31\n",
		"events:\n  - {at: 2026-01-10, post: {external_id: O2, institution: I1, learner: L1, course: C72, issued_on: 2025-03-01, valid_until: 2025-02-28}}\n")
	f.Add("", "events: [{at: 2026-01-10, plan: {learner: L1, programme: P1}}, {at: 2026-01-10, freeze: L1}]")
	f.Fuzz(func(t *testing.T, outcomes, events string) {
		city, err := scenario.Read(base(t, map[string]string{"outcomes.csv": outcomes, "timeline.yaml": events}))
		if err != nil {
			return
		}
		for _, o := range city.Outcomes {
			if o.Posting.IssuedOn > city.Day || o.Posting.IssuedOn == 0 {
				t.Errorf("outcome of %v is posted on %v", o.Posting.IssuedOn, city.Day)
			}
		}
		if !slices.IsSorted(city.Days) || !slices.IsSortedFunc(city.Events, func(a, b scenario.Event) int { return int(a.At) - int(b.At) }) {
			t.Errorf("time runs backwards: %v", city.Days)
		}
		for _, e := range city.Events {
			if !slices.Contains(city.Days, e.At) {
				t.Errorf("an event on %v is on none of %v", e.At, city.Days)
			}
		}
	})
}
