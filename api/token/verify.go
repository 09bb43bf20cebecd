package token

import (
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// maxToken bounds what is looked at. Ours have some 500 bytes.
	maxToken = 4096

	defaultCacheSize = 10000
)

// VerifierConfig configures a [Verifier].
type VerifierConfig struct {
	Keys             *Keys
	Issuer, Audience string
	// Denied reports whether the token of this identifier was revoked. It is
	// asked on every call, so it answers from memory.
	Denied    func(jti string) bool
	CacheSize int // how many verified tokens are remembered; default 10000
	Now       func() time.Time
}

// A Verifier checks tokens. It may be used by several goroutines.
type Verifier struct {
	c      VerifierConfig
	parser *jwt.Parser
	cache  cache
}

// NewVerifier returns a Verifier.
func NewVerifier(c VerifierConfig) (*Verifier, error) {
	if c.Keys == nil || c.Issuer == "" || c.Audience == "" || c.Denied == nil || c.Now == nil || c.CacheSize < 0 {
		return nil, errors.New("token verifier: keys, issuer, audience, deny list and clock are required")
	}
	c.CacheSize = cmp.Or(c.CacheSize, defaultCacheSize)
	return &Verifier{c: c, cache: newCache(c.CacheSize), parser: jwt.NewParser(
		jwt.WithValidMethods([]string{algEdDSA}),
		jwt.WithStrictDecoding(),
		jwt.WithIssuer(c.Issuer),
		jwt.WithAudience(c.Audience),
		jwt.WithExpirationRequired(),
		jwt.WithNotBeforeRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(Leeway),
		jwt.WithTimeFunc(c.Now),
	)}, nil
}

// Verify returns what a token says, if an [Issuer] issued it under one of our
// keys, for us, and it serves now. The error wraps [ErrToken].
func (v *Verifier) Verify(token string) (Claims, error) {
	if len(token) > maxToken {
		return Claims{}, fmt.Errorf("%w: too long", ErrToken)
	}
	sum := sha256.Sum256([]byte(token))
	e, ok := v.cache.get(sum)
	if ok {
		if !v.c.Now().Before(e.claims.Expires.Add(Leeway)) {
			return Claims{}, fmt.Errorf("%w: expired", ErrToken)
		}
		// A key that leaked is taken out, and what it signed with it.
		if _, ok = v.c.Keys.ring.Load().find(e.kid); !ok {
			return Claims{}, fmt.Errorf("%w: %w", ErrToken, errUnknownKey)
		}
	} else {
		var err error
		if e, err = v.verify(token); err != nil {
			return Claims{}, fmt.Errorf("%w: %w", ErrToken, err)
		}
		v.cache.put(sum, e, v.c.Now())
	}
	if v.c.Denied(e.claims.ID) {
		return Claims{}, fmt.Errorf("%w: revoked", ErrToken)
	}
	return e.claims.clone(), nil
}

const errUnknownKey = reason("unknown key")

// verify does the work once for each token.
func (v *Verifier) verify(token string) (verified, error) {
	h, err := readHeader(v.parser, token)
	if err != nil {
		return verified{}, err
	}
	// Ours have these three members and no other: no key, no address of one.
	if h.alg != algEdDSA || h.typ != typ || h.kid == "" || h.names != 3 {
		return verified{}, reason("not the header of our tokens")
	}
	w, err := parse(v.parser, token, func(t *jwt.Token) (any, error) {
		return v.key(h.kid, t.Claims.(*wireClaims))
	})
	if err != nil {
		return verified{}, err
	}
	if w.Subject == "" || w.ID == "" || len(w.Audience) != 1 {
		return verified{}, reason("a claim is missing")
	}
	c := w.claims()
	if !validScope(c.Scope) {
		return verified{}, reason("malformed scope")
	}
	return verified{h.kid, c}, nil
}

// key returns the public key for claims that are not verified yet. Who holds an
// old key could date a token back into its time; so its life is bounded, and
// it has expired when the key is retired.
func (v *Verifier) key(kid string, w *wireClaims) (ed25519.PublicKey, error) {
	if w.IssuedAt == nil || w.ExpiresAt == nil {
		return nil, reason("a claim is missing")
	}
	if life := w.lives(); life <= 0 || life > v.c.Keys.c.MaxTTL {
		return nil, reason("lives too long")
	}
	if len(kid) != thumbprintLen {
		return nil, errUnknownKey
	}
	k, ok := v.c.Keys.find(kid)
	if !ok {
		return nil, errUnknownKey
	}
	if !k.signs(w.IssuedAt.Time) {
		return nil, reason("issued when its key did not sign")
	}
	return k.public, nil
}
