// Package storetest is what every [creditbank.Store] must do, written as tests
// that any store can run: [Run] is the whole of a store's own tests, the rest
// of them is opening it.
//
// It also helps other tests. [Learner], [Posting], [Outcome] and [Act] build
// valid rows; a [Book] builds the whole history of an account the way the bank
// does, a few rows at a time; a [Follower] reads a feed; and a [Faulty] store
// fails on purpose.
package storetest

import (
	"testing"

	"creditbank/creditbank"
)

// A Harness is an empty store with what a test needs to look behind it. The
// functions that are nil are things the store cannot do; their tests are
// skipped.
//
// Tables and columns have the same names in every dialect, so that damage can
// be done and books can be checked from here: see the table in damage.go.
type Harness struct {
	Store creditbank.Store

	// Reopen returns a second handle on the same data, as another process has.
	// The harness closes it.
	Reopen func() creditbank.Store

	// Exec runs raw SQL that both dialects understand.
	Exec func(query string) error

	// Int runs raw SQL that returns one integer.
	Int func(query string) (int64, error)

	// Damage sets a column to a value, a string, int64, bool or []byte, in
	// every row of a table, past all that guards it: triggers, checks. It
	// returns [ErrImpossible] where the type of the column forbids the value.
	Damage func(table, column string, value any) error

	// IdleTx begins a transaction that holds back whatever an open
	// transaction can hold back without locking out writers, and leaves it idle
	// until release is called.
	IdleTx func() (release func())

	// Clone dumps the data and restores it elsewhere.
	Clone func(t *testing.T) Harness
}

// Run tests the stores that open returns. It is called once for each subtest
// and must return an empty store, which it closes when the test ends.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	for _, group := range [][]test{
		learnerTests, appendTests, headTests, raceTests, contextTests,
		documentTests, feedTests, damageTests, ledgerTests, faultTests, bankTests,
		applicationTests, disclosureTests, inboxTests, historiesTests, sweepTests, petitionTests,
	} {
		for _, tt := range group {
			t.Run(tt.name, func(t *testing.T) { tt.run(t, open(t)) })
		}
	}
}

// A test is one of the suite.
type test struct {
	name string
	run  func(*testing.T, Harness)
}
