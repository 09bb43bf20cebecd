package rule

import (
	"slices"

	"creditbank/creditbank"
)

// A supply is goods that rules choose from.
type supply struct {
	category  creditbank.Category
	goods     []int
	exclusive bool
	needs     []creditbank.Credits // rule → what it takes of it in any case
	spoils    []creditbank.Credits // rule → by how much it can make it less for who takes it all
}

// pools adds a room for each set of lots of which pools and blocks take; and one
// for each of which blocks take all, which one of them can do.
func (b *planBound) pools() {
	g := b.g
	for _, r := range g.rules {
		if r.takes == 0 || len(r.goods) == 0 || r.unsure {
			continue
		}
		known := func(exclusive bool) bool {
			return slices.ContainsFunc(b.supplies, func(s supply) bool { return s.exclusive == exclusive && slices.Equal(s.goods, r.goods) })
		}
		if !known(false) {
			b.supply(r, false, b.needs(r))
		}
		if r.all && !known(true) {
			needs := make([]creditbank.Credits, len(g.rules))
			for j, o := range g.rules {
				if o.all && !o.unsure && o.takes > 0 && slices.Equal(o.goods, r.goods) {
					needs[j] = 1
				}
			}
			b.supply(r, true, needs)
		}
	}
}

func (b *planBound) supply(r *planRule, exclusive bool, needs []creditbank.Credits) {
	for i, o := range b.g.rules {
		if !exclusive && slices.Equal(o.goods, r.goods) {
			b.supplyOf[i] = len(b.supplies)
		}
	}
	b.rooms = append(b.rooms, room{kind: creditbank.BoundPool, index: len(b.supplies), exclusive: exclusive})
	b.supplies = append(b.supplies, supply{category: b.g.p.goods[r.goods[0]].lot.Category, goods: r.goods, exclusive: exclusive, needs: needs, spoils: b.spoils(r)})
}

// needs returns what each rule takes, in any case, of the lots that r could take of.
func (b *planBound) needs(r *planRule) []creditbank.Credits {
	needs := make([]creditbank.Credits, len(b.g.rules))
	for j, o := range b.g.rules {
		switch {
		case o.takes > 0 && !o.keeps && !slices.ContainsFunc(o.goods, func(l int) bool { return !slices.Contains(r.goods, l) }):
			needs[j] = o.takes
		case o.forced && !o.keeps:
			for _, serving := range o.parts {
				if slices.Contains(r.goods, serving[0]) {
					needs[j] += b.g.p.goods[serving[0]].lot.Credits
				}
			}
		}
	}
	return needs
}

// spoils returns by how much each rule can make less what r takes all of.
func (b *planBound) spoils(r *planRule) []creditbank.Credits {
	p := b.g.p
	var largest, all creditbank.Credits
	for _, l := range r.goods {
		largest, all = max(largest, p.goods[l].lot.Credits), all+p.goods[l].lot.Credits
	}
	spoils := make([]creditbank.Credits, len(b.g.rules))
	for j, o := range b.g.rules {
		switch {
		case !shares(o.goods, r.goods):
		case len(o.parts) > 0 && !o.unsure:
			for _, serving := range o.parts {
				var most creditbank.Credits
				for _, l := range serving {
					if slices.Contains(r.goods, l) {
						most = max(most, p.goods[l].lot.Credits)
					}
				}
				spoils[j] += most
			}
		case o.order != nil && o.splits && !o.unsure:
			spoils[j] = min(all, o.takes) // and, of all such rules together, the rest of a lot
		case o.takes > 0 && !o.all && !o.unsure:
			spoils[j] = min(all, o.takes+largest)
		default:
			spoils[j] = all
		}
	}
	return spoils
}

func (b *planBound) supplyAt(k int) int { return len(b.rooms) - len(b.supplies) + k }
