package creditbank

import (
	"context"
	"fmt"
)

// claimDays is how long a claim holds, after the day on which it is made: a
// reviewer who falls ill holds up nobody for longer.
const claimDays = 7

// Claim takes up an application for a reviewer (认领): one of the votes to be cast is
// kept for them for a week. Nobody has to claim before they vote, unless all votes
// are claimed by others.
func (b *Bank) Claim(ctx context.Context, c Change, application int64, behalf string) (Act, error) {
	return b.changeLast(ctx, c, fmt.Sprintf("claim %d %q", application, behalf), func(d *draft, _ History) error {
		behalf, err := b.actsFor(d, behalf)
		if err != nil {
			return err
		}
		until := Period{Days: claimDays}.After(d.day)
		_, err = d.step(ActClaimed, application, ActBody{Step: newStep(Step{Due: until, For: behalf})})
		return err
	})
}

// Release lets a claimed application go.
func (b *Bank) Release(ctx context.Context, c Change, application int64) (Act, error) {
	return b.changeLast(ctx, c, fmt.Sprintf("release %d", application), func(d *draft, _ History) error {
		_, err := d.step(ActReleased, application, ActBody{})
		return err
	})
}

// Recuse keeps a reviewer out of an application for good (回避), for a reason that
// goes on record. A vote they cast in this round is struck.
func (b *Bank) Recuse(ctx context.Context, c Change, application int64, reason string) (Act, error) {
	if err := checkReason(reason); err != nil {
		return Act{}, err
	}
	return b.changeLast(ctx, c, fmt.Sprintf("recuse %d %q", application, reason), func(d *draft, _ History) error {
		_, err := d.step(ActRecused, application, ActBody{Reason: reason})
		return err
	})
}

// checkReason refuses a reason that is missing or cannot stand on record.
func checkReason(reason string) error {
	if reason == "" {
		return Invalid(CodeMissing, "reason", "必须说明理由", "a reason must be given")
	}
	return checkText("reason", reason, 1000)
}

// A Returning asks an applicant for a supplement.
type Returning struct {
	Reason string // what is missing, for the applicant to read
	Within Term   // time to supplement; the rule's, or 15 days, where zero
	For    string // the reviewer that a deputy acts for
}

// Return sends an application back for a supplement (退回补正). The clock of the
// reviewers stands until it comes back; the applicant's own begins. Votes cast so
// far count no more: they were on something else.
func (b *Bank) Return(ctx context.Context, c Change, application int64, r Returning) (Act, error) {
	if err := checkReason(r.Reason); err != nil {
		return Act{}, err
	}
	return b.changeLast(ctx, c, fmt.Sprintf("return %d %q %v %q", application, r.Reason, r.Within, r.For), func(d *draft, _ History) error {
		behalf, err := b.actsFor(d, r.For)
		if err != nil {
			return err
		}
		p := d.account.Application(application)
		if p == nil {
			return d.account.allows(Act{Kind: ActReturned, Body: ActBody{Of: application}})
		}
		step := b.returning(d, p, r.Within)
		step.For = behalf
		_, err = d.step(ActReturned, application, ActBody{Reason: r.Reason, Step: newStep(step)})
		return err
	})
}

// returning stops the reviewers' clock and starts the applicant's.
func (b *Bank) returning(d *draft, p *Application, within Term) Step {
	if within == (Term{}) {
		within = p.Process.supplement()
	}
	calendar := b.Catalogue().Calendar
	var s Step
	term, due := p.Process.decide(p.Level), p.Due
	if p.State == StatePublicity { // decided in time, and to be decided anew
		due, _ = calendar.After(d.day, term)
	}
	if due != 0 {
		s.Left = calendar.Left(d.day, due, term)
	}
	s.Due, s.Assumed = calendar.After(d.day, within)
	return s
}
