package creditbank

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// A Rerecognition asks to recognise anew, by the rules in force, outcomes that
// were refused when they were posted. Each is taken with its course as it was
// then and by its day of issue, in the order of posting, and what a yearly cap
// has left is theirs; so that much may come to less than it would have then.
type Rerecognition struct {
	// RuleSet is the version of the rules that is meant: that of the preview. Once
	// others are in force, nothing is done.
	RuleSet int

	// Reasons are those that may be lifted: an outcome that was refused for
	// another one as well stays as it is. None means OUTCOME_NOT_RECOGNISED: that
	// there was no rule for it.
	Reasons []Reason
}

// lifts reports whether q asks for an outcome that was refused for reasons.
func (q Rerecognition) lifts(reasons []Reason) bool {
	asked := q.Reasons
	if len(asked) == 0 {
		asked = []Reason{OutcomeNotRecognised}
	}
	return !slices.ContainsFunc(reasons, func(r Reason) bool { return !slices.Contains(asked, r) })
}

// Refusals lists the reasons for which an outcome can be refused when it is
// posted.
func Refusals() []Reason {
	return []Reason{OutcomeNotRecognised, GradeBelowPass, AttendanceBelowMin, LevelMismatch, ExcludedSource, DuplicateSubject, CapReached, ResidencyUnmet}
}

func (q Rerecognition) check() error {
	for _, r := range q.Reasons {
		if !slices.Contains(Refusals(), r) {
			return Invalid(CodeMalformed, "reasons", fmt.Sprintf("%s 不是登记时未获认定的理由", r), fmt.Sprintf("no outcome is refused for %s when it is posted", r))
		}
	}
	return nil
}

// A Rerecognised is an outcome that is recognised anew.
type Rerecognised struct {
	OutcomeKey
	Seq      int64 // of the outcome
	Course   CourseCode
	Category Category
	IssuedOn Date
	Was      []Reason    // why it was refused
	Now      Recognition // what it is worth
}

// A Rerecognitions says what became of some learners' outcomes, or would.
type Rerecognitions struct {
	RuleSet  int
	Outcomes []Rerecognised // by learner and entry
	Learners int            // looked at: those who have a refused outcome
	Failed   []LearnerID    // whose accounts could not be looked at
	Next     LearnerID      // where to go on from; "" at the end
}

// PreviewRerecognition says what recognising anew would come to for the learners
// above after, of whom it looks at up to limit. It records nothing.
func (b *Bank) PreviewRerecognition(ctx context.Context, q Rerecognition, after LearnerID, limit int) (Rerecognitions, error) {
	return b.rerecognise(ctx, q, after, limit, func(rules Rules, id LearnerID) ([]Rerecognised, error) {
		h, err := b.store.History(ctx, id)
		if err != nil {
			return nil, err
		}
		account, err := NewAccount(h)
		if err != nil {
			return nil, err
		}
		_, at, day, err := b.current()
		if err != nil {
			return nil, err
		}
		return newDraft(account, at, day, sweeper, Request{}).rerecognise(rules, b.Catalogue(), q)
	})
}

// Rerecognise recognises anew what q asks for, of the learners above after, of
// whom it looks at up to limit; each account in one write. What is done is done
// once: it may be called again from anywhere, by anybody and at the same time,
// and goes on with what is left. It returns what this call did.
func (b *Bank) Rerecognise(ctx context.Context, by Caller, q Rerecognition, after LearnerID, limit int) (Rerecognitions, error) {
	if err := by.check(); err != nil {
		return Rerecognitions{}, err
	}
	return b.rerecognise(ctx, q, after, limit, func(_ Rules, id LearnerID) ([]Rerecognised, error) {
		var done []Rerecognised
		_, _, err := b.change(ctx, Change{By: by, Learner: id}, "rerecognise", func(d *draft, _ History, rules Rules) error {
			if err := q.inForce(rules); err != nil { // published meanwhile
				return err
			}
			var err error
			if done, err = d.rerecognise(rules, b.Catalogue(), q); err == nil && len(done) == 0 {
				err = b.nothingToDo(ctx)
			}
			return err
		})
		if err == errNothingToDo {
			err = nil
		}
		return done, err
	})
}

// inForce says that others than q's rules are.
func (q Rerecognition) inForce(rules Rules) error {
	if q.RuleSet != 0 && q.RuleSet != rules.Version() {
		return Conflict(CodeState, "rule_set", fmt.Sprintf("现行规则集为第%d版，不是第%d版；请重新预览", rules.Version(), q.RuleSet),
			fmt.Sprintf("rule set %d is in force, not %d: look at the preview again", rules.Version(), q.RuleSet))
	}
	return nil
}

// rerecognise calls one for each learner who has a refused outcome. A learner
// whose account is at fault holds up nobody, unless all are.
func (b *Bank) rerecognise(ctx context.Context, q Rerecognition, after LearnerID, limit int, one func(Rules, LearnerID) ([]Rerecognised, error)) (Rerecognitions, error) {
	rules, _, _, err := b.current()
	if err := errors.Join(err, q.check()); err != nil {
		return Rerecognitions{}, err
	}
	if err := q.inForce(rules); err != nil {
		return Rerecognitions{}, err
	}
	ids, err := b.store.Refused(ctx, after, limit)
	if err != nil {
		return Rerecognitions{}, err
	}
	result := Rerecognitions{RuleSet: rules.Version(), Learners: len(ids)}
	row := 0
	for _, id := range ids {
		found, err := one(rules, id)
		switch {
		case err == nil:
			row = 0
			result.Outcomes = append(result.Outcomes, found...)
			continue
		case errors.Is(err, ErrConflict) || ctx.Err() != nil:
			return result, err
		}
		if row++; row == maxFailures {
			return result, fmt.Errorf("recognise anew: account %s: %w", id, err)
		}
		result.Failed = append(result.Failed, id)
	}
	if len(ids) == limit && limit > 0 {
		result.Next = ids[len(ids)-1]
	}
	return result, nil
}

// rerecognise recognises anew what q asks for, each on the account as what came
// before has left it.
func (d *draft) rerecognise(rules Rules, cat *Catalogue, q Rerecognition) ([]Rerecognised, error) {
	var done []Rerecognised
	for _, l := range d.account.Lots {
		if l.Granted || !l.Current() || l.RevokedOn != 0 || !q.lifts(l.Reasons) {
			continue
		}
		was := l.Reasons
		r, yields := d.account.recognise(rules, l.Posting, cat.course(l.Outcome))
		if !r.Granted {
			continue
		}
		if _, err := d.act(ActRecognised, ActBody{Of: l.Seq, Recognition: Recorded(r)}); err != nil {
			return nil, err
		}
		if err := d.yield(yields, l.Seq); err != nil {
			return nil, err
		}
		done = append(done, Rerecognised{
			OutcomeKey: l.OutcomeKey, Seq: l.Seq, Course: l.Course, Category: l.Category, IssuedOn: l.IssuedOn, Was: was, Now: l.Recognition,
		})
	}
	return done, nil
}

// course returns the course of o as it was when o was posted.
func (c *Catalogue) course(o Outcome) Course {
	if past, ok := c.past[courseVersion{o.Course, o.CourseVersion}]; ok {
		return past
	}
	return c.Courses[o.Course]
}

// A courseVersion names a version of a course.
type courseVersion struct {
	code    CourseCode
	version int
}
