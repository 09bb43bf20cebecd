package sqlite_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"creditbank/creditbank/sqlite"
	"creditbank/creditbank/storetest"
)

// What was open before there was a worklist is in it after the migration.
func TestWorklistTakesInWhatWasOpen(t *testing.T) {
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "bank.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := storetest.OpenBefore(t, s)
	migration, err := os.ReadFile("migrations/00009_applications.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, backfill, ok := strings.Cut(string(migration), "INSERT INTO application")
	if !ok {
		t.Fatal("the migration takes nothing in")
	}
	for _, query := range []string{"DELETE FROM application", "INSERT INTO application" + backfill} {
		if err := s.Exec(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	storetest.WantWork(t, s, want)
}
