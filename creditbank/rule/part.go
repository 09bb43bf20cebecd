package rule

import (
	"cmp"
	"fmt"
	"slices"

	"creditbank/creditbank"
)

// part chooses the outcome for p: one that satisfies, the one expiring first;
// else the reasons of all that were posted.
func (e *evaluation) part(p Part) {
	posted, recognised := e.outcomes(p)
	var usable []*creditbank.Lot
	for _, l := range recognised {
		if len(e.faults(l, p)) == 0 {
			usable = append(usable, l)
		}
	}
	switch course := string(p.Course); {
	case len(posted) == 0:
		e.missing(p.Course)
		e.deny(creditbank.MissingComponent, course, "", "")
		e.absent(p)
	case len(recognised) == 0:
		e.deny(creditbank.OutcomeNotRecognised, course, "", "")
		e.absent(p)
	case len(usable) == 0:
		e.unusable(p, recognised)
	default:
		e.settle(p, slices.MinFunc(usable, byExpiry))
	}
}

// outcomes returns the outcomes of p's course that nothing of the selection
// takes yet: all that were posted, and those of them that were recognised, the
// revoked ones included.
func (e *evaluation) outcomes(p Part) (posted, recognised []*creditbank.Lot) {
	for _, l := range e.account.Lots {
		if l.Course != p.Course || !l.Current() || l.IssuedOn > e.day {
			continue
		}
		if _, taken := e.taken(l.Seq); taken {
			continue
		}
		posted = append(posted, l)
		if l.Granted || l.RevokedOn != 0 {
			recognised = append(recognised, l)
		}
	}
	return posted, recognised
}

// candidates returns the outcomes that satisfy p in a tree, the preferred first.
func (e *evaluation) candidates(p Part) []*creditbank.Lot {
	_, recognised := e.outcomes(p)
	lots := slices.DeleteFunc(recognised, func(l *creditbank.Lot) bool {
		_, lower := e.higherHeld(p, l)
		return len(e.faults(l, p)) > 0 || lower || len(e.mismatches(l)) > 0
	})
	slices.SortFunc(lots, byExpiry)
	return lots
}

// absent notes that there is nothing for p: what depends on it means nothing.
func (e *evaluation) absent(p Part) {
	e.unknown = true
	e.category(e.set.courses[p.Course].Category)
}

// unusable lists why none of the lots serves, and goes on with the one that
// would be taken, so that further reasons are found. A revoked outcome is gone
// and says nothing more.
func (e *evaluation) unusable(p Part, lots []*creditbank.Lot) {
	var standing []*creditbank.Lot
	for _, l := range lots {
		for _, f := range e.faults(l, p) {
			e.denyOnce(f)
		}
		if l.RevokedOn == 0 {
			standing = append(standing, l)
		}
	}
	if len(standing) == 0 {
		e.absent(p)
		return
	}
	e.settle(p, slices.MinFunc(standing, byExpiry))
}

// settle takes the lot for p, and says if another of its family is higher.
func (e *evaluation) settle(p Part, l *creditbank.Lot) {
	e.take(l)
	if other, lower := e.higherHeld(p, l); lower {
		e.deny(creditbank.LowerLevelSameFamily, string(l.Course), string(other.Course), l.Family)
	}
}

// higherHeld returns an outcome of l's family that is held and of a higher
// level, if p asks for the highest.
func (e *evaluation) higherHeld(p Part, l *creditbank.Lot) (*creditbank.Lot, bool) {
	if !p.FamilyHighest || l.Family == "" {
		return nil, false
	}
	for _, other := range e.account.Lots {
		if other != l && other.Family == l.Family && other.Level > l.Level && e.holds(other) {
			return other, true
		}
	}
	return nil, false
}

// holds reports whether the learner holds l: recognised, not revoked, not
// expired, whether consumed or not.
func (e *evaluation) holds(l *creditbank.Lot) bool {
	return l.Granted && l.Current() && l.RevokedOn == 0 && !l.Expired(e.day) && l.IssuedOn <= e.day
}

// faults lists what keeps the recognised lot l from serving as p.
func (e *evaluation) faults(l *creditbank.Lot, p Part) []creditbank.Finding {
	var fs []creditbank.Finding
	course := string(p.Course)
	if l.RevokedOn != 0 {
		return append(fs, creditbank.Finding{Code: creditbank.OutcomeRevoked, Subject: course, Have: l.RevokedOn.String()})
	}
	if l.Expired(e.day) {
		fs = append(fs, creditbank.Finding{Code: creditbank.OutcomeExpired, Subject: course, Have: l.ExpiresOn.String()})
	}
	if l.Consumed() {
		fs = append(fs, creditbank.Finding{Code: creditbank.OutcomeAlreadyConsumed, Subject: course})
	} else if by := l.HeldBy(); by != 0 {
		fs = append(fs, creditbank.Finding{Code: creditbank.OutcomeAlreadyConsumed, Subject: course, Have: fmt.Sprintf("application %d", by)})
	}
	fs = append(fs, e.gradeFaults(l, p)...)
	return append(fs, e.barred(l)...)
}

// byExpiry orders lots as a pool takes them: the earliest expiry first, no
// expiry last, then the oldest issue, then the order of posting.
func byExpiry(a, b *creditbank.Lot) int {
	return cmp.Or(
		cmp.Compare(expiryOrNever(a), expiryOrNever(b)),
		cmp.Compare(a.IssuedOn, b.IssuedOn),
		cmp.Compare(a.Seq, b.Seq))
}

// never is later than every day of a calendar.
const never creditbank.Date = 99999999

func expiryOrNever(l *creditbank.Lot) creditbank.Date {
	if l.ExpiresOn == 0 {
		return never
	}
	return l.ExpiresOn
}
