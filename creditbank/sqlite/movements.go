package sqlite

import (
	"context"
	"fmt"

	"creditbank/creditbank"
)

// Movements returns the transfers of a learner as the ledger has them,
// recognitions included, in order: for whoever audits, who compares them with
// those that the history calls for.
func (s *Store) Movements(ctx context.Context, id creditbank.LearnerID) ([]creditbank.Movement, error) {
	rows, err := s.read.movements.QueryContext(ctx, id)
	all, err := collect(rows, err, scanMovement)
	if err != nil {
		return nil, fmt.Errorf("transfers of account %s: %w", id, err)
	}
	return all, nil
}

func scanMovement(row scanner) (creditbank.Movement, error) {
	var m creditbank.Movement
	err := row.Scan(&m.Seq, &m.N, &m.From, &m.To, &m.Category, &m.Credits)
	return m, err
}
