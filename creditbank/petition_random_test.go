package creditbank_test

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"creditbank/creditbank"
)

// askFor petitions, or does something about some petition of the learner, whether
// open or not.
func (v *life) askFor(change creditbank.Change) error {
	a, err := v.Account(v.t.Context(), v.learner)
	if err != nil {
		return err
	}
	ctx, course := v.t.Context(), v.Catalogue().Courses["S1"]
	what := rapid.SampledFrom([]string{"petition", "petition", "evidence", "evidence", "return", "supplement", "accept", "accept", "refuse", "withdraw", "recuse"}).Draw(v.rt, "petition")
	if what == "petition" || len(a.Petitions) == 0 {
		day, _ := creditbank.ParseDate(fmt.Sprintf("202%d-03-01", rapid.IntRange(0, 5).Draw(v.rt, "year")))
		score, _ := creditbank.ParseScore(rapid.SampledFrom([]string{"50", "75"}).Draw(v.rt, "score"))
		_, err := v.Petition(ctx, change, creditbank.Petitioning{
			Claimed: creditbank.Claimed{Institution: course.Institution, Course: course.Code, IssuedOn: day, Score: score}, PetitionWords: creditbank.PetitionWords{Text: "附"},
		})
		return err
	}
	p := rapid.SampledFrom(a.Petitions).Draw(v.rt, "which")
	who := change
	who.By.ID = rapid.SampledFrom([]string{"r1", "r2", "r3", operator.ID}).Draw(v.rt, "who")
	switch what {
	case "evidence":
		_, err = v.AddEvidence(ctx, change, p.Seq, pdfFile(rapid.IntRange(50, 60).Draw(v.rt, "size")))
	case "return":
		_, err = v.ReturnPetition(ctx, who, p.Seq, "缺页")
	case "supplement":
		_, err = v.SupplementPetition(ctx, change, p.Seq, "补")
	case "accept":
		_, err = v.AcceptPetition(ctx, who, p.Seq, creditbank.Findings{})
	case "refuse":
		_, err = v.RefusePetition(ctx, who, p.Seq, "不符")
	case "withdraw":
		_, err = v.WithdrawPetition(ctx, change, p.Seq, "")
	case "recuse":
		_, err = v.RecusePetition(ctx, who, p.Seq, "亲属")
	}
	return err
}

// checkPetitions checks that each petition has an end or stands in the list, that
// what was accepted is posted once, by somebody who may, and that the evidence is
// what the history says: no less, and no more.
func (v *life) checkPetitions(a *creditbank.Account) {
	ctx := v.t.Context()
	var evidence []int64
	for _, p := range a.Petitions {
		if p.Open() != (p.ClosedBy == 0) || (p.State == creditbank.PetitionAccepted) != (p.Outcome != 0) {
			v.rt.Fatalf("petition %d is %s, closed by %d, outcome %d", p.Seq, p.State, p.ClosedBy, p.Outcome)
		}
		posted := 0
		for _, lot := range a.Lots {
			if lot.ExternalID == creditbank.PetitionNumber(a.Learner, p.Seq) {
				posted++
				if lot.Seq != p.Outcome || lot.By.ID == p.By.ID || p.Recused(lot.By) || lot.Institution != p.Claim.Institution {
					v.rt.Fatalf("petition %d was accepted as %d by %s", p.Seq, lot.Seq, lot.By.ID)
				}
			}
		}
		if posted != map[bool]int{true: 1}[p.Outcome != 0] {
			v.rt.Fatalf("petition %d is %s, and was posted %d times", p.Seq, p.State, posted)
		}
		for _, e := range p.Evidence {
			evidence = append(evidence, e.Seq)
			file, err := v.OpenEvidence(ctx, a.Learner, p.Seq, e.Seq)
			if err != nil || !bytes.Equal(file.Data, pdfFile(int(e.Bytes))) {
				v.rt.Fatalf("evidence %d of petition %d: %v", e.Seq, p.Seq, err)
			}
		}
	}
	slices.Sort(evidence)
	kept, err := v.store.EvidenceKept(ctx, a.Learner)
	if diff := cmp.Diff(evidence, kept, cmpopts.EquateEmpty()); err != nil || diff != "" {
		v.rt.Fatalf("the evidence stored differs from the account, %v (-want +got):\n%s", err, diff)
	}
	items, _, err := v.Petitions(ctx, creditbank.PetitionQuery{Institutions: []creditbank.InstitutionID{v.Catalogue().Courses["S1"].Institution}, Limit: 10_000})
	if err != nil {
		v.rt.Fatal(err)
	}
	items = slices.DeleteFunc(items, func(i creditbank.PetitionItem) bool { return i.Learner != a.Learner })
	slices.SortFunc(items, func(a, b creditbank.PetitionItem) int { return int(a.Seq - b.Seq) })
	if diff := cmp.Diff(a.OpenPetitions(), items, cmpopts.EquateEmpty()); diff != "" {
		v.rt.Fatalf("the list of petitions differs from the account (-want +got):\n%s", diff)
	}
}
