//go:build unix

package postgres_test

import (
	"os"
	"testing"

	"creditbank/creditbank/scenario/scenariotest"
)

// The city of Qinghe gives the answers worked out by hand, line by line.
func TestQinghe(t *testing.T) {
	store, _ := newStore(t)
	scenariotest.Expect(t, store, os.DirFS("../scenario/testdata/qinghe"))
}
