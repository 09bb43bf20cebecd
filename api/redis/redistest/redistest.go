//go:build unix

package redistest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"
)

// startLimit bounds the start of a server. It takes some milliseconds when
// nothing else runs, and tests of many packages run at once.
const startLimit = time.Minute

// ErrMissing means that no Redis server is installed here.
var ErrMissing = errors.New("redistest: no Redis server is installed: " +
	"on Debian and Ubuntu run `apt-get install redis-server`, on Fedora `dnf install redis`, " +
	"on macOS `brew install redis`; elsewhere put redis-server on the PATH")

// Options say what kind of server to start. The zero value is an open one.
type Options struct {
	Password string // of the default user; "" lets everyone in

	// Settings are further arguments of redis-server, such as
	// "--maxmemory", "2mb".
	Settings []string
}

// Require skips the test if Redis is not installed. On CI, where skipping
// would pass for success, it fails the test.
func Require(t testing.TB) {
	t.Helper()
	_, err := findProgram()
	require(t, err)
}

// require is [Require] once Redis was looked for.
func require(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}

// New starts a server that is stopped when the test ends. It skips or fails
// like [Require] if Redis is not installed.
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

// findProgram returns the redis-server that the PATH names, else the one
// where packages put it, which is not on the PATH of every user.
func findProgram() (string, error) {
	if path, err := exec.LookPath("redis-server"); err == nil {
		return path, nil
	}
	for _, path := range []string{"/usr/bin/redis-server", "/usr/sbin/redis-server", "/opt/homebrew/bin/redis-server", "/usr/local/bin/redis-server"} {
		if path, err := exec.LookPath(path); err == nil {
			return path, nil
		}
	}
	return "", ErrMissing
}
