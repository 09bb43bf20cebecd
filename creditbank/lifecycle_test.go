package creditbank_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/storetest"
)

func TestRevokeReversesWhatItFed(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	c.post(l, "O2", "S2", "2025-01-01", "90")
	if d := c.convert(l, "R2"); !d.Approved || d.Lines[0].Grade != "82.5" {
		t.Fatalf("the series: %+v", d)
	}
	c.holds(l, "2026-03-15", "P1 8.0")
	c.set("2026-05-01")
	if got := kinds(c.revoke(l, "O1")); got != "reversed revoked" {
		t.Errorf("revoking a source: %s", got)
	}
	c.holds(l, "2026-05-01", "FORMAL 2.0") // the other source returned
	c.holds(l, "2026-03-15", "P1 8.0")     // known now, valid then
	c.holds(l, "2025-06-01", "FORMAL 8.0")
	if d := c.convert(l, "R1"); fmt.Sprint(d.Reasons()) != "[OUTCOME_REVOKED]" {
		t.Errorf("a revoked source: %v", d.Reasons())
	}
	if d := c.convert(l, "R4"); !d.Approved {
		t.Errorf("the returned source cannot be used: %v", d.Reasons())
	}
	_, err := c.Revoke(t.Context(), creditbank.Change{By: operator, Learner: l}, creditbank.Revoking{Institution: "I01", ExternalID: "O1"})
	wantCode(t, "revoked twice", err, creditbank.ErrConflict, creditbank.CodeState)
	p := c.posting(l, "O1", "S1", "2025-01-01", "85")
	p.Revision = 2
	_, err = c.Revise(t.Context(), operator, p, "")
	wantCode(t, "revising what was revoked", err, creditbank.ErrConflict, creditbank.CodeState)
	c.replayAll(l)
}

func TestReturnedSourceMayHaveExpired(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	for i := range 2 {
		c.post(l, fmt.Sprintf("N%d", i), "N3", "2021-04-01", "80") // 3.0 each, usable through 2026-04-01
	}
	if d := c.convert(l, "R3"); !d.Approved { // takes 3.0 and 1.0
		t.Fatalf("pool: %v", d.Reasons())
	}
	c.holds(l, "2026-03-15", "NON_FORMAL 2.0, P1 4.0")
	c.set("2026-04-02")
	c.revoke(l, "N0")
	c.holds(l, "2026-04-02", "") // what returned had expired the day before
	c.holds(l, "2026-04-01", "NON_FORMAL 2.0, P1 4.0")
}

func TestReviseUnconsumedLotIsReplaced(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "60")
	c.set("2026-04-01")
	if o := c.revise(l, "O1", "S2", "2025-01-01", "75", 2); o.Credits != 200 {
		t.Errorf("revised to %v credits", o.Credits)
	}
	c.holds(l, "2026-04-01", "FORMAL 2.0")
	c.holds(l, "2026-03-15", "FORMAL 2.0") // known now: it never was 6.0
	if o := c.revise(l, "O1", "S2", "2025-01-01", "75", 2); o.Revision != 2 {
		t.Errorf("sent again: %+v", o)
	}
	for revision, code := range map[int]creditbank.Code{2: creditbank.CodeKeyReused, 4: creditbank.CodeRevisionOrder} {
		p := c.posting(l, "O1", "S1", "2025-01-01", "75")
		p.Revision = revision
		_, err := c.Revise(t.Context(), operator, p, "")
		wantCode(t, fmt.Sprintf("revision %d", revision), err, creditbank.ErrConflict, code)
	}
	if o := c.revise(l, "O1", "S2", "2025-01-01", "不合格", 3); o.Granted {
		t.Errorf("revised to a failure, and still recognised: %+v", o.Recognition)
	}
	c.holds(l, "2026-04-01", "")
}

// Where columns have slipped, somebody's name stands in the key's place: it is
// not repeated.
func TestKeysThatAreNamesAreNotRepeated(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	p := c.posting(l, "欧阳荷", "S1", "2025-01-01", "75")
	p.Revision = 3
	_, err := c.Revise(t.Context(), operator, p, "")
	wantCode(t, "nothing to revise", err, creditbank.ErrNotFound, creditbank.CodeUnknownOutcome)
	c.post(l, "欧阳荷", "S1", "2025-01-01", "60")
	c.set("2026-04-01")
	c.revise(l, "欧阳荷", "S1", "2025-01-01", "61", 2)
	p.Revision = 2
	_, again := c.Revise(t.Context(), operator, p, "")
	wantCode(t, "another revision 2", again, creditbank.ErrConflict, creditbank.CodeKeyReused)
	for _, err := range []error{err, again} {
		var input *creditbank.InputError
		if !errors.As(err, &input) || strings.Contains(input.Reason.ZH+input.Reason.EN, "欧阳荷") {
			t.Errorf("says %v", err)
		}
	}
}

func TestReviseConsumedLot(t *testing.T) {
	for name, tt := range map[string]struct {
		course, score string
		kinds         string // of the last acts
		balance       string
		grade         string
	}{
		"same lines":           {"S1", "80", "relinked replaced", "P1 4.0", "80"},
		"only the grade":       {"S1", "91", "regraded replaced", "P1 4.0", "91"},
		"below the minimum":    {"S1", "69", "reversed replaced", "FORMAL 6.0", ""},
		"another course":       {"S2", "80", "reversed replaced", "FORMAL 2.0", ""},
		"no longer an outcome": {"S1", "不合格", "reversed replaced", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCity(t)
			l := c.open(0)
			c.post(l, "O1", "S1", "2025-01-01", "80")
			c.convert(l, "R1")
			c.set("2026-05-01")
			issued := "2025-01-02" // something differs in any case
			c.revise(l, "O1", tt.course, issued, tt.score, 2)
			h, err := c.History(t.Context(), l)
			must(t, err)
			if got := kinds(h.Acts[len(h.Acts)-2:]); got != tt.kinds {
				t.Errorf("acts %s, want %s", got, tt.kinds)
			}
			c.holds(l, "2026-05-01", tt.balance)
			a, err := c.Account(t.Context(), l)
			must(t, err)
			conversion := a.Conversions[0]
			if conversion.Stands() != (tt.grade != "") || conversion.Stands() && (conversion.Decision.Lines[0].Grade != tt.grade || conversion.Decision.Day != 20260315) {
				t.Errorf("the conversion: stands %v, %+v", conversion.Stands(), conversion.Decision.Lines)
			}
			c.replayAll(l)
		})
	}
}

// What looking back would take must not be what a later conversion holds.
func TestRelinkNeverConsumesTwice(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	c.post(l, "N0", "N3", "2025-01-01", "80")
	c.post(l, "N1", "N3", "2025-02-01", "80")
	c.post(l, "N2", "N3", "2025-03-01", "80")
	c.convert(l, "R3") // all of N0, 1.0 of N1
	c.convert(l, "R3") // 2.0 of N1, 2.0 of N2
	c.holds(l, "2026-03-15", "NON_FORMAL 1.0, P1 8.0")
	// N0 now expires last, so its conversion would rather take N1 and N2.
	c.revise(l, "N0", "N3", "2025-12-01", "80", 2)
	c.holds(l, "2026-03-15", "NON_FORMAL 1.0, P1 8.0")
	a, err := c.Account(t.Context(), l)
	must(t, err)
	if uses := a.Conversions[0].Decision.Sources; len(uses) != 3 || uses[0].Credits != 100 || uses[1].Credits != 100 || uses[2].Credits != 200 {
		t.Errorf("relinked to %+v, want 1.0 of N1, 1.0 of N2 and 2.0 of N0", uses)
	}
	c.replayAll(l)
}

func TestCapRoomServesLaterPostingsOnly(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	var last creditbank.Outcome
	for i := range 4 {
		last = c.post(l, fmt.Sprintf("N%d", i), "N3", "2025-01-01", "80")
	}
	if last.Credits != 100 || last.Lost != 200 {
		t.Fatalf("the fourth of 3.0 under a cap of 10.0: %v, lost %v", last.Credits, last.Lost)
	}
	c.revoke(l, "N0")
	c.holds(l, "2026-03-15", "NON_FORMAL 7.0") // the fourth stays cut
	if o := c.post(l, "N4", "N3", "2025-06-01", "80"); o.Credits != 300 {
		t.Errorf("a later posting gets %v of the 3.0 that came free", o.Credits)
	}
	// A revision is measured without what it replaces.
	if o := c.revise(l, "N1", "N3", "2025-02-01", "90", 2); o.Credits != 300 || o.Lost != 0 {
		t.Errorf("a revision gets %v", o.Credits)
	}
}

func TestFreeze(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	must(t, c.Freeze(t.Context(), creditbank.Change{By: operator, Learner: l}, "调查"))
	c.post(l, "O1", "S1", "2025-01-01", "80") // postings still arrive
	c.holds(l, "2026-03-15", "FORMAL 6.0")    // balances stay readable
	if d := c.convert(l, "R1"); fmt.Sprint(d.Reasons()) != "[ACCOUNT_FROZEN]" {
		t.Errorf("a frozen account converts: %v", d.Reasons())
	}
	must(t, c.Unfreeze(t.Context(), creditbank.Change{By: operator, Learner: l}, ""))
	must(t, c.Unfreeze(t.Context(), creditbank.Change{By: operator, Learner: l}, "")) // nothing to do
	if d := c.convert(l, "R1"); !d.Approved {
		t.Errorf("after unfreezing: %v", d.Reasons())
	}
}

// A decision made under one version of the rules is replayed under it.
func TestReplayAcrossRuleVersions(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	c.convert(l, "R1")
	c.publish(strings.Replace(cityFiles, `min_grade: "70"`, `min_grade: "90"`, 1))
	if v := c.Catalogue().Rules.Version(); v != 2 {
		t.Fatalf("rule set version %d, want 2", v)
	}
	c.post(l, "O2", "S1", "2025-01-01", "80")
	if d := c.convert(l, "R1"); d.Approved || d.RuleSet != 2 {
		t.Errorf("under the new rules: %+v", d)
	}
	if n := c.replayAll(l); n != 2 {
		t.Errorf("replayed %d decisions", n)
	}
	c.publish(strings.Replace(cityFiles, `min_grade: "70"`, `min_grade: "90"`, 1))
	if v := c.Catalogue().Rules.Version(); v != 2 {
		t.Errorf("publishing the same again made version %d", v)
	}
}

// For each write: it fails and is not there; it fails and is there; nobody
// knows. Sent again it is there once.
func TestFaultsHaveOneEffect(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.BeforeCommit, storetest.AfterCommit, storetest.Unknown} {
		t.Run(fault.String(), func(t *testing.T) {
			c := newCity(t)
			l := c.open(0)
			again := func(what string, write func() error) {
				t.Helper()
				c.store.Fail(storetest.MethodAppend, fault)
				if err := write(); err == nil {
					t.Errorf("%s: the fault was reported as success", what)
				} else if fault == storetest.Unknown && !errors.Is(err, creditbank.ErrOutcomeUnknown) {
					t.Errorf("%s: error %v, want an unknown outcome", what, err)
				}
				if err := write(); err != nil {
					t.Errorf("%s: sent again: %v", what, err)
				}
			}
			again("post", func() error {
				_, err := c.poster.Post(t.Context(), operator, c.posting(l, "O1", "S1", "2025-01-01", "80"), "r")
				return err
			})
			again("convert", func() error {
				_, err := c.Convert(t.Context(), creditbank.Change{By: operator, Learner: l, Key: "k"}, []creditbank.RuleID{"R1"})
				return err
			})
			again("revise", func() error {
				p := c.posting(l, "O1", "S1", "2025-01-01", "90")
				p.Revision = 2
				_, err := c.Revise(t.Context(), operator, p, "r2")
				return err
			})
			again("revoke", func() error {
				_, err := c.Revoke(t.Context(), creditbank.Change{By: operator, Learner: l, Key: "k2"}, creditbank.Revoking{Institution: "I01", ExternalID: "O1"})
				return err
			})
			again("freeze", func() error {
				return c.Freeze(t.Context(), creditbank.Change{By: operator, Learner: l, Key: "k3"}, "x")
			})
			h, err := c.History(t.Context(), l)
			must(t, err)
			if got, want := kinds(h.Acts), "opened enrolled decided regraded replaced reversed revoked frozen"; got != want || len(h.Outcomes) != 2 {
				t.Errorf("on record: %s and %d outcomes, want %s and 2", got, len(h.Outcomes), want)
			}
			c.replayAll(l)
		})
	}
}

func TestPosterUnderContention(t *testing.T) {
	c := newCity(t)
	learners := []creditbank.LearnerID{c.open(0), c.open(1), c.open(2)}
	poster := c.NewPoster(t.Context(), creditbank.PosterConfig{Writers: 3, Batch: 16})
	var wg sync.WaitGroup
	fresh := make(chan bool, 1000)
	for i := range 240 {
		// Two posters on one store, every posting sent twice, three learners.
		for _, p := range []*creditbank.Poster{poster, c.poster} {
			wg.Go(func() {
				for {
					posted, err := p.Post(t.Context(), operator, c.posting(learners[i%3], fmt.Sprintf("O%d", i), "S2", "2025-01-01", "80"), "r")
					if errors.Is(err, creditbank.ErrBusy) {
						continue
					}
					if err != nil {
						t.Error(err)
					}
					fresh <- !posted.Duplicate
					return
				}
			})
		}
	}
	wg.Wait()
	poster.Close()
	close(fresh)
	n := 0
	for f := range fresh {
		if f {
			n++
		}
	}
	if n != 240 {
		t.Errorf("%d of 240 postings answered as new", n)
	}
	for _, l := range learners {
		c.holds(l, "2026-03-15", "FORMAL 160.0")
	}
	if _, err := poster.Post(t.Context(), operator, c.posting(learners[0], "late", "S2", "2025-01-01", "80"), "r"); !errors.Is(err, creditbank.ErrBusy) {
		t.Errorf("a closed poster answered %v", err)
	}
}

// Evaluated again as of its own day, a conversion sees what was posted by then.
func TestLookingBackSeesWhatWasPostedByThen(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	c.post(l, "N0", "N3", "2025-01-01", "80")
	c.post(l, "N1", "N3", "2025-02-01", "80")
	c.convert(l, "R3")                        // 3.0 of N0, 1.0 of N1
	c.post(l, "N2", "N3", "2024-01-01", "80") // would expire first, but came later
	c.revise(l, "N0", "N3", "2025-01-01", "90", 2)
	a, err := c.Account(t.Context(), l)
	must(t, err)
	for _, s := range a.Conversions[0].Decision.Sources {
		if a.Lot(s.Lot).ExternalID == "N2" {
			t.Errorf("relinked to a lot posted afterwards: %+v", a.Conversions[0].Decision.Sources)
		}
	}
	c.replayAll(l)
}

// Postings of one learner that are written together count towards the yearly
// cap one after the other.
func TestYearlyCapWithinABatch(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	poster := c.NewPoster(t.Context(), creditbank.PosterConfig{Writers: 1})
	defer poster.Close()
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			_, err := poster.Post(t.Context(), operator, c.posting(l, fmt.Sprintf("N%d", i), "N3", "2025-01-01", "80"), "r")
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	c.holds(l, "2026-03-15", "NON_FORMAL 10.0")
}
