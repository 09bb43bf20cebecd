//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// patience is how long a server may take to shut down before it is killed.
const patience = 10 * time.Second

// A Server is a PostgreSQL server of this process's own. Its methods may be
// called from several goroutines.
type Server struct {
	programs string // folder of initdb, postgres, psql …
	user     *syscall.Credential
	dir      string   // holds data, socket, log, lock
	lock     *os.File // see lockName
	settings []string // arguments of postgres

	databases atomic.Int64 // how many [Server.Database] made

	port int // fixed once [Start] returns

	mu      sync.Mutex
	process *process // the latest; nil before the first
	stopped bool
}

// Start makes a server and waits until it accepts connections. The context
// bounds the start only, not the server's life. The caller must stop it.
// Without PostgreSQL the error is [ErrMissing].
func Start(ctx context.Context, o Options) (*Server, error) {
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	user, err := serverUser()
	if err != nil {
		return nil, err
	}
	dir, lock, err := newDir(user)
	if err != nil {
		return nil, err
	}
	s := &Server{programs: programs, user: user, dir: dir, lock: lock, settings: o.arguments()}
	if err := s.create(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// arguments are those that make postgres behave as o says.
func (o Options) arguments() []string {
	settings := map[string]string{
		"max_connections": "200",
		// In files of the data directory, where a killed server's are
		// removed with the rest; POSIX shared memory would stay for good.
		"dynamic_shared_memory_type": "mmap",
		"fsync":                      "off",
		"full_page_writes":           "off",
		"synchronous_commit":         "off",
	}
	if o.Durable {
		for _, name := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
			settings[name] = "on"
		}
	}
	maps.Copy(settings, o.Settings)
	var args []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

// create makes the data directory and starts the server for the first time.
func (s *Server) create(ctx context.Context) error {
	initdb := s.command(ctx, "initdb", "--pgdata="+s.data(), "--username=postgres", "--auth=trust",
		"--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
	// initdb runs servers of its own, which must not outlive it.
	initdb.SysProcAttr.Setpgid = true
	initdb.Cancel = func() error { return syscall.Kill(-initdb.Process.Pid, syscall.SIGKILL) }
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("pgtest: initdb: %w\n%s", err, out)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.launchAnywhere(ctx)
}

// Stop ends the server and removes everything it wrote. Stopping a stopped
// server does nothing.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	// Its data is thrown away, so it may leave without a checkpoint.
	if err := s.shutdown(syscall.SIGQUIT); err != nil {
		return fmt.Errorf("pgtest: stop: %w", err)
	}
	s.removeSegment()
	s.stopped = true
	return errors.Join(os.RemoveAll(s.dir), s.lock.Close())
}

// Kill ends the server and its backends with SIGKILL, as if the machine had
// lost its power; the data stays. Only this server's processes are touched.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kill()
}

// Restart shuts the server down in order if it runs, and starts it again on
// the same port with the same data. After [Server.Kill] the server first
// recovers, as after a crash.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return errors.New("pgtest: restart: the server has been stopped")
	}
	if err := s.shutdown(syscall.SIGINT); err != nil {
		return fmt.Errorf("pgtest: restart: %w", err)
	}
	return s.launch(ctx)
}

// PID returns the process id of the postmaster, or 0 if it does not run.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil || s.process.ended() {
		return 0
	}
	return s.process.pid()
}

// Bin returns the path of one of PostgreSQL's programs, such as pg_dump.
func (s *Server) Bin(name string) string { return filepath.Join(s.programs, name) }

// Command prepares one of PostgreSQL's programs to run as the server's user,
// in the server's directory, connected to the server unless args say
// otherwise: s.Command(ctx, "psql", "-c", "SELECT 1", "postgres").
func (s *Server) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := s.command(ctx, name, args...)
	cmd.Env = append(cmd.Env, "PGHOST="+s.dir, fmt.Sprintf("PGPORT=%d", s.port), "PGUSER=postgres", "PGCLIENTENCODING=UTF8")
	return cmd
}

// command is [Server.Command] without the connection. The environment is not
// the test's: the server would obey its PG variables.
func (s *Server) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.Bin(name), args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + s.programs + ":/usr/bin:/bin", "HOME=" + s.dir, "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.user}
	return cmd
}

// Log returns what the server has logged so far.
func (s *Server) Log() string {
	log, err := os.ReadFile(s.logPath())
	if err != nil {
		return err.Error()
	}
	return string(log)
}

func (s *Server) data() string    { return filepath.Join(s.dir, "data") }
func (s *Server) logPath() string { return filepath.Join(s.dir, "log") }

// pidFile returns the lines of the file in which a server tells about itself,
// while it runs and after it was killed: pid, data directory, start time,
// port, socket directory, address, shared memory, status.
func (s *Server) pidFile() []string {
	text, _ := os.ReadFile(filepath.Join(s.data(), "postmaster.pid")) // not there yet, or no more
	return strings.Split(string(text), "\n")
}
