package creditbank

import (
	"fmt"
)

// The codes of errors about drafts of rules.
const (
	CodeUnknownDraft     Code = "UNKNOWN_DRAFT"
	CodeUnknownObjection Code = "UNKNOWN_OBJECTION"
	CodeUnknownRuleSet   Code = "UNKNOWN_RULE_SET"
	CodeStaleBase        Code = "STALE_BASE"          // the rules have changed since the draft was written
	CodeRevised          Code = "DRAFT_REVISED"       // what is meant is not the newest revision
	CodeNoChange         Code = "NO_CHANGE"           // the draft says what is in force already
	CodeOwnDraft         Code = "OWN_DRAFT"           // nobody reviews or answers for what they wrote
	CodeReviewedBefore   Code = "REVIEWED_BEFORE"     // each reviewer is heard once
	CodeSoleApprover     Code = "SOLE_APPROVER"       // who approved alone does not publish
	CodeInPublicity      Code = "IN_PUBLICITY"        // publicity has not ended
	CodePublicityOver    Code = "PUBLICITY_OVER"      // publicity has ended
	CodeOpenObjection    Code = "OPEN_OBJECTION"      // an objection waits for its answer
	CodeReviewRequired   Code = "REVIEW_REQUIRED"     // rules are published through a draft here
	CodeNotOwnRules      Code = "NOT_OWN_RULES"       // the draft changes what is not its institution's
	CodeRuleRetired      Code = "RULE_RETIRED"        // a rule whose end has come does not come back
	CodeRuleSuspended    Code = "RULE_SUSPENDED"      // the rule takes no conversions for now
	CodeNotice           Code = "NOTICE_TOO_SHORT"    // an end is announced in time
	CodeNoRecognition    Code = "RECOGNITION_GOES_ON" // a recognition rule cannot be suspended
	CodeInvalidRules     Code = "INVALID_RULES"       // the files do not make a rule set
	CodeNotAuthor        Code = "NOT_AUTHOR"          // only who wrote it withdraws it
	CodeNotSuspended     Code = "RULE_NOT_SUSPENDED"  // there is nothing to resume
	CodeTooManyRevisions Code = "TOO_MANY_REVISIONS"  // start another draft
	CodeObjectedBefore   Code = "OBJECTION_STANDS"    // one open objection a person
)

// wrongState says that a draft is not where it would have to be.
func (d *RuleDraft) wrongState(zh, en string) error {
	s := d.State.Text()
	return Conflict(CodeState, "draft", fmt.Sprintf("草案%d的状态为“%s”，%s", d.Number, s.ZH, zh), fmt.Sprintf("draft %d is %s: %s", d.Number, s.EN, en))
}

// newest refuses a revision that is not the newest: who speaks of it has not
// seen what the draft says now.
func (d *RuleDraft) newest(revision int) error {
	if n := len(d.Revisions); revision != n {
		return Conflict(CodeRevised, "revision", fmt.Sprintf("草案%d已有第%d稿，请先查看", d.Number, n), fmt.Sprintf("draft %d is at revision %d: read that first", d.Number, n))
	}
	return nil
}

// Wrote reports whether somebody wrote a revision of d or submitted one.
func (d *RuleDraft) Wrote(by Caller) bool { return d.authors[by.ID] != "" }

func (d *RuleDraft) mayRevise() error {
	if d.State.Ended() {
		return d.wrongState("不能再修改", "it cannot be edited any more")
	}
	if len(d.Revisions) >= maxRuleRevisions {
		return Conflict(CodeTooManyRevisions, "draft", "修改次数过多，请另起草案", "it was revised too often: start another draft")
	}
	return nil
}

func (d *RuleDraft) maySubmit(revision int) error {
	if err := d.newest(revision); err != nil {
		return err
	}
	switch d.State {
	case RuleDrafted:
		return nil
	case RuleReturned:
		return d.wrongState("请修改后再提交", "revise it first")
	}
	return d.wrongState("不能提交", "it cannot be submitted")
}

// mayReview keeps duties apart: nobody who wrote or submitted the draft reviews
// it, and each reviewer is heard once.
func (d *RuleDraft) mayReview(by Caller, revision int) error {
	if err := d.newest(revision); err != nil {
		return err
	}
	switch {
	case d.State != RuleInReview:
		return d.wrongState("不在审核中", "nothing is to be reviewed")
	case d.Wrote(by):
		return Conflict(CodeOwnDraft, "draft", "起草、修改或提交草案的人不能审核该草案", "whoever wrote or submitted a draft does not review it")
	case d.heard[by.ID]:
		return Conflict(CodeReviewedBefore, "draft", "您已审核过该稿，不能重复审核", "you have reviewed this revision before")
	}
	return nil
}

func (d *RuleDraft) mayObject(by Caller, on Date) error {
	switch {
	case d.State != RuleInPublicity:
		return d.wrongState("不在公示期", "it is not in publicity")
	case on > d.PublicUntil:
		return Conflict(CodePublicityOver, "draft", fmt.Sprintf("公示已于%s结束", d.PublicUntil), fmt.Sprintf("publicity ended on %s", d.PublicUntil))
	}
	for _, o := range d.Objections {
		if o.By == by && o.Answer == nil {
			return Conflict(CodeObjectedBefore, "draft", fmt.Sprintf("您的第%d号异议尚待答复", o.Number), fmt.Sprintf("your objection %d waits for its answer", o.Number))
		}
	}
	return nil
}

func (d *RuleDraft) mayAnswer(by Caller, objection int) error {
	o, ok := d.Objection(objection)
	switch {
	case !ok:
		return NotFound(CodeUnknownObjection, "objection", "没有这项异议", "there is no such objection")
	case o.Answer != nil:
		return Conflict(CodeState, "objection", "该异议已经答复", "the objection was answered before")
	case d.Wrote(by) || o.By == by:
		return Conflict(CodeOwnDraft, "draft", "起草人、提交人和异议人不能答复该异议", "neither who wrote or submitted the draft answers an objection, nor who raised it")
	}
	return nil
}

func (d *RuleDraft) mayWithdraw(by Caller) error {
	switch {
	case d.State.Ended():
		return d.wrongState("不能撤回", "it cannot be withdrawn")
	case !d.Wrote(by):
		return Forbidden(CodeNotAuthor, "draft", "只有起草、修改或提交草案的人可以撤回", "only who wrote or submitted a draft withdraws it")
	}
	return nil
}

// mayPublish reports what still keeps d from being published on a day.
func (d *RuleDraft) mayPublish(on Date) error {
	switch {
	case d.State != RuleApproved && d.State != RuleInPublicity:
		return d.wrongState("不能发布", "it cannot be published")
	case d.State == RuleInPublicity && on <= d.PublicUntil:
		return Conflict(CodeInPublicity, "draft", fmt.Sprintf("公示至%s，之后方可发布", d.PublicUntil), fmt.Sprintf("it is in publicity through %s and can be published after that", d.PublicUntil))
	case d.OpenObjections() > 0:
		return Conflict(CodeOpenObjection, "draft", fmt.Sprintf("尚有%d项异议未答复", d.OpenObjections()), fmt.Sprintf("objections that wait for their answers: %d", d.OpenObjections()))
	}
	return nil
}

// mayBePublishedBy keeps duties apart once more: whoever alone approved does not
// publish too. Who wrote the draft may, since others approved of it.
func (d *RuleDraft) mayBePublishedBy(by Caller) error {
	if d.approvals == 1 && d.heard[by.ID] {
		return Conflict(CodeSoleApprover, "draft", "唯一的审核人不能同时发布，请由他人发布", "whoever alone approved a draft does not publish it too")
	}
	return nil
}
