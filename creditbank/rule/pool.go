package rule

import (
	"slices"

	"creditbank/creditbank"
)

// pool takes credits from available lots.
func (e *evaluation) pool(p *Pool) {
	if need := e.takePool(&e.selection, p); need > 0 {
		e.barredOf(func(l *creditbank.Lot) bool { return l.Category == p.Category && l.Usable(e.day) > 0 })
		e.fallShort(string(p.Category), p.Credits-need, p.Credits)
	}
}

// takePool takes the pool's credits into s, the earliest expiry first, and
// returns what is still needed, if that is above zero.
func (e *evaluation) takePool(s *selection, p *Pool) creditbank.Credits {
	s.credits += p.Credits
	s.category(p.Category)
	lots := slices.DeleteFunc(slices.Clone(e.account.Lots), func(l *creditbank.Lot) bool {
		taken, any := s.taken(l.Seq)
		return l.Category != p.Category || l.Usable(e.day)-taken <= 0 || !p.Split && (l.InUse() || any) || len(e.barred(l)) > 0
	})
	slices.SortFunc(lots, byExpiry)
	need := p.Credits
	for _, l := range lots {
		if need <= 0 {
			break
		}
		if _, twin := e.twin(s, l); twin {
			continue
		}
		before, _ := s.taken(l.Seq)
		take := l.Usable(e.day) - before
		if p.Split {
			take = min(take, need)
		}
		s.consume(l, take)
		s.pooled += take
		need -= take
	}
	return max(0, need)
}

// block takes everything available of an institution and category.
func (e *evaluation) block(b *Block) {
	if got := e.takeBlock(&e.selection, b); got < b.MinCredits {
		e.barredOf(func(l *creditbank.Lot) bool { return b.of(l) && !l.InUse() && e.holds(l) })
		e.unknown = true // the block is not what the rule asks for: its credits mean nothing
		e.fallShort(string(b.Institution)+" "+string(b.Category), got, b.MinCredits)
	}
}

// takeBlock takes into s every outcome of the institution and category that is
// available whole, those of zero credits too, and returns their credits.
func (e *evaluation) takeBlock(s *selection, b *Block) creditbank.Credits {
	s.category(b.Category)
	got := creditbank.Credits(0)
	for _, l := range e.account.Lots {
		if !b.of(l) || l.InUse() || !e.holds(l) || len(e.barred(l)) > 0 {
			continue
		}
		if _, taken := s.taken(l.Seq); taken {
			continue
		}
		if _, twin := e.twin(s, l); twin {
			continue
		}
		got += l.Credits
		s.consume(l, l.Credits)
	}
	s.credits += got
	return got
}

func (b *Block) of(l *creditbank.Lot) bool {
	return l.Institution == b.Institution && l.Category == b.Category
}

// barredOf lists why outcomes that a pool or block could have taken were left.
func (e *evaluation) barredOf(could func(*creditbank.Lot) bool) {
	for _, l := range e.account.Lots {
		if !could(l) {
			continue
		}
		for _, f := range e.barred(l) {
			e.denyOnce(f)
		}
	}
}

func (e *evaluation) fallShort(subject string, have, need creditbank.Credits) {
	e.d.Short += need - have
	e.deny(creditbank.InsufficientPool, subject, have.String(), need.String())
}
