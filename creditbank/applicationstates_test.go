package creditbank_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"creditbank/creditbank"
)

// asked are the things that can be asked of an application, each by somebody who
// may, if anybody may.
var asked = []struct {
	name string
	do   func(c *city, l creditbank.LearnerID, seq int64) error
}{
	{"claim", func(c *city, l creditbank.LearnerID, seq int64) error {
		_, err := c.Claim(c.t.Context(), acting("r9", l), seq, "")
		return err
	}},
	{"release", func(c *city, l creditbank.LearnerID, seq int64) error {
		_, err := c.Release(c.t.Context(), acting("r8", l), seq)
		return err
	}},
	{"recuse", func(c *city, l creditbank.LearnerID, seq int64) error {
		_, err := c.Recuse(c.t.Context(), acting("r9", l), seq, "亲属")
		return err
	}},
	{"review", func(c *city, l creditbank.LearnerID, seq int64) error {
		_, err := c.Review(c.t.Context(), acting("r9", l), seq, creditbank.Verdict{Approve: true})
		return err
	}},
	{"return", func(c *city, l creditbank.LearnerID, seq int64) error {
		_, err := c.Return(c.t.Context(), acting("r9", l), seq, creditbank.Returning{Reason: "缺材料"})
		return err
	}},
	{"supplement", func(c *city, l creditbank.LearnerID, seq int64) error {
		_, err := c.Supplement(c.t.Context(), acting(operator.ID, l), seq, creditbank.Supplement{Text: "附"})
		return err
	}},
	{"withdraw", func(c *city, l creditbank.LearnerID, seq int64) error {
		_, err := c.Retract(c.t.Context(), acting(operator.ID, l), seq, "")
		return err
	}},
	{"object", func(c *city, l creditbank.LearnerID, seq int64) error {
		_, err := c.ObjectTo(c.t.Context(), acting("x", l), seq, "异议")
		return err
	}},
	{"answer", func(c *city, l creditbank.LearnerID, seq int64) error {
		p := c.application(l, seq)
		objection := int64(0)
		if len(p.Objections) > 0 {
			objection = p.Objections[0].Seq
		}
		_, err := c.Answer(c.t.Context(), acting("r9", l), seq, creditbank.Answer{Objection: objection, Text: "答复"})
		return err
	}},
	{"effect", func(c *city, l creditbank.LearnerID, seq int64) error {
		_, err := c.Effect(c.t.Context(), acting("clock", l), seq)
		return err
	}},
	{"due", func(c *city, l creditbank.LearnerID, _ int64) error {
		done, err := c.ApplicationsDue(c.t.Context(), operator, 100)
		if err == nil && !slices.ContainsFunc(done, func(d creditbank.Due) bool { return d.Learner == l }) {
			err = creditbank.Conflict(creditbank.CodeState, "", "", "nothing is due")
		}
		return err
	}},
	{"appeal", func(c *city, l creditbank.LearnerID, seq int64) error {
		_, err := c.Appeal(c.t.Context(), acting(operator.ID, l), seq, "不服")
		return err
	}},
}

// Every state, every act: allowed, or refused with its code and nothing on record.
func TestEveryStateEveryAct(t *testing.T) {
	send := func(c *city, l creditbank.LearnerID, seq int64) {
		_, err := c.Return(c.t.Context(), acting("r1", l), seq, creditbank.Returning{Reason: "缺材料"})
		must(c.t, err)
	}
	object := func(c *city, l creditbank.LearnerID, seq int64) {
		_, err := c.ObjectTo(c.t.Context(), acting("x", l), seq, "异议")
		must(c.t, err)
	}
	for name, tt := range map[string]struct {
		reach   func(c *city, l creditbank.LearnerID, seq int64)
		state   creditbank.ApplicationState
		allowed string
	}{
		"submitted": {func(*city, creditbank.LearnerID, int64) {}, creditbank.StateSubmitted, "claim recuse review return withdraw"},
		"claimed": {func(c *city, l creditbank.LearnerID, seq int64) {
			_, err := c.Claim(c.t.Context(), acting("r8", l), seq, "")
			must(c.t, err)
		}, creditbank.StateSubmitted, "claim release recuse review return withdraw"},
		"returned":          {send, creditbank.StateReturned, "recuse supplement withdraw"},
		"returned too long": {func(c *city, l creditbank.LearnerID, seq int64) { send(c, l, seq); c.set("2026-05-01") }, creditbank.StateReturned, "recuse withdraw due"},
		"shown":             {func(c *city, l creditbank.LearnerID, seq int64) { c.vote(l, seq, 1, "yyy") }, creditbank.StatePublicity, "recuse withdraw object"},
		"disputed": {func(c *city, l creditbank.LearnerID, seq int64) { c.vote(l, seq, 1, "yyy"); object(c, l, seq) },
			creditbank.StatePublicity, "recuse withdraw object answer"},
		"shown for long enough": {func(c *city, l creditbank.LearnerID, seq int64) { c.vote(l, seq, 1, "yyy"); c.set("2026-05-01") },
			creditbank.StatePublicity, "recuse return withdraw effect due"},
		"in effect": {func(c *city, l creditbank.LearnerID, seq int64) {
			c.vote(l, seq, 1, "yyy")
			c.set("2026-05-01")
			_, err := c.Effect(c.t.Context(), acting("clock", l), seq)
			must(c.t, err)
		}, creditbank.StateEffective, ""},
		"denied":          {func(c *city, l creditbank.LearnerID, seq int64) { c.vote(l, seq, 1, "nnn") }, creditbank.StateDenied, "appeal"},
		"denied long ago": {func(c *city, l creditbank.LearnerID, seq int64) { c.vote(l, seq, 1, "nnn"); c.set("2026-05-01") }, creditbank.StateDenied, ""},
		"appealed": {func(c *city, l creditbank.LearnerID, seq int64) {
			c.vote(l, seq, 1, "nnn")
			_, err := c.Appeal(c.t.Context(), acting(operator.ID, l), seq, "不服")
			must(c.t, err)
		}, creditbank.StateAppealed, "claim recuse review return withdraw"},
		"withdrawn": {func(c *city, l creditbank.LearnerID, seq int64) {
			_, err := c.Retract(c.t.Context(), acting(operator.ID, l), seq, "")
			must(c.t, err)
		}, creditbank.StateWithdrawn, ""},
		"lapsed": {func(c *city, l creditbank.LearnerID, seq int64) {
			send(c, l, seq)
			c.set("2026-05-01")
			_, err := c.ApplicationsDue(c.t.Context(), operator, 10)
			must(c.t, err)
		}, creditbank.StateLapsed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := applicationCity(t, wholeLife)
			for n, ask := range asked {
				c.set("2026-03-15")
				l, seq := c.applicant(n)
				tt.reach(c, l, seq)
				if p := c.application(l, seq); p.State != tt.state {
					t.Fatalf("the application is %s, want %s", p.State, tt.state)
				}
				before := c.version(l)
				err := ask.do(c, l, seq)
				if slices.Contains(strings.Fields(tt.allowed), ask.name) {
					if err != nil || c.version(l) == before {
						t.Errorf("%s: %v, want it done", ask.name, err)
					}
				} else {
					var input *creditbank.InputError
					if !errors.As(err, &input) || input.Code != creditbank.CodeState && input.Code != creditbank.CodeUnknownObjection || c.version(l) != before {
						t.Errorf("%s: %v, want STATE_CONFLICT and nothing on record", ask.name, err)
					}
				}
				c.wantWorklist()
				c.replayAll(l)
			}
		})
	}
}

// What stands in no account is no application, whatever is asked.
func TestNoApplication(t *testing.T) {
	c := applicationCity(t, wholeLife)
	l := c.stranger(1)
	for _, ask := range asked {
		if ask.name == "due" || ask.name == "answer" {
			continue
		}
		wantCode(t, ask.name, ask.do(c, l, 1), creditbank.ErrNotFound, creditbank.CodeUnknownApplication)
	}
}
