//go:build unix

package creditbank_test

import (
	"database/sql"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/postgres"
	"creditbank/creditbank/postgres/pgtest"
)

// PostgreSQL keeps random lives as SQLite does.
func TestRandomLivesOnPostgres(t *testing.T) {
	server := pgtest.New(t, pgtest.Options{})
	dsn := server.Database(t, "")
	store, err := postgres.Open(t.Context(), dsn)
	must(t, err)
	c := newCityOn(t, store)
	c.repeat = map[creditbank.CourseCode]creditbank.Repeat{"S1": creditbank.RepeatBest, "N3": creditbank.RepeatOnce}
	db, err := sql.Open("postgres", dsn)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	randomLives(t, c, db)
}
