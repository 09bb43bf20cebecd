package creditbank

import (
	"context"
	"fmt"
	"slices"
)

// A Case (复核) is opened where a conversion lost a source and would be reversed,
// but an award hangs on it, directly or through what was made of its lines. Until
// it is decided the conversion and all that rests on it stay as they are and
// count; but none of their lines can become a source of another conversion, no
// award can be conferred on them, and no certificate is issued anew. An award
// each has a case of its own, decided by the institution that conferred it.
type Case struct {
	Seq        int64 // the act that opened it; names the case for ever
	Conversion int64 // which lost a source
	Since      int64 // the revision or the revoked outcome that caused it
	Award      int64 // which hangs on it
	Day        Date
	By         Caller // who revoked or revised the source
	DecidedBy  int64  // the act that decided it, zero before
	Upheld     bool   // decided: the conversion stays for the sake of this award
	Settled    int64  // the act by which the conversion got its sources back, zero if it did not
	Reason     string // of the decision
}

// A CaseRuling decides a case.
type CaseRuling struct {
	Uphold   bool   // the conversion stays; else it is reversed, with all that rests on it
	Withdraw bool   // the award is withdrawn too
	Reason   string // for the record
}

// A CaseState says how a case stands.
type CaseState string

// The states of a case.
const (
	CaseOpen     CaseState = "open"
	CaseUpheld   CaseState = "upheld"
	CaseReversed CaseState = "reversed" // it was decided that the conversion falls
	CaseMoot     CaseState = "moot"     // the conversion fell, or got its sources back, before anybody decided
)

// Case returns the case that version seq opened, or nil.
func (a *Account) Case(seq int64) *Case {
	return bySeq(a.Cases, seq, func(k *Case) int64 { return k.Seq })
}

// CaseState returns how a case stands.
func (a *Account) CaseState(k *Case) CaseState {
	switch c := a.Conversion(k.Conversion); {
	case k.DecidedBy != 0 && k.Upheld:
		return CaseUpheld
	case k.DecidedBy != 0:
		return CaseReversed
	case k.Settled != 0 || c == nil || !c.Stands():
		return CaseMoot
	}
	return CaseOpen
}

// UnderCase returns the first open case that puts a conversion in doubt: about
// itself, or about one that it rests on. Zero if there is none.
func (a *Account) UnderCase(conversion int64) int64 {
	for _, k := range a.Cases {
		if a.CaseState(k) == CaseOpen && a.upstream(conversion, k.Conversion) {
			return k.Seq
		}
	}
	return 0
}

// InQuestion returns the credits of standing conversions on a day that an open
// case puts in doubt, by programme. They count until it is decided.
func (a *Account) InQuestion(day Date) map[ProgrammeID]Credits {
	in := map[ProgrammeID]Credits{}
	for _, c := range a.Conversions {
		if c.Stands() && c.Decision.Day <= day && a.UnderCase(c.Seq) != 0 {
			in[c.Decision.Programme] += c.Decision.Granted()
		}
	}
	return in
}

// UsedUnderCase returns the open case that puts a conversion in doubt which holds
// of a lot. Zero if there is none.
func (a *Account) UsedUnderCase(l *Lot) int64 {
	for _, u := range l.uses {
		if u.until == 0 {
			if k := a.UnderCase(u.conversion); k != 0 {
				return k
			}
		}
	}
	return 0
}

// sisters returns the other cases about the same conversion for the same cause.
func (a *Account) sisters(k *Case) []*Case {
	return slices.DeleteFunc(slices.Clone(a.Cases), func(o *Case) bool {
		return o.Seq == k.Seq || o.Conversion != k.Conversion || o.Since != k.Since
	})
}

// DecideCase decides a case. Upheld, the conversion stays, with the reason on
// record. Otherwise it is reversed with all that rests on it, deepest first,
// once the cases of every award that hangs on it have been decided so: one that
// is upheld keeps it. Whoever revoked or revised the source cannot decide.
func (b *Bank) DecideCase(ctx context.Context, c Change, seq int64, r CaseRuling) ([]Act, error) {
	if err := needReason(r.Reason); err != nil {
		return nil, err
	}
	if r.Uphold && r.Withdraw {
		return nil, Invalid(CodeMalformed, "withdraw_award", "维持转换时不能同时撤销授予", "an award is not withdrawn where its lines are upheld")
	}
	what := fmt.Sprintf("decide case %d %t %t %q", seq, r.Uphold, r.Withdraw, r.Reason)
	acts, _, err := b.change(ctx, c, what, func(d *draft, _ History, _ Rules) error {
		k := d.account.Case(seq)
		if err := d.account.decidable(k, c.By); err != nil {
			return err
		}
		return d.decideCase(k, r)
	})
	return acts, err
}

// decidable says why a case cannot be decided by somebody.
func (a *Account) decidable(k *Case, by Caller) error {
	switch {
	case k == nil:
		return NotFound(CodeUnknownCase, "case", "没有这项复核", "there is no such case")
	case k.DecidedBy != 0:
		return Conflict(CodeState, "case", fmt.Sprintf("该复核已有决定（第%d项）", k.DecidedBy), fmt.Sprintf("the case was decided before, by entry %d", k.DecidedBy))
	case a.CaseState(k) != CaseOpen:
		return Conflict(CodeState, "case", "该转换已冲正或已恢复来源，无需再复核", "the conversion was reversed, or got its sources back: nothing is left to decide")
	case k.By == by:
		return Conflict(CodeState, "case", "撤销或更正成果的人不能决定由此产生的复核", "whoever revoked or revised the outcome cannot decide the case that came of it")
	}
	return nil
}

func (d *draft) decideCase(k *Case, r CaseRuling) error {
	a := d.account
	waits := slices.ContainsFunc(a.sisters(k), func(o *Case) bool {
		state := a.CaseState(o)
		return state == CaseOpen || state == CaseUpheld
	})
	if !r.Uphold && !waits {
		if err := d.fell(a.downstream(k.Conversion), k.Since); err != nil {
			return err
		}
	}
	if w := a.Award(k.Award); r.Withdraw && w.Stands() {
		if _, err := d.act(ActAwardWithdrawn, ActBody{Of: w.Seq, Reason: r.Reason, Since: k.Seq}); err != nil {
			return err
		}
	}
	_, err := d.act(ActCaseDecided, ActBody{Case: &CaseEntry{Upheld: r.Uphold}, Of: k.Seq, Reason: r.Reason})
	return err
}

// A CaseEntry is what an act says about a case.
type CaseEntry struct {
	Award  int64 `json:"award,omitempty"`  // opened: which hangs on the conversion
	Upheld bool  `json:"upheld,omitempty"` // decided
}

func (a *Account) applyCaseOpened(act Act) error {
	c := a.Conversion(act.Body.Of)
	entry := act.Body.Case
	if c == nil || !c.Stands() || entry == nil || act.Body.Since == 0 {
		return fmt.Errorf("no standing conversion %d", act.Body.Of)
	}
	if w := a.Award(entry.Award); w == nil || !w.Stands() || !w.rests(a.downstream(c.Seq)) {
		return fmt.Errorf("award %d does not hang on conversion %d", entry.Award, c.Seq)
	}
	a.Cases = append(a.Cases, &Case{Seq: act.Seq, Conversion: c.Seq, Since: act.Body.Since, Award: entry.Award, Day: act.Day, By: act.By})
	a.keep(c)
	return nil
}

// keep has the newest revisions of what c holds be held too: an outcome that a
// conversion in doubt was made of is not used a second time.
func (a *Account) keep(c *Conversion) {
	for _, s := range c.Decision.Sources {
		lot := a.Lot(s.Lot)
		if lot == nil || lot.Current() {
			continue
		}
		newest := a.newest(lot.Institution, lot.ExternalID)
		if !slices.ContainsFunc(newest.uses, func(u use) bool { return u.conversion == c.Seq && u.until == 0 }) {
			newest.uses = append(newest.uses, use{conversion: c.Seq, from: c.Decision.Day, credits: s.Credits, kept: true})
		}
	}
}

func (a *Account) applyCaseDecided(act Act) error {
	k := a.Case(act.Body.Of)
	if k == nil || k.DecidedBy != 0 || k.Settled != 0 || act.Body.Case == nil {
		return fmt.Errorf("no open case %d", act.Body.Of)
	}
	k.DecidedBy, k.Upheld, k.Reason = act.Seq, act.Body.Case.Upheld, act.Body.Reason
	return nil
}

// settle notes that a conversion has its sources back: nothing is left to
// decide in its open cases.
func (a *Account) settle(conversion, act int64) {
	for _, k := range a.Cases {
		if k.Conversion == conversion && k.DecidedBy == 0 && k.Settled == 0 {
			k.Settled = act
		}
	}
}

// Cases returns up to limit cases that nobody decided, in order of learner and
// version, above after. Those that became moot are among them.
func (b *Bank) Cases(ctx context.Context, after RowRef, limit int) ([]RowRef, error) {
	return b.store.Cases(ctx, after, limit)
}
