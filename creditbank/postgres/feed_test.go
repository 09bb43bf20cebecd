//go:build unix

package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"creditbank/creditbank/postgres"
	"creditbank/creditbank/storetest"
)

// number numbers the feed and checks how far that gets.
func number(t *testing.T, s interface {
	Number(context.Context) (int64, error)
}, want int64) {
	t.Helper()
	if got, err := s.Number(t.Context()); err != nil || got != want {
		t.Errorf("Number = %d, %v; want %d", got, err, want)
	}
}

// Rows are numbered in the order in which they become visible: one that
// commits late comes late, however early its transaction began.
func TestLateCommitIsNumberedLate(t *testing.T) {
	store, db := newStore(t)
	early := storetest.NewFeed()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(t.Context(), `INSERT INTO feed (id, at) VALUES ($1, $2)`, early.ID, early.At); err != nil {
		t.Fatal(err)
	}
	storetest.Open(t, store, storetest.Learner(1))
	number(t, store, 1)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	storetest.Open(t, store, storetest.Learner(2))
	number(t, store, 3)
	entries, err := store.Feed(t.Context(), 1, 10)
	if err != nil || len(entries) != 2 || entries[0].ID != early.ID && entries[1].ID != early.ID {
		t.Errorf("Feed(1) = %v, %v; want the late row in it", entries, err)
	}
	if entries, err := store.Feed(t.Context(), 0, 1); err != nil || len(entries) != 1 || entries[0].ID == early.ID {
		t.Errorf("Feed(0, 1) = %v, %v; want the row numbered first", entries, err)
	}
}

// Whoever calls Number has all numbered that was committed before, also what
// another process is just numbering.
func TestNumberSeesWhatWasCommitted(t *testing.T) {
	store, db := newStore(t)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 20 {
				f := storetest.NewFeed()
				if _, err := db.ExecContext(t.Context(), `INSERT INTO feed (id, at) VALUES ($1, $2)`, f.ID, f.At); err != nil {
					t.Error(err)
					return
				}
				if _, err := store.Number(t.Context()); err != nil {
					t.Error(err)
					return
				}
				var numbered bool
				err := db.QueryRowContext(t.Context(), `SELECT seq IS NOT NULL FROM feed WHERE id = $1`, f.ID).Scan(&numbered)
				if err != nil || !numbered {
					t.Errorf("writer %d, row %d: numbered: %v, %v", w, i, numbered, err)
				}
			}
		})
	}
	wg.Wait()
	number(t, store, 80)
}

// A backlog is numbered in several transactions, whole and without a gap, and
// what is in the way of one leaves the others done.
func TestBacklogIsNumberedInBatches(t *testing.T) {
	store, db := newStore(t)
	backlog := func(n int) {
		t.Helper()
		_, err := db.ExecContext(t.Context(), `INSERT INTO feed (id, at) SELECT gen_random_uuid(), now() FROM generate_series(1, $1)`, n)
		if err != nil {
			t.Fatal(err)
		}
	}
	postgres.SetNumberBatch(store, 100)
	want := int64(0)
	for _, n := range []int{1, 99, 100, 101, 200, 950} {
		backlog(n)
		want += int64(n)
		number(t, store, want)
		var waiting, transactions, most int64
		err := db.QueryRowContext(t.Context(), `
			SELECT
				(SELECT count(*) FROM feed WHERE seq IS NULL),
				count(*),
				max(rows)
			FROM (SELECT count(*) AS rows FROM feed WHERE seq > $1 GROUP BY xmin) AS t`, want-int64(n)).
			Scan(&waiting, &transactions, &most)
		if err != nil || waiting != 0 || transactions != int64(n+99)/100 || most > 100 {
			t.Errorf("backlog of %d: %d left, numbered in %d transactions of up to %d rows, %v; want batches of 100", n, waiting, transactions, most, err)
		}
	}
	entries, err := store.Feed(t.Context(), 0, int(want))
	if err != nil || len(entries) != int(want) { // Feed reports a gap
		t.Errorf("Feed = %d rows, %v; want %d", len(entries), err, want)
	}

	backlog(250)
	if _, err := db.ExecContext(t.Context(), fmt.Sprintf(`ALTER TABLE feed ADD CONSTRAINT jam CHECK (seq <= %d)`, want+200)); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Number(t.Context()); err == nil {
		t.Errorf("Number past a jam = %d, want an error", got)
	}
	if _, err := db.ExecContext(t.Context(), `ALTER TABLE feed DROP CONSTRAINT jam`); err != nil {
		t.Fatal(err)
	}
	var last int64
	if err := db.QueryRowContext(t.Context(), `SELECT max(seq) FROM feed`).Scan(&last); err != nil || last != want+200 {
		t.Errorf("numbered up to %d, %v; want the batches before the jam, up to %d", last, err, want+200)
	}
	number(t, store, want+250)
}

// The context ends the numbering of a backlog between batches.
func TestNumberObeysItsContext(t *testing.T) {
	store, db := newStore(t)
	_, err := db.ExecContext(t.Context(), `INSERT INTO feed (id, at) SELECT gen_random_uuid(), now() FROM generate_series(1, 100000)`)
	if err != nil {
		t.Fatal(err)
	}
	postgres.SetNumberBatch(store, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if n, err := store.Number(ctx); err == nil || time.Since(begun) > 5*time.Second {
		t.Errorf("Number = %d, %v after %v; want the end of the context", n, err, time.Since(begun))
	}
	postgres.SetNumberBatch(store, 20_000)
	number(t, store, 100_000)
}

// A process that stalls while it numbers is cut off by the server.
func TestStalledSequencer(t *testing.T) {
	store, db := newStore(t)
	storetest.Open(t, store, storetest.Learner(1))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	for _, query := range []string{
		`SET LOCAL idle_in_transaction_session_timeout = '200ms'`, // the store's own is longer
		fmt.Sprintf(`SELECT pg_advisory_xact_lock(%d)`, postgres.SequencerLock),
	} {
		if _, err := tx.ExecContext(ctx, query); err != nil {
			t.Fatal(err)
		}
	}
	number(t, store, 1)
	if postgres.Settings()["idle_in_transaction_session_timeout"] == "" {
		t.Error("the store's own sessions may idle in a transaction for ever")
	}
}

// A feed row keeps its number, and stays.
func TestFeedCannotBeEdited(t *testing.T) {
	store, db := newStore(t)
	storetest.Open(t, store, storetest.Learner(1))
	number(t, store, 1)
	for _, query := range []string{
		"UPDATE feed SET seq = 2", "UPDATE feed SET seq = NULL", "UPDATE feed SET at = now()", "DELETE FROM feed",
		"TRUNCATE feed", "TRUNCATE outcome", "TRUNCATE act", "TRUNCATE transfer", "TRUNCATE document", "TRUNCATE outcome_p00",
		"UPDATE act_p00 SET day = 1; UPDATE act_p01 SET day = 1; DELETE FROM act_p02; DELETE FROM act",
	} {
		if _, err := db.ExecContext(t.Context(), query); err == nil {
			t.Errorf("%s: no error, want the database to refuse it", query)
		}
	}
	number(t, store, 1)
}
