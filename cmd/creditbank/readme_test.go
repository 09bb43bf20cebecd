package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// readmeWalk returns the commands of the readme's walk through the service.
func readmeWalk(t *testing.T, root string) string {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, walk, ok := strings.Cut(string(readme), "<!-- walk -->\n")
	walk, _, end := strings.Cut(walk, "\nA batch of any length")
	if !ok || !end {
		t.Fatal("the readme has no walk")
	}
	var script strings.Builder
	for line := range strings.Lines(walk) {
		if command, ok := strings.CutPrefix(line, "    "); ok {
			script.WriteString(command)
		}
	}
	return script.String()
}

// The readme's walk through the service works as a newcomer types it.
func TestReadmeWalk(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, address := t.TempDir(), fmt.Sprintf("127.0.0.1:%d", freePort(t))
	program := fmt.Sprintf("#!/bin/sh\n%s=1 exec '%s' \"$@\"\n", asProgram, self)
	if err := os.WriteFile(filepath.Join(dir, "creditbank.sh"), []byte(program), 0o755); err != nil {
		t.Fatal(err)
	}
	// What differs from a newcomer's terminal: where the program and the city
	// are, and a port that is free.
	script := "set -o pipefail\ncreditbank() { ./creditbank.sh \"$@\"; }\ntrap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n" +
		strings.NewReplacer("127.0.0.1:8080", address, "creditbank/scenario/testdata", filepath.Join(root, "creditbank/scenario/testdata"),
			"creditbank serve --bank served 2>serve.log &", "./creditbank.sh serve --bank served 2>serve.log &").Replace(readmeWalk(t, root))
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CREDITBANK_LISTEN="+address, "CREDITBANK_PUBLIC_URL=http://"+address)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the walk ended with %v\n%s%s", err, out, errs.String())
	}
	for _, fact := range []string{`"recognised":true`, `"available":{"NON_FORMAL":"1.5"}`, `"signature_ok"`, `"log_ok"`, `"status_ok"`} {
		if !bytes.Contains(out, []byte(fact)) {
			t.Errorf("the walk does not print %s:\n%s%s", fact, out, errs.String())
		}
	}
	if bytes.Contains(out, []byte(`"type":"http`)) {
		t.Errorf("the walk meets a problem:\n%s", out)
	}
}
