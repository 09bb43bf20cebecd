//go:build unix

package pgtest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"testing"

	"github.com/lib/pq"
)

// DSN returns the URL of a database of the server, for lib/pq and for
// PostgreSQL's own programs. More parameters may be appended with "&".
func (s *Server) DSN(dbname string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User("postgres"),
		Host:     fmt.Sprintf("127.0.0.1:%d", s.port),
		Path:     "/" + dbname,
		RawQuery: "sslmode=disable", // explicit: lib/pq's default may change
	}
	return u.String()
}

// CreateDatabase makes a database as a copy of template, to which nobody may
// be connected meanwhile; without a template it is empty.
func (s *Server) CreateDatabase(ctx context.Context, name, template string) error {
	if template == "" {
		template = "template1"
	}
	return s.exec(ctx, "CREATE DATABASE "+pq.QuoteIdentifier(name)+" TEMPLATE "+pq.QuoteIdentifier(template))
}

// DropDatabase removes a database and disconnects whoever uses it.
func (s *Server) DropDatabase(ctx context.Context, name string) error {
	return s.exec(ctx, "DROP DATABASE "+pq.QuoteIdentifier(name)+" WITH (FORCE)")
}

// Database makes a database of the test's own with [Server.CreateDatabase]
// and returns its DSN. It is dropped when the test ends.
func (s *Server) Database(t testing.TB, template string) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", s.databases.Add(1))
	if err := s.CreateDatabase(t.Context(), name, template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.PID() == 0 {
			return // killed by the test: it goes with the server
		}
		// The context of the test has ended by now.
		if err := s.DropDatabase(context.Background(), name); err != nil {
			t.Error(err)
		}
	})
	return s.DSN(name)
}

// exec runs one statement outside any transaction.
func (s *Server) exec(ctx context.Context, statement string) error {
	db, err := sql.Open("postgres", s.DSN("postgres"))
	if err != nil {
		return fmt.Errorf("pgtest: %s: %w", statement, err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("pgtest: %s: %w", statement, err)
	}
	return nil
}
