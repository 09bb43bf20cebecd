package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// Access returns who may act in the bank, which is kept in the same database.
func (s *Store) Access() access.Store { return accessStore{s} }

// accessStore implements [access.Store].
type accessStore struct{ s *Store }

const (
	recordColumns  = `kind, id, version, what, at, NULL::timestamptz, caller, body, digest`
	currentColumns = `kind, id, version, what, at, expires_at, caller, body, digest`
)

// Queries of records, the newest versions of those that are kept and those that
// are replaced.
const (
	getRecordQuery = `
		SELECT ` + recordColumns + `
		FROM access_record
		WHERE kind = $1 AND id = $2 AND ($3::integer = 0 OR version = $3::integer)
		ORDER BY version DESC
		LIMIT 1`

	getCurrentQuery = `
		SELECT ` + currentColumns + `
		FROM access_current
		WHERE kind = $1 AND id = $2 AND ($3::integer = 0 OR version = $3::integer)`

	listRecordsQuery = `
		SELECT DISTINCT ON (kind, id) ` + recordColumns + `
		FROM access_record
		WHERE kind = $1 AND id > $2
		ORDER BY kind, id, version DESC
		LIMIT $3`

	listCurrentQuery = `
		SELECT ` + currentColumns + `
		FROM access_current
		WHERE kind = $1 AND id > $2
		ORDER BY kind, id
		LIMIT $3`
)

// Get implements [access.Store].
func (a accessStore) Get(ctx context.Context, kind access.Kind, id string, version int) (access.Record, error) {
	stmt := a.s.read.accessCurrent
	if kind.Kept() {
		stmt = a.s.read.accessRecord
	}
	r, err := scanAccess(stmt.QueryRowContext(ctx, kind, id, version))
	if errors.Is(err, sql.ErrNoRows) {
		return access.Record{}, fmt.Errorf("access record %s: %w", kind, creditbank.ErrNotFound)
	}
	return r, err
}

// List implements [access.Store].
func (a accessStore) List(ctx context.Context, kind access.Kind, after string, limit int) ([]access.Record, error) {
	query := listCurrentQuery
	if kind.Kept() {
		query = listRecordsQuery
	}
	all, err := selectAll(ctx, a.s.readDB, scanAccessRows, query, kind, after, limit)
	if err != nil {
		return nil, fmt.Errorf("access records %s: %w", kind, err)
	}
	return all, nil
}

// Changes implements [access.Store].
func (a accessStore) Changes(ctx context.Context, after int64, limit int) ([]access.Change, error) {
	all, err := selectAll(ctx, a.s.readDB, func(rows *sql.Rows) (c access.Change, err error) {
		c.Record, err = scanAccess(rows, &c.Seq)
		return c, err
	}, `
		SELECT `+recordColumns+`, seq
		FROM access_record
		WHERE seq > $1
		ORDER BY seq
		LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("access records after %d: %w", after, err)
	}
	return all, nil
}

func scanAccessRows(rows *sql.Rows) (access.Record, error) { return scanAccess(rows) }

// scanAccess reads a record, and into more what follows it.
func scanAccess(row interface{ Scan(...any) error }, more ...any) (access.Record, error) {
	var r access.Record
	var expires sql.NullTime
	var digest []byte
	err := row.Scan(append([]any{&r.Kind, &r.ID, &r.Version, &r.What, &r.At, &expires, &r.By.ID, &r.Body, &digest}, more...)...)
	if err != nil {
		return access.Record{}, fmt.Errorf("read access record: %w", err)
	}
	r.At = r.At.UTC()
	if expires.Valid {
		r.Expires = expires.Time.UTC()
	}
	if want := r.Digest(); !bytes.Equal(want[:], digest) {
		return access.Record{}, fmt.Errorf("damaged access record %s %s: %v", r.Kind, r.ID, errDigest)
	}
	return r, nil
}

// Answer implements [access.Store].
func (a accessStore) Answer(ctx context.Context, by creditbank.Caller, key string) (access.Answer, error) {
	var ans access.Answer
	var hash, digest []byte
	err := a.s.readDB.QueryRowContext(ctx, `
		SELECT caller, request_key, request_hash, at, expires_at, kind, id, version, digest
		FROM access_answer
		WHERE caller = $1 AND request_key = $2`, by.ID, key).
		Scan(&ans.By.ID, &ans.Key, &hash, &ans.At, &ans.Expires, &ans.Kind, &ans.ID, &ans.Version, &digest)
	if errors.Is(err, sql.ErrNoRows) {
		err = creditbank.ErrNotFound
	}
	if err != nil {
		return access.Answer{}, fmt.Errorf("answer to %s: %w", by.ID, err)
	}
	copy(ans.Hash[:], hash)
	ans.At, ans.Expires = ans.At.UTC(), ans.Expires.UTC()
	if want := ans.Digest(); len(hash) != len(ans.Hash) || !bytes.Equal(want[:], digest) {
		return access.Answer{}, fmt.Errorf("damaged answer to %s: %v", by.ID, errDigest)
	}
	return ans, nil
}

// Confirm implements [access.Store].
func (a accessStore) Confirm(ctx context.Context) error { return a.s.Confirm(ctx) }
