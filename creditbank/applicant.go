package creditbank

import (
	"context"
	"fmt"
	"slices"
)

// What applicants do with their applications. The bank does not know people: who
// may speak for a learner is for whoever lets them in to say.

// maxWords bounds what somebody writes on an application, in bytes.
const maxWords = 3000

// A Supplement (补正) is what an applicant adds to an application that was returned.
type Supplement struct {
	Text    string   // sealed under the learner's key
	Forfeit *Credits // agrees anew to what would be forfeited; nil leaves it as it was
}

// Supplement brings a returned application back to its reviewers, whose clock runs
// on: they have the days that were left to them. It holds from then on what approval
// would consume that day. If more would be forfeited than
// was agreed to, the applicant confirms the new figure, or it is
// FORFEIT_NOT_CONFIRMED.
func (b *Bank) Supplement(ctx context.Context, c Change, application int64, s Supplement) (Act, error) {
	if err := checkWords(s.Text); err != nil {
		return Act{}, err
	}
	what := fmt.Sprintf("supplement %d %s", application, b.vault.Hash("words", s.Text))
	if s.Forfeit != nil {
		what += " forfeit " + s.Forfeit.String()
	}
	return b.changeLast(ctx, c, what, func(d *draft, _ History) error {
		if err := d.allows(ActSupplemented, ActBody{Of: application}); err != nil {
			return err
		}
		p := d.account.Application(application)
		if err := b.confirmAnew(ctx, d, p, s.Forfeit); err != nil {
			return err
		}
		sealed, err := b.sealWords(ctx, c.Learner, s.Text)
		if err != nil {
			return err
		}
		held, holds, err := b.promise(ctx, d, p)
		if err != nil {
			return err
		}
		step := Step{Sealed: sealed, Confirmed: s.Forfeit, Held: held}
		if term := p.Process.decide(p.Level); p.Left > 0 || term != (Term{}) {
			step.Due, step.Assumed = b.Catalogue().Calendar.Resume(d.day, p.Left, term)
		}
		_, err = d.step(ActSupplemented, application, ActBody{Holds: holds, Step: newStep(step)})
		return err
	})
}

// confirmAnew holds what an applicant agrees to forfeit against what approval would
// forfeit now.
func (b *Bank) confirmAnew(ctx context.Context, d *draft, p *Application, forfeit *Credits) error {
	if forfeit == nil && p.Confirmed == nil {
		return nil // nobody was asked
	}
	rules, err := b.rules(ctx, p.Decision.RuleSet)
	if err != nil {
		return err
	}
	now, err := rules.Review(d.account, Review{p.Seq, true}, d.at)
	if err != nil {
		return err
	}
	switch {
	case forfeit != nil && *forfeit != now.Forfeited:
		return forfeitNotConfirmed("confirm_forfeited", now.Forfeited, *forfeit)
	case forfeit == nil && now.Forfeited > *p.Confirmed:
		return forfeitNotConfirmed("confirm_forfeited", now.Forfeited, *p.Confirmed)
	}
	return nil
}

// promise returns what an application that comes back to its reviewers holds from
// then on, and false where approval would be denied as things stand: then it says
// nothing of what is held.
func (b *Bank) promise(ctx context.Context, d *draft, p *Application) ([]Consumption, bool, error) {
	rules, err := b.rules(ctx, p.Decision.RuleSet)
	if err != nil {
		return nil, false, err
	}
	now, err := rules.Review(d.account, Review{p.Seq, true}, d.at)
	if err != nil || !now.Approved {
		return nil, false, err
	}
	lots := slices.DeleteFunc(slices.Clone(now.Sources), func(s Consumption) bool { _, line := s.Line(); return line })
	return slices.Clip(lots), true, nil
}

// Retract withdraws an application (撤回申请), which its applicant may do until it
// takes effect. What is in effect is undone by a reversal, not by this.
func (b *Bank) Retract(ctx context.Context, c Change, application int64, reason string) (Act, error) {
	if err := checkText("reason", reason, 1000); err != nil {
		return Act{}, err
	}
	return b.changeLast(ctx, c, fmt.Sprintf("retract %d %q", application, reason), func(d *draft, _ History) error {
		_, err := d.step(ActRetracted, application, ActBody{Reason: reason})
		return err
	})
}

// Appeal has a refused application decided anew (申诉), by others than those who
// decided before, as often as its rule has levels. It is filed within the time that
// the rule gives, and says why, in words that are sealed under the learner's key.
// The refusal let go of what the application held: the appeal holds anew what
// approval would consume that day, and is decided on what is there.
func (b *Bank) Appeal(ctx context.Context, c Change, application int64, why string) (Act, error) {
	if err := checkWords(why); err != nil {
		return Act{}, err
	}
	return b.changeLast(ctx, c, fmt.Sprintf("appeal %d %s", application, b.vault.Hash("words", why)), func(d *draft, _ History) error {
		if err := d.allows(ActAppealed, ActBody{Of: application}); err != nil {
			return err
		}
		p := d.account.Application(application)
		sealed, err := b.sealWords(ctx, c.Learner, why)
		if err != nil {
			return err
		}
		held, holds, err := b.promise(ctx, d, p)
		if err != nil {
			return err
		}
		step := Step{Sealed: sealed, Held: held}
		step.Due, step.Assumed = b.Catalogue().Calendar.After(d.day, p.Process.decide(p.Level+1))
		_, err = d.step(ActAppealed, application, ActBody{Holds: holds, Step: newStep(step)})
		return err
	})
}

// checkWords refuses words that are missing, or that nobody could read.
func checkWords(text string) error {
	if text == "" {
		return Invalid(CodeMissing, "text", "内容不能为空", "something must be said")
	}
	return checkText("text", text, maxWords)
}

// sealWords seals what somebody wrote under a learner's key: it is about a person.
func (b *Bank) sealWords(ctx context.Context, id LearnerID, text string) ([]byte, error) {
	l, err := b.store.Learner(ctx, id)
	if err != nil {
		return nil, err
	}
	return b.vault.Seal(id, l.Key, []byte(text))
}

// Words returns what was sealed in a [Letter] or an [Objection] of a learner's.
func (b *Bank) Words(ctx context.Context, id LearnerID, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	l, err := b.store.Learner(ctx, id)
	if err != nil {
		return "", err
	}
	text, err := b.vault.Unseal(id, l.Key, sealed)
	return string(text), err
}
