//go:build unix

package pgtest

import (
	"context"
	"database/sql"
	"os"
	"strings"
	"testing"
	"time"
)

// start starts a server that the test may stop by itself.
func start(t *testing.T, o Options) *Server {
	t.Helper()
	Require(t)
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop() })
	return s
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func run(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func wantValue(t *testing.T, db *sql.DB, query, want string) {
	t.Helper()
	var got string
	if err := db.QueryRowContext(t.Context(), query).Scan(&got); err != nil || got != want {
		t.Errorf("%s = %q, %v; want %q", query, got, err, want)
	}
}

// wantGone checks that nothing is left of the server's processes and files.
func wantGone(t *testing.T, s *Server, pids []int) {
	t.Helper()
	for _, pid := range pids {
		if alive(pid) {
			t.Errorf("process %d still runs", pid)
		}
	}
	if _, err := os.Stat(s.dir); !os.IsNotExist(err) {
		t.Errorf("directory %s: %v, want it gone", s.dir, err)
	}
}

func TestServerLife(t *testing.T) {
	s := start(t, Options{Settings: map[string]string{"work_mem": "5MB"}})
	if s.port < firstPort || s.port > lastPort {
		t.Errorf("port %d, want one from %d to %d", s.port, firstPort, lastPort)
	}
	pids := append(children(s.PID()), s.PID())
	if len(pids) < 3 {
		t.Errorf("processes %v, want a postmaster and its children", pids)
	}

	admin := open(t, s.DSN("postgres"))
	wantValue(t, admin, "SHOW fsync", "off")
	wantValue(t, admin, "SHOW work_mem", "5MB")
	wantValue(t, admin, "SHOW server_encoding", "UTF8")
	wantValue(t, admin, "SHOW TimeZone", "UTC")
	admin.Close()

	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	wantGone(t, s, pids)
	if pid := s.PID(); pid != 0 {
		t.Errorf("PID() = %d after Stop, want 0", pid)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("second Stop: %v", err)
	}
	if err := s.Restart(t.Context()); err == nil {
		t.Error("Restart after Stop succeeds")
	}
}

func TestDatabaseFromTemplate(t *testing.T) {
	s := start(t, Options{})
	if err := s.CreateDatabase(t.Context(), `odd "name" 学`, ""); err != nil {
		t.Fatal(err)
	}
	db := open(t, s.DSN(`odd "name" 学`))
	run(t, db, "CREATE TABLE c AS SELECT 'kept' AS v")
	db.Close() // a template must have no users

	var copied *sql.DB
	t.Run("copies", func(t *testing.T) {
		copied = open(t, s.Database(t, `odd "name" 学`))
		wantValue(t, copied, "SELECT v FROM c", "kept")
	})
	left := open(t, s.DSN("postgres"))
	wantValue(t, left, "SELECT count(*) FROM pg_database WHERE datname LIKE 'test%'", "0")
}

func TestDurableServerSurvivesKill(t *testing.T) {
	s := start(t, Options{Durable: true})
	dsn := s.Database(t, "")
	db := open(t, dsn)
	wantValue(t, db, "SELECT concat(current_setting('fsync'), current_setting('synchronous_commit'))", "onon")
	run(t, db, "CREATE TABLE c (v text)")
	run(t, db, "INSERT INTO c VALUES ('acknowledged')")

	pids := append(children(s.PID()), s.PID())
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if alive(pid) {
			t.Errorf("process %d survives Kill", pid)
		}
	}
	if err := db.PingContext(t.Context()); err == nil {
		t.Error("a killed server answers")
	}
	if pid := s.PID(); pid != 0 {
		t.Errorf("PID() = %d after Kill, want 0", pid)
	}

	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := open(t, dsn)
	wantValue(t, again, "SELECT v FROM c", "acknowledged")
	if log := s.Log(); !strings.Contains(log, "automatic recovery in progress") {
		t.Errorf("the server did not recover from a crash; its log:\n%s", log)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatalf("restart in order: %v", err)
	}
	wantValue(t, open(t, dsn), "SELECT v FROM c", "acknowledged")
}

func TestStopAfterKill(t *testing.T) {
	s := start(t, Options{})
	pids := append(children(s.PID()), s.PID())
	segment := strings.Fields(s.pidFile()[6])[1]
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	wantGone(t, s, pids)
	if segments, err := os.ReadFile("/proc/sysvipc/shm"); err == nil {
		for line := range strings.Lines(string(segments)) {
			if f := strings.Fields(line); len(f) > 1 && f[1] == segment {
				t.Errorf("shared memory segment %s is left", segment)
			}
		}
	}
}

func TestStartFails(t *testing.T) {
	Require(t)
	for name, tt := range map[string]struct {
		setting string
		limit   time.Duration
		want    string
	}{
		"unknown setting": {"no_such_setting", startLimit, "no_such_setting"},
		"no time":         {"work_mem", time.Nanosecond, "deadline"},
		"little time":     {"work_mem", 100 * time.Millisecond, "initdb"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), tt.limit)
			defer cancel()
			t.Setenv("TMPDIR", publicDir(t))
			s, err := Start(ctx, Options{Settings: map[string]string{tt.setting: "1MB"}})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Start = %v, %v; want an error with %q", s, err, tt.want)
			}
			if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestCommandRunsAsServerUser(t *testing.T) {
	s := start(t, Options{})
	out, err := s.Command(t.Context(), "psql", "-AtX", "-c", "SELECT '学分' || current_user", "postgres").CombinedOutput()
	if got := strings.TrimSpace(string(out)); err != nil || got != "学分postgres" {
		t.Errorf("psql = %q, %v; want 学分postgres", got, err)
	}
	dump, err := s.Command(t.Context(), "pg_dump", "--format=custom", "--file=dump", "postgres").CombinedOutput()
	if err != nil {
		t.Fatalf("pg_dump: %v\n%s", err, dump)
	}
	info, err := os.Stat(s.dir + "/dump")
	if err != nil || info.Size() == 0 {
		t.Errorf("dump: %v, %v", info, err)
	}
}
