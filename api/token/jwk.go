package token

import (
	"crypto"
	"errors"
)

// A JWK is somebody's public key (RFC 7517), with the one algorithm it is for.
type JWK struct {
	KID string           // as given, or else the thumbprint (RFC 7638)
	Alg string           // EdDSA, ES256, RS256 or PS256
	Key crypto.PublicKey // ed25519.PublicKey, *ecdsa.PublicKey or *rsa.PublicKey
}

// ParseJWK reads one public key: Ed25519, P-256, or RSA of at least 2048 bits.
// An RSA key that names no algorithm is for RS256.
func ParseJWK(data []byte) (JWK, error) { return JWK{}, errors.ErrUnsupported }
