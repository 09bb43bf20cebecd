package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
)

// A Suite names the algorithms that made a value. The name is the first byte
// of what is sealed, and leads a hash: names are given once and never reused.
type Suite byte

// The suites. The letters leave room for one that a regulation asks for, such
// as SM4-GCM with HMAC-SM3 (GM/T 0002, GM/T 0004).
const (
	SuiteAES Suite = 'A' // AES-256-GCM with random nonces of 96 bits, HMAC-SHA-256
)

// A suite makes and reads values of one [Suite]. To add one, implement this and
// put it into suites.
type suite interface {
	name() Suite

	// aead returns authenticated encryption under a key of keySize bytes.
	aead(key []byte) (cipher.AEAD, error)

	// mac returns the keyed hash of value, as text that names the suite.
	mac(key []byte, kind, value string) string
}

// suites holds every suite whose values can be read.
var suites = map[Suite]suite{SuiteAES: aesSuite{}}

type aesSuite struct{}

func (aesSuite) name() Suite { return SuiteAES }

// aead: random nonces are safe for 2³² messages under one key (SP 800-38D,
// 8.3). A person's key seals a handful; the wrapping key, one for each person.
func (aesSuite) aead(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("aes: %w", err)
	}
	return cipher.NewGCM(block)
}

func (s aesSuite) mac(key []byte, kind, value string) string {
	h := hmac.New(sha256.New, key)
	// The length keeps kind and value apart.
	h.Write(binary.AppendUvarint(nil, uint64(len(kind))))
	h.Write([]byte(kind))
	h.Write([]byte(value))
	return string(s.name()) + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}
