// Package password hashes passwords with argon2id (RFC 9106), so slowly and with
// so much memory that guessing from a stolen hash is dear.
//
// A hash is text in the PHC string format and names its parameters:
//
//	$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>
//
// so that old hashes can be checked after the parameters have been raised.
package password

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Parameters of today: the second recommendation of the OWASP Password Storage
// Cheat Sheet. Memory is in KiB.
const (
	memory   = 19 << 10
	passes   = 2
	lanes    = 1
	saltSize = 16
	hashSize = 32
)

// Bounds of what is read back: a damaged row must not eat the machine.
const (
	maxMemory = 256 << 10
	maxPasses = 16
	maxLanes  = 16
	maxSize   = 64
)

// A Hasher hashes so many passwords at once; others wait for their turn, so that
// a storm of logins takes time and not memory. It may be used by several
// goroutines.
type Hasher struct {
	random io.Reader
	turns  chan struct{}
}

// New returns a hasher that takes salts from random and hashes up to atOnce
// passwords at the same time, each in 19 MiB.
func New(random io.Reader, atOnce int) *Hasher {
	return &Hasher{random, make(chan struct{}, max(atOnce, 1))}
}

// Hash returns a salted hash of a password.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	p := params{memory: memory, passes: passes, lanes: lanes, salt: make([]byte, saltSize)}
	if _, err := io.ReadFull(h.random, p.salt); err != nil {
		return "", fmt.Errorf("draw a salt: %w", err)
	}
	var err error
	if p.hash, err = h.derive(ctx, password, p, hashSize); err != nil {
		return "", err
	}
	return p.String(), nil
}

// Check reports whether password is the one that was hashed, and whether it
// should be hashed anew, since the parameters are weaker than those of today. An
// error says that the hash is damaged or that ctx ended.
func (h *Hasher) Check(ctx context.Context, password, hash string) (ok, rehash bool, err error) {
	p, err := parse(hash)
	if err != nil {
		return false, false, err
	}
	derived, err := h.derive(ctx, password, p, len(p.hash))
	if err != nil {
		return false, false, err
	}
	return subtle.ConstantTimeCompare(derived, p.hash) == 1, p.weak(), nil
}

// derive waits for its turn and hashes. The same characters may be typed as
// different code points, which is evened out (NIST SP 800-63B, 3.1.1.2).
func (h *Hasher) derive(ctx context.Context, password string, p params, size int) ([]byte, error) {
	select {
	case h.turns <- struct{}{}:
		defer func() { <-h.turns }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("wait to hash a password: %w", err)
	}
	return argon2.IDKey(norm.NFKC.Bytes([]byte(password)), p.salt, p.passes, p.memory, p.lanes, uint32(size)), nil
}

// params are those of one hash.
type params struct {
	memory, passes uint32
	lanes          uint8
	salt, hash     []byte
}

func (p params) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.passes, p.lanes, encode(p.salt), encode(p.hash))
}

func (p params) weak() bool {
	return p.memory < memory || p.passes < passes || len(p.salt) < saltSize || len(p.hash) < hashSize
}

// errHash says no more: what is wrong with a hash helps nobody but its thief.
var errHash = errors.New("the hash of a password is damaged")

func parse(s string) (params, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 {
		return params{}, errHash
	}
	var p params
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.lanes); err != nil {
		return params{}, errHash
	}
	var err1, err2 error
	p.salt, err1 = decode(parts[4])
	p.hash, err2 = decode(parts[5])
	// Written anew it must be the same: there is one way to write it.
	if err1 != nil || err2 != nil || p.String() != s ||
		p.memory < 8*uint32(p.lanes) || p.memory > maxMemory || p.passes < 1 || p.passes > maxPasses || p.lanes < 1 || p.lanes > maxLanes ||
		len(p.salt) < 8 || len(p.salt) > maxSize || len(p.hash) < 16 || len(p.hash) > maxSize {
		return params{}, errHash
	}
	return p, nil
}

func encode(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }

func decode(s string) ([]byte, error) { return base64.RawStdEncoding.Strict().DecodeString(s) }
