package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"creditbank/creditbank/access"
)

// Put implements [access.Store].
func (a accessStore) Put(ctx context.Context, records []access.Record, answer *access.Answer) (done bool, err error) {
	if err := access.CheckPut(records, answer); err != nil {
		return false, err
	}
	err = a.s.transact(ctx, func(ctx context.Context) (bool, error) {
		done = false
		for _, r := range records {
			if ok, err := a.put(ctx, r); err != nil || !ok {
				return false, err
			}
		}
		if answer != nil {
			if ok, err := a.putAnswer(ctx, *answer); err != nil || !ok {
				return false, err
			}
		}
		done = true
		return true, nil
	})
	if err != nil {
		return false, fmt.Errorf("put %d access records: %w", len(records), err)
	}
	return done, nil
}

// put writes a record if the newest version is the one before.
func (a accessStore) put(ctx context.Context, r access.Record) (bool, error) {
	digest := r.Digest()
	values := []any{r.Kind, r.ID, r.Version, r.What, r.At.UnixMicro(), r.By.ID, blob(r.Body), digest[:]}
	query := `
		UPDATE access_current
		SET version = ?3, what = ?4, at = ?5, caller = ?6, body = ?7, digest = ?8, expires_at = ?9
		WHERE kind = ?1 AND id = ?2 AND version = ?3 - 1`
	switch {
	case r.Kind.Kept():
		query = `
		INSERT INTO access_record (seq, kind, id, version, what, at, caller, body, digest)
		SELECT (SELECT coalesce(max(seq), 0) + 1 FROM access_record), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
		WHERE (SELECT coalesce(max(version), 0) FROM access_record WHERE kind = ?1 AND id = ?2) = ?3 - 1`
	case r.Version == 1:
		query = `
		INSERT INTO access_current (kind, id, version, what, at, caller, body, digest, expires_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
		ON CONFLICT (kind, id) DO NOTHING`
	}
	if !r.Kind.Kept() {
		values = append(values, nullMicros(r.Expires))
	}
	return a.changedOne(ctx, query, values...)
}

// putAnswer writes an answer, in place of one that has expired.
func (a accessStore) putAnswer(ctx context.Context, ans access.Answer) (bool, error) {
	digest := ans.Digest()
	return a.changedOne(ctx, `
		INSERT INTO access_answer (caller, request_key, request_hash, at, expires_at, kind, id, version, digest)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (caller, request_key) DO UPDATE
		SET request_hash = excluded.request_hash, at = excluded.at, expires_at = excluded.expires_at,
			kind = excluded.kind, id = excluded.id, version = excluded.version, digest = excluded.digest
		WHERE access_answer.expires_at <= excluded.at`,
		ans.By.ID, ans.Key, ans.Hash[:], ans.At.UnixMicro(), ans.Expires.UnixMicro(), ans.Kind, ans.ID, ans.Version, digest[:])
}

func (a accessStore) changedOne(ctx context.Context, query string, values ...any) (bool, error) {
	n, err := changed(a.s.conn.ExecContext(ctx, query, values...))
	return n == 1, err
}

func changed(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// nullMicros returns t in microseconds, or NULL for never.
func nullMicros(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

// Purge implements [access.Store].
func (a accessStore) Purge(ctx context.Context, before time.Time) (purged int64, err error) {
	err = a.s.transact(ctx, func(ctx context.Context) (bool, error) {
		purged = 0
		for _, table := range []string{"access_current", "access_answer"} {
			n, err := changed(a.s.conn.ExecContext(ctx, `DELETE FROM `+table+` WHERE expires_at < ?`, before.UnixMicro()))
			if err != nil {
				return false, err
			}
			purged += n
		}
		return purged > 0, nil
	})
	if err != nil {
		return 0, fmt.Errorf("purge access records: %w", err)
	}
	return purged, nil
}
