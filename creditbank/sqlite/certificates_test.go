package sqlite

import (
	"testing"

	"creditbank/certify/issuance"
	"creditbank/certify/issuance/issuancetest"
	"creditbank/creditbank"
)

func TestCertificates(t *testing.T) {
	issuancetest.Run(t, func(t *testing.T) issuancetest.Harness {
		path := newPath(t)
		s := open(t, path)
		return issuancetest.Harness{
			Ledger: s,
			Store:  s.Certificates(),
			Reopen: func() (creditbank.Store, issuance.Store) {
				other := open(t, path)
				return other, other.Certificates()
			},
			Erase: func(id creditbank.LearnerID) error {
				return s.Exec(t.Context(), "UPDATE learner SET person_key = x'' WHERE learner_id = ?", id)
			},
			Damage: func(table, column string, value any) error {
				if err := s.Exec(t.Context(), "DROP TRIGGER IF EXISTS "+table+"_no_shrink"); err != nil {
					return err
				}
				return s.Damage(t.Context(), table, column, value)
			},
		}
	})
}
