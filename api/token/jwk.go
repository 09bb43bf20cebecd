package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

const (
	maxJWK        = 16 << 10
	maxKID        = 255
	minRSA        = 2048 // bits: NIST SP 800-131A
	maxRSA        = 8192 // bits; a larger one makes each check slow
	minExponent   = 1<<16 + 1
	thumbprintLen = 43 // of SHA-256 in base64url
)

// A JWK is somebody's public key (RFC 7517), with the one algorithm it is for.
type JWK struct {
	KID string           // as given, or else the thumbprint (RFC 7638)
	Alg string           // EdDSA, ES256, RS256 or PS256
	Key crypto.PublicKey // ed25519.PublicKey, *ecdsa.PublicKey or *rsa.PublicKey
}

// ParseJWK reads one public key: Ed25519, P-256, or RSA of 2048 to 8192 bits.
// An RSA key that names no algorithm is for RS256. A private key is refused:
// whoever sent it must draw another. No error repeats any of the data.
func ParseJWK(data []byte) (JWK, error) {
	k, err := parseJWK(data)
	if err != nil {
		return JWK{}, fmt.Errorf("read a JWK: %w", err)
	}
	return k, nil
}

func parseJWK(data []byte) (JWK, error) {
	if len(data) > maxJWK {
		return JWK{}, errors.New("too long")
	}
	obj, err := members(data)
	if err != nil {
		return JWK{}, err
	}
	for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
		if _, ok := obj[name]; ok {
			return JWK{}, fmt.Errorf("member %q is private: this key is known to others now; make a new one and send its public part only", name)
		}
	}
	if err := checkUse(obj); err != nil {
		return JWK{}, err
	}
	k, required, err := readKey(obj)
	if err != nil {
		return JWK{}, err
	}
	if k.KID, err = text(obj, "kid"); err != nil || len(k.KID) > maxKID {
		return JWK{}, fmt.Errorf("kid is a text of at most %d bytes", maxKID)
	}
	if k.KID == "" {
		k.KID, err = thumbprint(required)
	}
	return k, err
}

// checkUse refuses keys that are not for signatures (RFC 7517, 4.2 and 4.3).
func checkUse(obj map[string]json.RawMessage) error {
	use, err := text(obj, "use")
	if err != nil || use != "" && use != "sig" {
		return errors.New(`use is "sig"`)
	}
	if _, ok := obj["key_ops"]; !ok {
		return nil
	}
	ops, err := texts(obj, "key_ops")
	if err != nil || !slices.Contains(ops, "verify") {
		return errors.New(`key_ops contains "verify"`)
	}
	return nil
}

// readKey returns the key with its algorithm, and the members that make its
// thumbprint.
func readKey(obj map[string]json.RawMessage) (JWK, map[string]string, error) {
	kty, err := text(obj, "kty")
	if err != nil {
		return JWK{}, nil, errors.New("kty is a text")
	}
	var k JWK
	var algs, names []string // the first algorithm is the one of a key that names none
	switch kty {
	case "OKP":
		algs, names = []string{algEdDSA}, []string{"crv", "kty", "x"}
		k.Key, err = readOKP(obj)
	case "EC":
		algs, names = []string{algES256}, []string{"crv", "kty", "x", "y"}
		k.Key, err = readEC(obj)
	case "RSA":
		algs, names = []string{algRS256, algPS256}, []string{"e", "kty", "n"}
		k.Key, err = readRSA(obj)
	default:
		return JWK{}, nil, errors.New("kty is OKP, EC or RSA")
	}
	if err != nil {
		return JWK{}, nil, err
	}
	if k.Alg, err = text(obj, "alg"); err != nil || k.Alg != "" && !slices.Contains(algs, k.Alg) {
		return JWK{}, nil, fmt.Errorf("alg of a key of this kty is one of %v", algs)
	}
	if k.Alg == "" {
		k.Alg = algs[0]
	}
	required := map[string]string{}
	for _, name := range names {
		required[name], _ = text(obj, name) // they were read above
	}
	return k, required, nil
}

func readOKP(obj map[string]json.RawMessage) (ed25519.PublicKey, error) {
	if crv, err := text(obj, "crv"); err != nil || crv != "Ed25519" {
		return nil, errors.New("crv of an OKP key is Ed25519")
	}
	x, err := octets(obj, "x", ed25519.PublicKeySize)
	if err != nil {
		return nil, err
	}
	if err := checkEd25519(x); err != nil {
		return nil, err
	}
	return ed25519.PublicKey(x), nil
}

func readEC(obj map[string]json.RawMessage) (*ecdsa.PublicKey, error) {
	if crv, err := text(obj, "crv"); err != nil || crv != "P-256" {
		return nil, errors.New("crv of an EC key is P-256")
	}
	x, err := octets(obj, "x", 32)
	if err != nil {
		return nil, err
	}
	y, err := octets(obj, "y", 32)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
	if err != nil {
		return nil, errors.New("x and y are no point of P-256")
	}
	return key, nil
}

func readRSA(obj map[string]json.RawMessage) (*rsa.PublicKey, error) {
	n, err := octets(obj, "n", 0)
	if err != nil {
		return nil, err
	}
	e, err := octets(obj, "e", 0)
	if err != nil {
		return nil, err
	}
	modulus, exponent := new(big.Int).SetBytes(n), new(big.Int).SetBytes(e)
	if n[0] == 0 || e[0] == 0 { // RFC 7518, 2: or one key would have several thumbprints
		return nil, errors.New("n and e have no leading zeros")
	}
	if bits := modulus.BitLen(); bits < minRSA || bits > maxRSA || modulus.Bit(0) == 0 {
		return nil, fmt.Errorf("n is an odd number of %d to %d bits", minRSA, maxRSA)
	}
	if exponent.BitLen() > 31 || exponent.Int64() < minExponent || exponent.Bit(0) == 0 {
		return nil, fmt.Errorf("e is an odd number from %d to below 2^31", minExponent)
	}
	return &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}, nil
}

// octets returns a member in base64url, without padding and with no bits over.
// A size of zero is any but that.
func octets(obj map[string]json.RawMessage, name string, size int) ([]byte, error) {
	s, err := text(obj, name)
	if err != nil || s == "" {
		return nil, fmt.Errorf("%s is missing", name)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	// The decoder skips line breaks.
	if err != nil || base64.RawURLEncoding.EncodeToString(b) != s || len(b) == 0 {
		return nil, fmt.Errorf("%s is base64url without padding", name)
	}
	if size != 0 && len(b) != size {
		return nil, fmt.Errorf("%s has %d bytes", name, size)
	}
	return b, nil
}

// thumbprint returns the name of a key that has none (RFC 7638): the hash of
// its required members, in the order of their names.
func thumbprint(required map[string]string) (string, error) {
	b, err := json.Marshal(required) // sorts; the values are plain ASCII
	if err != nil {
		return "", fmt.Errorf("thumbprint: %w", err)
	}
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

// thumbprintEd25519 is the thumbprint of a key of ours.
func thumbprintEd25519(k ed25519.PublicKey) string {
	x := base64.RawURLEncoding.EncodeToString(k)
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + x + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
