package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"creditbank/creditbank"
)

// recognisedUntil is the last day that an act of kind recognised gives an
// outcome, as the index act_expiry has it.
const recognisedUntil = `(nullif(replace(body -> 'recognition' ->> 'expires_on', '-', ''), '')::integer)`

// expiringQuery reads each of its two indexes from where the last page ended.
const expiringQuery = `
	SELECT expires_on, learner_id
	FROM (
		SELECT DISTINCT expires_on, learner_id
		FROM outcome
		WHERE granted
		AND expires_on > 0
		AND (expires_on, learner_id) > ($1::integer, $2::uuid)
		AND expires_on <= $3::integer
		ORDER BY expires_on, learner_id
		LIMIT $4
	) AS posted
	UNION
	SELECT expires_on, learner_id
	FROM (
		SELECT DISTINCT ` + recognisedUntil + ` AS expires_on, learner_id
		FROM act
		WHERE kind = 'recognised'
		AND (` + recognisedUntil + `, learner_id) > ($1::integer, $2::uuid)
		AND ` + recognisedUntil + ` <= $3::integer
		ORDER BY ` + recognisedUntil + `, learner_id
		LIMIT $4
	) AS anew
	ORDER BY expires_on, learner_id
	LIMIT $4`

const refusedQuery = `
	SELECT learner_id
	FROM (
		SELECT DISTINCT learner_id
		FROM outcome
		WHERE NOT granted
		AND learner_id > $1::uuid
		ORDER BY learner_id
		LIMIT $2
	) AS posted
	UNION
	SELECT learner_id
	FROM (
		SELECT DISTINCT learner_id
		FROM act
		WHERE kind = 'recognised'
		AND learner_id > $1::uuid
		ORDER BY learner_id
		LIMIT $2
	) AS anew
	ORDER BY learner_id
	LIMIT $2`

const markQuery = `
	SELECT coalesce(max(mark), 0)
	FROM sweep
	WHERE job = $1`

const setMarkQuery = `
	INSERT INTO sweep (job, mark)
	VALUES ($1, $2)
	ON CONFLICT (job) DO UPDATE
	SET mark = excluded.mark
	WHERE excluded.mark > sweep.mark`

// Expiring implements [creditbank.SweepStore].
func (s *Store) Expiring(ctx context.Context, after creditbank.Expiry, through creditbank.Date, limit int) ([]creditbank.Expiry, error) {
	if after.Learner == "" {
		after.Learner = nobody // the lowest UUID
	}
	if !isUUID(string(after.Learner)) {
		return nil, fmt.Errorf("expiries after %q: not a canonical UUID", after.Learner)
	}
	all, err := queryAll(ctx, s.read.expiring, func(rows *sql.Rows) (e creditbank.Expiry, err error) {
		return e, rows.Scan(&e.Day, &e.Learner)
	}, int64(after.Day), string(after.Learner), int64(through), limit)
	if err != nil {
		return nil, fmt.Errorf("expiries through %s: %w", through, err)
	}
	return all, nil
}

// Refused implements [creditbank.SweepStore].
func (s *Store) Refused(ctx context.Context, after creditbank.LearnerID, limit int) ([]creditbank.LearnerID, error) {
	if after == "" {
		after = nobody
	}
	if !isUUID(string(after)) {
		return nil, fmt.Errorf("learners after %q: not a canonical UUID", after)
	}
	ids, err := queryAll(ctx, s.read.refused, func(rows *sql.Rows) (id creditbank.LearnerID, err error) {
		return id, rows.Scan(&id)
	}, string(after), limit)
	if err != nil {
		return nil, fmt.Errorf("learners with refused outcomes after %s: %w", after, err)
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
	err := retry(ctx, func() error {
		return s.commit(ctx, func(ctx context.Context, w *writer) error {
			_, err := w.setMark.ExecContext(ctx, job, mark)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("set the mark of %s: %w", job, err)
	}
	return nil
}
