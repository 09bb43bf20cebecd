package creditbank

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// A RuleRequest says who asks for something about rules. Key makes it safe to
// send again: the same key with the same request answers as the first time, with
// another it is KEY_REUSED. May, if it is not nil, is asked whether it is theirs
// to do, about the very catalogue that the act will follow.
type RuleRequest struct {
	By      Caller
	Learner LearnerID // where By is a learner: under whose key texts are sealed
	Key     string
	May     func(*Catalogue) error
}

// canMake refuses what takes a maker of rules where there is none.
func (b *Bank) canMake() error {
	if b.maker == nil {
		return errors.New("this bank makes no rules")
	}
	return nil
}

func reviewRequired() error {
	return Conflict(CodeReviewRequired, "", "本行的规则须经起草、审核和公示后发布；请提交草案", "rules are published here through a draft, its review and its publicity: submit a draft")
}

// now returns the instant and the day of an act on rules of cat.
func (b *Bank) now(cat *Catalogue) (time.Time, Date) {
	at, zone := b.clock(), time.UTC
	if cat.Rules != nil {
		zone = cat.Rules.Location()
	}
	return at.UTC().Truncate(time.Microsecond), DateOf(at.In(zone))
}

// actOnRules puts one act on record. decide is asked about the very catalogue that
// the act follows; it completes the act, and returns the rule set that it
// publishes, if it does. An act asked for before under the same key is returned
// as it is on record.
func (b *Bank) actOnRules(ctx context.Context, c RuleRequest, body RuleActBody, decide func(cat *Catalogue, body *RuleActBody) (ruleSet []byte, err error)) (RuleAct, error) {
	if err := errors.Join(b.canMake(), c.By.check(), checkText("idempotency_key", c.Key, 128)); err != nil {
		return RuleAct{}, err
	}
	asked := b.vault.Hash("rule request", string(canonical(body))) // keyed: what an objection says must not be guessed
	var act RuleAct
	err := b.publishOn(ctx, func(cat *Catalogue) ([]Document, error) {
		if c.May != nil {
			if err := c.May(cat); err != nil {
				return nil, err
			}
		}
		before, err := cat.askedBefore(c, asked)
		if err != nil || before.Seq != 0 {
			act = before
			return nil, err
		}
		at, day := b.now(cat)
		next := body
		next.Day, next.Key, next.Request = day, c.Key, ""
		if c.Key != "" {
			next.Request = asked
		}
		ruleSet, err := decide(cat, &next)
		if err != nil {
			return nil, err
		}
		if act, err = b.ruleAct(cat, RuleAct{At: at, By: c.By, Body: next}, ruleSet); err != nil {
			return nil, err
		}
		return act.documents(cat.Version, ruleSet), nil
	})
	return act, err
}

// ruleAct makes sure that an act can be read back, with the rule set it publishes.
func (b *Bank) ruleAct(cat *Catalogue, a RuleAct, ruleSet []byte) (RuleAct, error) {
	if ruleSet != nil {
		a.Body.RuleSet = nextVersion(cat)
		if _, err := b.loadRules(a.Body.RuleSet, ruleSet); err != nil {
			return a, Invalid(CodeInvalidRules, "rules", "规则集不可用："+err.Error(), "the rule set cannot be used: "+err.Error())
		}
	}
	a.Seq = len(cat.RuleActs) + 1
	return a, cat.clone().applyRuleAct(a)
}

// documents returns the documents of an act that follows a version of the
// catalogue: the act, and the rule set it publishes.
func (a RuleAct) documents(base int, ruleSet []byte) []Document {
	docs := []Document{{Version: base + 1, Kind: docRuleAct, ID: strconv.Itoa(a.Seq), Body: canonical(a.Body), At: a.At, By: a.By}}
	if ruleSet != nil {
		docs = append(docs, Document{Version: base + 2, Kind: docRuleSet, ID: strconv.Itoa(a.Body.RuleSet), Body: ruleSet, At: a.At, By: a.By})
	}
	return docs
}

// askedBefore returns the act that the same request made before, if any.
func (c *Catalogue) askedBefore(r RuleRequest, asked string) (RuleAct, error) {
	if r.Key == "" {
		return RuleAct{}, nil
	}
	i := slices.IndexFunc(c.RuleActs, func(a RuleAct) bool { return a.By == r.By && a.Body.Key == r.Key })
	if i < 0 {
		return RuleAct{}, nil
	}
	if c.RuleActs[i].Body.Request != asked {
		return RuleAct{}, Conflict(CodeKeyReused, "idempotency_key", "该请求号已用于其他请求", "this request key was used for another request")
	}
	return c.RuleActs[i], nil
}

// onDraft is actOnRules for an act on a draft, which it returns as the act left it.
func (b *Bank) onDraft(ctx context.Context, c RuleRequest, body RuleActBody, decide func(cat *Catalogue, d *RuleDraft, body *RuleActBody) ([]byte, error)) (*RuleDraft, error) {
	a, err := b.actOnRules(ctx, c, body, func(cat *Catalogue, body *RuleActBody) ([]byte, error) {
		d, err := cat.Draft(body.Draft)
		if err != nil {
			return nil, err
		}
		return decide(cat, d, body)
	})
	if err != nil {
		return nil, err
	}
	return b.Catalogue().DraftAfter(a)
}

// DraftRules begins a draft of rules: for one institution, which may change only
// what concerns its own programmes, or, where institution is "", for the whole bank.
// What the files say is checked on submission.
func (b *Bank) DraftRules(ctx context.Context, c RuleRequest, institution InstitutionID, p RuleProposal) (*RuleDraft, error) {
	p = p.tidied()
	if err := p.check(); err != nil {
		return nil, err
	}
	a, err := b.actOnRules(ctx, c, RuleActBody{Kind: RuleActDrafted, Institution: institution, Proposal: p.wire(), Revision: 1}, func(cat *Catalogue, body *RuleActBody) ([]byte, error) {
		if _, ok := cat.Institutions[institution]; institution != "" && !ok {
			return nil, NotFound(CodeUnknownInstitution, "institution", fmt.Sprintf("机构 %s 不存在", Shown(institution)), fmt.Sprintf("institution %s does not exist", Shown(institution)))
		}
		body.Draft = len(cat.Drafts) + 1
		_, err := cat.bodyOf(p.Base)
		return nil, err
	})
	if err != nil {
		return nil, err
	}
	return b.Catalogue().DraftAfter(a)
}

// ReviseDraft adds the next revision of a draft. Whatever was said of earlier ones,
// approvals and publicity, counts no more; objections still want their answers.
func (b *Bank) ReviseDraft(ctx context.Context, c RuleRequest, draft int, p RuleProposal) (*RuleDraft, error) {
	p = p.tidied()
	if err := p.check(); err != nil {
		return nil, err
	}
	return b.onDraft(ctx, c, RuleActBody{Kind: RuleActRevised, Draft: draft, Proposal: p.wire()}, func(cat *Catalogue, d *RuleDraft, body *RuleActBody) ([]byte, error) {
		if err := d.mayRevise(); err != nil {
			return nil, err
		}
		body.Revision = len(d.Revisions) + 1
		_, err := cat.bodyOf(p.Base)
		return nil, err
	})
}

// SubmitDraft hands the newest revision of a draft in for review, under the bank's
// policy of the day. It must compile, stand on the rules in force, and change
// nothing that is not its institution's. Where nobody has to approve, it is approved.
func (b *Bank) SubmitDraft(ctx context.Context, c RuleRequest, draft, revision int) (*RuleDraft, error) {
	return b.onDraft(ctx, c, RuleActBody{Kind: RuleActSubmitted, Draft: draft, Revision: revision}, func(cat *Catalogue, d *RuleDraft, body *RuleActBody) ([]byte, error) {
		if err := d.maySubmit(revision); err != nil {
			return nil, err
		}
		ruleSet, err := b.compiled(cat, d.Current())
		if err != nil {
			return nil, err
		}
		if err := b.proper(cat, d, ruleSet, body.Day); err != nil {
			return nil, err
		}
		policy := b.policy
		body.Policy, body.Hash = &policy, d.Current().Hash().String()
		if policy.Quorum == 0 && policy.PublicityDays > 0 {
			body.Until = publicityEnd(body.Day, policy.PublicityDays)
		}
		return nil, nil
	})
}

// A DraftVerdict is what a reviewer says of a revision.
type DraftVerdict struct {
	Revision int
	Approve  bool
	Note     string // the reasons, which a rejection needs
}

// ReviewDraft puts a reviewer's verdict on exactly one revision on record. A
// rejection returns the draft at once; the last approval of the quorum begins
// publicity. Nobody reviews what they wrote or submitted, and nobody twice.
func (b *Bank) ReviewDraft(ctx context.Context, c RuleRequest, draft int, v DraftVerdict) (*RuleDraft, error) {
	if err := checkProse("note", v.Note, !v.Approve); err != nil {
		return nil, err
	}
	kind := RuleActReturned
	if v.Approve {
		kind = RuleActApproved
	}
	return b.onDraft(ctx, c, RuleActBody{Kind: kind, Draft: draft, Revision: v.Revision, Note: v.Note}, func(_ *Catalogue, d *RuleDraft, body *RuleActBody) ([]byte, error) {
		if err := d.mayReview(c.By, v.Revision); err != nil {
			return nil, err
		}
		body.Hash = d.Current().Hash().String()
		if v.Approve && d.approvals+1 >= d.Policy.Quorum && d.Policy.PublicityDays > 0 {
			body.Until = publicityEnd(body.Day, d.Policy.PublicityDays)
		}
		return nil, nil
	})
}

// WithdrawDraft ends a draft for good. Only who wrote or submitted it withdraws it.
func (b *Bank) WithdrawDraft(ctx context.Context, c RuleRequest, draft int, reason string) (*RuleDraft, error) {
	if err := checkProse("reason", reason, true); err != nil {
		return nil, err
	}
	return b.onDraft(ctx, c, RuleActBody{Kind: RuleActWithdrawn, Draft: draft, Note: reason}, func(_ *Catalogue, d *RuleDraft, _ *RuleActBody) ([]byte, error) {
		return nil, d.mayWithdraw(c.By)
	})
}

// PublishDraft publishes an approved draft as the next version of the rules, once
// its publicity has ended and every objection was answered. Where the rules have
// changed since it was written it is refused, with what changed.
func (b *Bank) PublishDraft(ctx context.Context, c RuleRequest, draft, revision int) (RuleSet, error) {
	d, err := b.onDraft(ctx, c, RuleActBody{Kind: RuleActPublished, Draft: draft, Revision: revision}, func(cat *Catalogue, d *RuleDraft, body *RuleActBody) ([]byte, error) {
		if err := d.newest(revision); err != nil {
			return nil, err
		}
		if err := errors.Join(d.mayPublish(body.Day), d.mayBePublishedBy(c.By)); err != nil {
			return nil, err
		}
		ruleSet, err := b.compiled(cat, d.Current())
		if err != nil {
			return nil, err
		}
		body.Hash = d.Current().Hash().String()
		return ruleSet, b.proper(cat, d, ruleSet, body.Day)
	})
	if err != nil {
		return RuleSet{}, err
	}
	return b.Catalogue().RuleSet(d.RuleSet)
}

// PublishDue publishes the drafts whose policy is automatic and that nothing keeps
// any more, in order, and returns their numbers. A draft that is refused, such as
// one whose base has changed, waits for a person. It is for whatever runs by the
// clock, may be called at any time, by several at once, and does each thing once.
func (b *Bank) PublishDue(ctx context.Context, by Caller) ([]int, error) {
	if err := b.Refresh(ctx); err != nil {
		return nil, err
	}
	var published []int
	cat := b.Catalogue()
	_, day := b.now(cat)
	for _, d := range cat.Drafts {
		if !d.Policy.Automatic || !d.Publishable(day) {
			continue
		}
		_, err := b.PublishDraft(ctx, RuleRequest{By: by, Key: fmt.Sprintf("due %d/%d", d.Number, d.Current().Number)}, d.Number, d.Current().Number)
		switch input := (*InputError)(nil); {
		case err == nil:
			published = append(published, d.Number)
		case !errors.As(err, &input):
			return published, err
		}
	}
	return published, nil
}
