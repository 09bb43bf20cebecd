package issuancetest

import (
	"bytes"
	"errors"
	"testing"

	"creditbank/certify/issuance"
	"creditbank/certify/tlog"
	"creditbank/creditbank"
)

var damageTests = []test{
	{"DamagedCertificateIsNoticed", testDamagedCertificate},
	{"DamagedAccountIsParked", testDamagedAccount},
}

// Every column of a certificate is under its digest. Each is damaged and mended
// in turn.
func testDamagedCertificate(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	o := c.Office(t, nil)
	who, posted := c.Converted(t)
	catchUp(t, o, 1, 0)
	good := certificatesOf(t, h.Store, who.ID)[0]
	for _, d := range []struct {
		column    string
		bad, good any
	}{
		{"id", "urn:uuid:0", good.ID},
		{"kind", "outcome", string(good.Kind)},
		{"institution", "I06", string(good.Institution)},
		{"key_id", "did:web:x#key-1", good.KeyID},
		{"log_index", int64(7), good.Index},
		{"leaf", make([]byte, 32), good.Leaf.SHA256[:]},
		{"status_list", int64(2), int64(good.Status.List)},
		{"status_index", int64(good.Status.Index ^ 1), int64(good.Status.Index)},
		{"at", good.Created.UnixMicro() + 1_000_000, good.Created.UnixMicro()},
		{"sealed", []byte("x"), good.Sealed},
	} {
		must(t, h.Damage("certificate", d.column, d.bad))
		if _, err := h.Store.Certificates(t.Context(), who.ID); !errors.Is(err, issuance.ErrDamaged) || isKind(err) {
			t.Errorf("Certificates with another %s: %v, want ErrDamaged and no kind", d.column, err)
		}
		if _, err := o.Fetch(t.Context(), good.ID); err == nil {
			t.Errorf("Fetch with another %s: no error", d.column)
		}
		must(t, h.Damage("certificate", d.column, d.good))
	}
	if _, err := o.Fetch(t.Context(), good.ID); err != nil {
		t.Errorf("Fetch after the damage was mended: %v", err)
	}
	must(t, h.Damage("certificate", "digest", make([]byte, 32)))
	c.Revoke(t, posted) // the revocation waits for somebody to mend the row
	if p, err := o.CatchUp(t.Context()); err != nil || p.Revoked != 0 || len(p.Failed) != 1 {
		t.Errorf("CatchUp = %+v, %v; want one failure", p, err)
	}
	digest := good.Digest()
	must(t, h.Damage("certificate", "digest", digest[:]))
	catchUp(t, o, 0, 1) // without anybody asking for it
	CheckCalledFor(t, h.Ledger, h.Store)
}

func isKind(err error) bool {
	for _, kind := range []error{creditbank.ErrInvalid, creditbank.ErrNotFound, creditbank.ErrConflict, creditbank.ErrForbidden, creditbank.ErrBusy, creditbank.ErrOutcomeUnknown} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// A log whose tiles or checkpoint do not fit its head is not extended.
func testDamagedLog(t *testing.T, open func(*testing.T) Harness) {
	for _, d := range []struct {
		table, column string
		value         any
	}{
		{"log_tile", "data", bytes.Repeat([]byte{1}, 64)},
		{"log_tile", "data", []byte{1}},
		{"follower", "root", make([]byte, 32)},
		{"follower", "size", int64(1)},
		{"follower", "size", int64(3)},
		{"log_checkpoint", "note", []byte("x")},
	} {
		t.Run(d.table+"."+d.column, func(t *testing.T) {
			h := open(t)
			c := NewCity(t, h.Ledger, h.Store)
			o := c.Office(t, nil)
			c.Converted(t)
			c.Converted(t)
			catchUp(t, o, 2, 0)
			must(t, h.Damage(d.table, d.column, d.value))
			c.Converted(t)
			before, _ := h.Store.State(t.Context())
			if p, err := o.Follow(t.Context()); !errors.Is(err, tlog.ErrDamaged) || p.Issued > 0 {
				t.Errorf("Follow = %+v, %v; want ErrDamaged", p, err)
			}
			if after, _ := h.Store.State(t.Context()); after.Head != before.Head || after.Cursor != before.Cursor {
				t.Errorf("the log was extended from %d to %d", before.Head.Size, after.Head.Size)
			}
		})
	}
}

// Damage in one account holds up nobody else, and is made good once mended.
func testDamagedAccount(t *testing.T, h Harness) {
	c := NewCity(t, h.Ledger, h.Store)
	o := c.Office(t, nil)
	who, posted := c.Converted(t)
	must(t, h.Damage("outcome", "credits", int64(posted.Credits)+1))
	other, _ := c.Converted(t)
	p, err := o.CatchUp(t.Context())
	if err != nil || p.Issued != 1 || len(p.Failed) != 1 || p.Failed[0].Learner != who.ID || p.Behind() != 0 {
		t.Fatalf("CatchUp = %+v, %v; want one issued and one failure", p, err)
	}
	if len(certificatesOf(t, h.Store, other.ID)) != 1 {
		t.Error("the other learner has no certificate")
	}
	if p, err := o.Retry(t.Context()); err != nil || p.Issued != 0 || len(p.Failed) != 1 {
		t.Errorf("Retry of what is still damaged = %+v, %v; want one failure", p, err)
	}
	before, err := h.Store.State(t.Context())
	must(t, err)
	for range 2 { // reported each time
		if p, err := o.CatchUp(t.Context()); err != nil || p.Issued != 0 || len(p.Failed) != 1 || p.Failed[0].Learner != who.ID {
			t.Errorf("CatchUp while it is still damaged = %+v, %v; want one failure", p, err)
		}
	}
	wantState(t, h.Store, before)
	must(t, h.Damage("outcome", "credits", int64(posted.Credits)))
	if p, err := o.Retry(t.Context()); err != nil || p.Issued != 1 || len(p.Failed) != 0 {
		t.Errorf("Retry of what was mended = %+v, %v; want one issued", p, err)
	}
	if ids, err := h.Store.Parked(t.Context(), "", 9); err != nil || len(ids) != 0 {
		t.Errorf("Parked = %v, %v; want nobody", ids, err)
	}
	CheckCalledFor(t, h.Ledger, h.Store)
}

// allTiles returns the bytes of everything the log is served from.
func allTiles(t testing.TB, store issuance.Store) []byte {
	t.Helper()
	state, err := store.State(t.Context())
	must(t, err)
	all := bytes.Clone(state.Checkpoint)
	for level := tlog.EntriesLevel; level < 3; level++ {
		for n := int64(0); ; n++ {
			data, err := store.Tile(t.Context(), tlog.TileID{Level: level, N: n})
			must(t, err)
			if len(data) == 0 {
				break
			}
			all = append(all, data...)
		}
	}
	return all
}
