package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/storetest"
)

// victimEnv makes the test binary a process that writes until it is killed.
const victimEnv = "CREDITBANK_SQLITE_VICTIM"

func TestMain(m *testing.M) {
	if path := os.Getenv(victimEnv); path != "" {
		fmt.Println(victim(path))
		os.Exit(1)
	}
	enterSmallDisk()
	os.Exit(m.Run())
}

// victim posts to one account, and prints each version once it is told that it
// was written.
func victim(path string) error {
	ctx := context.Background()
	s, err := Open(ctx, path)
	if err != nil {
		return err
	}
	id := storetest.Learner(1).ID
	for {
		heads, err := s.Heads(ctx, []creditbank.OutcomeKey{{Learner: id}})
		if err != nil {
			return err
		}
		version := heads[0].Version
		p := storetest.Posting(id, fmt.Sprintf("v%d", version), 1)
		w := creditbank.Write{Learner: id, Base: version, Totals: heads[0].Totals, Outcomes: []creditbank.Outcome{
			storetest.Outcome(p, storetest.Recognised(0), version+1),
		}}
		taken, err := s.Append(ctx, storetest.NewFeed(), []creditbank.Write{w})
		if err != nil {
			return err
		}
		if taken[0] {
			fmt.Println(w.Version())
		}
	}
}

// What was acknowledged is there after kill -9, and everything that is there is
// whole; meanwhile this process writes to the same file.
func TestKilledProcess(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	storetest.Open(t, s, storetest.Learner(1), storetest.Learner(2))
	for round := range 3 {
		acknowledged := runVictim(t, path, 30+20*round)
		history, err := s.History(t.Context(), storetest.Learner(1).ID)
		if err != nil {
			t.Fatal(err)
		}
		account, err := creditbank.NewAccount(history)
		if err != nil {
			t.Fatal(err)
		}
		if account.Version < acknowledged || account.Version > acknowledged+1 {
			t.Errorf("version %d was acknowledged, the account is at %d", acknowledged, account.Version)
		}
		b := storetest.NewBook(t, storetest.Learner(10+round))
		storetest.Open(t, s, storetest.Learner(10+round))
		b.Post("a", creditbank.Credit)
		storetest.Append(t, s, b.Write())
		if err := new(storetest.Follower).Poll(t.Context(), s); err != nil {
			t.Error(err)
		}
	}
	wantIntact(t, s)
}

// wantIntact checks that SQLite finds its own file in order: every index too.
func wantIntact(t *testing.T, s *Store) {
	t.Helper()
	rows, err := s.readers.QueryContext(t.Context(), "PRAGMA integrity_check")
	faults, err := collect(rows, err, func(row scanner) (fault string, err error) {
		err = row.Scan(&fault)
		return fault, err
	})
	if err != nil || !slices.Equal(faults, []string{"ok"}) {
		t.Errorf("integrity_check = %q, %v; want ok", faults, err)
	}
}

// runVictim runs a victim, kills it after some writes, and returns the last
// version that it printed.
func runVictim(t *testing.T, path string, writes int) (acknowledged int64) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), victimEnv+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if _, err := fmt.Sscan(lines.Text(), &acknowledged); err != nil {
			t.Errorf("the process says %q", lines.Text())
			break
		}
		if n == writes {
			time.AfterFunc(time.Duration(n)*100*time.Microsecond, func() { cmd.Process.Kill() })
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	return acknowledged
}
