package creditbank

import "time"

// Rules is one published version of the rules of a city: it decides what
// outcomes are worth and what they may be converted into. Package rule makes
// them from files; the bank only asks. Rules never change and may be used by
// several goroutines.
type Rules interface {
	// Version returns the number under which the rules were published, from 1.
	Version() int

	// Location returns the time zone in which days begin.
	Location() *time.Location

	// CheckScore reports a mark on a scale that these rules do not define, or one
	// that is none of the scale's. It says nothing of what the mark is.
	CheckScore(s Score) error

	// Recognise decides what p, an outcome of c, is worth to a learner after what
	// was recognised before.
	Recognise(p Posting, c Course, past Past) Recognition

	// Recalls reports whether Recognise needs the outcomes of the past for p, not
	// only their totals. Without them it may grant too little, never too much.
	Recalls(p Posting, c Course) bool

	// Grounds says why an outcome of c was recognised as it was, with figures: one
	// finding at least for each of its reasons.
	Grounds(o Outcome, c Course) []Finding

	// Decide decides whether rule may convert what a holds, on the given day.
	// It changes nothing. Where the rule asks for a reviewer and nothing else
	// speaks against it, the decision is pending. An unknown rule is ErrNotFound.
	Decide(a *Account, rule RuleID, at time.Time, day Date) (*Decision, error)

	// Review decides an application of a once more, now that a reviewer has
	// spoken: by its rule and as of its day, on what a holds; what the
	// application holds is free for it. An unknown application is ErrNotFound.
	Review(a *Account, r Review, at time.Time) (*Decision, error)

	// Fits reports whether again, which grants the same lines as the standing
	// conversion c of a on other sources, keeps the programme's limits in its
	// place, beside what was converted since.
	Fits(a *Account, c *Conversion, again *Decision) bool

	// Plan finds the best conversions for a towards the programme: by any of its
	// rules, or only by those named. An unknown programme is ErrNotFound. Rules
	// that ask for a reviewer are planned with as if approved; the plan names them.
	Plan(a *Account, programme ProgrammeID, at time.Time, day Date, only ...RuleID) (Plan, error)

	// Programme returns the programme with the given id.
	Programme(id ProgrammeID) (Programme, bool)

	// Programmes returns all of them.
	Programmes() []Programme

	// RuleTitle returns the title of a rule and the programme it grants in;
	// the programme is "" for a recognition rule.
	RuleTitle(id RuleID) (title Text, programme ProgrammeID, ok bool)

	// Process returns how an application of which d is the pending decision is
	// decided; nil for one reviewer, at once.
	Process(d *Decision) *Process

	// NeedsReview reports whether a reviewer has to approve what the rule grants.
	NeedsReview(id RuleID) bool

	// Standing returns what this version says about rules that are suspended or
	// have been given an end.
	Standing() RuleStanding
}

// A RuleMaker makes rule sets of files and compares them. Its methods may be
// called by several goroutines.
type RuleMaker interface {
	// Compile checks files against a catalogue and returns the document to publish.
	// What is wrong with them is an error that wraps a [PlacedError] for each place.
	Compile(files RuleFiles, cat *Catalogue) (body []byte, err error)

	// Source returns the files of a document.
	Source(body []byte) (RuleFiles, error)

	// Stand returns a document as it is with another standing.
	Stand(body []byte, s RuleStanding) ([]byte, error)

	// Changes returns what differs between two documents, rule by rule and field
	// by field; nil documents hold nothing.
	Changes(before, after []byte) ([]RuleChange, error)
}
