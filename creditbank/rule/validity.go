package rule

import "creditbank/creditbank"

// A Validity bounds the age of outcomes by the rule of the accepting side: an
// outcome serves through the earlier of its own last day and this.
//
//	validity: {source_max_age: P5Y, honour_source_expiry: true}
//
// What has expired by its own last day is in nobody's account any more and
// cannot be converted, so honour_source_expiry can only be true.
type Validity struct {
	SourceMaxAge creditbank.Period `json:",omitzero"` // from the day of issue, its last day included
}

// tooOld says that l is older than the rule allows.
func (e *evaluation) tooOld(l *creditbank.Lot) []creditbank.Finding {
	v := e.conv.Validity
	if v == nil || v.SourceMaxAge == (creditbank.Period{}) {
		return nil
	}
	last := v.SourceMaxAge.After(l.IssuedOn)
	if e.day <= last {
		return nil
	}
	return []creditbank.Finding{{Code: creditbank.OutcomeExpired, Subject: string(l.Course), Have: last.String(), Need: v.SourceMaxAge.String()}}
}
