package sqlite

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Harness { return harness(t, newPath(t)) })
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "学分 bank?.db") }

// open opens the file until the test ends.
func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path)
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

func harness(t *testing.T, path string) storetest.Harness {
	s := open(t, path)
	return storetest.Harness{
		Store:  s,
		Reopen: func() creditbank.Store { return open(t, path) },
		Exec:   func(query string) error { return s.Exec(t.Context(), query) },
		Int: func(query string) (n int64, err error) {
			err = s.readers.QueryRowContext(t.Context(), query).Scan(&n)
			return n, err
		},
		Damage: func(table, column string, value any) error { return s.Damage(t.Context(), table, column, value) },
		IdleTx: func() func() { return idle(t, s) },
		Clone: func(t *testing.T) storetest.Harness {
			copied := newPath(t)
			if err := s.Exec(t.Context(), "VACUUM INTO ?", copied); err != nil {
				t.Fatal(err)
			}
			return harness(t, copied)
		},
	}
}

// idle holds a snapshot, which keeps the write-ahead log from being reset.
func idle(t *testing.T, s *Store) (release func()) {
	tx, err := s.readers.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRow("SELECT count(*) FROM feed").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return func() { tx.Rollback() }
}

// Who copies the file of a bank that was closed has all of it.
func TestClosedFileIsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bank.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	storetest.Open(t, s, storetest.Learner(1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if log, err := os.Stat(path + "-wal"); err == nil && log.Size() > 0 {
		t.Errorf("%d bytes are left in the log", log.Size())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	alone := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(alone, data, 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := Open(t.Context(), alone)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := again.Learner(t.Context(), storetest.Learner(1).ID); err != nil {
		t.Errorf("the copy does not hold the learner: %v", err)
	}
}
