package token

import (
	"errors"
	"time"
)

// A ReplayGuard remembers which assertions were used.
type ReplayGuard interface {
	// Once reports whether jti has not been used before, and remembers it
	// until the given time. In doubt it says no.
	Once(jti string, until time.Time) bool
}

// A MemoryReplay is a ReplayGuard for a single process.
type MemoryReplay struct{}

// NewMemoryReplay returns a MemoryReplay that remembers at most so many
// assertions at a time, and refuses more.
func NewMemoryReplay(now func() time.Time, size int) *MemoryReplay { return nil }

// AssertionsConfig configures [Assertions].
type AssertionsConfig struct {
	Audiences []string // the URL of our token endpoint, our issuer
	Replay    ReplayGuard
	Now       func() time.Time
}

// Assertions checks client assertions, private_key_jwt (RFC 7521, RFC 7523).
type Assertions struct{}

// NewAssertions returns Assertions.
func NewAssertions(c AssertionsConfig) (*Assertions, error) { return nil, errors.ErrUnsupported }

// Verify returns the client that signed the assertion with one of its keys.
// keys returns the public keys of a client, none if there is no such client;
// its error is returned as a fault of ours. Any other error wraps [ErrToken].
func (a *Assertions) Verify(assertion string, keys func(clientID string) ([]JWK, error)) (clientID string, err error) {
	return "", errors.ErrUnsupported
}
