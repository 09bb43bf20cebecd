package creditbank_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"creditbank/creditbank"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func cmpString(v any) string { return fmt.Sprint(v) }

// applicationCity is a city whose rule R1 is decided as given, and that knows the
// working days of 2026.
func applicationCity(t *testing.T, life string) *city {
	t.Helper()
	c := newCity(t)
	must(t, c.Publish(t.Context(), operator, creditbank.Reference{Calendar: []creditbank.CalendarYear{shipped(t)}}))
	c.publish(strings.Replace(cityFiles, "grant: [{slot: A,", life+", grant: [{slot: A,", 1))
	return c
}

// acting returns a change that somebody makes.
func acting(who string, l creditbank.LearnerID) creditbank.Change {
	return creditbank.Change{By: creditbank.Caller{ID: who}, Learner: l}
}

// applicant opens an account with what R1 asks for, and applies.
func (c *city) applicant(n int) (creditbank.LearnerID, int64) {
	c.t.Helper()
	l := c.stranger(n)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	return l, c.apply(l).Seq
}

// vote casts votes, one for each letter: y or n, by reviewers r1, r2, … from the
// given one on.
func (c *city) vote(l creditbank.LearnerID, application int64, first int, votes string) creditbank.Act {
	c.t.Helper()
	var last creditbank.Act
	for i, v := range votes {
		var err error
		last, err = c.Review(c.t.Context(), acting(fmt.Sprintf("r%d", first+i), l), application, creditbank.Verdict{Approve: v == 'y', Note: "意见"})
		must(c.t, err)
	}
	return last
}

// state returns an application as it stands.
func (c *city) application(l creditbank.LearnerID, seq int64) *creditbank.Application {
	c.t.Helper()
	a, err := c.Account(c.t.Context(), l)
	must(c.t, err)
	return a.Application(seq)
}

func (c *city) wantState(l creditbank.LearnerID, seq int64, state creditbank.ApplicationState, due string) {
	c.t.Helper()
	if p := c.application(l, seq); p.State != state || p.Due.String() != due {
		c.t.Errorf("the application is %s, due %q; want %s, %q", p.State, p.Due, state, due)
	}
	c.wantWorklist()
	c.replayAll(l)
}

// wantWorklist holds the index of open applications against the accounts.
func (c *city) wantWorklist() {
	c.t.Helper()
	want := map[string]creditbank.WorkItem{}
	for from := creditbank.LearnerID(""); ; {
		ids, err := c.store.Learners(c.t.Context(), from, 100)
		must(c.t, err)
		if len(ids) == 0 {
			break
		}
		for _, id := range ids {
			from = id
			h, err := c.History(c.t.Context(), id)
			must(c.t, err)
			a, err := creditbank.NewAccount(h)
			must(c.t, err)
			for _, w := range a.Work() {
				want[fmt.Sprint(w.Learner, w.Seq)] = w
			}
		}
	}
	items, _, err := c.Worklist(c.t.Context(), creditbank.WorkQuery{Programmes: []creditbank.ProgrammeID{"P1"}, Filter: creditbank.WorkAll, Limit: 1000})
	must(c.t, err)
	got := map[string]creditbank.WorkItem{}
	for _, w := range items {
		got[fmt.Sprint(w.Learner, w.Seq)] = w
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		c.t.Errorf("the worklist differs from the accounts (-want +got):\n%s", diff)
	}
}

const wholeLife = `approval: {reviewers: 3, supplement_within: P10D}, decide_within: {days: 10, working: true}, publicity: {days: 5, working: true}, ` +
	`appeal: {file_within: P15D, decide_within: P30D, levels: 2}`

func TestLifeOfAnApplication(t *testing.T) {
	c := applicationCity(t, wholeLife)
	ctx := t.Context()
	c.set("2026-09-21") // a Monday; 25 to 27 September and 1 to 7 October off, 10 October worked
	l, seq := c.applicant(1)
	c.wantState(l, seq, creditbank.StateSubmitted, "2026-10-12")
	c.set("2026-09-23")
	_, err := c.Claim(ctx, acting("r1", l), seq, "")
	must(t, err)
	_, err = c.Return(ctx, acting("r1", l), seq, creditbank.Returning{Reason: "请补充课程大纲"})
	must(t, err)
	c.wantState(l, seq, creditbank.StateReturned, "2026-10-08") // ten days end within the holiday
	if p := c.application(l, seq); p.Left != 8 {
		t.Errorf("%d days are left, want 8", p.Left)
	}
	c.set("2026-10-08")
	_, err = c.Supplement(ctx, acting(operator.ID, l), seq, creditbank.Supplement{Text: "见附件一"})
	must(t, err)
	c.wantState(l, seq, creditbank.StateSubmitted, "2026-10-19") // 9, 10 (worked), 12–16, 19
	c.set("2026-10-12")
	if act := c.vote(l, seq, 1, "yny"); act.Kind != creditbank.ActResolved {
		t.Errorf("the third vote brought %s", act.Kind)
	}
	c.wantState(l, seq, creditbank.StatePublicity, "2026-10-19")
	c.holds(l, "2026-10-12", "") // what is shown is held
	_, err = c.Effect(ctx, acting("clock", l), seq)
	wantCode(t, "effect while it is shown", err, creditbank.ErrConflict, creditbank.CodeState)
	c.set("2026-10-20")
	done, err := c.ApplicationsDue(ctx, creditbank.Caller{ID: "clock"}, 100)
	must(t, err)
	if len(done) != 1 || done[0].Act.Kind != creditbank.ActDecided || done[0].Application != seq {
		t.Errorf("due: %+v", done)
	}
	c.wantState(l, seq, creditbank.StateEffective, "")
	c.holds(l, "2026-10-20", "P1 4.0")
	if done, err = c.ApplicationsDue(ctx, creditbank.Caller{ID: "clock"}, 100); err != nil || len(done) != 0 {
		t.Errorf("due once more: %+v, %v", done, err)
	}
	p := c.application(l, seq)
	words, err := c.Words(ctx, l, p.Letters[1].Sealed)
	if err != nil || words != "见附件一" || strings.Contains(string(p.Letters[1].Sealed), "附件") {
		t.Errorf("the supplement says %q, %v", words, err)
	}
	_, err = c.Retract(ctx, acting(operator.ID, l), seq, "")
	wantCode(t, "withdrawn when it is in effect", err, creditbank.ErrConflict, creditbank.CodeState)
}

func TestNotSupplementedInTime(t *testing.T) {
	c := applicationCity(t, wholeLife)
	l, seq := c.applicant(1)
	_, err := c.Return(t.Context(), acting("r1", l), seq, creditbank.Returning{Reason: "缺材料", Within: term(t, "2 working days")})
	must(t, err)
	c.set("2026-03-17")
	if done, err := c.ApplicationsDue(t.Context(), operator, 10); err != nil || len(done) != 0 {
		t.Errorf("on the last day: %v, %v", done, err)
	}
	c.set("2026-03-18")
	_, err = c.Supplement(t.Context(), acting(operator.ID, l), seq, creditbank.Supplement{Text: "晚了"})
	wantCode(t, "a day late", err, creditbank.ErrConflict, creditbank.CodeState)
	if done, err := c.ApplicationsDue(t.Context(), operator, 10); err != nil || len(done) != 1 || done[0].Act.Kind != creditbank.ActLapsed {
		t.Errorf("a day late: %v, %v", done, err)
	}
	c.wantState(l, seq, creditbank.StateLapsed, "")
	c.apply(l) // may apply again
}

func TestQuorum(t *testing.T) {
	for name, tt := range map[string]struct {
		reviewers int
		votes     string
		kind      creditbank.ActKind
		approved  bool
	}{
		"one for":                {1, "y", creditbank.ActDecided, true},
		"one against":            {1, "n", creditbank.ActDecided, false},
		"two of three":           {3, "yy", creditbank.ActOpined, false},
		"three, two for":         {3, "yny", creditbank.ActDecided, true},
		"three, two against":     {3, "nyn", creditbank.ActDecided, false},
		"four of five, all for":  {5, "yyyy", creditbank.ActOpined, false},
		"five, three for":        {5, "nnyyy", creditbank.ActDecided, true},
		"five, three against":    {5, "ynnyn", creditbank.ActDecided, false},
		"five, all of one voice": {5, "yyyyy", creditbank.ActDecided, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := applicationCity(t, fmt.Sprintf("approval: {reviewers: %d}", tt.reviewers))
			l, seq := c.applicant(1)
			act := c.vote(l, seq, 1, tt.votes)
			if act.Kind != tt.kind || act.Kind == creditbank.ActDecided && act.Body.Decision.Approved != tt.approved {
				t.Errorf("the last vote brought %s %+v", act.Kind, act.Body.Decision)
			}
			if p := c.application(l, seq); len(p.Votes()) != len(tt.votes) || p.Open() != (tt.kind == creditbank.ActOpined) {
				t.Errorf("%d votes, open %v", len(p.Votes()), p.Open())
			}
			c.wantWorklist()
			c.replayAll(l)
		})
	}
}

func (c *city) deputise(reviewer, deputy, from, to string) {
	c.t.Helper()
	must(c.t, c.Publish(c.t.Context(), operator, creditbank.Reference{Deputations: []creditbank.Deputation{
		{ID: "leave", Reviewer: reviewer, Deputy: deputy, From: day(c.t, from), To: day(c.t, to), Reason: "休假"},
	}}))
}

func TestWhoMayVote(t *testing.T) {
	c := applicationCity(t, "approval: {template: new}")
	ctx := t.Context()
	l, seq := c.applicant(1)
	review := func(who, behalf string) error {
		_, err := c.Review(ctx, acting(who, l), seq, creditbank.Verdict{Approve: true, For: behalf})
		return err
	}
	_, err := c.Recuse(ctx, acting("r9", l), seq, "")
	wantCode(t, "recused without a reason", err, creditbank.ErrInvalid, creditbank.CodeMissing)
	_, err = c.Recuse(ctx, acting("r9", l), seq, "与申请人有亲属关系")
	must(t, err)
	wantCode(t, "who is recused", review("r9", ""), creditbank.ErrConflict, creditbank.CodeReviewerExcluded)
	wantCode(t, "who applied", review(operator.ID, ""), creditbank.ErrConflict, creditbank.CodeState)
	wantCode(t, "who is no deputy", review("r2", "r1"), creditbank.ErrForbidden, creditbank.CodeNotDeputy)
	c.deputise("r1", "r2", "2026-03-16", "2026-03-20")
	wantCode(t, "a day early", review("r2", "r1"), creditbank.ErrForbidden, creditbank.CodeNotDeputy)
	c.set("2026-03-20")
	must(t, review("r2", "r1"))
	wantCode(t, "whose vote a deputy cast", review("r1", ""), creditbank.ErrConflict, creditbank.CodeReviewerExcluded)
	wantCode(t, "a deputy's own after another's", review("r2", ""), creditbank.ErrConflict, creditbank.CodeReviewerExcluded)
	for _, d := range [][2]string{{operator.ID, "r3"}, {"r9", "r4"}, {"r5", "r6"}} {
		c.deputise(d[0], d[1], "2026-03-16", "2026-03-31")
	}
	wantCode(t, "a deputy of who applied", review("r3", operator.ID), creditbank.ErrConflict, creditbank.CodeState)
	wantCode(t, "a deputy of who is recused", review("r4", "r9"), creditbank.ErrConflict, creditbank.CodeReviewerExcluded)
	must(t, review("r5", ""))
	wantCode(t, "a deputy of who voted", review("r6", "r5"), creditbank.ErrConflict, creditbank.CodeReviewerExcluded)
	// A vote whose caster turns out to be partial has to be cast by another.
	_, err = c.Recuse(ctx, acting("r5", l), seq, "利益关系")
	must(t, err)
	must(t, review("r6", ""))
	if p := c.application(l, seq); !p.Open() || len(p.Votes()) != 2 || p.Votes()[0].Owner() != "r1" {
		t.Errorf("two votes stand: %+v", p.Votes())
	}
	c.set("2026-03-21")
	wantCode(t, "a day late", review("r2", "r1"), creditbank.ErrForbidden, creditbank.CodeNotDeputy)
	must(t, review("r7", ""))
	c.wantState(l, seq, creditbank.StateEffective, "")
}

func TestClaims(t *testing.T) {
	c := applicationCity(t, "approval: {reviewers: 3}")
	ctx := t.Context()
	l, seq := c.applicant(1)
	claim := func(who string) error { _, err := c.Claim(ctx, acting(who, l), seq, ""); return err }
	listed := func(f creditbank.WorkFilter, who string) int {
		items, _, err := c.Worklist(ctx, creditbank.WorkQuery{Programmes: []creditbank.ProgrammeID{"P1"}, Filter: f, By: creditbank.Caller{ID: who}, Limit: 10})
		must(t, err)
		return len(items)
	}
	must(t, claim("r1"))
	wantCode(t, "claimed twice", claim("r1"), creditbank.ErrConflict, creditbank.CodeState)
	must(t, claim("r2"))
	if listed(creditbank.WorkUnclaimed, "") != 1 || listed(creditbank.WorkMine, "r1") != 1 || listed(creditbank.WorkMine, "r3") != 0 {
		t.Error("two of three votes are claimed, and it is not listed so")
	}
	must(t, claim("r3"))
	if listed(creditbank.WorkUnclaimed, "") != 0 {
		t.Error("it is listed as unclaimed")
	}
	wantCode(t, "a fourth claim", claim("r4"), creditbank.ErrConflict, creditbank.CodeApplicationClaimed)
	_, err := c.Review(ctx, acting("r4", l), seq, creditbank.Verdict{Approve: true})
	wantCode(t, "a vote where all are claimed", err, creditbank.ErrConflict, creditbank.CodeApplicationClaimed)
	_, err = c.Return(ctx, acting("r4", l), seq, creditbank.Returning{Reason: "x"})
	wantCode(t, "sent back by who has no claim", err, creditbank.ErrConflict, creditbank.CodeApplicationClaimed)
	_, err = c.Release(ctx, acting("r4", l), seq)
	wantCode(t, "released by another", err, creditbank.ErrConflict, creditbank.CodeState)
	c.vote(l, seq, 1, "y")
	_, err = c.Release(ctx, acting("r2", l), seq)
	must(t, err)
	must(t, claim("r4"))
	c.wantWorklist()
	c.set("2026-03-22")
	wantCode(t, "a claim on its last day", claim("r5"), creditbank.ErrConflict, creditbank.CodeApplicationClaimed)
	c.set("2026-03-23")
	_, err = c.Release(ctx, acting("r3", l), seq)
	wantCode(t, "released after it has ended", err, creditbank.ErrConflict, creditbank.CodeState)
	must(t, claim("r5"))
	c.vote(l, seq, 5, "yy")
	c.wantState(l, seq, creditbank.StateEffective, "")
}

func TestObjections(t *testing.T) {
	c := applicationCity(t, wholeLife)
	ctx := t.Context()
	l, seq := c.applicant(1)
	_, err := c.ObjectTo(ctx, acting("learner:x", l), seq, "材料不实")
	wantCode(t, "before it is shown", err, creditbank.ErrConflict, creditbank.CodeState)
	c.vote(l, seq, 1, "yyy")
	shown, err := c.Shown(ctx, creditbank.WorkPlace{}, 10)
	must(t, err)
	if len(shown) != 1 || shown[0].Number != creditbank.ApplicationNumber(l, seq) || shown[0].Facts.Rule != "R1" || shown[0].Facts.Credits != 400 {
		t.Errorf("shown: %+v", shown)
	}
	objection, err := c.ObjectTo(ctx, acting("r5", l), seq, "材料不实")
	must(t, err)
	c.set("2026-05-01")
	if done, err := c.ApplicationsDue(ctx, operator, 10); err != nil || len(done) != 0 {
		t.Errorf("took effect over an objection: %v, %v", done, err)
	}
	_, err = c.ObjectTo(ctx, acting("learner:x", l), seq, "晚了")
	wantCode(t, "after publicity", err, creditbank.ErrConflict, creditbank.CodeState)
	answer := creditbank.Answer{Objection: objection.Seq, Text: "已核实，材料属实"}
	_, err = c.Answer(ctx, acting("r5", l), seq, answer)
	wantCode(t, "answered by who objected", err, creditbank.ErrConflict, creditbank.CodeReviewerExcluded)
	_, err = c.Answer(ctx, acting("r1", l), seq, creditbank.Answer{Objection: 1, Text: "x"})
	wantCode(t, "no objection", err, creditbank.ErrNotFound, creditbank.CodeUnknownObjection)
	_, err = c.Answer(ctx, acting("r1", l), seq, answer)
	must(t, err)
	_, err = c.Answer(ctx, acting("r1", l), seq, answer)
	wantCode(t, "answered twice", err, creditbank.ErrConflict, creditbank.CodeState)
	must(t, c.Freeze(ctx, acting("x", l), "调查"))
	if done, err := c.ApplicationsDue(ctx, operator, 10); err != nil || len(done) != 0 {
		t.Errorf("took effect on a frozen account: %v, %v", done, err)
	}
	c.wantWorklist()
	must(t, c.Unfreeze(ctx, acting("x", l), ""))
	if done, err := c.ApplicationsDue(ctx, operator, 10); err != nil || len(done) != 1 {
		t.Errorf("answered and thawed: %v, %v", done, err)
	}
	c.wantState(l, seq, creditbank.StateEffective, "")
}

func TestUpheldObjectionIsDecidedAnew(t *testing.T) {
	c := applicationCity(t, wholeLife)
	ctx := t.Context()
	l, seq := c.applicant(1)
	c.vote(l, seq, 1, "yyy")
	objection, err := c.ObjectTo(ctx, acting("learner:x", l), seq, "材料不实")
	must(t, err)
	c.set("2026-03-18")
	_, err = c.Answer(ctx, acting("r1", l), seq, creditbank.Answer{Objection: objection.Seq, Uphold: true, Text: "确有疑问，重新审核"})
	must(t, err)
	c.wantState(l, seq, creditbank.StateSubmitted, "2026-04-01")
	c.vote(l, seq, 1, "nny")
	c.wantState(l, seq, creditbank.StateDenied, "2026-04-02")
	if _, err := c.ShownAs(ctx, creditbank.ApplicationNumber(l, seq)); !errors.Is(err, creditbank.ErrNotFound) {
		t.Errorf("it is shown still: %v", err)
	}
}

func TestAppeals(t *testing.T) {
	c := applicationCity(t, wholeLife)
	ctx := t.Context()
	l, seq := c.applicant(1)
	appeal := func() error { _, err := c.Appeal(ctx, acting(operator.ID, l), seq, "不服"); return err }
	wantCode(t, "before a decision", appeal(), creditbank.ErrConflict, creditbank.CodeState)
	c.vote(l, seq, 1, "nyn")
	c.wantState(l, seq, creditbank.StateDenied, "2026-03-30")
	c.set("2026-03-31")
	wantCode(t, "too late", appeal(), creditbank.ErrConflict, creditbank.CodeState)
	c.set("2026-03-30")
	must(t, appeal())
	c.wantState(l, seq, creditbank.StateAppealed, "2026-04-29")
	for _, who := range []string{"r1", "r2"} {
		_, err := c.Review(ctx, acting(who, l), seq, creditbank.Verdict{Approve: true})
		wantCode(t, "who decided before", err, creditbank.ErrConflict, creditbank.CodeReviewerExcluded)
	}
	_, err := c.Return(ctx, acting("r4", l), seq, creditbank.Returning{Reason: "请说明"})
	must(t, err)
	_, err = c.Supplement(ctx, acting(operator.ID, l), seq, creditbank.Supplement{Text: "说明"})
	must(t, err)
	c.wantState(l, seq, creditbank.StateAppealed, "2026-04-29")
	c.vote(l, seq, 4, "nnn")
	must(t, appeal())
	_, err = c.Review(ctx, acting("r4", l), seq, creditbank.Verdict{Approve: true})
	wantCode(t, "who decided the first appeal", err, creditbank.ErrConflict, creditbank.CodeReviewerExcluded)
	act := c.vote(l, seq, 7, "yyn")
	if act.Kind != creditbank.ActResolved {
		t.Errorf("upheld: %s", act.Kind)
	}
	c.set("2026-05-20")
	_, err = c.Effect(ctx, acting("clock", l), seq)
	must(t, err)
	c.wantState(l, seq, creditbank.StateEffective, "")
	c.holds(l, "2026-05-20", "P1 4.0")

	l, seq = c.applicant(2)
	c.vote(l, seq, 1, "nnn")
	must(t, appeal())
	c.vote(l, seq, 4, "nnn")
	must(t, appeal())
	c.vote(l, seq, 7, "nnn")
	c.wantState(l, seq, creditbank.StateDenied, "")
	wantCode(t, "a third appeal", appeal(), creditbank.ErrConflict, creditbank.CodeState)
	if err := appeal(); !strings.Contains(err.Error(), "the decision is final") {
		t.Errorf("a third appeal: %v", err)
	}

	l, seq = c.applicant(3)
	c.vote(l, seq, 1, "nnn")
	c.apply(l)
	wantCode(t, "beside another application", appeal(), creditbank.ErrConflict, creditbank.CodeState)
}

// A withdrawal and the effect race: one of them wins, whoever it is.
func TestWithdrawalRacesEffect(t *testing.T) {
	c := applicationCity(t, wholeLife)
	for n := range 8 {
		c.set("2026-03-16")
		l, seq := c.applicant(n)
		c.vote(l, seq, 1, "yyy")
		c.set("2026-04-01")
		var wait sync.WaitGroup
		errs := make([]error, 2)
		wait.Go(func() { _, errs[0] = c.Retract(t.Context(), acting(operator.ID, l), seq, "") })
		wait.Go(func() { _, errs[1] = c.Effect(t.Context(), acting("clock", l), seq) })
		wait.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("withdrawn: %v; in effect: %v; want one of them", errs[0], errs[1])
		}
		state, holds := creditbank.StateWithdrawn, "FORMAL 6.0"
		if errs[0] != nil {
			wantCode(t, "the loser", errs[0], creditbank.ErrConflict, creditbank.CodeState)
			state, holds = creditbank.StateEffective, "P1 4.0"
		}
		c.wantState(l, seq, state, "")
		c.holds(l, "2026-04-01", holds)
	}
}

func TestForfeitsAreConfirmed(t *testing.T) {
	for name, life := range map[string]string{"at once": "exceed: deny", "by reviewers": "approval: {reviewers: 3}"} {
		t.Run(name, func(t *testing.T) {
			c := applicationCity(t, life)
			l := c.stranger(1)
			c.post(l, "O1", "S1", "2025-01-01", "80")
			version := c.version(l)
			for _, wrong := range []creditbank.Credits{0, 199, 400} {
				_, err := c.ConvertConfirmed(t.Context(), acting(operator.ID, l), []creditbank.RuleID{"R1"}, wrong)
				wantCode(t, "agreed to something else", err, creditbank.ErrConflict, creditbank.CodeForfeitNotConfirmed)
				if !strings.Contains(err.Error(), "2.0 credits would be forfeited") {
					t.Errorf("the figure is not told: %v", err)
				}
			}
			if c.version(l) != version {
				t.Error("refused, and something is on record")
			}
			change := acting(operator.ID, l)
			change.Key = "k"
			acts, err := c.ConvertConfirmed(t.Context(), change, []creditbank.RuleID{"R1"}, 200)
			must(t, err)
			again, err := c.ConvertConfirmed(t.Context(), change, []creditbank.RuleID{"R1"}, 0) // whoever looks now sees nothing to forfeit
			if err != nil || again[0].Seq != acts[0].Seq {
				t.Errorf("sent again: %v, %v", again, err)
			}
			if p := c.application(l, acts[0].Seq); p != nil && (p.Confirmed == nil || *p.Confirmed != 200) {
				t.Errorf("the application says %v", p.Confirmed)
			}
		})
	}
}

func (c *city) version(l creditbank.LearnerID) int64 {
	c.t.Helper()
	v, err := c.Version(c.t.Context(), l)
	must(c.t, err)
	return v
}

func TestBatch(t *testing.T) {
	c := applicationCity(t, "approval: {reviewers: 1}")
	ctx := t.Context()
	var cases []creditbank.BatchItem
	for n := range 4 {
		l := c.stranger(n)
		c.post(l, "O1", "S1", "2025-01-01", fmt.Sprint(75+n)) // each with a grade of their own
		cases = append(cases, creditbank.BatchItem{Learner: l, Application: c.apply(l).Seq})
	}
	_, err := c.Retract(ctx, acting(operator.ID, cases[2].Learner), cases[2].Application, "")
	must(t, err)
	batch := creditbank.Batch{By: creditbank.Caller{ID: "r1"}, Key: "k", Cases: cases, Verdict: creditbank.Verdict{Approve: true}}
	answers, err := c.ReviewBatch(ctx, batch)
	must(t, err)
	for i, a := range answers {
		if i == 2 {
			wantCode(t, "withdrawn meanwhile", a.Err, creditbank.ErrConflict, creditbank.CodeState)
		} else if a.Err != nil || !a.Act.Body.Decision.Approved || a.BatchItem != cases[i] {
			t.Errorf("case %d: %+v", i, a)
		}
	}
	again, err := c.ReviewBatch(ctx, batch)
	must(t, err)
	for i, a := range again {
		if a.Act.Seq != answers[i].Act.Seq || (a.Err == nil) != (answers[i].Err == nil) {
			t.Errorf("sent again, case %d: %+v, the first time %+v", i, a, answers[i])
		}
	}
	batch.Verdict.Approve = false
	_, err = c.ReviewBatch(ctx, batch)
	wantCode(t, "another verdict under the key", err, creditbank.ErrConflict, creditbank.CodeKeyReused)
	batch.Key, batch.Cases = "k2", append(cases[:1:1], cases[0])
	_, err = c.ReviewBatch(ctx, batch)
	wantCode(t, "one twice", err, creditbank.ErrInvalid, creditbank.CodeDuplicate)
	batch.Cases = nil
	_, err = c.ReviewBatch(ctx, batch)
	wantCode(t, "nothing", err, creditbank.ErrInvalid, creditbank.CodeMalformed)
}

// A batch of cases that are not the same decides none of them.
func TestBatchOfDifferentCases(t *testing.T) {
	c := newCity(t)
	rules := strings.Replace(cityFiles, "source: {course: S2}, grant", "source: {course: S2}, approval: reviewer, grant", 1) + reviewedPool +
		strings.NewReplacer("R5", "R6", `credits: "2"`, `credits: "1"`).Replace(reviewedPool) +
		strings.NewReplacer("R5", "R7", "approval: reviewer, ", "").Replace(reviewedPool)
	c.publish(rules)
	n := 0
	apply := func(rule creditbank.RuleID, course string, before ...creditbank.RuleID) creditbank.BatchItem {
		n++
		l := c.stranger(n)
		for i := range 1 + len(before) {
			c.post(l, fmt.Sprintf("O%d", i), course, "2025-01-01", "80")
		}
		for _, r := range before {
			c.convert(l, r)
		}
		return creditbank.BatchItem{Learner: l, Application: c.ask(l, rule).Seq}
	}
	pool, single := apply("R5", "N3"), apply("R4", "S2")
	differs := func(name string, items ...creditbank.BatchItem) {
		t.Helper()
		_, err := c.ReviewBatch(t.Context(), creditbank.Batch{By: reviewer, Cases: items, Verdict: creditbank.Verdict{Approve: true}})
		wantCode(t, name, err, creditbank.ErrConflict, creditbank.CodeCasesDiffer)
	}
	differs("another rule", pool, apply("R6", "N3"))
	differs("of two outcomes", pool, apply("R5", "N3", "R7"))
	c.worth("S2", 300)
	differs("other credits", single, apply("R4", "S2"))
	c.publish(strings.Replace(rules, "source: {course: S2}", `source: {course: S2, min_grade: "65"}`, 1))
	differs("another version of the rule", single, apply("R4", "S2"))
	for _, one := range []creditbank.BatchItem{pool, single} {
		if p := c.application(one.Learner, one.Application); !p.Open() {
			t.Error("refused, and decided all the same")
		}
	}
	_, err := c.ReviewBatch(t.Context(), creditbank.Batch{By: reviewer, Cases: []creditbank.BatchItem{pool, {Learner: pool.Learner + "x", Application: 1}}})
	wantCode(t, "nobody", err, creditbank.ErrNotFound, creditbank.CodeUnknownLearner)
}

// worth publishes a version of a course of other credits.
func (c *city) worth(code creditbank.CourseCode, credits creditbank.Credits) {
	c.t.Helper()
	course := c.Catalogue().Courses[code]
	course.Credits = credits
	must(c.t, c.Publish(c.t.Context(), operator, creditbank.Reference{Courses: []creditbank.Course{course}}))
}

// A case that would grant something else by now than the rest of its batch is left.
func TestBatchLeavesWhatChanged(t *testing.T) {
	c := newCity(t)
	c.publish(strings.Replace(cityFiles, "source: {course: S2}, grant", "source: {course: S2}, approval: reviewer, grant", 1))
	var cases []creditbank.BatchItem
	for n := range 2 {
		l := c.stranger(n)
		c.post(l, "O1", "S2", "2025-01-01", "80")
		cases = append(cases, creditbank.BatchItem{Learner: l, Application: c.ask(l, "R4").Seq})
	}
	c.worth("S2", 300)
	c.revise(cases[0].Learner, "O1", "S2", "2025-01-01", "80", 2)
	answers, err := c.ReviewBatch(t.Context(), creditbank.Batch{By: reviewer, Cases: cases, Verdict: creditbank.Verdict{Approve: true}})
	must(t, err)
	wantCode(t, "what changed", answers[0].Err, creditbank.ErrConflict, creditbank.CodeCasesDiffer)
	if p := c.application(cases[0].Learner, cases[0].Application); !p.Open() || answers[1].Err != nil {
		t.Errorf("what changed is %s; the other: %v", p.State, answers[1].Err)
	}
}

// Nothing takes effect on the last day of publicity, over an objection, or on an
// account that is frozen, by command no more than by the clock.
func TestEffectWaits(t *testing.T) {
	c := applicationCity(t, wholeLife)
	ctx := t.Context()
	l, seq := c.applicant(1)
	c.vote(l, seq, 1, "yyy")
	effect := func() error { _, err := c.Effect(ctx, acting("clock", l), seq); return err }
	objection, err := c.ObjectTo(ctx, acting("x", l), seq, "材料不实")
	must(t, err)
	c.set("2026-03-20")
	wantCode(t, "on the last day", effect(), creditbank.ErrConflict, creditbank.CodeState)
	c.set("2026-03-21")
	wantCode(t, "over an objection", effect(), creditbank.ErrConflict, creditbank.CodeState)
	_, err = c.Answer(ctx, acting("r1", l), seq, creditbank.Answer{Objection: objection.Seq, Text: "属实"})
	must(t, err)
	c.set("2026-03-20")
	wantCode(t, "on the last day, answered", effect(), creditbank.ErrConflict, creditbank.CodeState)
	c.set("2026-03-21")
	must(t, c.Freeze(ctx, acting("x", l), "调查"))
	wantCode(t, "on a frozen account", effect(), creditbank.ErrConflict, creditbank.CodeState)
	must(t, c.Unfreeze(ctx, acting("x", l), ""))
	must(t, effect())
	c.wantState(l, seq, creditbank.StateEffective, "")
}

// What would by the time of approval forfeit more than was agreed to is not
// approved: it goes back, and the applicant agrees anew or not.
func TestNoMoreIsForfeitedThanWasAgreedTo(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	c.publish(strings.Replace(cityFiles, `grant: [{slot: B, credits: {min: [source, "8"]}, grade: {weighted_by: hours, round: "0.1"}}]`,
		`grant: [{slot: B, credits: {min: [source, "8"]}, grade: {weighted_by: hours, round: "0.1"}, exceed: truncate}], approval: {reviewers: 1}, publicity: P5D`, 1))
	l := c.stranger(1)
	for i, course := range []string{"S1", "S2", "N3", "N3", "N3"} {
		c.post(l, fmt.Sprintf("O%d", i), course, "2025-01-01", "80")
	}
	acts, err := c.ConvertConfirmed(ctx, acting(operator.ID, l), []creditbank.RuleID{"R2"}, 0)
	must(t, err)
	seq := acts[0].Seq
	if d := c.convert(l, "R3"); !d.Approved { // takes 4.0 of the 12.0 that may be converted, and R2 8.0
		t.Fatalf("R3: %v", d.Reasons())
	}
	c.vote(l, seq, 1, "y")
	if d := c.convert(l, "R3"); !d.Approved { // and another 4.0: R2 is cut to 4.0
		t.Fatalf("R3 again: %v", d.Reasons())
	}
	c.set("2026-04-01")
	act, err := c.Effect(ctx, acting("clock", l), seq)
	must(t, err)
	if act.Kind != creditbank.ActReturned {
		t.Fatalf("it would forfeit more, and was %s", act.Kind)
	}
	_, err = c.Supplement(ctx, acting(operator.ID, l), seq, creditbank.Supplement{Text: "同意"})
	wantCode(t, "without a word on it", err, creditbank.ErrConflict, creditbank.CodeForfeitNotConfirmed)
	wrong, right := creditbank.Credits(100), creditbank.Credits(400)
	_, err = c.Supplement(ctx, acting(operator.ID, l), seq, creditbank.Supplement{Text: "同意", Forfeit: &wrong})
	wantCode(t, "agreed to something else", err, creditbank.ErrConflict, creditbank.CodeForfeitNotConfirmed)
	_, err = c.Supplement(ctx, acting(operator.ID, l), seq, creditbank.Supplement{Text: "同意", Forfeit: &right})
	must(t, err)
	c.vote(l, seq, 1, "y")
	c.set("2026-05-01")
	if act, err = c.Effect(ctx, acting("clock", l), seq); err != nil || act.Kind != creditbank.ActDecided || act.Body.Decision.Forfeited != 400 {
		t.Errorf("agreed to: %s %v, %v", act.Kind, act.Body.Decision, err)
	}
	c.replayAll(l)
}

// What can be appealed says so, and what cannot does not.
func TestAppealable(t *testing.T) {
	c := applicationCity(t, strings.Replace(wholeLife, "levels: 2", "levels: 1", 1))
	l, seq := c.applicant(1)
	for level, want := range []bool{true, false} {
		c.vote(l, seq, 1+3*level, "nnn")
		p := c.application(l, seq)
		if got := p.Appealable(c.Today()); got != want || p.Appealable(20270101) {
			t.Errorf("denied at level %d: appealable %v, want %v", level, got, want)
		}
		if want {
			_, err := c.Appeal(t.Context(), acting(operator.ID, l), seq, "不服")
			must(t, err)
		}
	}
}

// An approval by a rule that is suspended waits until the rule is resumed.
func TestSuspensionHoldsUpTheEffect(t *testing.T) {
	c := applicationCity(t, wholeLife)
	c.Bank = c.bankUnder(creditbank.RulePolicy{})
	l, seq := c.applicant(1)
	c.vote(l, seq, 1, "yyy")
	c.suspend(creditbank.RuleTarget{Rule: "R1"})
	c.set("2026-05-01")
	_, err := c.Effect(t.Context(), acting("clock", l), seq)
	wantCode(t, "effect by a suspended rule", err, creditbank.ErrConflict, creditbank.CodeRuleSuspended)
	if done, err := c.ApplicationsDue(t.Context(), operator, 10); err != nil || len(done) != 0 {
		t.Errorf("due while it is suspended: %v, %v", done, err)
	}
	_, err = c.ResumeRules(t.Context(), by(manager), creditbank.RuleTarget{Rule: "R1"}, "已查清")
	must(t, err)
	if done, err := c.ApplicationsDue(t.Context(), operator, 10); err != nil || len(done) != 1 {
		t.Errorf("due when it is resumed: %v, %v", done, err)
	}
	c.wantState(l, seq, creditbank.StateEffective, "")
}

// Each step leaves a notice that says what happened and until when something is to
// be done; what reviewers do among themselves leaves none, and nobody is told who
// objected or how anybody voted.
func TestNoticesOfAnApplication(t *testing.T) {
	c := applicationCity(t, wholeLife)
	ctx := t.Context()
	l, seq := c.applicant(1)
	do := func(_ creditbank.Act, err error) { t.Helper(); must(t, err) }
	do(c.Claim(ctx, acting("r1", l), seq, ""))
	do(c.Recuse(ctx, acting("r9", l), seq, "亲属"))
	do(c.Return(ctx, acting("r1", l), seq, creditbank.Returning{Reason: "缺大纲"}))
	do(c.Supplement(ctx, acting(operator.ID, l), seq, creditbank.Supplement{Text: "附"}))
	c.vote(l, seq, 1, "yyy")
	objection, err := c.ObjectTo(ctx, acting("x", l), seq, "材料不实")
	must(t, err)
	do(c.Answer(ctx, acting("r1", l), seq, creditbank.Answer{Objection: objection.Seq, Uphold: true, Text: "重审"}))
	c.vote(l, seq, 1, "nnn")
	do(c.Appeal(ctx, acting(operator.ID, l), seq, "不服"))
	do(c.Retract(ctx, acting(operator.ID, l), seq, ""))
	inbox, err := c.Inbox(ctx, l, 0, 8)
	must(t, err)
	want := []struct{ kind, text, detail, note string }{
		{"retracted", "申请已撤回：规则R1", "为本申请占用的学分已释放", ""},
		{"appealed", "申诉已受理", "为本申请占用6.0学分", ""},
		{"decided", "转换未获批准", "可于2026-03-30前（含当日）申诉", ""},
		{"answered", "异议成立，申请重新审核", "", "重审"},
		{"objected", "公示期间有人提出异议", "", ""},
		{"resolved", "申请审核通过，进入公示", "公示至2026-03-20", ""},
		{"supplemented", "补正已收到", "为本申请占用6.0学分", ""},
		{"returned", "申请被退回补正", "请于2026-03-25前（含当日）补正", "缺大纲"},
	}
	for i, n := range inbox.Notices {
		w := want[i]
		if n.Kind != w.kind || !strings.Contains(n.Text.ZH, w.text) || !strings.Contains(cmpString(n.Details), w.detail) || n.Note != w.note || n.Text.EN == "" {
			t.Errorf("notice %d is %s %q %v %q, want %+v", i, n.Kind, n.Text.ZH, n.Details, n.Note, w)
		}
	}
}
