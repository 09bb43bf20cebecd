package creditbank_test

import (
	"errors"
	"strings"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/storetest"
)

var reviewer = creditbank.Caller{ID: "operator:reviewer"}

// reviewedCity is a city whose rule R1 asks for a reviewer.
func reviewedCity(t *testing.T) *city {
	t.Helper()
	c := newCity(t)
	c.publish(strings.Replace(cityFiles, "grant: [{slot: A,", "approval: reviewer, grant: [{slot: A,", 1))
	return c
}

// apply asks for R1 and returns the application.
func (c *city) apply(l creditbank.LearnerID) creditbank.Act {
	c.t.Helper()
	acts, err := c.Convert(c.t.Context(), creditbank.Change{By: operator, Learner: l}, []creditbank.RuleID{"R1"})
	must(c.t, err)
	if acts[0].Kind != creditbank.ActApplied || !acts[0].Body.Decision.Pending() {
		c.t.Fatalf("asked for R1: %s %v, want an application", acts[0].Kind, acts[0].Body.Decision.Reasons())
	}
	return acts[0]
}

func (c *city) review(l creditbank.LearnerID, application int64, approve bool) *creditbank.Decision {
	c.t.Helper()
	act, err := c.Review(c.t.Context(), creditbank.Change{By: reviewer, Learner: l}, application, creditbank.Verdict{Approve: approve, Note: "材料齐全"})
	must(c.t, err)
	if act.Kind != creditbank.ActDecided || act.Body.Of != application || act.Body.Reason != "材料齐全" {
		c.t.Errorf("reviewed as %+v", act)
	}
	return act.Body.Decision
}

func TestApplicationIsDecidedByAReviewer(t *testing.T) {
	c := reviewedCity(t)
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	previews, err := c.Preview(t.Context(), l, []creditbank.RuleID{"R1"})
	must(t, err)
	application := c.apply(l)
	c.holds(l, "2026-03-15", "")           // it is promised
	c.holds(l, "2026-03-14", "FORMAL 6.0") // and was not yet
	if !previews[0].Pending() || previews[0].Granted() != 4*creditbank.Credit {
		t.Errorf("the preview is %+v", previews[0])
	}
	c.set("2026-05-01")
	if d := c.review(l, application.Seq, true); !d.Approved || d.Day != 20260315 || d.Findings != nil {
		t.Errorf("approved as %+v", d)
	}
	c.holds(l, "2026-05-01", "P1 4.0")
	c.holds(l, "2026-03-15", "P1 4.0") // it takes effect on the day of the application
	a, err := c.Account(t.Context(), l)
	must(t, err)
	if p := a.Applications[0]; p.By != operator || p.DecidedBy != a.Conversions[0].Seq || !p.At.Equal(application.At) {
		t.Errorf("the application is %+v", p)
	}
	if n := c.replayAll(l); n != 2 {
		t.Errorf("%d decisions were replayed, want the application and its review", n)
	}
}

func TestApplicationIsReviewedByTheRulesOfItsDay(t *testing.T) {
	c := reviewedCity(t)
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	application := c.apply(l)
	c.publish(strings.Replace(cityFiles, `min_grade: "70"`, `min_grade: "90"`, 1))
	if d := c.review(l, application.Seq, true); !d.Approved || d.RuleSet != 2 {
		t.Errorf("reviewed by rule set %d: %v", d.RuleSet, d.Reasons())
	}
	if d := c.convert(l, "R1"); d.RuleSet != 3 || d.Approved || d.Pending() {
		t.Errorf("asked for by the new rules: %+v", d)
	}
	c.replayAll(l)
}

func TestReviewErrors(t *testing.T) {
	c := reviewedCity(t)
	ctx := t.Context()
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	application := c.apply(l).Seq
	by := creditbank.Change{By: reviewer, Learner: l, Key: "k"}
	yes := creditbank.Verdict{Approve: true}

	_, err := c.Convert(ctx, creditbank.Change{By: operator, Learner: l}, []creditbank.RuleID{"R1"})
	wantCode(t, "applied twice", err, creditbank.ErrConflict, creditbank.CodeState)
	_, err = c.Convert(ctx, creditbank.Change{By: operator, Learner: l}, []creditbank.RuleID{"R3", "R1"})
	wantCode(t, "applied twice among others", err, creditbank.ErrConflict, creditbank.CodeState)
	_, err = c.Review(ctx, creditbank.Change{By: operator, Learner: l}, application, yes)
	wantCode(t, "the applicant reviews", err, creditbank.ErrConflict, creditbank.CodeState)
	_, err = c.Review(ctx, by, application+1, yes)
	wantCode(t, "no application", err, creditbank.ErrNotFound, creditbank.CodeUnknownApplication)
	_, err = c.Review(ctx, by, application, creditbank.Verdict{Note: strings.Repeat("长", 400)})
	wantCode(t, "a long note", err, creditbank.ErrInvalid, creditbank.CodeMalformed)

	first, err := c.Review(ctx, by, application, yes)
	must(t, err)
	if again, err := c.Review(ctx, by, application, yes); err != nil || again.Seq != first.Seq {
		t.Errorf("sent again: %d, %v; want %d", again.Seq, err, first.Seq)
	}
	_, err = c.Review(ctx, by, application, creditbank.Verdict{})
	wantCode(t, "same key, other verdict", err, creditbank.ErrConflict, creditbank.CodeKeyReused)
	_, err = c.Review(ctx, creditbank.Change{By: reviewer, Learner: l, Key: "k2"}, application, yes)
	wantCode(t, "reviewed twice", err, creditbank.ErrConflict, creditbank.CodeState)
}

func TestRejectedMayApplyAgain(t *testing.T) {
	c := reviewedCity(t)
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	first := c.apply(l)
	if d := c.review(l, first.Seq, false); d.Approved || len(d.Findings) != 1 || d.Reasons()[0] != creditbank.ApprovalRejected || d.Lines != nil || d.Sources != nil {
		t.Errorf("rejected as %+v", d)
	}
	second := c.apply(l)
	items, _, err := c.Worklist(t.Context(), creditbank.WorkQuery{Programmes: []creditbank.ProgrammeID{"P1"}, Limit: 10})
	must(t, err)
	if len(items) != 1 || items[0].Seq != second.Seq || items[0].Learner != l {
		t.Errorf("open applications %v, want %d", items, second.Seq)
	}
	c.replayAll(l)
}

// What was reviewed once is not reviewed again when its source changes.
func TestRevisionOfAReviewedSource(t *testing.T) {
	for name, tt := range map[string]struct{ issued, score, kinds, holds string }{
		"the same grade":    {"2025-01-02", "80", "opened enrolled applied decided relinked replaced", "P1 4.0"},
		"another grade":     {"2025-01-01", "95", "opened enrolled applied decided regraded replaced", "P1 4.0"},
		"below the minimum": {"2025-01-01", "65", "opened enrolled applied decided reversed replaced", "FORMAL 6.0"},
	} {
		t.Run(name, func(t *testing.T) {
			c := reviewedCity(t)
			l := c.open(0)
			c.post(l, "O1", "S1", "2025-01-01", "80")
			c.review(l, c.apply(l).Seq, true)
			c.set("2026-06-01")
			c.revise(l, "O1", "S1", tt.issued, tt.score, 2)
			c.holds(l, "2026-06-01", tt.holds)
			h, err := c.History(t.Context(), l)
			must(t, err)
			if got := kinds(h.Acts); got != tt.kinds {
				t.Errorf("on record: %s, want %s", got, tt.kinds)
			}
			c.replayAll(l)
		})
	}
}

func TestRevokedSourceReversesWhatWasReviewed(t *testing.T) {
	c := reviewedCity(t)
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	c.review(l, c.apply(l).Seq, true)
	if got := kinds(c.revoke(l, "O1")); got != "reversed revoked" {
		t.Errorf("revoking the source: %s", got)
	}
	c.replayAll(l)
}

// For each write of a reviewed conversion, consent and request: it fails and is
// not there; it fails and is there; nobody knows. Sent again it is there once.
func TestFaultsOfReviewConsentAndRequest(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.BeforeCommit, storetest.AfterCommit, storetest.Unknown} {
		t.Run(fault.String(), func(t *testing.T) {
			c := reviewedCity(t)
			ctx, l := t.Context(), c.open(0)
			posted := c.post(l, "O1", "S1", "2025-01-01", "80").Seq
			var seqs []int64
			again := func(key string, write func(creditbank.Change) (creditbank.Act, error)) int64 {
				t.Helper()
				change := creditbank.Change{By: reviewer, Learner: l, Key: key}
				if key == "apply" {
					change.By = operator
				}
				c.store.Fail(storetest.MethodAppend, fault)
				_, err := write(change)
				if !errors.Is(err, storetest.ErrInjected) || errors.Is(err, creditbank.ErrOutcomeUnknown) != (fault != storetest.BeforeCommit) {
					t.Errorf("%s with the fault: %v", key, err)
				}
				act, err := write(change)
				must(t, err)
				if twice, err := write(change); err != nil || twice.Seq != act.Seq {
					t.Errorf("%s a third time: %d, %v; want %d", key, twice.Seq, err, act.Seq)
				}
				seqs = append(seqs, act.Seq)
				return act.Seq
			}
			application := again("apply", func(ch creditbank.Change) (creditbank.Act, error) {
				acts, err := c.Convert(ctx, ch, []creditbank.RuleID{"R1"})
				if err != nil {
					return creditbank.Act{}, err
				}
				return acts[0], nil
			})
			again("review", func(ch creditbank.Change) (creditbank.Act, error) {
				return c.Review(ctx, ch, application, creditbank.Verdict{Approve: true})
			})
			consent := again("consent", func(ch creditbank.Change) (creditbank.Act, error) { return c.Consent(ctx, ch, admission()) })
			again("withdraw", func(ch creditbank.Change) (creditbank.Act, error) { return c.WithdrawConsent(ctx, ch, consent) })
			again("request", func(ch creditbank.Change) (creditbank.Act, error) { return c.RequestCertificate(ctx, ch, posted) })
			again("void", func(ch creditbank.Change) (creditbank.Act, error) {
				return c.VoidCertificate(ctx, ch, posted, "姓名有误")
			})
			h, err := c.History(ctx, l)
			must(t, err)
			if got, want := kinds(h.Acts), "opened enrolled applied decided consented withdrawn requested voided"; got != want {
				t.Errorf("on record: %s, want %s", got, want)
			}
			for i, seq := range seqs {
				if want := int64(i) + 4; seq != want {
					t.Errorf("write %d made version %d, want %d", i, seq, want)
				}
			}
			c.replayAll(l)
		})
	}
}
