package storetest

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"testing"

	"creditbank/creditbank"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Equal says when values of the domain are the same in a test: an empty list
// is as good as none.
func Equal() gocmp.Option {
	return gocmp.Options{
		cmpopts.EquateEmpty(),
		gocmp.Comparer(func(a, b creditbank.Score) bool { return a == b }),
	}
}

// Open opens the accounts of the learners, and fails the test unless all are
// taken in. It returns their books.
func Open(t testing.TB, s creditbank.Store, learners ...creditbank.NewLearner) []*Book {
	t.Helper()
	taken, err := s.Open(t.Context(), NewFeed(), learners)
	if err != nil || len(taken) != len(learners) || slices.Contains(taken, false) {
		t.Fatalf("Open(%d learners) = %v, %v; want all taken in", len(learners), taken, err)
	}
	books := make([]*Book, len(learners))
	for i, l := range learners {
		books[i] = NewBook(t, l)
	}
	return books
}

// Append appends the writes, in whatever order they are, and fails the test
// unless all are taken.
func Append(t testing.TB, s creditbank.Store, writes ...creditbank.Write) {
	t.Helper()
	taken, err := s.Append(t.Context(), NewFeed(), Sorted(writes))
	if err != nil || len(taken) != len(writes) || slices.Contains(taken, false) {
		t.Fatalf("Append(%d writes) = %v, %v; want all taken", len(writes), taken, err)
	}
}

// Sorted sorts writes by learner, as [creditbank.Store.Append] wants them.
func Sorted(writes []creditbank.Write) []creditbank.Write {
	slices.SortFunc(writes, func(a, b creditbank.Write) int { return cmp.Compare(a.Learner, b.Learner) })
	return writes
}

// WantHistory checks what is on record about a learner.
func WantHistory(t testing.TB, s creditbank.Store, want creditbank.History) {
	t.Helper()
	got, err := s.History(t.Context(), want.Learner)
	if err != nil {
		t.Fatalf("History(%s): %v", want.Learner, err)
	}
	if diff := gocmp.Diff(want, got, Equal()); diff != "" {
		t.Errorf("History(%s) differs (-want +got):\n%s", want.Learner, diff)
	}
}

// wantHead checks the state kept with an account that is written whole.
func wantHead(t testing.TB, s creditbank.Store, b *Book) {
	t.Helper()
	head := headOf(t, s, creditbank.OutcomeKey{Learner: b.History.Learner})
	a := b.Account()
	if !head.Known || head.Version != a.Version || head.Frozen != a.Frozen || !head.Totals.Equal(a.Totals) {
		t.Errorf("head of %s = %v, %d, %v, %q; want %d, %v, %q",
			a.Learner, head.Known, head.Version, head.Frozen, head.Totals, a.Version, a.Frozen, a.Totals)
	}
}

func headOf(t testing.TB, s creditbank.Store, k creditbank.OutcomeKey) creditbank.Head {
	t.Helper()
	heads, err := s.Heads(t.Context(), []creditbank.OutcomeKey{k})
	if err != nil || len(heads) != 1 {
		t.Fatalf("Heads(%v) = %d heads, %v; want one", k, len(heads), err)
	}
	return heads[0]
}

// wantInt checks an integer behind the store.
func wantInt(t testing.TB, h Harness, query string, want int64) {
	t.Helper()
	got, err := h.Int(query)
	if err != nil || got != want {
		t.Errorf("%s = %d, %v; want %d", query, got, err, want)
	}
}

// kinds are the errors that callers act upon.
var kinds = []error{
	creditbank.ErrInvalid, creditbank.ErrNotFound, creditbank.ErrConflict,
	creditbank.ErrForbidden, creditbank.ErrBusy, creditbank.ErrOutcomeUnknown,
}

// wantDamage checks that err reports damage: it wraps no kind, and it names
// the row.
func wantDamage(t testing.TB, what string, err error, row string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want one of damage", what)
		return
	}
	if isKind(err) {
		t.Errorf("%s: %v wraps a kind, as if it were the caller's fault", what, err)
	}
	if !strings.Contains(err.Error(), row) {
		t.Errorf("%s: %v does not name the row %s", what, err, row)
	}
}

// isKind reports whether err wraps any of the kinds.
func isKind(err error) bool {
	return slices.ContainsFunc(kinds, func(kind error) bool { return errors.Is(err, kind) })
}

// isOnly reports whether err wraps kind and no other kind.
func isOnly(err, kind error) bool {
	for _, k := range kinds {
		if errors.Is(err, k) != (k == kind) {
			return false
		}
	}
	return true
}

// skipWithout skips the test of something that the store cannot do.
func skipWithout(t testing.TB, can bool, what string) {
	t.Helper()
	if !can {
		t.Skipf("the store has no %s", what)
	}
}
