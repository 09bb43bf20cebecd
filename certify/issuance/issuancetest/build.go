package issuancetest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"creditbank/certify"
	"creditbank/certify/issuance"
	"creditbank/certify/tlog"
	"creditbank/creditbank"
	"creditbank/creditbank/storetest"

	"golang.org/x/mod/sumdb/note"
)

// A builder builds commits for a store without an office: certificates that
// nobody asked for, of learners that need not exist.
type builder struct {
	store  issuance.Store
	origin string
	signer note.Signer
	vkey   string
	next   int // number of the next certificate
}

func newBuilder(t testing.TB, store issuance.Store) *builder {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, ed25519.SeedSize))
	b := &builder{store: store, origin: Host + "/certlog"}
	var err error
	b.signer, err = tlog.NewSigner(b.origin, key)
	must(t, err)
	b.vkey, err = tlog.VerifierKey(b.origin, key.Public().(ed25519.PublicKey))
	must(t, err)
	return b
}

// certificate returns the n-th certificate. It is the same on each call.
func certificate(n int) issuance.Certificate {
	sum := sha256.Sum256(fmt.Appendf(nil, "certificate %d", n))
	return issuance.Certificate{
		Learner: storetest.Learner(n / 3).ID, Seq: int64(n%3 + 2), ID: certify.NewID([16]byte(sum[:16])),
		Kind: certify.KindConversion, Institution: "I01", KeyID: "did:web:" + Host + ":issuers:i01#key-1",
		Leaf: tlog.Leaf{Kind: tlog.KindCredential, SHA256: sum}, Status: issuance.Place{List: 1, Index: n},
		Created: storetest.Noon.Truncate(time.Second), Sealed: fmt.Appendf(nil, "sealed %d 密封", n),
	}
}

// commit returns a commit of n more certificates, and of the revocations of
// others, on the state as it is.
func (b *builder) commit(t testing.TB, n int, revoke ...issuance.Certificate) issuance.Commit {
	t.Helper()
	state, err := b.store.State(t.Context())
	must(t, err)
	c := issuance.Commit{Base: state, Next: state, At: storetest.Noon}
	c.Next.Cursor, c.Next.LogKey = state.Cursor+1, b.vkey
	c.Next.Status = issuance.StatusPosition{List: 1, Seed: []byte("seed"), Used: b.next + n}
	var records [][]byte
	for range n {
		i := certificate(b.next)
		i.Index = state.Head.Size + int64(len(records))
		b.next++
		c.Issued = append(c.Issued, i)
		records = append(records, i.Leaf.Record())
	}
	for _, r := range revoke {
		at := storetest.Noon.Truncate(time.Second)
		leaf, err := tlog.RevocationLeaf(r.Leaf, at)
		must(t, err)
		c.Revoked = append(c.Revoked, issuance.Revocation{
			Learner: r.Learner, Seq: r.Seq, Place: r.Status, At: at, Index: state.Head.Size + int64(len(records)),
		})
		records = append(records, leaf.Record())
	}
	if len(records) == 0 {
		return c
	}
	batch, err := tlog.Append(state.Head, func(id tlog.TileID) ([]byte, error) { return b.store.Tile(t.Context(), id) }, records)
	must(t, err)
	c.Tiles, c.Next.Head = batch.Tiles, batch.Head
	c.Next.Checkpoint, err = tlog.Checkpoint{Origin: b.origin, Head: batch.Head}.Sign(b.signer)
	must(t, err)
	return c
}

// add commits n more certificates and returns them.
func (b *builder) add(t testing.TB, n int, revoke ...issuance.Certificate) []issuance.Certificate {
	t.Helper()
	c := b.commit(t, n, revoke...)
	moved, err := b.store.Commit(t.Context(), c)
	if err != nil || !moved {
		t.Fatalf("Commit of %d certificates = %v, %v; want it taken", n, moved, err)
	}
	return c.Issued
}

// wantState checks the state of the store.
func wantState(t testing.TB, store issuance.Store, want issuance.State) {
	t.Helper()
	got, err := store.State(t.Context())
	must(t, err)
	same := got.Cursor == want.Cursor && got.Head == want.Head && got.LogKey == want.LogKey &&
		bytes.Equal(got.Checkpoint, want.Checkpoint) && got.Status.List == want.Status.List &&
		bytes.Equal(got.Status.Seed, want.Status.Seed) && got.Status.Used == want.Status.Used
	if !same {
		t.Errorf("State = %+v, want %+v", got, want)
	}
}

// certificatesOf returns the certificates of a learner.
func certificatesOf(t testing.TB, store issuance.Store, id creditbank.LearnerID) []issuance.Certificate {
	t.Helper()
	all, err := store.Certificates(t.Context(), id)
	must(t, err)
	return all
}
