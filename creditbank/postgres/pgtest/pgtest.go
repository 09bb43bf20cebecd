//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"
)

// startLimit bounds the start of a server. It takes a second when nothing
// else runs, and tests of many packages run at once.
const startLimit = 2 * time.Minute

// Options say what kind of server to start. The zero value is a fast one
// that loses data when it is killed.
type Options struct {
	// Durable makes an acknowledged commit survive [Server.Kill] and costs
	// what it costs in production: for tests that kill, and for benchmarks.
	Durable bool

	// Settings are further settings of postgresql.conf, such as
	// "max_connections": "300". They win over those of this package.
	Settings map[string]string
}

// Main runs the tests of m with a server that it starts before and stops
// after, and returns the exit code for os.Exit. use is handed the server
// before any test runs, to keep it and to prepare it, for example with a
// template database; an error from it fails the run.
//
// Without PostgreSQL use is not called; the tests run all the same, and
// those that call [Require] skip. On CI the run fails instead.
func Main(m *testing.M, o Options, use func(*Server) error) (code int) {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	s, err := Start(ctx, o)
	switch {
	case errors.Is(err, ErrMissing) && !onCI():
		return m.Run()
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := s.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}()
	if err := use(s); err != nil {
		fmt.Fprintf(os.Stderr, "pgtest: prepare the server: %v\n", err)
		return 1
	}
	return m.Run()
}

// Require skips the test if PostgreSQL is not installed. On CI, where
// skipping would pass for success, it fails the test.
func Require(t testing.TB) {
	t.Helper()
	_, err := findPrograms()
	require(t, err)
}

// require is [Require] once PostgreSQL was looked for.
func require(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case onCI():
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}

// New starts a server that is stopped when the test ends. It skips or fails
// like [Require] if PostgreSQL is not installed.
func New(t testing.TB, o Options) *Server {
	t.Helper()
	Require(t)
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	s, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// onCI reports whether a run without PostgreSQL must fail.
func onCI() bool { return os.Getenv("CI") == "true" }
