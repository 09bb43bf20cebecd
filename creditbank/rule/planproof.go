package rule

import (
	"slices"

	"creditbank/creditbank"
)

// proof says why the plan is the best, or how much better one could be.
func (p *planner) proof() creditbank.PlanProof {
	proof := creditbank.PlanProof{Exact: true, Visits: p.visits}
	for _, g := range p.groups {
		proof.Exact = proof.Exact && g.exact()
		proof.Limit += g.limit
		proof.Parts = append(proof.Parts, g.parts...)
		if g.known > granted {
			proof.Bound += g.best.sum[granted]
		} else {
			proof.Bound += max(g.best.sum[granted], g.limit/g.grain*g.grain)
		}
	}
	return proof
}

// prove keeps the prices that bound the credits of the group, and what they add up
// to. Prices of nothing or all of it are tried first to be shown: they name what binds,
// and people can add them up.
func (g *planGroup) prove(s *planSearch, root *planNode) {
	b := g.bound
	b.look(root, s.a)
	b.solve(root.sum, s.a)
	total := b.evaluate(root.sum, s.a)
	kept := slices.Clone(b.prices)
	b.round()
	if plain := b.descend(root.sum, s.a); plain/unit/int64(g.grain) > total/unit/int64(g.grain) {
		copy(b.prices, kept)
	}
	total = b.evaluate(root.sum, s.a)
	g.limit = creditbank.Credits(total / unit)
	g.parts = b.parts()
}

// round makes each price nothing or one.
func (b *planBound) round() {
	for i, price := range b.prices {
		b.prices[i] = 0
		if price >= unit/2 {
			b.prices[i] = unit
		}
	}
}

// descend changes single prices between nothing and one as long as the bound gets
// lower, and returns it.
func (b *planBound) descend(sum []creditbank.Credits, a *aim) int64 {
	total := b.evaluate(sum, a)
	for better := true; better; {
		better = false
		for i := range b.prices {
			b.prices[i] = unit - b.prices[i]
			if t := b.evaluate(sum, a); t < total {
				total, better = t, true
			} else {
				b.prices[i] = unit - b.prices[i]
			}
		}
	}
	return total
}

// parts returns what the bound adds up of.
func (b *planBound) parts() []creditbank.BoundPart {
	var parts []creditbank.BoundPart
	var exact int64
	add := func(part creditbank.BoundPart, worth int64) {
		part.Credits = creditbank.Credits((exact+worth)/unit - exact/unit) // so that the sum is the limit
		exact += worth
		if part.Credits > 0 {
			parts = append(parts, part)
		}
	}
	p := b.g.p
	for i, r := range b.rooms {
		part := creditbank.BoundPart{Kind: r.kind}
		switch r.kind {
		case creditbank.BoundCap:
			part.Name = p.limits[r.index].name
		case creditbank.BoundSlot:
			part.Name = string(p.programme.Slots[r.index].ID)
		case creditbank.BoundOutcome:
			part.Name, part.Lot = string(p.goods[r.index].lot.Course), p.goods[r.index].lot.Seq
		case creditbank.BoundPool:
			part.Name = string(b.supplies[r.index].category)
		}
		worth := b.prices[i] * int64(b.capacity(&r))
		if r.kind == creditbank.BoundSlot && !r.closing && b.closeAt[r.index] >= 0 {
			at := b.closeAt[r.index]
			worth += b.prices[at] * int64(b.capacity(&b.rooms[at]))
		}
		if !r.closing {
			add(part, worth)
		}
	}
	for _, it := range b.items {
		add(creditbank.BoundPart{Kind: creditbank.BoundRule, Name: string(b.g.rules[it.rule].id)}, max(0, b.values[it.rule]))
	}
	slices.SortStableFunc(parts, func(x, y creditbank.BoundPart) int { return int(y.Credits - x.Credits) })
	return parts
}
