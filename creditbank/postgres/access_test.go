//go:build unix

package postgres_test

import (
	"testing"

	"creditbank/creditbank/access"
	"creditbank/creditbank/access/accesstest"
	"creditbank/creditbank/postgres/pgtest"
)

func TestAccess(t *testing.T) {
	pgtest.Require(t)
	accesstest.Run(t, func(t *testing.T) accesstest.Harness {
		dsn := server.Database(t, migrated)
		s, db := open(t, dsn), openDB(t, dsn)
		return accesstest.Harness{
			Ledger: s,
			Store:  s.Access(),
			Reopen: func() access.Store { return open(t, dsn).Access() },
			Exec: func(query string) error {
				_, err := db.ExecContext(t.Context(), query)
				return err
			},
			Damage: func(table, column string, value any) error { return damage(t.Context(), db, table, column, value) },
		}
	})
}
