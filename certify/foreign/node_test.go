package foreign_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A process is verifiers.mjs, running.
type process struct {
	mu     sync.Mutex
	in     io.Writer
	out    *bufio.Reader
	errors strings.Builder
}

// An answer is what a verifier said.
type answer struct {
	Accepted bool            `json:"accepted"`
	Why      string          `json:"why"`
	Output   json.RawMessage `json:"output"`
}

// start runs the verifiers in a world: the time, and all that can be had from
// the network. Where Node or its packages are missing the test is skipped; on
// CI it fails.
func start(t testing.TB, now time.Time, documents map[string]json.RawMessage) *process {
	t.Helper()
	missing := t.Skipf
	if os.Getenv("CI") == "true" {
		missing = t.Fatalf
	}
	node, err := exec.LookPath("node")
	if err != nil {
		missing("no node: make setup")
	}
	if _, err := os.Stat(filepath.Join("node_modules", ".installed.json")); err != nil {
		missing("the packages of certify/foreign are not installed: make setup")
	}
	p := &process{}
	cmd := exec.Command(node, "verifiers.mjs")
	cmd.Stderr = &p.errors
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.in, p.out = stdin, bufio.NewReaderSize(stdout, 1<<20)
	t.Cleanup(func() {
		if err := stdin.Close(); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("verifiers.mjs: %v\n%s", err, p.errors.String())
		}
	})
	p.write(t, map[string]any{"now": now, "documents": documents})
	return p
}

func (p *process) write(t testing.TB, v any) {
	t.Helper()
	if err := json.NewEncoder(p.in).Encode(v); err != nil {
		t.Fatalf("verifiers.mjs: %v", err)
	}
}

// ask gives a verifier something to say yes or no to. A credential goes in as
// it stands, a token as text.
func (p *process) ask(t testing.TB, verifier string, input any) answer {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.write(t, map[string]any{"verifier": verifier, "input": input})
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("%s: %v", verifier, err)
	}
	var a answer
	if err := json.Unmarshal(line, &a); err != nil {
		t.Fatalf("%s: %v: %s", verifier, err, line)
	}
	return a
}
