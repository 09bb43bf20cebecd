package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"creditbank/creditbank"
)

const (
	// writeLimit bounds a write. PostgreSQL's own statement_timeout does not
	// bound the wait for a synchronous standby (ECOSYSTEM 0.3).
	writeLimit = 10 * time.Second

	// probeLimit bounds the question whether a connection still works.
	probeLimit = 2 * time.Second

	// longIdle is how long a connection may idle and be trusted to be there.
	longIdle = time.Second

	// maxTries bounds how often a write that lost a race is tried. Races are
	// short; a caller that still loses should hear about it rather than wait.
	maxTries = 8
)

// errRaced is wrapped by a refusal that will not come again, since what it
// was due to can be seen by now.
var errRaced = errors.New("raced with another writer")

// commit is how everything is written: it runs f, which writes in one
// transaction, on a connection for writing, and returns its verdict. What f
// runs is sent at most once: a [sql.Conn] is not replaced when it breaks, as
// one of the pool would be.
func (s *Store) commit(ctx context.Context, f func(context.Context, *writer) error) error {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	w, err := s.take(ctx)
	if err != nil {
		return err // nothing was sent
	}
	w.warning.Store(nil)
	err = verdict(ctx, w, f(ctx, w))
	s.put(w, err)
	return err
}

// verdict tells the three ends of a write apart, given what the driver says:
// nil if it is durable, an error that wraps [creditbank.ErrOutcomeUnknown] if
// nobody knows, another error if the server refused it.
//
// Silence about an error is no success. If the wait for a synchronous standby
// is cut short, PostgreSQL answers success with a warning, and lib/pq passes
// on the success alone. And a refusal is one only if it is the server's, and
// the connection outlives it: an error that ends the session may have come
// after the commit.
func verdict(ctx context.Context, w *writer, err error) error {
	warning := w.warning.Load()
	switch {
	case err != nil && refused(err) && w.alive(ctx):
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		}
		return err
	case err != nil:
		return fmt.Errorf("%w: %w", creditbank.ErrOutcomeUnknown, err)
	case warning != nil:
		return fmt.Errorf("%w: %w", creditbank.ErrOutcomeUnknown, warning)
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", creditbank.ErrOutcomeUnknown, ctx.Err())
	}
	return nil
}

// refused reports whether err is an answer of the server by which a
// transaction fails.
func refused(err error) bool {
	e := pq.As(err)
	return e != nil &&
		e.Code != pqerror.TRStatementCompletionUnknown &&
		e.Code.Class() != pqerror.ClassConnectionException &&
		!slices.Contains(endOfSession, e.Code)
}

// endOfSession are the errors by which the server tells that it hangs up.
var endOfSession = []pqerror.Code{
	pqerror.AdminShutdown,
	pqerror.CrashShutdown,
	pqerror.CannotConnectNow,
	pqerror.DatabaseDropped,
	pqerror.IdleSessionTimeout,
}

// confirmQuery writes a record to the log, whose commit is then waited for: if
// there are synchronous standbys, since it is for them alone.
const confirmQuery = `
	SELECT pg_logical_emit_message(TRUE, 'creditbank', '')
	WHERE current_setting('synchronous_standby_names') <> ''`

// Confirm implements [creditbank.Store]. It returns once everything that can be seen is durable. What became
// visible because the wait for a standby was cut short, or because the server
// crashed in it, may still be lost to a failover: it must not be acknowledged
// when the caller repeats it and finds it there. The log is sequential, so a
// commit that is confirmed confirms what came before.
func (s *Store) Confirm(ctx context.Context) error {
	return s.commit(ctx, func(ctx context.Context, w *writer) error {
		_, err := w.confirm.ExecContext(ctx)
		return err
	})
}

// retry runs f until it neither deadlocks nor loses a race. It is for writes
// that were refused: what may have been written is not written again here.
func retry(ctx context.Context, f func() error) error {
	for try := 1; ; try++ {
		err := f()
		again := errors.Is(err, errRaced) ||
			pq.As(err, pqerror.TRSerializationFailure, pqerror.TRDeadlockDetected) != nil
		if !again || errors.Is(err, creditbank.ErrOutcomeUnknown) || try == maxTries {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(rand.N(time.Millisecond << try)):
		}
	}
}

// A writer is a connection for writing. One goroutine uses it at a time.
type writer struct {
	conn *sql.Conn

	// Prepared on this very connection. A statement of the pool would be
	// prepared anew for each transaction, and sent again when the connection
	// breaks.
	append, appendTold, open, publish, confirm, disclose, markRead, setMark *sql.Stmt

	used time.Time // when it was last given back

	// warning is the last warning of the server that puts a commit in doubt.
	warning atomic.Pointer[pq.Error]
}

// newWriter opens a connection for writing. Whatever fails here, nothing was
// written.
func (s *Store) newWriter(ctx context.Context) (_ *writer, err error) {
	conn, err := s.writeDB.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	w := &writer{conn: conn}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if err := conn.Raw(w.listen); err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	// An acknowledged write is durable (DESIGN 4.3), on the standby too,
	// whatever the server's default; remote_apply, which asks for more, is kept.
	_, err = conn.ExecContext(ctx, `
		SELECT set_config('synchronous_commit', 'on', FALSE)
		WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')`)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	for _, p := range []struct {
		stmt  **sql.Stmt
		query string
	}{
		{&w.append, appendQuery},
		{&w.appendTold, appendToldQuery},
		{&w.markRead, markReadQuery},
		{&w.open, openQuery},
		{&w.publish, publishQuery},
		{&w.confirm, confirmQuery},
		{&w.disclose, discloseQuery},
		{&w.setMark, setMarkQuery},
	} {
		if *p.stmt, err = conn.PrepareContext(ctx, p.query); err != nil {
			return nil, fmt.Errorf("prepare %s: %w", p.query, err)
		}
	}
	return w, nil
}

// listen has w note the warnings that come on its own connection: code 01000
// when the wait for a standby is canceled, 57P01 when the server ends the
// session meanwhile. The texts are translated; the codes are not.
func (w *writer) listen(driverConn any) error {
	pq.SetNoticeHandler(driverConn.(driver.Conn), func(n *pq.Error) {
		if n.Code == pqerror.Warning || n.Code == pqerror.AdminShutdown {
			w.warning.Store(n)
		}
	})
	return nil
}

// alive reports whether the server still answers on w, also once ctx is over.
func (w *writer) alive(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeLimit)
	defer cancel()
	return w.conn.PingContext(ctx) == nil
}

// close ends the connection. It may be broken already, which is no news.
func (w *writer) close() { w.conn.Close() }

// take takes out a connection for writing, waiting for one if need be.
func (s *Store) take(ctx context.Context) (*writer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a connection: %w", ctx.Err())
	case _, open := <-s.turns:
		if !open {
			return nil, errClosed
		}
	}
	if w := s.idle(ctx); w != nil {
		return w, nil
	}
	w, err := s.newWriter(ctx)
	if err != nil {
		s.dropIdle()
		s.turns <- struct{}{}
		return nil, err
	}
	return w, nil
}

// idle returns a connection that idles, or nil. One that idled for long may
// have died meanwhile: asking first costs a round trip, and spares the caller
// an unknown outcome.
func (s *Store) idle(ctx context.Context) *writer {
	select {
	case w := <-s.writers:
		if time.Since(w.used) < longIdle || w.alive(ctx) {
			return w
		}
		w.close()
		s.dropIdle()
	default:
	}
	return nil
}

// put gives w back after a write that ended with err. A connection in doubt
// is closed. A server that is read-only has become a standby: the next
// connection finds the new primary.
func (s *Store) put(w *writer, err error) {
	if errors.Is(err, creditbank.ErrOutcomeUnknown) || pq.As(err, pqerror.ReadOnlySQLTransaction) != nil {
		w.close()
		s.dropIdle()
	} else {
		w.used = time.Now()
		s.writers <- w
	}
	s.turns <- struct{}{}
}

// dropIdle closes the connections that idle: they are likely to be as dead as
// the one that was just found to be.
func (s *Store) dropIdle() {
	for {
		select {
		case w := <-s.writers:
			w.close()
		default:
			return
		}
	}
}
