package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"creditbank/creditbank"
)

// applicationsQuery finds applications that no decision names, each by an
// index made for that.
const applicationsQuery = `
	SELECT a.learner_id, a.seq, a.kind
	FROM act AS a
	WHERE a.kind = 'applied'
	AND (a.learner_id, a.seq) > ($1::uuid, $2::bigint)
	AND NOT EXISTS (
		SELECT
		FROM act AS d
		WHERE d.learner_id = a.learner_id
		AND d.kind = 'decided'
		AND d.body ->> 'of' = a.seq::text
	)
	ORDER BY a.learner_id, a.seq
	LIMIT $3`

// Applications implements [creditbank.ApplicationStore].
func (s *Store) Applications(ctx context.Context, after creditbank.RowRef, limit int) ([]creditbank.RowRef, error) {
	return waiting(ctx, s.read.applications, "applications", after, limit)
}

// waiting lists rows of a kind that no other answers, above after.
func waiting(ctx context.Context, stmt *sql.Stmt, what string, after creditbank.RowRef, limit int) ([]creditbank.RowRef, error) {
	if after.Learner == "" {
		after.Learner = nobody // the lowest UUID
	}
	if !isUUID(string(after.Learner)) {
		return nil, fmt.Errorf("%s after %q: not a canonical UUID", what, after.Learner)
	}
	refs, err := queryAll(ctx, stmt, func(rows *sql.Rows) (r creditbank.RowRef, err error) {
		return r, rows.Scan(&r.Learner, &r.Seq, &r.Kind)
	}, string(after.Learner), after.Seq, limit)
	if err != nil {
		return nil, fmt.Errorf("%s after %d of %s: %w", what, after.Seq, after.Learner, err)
	}
	return refs, nil
}
