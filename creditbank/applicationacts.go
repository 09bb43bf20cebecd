package creditbank

import (
	"fmt"
	"slices"
)

// applyApplied moves a on by an application.
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
	s := act.step()
	a.openApplication(&Application{
		Seq: act.Seq, Decision: d, At: act.At, By: act.By, State: StateSubmitted,
		Process: s.Process, Due: s.Due, Assumed: s.Assumed, Confirmed: s.Confirmed,
	})
	if act.Body.Holds {
		return a.hold(act.Seq, d.Day, d.Sources)
	}
	return nil
}

// answerApplication moves the application on that act, a decision, answers, if it
// answers one.
func (a *Account) answerApplication(act Act) error {
	d := act.Body.Decision
	if d.Review == nil && act.Body.Of == 0 {
		return nil
	}
	if err := a.allows(act); err != nil {
		return fmt.Errorf("%v", err) // damage is of no kind
	}
	p := a.Application(act.Body.Of)
	if p.UnderReview() && p.Process.direct() {
		p.hear(act, d.Review.Approved)
	}
	if d.Approved {
		a.closeApplication(p, act, StateEffective)
		a.consumeHeld(p.Seq)
		return nil
	}
	a.closeApplication(p, act, StateDenied)
	p.Due, p.Assumed = act.step().Due, act.step().Assumed
	return nil
}

// applyStep moves a on by an act in the life of an application.
func (a *Account) applyStep(act Act) error {
	if act.Kind == ActResolved {
		if err := a.belongs(act.Body.Decision); err != nil {
			return err
		}
	}
	if err := a.allows(act); err != nil {
		return fmt.Errorf("%v", err) // damage is of no kind
	}
	p, s := a.Application(act.Body.Of), act.step()
	switch act.Kind {
	case ActClaimed:
		p.Claims = append(p.LiveClaims(act.Day), Claim{act.By.ID, s.For, s.Due})
	case ActReleased:
		p.unclaim(act.By.ID)
	case ActRecused:
		p.recuse(act)
	case ActOpined:
		p.hear(act, s.Approve)
	case ActReturned, ActSupplemented, ActAppealed:
		a.applyLetter(p, act)
		return a.holdAnew(act)
	case ActResolved:
		p.State, p.Resolved, p.Claims = StatePublicity, act.Body.Decision, nil
		p.run(s)
		return a.holdAnew(act)
	case ActObjected:
		p.Objections = append(p.Objections, Objection{Seq: act.Seq, At: act.At, By: act.By, Sealed: s.Sealed})
	case ActAnswered:
		p.answer(act)
	case ActRetracted:
		a.closeApplication(p, act, StateWithdrawn)
	case ActLapsed:
		a.closeApplication(p, act, StateLapsed)
	}
	return nil
}

// applyLetter takes in what goes to and fro between reviewers and applicant.
func (a *Account) applyLetter(p *Application, act Act) {
	s := act.step()
	l := Letter{Seq: act.Seq, Kind: act.Kind, At: act.At, By: act.By, Note: act.Body.Reason, Sealed: s.Sealed}
	switch act.Kind {
	case ActReturned:
		p.State, p.Left, l.Due = StateReturned, s.Left, s.Due
	case ActSupplemented:
		p.again()
		if s.Confirmed != nil {
			p.Confirmed = s.Confirmed
		}
	case ActAppealed:
		p.Level++
		p.again()
		a.reopenApplication(p)
	}
	p.run(s)
	p.Letters = append(p.Letters, l)
}

// again has reviewers decide anew: nobody's vote on what was there before counts.
func (p *Application) again() {
	p.State, p.Resolved, p.Claims, p.Left = StateSubmitted, nil, nil, 0
	if p.Level > 0 {
		p.State = StateAppealed
	}
	p.Round++
}

// run starts whatever runs from here on.
func (p *Application) run(s Step) { p.Due, p.Assumed = s.Due, s.Assumed }

// hear takes in a vote, which takes up the voter's claim.
func (p *Application) hear(act Act, approve bool) {
	p.unclaim(act.By.ID)
	p.Opinions = append(p.Opinions, Opinion{
		Seq: act.Seq, At: act.At, By: act.By, For: act.step().For, Approve: approve, Note: act.Body.Reason, Level: p.Level, Round: p.Round,
	})
}

func (p *Application) unclaim(who string) {
	p.Claims = slices.DeleteFunc(slices.Clone(p.Claims), func(c Claim) bool { return c.By == who })
}

// recuse keeps somebody out of p. Their vote of this round is struck, and has to be
// cast by another, unless it has led to a decision that is shown already.
func (p *Application) recuse(act Act) {
	p.unclaim(act.By.ID)
	p.Recusals = append(p.Recusals, Recusal{act.Seq, act.By, act.Body.Reason})
	if !p.UnderReview() {
		return
	}
	for i, o := range p.Opinions {
		if o.Round == p.Round && o.is(act.By.ID) {
			p.Opinions[i].Struck = true
		}
	}
}

// answer takes in the answer to an objection. One that is sustained sends the
// application back to its reviewers.
func (p *Application) answer(act Act) {
	o := &p.Objections[p.objection(act.Body.Since)]
	o.Answer, o.Answered, o.Upheld = act.Body.Reason, act.Seq, act.step().Approve
	if o.Upheld {
		p.again()
		p.run(act.step())
	}
}
