//go:build unix

package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// patience is how long a server may take to shut down before it is killed.
const patience = 10 * time.Second

// A Server is a Redis server of this process's own. Its methods may be called
// from several goroutines.
type Server struct {
	program  string
	password string
	settings []string
	dir      string   // holds socket, log, lock
	lock     *os.File // see lockName

	mu      sync.Mutex
	process *process // the latest
	stopped bool
}

// Start makes a server and waits until it answers. The context bounds the
// start only, not the server's life. The caller must stop it. Without Redis
// the error is [ErrMissing].
func Start(ctx context.Context, o Options) (*Server, error) {
	program, err := findProgram()
	if err != nil {
		return nil, err
	}
	dir, lock, err := newDir()
	if err != nil {
		return nil, err
	}
	s := &Server{program: program, password: o.Password, settings: o.Settings, dir: dir, lock: lock}
	if err := s.launch(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// URL returns the address of the server, without its password. It stays the
// same when the server is restarted.
func (s *Server) URL() string { return "unix://" + s.Socket() }

// Socket returns the path of the socket on which the server listens.
func (s *Server) Socket() string { return filepath.Join(s.dir, "redis.sock") }

// Stop ends the server and removes everything it wrote. Stopping a stopped
// server does nothing.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	if err := s.kill(); err != nil { // nothing it has is kept
		return fmt.Errorf("redistest: stop: %w", err)
	}
	s.stopped = true
	return errors.Join(os.RemoveAll(s.dir), s.lock.Close())
}

// Kill ends the server with SIGKILL; what was in it is lost.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kill()
}

// Restart ends the server in order if it runs, and starts an empty one at the
// same address.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return errors.New("redistest: restart: the server has been stopped")
	}
	if err := s.shutdown(); err != nil {
		return fmt.Errorf("redistest: restart: %w", err)
	}
	return s.launch(ctx)
}

// Pause halts the server: it goes on accepting connections, which the kernel
// does for it, and never answers until [Server.Resume].
func (s *Server) Pause() error { return s.signal(syscall.SIGSTOP) }

// Resume lets a halted server go on, with all that was sent meanwhile.
func (s *Server) Resume() error { return s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil || s.process.ended() {
		return fmt.Errorf("redistest: %v: the server does not run", sig)
	}
	return s.process.cmd.Process.Signal(sig)
}

// FlushAll empties the server.
func (s *Server) FlushAll(ctx context.Context) error {
	_, err := s.Do(ctx, "FLUSHALL")
	return err
}

// PID returns the process id of the server, or 0 if it does not run.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil || s.process.ended() {
		return 0
	}
	return s.process.pid()
}

// Log returns what the server has logged so far.
func (s *Server) Log() string {
	log, err := os.ReadFile(s.logPath())
	if err != nil {
		return err.Error()
	}
	return string(log)
}

func (s *Server) logPath() string { return filepath.Join(s.dir, "log") }

// launch starts the server and waits until it answers.
func (s *Server) launch(ctx context.Context) error {
	log, err := os.OpenFile(s.logPath(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("redistest: start: %w", err)
	}
	defer log.Close()
	// A socket that a killed server left behind does not keep it from
	// listening, but could be taken for that of the new one.
	if err := os.Remove(s.Socket()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("redistest: start: %w", err)
	}
	args := []string{"-", "--port", "0", "--unixsocket", s.Socket(), "--save", "", "--appendonly", "no", "--dir", s.dir}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), s.program, append(args, s.settings...)...)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + s.dir, "LC_ALL=C", "TZ=UTC"}
	cmd.Dir = s.dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = attributes()
	// The password is not for the list of processes.
	if s.password != "" {
		cmd.Stdin = strings.NewReader("requirepass " + s.password + "\n")
	}
	p, err := spawn(cmd)
	if err != nil {
		return fmt.Errorf("redistest: start: %w", err)
	}
	s.process = p
	if err := s.await(ctx, p); err != nil {
		return fmt.Errorf("redistest: start: %w\n%s", err, s.Log())
	}
	return nil
}

// await waits until p answers.
func (s *Server) await(ctx context.Context, p *process) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := s.Do(ctx, "PING"); err == nil {
			return nil
		}
		select {
		case <-p.done:
			return errors.New("the server gave up")
		case <-ctx.Done():
			return errors.Join(ctx.Err(), s.kill())
		case <-tick.C:
		}
	}
}

// shutdown asks a running server to end; past [patience] it kills.
func (s *Server) shutdown() error {
	p := s.process
	if p == nil || p.ended() {
		return nil
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(patience):
		return s.kill()
	}
}

func (s *Server) kill() error {
	p := s.process
	if p == nil || p.ended() {
		return nil
	}
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.done
	return nil
}

// Do sends a command past every client library, and returns the first line of
// the answer as Redis writes it: "+OK", ":1", "*2".
func (s *Server) Do(ctx context.Context, command ...string) (string, error) {
	fail := func(err error) (string, error) {
		return "", fmt.Errorf("redistest: %s: %w", command[0], err)
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", s.Socket())
	if err != nil {
		return fail(err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	requests, n := encode(command), 1
	if s.password != "" {
		requests, n = encode([]string{"AUTH", s.password})+requests, 2
	}
	if _, err := conn.Write([]byte(requests)); err != nil {
		return fail(err)
	}
	answers, err := readLines(conn, n)
	if err != nil {
		return fail(err)
	}
	answer := answers[len(answers)-1]
	if text, bad := strings.CutPrefix(answer, "-"); bad {
		return fail(errors.New(text))
	}
	return answer, nil
}

// encode writes a command as Redis reads it.
func encode(command []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(command))
	for _, arg := range command {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(arg), arg)
	}
	return b.String()
}
