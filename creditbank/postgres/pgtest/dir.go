//go:build unix

package pgtest

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// maxSocketDir keeps the path of the server's socket, which adds 16 bytes,
// within the 104 bytes that every Unix allows.
const maxSocketDir = 80

// lockName is the file in a server's directory that the test process keeps
// locked. The lock ends with the process, however it ends, so a directory
// whose lock can be had belongs to nobody any more.
const lockName = "lock"

// serverUser returns whom PostgreSQL must run as: nil for the current user,
// unless that is root.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			continue
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			continue
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, fmt.Errorf("pgtest: PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}

// newDir makes the directory of a server that runs as u, and returns it with
// its lock.
func newDir(u *syscall.Credential) (dir string, lock *os.File, err error) {
	parent, err := tempParent()
	if err != nil {
		return "", nil, err
	}
	sweep(parent, time.Minute)
	dir, err = os.MkdirTemp(parent, "pgtest-") // of mode 0700, as PostgreSQL wants it
	if err != nil {
		return "", nil, err
	}
	lock, err = tryLock(filepath.Join(dir, lockName))
	if err == nil && u != nil {
		err = os.Chown(dir, int(u.Uid), int(u.Gid))
	}
	if err != nil {
		os.RemoveAll(dir)
		return "", nil, fmt.Errorf("pgtest: prepare %s: %w", dir, err)
	}
	return dir, lock, nil
}

// tempParent returns a temporary directory that any user can reach. The one
// of a test ([testing.T.TempDir]) is not, and TMPDIR is often private.
func tempParent() (string, error) {
	for _, dir := range []string{os.TempDir(), "/tmp", "/var/tmp"} {
		if len(dir) <= maxSocketDir-len("/pgtest-0123456789") && (os.Geteuid() != 0 || traversable(dir)) {
			return dir, nil
		}
	}
	return "", fmt.Errorf("pgtest: no temporary directory with a short path that every user can reach; set TMPDIR to one")
}

// traversable reports whether every user may pass through dir and all above it.
func traversable(dir string) bool {
	for {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		up := filepath.Dir(dir)
		if up == dir {
			return filepath.IsAbs(dir)
		}
		dir = up
	}
}

// sweep removes what killed tests left in parent. It spares directories
// younger than age, whose owners may be about to lock them.
func sweep(parent string, age time.Duration) {
	dirs, _ := filepath.Glob(filepath.Join(parent, "pgtest-*", lockName)) // fails on bad patterns only
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
