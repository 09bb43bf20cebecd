package rule

import (
	"slices"
	"strings"

	"creditbank/creditbank"
)

// Grounds implements [creditbank.Rules].
func (s *Set) Grounds(o creditbank.Outcome, c creditbank.Course) []creditbank.Finding {
	j := s.judge(o.Posting, c, creditbank.Past{})
	var all []creditbank.Finding
	for _, code := range o.Reasons {
		switch code {
		case creditbank.PeriodCapTruncated:
			all = append(all, creditbank.Finding{Code: code, Subject: s.capNames(o.Posting, c, exceedTruncate), Have: o.Credits.String(), Need: (o.Credits + o.Lost).String()})
		case creditbank.CapReached:
			all = append(all, creditbank.Finding{Code: code, Subject: s.capNames(o.Posting, c, exceedDeny), Need: j.credits.String()})
		default:
			all = append(all, j.about(code)...)
		}
	}
	return all
}

// about returns the findings with a code; one without particulars where there are
// none, since the course has changed since.
func (j *judgement) about(code creditbank.Reason) []creditbank.Finding {
	found := slices.DeleteFunc(slices.Clone(j.findings), func(f creditbank.Finding) bool { return f.Code != code })
	if len(found) == 0 {
		return []creditbank.Finding{{Code: code}}
	}
	return found
}

// capNames names the caps that may have cut or denied an outcome. Which of several
// it was, only the past of then could tell.
func (s *Set) capNames(p creditbank.Posting, c creditbank.Course, exceed string) string {
	r := s.recognises(p, c)
	if r == nil {
		return ""
	}
	var names []string
	for _, limit := range r.Recognition.caps() {
		if limit.Exceed == exceed && limit.bounds(p, c) {
			names = append(names, limit.name(s.capSpan(limit, p), p, c))
		}
	}
	return strings.Join(names, ";")
}
