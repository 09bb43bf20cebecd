// Package scenariotest plays cities whose answers are known on a store, and
// compares. Every store must give the same:
//
//	store, err := sqlite.Open(…)
//	scenariotest.Expect(t, store, os.DirFS("../scenario/testdata/qinghe"))
package scenariotest

import (
	"crypto/rand"
	"io/fs"
	"testing"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
	"creditbank/creditbank/scenario"
	"creditbank/creditbank/vault"
)

// Play plays a city on a fresh store. What is wrong with the city is in the
// result; that it cannot be played fails the test.
func Play(t testing.TB, store creditbank.Store, fsys fs.FS) *scenario.Result {
	t.Helper()
	city, err := scenario.Read(fsys)
	if err != nil {
		t.Fatal(err)
	}
	result, err := scenario.Play(t.Context(), NewStage(t, store), city)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// NewStage returns a bank on the store, with a vault whose key is thrown away.
func NewStage(t testing.TB, store creditbank.Store) scenario.Stage {
	t.Helper()
	master, err := vault.NewMaster(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.New(master, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	clock := scenario.NewClock(time.Unix(0, 0))
	bank, err := creditbank.New(t.Context(), creditbank.Config{
		Store: store, Vault: v, Clock: clock.Now, Random: rand.Reader, LoadRules: rule.Load,
	})
	if err != nil {
		t.Fatal(err)
	}
	by, err := creditbank.NewCaller("operator:scenario")
	if err != nil {
		t.Fatal(err)
	}
	return scenario.Stage{Bank: bank, Clock: clock, By: by}
}
