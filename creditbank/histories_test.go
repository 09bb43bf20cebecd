package creditbank_test

import (
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/storetest"
)

// Dossiers get the rows up to the versions that were read: rows may be newer, or
// of learners who came meanwhile, but none may be missing.
func TestFillDossiers(t *testing.T) {
	learners := storetest.Learners(4)
	var outcomes []creditbank.Outcome
	var acts []creditbank.Act
	for _, l := range learners {
		acts = append(acts, l.Act)
		for seq := int64(2); seq < 5; seq++ {
			outcomes = append(outcomes, storetest.Outcome(storetest.Posting(l.ID, string(rune('a'+seq)), 1), storetest.Recognised(100), seq))
		}
	}
	dossiers := func() []creditbank.Dossier { // not of the first and the third
		return []creditbank.Dossier{{History: creditbank.History{Learner: learners[1].ID}}, {History: creditbank.History{Learner: learners[3].ID}}}
	}
	filled := dossiers()
	if err := creditbank.FillDossiers(filled, []int64{3, 4}, outcomes, acts); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int64{3, 4} {
		if a, err := creditbank.NewAccount(filled[i].History); err != nil || a.Version != want || a.Learner != filled[i].Learner {
			t.Errorf("dossier %d: version %v of %s, %v; want %d", i, a.Version, a.Learner, err, want)
		}
	}
	for name, err := range map[string]error{
		"an outcome is missing": creditbank.FillDossiers(dossiers(), []int64{3, 5}, outcomes, acts),
		"an act is missing":     creditbank.FillDossiers(dossiers(), []int64{3, 4}, outcomes, acts[2:]),
		"one in between is":     creditbank.FillDossiers(dossiers(), []int64{3, 3}, append(outcomes[:10:10], outcomes[11:]...), acts),
		"there is no account":   creditbank.FillDossiers(dossiers(), []int64{0, 4}, outcomes, acts),
	} {
		if err == nil {
			t.Errorf("%s, and it was not noticed", name)
		}
	}
}

// Looking at an account act by act comes to the account that the history makes,
// but for the digest, which nobody asks for and which takes a tenth of the time.
func TestEachActKeepsNoDigest(t *testing.T) {
	l := storetest.Learners(1)[0]
	h := creditbank.History{Learner: l.ID, Acts: []creditbank.Act{l.Act}, Outcomes: []creditbank.Outcome{
		storetest.Outcome(storetest.Posting(l.ID, "a", 1), storetest.Recognised(100), 2),
		storetest.Outcome(storetest.Posting(l.ID, "b", 1), storetest.Recognised(250), 3),
	}}
	want, err := creditbank.NewAccount(h)
	if err != nil {
		t.Fatal(err)
	}
	got, err := h.EachAct(func(before *creditbank.Account, act *creditbank.Act) error {
		if before.Version != act.Seq-1 {
			t.Errorf("act %d on version %d", act.Seq, before.Version)
		}
		return nil
	})
	if err != nil || got.Version != want.Version || len(got.Lots) != len(want.Lots) || !got.Totals.Equal(want.Totals) {
		t.Errorf("the account is %+v, %v; want %+v", got, err, want)
	}
	if got.Digest() != (creditbank.Hash{}) || want.Digest() == (creditbank.Hash{}) {
		t.Errorf("digests %v and %v", got.Digest(), want.Digest())
	}
}
