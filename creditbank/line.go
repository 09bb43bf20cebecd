package creditbank

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// A LineRef names what a conversion put into a slot of its programme: all its
// lines there, taken together.
type LineRef struct {
	Conversion int64  `json:"conversion"` // the version that approved it
	Slot       SlotID `json:"slot"`
}

// A HeldLine is what a conversion put into a slot, looked at as a source of
// conversions in other programmes (学分互认链). A line that another conversion
// takes stays where it is: its credits count in its own programme as before,
// and once more, at most, towards another. The conversion that took it is noted
// here, and what it took in the ledger's account "carried".
type HeldLine struct {
	LineRef
	Programme  ProgrammeID
	Category   Category   // in the ledger
	Categories []Category // of what it was made of, for caps
	Credits    Credits
	Grade      string // of the first line there
	Day        Date   // from which it stands
	ReversedOn Date   // zero while it stands
	CarriedBy  int64  // the standing conversion that took it, zero if none
	UnderCase  int64  // the open case that puts it in doubt, zero if none
}

// HeldLines returns what conversions put into a slot, in the order in which they
// were approved; reversed ones too.
func (a *Account) HeldLines(p ProgrammeID, s SlotID) []HeldLine {
	var lines []HeldLine
	for _, c := range a.Conversions {
		if c.Decision.Programme != p {
			continue
		}
		if l, ok := c.line(s); ok {
			lines = append(lines, a.held(l))
		}
	}
	return lines
}

// HeldLine returns what a conversion put into a slot, and false if that is
// nothing.
func (a *Account) HeldLine(ref LineRef) (HeldLine, bool) {
	c := a.Conversion(ref.Conversion)
	if c == nil {
		return HeldLine{}, false
	}
	l, ok := c.line(ref.Slot)
	return a.held(l), ok
}

// line returns what c put into a slot, by itself.
func (c *Conversion) line(s SlotID) (HeldLine, bool) {
	h := HeldLine{LineRef: LineRef{c.Seq, s}, Programme: c.Decision.Programme, Day: c.Decision.Day, ReversedOn: c.ReversedOn}
	found := false
	for _, l := range c.Decision.Lines {
		if l.Slot != s {
			continue
		}
		if !found {
			h.Category, h.Categories, h.Grade = l.Category, l.Categories, l.Grade
		}
		h.Credits += l.Credits
		found = true
	}
	return h, found
}

// held adds what became of a line. Looking back, that is what became of it by
// now: nothing is carried twice, and nothing that fell since is carried.
func (a *Account) held(l HeldLine) HeldLine {
	now, of := a, int64(0)
	if a.back != nil {
		now, of = a.back.now, a.back.of
	}
	if c := now.Conversion(l.Conversion); c != nil {
		l.ReversedOn = c.ReversedOn
	}
	l.CarriedBy = now.carried[l.LineRef]
	if of != 0 && l.CarriedBy == of { // its own: it may keep it
		l.CarriedBy = 0
		return l
	}
	l.UnderCase = now.UnderCase(l.Conversion)
	return l
}

// A lookback is what an account of the past is told of the present while a
// conversion is evaluated again.
type lookback struct {
	now *Account
	of  int64 // the conversion
}

// PassedThrough reports whether a line goes back to a line of programme p: then
// it carries nothing into p that did not count there before.
func (a *Account) PassedThrough(l LineRef, p ProgrammeID) bool {
	c := a.Conversion(l.Conversion)
	if c == nil {
		return false
	}
	return c.Decision.Programme == p || slices.ContainsFunc(c.Decision.Sources, func(s Consumption) bool {
		ref, ok := s.Line()
		return ok && a.PassedThrough(ref, p)
	})
}

// carry notes that a conversion takes a line.
func (a *Account) carry(conversion int64, s Consumption) error {
	ref, _ := s.Line()
	c := a.Conversion(ref.Conversion)
	if c == nil || !c.Stands() || ref.Conversion >= conversion {
		return fmt.Errorf("no standing conversion %d to carry on", ref.Conversion)
	}
	if err := c.supplies(s); err != nil {
		return err
	}
	if by := a.carried[ref]; by != 0 {
		return fmt.Errorf("line %s of conversion %d is carried by conversion %d", ref.Slot, ref.Conversion, by)
	}
	if a.carried == nil {
		a.carried = map[LineRef]int64{}
	}
	a.carried[ref] = conversion
	return nil
}

// supplies reports what keeps c from having given what s says.
func (c *Conversion) supplies(s Consumption) error {
	l, ok := c.line(s.Slot)
	if !ok || s.Lot != 0 || s.Programme != l.Programme || s.Category != l.Category || s.Credits != l.Credits {
		return fmt.Errorf("conversion %d has no line %s of %v credits", c.Seq, s.Slot, s.Credits)
	}
	return nil
}

// putDown forgets which lines a conversion carries.
func (a *Account) putDown(conversion int64) {
	maps.DeleteFunc(a.carried, func(_ LineRef, by int64) bool { return by == conversion })
}

// restingOn returns the standing conversions that carry lines of one, in order.
func (a *Account) restingOn(conversion int64) []int64 {
	var on []int64
	for ref, by := range a.carried {
		if ref.Conversion == conversion {
			on = append(on, by)
		}
	}
	slices.Sort(on)
	return slices.Compact(on)
}

// downstream returns a conversion and every standing one that rests on it,
// however deep, in the order in which they were approved. A conversion rests on
// earlier ones only: the order is one of dependency.
func (a *Account) downstream(conversions ...int64) []int64 {
	var all []int64
	for next := conversions; len(next) > 0; {
		seq := next[0]
		next = next[1:]
		if !slices.Contains(all, seq) {
			all = append(all, seq)
			next = append(slices.Clip(next), a.restingOn(seq)...)
		}
	}
	slices.Sort(all)
	return all
}

// upstream reports whether conversion seq is root or rests on it, however deep.
func (a *Account) upstream(seq, root int64) bool {
	if seq == root {
		return true
	}
	c := a.Conversion(seq)
	return c != nil && slices.ContainsFunc(c.Decision.Sources, func(s Consumption) bool {
		ref, ok := s.Line()
		return ok && a.upstream(ref.Conversion, root)
	})
}

// Carried returns the lines that other programmes' conversions took, in order.
func (a *Account) Carried() []LineRef {
	return slices.SortedFunc(maps.Keys(a.carried), func(l, m LineRef) int {
		return cmp.Or(cmp.Compare(l.Conversion, m.Conversion), cmp.Compare(l.Slot, m.Slot))
	})
}
