package creditbank

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
)

// hashRequest returns the hash that tells one request from another.
func hashRequest(what string) Hash { return sha256.Sum256([]byte(what)) }

// Enrol enrols the learner in a programme, which conversions into it need.
// Enrolling twice changes nothing; under a key it is put on record all the same,
// so that the key keeps its answer.
func (b *Bank) Enrol(ctx context.Context, c Change, p ProgrammeID) error {
	return b.stand(ctx, c, "enrol "+string(p), func(d *draft, rules Rules) error {
		if _, ok := rules.Programme(p); !ok {
			return unknownProgramme(p)
		}
		if d.account.Enrolled(p) && c.Key == "" {
			return b.nothingToDo(ctx)
		}
		_, err := d.act(ActEnrolled, ActBody{Programme: p})
		return err
	})
}

// Leave withdraws the learner from a programme, also from one that the rules have
// no more. What was converted stays.
func (b *Bank) Leave(ctx context.Context, c Change, p ProgrammeID) error {
	return b.stand(ctx, c, "leave "+string(p), func(d *draft, rules Rules) error {
		if _, ok := rules.Programme(p); !ok && !d.account.Enrolled(p) {
			return unknownProgramme(p)
		}
		if !d.account.Enrolled(p) && c.Key == "" {
			return b.nothingToDo(ctx)
		}
		_, err := d.act(ActLeft, ActBody{Programme: p})
		return err
	})
}

// Freeze freezes the account: balances stay readable, postings still arrive,
// conversions are denied.
func (b *Bank) Freeze(ctx context.Context, c Change, reason string) error {
	return b.freeze(ctx, c, ActFrozen, reason)
}

// Unfreeze lifts a freeze.
func (b *Bank) Unfreeze(ctx context.Context, c Change, reason string) error {
	return b.freeze(ctx, c, ActUnfrozen, reason)
}

func (b *Bank) freeze(ctx context.Context, c Change, kind ActKind, reason string) error {
	if err := checkText("reason", reason, 1000); err != nil {
		return err
	}
	return b.stand(ctx, c, string(kind)+" "+reason, func(d *draft, _ Rules) error {
		if d.account.Frozen == (kind == ActFrozen) && c.Key == "" {
			return b.nothingToDo(ctx)
		}
		_, err := d.act(kind, ActBody{Reason: reason})
		return err
	})
}

// errNothingToDo says that the account is already as asked.
var errNothingToDo = errors.New("nothing to do")

// nothingToDo returns errNothingToDo once that is sure to last.
func (b *Bank) nothingToDo(ctx context.Context) error {
	if err := b.store.Confirm(ctx); err != nil {
		return err
	}
	return errNothingToDo
}

func (b *Bank) stand(ctx context.Context, c Change, what string, decide func(*draft, Rules) error) error {
	_, _, err := b.change(ctx, c, what, func(d *draft, _ History, rules Rules) error { return decide(d, rules) })
	if err == errNothingToDo {
		return nil
	}
	return err
}

func unknownProgramme(p ProgrammeID) error {
	return NotFound(CodeUnknownProgramme, "programme", fmt.Sprintf("专业 %s 不存在", p), fmt.Sprintf("programme %s does not exist", p))
}

// Convert asks for conversions by the named rules, taken one after the other,
// each seeing what the earlier ones did. Every decision is put on record,
// denials too. One that a reviewer has to approve is put on record as an
// application, of which a rule has one open at a time; it holds what it would
// consume, and consumes it when it is approved ([Bank.Review]). An unknown rule is an error and nothing is
// decided.
//
// What is forfeited is on record with the decision; people are asked about it first
// ([Bank.ConvertConfirmed]).
func (b *Bank) Convert(ctx context.Context, c Change, rules []RuleID) ([]Act, error) {
	return b.convert(ctx, c, rules, nil)
}

// ConvertConfirmed is [Bank.Convert] for people, who agree to what they would
// forfeit by all of the rules together, as [Bank.Preview] shows it. If it comes to
// another sum, it is FORFEIT_NOT_CONFIRMED with the figure, and nothing is decided.
// An approval later on forfeits no more than was agreed to.
func (b *Bank) ConvertConfirmed(ctx context.Context, c Change, rules []RuleID, forfeit Credits) ([]Act, error) {
	return b.convert(ctx, c, rules, &forfeit)
}

func (b *Bank) convert(ctx context.Context, c Change, rules []RuleID, forfeit *Credits) ([]Act, error) {
	if len(rules) == 0 {
		return nil, Invalid(CodeMissing, "rules", "至少要指定一条规则", "name at least one rule")
	}
	// What was agreed to is a condition of the request, not what it asks for: sent
	// again, after a look at an account that has changed by it, it is the same.
	acts, _, err := b.change(ctx, c, fmt.Sprint("convert ", rules), func(d *draft, _ History, set Rules) error {
		var forfeited Credits
		for _, id := range rules {
			// What an earlier application for the rule holds would deny the
			// next; that it waits says more.
			if err := d.account.alreadyApplied(id); err != nil {
				return err
			}
			decision, err := set.Decide(d.account, id, d.at, d.day)
			if err != nil {
				return err
			}
			kind, body := ActDecided, ActBody{Decision: decision}
			if decision.Pending() {
				kind = ActApplied
				body.Holds, body.Step = true, b.applying(d, set.Process(decision), decision, forfeit)
			}
			if _, err := d.act(kind, body); err != nil {
				return err
			}
			forfeited += decision.Forfeited
		}
		if forfeit != nil && *forfeit != forfeited {
			return forfeitNotConfirmed("confirm_forfeited", forfeited, *forfeit)
		}
		return nil
	})
	return acts, err
}

// applying returns what an application says of how it will be decided.
func (b *Bank) applying(d *draft, process *Process, decision *Decision, forfeit *Credits) *Step {
	step := Step{Process: process}
	step.Due, step.Assumed = b.Catalogue().Calendar.After(d.day, process.decide(0))
	if forfeit != nil {
		step.Confirmed = &decision.Forfeited
	}
	return newStep(step)
}

// Preview decides as [Bank.Convert] would, and records nothing.
func (b *Bank) Preview(ctx context.Context, id LearnerID, rules []RuleID) ([]*Decision, error) {
	account, err := b.Account(ctx, id)
	if err != nil {
		return nil, err
	}
	set, at, day, err := b.current()
	if err != nil {
		return nil, err
	}
	return preview(set, account, rules, at, day)
}

// Plan finds the best conversions for the learner towards a programme, today.
func (b *Bank) Plan(ctx context.Context, id LearnerID, p ProgrammeID) (Plan, error) {
	account, err := b.Account(ctx, id)
	if err != nil {
		return Plan{}, err
	}
	set, at, day, err := b.current()
	if err != nil {
		return Plan{}, err
	}
	return set.Plan(account, p, at, day)
}
