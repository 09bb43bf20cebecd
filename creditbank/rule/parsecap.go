package rule

import (
	"fmt"
	"strings"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// cap reads one cap of a programme:
//
//	caps:
//	  - {of: all, share: "0.50"}
//	  - {of: {category: NON_FORMAL}, share: "0.25"}
//	  - {of: {category: CERTIFICATE}, per: source, credits: "8"}
//	  - {of: {category: CERTIFICATE}, sources: 3}                  # certificates
//	  - {of: all, lines: 8}                                        # courses of the programme
//	  - {of: {compulsory: true}, share: "0.35", share_of: compulsory, round: {mode: half_up, step: "1"}}
//	  - {of: {slots: [A, B]}, credits: "6"}
//	  - {of: {tag: online}, share: "0.25"}
//	  - {of: all, per: institution, credits: "105"}
//	  - {of: all, credits: "42", period: {calendar: calendar_year, by: issued_on}}
//	  - {of: all, credits: "24", period: {calendar: korea, per: semester, by: issued_on}}
func (p *parser) cap(n strictyaml.Node, pr creditbank.Programme) creditbank.Cap {
	f := n.Map("of", "share", "share_of", "round", "credits", "lines", "sources", "per", "period")
	c := creditbank.Cap{}
	switch f.Get("per").Choice("source", "institution") {
	case "source":
		c.PerSource = true
	case "institution":
		c.PerInstitution = true
	}
	if of := f.Need("of"); of.IsMap() {
		c.Category, c.Scope = p.capScope(of, pr)
	} else {
		of.Choice("all")
	}
	kind := f.One("share", "credits", "lines", "sources")
	switch kind {
	case "share":
		c.Share, c.ShareOf, c.Limit = p.share(f, c.Scope, pr)
	case "credits":
		c.Limit = amount(f.Get("credits"))
	case "lines", "sources":
		c.Measure, c.Count = creditbank.Measure(kind), count(f.Get(kind))
	}
	shareOnly(f, kind)
	if f.Has("period") {
		c.Period = p.period(f.Get("period"))
	}
	return c
}

func shareOnly(f strictyaml.Fields, kind string) {
	for _, key := range []string{"share_of", "round"} {
		if f.Has(key) && kind != "share" {
			f.Get(key).Fail(fmt.Sprintf("“%s”只能与“share”同用", key), fmt.Sprintf("%q goes with \"share\" only", key))
		}
	}
}

// capScope reads what a cap counts. A category alone keeps the form it always
// had, and with it the hash of the rules.
func (p *parser) capScope(n strictyaml.Node, pr creditbank.Programme) (creditbank.Category, *creditbank.Scope) {
	s := p.scope(n, pr)
	if len(s.Categories) == 1 && len(s.Institutions)+len(s.Slots) == 0 && s.Tag == "" && !s.Compulsory {
		return s.Categories[0], nil
	}
	return "", &s
}

func (p *parser) scope(n strictyaml.Node, pr creditbank.Programme) creditbank.Scope {
	f := n.Map("category", "categories", "institution", "institutions", "tag", "slots", "compulsory")
	s := creditbank.Scope{Tag: p.tag(f.Get("tag")), Compulsory: f.Get("compulsory").Bool(), Slots: p.slots(f.Get("slots"), pr)}
	for _, c := range oneOrMore(f, "category", "categories") {
		s.Categories = append(s.Categories, category(c))
	}
	for _, i := range oneOrMore(f, "institution", "institutions") {
		s.Institutions = append(s.Institutions, p.institution(i))
	}
	if len(s.Categories)+len(s.Institutions)+len(s.Slots) == 0 && s.Tag == "" && !s.Compulsory {
		n.FailWith(creditbank.CodeMissing, "范围不能为空", "the scope is empty")
	}
	return s
}

// oneOrMore returns the value of one key, or the values of its plural.
func oneOrMore(f strictyaml.Fields, one, more string) []strictyaml.Node {
	switch {
	case f.Has(one) && f.Has(more):
		f.Get(more).Fail(fmt.Sprintf("“%s”与“%s”不能同时出现", one, more), fmt.Sprintf("%q and %q exclude each other", one, more))
	case f.Has(one):
		return []strictyaml.Node{f.Get(one)}
	}
	return f.Get(more).List()
}

func (p *parser) institution(n strictyaml.Node) creditbank.InstitutionID {
	id := creditbank.InstitutionID(n.Text())
	p.references = append(p.references, reference{at: n, institution: id})
	return id
}

// tag reads a tag of courses; the set then keeps those of every course.
func (p *parser) tag(n strictyaml.Node) string {
	tag := n.Text()
	if strings.ContainsAny(tag, ";=") {
		n.Fail("标签不能含分号或等号", "a tag holds no semicolon and no equals sign")
	}
	if tag != "" {
		p.facts = true
	}
	return tag
}

func (p *parser) slots(n strictyaml.Node, pr creditbank.Programme) []creditbank.SlotID {
	var ids []creditbank.SlotID
	for _, item := range n.List() {
		id := creditbank.SlotID(item.Text())
		if _, ok := pr.Slot(id); !ok && id != "" {
			item.FailWith("UNKNOWN_SLOT", fmt.Sprintf("专业 %s 没有课程位 %s", pr.ID, id), fmt.Sprintf("programme %s has no slot %s", pr.ID, id))
		}
		ids = append(ids, id)
	}
	return ids
}

// share reads a share with what it is a share of and how it is rounded: to the
// hundredth of a credit downwards, if nothing is said.
func (p *parser) share(f strictyaml.Fields, scope *creditbank.Scope, pr creditbank.Programme) (creditbank.Ratio, creditbank.ShareBase, creditbank.Credits) {
	r, base, credits := share(f.Get("share")), creditbank.ShareBase(""), pr.Credits
	switch f.Get("share_of").Choice("programme", "compulsory", "slots") {
	case "compulsory":
		base, credits = creditbank.ShareOfCompulsory, pr.Compulsory()
	case "slots":
		base, credits = creditbank.ShareOfSlots, 0
		for _, s := range pr.Slots {
			if scope.HasSlot(s) {
				credits += s.Credits
			}
		}
	}
	if !f.Has("round") {
		return r, base, r.Of(credits)
	}
	round := f.Get("round").Map("mode", "step")
	mode, step := round.Need("mode").Choice("down", "half_up", "up"), max(amount(round.Need("step")), creditbank.Centicredit)
	return r, base, step * creditbank.Credits(divide(mode, int64(r)*int64(credits), int64(creditbank.One)*int64(step)))
}

func count(n strictyaml.Node) int {
	c := n.Int()
	if n.Exists() && (c < 1 || c > 1000) {
		n.Fail("数目应为1至1000", "a number of 1 to 1000")
		return 1
	}
	return c
}

func (p *parser) period(n strictyaml.Node) *creditbank.CapPeriod {
	f := n.Map("calendar", "per", "by")
	f.Get("by").Choice("issued_on")
	calendar := f.Need("calendar")
	c := &creditbank.CapPeriod{Calendar: calendar.Text(), Semester: f.Get("per").Choice(perYear, perSemester) == perSemester}
	if calendar.Exists() {
		p.capTimes = append(p.capTimes, capTime{calendar, *c})
	}
	return c
}

// floor reads a floor: {of: own, credits: "18"}, where own is the programme's
// institution, or {of: {tag: accredited}, share: "0.5"}.
func (p *parser) floor(n strictyaml.Node, pr creditbank.Programme) creditbank.Floor {
	f := n.Map("of", "share", "share_of", "round", "credits")
	var fl creditbank.Floor
	if of := f.Need("of"); of.IsMap() {
		fl.Scope = p.scope(of, pr)
	} else {
		of.Choice("own")
		fl.Scope.Institutions = []creditbank.InstitutionID{pr.Institution}
	}
	kind := f.One("share", "credits")
	switch kind {
	case "share":
		fl.Share, fl.ShareOf, fl.Limit = p.share(f, &fl.Scope, pr)
	case "credits":
		if fl.Limit = amount(f.Get("credits")); fl.Limit > pr.Credits && pr.Credits > 0 {
			f.Get("credits").Fail(fmt.Sprintf("下限%s超过专业总学分%s", fl.Limit, pr.Credits), fmt.Sprintf("a floor of %s is above the programme's %s credits", fl.Limit, pr.Credits))
		}
	}
	shareOnly(f, kind)
	return fl
}

// exclusion reads a negative list; targets only where there are slots to name.
func (p *parser) exclusion(n strictyaml.Node, pr creditbank.Programme) *creditbank.Exclusion {
	if !n.Exists() {
		return nil
	}
	f := n.Map("courses", "families", "tags", "categories", "institutions", "names", "targets")
	x := &creditbank.Exclusion{Targets: p.slots(f.Get("targets"), pr)}
	for _, c := range f.Get("courses").List() {
		code := creditbank.CourseCode(c.Text())
		p.references = append(p.references, reference{at: c, course: code})
		x.Courses = append(x.Courses, code)
	}
	for _, c := range f.Get("categories").List() {
		x.Categories = append(x.Categories, category(c))
	}
	for _, i := range f.Get("institutions").List() {
		x.Institutions = append(x.Institutions, p.institution(i))
	}
	for _, t := range f.Get("tags").List() {
		x.Tags = append(x.Tags, p.tag(t))
	}
	x.Families = texts(f.Get("families"))
	x.Names = p.titles(f.Get("names"))
	return x
}

// titles reads a list of what titles of courses may hold; the set then keeps the
// title of every course.
func (p *parser) titles(n strictyaml.Node) []string {
	for _, item := range n.List() {
		if (*Subjects)(nil).plain(item.Text()) == "" {
			item.Fail("名称中没有可比较的字", "there is nothing in the name to compare")
		}
		p.facts = true
	}
	return texts(n)
}

// texts reads a list of texts.
func texts(n strictyaml.Node) []string {
	var all []string
	for _, item := range n.List() {
		if s := item.Text(); s != "" {
			all = append(all, s)
		}
	}
	return all
}
