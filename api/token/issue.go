package token

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

// typ is the type of our tokens (RFC 9068, 2.1), so that no other kind of
// signed text is ever taken for one.
const typ = "at+jwt"

// IssuerConfig configures an [Issuer].
type IssuerConfig struct {
	Keys             *Keys
	Issuer, Audience string        // as the verifier has them
	TTL              time.Duration // of tokens where nothing else is said; default DefaultTTL
	Now              func() time.Time
	Random           io.Reader // fit for cryptography
}

// An Issuer issues tokens. It may be used by several goroutines if its source
// of randomness may.
type Issuer struct{ c IssuerConfig }

// NewIssuer returns an Issuer.
func NewIssuer(c IssuerConfig) (*Issuer, error) {
	if c.Keys == nil || c.Issuer == "" || c.Audience == "" || c.Now == nil || c.Random == nil {
		return nil, errors.New("token issuer: keys, issuer, audience, clock and randomness are required")
	}
	c.TTL = cmp.Or(c.TTL, min(DefaultTTL, c.Keys.c.MaxTTL))
	i := &Issuer{c}
	if err := i.checkTTL(c.TTL); err != nil {
		return nil, err
	}
	return i, nil
}

func (i *Issuer) checkTTL(ttl time.Duration) error {
	if ttl < time.Second || ttl > i.c.Keys.c.MaxTTL {
		return fmt.Errorf("a token serves from a second to %v, not %v", i.c.Keys.c.MaxTTL, ttl)
	}
	return nil
}

// Issue returns a token for sub, narrowed to roles unless they are nil. A ttl
// of zero is the default; one above the maximum of the keys is an error. No
// error of Issue is the caller's of the service.
func (i *Issuer) Issue(ctx context.Context, sub string, roles []string, ttl time.Duration) (string, Claims, error) {
	ttl = cmp.Or(ttl, i.c.TTL)
	if err := i.checkTTL(ttl); err != nil {
		return "", Claims{}, err
	}
	if !validSubject(sub) || !validScope(roles) {
		return "", Claims{}, errors.New("issue a token: the subject or a role is no valid name")
	}
	id, err := newUUID(i.c.Random)
	if err != nil {
		return "", Claims{}, err
	}
	now := i.c.Now().UTC().Truncate(time.Second)
	key, err := i.key(ctx, now)
	if err != nil {
		return "", Claims{}, err
	}
	c := Claims{
		Issuer: i.c.Issuer, Audience: i.c.Audience, Subject: sub, ID: id,
		IssuedAt: now, NotBefore: now, Expires: now.Add(ttl).Truncate(time.Second),
		Scope: slices.Clone(roles),
	}
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, c.wire())
	t.Header["typ"], t.Header["kid"] = typ, key.kid
	signed, err := t.SignedString(key.private)
	if err != nil {
		return "", Claims{}, fmt.Errorf("sign a token: %w", err)
	}
	return signed, c, nil
}

// key returns the key that signs at now. The ticker that calls Ensure may have
// been late: then we call it.
func (i *Issuer) key(ctx context.Context, now time.Time) (ringKey, error) {
	key, ok := i.c.Keys.signer(now)
	if !ok {
		if err := i.c.Keys.Ensure(ctx); err != nil {
			return ringKey{}, err
		}
		key, ok = i.c.Keys.signer(now)
	}
	if !ok || key.private == nil {
		return ringKey{}, errors.New("issue a token: no key signs now")
	}
	return key, nil
}

// validSubject reports whether s can name a caller.
func validSubject(s string) bool {
	return s != "" && len(s) <= 255 && utf8.ValidString(s) &&
		!strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError })
}

// validScope reports whether roles can stand in a scope: RFC 6749, 3.3. An
// empty list would read as no narrowing at all.
func validScope(roles []string) bool {
	if roles == nil {
		return true
	}
	bad := func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }
	return len(roles) > 0 && len(roles) <= 64 && !slices.ContainsFunc(roles, func(role string) bool {
		return role == "" || len(role) > 64 || strings.ContainsFunc(role, bad)
	})
}

// newUUID returns a random UUID (RFC 9562, version 4).
func newUUID(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("draw an id: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}
