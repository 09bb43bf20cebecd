package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"

	"creditbank/creditbank"

	gocmp "github.com/google/go-cmp/cmp"
)

var applicationTests = []test{
	{"OpenApplicationsAreListedInOrder", testApplications},
	{"ReviewsRaceForOneApplication", testReviewRace},
	{"WorklistFollowsWhatIsWritten", testWorklist},
	{"WorklistForgetsWhatLosesARace", testWorklistRace},
	{"WithdrawalAndEffectRace", testEffectRace},
}

// Apply adds an application of a rule, which nothing speaks against but that a
// reviewer has to decide.
func (b *Book) Apply(r creditbank.RuleID) creditbank.Act {
	d := decision(b.Account())
	d.Rule = r
	d.Findings = []creditbank.Finding{{Code: creditbank.ApprovalPending, Subject: string(r)}}
	d.Lines = []creditbank.Line{line(creditbank.Credit)}
	return b.Act(creditbank.ActApplied, creditbank.ActBody{Decision: d})
}

// Reject adds a reviewer's rejection of an application.
func (b *Book) Reject(application int64) creditbank.Act {
	a := b.Account()
	d := decision(a)
	d.Rule = a.Application(application).Decision.Rule
	d.Review = &creditbank.Review{Application: application}
	d.Findings = []creditbank.Finding{{Code: creditbank.ApprovalRejected, Subject: string(d.Rule)}}
	return b.Act(creditbank.ActDecided, creditbank.ActBody{Decision: d, Of: application, Reason: "材料不全"})
}

// wantApplications checks the list of open applications for P1, read in pages.
func wantApplications(t testing.TB, s creditbank.Store, page int, want []creditbank.RowRef) {
	t.Helper()
	var got []creditbank.RowRef
	items := readWork(t, page, func(after creditbank.WorkPlace) ([]creditbank.WorkItem, error) {
		return s.Worklist(t.Context(), []creditbank.ProgrammeID{"P0", "P1"}, after, page)
	})
	for _, w := range items {
		got = append(got, creditbank.RowRef{Learner: w.Learner, Seq: w.Seq, Kind: creditbank.ActApplied})
	}
	if diff := gocmp.Diff(want, got, Equal()); diff != "" {
		t.Errorf("open applications in pages of %d differ (-want +got):\n%s", page, diff)
	}
}

// readWork reads a list of applications to its end, in pages.
func readWork(t testing.TB, page int, read func(after creditbank.WorkPlace) ([]creditbank.WorkItem, error)) []creditbank.WorkItem {
	t.Helper()
	var all []creditbank.WorkItem
	var after creditbank.WorkPlace
	for {
		items, err := read(after)
		if err != nil || len(items) > page {
			t.Fatalf("a page of %d after %v: %d, %v", page, after, len(items), err)
		}
		all = append(all, items...)
		if len(items) < page {
			return all
		}
		after = items[len(items)-1].Place()
	}
}

func testApplications(t *testing.T, h Harness) {
	wantApplications(t, h.Store, 3, nil)
	var open []creditbank.RowRef
	for i, b := range Open(t, h.Store, Learners(6)...) {
		b.Post("a", creditbank.Credit)
		b.Deny() // decided, and about nothing
		first := b.Apply("R6")
		second := b.Apply("R7")
		b.Reject(first.Seq)
		third := b.Apply("R6")
		rows := []creditbank.Act{second, third}
		if i%3 == 1 {
			b.Reject(second.Seq)
			rows = rows[1:]
		}
		if i%3 == 2 {
			b.Reject(third.Seq)
			rows = rows[:1]
		}
		b.Convert(creditbank.Credit, 2)
		for _, a := range rows {
			open = append(open, creditbank.RowRef{Learner: a.Learner, Seq: a.Seq, Kind: creditbank.ActApplied})
		}
		Append(t, h.Store, b.Write())
		WantHistory(t, h.Store, b.History)
	}
	for _, page := range []int{1, 2, 100} {
		wantApplications(t, h.Store, page, open)
	}
	wantInt(t, h, unbalanced, 0)
}

// Two reviewers decide the same applications through two banks: one of them
// wins each.
func testReviewRace(t *testing.T, h Harness) {
	l := Learner(1)
	Open(t, h.Store, l)
	banks := make([]*creditbank.Bank, 0, 2)
	for _, s := range twoStores(h) {
		banks = append(banks, newBank(t, s))
	}
	poster := banks[0].NewPoster(t.Context(), creditbank.PosterConfig{})
	defer poster.Close()
	for n := range 5 {
		_, err := poster.Post(t.Context(), caller, Posting(l.ID, fmt.Sprint(n), 1), "")
		if err != nil {
			t.Fatal(err)
		}
		acts, err := banks[0].Convert(t.Context(), creditbank.Change{By: caller, Learner: l.ID}, []creditbank.RuleID{reviewedRule})
		if err != nil || acts[0].Kind != creditbank.ActApplied {
			t.Fatalf("Convert = %v, %v; want an application", acts, err)
		}
		done := make(chan error, len(banks))
		for i, b := range banks {
			go func() {
				by := creditbank.Caller{ID: fmt.Sprintf("reviewer:%d", i)}
				_, err := b.Review(t.Context(), creditbank.Change{By: by, Learner: l.ID}, acts[0].Seq, creditbank.Verdict{Approve: i == 0})
				done <- err
			}()
		}
		won := 0
		for range banks {
			if err := <-done; err == nil {
				won++
			} else if !errors.Is(err, creditbank.ErrConflict) {
				t.Errorf("Review: %v, want ErrConflict", err)
			}
		}
		if won != 1 {
			t.Errorf("%d of 2 reviews won", won)
		}
	}
	wantApplications(t, h.Store, 10, nil)
	wantAllRows(t, h.Store, wantAccount(t, h, l.ID))
}

// processed is how applications of the tests are decided: by one reviewer, with
// publicity, so that they pass through every kind of list.
var processed = &creditbank.Process{Reviewers: 1, Publicity: creditbank.Term{Period: creditbank.Period{Days: 5}}}

// ApplyWith adds an application that is decided as processed says, due on a day.
func (b *Book) ApplyWith(r creditbank.RuleID, due creditbank.Date) creditbank.Act {
	d := decision(b.Account())
	d.Rule = r
	d.Findings = []creditbank.Finding{{Code: creditbank.ApprovalPending, Subject: string(r)}}
	d.Lines = []creditbank.Line{line(creditbank.Credit)}
	return b.Act(creditbank.ActApplied, creditbank.ActBody{Decision: d, Step: &creditbank.Step{Process: processed, Due: due}})
}

// step adds an act of a reviewer's about an application.
func (b *Book) step(kind creditbank.ActKind, application int64, s creditbank.Step) creditbank.Act {
	act := Act(b.History.Learner, b.next(), kind, creditbank.ActBody{Of: application, Step: &s})
	act.By = reviewer
	return b.add(act)
}

// show adds the vote and the resolution by which an application is shown.
func (b *Book) show(application int64, until creditbank.Date) {
	b.step(creditbank.ActOpined, application, creditbank.Step{Approve: true})
	a := b.Account()
	d := decision(a)
	d.Rule, d.Approved, d.Review = a.Application(application).Decision.Rule, true, &creditbank.Review{Application: application, Approved: true}
	d.Lines = []creditbank.Line{line(creditbank.Credit)}
	act := Act(b.History.Learner, b.next(), creditbank.ActResolved, creditbank.ActBody{Decision: d, Of: application, Step: &creditbank.Step{Due: until}})
	act.Day = min(act.Day, until)
	b.add(act)
}

// The worklist follows what is written: it is sorted by deadline, tells what is
// shown and what wakes when, and loses what is closed.
func testWorklist(t *testing.T, h Harness) {
	var want []creditbank.WorkItem
	opened := Open(t, h.Store, Learners(7)...)
	for i, b := range opened {
		due := creditbank.Date(20260320 + (i*5)%7)
		if i == 3 {
			due = 0 // no limit
		}
		seq := b.ApplyWith("R06", due).Seq
		switch i {
		case 1:
			b.show(seq, 20260401)
		case 2:
			b.step(creditbank.ActReturned, seq, creditbank.Step{Due: 20260318, Left: 3})
		case 4:
			b.step(creditbank.ActClaimed, seq, creditbank.Step{Due: 20260322})
		case 5:
			b.show(seq, 20260319)
		case 6:
			b.Act(creditbank.ActRetracted, creditbank.ActBody{Of: seq})
		}
		want = append(want, b.Account().Work()...)
		Append(t, h.Store, b.Write())
	}
	byPlace := func(a, b creditbank.WorkItem) int { return comparePlaces(a.Place(), b.Place()) }
	slices.SortFunc(want, byPlace)
	if len(want) != 6 || want[5].Due != 0 {
		t.Fatalf("the test built %d applications: %+v", len(want), want)
	}
	for _, page := range []int{1, 2, 100} {
		wantWork(t, h, page, "all", want, func(after creditbank.WorkPlace) ([]creditbank.WorkItem, error) {
			return h.Store.Worklist(t.Context(), []creditbank.ProgrammeID{"P1"}, after, page)
		})
		shown := slices.DeleteFunc(slices.Clone(want), func(w creditbank.WorkItem) bool { return w.State != creditbank.StatePublicity })
		wantWork(t, h, page, "shown", shown, func(after creditbank.WorkPlace) ([]creditbank.WorkItem, error) {
			return h.Store.Shown(t.Context(), after, page)
		})
	}
	none, err := h.Store.Worklist(t.Context(), []creditbank.ProgrammeID{"P0", "P2"}, creditbank.WorkPlace{}, 10)
	if err != nil || len(none) != 0 {
		t.Errorf("of other programmes: %v, %v", none, err)
	}
	for by, n := range map[creditbank.Date]int{20260318: 0, 20260319: 1, 20260320: 2, 20260401: 2, 20260402: 3} {
		waking, err := h.Store.Waking(t.Context(), by, creditbank.WorkPlace{}, 10)
		if err != nil || len(waking) != n {
			t.Errorf("by %s %d applications wake, %v; want %d", by, len(waking), err, n)
		}
	}
	for _, w := range want {
		got, err := h.Store.ShownAs(t.Context(), creditbank.ApplicationNumber(w.Learner, w.Seq))
		if w.State == creditbank.StatePublicity && (err != nil || got.Learner != w.Learner || got.Seq != w.Seq) {
			t.Errorf("ShownAs = %+v, %v; want %+v", got, err, w)
		} else if w.State != creditbank.StatePublicity && !errors.Is(err, creditbank.ErrNotFound) {
			t.Errorf("ShownAs(%s) = %+v, %v; want ErrNotFound", w.State, got, err)
		}
	}
	wantInt(t, h, unbalanced, 0)
}

func comparePlaces(a, b creditbank.WorkPlace) int {
	return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(a.Learner, b.Learner), cmp.Compare(a.Seq, b.Seq))
}

func wantWork(t *testing.T, h Harness, page int, name string, want []creditbank.WorkItem, read func(creditbank.WorkPlace) ([]creditbank.WorkItem, error)) {
	t.Helper()
	if diff := gocmp.Diff(want, readWork(t, page, read), Equal()); diff != "" {
		t.Errorf("%s, in pages of %d (-want +got):\n%s", name, page, diff)
	}
}

// OpenBefore writes applications as they were before there was a worklist: open
// ones, of which it returns what the list should say, and decided ones.
func OpenBefore(t *testing.T, s creditbank.Store) []creditbank.WorkItem {
	t.Helper()
	var open []creditbank.WorkItem
	for i, b := range Open(t, s, Learners(4)...) {
		b.Deny()
		first := b.Apply("R6")
		b.Apply("R7")
		if i%2 == 0 {
			b.Reject(first.Seq)
		}
		open = append(open, b.Account().Work()...)
		Append(t, s, b.Write())
	}
	return open
}

// WantWork checks the list of open applications for P1.
func WantWork(t *testing.T, s creditbank.Store, want []creditbank.WorkItem) {
	t.Helper()
	got, err := s.Worklist(t.Context(), []creditbank.ProgrammeID{"P1"}, creditbank.WorkPlace{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, got, Equal()); diff != "" {
		t.Errorf("open applications (-want +got):\n%s", diff)
	}
}

// What loses a race leaves nothing in the worklist.
func testWorklistRace(t *testing.T, h Harness) {
	b := Open(t, h.Store, Learner(1))[0]
	other := b.Clone()
	b.Post("a", creditbank.Credit)
	Append(t, h.Store, b.Write())
	other.ApplyWith("R06", 20260320)
	taken, err := h.Store.Append(t.Context(), NewFeed(), []creditbank.Write{other.Write()})
	if err != nil || taken[0] {
		t.Fatalf("Append = %v, %v; want it left", taken, err)
	}
	wantApplications(t, h.Store, 10, nil)
}

// A withdrawal and the effect of an approval race through two banks: one of them
// wins each.
func testEffectRace(t *testing.T, h Harness) {
	for n := range 5 {
		b := Open(t, h.Store, Learner(n))[0]
		lot := b.Post("a", creditbank.Credit)
		seq := b.ApplyWith(reviewedRule, 0).Seq
		b.show(seq, Day-1)
		Append(t, h.Store, b.Write())
		done := make(chan error, 2)
		for i, s := range twoStores(h) {
			bank := newBank(t, s)
			change := creditbank.Change{By: caller, Learner: b.History.Learner}
			go func() {
				var err error
				if i == 0 {
					_, err = bank.Retract(t.Context(), change, seq, "")
				} else {
					_, err = bank.Effect(t.Context(), change, seq)
				}
				done <- err
			}()
		}
		won := 0
		for range 2 {
			if err := <-done; err == nil {
				won++
			} else if !errors.Is(err, creditbank.ErrConflict) {
				t.Errorf("lost with %v, want ErrConflict", err)
			}
		}
		history, err := h.Store.History(t.Context(), b.History.Learner)
		if err != nil {
			t.Fatal(err)
		}
		a, err := creditbank.NewAccount(history)
		if err != nil {
			t.Fatal(err)
		}
		effective := a.Application(seq).State == creditbank.StateEffective
		if won != 1 || effective != a.Lot(lot.Seq).InUse() {
			t.Errorf("%d of 2 won; the application is %s, the lot in use: %v", won, a.Application(seq).State, a.Lot(lot.Seq).InUse())
		}
	}
	wantApplications(t, h.Store, 10, nil)
	wantInt(t, h, unbalanced, 0)
}
