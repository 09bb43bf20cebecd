package rule

import (
	"cmp"
	"fmt"
	"slices"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// A Severity says what a finding means for publishing.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // 错误: the rules are not published
	Warning Severity = "warning" // 提醒: shown to whoever publishes
)

// The codes of findings that take more than one rule, or a rule and what it
// names, to see. Codes are stable: people write programs against them.
const (
	CodeContradiction      creditbank.Code = "CONTRADICTION"           // a rule's own conditions exclude each other
	CodeClosedTarget       creditbank.Code = "CLOSED_TARGET"           // a conversion into a slot that takes none
	CodeGrantNeverFits     creditbank.Code = "GRANT_NEVER_FITS"        // a line larger than its slot or a cap
	CodeCapNeverMet        creditbank.Code = "CAP_NEVER_MET"           // an amount that can never be reached
	CodeCapNeverBinds      creditbank.Code = "CAP_NEVER_BINDS"         // a cap that can never matter
	CodeShadowedRule       creditbank.Code = "SHADOWED_RULE"           // a rule that earlier ones leave nothing to
	CodeSourceUnrecognised creditbank.Code = "SOURCE_NEVER_RECOGNISED" // a source that no recognition rule recognises in time
	CodeOverlap            creditbank.Code = "OVERLAPPING_VERSIONS"    // two versions of a rule on one day
	CodeAmbiguous          creditbank.Code = "AMBIGUOUS_RULES"         // rules of equal priority that grant differently
	CodeRepeatedRule       creditbank.Code = "REPEATED_RULE"           // two rules that say the same
	CodeExcludedSource     creditbank.Code = "EXCLUDED_SOURCE"         // a negative list that names the rule's own source
	CodeRetiredCourse      creditbank.Code = "RETIRED_COURSE"          // a course that is offered no more
	CodeCycle              creditbank.Code = "CYCLE"                   // rules that feed each other
	CodeExampleFailed      creditbank.Code = "TEST_FAILED"             // an example that comes otherwise
)

// A Finding is something wrong or doubtful about rules. What takes two to be
// wrong names both: Place is where the finding stands, Other what it collides
// with.
type Finding struct {
	Severity Severity
	Code     creditbank.Code
	Place    creditbank.Place
	Field    string           // path of what is at Place, such as rules[3].grant[0]
	Other    creditbank.Place // the zero Place where there is no other
	Reason   creditbank.Text
}

// Checked is what [Check] made of the files of a rule set.
type Checked struct {
	Body     []byte // the document to publish; nil where there are errors
	Set      *Set   // nil where the files cannot be read
	Findings []Finding
}

// Problems returns the errors, each with both its places.
func (c Checked) Problems() creditbank.Problems {
	var problems creditbank.Problems
	for _, f := range c.Findings {
		if f.Severity != Error {
			continue
		}
		reason := f.Reason
		if f.Other != (creditbank.Place{}) {
			reason.ZH += fmt.Sprintf("（另见 %s）", f.Other)
			reason.EN += fmt.Sprintf(" (see also %s)", f.Other)
		}
		problems.Add(f.Place, creditbank.Invalid(f.Code, f.Field, reason.ZH, reason.EN))
	}
	return problems
}

// Warnings returns what was doubtful about the set when it was compiled. A set
// that was loaded has none: it was looked at before it was published.
func (s *Set) Warnings() []Finding { return slices.Clone(s.warnings) }

// Check reads the files as [Compile] does and tells everything there is to tell
// about them at once: what is wrong with their form, how the rules agree with
// each other, with their programmes and with the courses, and whether their
// examples come out. As long as the form is wrong nothing else is looked at.
//
// Without a catalogue (nil) nothing is said that depends on courses, and no
// examples are run; there is no document then.
func Check(files Files, cat *creditbank.Catalogue) Checked {
	body, set, problems := Draft(files, cat)
	if list := problems.List(); len(list) > 0 {
		var c Checked
		for _, e := range list {
			c.Findings = append(c.Findings, Finding{Severity: Error, Code: e.Code, Place: e.Place, Field: e.Field, Reason: e.Reason})
		}
		return c
	}
	var none creditbank.Problems
	root := strictyaml.Parse(RulesFile, files.Rules, &none)
	c := &inspection{
		set: set, cat: cat, blind: cat == nil, root: root,
		rules:      root.At("rules"),
		programmes: strictyaml.Parse(ProgrammesFile, files.Programmes, &none).At("programmes"),
	}
	if c.blind {
		c.cat = creditbank.NewCatalogue()
	}
	c.check()
	set.warnings = slices.DeleteFunc(slices.Clone(c.findings), func(f Finding) bool { return f.Severity == Error })
	if len(set.warnings) < len(c.findings) {
		body = nil
	}
	return Checked{body, set, c.findings}
}

// An inspection looks at a set whose form is right. It finds places by reading the
// files once more: rules and programmes stand in the set as in their files.
type inspection struct {
	set               *Set
	cat               *creditbank.Catalogue
	blind             bool            // nothing is known of courses
	root              strictyaml.Node // of the rules file
	rules, programmes strictyaml.Node
	findings          []Finding
}

// check finds everything. The findings are sorted by place.
func (c *inspection) check() {
	for i, r := range c.set.rules {
		switch {
		case r.Recognition != nil:
			c.shadowed(i, r)
			c.denied(i, r)
		case r.Conversion != nil:
			c.conversion(i, r)
		}
		if !c.blind {
			c.examples(r)
		}
	}
	c.ambiguous()
	c.caps()
	c.cycles()
	slices.SortStableFunc(c.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Place.File, b.Place.File), cmp.Compare(a.Place.Line, b.Place.Line), cmp.Compare(a.Place.Column, b.Place.Column))
	})
}

// rule returns a place in the i-th rule.
func (c *inspection) rule(i int, path ...any) strictyaml.Node {
	return c.rules.At(append([]any{i}, path...)...)
}

// programme returns a place in a programme.
func (c *inspection) programme(id creditbank.ProgrammeID, path ...any) strictyaml.Node {
	return c.programmes.At(append([]any{slices.Index(c.set.order, id)}, path...)...)
}

// slot returns a place in a slot of a programme.
func (c *inspection) slot(p creditbank.Programme, id creditbank.SlotID, path ...any) strictyaml.Node {
	i := slices.IndexFunc(p.Slots, func(s creditbank.Slot) bool { return s.ID == id })
	return c.programme(p.ID, append([]any{"slots", i}, path...)...)
}

// found notes a finding between two places.
func (c *inspection) found(severity Severity, code creditbank.Code, at, other strictyaml.Node, reason creditbank.Text) {
	f := Finding{Severity: severity, Code: code, Place: at.Place(), Field: at.Path(), Reason: reason}
	if other.Exists() {
		f.Other = other.Place()
	}
	c.findings = append(c.findings, f)
}

// text says the same in both languages.
func text(zh, en string, args ...any) creditbank.Text {
	return creditbank.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
}

// examples runs the examples of a rule.
func (c *inspection) examples(r *Rule) {
	for _, x := range r.examples {
		for _, why := range c.set.try(r, x, c.cat) {
			c.findings = append(c.findings, Finding{
				Severity: Error, Code: CodeExampleFailed, Place: x.Place, Field: fmt.Sprintf("%s.tests", r.ID), Other: c.place(r),
				Reason: creditbank.Text{ZH: fmt.Sprintf("示例“%s”未通过：%s", x.Name, why.ZH), EN: fmt.Sprintf("test %q fails: %s", x.Name, why.EN)},
			})
		}
	}
}

// place returns where a rule stands.
func (c *inspection) place(r *Rule) creditbank.Place {
	return c.rule(slices.Index(c.set.rules, r)).Place()
}

// Days are a span of days; a zero day is open.
type days struct{ from, to creditbank.Date }

func (r *Rule) days() days { return days{r.From, r.To} }

// last returns the last day, which may be never.
func (w days) last() creditbank.Date { return cmp.Or(w.to, never) }

// meets reports whether the windows share a day.
func (w days) meets(v days) bool { return w.from <= v.last() && v.from <= w.last() }

// String returns "2020-01-01…2027-08-31", or "2020-01-01…" for what has no end.
func (w days) String() string { return w.from.String() + "…" + w.to.String() }

// covered reports whether the days of w all lie in one of the others.
func (w days) covered(others []days) bool {
	others = slices.Clone(others)
	slices.SortFunc(others, func(a, b days) int { return cmp.Compare(a.from, b.from) })
	next := w.from // the first day that is not covered
	for _, o := range others {
		if o.from <= next && o.last() >= next {
			if next = o.last(); next >= w.last() {
				return true
			}
			next = following(next)
		}
	}
	return false
}

// following returns the day after d.
func following(d creditbank.Date) creditbank.Date { return creditbank.Period{Days: 1}.After(d) }
