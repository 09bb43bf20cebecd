package creditbank

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// compiled returns the document of a revision, as it would be published now.
func (b *Bank) compiled(cat *Catalogue, r RuleRevision) ([]byte, error) {
	body, err := b.maker.Compile(r.Files, cat)
	if err != nil {
		return nil, err
	}
	return b.standingOn(cat, body)
}

// proper refuses a draft that does not follow the rules in force, or changes what
// it may not.
func (b *Bank) proper(cat *Catalogue, d *RuleDraft, ruleSet []byte, day Date) error {
	if err := b.fresh(cat, d.Current().Base); err != nil {
		return err
	}
	before, err := cat.bodyOf(nextVersion(cat) - 1)
	if err != nil {
		return err
	}
	if before != nil {
		source, err := b.maker.Source(before)
		if err != nil {
			return err
		}
		if source.Equal(d.Current().Files) {
			return Conflict(CodeNoChange, "rules", "草案与现行规则相同", "the draft says what is in force already")
		}
	}
	changes, err := b.maker.Changes(before, ruleSet)
	if err != nil {
		return err
	}
	return errors.Join(b.revives(cat, changes, day), b.ownOnly(cat, d, changes, ruleSet))
}

// fresh refuses a base that the rules in force do not say the same as. What is
// suspended or ended meanwhile is no other base: it is carried on.
func (b *Bank) fresh(cat *Catalogue, base int) error {
	current := nextVersion(cat) - 1
	if base == current {
		return nil
	}
	before, err := cat.bodyOf(base)
	if err != nil {
		return err
	}
	newest := cat.RuleSets[len(cat.RuleSets)-1]
	if before != nil {
		old, err := b.maker.Source(before)
		if err != nil {
			return err
		}
		now, err := b.maker.Source(newest.Body)
		if err != nil {
			return err
		}
		if old.Equal(now) {
			return nil
		}
	}
	changes, err := b.maker.Changes(before, newest.Body)
	if err != nil {
		return err
	}
	what := named(changes)
	if len(changes) == 0 {
		what = Text{"文字", "wording"}
	}
	return Conflict(CodeStaleBase, "base",
		fmt.Sprintf("草案依据第%d版规则，现行为第%d版，其间有变化：%s。请在现行版上修改后重新提交", base, current, what.ZH),
		fmt.Sprintf("the draft was written on version %d of the rules, version %d is in force; what changed since: %s. Revise it on that version and submit it again", base, current, what.EN))
}

// revives refuses a draft that says something else of a rule whose end has come.
func (b *Bank) revives(cat *Catalogue, changes []RuleChange, day Date) error {
	if cat.Rules == nil {
		return nil
	}
	for _, c := range changes {
		if c.Kind != ChangedRule || c.Change == ChangeRemoved {
			continue
		}
		for _, x := range cat.Rules.Standing().Retired {
			if x.Target.Rule == RuleID(c.ID) && x.Through < day {
				return Conflict(CodeRuleRetired, "rules", fmt.Sprintf("规则%s已于%s停止使用；新规则请用新的编号", c.ID, x.Through),
					fmt.Sprintf("rule %s was retired on %s: give a new rule an id of its own", c.ID, x.Through))
			}
		}
	}
	return nil
}

// ownOnly refuses a draft of an institution that changes what is not its own:
// rules of others' programmes, recognition, what is about all rules.
func (b *Bank) ownOnly(cat *Catalogue, d *RuleDraft, changes []RuleChange, ruleSet []byte) error {
	if d.Institution == "" {
		return nil
	}
	after, err := b.loadRules(nextVersion(cat), ruleSet)
	if err != nil {
		return err
	}
	owned := func(id ProgrammeID) bool {
		for _, rules := range []Rules{cat.Rules, after} {
			if rules == nil {
				continue
			}
			if p, ok := rules.Programme(id); ok && p.Institution != d.Institution {
				return false
			}
		}
		return true
	}
	var foreign []RuleChange
	for _, c := range changes {
		if len(c.Programmes) == 0 || !slices.ContainsFunc(c.Programmes, owned) || slices.ContainsFunc(c.Programmes, func(id ProgrammeID) bool { return !owned(id) }) {
			foreign = append(foreign, c)
		}
	}
	if len(foreign) == 0 {
		return nil
	}
	what := named(foreign)
	return Forbidden(CodeNotOwnRules, "rules", fmt.Sprintf("机构的草案只能修改本机构专业的规则，以下不属于：%s", what.ZH),
		fmt.Sprintf("a draft of an institution changes the rules of its own programmes only; these are not: %s", what.EN))
}

// DraftRuleSet returns a revision of a draft (0 the newest) as it would be
// published now: the document and the rules made of it, under the version that
// would be theirs. It is for trying a draft out. What is wrong with the files is an
// error that wraps a [PlacedError] for each place.
func (b *Bank) DraftRuleSet(draft, revision int) ([]byte, Rules, error) {
	if err := b.canMake(); err != nil {
		return nil, nil, err
	}
	cat := b.Catalogue()
	d, err := cat.Draft(draft)
	if err != nil {
		return nil, nil, err
	}
	r, ok := d.Revision(revision)
	if !ok {
		return nil, nil, NotFound(CodeUnknownDraft, "revision", "没有这一稿", "there is no such revision")
	}
	body, err := b.compiled(cat, r)
	if err != nil {
		return nil, nil, err
	}
	rules, err := b.loadRules(nextVersion(cat), body)
	return body, rules, err
}

// DraftChanges returns what a revision of a draft (0 the newest) changes about the
// version that it was written on. An error tells what keeps its files from being
// read.
func (b *Bank) DraftChanges(draft, revision int) ([]RuleChange, error) {
	body, _, err := b.DraftRuleSet(draft, revision)
	if err != nil {
		return nil, err
	}
	cat := b.Catalogue()
	r, _ := cat.Drafts[draft-1].Revision(revision)
	before, err := cat.bodyOf(r.Base)
	if err != nil {
		return nil, err
	}
	return b.maker.Changes(before, body)
}

// Object raises an objection against a draft in publicity, in the name of whoever
// is logged in. What a learner writes is sealed under the learner's key.
func (b *Bank) Object(ctx context.Context, c RuleRequest, draft int, text string) (*RuleDraft, RuleObjection, error) {
	if err := checkProse("text", text, true); err != nil {
		return nil, RuleObjection{}, err
	}
	var n int
	d, err := b.onDraft(ctx, c, RuleActBody{Kind: RuleActObjected, Draft: draft, Note: text}, func(_ *Catalogue, d *RuleDraft, body *RuleActBody) ([]byte, error) {
		if err := d.mayObject(c.By, body.Day); err != nil {
			return nil, err
		}
		body.Revision = len(d.Revisions)
		return nil, b.seal(ctx, c.Learner, body)
	})
	if err != nil {
		return nil, RuleObjection{}, err
	}
	n = len(d.Objections)
	return d, d.Objections[n-1], nil
}

// seal puts what a learner wrote under the learner's key.
func (b *Bank) seal(ctx context.Context, id LearnerID, body *RuleActBody) error {
	if id == "" {
		return nil
	}
	l, err := b.store.Learner(ctx, id)
	if err != nil {
		return err
	}
	body.Sealed, err = b.vault.Seal(id, l.Key, []byte(body.Note))
	body.Note, body.Owner = "", id
	return err
}

// ObjectionText returns what an objection says. It is for those who answer it, and
// for who raised it. A learner who was erased has taken it along.
func (b *Bank) ObjectionText(ctx context.Context, o RuleObjection) (string, error) {
	if o.owner == "" {
		return o.text, nil
	}
	l, err := b.store.Learner(ctx, o.owner)
	if err != nil {
		return "", err
	}
	plain, err := b.vault.Unseal(o.owner, l.Key, o.sealed)
	return string(plain), err
}

// AnswerObjection answers an objection. One that is upheld returns the draft; one
// that is dismissed needs its reasons too. Neither who wrote the draft answers, nor
// who raised the objection.
func (b *Bank) AnswerObjection(ctx context.Context, c RuleRequest, draft, objection int, upheld bool, reason string) (*RuleDraft, error) {
	if err := checkProse("reason", strings.TrimSpace(reason), true); err != nil {
		return nil, err
	}
	return b.onDraft(ctx, c, RuleActBody{Kind: RuleActAnswered, Draft: draft, Objection: objection, Upheld: upheld, Note: reason}, func(_ *Catalogue, d *RuleDraft, _ *RuleActBody) ([]byte, error) {
		return nil, d.mayAnswer(c.By, objection)
	})
}
