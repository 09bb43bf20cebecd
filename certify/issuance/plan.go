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

// plan compares the certificates that a learner has with those that the
// account calls for. It decides everything that the follower does, and does
// nothing. Outcomes are certified where that was requested. What a case puts in
// doubt keeps the certificate it has, and gets no new one until it is decided.
func plan(a *creditbank.Account, have []Certificate) (issue []order, revoke []Certificate) {
	for _, c := range have {
		if c.Valid() && !stands(a, c) {
			revoke = append(revoke, c)
		}
	}
	has := func(seq int64) bool {
		return slices.ContainsFunc(have, func(c Certificate) bool { return c.Seq == seq })
	}
	for _, conv := range a.Conversions {
		seq := conv.Certified()
		if conv.Stands() && !has(seq) && !a.Voided(seq) && len(conv.Decision.Lines) > 0 && a.UnderCase(conv.Seq) == 0 {
			issue = append(issue, order{learner: a.Learner, seq: seq, conversion: conv, account: a})
		}
	}
	for _, seq := range a.Requested() {
		if !has(seq) && a.Certifiable(seq) == nil {
			issue = append(issue, order{learner: a.Learner, seq: seq, lot: a.Lot(seq), account: a})
		}
	}
	return issue, revoke
}

// stands reports whether what c certifies still holds, and c was not voided.
func stands(a *creditbank.Account, c Certificate) bool {
	if a.Voided(c.Seq) {
		return false
	}
	if c.Kind == certify.KindOutcome {
		lot := a.Lot(c.Seq)
		return lot != nil && lot.Current() && lot.RevokedOn == 0
	}
	return slices.ContainsFunc(a.Conversions, func(conv *creditbank.Conversion) bool {
		return conv.Stands() && conv.Certified() == c.Seq
	})
}

// matters reports whether a row of the feed can change what certificates there
// should be. Postings are most rows, and never do.
func matters(kind creditbank.ActKind) bool {
	switch kind {
	case creditbank.ActDecided, creditbank.ActReversed, creditbank.ActRegraded, creditbank.ActRevoked, creditbank.ActReplaced,
		creditbank.ActRequested, creditbank.ActVoided, creditbank.ActCaseDecided, creditbank.ActRecognised,
		creditbank.ActRelinked: // it can end a case
		return true
	}
	return false
}
