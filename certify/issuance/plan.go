package issuance

import (
	"slices"

	"creditbank/certify"
	"creditbank/creditbank"
)

// An order asks for one certificate of a learner.
type order struct {
	learner    creditbank.LearnerID
	seq        int64 // the row of the history to certify
	lot        *creditbank.Lot
	conversion *creditbank.Conversion // nil for the certificate of an outcome
	account    *creditbank.Account    // as it is now
}

// certified returns the row of the history that a conversion's certificate
// certifies: the approval, or the act that last changed its grades.
func certified(c *creditbank.Conversion) int64 { return max(c.Seq, c.Regraded) }

// plan compares the certificates that a learner has with those that the
// account calls for. It decides everything that the follower does, and does
// nothing. Certificates of outcomes are left to requests, and revoked here.
func plan(a *creditbank.Account, have []Certificate) (issue []order, revoke []Certificate) {
	for _, c := range have {
		if c.Valid() && !stands(a, c) {
			revoke = append(revoke, c)
		}
	}
	for _, conv := range a.Conversions {
		seq := certified(conv)
		has := slices.ContainsFunc(have, func(c Certificate) bool { return c.Seq == seq })
		if conv.Stands() && !has && len(conv.Decision.Lines) > 0 {
			issue = append(issue, order{learner: a.Learner, seq: seq, conversion: conv, account: a})
		}
	}
	return issue, revoke
}

// stands reports whether what c certifies still holds.
func stands(a *creditbank.Account, c Certificate) bool {
	if c.Kind == certify.KindOutcome {
		lot := a.Lot(c.Seq)
		return lot != nil && lot.Current() && lot.RevokedOn == 0
	}
	return slices.ContainsFunc(a.Conversions, func(conv *creditbank.Conversion) bool {
		return conv.Stands() && certified(conv) == c.Seq
	})
}

// matters reports whether a row of the feed can change what certificates there
// should be. Postings are most rows, and never do.
func matters(kind creditbank.ActKind) bool {
	switch kind {
	case creditbank.ActDecided, creditbank.ActReversed, creditbank.ActRegraded, creditbank.ActRevoked, creditbank.ActReplaced:
		return true
	}
	return false
}
