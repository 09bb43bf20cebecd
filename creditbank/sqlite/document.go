package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"creditbank/creditbank"
)

// Documents implements [creditbank.Store].
func (s *Store) Documents(ctx context.Context, after int) ([]creditbank.Document, error) {
	rows, err := s.read.documents.QueryContext(ctx, after)
	docs, err := collect(rows, err, scanDocument)
	if err != nil {
		return nil, fmt.Errorf("documents after version %d: %w", after, err)
	}
	return docs, nil
}

func scanDocument(row scanner) (creditbank.Document, error) {
	var d creditbank.Document
	var at int64
	var digest []byte
	if err := row.Scan(&d.Version, &d.Kind, &d.ID, &d.Body, &at, &d.By.ID, &digest); err != nil {
		return creditbank.Document{}, fmt.Errorf("read document: %w", err)
	}
	d.At = time.UnixMicro(at).UTC()
	if want := d.Digest(); !bytes.Equal(digest, want[:]) {
		return creditbank.Document{}, fmt.Errorf("document %d: the row does not match its digest", d.Version)
	}
	return d, nil
}

// Publish implements [creditbank.Store].
func (s *Store) Publish(ctx context.Context, feed creditbank.Feed, base int, docs []creditbank.Document) (bool, error) {
	for i, d := range docs {
		if d.Version != base+1+i {
			return false, fmt.Errorf("publish: document %d of base %d has version %d", i, base, d.Version)
		}
	}
	published := false
	err := s.update(ctx, feed, func(ctx context.Context) (wrote bool, err error) {
		var newest int
		if err := s.write.newest.QueryRowContext(ctx).Scan(&newest); err != nil || newest != base {
			return false, err
		}
		for _, d := range docs {
			digest := d.Digest()
			_, err := s.write.addDocument.ExecContext(ctx,
				d.Version, d.Kind, d.ID, blob(d.Body), d.At.UnixMicro(), d.By.ID, digest[:], feed.ID)
			if err != nil {
				return false, fmt.Errorf("document %d: %w", d.Version, err)
			}
		}
		published = true
		return len(docs) > 0, nil
	})
	if err != nil {
		return false, fmt.Errorf("publish: %w", err)
	}
	return published, nil
}
