// Package token makes and checks the access tokens of the HTTP service: short
// JSON Web Tokens (RFC 7519, RFC 9068) signed with Ed25519 under keys that
// rotate, and the assertions by which a program proves who it is when it asks
// for one (RFC 7523).
//
//	KeyStore ──► Keys ──► Issuer   ──► token
//	              │  └──► Verifier ◄── token, with every request
//	              └─────► JWKS, for anybody
//
// A token is a bearer's: whoever holds it may use it. So tokens are short, one
// can be denied by its identifier, and no error here repeats one.
package token

import (
	"errors"
	"time"
)

// ErrToken: a token or an assertion is refused. The error that wraps it says
// why, for the log; whoever sent it is told no more than that it was refused.
var ErrToken = errors.New("token refused")

const (
	// DefaultTTL is how long a token serves where nothing else is said.
	DefaultTTL = 10 * time.Minute

	// Leeway is how far two clocks may differ.
	Leeway = 30 * time.Second
)

// Claims are what a token says.
type Claims struct {
	Issuer   string
	Audience string
	Subject  string // who calls: "client:i06-post", "user:<uuid>"
	ID       string // a UUID, by which the token can be denied

	IssuedAt, NotBefore, Expires time.Time // in UTC, whole seconds

	// Scope is the list of roles the token is narrowed to: it gives none that
	// the subject does not have. nil: it is not narrowed.
	Scope []string
}
