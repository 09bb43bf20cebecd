package main

import (
	"context"
	"time"

	"creditbank/creditbank"
)

// The views are what --json prints. Amounts are decimal strings.

// A learnerView says whose account it is.
type learnerView struct {
	ID      creditbank.LearnerID     `json:"id"`
	Account creditbank.AccountNumber `json:"account"`
	Alias   string                   `json:"alias,omitempty"`
	Name    string                   `json:"name"`
	Region  creditbank.RegionCode    `json:"region"`
}

func (s *session) learnerView(ctx context.Context, id creditbank.LearnerID) (learnerView, error) {
	l, err := s.Learner(ctx, id)
	if err != nil {
		return learnerView{}, err
	}
	p, err := s.Person(ctx, id)
	if err != nil {
		return learnerView{}, err
	}
	return learnerView{id, l.Account, s.Aliases.Of(l.Account), p.Name, l.Region}, nil
}

// called returns how to name the learner on a command line.
func (l learnerView) called() string {
	if l.Alias != "" {
		return l.Alias
	}
	return string(l.Account)
}

// heading names a learner for people: L2 李建国 4123 4567 8901.
func (l learnerView) heading() string {
	n := string(l.Account)
	text := l.Name + "  " + n[:4] + " " + n[4:8] + " " + n[8:]
	if l.Alias != "" {
		text = l.Alias + " " + text
	}
	return text
}

// A balanceView is a balance with whose it is.
type balanceView struct {
	Learner    learnerView                                   `json:"learner"`
	Day        creditbank.Date                               `json:"day"`
	Version    int64                                         `json:"version"`
	Frozen     bool                                          `json:"frozen"`
	Available  map[creditbank.Category]creditbank.Credits    `json:"available"`
	Held       map[creditbank.Category]creditbank.Credits    `json:"held,omitempty"` // by applications
	Programmes map[creditbank.ProgrammeID]creditbank.Credits `json:"programmes"`
	InQuestion map[creditbank.ProgrammeID]creditbank.Credits `json:"in_question,omitempty"` // of them, while a case is open
	Enrolled   []creditbank.ProgrammeID                      `json:"enrolled"`
}

// A lotView is a lot as it is on a day.
type lotView struct {
	Seq         int64                    `json:"seq"`
	Institution creditbank.InstitutionID `json:"institution"`
	ExternalID  string                   `json:"external_id"`
	Revision    int                      `json:"revision"`
	Course      creditbank.CourseCode    `json:"course"`
	Title       string                   `json:"title"`
	Category    creditbank.Category      `json:"category"`
	Level       creditbank.Level         `json:"level,omitempty"`
	IssuedOn    creditbank.Date          `json:"issued_on"`
	Score       creditbank.Score         `json:"score"`
	Attended    creditbank.Hours         `json:"attended_hours"`
	Credits     creditbank.Credits       `json:"credits"`
	Lost        creditbank.Credits       `json:"lost"`
	Available   creditbank.Credits       `json:"available"`
	ValidUntil  creditbank.Date          `json:"valid_until,omitempty"` // the certificate's own last day
	ExpiresOn   creditbank.Date          `json:"expires_on"`
	InCase      int64                    `json:"in_question,omitempty"` // the open case about a conversion that used it
	Held        creditbank.Credits       `json:"held,omitempty"`        // by applications
	State       creditbank.LotState      `json:"state"`
	Reasons     []creditbank.Reason      `json:"reasons"`
	Explained   []creditbank.Text        `json:"explained,omitempty"` // why it was refused or cut
}

// newLotView says what has become of l by day.
func newLotView(cat *creditbank.Catalogue, l *creditbank.Lot, day creditbank.Date) lotView {
	return lotView{
		Seq: l.Seq, Institution: l.Institution, ExternalID: l.ExternalID, Revision: l.Revision,
		Course: l.Course, Title: cat.Courses[l.Course].Title, Category: l.Category, Level: l.Level,
		IssuedOn: l.IssuedOn, Score: l.Score, Attended: l.Attended, Credits: l.Credits, Lost: l.Lost,
		Available: l.Available(day), ValidUntil: l.ValidUntil, ExpiresOn: l.ExpiresOn, Reasons: orEmpty(l.Reasons),
		Explained: creditbank.ExplainOutcome(cat, l.Outcome),
		Held:      l.Held(day), State: l.State(day),
	}
}

// A decisionView is a decision with its reasons in words.
type decisionView struct {
	Seq       int64                    `json:"seq,omitempty"` // zero of a preview
	Rule      creditbank.RuleID        `json:"rule"`
	Title     creditbank.Text          `json:"title"`
	Programme creditbank.ProgrammeID   `json:"programme"`
	Decision  string                   `json:"decision"` // approve, deny, pending
	Day       creditbank.Date          `json:"day"`
	Reasons   []creditbank.Reason      `json:"reasons"`
	Explained []creditbank.Text        `json:"explained"`
	Lines     []lineView               `json:"lines"`
	Sources   []creditbank.Consumption `json:"sources"`
	Missing   []creditbank.CourseCode  `json:"missing"`
	Short     creditbank.Credits       `json:"short"`
	Forfeited creditbank.Credits       `json:"forfeited"`
	Hash      creditbank.Hash          `json:"hash"`
}

// A lineView is a line of a decision.
type lineView struct {
	Slot    creditbank.SlotID  `json:"slot"`
	Title   creditbank.Text    `json:"title"`
	Credits creditbank.Credits `json:"credits"`
	Grade   string             `json:"grade"`
	MakeUp  creditbank.Credits `json:"make_up,omitzero"` // owed elsewhere
}

func newDecisionView(cat *creditbank.Catalogue, seq int64, d *creditbank.Decision) decisionView {
	v := decisionView{
		Seq: seq, Rule: d.Rule, Programme: d.Programme, Decision: "deny", Day: d.Day, Reasons: d.Reasons(), Lines: []lineView{},
		Explained: orEmpty(creditbank.Explain(cat, d)), Sources: orEmpty(d.Sources), Missing: orEmpty(d.Missing),
		Short: d.Short, Forfeited: d.Forfeited, Hash: d.Hash(),
	}
	switch {
	case d.Approved:
		v.Decision = "approve"
	case d.Pending():
		v.Decision = "pending"
	}
	v.Title, _, _ = cat.Rules.RuleTitle(d.Rule)
	programme, _ := cat.Rules.Programme(d.Programme)
	for _, l := range d.Lines {
		slot, _ := programme.Slot(l.Slot)
		v.Lines = append(v.Lines, lineView{l.Slot, slot.Title, l.Credits, l.Grade, l.MakeUp})
	}
	return v
}

// An entryView is an entry of a statement.
type entryView struct {
	Seq       int64                 `json:"seq"`
	Kind      string                `json:"kind"` // posted, or the kind of an act
	Day       creditbank.Date       `json:"day"`
	At        time.Time             `json:"at"`
	By        string                `json:"by"`
	Outcome   *lotView              `json:"outcome,omitempty"`
	Decision  *decisionView         `json:"decision,omitempty"`
	Consent   *consentView          `json:"consent,omitempty"`
	Award     *creditbank.Conferral `json:"award,omitempty"`
	Case      *creditbank.CaseEntry `json:"case,omitempty"`
	InCase    int64                 `json:"in_question,omitempty"` // the open case that puts what was converted in doubt
	Of        int64                 `json:"of,omitempty"`
	Since     int64                 `json:"since,omitempty"`
	Programme string                `json:"programme,omitempty"`
	Reason    string                `json:"reason,omitempty"`
	Moves     []moveView            `json:"transfers"`
}

// A consentView is what a learner consented to.
type consentView struct {
	Recipient creditbank.InstitutionID `json:"recipient"`
	Name      string                   `json:"name"`
	Purpose   creditbank.Purpose       `json:"purpose"`
	Fields    []creditbank.Field       `json:"fields"`
	Text      string                   `json:"text_version"`
	Until     creditbank.Date          `json:"until"`
}

func newConsentView(cat *creditbank.Catalogue, c *creditbank.Consent) *consentView {
	if c == nil {
		return nil
	}
	return &consentView{c.Recipient, cat.Institutions[c.Recipient].Name, c.Purpose, c.Fields, c.TextVersion, c.Until}
}

// A moveView is a transfer of the ledger.
type moveView struct {
	From     creditbank.AccountID `json:"from"`
	To       creditbank.AccountID `json:"to"`
	Category creditbank.Category  `json:"category"`
	Credits  creditbank.Credits   `json:"credits"`
}

func newMoves(transfers []creditbank.Transfer) []moveView {
	moves := make([]moveView, 0, len(transfers))
	for _, t := range transfers {
		moves = append(moves, moveView(t))
	}
	return moves
}

// orEmpty makes null lists of JSON empty ones.
func orEmpty[E any](s []E) []E {
	if s == nil {
		return []E{}
	}
	return s
}
