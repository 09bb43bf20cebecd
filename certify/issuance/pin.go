package issuance

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"

	"creditbank/certify"
)

// An IssuerKey is a key of an issuer as it was first published or signed with.
type IssuerKey struct {
	ID     string            // DID URL
	Public ed25519.PublicKey // of a key of tokens: its thumbprint, which is as long
}

// issuers returns the DID documents of all issuers, after checking them against
// what is pinned: every key that was ever of use must still be there, and be
// the same. Keys that are new are pinned. It comes before the keyring is asked
// for a key, since that would make a lost one anew under the same id; and again
// before what a new key signs is shown.
func (o *Office) issuers(ctx context.Context) ([]certify.DIDDocument, error) {
	tried := map[string]bool{}
	for { // until all are pinned, by whomever; each is tried once
		pinned, err := o.c.Store.IssuerKeys(ctx)
		if err != nil {
			return nil, fmt.Errorf("keys of the issuers: %w", err)
		}
		docs, err := o.documents(ctx, pinned)
		if err != nil {
			return nil, fmt.Errorf("keys of the issuers: %w", err)
		}
		added, err := comparePins(docs, pinned)
		if err != nil || len(added) == 0 {
			return docs, err
		}
		for _, k := range added {
			if tried[k.ID] {
				return nil, fmt.Errorf("key %s was pinned and is not there", k.ID)
			}
			tried[k.ID] = true
		}
		if err := o.c.Store.PinKeys(ctx, added); err != nil {
			return nil, fmt.Errorf("pin keys of the issuers: %w", err)
		}
	}
}

// documents returns the keyring's documents. They are read after the pins, and
// a key is pinned after it is in the keyring; yet a keyring that another office
// has just added to may learn of it only when it is asked for that very key.
func (o *Office) documents(ctx context.Context, pinned []IssuerKey) ([]certify.DIDDocument, error) {
	docs, err := o.c.Keys.Documents(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(pinned, func(p IssuerKey) bool { return publicKey(docs, p.ID) == nil })
	if i < 0 {
		return docs, nil
	}
	if _, err := o.c.Keys.Signer(ctx, pinned[i].ID); err != nil && !errors.Is(err, ErrNoKey) {
		return nil, err
	}
	return o.c.Keys.Documents(ctx)
}

// publicKey returns the public key of an id as it is pinned, or nil.
func publicKey(docs []certify.DIDDocument, id string) ed25519.PublicKey {
	for _, d := range docs {
		for _, k := range issuerKeys(d) {
			if k.ID == id {
				return k.Public
			}
		}
	}
	return nil
}

// issuerKeys returns the keys of a document as they are pinned.
func issuerKeys(d certify.DIDDocument) []IssuerKey {
	keys := make([]IssuerKey, 0, len(d.Keys)+len(d.Tokens))
	for _, k := range d.Keys {
		keys = append(keys, IssuerKey{k.ID, k.Public})
	}
	for _, k := range d.Tokens {
		if print, err := k.Thumbprint(); err == nil { // else nobody can verify with it
			keys = append(keys, IssuerKey{k.ID, print[:]})
		}
	}
	return keys
}

// comparePins returns the keys of docs that are not pinned yet. ErrIssuerKey if
// one that is pinned is missing or another.
func comparePins(docs []certify.DIDDocument, pinned []IssuerKey) (added []IssuerKey, err error) {
	known := map[string]bool{}
	for _, p := range pinned {
		switch public := publicKey(docs, p.ID); {
		case public == nil:
			return nil, fmt.Errorf("%w: it lacks %s; put the key back from the copy of the keys", ErrIssuerKey, p.ID)
		case !bytes.Equal(public, p.Public):
			return nil, fmt.Errorf("%w: %s is %x there, was %x; put the old key back from the copy of the keys",
				ErrIssuerKey, p.ID, public, p.Public)
		}
		known[p.ID] = true
	}
	for _, d := range docs {
		for _, k := range issuerKeys(d) {
			if !known[k.ID] {
				added = append(added, k)
			}
		}
	}
	return added, nil
}
