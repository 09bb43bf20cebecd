package sqlite

import (
	"context"
	"fmt"
)

// Exec runs raw SQL on the writer's connection.
func (s *Store) Exec(ctx context.Context, query string, args ...any) error {
	<-s.turn
	defer func() { s.turn <- struct{}{} }()
	_, err := s.conn.ExecContext(ctx, query, args...)
	return err
}

// Damage sets a column in every row of a table, past triggers and checks.
func (s *Store) Damage(ctx context.Context, table, column string, value any) error {
	for _, query := range []string{
		fmt.Sprintf("DROP TRIGGER IF EXISTS %s_no_update", table),
		"PRAGMA ignore_check_constraints = ON",
	} {
		if err := s.Exec(ctx, query); err != nil {
			return err
		}
	}
	return s.Exec(ctx, fmt.Sprintf("UPDATE %s SET %s = ?", table, column), value)
}
