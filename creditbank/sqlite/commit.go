package sqlite

import (
	"context"
	"errors"
	"fmt"

	"creditbank/creditbank"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// update runs f in a transaction of the ledger, as [Store.transact] does, which
// adds a row to the feed as well if f wrote anything.
func (s *Store) update(ctx context.Context, feed creditbank.Feed, f func(ctx context.Context) (wrote bool, err error)) error {
	return s.transact(ctx, func(ctx context.Context) (bool, error) {
		wrote, err := f(ctx)
		if err != nil || !wrote {
			return false, err
		}
		return true, s.addFeed(ctx, feed)
	})
}

// transact runs f in a transaction and commits what it wrote, if anything. f
// must stop at its first error.
//
// Waiting for the turn and for other processes obeys ctx. From BEGIN on the
// write is not interrupted: SQLite would end the transaction under a statement,
// and what came next would be written on its own. A context that ended
// meanwhile is noticed once more before COMMIT.
func (s *Store) transact(ctx context.Context, f func(ctx context.Context) (wrote bool, err error)) error {
	select {
	case <-s.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.turn <- struct{}{} }()

	whole := context.WithoutCancel(ctx)
	if err := s.begin(ctx); err != nil {
		return err
	}
	wrote, err := f(whole)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil || !wrote {
		s.rollback(whole) // an error means that SQLite did it already
		return err
	}
	return s.commit(whole)
}

// begin locks the file for writing.
func (s *Store) begin(ctx context.Context) error {
	_, err := s.conn.ExecContext(ctx, "BEGIN IMMEDIATE")
	if err == nil {
		return nil
	}
	s.rollback(context.WithoutCancel(ctx)) // it may have begun just before ctx ended
	if code(err) == sqlite3.SQLITE_BUSY {
		return fmt.Errorf("begin: %v: %w", err, creditbank.ErrBusy)
	}
	return fmt.Errorf("begin: %w", err)
}

func (s *Store) rollback(ctx context.Context) error {
	_, err := s.conn.ExecContext(ctx, "ROLLBACK")
	return err
}

// commit is the one place that commits. Its error is either certain, then
// nothing was written, or [creditbank.ErrOutcomeUnknown].
//
// A COMMIT that returns no error is on disk. One that fails is certain not to
// be there where the transaction is still open, to be rolled back, and where
// the disk was full: then the last frame of the write-ahead log, which is the
// commit, was not written whole, and its checksum fails. SQLite says FULL of
// nothing that comes after that frame: the frame is not padded, since the disk
// is taken not to harm what stands beside a write (its default), and memory
// that the log's index cannot get is another error. TestDiskFullAtCommit shows
// it where a small disk can be made. Any other failure may come from syncing a
// log that holds the commit already, which a crash would bring to light.
func (s *Store) commit(ctx context.Context) error {
	_, err := s.conn.ExecContext(ctx, "COMMIT")
	if err == nil {
		return nil
	}
	if s.rollback(ctx) == nil || code(err) == sqlite3.SQLITE_FULL {
		return fmt.Errorf("commit: %w", err)
	}
	return fmt.Errorf("commit: %v: %w", err, creditbank.ErrOutcomeUnknown)
}

// code returns the primary result code of SQLite in err, or 0.
func code(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code() & 0xff
}
