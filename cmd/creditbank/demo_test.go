package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// showDemo starts the demo and returns what it printed once it is up.
func showDemo(t *testing.T, dir, listen string) (out string, stop func()) {
	t.Helper()
	cmd := started(t, "demo", "--dir", dir, "--listen", listen, "--lang", "en")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	lines := bufio.NewScanner(pipe)
	for lines.Scan() && !strings.Contains(lines.Text(), "/openapi.yaml") {
		text.WriteString(lines.Text() + "\n")
	}
	return text.String(), func() {
		t.Helper()
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("asked to stop, the demo ended with %v", err)
		}
	}
}

// What the demo prints to try works as it stands, and started again in the same
// folder it goes on with the same logins.
func TestDemoPrintsWhatWorks(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("curl is not installed") // make setup installs it
	}
	dir, listen := filepath.Join(t.TempDir(), "it's here"), fmt.Sprintf("127.0.0.1:%d", freePort(t))
	out, stop := showDemo(t, dir, listen)
	var script []string
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "TOKEN=") || strings.HasPrefix(line, "curl ") {
			script = append(script, line)
		}
	}
	if len(script) != 3 {
		t.Fatalf("the demo prints %d commands to try:\n%s", len(script), out)
	}
	answers, err := exec.CommandContext(t.Context(), "bash", "-c", strings.Join(script, "\n")).Output()
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(answers)))
	var posted struct {
		Credits    string
		Recognised bool
	}
	var verified struct{ Verdict string }
	if err := dec.Decode(&posted); err != nil || !posted.Recognised || posted.Credits != "1.5" {
		t.Errorf("posting: %v %+v\n%s", err, posted, answers)
	}
	if err := dec.Decode(&verified); err != nil || verified.Verdict != "valid" {
		t.Errorf("verifying: %v %+v\n%s", err, verified, answers)
	}
	// The city's year is told on its own days.
	certificate, err := os.ReadFile(filepath.Join(dir, "certificate-L2.json"))
	if err != nil || !strings.Contains(string(certificate), `"awardedDate": "2026-04-20`) {
		t.Errorf("L2's certificate (%v) is not of 20 April 2026:\n%s", err, certificate)
	}
	stop()
	again, stop := showDemo(t, dir, listen)
	defer stop()
	logins := regexp.MustCompile(`\d{4} \d{4} \d{4} .*|qinghe-[0-9a-f]+`)
	if first, second := logins.FindAllString(out, -1), logins.FindAllString(again, -1); len(first) != 11 || strings.Join(first, "\n") != strings.Join(second, "\n") {
		t.Errorf("the logins were\n%s\nand are, started again,\n%s", strings.Join(first, "\n"), strings.Join(second, "\n"))
	}
}

// Who shows the demo to other machines is warned.
func TestDemoKnowsWhoReachesIt(t *testing.T) {
	for address, want := range map[string]bool{
		"http://127.0.0.1:8080": true, "http://localhost:1": true, "http://[::1]:80": true,
		"http://0.0.0.0:8080": false, "http://[::]:8080": false, "http://192.0.2.1:80": false, "http://:8080": false, "http://demo.example:80": false,
	} {
		if got := loopback(address); got != want {
			t.Errorf("only this machine reaches %s: %v", address, got)
		}
	}
}
