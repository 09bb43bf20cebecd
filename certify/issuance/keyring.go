package issuance

import (
	"context"
	"errors"
	"time"

	"golang.org/x/mod/sumdb/note"

	"creditbank/certify"
)

// The errors of a keyring that a caller may want to tell apart.
var (
	// ErrNoKey: the keyring does not have the key.
	ErrNoKey = errors.New("no such key")
	// ErrKeyLater: a key cannot follow one that is of use later, or at the same
	// time.
	ErrKeyLater = errors.New("there is a key that is of use later")
)

// A Keyring holds the private keys: one or more for each issuer, one for the
// log. Keys are added and never taken away, since a certificate is signed anew
// each time it is fetched, with the key it was issued under. All replicas of a
// bank use the same keys. It may be used concurrently. What a keyring offers is
// compared with what it offered before ([ErrIssuerKey], [ErrLogKey]).
type Keyring interface {
	// Current returns the signer with which an issuer signs at a time. The
	// first key of an issuer is made when it is first asked for.
	Current(ctx context.Context, did string, at time.Time) (certify.Signer, error)

	// Token returns the signer with which an issuer signs, at a time, the form
	// of its certificates that a suite is for: certify.RS256 or certify.ES256.
	// The first key of each is made when it is first asked for. ErrNoKey if the
	// issuer has no key of certificates.
	Token(ctx context.Context, did string, suite certify.Suite, at time.Time) (certify.Signer, error)

	// Signer returns the signer of a key that Current or Token gave out once,
	// or ErrNoKey.
	Signer(ctx context.Context, keyID string) (certify.Signer, error)

	// Documents returns the DID documents of all issuers that have a key, in
	// order of DID, with every key they ever had.
	Documents(ctx context.Context) ([]certify.DIDDocument, error)

	// Log returns the signer of a log's checkpoints and its verifier key. The
	// key is made when it is first asked for.
	Log(ctx context.Context, origin string) (note.Signer, string, error)
}
