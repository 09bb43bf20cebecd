package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"creditbank/creditbank"
)

// addFeed adds the feed row of the transaction, with its number.
func (s *Store) addFeed(ctx context.Context, feed creditbank.Feed) error {
	if _, err := s.write.addFeed.ExecContext(ctx, feed.ID, feed.At.UnixMicro()); err != nil {
		return fmt.Errorf("feed row %s: %w", feed.ID, err)
	}
	return nil
}

// Number implements [creditbank.Store]. Rows have numbers from the start here,
// so there is nothing to do.
func (s *Store) Number(ctx context.Context) (int64, error) {
	var last int64
	if err := s.read.lastFeed.QueryRowContext(ctx).Scan(&last); err != nil {
		return 0, fmt.Errorf("number the feed: %w", err)
	}
	return last, nil
}

// Feed implements [creditbank.Store].
func (s *Store) Feed(ctx context.Context, after int64, limit int) ([]creditbank.FeedEntry, error) {
	var entries []creditbank.FeedEntry
	err := s.view(ctx, func(tx *sql.Tx) error {
		rows, err := tx.StmtContext(ctx, s.read.feed).QueryContext(ctx, after, limit)
		if entries, err = collect(rows, err, scanFeedEntry); err != nil {
			return err
		}
		refs := tx.StmtContext(ctx, s.read.feedsRows)
		for i := range entries {
			rows, err := refs.QueryContext(ctx, entries[i].ID)
			if entries[i].Rows, err = collect(rows, err, scanRowRef); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("feed after %d: %w", after, err)
	}
	return entries, nil
}

func scanFeedEntry(row scanner) (creditbank.FeedEntry, error) {
	var e creditbank.FeedEntry
	var at int64
	err := row.Scan(&e.Seq, &e.ID, &at)
	e.At = time.UnixMicro(at).UTC()
	return e, err
}

func scanRowRef(row scanner) (r creditbank.RowRef, err error) {
	err = row.Scan(&r.Learner, &r.Seq, &r.Kind)
	return r, err
}
