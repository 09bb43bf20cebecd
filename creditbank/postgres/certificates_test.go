//go:build unix

package postgres_test

import (
	"testing"

	"creditbank/certify/issuance"
	"creditbank/certify/issuance/issuancetest"
	"creditbank/creditbank"
	"creditbank/creditbank/postgres/pgtest"
)

func TestCertificates(t *testing.T) {
	pgtest.Require(t)
	issuancetest.Run(t, func(t *testing.T) issuancetest.Harness {
		dsn := server.Database(t, migrated)
		s, db := open(t, dsn), openDB(t, dsn)
		return issuancetest.Harness{
			Ledger: s,
			Store:  s.Certificates(),
			Reopen: func() (creditbank.Store, issuance.Store) {
				other := open(t, dsn)
				return other, other.Certificates()
			},
			Erase: func(id creditbank.LearnerID) error {
				_, err := db.ExecContext(t.Context(), `UPDATE learner SET person_key = '' WHERE learner_id = $1`, id)
				return err
			},
			Damage: func(table, column string, value any) error { return damage(t.Context(), db, table, column, value) },
		}
	})
}
