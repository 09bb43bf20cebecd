package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"creditbank/cmd/creditbank/internal/embedded"
	"creditbank/creditbank"
	"creditbank/creditbank/postgres/pgtest"
)

// A test binary started with this variable is the program itself.
const asProgram = "CREDITBANK_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(process())
	}
	os.Exit(m.Run())
}

// started returns the program as a process of its own.
func started(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Stderr = os.Stderr
	return cmd
}

// Whatever was acknowledged before kill -9 is on record afterwards, once; the
// ledger adds up and the log of certificates is whole; and run again as it was,
// the program goes on.
func TestAcknowledgedSurvivesKill(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { survive(t) })
	t.Run("postgres", func(t *testing.T) {
		pgtest.Require(t)
		server := pgtest.New(t, pgtest.Options{Durable: true})
		survive(t, "--dsn", server.Database(t, ""))
	})
}

// A process that is killed while it stores evidence leaves all of it or nothing, and
// sent again with the same key it is stored once.
func TestEvidenceSurvivesKill(t *testing.T) {
	sh := newShell(t)
	sh.must(t, "init", "--from", "qinghe")
	sh.must(t, "learners", "add", "qinghe/learners.csv")
	sh.must(t, "petitions", "ask", "L2", "I15", "2025-05-20", "--title", "奖")
	file := "%PDF-1.4\n" + strings.Repeat("x", creditbank.MaxEvidenceBytes-100) + "\nstartxref\n9\n%%EOF\n"
	if err := os.WriteFile("large.pdf", []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	evidence := func() int {
		var e embedded.Examination
		if err := json.Unmarshal([]byte(sh.must(t, "doctor", "--json")), &e); err != nil {
			t.Fatal(err)
		}
		return e.Evidence // which are whole, and none belongs to nothing: doctor succeeded
	}
	killed, stored, all, none := 0, 0, 0, 0
	whole := time.Second // how long one takes that is not killed
	for n := range 4 {   // 50 MB are as many as a petition may have
		add := []string{"petitions", "add", "L2", "3", "large.pdf", "--key", fmt.Sprint("upload-", n)}
		for part := range 6 {
			wait := whole * time.Duration(part+3) / 8
			if n == 0 {
				break // measures
			}
			cmd := started(t, add...)
			cmd.Stdout, cmd.Stderr = nil, nil
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(wait, func() { cmd.Process.Kill() })
			if cmd.Wait() != nil {
				killed++
			}
			switch got := evidence(); got {
			case stored:
				none++
			case stored + 1:
				all++
			default:
				t.Fatalf("%d files are stored, %d before", got, stored)
			}
		}
		began := time.Now()
		out, err := started(t, add...).Output()
		if whole = time.Since(began); err != nil {
			t.Fatalf("creditbank %v: %v\n%s", add, err, out)
		}
		if stored++; evidence() != stored {
			t.Fatalf("%d files are stored, want %d", evidence(), stored)
		}
	}
	t.Logf("killed %d times; stored %d times, not %d times", killed, all, none)
	if killed == 0 {
		t.Error("it was never killed in time")
	}
}

func survive(t *testing.T, ledger ...string) {
	dir := t.TempDir()
	acks := filepath.Join(dir, "acks.txt")
	ledger = append(ledger, "--bank", filepath.Join(dir, "bank"))
	post := append([]string{"bench", "post", "--learners", "50", "--seed", "7"}, ledger...)
	told, err := os.Create(acks)
	if err != nil {
		t.Fatal(err)
	}
	defer told.Close()
	const kills, each = 4, 2000
	for n := range kills {
		killAfter(t, started(t, append(post, "--count", "0", "--certify")...), each*(n+1), told)
	}
	for _, args := range [][]string{
		append([]string{"bench", "check", "--acks", acks}, ledger...),
		append([]string{"doctor", "--lang", "en"}, ledger...),
		append(post, "--count", "3000", "--acks", acks, "--certify"),
		append([]string{"bench", "check", "--acks", acks}, ledger...),
		append([]string{"doctor", "--lang", "en", "--json"}, ledger...),
	} {
		out, err := started(t, args...).Output()
		if err != nil {
			t.Errorf("creditbank %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		if args[0] == "doctor" && args[len(args)-1] == "--json" {
			wantCertificates(t, out)
		}
	}
}

// killAfter runs the program until it has acknowledged n postings, ends it with
// SIGKILL, and keeps what it had told by then.
func killAfter(t *testing.T, cmd *exec.Cmd, n int, told io.Writer) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for i := 0; lines.Scan(); i++ {
		if strings.Count(lines.Text(), " ") == 2 { // the last may be torn
			fmt.Fprintln(told, lines.Text())
		}
		if i == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the program ended by itself")
	}
}

// wantCertificates checks that certificates were issued and anchored meanwhile:
// else nothing was shown of the log.
func wantCertificates(t *testing.T, examination []byte) {
	t.Helper()
	var e embedded.Examination
	if err := json.Unmarshal(examination, &e); err != nil {
		t.Fatal(err)
	}
	if e.Log.Certificates < 20 || e.Log.Anchored < 20 || e.Transfers == 0 {
		t.Errorf("examined %+v: too little happened while the program was killed", e)
	}
}

// An interrupted program finishes what it has accepted, and says so.
func TestInterrupt(t *testing.T) {
	bank := filepath.Join(t.TempDir(), "bank")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"bench", "post", "--bank", bank, "--learners", "20", "--count", "0"}, strings.NewReader(""), write, os.Stderr)
		write.Close()
	}()
	acks := filepath.Join(t.TempDir(), "acks.txt")
	var told strings.Builder
	lines := bufio.NewScanner(read)
	for i := 0; lines.Scan(); i++ {
		told.WriteString(lines.Text() + "\n")
		if i == 100 {
			cancel()
		}
	}
	if got := <-code; got != exitOK {
		t.Errorf("exit code %d", got)
	}
	if err := os.WriteFile(acks, []byte(told.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if got := run(t.Context(), []string{"bench", "check", "--bank", bank, "--acks", acks}, strings.NewReader(""), &out, os.Stderr); got != exitOK {
		t.Errorf("bench check: exit code %d, %s", got, out.String())
	}
}
