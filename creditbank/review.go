package creditbank

import (
	"context"
	"fmt"
)

// A Verdict is what a reviewer says of an application.
type Verdict struct {
	Approve bool
	Note    string // for the record, up to 1000 bytes
	For     string // the reviewer in whose stead a deputy votes, "" for themselves
}

// Review casts a vote on an application (评审). Where the rule asks for one
// reviewer that decides it; else the vote that makes up the number does, by
// majority: each vote is cast, whatever the others were. An approval evaluates the
// rule again, by the rule set and as of the day of the application, on the account
// as it is now: what was revoked, revised or frozen since denies it after all; what
// the application holds is free for it alone. It takes
// effect on the day of the application; where the rule has publicity, once that is
// over. A rejection needs no reason beyond the reviewer's own.
//
// Whoever applied cannot vote, nor who recused themselves, who objected, who
// decided what is appealed, nor somebody whose vote was cast: REVIEWER_EXCLUDED. An
// application that others claimed is APPLICATION_CLAIMED. The act returned is the
// last one that the vote brought: opined, resolved or decided.
func (b *Bank) Review(ctx context.Context, c Change, application int64, v Verdict) (Act, error) {
	if err := checkText("note", v.Note, 1000); err != nil {
		return Act{}, err
	}
	return b.changeLast(ctx, c, reviewRequest(application, v), func(d *draft, _ History) error {
		return b.vote(ctx, d, application, v, nil)
	})
}

// reviewRequest tells one review from another.
func reviewRequest(application int64, v Verdict) string {
	what := fmt.Sprintf("review %d %t %q", application, v.Approve, v.Note)
	if v.For != "" {
		what += fmt.Sprintf(" for %q", v.For)
	}
	return what
}

// vote drafts a vote and what it brings. If like is not nil, an approval is refused
// that would not grant what like says.
func (b *Bank) vote(ctx context.Context, d *draft, application int64, v Verdict, like *caseKey) error {
	behalf, err := b.actsFor(d, v.For)
	if err != nil {
		return err
	}
	body := ActBody{Of: application, Reason: v.Note, Step: newStep(Step{For: behalf, Approve: v.Approve})}
	if err := d.allows(ActOpined, body); err != nil {
		return err
	}
	p := d.account.Application(application)
	if p.Process.direct() {
		return b.conclude(ctx, d, p, outcome{v.Approve, behalf, v.Note, like})
	}
	if _, err := d.act(ActOpined, body); err != nil {
		return err
	}
	if approve, decided := p.verdict(); decided {
		return b.conclude(ctx, d, p, outcome{approve: approve, like: like})
	}
	return nil
}

// An outcome is what the votes on an application came to.
type outcome struct {
	approve bool
	behalf  string // in whose stead the one vote was cast that decided
	note    string // of the one vote
	like    *caseKey
}

// conclude drafts what follows once the votes are cast: the decision, or the
// publicity that comes before it.
func (b *Bank) conclude(ctx context.Context, d *draft, p *Application, o outcome) error {
	decision, err := b.reviewed(ctx, d, p, o.approve)
	if err != nil {
		return err
	}
	if o.like != nil && decision.Approved && !o.like.matches(decision) {
		return casesDiffer("application", "复核后授予的学分与本批其他申请不同", "evaluated anew, it would grant other lines than the rest of the batch")
	}
	step := Step{For: o.behalf}
	if publicity := p.Process.publicity(); decision.Approved && publicity != (Term{}) {
		step.Due, step.Assumed = b.Catalogue().Calendar.After(d.day, publicity)
		_, err = d.step(ActResolved, p.Seq, ActBody{Decision: decision, Holds: true, Step: newStep(step)})
		return err
	}
	return b.decide(d, p, decision, step, o.note)
}

// decide drafts the decision on p. Where a refusal can be appealed, it says until
// when.
func (b *Bank) decide(d *draft, p *Application, decision *Decision, step Step, note string) error {
	if !decision.Approved && p.Level < p.Process.levels() {
		step.Due, step.Assumed = b.Catalogue().Calendar.After(d.day, p.Process.Appeal.File)
	}
	_, err := d.step(ActDecided, p.Seq, ActBody{Decision: decision, Reason: note, Step: newStep(step)})
	return err
}

// reviewed evaluates the rule of p now that reviewers have spoken. It refuses to
// approve by a rule that is suspended, and to forfeit more than the applicant agreed
// to.
func (b *Bank) reviewed(ctx context.Context, d *draft, p *Application, approve bool) (*Decision, error) {
	if approve {
		if err := b.suspendedNow(p.Decision.Rule); err != nil {
			return nil, err
		}
	}
	rules, err := b.rules(ctx, p.Decision.RuleSet)
	if err != nil {
		return nil, err
	}
	decision, err := rules.Review(d.account, Review{p.Seq, approve}, d.at)
	if err != nil {
		return nil, err
	}
	if decision.Approved && p.Confirmed != nil && decision.Forfeited > *p.Confirmed {
		return nil, forfeitNotConfirmed("application", decision.Forfeited, *p.Confirmed)
	}
	return decision, nil
}

// forfeitNotConfirmed says what would be forfeited, and what was agreed to.
func forfeitNotConfirmed(field string, forfeited, confirmed Credits) error {
	return Conflict(CodeForfeitNotConfirmed, field,
		fmt.Sprintf("将放弃%v学分，已确认的是%v学分；须由申请人以%v另行确认", forfeited, confirmed, forfeited),
		fmt.Sprintf("%v credits would be forfeited, and %v were agreed to: the applicant has to confirm %v", forfeited, confirmed, forfeited))
}

// newStep returns s, or nil where it says nothing: acts encode as they did before
// there were steps.
func newStep(s Step) *Step {
	if !s.Approve && s.Assumed == nil && s.Confirmed == nil && s.Due == 0 && s.For == "" && s.Held == nil && s.Left == 0 && s.Process == nil && s.Sealed == nil {
		return nil
	}
	return &s
}

// allows says why an act cannot be drafted.
func (d *draft) allows(kind ActKind, body ActBody) error {
	return d.account.allows(Act{Kind: kind, By: d.by, Day: d.day, Body: body})
}

// step adds an act in the life of an application, if it is allowed.
func (d *draft) step(kind ActKind, application int64, body ActBody) (Act, error) {
	body.Of = application
	if err := d.allows(kind, body); err != nil {
		return Act{}, err
	}
	return d.act(kind, body)
}

// changeLast is [Bank.change] for what drafts several acts, of which the last one
// is the answer; what expires by it comes after that.
func (b *Bank) changeLast(ctx context.Context, c Change, what string, decide func(d *draft, h History) error) (Act, error) {
	acts, _, err := b.change(ctx, c, what, func(d *draft, h History, _ Rules) error { return decide(d, h) })
	if err != nil {
		return Act{}, err
	}
	for len(acts) > 1 && acts[len(acts)-1].Kind == ActExpired {
		acts = acts[:len(acts)-1]
	}
	return acts[len(acts)-1], nil
}
