package rule

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"creditbank/creditbank"
)

// Alike tells which rules two sets have in common to the last particular: whatever
// one of them decides by such a conversion rule, or recognises, the other decides
// and recognises too. Where something that rules share differs (programmes, what
// is known of courses, scales, calendars, negative lists, what is suspended),
// nothing is alike, to be on the safe side.
func (s *Set) Alike(o *Set) (recognition bool, conversions map[creditbank.RuleID]bool, err error) {
	ours, err := s.shared()
	if err != nil {
		return false, nil, err
	}
	theirs, err := o.shared()
	if err != nil || !bytes.Equal(ours, theirs) {
		return false, nil, err
	}
	conversions = map[creditbank.RuleID]bool{}
	for id, versions := range s.versions {
		if versions[0].Conversion != nil && slices.Equal(hashes(versions), hashes(o.versions[id])) {
			conversions[id] = true
		}
	}
	return slices.Equal(s.recognitions(), o.recognitions()), conversions, nil
}

// shared returns everything but the rules, encoded.
func (s *Set) shared() ([]byte, error) {
	return json.Marshal(struct {
		Zone          string
		Programmes    map[creditbank.ProgrammeID]creditbank.Programme
		Courses       map[creditbank.CourseCode]courseFacts
		Exclude       *creditbank.Exclusion
		Subjects      *Subjects
		Scales        []Scale
		Distributions []Distribution
		Calendars     []Calendar
		Denied        []Exclusion
		Standing      creditbank.RuleStanding
	}{
		s.location.String(), s.programmes, s.courses, s.everyday, s.subjects, orNone(s.scales), orNone(s.distributions), orNone(s.calendars),
		orNone(s.denied), creditbank.RuleStanding{Retired: orNone(s.standing.Retired), Suspended: orNone(s.standing.Suspended)},
	})
}

// orNone makes an empty list no list.
func orNone[E any](list []E) []E {
	if len(list) == 0 {
		return nil
	}
	return list
}

func hashes(rules []*Rule) []creditbank.Hash {
	var all []creditbank.Hash
	for _, r := range rules {
		all = append(all, r.hash)
	}
	return all
}

// recognitions returns the hashes of the recognition rules, in the order in which
// they are tried.
func (s *Set) recognitions() []creditbank.Hash {
	return hashes(slices.DeleteFunc(slices.Clone(s.rules), func(r *Rule) bool { return r.Recognition == nil }))
}

// RecallsNothing reports whether recognition by s never asks for the outcomes of
// the past, only for their totals.
func (s *Set) RecallsNothing() bool {
	anyDay := creditbank.Posting{IssuedOn: creditbank.NewDate(2000, time.January, 1)}
	return !slices.ContainsFunc(s.rules, func(r *Rule) bool {
		return r.Recognition != nil && (r.Recognition.Carry || slices.ContainsFunc(r.Recognition.caps(), func(c PeriodCap) bool {
			return c.Per != "" || !c.byMonths(s.capSpan(c, anyDay)) // a calendar year is whole months
		}))
	})
}
