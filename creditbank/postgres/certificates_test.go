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
				l, err := s.Learner(t.Context(), id)
				if err != nil {
					return err
				}
				l.Key = nil
				digest := l.Digest()
				_, err = db.ExecContext(t.Context(), `UPDATE learner SET person_key = '', digest = $1 WHERE learner_id = $2`, digest[:], id)
				return err
			},
			Damage: func(table, column string, value any) error { return damage(t.Context(), db, table, column, value) },
		}
	})
}
