package storetest

import (
	"errors"
	"fmt"
	"testing"

	"creditbank/creditbank"

	gocmp "github.com/google/go-cmp/cmp"
)

var applicationTests = []test{
	{"OpenApplicationsAreListedInOrder", testApplications},
	{"ReviewsRaceForOneApplication", testReviewRace},
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

// wantApplications checks the list of open applications, read in pages.
func wantApplications(t testing.TB, s creditbank.Store, page int, want []creditbank.RowRef) {
	t.Helper()
	var got []creditbank.RowRef
	var after creditbank.RowRef
	for {
		refs, err := s.Applications(t.Context(), after, page)
		if err != nil || len(refs) > page {
			t.Fatalf("Applications(%v, %d) = %d, %v", after, page, len(refs), err)
		}
		got = append(got, refs...)
		if len(refs) < page {
			break
		}
		after = refs[len(refs)-1]
	}
	if diff := gocmp.Diff(want, got, Equal()); diff != "" {
		t.Errorf("open applications in pages of %d differ (-want +got):\n%s", page, diff)
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
