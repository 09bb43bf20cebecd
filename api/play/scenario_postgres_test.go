//go:build unix

package play_test

import (
	"os"
	"testing"

	"creditbank/api/host"
	"creditbank/api/play"
	"creditbank/creditbank/postgres/pgtest"
	"creditbank/creditbank/scenario/scenariotest"
)

// PostgreSQL gives the same year as SQLite.
func TestQingheOnPostgres(t *testing.T) {
	server := pgtest.New(t, pgtest.Options{})
	open := func(t testing.TB) host.Ledger { return onPostgres(t, server.Database(t, "")) }
	qinghe := os.DirFS(cities + "/qinghe")
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			scenariotest.ExpectResult(t, playCity(t, open, qinghe, way), qinghe)
		})
	}
}

// So it does where two of the ways lead to two replicas, and the second finds
// everything done.
func TestQingheAgainOnPostgres(t *testing.T) {
	server := pgtest.New(t, pgtest.Options{})
	dsn := server.Database(t, "")
	open := func(t testing.TB) host.Ledger { return onPostgres(t, dsn) }
	qinghe := os.DirFS(cities + "/qinghe")
	for _, way := range []play.Way{play.InStreams, play.OneByOne} {
		result := playCity(t, open, qinghe, way)
		if len(result.Problems) > 0 {
			t.Errorf("problems: %+v", result.Problems)
		}
	}
}

// A chain is undone on PostgreSQL as on SQLite.
func TestChainOnPostgres(t *testing.T) {
	server := pgtest.New(t, pgtest.Options{})
	chainThroughAPI(t, func(t testing.TB) host.Ledger { return onPostgres(t, server.Database(t, "")) })
}
