package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"creditbank/cmd/creditbank/internal/embedded"
	"creditbank/cmd/creditbank/internal/qinghe"
)

var update = flag.Bool("update", false, "write the transcripts anew")

// A seeded is a source of randomness that gives the same bytes every time.
type seeded struct {
	mu  sync.Mutex
	src *rand.ChaCha8
}

func newSeeded() *seeded { return &seeded{src: rand.NewChaCha8([32]byte{1})} }

func (s *seeded) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.src.Read(b)
}

// A shell runs command lines one after the other, in a folder of its own that
// holds the city of Qinghe and the calendar of 2026, at noon of 1 June 2026.
type shell struct {
	random *seeded
	env    map[string]string
	now    time.Time
}

func newShell(t *testing.T) *shell {
	t.Helper()
	calendar, err := os.ReadFile("../../configs/calendars/2026.csv")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("2026.csv", calendar, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := qinghe.WriteTo("qinghe"); err != nil {
		t.Fatal(err)
	}
	return &shell{newSeeded(), map[string]string{}, time.Date(2026, time.June, 1, 4, 0, 0, 0, time.UTC)}
}

// run runs one command and returns what it wrote.
func (s *shell) run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = s.program(&out, &errs).run(t.Context(), args)
	return code, out.String(), errs.String()
}

func (s *shell) program(stdout, stderr io.Writer) *program {
	return &program{
		stdin: strings.NewReader(""), stdout: stdout, stderr: stderr, name: "creditbank",
		getenv: func(name string) string { return s.env[name] },
		world:  embedded.World{Now: func() time.Time { return s.now }, Random: s.random},
	}
}

// must runs one command, which must succeed.
func (s *shell) must(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := s.run(t, args...)
	if code != exitOK {
		t.Fatalf("creditbank %s: exit code %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout
}

// unstable is what differs from run to run: several writers draw from one
// source of randomness.
var unstable = regexp.MustCompile(`([0-9a-f]{4}-){7}[0-9a-f]{4}|urn:uuid:[0-9a-f-]{36}`)

// transcribe runs a command line of a transcript: blanks separate arguments,
// unless they stand in single quotes. edit changes a file, for wrong input:
// edit FILE OLD NEW, where \n is the end of a line; write FILE TEXT makes one. wait moves the clock on by so many
// days: wait DAYS; day DATE goes on at noon of another day.
func (s *shell) transcribe(t *testing.T, line string) string {
	t.Helper()
	args := split(line)
	if args[0] == "edit" {
		data, err := os.ReadFile(args[1])
		if err != nil || !bytes.Contains(data, []byte(args[2])) {
			t.Fatalf("edit: %s does not hold %q: %v", args[1], args[2], err)
		}
		if err := os.WriteFile(args[1], bytes.Replace(data, []byte(args[2]), []byte(strings.ReplaceAll(args[3], `\n`, "\n")), 1), 0o644); err != nil {
			t.Fatal(err)
		}
		return ""
	}
	if args[0] == "write" {
		if err := os.WriteFile(args[1], []byte(strings.ReplaceAll(args[2], `\n`, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
		return ""
	}
	if args[0] == "wait" {
		days, err := strconv.Atoi(args[1])
		if err != nil {
			t.Fatal(err)
		}
		s.now = s.now.AddDate(0, 0, days)
		return ""
	}
	if args[0] == "day" {
		day, err := time.Parse(time.DateOnly, args[1])
		if err != nil {
			t.Fatal(err)
		}
		s.now = day.Add(4 * time.Hour)
		return ""
	}
	code, stdout, stderr := s.run(t, args[1:]...)
	text := stdout
	if stderr != "" {
		text += "--- stderr\n" + stderr
	}
	if code != exitOK {
		text += fmt.Sprintf("--- exit code %d\n", code)
	}
	return unstable.ReplaceAllString(text, "(random)")
}

func split(line string) []string {
	var args []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			args = append(args, part)
			continue
		}
		args = append(args, strings.Fields(part)...)
	}
	return args
}

// Every file of testdata is a transcript: command lines behind "$ ", each with
// what it prints. The commands are run anew and must print the same.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			path, err := filepath.Abs(file)
			if err != nil {
				t.Fatal(err)
			}
			got := newShell(t).transcript(t, string(want))
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("%s differs, at\n%s\n(run with -update and review)", file, firstDifference(got, string(want)))
			}
		})
	}
}

// transcript runs the commands of a transcript and writes it anew. Lines that
// begin with # are kept.
func (s *shell) transcript(t *testing.T, old string) string {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(old) {
		switch {
		case strings.HasPrefix(line, "#"):
			b.WriteString(line)
		case strings.HasPrefix(line, "$ "):
			b.WriteString(line)
			out := s.transcribe(t, strings.TrimSpace(line[2:]))
			b.WriteString(out)
			b.WriteString("\n")
		}
	}
	return b.String()
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d\n got %q\nwant %q", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("line %d: one is longer", min(len(g), len(w))+1)
}
