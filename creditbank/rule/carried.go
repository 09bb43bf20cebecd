package rule

import (
	"fmt"
	"slices"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// A Line is a source that stands in another programme: what a conversion put
// into a slot there. It is taken whole and stays where it is; it serves once.
// For everything that looks at sources it counts as an outcome of the programme's
// institution, issued on the day from which the line stands, with the line's
// grade, the slot's level, and sixteen hours for each credit. It has no course:
// no tag, name, subject or family. It does not expire, and its categories are
// those of what it was made of.
type Line struct {
	Programme creditbank.ProgrammeID
	Slot      creditbank.SlotID
	MinGrade  *int64 `json:",omitempty"` // hundredths of a point
	MinOn     *Bound `json:",omitempty"` // a least grade on a named scale
}

// hoursOfCredit is what a credit of a line weighs among outcomes with hours.
const hoursOfCredit = 16

// String names l as findings do: "P1/T-A1".
func (l Line) String() string { return string(l.Programme) + "/" + string(l.Slot) }

// heldLines returns the lines in l's slot on the day of the evaluation which the
// selection does not take yet.
func (e *evaluation) heldLines(l Line) []creditbank.HeldLine {
	return slices.DeleteFunc(e.account.HeldLines(l.Programme, l.Slot), func(h creditbank.HeldLine) bool {
		return h.Day > e.day || slices.ContainsFunc(e.selection.sources, func(c creditbank.Consumption) bool {
			ref, ok := c.Line()
			return ok && ref == h.LineRef
		})
	})
}

// lineFaults lists what keeps a line from serving as l.
func (e *evaluation) lineFaults(h creditbank.HeldLine, l Line) []creditbank.Finding {
	subject := l.String()
	if h.ReversedOn != 0 {
		return []creditbank.Finding{{Code: creditbank.OutcomeRevoked, Subject: subject, Have: h.ReversedOn.String()}}
	}
	var fs []creditbank.Finding
	if h.CarriedBy != 0 {
		fs = append(fs, creditbank.Finding{Code: creditbank.OutcomeAlreadyConsumed, Subject: subject})
	}
	if h.UnderCase != 0 {
		fs = append(fs, creditbank.Finding{Code: creditbank.OutcomeUnderReview, Subject: subject})
	}
	if e.account.PassedThrough(h.LineRef, e.programme.ID) {
		fs = append(fs, creditbank.Finding{Code: creditbank.ExcludedSource, Subject: subject, Have: string(e.programme.ID)})
	}
	lot := e.asLot(h)
	fs = append(fs, e.gradeFaults(lot, Part{Course: lot.Course, MinGrade: l.MinGrade, MinOn: l.MinOn})...)
	for _, x := range []*creditbank.Exclusion{e.set.everyday, e.programme.Exclude, e.conv.Exclude} {
		if why, ok := e.excludesLine(x, lot); ok {
			fs = append(fs, creditbank.Finding{Code: creditbank.ExcludedSource, Subject: subject, Have: why})
		}
	}
	fs = append(fs, e.tooOld(lot)...)
	return append(fs, e.outsideWindow(lot)...)
}

// excludesLine reports whether a negative list names a line: by its category or
// its institution. It has no course, and so no tag, name or family.
func (e *evaluation) excludesLine(x *creditbank.Exclusion, l *creditbank.Lot) (string, bool) {
	if x == nil {
		return "", false
	}
	return e.excludes(&creditbank.Exclusion{Categories: x.Categories, Institutions: x.Institutions}, l)
}

// lotOf returns what c takes in the form in which rules look at sources: a lot,
// or a line as one; nil if there is neither.
func (e *evaluation) lotOf(c creditbank.Consumption) *creditbank.Lot {
	ref, ok := c.Line()
	if !ok {
		return e.account.Lot(c.Lot)
	}
	h, ok := e.account.HeldLine(ref)
	if !ok {
		return nil
	}
	return e.asLot(h)
}

// asLot returns a line in the form in which grades and levels look at sources.
func (e *evaluation) asLot(h creditbank.HeldLine) *creditbank.Lot {
	lot := &creditbank.Lot{}
	lot.Course = creditbank.CourseCode(Line{Programme: h.Programme, Slot: h.Slot}.String())
	lot.Category, lot.Credits, lot.Scheduled = h.Category, h.Credits, hoursOfCredit*creditbank.Hours(h.Credits)
	p := e.set.programmes[h.Programme]
	lot.Institution, lot.IssuedOn = p.Institution, h.Day
	slot, _ := p.Slot(h.Slot)
	lot.Level = slot.Level
	lot.Score, _ = creditbank.ParseScore(h.Grade) // "exempt" is no score
	return lot
}

// takeLine takes a line whole.
func (e *evaluation) takeLine(s *selection, h creditbank.HeldLine) {
	s.lots = append(s.lots, e.asLot(h))
	s.credits += h.Credits
	s.category(h.Category)
	for _, c := range h.Categories {
		s.category(c)
	}
	s.sources = append(s.sources, creditbank.Consumption{
		Category: h.Category, Conversion: h.Conversion, Credits: h.Credits, Programme: h.Programme, Slot: h.Slot,
	})
}

// carry chooses the line for l: the first that satisfies; else the reasons of
// all that were ever there.
func (e *evaluation) carry(l Line) {
	held := e.heldLines(l)
	var standing []creditbank.HeldLine
	for _, h := range held {
		if len(e.lineFaults(h, l)) == 0 {
			e.takeLine(&e.selection, h)
			return
		}
	}
	for _, h := range held {
		for _, f := range e.lineFaults(h, l) {
			e.denyOnce(f)
		}
		if h.ReversedOn == 0 {
			standing = append(standing, h)
		}
	}
	if len(held) == 0 {
		e.deny(creditbank.MissingComponent, l.String(), "", "")
	}
	if len(standing) == 0 {
		e.unknown = true
		return
	}
	e.takeLine(&e.selection, standing[0])
}

// line satisfies l in each way there is until then reports true.
func (f *finder) line(l Line, then func() bool) bool {
	saved := f.clipped()
	at := *f.e
	at.selection = saved
	for _, h := range at.heldLines(l) {
		if len(f.e.lineFaults(h, l)) > 0 || len(f.e.mismatches(f.e.asLot(h))) > 0 {
			continue
		}
		if f.e.takeLine(&f.selection, h); then() {
			return true
		}
		f.back(saved)
	}
	return false
}

// expiry returns until when what c takes could be used; a line for ever.
func expiry(a *creditbank.Account, c creditbank.Consumption) creditbank.Date {
	if l := a.Lot(c.Lot); l != nil {
		return expiryOrNever(l)
	}
	return never
}

// line reads a leaf that names a slot of another programme.
func (p *parser) line(n strictyaml.Node) *Line {
	f := n.Map("programme", "slot", "min_grade")
	l := &Line{creditbank.ProgrammeID(f.Need("programme").Text()), creditbank.SlotID(f.Need("slot").Text()), nil, nil}
	l.MinGrade, l.MinOn = p.minGrade(f.Get("min_grade"))
	programme, ok := p.set.programmes[l.Programme]
	if !ok {
		if f.Get("programme").Exists() {
			f.Get("programme").FailWith(creditbank.CodeUnknownProgramme, fmt.Sprintf("专业 %s 不存在", l.Programme), fmt.Sprintf("programme %s does not exist", l.Programme))
		}
		return l
	}
	switch slot, ok := programme.Slot(l.Slot); {
	case !ok && f.Get("slot").Exists():
		f.Get("slot").FailWith("UNKNOWN_SLOT", fmt.Sprintf("专业 %s 没有课程位 %s", l.Programme, l.Slot), fmt.Sprintf("programme %s has no slot %s", l.Programme, l.Slot))
	case slot.Closed:
		f.Get("slot").Fail(fmt.Sprintf("课程位 %s 不接受转换，其中不会有转换学分", l.Slot), fmt.Sprintf("slot %s takes no conversions, so there are never lines in it", l.Slot))
	}
	return l
}

// checkLines refuses lines of the very programme that the rule grants in.
func checkLines(n strictyaml.Node, c *Conversion) {
	if c.tree.has(func(s *Tree) bool { return s.Line != nil && s.Line.Programme == c.Programme }) {
		n.Fail("来源不能是目标专业自身的学分", "a line of the programme that the rule grants in is no source")
	}
}

// carried returns the grade to carry over: the score as it was posted, or a
// line's grade as it stands.
func (e *evaluation) carried(l *creditbank.Lot) string {
	for _, s := range e.selection.sources {
		if ref, ok := s.Line(); ok && l.Seq == 0 {
			h, _ := e.account.HeldLine(ref)
			return h.Grade
		}
	}
	return l.Score.String()
}

// mainCategory returns the category of the source; none where all that the rule
// asks for is a line that is not there.
func (e *evaluation) mainCategory() creditbank.Category {
	if len(e.categories) == 0 {
		return ""
	}
	return e.categories[0]
}
