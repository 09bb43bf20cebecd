// Package postgres keeps the bank in PostgreSQL: the store for production. The
// contract is [creditbank.Store]; this is what is particular to PostgreSQL.
//
// # Writing
//
// Each write is one statement in a transaction of its own, over arrays: the
// rows of all accounts of a batch go in one round trip. The statement moves
// the accounts that are at the expected version, and inserts the rows of
// those accounts only. It runs READ COMMITTED; accounts are locked in the
// order of their ids, so that two batches cannot wait for each other.
//
// A write ends in one of three ways, and one function tells them apart
// (verdict, in commit.go): it is durable; it was refused and nothing was
// written; or nobody knows, which is [creditbank.ErrOutcomeUnknown].
//
// # The feed
//
// Transactions do not become visible in the order of anything they could note
// down about themselves. So a feed row has no number when it is written;
// [Store.Number] numbers the rows that are visible and have none, so many in a
// transaction. A row that commits late is numbered late, and an open
// transaction holds up nobody but itself.
//
// # Partitions
//
// Learner data is hash partitioned by learner. PostgreSQL finds the partition
// of a row only if it meets the rows one by one: connections therefore have
// generic plans and nested loops pinned (settings, in connect.go), and a test
// reads the plans.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"creditbank/creditbank"
)

// Connections are few and stay open: PostgreSQL gets slower with more, and a
// connection has statements prepared.
const (
	maxReaders = 8
	maxWriters = 8
)

// errClosed is the answer of a store that was closed.
var errClosed = errors.New("the store is closed")

// A Store keeps the bank in a PostgreSQL database. Its methods are those of
// [creditbank.Store].
type Store struct {
	readDB *sql.DB
	read   statements

	// writers holds the connections for writing that are idle, and turns a
	// token for each write that may begin. writeDB keeps no connection back:
	// each that it makes is new.
	writers chan *writer
	turns   chan struct{}
	writeDB *sql.DB

	numberBatch int // feed rows numbered in one transaction

	close func() error
}

var _ creditbank.Store = (*Store)(nil)

// Open connects to a database, given as a URL or as key=value pairs, and
// brings its schema up to date. It must say which sslmode is meant. Several
// processes may open one database at once.
func Open(ctx context.Context, dsn string) (*Store, error) {
	cfg, err := config(dsn)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, cfg); err != nil {
		return nil, err
	}
	connector, err := connector(cfg)
	if err != nil {
		return nil, err
	}
	s := &Store{
		readDB:  sql.OpenDB(connector),
		writeDB: sql.OpenDB(connector),
		writers: make(chan *writer, maxWriters),
		turns:   make(chan struct{}, maxWriters),

		numberBatch: numberBatch,
	}
	s.close = sync.OnceValue(s.shut)
	s.readDB.SetMaxOpenConns(maxReaders)
	s.readDB.SetMaxIdleConns(maxReaders) // the default of 2 would close and open them all the time
	s.writeDB.SetMaxIdleConns(-1)
	for range maxWriters {
		s.turns <- struct{}{}
	}
	if err := s.read.prepare(ctx, s.readDB); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close waits for writes under way and closes the connections.
func (s *Store) Close() error { return s.close() }

func (s *Store) shut() error {
	for range maxWriters {
		<-s.turns
	}
	close(s.turns)
	s.dropIdle()
	return errors.Join(s.writeDB.Close(), s.readDB.Close())
}

// statements are the queries of a store, prepared on whichever connection of
// the pool runs them.
type statements struct {
	heads, stored                       *sql.Stmt
	state, outcomes, acts               *sql.Stmt
	learner, find, learners, taken      *sql.Stmt
	documents, newest, waiting, entries *sql.Stmt
	movements                           *sql.Stmt
	worklist, waking, shown, shownAs    *sql.Stmt
	disclosures                         *sql.Stmt
	cases, readMark, concerns           *sql.Stmt
	expiring, refused, mark             *sql.Stmt
	petitions, evidence, evidenceKept   *sql.Stmt
	accessRecord, accessCurrent         *sql.Stmt
	learnersIn, accountsIn              *sql.Stmt
	outcomesIn, actsIn                  *sql.Stmt
}

func (q *statements) prepare(ctx context.Context, db *sql.DB) error {
	for _, s := range []struct {
		stmt  **sql.Stmt
		query string
	}{
		{&q.heads, headsQuery},
		{&q.stored, storedQuery},
		{&q.state, stateQuery},
		{&q.outcomes, outcomesQuery},
		{&q.acts, actsQuery},
		{&q.learner, learnerQuery},
		{&q.find, findQuery},
		{&q.learners, learnersQuery},
		{&q.taken, takenQuery},
		{&q.documents, documentsQuery},
		{&q.newest, newestQuery},
		{&q.waiting, waitingQuery},
		{&q.entries, entriesQuery},
		{&q.movements, movementsQuery},
		{&q.worklist, worklistQuery},
		{&q.waking, wakingQuery},
		{&q.shown, shownQuery},
		{&q.shownAs, shownAsQuery},
		{&q.disclosures, disclosuresQuery},
		{&q.cases, casesQuery},
		{&q.readMark, readMarkQuery},
		{&q.concerns, concernsQuery},
		{&q.learnersIn, learnersInQuery},
		{&q.accountsIn, accountsInQuery},
		{&q.outcomesIn, outcomesInQuery},
		{&q.actsIn, actsInQuery},
		{&q.expiring, expiringQuery},
		{&q.refused, refusedQuery},
		{&q.mark, markQuery},
		{&q.petitions, petitionsQuery},
		{&q.evidence, evidenceQuery},
		{&q.evidenceKept, evidenceKeptQuery},
		{&q.accessRecord, getRecordQuery},
		{&q.accessCurrent, getCurrentQuery},
	} {
		stmt, err := db.PrepareContext(ctx, s.query)
		if err != nil {
			return fmt.Errorf("prepare %s: %w", s.query, err)
		}
		*s.stmt = stmt
	}
	return nil
}

// queryAll runs a prepared query and collects its rows with scan.
func queryAll[T any](ctx context.Context, stmt *sql.Stmt, scan func(*sql.Rows) (T, error), args ...any) ([]T, error) {
	return queryInto(ctx, nil, stmt, scan, args...)
}

// queryInto is [queryAll] into a slice whose room is known to be enough, or
// nearly: moving long rows about costs a sixth of reading them.
func queryInto[T any](ctx context.Context, all []T, stmt *sql.Stmt, scan func(*sql.Rows) (T, error), args ...any) ([]T, error) {
	rows, err := stmt.QueryContext(ctx, args...)
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
