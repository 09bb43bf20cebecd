//go:build unix

package redistest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// A process is a server that was started.
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

// lockName is the file in a server's directory that the test process keeps
// locked. The lock ends with the process, however it ends, so a directory
// whose lock can be had belongs to nobody any more.
const lockName = "lock"

// maxTempDir keeps the path of the socket within the 104 bytes that every Unix
// allows.
const maxTempDir = 60

// newDir makes the directory of a server, and returns it with its lock.
func newDir() (dir string, lock *os.File, err error) {
	parent := os.TempDir()
	if len(parent) > maxTempDir {
		parent = "/tmp"
	}
	sweep(parent, time.Minute)
	dir, err = os.MkdirTemp(parent, "redistest-")
	if err != nil {
		return "", nil, fmt.Errorf("redistest: %w", err)
	}
	lock, err = tryLock(filepath.Join(dir, lockName))
	if err != nil {
		os.RemoveAll(dir)
		return "", nil, fmt.Errorf("redistest: prepare %s: %w", dir, err)
	}
	return dir, lock, nil
}

// sweep removes what killed tests left in parent. It spares directories
// younger than age, whose owners may be about to lock them.
func sweep(parent string, age time.Duration) {
	dirs, _ := filepath.Glob(filepath.Join(parent, "redistest-*", lockName)) // fails on bad patterns only
	for _, path := range dirs {
		info, err := os.Lstat(path)
		if err != nil || !info.Mode().IsRegular() || time.Since(info.ModTime()) < age {
			continue
		}
		if lock, err := tryLock(path); err == nil {
			os.RemoveAll(filepath.Dir(path)) // as far as it goes; the next sweep tries again
			lock.Close()
		}
	}
}

// tryLock locks a file for as long as it is open, or fails at once. The
// server does not inherit the lock: Go opens files close-on-exec.
func tryLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// readLines reads so many answers of one line.
func readLines(r io.Reader, n int) ([]string, error) {
	lines := make([]string, 0, n)
	for b := bufio.NewReader(r); len(lines) < n; {
		line, err := b.ReadString('\n')
		if err != nil {
			return nil, err
		}
		lines = append(lines, strings.TrimRight(line, "\r\n"))
	}
	return lines, nil
}
