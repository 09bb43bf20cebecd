package creditbank

import (
	"fmt"
	"slices"
)

// A RecordedRecognition is a recognition as an act records it, after the one that
// stands with the posting. The fields stand in alphabetical order of their names
// in JSON; one that is added must be left out where it is zero.
type RecordedRecognition struct {
	Credits   Credits  `json:"credits"`
	ExpiresOn Date     `json:"expires_on"`
	Granted   bool     `json:"granted"`
	Lost      Credits  `json:"lost"`
	Reasons   []Reason `json:"reasons"`
	Rule      RuleID   `json:"rule"`
	RuleSet   int      `json:"rule_set"`
}

// Recorded returns r as an act records it.
func Recorded(r Recognition) *RecordedRecognition {
	return &RecordedRecognition{
		Credits: r.Credits, ExpiresOn: r.ExpiresOn, Granted: r.Granted, Lost: r.Lost, Reasons: orEmpty(sortReasons(r.Reasons)),
		Rule: r.Rule, RuleSet: r.RuleSet,
	}
}

// Recognition returns what r records.
func (r RecordedRecognition) Recognition() Recognition {
	return Recognition{
		Rule: r.Rule, RuleSet: r.RuleSet, Granted: r.Granted, Credits: r.Credits, Lost: r.Lost, ExpiresOn: r.ExpiresOn,
		Reasons: slices.Clip(slices.Clone(r.Reasons)),
	}
}

// applyRecognised recognises a standing outcome anew: one that was refused
// becomes a lot, one that nothing uses may cease to be one. Whatever is in use
// keeps its recognition.
func (a *Account) applyRecognised(act Act) error {
	lot, r := a.Lot(act.Body.Of), act.Body.Recognition
	switch {
	case lot == nil || !lot.Current() || lot.RevokedOn != 0 || r == nil:
		return fmt.Errorf("no standing outcome %d", act.Body.Of)
	case lot.InUse():
		return fmt.Errorf("outcome %d is in use", act.Body.Of)
	}
	next := lot.Outcome
	next.Recognition = r.Recognition()
	if err := next.Validate(); err != nil {
		return err
	}
	a.Totals = a.Totals.Plus(lot.Category, lot.IssuedOn, next.Credits-lot.Credits)
	if lot.Granted && !next.Granted && a.voided[lot.Seq] == 0 {
		// Its certificate, if it has one, certifies nothing any more; and there
		// is only one of an outcome, whatever becomes of it.
		a.voided[lot.Seq] = act.Seq
	}
	lot.Outcome, lot.lapsed, lot.RecognisedBy = next, 0, act.Seq
	return nil
}

// recognising returns the transfers by which the lot's recognition gives way to
// another.
func (l *Lot) recognising(r Recognition) []Transfer {
	next := l.Outcome
	next.Recognition = r
	return slices.Concat(l.unlapsing(), reversed(l.Outcome.Transfers()), next.Transfers())
}
