package creditbank

import (
	"context"
	"slices"
	"time"
)

// A Comparison (比较) says what conversions would come to as they were asked for,
// and what the best order of the same rules would.
type Comparison struct {
	Decisions []*Decision // as [Bank.Preview] returns them

	// Asked and Best are what the rules come to: in the order asked for, and in the
	// best set and order of them. Both take what needs a reviewer as approved, so
	// they compare. Nil where there is nothing to compare: a single rule, rules
	// towards several programmes, or one that is named twice.
	Asked *Sequence
	Best  *Plan
}

// A Sequence is what rules come to in an order.
type Sequence struct {
	Credits   Credits
	Forfeited Credits
	Steps     []RuleID // those that would be approved
}

// Improves reports whether the best order grants more than the one asked for, or as
// much and forfeits less. Where only expiries or ids differ it does not.
func (c Comparison) Improves() bool {
	if c.Best == nil {
		return false
	}
	return c.Best.Credits > c.Asked.Credits || c.Best.Credits == c.Asked.Credits && c.Best.Forfeited < c.Asked.Forfeited
}

// Compare previews conversions, and finds the best order of the same rules. It
// records nothing.
func (b *Bank) Compare(ctx context.Context, id LearnerID, rules []RuleID) (Comparison, error) {
	account, err := b.Account(ctx, id)
	if err != nil {
		return Comparison{}, err
	}
	set, at, day, err := b.current()
	if err != nil {
		return Comparison{}, err
	}
	c := Comparison{}
	if c.Decisions, err = preview(set, account, rules, at, day); err != nil {
		return Comparison{}, err
	}
	programme, ok := comparable(set, rules)
	if !ok {
		return c, nil
	}
	best, err := set.Plan(account, programme, at, day, rules...)
	if err != nil {
		return Comparison{}, err
	}
	c.Best = &best
	c.Asked, err = inOrder(set, account, rules, at, day)
	return c, err
}

// comparable returns the programme that all rules grant in, and false where their
// orders are not to be compared.
func comparable(set Rules, rules []RuleID) (ProgrammeID, bool) {
	var programme ProgrammeID
	for i, r := range rules {
		_, p, _ := set.RuleTitle(r)
		if i > 0 && p != programme || slices.Contains(rules[:i], r) {
			return "", false
		}
		programme = p
	}
	return programme, len(rules) > 1
}

// inOrder returns what rules come to in this order, what needs a reviewer taken as
// approved; one whose application is open cannot be applied for again.
func inOrder(set Rules, account *Account, rules []RuleID, at time.Time, day Date) (*Sequence, error) {
	var s Sequence
	for _, r := range rules {
		d, err := set.Decide(account, r, at, day)
		if err != nil {
			return nil, err
		}
		if !d.Approved && !d.Pending() || d.Pending() && account.alreadyApplied(r) != nil {
			continue
		}
		s.Credits, s.Forfeited, s.Steps = s.Credits+d.Granted(), s.Forfeited+d.Forfeited, append(s.Steps, r)
		account = account.With(d)
	}
	return &s, nil
}

// preview decides one rule after the other, each seeing what the earlier ones would
// do.
func preview(set Rules, account *Account, rules []RuleID, at time.Time, day Date) ([]*Decision, error) {
	var decisions []*Decision
	for _, r := range rules {
		d, err := set.Decide(account, r, at, day)
		if err != nil {
			return nil, err
		}
		decisions = append(decisions, d)
		switch {
		case d.Approved:
			account = account.With(d)
		case d.Pending():
			account = account.Holding(d)
		}
	}
	return decisions, nil
}
