package apitest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
)

// Passwords hashes fast, so that tests need not wait for argon2id. It is salted
// by nothing and must not be used for anything else.
type Passwords struct{}

// Hash implements [access.Passwords].
func (Passwords) Hash(_ context.Context, password string) (string, error) {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:]), nil
}

// Check implements [access.Passwords].
func (p Passwords) Check(ctx context.Context, password, hash string) (ok, rehash bool, err error) {
	again, err := p.Hash(ctx, password)
	return again == hash, false, err
}
