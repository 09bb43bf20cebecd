package sqlite

import (
	"context"
	"flag"
	"os"
	"strings"
	"sync"
	"testing"

	"creditbank/creditbank/storetest"

	"github.com/google/go-cmp/cmp"
)

var updateGolden = flag.Bool("update", false, "write schema.sql anew")

// schema.sql is what the migrations add up to, for reading and for review.
func TestSchema(t *testing.T) {
	got := schema(t, open(t, newPath(t)))
	if *updateGolden {
		if err := os.WriteFile("schema.sql", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("schema.sql is not what the migrations make; run with -update (-file +migrations):\n%s", diff)
	}
}

func schema(t *testing.T, s *Store) string {
	rows, err := s.readers.QueryContext(t.Context(), `
		SELECT sql
		FROM sqlite_schema
		WHERE sql IS NOT NULL AND name NOT LIKE 'goose_%' AND name NOT LIKE 'sqlite_%'
		ORDER BY tbl_name, type = 'trigger', type = 'index', name`)
	statements, err := collect(rows, err, func(row scanner) (sql string, err error) {
		err = row.Scan(&sql)
		return sql, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return "-- Made from migrations/ by go test -update; not read by the program.\n\n" +
		strings.Join(statements, ";\n\n") + ";\n"
}

// Several processes may open a new file at once: one migrates it.
func TestOpenConcurrently(t *testing.T) {
	for range 2 {
		path := newPath(t)
		stores := make([]*Store, 4)
		var wg sync.WaitGroup
		for i := range stores {
			wg.Go(func() {
				s, err := Open(context.Background(), path)
				if err != nil {
					t.Errorf("Open beside others: %v", err)
					return
				}
				stores[i] = s
			})
		}
		wg.Wait()
		for i, s := range stores {
			if s == nil {
				t.FailNow()
			}
			storetest.Open(t, s, storetest.Learner(i))
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestOpenWhereNoFileCanBe(t *testing.T) {
	if s, err := Open(t.Context(), t.TempDir()); err == nil {
		s.Close()
		t.Error("Open of a directory: no error")
	}
	notSQLite := newPath(t)
	if err := os.WriteFile(notSQLite, []byte(strings.Repeat("学分银行 ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(t.Context(), notSQLite); err == nil {
		s.Close()
		t.Error("Open of a file of something else: no error")
	}
}

func TestPragmas(t *testing.T) {
	s := open(t, newPath(t))
	for query, want := range map[string]string{
		"PRAGMA journal_mode": "wal", "PRAGMA synchronous": "2", "PRAGMA foreign_keys": "0", "PRAGMA busy_timeout": busyTimeout,
	} {
		var got string
		if err := s.conn.QueryRowContext(t.Context(), query).Scan(&got); err != nil || got != want {
			t.Errorf("%s = %q, %v; want %q", query, got, err, want)
		}
	}
	if _, err := s.readers.ExecContext(t.Context(), "DELETE FROM learner"); err == nil {
		t.Error("a reader's connection can write")
	}
}
