package certifytest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"sync"

	"creditbank/certify"
)

// The keys of tokens of the tests. Unlike the others they are drawn anew by each
// process: there is no way to make an RSA key of a byte.
const (
	RS256ID = DID + "#rs256-1"
	ES256ID = DID + "#es256-1"
)

// must returns v, of what cannot fail.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// RSAKey and P256Key return the keys of the tests; OtherRSAKey is somebody
// else's.
var (
	RSAKey      = sync.OnceValue(func() crypto.Signer { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	OtherRSAKey = sync.OnceValue(func() crypto.Signer { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	P256Key     = sync.OnceValue(func() crypto.Signer { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
)

// Tokens gives the issuer keys of tokens, and returns their signers.
func (w *World) Tokens() (rs256, es256 certify.Signer) {
	w.Trust.Issuers[0].Tokens = []certify.TokenKey{{ID: RS256ID, Public: RSAKey().Public()}, {ID: ES256ID, Public: P256Key().Public()}}
	return must(certify.NewTokenSigner(RS256ID, RSAKey())), must(certify.NewTokenSigner(ES256ID, P256Key()))
}
