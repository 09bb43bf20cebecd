package rule

import (
	"slices"
)

// closes reports whether a line, where it stands, leaves nothing of its slot.
func (r *planRule) closes(l *reachLine) bool { return !r.unsure && !l.open && !l.nothing() }

// closers returns how many lines close a slot.
func (g *planGroup) closers(slot int) int {
	n := 0
	for _, r := range g.rules {
		for k := range r.lines {
			if r.lines[k].slot == slot && r.closes(&r.lines[k]) {
				n++
			}
		}
	}
	return n
}

// shutting returns for each slot how many lines may close it: whoever comes after one
// of them is granted nothing there.
func (g *planGroup) shutting() []int {
	lines := make([]int, len(g.p.programme.Slots))
	for _, r := range g.rules {
		for k := range r.lines {
			if l := &r.lines[k]; !l.nothing() && (r.unsure || !l.open) {
				lines[l.slot]++
			}
		}
	}
	return lines
}

// count notes which limits count which lines in any case, and which lines close a
// slot that others leave open: one of them can.
func (b *planBound) count() {
	for _, r := range b.g.rules {
		var counted [][]entry
		var common []int
		for k, l := range r.lines {
			var entries []entry
			for limit, must := range l.must {
				if at := b.limitAt[limit]; must && at >= 0 && !r.unsure {
					entries = append(entries, entry{at, b.g.p.limits[limit].lines})
				}
			}
			if at := b.closeAt[l.slot]; at >= 0 && r.closes(&r.lines[k]) {
				entries = append(entries, entry{at, true})
			}
			counted = append(counted, entries)
			if k == 0 {
				for _, e := range entries {
					common = append(common, e.room)
				}
			}
			common = slices.DeleteFunc(common, func(at int) bool { return !slices.Contains(entries, entry{at, false}) })
		}
		b.counted, b.common = append(b.counted, counted), append(b.common, common)
	}
}
