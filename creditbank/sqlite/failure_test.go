package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/storetest"
)

// A file that may grow no more is an error with nothing written, and once it
// may, the same write is taken. This limit fails a statement, before COMMIT;
// see TestDiskFullAtCommit.
func TestFullDisk(t *testing.T) {
	s := open(t, newPath(t))
	books := storetest.Open(t, s, storetest.Learners(200)...)
	var pages int
	if err := s.conn.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	if err := s.Exec(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages+3)); err != nil {
		t.Fatal(err)
	}
	var before []creditbank.History
	var writes []creditbank.Write
	for _, b := range books {
		before = append(before, b.Clone().History)
		b.Post("a", creditbank.Credit)
		b.Request(strings.Repeat("long", 50), creditbank.ActEnrolled, creditbank.ActBody{Programme: "P1"})
		writes = append(writes, b.Write())
	}
	for range 3 {
		_, err := s.Append(t.Context(), storetest.NewFeed(), writes)
		if err == nil || errors.Is(err, creditbank.ErrOutcomeUnknown) {
			t.Fatalf("Append on a full disk: %v, want a certain error", err)
		}
		for _, h := range before {
			storetest.WantHistory(t, s, h)
		}
	}
	if err := s.Exec(t.Context(), "PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	storetest.Append(t, s, writes...)
	for _, b := range books {
		storetest.WantHistory(t, s, b.History)
	}
	wantIntact(t, s)
}

// Evidence that the disk has no room for is not there, nor its act, nor any part of
// either; once there is room the same write is taken.
func TestFullDiskUnderEvidence(t *testing.T) {
	s := open(t, newPath(t))
	b := storetest.Open(t, s, storetest.Learner(1))[0]
	p := b.Petition(storetest.Issuer, storetest.Day)
	storetest.Append(t, s, b.Write())
	before := b.Clone().History
	e := b.Evidence(p.Seq, bytes.Repeat([]byte("sealed"), 500_000))
	w := b.Write()
	w.Evidence = []creditbank.Evidence{e}
	var pages int
	if err := s.conn.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	for _, room := range []int{0, 1, 10, 100, 600} { // of 733 pages
		if err := s.Exec(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages+room)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Append(t.Context(), storetest.NewFeed(), []creditbank.Write{w}); err == nil || errors.Is(err, creditbank.ErrOutcomeUnknown) {
			t.Fatalf("Append with room for %d pages: %v, want a certain error", room, err)
		}
		storetest.WantHistory(t, s, before)
		if kept, err := s.EvidenceKept(t.Context(), e.Learner); err != nil || len(kept) != 0 {
			t.Errorf("with room for %d pages evidence is left: %v, %v", room, kept, err)
		}
	}
	if err := s.Exec(t.Context(), "PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	storetest.Append(t, s, w)
	storetest.WantHistory(t, s, b.History)
	if got, err := s.Evidence(t.Context(), e.Learner, e.Seq); err != nil || !bytes.Equal(got.Sealed, e.Sealed) {
		t.Errorf("Evidence once there is room: %d bytes, %v", len(got.Sealed), err)
	}
	wantIntact(t, s)
}

// lock has another process hold the file for writing.
func lock(t *testing.T, path string) (release func()) {
	t.Helper()
	other := open(t, path)
	<-other.turn
	if err := other.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	return func() {
		other.rollback(context.Background())
		other.turn <- struct{}{}
	}
}

// While somebody else holds the file a write waits, and nothing happens when
// the caller gives up.
func TestLockedFile(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	b := storetest.Open(t, s, storetest.Learner(1))[0]
	before := b.Clone().History
	b.Post("a", creditbank.Credit)
	writes := []creditbank.Write{b.Write()}

	release := lock(t, path)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := s.Append(ctx, storetest.NewFeed(), writes)
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, creditbank.ErrOutcomeUnknown) {
		t.Errorf("Append to a locked file: %v, want the deadline", err)
	}
	storetest.WantHistory(t, s, before) // readers do not wait

	if err := s.Exec(t.Context(), "PRAGMA busy_timeout = 20"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(t.Context(), storetest.NewFeed(), writes); !errors.Is(err, creditbank.ErrBusy) {
		t.Errorf("Append to a file locked for long: %v, want ErrBusy", err)
	}
	if err := s.Exec(t.Context(), "PRAGMA busy_timeout = "+busyTimeout); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, release)
	storetest.Append(t, s, writes...)
	storetest.WantHistory(t, s, b.History)
}

// A context that ends while the write is under way is noticed before COMMIT.
func TestContextEndsBeforeCommit(t *testing.T) {
	s := open(t, newPath(t))
	b := storetest.Open(t, s, storetest.Learner(1))[0]
	before := b.Clone().History
	b.Post("a", creditbank.Credit)
	w := b.Write()
	ctx, cancel := context.WithCancel(t.Context())
	feed := storetest.NewFeed()
	err := s.update(ctx, feed, func(ctx context.Context) (bool, error) {
		cancel()
		return s.append(ctx, feed, w)
	})
	if !errors.Is(err, context.Canceled) || errors.Is(err, creditbank.ErrOutcomeUnknown) {
		t.Errorf("update = %v, want that the context was cancelled", err)
	}
	storetest.WantHistory(t, s, before)
	storetest.Append(t, s, w)
	storetest.WantHistory(t, s, b.History)
}

// A COMMIT that fails and leaves the transaction open, here for a foreign key
// that is checked only then, has certainly not happened.
func TestCommitFails(t *testing.T) {
	s := open(t, newPath(t))
	for _, query := range []string{
		"PRAGMA foreign_keys = ON",
		"CREATE TABLE child (parent TEXT REFERENCES learner DEFERRABLE INITIALLY DEFERRED)",
	} {
		if err := s.Exec(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	b := storetest.Open(t, s, storetest.Learner(1))[0]
	before := b.Clone().History
	b.Post("a", creditbank.Credit)
	w := b.Write()
	feed := storetest.NewFeed()
	err := s.update(t.Context(), feed, func(ctx context.Context) (bool, error) {
		if _, err := s.conn.ExecContext(ctx, "INSERT INTO child (parent) VALUES ('nobody')"); err != nil {
			return false, err
		}
		return s.append(ctx, feed, w)
	})
	if err == nil || errors.Is(err, creditbank.ErrOutcomeUnknown) {
		t.Errorf("update = %v, want a certain error", err)
	}
	storetest.WantHistory(t, s, before)
	storetest.Append(t, s, w)
	storetest.WantHistory(t, s, b.History)
}

// A COMMIT that fails and leaves no transaction behind may have happened.
func TestCommitUnknown(t *testing.T) {
	s := open(t, newPath(t))
	err := s.commit(t.Context()) // there is no transaction
	if !errors.Is(err, creditbank.ErrOutcomeUnknown) {
		t.Errorf("commit = %v, want ErrOutcomeUnknown", err)
	}
	storetest.Open(t, s, storetest.Learner(1))
}

func TestClosedStore(t *testing.T) {
	s, err := Open(t.Context(), newPath(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), storetest.NewFeed(), storetest.Learners(1)); err == nil {
		t.Error("Open of a learner in a closed store: no error")
	}
	if _, err := s.Number(t.Context()); err == nil {
		t.Error("Number of a closed store: no error")
	}
}
