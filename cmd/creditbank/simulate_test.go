package main

import (
	"bytes"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"creditbank/certify"
	"creditbank/cmd/creditbank/internal/embedded"
	"creditbank/cmd/creditbank/internal/qinghe"
	"creditbank/creditbank/postgres/pgtest"
	"creditbank/creditbank/scenario/scenariotest"
	"creditbank/creditbank/sqlite"
)

// simulated returns what simulate --json ought to print of Qinghe. That its
// answers are those worked out by hand is checked too.
func simulated(t *testing.T) string {
	t.Helper()
	open := func(name string) embedded.Ledger {
		store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		return store
	}
	scenariotest.Expect(t, open("expected.db"), qinghe.City())
	var b bytes.Buffer
	if err := printJSON(&b, scenariotest.Play(t, open("played.db"), qinghe.City())); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSimulateQinghe(t *testing.T) {
	want := simulated(t)
	s := newShell(t)
	if got := s.must(t, "simulate", "qinghe", "--json"); got != want {
		t.Errorf("simulate --json: %s", firstDifference(got, want))
	}
}

func TestSimulateOnPostgres(t *testing.T) {
	pgtest.Require(t)
	want := simulated(t)
	dsn := pgtest.New(t, pgtest.Options{}).Database(t, "")
	s := newShell(t)
	if got := s.must(t, "simulate", "qinghe", "--json", "--store", "postgres", "--dsn", dsn, "--certificates", "out"); got != want {
		t.Errorf("simulate --json on PostgreSQL: %s", firstDifference(got, want))
	}
	verifyAll(t, s, "out", 6)
	if code, _, stderr := s.run(t, "simulate", "qinghe", "--store", "postgres", "--dsn", dsn); code != exitFailed || !strings.Contains(stderr, "STATE_CONFLICT") {
		t.Errorf("simulate on a database in use: exit code %d, %s", code, stderr)
	}
}

func TestSimulateCertificates(t *testing.T) {
	s := newShell(t)
	s.must(t, "simulate", "qinghe", "--certificates", "out")
	verifyAll(t, s, "out", 6)
}

// verifyAll checks every certificate in dir from the files beside it.
func verifyAll(t *testing.T, s *shell, dir string, want int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) != want {
		t.Errorf("%d certificates in %s, want %d: %v", len(files), dir, want, err)
	}
	lists, err := filepath.Glob(filepath.Join(dir, "verify", "status*.json"))
	if err != nil || len(lists) == 0 {
		t.Fatalf("no status lists: %v", err)
	}
	for _, file := range files {
		c := certificateView{Credential: file, Proof: strings.TrimSuffix(file, "json") + "tlog-proof", Trust: filepath.Join(dir, "verify", "trust.json")}
		var verdicts []certify.Verdict
		for _, list := range lists {
			c.StatusList = list
			report, err := s.program(io.Discard, io.Discard).verify(c)
			if err != nil {
				t.Fatal(err)
			}
			verdicts = append(verdicts, report.Verdict)
		}
		if !slices.Contains(verdicts, certify.Valid) {
			t.Errorf("%s is %v", file, verdicts)
		}
	}
}
