package creditbank

import "slices"

// A Lot (批次) is an outcome as a holding: what of it is used, and whether it
// still counts.
type Lot struct {
	Outcome
	RevokedOn  Date  // zero while it stands
	ReplacedBy int64 // the next revision, zero while it is the newest
	// RecognisedBy is the act that last recognised the outcome anew; zero where
	// what was said with its posting stands.
	RecognisedBy int64

	uses   []use
	holds  []hold
	lapsed Credits // posted as expired; at most what is free

	takenBack bool // revoked or replaced, and its credits returned to the issuer
}

// A use is what a conversion has of a lot, for the days from..until (the latter
// exclusive; zero while it stands).
type use struct {
	conversion  int64
	from, until Date
	credits     Credits
	kept        bool // of an earlier revision, by a conversion in doubt
}

// Current reports whether l is the newest revision of its outcome.
func (l *Lot) Current() bool { return l.ReplacedBy == 0 }

// Expired reports whether l can no longer be used on day: it is usable through
// its last day.
func (l *Lot) Expired(day Date) bool { return l.ExpiresOn != 0 && day > l.ExpiresOn }

func (u use) active(day Date) bool { return u.from <= day && (u.until == 0 || day < u.until) }

// Used reports whether a conversion held l, wholly or in part, on day.
func (l *Lot) Used(day Date) bool {
	return slices.ContainsFunc(l.uses, func(u use) bool { return u.active(day) })
}

// InUse reports whether a standing conversion has l, or an open application holds
// it, wholly or in part: then no other may have it, whatever day it says it is.
func (l *Lot) InUse() bool { return l.Consumed() || l.HeldBy() != 0 }

// Consumed reports whether a standing conversion has l, wholly or in part.
func (l *Lot) Consumed() bool {
	return slices.ContainsFunc(l.uses, func(u use) bool { return u.until == 0 })
}

// Usable returns what of l a conversion may take on day.
func (l *Lot) Usable(day Date) Credits {
	if !l.Granted || !l.Current() || l.IssuedOn > day || l.Expired(day) || l.RevokedOn != 0 {
		return 0
	}
	return l.free()
}

// Available returns what of l counts on day: known now, valid then. A replaced
// revision never counts; a revocation counts from its day.
func (l *Lot) Available(day Date) Credits {
	if !l.Granted || !l.Current() || l.IssuedOn > day || l.Expired(day) || l.RevokedOn != 0 && l.RevokedOn <= day {
		return 0
	}
	left := l.Credits - l.Held(day)
	for _, u := range l.uses {
		if u.active(day) {
			left -= u.credits
		}
	}
	return left
}

// A LotState says what has become of a lot.
type LotState string

// The states of a lot, in the order in which they come before each other.
const (
	LotRejected   LotState = "rejected"    // it was not recognised
	LotReplaced   LotState = "replaced"    // by its next revision
	LotRevoked    LotState = "revoked"     //
	LotPartlyUsed LotState = "partly_used" // a conversion has a part of it
	LotUsed       LotState = "used"        // conversions have all of it
	LotExpired    LotState = "expired"     //
	LotHeld       LotState = "held"        // an application holds it, wholly or in part
	LotAvailable  LotState = "available"   //
)

// State returns what has become of l by a day: known now, valid then.
func (l *Lot) State(day Date) LotState {
	switch {
	case !l.Granted:
		return LotRejected
	case !l.Current():
		return LotReplaced
	case l.RevokedOn != 0 && l.RevokedOn <= day:
		return LotRevoked
	case l.Used(day) && l.Available(day) > 0:
		return LotPartlyUsed
	case l.Used(day):
		return LotUsed
	case l.Expired(day):
		return LotExpired
	case slices.ContainsFunc(l.holds, func(h hold) bool { return h.active(day) }):
		return LotHeld
	}
	return LotAvailable
}

// free returns the credits of l that no standing conversion has and no open
// application holds.
func (l *Lot) free() Credits {
	left := l.Credits
	for _, u := range l.uses {
		if u.until == 0 {
			left -= u.credits
		}
	}
	for _, h := range l.holds {
		if h.until == 0 {
			left -= h.credits
		}
	}
	return left
}

// keptUses returns what conversions in doubt hold of earlier revisions.
func (l *Lot) keptUses() []use {
	var kept []use
	for _, u := range l.uses {
		if u.kept && u.until == 0 {
			kept = append(kept, u)
		}
	}
	return kept
}

// heldBy reports whether a conversion holds l, or did so by an earlier revision
// that it was left on.
func (l *Lot) heldBy(conversion int64) bool {
	return slices.ContainsFunc(l.uses, func(u use) bool { return u.conversion == conversion && u.until == 0 })
}

// inLedger returns what the ledger's account of l holds.
func (l *Lot) inLedger() Credits {
	left := l.Credits
	for _, u := range l.uses {
		if u.until == 0 && !u.kept {
			left -= u.credits
		}
	}
	return left
}
