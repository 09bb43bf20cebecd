package rule

import (
	"fmt"
	"slices"

	"creditbank/creditbank"
)

// A Match compares the source with the target beyond "level: equal" and a plain
// overlap.
//
//	match:
//	  level: {relation: ge, min: 2, below: 1, framework: CN-OUC}
//	  overlap_min: "0.80"
//	  evidence:
//	    - course: S06
//	      overlap: "0.85"
//	      reviewer: 课程专家组
//	      on: 2024-05-20
//	      document: EV-2024-031
//	      outcomes: [{source: 识别社区需求, target: 社区调查}]
type Match struct {
	Level      *LevelMatch      `json:",omitempty"`
	OverlapMin creditbank.Ratio `json:",omitempty"` // what the evidence has to show
	Evidence   []Evidence       `json:",omitempty"`
}

// A LevelMatch relates the level of each named outcome to the slots. A pool or
// block has no one level and is not looked at.
type LevelMatch struct {
	Relation  string           `json:",omitempty"` // equal, ge, any; to the level of the slot, where it has one
	Below     int              `json:",omitempty"` // with ge: so many levels below the slot's will do
	Min       creditbank.Level `json:",omitempty"` // whatever the slot
	Framework string           `json:",omitempty"` // in which the levels count, for people
}

// Evidence says how far a course covers the target, who found so and when.
type Evidence struct {
	Course   creditbank.CourseCode
	Version  int `json:",omitempty"` // of the course; 0 for every version
	Overlap  creditbank.Ratio
	Reviewer string          `json:",omitempty"`
	On       creditbank.Date `json:",omitzero"`
	Document string          `json:",omitempty"`
	Outcomes []OutcomePair   `json:",omitempty"` // learning outcomes and what they cover
}

// An OutcomePair is a learning outcome of the source and the one of the target
// that it covers.
type OutcomePair struct{ Source, Target string }

// match checks each named outcome against the slots and the evidence.
func (e *evaluation) match() {
	for _, g := range e.conv.Grants {
		for _, l := range e.lots {
			if f, ok := e.levelFault(l, g); ok {
				e.denyAs(f)
			}
		}
	}
	for _, l := range e.lots {
		for _, f := range append(e.minLevel(l), e.overlap(l)...) {
			e.denyOnce(f)
		}
	}
}

// mismatches lists how l fails to match, for choosing among outcomes.
func (e *evaluation) mismatches(l *creditbank.Lot) []creditbank.Finding {
	fs := append(e.minLevel(l), e.overlap(l)...)
	for _, g := range e.conv.Grants {
		if f, ok := e.levelFault(l, g); ok {
			fs = append(fs, f)
		}
	}
	return fs
}

// levelFault says how the level of l fails that of the slot of g.
func (e *evaluation) levelFault(l *creditbank.Lot, g Grant) (creditbank.Finding, bool) {
	slot, _ := e.programme.Slot(g.Slot)
	if slot.Level == 0 || e.levelFits(l.Level, slot.Level) {
		return creditbank.Finding{}, false
	}
	return creditbank.Finding{
		Code: creditbank.LevelMismatch, Subject: string(l.Course), Have: fmt.Sprint(int(l.Level)), Need: fmt.Sprintf("%s %s%d", slot.ID, e.relation(), slot.Level),
	}, true
}

func (e *evaluation) levelFits(have, slot creditbank.Level) bool {
	if m := e.conv.levelMatch(); m != nil {
		switch m.Relation {
		case "equal":
			return have == slot
		case "ge":
			return have != 0 && have >= slot-creditbank.Level(m.Below)
		}
		return true
	}
	return !e.conv.SameLevel || have == slot
}

// relation writes what is asked of a level: "" for equal, ">=" or ">=-1+" for
// one below.
func (e *evaluation) relation() string {
	m := e.conv.levelMatch()
	switch {
	case m == nil || m.Relation != "ge":
		return ""
	case m.Below > 0:
		return fmt.Sprintf("-%d>=", m.Below)
	}
	return ">="
}

func (c *Conversion) levelMatch() *LevelMatch {
	if c.Match == nil {
		return nil
	}
	return c.Match.Level
}

func (e *evaluation) minLevel(l *creditbank.Lot) []creditbank.Finding {
	m := e.conv.levelMatch()
	if m == nil || l.Level >= m.Min {
		return nil
	}
	return []creditbank.Finding{{Code: creditbank.LevelMismatch, Subject: string(l.Course), Have: fmt.Sprint(int(l.Level)), Need: fmt.Sprintf(">=%d", m.Min)}}
}

// overlap compares what the evidence shows with what the rule asks for. What the
// evidence says of the course's version goes before what it says of the course,
// and that before the overlap of the rule as a whole.
func (e *evaluation) overlap(l *creditbank.Lot) []creditbank.Finding {
	m := e.conv.Match
	if m == nil || m.OverlapMin == 0 {
		return nil
	}
	have, shown := e.conv.Overlap, e.conv.Overlap != 0
	for _, version := range []int{0, l.CourseVersion} {
		if i := slices.IndexFunc(m.Evidence, func(ev Evidence) bool { return ev.Course == l.Course && ev.Version == version }); i >= 0 {
			have, shown = m.Evidence[i].Overlap, true
		}
	}
	if have >= m.OverlapMin {
		return nil
	}
	f := creditbank.Finding{Code: creditbank.OverlapBelowMin, Subject: string(l.Course), Need: m.OverlapMin.String()}
	if shown {
		f.Have = have.String()
	}
	return []creditbank.Finding{f}
}
