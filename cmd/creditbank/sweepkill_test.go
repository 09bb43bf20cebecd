package main

import (
	"bufio"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"creditbank/cmd/creditbank/internal/embedded"
	"creditbank/cmd/creditbank/internal/load"
	"creditbank/creditbank"
	"creditbank/creditbank/postgres"
	"creditbank/creditbank/postgres/pgtest"
)

// A sweep that is killed in the middle, again and again, and two that run at the
// same time, leave each lot expired once.
func TestSweepSurvivesKill(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { surviveSweep(t, "") })
	t.Run("postgres", func(t *testing.T) {
		pgtest.Require(t)
		server := pgtest.New(t, pgtest.Options{Durable: true})
		surviveSweep(t, server.Database(t, ""))
	})
}

func surviveSweep(t *testing.T, dsn string) {
	dir := filepath.Join(t.TempDir(), "bank")
	want := expired(t, dir, dsn)
	ledger := []string{"--bank", dir, "--lang", "en"}
	if dsn != "" {
		ledger = append(ledger, "--dsn", dsn)
	}
	sweep := append([]string{"sweep", "--batch", "3"}, ledger...)
	for n := range 3 {
		killSweep(t, sweep, 3+4*n)
	}
	both := make(chan error, 2)
	for range cap(both) {
		cmd := started(t, sweep...)
		go func() { both <- cmd.Run() }()
	}
	for range cap(both) {
		if err := <-both; err != nil {
			t.Errorf("creditbank sweep beside another: %v", err)
		}
	}
	if out, err := started(t, append([]string{"doctor", "--replay"}, ledger...)...).Output(); err != nil {
		t.Errorf("creditbank doctor: %v\n%s", err, out)
	}
	out, err := started(t, append(sweep, "--json")...).Output()
	var again []sweptView
	if err == nil {
		err = json.Unmarshal(out, &again)
	}
	if err != nil || len(again) == 0 || again[len(again)-1].Done != 0 {
		t.Errorf("swept once more: %s, %v; want nothing done", out, err)
	}
	b := openBank(t, dir, dsn, embedded.World{})
	var sum creditbank.Credits
	ids, err := b.Store.Learners(t.Context(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		moved, err := b.Store.Movements(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range moved {
			if m.To == creditbank.AccountExpired {
				sum += m.Credits
			}
		}
	}
	if sum != want {
		t.Errorf("%s credits were posted as expired, want %s", sum, want)
	}
}

// expired makes a bank in which everything has expired by now, and returns how
// many credits.
func expired(t *testing.T, dir, dsn string) creditbank.Credits {
	t.Helper()
	now := time.Date(2021, time.June, 1, 4, 0, 0, 0, time.UTC)
	w := embedded.World{Now: func() time.Time { return now }}
	b := openBank(t, dir, dsn, w)
	by := creditbank.Caller{ID: "operator:test"}
	plan := load.Plan{Seed: 5, Learners: 120}
	ids, err := plan.Prepare(t.Context(), b.Bank, by)
	if err != nil {
		t.Fatal(err)
	}
	poster := b.NewPoster(context.Background(), creditbank.PosterConfig{})
	defer poster.Close()
	var sum creditbank.Credits
	for n := range 240 {
		p := plan.Posting(n, ids)
		p.Learner, p.IssuedOn = ids[n%len(ids)], creditbank.Date(20210101+n%28)
		posted, err := poster.Post(t.Context(), by, p, "")
		if err != nil {
			t.Fatal(err)
		}
		if posted.Outcome.ExpiresOn != 0 {
			sum += posted.Outcome.Credits
		}
	}
	if sum == 0 {
		t.Fatal("nothing of what was posted expires")
	}
	return sum
}

// openBank opens the bank in a folder, or makes it.
func openBank(t *testing.T, dir, dsn string, w embedded.World) *embedded.Bank {
	t.Helper()
	if dsn != "" {
		store, err := postgres.Open(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		w.Ledger = store
	}
	open := embedded.Open
	if w.Now != nil {
		open = embedded.Create
	}
	b, err := open(t.Context(), dir, w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// killSweep runs the program until it has told of n batches, and ends it with
// SIGKILL.
func killSweep(t *testing.T, args []string, n int) {
	t.Helper()
	cmd := started(t, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for batches := 0; batches < n && lines.Scan(); {
		if strings.Contains(lines.Text(), "more to do") {
			batches++
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the program ended by itself")
	}
}
