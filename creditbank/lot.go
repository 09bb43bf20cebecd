package creditbank

import "slices"

// A Lot (批次) is an outcome as a holding: what of it is used, and whether it
// still counts.
type Lot struct {
	Outcome
	RevokedOn  Date  // zero while it stands
	ReplacedBy int64 // the next revision, zero while it is the newest
	uses       []use

	takenBack bool // revoked or replaced, and its credits returned to the issuer
}

// A use is a conversion's hold on a lot, for the days from..until (the latter
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

// InUse reports whether a standing conversion holds l, wholly or in part: then no
// other may have it, whatever day it says it is.
func (l *Lot) InUse() bool {
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
	left := l.Credits
	for _, u := range l.uses {
		if u.active(day) {
			left -= u.credits
		}
	}
	return left
}

// free returns the credits of l that no standing conversion holds.
func (l *Lot) free() Credits {
	left := l.Credits
	for _, u := range l.uses {
		if u.until == 0 {
			left -= u.credits
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
