package rule

import (
	"cmp"
	"slices"

	"creditbank/creditbank"
)

// A Span is a rule as it stood, word for word, in every published rule set from
// First through Last.
type Span struct {
	First, Last int
	Rule        *Rule
	Suspension  *creditbank.RuleSuspension // nil while it could be used
	Retirement  *creditbank.RuleRetirement // nil while no end was set
	InForce     bool                       // on the day that was asked for
}

// History returns every version there is or was of a rule, those first published
// last first: the versions within a rule set, each with its window, and what they
// said in earlier sets. In force is what the newest set has in force on a day: the
// past as it is known now. Sets are sorted, the oldest first; there is nothing to
// return of a rule that none of them has.
func History(sets []creditbank.RuleSet, id creditbank.RuleID, day creditbank.Date) []Span {
	var spans []Span
	for n, published := range sets {
		set, ok := published.Rules.(*Set)
		if !ok {
			continue
		}
		for _, r := range set.rules {
			if r.ID != id {
				continue
			}
			now := set.span(r, published.Version())
			now.InForce = n == len(sets)-1 && now.Suspension == nil && r.inForce(day) == 0
			before := slices.IndexFunc(spans, func(s Span) bool { return s.Last == published.Version()-1 && s.same(now) })
			if before < 0 {
				spans = append(spans, now)
				continue
			}
			now.First = spans[before].First
			spans[before] = now
		}
	}
	slices.SortStableFunc(spans, func(a, b Span) int {
		return cmp.Or(cmp.Compare(b.First, a.First), cmp.Compare(b.Rule.From, a.Rule.From), cmp.Compare(b.Rule.Version, a.Rule.Version), cmp.Compare(a.Rule.hash.String(), b.Rule.hash.String()))
	})
	return spans
}

// span returns a rule as it stands in the set.
func (s *Set) span(r *Rule, version int) Span {
	span := Span{First: version, Last: version, Rule: r}
	var programme creditbank.ProgrammeID
	if r.Conversion != nil {
		programme = r.Conversion.Programme
	}
	if x, ok := s.standing.Suspension(r.ID, programme); ok {
		span.Suspension = &x
	}
	if x, ok := s.standing.Retirement(r.ID, programme); ok {
		span.Retirement = &x
	}
	return span
}

// same reports whether a rule says the same in both, and may be used the same.
func (s Span) same(o Span) bool {
	return s.Rule.hash == o.Rule.hash && equal(s.Suspension, o.Suspension) && equal(s.Retirement, o.Retirement)
}

func equal[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}
