package certify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"fmt"
	"math/big"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// A Suite is a way to sign. Each has keys of its own: a key is of one suite and
// is never used in another.
type Suite string

// The suites that this package signs with and verifies.
const (
	// EdDSA is the Data Integrity suite of every certificate:
	// https://www.w3.org/TR/vc-di-eddsa/#eddsa-rdfc-2022, Ed25519.
	EdDSA Suite = "eddsa-rdfc-2022"
	// RS256 is that of Open Badges JWTs: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, 3.3).
	RS256 Suite = "RS256"
	// ES256 is that of SD-JWT VCs: ECDSA over P-256 with SHA-256 (RFC 7518, 3.4).
	ES256 Suite = "ES256"
)

// A Signer signs with one key of an issuer, in one suite. It may be a key in
// memory, see [NewSigner] and [NewTokenSigner], or one in a hardware module. A
// suite that this package does not know may sign a Data Integrity proof beside
// ours ([Prepared.Sign]); package certify/sm2 has one.
type Signer interface {
	// KeyID is the DID URL of the key in the issuer's document.
	KeyID() string
	// Suite says how it signs.
	Suite() Suite
	// Sign returns the signature of a message as the suite writes it: 64 bytes
	// of Ed25519 (RFC 8032), RSASSA-PKCS1-v1_5 of the message's SHA-256, r and
	// s of ECDSA side by side. The suites of this package give the same
	// signature each time.
	Sign(message []byte) ([]byte, error)
}

// NewSigner returns a Signer of an Ed25519 key in memory.
func NewSigner(keyID string, key ed25519.PrivateKey) (Signer, error) {
	if !isKeyID(keyID) || len(key) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("%w: signer of key %.200q, %d bytes", ErrMalformed, keyID, len(key))
	}
	return memorySigner{keyID, key}, nil
}

// isKeyID reports whether an id is that of a key of an issuer.
func isKeyID(id string) bool {
	did, fragment, ok := strings.Cut(id, "#")
	return ok && fragment != "" && validIRI(id) && isDID(did)
}

type memorySigner struct {
	id  string
	key ed25519.PrivateKey
}

func (s memorySigner) KeyID() string                   { return s.id }
func (s memorySigner) Suite() Suite                    { return EdDSA }
func (s memorySigner) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

// NewTokenSigner returns a Signer of a key of tokens in memory: [RS256] of an
// RSA key of 2048 bits or more, [ES256] of a P-256 key.
func NewTokenSigner(keyID string, key crypto.Signer) (Signer, error) {
	if !isKeyID(keyID) || key == nil {
		return nil, fmt.Errorf("%w: signer of key %.200q", ErrMalformed, keyID)
	}
	suite, err := suiteOf(key.Public())
	if err != nil {
		return nil, fmt.Errorf("signer of key %s: %w", keyID, err)
	}
	return tokenSigner{keyID, suite, key}, nil
}

type tokenSigner struct {
	id    string
	suite Suite
	key   crypto.Signer
}

func (s tokenSigner) KeyID() string { return s.id }
func (s tokenSigner) Suite() Suite  { return s.suite }

func (s tokenSigner) Sign(msg []byte) ([]byte, error) {
	if s.suite == RS256 {
		return jwt.SigningMethodRS256.Sign(string(msg), s.key)
	}
	hash := sha256.Sum256(msg)
	der, err := s.key.Sign(nil, hash[:], crypto.SHA256) // without randomness: RFC 6979
	if err != nil {
		return nil, err
	}
	var sig struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &sig); err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("signature of %s: not ECDSA", s.id)
	}
	out := make([]byte, 64)
	sig.R.FillBytes(out[:32])
	sig.S.FillBytes(out[32:])
	return out, nil
}

// Bounds on RSA keys: shorter ones are weak, longer ones are a way to keep a
// verifier busy.
const (
	minRSA = 2048
	maxRSA = 4096
)

// suiteOf returns the suite of a key of tokens, and refuses keys that are weak
// or of another kind.
func suiteOf(public crypto.PublicKey) (Suite, error) {
	switch k := public.(type) {
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n >= minRSA && n <= maxRSA && k.E == 65537 {
			return RS256, nil
		}
	case *ecdsa.PublicKey:
		if _, err := k.Bytes(); err == nil && k.Curve.Params().Name == "P-256" {
			return ES256, nil
		}
	}
	return "", fmt.Errorf("%w key: neither RSA of %d to %d bits nor P-256", ErrUnknown, minRSA, maxRSA)
}
