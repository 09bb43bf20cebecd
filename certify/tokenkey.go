package certify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"time"
)

// A TokenKey is a key of an issuer for the forms of a certificate that are
// tokens: [RS256] or [ES256]. From and Until are as those of [Key].
type TokenKey struct {
	ID          string           // DID URL: "did:web:credits.example.edu:issuers:bank#rs256-1"
	Public      crypto.PublicKey // *rsa.PublicKey or *ecdsa.PublicKey
	From, Until time.Time
}

// Suite returns what the key signs, or "" if it is no key of tokens.
func (k TokenKey) Suite() Suite {
	s, err := suiteOf(k.Public)
	if err != nil {
		return ""
	}
	return s
}

func (k TokenKey) inUse(t time.Time) bool { return within(k.From, k.Until, t) }

// within reports whether a time is in a period of which an end may be open.
func within(from, until, t time.Time) bool {
	return (from.IsZero() || !t.Before(from)) && (until.IsZero() || t.Before(until))
}

// KeyAddress returns where the JWK of a key is served beside the DID document,
// for those who know JWTs and no DIDs: https://host/keys/<kid>, where kid is the
// end of the DID and the name of the key, "i06.rs256-1". It is the kid of an
// Open Badges JWT.
func KeyAddress(keyID string) (string, error) {
	did, name, _ := strings.Cut(keyID, "#")
	parts := strings.Split(strings.TrimPrefix(did, "did:web:"), ":")
	if !webDID.MatchString(did) || len(parts) < 2 || name == "" || strings.Contains(name, ".") {
		return "", fmt.Errorf("%w: key %.200q has no address", ErrMalformed, keyID)
	}
	host := strings.ReplaceAll(parts[0], "%3A", ":")
	return (&url.URL{Scheme: "https", Host: host, Path: "/keys/" + parts[len(parts)-1] + "." + name}).String(), nil
}

// A jwk is a public key as JSON (RFC 7517). The members are in the order in
// which a thumbprint wants the required ones.
type jwk struct {
	Crv string `json:"crv,omitempty"`
	E   string `json:"e,omitempty"`
	Kty string `json:"kty"`
	N   string `json:"n,omitempty"`
	X   string `json:"x,omitempty"`
	Y   string `json:"y,omitempty"`

	Alg string `json:"alg,omitempty"`
	Kid string `json:"kid,omitempty"`
}

func (k TokenKey) jwk() (jwk, error) {
	suite, err := suiteOf(k.Public)
	if err != nil {
		return jwk{}, fmt.Errorf("key %.200q: %w", k.ID, err)
	}
	if r, ok := k.Public.(*rsa.PublicKey); ok {
		return jwk{Kty: "RSA", N: base64url(r.N.Bytes()), E: base64url(big.NewInt(int64(r.E)).Bytes()), Alg: string(suite)}, nil
	}
	e, ok := k.Public.(*ecdsa.PublicKey)
	if !ok {
		return jwk{}, fmt.Errorf("key %.200q: %w", k.ID, ErrUnknown)
	}
	point, err := e.Bytes()
	if err != nil {
		return jwk{}, fmt.Errorf("key %.200q: %w: %v", k.ID, ErrMalformed, err)
	}
	return jwk{Kty: "EC", Crv: "P-256", X: base64url(point[1:33]), Y: base64url(point[33:]), Alg: string(suite)}, nil
}

// JWK returns the key as it is served at [KeyAddress].
func (k TokenKey) JWK() ([]byte, error) {
	w, err := k.jwk()
	if err != nil {
		return nil, err
	}
	if w.Kid, err = KeyAddress(k.ID); err != nil {
		return nil, err
	}
	return encode(w)
}

// Thumbprint returns the SHA-256 thumbprint of the key (RFC 7638).
func (k TokenKey) Thumbprint() ([sha256.Size]byte, error) {
	w, err := k.jwk()
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	w.Alg = ""
	text, err := encode(w)
	return sha256.Sum256(text), err
}

// parseJWK reads a public key of tokens. Keys of other kinds are ErrUnknown.
func parseJWK(obj map[string]any) (crypto.PublicKey, error) {
	for name := range obj {
		if name == "d" { // somebody published a private key: nobody may believe it
			return nil, fmt.Errorf("%w: a private key", ErrMalformed)
		}
	}
	number := func(name string) []byte {
		s, _ := obj[name].(string)
		data, err := decodeBase64url(s)
		if err != nil {
			return nil
		}
		return data
	}
	var key crypto.PublicKey
	switch {
	case obj["kty"] == "RSA":
		e := new(big.Int).SetBytes(number("e"))
		n := number("n")
		if !e.IsInt64() || len(n) > maxRSA/8 {
			return nil, fmt.Errorf("%w: RSA key", ErrMalformed)
		}
		key = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(e.Int64())}
	case obj["kty"] == "EC" && obj["crv"] == "P-256":
		x, y := number("x"), number("y")
		if len(x) != 32 || len(y) != 32 {
			return nil, fmt.Errorf("%w: P-256 key", ErrMalformed)
		}
		parsed, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), concat([]byte{4}, x, y))
		if err != nil {
			return nil, fmt.Errorf("%w: P-256 key: %v", ErrMalformed, err)
		}
		key = parsed
	default:
		return nil, fmt.Errorf("%w key type %.40v", ErrUnknown, obj["kty"])
	}
	suite, err := suiteOf(key)
	if err != nil {
		return nil, err
	}
	if alg, ok := obj["alg"]; ok && alg != string(suite) {
		return nil, fmt.Errorf("%w: key of %s for %.40v", ErrMalformed, suite, alg)
	}
	return key, nil
}

func base64url(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// decodeBase64url reads base64url without padding, in the one way it can be
// written: two texts must not be one signature.
func decodeBase64url(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") { // which encoding/base64 skips
		return nil, fmt.Errorf("%w: line break in base64url", ErrMalformed)
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("%w: not base64url", ErrMalformed)
	}
	return data, nil
}
