package creditbank

import (
	"context"
	"fmt"
	"slices"
)

// A RuleTarget names what is suspended or retired: one rule, the rules that grant
// in one programme, or, where both are empty, the whole rule set.
type RuleTarget struct {
	Programme ProgrammeID `json:"programme,omitempty"`
	Rule      RuleID      `json:"rule,omitempty"`
}

// Covers reports whether a rule that grants in a programme is meant; programme is
// "" for a recognition rule, which only its own name and the whole set mean.
func (t RuleTarget) Covers(rule RuleID, programme ProgrammeID) bool {
	switch {
	case t.Rule != "":
		return t.Rule == rule
	case t.Programme != "":
		return t.Programme == programme
	}
	return true
}

// Text names t.
func (t RuleTarget) Text() Text {
	switch {
	case t.Rule != "":
		return Text{"规则" + string(t.Rule), "rule " + string(t.Rule)}
	case t.Programme != "":
		return Text{"专业" + string(t.Programme) + "的规则", "the rules of programme " + string(t.Programme)}
	}
	return Text{"全部规则", "all rules"}
}

// A RuleSuspension (暂停) keeps conversion rules from granting anything until it
// is lifted. Recognition goes on.
type RuleSuspension struct {
	Reason string     `json:"reason"`
	Since  Date       `json:"since"`
	Target RuleTarget `json:"target"`
}

// A RuleRetirement (停止使用) ends rules: they are in force through a day, and
// for ever readable.
type RuleRetirement struct {
	Reason  string     `json:"reason"`
	Target  RuleTarget `json:"target"`
	Through Date       `json:"through"`
}

// A RuleStanding is what a version of the rules says about rules that are
// suspended or have been given an end. Later versions carry it on.
type RuleStanding struct {
	Retired   []RuleRetirement
	Suspended []RuleSuspension
}

// Suspension returns the suspension of a conversion rule that grants in a
// programme, if there is one.
func (s RuleStanding) Suspension(rule RuleID, programme ProgrammeID) (RuleSuspension, bool) {
	i := slices.IndexFunc(s.Suspended, func(x RuleSuspension) bool { return x.Target.Covers(rule, programme) })
	if i < 0 || programme == "" {
		return RuleSuspension{}, false
	}
	return s.Suspended[i], true
}

// Retirement returns the earliest end given to a rule, if there is one.
func (s RuleStanding) Retirement(rule RuleID, programme ProgrammeID) (RuleRetirement, bool) {
	var first RuleRetirement
	for _, x := range s.Retired {
		if x.Target.Covers(rule, programme) && (first.Through == 0 || x.Through < first.Through) {
			first = x
		}
	}
	return first, first.Through != 0
}

// standingOn returns a document that follows the rules of base, with their
// standing: what is suspended stays suspended, whatever is published.
func (b *Bank) standingOn(base *Catalogue, body []byte) ([]byte, error) {
	if base.Rules == nil {
		return body, nil
	}
	s := base.Rules.Standing()
	if len(s.Retired)+len(s.Suspended) == 0 {
		return body, nil
	}
	if err := b.canMake(); err != nil {
		return nil, err
	}
	return b.maker.Stand(body, s)
}

// SuspendRules suspends rules from now on: conversions by them are denied with
// RULE_SUSPENDED, and applications that wait are not approved meanwhile. It is
// effective at once, as the next version of the rules, which is returned.
func (b *Bank) SuspendRules(ctx context.Context, c RuleRequest, t RuleTarget, reason string) (RuleSet, error) {
	return b.restand(ctx, c, RuleActBody{Kind: RuleActSuspended, Target: &t, Note: reason}, func(cat *Catalogue, s *RuleStanding, day Date) error {
		if _, programme, ok := cat.Rules.RuleTitle(t.Rule); ok && programme == "" {
			return Conflict(CodeNoRecognition, "rule", "认定规则不能暂停：成果会因此不被认定；请发布新版本或为其定停用日",
				"a recognition rule cannot be suspended, since outcomes would be refused; publish another version, or give it an end")
		}
		if slices.ContainsFunc(s.Suspended, func(x RuleSuspension) bool { return x.Target == t }) {
			return Conflict(CodeState, "rule", t.Text().ZH+"已经暂停", t.Text().EN+": suspended already")
		}
		s.Suspended = append(slices.Clip(s.Suspended), RuleSuspension{reason, day, t})
		return nil
	})
}

// ResumeRules ends a suspension of exactly the same target.
func (b *Bank) ResumeRules(ctx context.Context, c RuleRequest, t RuleTarget, reason string) (RuleSet, error) {
	return b.restand(ctx, c, RuleActBody{Kind: RuleActResumed, Target: &t, Note: reason}, func(_ *Catalogue, s *RuleStanding, _ Date) error {
		left := slices.DeleteFunc(slices.Clone(s.Suspended), func(x RuleSuspension) bool { return x.Target == t })
		if len(left) == len(s.Suspended) {
			return Conflict(CodeNotSuspended, "rule", t.Text().ZH+"没有暂停", t.Text().EN+": not suspended")
		}
		s.Suspended = left
		return nil
	})
}

// RetireRules gives rules an end: the given day is the last in force, after which
// conversions are denied with RULE_EXPIRED. The end is announced at least as many
// days ahead as the bank makes drafts public for. Until it has come it can be
// moved, by the same rule; after that it stays.
func (b *Bank) RetireRules(ctx context.Context, c RuleRequest, t RuleTarget, through Date, reason string) (RuleSet, error) {
	body := RuleActBody{Kind: RuleActRetired, Target: &t, Note: reason, Until: through}
	return b.restand(ctx, c, body, func(_ *Catalogue, s *RuleStanding, day Date) error {
		if earliest := publicityEnd(day, b.policy.PublicityDays); through < earliest {
			return Conflict(CodeNotice, "through", fmt.Sprintf("停用日最早为%s（须提前%d天公布）", earliest, b.policy.PublicityDays),
				fmt.Sprintf("the last day in force is %s at the earliest (it is announced %d days ahead)", earliest, b.policy.PublicityDays))
		}
		i := slices.IndexFunc(s.Retired, func(x RuleRetirement) bool { return x.Target == t })
		if i < 0 {
			s.Retired = append(slices.Clip(s.Retired), RuleRetirement{reason, t, through})
			return nil
		}
		if s.Retired[i].Through < day {
			return Conflict(CodeRuleRetired, "rule", fmt.Sprintf("%s已于%s停止使用", t.Text().ZH, s.Retired[i].Through),
				fmt.Sprintf("%s: retired on %s", t.Text().EN, s.Retired[i].Through))
		}
		s.Retired = slices.Clone(s.Retired)
		s.Retired[i] = RuleRetirement{reason, t, through}
		return nil
	})
}

// restand publishes the rules in force with another standing.
func (b *Bank) restand(ctx context.Context, c RuleRequest, body RuleActBody, change func(*Catalogue, *RuleStanding, Date) error) (RuleSet, error) {
	if err := checkProse("reason", body.Note, true); err != nil {
		return RuleSet{}, err
	}
	a, err := b.actOnRules(ctx, c, body, func(cat *Catalogue, body *RuleActBody) ([]byte, error) {
		if cat.Rules == nil {
			return nil, Conflict(CodeState, "", "尚未发布任何规则", "no rules have been published yet")
		}
		if err := known(cat.Rules, *body.Target); err != nil {
			return nil, err
		}
		s := cat.Rules.Standing()
		if err := change(cat, &s, body.Day); err != nil {
			return nil, err
		}
		return b.maker.Stand(cat.RuleSets[len(cat.RuleSets)-1].Body, s)
	})
	if err != nil {
		return RuleSet{}, err
	}
	return b.Catalogue().RuleSet(a.Body.RuleSet)
}

// known refuses a target that the rules do not have.
func known(rules Rules, t RuleTarget) error {
	if t.Rule != "" && t.Programme != "" {
		return Invalid(CodeMalformed, "rule", "规则与专业只能指定其一", "name a rule or a programme, not both")
	}
	if t.Rule != "" {
		if _, _, ok := rules.RuleTitle(t.Rule); !ok {
			return NotFound(CodeUnknownRule, "rule", fmt.Sprintf("没有规则 %s", Shown(t.Rule)), fmt.Sprintf("there is no rule %s", Shown(t.Rule)))
		}
	}
	if t.Programme != "" {
		if _, ok := rules.Programme(t.Programme); !ok {
			return unknownProgramme(t.Programme)
		}
	}
	return nil
}

// RuleSet returns a published version of the rules, 0 for the newest.
func (c *Catalogue) RuleSet(version int) (RuleSet, error) {
	i := len(c.RuleSets) - 1
	if version != 0 {
		i = slices.IndexFunc(c.RuleSets, func(r RuleSet) bool { return r.Version() == version })
	}
	if i < 0 {
		return RuleSet{}, NotFound(CodeUnknownRuleSet, "rule_set", "没有这一版规则集", "there is no such version of the rules")
	}
	return c.RuleSets[i], nil
}

// suspendedNow refuses to approve an application by a rule that is suspended
// today: it waits until the rule is resumed, or is rejected.
func (b *Bank) suspendedNow(rule RuleID) error {
	rules := b.Catalogue().Rules
	_, programme, _ := rules.RuleTitle(rule)
	s, ok := rules.Standing().Suspension(rule, programme)
	if !ok {
		return nil
	}
	return Conflict(CodeRuleSuspended, "application", fmt.Sprintf("规则%s自%s起暂停，恢复前不能批准申请", rule, s.Since),
		fmt.Sprintf("rule %s has been suspended since %s: its applications are not approved until it is resumed", rule, s.Since))
}
