package certify

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// A jwtHeader is all that stands in the header of a token of ours, and all that
// is read. Open Badges forbids any other member but "jwk", and a key that comes
// with the token proves nothing.
type jwtHeader struct {
	Alg string `json:"alg"`
	Kid string `json:"kid"`
	Typ string `json:"typ"`
}

// JWT returns the credential as an Open Badges JWT (Open Badges 3.0, section
// 8.2, "JSON Web Token Proof Format"): the unsigned credential itself, with the
// claims iss, sub, jti, nbf and, if it ends, exp, which repeat what it says. The
// signer is of [RS256]. Call it once the log has the record; the record is that
// of the credential. The same signer gives the same bytes.
func (p *Prepared) JWT(s Signer) ([]byte, error) {
	if err := p.mine(s); err != nil {
		return nil, err
	}
	if s.Suite() != RS256 {
		return nil, fmt.Errorf("sign %s as JWT: %w: suite %s", p.id, ErrUnknown, s.Suite())
	}
	doc, err := parseObject(p.unsigned)
	if err != nil {
		return nil, fmt.Errorf("sign %s as JWT: %w", p.id, err)
	}
	claims, err := claimsOf(doc)
	if err != nil {
		return nil, fmt.Errorf("sign %s as JWT: %w", p.id, err)
	}
	for name, v := range claims {
		doc[name] = v
	}
	kid, err := KeyAddress(s.KeyID())
	if err != nil {
		return nil, fmt.Errorf("sign %s as JWT: %w", p.id, err)
	}
	token, err := signToken(jwtHeader{Alg: string(RS256), Kid: kid, Typ: "JWT"}, doc, s)
	if err != nil {
		return nil, fmt.Errorf("sign %s as JWT: %w", p.id, err)
	}
	return token, nil
}

// claimsOf returns the claims that repeat what a credential says.
func claimsOf(doc map[string]any) (map[string]any, error) {
	h, err := readHeader(doc)
	if err != nil {
		return nil, err
	}
	subject, _ := doc["credentialSubject"].(map[string]any)
	sub, err := text(subject, "id")
	if err != nil {
		return nil, err
	}
	claims := map[string]any{"iss": h.Issuer, "sub": sub, "jti": h.ID}
	if claims["nbf"], err = numericDate(h.ValidFrom); err != nil {
		return nil, err
	}
	if !h.ValidUntil.IsZero() {
		if claims["exp"], err = numericDate(h.ValidUntil); err != nil {
			return nil, err
		}
	}
	return claims, nil
}

// numericDate writes a time as JWTs have it. It must be whole: nbf equals
// validFrom.
func numericDate(t time.Time) (json.Number, error) {
	if t.Nanosecond() != 0 {
		return "", fmt.Errorf("%w: time %s is not of whole seconds", ErrMalformed, t)
	}
	return json.Number(fmt.Sprint(t.Unix())), nil
}

// signToken returns a token in the compact form of RFC 7515.
func signToken(h jwtHeader, payload map[string]any, s Signer) ([]byte, error) {
	header, err := encode(h)
	if err != nil {
		return nil, err
	}
	body, err := encode(payload)
	if err != nil {
		return nil, err
	}
	signed := base64url(header) + "." + base64url(body)
	sig, err := s.Sign([]byte(signed))
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", s.KeyID(), err)
	}
	return []byte(signed + "." + base64url(sig)), nil
}

// A token is a signed token taken apart. Nothing of it was verified.
type token struct {
	header    jwtHeader
	payload   map[string]any
	signed    string
	signature []byte
	at        time.Time // when it was signed, as it says
}

// parseToken reads a token in compact form: three parts, each written in the one
// way it can be; a header of exactly three members, of the algorithm and type
// that the form has; JSON as strict as that of credentials.
func parseToken(data string, alg Suite, typ string) (token, error) {
	if len(data) > 2*MaxSize {
		return token{}, fmt.Errorf("%w: token of %d bytes", ErrMalformed, len(data))
	}
	parts := strings.Split(data, ".")
	if len(parts) != 3 {
		return token{}, fmt.Errorf("%w: token of %d parts", ErrMalformed, len(parts))
	}
	t := token{signed: parts[0] + "." + parts[1]}
	if len(parts[0]) > maxHeader {
		return token{}, fmt.Errorf("%w: token header of %d bytes", ErrMalformed, len(parts[0]))
	}
	header, err := parsePart(parts[0])
	if err != nil {
		return token{}, fmt.Errorf("token header: %w", err)
	}
	if t.header, err = readTokenHeader(header); err != nil {
		return token{}, err
	}
	if t.header.Alg != string(alg) || t.header.Typ != typ {
		return token{}, fmt.Errorf("%w token: alg %.40q, typ %.40q", ErrUnknown, t.header.Alg, t.header.Typ)
	}
	if t.payload, err = parsePart(parts[1]); err != nil {
		return token{}, fmt.Errorf("token payload: %w", err)
	}
	t.signature, err = decodeBase64url(parts[2])
	return t, err
}

// maxHeader bounds the header of a token, as it is written.
const maxHeader = 4096

func parsePart(s string) (map[string]any, error) {
	data, err := decodeBase64url(s)
	if err != nil {
		return nil, err
	}
	return parseObject(data)
}

func readTokenHeader(obj map[string]any) (jwtHeader, error) {
	var h jwtHeader
	for name, v := range obj {
		s, ok := v.(string)
		if !ok || s == "" {
			return jwtHeader{}, fmt.Errorf("%w: %.40q of token header", ErrMalformed, name)
		}
		switch name {
		case "alg":
			h.Alg = s
		case "kid":
			h.Kid = s
		case "typ":
			h.Typ = s
		default:
			return jwtHeader{}, fmt.Errorf("%w: %.40q of token header", ErrUnknown, name)
		}
	}
	if h.Alg == "" || h.Kid == "" || h.Typ == "" {
		return jwtHeader{}, fmt.Errorf("%w: token header without alg, kid or typ", ErrMalformed)
	}
	return h, nil
}

// verify checks the signature with a key, whose suite says how: what the header
// says of it was compared, and decides nothing.
func (t token) verify(key TokenKey) error {
	var method jwt.SigningMethod
	switch suite := key.Suite(); {
	case string(suite) != t.header.Alg:
		return fmt.Errorf("%w: alg %s, the key is of %s", ErrSignature, t.header.Alg, suite)
	case suite == RS256:
		method = jwt.SigningMethodRS256
	case suite == ES256:
		method = jwt.SigningMethodES256
	}
	if err := method.Verify(t.signed, t.signature, key.Public); err != nil {
		return fmt.Errorf("%w: by %s", ErrSignature, key.ID)
	}
	return nil
}

// openJWT takes an Open Badges JWT apart: the credential that it is, and the
// claims beside it, which must say the same.
func openJWT(data []byte) (doc map[string]any, t token, err error) {
	if t, err = parseToken(string(data), RS256, "JWT"); err != nil {
		return nil, token{}, err
	}
	doc = map[string]any{}
	said := map[string]any{}
	for name, v := range t.payload {
		switch name {
		case "iss", "sub", "jti", "nbf", "exp":
			said[name] = v
		case "proof":
			return nil, token{}, fmt.Errorf("%w: a proof within a JWT", ErrUnknown)
		default:
			doc[name] = v
		}
	}
	claims, err := claimsOf(doc)
	if err != nil {
		return nil, token{}, err
	}
	for name := range said {
		if _, ok := claims[name]; !ok {
			return nil, token{}, fmt.Errorf("%w: claim %s without what it repeats", ErrMalformed, name)
		}
	}
	for name, v := range claims {
		if said[name] != v {
			return nil, token{}, fmt.Errorf("%w: claim %s is not what the credential says", ErrMalformed, name)
		}
	}
	// Such a JWT does not say when it was signed; it is the certificate's own date.
	h, err := readHeader(doc)
	t.at = h.ValidFrom
	return doc, t, err
}
