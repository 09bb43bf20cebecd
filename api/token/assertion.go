package token

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// maxAssertion bounds what is looked at: a signature of RSA with 8192 bits
	// takes 1366 bytes.
	maxAssertion = 8192

	// maxAssertionTTL is how long an assertion may serve, and so how long its
	// use is remembered.
	maxAssertionTTL = 5 * time.Minute
)

// AssertionsConfig configures [Assertions].
type AssertionsConfig struct {
	Audiences []string // the URL of our token endpoint, our issuer
	Replay    ReplayGuard
	Now       func() time.Time
}

// Assertions checks client assertions, private_key_jwt (RFC 7521, RFC 7523).
// It may be used by several goroutines if its ReplayGuard may.
type Assertions struct {
	c      AssertionsConfig
	parser *jwt.Parser
}

// NewAssertions returns Assertions.
func NewAssertions(c AssertionsConfig) (*Assertions, error) {
	if len(c.Audiences) == 0 || slices.Contains(c.Audiences, "") || c.Replay == nil || c.Now == nil {
		return nil, errors.New("client assertions: audiences, replay guard and clock are required")
	}
	return &Assertions{c, jwt.NewParser(
		jwt.WithValidMethods([]string{algEdDSA, algES256, algRS256, algPS256}),
		jwt.WithStrictDecoding(),
		jwt.WithAudience(c.Audiences...),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(Leeway),
		jwt.WithTimeFunc(c.Now),
	)}, nil
}

// Verify returns the client that signed the assertion with one of its keys, the
// first time it is asked about this assertion. keys returns the public keys of
// a client, none if there is no such client; its error is returned as a fault
// of ours. Any other error wraps [ErrToken].
func (a *Assertions) Verify(assertion string, keys func(clientID string) ([]JWK, error)) (clientID string, err error) {
	w, err := a.verify(assertion, keys)
	var f fault
	if errors.As(err, &f) {
		return "", fmt.Errorf("keys of a client: %w", f.error)
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrToken, err)
	}
	// Identifiers are unique to each client; of one client, nobody else can
	// use one up.
	sum := sha256.Sum256([]byte(w.Subject + "\x00" + w.ID))
	if !a.c.Replay.Once(base64.RawURLEncoding.EncodeToString(sum[:]), w.ExpiresAt.Add(Leeway)) {
		return "", fmt.Errorf("%w: used before", ErrToken)
	}
	return w.Subject, nil
}

func (a *Assertions) verify(assertion string, keys func(string) ([]JWK, error)) (*wireClaims, error) {
	if len(assertion) > maxAssertion {
		return nil, reason("too long")
	}
	h, err := readHeader(a.parser, assertion)
	if err != nil {
		return nil, err
	}
	// RFC 7519, 5.1 and RFC 8725, 3.11: a token of ours is no assertion.
	if t := strings.ToLower(h.typ); t != "" && t != "jwt" && t != "client-authentication+jwt" {
		return nil, reason("another type of token")
	}
	return parse(a.parser, assertion, func(t *jwt.Token) (any, error) {
		w := t.Claims.(*wireClaims)
		if err := a.check(w); err != nil {
			return nil, err
		}
		all, err := keys(w.Subject)
		if err != nil {
			return nil, fault{err}
		}
		return choose(all, h)
	})
}

// check looks at what the library does not.
func (a *Assertions) check(w *wireClaims) error {
	switch {
	case w.Subject == "" || w.Issuer != w.Subject || !validSubject(w.Subject):
		return reason("issuer and subject are not one client")
	case w.ID == "" || len(w.ID) > 255:
		return reason("no identifier, or too long a one")
	case w.ExpiresAt == nil:
		return reason("a claim is missing")
	case w.ExpiresAt.After(a.c.Now().Add(maxAssertionTTL + Leeway)):
		return reason("expires too far ahead")
	case w.IssuedAt != nil && (w.lives() <= 0 || w.lives() > maxAssertionTTL+Leeway):
		return reason("lives too long")
	}
	// One that names others too could be taken from us to them, or from them
	// to us.
	for _, aud := range w.Audience {
		if !slices.Contains(a.c.Audiences, aud) {
			return reason("for another audience")
		}
	}
	return nil
}

// choose returns the key that the header names. The algorithm is the key's: the
// header only may not differ. A client with one key need not name it.
func choose(keys []JWK, h header) (any, error) {
	for _, k := range keys {
		if k.KID != h.kid && (h.kid != "" || len(keys) != 1) {
			continue
		}
		if k.Alg != h.alg {
			return nil, reason("not the algorithm of the key")
		}
		return k.Key, nil
	}
	return nil, errUnknownKey
}
