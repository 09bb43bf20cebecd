package storetest

import (
	"slices"
	"testing"

	"creditbank/creditbank"
)

// A Book builds the history of one account as the bank does, a few rows at a
// time: each method adds rows, and [Book.Write] hands out those added since it
// was last called. What it builds adds up ([creditbank.NewAccount]), or the
// test fails.
type Book struct {
	History creditbank.History // with the rows not handed out yet

	t         testing.TB
	written   int64                     // the version handed out
	work      []creditbank.WorkItem     // the worklist as of then
	asked     []creditbank.PetitionItem // the open petitions as of then
	movements []creditbank.Movement
}

// NewBook returns the book of a learner whose account was just opened.
func NewBook(t testing.TB, l creditbank.NewLearner) *Book {
	return &Book{
		t: t, written: 1,
		History: creditbank.History{Learner: l.ID, Acts: []creditbank.Act{l.Act}},
	}
}

// Clone returns a copy of b that goes its own way: two writers that read the
// same version.
func (b *Book) Clone() *Book {
	c := *b
	c.History.Outcomes = slices.Clone(b.History.Outcomes)
	c.History.Acts = slices.Clone(b.History.Acts)
	c.movements = slices.Clone(b.movements)
	return &c
}

// Account returns what b adds up to.
func (b *Book) Account() *creditbank.Account {
	b.t.Helper()
	a, err := creditbank.NewAccount(b.History)
	if err != nil {
		b.t.Fatalf("the test built a history that does not add up: %v", err)
	}
	return a
}

func (b *Book) next() int64 { return int64(len(b.History.Outcomes)+len(b.History.Acts)) + 1 }

// Post adds the first revision of an outcome worth so many credits.
func (b *Book) Post(externalID string, c creditbank.Credits) creditbank.Outcome {
	return b.Record(Posting(b.History.Learner, externalID, 1), Recognised(c))
}

// Record adds p recognised as r. A revision takes the place of the one before
// it, whose credits go back.
func (b *Book) Record(p creditbank.Posting, r creditbank.Recognition) creditbank.Outcome {
	b.t.Helper()
	old := b.current(p.OutcomeKey)
	o := Outcome(p, r, b.next())
	b.History.Outcomes = append(b.History.Outcomes, o)
	if old != nil {
		b.Act(creditbank.ActReplaced, creditbank.ActBody{Of: old.Seq, Since: o.Seq})
	}
	return o
}

func (b *Book) current(k creditbank.OutcomeKey) *creditbank.Lot {
	for _, l := range b.Account().Lots {
		if l.Current() && l.Institution == k.Institution && l.ExternalID == k.ExternalID {
			return l
		}
	}
	return nil
}

// Act adds an act with what it moves.
func (b *Book) Act(kind creditbank.ActKind, body creditbank.ActBody) creditbank.Act {
	return b.add(Act(b.History.Learner, b.next(), kind, body))
}

// Request adds an act under an idempotency key.
func (b *Book) Request(key string, kind creditbank.ActKind, body creditbank.ActBody) creditbank.Act {
	return b.add(Requested(Act(b.History.Learner, b.next(), kind, body), key, 0))
}

func (b *Book) add(a creditbank.Act) creditbank.Act {
	b.t.Helper()
	for n, t := range b.Account().Transfers(a) {
		b.movements = append(b.movements, creditbank.Movement{Seq: a.Seq, N: n, Transfer: t})
	}
	b.History.Acts = append(b.History.Acts, a)
	return a
}

// Revoke adds the revocation of an unused outcome.
func (b *Book) Revoke(seq int64) creditbank.Act {
	return b.Act(creditbank.ActRevoked, creditbank.ActBody{Of: seq, Reason: "抄袭 <&>"})
}

// Reverse adds the reversal of a conversion.
func (b *Book) Reverse(conversion int64) creditbank.Act {
	return b.Act(creditbank.ActReversed, creditbank.ActBody{Of: conversion, Reason: "申诉成立"})
}

// Convert adds the decision that turns up to the given credits of each of the
// lots into a line of a programme.
func (b *Book) Convert(upTo creditbank.Credits, lots ...int64) creditbank.Act {
	b.t.Helper()
	a := b.Account()
	d := decision(a)
	var granted creditbank.Credits
	for _, seq := range lots {
		lot := a.Lot(seq)
		c := min(lot.Available(Day), upTo)
		granted += c
		d.Sources = append(d.Sources, creditbank.Consumption{Category: lot.Category, Course: lot.Course, Credits: c, Lot: seq})
	}
	d.Approved = true
	d.Lines = []creditbank.Line{line(granted)}
	return b.Act(creditbank.ActDecided, creditbank.ActBody{Decision: d})
}

// Deny adds a decision that converts nothing.
func (b *Book) Deny() creditbank.Act {
	d := decision(b.Account())
	d.Findings = []creditbank.Finding{{Code: creditbank.InsufficientPool, Have: "1.0", Need: "3.0", Subject: "T-A1"}}
	d.Short = 2 * creditbank.Credit
	d.Missing = []creditbank.CourseCode{"C-书法"}
	return b.Act(creditbank.ActDecided, creditbank.ActBody{Decision: d})
}

func decision(a *creditbank.Account) *creditbank.Decision {
	return &creditbank.Decision{
		Base: a.Version, At: Noon, Day: Day, Engine: creditbank.EngineVersion, Inputs: a.Digest(), Learner: a.Learner,
		Programme: "P1", Rule: "R05", RuleHash: seed("rule", 5), RuleSet: 1,
	}
}

// Write returns the rows added since the last call as one write.
func (b *Book) Write() creditbank.Write {
	b.t.Helper()
	a := b.Account()
	w := creditbank.Write{
		Learner: b.History.Learner, Base: b.written, Frozen: a.Frozen, Totals: a.Totals, Movements: b.movements,
	}
	for _, o := range b.History.Outcomes {
		if o.Seq > b.written {
			w.Outcomes = append(w.Outcomes, o)
		}
	}
	for _, act := range b.History.Acts {
		if act.Seq > b.written {
			w.Acts = append(w.Acts, act)
		}
	}
	w.Work, w.Petitions = a.WorkChanges(b.work), a.PetitionChanges(b.asked)
	b.written, b.movements, b.work, b.asked = a.Version, nil, a.Work(), a.OpenPetitions()
	return w
}
