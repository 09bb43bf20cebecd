package creditbank

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
)

// An Account (学习账户) is the state that a history adds up to. It is made by
// [NewAccount] and read by rules; only the bank moves it on.
//
// Accounts that the bank hands out are shared: whoever reads one must change
// nothing in it. [Account.With] makes a copy to look ahead with.
//
// Versions count the rows of the history from 1, without a gap: every write is
// conditional on the version, which makes a learner's history serial.
type Account struct {
	Learner      LearnerID
	Version      int64
	Frozen       bool
	Lots         []*Lot          // by Seq; refused outcomes too
	Conversions  []*Conversion   // approved ones, by Seq; reversed ones too
	Applications []*Application  // by Seq; decided ones too
	Petitions    []*Petition     // by Seq; closed ones too
	Consents     []*GivenConsent // by Seq; withdrawn ones too
	Awards       []*Award        // by Seq; withdrawn ones too
	Cases        []*Case         // by Seq; decided ones too
	Totals       Totals

	enrolled  map[ProgrammeID]Date // since when
	named     map[outcomeName]*Lot // the newest revision of each outcome
	requested map[int64]int64      // outcome → the act that first asked for its certificate
	voided    map[int64]int64      // row → the act that voided its certificate
	carried   map[LineRef]int64    // line → the standing conversion that took it; nil before the first
	back      *lookback            // set while a conversion is evaluated again
	digest    Hash

	undigested bool // the digest is not kept: nothing decided on it will be put on record
}

// newAccount returns the account of a learner before its first row.
func newAccount(id LearnerID) *Account {
	return &Account{
		Learner: id, enrolled: map[ProgrammeID]Date{}, named: map[outcomeName]*Lot{},
		requested: map[int64]int64{}, voided: map[int64]int64{},
	}
}

// An outcomeName is what the revisions of an outcome have in common.
type outcomeName struct {
	institution InstitutionID
	externalID  string
}

// A Conversion is an approved decision and what became of it.
type Conversion struct {
	Seq        int64     // the act that approved it; names the conversion for ever
	Decision   *Decision // as it stands: relinking and regrading replace it
	Regraded   int64     // the act that last changed its grades, zero if none
	ReversedOn Date      // zero while it stands
	ReversedBy int64     // the act that reversed it
}

// Stands reports whether c has not been reversed.
func (c *Conversion) Stands() bool { return c.ReversedOn == 0 }

// applyOutcome moves a on by a posting.
func (a *Account) applyOutcome(o Outcome) error {
	if o.Learner != a.Learner || o.Seq != a.Version+1 {
		return fmt.Errorf("account %s at version %d: outcome %v does not follow", a.Learner, a.Version, o.OutcomeKey)
	}
	if err := o.Validate(); err != nil {
		return err
	}
	old := a.newest(o.Institution, o.ExternalID)
	if (old == nil) != (o.Revision == 1) || old != nil && (old.Revision != o.Revision-1 || old.RevokedOn != 0) {
		return fmt.Errorf("account %s: outcome %v does not follow its revisions", a.Learner, o.OutcomeKey)
	}
	if old != nil {
		old.ReplacedBy = o.Seq
		a.Totals = a.Totals.Plus(old.Category, old.IssuedOn, -old.Credits)
	}
	lot := &Lot{Outcome: o}
	if old != nil {
		lot.uses = old.keptUses()
	}
	a.Lots = append(a.Lots, lot)
	a.named[outcomeName{o.Institution, o.ExternalID}] = lot
	a.Totals = a.Totals.Plus(o.Category, o.IssuedOn, o.Credits)
	if a.undigested {
		a.Version++
		return nil
	}
	a.advance(o.Digest())
	return nil
}

// applyAct moves a on by an act.
func (a *Account) applyAct(act Act) error {
	if act.Learner != a.Learner || act.Seq != a.Version+1 {
		return fmt.Errorf("account %s at version %d: act %d does not follow", a.Learner, a.Version, act.Seq)
	}
	if err := a.apply(act); err != nil {
		return fmt.Errorf("account %s: act %d (%s): %w", a.Learner, act.Seq, act.Kind, err)
	}
	if a.undigested {
		a.Version++
		return nil
	}
	a.advance(act.Digest())
	return nil
}

func (a *Account) apply(act Act) error {
	switch act.Kind {
	case ActOpened:
		return nil
	case ActReplaced:
		return a.applyReplaced(act)
	case ActEnrolled:
		if !a.Enrolled(act.Body.Programme) {
			a.enrolled[act.Body.Programme] = act.Day
		}
		return nil
	case ActLeft:
		delete(a.enrolled, act.Body.Programme)
		return nil
	case ActFrozen, ActUnfrozen:
		a.Frozen = act.Kind == ActFrozen
		return nil
	case ActRevoked:
		return a.applyRevoked(act)
	case ActDecided:
		return a.applyDecided(act)
	case ActReversed:
		return a.applyReversed(act)
	case ActRelinked, ActRegraded:
		return a.applyRelinked(act)
	case ActApplied:
		return a.applyApplied(act)
	case ActConsented, ActWithdrawn:
		return a.applyConsent(act)
	case ActExpired:
		return a.applyExpired(act)
	case ActRecognised:
		return a.applyRecognised(act)
	case ActRequested, ActVoided:
		return a.applyCertificate(act)
	case ActAwarded:
		return a.applyAwarded(act)
	case ActAwardWithdrawn:
		return a.applyAwardWithdrawn(act)
	case ActCaseOpened:
		return a.applyCaseOpened(act)
	case ActCaseDecided:
		return a.applyCaseDecided(act)
	case ActClaimed, ActReleased, ActRecused, ActOpined, ActReturned, ActSupplemented, ActResolved, ActObjected, ActAnswered,
		ActRetracted, ActLapsed, ActAppealed:
		return a.applyStep(act)
	case ActPetitioned, ActEvidenced, ActPetitionReturned, ActPetitionSupplemented, ActPetitionAccepted, ActPetitionRefused, ActPetitionWithdrawn, ActPetitionRecused:
		return a.applyPetition(act)
	}
	return fmt.Errorf("unknown kind")
}

func (a *Account) applyRevoked(act Act) error {
	lot := a.Lot(act.Body.Of)
	if lot == nil || lot.RevokedOn != 0 || lot.ReplacedBy != 0 {
		return fmt.Errorf("no standing outcome %d", act.Body.Of)
	}
	lot.RevokedOn, lot.takenBack = act.Day, true
	lot.releaseHold(0, act.Day)
	lot.lapsed = 0
	a.Totals = a.Totals.Plus(lot.Category, lot.IssuedOn, -lot.Credits)
	return nil
}

// applyReplaced notes that the credits of a lot went back. The revision itself
// took its place.
func (a *Account) applyReplaced(act Act) error {
	if lot := a.Lot(act.Body.Of); lot != nil {
		lot.takenBack = true
		a.moveHolds(lot, act.Body.Since)
		lot.lapsed = 0
	}
	return nil
}

func (a *Account) applyDecided(act Act) error {
	d := act.Body.Decision
	if err := a.belongs(d); err != nil {
		return err
	}
	if err := a.answerApplication(act); err != nil {
		return err
	}
	switch {
	case d.Pending():
		return fmt.Errorf("decision waits for a reviewer")
	case !d.Approved:
		return nil
	}
	a.Conversions = append(a.Conversions, &Conversion{Seq: act.Seq, Decision: d})
	return a.consume(act.Seq, d)
}

// belongs reports a decision that was not made on a as it is.
func (a *Account) belongs(d *Decision) error {
	switch {
	case d == nil || d.Learner != a.Learner || d.Base != a.Version:
		return fmt.Errorf("decision does not belong here")
	case !a.undigested && d.Inputs != a.digest:
		return fmt.Errorf("decision was made on another history")
	}
	return nil
}

func (a *Account) applyReversed(act Act) error {
	c := a.Conversion(act.Body.Of)
	if c == nil || !c.Stands() {
		return fmt.Errorf("no standing conversion %d", act.Body.Of)
	}
	if on := a.restingOn(c.Seq); len(on) > 0 {
		return fmt.Errorf("conversion %d rests on conversion %d", on[0], c.Seq)
	}
	a.putDown(c.Seq)
	c.ReversedOn, c.ReversedBy = act.Day, act.Seq
	for _, lot := range a.Lots {
		for i := range lot.uses {
			if lot.uses[i].conversion == c.Seq {
				lot.uses[i].until = act.Day
			}
		}
	}
	return nil
}

func (a *Account) applyRelinked(act Act) error {
	c := a.Conversion(act.Body.Of)
	d := act.Body.Decision
	if c == nil || !c.Stands() || d == nil || !d.Approved || d.Learner != a.Learner || d.Rule != c.Decision.Rule {
		return fmt.Errorf("no standing conversion %d", act.Body.Of)
	}
	a.release(c.Seq)
	c.Decision = d
	if act.Kind == ActRegraded {
		c.Regraded = act.Seq
	}
	if err := a.consume(c.Seq, d); err != nil {
		return err
	}
	a.settle(c.Seq, act.Seq)
	return a.stillSupplies(c)
}

// stillSupplies reports a line that others carry and that c has no more.
func (a *Account) stillSupplies(c *Conversion) error {
	for _, on := range a.restingOn(c.Seq) {
		for _, s := range a.Conversion(on).Decision.Sources {
			if ref, ok := s.Line(); ok && ref.Conversion == c.Seq {
				if err := c.supplies(s); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// release forgets what a conversion used, as if it never had.
func (a *Account) release(conversion int64) {
	a.putDown(conversion)
	for _, lot := range a.Lots {
		lot.uses = slices.DeleteFunc(lot.uses, func(u use) bool { return u.conversion == conversion })
	}
}

// consume notes what a decision takes of the lots. No lot goes below zero.
func (a *Account) consume(conversion int64, d *Decision) error {
	for _, s := range d.Sources {
		if _, ok := s.Line(); ok {
			if err := a.carry(conversion, s); err != nil {
				return err
			}
			continue
		}
		lot := a.Lot(s.Lot)
		if lot == nil || !lot.Granted || s.Credits < 0 {
			return fmt.Errorf("no lot %d to consume", s.Lot)
		}
		lot.uses = append(lot.uses, use{conversion: conversion, from: d.Day, credits: s.Credits})
		if lot.free() < 0 {
			return fmt.Errorf("lot %d is consumed beyond its %v credits", s.Lot, lot.Credits)
		}
		lot.lapsed = min(lot.lapsed, lot.free())
	}
	return nil
}

// advance closes a row: the version grows, the digest takes it in.
func (a *Account) advance(row [32]byte) {
	a.Version++
	var both [2 * sha256.Size]byte
	copy(both[copy(both[:], a.digest[:]):], row[:])
	a.digest = sha256.Sum256(both[:])
}

// Digest returns the digest of the whole history up to the version: the hash
// of a decision's inputs.
func (a *Account) Digest() Hash { return a.digest }

// Enrolled reports whether the learner is enrolled in the programme.
func (a *Account) Enrolled(p ProgrammeID) bool {
	_, ok := a.enrolled[p]
	return ok
}

// EnrolledOn returns the day on which the learner was enrolled in the programme,
// zero for one who is not.
func (a *Account) EnrolledOn(p ProgrammeID) Date { return a.enrolled[p] }

// Enrolments returns the programmes the learner is enrolled in, sorted.
func (a *Account) Enrolments() []ProgrammeID { return slices.Sorted(maps.Keys(a.enrolled)) }

// bySeq returns the one of all that version seq made, or nil; they are in the order
// of their versions.
func bySeq[E any](all []*E, seq int64, of func(*E) int64) *E {
	i, ok := slices.BinarySearchFunc(all, seq, func(e *E, seq int64) int { return cmp.Compare(of(e), seq) })
	if !ok {
		return nil
	}
	return all[i]
}

// Lot returns the lot that version seq made, or nil.
func (a *Account) Lot(seq int64) *Lot {
	return bySeq(a.Lots, seq, func(l *Lot) int64 { return l.Seq })
}

// Conversion returns the conversion that version seq approved, or nil.
func (a *Account) Conversion(seq int64) *Conversion {
	return bySeq(a.Conversions, seq, func(c *Conversion) int64 { return c.Seq })
}

// newest returns the newest revision of an outcome, or nil.
func (a *Account) newest(i InstitutionID, externalID string) *Lot {
	return a.named[outcomeName{i, externalID}]
}

// A Balance is what an account holds on a day. Categories and programmes
// without credits are left out.
type Balance struct {
	Learner    LearnerID
	Version    int64 // of the account
	Day        Date
	Available  map[Category]Credits    // recognised, not revoked, expired, held or consumed
	Held       map[Category]Credits    // by applications, of what has not expired
	Programmes map[ProgrammeID]Credits // granted by conversion
}

// Balance returns the balance of a on any day, past or future: what is known
// now of what was valid then.
func (a *Account) Balance(day Date) Balance {
	b := Balance{a.Learner, a.Version, day, map[Category]Credits{}, map[Category]Credits{}, map[ProgrammeID]Credits{}}
	for _, l := range a.Lots {
		if left := l.Available(day); left > 0 {
			b.Available[l.Category] += left
		}
		if held := l.Held(day); held > 0 && !l.Expired(day) {
			b.Held[l.Category] += held
		}
	}
	for _, c := range a.Conversions {
		if c.Decision.Day <= day && (c.Stands() || day < c.ReversedOn) {
			b.Programmes[c.Decision.Programme] += c.Decision.Granted()
		}
	}
	return b
}

// With returns a copy of a as it would be after d, taken as approved though it
// may be pending. It serves to look ahead; the copy cannot be stored.
func (a *Account) With(d *Decision) *Account {
	c := a.Ahead(d)
	hash := d.Hash()
	c.digest = sha256.Sum256(append(c.digest[:], hash[:]...))
	return c
}

// Ahead is [Account.With] for whoever looks far ahead and often: the copy's
// digest is a's own still, so that decisions on it say what they would grant and
// consume, but not what of.
func (a *Account) Ahead(d *Decision) *Account {
	c := *a
	c.Version++
	c.Lots = slices.Clone(a.Lots)
	c.Conversions = append(slices.Clip(a.Conversions), &Conversion{Seq: c.Version, Decision: d})
	if slices.ContainsFunc(d.Sources, func(s Consumption) bool { return s.Conversion != 0 }) {
		c.carried = maps.Clone(a.carried)
	}
	for _, s := range d.Sources {
		if ref, ok := s.Line(); ok {
			if c.carried == nil {
				c.carried = map[LineRef]int64{}
			}
			c.carried[ref] = c.Version
			continue
		}
		i, ok := slices.BinarySearchFunc(c.Lots, s.Lot, func(l *Lot, seq int64) int { return int(l.Seq - seq) })
		if !ok {
			continue
		}
		copied := *c.Lots[i]
		copied.uses = append(slices.Clip(copied.uses), use{conversion: c.Version, from: d.Day, credits: s.Credits})
		c.Lots[i] = &copied
	}
	return &c
}
