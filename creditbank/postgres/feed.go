package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"creditbank/creditbank"
)

// sequencerLock is the advisory lock under which feed rows are numbered. The
// number means nothing; other users of the database must not use it.
const sequencerLock = 0x0c3ed17b

const newestQuery = `
	SELECT coalesce(max(seq), 0)
	FROM feed`

const waitingQuery = `
	SELECT EXISTS (SELECT FROM feed WHERE seq IS NULL)`

// numberQuery numbers the first $2 of the feed rows that it sees, that have no
// number and that come after the id $1, in the order of their ids, which is
// about the order in which they were made. It returns the id of the $2nd, or
// nothing if there were fewer.
const numberQuery = `
	WITH next AS (
		SELECT id, row_number() OVER (ORDER BY id) AS i
		FROM feed
		WHERE seq IS NULL
		AND id > $1::uuid
		ORDER BY id
		LIMIT $2::integer
	), numbered AS (
		UPDATE feed
		SET seq = (SELECT coalesce(max(seq), 0) FROM feed) + next.i
		FROM next
		WHERE feed.id = next.id
	)
	SELECT id
	FROM next
	WHERE i = $2::integer`

// numberBatch is how many feed rows are numbered in one transaction: a backlog
// of millions would take longer than a write may.
const numberBatch = 20_000

// Number implements [creditbank.Store].
func (s *Store) Number(ctx context.Context) (int64, error) {
	last, err := s.number(ctx)
	if err != nil {
		return 0, fmt.Errorf("number the feed: %w", err)
	}
	return last, nil
}

func (s *Store) number(ctx context.Context) (last int64, err error) {
	var waiting bool
	if err := s.read.waiting.QueryRowContext(ctx).Scan(&waiting); err != nil {
		return 0, err
	}
	for after := nobody; waiting; {
		err := s.commit(ctx, func(ctx context.Context, w *writer) (err error) {
			after, waiting, err = numberRows(ctx, w, after, s.numberBatch)
			return err
		})
		if err != nil {
			return 0, err // what was numbered stays numbered
		}
	}
	return last, s.read.newest.QueryRowContext(ctx).Scan(&last)
}

// numberRows numbers up to limit rows after an id. It returns the last one's
// and true if there may be more.
//
// What was committed before the first batch is seen by each: it is in one, or
// comes after it. What is committed meanwhile may wait for the next call, so
// that this one ends. The lock is a statement of its own:
// READ COMMITTED lets the next one see all that the holder before committed.
// The lock ends with the transaction, after the commit has become visible.
func numberRows(ctx context.Context, w *writer, after string, limit int) (last string, more bool, err error) {
	tx, err := w.conn.BeginTx(ctx, nil)
	if err != nil {
		return "", false, err
	}
	defer tx.Rollback() // does nothing once committed
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, sequencerLock); err != nil {
		return "", false, err
	}
	err = tx.QueryRowContext(ctx, numberQuery, after, limit).Scan(&last)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", false, err
	}
	return last, err == nil, tx.Commit()
}

// entriesQuery returns feed rows with the history rows of each; one without
// any comes with a learner of "".
const entriesQuery = `
	SELECT f.seq, f.id, f.at, coalesce(r.learner_id::text, ''), coalesce(r.seq, 0), coalesce(r.kind, '')
	FROM (
		SELECT seq, id, at
		FROM feed
		WHERE seq > $1
		ORDER BY seq
		LIMIT $2
	) AS f
	LEFT JOIN LATERAL (
		SELECT learner_id, seq, '' AS kind
		FROM outcome
		WHERE feed_id = f.id
		UNION ALL
		SELECT learner_id, seq, kind
		FROM act
		WHERE feed_id = f.id
	) AS r ON TRUE
	ORDER BY f.seq, r.learner_id, r.seq`

// Feed implements [creditbank.Store].
func (s *Store) Feed(ctx context.Context, after int64, limit int) ([]creditbank.FeedEntry, error) {
	entries, err := s.entries(ctx, after, limit)
	if err != nil {
		return nil, fmt.Errorf("feed after %d: %w", after, err)
	}
	return entries, nil
}

func (s *Store) entries(ctx context.Context, after int64, limit int) ([]creditbank.FeedEntry, error) {
	rows, err := queryAll(ctx, s.read.entries, scanEntry, after, limit)
	if err != nil {
		return nil, err
	}
	var entries []creditbank.FeedEntry
	for _, r := range rows {
		if len(entries) == 0 || entries[len(entries)-1].Seq != r.entry.Seq {
			if want := max(after, 0) + int64(len(entries)) + 1; r.entry.Seq != want {
				return nil, fmt.Errorf("damaged: row %d is missing", want)
			}
			entries = append(entries, r.entry)
		}
		if r.ref.Learner != "" {
			e := &entries[len(entries)-1]
			e.Rows = append(e.Rows, r.ref)
		}
	}
	return entries, nil
}

// An entryRow is a row of entriesQuery.
type entryRow struct {
	entry creditbank.FeedEntry // without rows
	ref   creditbank.RowRef
}

func scanEntry(rows *sql.Rows) (r entryRow, err error) {
	err = rows.Scan(&r.entry.Seq, &r.entry.ID, &r.entry.At, &r.ref.Learner, &r.ref.Seq, &r.ref.Kind)
	r.entry.At = r.entry.At.UTC()
	return r, err
}
