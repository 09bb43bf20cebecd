//go:build unix

package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"creditbank/creditbank"
	"creditbank/creditbank/postgres"
	"creditbank/creditbank/postgres/pgtest"
	"creditbank/creditbank/storetest"
)

// waitFor polls until a query that counts something returns more than zero.
func waitFor(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var n int
		if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("never more than zero: %s", query)
		}
	}
}

// standby names the synchronous standby of a server; "" is none.
func standby(t *testing.T, db *sql.DB, name string) {
	t.Helper()
	for _, query := range []string{
		"ALTER SYSTEM SET synchronous_standby_names = " + pq.QuoteLiteral(name), "SELECT pg_reload_conf()",
	} {
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, db, "SELECT count(*) FROM pg_settings WHERE name = 'synchronous_standby_names' AND setting = "+pq.QuoteLiteral(name))
	// What commits wait for is told them by the checkpointer, which may be busy.
	for range 100 {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		_, err := db.ExecContext(ctx, "SELECT pg_logical_emit_message(true, 'probe', '')")
		waits := err != nil || ctx.Err() != nil
		cancel()
		if waits == (name != "") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("commits do not heed the standby %q", name)
}

// A call is one of a store's that writes, or that tells what was written.
type call struct {
	name string
	f    func(context.Context) error
}

// writesOf returns calls that must not succeed before a standby confirms them.
func writesOf(store *postgres.Store, write creditbank.Write) []call {
	return []call{
		{"Append", func(ctx context.Context) error {
			_, err := store.Append(ctx, storetest.NewFeed(), []creditbank.Write{write})
			return err
		}},
		{"Open", func(ctx context.Context) error {
			_, err := store.Open(ctx, storetest.NewFeed(), []creditbank.NewLearner{storetest.Learner(100)})
			return err
		}},
		{"Publish", func(ctx context.Context) error {
			_, err := store.Publish(ctx, storetest.NewFeed(), 0, []creditbank.Document{storetest.Document(1)})
			return err
		}},
		{"Heads of what was just written", func(ctx context.Context) error {
			_, err := store.Heads(ctx, []creditbank.OutcomeKey{write.Outcomes[0].OutcomeKey})
			return err
		}},
		{"Open again", func(ctx context.Context) error {
			_, err := store.Open(ctx, storetest.NewFeed(), []creditbank.NewLearner{storetest.Learner(100)})
			return err
		}},
		{"Number", func(ctx context.Context) error {
			_, err := store.Number(ctx)
			return err
		}},
		{"Disclose", func(ctx context.Context) error {
			return store.Disclose(ctx, storetest.Disclosure(write.Learner, 1))
		}},
	}
}

// A commit that waits for a standby that never answers is not a success,
// although the server ends the wait with one.
func TestUnconfirmedCommitIsUnknown(t *testing.T) {
	s := pgtest.New(t, pgtest.Options{Durable: true})
	store, db := open(t, s.DSN("postgres")), openDB(t, s.DSN("postgres"))
	books := storetest.Open(t, store, storetest.Learners(6)...)
	for _, b := range books {
		b.Post("a", creditbank.Credit)
	}
	storetest.Append(t, store, books[0].Write()) // so that a connection is there
	standby(t, db, "ghost")
	write := books[1].Write()
	for _, tt := range writesOf(store, write) {
		t.Run(tt.name+" whose context ends", func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			if err := tt.f(ctx); !errors.Is(err, creditbank.ErrOutcomeUnknown) {
				t.Errorf("%s: %v, want ErrOutcomeUnknown", tt.name, err)
			}
		})
	}
	for i, function := range []string{"pg_terminate_backend", "pg_cancel_backend"} {
		t.Run("operator calls "+function, func(t *testing.T) {
			done := make(chan error, 1)
			w := books[4+i].Write()
			go func() {
				_, err := store.Append(t.Context(), storetest.NewFeed(), []creditbank.Write{w})
				done <- err
			}()
			waitFor(t, db, `SELECT count(`+function+`(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)
			if err := <-done; !errors.Is(err, creditbank.ErrOutcomeUnknown) {
				t.Errorf("Append: %v, want ErrOutcomeUnknown", err)
			}
		})
	}
	t.Run("no context would end it", func(t *testing.T) {
		start := time.Now()
		_, err := store.Append(context.Background(), storetest.NewFeed(), []creditbank.Write{books[3].Write()})
		if took := time.Since(start); !errors.Is(err, creditbank.ErrOutcomeUnknown) || took > 30*time.Second {
			t.Errorf("Append: %v after %v, want ErrOutcomeUnknown soon", err, took)
		}
	})
	standby(t, db, "")
	// The caller finds out by repeating: the write was made after all.
	taken, err := store.Append(t.Context(), storetest.NewFeed(), []creditbank.Write{write})
	if err != nil || !slices.Equal(taken, []bool{false}) {
		t.Errorf("Append again = %v, %v; want it left", taken, err)
	}
	heads, err := store.Heads(t.Context(), []creditbank.OutcomeKey{write.Outcomes[0].OutcomeKey})
	if err != nil || heads[0].Stored == nil {
		t.Errorf("Heads = %v, %v; want the outcome that was repeated", heads, err)
	}
	for _, b := range slices.Delete(books, 2, 3) { // one was not written
		storetest.WantHistory(t, store, b.History)
	}
}

// A write waits for the disk of the standby at least, whatever the database's
// own setting.
func TestWritesAreSynchronous(t *testing.T) {
	pgtest.Require(t)
	for setting, want := range map[string]string{
		"off": "on", "local": "on", "remote_write": "on", "on": "on", "remote_apply": "remote_apply",
	} {
		t.Run(setting, func(t *testing.T) {
			dsn := server.Database(t, migrated)
			db := openDB(t, dsn)
			for _, query := range []string{
				`CREATE TABLE seen (setting text NOT NULL)`,
				`CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
				BEGIN
					INSERT INTO seen VALUES (current_setting('synchronous_commit'));
					RETURN NULL;
				END
				$$`,
				`CREATE TRIGGER noted AFTER INSERT OR UPDATE ON feed FOR EACH ROW EXECUTE FUNCTION note()`,
				`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = ` + setting + `', current_database()); END $$`,
			} {
				if _, err := db.ExecContext(t.Context(), query); err != nil {
					t.Fatal(err)
				}
			}
			store := open(t, dsn) // a new connection, to which the setting applies
			storetest.Open(t, store, storetest.Learner(1))
			number(t, store, 1)
			var least, most string
			var n int
			err := db.QueryRowContext(t.Context(), `SELECT min(setting), max(setting), count(*) FROM seen`).Scan(&least, &most, &n)
			if err != nil || least != want || most != want || n != 2 {
				t.Errorf("%d writes with synchronous_commit from %q to %q, %v; want both with %q", n, least, most, err, want)
			}
		})
	}
}

// A cutter passes bytes between a store and its server until it is told to
// cut: then the next answer of the server is lost with the connection.
type cutter struct {
	listener net.Listener
	server   string
	cut      atomic.Bool
	lost     atomic.Int64
	wg       sync.WaitGroup
}

// through returns a cutter in front of the server of dsn, and the dsn that
// leads through it.
func through(t *testing.T, dsn string) (*cutter, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{listener: l, server: u.Host}
	c.wg.Go(c.serve)
	t.Cleanup(func() { l.Close(); c.wg.Wait() })
	u.Host = l.Addr().String()
	return c, u.String()
}

func (c *cutter) serve() {
	for {
		client, err := c.listener.Accept()
		if err != nil {
			return // closed
		}
		server, err := net.Dial("tcp", c.server)
		if err != nil {
			client.Close()
			continue
		}
		c.wg.Go(func() { io.Copy(server, client); server.Close() })
		c.wg.Go(func() { c.answer(client, server); client.Close() })
	}
}

func (c *cutter) answer(client io.Writer, server io.Reader) {
	buf := make([]byte, 32<<10)
	for {
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		if c.cut.CompareAndSwap(true, false) {
			c.lost.Add(1)
			return
		}
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}

// A write whose answer is lost is sent once, whatever database/sql would do
// about it, and its outcome is unknown.
func TestLostAnswerIsUnknown(t *testing.T) {
	pgtest.Require(t)
	dsn := server.Database(t, migrated)
	c, indirect := through(t, dsn)
	store, direct := open(t, indirect), open(t, dsn)
	b := storetest.Open(t, store, storetest.Learner(1))[0]
	for i := range 5 {
		b.Post(fmt.Sprint(i), creditbank.Credit)
		w := b.Write()
		c.cut.Store(true)
		taken, err := store.Append(t.Context(), storetest.NewFeed(), []creditbank.Write{w})
		if !errors.Is(err, creditbank.ErrOutcomeUnknown) {
			t.Fatalf("Append = %v, %v; want ErrOutcomeUnknown", taken, err)
		}
		waitFor(t, openDB(t, dsn), fmt.Sprintf("SELECT count(*) FROM account WHERE version = %d", w.Version()))
		storetest.WantHistory(t, direct, b.History)
		taken, err = store.Append(t.Context(), storetest.NewFeed(), []creditbank.Write{w})
		if err != nil || taken[0] {
			t.Fatalf("Append again = %v, %v; want it left", taken, err)
		}
	}
	if n := c.lost.Load(); n != 5 {
		t.Errorf("%d answers were lost, want 5", n)
	}
}

// What fails at the commit comes after the rows of the statement, and is a
// refusal: nothing was written, and nothing is unknown.
func TestRefusedAtCommit(t *testing.T) {
	store, db := newStore(t)
	b := storetest.Open(t, store, storetest.Learner(1))[0]
	before := b.Clone().History
	_, err := db.ExecContext(t.Context(), `
		CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			RAISE EXCEPTION 'refused at the commit';
		END
		$$;
		CREATE CONSTRAINT TRIGGER refused AFTER INSERT ON feed
		DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION refuse()`)
	if err != nil {
		t.Fatal(err)
	}
	b.Post("a", creditbank.Credit)
	taken, err := store.Append(t.Context(), storetest.NewFeed(), []creditbank.Write{b.Write()})
	if err == nil || errors.Is(err, creditbank.ErrOutcomeUnknown) {
		t.Errorf("Append = %v, %v; want a refusal", taken, err)
	}
	ok, err := store.Publish(t.Context(), storetest.NewFeed(), 0, []creditbank.Document{storetest.Document(1)})
	if err == nil || errors.Is(err, creditbank.ErrOutcomeUnknown) {
		t.Errorf("Publish = %v, %v; want a refusal", ok, err)
	}
	storetest.WantHistory(t, store, before)
}

// A fate is a write with what was said of it.
type fate struct {
	write creditbank.Write
	err   error
}

// A server is killed in the middle of writes: what was acknowledged is there,
// what is unknown is there or not, and repeating it makes it one.
func TestKilledServer(t *testing.T) {
	s := pgtest.New(t, pgtest.Options{Durable: true})
	store := open(t, s.DSN("postgres"))
	books := storetest.Open(t, store, storetest.Learners(6)...)
	fates := make([]fate, len(books))
	var acked atomic.Int64
	var wg sync.WaitGroup
	for i, b := range books {
		wg.Go(func() {
			for n := 0; fates[i].err == nil; n++ {
				b.Post(fmt.Sprint(n), creditbank.Credit)
				fates[i].write = b.Write()
				if _, fates[i].err = store.Append(t.Context(), storetest.NewFeed(), []creditbank.Write{fates[i].write}); fates[i].err == nil {
					acked.Add(1)
				}
			}
		})
	}
	for acked.Load() < 200 {
		time.Sleep(time.Millisecond)
	}
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	unknown := 0
	for i, b := range books {
		w := fates[i].write
		h, err := store.History(t.Context(), w.Learner)
		if err != nil {
			t.Fatal(err)
		}
		there := int64(len(h.Outcomes)+len(h.Acts)) == w.Version()
		if errors.Is(fates[i].err, creditbank.ErrOutcomeUnknown) {
			unknown++
		} else if there {
			t.Errorf("Append: %v, but it was written", fates[i].err)
		}
		taken, err := store.Append(t.Context(), storetest.NewFeed(), []creditbank.Write{w})
		if err != nil || taken[0] == there {
			t.Errorf("Append again = %v, %v; was there before: %v", taken, err, there)
		}
		storetest.WantHistory(t, store, b.History)
	}
	if unknown == 0 {
		t.Error("no write was under way when the server was killed")
	}
}

// A write that PostgreSQL sacrifices to end a deadlock is made again.
func TestDeadlockIsRetried(t *testing.T) {
	store, db := newStore(t)
	books := storetest.Open(t, store, storetest.Learners(2)...)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	lock := func(b *storetest.Book) error {
		_, err := tx.ExecContext(t.Context(), `SELECT FROM account WHERE learner_id = $1 FOR UPDATE`, string(b.History.Learner))
		return err
	}
	if err := lock(books[1]); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		var writes []creditbank.Write
		for _, b := range books {
			b.Post("a", creditbank.Credit)
			writes = append(writes, b.Write())
		}
		taken, err := store.Append(t.Context(), storetest.NewFeed(), writes)
		if err == nil && slices.Contains(taken, false) {
			err = fmt.Errorf("taken %v", taken)
		}
		done <- err
	}()
	waitFor(t, db, `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`)
	if err := lock(books[0]); err != nil { // the store waited first, so it notices first
		t.Fatalf("the wrong one was sacrificed: %v", err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("Append: %v", err)
	}
	for _, b := range books {
		storetest.WantHistory(t, store, b.History)
	}
	waitFor(t, db, `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`)
}

func TestRetry(t *testing.T) {
	deadlock := &pq.Error{Code: pqerror.TRDeadlockDetected}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name  string
		ctx   context.Context
		err   error // of the first two tries
		tries int
	}{
		{"nothing to retry", t.Context(), nil, 1},
		{"a deadlock", t.Context(), deadlock, 3},
		{"a serialization failure", t.Context(), &pq.Error{Code: pqerror.TRSerializationFailure}, 3},
		{"a refusal for good", t.Context(), &pq.Error{Code: pqerror.CheckViolation}, 1},
		{"an unknown outcome", t.Context(), fmt.Errorf("%w: %w", creditbank.ErrOutcomeUnknown, deadlock), 1},
		{"a context that ended", canceled, deadlock, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tries := 0
			err := postgres.Retry(tt.ctx, func() error {
				if tries++; tries <= 2 {
					return tt.err
				}
				return nil
			})
			if tries != tt.tries || (err == nil) != (tries == 3 || tt.err == nil) {
				t.Errorf("%d tries, %v; want %d", tries, err, tt.tries)
			}
		})
	}
	tries := 0
	if err := postgres.Retry(t.Context(), func() error { tries++; return deadlock }); err == nil || tries != postgres.MaxTries {
		t.Errorf("%d tries of what never succeeds, %v; want %d", tries, err, postgres.MaxTries)
	}
}

// A server that says nothing is given up.
func TestSilentServer(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	c := postgres.Impatient(ours, 20*time.Millisecond)
	defer c.Close()
	var timeout net.Error
	if _, err := c.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("Read: %v, want a timeout", err)
	}
	if _, err := c.Write(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("Write: %v, want a timeout", err)
	}
}
