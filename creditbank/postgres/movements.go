package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"creditbank/creditbank"
)

const movementsQuery = `
	SELECT seq, n, from_account, to_account, category, credits
	FROM ledger
	WHERE learner_id = $1
	ORDER BY seq, n`

// Movements returns the transfers of a learner as the ledger has them,
// recognitions included, in order: for whoever audits, who compares them with
// those that the history calls for.
func (s *Store) Movements(ctx context.Context, id creditbank.LearnerID) ([]creditbank.Movement, error) {
	all, err := queryAll(ctx, s.read.movements, scanMovement, string(id))
	if err != nil {
		return nil, fmt.Errorf("transfers of account %s: %w", id, err)
	}
	return all, nil
}

func scanMovement(rows *sql.Rows) (creditbank.Movement, error) {
	var m creditbank.Movement
	err := rows.Scan(&m.Seq, &m.N, &m.From, &m.To, &m.Category, &m.Credits)
	return m, err
}
