package trial

import (
	"errors"
	"fmt"
	"slices"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

// Learner compares everything about one learner. The error says that what is
// stored is damaged.
func (t *Trial) Learner(d creditbank.Dossier) (Learner, error) {
	var l looking
	if err := l.look(t, d); err != nil {
		return Learner{}, err
	}
	return l.learner(d), nil
}

// A looking is what was compared about one learner: the cases, changed or not.
// It is used again for the next learner.
type looking struct {
	cases []Change
}

// look compares everything about a learner.
func (l *looking) look(t *Trial, d creditbank.Dossier) error {
	l.cases = l.cases[:0]
	account, err := d.EachAct(func(before *creditbank.Account, act *creditbank.Act) error { return l.request(t, before, act) })
	if err != nil {
		return err
	}
	l.recognition(t, account)
	for _, programme := range account.Enrolments() {
		for _, id := range t.rules[programme] {
			c := Change{Area: Today, Programme: programme, Rule: id, Day: t.day}
			if err := t.decide(&c.Before, t.Published, account, id, t.day); err != nil {
				return err
			}
			if err := t.after(&c, account, id, t.day); err != nil {
				return err
			}
			l.cases = append(l.cases, c)
		}
		if t.Plans {
			c := Change{Area: Plans, Programme: programme, Day: t.day}
			if err := errors.Join(t.plan(&c.Before, t.Published, account, programme), t.plan(&c.After, t.Draft, account, programme)); err != nil {
				return err
			}
			l.cases = append(l.cases, c)
		}
	}
	return nil
}

// recognition recognises the outcomes that stand anew, in the order of posting.
func (l *looking) recognition(t *Trial, a *creditbank.Account) {
	var before, after creditbank.Past
	if !t.byTotals {
		before = (&creditbank.Account{}).Past() // nothing, but known by its outcomes
		after = before
	}
	for _, lot := range a.Lots {
		course, known := t.Catalogue.Courses[lot.Course]
		if !known || !lot.Current() || lot.RevokedOn != 0 {
			continue
		}
		c := Change{Area: Recognition, Version: lot.Seq, Course: lot.Course, Institution: lot.Institution, Day: lot.IssuedOn}
		before = recognise(&c.Before, t.Published, lot, course, before)
		if c.After = c.Before; !t.sameRecognition {
			c.After = Side{}
			after = recognise(&c.After, t.Draft, lot, course, after)
		}
		l.cases = append(l.cases, c)
	}
}

// recognise recognises an outcome by a set and returns the past with it.
func recognise(s *Side, set *rule.Set, lot *creditbank.Lot, course creditbank.Course, past creditbank.Past) creditbank.Past {
	r := set.Recognise(lot.Posting, course, past)
	s.State, s.Rule, s.Credits, s.Reasons, s.Expires = Refused, r.Rule, r.Credits, r.Reasons, r.ExpiresOn
	slices.Sort(s.Reasons)
	if r.Granted {
		s.State = Recognised
	}
	return past.Plus(creditbank.NewOutcome(lot.Posting, course, r, lot.Seq, lot.PostedAt, lot.By, lot.Request))
}

// request decides a conversion anew that was asked for, as of its own day. What
// a reviewer said is not asked again.
func (l *looking) request(t *Trial, before *creditbank.Account, act *creditbank.Act) error {
	d := act.Body.Decision
	if d == nil || act.Kind != creditbank.ActDecided && act.Kind != creditbank.ActApplied || d.Review != nil {
		return nil
	}
	c := Change{Area: Requests, Version: act.Seq, Programme: d.Programme, Rule: d.Rule, Day: d.Day}
	if d.RuleSet == t.Published.Version() && d.Engine == creditbank.EngineVersion {
		c.Before.decided(d) // a decision reached again is the same
	} else if err := t.decide(&c.Before, t.Published, before, d.Rule, d.Day); err != nil {
		return err
	}
	if err := t.after(&c, before, d.Rule, d.Day); err != nil {
		return err
	}
	l.cases = append(l.cases, c)
	return nil
}

// after decides by the draft what was decided by the published set, unless both say
// the same.
func (t *Trial) after(c *Change, a *creditbank.Account, id creditbank.RuleID, day creditbank.Date) error {
	if t.sameConversion[id] {
		c.After = c.Before
		return nil
	}
	return t.decide(&c.After, t.Draft, a, id, day)
}

// decide decides by a set. A rule that the set does not have decides nothing.
func (t *Trial) decide(s *Side, set *rule.Set, a *creditbank.Account, id creditbank.RuleID, day creditbank.Date) error {
	d, err := set.Decide(a, id, t.At, day)
	if errors.Is(err, creditbank.ErrNotFound) {
		s.State = None
		return nil
	}
	if err != nil {
		return fmt.Errorf("account %s: rule %s: %w", a.Learner, id, err)
	}
	s.decided(d)
	return nil
}

// decided notes what a decision comes to.
func (s *Side) decided(d *creditbank.Decision) {
	s.State, s.Credits, s.Reasons, s.Forfeited = Denied, d.Granted(), d.Reasons(), d.Forfeited
	switch {
	case d.Approved:
		s.State = Approved
	case d.Pending():
		s.State = Pending
	}
	for _, line := range d.Lines {
		s.Lines = append(s.Lines, Line{line.Slot, line.Credits, line.Grade})
	}
}

// plan finds the best plan by a set. A programme that the set does not have, and
// one for which no plan is proven the best in bounded time, come to none.
func (t *Trial) plan(s *Side, set *rule.Set, a *creditbank.Account, programme creditbank.ProgrammeID) error {
	p, err := set.Plan(a, programme, t.At, t.day)
	if err != nil && !errors.Is(err, creditbank.ErrNotFound) {
		return fmt.Errorf("account %s: plan of %s: %w", a.Learner, programme, err)
	}
	if err != nil || !p.Proof.Exact {
		s.State = None
		return nil
	}
	s.State, s.Credits, s.Forfeited, s.Steps = Planned, p.Credits, p.Forfeited, p.Steps
	return nil
}

// learner returns what changes.
func (l *looking) learner(d creditbank.Dossier) Learner {
	out := Learner{ID: d.Learner, Region: d.Region}
	for i := range l.cases {
		c := &l.cases[i]
		if c.Before.same(&c.After) {
			continue
		}
		out.Changes = append(out.Changes, *c)
		n := slices.IndexFunc(out.Differences, func(x Difference) bool { return x.Area == c.Area })
		if n < 0 {
			n = len(out.Differences)
			out.Differences = append(out.Differences, Difference{Area: c.Area})
		}
		out.Differences[n].Before += c.Before.Credits
		out.Differences[n].After += c.After.Credits
	}
	slices.SortStableFunc(out.Changes, func(a, b Change) int { return a.Area.order() - b.Area.order() })
	slices.SortFunc(out.Differences, func(a, b Difference) int { return a.Area.order() - b.Area.order() })
	out.Verdict = verdict(out)
	return out
}

func verdict(l Learner) Verdict {
	var up, down bool
	for _, d := range l.Differences {
		up, down = up || d.After > d.Before, down || d.After < d.Before
	}
	switch {
	case len(l.Changes) == 0:
		return Unchanged
	case up && down:
		return Mixed
	case up:
		return Better
	case down:
		return Worse
	}
	return Otherwise
}
