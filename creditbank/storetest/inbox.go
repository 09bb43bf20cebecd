package storetest

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"creditbank/creditbank"

	gocmp "github.com/google/go-cmp/cmp"
)

var inboxTests = []test{
	{"ReadMarksNeverGoBack", testReadMarks},
	{"ConcernsAreListedNewestFirst", testConcerns},
	{"ConcernsComeWithTheWriteOrNotAtAll", testConcernsOfLosers},
	{"DamagedConcernIsNoticed", testDamagedConcern},
	{"OpenCasesAreListedInOrder", testCases},
}

func testReadMarks(t *testing.T, h Harness) {
	one, other := Learner(1).ID, Learner(2).ID
	for _, tt := range []struct{ mark, want int64 }{{0, 0}, {3, 3}, {2, 3}, {3, 3}, {9, 9}, {0, 9}} {
		if err := h.Store.MarkRead(t.Context(), one, tt.mark); err != nil {
			t.Fatal(err)
		}
		if got, err := h.Store.ReadMark(t.Context(), one); err != nil || got != tt.want {
			t.Errorf("ReadMark after %d = %d, %v; want %d", tt.mark, got, err, tt.want)
		}
		if got, err := h.Store.ReadMark(t.Context(), other); err != nil || got != 0 {
			t.Errorf("ReadMark of somebody else = %d, %v", got, err)
		}
	}
}

// Concern returns what an institution is told of a row.
func Concern(to creditbank.InstitutionID, act creditbank.Act) creditbank.Concern {
	return creditbank.Concern{
		ConcernRef: creditbank.ConcernRef{At: act.At, Learner: act.Learner, Seq: act.Seq}, Institution: to, Kind: act.Kind, Day: act.Day,
		Of: act.Body.Of, Since: act.Body.Since, Programme: "P1", Source: Issuer, ExternalID: "成果 <&>",
	}
}

// told returns a write of the book's newest rows that tells an institution of each
// act.
func told(b *Book, to creditbank.InstitutionID) creditbank.Write {
	w := b.Write()
	for _, act := range w.Acts {
		w.Concerns = append(w.Concerns, Concern(to, act))
	}
	return w
}

// concernsTo returns the concerns of a write as told to another.
func concernsTo(w creditbank.Write, to creditbank.InstitutionID) []creditbank.Concern {
	all := slices.Clone(w.Concerns)
	for i := range all {
		all[i].Institution = to
	}
	return all
}

// wantConcerns checks what an institution is told, read in pages.
func wantConcerns(t testing.TB, s creditbank.Store, to creditbank.InstitutionID, want []creditbank.Concern) {
	t.Helper()
	for _, page := range []int{1, 3, 100} {
		var got []creditbank.Concern
		var before creditbank.ConcernRef
		for {
			all, err := s.Concerns(t.Context(), to, before, page)
			if err != nil || len(all) > page {
				t.Fatalf("Concerns(%s, %v, %d) = %d, %v", to, before, page, len(all), err)
			}
			got = append(got, all...)
			if len(all) < page {
				break
			}
			before = all[len(all)-1].ConcernRef
		}
		if diff := gocmp.Diff(want, got, Equal()); diff != "" {
			t.Errorf("concerns of %s in pages of %d differ (-want +got):\n%s", to, page, diff)
		}
	}
}

// concernsOf returns what a write tells an institution.
func concernsOf(w creditbank.Write, to creditbank.InstitutionID) []creditbank.Concern {
	var all []creditbank.Concern
	for _, c := range w.Concerns {
		if c.Institution == to {
			all = append(all, c)
		}
	}
	return all
}

func testConcerns(t *testing.T, h Harness) {
	wantConcerns(t, h.Store, "I06", nil)
	var six, seven []creditbank.Concern
	books := Open(t, h.Store, Learners(3)...)
	for i := range 3 {
		var writes []creditbank.Write
		for _, b := range books {
			lot := b.Post(string(rune('a'+i)), creditbank.Credit)
			b.Reverse(b.Convert(creditbank.Credit, lot.Seq).Seq)
			b.Revoke(lot.Seq)
			w := told(b, "I06")
			if i != 1 {
				w.Concerns = append(w.Concerns, concernsTo(w, "I07")...)
			}
			for n := range w.Concerns { // the second write has the latest clock
				w.Concerns[n].At = w.Concerns[n].At.Add(time.Duration(i%2) * time.Microsecond)
			}
			writes = append(writes, w)
		}
		for _, w := range writes {
			six, seven = append(six, concernsOf(w, "I06")...), append(seven, concernsOf(w, "I07")...)
		}
		taken, err := h.Store.Append(t.Context(), NewFeed(), writes)
		if err != nil || slices.Contains(taken, false) {
			t.Fatalf("Append = %v, %v", taken, err)
		}
	}
	newestFirst := func(a, b creditbank.Concern) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Learner, a.Learner), cmp.Compare(b.Seq, a.Seq))
	}
	slices.SortFunc(six, newestFirst)
	slices.SortFunc(seven, newestFirst)
	wantConcerns(t, h.Store, "I06", six)
	wantConcerns(t, h.Store, "I07", seven)
	wantConcerns(t, h.Store, "I08", nil)
	wantInt(t, h, unbalanced, 0)
}

// A write that lost tells nobody; nor does one that is repeated tell twice.
func testConcernsOfLosers(t *testing.T, h Harness) {
	b := Open(t, h.Store, Learner(1))[0]
	lot := b.Post("a", creditbank.Credit)
	Append(t, h.Store, b.Write())
	loser := b.Clone()
	b.Revoke(lot.Seq)
	w, feed := told(b, "I06"), NewFeed()
	want := concernsOf(w, "I06")
	loser.Convert(creditbank.Credit, lot.Seq)
	for _, try := range []struct {
		w    creditbank.Write
		feed creditbank.Feed
		take bool
	}{{w, feed, true}, {w, NewFeed(), false}, {told(loser, "I06"), NewFeed(), false}} {
		taken, err := h.Store.Append(t.Context(), try.feed, []creditbank.Write{try.w})
		if err != nil || taken[0] != try.take {
			t.Fatalf("Append = %v, %v; want %v", taken, err, try.take)
		}
	}
	wantConcerns(t, h.Store, "I06", want)
}

func testDamagedConcern(t *testing.T, h Harness) {
	b := Open(t, h.Store, Learner(1))[0]
	lot := b.Post("a", creditbank.Credit)
	b.Revoke(lot.Seq)
	Append(t, h.Store, told(b, "I06"))
	damages := []damage{
		{"kind", "reversed"}, {"at", Noon.UnixMicro() + 1}, {"day", int64(20260316)}, {"of_seq", int64(9)}, {"since", int64(9)}, {"seq", int64(9)},
		{"programme", "P2"}, {"source", "I07"}, {"external_id", "x"}, {"digest", make([]byte, 32)}, {"digest", []byte{1}},
		{"learner_id", string(Learner(2).ID)},
	}
	onCopies(t, h, damages, "concern", func(t *testing.T, _ damage, s creditbank.Store) {
		_, err := s.Concerns(t.Context(), "I06", creditbank.ConcernRef{}, 10)
		wantDamage(t, "Concerns", err, "concern")
	})
}

// Award adds an award that rests on a conversion.
func (b *Book) Award(conversion int64) creditbank.Act {
	return b.Act(creditbank.ActAwarded, creditbank.ActBody{Award: &creditbank.Conferral{
		Credits: creditbank.Credit, Kind: creditbank.AwardDiploma, Lines: []creditbank.LineRef{{Conversion: conversion, Slot: "T-A1"}},
		Own: []creditbank.OwnStudy{{Credits: creditbank.Credit}}, Programme: "P1", RuleSet: 1,
	}})
}

// Case adds a case about a conversion which an award hangs on.
func (b *Book) Case(conversion, since, award int64) creditbank.Act {
	return b.Act(creditbank.ActCaseOpened, creditbank.ActBody{Of: conversion, Since: since, Case: &creditbank.CaseEntry{Award: award}})
}

func testCases(t *testing.T, h Harness) {
	var open []creditbank.RowRef
	for i, b := range Open(t, h.Store, Learners(5)...) {
		lot := b.Post("a", creditbank.Credit)
		conversion := b.Convert(creditbank.Credit, lot.Seq)
		award := b.Award(conversion.Seq)
		first := b.Case(conversion.Seq, lot.Seq, award.Seq)
		second := b.Case(conversion.Seq, lot.Seq, award.Seq)
		b.Deny()
		rows := []creditbank.Act{first, second}
		if i%2 == 1 {
			b.Act(creditbank.ActCaseDecided, creditbank.ActBody{Of: first.Seq, Case: &creditbank.CaseEntry{Upheld: i == 1}, Reason: "复核"})
			rows = rows[1:]
		}
		for _, a := range rows {
			open = append(open, creditbank.RowRef{Learner: a.Learner, Seq: a.Seq, Kind: creditbank.ActCaseOpened})
		}
		Append(t, h.Store, b.Write())
		WantHistory(t, h.Store, b.History)
	}
	for _, page := range []int{1, 2, 100} {
		var got []creditbank.RowRef
		var after creditbank.RowRef
		for {
			refs, err := h.Store.Cases(t.Context(), after, page)
			if err != nil || len(refs) > page {
				t.Fatalf("Cases(%v, %d) = %d, %v", after, page, len(refs), err)
			}
			got = append(got, refs...)
			if len(refs) < page {
				break
			}
			after = refs[len(refs)-1]
		}
		if diff := gocmp.Diff(open, got, Equal()); diff != "" {
			t.Errorf("open cases in pages of %d differ (-want +got):\n%s", page, diff)
		}
	}
}
