package creditbank

import (
	"fmt"
	"strings"
)

// lineSentence explains a finding about a line of another programme ("P1/T-A1"),
// and reports false where it is about something else.
func (x explainer) lineSentence(f Finding) (Text, bool) {
	line, ok := x.line(f.Subject)
	if !ok {
		return Text{}, false
	}
	switch f.Code {
	case MissingComponent:
		return with(line, "缺少%s的转换学分", "no credits were converted into %s"), true
	case GradeBelowMin:
		return with(line, "%s的成绩为%s，规则要求不低于%s", "the grade in %s is %s, the rule asks for %s", orNone(f.Have), f.Need), true
	case OutcomeRevoked:
		return with(line, "%s的转换学分已于%s冲正", "the credits converted into %s were reversed on %s", f.Have), true
	case OutcomeAlreadyConsumed:
		return with(line, "%s的学分已带往另一专业，只能使用一次", "the credits in %s were carried on to another programme; each line serves once"), true
	case OutcomeUnderReview:
		return with(line, "%s的学分正在复核，决定之前不能用于其他转换", "the credits in %s are under review, and cannot be used until that is decided"), true
	case ExcludedSource:
		if ProgrammeID(f.Have) == x.programme.ID {
			return with(line, "%s的学分源自目标专业本身，不能再次计入", "the credits in %s go back to this very programme, and do not count in it again"), true
		}
	}
	return Text{}, false
}

// line names a line of a programme that the rules in force have.
func (x explainer) line(subject string) (Text, bool) {
	programme, slot, ok := strings.Cut(subject, "/")
	if !ok {
		return Text{}, false
	}
	p, ok := x.cat.Rules.Programme(ProgrammeID(programme))
	if !ok {
		return Text{}, false
	}
	s, _ := p.Slot(SlotID(slot))
	return Text{
		fmt.Sprintf("“%s”的“%s %s”", p.Title.ZH, s.Title.ZH, slot),
		fmt.Sprintf("%s %s of %s", s.Title.EN, slot, p.Title.EN),
	}, true
}
