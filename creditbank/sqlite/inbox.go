package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"creditbank/creditbank"
)

// Cases implements [creditbank.ApplicationStore].
func (s *Store) Cases(ctx context.Context, after creditbank.RowRef, limit int) ([]creditbank.RowRef, error) {
	rows, err := s.read.cases.QueryContext(ctx, after.Learner, after.Seq, limit)
	refs, err := collect(rows, err, scanRowRef)
	if err != nil {
		return nil, fmt.Errorf("cases after %d of %q: %w", after.Seq, after.Learner, err)
	}
	return refs, nil
}

// MarkRead implements [creditbank.InboxStore].
func (s *Store) MarkRead(ctx context.Context, learner creditbank.LearnerID, through int64) error {
	err := s.transact(ctx, func(ctx context.Context) (bool, error) {
		_, err := s.write.markRead.ExecContext(ctx, learner, through)
		return err == nil, err
	})
	if err != nil {
		return fmt.Errorf("read mark of %s: %w", learner, err)
	}
	return nil
}

// ReadMark implements [creditbank.InboxStore].
func (s *Store) ReadMark(ctx context.Context, learner creditbank.LearnerID) (int64, error) {
	var seq int64
	err := s.read.readMark.QueryRowContext(ctx, learner).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read mark of %s: %w", learner, err)
	}
	return seq, nil
}

// addConcern adds c to the transaction under way.
func (s *Store) addConcern(ctx context.Context, c creditbank.Concern) error {
	digest := c.Digest()
	_, err := s.write.addConcern.ExecContext(ctx, c.Institution, c.At.UnixMicro(), c.Learner, c.Seq, c.Kind, c.Day,
		c.Of, c.Since, c.Programme, c.Source, c.ExternalID, digest[:])
	return err
}

// Concerns implements [creditbank.InboxStore].
func (s *Store) Concerns(ctx context.Context, institution creditbank.InstitutionID, before creditbank.ConcernRef, limit int) ([]creditbank.Concern, error) {
	from := int64(math.MaxInt64)
	if before != (creditbank.ConcernRef{}) {
		from = before.At.UnixMicro()
	}
	rows, err := s.read.concerns.QueryContext(ctx, institution, from, before.Learner, before.Seq, limit)
	all, err := collect(rows, err, scanConcern)
	if err != nil {
		return nil, fmt.Errorf("concerns of %s: %w", institution, err)
	}
	return all, nil
}

func scanConcern(row scanner) (creditbank.Concern, error) {
	var c creditbank.Concern
	var at int64
	var digest []byte
	err := row.Scan(&c.Institution, &at, &c.Learner, &c.Seq, &c.Kind, &c.Day,
		&c.Of, &c.Since, &c.Programme, &c.Source, &c.ExternalID, &digest)
	if err != nil {
		return creditbank.Concern{}, fmt.Errorf("read concern: %w", err)
	}
	c.At = time.UnixMicro(at).UTC()
	if want := c.Digest(); !bytes.Equal(digest, want[:]) {
		return creditbank.Concern{}, fmt.Errorf("concern about row %d of account %s: %v", c.Seq, c.Learner, errDigest)
	}
	return c, nil
}
