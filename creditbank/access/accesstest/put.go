package accesstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/storetest"
)

var putTests = []test{
	{"EveryVersionIsKept", testKept},
	{"TheNewestReplacesTheRest", testReplaced},
	{"PutIsAllOrNothing", testAllOrNothing},
	{"IncompleteRecordsAreRefused", testIncomplete},
	{"ListIsInOrder", testList},
	{"AnswersExpire", testAnswers},
	{"PurgeLeavesHistoryAlone", testPurge},
	{"HistoryCannotBeChanged", testUnchanged},
	{"EndedContextWritesNothing", testContext},
}

// by is who writes in the tests of stores.
var by = creditbank.Caller{ID: "user:测试"}

// record returns a version of a record.
func record(kind access.Kind, id string, version int) access.Record {
	return access.Record{
		Kind: kind, ID: id, Version: version, What: "tested", At: storetest.Noon.Add(time.Duration(version) * time.Microsecond), By: by,
		Body: fmt.Appendf(nil, `{"n":%d}`, version),
	}
}

// answer returns an answer to a key that points to r.
func answer(key string, r access.Record) *access.Answer {
	return &access.Answer{
		Request: access.Request{By: r.By, Key: key, Hash: creditbank.Hash{1, 2, 3}},
		At:      r.At, Expires: r.At.Add(time.Hour), Kind: r.Kind, ID: r.ID, Version: r.Version,
	}
}

// put writes records and fails the test unless they are taken.
func put(t testing.TB, s access.Store, records ...access.Record) {
	t.Helper()
	if done, err := s.Put(t.Context(), records, nil); !done || err != nil {
		t.Fatalf("Put(%d records) = %v, %v; want true", len(records), done, err)
	}
}

// left writes records and fails the test if they are taken.
func left(t testing.TB, s access.Store, a *access.Answer, records ...access.Record) {
	t.Helper()
	if done, err := s.Put(t.Context(), records, a); done || err != nil {
		t.Errorf("Put(%d records) = %v, %v; want false", len(records), done, err)
	}
}

// wantRecord checks a version of a record, 0 the newest.
func wantRecord(t testing.TB, s access.Store, version int, want access.Record) {
	t.Helper()
	got, err := s.Get(t.Context(), want.Kind, want.ID, version)
	if err != nil {
		t.Errorf("Get(%s %s, %d): %v", want.Kind, want.ID, version, err)
	} else if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("Get(%s %s, %d) differs (-want +got):\n%s", want.Kind, want.ID, version, diff)
	}
}

// wantNone checks that there is no such version.
func wantNone(t testing.TB, s access.Store, kind access.Kind, id string, version int) {
	t.Helper()
	if got, err := s.Get(t.Context(), kind, id, version); !errors.Is(err, creditbank.ErrNotFound) {
		t.Errorf("Get(%s %s, %d) = %+v, %v; want ErrNotFound", kind, id, version, got, err)
	}
}

// wantChanges checks that changes have the given numbers of records.
func wantChanges(t testing.TB, s access.Store, after int64, limit int, want ...access.Record) {
	t.Helper()
	got, err := s.Changes(t.Context(), after, limit)
	must(t, err)
	var expected []access.Change
	for i, r := range want {
		expected = append(expected, access.Change{Seq: after + 1 + int64(i), Record: r})
	}
	if diff := gocmp.Diff(expected, got); diff != "" {
		t.Errorf("Changes(%d, %d) differ (-want +got):\n%s", after, limit, diff)
	}
}

func testKept(t *testing.T, h Harness) {
	first, second, other := record(access.KindClient, "学校-1", 1), record(access.KindClient, "学校-1", 2), record(access.KindAccount, "学校-1", 1)
	wantNone(t, h.Store, access.KindClient, first.ID, 0)
	left(t, h.Store, nil, second)
	put(t, h.Store, first)
	left(t, h.Store, nil, first)
	left(t, h.Store, nil, record(access.KindClient, first.ID, 3))
	put(t, h.Store, second)
	put(t, h.Store, other)
	left(t, h.Store, nil, second)
	for _, s := range []access.Store{h.Store, h.Reopen()} {
		wantRecord(t, s, 1, first)
		wantRecord(t, s, 2, second)
		wantRecord(t, s, 0, second)
		wantRecord(t, s, 0, other)
		wantNone(t, s, access.KindClient, first.ID, 3)
		wantNone(t, s, access.KindClient, "学校", 0)
		wantChanges(t, s, 0, 10, first, second, other)
		wantChanges(t, s, 1, 1, second)
		wantChanges(t, s, 3, 10)
		must(t, s.Confirm(t.Context()))
	}
}

func testReplaced(t *testing.T, h Harness) {
	first, second := record(access.KindSession, "s", 1), record(access.KindSession, "s", 2)
	first.Expires = storetest.Noon.Add(time.Hour)
	left(t, h.Store, nil, second)
	put(t, h.Store, first)
	wantRecord(t, h.Store, 0, first)
	left(t, h.Store, nil, first)
	left(t, h.Store, nil, record(access.KindSession, "s", 3))
	put(t, h.Store, second) // which does not expire
	left(t, h.Store, nil, second)
	wantRecord(t, h.Store, 0, second)
	wantRecord(t, h.Store, 2, second)
	wantNone(t, h.Store, access.KindSession, "s", 1)
	wantChanges(t, h.Store, 0, 10)
}

func testAllOrNothing(t *testing.T, h Harness) {
	kept, replaced := record(access.KindClient, "a", 1), record(access.KindCode, "a", 1)
	done, err := h.Store.Put(t.Context(), []access.Record{kept, replaced}, answer("k", kept))
	if !done || err != nil {
		t.Fatalf("Put = %v, %v", done, err)
	}
	fresh, freshCode := record(access.KindClient, "b", 1), record(access.KindCode, "b", 1)
	left(t, h.Store, nil, fresh, freshCode, kept)
	left(t, h.Store, nil, fresh, freshCode, replaced)
	left(t, h.Store, answer("k", fresh), fresh, freshCode)
	wantNone(t, h.Store, access.KindClient, "b", 0)
	wantNone(t, h.Store, access.KindCode, "b", 0)
	wantChanges(t, h.Store, 0, 10, kept)
	put(t, h.Store, fresh, freshCode)
	wantChanges(t, h.Store, 0, 10, kept, fresh) // no number was lost
}

func testIncomplete(t *testing.T, h Harness) {
	good := record(access.KindClient, "a", 1)
	for name, spoil := range map[string]func(*access.Record){
		"no kind":         func(r *access.Record) { r.Kind = "stranger" },
		"no id":           func(r *access.Record) { r.ID = "" },
		"no version":      func(r *access.Record) { r.Version = 0 },
		"nothing done":    func(r *access.Record) { r.What = "" },
		"nobody":          func(r *access.Record) { r.By = creditbank.Caller{} },
		"a nanosecond":    func(r *access.Record) { r.At = r.At.Add(1) },
		"kept for a time": func(r *access.Record) { r.Expires = r.At.Add(time.Hour) },
	} {
		bad := good
		spoil(&bad)
		if done, err := h.Store.Put(t.Context(), []access.Record{bad}, nil); done || err == nil {
			t.Errorf("Put of a record with %s = %v, %v; want an error", name, done, err)
		}
	}
	noKey, never := answer("", good), answer("k", good)
	never.Expires = never.At
	for _, a := range []*access.Answer{noKey, never} {
		if done, err := h.Store.Put(t.Context(), []access.Record{good}, a); done || err == nil {
			t.Errorf("Put with answer %+v = %v, %v; want an error", a, done, err)
		}
	}
	for _, records := range [][]access.Record{nil, {good, good}} {
		if done, err := h.Store.Put(t.Context(), records, nil); done || err == nil {
			t.Errorf("Put of %d records = %v, %v; want an error", len(records), done, err)
		}
	}
	wantChanges(t, h.Store, 0, 10)
}

func testList(t *testing.T, h Harness) {
	for _, kind := range []access.Kind{access.KindClient, access.KindToken} {
		other := access.KindAccount
		var want []access.Record
		for _, id := range []string{"B", "a", "a-1", "a.2", "a1", "中"} { // byte by byte
			put(t, h.Store, record(kind, id, 1))
			newest := record(kind, id, 2)
			put(t, h.Store, newest)
			want = append(want, newest)
		}
		if kind == access.KindClient {
			put(t, h.Store, record(other, "a0", 1))
		}
		var got []access.Record
		for after := ""; ; after = got[len(got)-1].ID {
			page, err := h.Store.List(t.Context(), kind, after, 4)
			must(t, err)
			got = append(got, page...)
			if len(page) < 4 {
				break
			}
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("List(%s) differs (-want +got):\n%s", kind, diff)
		}
	}
}

func testAnswers(t *testing.T, h Harness) {
	first := record(access.KindClient, "a", 1)
	a := answer("k", first)
	if _, err := h.Store.Answer(t.Context(), by, "k"); !errors.Is(err, creditbank.ErrNotFound) {
		t.Errorf("Answer before there is one: %v; want ErrNotFound", err)
	}
	if done, err := h.Store.Put(t.Context(), []access.Record{first}, a); !done || err != nil {
		t.Fatalf("Put = %v, %v", done, err)
	}
	check := func(want *access.Answer) {
		t.Helper()
		got, err := h.Store.Answer(t.Context(), want.By, want.Key)
		must(t, err)
		if diff := gocmp.Diff(*want, got); diff != "" {
			t.Errorf("Answer differs (-want +got):\n%s", diff)
		}
	}
	check(a)
	if _, err := h.Store.Answer(t.Context(), creditbank.Caller{ID: "user:other"}, "k"); !errors.Is(err, creditbank.ErrNotFound) {
		t.Errorf("Answer to another caller's key: %v; want ErrNotFound", err)
	}
	second := record(access.KindClient, "a", 2)
	early := answer("k", second)
	early.At = a.Expires.Add(-time.Microsecond)
	early.Expires = early.At.Add(time.Hour)
	left(t, h.Store, early, second)
	late := answer("k", second)
	late.At = a.Expires
	late.Expires = late.At.Add(time.Hour)
	late.Hash = creditbank.Hash{9}
	if done, err := h.Store.Put(t.Context(), []access.Record{second}, late); !done || err != nil {
		t.Fatalf("Put with a key whose answer has expired = %v, %v; want true", done, err)
	}
	check(late)
}

func testPurge(t *testing.T, h Harness) {
	noon := storetest.Noon
	kept := record(access.KindClient, "a", 1)
	old, current, always := record(access.KindSession, "old", 1), record(access.KindSession, "current", 1), record(access.KindPassword, "always", 1)
	old.Expires, current.Expires = noon.Add(time.Hour-time.Microsecond), noon.Add(time.Hour)
	forgotten, remembered := answer("forgotten", kept), answer("remembered", current)
	forgotten.Expires = noon.Add(time.Minute)
	for _, p := range []struct {
		r access.Record
		a *access.Answer
	}{{kept, forgotten}, {old, nil}, {current, remembered}, {always, nil}} {
		if done, err := h.Store.Put(t.Context(), []access.Record{p.r}, p.a); !done || err != nil {
			t.Fatalf("Put = %v, %v", done, err)
		}
	}
	for i, want := range []int64{2, 0} {
		if n, err := h.Store.Purge(t.Context(), noon.Add(time.Hour)); n != want || err != nil {
			t.Errorf("Purge %d = %d, %v; want %d", i+1, n, err, want)
		}
	}
	wantNone(t, h.Store, access.KindSession, "old", 0)
	for _, r := range []access.Record{kept, current, always} {
		wantRecord(t, h.Store, 0, r)
	}
	wantChanges(t, h.Store, 0, 10, kept)
	_, err := h.Store.Answer(t.Context(), by, "remembered")
	must(t, err)
	if _, err := h.Store.Answer(t.Context(), by, "forgotten"); !errors.Is(err, creditbank.ErrNotFound) {
		t.Errorf("Answer that was purged: %v; want ErrNotFound", err)
	}
	put(t, h.Store, record(access.KindSession, "old", 1)) // as if there had been none
}

func testUnchanged(t *testing.T, h Harness) {
	first := record(access.KindClient, "a", 1)
	put(t, h.Store, first)
	for _, query := range []string{
		"UPDATE access_record SET what = 'nothing'", "DELETE FROM access_record", "UPDATE access_record SET seq = 7",
	} {
		if err := h.Exec(query); err == nil {
			t.Errorf("%s: no error", query)
		}
	}
	wantChanges(t, h.Store, 0, 10, first)
}

func testContext(t *testing.T, h Harness) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := record(access.KindClient, "a", 1)
	if done, err := h.Store.Put(ctx, []access.Record{r}, nil); done || !errors.Is(err, context.Canceled) {
		t.Errorf("Put after the end = %v, %v; want context.Canceled", done, err)
	}
	if _, err := h.Store.Purge(ctx, storetest.Noon); !errors.Is(err, context.Canceled) {
		t.Errorf("Purge after the end: %v; want context.Canceled", err)
	}
	wantNone(t, h.Store, access.KindClient, "a", 0)
}

// ids returns the ids of records.
func ids(records []access.Record) []string {
	var all []string
	for _, r := range records {
		all = append(all, r.ID)
	}
	slices.Sort(all)
	return all
}
