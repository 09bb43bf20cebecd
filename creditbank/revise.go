package creditbank

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Revise posts the next revision of an outcome. It is recognised anew by its
// own day of issue. A lot that nothing consumed is replaced; conversions that
// consumed it are evaluated again as of their own day: where the same lines
// come out they stand and are relinked, where only a grade differs the line is
// issued anew and whatever carried it on is evaluated again too, otherwise they
// are reversed as by [Bank.Revoke].
//
// The revision itself is the key: sent again it answers as the first time.
func (b *Bank) Revise(ctx context.Context, by Caller, p Posting, request string) (Posted, error) {
	if err := p.checkForm(); err != nil {
		return Posted{}, err
	}
	var posted Posted
	what := fmt.Sprintf("revise %+v", p)
	_, _, err := b.change(ctx, Change{By: by, Learner: p.Learner}, what, func(d *draft, h History, rules Rules) error {
		old, stored, err := revisable(d.account, p)
		if stored != nil {
			posted = Posted{h.outcome(stored.Seq), true}
			return b.nothingToDo(ctx)
		}
		if err := errors.Join(p.Check(b.Catalogue(), d.day), err); err != nil {
			return err
		}
		d.request, d.trace = Request{}, request
		posted.Outcome, err = b.revise(ctx, d, h, rules, old, p)
		return err
	})
	switch err {
	case nil, errNothingToDo:
		return posted, nil
	default:
		return Posted{}, err
	}
}

// revisable returns the lot that p revises; or the outcome on record, if p was
// posted before.
func revisable(a *Account, p Posting) (*Lot, *Outcome, error) {
	for _, l := range a.Lots {
		if l.OutcomeKey != p.OutcomeKey {
			continue
		}
		if !l.SamePosting(p) {
			return nil, nil, keyReused(p.OutcomeKey)
		}
		return nil, &l.Outcome, nil
	}
	old := a.newest(p.Institution, p.ExternalID)
	switch {
	case old == nil:
		return nil, nil, NotFound(CodeUnknownOutcome, "external_id", fmt.Sprintf("没有可修订的成果 %s/%s", p.Institution, Shown(p.ExternalID)),
			fmt.Sprintf("there is no outcome %s/%s to revise", p.Institution, Shown(p.ExternalID)))
	case p.Revision != old.Revision+1:
		return nil, nil, Conflict(CodeRevisionOrder, "revision", fmt.Sprintf("当前修订号为 %d，下一修订号应为 %d", old.Revision, old.Revision+1),
			fmt.Sprintf("the newest revision is %d, the next must be %d", old.Revision, old.Revision+1))
	case old.RevokedOn != 0:
		return nil, nil, Conflict(CodeState, "external_id", fmt.Sprintf("该成果已于 %s 撤销，不能修订；请以新的编号登记", old.RevokedOn),
			fmt.Sprintf("the outcome was revoked on %s and cannot be revised; post it under a new id", old.RevokedOn))
	}
	return old, nil, nil
}

func keyReused(k OutcomeKey) error {
	return Conflict(CodeKeyReused, "external_id", fmt.Sprintf("编号 %s/%s（修订 %d）已用于其他内容；更正请用下一修订号", k.Institution, Shown(k.ExternalID), k.Revision),
		fmt.Sprintf("%s/%s revision %d was posted before with other content; a correction is the next revision", k.Institution, Shown(k.ExternalID), k.Revision))
}

// revise drafts the revision of old and what follows from it.
func (b *Bank) revise(ctx context.Context, d *draft, h History, rules Rules, old *Lot, p Posting) (Outcome, error) {
	affected := d.account.using(old)
	// What the old revision counted towards a cap of its period is free again for it.
	course := b.Catalogue().Courses[p.Course]
	outcome, err := d.post(rules, p, course, old.Seq)
	if err != nil {
		return Outcome{}, err
	}
	if err := b.reconsiderAll(ctx, d, h, affected, outcome.Seq); err != nil {
		return Outcome{}, err
	}
	_, err = d.act(ActReplaced, ActBody{Of: old.Seq, Since: outcome.Seq})
	return outcome, err
}

// reconsider evaluates a conversion again, as of its own day, after the lot of
// version since changed, and reports whether its grades did.
func (b *Bank) reconsider(ctx context.Context, d *draft, h History, c *Conversion, since int64) (regraded bool, err error) {
	again, err := b.decideAgain(ctx, h, d.account, c, d.at)
	if err != nil {
		return false, err
	}
	rules, err := b.rules(ctx, c.Decision.RuleSet)
	if err != nil {
		return false, err
	}
	kind, body := ActRelinked, ActBody{Decision: again, Of: c.Seq, Since: since}
	verdict := compareLines(c.Decision, again)
	if verdict != otherLines && !rules.Fits(d.account, c, again) {
		verdict = otherLines
	}
	switch verdict {
	case sameLines:
		if slices.Equal(c.Decision.Sources, again.Sources) {
			return false, nil // a grade further up changed, and this rule asks for none
		}
	case otherGrades:
		kind = ActRegraded
	default:
		return false, d.undo([]*Conversion{c}, since)
	}
	_, err = d.act(kind, body)
	return kind == ActRegraded, err
}

// using returns the standing conversions that use a lot, or were left on an
// earlier revision of it.
func (a *Account) using(lot *Lot) []*Conversion {
	return slices.DeleteFunc(slices.Clone(a.Conversions), func(c *Conversion) bool {
		return !c.Stands() || !lot.heldBy(c.Seq)
	})
}

type comparison int

const (
	otherLines comparison = iota
	otherGrades
	sameLines
)

// compareLines says how far two decisions grant the same.
func compareLines(old, again *Decision) comparison {
	if !again.Approved || len(old.Lines) != len(again.Lines) {
		return otherLines
	}
	result := sameLines
	for i, l := range again.Lines {
		was := old.Lines[i]
		if l.Slot != was.Slot || l.Credits != was.Credits || l.Open != was.Open || l.MakeUp != was.MakeUp || !slices.Equal(l.Categories, was.Categories) {
			return otherLines
		}
		if l.Grade != was.Grade {
			result = otherGrades
		}
	}
	return result
}

// A Revoking asks to void an outcome.
type Revoking struct {
	Institution InstitutionID
	ExternalID  string
	Reason      string
}

// Revoke voids an outcome. Its lot is gone; every conversion that consumed it
// is reversed by linked transfers, after those that carried its lines on into
// other programmes: all its lines leave the programme, its other sources return.
// What was reversed stays in the history. Where an award hangs on it, a case is
// opened instead ([Case]).
func (b *Bank) Revoke(ctx context.Context, c Change, r Revoking) ([]Act, error) {
	if err := checkText("reason", r.Reason, 1000); err != nil {
		return nil, err
	}
	acts, _, err := b.change(ctx, c, fmt.Sprintf("revoke %q", []string{string(r.Institution), r.ExternalID, r.Reason}), func(d *draft, _ History, _ Rules) error {
		lot := d.account.newest(r.Institution, r.ExternalID)
		if lot == nil {
			return NotFound(CodeUnknownOutcome, "external_id", fmt.Sprintf("没有成果 %s/%s", r.Institution, r.ExternalID),
				fmt.Sprintf("there is no outcome %s/%s", r.Institution, r.ExternalID))
		}
		if lot.RevokedOn != 0 {
			return Conflict(CodeState, "external_id", fmt.Sprintf("该成果已于 %s 撤销", lot.RevokedOn), fmt.Sprintf("the outcome was revoked on %s", lot.RevokedOn))
		}
		if err := d.undo(d.account.using(lot), lot.Seq); err != nil {
			return err
		}
		_, err := d.act(ActRevoked, ActBody{Of: lot.Seq, Reason: r.Reason})
		return err
	})
	return acts, err
}
