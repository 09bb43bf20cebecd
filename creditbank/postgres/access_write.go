package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"creditbank/creditbank/access"
)

// accessLock is held by a write of records that are kept until it commits, so
// that their numbers follow the order of commits without a gap. Such writes are
// few: people come and go at the counter, not in the ledger.
const accessLock = 0x61636365 // "acce"

// Put implements [access.Store].
func (a accessStore) Put(ctx context.Context, records []access.Record, answer *access.Answer) (bool, error) {
	if err := access.CheckPut(records, answer); err != nil {
		return false, err
	}
	// In one order, so that two writes cannot wait for each other.
	records = slices.SortedFunc(slices.Values(records), func(x, y access.Record) int {
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.ID, y.ID))
	})
	var done bool
	err := retry(ctx, func() error {
		return a.s.commit(ctx, func(ctx context.Context, w *writer) (err error) {
			done, err = w.putAccess(ctx, records, answer)
			return err
		})
	})
	if err != nil {
		return false, fmt.Errorf("put %d access records: %w", len(records), err)
	}
	return done, nil
}

// putAccess writes all in one transaction, or nothing.
func (w *writer) putAccess(ctx context.Context, records []access.Record, answer *access.Answer) (bool, error) {
	tx, err := w.conn.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback() // does nothing once committed
	if slices.ContainsFunc(records, func(r access.Record) bool { return r.Kind.Kept() }) {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, accessLock); err != nil {
			return false, fmt.Errorf("wait to number records: %w", err)
		}
	}
	for _, r := range records {
		if ok, err := putRecord(ctx, tx, r); err != nil || !ok {
			return false, err
		}
	}
	if answer != nil {
		if ok, err := putAnswer(ctx, tx, *answer); err != nil || !ok {
			return false, err
		}
	}
	return true, tx.Commit()
}

const (
	addRecordQuery = `
		INSERT INTO access_record (seq, kind, id, version, what, at, caller, body, digest)
		SELECT (SELECT coalesce(max(seq), 0) + 1 FROM access_record),
			$1::text, $2::text, $3::integer, $4::text, $5::timestamptz, $6::text, $7::bytea, $8::bytea
		WHERE (SELECT coalesce(max(version), 0) FROM access_record WHERE kind = $1::text AND id = $2::text) = $3::integer - 1`

	addCurrentQuery = `
		INSERT INTO access_current (kind, id, version, what, at, caller, body, digest, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (kind, id) DO NOTHING`

	replaceCurrentQuery = `
		UPDATE access_current
		SET version = $3::integer, what = $4, at = $5, caller = $6, body = $7, digest = $8, expires_at = $9
		WHERE kind = $1 AND id = $2 AND version = $3::integer - 1`

	putAnswerQuery = `
		INSERT INTO access_answer (caller, request_key, request_hash, at, expires_at, kind, id, version, digest)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (caller, request_key) DO UPDATE
		SET request_hash = excluded.request_hash, at = excluded.at, expires_at = excluded.expires_at,
			kind = excluded.kind, id = excluded.id, version = excluded.version, digest = excluded.digest
		WHERE access_answer.expires_at <= excluded.at`
)

// putRecord writes a record if the newest version is the one before.
func putRecord(ctx context.Context, tx *sql.Tx, r access.Record) (bool, error) {
	digest := r.Digest()
	values := []any{r.Kind, r.ID, r.Version, r.What, timestamp(r.At), r.By.ID, notNull(r.Body), digest[:]}
	query := addRecordQuery
	if !r.Kind.Kept() {
		query = replaceCurrentQuery
		if r.Version == 1 {
			query = addCurrentQuery
		}
		values = append(values, sql.NullString{String: timestamp(r.Expires), Valid: !r.Expires.IsZero()})
	}
	n, err := changed(tx.ExecContext(ctx, query, values...))
	if err != nil {
		return false, fmt.Errorf("access record %s: %w", r.Kind, err)
	}
	return n == 1, nil
}

// putAnswer writes an answer, in place of one that has expired.
func putAnswer(ctx context.Context, tx *sql.Tx, a access.Answer) (bool, error) {
	digest := a.Digest()
	n, err := changed(tx.ExecContext(ctx, putAnswerQuery,
		a.By.ID, a.Key, a.Hash[:], timestamp(a.At), timestamp(a.Expires), a.Kind, a.ID, a.Version, digest[:]))
	if err != nil {
		return false, fmt.Errorf("answer to %s: %w", a.By.ID, err)
	}
	return n == 1, nil
}

func changed(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Purge implements [access.Store].
func (a accessStore) Purge(ctx context.Context, before time.Time) (int64, error) {
	var purged int64
	err := retry(ctx, func() error {
		return a.s.commit(ctx, func(ctx context.Context, w *writer) error {
			return w.conn.QueryRowContext(ctx, `
				WITH current AS (
					DELETE FROM access_current WHERE expires_at < $1 RETURNING 1
				), answer AS (
					DELETE FROM access_answer WHERE expires_at < $1 RETURNING 1
				)
				SELECT (SELECT count(*) FROM current) + (SELECT count(*) FROM answer)`, timestamp(before)).Scan(&purged)
		})
	})
	if err != nil {
		return 0, fmt.Errorf("purge access records: %w", err)
	}
	return purged, nil
}
