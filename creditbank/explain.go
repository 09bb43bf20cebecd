package creditbank

import (
	"fmt"
	"strings"
)

// Explain says in words why d came out as it did, one sentence a finding: what
// is missing and by how much, and where there is something to be done, what.
func Explain(cat *Catalogue, d *Decision) []Text {
	if cat.Rules == nil {
		return nil
	}
	x := explainer{cat: cat, d: d}
	x.programme, _ = cat.Rules.Programme(d.Programme)
	texts := make([]Text, 0, len(d.Findings))
	for _, f := range d.Findings {
		texts = append(texts, x.sentence(f))
	}
	return texts
}

type explainer struct {
	cat       *Catalogue
	d         *Decision
	programme Programme
}

// sentence returns the sentence for one finding.
func (x explainer) sentence(f Finding) Text {
	if t, ok := x.lineSentence(f); ok {
		return t
	}
	course := x.course(f.Subject)
	slot := x.slot(f.Subject)
	switch f.Code {
	case MissingComponent:
		if f.Need != "" {
			return x.choice(f)
		}
		return say("缺少“%[1]s”的学习成果", "no outcome of %[1]s has been posted", course)
	case GradeBelowMin:
		return say("“%[1]s”成绩为%[2]s，规则要求不低于%[3]s", "the score in %[1]s is %[2]s, the rule asks for %[3]s", course, orNone(f.Have), f.Need)
	case GradeAboveMax:
		return say("“%[1]s”成绩为%[2]s，规则只适用于不高于%[3]s的成绩", "the score in %[1]s is %[2]s, the rule is for scores of at most %[3]s", course, f.Have, f.Need)
	case OutcomeExpired:
		if f.Need != "" {
			return say("“%[1]s”的成果超过规则允许的年限（%[3]s），最后可用日为%[2]s", "the outcome of %[1]s is older than the rule allows (%[3]s): it served through %[2]s", course, f.Have, f.Need)
		}
		return say("“%[1]s”的成果已于%[2]s之后失效", "the outcome of %[1]s could be used through %[2]s", course, f.Have)
	case OutcomeRevoked:
		return say("“%[1]s”的成果已于%[2]s撤销", "the outcome of %[1]s was revoked on %[2]s", course, f.Have)
	case OutcomeNotRecognised:
		return say("“%[1]s”的成果登记在案但未获认定", "the outcome of %[1]s is on record but was not recognised", course)
	case OutcomeAlreadyConsumed:
		if application, ok := strings.CutPrefix(f.Have, "application "); ok {
			return say("“%[1]s”的成果已由第%[2]s项申请占用；该申请决定或撤回之前，不能另作他用",
				"the outcome of %[1]s is held by application %[2]s; it is free again once that is refused or withdrawn", course, application)
		}
		return say("“%[1]s”的成果已用于其他转换，每项成果只能使用一次", "the outcome of %[1]s was used in another conversion; each is used once", course)
	case LevelMismatch:
		return x.level(f)
	case LowerLevelSameFamily:
		return say("“%[1]s”低于同系列已持有的“%[2]s”，只计最高等级", "%[1]s is below %[2]s of the same family, only the highest counts", course, x.course(f.Have))
	case TargetAlreadySatisfied:
		return say("目标“%[1]s”的学分已满", "nothing is left to fill in %[1]s", slot)
	case ExcludedTarget:
		return say("“%[1]s”必须修读，不接受转换", "%[1]s takes no conversions, it has to be studied", slot)
	case CapReached:
		return with(x.bound(f.Subject), "超出%s：还可授予%s学分，需要%s学分", "beyond %s: %s credits left, %s needed", f.Have, f.Need)
	case CapTruncated:
		return with(x.bound(f.Subject), "按%s截减：授予%s学分，原为%s学分", "cut to %s: %s credits instead of %s", f.Have, f.Need)
	case InsufficientPool:
		return with(x.source(f.Subject), "%s可用学分不足：现有%s，需要%s，还差%s", "too few %s credits: %s available, %s needed, %s short", f.Have, f.Need, x.d.Short.String())
	case RuleNotEffective:
		return say("规则%[1]s自%[2]s起生效", "rule %[1]s takes effect on %[2]s", f.Subject, f.Need)
	case RuleExpired:
		return say("规则%[1]s已于%[2]s之后失效", "rule %[1]s was in force through %[2]s", f.Subject, f.Need)
	case RuleSuspended:
		return x.suspended(f)
	case NotEnrolled:
		return x.notEnrolled()
	case AccountFrozen:
		return Text{"账户已冻结：余额可查，不能转换；请联系开户机构了解原因", "the account is frozen: balances can be read, conversions wait; ask where the account was opened"}
	}
	if t, ok := x.condition(f); ok {
		return t
	}
	return f.Code.Text()
}

// notEnrolled says which programme, whom to ask, and what to do next.
func (x explainer) notEnrolled() Text {
	i := x.cat.Institutions[x.programme.Institution]
	return Text{
		fmt.Sprintf("尚未注册“%s”（%s）。请联系%s（%s）办理入学注册，注册后可用同样的成果再次申请",
			x.programme.Title.ZH, x.programme.ID, i.Name, i.ID),
		fmt.Sprintf("not enrolled in %s (%s); ask %s (%s) to be enrolled, then apply again with the same outcomes",
			x.programme.Title.EN, x.programme.ID, i.Name, i.ID),
	}
}

// suspended says since when a rule is suspended, and why, as the version of the
// rules says that decided.
func (x explainer) suspended(f Finding) Text {
	t := say("规则%[1]s自%[2]s起暂停，恢复之前不能转换，成果仍可留待以后使用", "rule %[1]s has been suspended since %[2]s: it converts nothing until it is resumed, and the outcomes stay for later", f.Subject, f.Have)
	set, err := x.cat.RuleSet(x.d.RuleSet)
	if err != nil {
		return t
	}
	if s, ok := set.Standing().Suspension(RuleID(f.Subject), x.d.Programme); ok {
		t.ZH, t.EN = t.ZH+"。原因："+s.Reason, t.EN+". The reason: "+s.Reason
	}
	return t
}

// say fills both languages with the same particulars.
func say(zh, en string, args ...any) Text {
	return Text{fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)}
}

// with fills both languages with a subject in that language and the same
// figures.
func with(subject Text, zh, en string, figures ...any) Text {
	return Text{
		fmt.Sprintf(zh, append([]any{subject.ZH}, figures...)...),
		fmt.Sprintf(en, append([]any{subject.EN}, figures...)...),
	}
}

// bound names what bounds a line: "slot T-EL", "cap all 40.0", "cap
// CERTIFICATE per source 8.0".
func (x explainer) bound(subject string) Text {
	if limit, ok := strings.CutPrefix(subject, "limit "); ok {
		return x.limit(limit)
	}
	if floor, ok := strings.CutPrefix(subject, "floor "); ok {
		return x.floor(floor)
	}
	if slot, ok := strings.CutPrefix(subject, "slot "); ok {
		name := x.slot(slot)
		return Text{"“" + name + "”的余额", "what is left in " + name}
	}
	words := strings.Fields(strings.TrimPrefix(subject, "cap "))
	if len(words) < 2 {
		return Text{subject, subject}
	}
	limit := words[len(words)-1]
	of := Text{"转换学分总上限", "the cap on all converted credits"}
	if words[0] != "all" {
		class := Category(words[0]).Text()
		of = Text{"来自" + class.ZH + "的转换学分上限", "the cap on credits converted from " + class.EN + " learning"}
	}
	if len(words) > 2 {
		of.ZH, of.EN = of.ZH+"（每项来源）", of.EN+", per source"
	}
	return Text{of.ZH + limit, of.EN + " (" + limit + ")"}
}

// source names what a pool or block takes from: a category, or an institution
// and a category.
func (x explainer) source(subject string) Text {
	words := strings.Fields(subject)
	if len(words) == 0 {
		return Text{}
	}
	class := Category(words[len(words)-1]).Text()
	if len(words) == 1 {
		return class
	}
	name := x.cat.Institutions[InstitutionID(words[0])].Name
	return Text{name + class.ZH, class.EN + " (" + name + " " + words[0] + ")"}
}

func orNone(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

// course names a course with its code.
func (x explainer) course(code string) string {
	if c, ok := x.cat.Courses[CourseCode(code)]; ok {
		return c.Title + " " + code
	}
	return code
}

// slot names a slot with its id.
func (x explainer) slot(id string) string {
	if s, ok := x.programme.Slot(SlotID(id)); ok {
		return s.Title.ZH + " " + id
	}
	return id
}
