package token

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// The algorithms that a signature may have at all. Which of them it is to have
// follows from the key.
const (
	algEdDSA = "EdDSA"
	algES256 = "ES256"
	algRS256 = "RS256"
	algPS256 = "PS256"
)

// wireClaims are claims as they stand in a token or an assertion, read
// strictly.
type wireClaims struct {
	jwt.RegisteredClaims
	Scope string `json:"scope,omitempty"` // RFC 8693, 4.2: names between blanks
}

var _ json.Unmarshaler = (*wireClaims)(nil)

// wire returns c as it stands in a token.
func (c Claims) wire() wireClaims {
	return wireClaims{jwt.RegisteredClaims{
		Issuer: c.Issuer, Audience: jwt.ClaimStrings{c.Audience}, Subject: c.Subject, ID: c.ID,
		IssuedAt: jwt.NewNumericDate(c.IssuedAt), NotBefore: jwt.NewNumericDate(c.NotBefore),
		ExpiresAt: jwt.NewNumericDate(c.Expires),
	}, strings.Join(c.Scope, " ")}
}

// UnmarshalJSON reads claims strictly. Claims it does not know are no concern
// of ours (RFC 7519, 4).
func (w *wireClaims) UnmarshalJSON(data []byte) error {
	obj, err := members(data)
	if err != nil {
		return err
	}
	var read wireClaims
	for name, field := range map[string]*string{"iss": &read.Issuer, "sub": &read.Subject, "jti": &read.ID, "scope": &read.Scope} {
		if *field, err = text(obj, name); err != nil {
			return err
		}
	}
	if read.Audience, err = texts(obj, "aud"); err != nil {
		return err
	}
	for name, field := range map[string]**jwt.NumericDate{"exp": &read.ExpiresAt, "nbf": &read.NotBefore, "iat": &read.IssuedAt} {
		t, err := date(obj, name)
		if err != nil {
			return err
		}
		if t != nil {
			*field = &jwt.NumericDate{Time: *t}
		}
	}
	*w = read
	return nil
}

// claims returns what a token says that was found valid.
func (w *wireClaims) claims() Claims {
	c := Claims{
		Issuer: w.Issuer, Audience: w.Audience[0], Subject: w.Subject, ID: w.ID,
		IssuedAt: w.IssuedAt.Time, NotBefore: w.NotBefore.Time, Expires: w.ExpiresAt.Time,
	}
	if w.Scope != "" {
		c.Scope = strings.Split(w.Scope, " ")
	}
	return c
}

// header is what of a JOSE header is looked at.
type header struct {
	alg, typ, kid string
	names         int // how many members it has
}

// readHeader reads the header of a compact JWS strictly. The critical
// extension of RFC 7515, 4.1.11 names what a reader must understand; we
// understand none.
func readHeader(parser *jwt.Parser, token string) (header, error) {
	// The decoder of base64 skips line breaks: one token would have many forms.
	if strings.ContainsAny(token, "\r\n") {
		return header{}, reason("malformed")
	}
	segment, _, _ := strings.Cut(token, ".")
	raw, err := parser.DecodeSegment(segment)
	if err != nil {
		return header{}, reason("malformed")
	}
	obj, err := members(raw)
	if err != nil {
		return header{}, err
	}
	if _, ok := obj["crit"]; ok {
		return header{}, reason("critical extensions in the header")
	}
	h := header{names: len(obj)}
	for name, field := range map[string]*string{"alg": &h.alg, "typ": &h.typ, "kid": &h.kid} {
		if *field, err = text(obj, name); err != nil {
			return header{}, err
		}
	}
	return h, nil
}

// parse reads and verifies a compact JWS with the library. Its errors are put
// into fixed words: they may repeat what was sent.
func parse(parser *jwt.Parser, token string, key jwt.Keyfunc) (*wireClaims, error) {
	var w wireClaims
	t, err := parser.ParseWithClaims(token, &w, key)
	if err != nil {
		return nil, why(err)
	}
	if !t.Valid {
		return nil, reason("not valid") // unreachable: then there is an error
	}
	return &w, nil
}

// A fault is an error of ours on the way to a key, as opposed to one of the
// token.
type fault struct{ error }

func (f fault) Unwrap() error { return f.error }

// why puts an error of the library into words of ours.
func why(err error) error {
	var f fault
	if errors.As(err, &f) {
		return f
	}
	var r reason
	if errors.As(err, &r) {
		return r
	}
	for _, k := range []struct {
		kind error
		text reason
	}{
		{jwt.ErrTokenMalformed, "malformed"},
		{jwt.ErrTokenUnverifiable, "unknown algorithm"},
		{jwt.ErrTokenSignatureInvalid, "wrong signature or algorithm"},
		{jwt.ErrTokenExpired, "expired"},
		{jwt.ErrTokenNotValidYet, "not valid yet"},
		{jwt.ErrTokenUsedBeforeIssued, "issued in the future"},
		{jwt.ErrTokenRequiredClaimMissing, "a claim is missing"},
		{jwt.ErrTokenInvalidAudience, "for another audience"},
		{jwt.ErrTokenInvalidIssuer, "of another issuer"},
	} {
		if errors.Is(err, k.kind) {
			return k.text
		}
	}
	return reason("refused")
}

// lives returns how long the claims say they serve.
func (w *wireClaims) lives() time.Duration { return w.ExpiresAt.Sub(w.IssuedAt.Time) }
