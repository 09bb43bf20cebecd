package rule

import (
	"fmt"
	"slices"

	"creditbank/creditbank"
)

// A making is the lines of a conversion as far as they are made.
type making struct {
	taken   creditbank.Credits   // of the source, by the lines so far
	leftOut []creditbank.Finding // why truncated lines came to nothing
	unknown bool                 // a line could not be measured
	denied  bool                 // a line was denied
}

// lines makes the lines of the conversion in order, each seeing the ones
// before.
func (e *evaluation) lines() {
	var m making
	for _, g := range e.conv.Grants {
		e.line(g, &m)
	}
	if len(e.d.Lines) == 0 && !m.unknown && !m.denied {
		for _, f := range m.leftOut {
			e.deny(f.Code, f.Subject, f.Have, f.Need)
		}
	}
}

// line makes one line, or says why there is none.
func (e *evaluation) line(g Grant, m *making) {
	slot, _ := e.programme.Slot(g.Slot)
	if slot.Closed {
		e.deny(creditbank.ExcludedTarget, string(slot.ID), "", "")
		m.denied = true
	}
	if e.unknown && (g.Fixed == nil || g.Source) {
		m.unknown = true // nobody knows how much the source would have been
		return
	}
	ask := e.ask(g, m.taken)
	fit := e.fit(slot, ask)
	granted := min(ask, fit.room)
	refused := granted < ask && g.Exceed == exceedDeny
	if refused {
		e.refuse(slot, ask, fit)
		m.denied = true
	}
	if refused || slot.Closed {
		m.taken += ask // it comes to nothing, but not for want of credits
		return
	}
	if granted < ask {
		e.find(creditbank.CapTruncated, fit.subject, fit.room.String(), ask.String())
	}
	if granted == 0 {
		m.leftOut = append(m.leftOut, fit.nothing(slot, ask))
		return
	}
	m.taken += granted
	e.d.Lines = append(e.d.Lines, creditbank.Line{
		Categories: slices.Sorted(slices.Values(e.categories)), Category: e.categories[0],
		Credits: granted, Grade: e.grade(g.Grade), Open: g.Partial || slot.Elective, Slot: slot.ID,
	})
}

// ask returns how many credits the line would grant if nothing stood in its
// way.
func (e *evaluation) ask(g Grant, taken creditbank.Credits) creditbank.Credits {
	switch {
	case g.Excess:
		return max(0, e.credits-taken)
	case g.Source && g.Fixed != nil:
		return min(e.credits, *g.Fixed)
	case g.Source:
		return e.credits
	default:
		return *g.Fixed
	}
}

// A fitting says how much room there is for a line, and what bounds it.
type fitting struct {
	slotLeft creditbank.Credits
	room     creditbank.Credits // the least of what slot and caps leave
	subject  string             // what leaves the least
	capFull  bool               // a cap of the programme leaves less than the line
	capLeft  creditbank.Credits
	capName  string
}

// fit measures the room for a line of ask credits in slot.
func (e *evaluation) fit(slot creditbank.Slot, ask creditbank.Credits) fitting {
	left := e.slotLeft(slot)
	f := fitting{slotLeft: left, room: left, subject: "slot " + string(slot.ID)}
	for _, c := range e.programme.Caps {
		if c.Category != "" && !slices.Contains(e.categories, c.Category) {
			continue
		}
		capLeft := max(0, c.Limit-e.counted(c))
		if capLeft < ask && (!f.capFull || capLeft < f.capLeft) {
			f.capFull, f.capLeft, f.capName = true, capLeft, capName(c)
		}
		if capLeft < f.room {
			f.room, f.subject = capLeft, capName(c)
		}
	}
	return f
}

// refuse denies a line that does not fit.
func (e *evaluation) refuse(slot creditbank.Slot, ask creditbank.Credits, f fitting) {
	switch {
	case f.slotLeft == 0:
		e.deny(creditbank.TargetAlreadySatisfied, string(slot.ID), "", "")
	case f.slotLeft < ask:
		e.deny(creditbank.CapReached, "slot "+string(slot.ID), f.slotLeft.String(), ask.String())
	}
	if f.capFull {
		e.deny(creditbank.CapReached, f.capName, f.capLeft.String(), ask.String())
	}
}

// nothing says why a line came to nothing.
func (f fitting) nothing(slot creditbank.Slot, ask creditbank.Credits) creditbank.Finding {
	if f.slotLeft == 0 {
		return creditbank.Finding{Code: creditbank.TargetAlreadySatisfied, Subject: string(slot.ID)}
	}
	return creditbank.Finding{Code: creditbank.CapReached, Subject: f.subject, Have: f.room.String(), Need: ask.String()}
}

// capName names a cap for findings: "all", "NON_FORMAL", "CERTIFICATE per source".
func capName(c creditbank.Cap) string {
	name := "all"
	if c.Category != "" {
		name = string(c.Category)
	}
	if c.PerSource {
		name += " per source"
	}
	return fmt.Sprintf("cap %s %s", name, c.Limit)
}

// slotLeft returns what is left in a slot. A line that does not leave the rest
// open has filled it, however many credits it brought.
func (e *evaluation) slotLeft(slot creditbank.Slot) creditbank.Credits {
	left := slot.Credits
	e.eachLine(func(l creditbank.Line, _ *creditbank.Decision) {
		if l.Slot != slot.ID {
			return
		}
		if left -= l.Credits; !l.Open {
			left = 0
		}
	})
	return max(0, left)
}

// counted returns the credits that count towards the cap already.
func (e *evaluation) counted(c creditbank.Cap) creditbank.Credits {
	var sum creditbank.Credits
	e.eachLine(func(l creditbank.Line, d *creditbank.Decision) {
		if c.Category != "" && !slices.Contains(l.Categories, c.Category) {
			return
		}
		if c.PerSource && d != e.d && !e.d.SharesSource(d) {
			return
		}
		sum += l.Credits
	})
	return sum
}

// eachLine calls f for each standing line of the programme, and for each line
// made so far.
func (e *evaluation) eachLine(f func(creditbank.Line, *creditbank.Decision)) {
	for _, c := range e.account.Conversions {
		if !c.Stands() || c.Decision.Programme != e.programme.ID {
			continue
		}
		for _, l := range c.Decision.Lines {
			f(l, c.Decision)
		}
	}
	for _, l := range e.d.Lines {
		f(l, e.d)
	}
}
