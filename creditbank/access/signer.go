package access

import (
	"context"
	"fmt"
	"time"

	"creditbank/creditbank"
)

// A SigningKey is a key that signs access tokens for a while. All replicas sign
// with the same.
type SigningKey struct {
	KID                 string
	Seed                []byte
	NotBefore, NotAfter time.Time // whole seconds
}

// signerOwner is whom the vault seals signing keys for: nobody's id.
const signerOwner creditbank.LearnerID = "00000000-0000-0000-0000-000000000000"

// signerKept is how long a key is kept after it signed for the last time: longer
// than any token serves.
const signerKept = 24 * time.Hour

// system is who acts where the program acts by itself.
var system = creditbank.Caller{ID: "system:access"}

type signerBody struct {
	KID       string    `json:"kid"`
	Key       []byte    `json:"key"` // wrapped by the bank's
	Sealed    []byte    `json:"sealed"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
}

// AddSigningKey keeps a key, unless there is one that begins at the same time,
// and says whether it did.
func (r *Registry) AddSigningKey(ctx context.Context, k SigningKey) (bool, error) {
	wrapped, err := r.vault.NewKey(signerOwner)
	if err != nil {
		return false, fmt.Errorf("keep a signing key: %w", err)
	}
	sealed, err := r.vault.Seal(signerOwner, wrapped, k.Seed)
	if err != nil {
		return false, fmt.Errorf("keep a signing key: %w", err)
	}
	d := drafter{what: "made", at: r.now(), by: system}
	d.add(Record{Kind: KindSigner, ID: k.NotBefore.UTC().Format(time.RFC3339)}, signerBody{k.KID, wrapped, sealed, k.NotBefore.UTC(), k.NotAfter.UTC()}, k.NotAfter.UTC().Add(signerKept))
	return r.put(ctx, d)
}

// SigningKeys returns the keys that are kept, in order of time.
func (r *Registry) SigningKeys(ctx context.Context) ([]SigningKey, error) {
	records, err := r.store.List(ctx, KindSigner, "", 1000)
	if err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	keys := make([]SigningKey, 0, len(records))
	for _, rec := range records {
		body, err := decode[signerBody](rec)
		if err != nil {
			return nil, err
		}
		seed, err := r.vault.Unseal(signerOwner, body.Key, body.Sealed)
		if err != nil {
			return nil, fmt.Errorf("signing key %s: %v", rec.ID, err)
		}
		keys = append(keys, SigningKey{body.KID, seed, body.NotBefore, body.NotAfter})
	}
	return keys, nil
}

// Once reports whether something was not used before, at whichever replica, and
// has it count as used until an instant. Where that cannot be put on record the
// answer is an error.
func (r *Registry) Once(ctx context.Context, by creditbank.Caller, id string, until time.Time) (bool, error) {
	if err := checkText("id", id, 128); err != nil {
		return false, err
	}
	d := drafter{what: "used", at: r.now(), by: by}
	d.add(Record{Kind: KindOnce, ID: id}, struct{}{}, until.UTC().Add(time.Microsecond).Truncate(time.Microsecond))
	return r.put(ctx, d)
}
