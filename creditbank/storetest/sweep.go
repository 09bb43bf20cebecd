package storetest

import (
	"cmp"
	"slices"
	"sync"
	"testing"

	"creditbank/creditbank"

	gocmp "github.com/google/go-cmp/cmp"
)

var sweepTests = []test{
	{"ExpiriesAreListedByDay", testExpiring},
	{"RefusedAreListedByLearner", testRefused},
	{"MarksOnlyRise", testMarks},
}

// Until returns a recognition of so many credits through a day.
func Until(day creditbank.Date, c creditbank.Credits) creditbank.Recognition {
	r := Recognised(c)
	r.ExpiresOn = day
	return r
}

// Recognise adds an act that recognises an outcome anew.
func (b *Book) Recognise(of int64, r creditbank.Recognition) creditbank.Act {
	reasons := r.Reasons
	if reasons == nil {
		reasons = []creditbank.Reason{}
	}
	return b.Act(creditbank.ActRecognised, creditbank.ActBody{Of: of, Recognition: &creditbank.RecordedRecognition{
		Credits: r.Credits, ExpiresOn: r.ExpiresOn, Granted: r.Granted, Lost: r.Lost, Reasons: reasons, Rule: r.Rule, RuleSet: r.RuleSet,
	}})
}

// sweepBooks opens accounts with outcomes of several days, refused ones, and
// some recognised anew.
func sweepBooks(t *testing.T, h Harness) (expiries []creditbank.Expiry, refused []creditbank.LearnerID) {
	t.Helper()
	days := []creditbank.Date{20260110, 20260111, 20260301, 20310301}
	for i, b := range Open(t, h.Store, Learners(9)...) {
		id := b.History.Learner
		add := func(day creditbank.Date) { expiries = append(expiries, creditbank.Expiry{Day: day, Learner: id}) }
		b.Record(Posting(id, "a", 1), Until(days[i%3], creditbank.Credit))
		b.Record(Posting(id, "b", 1), Until(days[i%3], 2*creditbank.Credit)) // the same day: once
		b.Record(Posting(id, "c", 1), Until(0, creditbank.Credit))           // never
		add(days[i%3])
		if i%2 == 0 {
			no := b.Record(Posting(id, "d", 1), Refused())
			refused = append(refused, id)
			if i%4 == 0 {
				b.Recognise(no.Seq, Until(days[3], creditbank.Credit))
				add(days[3])
			}
		}
		if i == 3 || i == 5 { // gives way, and never expires if it comes back
			yields := b.Record(Posting(id, "e", 1), Until(days[0], creditbank.Credit))
			b.Recognise(yields.Seq, Refused())
			if i == 5 {
				b.Recognise(yields.Seq, Until(0, creditbank.Credit))
			}
			refused = append(refused, id)
			if i%3 != 0 {
				add(days[0])
			}
		}
		Append(t, h.Store, b.Write())
		WantHistory(t, h.Store, b.History)
	}
	wantInt(t, h, unbalanced, 0)
	slices.SortFunc(expiries, func(a, b creditbank.Expiry) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Learner, b.Learner))
	})
	slices.Sort(refused)
	return expiries, refused
}

func testExpiring(t *testing.T, h Harness) {
	all, _ := sweepBooks(t, h)
	for _, through := range []creditbank.Date{20260109, 20260110, 20260630, 99991231} {
		var want []creditbank.Expiry
		for _, e := range all {
			if e.Day <= through {
				want = append(want, e)
			}
		}
		for _, page := range []int{1, 2, 100} {
			got := pages(t, page, creditbank.Expiry{}, func(after creditbank.Expiry) ([]creditbank.Expiry, error) {
				return h.Store.Expiring(t.Context(), after, through, page)
			})
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("expiries through %s in pages of %d differ (-want +got):\n%s", through, page, diff)
			}
		}
	}
}

func testRefused(t *testing.T, h Harness) {
	_, want := sweepBooks(t, h)
	for _, page := range []int{1, 2, 100} {
		got := pages(t, page, "", func(after creditbank.LearnerID) ([]creditbank.LearnerID, error) {
			return h.Store.Refused(t.Context(), after, page)
		})
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("refused in pages of %d differ (-want +got):\n%s", page, diff)
		}
	}
}

// pages reads a list to its end.
func pages[T any](t *testing.T, page int, after T, read func(after T) ([]T, error)) []T {
	t.Helper()
	var all []T
	for {
		got, err := read(after)
		if err != nil || len(got) > page {
			t.Fatalf("after %v: %d in a page of %d, %v", after, len(got), page, err)
		}
		all = append(all, got...)
		if len(got) < page {
			return all
		}
		after = got[len(got)-1]
	}
}

func testMarks(t *testing.T, h Harness) {
	ctx := t.Context()
	want := func(job string, mark int64) {
		t.Helper()
		for _, s := range twoStores(h) {
			if got, err := s.Mark(ctx, job); err != nil || got != mark {
				t.Errorf("Mark(%s) = %d, %v; want %d", job, got, err, mark)
			}
		}
	}
	want("expiry", 0)
	for _, mark := range []int64{20260110, 20260110, 20260109} {
		if err := h.Store.SetMark(ctx, "expiry", mark); err != nil {
			t.Fatal(err)
		}
		want("expiry", 20260110)
	}
	want("deadline", 0)
	var wait sync.WaitGroup
	for _, s := range twoStores(h) {
		for n := range 10 {
			wait.Go(func() {
				if err := s.SetMark(ctx, "deadline", int64(n)); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wait.Wait()
	want("deadline", 9)
	want("expiry", 20260110)
}
