//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Ports are drawn from below 32768, where Linux takes those of outgoing
// connections from: a port seen free could be one of these a moment later.
const (
	firstPort = 20000
	lastPort  = 31999
	portTries = 20
)

// errPortTaken means that another process took the port first.
var errPortTaken = errors.New("port taken")

// A process is a postmaster that was started.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed once it has ended and been waited for
}

// spawn starts cmd from a thread that lives until cmd has ended: Pdeathsig
// fires when the starting thread ends, and Go ends threads of its own accord.
func spawn(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait() // how it ended stands in its log
		}
	}()
	return p, <-started
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// launchAnywhere starts the server on a free port.
func (s *Server) launchAnywhere(ctx context.Context) error {
	for range portTries {
		s.port = firstPort + rand.IntN(lastPort-firstPort+1)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
		if err != nil {
			continue
		}
		l.Close()
		if err := s.launch(ctx); !errors.Is(err, errPortTaken) {
			return err
		}
	}
	return fmt.Errorf("pgtest: no free port in %d tries from %d to %d", portTries, firstPort, lastPort)
}

// launch starts the server on its port and waits until it is ready.
func (s *Server) launch(ctx context.Context) error {
	log, err := os.OpenFile(s.logPath(), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("pgtest: start: %w", err)
	}
	defer log.Close()
	before, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("pgtest: start: %w", err)
	}
	args := append([]string{"-D", s.data(), "-p", strconv.Itoa(s.port), "-h", "127.0.0.1", "-k", s.dir}, s.settings...)
	cmd := s.command(context.WithoutCancel(ctx), "postgres", args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = attributes(s.user)
	p, err := spawn(cmd)
	if err != nil {
		return fmt.Errorf("pgtest: start: %w", err)
	}
	s.process = p
	if err := s.await(ctx, p); err != nil {
		said, _ := io.ReadAll(io.NewSectionReader(log, before, 1<<20)) // for the message only
		if strings.Contains(string(said), "could not create any TCP/IP sockets") {
			err = errPortTaken
		}
		return fmt.Errorf("pgtest: start on port %d: %w\n%s", s.port, err, said)
	}
	return nil
}

// await waits until p says that it is ready, as pg_ctl does. Asking the port
// instead could be answered by somebody else's server.
func (s *Server) await(ctx context.Context, p *process) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		lines := s.pidFile()
		if len(lines) > 7 && lines[0] == strconv.Itoa(p.pid()) && strings.TrimSpace(lines[7]) == "ready" {
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

// shutdown sends sig to a running server and waits for its end; past
// [patience] it kills.
func (s *Server) shutdown(sig syscall.Signal) error {
	p := s.process
	if p == nil || p.ended() {
		return nil
	}
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(patience):
		return s.kill()
	}
}

// kill ends a running server with SIGKILL. The postmaster is halted first:
// it then neither starts backends nor waits for those that died, so that
// their pids stay theirs until all have been dealt with.
func (s *Server) kill() error {
	p := s.process
	if p == nil || p.ended() {
		return nil
	}
	err := p.cmd.Process.Signal(syscall.SIGSTOP)
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	backends := children(p.pid())
	for _, pid := range backends {
		err = errors.Join(err, syscall.Kill(pid, syscall.SIGKILL))
	}
	err = errors.Join(err, p.cmd.Process.Kill())
	<-p.done
	// A backend still ending would keep the next server from starting.
	deadline := time.Now().Add(patience)
	for _, pid := range backends {
		for alive(pid) {
			if time.Now().After(deadline) {
				return errors.Join(err, fmt.Errorf("pgtest: backend %d survives SIGKILL", pid))
			}
			time.Sleep(time.Millisecond)
		}
	}
	return err
}

// removeSegment frees the shared memory by which a killed server kept a
// second one off its data. One that shut down has freed it, and removed the
// file that tells of it.
func (s *Server) removeSegment() {
	lines := s.pidFile()
	if len(lines) < 7 {
		return
	}
	if f := strings.Fields(lines[6]); len(f) == 2 { // key, id
		exec.Command("ipcrm", "-m", f[1]).Run() // 56 bytes: not worth a failure
	}
}
