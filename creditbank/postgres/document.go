package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"creditbank/creditbank"
)

const documentsQuery = `
	SELECT version, kind, id, body, at, caller, digest
	FROM document
	WHERE version > $1
	ORDER BY version`

// publishQuery adds documents if the newest has version $3.
const publishQuery = `
	WITH published AS (
		INSERT INTO document (version, kind, id, body, at, caller, digest, feed_id)
		SELECT version, kind, id, body, at, caller, digest, $1::uuid
		FROM unnest($4::integer[], $5::text[], $6::text[], $7::bytea[], $8::timestamptz[], $9::text[], $10::bytea[])
			AS d (version, kind, id, body, at, caller, digest)
		WHERE (SELECT coalesce(max(version), 0) FROM document) = $3::integer
		RETURNING version
	), fed AS (
		INSERT INTO feed (id, at)
		SELECT $1::uuid, $2::timestamptz
		WHERE EXISTS (SELECT FROM published)
	)
	SELECT count(*)
	FROM published`

// Documents implements [creditbank.Store].
func (s *Store) Documents(ctx context.Context, after int) ([]creditbank.Document, error) {
	docs, err := queryAll(ctx, s.read.documents, scanDocument, after)
	if err != nil {
		return nil, fmt.Errorf("documents after version %d: %w", after, err)
	}
	for i, d := range docs {
		if want := after + 1 + i; after >= 0 && d.Version != want {
			return nil, fmt.Errorf("damaged documents: version %d is missing", want)
		}
	}
	return docs, nil
}

// Publish implements [creditbank.Store].
func (s *Store) Publish(ctx context.Context, feed creditbank.Feed, base int, docs []creditbank.Document) (bool, error) {
	args, err := publishArgs(feed, base, docs)
	if err != nil {
		return false, err
	}
	var published int
	err = retry(ctx, func() error {
		return s.commit(ctx, func(ctx context.Context, w *writer) error {
			return w.publish.QueryRowContext(ctx, args...).Scan(&published)
		})
	})
	if e := pq.As(err, pqerror.UniqueViolation); e != nil && e.Constraint == "document_pkey" {
		return false, nil // another published while this waited
	}
	if err != nil {
		return false, fmt.Errorf("publish %d documents: %w", len(docs), err)
	}
	return published > 0, nil
}

// publishArgs returns the arguments of publishQuery.
func publishArgs(feed creditbank.Feed, base int, docs []creditbank.Document) ([]any, error) {
	if len(docs) == 0 {
		return nil, fmt.Errorf("publish no documents")
	}
	var (
		versions             []int32
		kinds, ids, ats, bys []string
		bodies, digests      [][]byte
	)
	for i, d := range docs {
		if d.Version != base+1+i {
			return nil, fmt.Errorf("publish documents on version %d: the next but %d has version %d", base, i, d.Version)
		}
		digest := d.Digest()
		versions = append(versions, int32(d.Version))
		kinds = append(kinds, d.Kind)
		ids = append(ids, d.ID)
		ats = append(ats, timestamp(d.At))
		bys = append(bys, d.By.ID)
		bodies = append(bodies, d.Body)
		digests = append(digests, digest[:])
	}
	return []any{
		feed.ID, timestamp(feed.At), base,
		pq.Int32Array(versions), pq.StringArray(kinds), pq.StringArray(ids), pq.ByteaArray(bodies),
		pq.StringArray(ats), pq.StringArray(bys), pq.ByteaArray(digests),
	}, nil
}

// scanDocument reads a document from a row, or tells of damage.
func scanDocument(rows *sql.Rows) (creditbank.Document, error) {
	var (
		d      creditbank.Document
		digest []byte
	)
	if err := rows.Scan(&d.Version, &d.Kind, &d.ID, &d.Body, &d.At, &d.By.ID, &digest); err != nil {
		return creditbank.Document{}, err
	}
	d.At = d.At.UTC()
	if want := d.Digest(); !bytes.Equal(want[:], digest) {
		return creditbank.Document{}, fmt.Errorf("damaged document %d: %v", d.Version, errDigest)
	}
	return d, nil
}
