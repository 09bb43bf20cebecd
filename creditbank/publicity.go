package creditbank

import (
	"context"
	"fmt"
)

// ObjectTo speaks against an approval while it is shown (公示异议). Anybody may whom
// the service lets in; their words are sealed under the learner's key, and what they
// said keeps the approval from taking effect until it is answered.
func (b *Bank) ObjectTo(ctx context.Context, c Change, application int64, text string) (Act, error) {
	if err := checkWords(text); err != nil {
		return Act{}, err
	}
	return b.changeLast(ctx, c, fmt.Sprintf("object %d %s", application, b.vault.Hash("words", text)), func(d *draft, _ History) error {
		if err := d.allows(ActObjected, ActBody{Of: application}); err != nil {
			return err
		}
		sealed, err := b.sealWords(ctx, c.Learner, text)
		if err != nil {
			return err
		}
		_, err = d.step(ActObjected, application, ActBody{Step: newStep(Step{Sealed: sealed})})
		return err
	})
}

// An Answer (异议答复) is what a reviewer says to an objection.
type Answer struct {
	Objection int64  // the act that objected
	Uphold    bool   // the application goes back to its reviewers, who decide anew
	Text      string // for the record
	For       string // the reviewer that a deputy acts for
}

// Answer answers an objection. Where it is upheld the application goes back to its
// reviewers, with their time anew.
func (b *Bank) Answer(ctx context.Context, c Change, application int64, a Answer) (Act, error) {
	if err := checkReason(a.Text); err != nil {
		return Act{}, err
	}
	return b.changeLast(ctx, c, fmt.Sprintf("answer %d %d %t %q %q", application, a.Objection, a.Uphold, a.Text, a.For), func(d *draft, _ History) error {
		behalf, err := b.actsFor(d, a.For)
		if err != nil {
			return err
		}
		step := Step{Approve: a.Uphold, For: behalf}
		if p := d.account.Application(application); p != nil && a.Uphold {
			step.Due, step.Assumed = b.Catalogue().Calendar.After(d.day, p.Process.decide(p.Level))
		}
		_, err = d.step(ActAnswered, application, ActBody{Since: a.Objection, Reason: a.Text, Step: newStep(step)})
		return err
	})
}

// Effect has an approved application take effect whose publicity is over (生效): the
// conversion is made, on the account as it is now. If it would by now forfeit more
// than its applicant agreed to, it goes back to them instead.
func (b *Bank) Effect(ctx context.Context, c Change, application int64) (Act, error) {
	return b.changeLast(ctx, c, fmt.Sprintf("effect %d", application), func(d *draft, _ History) error {
		p := d.account.Application(application)
		if p == nil || p.State != StatePublicity {
			return b.noEffect(d, p)
		}
		return b.effect(ctx, d, p)
	})
}

// noEffect says why nothing can take effect.
func (b *Bank) noEffect(d *draft, p *Application) error {
	if p == nil {
		return d.account.allows(Act{})
	}
	return p.notNow(ActDecided)
}

// effect drafts what comes once publicity is over.
func (b *Bank) effect(ctx context.Context, d *draft, p *Application) error {
	probe := Act{Day: d.day, Body: ActBody{Decision: &Decision{Review: &Review{p.Seq, true}}}}
	if err := d.account.allowsEffect(p, probe); err != nil {
		return err
	}
	decision, err := b.reviewed(ctx, d, p, true)
	if is, ok := err.(*InputError); ok && is.Code == CodeForfeitNotConfirmed {
		step := b.returning(d, p, Term{})
		_, err := d.step(ActReturned, p.Seq, ActBody{Reason: is.Reason.ZH, Step: newStep(step)})
		return err
	}
	if err != nil {
		return err
	}
	return b.decide(d, p, decision, Step{}, "")
}
