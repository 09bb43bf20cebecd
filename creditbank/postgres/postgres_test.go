//go:build unix

package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"creditbank/creditbank"
	"creditbank/creditbank/postgres"
	"creditbank/creditbank/postgres/pgtest"
	"creditbank/creditbank/storetest"
)

// server is shared by the tests that neither kill it nor change its settings.
var server *pgtest.Server

// migrated is a database to copy: it has the schema and no rows.
const migrated = "migrated"

func TestMain(m *testing.M) {
	os.Exit(pgtest.Main(m, pgtest.Options{}, func(s *pgtest.Server) error {
		server = s
		ctx := context.Background()
		if err := s.CreateDatabase(ctx, migrated, ""); err != nil {
			return err
		}
		store, err := postgres.Open(ctx, s.DSN(migrated))
		if err != nil {
			return err
		}
		return store.Close()
	}))
}

func TestStore(t *testing.T) {
	pgtest.Require(t)
	storetest.Run(t, func(t *testing.T) storetest.Harness { return harness(t, server.Database(t, migrated)) })
}

// open opens the store of a database until the test ends.
func open(t testing.TB, dsn string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// openDB opens a database past the store.
func openDB(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// newStore opens the store of a fresh database.
func newStore(t testing.TB) (*postgres.Store, *sql.DB) {
	t.Helper()
	pgtest.Require(t)
	dsn := server.Database(t, migrated)
	return open(t, dsn), openDB(t, dsn)
}

// harness returns what the suite needs to test the store of a database.
func harness(t *testing.T, dsn string) storetest.Harness {
	db := openDB(t, dsn)
	return storetest.Harness{
		Store: open(t, dsn),
		Reopen: func() creditbank.Store {
			s, err := postgres.Open(t.Context(), dsn)
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Exec: func(query string) error {
			_, err := db.ExecContext(t.Context(), query)
			return err
		},
		Int: func(query string) (n int64, err error) {
			return n, db.QueryRowContext(t.Context(), query).Scan(&n)
		},
		Damage: func(table, column string, value any) error { return damage(t.Context(), db, table, column, value) },
		IdleTx: func() func() { return idle(t, db) },
		Clone: func(t *testing.T) storetest.Harness {
			restored := server.Database(t, migrated)
			dump(t, dsn, restored, "--data-only", "--exclude-table=goose_db_version*")
			return harness(t, restored)
		},
	}
}

// damage sets a column in every row, past the triggers that forbid it.
func damage(ctx context.Context, db *sql.DB, table, column string, value any) error {
	expr := "$1"
	switch {
	case column == "at" || column == "posted_at" || column == "opened_at" || column == "expires_at":
		expr = "TIMESTAMPTZ 'epoch' + $1::bigint * INTERVAL '1 microsecond'"
	case column == "body" && table == "act":
		expr, value = "$1::json", string(value.([]byte))
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `SET session_replication_role = replica`); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, fmt.Sprintf(`UPDATE %s SET %s = %s`, table, column, expr), value)
	if pq.As(err, pqerror.CheckViolation, pqerror.InvalidTextRepresentation) != nil {
		return fmt.Errorf("%w: %w", storetest.ErrImpossible, err)
	}
	_, resetErr := conn.ExecContext(ctx, `RESET session_replication_role`)
	return errors.Join(err, resetErr)
}

// idle leaves a transaction open that has an id, a snapshot and a feed row.
func idle(t *testing.T, db *sql.DB) (release func()) {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	f := storetest.NewFeed()
	if _, err := tx.ExecContext(t.Context(), `INSERT INTO feed (id, at) VALUES ($1, $2)`, f.ID, f.At); err != nil {
		t.Fatal(err)
	}
	return func() { tx.Rollback() }
}

// dump dumps a database and restores it into another, through the programs
// that everybody uses.
func dump(t *testing.T, from, to string, options ...string) {
	t.Helper()
	dumping := server.Command(t.Context(), "pg_dump", append(options, "--format=custom", "--dbname="+from)...)
	restoring := server.Command(t.Context(), "pg_restore", "--exit-on-error", "--single-transaction", "--dbname="+to)
	var complaints strings.Builder
	dumping.Stderr, restoring.Stderr = &complaints, &complaints
	pipe, err := dumping.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	restoring.Stdin = pipe
	if err := dumping.Start(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(restoring.Run(), dumping.Wait()); err != nil {
		t.Fatalf("dump and restore: %v\n%s", err, complaints.String())
	}
}

// A whole dump, schema and all, makes a database in which the store goes on.
func TestDumpAndRestore(t *testing.T) {
	pgtest.Require(t)
	from, to := server.Database(t, migrated), server.Database(t, "")
	before := open(t, from)
	b := storetest.Open(t, before, storetest.Learner(1))[0]
	b.Post("a", creditbank.Credit)
	storetest.Append(t, before, b.Write())
	if n, err := before.Number(t.Context()); err != nil || n != 2 {
		t.Fatalf("Number = %d, %v; want 2", n, err)
	}
	b.Post("b", creditbank.Credit)
	storetest.Append(t, before, b.Write())

	dump(t, from, to)
	after := open(t, to)
	storetest.WantHistory(t, after, b.History)
	if n, err := after.Number(t.Context()); err != nil || n != 3 {
		t.Errorf("Number after the restore = %d, %v; want 3", n, err)
	}
	b.Post("c", creditbank.Credit)
	storetest.Append(t, after, b.Write())
	storetest.WantHistory(t, after, b.History)
}
