// Package sqlite keeps the bank's rows in one SQLite file: the embedded store,
// for the demo, a small pilot, a village point without a network.
//
// All writes of a process pass through one connection, one after the other, and
// each begins with BEGIN IMMEDIATE, so that writes of several processes follow
// each other too. Readers have connections of their own and, since the file is
// in WAL mode, neither wait for the writer nor hold it up; each reads from one
// snapshot. A COMMIT returns once the write is on disk (synchronous=FULL).
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"

	"creditbank/creditbank"

	_ "modernc.org/sqlite" // the driver
)

var _ creditbank.Store = (*Store)(nil)

// A Store implements [creditbank.Store] on an SQLite file.
type Store struct {
	writers *sql.DB       // of one connection, which is conn
	conn    *sql.Conn     // through which all writes go
	turn    chan struct{} // holds one token, which whoever uses conn has taken out
	readers *sql.DB

	write writeStatements
	read  readStatements
}

// Open opens the file, makes it if there is none, and brings its schema up to
// date.
func Open(ctx context.Context, path string) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s := &Store{turn: make(chan struct{}, 1)}
	if err := s.open(ctx, path); err != nil {
		s.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, path string) (err error) {
	s.turn <- struct{}{}
	if s.writers, err = connect(path, 1, "synchronous(FULL)"); err != nil {
		return err
	}
	if err := migrate(ctx, s.writers); err != nil {
		return err
	}
	if s.conn, err = s.writers.Conn(ctx); err != nil {
		return err
	}
	if err := s.write.prepare(ctx, s.conn); err != nil {
		return err
	}
	if s.readers, err = connect(path, max(4, runtime.NumCPU()), "query_only(1)"); err != nil {
		return err
	}
	return s.read.prepare(ctx, s.readers)
}

// busyTimeout is how long to wait for another process's write, in milliseconds.
// Writes take a few; a wait that long means that somebody holds the file.
const busyTimeout = "10000"

// connect returns a pool of up to n connections with the given pragma.
func connect(path string, n int, pragma string) (*sql.DB, error) {
	file := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{
		"_busy_timeout": {busyTimeout},
		"_txlock":       {"immediate"}, // for migrations; a read-only transaction does not lock
		"_pragma":       {"journal_mode(WAL)", "foreign_keys(0)", pragma},
	}.Encode()}
	db, err := sql.Open("sqlite", file.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

// Close waits for the write under way, if any, and closes the file.
func (s *Store) Close() error {
	<-s.turn
	defer func() { s.turn <- struct{}{} }()
	var errs []error
	if s.readers != nil {
		errs = append(errs, s.readers.Close())
	}
	if s.conn != nil {
		// What is in the log goes into the file, so that who copies the file has
		// it all. A reader elsewhere or a full disk may prevent it; what is
		// committed then stays in the log, and nothing is lost: no error.
		_, _ = s.conn.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
		errs = append(errs, s.conn.Close())
	}
	if s.writers != nil {
		errs = append(errs, s.writers.Close())
	}
	return errors.Join(errs...)
}

// view runs f on one snapshot of everything committed.
func (s *Store) view(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := s.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	defer tx.Rollback() // there is nothing to commit
	return f(tx)
}

// A scanner is a row or the current one of several.
type scanner interface{ Scan(into ...any) error }

// collect returns what scan makes of each row.
func collect[T any](rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	return collectInto(nil, rows, err, scan)
}

// collectInto is [collect] into a slice whose room is known to be enough, or
// nearly: moving long rows about costs a sixth of reading them.
func collectInto[T any](all []T, rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}
