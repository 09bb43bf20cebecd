package scenario_test

import (
	"os"
	"path/filepath"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/scenario/scenariotest"
	"creditbank/creditbank/sqlite"
)

// openStore returns a fresh store.
func openStore(t testing.TB) creditbank.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "bank.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func TestQinghe(t *testing.T) {
	scenariotest.Expect(t, openStore(t), os.DirFS("testdata/qinghe"))
}
