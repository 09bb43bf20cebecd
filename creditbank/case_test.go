package creditbank_test

import (
	"fmt"
	"strings"
	"testing"

	"creditbank/creditbank"
)

var registrar = creditbank.Caller{ID: "operator:registrar"}

// confer confers a diploma for P1 or P3, stating what is missing as own study.
func (c *city) confer(l creditbank.LearnerID, p creditbank.ProgrammeID) creditbank.Act {
	c.t.Helper()
	own := map[creditbank.ProgrammeID][]creditbank.OwnStudy{
		"P1": {{Slot: "B", Credits: 800}, {Slot: "E", Credits: 800}},
		"P3": {{Slot: "Z", Credits: 600}, {Credits: 3000}},
	}
	act, err := c.Confer(c.t.Context(), creditbank.Change{By: operator, Learner: l}, creditbank.Awarding{Kind: creditbank.AwardDiploma, Programme: p, Own: own[p]})
	must(c.t, err)
	return act
}

func (c *city) decideCase(l creditbank.LearnerID, seq int64, r creditbank.CaseRuling) []creditbank.Act {
	c.t.Helper()
	r.Reason = "复核意见"
	acts, err := c.DecideCase(c.t.Context(), creditbank.Change{By: registrar, Learner: l}, seq, r)
	must(c.t, err)
	return acts
}

func TestAwardMeetsTheProgramme(t *testing.T) {
	c, l := chainCity(t)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	s := c.grants(l, "R1")
	change := creditbank.Change{By: operator, Learner: l, Key: "k"}
	for name, tt := range map[string]struct {
		r    creditbank.Awarding
		kind error
		want string
	}{
		"a slot is empty":        {creditbank.Awarding{Kind: creditbank.AwardDiploma, Programme: "P1"}, creditbank.ErrConflict, "B (B) has 0.0 of 8.0 credits; 4.0 of 20.0 credits in all"},
		"credits are too few":    {creditbank.Awarding{Kind: creditbank.AwardDiploma, Programme: "P1", Own: []creditbank.OwnStudy{{Slot: "B", Credits: 800}}}, creditbank.ErrConflict, "not met: 12.0 of 20.0 credits in all"},
		"more than the slot has": {creditbank.Awarding{Kind: creditbank.AwardDiploma, Programme: "P1", Own: []creditbank.OwnStudy{{Slot: "A", Credits: 1}}}, creditbank.ErrInvalid, "at most 0.0"},
		"a slot twice":           {creditbank.Awarding{Kind: creditbank.AwardDiploma, Programme: "P1", Own: []creditbank.OwnStudy{{Slot: "B", Credits: 1}, {Slot: "B", Credits: 1}}}, creditbank.ErrInvalid, "each slot once"},
		"no such slot":           {creditbank.Awarding{Kind: creditbank.AwardDiploma, Programme: "P1", Own: []creditbank.OwnStudy{{Slot: "Q", Credits: 1}}}, creditbank.ErrInvalid, "no slot Q"},
		"no such programme":      {creditbank.Awarding{Kind: creditbank.AwardDiploma, Programme: "P9"}, creditbank.ErrNotFound, "does not exist"},
		"no such kind":           {creditbank.Awarding{Kind: "MEDAL", Programme: "P1"}, creditbank.ErrInvalid, "none of DIPLOMA"},
	} {
		_, err := c.Confer(t.Context(), change, tt.r)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
		wantKind(t, name, err, tt.kind)
	}
	act := c.confer(l, "P1")
	w := c.account(l).Award(act.Seq)
	if w == nil || w.Credits != 2000 || len(w.Lines) != 1 || w.Lines[0] != (creditbank.LineRef{Conversion: s[0], Slot: "A"}) {
		t.Errorf("conferred %+v", w)
	}
	_, err := c.Confer(t.Context(), change, creditbank.Awarding{Kind: creditbank.AwardDiploma, Programme: "P1", Own: w.Own})
	wantCode(t, "a second diploma", err, creditbank.ErrConflict, creditbank.CodeState)
	_, err = c.WithdrawAward(t.Context(), change, act.Seq, " ")
	wantCode(t, "withdrawn without a reason", err, creditbank.ErrInvalid, creditbank.CodeMissing)
	_, err = c.WithdrawAward(t.Context(), change, act.Seq, "误授")
	must(t, err)
	_, err = c.WithdrawAward(t.Context(), creditbank.Change{By: operator, Learner: l}, act.Seq, "误授")
	wantCode(t, "withdrawn twice", err, creditbank.ErrConflict, creditbank.CodeState)
	c.confer(l, "P1")
	must(t, c.Leave(t.Context(), creditbank.Change{By: operator, Learner: l}, "P3"))
	_, err = c.Confer(t.Context(), creditbank.Change{By: operator, Learner: l}, creditbank.Awarding{Kind: creditbank.AwardDiploma, Programme: "P3"})
	wantCode(t, "not enrolled", err, creditbank.ErrConflict, creditbank.CodeState)
}

func wantKind(t *testing.T, what string, err, kind error) {
	t.Helper()
	input, ok := err.(*creditbank.InputError)
	if !ok || input.Kind != kind {
		t.Errorf("%s: error %v, want kind %v", what, err, kind)
	}
}

// A diploma at the end of a chain holds up what it rests on, and nothing else.
func TestCaseInsteadOfReversal(t *testing.T) {
	c, l := chainCity(t)
	root := c.post(l, "O1", "S1", "2025-01-01", "80")
	s := c.grants(l, "R1", "R11", "R12")
	award := c.confer(l, "P3")
	acts := c.revoke(l, "O1")
	if got, want := undone(acts), fmt.Sprintf("case_opened %d, revoked %d", s[0], root.Seq); got != want {
		t.Fatalf("revoking: %s, want %s", got, want)
	}
	c.holds(l, "2026-03-15", "P1 4.0, P2 4.0, P3 4.0") // it counts
	a := c.account(l)
	k := a.Cases[0]
	for _, seq := range s {
		if a.UnderCase(seq) != k.Seq {
			t.Errorf("conversion %d is not flagged", seq)
		}
	}
	if k.Award != award.Seq || k.Since != root.Seq || a.StateOf(a.Award(award.Seq)) != creditbank.AwardInQuestion {
		t.Errorf("the case %+v, the award %s", k, a.StateOf(a.Award(award.Seq)))
	}
	_, err := c.DecideCase(t.Context(), creditbank.Change{By: operator, Learner: l}, k.Seq, creditbank.CaseRuling{Uphold: true, Reason: "x"})
	wantCode(t, "decided by who revoked", err, creditbank.ErrConflict, creditbank.CodeState)
	_, err = c.DecideCase(t.Context(), creditbank.Change{By: registrar, Learner: l}, k.Seq, creditbank.CaseRuling{Uphold: true})
	wantCode(t, "decided without a reason", err, creditbank.ErrInvalid, creditbank.CodeMissing)
	_, err = c.DecideCase(t.Context(), creditbank.Change{By: registrar, Learner: l}, k.Seq, creditbank.CaseRuling{Uphold: true, Withdraw: true, Reason: "x"})
	wantCode(t, "upheld and withdrawn", err, creditbank.ErrInvalid, creditbank.CodeMalformed)
	_, err = c.DecideCase(t.Context(), creditbank.Change{By: registrar, Learner: l}, 1, creditbank.CaseRuling{Uphold: true, Reason: "x"})
	wantCode(t, "no such case", err, creditbank.ErrNotFound, creditbank.CodeUnknownCase)
	if unsound := c.account(l); unsound.Version != a.Version {
		t.Error("a refusal was put on record")
	}
}

func TestCaseIsDecided(t *testing.T) {
	for name, tt := range map[string]struct {
		ruling  creditbank.CaseRuling
		acts    string
		balance string
		state   creditbank.CaseState
		award   creditbank.AwardState
	}{
		"upheld":                {creditbank.CaseRuling{Uphold: true}, "case_decided", "P1 4.0, P2 4.0, P3 4.0", creditbank.CaseUpheld, creditbank.AwardStanding},
		"reversed, award stays": {creditbank.CaseRuling{}, "reversed reversed reversed case_decided", "", creditbank.CaseReversed, creditbank.AwardImpaired},
		"reversed, award goes":  {creditbank.CaseRuling{Withdraw: true}, "reversed reversed reversed award_withdrawn case_decided", "", creditbank.CaseReversed, creditbank.AwardWithdrawn},
	} {
		t.Run(name, func(t *testing.T) {
			c, l := chainCity(t)
			c.post(l, "O1", "S1", "2025-01-01", "80")
			c.grants(l, "R1", "R11", "R12")
			award := c.confer(l, "P3")
			c.revoke(l, "O1")
			k := c.account(l).Cases[0]
			if got := kinds(c.decideCase(l, k.Seq, tt.ruling)); got != tt.acts {
				t.Errorf("decided by %s, want %s", got, tt.acts)
			}
			c.holds(l, "2026-03-15", tt.balance)
			a := c.account(l)
			if got := a.CaseState(a.Cases[0]); got != tt.state {
				t.Errorf("the case is %s, want %s", got, tt.state)
			}
			if got := a.StateOf(a.Award(award.Seq)); got != tt.award {
				t.Errorf("the award is %s, want %s", got, tt.award)
			}
			_, err := c.DecideCase(t.Context(), creditbank.Change{By: registrar, Learner: l}, k.Seq, creditbank.CaseRuling{Uphold: true, Reason: "x"})
			wantCode(t, "decided twice", err, creditbank.ErrConflict, creditbank.CodeState)
			c.replayAll(l)
		})
	}
}

// While a case is open its lines carry nothing and bear no award.
func TestLinesInDoubtStayWhereTheyAre(t *testing.T) {
	c, l := chainCity(t)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	c.grants(l, "R1")
	c.confer(l, "P1")
	c.revoke(l, "O1")
	if got := fmt.Sprint(c.convert(l, "R11").Reasons()); got != "[OUTCOME_UNDER_REVIEW]" {
		t.Errorf("a line in doubt as a source: %s", got)
	}
	_, err := c.Confer(t.Context(), creditbank.Change{By: operator, Learner: l}, creditbank.Awarding{Kind: creditbank.AwardCompletion, Programme: "P1", Own: []creditbank.OwnStudy{{Slot: "B", Credits: 800}, {Slot: "E", Credits: 800}}})
	wantCode(t, "an award on a line in doubt", err, creditbank.ErrConflict, creditbank.CodeState)
	c.decideCase(l, c.account(l).Cases[0].Seq, creditbank.CaseRuling{Uphold: true})
	c.grants(l, "R11") // upheld, it serves again
	c.account(l)
	c.replayAll(l)
}

// A revision that a conversion in doubt does not follow is not used a second
// time while the conversion stands.
func TestRevisionUnderACaseIsNotUsedTwice(t *testing.T) {
	c, l := chainCity(t)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	c.post(l, "O2", "S2", "2025-01-01", "80")
	s := c.grants(l, "R1")
	award := c.confer(l, "P1")
	c.revise(l, "O1", "S1", "2025-01-01", "65", 2) // too low for R1, recognised all the same
	c.holds(l, "2026-03-15", "FORMAL 2.0, P1 4.0")
	a := c.account(l)
	if len(a.Cases) != 1 || !a.Lots[2].InUse() {
		t.Fatalf("cases %+v; the revision is in use: %v", a.Cases, a.Lots[2].InUse())
	}
	if got := fmt.Sprint(c.convert(l, "R2").Reasons()); got != "[OUTCOME_ALREADY_CONSUMED]" {
		t.Errorf("the revision as another source: %s", got)
	}
	c.revise(l, "O1", "S1", "2025-01-01", "66", 3) // no better
	c.holds(l, "2026-03-15", "FORMAL 2.0, P1 4.0")
	c.revise(l, "O1", "S1", "2025-01-01", "81", 4) // put right
	a = c.account(l)
	if got := c.lastActs(l, 2); !strings.HasPrefix(got, fmt.Sprintf("regraded %d, replaced", s[0])) {
		t.Errorf("put right by %s", got)
	}
	for _, k := range a.Cases {
		if a.CaseState(k) != creditbank.CaseMoot {
			t.Errorf("case %d is %s after its source was put right", k.Seq, a.CaseState(k))
		}
	}
	if got := a.StateOf(a.Award(award.Seq)); got != creditbank.AwardStanding {
		t.Errorf("the award is %s", got)
	}
	c.holds(l, "2026-03-15", "FORMAL 2.0, P1 4.0")
	c.replayAll(l)
}

// Reversed after all, what returns of a lot that was revoked or replaced meanwhile
// goes on to its issuer.
func TestReversedCaseFreesTheRevision(t *testing.T) {
	c, l := chainCity(t)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	c.grants(l, "R1")
	c.confer(l, "P1")
	c.revise(l, "O1", "S1", "2025-01-01", "65", 2)
	c.decideCase(l, c.account(l).Cases[0].Seq, creditbank.CaseRuling{Withdraw: true})
	c.holds(l, "2026-03-15", "FORMAL 6.0")
	c.account(l)
	c.replayAll(l)
}

// Where several awards hang on a conversion it falls once all let it go.
func TestCasesOfSeveralAwards(t *testing.T) {
	for _, upheld := range []bool{false, true} {
		c, l := chainCity(t)
		c.post(l, "O1", "S1", "2025-01-01", "80")
		s := c.grants(l, "R1", "R11", "R12")
		c.confer(l, "P1")
		c.confer(l, "P3")
		c.revoke(l, "O1")
		cases := c.account(l).Cases
		if len(cases) != 2 || cases[0].Conversion != s[0] || cases[1].Conversion != s[0] {
			t.Fatalf("cases %+v", cases)
		}
		if got := kinds(c.decideCase(l, cases[0].Seq, creditbank.CaseRuling{Uphold: upheld})); got != "case_decided" {
			t.Errorf("the first of two decides: %s", got)
		}
		c.holds(l, "2026-03-15", "P1 4.0, P2 4.0, P3 4.0")
		want := "reversed reversed reversed case_decided"
		if upheld {
			want = "case_decided"
		}
		if got := kinds(c.decideCase(l, cases[1].Seq, creditbank.CaseRuling{})); got != want {
			t.Errorf("after the first upheld it %v, the second decides: %s, want %s", upheld, got, want)
		}
		c.account(l)
		c.replayAll(l)
	}
}

// Once an award is withdrawn nothing holds the line up any more.
func TestWithdrawnAwardProtectsNothing(t *testing.T) {
	c, l := chainCity(t)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	c.grants(l, "R1")
	award := c.confer(l, "P1")
	_, err := c.WithdrawAward(t.Context(), creditbank.Change{By: registrar, Learner: l}, award.Seq, "误授")
	must(t, err)
	if got := kinds(c.revoke(l, "O1")); got != "reversed revoked" {
		t.Errorf("revoked by %s", got)
	}
}
