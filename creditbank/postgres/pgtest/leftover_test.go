//go:build unix

package pgtest

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// victimEnv makes the test binary the process that [TestKilledTest] kills.
const victimEnv = "PGTEST_VICTIM"

func TestMain(m *testing.M) {
	if os.Getenv(victimEnv) == "" {
		os.Exit(m.Run())
	}
	os.Exit(Main(m, Options{}, func(s *Server) error {
		fmt.Println(s.PID(), s.dir)
		select {} // until killed
	}))
}

// publicDir makes a directory that every user can reach.
func publicDir(t *testing.T) string {
	t.Helper()
	parent, err := tempParent()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(parent, "pub")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A test that is killed leaves no server, and its directory only until the
// next server is started.
func TestKilledTest(t *testing.T) {
	Require(t)
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells a child that its parent died")
	}
	parent := publicDir(t)
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), victimEnv+"=1", "TMPDIR="+parent)
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the victim said %q, %v", line, err)
	}
	pidText, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
	pid, err := strconv.Atoi(pidText)
	if err != nil || !alive(pid) {
		t.Fatalf("the victim said %q, want the id of a process that runs", line)
	}

	sweep(parent, 0)
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("swept while in use: %v", err)
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	victim.Wait()
	for deadline := time.Now().Add(patience); alive(pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("server %d outlives its test", pid)
		}
	}
	sweep(parent, time.Hour)
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("swept although young: %v", err)
	}
	sweep(parent, 0)
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("directory of the killed test: %v, want it gone", err)
	}
}

func TestTraversable(t *testing.T) {
	open, closed := publicDir(t), t.TempDir()
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]bool{
		open:                           true,
		"/":                            true,
		closed:                         false,
		filepath.Join(open, "missing"): false,
		"relative":                     false,
	} {
		if got := traversable(dir); got != want {
			t.Errorf("traversable(%q) = %v, want %v", dir, got, want)
		}
	}
}

func TestMajor(t *testing.T) {
	for dir, want := range map[string]int{
		"/usr/lib/postgresql/9.6/bin":         9,
		"/usr/lib/postgresql/15/bin":          15,
		"/opt/homebrew/opt/postgresql@17/bin": 17,
		"/usr/local/opt/postgresql/bin":       0,
	} {
		if got := major(dir); got != want {
			t.Errorf("major(%q) = %d, want %d", dir, got, want)
		}
	}
}

// A verdict records how a test was ended.
type verdict struct {
	testing.TB
	skipped, failed bool
}

func (v *verdict) Helper()      {}
func (v *verdict) Skip(...any)  { v.skipped = true }
func (v *verdict) Fatal(...any) { v.failed = true }

func TestRequire(t *testing.T) {
	missing := errors.Join(ErrMissing)
	for name, tt := range map[string]struct {
		ci              string
		err             error
		skipped, failed bool
	}{
		"installed on a laptop": {},
		"installed on CI":       {ci: "true"},
		"missing on a laptop":   {err: missing, skipped: true},
		"missing on CI":         {ci: "true", err: missing, failed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CI", tt.ci)
			v := &verdict{}
			require(v, tt.err)
			if v.skipped != tt.skipped || v.failed != tt.failed {
				t.Errorf("skipped %v, failed %v; want %v, %v", v.skipped, v.failed, tt.skipped, tt.failed)
			}
		})
	}
}
