package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lib/pq"

	"creditbank/creditbank"
)

// casesQuery finds cases that no decision names, each by an index made for that.
const casesQuery = `
	SELECT a.learner_id, a.seq, a.kind
	FROM act AS a
	WHERE a.kind = 'case_opened'
	AND (a.learner_id, a.seq) > ($1::uuid, $2::bigint)
	AND NOT EXISTS (
		SELECT
		FROM act AS d
		WHERE d.learner_id = a.learner_id
		AND d.kind = 'case_decided'
		AND d.body ->> 'of' = a.seq::text
	)
	ORDER BY a.learner_id, a.seq
	LIMIT $3`

// Cases implements [creditbank.ApplicationStore].
func (s *Store) Cases(ctx context.Context, after creditbank.RowRef, limit int) ([]creditbank.RowRef, error) {
	return waiting(ctx, s.read.cases, "cases", after, limit)
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

const markReadQuery = `
	INSERT INTO read_mark (learner_id, seq)
	VALUES ($1::uuid, $2)
	ON CONFLICT (learner_id) DO UPDATE
	SET seq = excluded.seq
	WHERE read_mark.seq < excluded.seq`

const readMarkQuery = `
	SELECT seq
	FROM read_mark
	WHERE learner_id = $1`

// MarkRead implements [creditbank.InboxStore].
func (s *Store) MarkRead(ctx context.Context, learner creditbank.LearnerID, through int64) error {
	if !isUUID(string(learner)) {
		return fmt.Errorf("read mark of %q: not a canonical UUID", learner)
	}
	err := retry(ctx, func() error {
		return s.commit(ctx, func(ctx context.Context, w *writer) error {
			_, err := w.markRead.ExecContext(ctx, string(learner), through)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("read mark of %s: %w", learner, err)
	}
	return nil
}

// ReadMark implements [creditbank.InboxStore].
func (s *Store) ReadMark(ctx context.Context, learner creditbank.LearnerID) (int64, error) {
	if !isUUID(string(learner)) {
		return 0, fmt.Errorf("read mark of %q: not a canonical UUID", learner)
	}
	var seq int64
	err := s.read.readMark.QueryRowContext(ctx, string(learner)).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read mark of %s: %w", learner, err)
	}
	return seq, nil
}

// concernsQuery reads the key backwards from a place in it.
const concernsQuery = `
	SELECT institution, learner_id, seq, kind, at, day, of_seq, since, programme, source, external_id, digest
	FROM concern
	WHERE institution = $1
	AND (at, learner_id, seq) < ($2::timestamptz, $3::uuid, $4::bigint)
	ORDER BY at DESC, learner_id DESC, seq DESC
	LIMIT $5`

// Concerns implements [creditbank.InboxStore].
func (s *Store) Concerns(ctx context.Context, institution creditbank.InstitutionID, before creditbank.ConcernRef, limit int) ([]creditbank.Concern, error) {
	from := "infinity"
	if before == (creditbank.ConcernRef{}) {
		before.Learner = nobody
	} else {
		from = timestamp(before.At)
	}
	if !isUUID(string(before.Learner)) {
		return nil, fmt.Errorf("concerns of %q before %v: not a canonical UUID", institution, before)
	}
	all, err := queryAll(ctx, s.read.concerns, scanConcern, string(institution), from, string(before.Learner), before.Seq, limit)
	if err != nil {
		return nil, fmt.Errorf("concerns of %s: %w", institution, err)
	}
	return all, nil
}

// scanConcern reads a concern from a row, or tells of damage.
func scanConcern(rows *sql.Rows) (creditbank.Concern, error) {
	var c creditbank.Concern
	var digest []byte
	err := rows.Scan(&c.Institution, &c.Learner, &c.Seq, &c.Kind, &c.At, &c.Day,
		&c.Of, &c.Since, &c.Programme, &c.Source, &c.ExternalID, &digest)
	if err != nil {
		return creditbank.Concern{}, err
	}
	c.At = c.At.UTC()
	if want := c.Digest(); !bytes.Equal(want[:], digest) {
		return creditbank.Concern{}, fmt.Errorf("damaged concern about row %d of account %s: %v", c.Seq, c.Learner, errDigest)
	}
	return c, nil
}

// concernArrays are the columns of rows of concern.
type concernArrays struct {
	institution, learner, kind, at, programme, source, external []string
	seq, of, since                                              []int64
	day                                                         []int32
	digest                                                      [][]byte
}

func (t *concernArrays) add(c creditbank.Concern) {
	digest := c.Digest()
	t.institution = append(t.institution, string(c.Institution))
	t.learner = append(t.learner, string(c.Learner))
	t.seq = append(t.seq, c.Seq)
	t.kind = append(t.kind, string(c.Kind))
	t.at = append(t.at, timestamp(c.At))
	t.day = append(t.day, int32(c.Day))
	t.of = append(t.of, c.Of)
	t.since = append(t.since, c.Since)
	t.programme = append(t.programme, string(c.Programme))
	t.source = append(t.source, string(c.Source))
	t.external = append(t.external, c.ExternalID)
	t.digest = append(t.digest, digest[:])
}

func (t *concernArrays) args() []any {
	return []any{
		pq.StringArray(t.institution), pq.StringArray(t.learner), pq.Int64Array(t.seq), pq.StringArray(t.kind),
		pq.StringArray(t.at), pq.Int32Array(t.day), pq.Int64Array(t.of), pq.Int64Array(t.since),
		pq.StringArray(t.programme), pq.StringArray(t.source), pq.StringArray(t.external), pq.ByteaArray(t.digest),
	}
}
