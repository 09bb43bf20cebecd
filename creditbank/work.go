package creditbank

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// A WorkItem is an open application as the worklist has it: an index kept beside
// the ledger, so that what waits for an institution is found without reading other
// accounts. It follows from the account ([Account.Work]), and is replaced or removed
// with each write that changes it.
type WorkItem struct {
	Learner   LearnerID
	Seq       int64
	Number    string // in public, while it is shown; "" else
	Programme ProgrammeID
	State     ApplicationState
	Due       Date // last day of what runs, zero for no limit; the list is sorted by it
	Wake      Date // the first day on which the clock has something to do, zero for none
	Facts     WorkFacts
}

// WorkFacts are what is kept of an item beside its keys. The fields stand in
// alphabetical order of their names in JSON.
type WorkFacts struct {
	Claims   []Claim `json:"claims,omitempty"`
	Credits  Credits `json:"credits,omitempty"`  // granted by what is shown
	Disputed bool    `json:"disputed,omitempty"` // an objection waits for an answer
	Rule     RuleID  `json:"rule"`
	Seats    int     `json:"seats,omitempty"` // votes to be cast, claimed or not
}

// Encode returns f as it is stored.
func (f WorkFacts) Encode() []byte { return canonical(f) }

// DecodeWorkFacts parses what [WorkFacts.Encode] wrote.
func DecodeWorkFacts(data []byte) (WorkFacts, error) {
	var f WorkFacts
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return WorkFacts{}, fmt.Errorf("worklist: %v", err)
	}
	return f, nil
}

// Unclaimed returns how many votes are to be cast that nobody has claimed on day.
func (w WorkItem) Unclaimed(day Date) int {
	left := w.Facts.Seats
	for _, c := range w.Facts.Claims {
		if c.Until >= day {
			left--
		}
	}
	return left
}

// Claimed reports whether somebody has claimed w on day.
func (w WorkItem) Claimed(who string, day Date) bool {
	return slices.ContainsFunc(w.Facts.Claims, func(c Claim) bool { return c.By == who && c.Until >= day })
}

// Overdue reports whether reviewers should have decided w before day.
func (w WorkItem) Overdue(day Date) bool {
	return (w.State == StateSubmitted || w.State == StateAppealed) && w.Due != 0 && w.Due < day
}

// A WorkPlace is a place in the worklist, after which a page begins. The zero
// WorkPlace is before the first.
type WorkPlace struct {
	Due     Date // what the list is sorted by; [NoDeadline] for an item without a limit
	Learner LearnerID
	Seq     int64
}

// NoDeadline sorts what has no limit after everything that has one.
const NoDeadline Date = 99999999

// Place returns where w stands in the worklist.
func (w WorkItem) Place() WorkPlace { return WorkPlace{orNoDeadline(w.Due), w.Learner, w.Seq} }

// wakePlace returns where w stands in the list of what the clock calls for.
func (w WorkItem) wakePlace() WorkPlace { return WorkPlace{orNoDeadline(w.Wake), w.Learner, w.Seq} }

func orNoDeadline(d Date) Date {
	if d == 0 {
		return NoDeadline
	}
	return d
}

// workItem returns p as the worklist has it, and the zero WorkItem for nil.
func (a *Account) workItem(p *Application) WorkItem {
	if p == nil {
		return WorkItem{}
	}
	w := WorkItem{Learner: a.Learner, Seq: p.Seq, Programme: p.Decision.Programme, State: p.State, Due: p.Due}
	w.Facts = WorkFacts{Claims: p.Claims, Rule: p.Decision.Rule, Disputed: p.Disputed()}
	switch {
	case p.UnderReview():
		w.Facts.Seats = p.Process.Votes() - len(p.Votes())
	case p.State == StateReturned:
		w.Wake = p.Due.Next()
	case p.State == StatePublicity:
		w.Number, w.Facts.Credits = p.Number(), p.Expected().Granted()
		if !p.Disputed() && !a.Frozen {
			w.Wake = p.Due.Next()
		}
	}
	return w
}

// Work returns the open applications of a as the worklist has them.
func (a *Account) Work() []WorkItem {
	var work []WorkItem
	for _, p := range a.Applications {
		if p.Open() {
			work = append(work, a.workItem(p))
		}
	}
	return work
}

// WorkChanges returns what brings the worklist from what it was to what the
// account says: items to put in place of what is there, and closed ones to remove.
func (a *Account) WorkChanges(was []WorkItem) []WorkItem {
	var changes []WorkItem
	same := func(v, w WorkItem) bool { return v.Seq == w.Seq && bytes.Equal(canonical(v), canonical(w)) }
	now := a.Work()
	for _, w := range now {
		if !slices.ContainsFunc(was, func(v WorkItem) bool { return same(v, w) }) {
			changes = append(changes, w)
		}
	}
	for _, v := range was {
		if !slices.ContainsFunc(now, func(w WorkItem) bool { return w.Seq == v.Seq }) {
			changes = append(changes, a.workItem(a.Application(v.Seq)))
		}
	}
	return changes
}

// Open reports whether w belongs in the worklist.
func (w WorkItem) Open() bool { return (&Application{State: w.State}).Open() }

// A WorkFilter says which open applications somebody wants to see.
type WorkFilter string

// The filters.
const (
	WorkWaiting   WorkFilter = ""          // that reviewers have something to do on
	WorkUnclaimed WorkFilter = "unclaimed" // of these, with a vote that nobody has claimed
	WorkMine      WorkFilter = "mine"      // claimed by whoever asks
	WorkOverdue   WorkFilter = "overdue"   // past the reviewers' deadline
	WorkReturned  WorkFilter = "returned"  // that wait for their applicants
	WorkShown     WorkFilter = "publicity" // approved, under publicity
	WorkAll       WorkFilter = "all"
)

// takes reports whether f takes in an item, for somebody on a day.
func (f WorkFilter) takes(w WorkItem, who string, day Date) bool {
	review := w.State == StateSubmitted || w.State == StateAppealed
	switch f {
	case WorkWaiting:
		return review || w.Facts.Disputed
	case WorkUnclaimed:
		return review && w.Unclaimed(day) > 0
	case WorkMine:
		return review && w.Claimed(who, day)
	case WorkOverdue:
		return w.Overdue(day)
	case WorkReturned:
		return w.State == StateReturned
	case WorkShown:
		return w.State == StatePublicity
	}
	return true
}

// A WorkQuery asks for a page of open applications.
type WorkQuery struct {
	Programmes []ProgrammeID // of these only
	Filter     WorkFilter
	By         Caller    // whoever asks, for WorkMine
	After      WorkPlace // where the page before ended
	Limit      int
}

// Worklist returns up to q.Limit open applications for programmes, sorted by
// deadline, and where the next page begins if there may be more.
func (b *Bank) Worklist(ctx context.Context, q WorkQuery) (items []WorkItem, next *WorkPlace, err error) {
	day := b.Today()
	for at := q.After; ; {
		page, err := b.store.Worklist(ctx, q.Programmes, at, q.Limit)
		if err != nil {
			return nil, nil, err
		}
		for _, w := range page {
			at = w.Place()
			if !q.Filter.takes(w, q.By.ID, day) {
				continue
			}
			if items = append(items, w); len(items) == q.Limit {
				return items, &at, nil
			}
		}
		if len(page) < q.Limit {
			return items, nil, nil
		}
	}
}

// Shown returns up to limit applications under publicity (公示名单), sorted by the
// last day of it. It tells nobody's name.
func (b *Bank) Shown(ctx context.Context, after WorkPlace, limit int) ([]WorkItem, error) {
	return b.store.Shown(ctx, after, limit)
}

// ShownAs returns the application that is shown under a public number.
func (b *Bank) ShownAs(ctx context.Context, number string) (WorkItem, error) {
	return b.store.ShownAs(ctx, number)
}
