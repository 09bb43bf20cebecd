package rule

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"creditbank/creditbank"
)

// A fitting says how much room there is for a line, and what bounds it.
type fitting struct {
	slotLeft creditbank.Credits
	room     creditbank.Credits // the least of what slot, caps and floors leave
	by       *bound             // what leaves the least; nil for the slot
	full     []*bound           // the tightest cap and the tightest floor that leave less than the line
}

// A bound is what a cap or a floor leaves for a line.
type bound struct {
	code  creditbank.Reason
	left  creditbank.Credits
	cap   *creditbank.Cap   // nil for a floor
	cell  cell              // of the cap
	floor *creditbank.Floor // nil for a cap
}

// name names what bounds, for findings.
func (b *bound) name() string {
	if b.cap != nil {
		return capName(*b.cap, b.cell)
	}
	return floorName(*b.floor)
}

// unbounded is more than any line.
const unbounded creditbank.Credits = math.MaxInt64

// fit measures the room for a line of ask credits in slot.
func (e *evaluation) fit(slot creditbank.Slot, g Grant, ask creditbank.Credits) fitting {
	left := e.slotLeft(slot)
	f := fitting{slotLeft: left, room: left}
	bounds := e.bounds(slot, g.waives())
	for i := range bounds {
		b := &bounds[i]
		if b.left < f.room {
			f.room, f.by = b.left, b
		}
		if b.left < ask || g.waives() && b.left == 0 {
			f.tighten(b)
		}
	}
	return f
}

// tighten keeps the tightest bound of each reason.
func (f *fitting) tighten(b *bound) {
	for i, other := range f.full {
		if other.code == b.code {
			if b.left < other.left {
				f.full[i] = b
			}
			return
		}
	}
	f.full = append(f.full, b)
}

// bounds returns what each cap and floor leaves for a line in slot. A waiver, of
// no credits, passes none that counts credits.
func (e *evaluation) bounds(slot creditbank.Slot, waiver bool) []bound {
	var bs []bound
	for i := range e.programme.Caps {
		c := &e.programme.Caps[i]
		if !e.concerns(*c, slot) || waiver && c.Measure == "" {
			continue
		}
		for _, cell := range e.cells(*c) {
			bs = append(bs, bound{code: creditbank.CapReached, left: e.left(*c, cell), cap: c, cell: cell})
		}
	}
	for i := range e.programme.Floors {
		f := &e.programme.Floors[i]
		if !waiver && !e.within(f.Scope, slot, e.d) {
			bs = append(bs, bound{code: creditbank.ResidencyUnmet, left: e.leftBeside(*f), floor: f})
		}
	}
	return bs
}

// refuse denies a line that does not fit.
func (e *evaluation) refuse(slot creditbank.Slot, ask creditbank.Credits, f fitting) {
	switch {
	case f.slotLeft == 0:
		e.deny(creditbank.TargetAlreadySatisfied, string(slot.ID), "", "")
	case f.slotLeft < ask:
		e.deny(creditbank.CapReached, "slot "+string(slot.ID), f.slotLeft.String(), ask.String())
	}
	for _, b := range f.full {
		e.deny(b.code, b.name(), b.left.String(), ask.String())
	}
}

// nothing says why a line came to nothing.
func (f fitting) nothing(slot creditbank.Slot, ask creditbank.Credits) creditbank.Finding {
	if f.slotLeft == 0 {
		return creditbank.Finding{Code: creditbank.TargetAlreadySatisfied, Subject: string(slot.ID)}
	}
	code := creditbank.CapReached
	if f.by != nil {
		code = f.by.code
	}
	return creditbank.Finding{Code: code, Subject: f.subject(slot), Have: f.room.String(), Need: ask.String()}
}

// subject names what leaves the least. Names are for findings only: few lines have
// one, and every line is measured against every cap.
func (f fitting) subject(slot creditbank.Slot) string {
	if f.by == nil {
		return "slot " + string(slot.ID)
	}
	return f.by.name()
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

// capName names a cap for findings. The plain ones are "cap all 40.0", "cap
// NON_FORMAL 20.0", "cap CERTIFICATE per source 8.0"; the others list what they
// say: "limit categories=FORMAL,CERTIFICATE;institution=I02;period=2025;max=42.0".
func capName(c creditbank.Cap, at cell) string {
	if c.Scope == nil && c.Measure == "" && c.Period == nil && !c.PerInstitution {
		name := "all"
		if c.Category != "" {
			name = string(c.Category)
		}
		if c.PerSource {
			name += " per source"
		}
		return fmt.Sprintf("cap %s %s", name, c.Limit)
	}
	scope := creditbank.Scope{}
	if c.Scope != nil {
		scope = *c.Scope
	}
	if c.Category != "" {
		scope.Categories = []creditbank.Category{c.Category}
	}
	parts := scopeParts(scope)
	if c.PerSource {
		parts = append(parts, "per=source")
	}
	switch {
	case c.PerInstitution && at.institution != "":
		parts = append(parts, "institution="+string(at.institution))
	case c.PerInstitution:
		parts = append(parts, "each=institution")
	}
	switch {
	case c.Period != nil && at.period != "":
		parts = append(parts, "period="+at.period)
	case c.Period != nil:
		parts = append(parts, "calendar="+c.Period.Calendar)
	}
	limit := c.Limit.String()
	if c.Measure != "" {
		parts, limit = append(parts, "measure="+string(c.Measure)), fmt.Sprint(c.Count)
	}
	return "limit " + strings.Join(append(parts, "max="+limit), ";")
}

// CapName names a cap as findings do, for [creditbank.LimitText].
func CapName(c creditbank.Cap) string { return capName(c, cell{}) }

// FloorName names a floor as findings do, for [creditbank.LimitText].
func FloorName(f creditbank.Floor) string { return floorName(f) }

func floorName(f creditbank.Floor) string {
	return "floor " + strings.Join(append(scopeParts(f.Scope), "min="+f.Limit.String()), ";")
}

func scopeParts(s creditbank.Scope) []string {
	var parts []string
	if len(s.Categories) > 0 {
		parts = append(parts, "categories="+joinCodes(s.Categories))
	}
	if len(s.Institutions) > 0 {
		parts = append(parts, "institutions="+joinCodes(s.Institutions))
	}
	if s.Tag != "" {
		parts = append(parts, "tag="+s.Tag)
	}
	if len(s.Slots) > 0 {
		parts = append(parts, "slots="+joinCodes(s.Slots))
	}
	if s.Compulsory {
		parts = append(parts, "compulsory=true")
	}
	return parts
}

func joinCodes[T ~string](codes []T) string {
	var names []string
	for _, c := range codes {
		names = append(names, string(c))
	}
	return strings.Join(names, ",")
}

// hasTag reports whether a course has the tag. One that was added after the
// rules were published may have it: nobody knows, and a cap is never passed.
func (e *evaluation) hasTag(c creditbank.CourseCode, tag string) bool {
	facts, known := e.set.courses[c]
	return !known || slices.Contains(facts.Tags, tag)
}
