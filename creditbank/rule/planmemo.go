package rule

import (
	"encoding/binary"
	"slices"

	"creditbank/creditbank"
)

// A planMemo remembers which states a search has looked at. Of a state it keeps what
// the rules still open could depend on, and no more: whatever came before, the same can
// follow.
type planMemo struct {
	g      *planGroup
	seen   map[string]creditbank.Credits
	sums   map[string][]creditbank.Credits // where what counts is day by day
	key    []byte
	goods  []bool
	past   bool
	slots  []creditbank.Credits // asked for by the open rules
	limits []creditbank.Credits
}

func newPlanMemo(g *planGroup) planMemo {
	return planMemo{
		g: g, seen: map[string]creditbank.Credits{}, sums: map[string][]creditbank.Credits{}, goods: make([]bool, len(g.p.goods)),
		slots: make([]creditbank.Credits, len(g.p.programme.Slots)), limits: make([]creditbank.Credits, len(g.p.limits)),
	}
}

// known reports whether the same could follow from a state looked at before, and with
// it at least as much be gained. Where not, n is one from now on.
func (m *planMemo) known(n *planNode, s *planSearch) bool {
	a := s.a
	m.relevant(n)
	m.key = n.short.appendTo(n.must.appendTo(n.open.appendTo(m.key[:0])))
	for _, i := range m.g.goods {
		if m.goods[i] {
			h := n.state.goods[i]
			m.key = binary.AppendUvarint(m.key, uint64(h.left))
			m.key = binary.AppendUvarint(m.key, uint64(h.uses))
			m.key = binary.AppendUvarint(m.key, uint64(h.past))
		}
	}
	for _, i := range m.g.slots {
		m.key = binary.AppendUvarint(m.key, uint64(min(n.state.slots[i], m.slots[i])))
	}
	for _, k := range m.g.limits {
		m.key = binary.AppendUvarint(m.key, uint64(min(n.state.limits[k], m.limits[k])))
	}
	if m.past {
		m.key = binary.AppendUvarint(m.key, uint64(n.state.past))
	}
	exact := len(a.least)
	if s.stages != nil {
		exact = firstDate
	}
	for i := range exact { // what has to come out exactly
		m.key = binary.AppendVarint(m.key, int64(n.sum[i]))
	}
	if s.stages != nil {
		before, ok := m.sums[string(m.key)]
		if ok && compareDays(before, n.sum) >= 0 {
			return true
		}
		m.sums[string(m.key)] = slices.Clone(n.sum)
		return false
	}
	value := a.value(n.sum)
	if before, ok := m.seen[string(m.key)]; ok && before >= value {
		return true
	}
	m.seen[string(m.key)] = value
	return false
}

// relevant notes what the rules open at n could use and ask for.
func (m *planMemo) relevant(n *planNode) {
	clear(m.goods)
	clear(m.slots)
	clear(m.limits)
	m.past = false
	for i := n.open.next(0); i >= 0; i = n.open.next(i + 1) {
		r := m.g.rules[i]
		for _, g := range r.reach.goods {
			m.goods[g] = true
		}
		m.past = m.past || r.watches
		for k, slot := range r.slots {
			m.slots[slot] += r.slotAsks[k]
		}
		for k, asks := range r.limitAsks {
			m.limits[k] += asks
		}
	}
}
