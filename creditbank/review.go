package creditbank

import (
	"context"
	"fmt"
	"time"
)

// An Application (申请) is a conversion that waits, or waited, for a reviewer.
// It holds what it would consume: no other application and no conversion gets
// that while it is open. Those put on record before there were holds hold
// nothing.
type Application struct {
	Seq       int64     // the act that applied; names the application for ever
	Decision  *Decision // pending: with what approval would have granted then
	At        time.Time
	By        Caller
	DecidedBy int64 // the act that decided it, zero while it is open
}

// A Verdict is what a reviewer says of an application.
type Verdict struct {
	Approve bool
	Note    string // for the record, up to 1000 bytes
}

// Application returns the application that version seq made, or nil.
func (a *Account) Application(seq int64) *Application {
	return bySeq(a.Applications, seq, func(p *Application) int64 { return p.Seq })
}

// alreadyApplied reports an application for the rule that is still open.
func (a *Account) alreadyApplied(rule RuleID) error {
	for _, p := range a.Applications {
		if p.DecidedBy == 0 && p.Decision.Rule == rule {
			return Conflict(CodeState, "rules", fmt.Sprintf("规则 %s 的申请（第%d项）尚在审核中", rule, p.Seq),
				fmt.Sprintf("application %d for rule %s is still open", p.Seq, rule))
		}
	}
	return nil
}

func (a *Account) applyApplied(act Act) error {
	d := act.Body.Decision
	if err := a.belongs(d); err != nil {
		return err
	}
	if !d.Pending() || d.Review != nil {
		return fmt.Errorf("decision does not wait for a reviewer")
	}
	if err := a.alreadyApplied(d.Rule); err != nil {
		return fmt.Errorf("%v", err) // damage is of no kind
	}
	a.Applications = append(a.Applications, &Application{Seq: act.Seq, Decision: d, At: act.At, By: act.By})
	if act.Body.Holds {
		return a.hold(act.Seq, d)
	}
	return nil
}

// closeApplication notes that act, a decision, answers an application, if it
// does.
func (a *Account) closeApplication(act Act) error {
	r := act.Body.Decision.Review
	if r == nil && act.Body.Of == 0 {
		return nil
	}
	p := a.Application(act.Body.Of)
	switch d := act.Body.Decision; {
	case r == nil || r.Application != act.Body.Of || p == nil || p.DecidedBy != 0:
		return fmt.Errorf("no open application %d", act.Body.Of)
	case d.Rule != p.Decision.Rule || d.Day != p.Decision.Day || d.Approved && !r.Approved:
		return fmt.Errorf("decision does not answer application %d", p.Seq)
	}
	p.DecidedBy = act.Seq
	until := act.Day
	if act.Body.Decision.Approved {
		until = act.Body.Decision.Day // from then on it is consumed
	}
	a.releaseHold(p.Seq, until)
	return nil
}

// Review decides an application. An approval evaluates the rule again, by the
// rule set and as of the day of the application, on the account as it is now:
// what was revoked, revised or frozen since denies it after all. What the
// application holds is free for it alone. The decision takes
// effect on the day of the application. A rejection needs no reason beyond the
// reviewer's own. Whoever applied cannot review.
func (b *Bank) Review(ctx context.Context, c Change, application int64, v Verdict) (Act, error) {
	if err := checkText("note", v.Note, 1000); err != nil {
		return Act{}, err
	}
	return b.changeOne(ctx, c, fmt.Sprintf("review %d %t %q", application, v.Approve, v.Note), func(d *draft, _ History) error {
		p := d.account.Application(application)
		if err := reviewable(p, c.By); err != nil {
			return err
		}
		if v.Approve {
			if err := b.suspendedNow(p.Decision.Rule); err != nil {
				return err
			}
		}
		rules, err := b.rules(ctx, p.Decision.RuleSet)
		if err != nil {
			return err
		}
		decision, err := rules.Review(d.account, Review{application, v.Approve}, d.at)
		if err != nil {
			return err
		}
		_, err = d.act(ActDecided, ActBody{Decision: decision, Of: application, Reason: v.Note})
		return err
	})
}

// reviewable says why an application cannot be reviewed by somebody.
func reviewable(p *Application, by Caller) error {
	switch {
	case p == nil:
		return NotFound(CodeUnknownApplication, "application", "没有这项申请", "there is no such application")
	case p.DecidedBy != 0:
		return Conflict(CodeState, "application", fmt.Sprintf("该申请已有决定（第%d项）", p.DecidedBy),
			fmt.Sprintf("the application was decided before, by entry %d", p.DecidedBy))
	case p.By.ID == by.ID:
		return Conflict(CodeState, "application", "申请人不能审核自己的申请", "whoever applied cannot review the application")
	}
	return nil
}

// Applications returns up to limit open applications, in order of learner and
// version, above after.
func (b *Bank) Applications(ctx context.Context, after RowRef, limit int) ([]RowRef, error) {
	return b.store.Applications(ctx, after, limit)
}
