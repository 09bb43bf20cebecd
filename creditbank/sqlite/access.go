package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// Access returns who may act in the bank, which is kept in the same file.
func (s *Store) Access() access.Store { return accessStore{s} }

// accessStore implements [access.Store].
type accessStore struct{ s *Store }

const (
	recordColumns  = `kind, id, version, what, at, NULL, caller, body, digest`
	currentColumns = `kind, id, version, what, at, expires_at, caller, body, digest`
)

// Get implements [access.Store].
func (a accessStore) Get(ctx context.Context, kind access.Kind, id string, version int) (access.Record, error) {
	query := `
		SELECT ` + currentColumns + `
		FROM access_current
		WHERE kind = ?1 AND id = ?2 AND ?3 IN (0, version)`
	if kind.Kept() {
		query = `
		SELECT ` + recordColumns + `
		FROM access_record
		WHERE kind = ?1 AND id = ?2 AND ?3 IN (0, version)
		ORDER BY version DESC
		LIMIT 1`
	}
	r, err := scanAccess(a.s.readers.QueryRowContext(ctx, query, kind, id, version))
	if errors.Is(err, sql.ErrNoRows) {
		return access.Record{}, fmt.Errorf("access record %s: %w", kind, creditbank.ErrNotFound)
	}
	return r, err
}

// List implements [access.Store].
func (a accessStore) List(ctx context.Context, kind access.Kind, after string, limit int) ([]access.Record, error) {
	query := `
		SELECT ` + currentColumns + `
		FROM access_current
		WHERE kind = ? AND id > ?
		ORDER BY id
		LIMIT ?`
	if kind.Kept() {
		query = `
		SELECT ` + recordColumns + `
		FROM access_record AS r
		WHERE kind = ? AND id > ? AND version = (SELECT max(version) FROM access_record WHERE kind = r.kind AND id = r.id)
		ORDER BY id
		LIMIT ?`
	}
	rows, err := a.s.readers.QueryContext(ctx, query, kind, after, limit)
	all, err := collect(rows, err, func(row scanner) (access.Record, error) { return scanAccess(row) })
	if err != nil {
		return nil, fmt.Errorf("access records %s: %w", kind, err)
	}
	return all, nil
}

// Changes implements [access.Store].
func (a accessStore) Changes(ctx context.Context, after int64, limit int) ([]access.Change, error) {
	rows, err := a.s.readers.QueryContext(ctx, `
		SELECT `+recordColumns+`, seq
		FROM access_record
		WHERE seq > ?
		ORDER BY seq
		LIMIT ?`, after, limit)
	all, err := collect(rows, err, func(row scanner) (c access.Change, err error) {
		c.Record, err = scanAccess(row, &c.Seq)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("access records after %d: %w", after, err)
	}
	return all, nil
}

// scanAccess reads a record, and into more what follows it.
func scanAccess(row scanner, more ...any) (access.Record, error) {
	var r access.Record
	var at int64
	var expires sql.NullInt64
	var digest []byte
	err := row.Scan(append([]any{&r.Kind, &r.ID, &r.Version, &r.What, &at, &expires, &r.By.ID, &r.Body, &digest}, more...)...)
	if err != nil {
		return access.Record{}, fmt.Errorf("read access record: %w", err)
	}
	r.At = time.UnixMicro(at).UTC()
	if expires.Valid {
		r.Expires = time.UnixMicro(expires.Int64).UTC()
	}
	if want := r.Digest(); !bytes.Equal(digest, want[:]) {
		return access.Record{}, fmt.Errorf("access record %s %s: %v", r.Kind, r.ID, errDigest)
	}
	return r, nil
}

// Answer implements [access.Store].
func (a accessStore) Answer(ctx context.Context, by creditbank.Caller, key string) (access.Answer, error) {
	var ans access.Answer
	var at, expires int64
	var hash, digest []byte
	err := a.s.readers.QueryRowContext(ctx, `
		SELECT caller, request_key, request_hash, at, expires_at, kind, id, version, digest
		FROM access_answer
		WHERE caller = ? AND request_key = ?`, by.ID, key).
		Scan(&ans.By.ID, &ans.Key, &hash, &at, &expires, &ans.Kind, &ans.ID, &ans.Version, &digest)
	if errors.Is(err, sql.ErrNoRows) {
		err = creditbank.ErrNotFound
	}
	if err != nil {
		return access.Answer{}, fmt.Errorf("answer to %s: %w", by.ID, err)
	}
	copy(ans.Hash[:], hash)
	ans.At, ans.Expires = time.UnixMicro(at).UTC(), time.UnixMicro(expires).UTC()
	if want := ans.Digest(); len(hash) != len(ans.Hash) || !bytes.Equal(digest, want[:]) {
		return access.Answer{}, fmt.Errorf("answer to %s: %v", by.ID, errDigest)
	}
	return ans, nil
}

// Confirm implements [access.Store].
func (a accessStore) Confirm(ctx context.Context) error { return a.s.Confirm(ctx) }
