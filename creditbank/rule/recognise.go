package rule

import (
	"cmp"
	"fmt"

	"creditbank/creditbank"
)

// Recognise implements [creditbank.Rules]. The first rule of the file applies
// whose source matches the course and whose window holds the day of issue.
func (s *Set) Recognise(p creditbank.Posting, c creditbank.Course, past creditbank.Past) creditbank.Recognition {
	j := s.judge(p, c, past)
	rec := creditbank.Recognition{RuleSet: s.number}
	if j.rule != nil {
		rec.Rule = j.rule.ID
	}
	for _, f := range j.findings {
		rec.Reasons = append(rec.Reasons, f.Code)
	}
	if j.refused {
		return rec
	}
	rec.Granted, rec.Credits, rec.Lost = true, j.credits, j.lost
	rec.ExpiresOn = j.rule.Recognition.expiry(p, c)
	return rec
}

// Recalls implements [creditbank.Rules]: a remainder is carried from outcome to
// outcome, and a cap that counts by anything but category and months needs them
// too.
func (s *Set) Recalls(p creditbank.Posting, c creditbank.Course) bool {
	r := s.recognises(p, c)
	if r == nil {
		return false
	}
	if r.Recognition.Carry {
		return true
	}
	for _, limit := range r.Recognition.caps() {
		if limit.bounds(p, c) && !limit.byMonths(s.capSpan(limit, p)) {
			return true
		}
	}
	return false
}

// recognises returns the rule that applies to an outcome, or nil.
func (s *Set) recognises(p creditbank.Posting, c creditbank.Course) *Rule {
	for _, r := range s.rules {
		if r.Recognition != nil && r.inForce(p.IssuedOn) == 0 && r.Recognition.matches(p, c) {
			return r
		}
	}
	return nil
}

func (r *Recognition) matches(p creditbank.Posting, c creditbank.Course) bool {
	return r.Of.picks(p, c) && Filter{Category: r.Category, Tag: r.Tag}.picks(p, c) &&
		(r.WithoutTag == "" || !(Filter{Tag: r.WithoutTag}).picks(p, c))
}

// A judgement is what becomes of a posting, with the particulars.
type judgement struct {
	set     *Set
	posting creditbank.Posting
	course  creditbank.Course
	rule    *Rule // nil where none applies

	credits  creditbank.Credits
	lost     creditbank.Credits // to period caps
	refused  bool
	findings []creditbank.Finding
}

// judge decides what p, an outcome of c, is worth after what was recognised
// before.
func (s *Set) judge(p creditbank.Posting, c creditbank.Course, past creditbank.Past) judgement {
	j := judgement{set: s, posting: p, course: c, rule: s.recognises(p, c)}
	var r *Recognition
	if j.rule != nil {
		r = j.rule.Recognition
	}
	if x := s.excluded(r, p, c); x != nil {
		j.refuse(creditbank.Finding{Code: creditbank.ExcludedSource, Subject: x.Filter.String(), Have: x.Why.ZH, Need: x.Why.EN})
	}
	if r == nil {
		if !j.refused {
			j.refuse(creditbank.Finding{Code: creditbank.OutcomeNotRecognised, Subject: string(c.Category), Have: p.IssuedOn.String()})
		}
		return j
	}
	j.passed(r)
	j.attended(r)
	var known bool
	if j.credits, known = r.worth(p, c, past, j.rule.ID); !known {
		j.refuse(creditbank.Finding{Code: creditbank.OutcomeNotRecognised, Subject: string(j.rule.ID), Have: p.IssuedOn.String()})
		return j
	}
	j.capped(r, past)
	return j
}

func (j *judgement) refuse(f creditbank.Finding) {
	j.refused = true
	j.findings = append(j.findings, f)
}

// passed checks the result against the pass mark.
func (j *judgement) passed(r *Recognition) {
	res := j.set.result(j.posting.Score, j.posting.Institution)
	have := j.posting.Score.String()
	switch {
	case r.PassMark != nil && res.failed(*r.PassMark):
		j.refuse(creditbank.Finding{Code: creditbank.GradeBelowPass, Have: have, Need: creditbank.FormatPoints(*r.PassMark)})
	case r.PassOn != nil && res.failedOn(*r.PassOn):
		j.refuse(creditbank.Finding{Code: creditbank.GradeBelowPass, Have: have, Need: j.set.bound(*r.PassOn)})
	case r.PassOrigin && res.failedAtOrigin():
		j.refuse(creditbank.Finding{Code: creditbank.GradeBelowPass, Have: have, Need: res.originPass()})
	}
}

// attended checks attendance, without dividing.
func (j *judgement) attended(r *Recognition) {
	scheduled := j.course.Hours
	if scheduled <= 0 || int64(j.posting.Attended)*int64(creditbank.One) >= int64(r.MinAttendance)*int64(scheduled) {
		return
	}
	least := creditbank.Hours(divide("up", int64(r.MinAttendance)*int64(scheduled), int64(creditbank.One)))
	j.refuse(creditbank.Finding{Code: creditbank.AttendanceBelowMin, Subject: scheduled.String(), Have: j.posting.Attended.String(), Need: least.String()})
}

// capped cuts the credits to what every cap leaves. A cap that denies is a reason
// of its own; those that cut have nothing to say of what is refused.
func (j *judgement) capped(r *Recognition, past creditbank.Past) {
	room, cut := j.credits, creditbank.Finding{}
	for _, limit := range r.caps() {
		if !limit.bounds(j.posting, j.course) {
			continue
		}
		in := j.set.capSpan(limit, j.posting)
		left := max(0, limit.Credits-j.set.used(limit, in, j.posting, j.course, past))
		if j.credits <= left {
			continue
		}
		f := creditbank.Finding{Code: creditbank.PeriodCapTruncated, Subject: limit.name(in, j.posting, j.course), Have: left.String(), Need: j.credits.String()}
		if limit.Exceed == exceedDeny {
			f.Code = creditbank.CapReached
			j.refuse(f)
		} else if left < room {
			room, cut = left, f
		}
	}
	if !j.refused && room < j.credits {
		j.lost, j.credits = j.credits-room, room
		j.findings = append(j.findings, cut)
	}
}

// used returns what earlier outcomes took of c in a period. Where the past is
// not known by outcomes, every month that the period touches counts whole: a cap
// may then leave too little, never too much.
func (s *Set) used(c PeriodCap, in span, p creditbank.Posting, course creditbank.Course, past creditbank.Past) creditbank.Credits {
	if c.byMonths(in) || !past.ByOutcomes() {
		return past.Totals.Sum(c.Category, in.first.Month(), in.last.Month())
	}
	var sum creditbank.Credits
	past.Each(func(o *creditbank.Outcome) {
		if s.counts(c, o, in, p, course) {
			sum += o.Credits
		}
	})
	return sum
}

// name says which cap this is: "FORMAL 42.0 2025-03-01..2026-02-28", and what it
// counts apart, as "I02" or "CARE".
func (c PeriodCap) name(in span, p creditbank.Posting, course creditbank.Course) string {
	name := fmt.Sprintf("%s %s ", c.Category, c.Credits)
	if in == always {
		name += perEver
	} else {
		name += in.String()
	}
	if c.Tag != "" {
		name += " " + c.Tag
	}
	if c.Level != 0 {
		name += fmt.Sprintf(" level=%d", c.Level)
	}
	switch {
	case c.Each == eachInstitution || c.Institution != "":
		name += " " + string(p.Institution)
	case c.Each == eachCourse || c.Course != "":
		name += " " + string(p.Course)
	case c.Each == eachFamily || c.Family != "":
		name += " " + cmp.Or(course.Family, string(p.Course))
	}
	return name
}

// expiry returns the last day on which the outcome can be used: the earliest of
// what the rule, the certificate itself and, where the rule asks, the course say.
func (r *Recognition) expiry(p creditbank.Posting, c creditbank.Course) creditbank.Date {
	var last creditbank.Date
	if r.ValidFor != (creditbank.Period{}) {
		last = r.ValidFor.After(p.IssuedOn)
	}
	if r.IssuerTerm && c.ValidFor != (creditbank.Period{}) {
		if issuer := c.ValidFor.After(p.IssuedOn); last == 0 || issuer < last {
			last = issuer
		}
	}
	if own := p.ValidUntil; own != 0 && (last == 0 || own < last) {
		last = own
	}
	return last
}

// String writes what s picks by, for findings: "course=X1", "family=CARE level=4".
func (s Filter) String() string {
	text := ""
	for _, part := range []struct{ key, value string }{
		{"category", string(s.Category)}, {"course", string(s.Course)}, {"family", s.Family}, {"tag", s.Tag}, {"institution", string(s.Institution)},
	} {
		if part.value != "" {
			text += " " + part.key + "=" + part.value
		}
	}
	if s.Level != 0 {
		text += fmt.Sprintf(" level=%d", s.Level)
	}
	if text == "" {
		return ""
	}
	return text[1:]
}
