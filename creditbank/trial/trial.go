// Package trial tries a draft of the rules on a whole population before it is
// published (试算): who gains, who loses, by how much, and which reasons change.
// It only reads.
//
//	t, err := trial.New(trial.Config{Published: now, Draft: next, Catalogue: cat, At: at})
//	report, err := trial.Run(ctx, bank, t, trial.Options{Progress: show})
//
// # What is compared
//
// For each learner, everything is decided twice, by the published set and by the
// draft, on the same facts; only where the two come out differently is there a
// change. What is suspended or has been given an end stays so under the draft. A draft equal to the published set therefore changes nothing for
// anybody, however old the decisions on record are.
//
//   - Recognition: every outcome that stands (the newest revision, not revoked) is
//     recognised anew in the order of posting, each set counting its own totals for
//     period caps, by what the catalogue says of the course today.
//   - Requests: every conversion that was asked for is decided anew, as of its own
//     day and on the account as it was then: what stood then stands, whatever the
//     draft would have made of it. Reviews are not repeated: a rule that asks for a
//     reviewer comes out pending, and its credits are those approval would bring.
//   - Today: for each programme the learner is enrolled in, each of its rules is
//     decided today, each by itself, on the account as it is. The rules compete for
//     the same outcomes, so the credits of this area say which doors open and close,
//     not what a learner could have in all.
//   - Plans, if asked for: the best set and order of conversions towards each of
//     these programmes. That is what a learner could have in all.
//
// What publishing would do by itself is none of these: outcomes on record keep
// what they were recognised for, and decisions stand. Recognition shows what the
// same learning would be worth under the draft, as it will be to those who post
// from then on.
//
// # What is told
//
// Tables count learners and credits by rule, programme, institution and region.
// Rows that fewer than a given number of learners stand behind say nothing
// ([Report.Suppress]), and where one such row alone could be worked out from the
// others, the next smallest says nothing either. Learners are named by their ids
// only.
package trial

import (
	"errors"
	"slices"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

// A Config is what is compared with what, and when.
type Config struct {
	Published, Draft *rule.Set
	Catalogue        *creditbank.Catalogue // of the courses
	At               time.Time             // now

	// Within says which regions' learners are looked at; nil for all of them.
	Within func(creditbank.RegionCode) bool

	// Plans asks for the best plans as well, which takes far longer.
	Plans bool
}

// A Trial is a comparison about to be made. It never changes and may be used by
// several goroutines.
type Trial struct {
	Config
	day   creditbank.Date // of At, where days are counted
	rules map[creditbank.ProgrammeID][]creditbank.RuleID

	// What need be decided once only, since both sets say the same of it.
	sameRecognition bool
	sameConversion  map[creditbank.RuleID]bool
	byTotals        bool // no set asks for the outcomes of the past
}

// New returns the trial that c describes.
func New(c Config) (*Trial, error) {
	if c.Published == nil || c.Draft == nil || c.Catalogue == nil || c.At.IsZero() {
		return nil, errors.New("trial: the configuration is incomplete")
	}
	var err error
	if c.Draft, err = c.Draft.Following(c.Published); err != nil {
		return nil, err
	}
	t := &Trial{Config: c, rules: map[creditbank.ProgrammeID][]creditbank.RuleID{}}
	t.day = creditbank.DateOf(c.At.In(c.Published.Location()))
	if t.sameRecognition, t.sameConversion, err = c.Published.Alike(c.Draft); err != nil {
		return nil, err
	}
	t.byTotals = c.Published.RecallsNothing() && c.Draft.RecallsNothing()
	for _, set := range []*rule.Set{c.Published, c.Draft} {
		for _, r := range set.Rules() {
			if r.Conversion == nil || slices.Contains(t.rules[r.Conversion.Programme], r.ID) {
				continue
			}
			t.rules[r.Conversion.Programme] = append(t.rules[r.Conversion.Programme], r.ID)
		}
	}
	return t, nil
}

// Day returns the day that counts as today.
func (t *Trial) Day() creditbank.Date { return t.day }

// An Area is what is compared.
type Area string

// The areas, in the order in which they are told.
const (
	Recognition Area = "recognition" // 认定
	Requests    Area = "requests"    // 已提出的转换申请
	Today       Area = "today"       // 今天各规则的决定
	Plans       Area = "plans"       // 最优方案
)

// Areas lists the areas.
func Areas() []Area { return []Area{Recognition, Requests, Today, Plans} }

// areas is how many there are.
const areas = 4

// order returns where among the areas a stands.
func (a Area) order() int {
	switch a {
	case Recognition:
		return 0
	case Requests:
		return 1
	case Today:
		return 2
	}
	return 3
}

// Text returns what an area is called.
func (a Area) Text() creditbank.Text {
	switch a {
	case Recognition:
		return creditbank.Text{ZH: "成果认定", EN: "recognition of outcomes"}
	case Requests:
		return creditbank.Text{ZH: "已提出的转换申请", EN: "conversions asked for"}
	case Today:
		return creditbank.Text{ZH: "今天各规则的决定", EN: "each rule today"}
	case Plans:
		return creditbank.Text{ZH: "最优转换方案", EN: "best plans"}
	}
	return creditbank.Text{ZH: string(a), EN: string(a)}
}

// What a set comes to.
const (
	Recognised = "recognised"
	Refused    = "refused"
	Approved   = "approve"
	Denied     = "deny"
	Pending    = "pending"
	Planned    = "planned"
	None       = "none" // the set has no such rule or programme, or no plan could be found
)

// A Side is what one of the sets comes to.
type Side struct {
	State     string              `json:"decision"`
	Rule      creditbank.RuleID   `json:"rule,omitempty"` // that applied; recognition only
	Credits   creditbank.Credits  `json:"credits"`
	Reasons   []creditbank.Reason `json:"reasons,omitempty"`
	Expires   creditbank.Date     `json:"expires,omitzero"`
	Lines     []Line              `json:"lines,omitempty"`
	Forfeited creditbank.Credits  `json:"forfeited,omitempty"`
	Steps     []creditbank.RuleID `json:"steps,omitempty"` // of a plan
}

// A Line is what a conversion grants.
type Line struct {
	Slot    creditbank.SlotID  `json:"slot"`
	Credits creditbank.Credits `json:"credits"`
	Grade   string             `json:"grade"`
}

// same reports whether both sides come to the same.
func (s *Side) same(o *Side) bool {
	return s.State == o.State && s.Rule == o.Rule && s.Credits == o.Credits && s.Expires == o.Expires && s.Forfeited == o.Forfeited &&
		slices.Equal(s.Reasons, o.Reasons) && slices.Equal(s.Lines, o.Lines) && slices.Equal(s.Steps, o.Steps)
}

// A Change is one thing that comes out differently.
type Change struct {
	Area        Area                     `json:"area"`
	Version     int64                    `json:"version,omitempty"` // the row of the account it is about
	Course      creditbank.CourseCode    `json:"course,omitempty"`
	Institution creditbank.InstitutionID `json:"institution,omitempty"`
	Programme   creditbank.ProgrammeID   `json:"programme,omitempty"`
	Rule        creditbank.RuleID        `json:"rule,omitempty"` // that was asked for
	Day         creditbank.Date          `json:"date,omitzero"`
	Before      Side                     `json:"before"` // by the published set
	After       Side                     `json:"after"`  // by the draft
}

// A Verdict says how a learner fares.
type Verdict string

// The verdicts. What counts is the sum of credits in each area.
const (
	Better    Verdict = "better" // more in some area, and less in none
	Worse     Verdict = "worse"
	Mixed     Verdict = "mixed"     // better in one area and worse in another
	Otherwise Verdict = "otherwise" // other reasons, grades or days, the same credits
	Unchanged Verdict = "unchanged"
)

// A Difference is how the credits of an area change.
type Difference struct {
	Area   Area               `json:"area"`
	Before creditbank.Credits `json:"before"`
	After  creditbank.Credits `json:"after"`
}

// A Learner is what the draft changes for one learner.
type Learner struct {
	ID          creditbank.LearnerID  `json:"learner"`
	Region      creditbank.RegionCode `json:"region,omitempty"`
	Verdict     Verdict               `json:"verdict"`
	Differences []Difference          `json:"credits"` // of the areas in which something changes
	Changes     []Change              `json:"changes"`
}

// Gain returns by how many credits the learner is better off in an area.
func (l Learner) Gain(a Area) creditbank.Credits {
	for _, d := range l.Differences {
		if d.Area == a {
			return d.After - d.Before
		}
	}
	return 0
}
