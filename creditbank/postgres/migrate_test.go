//go:build unix

package postgres_test

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"creditbank/creditbank/postgres"
	"creditbank/creditbank/postgres/pgtest"
)

var update = flag.Bool("update", false, "write schema.sql anew")

// Several processes that start at once on an empty database all find it
// migrated.
func TestConcurrentStarters(t *testing.T) {
	pgtest.Require(t)
	dsn := server.Database(t, "")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := postgres.Open(t.Context(), dsn)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := s.Number(t.Context()); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// What connects must say how.
func TestOpenNeedsSSLMode(t *testing.T) {
	t.Setenv("PGSSLMODE", "")
	os.Unsetenv("PGSSLMODE")
	for _, dsn := range []string{"postgres://127.0.0.1:1/bank", "host=127.0.0.1 port=1 dbname=bank"} {
		_, err := postgres.Open(t.Context(), dsn)
		if err == nil || !strings.Contains(err.Error(), "sslmode") {
			t.Errorf("Open(%q): %v, want it to ask for sslmode", dsn, err)
		}
	}
}

func TestClosedStore(t *testing.T) {
	pgtest.Require(t)
	s, err := postgres.Open(t.Context(), server.Database(t, migrated))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if _, err := s.Number(t.Context()); err == nil {
		t.Error("Number of a closed store: no error")
	}
}

// noise are the lines of a dump that do not concern the schema, or differ
// with the program that wrote it.
var noise = regexp.MustCompile(`(?m)^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\.*)?\n`)

// schema.sql is what the migrations add up to, for people to read. The
// partitions are left out: they are all alike.
func TestSchema(t *testing.T) {
	pgtest.Require(t)
	out, err := server.Command(t.Context(), "pg_dump", "--schema-only", "--no-owner", "--no-privileges",
		"--exclude-table=*_p[0-9][0-9]", "--exclude-table=goose_db_version", "--dbname="+server.DSN(migrated)).Output()
	if err != nil {
		t.Fatal(err)
	}
	got := "-- The schema that the migrations add up to; TestSchema writes it with -update.\n" +
		"-- Partitions (16 of each partitioned table) are left out.\n\n" +
		strings.NewReplacer(";\nEND\n", ";\nEND\n", ";\n", ";\n\n").Replace(noise.ReplaceAllString(string(out), ""))
	if *update {
		if err := os.WriteFile("schema.sql", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), got); diff != "" {
		t.Errorf("schema.sql differs from the migrations; look, then run the test with -update (-want +got):\n%s", diff)
	}
}
