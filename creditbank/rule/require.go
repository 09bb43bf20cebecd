package rule

import (
	"fmt"
	"slices"

	"creditbank/creditbank"
)

// A Requirement is what has to be the case before a conversion, whatever it
// takes. Exactly one field is set.
//
//	require:
//	  - account: active            # not frozen; asked of every conversion anyway
//	  - real_name: true            # every account is one of a checked identity number
//	  - enrolled: P2               # in another programme as well
//	  - not_before: 2025-09-01     # the day of the application
//	  - not_after: 2026-06-30
//	  - lines: {programme: P1, slots: [A, B], credits: "8"}   # so much stands there already
//	  - no_lines: {programme: P1, from_level: 5}              # nothing of that level yet
type Requirement struct {
	Active    bool                   `json:",omitempty"`
	RealName  bool                   `json:",omitempty"`
	Enrolled  creditbank.ProgrammeID `json:",omitempty"`
	NotBefore creditbank.Date        `json:",omitzero"`
	NotAfter  creditbank.Date        `json:",omitzero"`
	Lines     *Standing              `json:",omitempty"` // at least so many credits of lines stand
	NoLines   *Standing              `json:",omitempty"` // no such line stands
}

// A Standing is a set of lines of a programme.
type Standing struct {
	Programme creditbank.ProgrammeID
	Slots     []creditbank.SlotID `json:",omitempty"` // any if empty
	FromLevel creditbank.Level    `json:",omitempty"` // slots of this level and above
	Credits   creditbank.Credits  `json:",omitempty"` // at least; a single line will do if 0
}

// requirements checks the preconditions.
func (e *evaluation) requirements() {
	for _, r := range e.conv.Require {
		if f, unmet := e.unmet(r); unmet {
			e.denyOnce(f)
		}
	}
}

// unmet says why a requirement is not met.
func (e *evaluation) unmet(r Requirement) (creditbank.Finding, bool) {
	condition := func(subject, have, need string) creditbank.Finding {
		return creditbank.Finding{Code: creditbank.ConditionUnmet, Subject: subject, Have: have, Need: need}
	}
	switch {
	case r.Active:
		return creditbank.Finding{Code: creditbank.AccountFrozen}, e.account.Frozen
	case r.Enrolled != "":
		return creditbank.Finding{Code: creditbank.NotEnrolled, Subject: string(r.Enrolled)}, !e.account.Enrolled(r.Enrolled)
	case r.NotBefore != 0:
		return condition("not_before", e.day.String(), r.NotBefore.String()), e.day < r.NotBefore
	case r.NotAfter != 0:
		return condition("not_after", e.day.String(), r.NotAfter.String()), e.day > r.NotAfter
	case r.Lines != nil:
		lines, sum := e.standingLines(r.Lines)
		return condition("lines "+r.Lines.String(), sum.String(), r.Lines.Credits.String()), lines == 0 || sum < r.Lines.Credits
	case r.NoLines != nil:
		lines, sum := e.standingLines(r.NoLines)
		return condition("no_lines "+r.NoLines.String(), sum.String(), ""), lines > 0
	}
	return creditbank.Finding{}, false // real_name: every account is
}

// standingLines counts the standing lines asked for and sums their credits.
func (e *evaluation) standingLines(s *Standing) (n int, sum creditbank.Credits) {
	programme := e.set.programmes[s.Programme]
	for _, c := range e.account.Conversions {
		if !c.Stands() || c.Decision.Programme != s.Programme {
			continue
		}
		for _, l := range c.Decision.Lines {
			slot, _ := programme.Slot(l.Slot)
			if len(s.Slots) > 0 && !slices.Contains(s.Slots, l.Slot) || slot.Level < s.FromLevel {
				continue
			}
			n, sum = n+1, sum+l.Credits
		}
	}
	return n, sum
}

// String names the lines: "P1", "P1 A,B", "P1 >=5".
func (s *Standing) String() string {
	name := string(s.Programme)
	if len(s.Slots) > 0 {
		name += " " + joinCodes(s.Slots)
	}
	if s.FromLevel > 0 {
		name += fmt.Sprintf(" >=%d", s.FromLevel)
	}
	return name
}
