package postgres

import (
	"context"
	"database/sql"
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

// numberQuery numbers the feed rows that it sees and that have no number, in
// the order of their ids, which is about the order in which they were made.
const numberQuery = `
	WITH next AS (
		SELECT id, (SELECT coalesce(max(seq), 0) FROM feed) + row_number() OVER (ORDER BY id) AS seq
		FROM feed
		WHERE seq IS NULL
	)
	UPDATE feed
	SET seq = next.seq
	FROM next
	WHERE feed.id = next.id`

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
	if waiting {
		if err := s.commit(ctx, numberRows); err != nil {
			return 0, err
		}
	}
	return last, s.read.newest.QueryRowContext(ctx).Scan(&last)
}

// numberRows numbers what has no number. The lock is a statement of its own:
// READ COMMITTED lets the next one see all that the holder before committed.
// The lock ends with the transaction, after the commit has become visible.
func numberRows(ctx context.Context, w *writer) error {
	tx, err := w.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing once committed
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, sequencerLock); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, numberQuery); err != nil {
		return err
	}
	return tx.Commit()
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
