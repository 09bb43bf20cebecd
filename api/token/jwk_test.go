package token_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"creditbank/api/token"
)

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func okp(k ed25519.PublicKey) object { return object{"kty": "OKP", "crv": "Ed25519", "x": b64(k)} }

func ec(t testing.TB, k *ecdsa.PublicKey) object {
	t.Helper()
	b, err := k.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	n := (len(b) - 1) / 2
	return object{"kty": "EC", "crv": k.Curve.Params().Name, "x": b64(b[1 : 1+n]), "y": b64(b[1+n:])}
}

func rsaJWK(k *rsa.PublicKey) object {
	return object{"kty": "RSA", "n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes())}
}

func parseJWK(t testing.TB, o object) (token.JWK, error) {
	t.Helper()
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return token.ParseJWK(b)
}

// The keys and thumbprints of RFC 7638, 3.1 and RFC 8037, A.3.
func TestThumbprintsOfTheRFCs(t *testing.T) {
	n := "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W" +
		"-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08q" +
		"NLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
	for want, key := range map[string]object{
		"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs": {"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256"},
		"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
	} {
		if k, err := parseJWK(t, key); err != nil || k.KID != want {
			t.Errorf("ParseJWK: kid %q, %v, want %q", k.KID, err, want)
		}
	}
}

func TestParseJWK(t *testing.T) {
	ed := publicKey(seed(1))
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		key  object
		alg  string
		want same
	}{
		"Ed25519":            {okp(ed), "EdDSA", same{ed}},
		"Ed25519 with alg":   {with(okp(ed), object{"alg": "EdDSA"}), "EdDSA", same{ed}},
		"P-256":              {ec(t, &p256.PublicKey), "ES256", same{&p256.PublicKey}},
		"RSA":                {rsaJWK(&r.PublicKey), "RS256", same{&r.PublicKey}},
		"RSA for PS256":      {with(rsaJWK(&r.PublicKey), object{"alg": "PS256"}), "PS256", same{&r.PublicKey}},
		"for signatures":     {with(okp(ed), object{"use": "sig", "key_ops": []string{"verify"}}), "EdDSA", same{ed}},
		"with unknown names": {with(okp(ed), object{"x5t": "abc", "iat": 1}), "EdDSA", same{ed}},
	} {
		k, err := parseJWK(t, with(tt.key, object{"kid": "k1"}))
		if err != nil || k.KID != "k1" || k.Alg != tt.alg || !tt.want.Equal(k.Key) {
			t.Errorf("%s: ParseJWK = %+v, %v", name, k, err)
		}
	}
}

// same compares public keys of any kind.
type same struct{ key any }

func (s same) Equal(other any) bool {
	switch k := s.key.(type) {
	case ed25519.PublicKey:
		return k.Equal(other)
	case *ecdsa.PublicKey:
		return k.Equal(other)
	case *rsa.PublicKey:
		return k.Equal(other)
	}
	return false
}

func TestParseJWKRefuses(t *testing.T) {
	ed := okp(publicKey(seed(1)))
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	curve := ec(t, &p256.PublicKey)
	big2048, _ := rsa.GenerateKey(rand.Reader, 2048)
	r := rsaJWK(&big2048.PublicKey)
	n := big2048.N.Bytes()
	huge := make([]byte, 1025)
	huge[0], huge[1024] = 1, 1
	even := append([]byte(nil), n...)
	even[len(even)-1] ^= 1
	nearly := append([]byte(nil), n...)
	nearly[0] = 0x7f
	for name, key := range map[string]object{
		"private Ed25519":       with(ed, object{"d": b64(seed(1))}),
		"private, d null":       with(ed, object{"d": ""}),
		"private RSA":           with(r, object{"p": "AQAB"}),
		"symmetric":             {"kty": "oct", "k": "c2VjcmV0"},
		"no kty":                with(ed, object{"kty": nil}),
		"kty in small letters":  with(ed, object{"kty": "okp"}),
		"kty no text":           with(ed, object{"kty": 1}),
		"X25519":                with(ed, object{"crv": "X25519"}),
		"no x":                  with(ed, object{"x": nil}),
		"short x":               with(ed, object{"x": b64(make([]byte, 31))}),
		"x padded":              with(ed, object{"x": ed["x"].(string) + "="}),
		"x with a line break":   with(ed, object{"x": ed["x"].(string) + "\n"}),
		"x off the curve":       with(ed, object{"x": b64(append([]byte{2}, make([]byte, 31)...))}),
		"alg of another kty":    with(ed, object{"alg": "RS256"}),
		"alg none":              with(ed, object{"alg": "none"}),
		"alg HS256":             with(r, object{"alg": "HS256"}),
		"alg RS384":             with(r, object{"alg": "RS384"}),
		"for encryption":        with(ed, object{"use": "enc"}),
		"for signing only":      with(ed, object{"key_ops": []string{"sign"}}),
		"key_ops of nothing":    with(ed, object{"key_ops": []string{}}),
		"kid no text":           with(ed, object{"kid": 1}),
		"kid empty":             with(ed, object{"kid": ""}),
		"kid too long":          with(ed, object{"kid": strings.Repeat("k", 256)}),
		"P-384":                 ec(t, &p384.PublicKey),
		"P-256 off the curve":   with(curve, object{"y": curve["x"]}),
		"P-256 at infinity":     with(curve, object{"x": b64(make([]byte, 32)), "y": b64(make([]byte, 32))}),
		"P-256 without y":       with(curve, object{"y": nil}),
		"P-256 with a long x":   with(curve, object{"x": b64(make([]byte, 33))}),
		"P-256 for secp256k1":   with(curve, object{"crv": "secp256k1"}),
		"RSA of 2047 bits":      with(r, object{"n": b64(nearly)}),
		"RSA of 1024 bits":      with(r, object{"n": b64(n[:128])}),
		"RSA of 8193 bits":      with(r, object{"n": b64(huge)}),
		"RSA with an even n":    with(r, object{"n": b64(even)}),
		"RSA with leading zero": with(r, object{"n": b64(append([]byte{0}, n...))}),
		"RSA with e = 3":        with(r, object{"e": "Aw"}),
		"RSA with e even":       with(r, object{"e": b64([]byte{1, 0, 2})}),
		"RSA with a huge e":     with(r, object{"e": b64([]byte{1, 0, 0, 0, 1})}),
		"RSA with e of nine":    with(r, object{"e": b64([]byte{1, 0, 0, 0, 0, 0, 1, 0, 1})}),
		"RSA without e":         with(r, object{"e": nil}),
		"too long":              with(ed, object{"x5c": strings.Repeat("A", 20000)}),
	} {
		if k, err := parseJWK(t, key); err == nil {
			t.Errorf("%s: ParseJWK = %+v", name, k)
		} else if x, _ := key["d"].(string); x != "" && strings.Contains(err.Error(), x) {
			t.Errorf("%s: the error repeats the key: %v", name, err)
		}
	}
	x := ed["x"].(string)
	for name, text := range map[string]string{
		"empty":        "",
		"null":         "null",
		"a list":       "[]",
		"cut":          `{"kty":"OKP","crv":"Ed25519","x":"` + x + `"`,
		"two of them":  `{"kty":"OKP","crv":"Ed25519","x":"` + x + `"}{}`,
		"a name twice": `{"kty":"OKP","crv":"Ed25519","x":"AA","x":"` + x + `"}`,
		"twice kty":    `{"kty":"RSA","kty":"OKP","crv":"Ed25519","x":"` + x + `"}`,
		"in capitals":  `{"KTY":"OKP","CRV":"Ed25519","X":"` + x + `"}`,
		"a null":       `{"kty":"OKP","crv":"Ed25519","x":"` + x + `","alg":null}`,
	} {
		if k, err := token.ParseJWK([]byte(text)); err == nil {
			t.Errorf("%s: ParseJWK = %+v", name, k)
		}
	}
}

func TestPrivateKeyIsToldSo(t *testing.T) {
	_, err := parseJWK(t, with(okp(publicKey(seed(1))), object{"d": b64(seed(1))}))
	if err == nil || !strings.Contains(err.Error(), "private") || !strings.Contains(err.Error(), "make a new one") {
		t.Errorf("ParseJWK of a private key: %v", err)
	}
}

// The encodings of the eight points of small order, those not in their one form
// too (as libsodium lists them), with both signs.
func TestKeysOfSmallOrderAreRefused(t *testing.T) {
	for _, s := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		key, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := parseJWK(t, okp(key)); err == nil {
				t.Errorf("ParseJWK takes %x", key)
			}
			key[31] ^= 0x80
		}
	}
}

// The numbers from 2^255-19 on stand for those from 0 on, and so for the same
// keys under other thumbprints.
func TestKeysInAnotherFormAreRefused(t *testing.T) {
	for y := range byte(19) {
		key := append([]byte{0xed + y}, bytes.Repeat([]byte{0xff}, 31)...)
		key[31] = 0x7f
		if _, err := parseJWK(t, okp(key)); err == nil {
			t.Errorf("ParseJWK takes %x", key)
		}
	}
}

// Every real key is a point; of all texts, half are.
func TestHalfOfAllTextsArePoints(t *testing.T) {
	points := 0
	for range 300 {
		key := make([]byte, 32)
		if _, err := rand.Read(key); err != nil {
			t.Fatal(err)
		}
		if _, err := parseJWK(t, okp(key)); err == nil {
			points++
		}
		own := publicKey(append([]byte(nil), key...))
		if _, err := parseJWK(t, okp(own)); err != nil {
			t.Errorf("ParseJWK of a real key %x: %v", own, err)
		}
	}
	if points < 100 || points > 200 {
		t.Errorf("%d of 300 random texts are points, want about half", points)
	}
}
