// Package accesstest is what every [access.Store] must do, and what an
// [access.Registry] does on it, written as tests that any store can run.
//
// It also helps other tests: a [World] is a registry in a small city with a clock
// that stands where it is put, [Passwords] hash fast, and a [Faulty] store fails
// on purpose.
package accesstest

import (
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// A Harness is an empty store with what a test needs to look behind it.
type Harness struct {
	Ledger creditbank.Store // kept in the same place
	Store  access.Store

	// Reopen returns a second handle on the same data, as another process has.
	// The harness closes it.
	Reopen func() access.Store

	// Exec runs raw SQL that both dialects understand.
	Exec func(query string) error

	// Damage sets a column to a value, a string, int64 or []byte, in every row
	// of a table, past all that guards it. It returns
	// [storetest.ErrImpossible] where the type of the column forbids the value.
	Damage func(table, column string, value any) error
}

// Run tests the stores that open returns. It is called once for each subtest and
// must return an empty store, which it closes when the test ends.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	for _, group := range [][]test{
		putTests, raceTests, damageTests,
		clientTests, requestTests, accountTests, activationTests, loginTests, sessionTests, rightTests, secrecyTests,
	} {
		for _, tt := range group {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel() // most of the time goes into opening
				tt.run(t, open(t))
			})
		}
	}
}

// A test is one of the suite.
type test struct {
	name string
	run  func(*testing.T, Harness)
}
