package creditbank

import (
	"slices"
	"strings"
)

// ExplainOutcome says in words why o was refused or cut, by the rules that did:
// one sentence a ground, with what is there and what is needed. An outcome that
// was recognised in full needs no word.
func ExplainOutcome(cat *Catalogue, o Outcome) []Text {
	if len(o.Reasons) == 0 {
		return nil
	}
	i := slices.IndexFunc(cat.RuleSets, func(s RuleSet) bool { return s.Version() == o.RuleSet })
	if i < 0 {
		texts := make([]Text, 0, len(o.Reasons))
		for _, r := range o.Reasons {
			texts = append(texts, r.Text())
		}
		return texts
	}
	course := cat.Courses[o.Course]
	course.Category, course.Level, course.Hours, course.Family = o.Category, o.Level, o.Scheduled, o.Family // as they were then
	var texts []Text
	for _, f := range cat.RuleSets[i].Grounds(o, course) {
		texts = append(texts, ground(f))
	}
	return texts
}

// ground returns the sentence for one ground of a recognition.
func ground(f Finding) Text {
	switch f.Code {
	case GradeBelowPass:
		if f.Need != "" {
			return say("成绩为%[1]s，及格线为%[2]s", "the score is %[1]s, the pass mark %[2]s", orNone(f.Have), f.Need)
		}
	case AttendanceBelowMin:
		if f.Need != "" {
			return say("课程共%[3]s学时，出勤%[1]s学时，要求不少于%[2]s学时", "%[1]s of %[3]s hours were attended, at least %[2]s are needed", f.Have, f.Need, f.Subject)
		}
	case OutcomeNotRecognised:
		return notRecognised(f)
	case ExcludedSource:
		return excludedSource(f)
	case CapReached:
		if f.Subject != "" {
			return withCaps(f.Subject, "%s学分超出%s", "%s credits are beyond %s", f.Need)
		}
	case PeriodCapTruncated:
		if f.Subject != "" {
			return withCaps(f.Subject, "%s学分按%s截减为%s学分", "%[1]s credits were cut to %[3]s by %[2]s", f.Need, f.Have)
		}
	}
	return f.Code.Text()
}

// notRecognised says what no rule recognises: a category on a day, or what the
// table of a rule has no row for.
func notRecognised(f Finding) Text {
	switch class, err := ParseCategory(f.Subject); {
	case f.Have == "":
		return f.Code.Text()
	case err == nil:
		return Text{
			"没有认定规则适用于" + f.Have + "取得的这类" + class.Text().ZH + "成果",
			"no recognition rule is for such " + class.Text().EN + " outcomes of " + f.Have,
		}
	}
	return say("认定规则%[1]s的学分表没有%[2]s取得的这类成果", "the table of recognition rule %[1]s has no row for such outcomes of %[2]s", f.Subject, f.Have)
}

// excludedSource names the entry of the negative list.
func excludedSource(f Finding) Text {
	if f.Subject == "" {
		return f.Code.Text()
	}
	t := say("列入不予认定的范围（%[1]s）", "on the list of what is not recognised (%[1]s)", f.Subject)
	if f.Have != "" || f.Need != "" {
		t.ZH, t.EN = t.ZH+"："+f.Have, t.EN+": "+f.Need
	}
	return t
}

// withCaps fills in the names of period caps, after the first figure.
func withCaps(subject, zh, en string, figures ...any) Text {
	var names Text
	for i, one := range strings.Split(subject, ";") {
		name := periodCap(one)
		if i > 0 {
			names.ZH, names.EN = names.ZH+"或", names.EN+" or "
		}
		names.ZH, names.EN = names.ZH+name.ZH, names.EN+name.EN
	}
	fill := func(name string) []any { return slices.Insert(slices.Clone(figures), 1, any(name)) }
	return Text{say(zh, en, fill(names.ZH)...).ZH, say(zh, en, fill(names.EN)...).EN}
}

// periodCap names a cap: "FORMAL 42.0 2025-03-01..2026-02-28", and what it is
// counted for, as "I02" or "CARE".
func periodCap(subject string) Text {
	words := strings.Fields(subject)
	if len(words) < 3 {
		return Text{subject, subject}
	}
	class := Category(words[0]).Text()
	during := Text{"终身", "a lifetime"}
	if first, last, ok := strings.Cut(words[2], ".."); ok {
		during = Text{first + "至" + last, first + " to " + last}
	}
	name := Text{class.ZH + "认定学分上限" + words[1] + "（" + during.ZH, "the cap on " + class.EN + " credits, " + words[1] + " (" + during.EN}
	for _, of := range words[3:] {
		zh, en := of, of
		if level, ok := strings.CutPrefix(of, "level="); ok {
			zh, en = level+"级", "level "+level
		}
		name.ZH, name.EN = name.ZH+"，"+zh, name.EN+", "+en
	}
	return Text{name.ZH + "）", name.EN + ")"}
}
