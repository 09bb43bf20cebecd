package rule

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"creditbank/creditbank"
)

// Kinds of rule.
const (
	kindRecognition = "recognition"
	kindConversion  = "conversion"
)

// What happens to a line or a lot that does not fit.
const (
	exceedDeny     = "deny"
	exceedTruncate = "truncate"
)

// approvalReviewer says that a person has to approve what a rule grants.
const approvalReviewer = "reviewer"

// A Rule is one rule as its file states it. The exported fields are its
// canonical form, which its hash is taken of.
type Rule struct {
	ID    creditbank.RuleID
	Kind  string
	Title creditbank.Text
	From  creditbank.Date `json:",omitzero"` // first day in force; zero since ever
	To    creditbank.Date `json:",omitzero"` // last day in force; zero for ever

	Recognition *Recognition `json:",omitempty"`
	Conversion  *Conversion  `json:",omitempty"`

	Version    int                      `json:",omitempty"` // several rules of one id, with windows of their own, are its versions
	Owner      creditbank.InstitutionID `json:",omitempty"` // who answers for the rule
	LegalBasis []string                 `json:",omitempty"` // the documents it rests on
	Priority   int                      `json:",omitempty"` // the higher one is meant to go first where two rules could do

	hash     creditbank.Hash
	examples []*Example // no part of the rule's canonical form: it means the same without them
}

// Hash returns the SHA-256 of the rule's canonical form with the programme it
// grants in: it names exactly this rule in decisions.
func (r *Rule) Hash() creditbank.Hash { return r.hash }

// inForce reports on which side of the rule's window day lies: -1 before it, 0
// inside, 1 after it.
func (r *Rule) inForce(day creditbank.Date) int {
	switch {
	case r.To != 0 && day > r.To: // first: a rule may have been retired before it began
		return 1
	case r.From != 0 && day < r.From:
		return -1
	}
	return 0
}

// A Conversion says what lots may become in a programme.
type Conversion struct {
	Programme creditbank.ProgrammeID
	Parts     []Part           `json:",omitempty"` // course or all
	Pool      *Pool            `json:",omitempty"`
	Block     *Block           `json:",omitempty"`
	Source    *Tree            `json:",omitempty"` // any other tree; then none of the three above
	SameLevel bool             `json:",omitempty"` // the source's level must be the slot's
	Overlap   creditbank.Ratio `json:",omitempty"` // content overlap, on evidence held with the rule
	Reviewed  bool             `json:",omitempty"` // people have to approve
	Grants    []Grant

	Match      *Match                `json:",omitempty"` // what SameLevel and Overlap do not say
	Validity   *Validity             `json:",omitempty"`
	Exclude    *creditbank.Exclusion `json:",omitempty"`
	Require    []Requirement         `json:",omitempty"`
	When       []Condition           `json:",omitempty"`
	KeepExcess bool                  `json:",omitempty"` // credits beyond the lines stay with the learner
	RuleTime   string                `json:",omitempty"` // the day the rule has to be in force: of the outcome, or of enrolment; else of the application
	Flags      *Flags                `json:",omitempty"`

	Process *creditbank.Process `json:",omitempty"` // how reviewers decide; nil for one, at once

	tree *Tree
}

// Flags leave the bank as they are, for the systems around it: they decide
// nothing here.
type Flags struct {
	Fee             string `json:",omitempty"` // exempt, payable, refund
	NotTransferable bool   `json:",omitempty"` // the line may not be handed on to another person
	Initiator       string `json:",omitempty"` // learner, institution_with_consent
}

// Tree returns what the conversion asks for as a tree, whichever form it has in
// the file. It is shared: change nothing in it.
func (c *Conversion) Tree() *Tree { return c.tree }

// A Part is an outcome that a conversion asks for.
type Part struct {
	Course        creditbank.CourseCode
	MinGrade      *int64 `json:",omitempty"` // hundredths of a point
	FamilyHighest bool   `json:",omitempty"`
	MinOn         *Bound `json:",omitempty"` // a least grade on a named scale
	MaxGrade      *Bound `json:",omitempty"` // a greatest grade
}

// A Pool takes credits of a category, the earliest expiry first.
type Pool struct {
	Category creditbank.Category
	Credits  creditbank.Credits
	Split    bool `json:",omitempty"` // may take a part of a lot
}

// A Block takes everything available of an institution and category.
type Block struct {
	Institution creditbank.InstitutionID
	Category    creditbank.Category
	MinCredits  creditbank.Credits
}

// A Grant is one line that a conversion puts into a slot.
type Grant struct {
	Slot    creditbank.SlotID
	Fixed   *creditbank.Credits `json:",omitempty"` // this many, or at most this many of the source's
	Source  bool                `json:",omitempty"` // the source's credits
	Excess  bool                `json:",omitempty"` // the source's credits beyond earlier lines
	Partial bool                `json:",omitempty"` // leaves the rest of the slot open
	Exceed  string
	Grade   Grade

	Shortfall string `json:",omitempty"` // where the source has fewer credits than Fixed: deny, partial, make_up
}

// waives reports whether the line fills its slot with no credits.
func (g Grant) waives() bool { return g.Fixed != nil && *g.Fixed == 0 }

// A Set is one version of a city's rules with the programmes they grant in and
// the facts of the courses they name. It implements [creditbank.Rules].
type Set struct {
	number     int
	location   *time.Location
	rules      []*Rule
	byID       map[creditbank.RuleID]*Rule   // the newest version of each
	versions   map[creditbank.RuleID][]*Rule // all, the newest first
	programmes map[creditbank.ProgrammeID]creditbank.Programme
	order      []creditbank.ProgrammeID
	warnings   []Finding
	courses    map[creditbank.CourseCode]courseFacts
	everyday   *creditbank.Exclusion // what no conversion of the set may use
	subjects   *Subjects
	subjectOf  map[creditbank.CourseCode]string // of every course whose title is known

	scales        []Scale
	distributions []Distribution
	calendars     []Calendar
	denied        []Exclusion // sources that no rule recognises
	standing      creditbank.RuleStanding
}

var _ creditbank.Rules = (*Set)(nil)

// courseFacts is what evaluation needs of a course that a learner has no
// outcome of. It is kept with the published set, so that a decision replayed
// years later sees the course as it was.
//
// Title and tags are kept, and of every course, only where the set asks for them.
type courseFacts struct {
	Category creditbank.Category
	Tags     []string `json:",omitempty"`
	Title    string   `json:",omitempty"`
}

// Version implements [creditbank.Rules].
func (s *Set) Version() int { return s.number }

// Location implements [creditbank.Rules].
func (s *Set) Location() *time.Location { return s.location }

// Programme implements [creditbank.Rules].
func (s *Set) Programme(id creditbank.ProgrammeID) (creditbank.Programme, bool) {
	p, ok := s.programmes[id]
	return p, ok
}

// Programmes implements [creditbank.Rules]: in the order of their file.
func (s *Set) Programmes() []creditbank.Programme {
	all := make([]creditbank.Programme, 0, len(s.order))
	for _, id := range s.order {
		all = append(all, s.programmes[id])
	}
	return all
}

// Rules returns the rules in the order of their file.
func (s *Set) Rules() []*Rule { return slices.Clone(s.rules) }

// RuleTitle implements [creditbank.Rules].
func (s *Set) RuleTitle(id creditbank.RuleID) (creditbank.Text, creditbank.ProgrammeID, bool) {
	r, ok := s.byID[id]
	if !ok {
		return creditbank.Text{}, "", false
	}
	if r.Conversion == nil {
		return r.Title, "", true
	}
	return r.Title, r.Conversion.Programme, true
}

// Process implements [creditbank.Rules]: of the version that d was decided by.
func (s *Set) Process(d *creditbank.Decision) *creditbank.Process {
	for _, r := range s.versions[d.Rule] {
		if r.hash == d.RuleHash && r.Conversion != nil {
			return r.Conversion.Process
		}
	}
	return nil
}

// NeedsReview implements [creditbank.Rules].
func (s *Set) NeedsReview(id creditbank.RuleID) bool {
	r, ok := s.byID[id]
	return ok && r.Conversion != nil && r.Conversion.Reviewed
}

// hashRules gives each rule the hash of its canonical form, the programme it
// grants in, the time zone it counts days in and the tables it reads.
func (s *Set) hashRules() error {
	for _, r := range s.rules {
		form := struct {
			Rule      *Rule
			Programme *creditbank.Programme `json:",omitempty"`
			Zone      string
			Exclude   *creditbank.Exclusion `json:",omitempty"`
			Subjects  *Subjects             `json:",omitempty"`
			Uses      *uses                 `json:",omitempty"`
		}{Rule: r, Zone: s.location.String(), Uses: s.uses(r)}
		if r.Conversion != nil {
			p := s.programmes[r.Conversion.Programme]
			form.Programme, form.Exclude = &p, s.everyday
			if p.UniqueSubjects {
				form.Subjects = s.subjects
			}
		}
		b, err := json.Marshal(form)
		if err != nil {
			return fmt.Errorf("rule %s: %w", r.ID, err)
		}
		r.hash = sha256.Sum256(b)
	}
	return nil
}
