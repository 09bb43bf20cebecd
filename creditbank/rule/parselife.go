package rule

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// lifeKeys are the keys of a conversion rule that say how an application is decided.
var lifeKeys = []string{"approval", "decide_within", "publicity", "appeal"}

// life reads whether people have to approve what a rule grants, and how they go
// about it. One reviewer, at once, is a process of nil: such rules are what they
// were before there was more to say.
func (p *parser) life(f strictyaml.Fields) (reviewed bool, process *creditbank.Process) {
	pr := &creditbank.Process{Reviewers: 1}
	reviewed = approval(f.Get("approval"), pr)
	for _, key := range lifeKeys[1:] {
		if n := f.Get(key); n.Exists() && !f.Has("approval") {
			n.Fail(fmt.Sprintf("“%s”只适用于须经审核的规则，请加 approval", key), fmt.Sprintf("%q is for rules that reviewers approve: add approval", key))
		}
	}
	pr.Decide = term(f.Get("decide_within"))
	pr.Publicity = term(f.Get("publicity"))
	if n := f.Get("appeal"); n.Exists() {
		pr.Appeal = appeal(n)
	}
	if !reviewed || *pr == (creditbank.Process{Reviewers: 1}) {
		return reviewed, nil
	}
	return true, pr
}

// approval reads "reviewer", or {reviewers, template, supplement_within}.
func approval(n strictyaml.Node, pr *creditbank.Process) bool {
	if !n.Exists() {
		return false
	}
	if !n.IsMap() {
		return n.Choice(approvalReviewer) == approvalReviewer
	}
	f := n.Map("reviewers", "template", "supplement_within")
	templates := creditbank.ProcessTemplates()
	least := 1
	if f.Has("template") {
		pr.Template = f.Get("template").Choice(slices.Sorted(maps.Keys(templates))...)
		least = max(least, templates[pr.Template])
		pr.Reviewers = least
	} else {
		f.Need("reviewers")
	}
	if r := f.Get("reviewers"); r.Exists() {
		pr.Reviewers = r.Int()
		switch {
		case !slices.Contains([]int{1, 3, 5}, pr.Reviewers):
			r.Fail("审核人数应为1、3或5", "reviewers are 1, 3 or 5, so that there is a majority")
		case pr.Reviewers < least:
			r.Fail(fmt.Sprintf("“%s”类至少须由%d人审核", pr.Template, least), fmt.Sprintf("a case of the template %q takes %d reviewers at least", pr.Template, least))
		}
	}
	pr.Supplement = term(f.Get("supplement_within"))
	return true
}

func appeal(n strictyaml.Node) *creditbank.Appeal {
	f := n.Map("file_within", "decide_within", "levels")
	a := &creditbank.Appeal{File: term(f.Need("file_within")), Decide: term(f.Get("decide_within")), Levels: 1}
	if levels := f.Get("levels"); levels.Exists() {
		if a.Levels = levels.Int(); a.Levels < 1 || a.Levels > creditbank.MaxAppealLevels {
			levels.Fail(fmt.Sprintf("申诉级数应为1至%d", creditbank.MaxAppealLevels), fmt.Sprintf("levels of appeal are 1 to %d", creditbank.MaxAppealLevels))
		}
	}
	return a
}

// term reads a period such as P15D, or {days: 5} with "working: true" for working
// days.
func term(n strictyaml.Node) creditbank.Term {
	if !n.Exists() {
		return creditbank.Term{}
	}
	if !n.IsMap() {
		text := n.Text()
		if strings.Contains(text, " ") {
			n.Fail("工作日应写作 {days: 5, working: true}", "working days are written {days: 5, working: true}")
			return creditbank.Term{}
		}
		return creditbank.Term{Period: strictyaml.Value(n, creditbank.ParsePeriod)}
	}
	f := n.Map("days", "working")
	days := f.Need("days")
	t, err := creditbank.WorkingDays(days.Int())
	if err != nil && days.IsScalar() {
		days.Fail("天数应在1与1000之间", "days lie between 1 and 1000")
	}
	if !f.Get("working").Bool() {
		return creditbank.Term{Period: creditbank.Period{Days: t.Working}}
	}
	return t
}
