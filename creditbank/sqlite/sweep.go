package sqlite

import (
	"context"
	"fmt"

	"creditbank/creditbank"
)

// Expiring implements [creditbank.SweepStore].
func (s *Store) Expiring(ctx context.Context, after creditbank.Expiry, through creditbank.Date, limit int) ([]creditbank.Expiry, error) {
	rows, err := s.read.expiring.QueryContext(ctx, after.Day, after.Learner, through, limit)
	all, err := collect(rows, err, func(row scanner) (e creditbank.Expiry, err error) {
		return e, row.Scan(&e.Day, &e.Learner)
	})
	if err != nil {
		return nil, fmt.Errorf("expiries through %s: %w", through, err)
	}
	return all, nil
}

// Refused implements [creditbank.SweepStore].
func (s *Store) Refused(ctx context.Context, after creditbank.LearnerID, limit int) ([]creditbank.LearnerID, error) {
	rows, err := s.read.refused.QueryContext(ctx, after, limit)
	ids, err := collect(rows, err, func(row scanner) (id creditbank.LearnerID, err error) { return id, row.Scan(&id) })
	if err != nil {
		return nil, fmt.Errorf("learners with refused outcomes after %q: %w", after, err)
	}
	return ids, nil
}

// Mark implements [creditbank.SweepStore].
func (s *Store) Mark(ctx context.Context, job string) (mark int64, err error) {
	if err := s.read.mark.QueryRowContext(ctx, job).Scan(&mark); err != nil {
		return 0, fmt.Errorf("mark of %s: %w", job, err)
	}
	return mark, nil
}

// SetMark implements [creditbank.SweepStore].
func (s *Store) SetMark(ctx context.Context, job string, mark int64) error {
	err := s.transact(ctx, func(ctx context.Context) (bool, error) {
		_, err := s.write.setMark.ExecContext(ctx, job, mark)
		return err == nil, err
	})
	if err != nil {
		return fmt.Errorf("set the mark of %s: %w", job, err)
	}
	return nil
}
