//go:build unix

package redistest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// victimEnv makes the test binary the process that [TestKilledTest] kills.
const victimEnv = "REDISTEST_VICTIM"

func TestMain(m *testing.M) {
	if os.Getenv(victimEnv) == "" {
		os.Exit(m.Run())
	}
	s, err := Start(context.Background(), Options{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.PID(), s.dir)
	select {} // until killed
}

func do(t *testing.T, s *Server, want string, command ...string) {
	t.Helper()
	if got, err := s.Do(t.Context(), command...); err != nil || got != want {
		t.Errorf("%v = %q, %v; want %q", command, got, err, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestServerFailsOnPurpose(t *testing.T) {
	s := New(t, Options{})
	do(t, s, "+OK", "SET", "k", "v")
	must(t, s.FlushAll(t.Context()))
	do(t, s, ":0", "EXISTS", "k")
	do(t, s, "+OK", "SET", "k", "v")

	url := s.URL()
	must(t, s.Kill())
	if _, err := s.Do(t.Context(), "PING"); err == nil || s.PID() != 0 {
		t.Errorf("PING of a killed server: %v, process %d; want an error, none", err, s.PID())
	}
	for range 2 { // after a kill, and while it runs
		must(t, s.Restart(t.Context()))
		do(t, s, ":0", "EXISTS", "k")
		do(t, s, "+OK", "SET", "k", "v")
	}
	if s.URL() != url {
		t.Errorf("URL after a restart = %s, was %s", s.URL(), url)
	}

	must(t, s.Pause())
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if answer, err := s.Do(ctx, "PING"); err == nil {
		t.Errorf("a halted server answers %q", answer)
	}
	must(t, s.Resume())
	do(t, s, "+PONG", "PING")

	must(t, s.Stop())
	must(t, s.Stop())
	if _, err := os.Stat(s.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("directory of a stopped server: %v", err)
	}
	if s.Restart(t.Context()) == nil || s.Pause() == nil {
		t.Error("a stopped server was restarted or halted")
	}
}

func TestPassword(t *testing.T) {
	s := New(t, Options{Password: "secret", Settings: []string{"--maxmemory", "9mb"}})
	do(t, s, "+PONG", "PING")
	do(t, s, "*2", "CONFIG", "GET", "maxmemory")
	s.password = ""
	if answer, err := s.Do(t.Context(), "PING"); err == nil {
		t.Errorf("PING without the password = %q", answer)
	}
}

func TestServerThatCannotStart(t *testing.T) {
	Require(t)
	if s, err := Start(t.Context(), Options{Settings: []string{"--no-such-setting", "1"}}); err == nil || !strings.Contains(err.Error(), "no-such-setting") {
		t.Errorf("Start = %v, %v; want an error with what the server said", s, err)
	}
}

// A test that is killed leaves no server, and its directory only until the
// next server is started.
func TestKilledTest(t *testing.T) {
	Require(t)
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells a child that its parent died")
	}
	parent, err := os.MkdirTemp("", "rt")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(parent) })
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), victimEnv+"=1", "TMPDIR="+parent)
	out, err := victim.StdoutPipe()
	must(t, err)
	must(t, victim.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	text, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
	pid, err := strconv.Atoi(text)
	if err != nil || syscall.Kill(pid, 0) != nil {
		t.Fatalf("the victim said %q, want the id of a process that runs", line)
	}

	sweep(parent, 0)
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("swept while in use: %v", err)
	}
	must(t, victim.Process.Kill())
	victim.Wait()
	for deadline := time.Now().Add(patience); runs(pid); time.Sleep(time.Millisecond) {
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

// runs reports whether pid is a process that has not ended; one that nobody
// has waited for yet has no command line any more.
func runs(pid int) bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && len(line) > 0
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
	for name, tt := range map[string]struct {
		ci              string
		err             error
		skipped, failed bool
	}{
		"installed on a laptop": {},
		"installed on CI":       {ci: "true"},
		"missing on a laptop":   {err: ErrMissing, skipped: true},
		"missing on CI":         {ci: "true", err: ErrMissing, failed: true},
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
