package storetest

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"testing"

	"creditbank/creditbank"

	gocmp "github.com/google/go-cmp/cmp"
)

var petitionTests = []test{
	{"EvidenceIsKeptWithItsAct", testEvidence},
	{"EvidenceIsNeverChanged", testEvidenceStays},
	{"DamagedEvidenceIsNoticed", testDamagedEvidence},
	{"EvidenceOfALostRaceIsNotThere", testEvidenceRace},
	{"EvidenceIsThereOrNotWithItsAct", testEvidenceFaults},
	{"PetitionsFollowWhatIsWritten", testPetitions},
	{"InstitutionsRaceForOnePetition", testPetitionRace},
}

// Petition adds a petition to an institution.
func (b *Book) Petition(i creditbank.InstitutionID, on creditbank.Date) creditbank.Act {
	return b.Act(creditbank.ActPetitioned, creditbank.ActBody{
		Petition: &creditbank.PetitionStep{Course: "S01", Institution: i, IssuedOn: on, Sealed: []byte("sealed words")},
	})
}

// Evidence adds a file of some bytes, which stand for sealed ones.
func (b *Book) Evidence(petition int64, sealed []byte) creditbank.Evidence {
	sum := creditbank.Hash(sha256.Sum256(sealed))
	act := b.Act(creditbank.ActEvidenced, creditbank.ActBody{
		Of: petition, Petition: &creditbank.PetitionStep{Bytes: 5, SHA256: &sum, Type: creditbank.PDF},
	})
	return creditbank.Evidence{
		Learner: act.Learner, Seq: act.Seq, Petition: petition, Type: creditbank.PDF, Bytes: 5, SHA256: sum, Sealed: sealed, At: act.At, By: act.By,
	}
}

func testEvidence(t *testing.T, h Harness) {
	books := Open(t, h.Store, Learners(2)...)
	want := map[*Book][]creditbank.Evidence{}
	for n, b := range books {
		p := b.Petition(Issuer, Day)
		for i, size := range []int{1, 100_000, creditbank.MaxEvidenceBytes + 100} {
			e := b.Evidence(p.Seq, seedBytes(n*10+i, size))
			w := b.Write()
			w.Evidence = []creditbank.Evidence{e}
			Append(t, h.Store, w)
			want[b] = append(want[b], e)
		}
		WantHistory(t, h.Store, b.History)
	}
	for _, b := range books {
		for _, e := range want[b] {
			got, err := h.Store.Evidence(t.Context(), e.Learner, e.Seq)
			if diff := gocmp.Diff(e, got, Equal()); err != nil || diff != "" {
				t.Errorf("Evidence(%d): %v, differs (-want +got):\n%.500s", e.Seq, err, diff)
			}
		}
	}
	for _, b := range books {
		kept, err := h.Store.EvidenceKept(t.Context(), b.History.Learner)
		var seqs []int64
		for _, e := range want[b] {
			seqs = append(seqs, e.Seq)
		}
		if err != nil || !slices.Equal(kept, seqs) {
			t.Errorf("EvidenceKept = %v, %v; want %v", kept, err, seqs)
		}
	}
	for _, seq := range []int64{1, 2, 99} { // opened, petitioned, never
		if _, err := h.Store.Evidence(t.Context(), books[0].History.Learner, seq); !errors.Is(err, creditbank.ErrNotFound) {
			t.Errorf("Evidence(%d) = %v, want ErrNotFound", seq, err)
		}
	}
	if _, err := h.Store.Evidence(t.Context(), Learner(9).ID, 3); !errors.Is(err, creditbank.ErrNotFound) {
		t.Errorf("Evidence of nobody = %v, want ErrNotFound", err)
	}
}

// seedBytes returns bytes that look like sealed ones.
func seedBytes(n, size int) []byte {
	out := make([]byte, 0, size+32)
	for block := sha256.Sum256([]byte{byte(n)}); len(out) < size; block = sha256.Sum256(block[:]) {
		out = append(out, block[:]...)
	}
	return out[:size]
}

// withEvidence writes a petition with one piece of evidence.
func withEvidence(t testing.TB, s creditbank.Store) (*Book, creditbank.Evidence) {
	t.Helper()
	b := Open(t, s, Learner(1))[0]
	p := b.Petition(Issuer, Day)
	e := b.Evidence(p.Seq, seedBytes(1, 1000))
	w := b.Write()
	w.Evidence = []creditbank.Evidence{e}
	Append(t, s, w)
	return b, e
}

func testEvidenceStays(t *testing.T, h Harness) {
	skipWithout(t, h.Exec != nil, "raw SQL")
	withEvidence(t, h.Store)
	for _, query := range []string{"UPDATE evidence SET bytes = 6", "DELETE FROM evidence"} {
		if err := h.Exec(query); err == nil {
			t.Errorf("%s: done, want it forbidden", query)
		}
	}
	wantInt(t, h, "SELECT count(*) FROM evidence WHERE bytes = 5", 1)
}

func testDamagedEvidence(t *testing.T, h Harness) {
	b, e := withEvidence(t, h.Store)
	damages := []damage{
		{"petition", e.Petition + 1}, {"type", string(creditbank.PNG)}, {"bytes", int64(6)}, {"at", e.At.UnixMicro() + 1}, {"caller", "institution:I07"},
		{"sha256", make([]byte, 32)}, {"digest", make([]byte, 32)}, {"sealed", []byte("other")},
	}
	onCopies(t, h, damages, "evidence", func(t *testing.T, _ damage, s creditbank.Store) {
		_, err := s.Evidence(t.Context(), b.History.Learner, e.Seq)
		wantDamage(t, "Evidence", err, string(b.History.Learner))
	})
}

// Evidence of a write that loses a race is not there.
func testEvidenceRace(t *testing.T, h Harness) {
	b := Open(t, h.Store, Learner(1))[0]
	p := b.Petition(Issuer, Day)
	Append(t, h.Store, b.Write())
	e := b.Evidence(p.Seq, seedBytes(1, 1000))
	w := b.Write()
	w.Evidence, w.Base = []creditbank.Evidence{e}, w.Base-1 // as if another had been first
	for i := range w.Acts {
		w.Acts[i].Seq--
	}
	w.Evidence[0].Seq--
	w.Petitions = []creditbank.PetitionItem{{Learner: w.Learner, Seq: p.Seq, State: creditbank.PetitionRefused}}
	taken, err := h.Store.Append(t.Context(), NewFeed(), []creditbank.Write{w})
	if err != nil || taken[0] {
		t.Fatalf("Append at an old version: taken %v, %v", taken, err)
	}
	wantInt(t, h, "SELECT count(*) FROM evidence", 0)
	wantInt(t, h, "SELECT count(*) FROM petition", 1)
}

func testEvidenceFaults(t *testing.T, h Harness) {
	f := &Faulty{Store: h.Store}
	b := Open(t, f, Learner(1))[0]
	p := b.Petition(Issuer, Day)
	Append(t, f, b.Write())
	e := b.Evidence(p.Seq, seedBytes(1, 1000))
	w := b.Write()
	w.Evidence = []creditbank.Evidence{e}
	for _, tt := range []struct {
		fault Fault
		want  int64
	}{{BeforeCommit, 0}, {Unknown, 0}, {AfterCommit, 1}} {
		f.Fail(MethodAppend, tt.fault)
		if _, err := f.Append(t.Context(), NewFeed(), []creditbank.Write{w}); !errors.Is(err, ErrInjected) {
			t.Errorf("Append with a fault %v: %v", tt.fault, err)
		}
		wantInt(t, h, "SELECT count(*) FROM evidence", tt.want)
		wantInt(t, h, "SELECT count(*) FROM act WHERE kind = 'evidenced'", tt.want)
	}
}

func testPetitions(t *testing.T, h Harness) {
	var want []creditbank.PetitionItem
	for i, b := range Open(t, h.Store, Learners(6)...) {
		to := []creditbank.InstitutionID{Issuer, "I07", Issuer}[i%3]
		p := b.Petition(to, Day)
		Append(t, h.Store, b.Write())
		switch i {
		case 2:
			b.Act(creditbank.ActPetitionWithdrawn, creditbank.ActBody{Of: p.Seq})
		case 3:
			act := Act(b.History.Learner, b.next(), creditbank.ActPetitionReturned, creditbank.ActBody{Of: p.Seq, Reason: "缺页"})
			act.By = creditbank.Caller{ID: "reviewer"}
			b.add(act)
		}
		if i == 2 || i == 3 {
			Append(t, h.Store, b.Write())
		}
		if to == Issuer {
			want = append(want, b.Account().OpenPetitions()...)
		}
	}
	slices.SortFunc(want, func(a, b creditbank.PetitionItem) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), cmp.Compare(a.Learner, b.Learner))
	})
	if len(want) != 3 {
		t.Fatalf("%d petitions are open", len(want))
	}
	for _, limit := range []int{1, 2, 3, 100} {
		var got []creditbank.PetitionItem
		var after creditbank.PetitionPlace
		for {
			page, err := h.Store.Petitions(t.Context(), []creditbank.InstitutionID{"I00", Issuer}, after, limit)
			if err != nil || len(page) > limit {
				t.Fatalf("Petitions: %d, %v", len(page), err)
			}
			if got = append(got, page...); len(page) < limit {
				break
			}
			after = page[len(page)-1].Place()
		}
		if diff := gocmp.Diff(want, got, Equal()); diff != "" {
			t.Errorf("petitions in pages of %d differ (-want +got):\n%s", limit, diff)
		}
	}
	if none, err := h.Store.Petitions(t.Context(), nil, creditbank.PetitionPlace{}, 10); err != nil || len(none) != 0 {
		t.Errorf("Petitions to nobody = %v, %v", none, err)
	}
}

// Two reviewers accept at once: it is posted once, and the other is told.
func testPetitionRace(t *testing.T, h Harness) {
	l := Learner(1)
	Open(t, h.Store, l)
	b := newBank(t, h.Store)
	change := func(who string) creditbank.Change {
		return creditbank.Change{By: creditbank.Caller{ID: who}, Learner: l.ID}
	}
	course := Course()
	p, err := b.Petition(t.Context(), change("applicant"), creditbank.Petitioning{
		Claimed: creditbank.Claimed{Institution: Issuer, Course: course.Code, IssuedOn: Day, Attended: course.Hours},
	})
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wait.Go(func() {
			_, errs[i] = b.AcceptPetition(t.Context(), change("reviewer"+string(rune('a'+i))), p.Seq, creditbank.Findings{})
		})
	}
	wait.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, creditbank.ErrConflict):
			t.Errorf("AcceptPetition: %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d reviewers accepted, want 1", won)
	}
	wantInt(t, h, "SELECT count(*) FROM outcome", 1)
	wantInt(t, h, "SELECT count(*) FROM act WHERE kind = 'petition_accepted'", 1)
	wantInt(t, h, "SELECT count(*) FROM petition", 0)
}
