package accesstest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/storetest"
)

var damageTests = []test{
	{"DamagedRecordIsNoticed", testDamagedRecord},
	{"DamagedCurrentIsNoticed", testDamagedCurrent},
	{"DamagedAnswerIsNoticed", testDamagedAnswer},
	{"DamagedBodyIsNoticed", testDamagedBody},
}

// A damage is a column that no longer holds what was written.
type damage struct {
	column string
	value  any
}

// The columns, each with another valid value, in the form that both dialects
// know: instants in microseconds since 1970.
var (
	recordDamage = []damage{
		{"version", int64(2)}, {"what", "untested"}, {"at", storetest.Noon.UnixMicro()}, {"caller", "user:other"},
		{"body", []byte(`{"n":2}`)}, {"body", []byte{}}, {"digest", make([]byte, 32)}, {"digest", []byte{1}},
		{"kind", "account"}, {"id", "b"},
	}
	currentDamage = append([]damage{{"expires_at", storetest.Noon.Add(2 * time.Hour).UnixMicro()}}, recordDamage[:8]...)
	answerDamage  = []damage{
		{"request_hash", make([]byte, 32)}, {"request_hash", []byte{1}}, {"at", storetest.Noon.UnixMicro()},
		{"expires_at", storetest.Noon.Add(2 * time.Hour).UnixMicro()}, {"kind", "account"}, {"id", "b"}, {"version", int64(2)},
		{"digest", make([]byte, 32)}, {"digest", []byte{1}},
	}
)

// wantDamage checks that err reports damage: it wraps no kind that a caller acts
// upon.
func wantDamage(t testing.TB, what string, err error) {
	t.Helper()
	kinds := []error{
		creditbank.ErrInvalid, creditbank.ErrNotFound, creditbank.ErrForbidden, creditbank.ErrConflict,
		creditbank.ErrBusy, creditbank.ErrOutcomeUnknown,
	}
	if err == nil || slices.ContainsFunc(kinds, func(k error) bool { return errors.Is(err, k) }) {
		t.Errorf("%s: %v; want an error of no kind", what, err)
	}
}

// inTurn does each damage to a table, has it checked, and makes it good.
func inTurn(t *testing.T, h Harness, table string, damages []damage, good func(column string) any, check func(*testing.T, damage)) {
	for _, d := range damages {
		t.Run(table+"."+d.column, func(t *testing.T) {
			err := h.Damage(table, d.column, d.value)
			if errors.Is(err, storetest.ErrImpossible) {
				return // even better
			}
			must(t, err)
			check(t, d)
			must(t, h.Damage(table, d.column, good(d.column)))
		})
	}
}

// columns returns the columns of a record as they were written.
func columns(r access.Record) func(string) any {
	digest := r.Digest()
	values := map[string]any{
		"version": int64(r.Version), "what": r.What, "at": r.At.UnixMicro(), "caller": r.By.ID, "body": r.Body, "digest": digest[:],
		"kind": string(r.Kind), "id": r.ID, "expires_at": r.Expires.UnixMicro(),
	}
	return func(column string) any { return values[column] }
}

func testDamagedRecord(t *testing.T, h Harness) {
	r := record(access.KindClient, "a", 1)
	put(t, h.Store, r)
	inTurn(t, h, "access_record", recordDamage, columns(r), func(t *testing.T, d damage) {
		_, err := h.Store.Changes(t.Context(), 0, 10)
		wantDamage(t, "Changes", err)
		if d.column == "kind" || d.column == "id" {
			return // it is found under another name
		}
		_, err = h.Store.Get(t.Context(), r.Kind, r.ID, 0)
		wantDamage(t, "Get", err)
		_, err = h.Store.List(t.Context(), r.Kind, "", 10)
		wantDamage(t, "List", err)
	})
	wantRecord(t, h.Store, 0, r)
}

func testDamagedCurrent(t *testing.T, h Harness) {
	r := record(access.KindSession, "a", 1)
	r.Expires = storetest.Noon.Add(time.Hour)
	put(t, h.Store, r)
	inTurn(t, h, "access_current", currentDamage, columns(r), func(t *testing.T, _ damage) {
		_, err := h.Store.Get(t.Context(), r.Kind, r.ID, 0)
		wantDamage(t, "Get", err)
		_, err = h.Store.List(t.Context(), r.Kind, "", 10)
		wantDamage(t, "List", err)
	})
	wantRecord(t, h.Store, 0, r)
}

func testDamagedAnswer(t *testing.T, h Harness) {
	r := record(access.KindClient, "a", 1)
	a := answer("k", r)
	if done, err := h.Store.Put(t.Context(), []access.Record{r}, a); !done || err != nil {
		t.Fatalf("Put = %v, %v", done, err)
	}
	digest := a.Digest()
	good := func(column string) any {
		return map[string]any{
			"request_hash": a.Hash[:], "at": a.At.UnixMicro(), "expires_at": a.Expires.UnixMicro(), "kind": string(a.Kind), "id": a.ID,
			"version": int64(a.Version), "digest": digest[:],
		}[column]
	}
	inTurn(t, h, "access_answer", answerDamage, good, func(t *testing.T, _ damage) {
		_, err := h.Store.Answer(t.Context(), by, "k")
		wantDamage(t, "Answer", err)
	})
	_, err := h.Store.Answer(t.Context(), by, "k")
	must(t, err)
}

// A body that was written whole and makes no sense is damage to the registry,
// not a request that cannot be.
func testDamagedBody(t *testing.T, h Harness) {
	w := NewWorld(t, h)
	for _, kind := range []access.Kind{access.KindClient, access.KindAccount} {
		put(t, h.Store, record(kind, "a", 1)) // says {"n":1}
	}
	_, err := w.Client(t.Context(), "a")
	wantDamage(t, "Client", err)
	_, err = w.CheckSecret(t.Context(), "a", "x")
	wantDamage(t, "CheckSecret", err)
	_, err = w.Account(t.Context(), "a")
	wantDamage(t, "Account", err)
	_, err = w.Clients(t.Context(), "", 10)
	wantDamage(t, "Clients", err)
	_, err = w.Audit(t.Context(), 0, 10)
	wantDamage(t, "Audit", err)
}
