// Package issuancetest is what every [issuance.Store] must do, written as tests
// that any store can run ([Run]), and a small bank to issue certificates from
// ([NewCity]). What the tests conclude about the log they compute with
// golang.org/x/mod alone, as a stranger would.
package issuancetest

import (
	"testing"

	"creditbank/certify/issuance"
	"creditbank/creditbank"
)

// A Harness is an empty store, with the ledger beside it, and what a test needs
// to look behind them.
type Harness struct {
	Ledger creditbank.Store
	Store  issuance.Store

	// Reopen returns a second handle on the same data, as another process has.
	Reopen func() (creditbank.Store, issuance.Store)

	// Erase destroys the key of a learner.
	Erase func(id creditbank.LearnerID) error

	// Damage sets a column to a value in every row of a table, past all that
	// guards it, as storetest.Harness has it. Tables and columns have the same
	// names in every dialect; instants are microseconds since 1970.
	Damage func(table, column string, value any) error
}

// Run tests the stores that open returns. It is called once for each test and
// must return an empty store, which it closes when the test ends.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	for _, group := range [][]test{commitTests, receiptTests, followTests, requestTests, keyTests, faultTests, damageTests, erasureTests} {
		for _, tt := range group {
			t.Run(tt.name, func(t *testing.T) { tt.run(t, open(t)) })
		}
	}
	t.Run("DamagedLogIsNotSigned", func(t *testing.T) { testDamagedLog(t, open) })
}

// A test is one of the suite.
type test struct {
	name string
	run  func(*testing.T, Harness)
}
