package issuancetest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"creditbank/certify/issuance"
	"creditbank/certify/keyfile"

	"github.com/google/go-cmp/cmp"
)

var keyTests = []test{
	{"IssuerKeysArePinned", testPinned},
	{"LostIssuerKeyIsNotMadeAnew", testLostKey},
	{"RetiredIssuerKeyStays", testRetiredKey},
	{"KeyOfAnotherOfficeIsLearned", testLearnedKey},
}

func testPinned(t *testing.T, h Harness) {
	ctx := t.Context()
	key := func(id string, b byte) issuance.IssuerKey {
		return issuance.IssuerKey{ID: id, Public: bytes.Repeat([]byte{b}, ed25519.PublicKeySize)}
	}
	must(t, h.Store.PinKeys(ctx, []issuance.IssuerKey{key("b", 1), key("a", 2)}))
	must(t, h.Store.PinKeys(ctx, []issuance.IssuerKey{key("c", 3), key("b", 9)})) // b is pinned
	_, again := h.Reopen()
	for _, store := range []issuance.Store{h.Store, again} {
		got, err := store.IssuerKeys(ctx)
		must(t, err)
		if diff := cmp.Diff([]issuance.IssuerKey{key("a", 2), key("b", 1), key("c", 3)}, got); diff != "" {
			t.Errorf("IssuerKeys differ (-want +got):\n%s", diff)
		}
	}
	if err := h.Store.PinKeys(ctx, []issuance.IssuerKey{{ID: "d", Public: []byte{1}}}); err == nil {
		t.Error("PinKeys of a short key: no error")
	}
}

// reopen opens the keys of a folder as a program does that is started anew.
func (c *City) reopen(t testing.TB, dir string) {
	t.Helper()
	var err error
	c.Keys, err = keyfile.Open(dir, rand.Reader)
	must(t, err)
}

// issuerFiles returns the files of issuers' keys.
func issuerFiles(t testing.TB, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "issuer-*"))
	must(t, err)
	return files
}

// An issuer's key that was lost is not made anew under the same id, and one
// that was made anew elsewhere is refused: what was handed out would no longer
// verify. Put back, it signs as ever.
func testLostKey(t *testing.T, h Harness) {
	ctx := t.Context()
	dir := t.TempDir() + "/keys"
	c := OpenCity(t, h.Ledger, h.Store, dir)
	o := c.Office(t, nil)
	who, _ := c.Converted(t)
	catchUp(t, o, 1, 0)
	id := certificatesOf(t, h.Store, who.ID)[0].ID
	good, err := o.Fetch(ctx, id)
	must(t, err)
	other, posted := c.Converted(t)
	_, err = h.Ledger.Number(ctx)
	must(t, err)
	before, err := h.Store.State(ctx)
	must(t, err)
	refuses := func(what string) {
		t.Helper()
		o := c.Office(t, nil)
		_, followed := o.CatchUp(ctx)
		_, asked := o.IssueOutcome(ctx, other.ID, posted.Seq)
		_, fetched := o.Fetch(ctx, id)
		_, listed := o.StatusList(ctx, "I01", 1)
		_, trusted := o.TrustFile(ctx)
		_, published := o.Document(ctx, "I01")
		for call, err := range map[string]error{
			"CatchUp": followed, "IssueOutcome": asked, "Fetch": fetched, "StatusList": listed, "TrustFile": trusted, "Document": published,
		} {
			if !errors.Is(err, issuance.ErrIssuerKey) {
				t.Errorf("%s with %s: %v, want ErrIssuerKey", call, what, err)
			}
		}
		wantState(t, h.Store, before)
	}
	files := issuerFiles(t, dir)
	if len(files) != 1 {
		t.Fatalf("there are keys %v, want one", files)
	}
	away := filepath.Join(t.TempDir(), "away")
	must(t, os.Rename(files[0], away))
	c.reopen(t, dir)
	refuses("the key lost")
	if files := issuerFiles(t, dir); len(files) != 0 {
		t.Errorf("the key was made anew: %v", files)
	}
	_, err = c.Keys.Current(ctx, "did:web:"+Host+":issuers:i01", c.Clock.Now()) // past the office
	must(t, err)
	refuses("another key")
	must(t, os.Rename(away, files[0]))
	c.reopen(t, dir)
	catchUp(t, c.Office(t, nil), 1, 0)
	if again, err := c.Office(t, nil).Fetch(ctx, id); err != nil || !bytes.Equal(again.Bundle.Credential, good.Bundle.Credential) {
		t.Errorf("Fetch with the key put back: %v, or other bytes", err)
	}
}

// A key that was published stays in the documents: its successor, which has
// signed nothing yet, and itself once it is retired.
func testRetiredKey(t *testing.T, h Harness) {
	ctx := t.Context()
	dir := t.TempDir() + "/keys"
	c := OpenCity(t, h.Ledger, h.Store, dir)
	c.Converted(t)
	catchUp(t, c.Office(t, nil), 1, 0)
	first := issuerFiles(t, dir)[0]
	old, err := os.ReadFile(first)
	must(t, err)
	must(t, c.Keys.Rotate(ctx, "did:web:"+Host+":issuers:i01", c.Clock.Now()))
	who, _ := c.Converted(t)
	catchUp(t, c.Office(t, nil), 1, 0)
	if id := certificatesOf(t, h.Store, who.ID)[0].KeyID; id != "did:web:"+Host+":issuers:i01#key-2" {
		t.Errorf("after the rotation %s signs", id)
	}
	if d, err := c.Office(t, nil).Document(ctx, "I01"); err != nil || len(d.Keys) != 2 {
		t.Errorf("Document = %+v, %v; want two keys", d, err)
	}
	for _, file := range issuerFiles(t, dir) { // as if there had never been a rotation
		must(t, os.Remove(file))
	}
	must(t, os.WriteFile(first, old, 0o600))
	c.reopen(t, dir)
	c.Converted(t)
	if _, err := c.Office(t, nil).CatchUp(ctx); !errors.Is(err, issuance.ErrIssuerKey) {
		t.Errorf("CatchUp without the second key: %v, want ErrIssuerKey", err)
	}
	if _, err := c.Office(t, nil).Document(ctx, "I01"); !errors.Is(err, issuance.ErrIssuerKey) {
		t.Errorf("Document without the second key: %v, want ErrIssuerKey", err)
	}
}

// A key that another office has just made and pinned is not taken for lost by
// one whose view of the folder is older.
func testLearnedKey(t *testing.T, h Harness) {
	dir := t.TempDir() + "/keys"
	c := OpenCity(t, h.Ledger, h.Store, dir)
	late := c.Keys
	_, _, err := late.Log(t.Context(), Host+"/certlog")
	must(t, err)
	_, err = late.Documents(t.Context())
	must(t, err)
	info, err := os.Stat(dir)
	must(t, err)
	c.reopen(t, dir)
	c.Converted(t)
	catchUp(t, c.Office(t, nil), 1, 0)
	must(t, os.Chtimes(dir, info.ModTime(), info.ModTime())) // within the same tick
	c.Keys = late
	c.Converted(t)
	catchUp(t, c.Office(t, nil), 1, 0)
}
