//go:build unix

package postgres_test

import (
	"os"
	"strings"
	"testing"

	"creditbank/creditbank/storetest"
)

// What was open before there was a worklist is in it after the migration.
func TestWorklistTakesInWhatWasOpen(t *testing.T) {
	s, db := newStore(t)
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
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	storetest.WantWork(t, s, want)
}
