package creditbank_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/storetest"
)

// wantingCity is a city without a rule for NON_FORMAL outcomes, in which six
// learners have some.
func wantingCity(t *testing.T) (*city, []creditbank.LearnerID) {
	t.Helper()
	c := newCity(t)
	lines := strings.Split(cityFiles, "\n")
	c.publish(strings.Join(slices.DeleteFunc(lines, func(l string) bool {
		return strings.HasPrefix(l, "  - {id: N,") || strings.HasPrefix(l, "  - {id: R3,")
	}), "\n"))
	var ls []creditbank.LearnerID
	for n := range 6 {
		l := c.stranger(n)
		ls = append(ls, l)
		for i := range 4 { // 3 credits each, and 10 a year
			c.post(l, fmt.Sprint("O", i+1), "N3", fmt.Sprintf("2025-0%d-01", i+1), "80")
		}
		c.post(l, "O5", "N3", "2025-06-01", "50")
		c.post(l, "O6", "N3", "2019-06-01", "80") // would have expired
		c.post(l, "O7", "S1", "2025-01-01", "80")
	}
	slices.Sort(ls)
	return c, ls
}

const (
	refusedAll = "O1=OUTCOME_NOT_RECOGNISED O2=OUTCOME_NOT_RECOGNISED O3=OUTCOME_NOT_RECOGNISED O4=OUTCOME_NOT_RECOGNISED O5=OUTCOME_NOT_RECOGNISED O6=OUTCOME_NOT_RECOGNISED O7=6.0"
	recognised = "O1=3.0 O2=3.0 O3=3.0 O4=1.0 O5=OUTCOME_NOT_RECOGNISED O6=3.0 O7=6.0"
)

// anew recognises everything anew in pages and returns what each did.
func (c *city) anew(q creditbank.Rerecognition, page int) (all []creditbank.Rerecognised) {
	c.t.Helper()
	after := creditbank.LearnerID("")
	for {
		r, err := c.Rerecognise(c.t.Context(), operator, q, after, page)
		must(c.t, err)
		all = append(all, r.Outcomes...)
		if after = r.Next; after == "" {
			return all
		}
	}
}

func TestRecognisedAnew(t *testing.T) {
	for _, page := range []int{1, 4, 100} {
		t.Run(fmt.Sprint("pages of ", page), func(t *testing.T) {
			c, ls := wantingCity(t)
			c.publish(cityFiles)
			q := creditbank.Rerecognition{RuleSet: c.Catalogue().Rules.Version()}
			preview, err := c.PreviewRerecognition(t.Context(), q, "", 100)
			must(t, err)
			if len(preview.Outcomes) != 5*len(ls) || preview.Learners != len(ls) || preview.Next != "" || preview.RuleSet != q.RuleSet {
				t.Errorf("previewed %d outcomes of %d learners", len(preview.Outcomes), preview.Learners)
			}
			c.outcomes(ls[0], refusedAll) // nothing was written
			done := c.anew(q, page)
			if !reflect.DeepEqual(done, preview.Outcomes) {
				t.Errorf("done %+v\npreviewed %+v", done, preview.Outcomes)
			}
			if o := done[3]; o.Now.Credits != creditbank.Credit || o.Now.Lost != 2*creditbank.Credit || o.Now.Rule != "N" || o.Was[0] != creditbank.OutcomeNotRecognised {
				t.Errorf("the fourth of the year is %+v", o)
			}
			for _, l := range ls {
				c.outcomes(l, recognised)
				c.holds(l, "2026-03-15", "FORMAL 6.0, NON_FORMAL 10.0")
				c.ledger(l, creditbank.AccountExpired, 3*creditbank.Credit)
				c.ledger(l, creditbank.AccountCut, 2*creditbank.Credit)
				c.ledger(l, creditbank.LotAccount(3), 3*creditbank.Credit)
				if d := c.convert(l, "R3"); !d.Approved {
					t.Errorf("converted: %v", d.Reasons())
				}
				c.replayAll(l)
			}
			if again := c.anew(q, page); len(again) != 0 {
				t.Errorf("done again: %+v", again)
			}
		})
	}
}

// The sweep finds lots that were recognised anew by their new last day.
func TestWhatWasRecognisedAnewExpires(t *testing.T) {
	c, ls := wantingCity(t)
	c.publish(cityFiles)
	c.anew(creditbank.Rerecognition{}, 100)
	c.set("2030-03-01")
	if s := c.once(4); s.Done != 2*len(ls) {
		t.Errorf("swept %+v, want the first two of each", s)
	}
	for _, l := range ls {
		c.ledger(l, creditbank.AccountExpired, 9*creditbank.Credit)
	}
}

func TestWhatIsNotRecognisedAnew(t *testing.T) {
	c, ls := wantingCity(t)
	l := ls[0]
	c.revoke(l, "O1")
	c.revise(l, "O2", "N3", "2025-02-01", "81", 2)
	c.publish(cityFiles)
	c.anew(creditbank.Rerecognition{}, 100)
	c.outcomes(l, "O3=3.0 O4=3.0 O5=OUTCOME_NOT_RECOGNISED O6=3.0 O7=6.0 O2=3.0")

	c.post(l, "O8", "S1", "2025-01-01", "50")
	c.publish(strings.Replace(cityFiles, `pass_mark: "60"}, credits: stated`, `pass_mark: "40"}, credits: stated`, 1))
	if done := c.anew(creditbank.Rerecognition{}, 100); len(done) != 0 {
		t.Errorf("for want of a rule: %+v", done)
	}
	done := c.anew(creditbank.Rerecognition{Reasons: []creditbank.Reason{creditbank.GradeBelowPass}}, 100)
	if len(done) != 1 || done[0].ExternalID != "O8" || done[0].Now.Credits != 6*creditbank.Credit {
		t.Errorf("below a pass mark that was lowered: %+v", done)
	}
}

// What a repeat stood behind is gone: it is recognised when somebody asks for it,
// with the word that its course had when it was posted.
func TestARepeatIsRecognisedAnew(t *testing.T) {
	c := repeatCity(t, creditbank.RepeatOnce)
	l := c.open(0)
	for n := range 3 {
		c.post(l, fmt.Sprint("O", n+1), "S1", "2024-01-01", "80")
	}
	c.revoke(l, "O1")
	c.outcomes(l, "O2=DUPLICATE_SUBJECT O3=DUPLICATE_SUBJECT")
	c.repeat = map[creditbank.CourseCode]creditbank.Repeat{"S1": creditbank.RepeatEvery}
	c.publish(cityFiles)
	c.anew(creditbank.Rerecognition{Reasons: []creditbank.Reason{creditbank.DuplicateSubject}}, 10)
	c.outcomes(l, "O2=6.0 O3=DUPLICATE_SUBJECT")
}

func TestABetterResultRecognisedAnew(t *testing.T) {
	c := repeatCity(t, creditbank.RepeatBest)
	l := c.open(0)
	c.post(l, "O1", "S1", "2024-01-01", "80")
	c.convert(l, "R2") // denied, and nothing is used
	if d := c.convert(l, "R1"); !d.Approved {
		t.Fatal(d.Reasons())
	}
	c.post(l, "O2", "S1", "2024-01-01", "90")
	_, err := c.Revoke(t.Context(), creditbank.Change{By: operator, Learner: l}, creditbank.Revoking{Institution: "I01", ExternalID: "O1"})
	must(t, err)
	c.post(l, "O3", "S1", "2024-01-01", "70")
	c.outcomes(l, "O2=DUPLICATE_SUBJECT O3=6.0")
	done := c.anew(creditbank.Rerecognition{Reasons: []creditbank.Reason{creditbank.DuplicateSubject}}, 10)
	if len(done) != 1 || done[0].ExternalID != "O2" {
		t.Errorf("recognised anew: %+v", done)
	}
	c.outcomes(l, "O2=6.0 O3=DUPLICATE_SUBJECT")
	c.replayAll(l)
}

func TestRerecogniseErrors(t *testing.T) {
	c, _ := wantingCity(t)
	ctx := t.Context()
	_, err := c.Rerecognise(ctx, creditbank.Caller{}, creditbank.Rerecognition{}, "", 10)
	wantCode(t, "nobody", err, creditbank.ErrInvalid, creditbank.CodeMissing)
	_, err = c.Rerecognise(ctx, operator, creditbank.Rerecognition{RuleSet: 1}, "", 10)
	wantCode(t, "by rules of old", err, creditbank.ErrConflict, creditbank.CodeState)
	_, err = c.PreviewRerecognition(ctx, creditbank.Rerecognition{Reasons: []creditbank.Reason{creditbank.AccountFrozen}}, "", 10)
	wantCode(t, "no refusal", err, creditbank.ErrInvalid, creditbank.CodeMalformed)
}

// Two at the same time, writes that fail, and one that is begun again in the
// middle do each outcome once.
func TestRecognisedAnewOnce(t *testing.T) {
	c, ls := wantingCity(t)
	c.publish(cityFiles)
	c.store.Fail(storetest.MethodAppend, storetest.AfterCommit, storetest.NoFault, storetest.BeforeCommit, storetest.Unknown)
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			if _, err := c.Rerecognise(t.Context(), operator, creditbank.Rerecognition{}, "", 100); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	c.anew(creditbank.Rerecognition{}, 2)
	for _, l := range ls {
		c.outcomes(l, recognised)
		c.ledger(l, creditbank.LotAccount(3), 3*creditbank.Credit)
	}
}

// An account that is damaged is named, and holds up nobody.
func TestRerecognisePassesADamagedAccountBy(t *testing.T) {
	c, ls := wantingCity(t)
	c.publish(cityFiles)
	c.reopen(&brokenStore{Store: c.store, bad: ls[2]})
	r, err := c.Rerecognise(t.Context(), operator, creditbank.Rerecognition{}, "", 100)
	if err != nil || !slices.Equal(r.Failed, ls[2:3]) || len(r.Outcomes) != 5*(len(ls)-1) {
		t.Errorf("%d outcomes, failed %v, %v", len(r.Outcomes), r.Failed, err)
	}
}

// What is done is done by the rules that were previewed, or not at all: others
// may be published while it is under way.
func TestRerecogniseByOtherRulesThanPreviewed(t *testing.T) {
	c, ls := wantingCity(t)
	c.publish(cityFiles)
	q := creditbank.Rerecognition{RuleSet: c.Catalogue().Rules.Version()}
	c.reopen(&meanwhile{Store: c.store, do: func() {
		c.publish(strings.Replace(cityFiles, `hours_per_credit: "16"`, `hours_per_credit: "24"`, 1))
	}})
	_, err := c.Rerecognise(t.Context(), operator, q, "", 100)
	wantCode(t, "others are in force", err, creditbank.ErrConflict, creditbank.CodeState)
	c.outcomes(ls[0], refusedAll)
}

// meanwhile is a store beside which something happens once.
type meanwhile struct {
	creditbank.Store
	do func()
}

func (s *meanwhile) Refused(ctx context.Context, after creditbank.LearnerID, limit int) ([]creditbank.LearnerID, error) {
	if do := s.do; do != nil {
		s.do = nil
		do()
	}
	return s.Store.Refused(ctx, after, limit)
}

// Whatever a recognition says is recorded.
func TestARecordedRecognitionHasEverything(t *testing.T) {
	var r creditbank.Recognition
	v := reflect.ValueOf(&r).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("N")
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Slice:
			f.Set(reflect.ValueOf([]creditbank.Reason{creditbank.PeriodCapTruncated}))
		default:
			f.SetInt(20310101)
		}
	}
	body := creditbank.ActBody{Of: 3, Recognition: creditbank.Recorded(r), Since: 4}
	again, err := creditbank.DecodeActBody(body.Encode())
	must(t, err)
	if got := again.Recognition.Recognition(); !reflect.DeepEqual(got, r) {
		t.Errorf("recorded %+v, read back %+v", r, got)
	}
}
