package sqlite

import (
	"context"
	"fmt"

	"creditbank/creditbank"
)

// Applications implements [creditbank.ApplicationStore].
func (s *Store) Applications(ctx context.Context, after creditbank.RowRef, limit int) ([]creditbank.RowRef, error) {
	rows, err := s.read.applications.QueryContext(ctx, after.Learner, after.Seq, limit)
	refs, err := collect(rows, err, scanRowRef)
	if err != nil {
		return nil, fmt.Errorf("applications after %d of %q: %w", after.Seq, after.Learner, err)
	}
	return refs, nil
}
