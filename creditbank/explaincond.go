package creditbank

import (
	"fmt"
	"strings"
)

// condition returns the sentence for what a rule asks beside its sources.
func (x explainer) condition(f Finding) (Text, bool) {
	course := x.course(f.Subject)
	switch f.Code {
	case OverlapBelowMin:
		if f.Have == "" {
			return say("“%[1]s”没有内容重合度的认定依据，规则要求不低于%[2]s", "nobody has found how far %[1]s covers the target; the rule asks for %[2]s", course, f.Need), true
		}
		return say("“%[1]s”与目标课程的内容重合度为%[2]s，规则要求不低于%[3]s", "%[1]s covers %[2]s of the target, the rule asks for %[3]s", course, f.Have, f.Need), true
	case DuplicateSubject:
		return x.duplicate(f), true
	case ExcludedSource:
		return x.excluded(f), true
	case ResidencyUnmet:
		return with(x.bound(f.Subject), "%s：此外还可转换%s学分，需要%s学分", "%s: %s credits of anything else are left, %s needed", f.Have, f.Need), true
	case CreditsBelowTarget:
		return say("“%[1]s”需要%[3]s学分，来源只有%[2]s学分", "%[1]s asks for %[3]s credits, the source has %[2]s", x.slot(f.Subject), f.Have, f.Need), true
	case ConditionUnmet:
		return x.unmet(f), true
	}
	return Text{}, false
}

// choice says what is missing of several that would do.
func (x explainer) choice(f Finding) Text {
	return say("缺少“%[1]s”的学习成果；以下各项应满足的数目与可选项：%[3]s，现已满足%[2]s项", "no outcome of %[1]s has been posted; asked for are %[3]s, of which %[2]s are there",
		x.course(f.Subject), f.Have, f.Need)
}

// level compares a level with what is asked of it: "A 5" equal, "A >=5", "A
// -1>=5" one below, ">=5" whatever the slot.
func (x explainer) level(f Finding) Text {
	course := x.course(f.Subject)
	words := strings.Fields(f.Need)
	last := ""
	if len(words) > 0 {
		last = words[len(words)-1]
	}
	below, least, ge := strings.Cut(last, ">=")
	switch {
	case !ge:
		return say("“%[1]s”为%[2]s级，目标课程要求同级（%[3]s）", "%[1]s is of level %[2]s, the target must be equal (%[3]s)", course, f.Have, f.Need)
	case below != "":
		return say("“%[1]s”为%[2]s级，目标课程为%[3]s级，最多可低%[4]s级", "%[1]s is of level %[2]s, the target of %[3]s; at most %[4]s below will do", course, f.Have, least, strings.TrimPrefix(below, "-"))
	}
	return say("“%[1]s”为%[2]s级，规则要求不低于%[3]s级", "%[1]s is of level %[2]s, the rule asks for %[3]s or above", course, f.Have, least)
}

func (x explainer) duplicate(f Finding) Text {
	if f.Need != "" {
		return say("“%[1]s”与已计入必修课程的“%[2]s”互为替代，只能计入选修模块", "%[1]s is a substitute of %[2]s, which counts as compulsory; it can count as an elective only", x.course(f.Subject), x.course(f.Have))
	}
	return say("“%[1]s”与“%[2]s”科目相同，同一科目只计一次", "%[1]s is of the same subject as %[2]s; a subject counts once", x.course(f.Subject), x.course(f.Have))
}

// excluded says by what an outcome is on a negative list: "tag driving", or
// "unknown" of a course that came after the rules.
func (x explainer) excluded(f Finding) Text {
	what, which, _ := strings.Cut(f.Have, " ")
	by, ok := map[string]Text{
		"course": {"课程", "its course"}, "category": {"类别", "its category"}, "institution": {"发布机构", "its institution"},
		"family": {"系列", "its family"}, "tag": {"标签", "its tag"}, "name": {"名称", "its name"},
	}[what]
	switch {
	case what == "unknown":
		return say("“%[1]s”在本版规则发布之后才登记为课程，重新发布规则之前不能转换", "%[1]s was added after the rules were published; it waits until they are published again", x.course(f.Subject))
	case !ok:
		return f.Code.Text()
	}
	return Text{
		fmt.Sprintf("“%s”不在可转换范围：%s“%s”在负面清单上", x.course(f.Subject), by.ZH, which),
		fmt.Sprintf("%s may not be converted: %s, %s, is on a negative list", x.course(f.Subject), by.EN, which),
	}
}

// unmet says which condition is not met. A condition in the rule's own words
// speaks for itself.
func (x explainer) unmet(f Finding) Text {
	kind, which, _ := strings.Cut(f.Subject, " ")
	switch kind {
	case "not_before":
		return say("规则自%[2]s起方可申请，申请日为%[1]s", "the rule takes applications from %[2]s on; this is of %[1]s", f.Have, f.Need)
	case "not_after":
		return say("规则的申请截止于%[2]s，申请日为%[1]s", "the rule took applications through %[2]s; this is of %[1]s", f.Have, f.Need)
	case "lines":
		return say("须先在%[1]s取得课程学分（至少%[3]s），现有%[2]s", "lines of %[1]s have to stand first, at least %[3]s credits; there are %[2]s", which, f.Have, f.Need)
	case "no_lines":
		return say("%[1]s已有课程学分%[2]s，规则要求在此之前申请", "there are lines of %[1]s already, %[2]s credits; the rule asks for none", which, f.Have)
	}
	t := f.Text
	if t == (Text{}) {
		t = f.Code.Text()
	}
	if f.Have != "" {
		t.ZH, t.EN = t.ZH+"（条件无法求值）", t.EN+" (the condition could not be evaluated)"
	}
	return t
}

// LimitText says in words what a cap or floor of a programme bounds, as findings
// name it.
func LimitText(cat *Catalogue, p Programme, name string) Text {
	return explainer{cat: cat, d: &Decision{}, programme: p}.bound(name)
}

// limit names a cap that says more than a category: "categories=FORMAL;period=
// 2025;max=42.0".
func (x explainer) limit(subject string) Text {
	said := parts(subject)
	t := Text{"转换学分上限", "the cap on converted credits"}
	switch said["measure"] {
	case string(MeasureLines):
		t = Text{"转换课程数上限", "the cap on the number of converted courses"}
	case string(MeasureSources):
		t = Text{"用于转换的成果数上限", "the cap on the number of outcomes converted"}
	}
	of := x.scope(said)
	if said["per"] == "source" {
		of.ZH, of.EN = append(of.ZH, "每项来源"), append(of.EN, "per source")
	}
	if i := said["institution"]; i != "" {
		of.ZH, of.EN = append(of.ZH, "来自"+x.institution(i)), append(of.EN, "from "+x.institution(i))
	}
	if said["each"] == "institution" {
		of.ZH, of.EN = append(of.ZH, "每个机构"), append(of.EN, "per institution")
	}
	switch c := said["calendar"]; c {
	case "":
	case "calendar_year":
		of.ZH, of.EN = append(of.ZH, "每自然年"), append(of.EN, "in each calendar year")
	case "institution":
		of.ZH, of.EN = append(of.ZH, "按成果所属机构校历的每一期"), append(of.EN, "in each period of the institution's calendar")
	default:
		of.ZH, of.EN = append(of.ZH, "校历“"+c+"”的每一期"), append(of.EN, "in each period of calendar "+c)
	}
	if p := said["period"]; p != "" {
		of.ZH, of.EN = append(of.ZH, p+"期间取得"), append(of.EN, "issued in "+p)
	}
	return Text{t.ZH + of.zh() + said["max"], t.EN + of.en() + " (" + said["max"] + ")"}
}

// floor names a floor: "institutions=I01;min=18.0".
func (x explainer) floor(subject string) Text {
	said := parts(subject)
	of := x.scope(said)
	return Text{"专业学分中至少" + said["min"] + "须来自" + strings.Join(of.ZH, "、"), "at least " + said["min"] + " credits of the programme are to be of " + strings.Join(of.EN, ", ")}
}

// A naming gathers what narrows a limit, in both languages.
type naming struct{ ZH, EN []string }

func (n naming) zh() string {
	if len(n.ZH) == 0 {
		return ""
	}
	return "（" + strings.Join(n.ZH, "、") + "）"
}

func (n naming) en() string {
	if len(n.EN) == 0 {
		return ""
	}
	return ", " + strings.Join(n.EN, ", ")
}

// scope names what a limit counts.
func (x explainer) scope(said map[string]string) naming {
	var n naming
	add := func(zh, en string) { n.ZH, n.EN = append(n.ZH, zh), append(n.EN, en) }
	for code := range strings.SplitSeq(said["categories"], ",") {
		if code != "" {
			t := Category(code).Text()
			add(t.ZH, t.EN+" learning")
		}
	}
	for id := range strings.SplitSeq(said["institutions"], ",") {
		if id != "" {
			add(x.institution(id), x.institution(id))
		}
	}
	if tag := said["tag"]; tag != "" {
		add("标签“"+tag+"”", "courses tagged "+tag)
	}
	for id := range strings.SplitSeq(said["slots"], ",") {
		if id != "" {
			add("“"+x.slot(id)+"”", x.slot(id))
		}
	}
	if said["compulsory"] != "" {
		add("必修课程", "compulsory courses")
	}
	return n
}

func (x explainer) institution(id string) string {
	if i, ok := x.cat.Institutions[InstitutionID(id)]; ok {
		return i.Name + " " + id
	}
	return id
}

// parts reads "a=1;b=2".
func parts(s string) map[string]string {
	said := map[string]string{}
	for part := range strings.SplitSeq(s, ";") {
		key, value, _ := strings.Cut(part, "=")
		said[key] = value
	}
	return said
}
