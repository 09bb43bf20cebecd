package rule

import (
	"fmt"
	"time"

	"cel.dev/cel-go/cel"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// A parser reads the two files of a rule set. What is wrong goes to problems;
// reading goes on, so that everything is reported at once.
type parser struct {
	set        *Set
	problems   *creditbank.Problems
	places     map[creditbank.RuleID]creditbank.Place
	references []reference // checked against the catalogue when there is one
	versions   map[*Rule]creditbank.Place
	capTimes   []capTime
	facts      bool     // the set asks for titles or tags of courses
	env        *cel.Env // of expressions, once there is one
}

// A reference is a name in a file that must exist elsewhere.
type reference struct {
	at          strictyaml.Node
	course      creditbank.CourseCode
	institution creditbank.InstitutionID
	example     bool // named by an example only: decisions need nothing of it
}

func (p *parser) programmes(root strictyaml.Node) {
	for _, n := range root.Map("programmes").Need("programmes").List() {
		f := n.Map("id", "institution", "title", "credits", "caps", "slots", "floors", "exclude", "unique_subjects")
		pr := creditbank.Programme{
			ID:          creditbank.ProgrammeID(code(f.Need("id"))),
			Institution: creditbank.InstitutionID(f.Need("institution").Text()),
			Title:       title(f.Need("title")),
			Credits:     amount(f.Need("credits")),
		}
		p.references = append(p.references, reference{at: f.Get("institution"), institution: pr.Institution})
		for _, s := range f.Need("slots").List() {
			slot := p.slot(s)
			if _, twice := pr.Slot(slot.ID); twice {
				s.FailWith(creditbank.CodeDuplicate, fmt.Sprintf("课程位 %s 重复", slot.ID), fmt.Sprintf("slot %s stands here twice", slot.ID))
			}
			pr.Slots = append(pr.Slots, slot)
		}
		p.bounds(f, &pr)
		if _, twice := p.set.programmes[pr.ID]; twice {
			n.FailWith(creditbank.CodeDuplicate, fmt.Sprintf("专业 %s 重复", pr.ID), fmt.Sprintf("programme %s stands here twice", pr.ID))
			continue
		}
		p.set.programmes[pr.ID] = pr
		p.set.order = append(p.set.order, pr.ID)
	}
}

func (p *parser) slot(n strictyaml.Node) creditbank.Slot {
	f := n.Map("id", "title", "credits", "level", "elective", "block", "convertible")
	return creditbank.Slot{
		ID: creditbank.SlotID(code(f.Need("id"))), Title: title(f.Need("title")), Credits: amount(f.Need("credits")),
		Level: level(f.Get("level")), Elective: f.Get("elective").Bool(), Block: f.Get("block").Bool(),
		Closed: f.Has("convertible") && !f.Get("convertible").Bool(),
	}
}

// bounds reads what keeps conversions into a programme within limits.
func (p *parser) bounds(f strictyaml.Fields, pr *creditbank.Programme) {
	for _, c := range f.Get("caps").List() {
		pr.Caps = append(pr.Caps, p.cap(c, *pr))
	}
	for _, n := range f.Get("floors").List() {
		pr.Floors = append(pr.Floors, p.floor(n, *pr))
	}
	pr.Exclude = p.exclusion(f.Get("exclude"), *pr)
	if pr.UniqueSubjects = f.Get("unique_subjects").Bool(); pr.UniqueSubjects {
		p.facts = true
	}
}

func (p *parser) rules(root strictyaml.Node) {
	f := root.Map("timezone", "exclude", "subjects", "scales", "distributions", "calendars", "deny_sources", "rules")
	p.set.location = strictyaml.Value(f.Need("timezone"), zone)
	p.set.everyday = p.exclusion(f.Get("exclude"), creditbank.Programme{})
	p.set.subjects = p.subjects(f.Get("subjects"))
	p.scales(f.Get("scales"))
	p.distributions(f.Get("distributions"))
	p.calendars(f.Get("calendars"))
	p.set.denied = p.exclusions(f.Get("deny_sources"))
	for _, n := range f.Need("rules").List() {
		r := p.rule(n)
		if r == nil || r.ID == "" {
			continue
		}
		p.add(n, r)
	}
	p.checkCapTimes()
}

func (p *parser) rule(n strictyaml.Node) *Rule {
	common := []string{"id", "kind", "title", "effective", "source", "version", "owner", "legal_basis", "priority", "tests"}
	// The kind decides which further keys are known, so it is read first.
	peek := n.Kind("kind")
	switch peek {
	case kindRecognition:
		f := n.Map(append(common, "deny_sources", "require", "credits", "valid_for", "cap")...)
		r := p.common(f)
		r.Recognition = p.recognition(f)
		p.examples(f.Get("tests"), r)
		return r
	case kindConversion:
		f := n.Map(append(common, conversionKeys...)...)
		r := p.common(f)
		r.Conversion = p.conversion(f)
		p.examples(f.Get("tests"), r)
		return r
	}
	f := n.Map(append(append(common, "deny_sources", "credits", "valid_for", "cap"), conversionKeys...)...)
	f.Need("kind").Choice(kindRecognition, kindConversion)
	return nil
}

func (p *parser) common(f strictyaml.Fields) *Rule {
	r := &Rule{ID: creditbank.RuleID(code(f.Need("id"))), Kind: f.Need("kind").Text(), Title: title(f.Need("title"))}
	e := f.Need("effective").Map("from", "to")
	r.From, r.To = date(e.Need("from")), date(e.Get("to"))
	if r.To != 0 && r.To < r.From {
		e.Get("to").Fail(fmt.Sprintf("失效日 %s 早于生效日 %s", r.To, r.From), fmt.Sprintf("the window ends on %s, before it begins on %s", r.To, r.From))
	}
	p.imprint(f, r)
	return r
}

// imprint reads who answers for a rule, what it rests on, and its place among
// others.
func (p *parser) imprint(f strictyaml.Fields, r *Rule) {
	if f.Has("version") {
		r.Version = count(f.Get("version"))
	}
	if f.Has("owner") {
		r.Owner = p.institution(f.Get("owner"))
	}
	r.LegalBasis = texts(f.Get("legal_basis"))
	r.Priority = f.Get("priority").Int()
}

// zone returns the time zone of the given name.
func zone(name string) (*time.Location, error) {
	loc, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, creditbank.Invalid(creditbank.CodeMalformed, "", fmt.Sprintf("“%s”不是时区，应如 Asia/Shanghai", name), fmt.Sprintf("%q is no time zone such as Asia/Shanghai", name))
	}
	return loc, nil
}

func title(n strictyaml.Node) creditbank.Text {
	f := n.Texts("zh", "en")
	return creditbank.Text{ZH: f.Need("zh").Text(), EN: f.Need("en").Text()}
}

func code(n strictyaml.Node) string { return strictyaml.Value(n, creditbank.ParseCode) }

func category(n strictyaml.Node) creditbank.Category {
	return strictyaml.Value(n, creditbank.ParseCategory)
}

func date(n strictyaml.Node) creditbank.Date { return strictyaml.Value(n, creditbank.ParseDate) }

// amount reads credits above zero.
func amount(n strictyaml.Node) creditbank.Credits {
	return strictyaml.Value(n, func(s string) (creditbank.Credits, error) {
		c, err := creditbank.ParseCredits(s)
		switch {
		case err == nil && c <= 0:
			err = creditbank.Invalid(creditbank.CodeMalformed, "", "学分应大于0", "credits are above zero")
		case err == nil && c > creditbank.MaxCredits:
			err = creditbank.Invalid(creditbank.CodeMalformed, "", "学分不能超过10000", "credits are at most 10000")
		}
		return c, err
	})
}

// share reads a share of 0 to 1.
func share(n strictyaml.Node) creditbank.Ratio {
	return strictyaml.Value(n, func(s string) (creditbank.Ratio, error) {
		r, err := creditbank.ParseRatio(s)
		if err == nil && (r < 0 || r > creditbank.One) {
			err = creditbank.Invalid(creditbank.CodeMalformed, "", "比例应在0与1之间", "a share lies between 0 and 1")
		}
		return r, err
	})
}

func level(n strictyaml.Node) creditbank.Level {
	if !n.Exists() {
		return 0
	}
	l, err := creditbank.NewLevel(n.Int())
	if err != nil {
		n.Fail("等级应为1至10", "a level is a number of 1 to 10")
	}
	return l
}

// points reads a mark; nil if there is none.
func points(n strictyaml.Node) *int64 {
	if !n.Exists() {
		return nil
	}
	v := strictyaml.Value(n, creditbank.ParsePoints)
	return &v
}
