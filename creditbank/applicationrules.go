package creditbank

import (
	"fmt"
	"slices"
)

// What may be done with an application, by whom and when. The bank asks before it
// writes, and adding up a history asks again: what no bank writes does not add up.

// allows says why act cannot follow on a, if it concerns an application.
func (a *Account) allows(act Act) error {
	p := a.Application(act.Body.Of)
	if p == nil {
		return NotFound(CodeUnknownApplication, "application", "没有这项申请", "there is no such application")
	}
	switch act.Kind {
	case ActClaimed, ActReleased, ActRecused, ActOpined, ActReturned:
		return p.allowsReviewer(act)
	case ActSupplemented, ActRetracted, ActLapsed, ActAppealed:
		return a.allowsApplicant(p, act)
	case ActResolved:
		return p.allowsResolution(act)
	case ActObjected, ActAnswered:
		return p.allowsObjection(act)
	case ActDecided:
		return a.allowsDecision(p, act)
	}
	return fmt.Errorf("%s concerns no application", act.Kind)
}

// allowsReviewer is about what reviewers do while an application waits for them.
func (p *Application) allowsReviewer(act Act) error {
	if act.Kind == ActRecused {
		if !p.Open() {
			return p.notNow(act.Kind)
		}
		return p.mayDecide(act)
	}
	if act.Kind == ActReturned && p.State == StatePublicity && act.Day > p.Due {
		return p.mayDecide(act) // it cannot take effect as it was agreed to
	}
	if !p.UnderReview() {
		return p.notNow(act.Kind)
	}
	if act.Kind == ActReleased {
		if p.claimOf(act.By.ID, act.Day) < 0 {
			return Conflict(CodeState, "application", "您没有认领该申请", "the application is not claimed by you")
		}
		return nil
	}
	if err := p.mayDecide(act); err != nil {
		return err
	}
	own := p.claimOf(act.By.ID, act.Day) >= 0
	if act.Kind == ActClaimed && own {
		return Conflict(CodeState, "application", "您已认领该申请", "the application is claimed by you already")
	}
	if act.Kind == ActClaimed || act.Kind == ActOpined {
		if err := p.mayVote(act); err != nil {
			return err
		}
	}
	return p.seatFor(act, own)
}

// seatFor reports an application that others have claimed. Whoever votes, or sends
// an application back, sits down on a seat that nobody else holds.
func (p *Application) seatFor(act Act, own bool) error {
	if own || p.Seats(act.Day) > 0 || act.Kind == ActReturned && p.voted(act.By.ID) {
		return nil
	}
	return Conflict(CodeApplicationClaimed, "application", "该申请已由其他审核人认领", "the application is claimed by other reviewers")
}

// mayDecide says why whoever acts has no say in p: who applied, who recused
// themselves, who objected, who decided what is appealed.
func (p *Application) mayDecide(act Act) error {
	for _, who := range act.persons() {
		switch {
		case p.By.ID == who:
			return Conflict(CodeState, "application", "申请人不能审核自己的申请", "whoever applied cannot review the application")
		case slices.ContainsFunc(p.Recusals, func(r Recusal) bool { return r.By.ID == who }):
			return Conflict(CodeReviewerExcluded, "application", "已对该申请回避", "whoever recused themselves has no say in the application")
		case slices.ContainsFunc(p.Objections, func(o Objection) bool { return o.By.ID == who }):
			return Conflict(CodeReviewerExcluded, "application", "已对该申请提出异议，不能再参与审核", "whoever objected has no say in the application")
		case slices.ContainsFunc(p.Opinions, func(o Opinion) bool { return o.Level < p.Level && o.is(who) }):
			return Conflict(CodeReviewerExcluded, "application", "原审核人不能审核对其决定的申诉", "an appeal is decided by others than those who decided before")
		}
	}
	return nil
}

// mayVote reports a second vote: nobody casts two, and no vote is cast twice.
func (p *Application) mayVote(act Act) error {
	if slices.ContainsFunc(act.persons(), p.voted) {
		return Conflict(CodeReviewerExcluded, "application", "已对该申请表决", "that vote on the application was cast already")
	}
	return nil
}

// voted reports whether somebody voted, or somebody for them, in this round.
func (p *Application) voted(who string) bool {
	return slices.ContainsFunc(p.Votes(), func(o Opinion) bool { return o.is(who) })
}

// is reports whether o is somebody's, by their own hand or a deputy's.
func (o Opinion) is(who string) bool { return o.By.ID == who || o.For == who }

// persons returns who acts and in whose stead.
func (act Act) persons() []string {
	if s := act.Body.Step; s != nil && s.For != "" {
		return []string{act.By.ID, s.For}
	}
	return []string{act.By.ID}
}

// claimOf returns where the claim of somebody stands, if it holds on day, else -1.
func (p *Application) claimOf(who string, day Date) int {
	return slices.IndexFunc(p.Claims, func(c Claim) bool { return c.By == who && c.Until >= day })
}

// allowsApplicant is about what applicants do, and what befalls them.
func (a *Account) allowsApplicant(p *Application, act Act) error {
	switch {
	case act.Kind == ActRetracted && p.Open():
		return nil
	case act.Kind == ActSupplemented && p.State == StateReturned:
		if act.Day > p.Due {
			return Conflict(CodeState, "application", fmt.Sprintf("补正期限已于 %s 届满", p.Due), fmt.Sprintf("the time to supplement ended on %s", p.Due))
		}
		return nil
	case act.Kind == ActLapsed && p.State == StateReturned && act.Day > p.Due:
		return nil
	case act.Kind != ActAppealed || p.State != StateDenied:
		return p.notNow(act.Kind)
	case p.Level >= p.Process.levels():
		return Conflict(CodeState, "application", "该决定为最终决定，不能再申诉", "the decision is final: there is no further appeal")
	case !p.Appealable(act.Day):
		return Conflict(CodeState, "application", fmt.Sprintf("申诉期限已于 %s 届满", p.Due), fmt.Sprintf("the time to appeal ended on %s", p.Due))
	}
	return a.alreadyApplied(p.Decision.Rule)
}

// allowsResolution: the votes are cast, most approve, and the rule has publicity.
func (p *Application) allowsResolution(act Act) error {
	approve, decided := p.verdict()
	if !p.UnderReview() || !decided || !approve || p.Process.publicity() == (Term{}) {
		return p.notNow(act.Kind)
	}
	if d := act.Body.Decision; d == nil || !d.Approved || !p.answeredBy(d) || act.step().Due < act.Day {
		return fmt.Errorf("resolution does not answer application %d", p.Seq)
	}
	return nil
}

// allowsObjection is about objections while an approval is shown, and answers.
func (p *Application) allowsObjection(act Act) error {
	if p.State != StatePublicity {
		return p.notNow(act.Kind)
	}
	if act.Kind == ActObjected {
		if act.Day > p.Due {
			return Conflict(CodeState, "application", fmt.Sprintf("公示已于 %s 结束", p.Due), fmt.Sprintf("publicity ended on %s", p.Due))
		}
		return nil
	}
	i := p.objection(act.Body.Since)
	switch {
	case i < 0:
		return NotFound(CodeUnknownObjection, "objection", "没有这项异议", "there is no such objection")
	case p.Objections[i].Answered != 0:
		return Conflict(CodeState, "objection", "该异议已答复", "the objection was answered before")
	}
	return p.mayDecide(act)
}

// objection returns where the objection of version seq stands, else -1.
func (p *Application) objection(seq int64) int {
	return slices.IndexFunc(p.Objections, func(o Objection) bool { return o.Seq == seq })
}

// allowsDecision: one reviewer's word where that is enough, else what the votes
// came to, else the end of publicity.
func (a *Account) allowsDecision(p *Application, act Act) error {
	d := act.Body.Decision
	if !p.answeredBy(d) || d.Approved && !d.Review.Approved {
		return fmt.Errorf("decision does not answer application %d", p.Seq)
	}
	switch {
	case p.State == StatePublicity:
		return a.allowsEffect(p, act)
	case !p.UnderReview():
		return p.notNow(act.Kind)
	case p.Process.direct():
		if err := p.mayDecide(act); err != nil {
			return err
		}
		if err := p.mayVote(act); err != nil {
			return err
		}
		return p.seatFor(act, p.claimOf(act.By.ID, act.Day) >= 0)
	}
	approve, decided := p.verdict()
	if !decided || approve != d.Review.Approved || d.Approved && p.Process.publicity() != (Term{}) {
		return p.notNow(act.Kind)
	}
	return nil
}

// allowsEffect: publicity is over, nobody waits for an answer, the account is not
// frozen.
func (a *Account) allowsEffect(p *Application, act Act) error {
	switch {
	case act.Day <= p.Due:
		return Conflict(CodeState, "application", fmt.Sprintf("公示至 %s 方才结束", p.Due), fmt.Sprintf("publicity runs through %s", p.Due))
	case p.Disputed():
		return Conflict(CodeState, "application", "尚有异议未答复", "an objection waits for an answer")
	case a.Frozen:
		return Conflict(CodeState, "application", "账户已冻结，暂不生效", "the account is frozen: nothing takes effect")
	case !act.Body.Decision.Review.Approved:
		return p.notNow(act.Kind)
	}
	return nil
}

// answeredBy reports whether d is a decision on p.
func (p *Application) answeredBy(d *Decision) bool {
	return d != nil && !d.Pending() && d.Review != nil && d.Review.Application == p.Seq && d.Rule == p.Decision.Rule && d.Day == p.Decision.Day
}

// notNow says that an application is in no state for an act.
func (p *Application) notNow(kind ActKind) error {
	state := p.State.Text()
	if p.ClosedBy != 0 && kind != ActAppealed {
		return Conflict(CodeState, "application", fmt.Sprintf("该申请已办结：%s（第%d项）", state.ZH, p.ClosedBy),
			fmt.Sprintf("the application is closed: %s by entry %d", state.EN, p.ClosedBy))
	}
	return Conflict(CodeState, "application", fmt.Sprintf("该申请“%s”，现在不能“%s”", state.ZH, kind.Text().ZH),
		fmt.Sprintf("the application is in the state %q, which does not allow %q", state.EN, kind.Text().EN))
}

// step returns the step of act, or an empty one.
func (act Act) step() Step {
	if act.Body.Step == nil {
		return Step{}
	}
	return *act.Body.Step
}
