package rule

import (
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
			e.denyAs(f)
		}
	}
}

// line makes one line, or says why there is none.
func (e *evaluation) line(g Grant, m *making) {
	slot, _ := e.programme.Slot(g.Slot)
	if e.closed(slot) {
		e.deny(creditbank.ExcludedTarget, string(slot.ID), "", "")
		m.denied = true
	}
	if f, ok := e.substituted(slot); ok {
		e.denyOnce(f)
		m.denied = true
	}
	if e.unknown && (g.Fixed == nil || g.Source || g.Shortfall != "") {
		m.unknown = true // nobody knows how much the source would have been
		return
	}
	asked := e.ask(g, m.taken)
	ask, fit := asked.credits, e.fit(slot, g, asked.credits)
	granted := min(ask, fit.room)
	refused := (granted < ask || g.waives() && fit.room == 0) && g.Exceed == exceedDeny
	if refused {
		e.refuse(slot, ask, fit)
	}
	m.denied = m.denied || refused || asked.refused
	if refused || asked.refused || e.closed(slot) {
		m.taken += ask // it comes to nothing, but not for want of credits
		return
	}
	if granted < ask {
		e.find(creditbank.CapTruncated, fit.subject(slot), fit.room.String(), ask.String())
	}
	if granted == 0 && !(g.waives() && fit.room > 0) {
		m.leftOut = append(m.leftOut, fit.nothing(slot, ask))
		return
	}
	m.taken += granted
	e.d.Lines = append(e.d.Lines, creditbank.Line{
		Categories: slices.Sorted(slices.Values(e.categories)), Category: e.mainCategory(),
		Credits: granted, Grade: e.grade(g.Grade), MakeUp: asked.makeUp, Open: g.Partial || slot.Elective || asked.open, Slot: slot.ID,
	})
}

// An asking is how many credits a line would grant if nothing stood in its way.
type asking struct {
	credits creditbank.Credits
	makeUp  creditbank.Credits // what the learner has to make up elsewhere
	open    bool               // the rest of the slot stays open for want of credits
	refused bool               // the source falls short, and the rule wants none of that
}

// ask returns what the line would grant, with what earlier lines have taken of
// the source.
func (e *evaluation) ask(g Grant, taken creditbank.Credits) asking {
	have := max(0, e.credits-taken)
	switch {
	case g.Excess:
		return asking{credits: have}
	case g.Source && g.Fixed != nil:
		return asking{credits: min(e.credits, *g.Fixed)}
	case g.Source:
		return asking{credits: e.credits}
	case g.Shortfall == "" || have >= *g.Fixed:
		return asking{credits: *g.Fixed}
	case g.Shortfall == shortfallDeny || have == 0:
		e.deny(creditbank.CreditsBelowTarget, string(g.Slot), have.String(), g.Fixed.String())
		return asking{credits: *g.Fixed, refused: true}
	case g.Shortfall == shortfallMakeUp:
		return asking{credits: have, makeUp: *g.Fixed - have}
	}
	return asking{credits: have, open: true}
}

// What happens where the source has fewer credits than the line is to grant:
// nothing is granted; what there is, and the rest of the slot stays open; or what
// there is, and the slot is filled once the learner has made up the rest.
const (
	shortfallDeny    = "deny"
	shortfallPartial = "partial"
	shortfallMakeUp  = "make_up"
)

// keep leaves with the learner what the sources have beyond the lines: of the
// outcome that expires last first. An outcome stays used even if nothing of it
// was needed.
func (e *evaluation) keep() {
	d := e.d
	rest := d.Consumed() - d.Granted()
	d.Sources = slices.Clone(d.Sources)
	order := make([]int, len(d.Sources))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		return byExpiry(e.lotOf(d.Sources[j]), e.lotOf(d.Sources[i]))
	})
	for _, i := range order {
		back := min(max(0, rest), d.Sources[i].Credits)
		d.Sources[i].Credits -= back
		rest -= back
	}
}
