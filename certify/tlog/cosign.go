package tlog

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// Signature types of https://c2sp.org/signed-note.
const (
	algEd25519     = 0x01
	algCosignature = 0x04 // cosignature/v1, https://c2sp.org/tlog-cosignature
)

// cosignatureSize: timestamp, then signature.
const cosignatureSize = 8 + ed25519.SignatureSize

// NewCosigner returns the signer of cosignature/v1 (C2SP tlog-cosignature):
// the statement that, as of now, the checkpoint is the largest consistent one
// the cosigner has seen of this log. Whoever signs must have checked that.
// The format does not bind the name, so a key must have one name only.
func NewCosigner(name string, key ed25519.PrivateKey, now func() time.Time) (note.Signer, error) {
	if len(key) != ed25519.PrivateKeySize || !validName(name) || now == nil {
		return nil, fmt.Errorf("%w: cosigner key of %q, %d bytes", ErrMalformed, name, len(key))
	}
	id := keyID(name, algCosignature, key.Public().(ed25519.PublicKey))
	return &cosigner{name: name, id: id, key: key, now: now}, nil
}

type cosigner struct {
	name string
	id   uint32
	key  ed25519.PrivateKey
	now  func() time.Time
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.id }

func (c *cosigner) Sign(text []byte) ([]byte, error) {
	at := c.now().Unix()
	if at < 0 {
		return nil, fmt.Errorf("cosign as %s: clock before 1970", c.name)
	}
	sig := binary.BigEndian.AppendUint64(nil, uint64(at))
	return append(sig, ed25519.Sign(c.key, cosignedMessage(at, text))...), nil
}

// CosignerKey returns the vkey of a cosigner, with signature type 0x04.
func CosignerKey(name string, key ed25519.PublicKey) (string, error) {
	return formatKey(name, algCosignature, key)
}

// NewCosignatureVerifier reads a vkey made by [CosignerKey]. It refuses keys of
// other signature types, so a log's own key cannot pass for a witness.
func NewCosignatureVerifier(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3) // base64 may hold a plus, a name may not
	if len(parts) != 3 {
		return nil, fmt.Errorf("%w: cosigner key %.120q", ErrMalformed, vkey)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != algCosignature {
		return nil, fmt.Errorf("%w: cosigner key %.120q", ErrMalformed, vkey)
	}
	if again, err := CosignerKey(parts[0], key[1:]); err != nil || again != vkey {
		return nil, fmt.Errorf("%w: cosigner key %.120q", ErrMalformed, vkey)
	}
	return &cosignatureVerifier{name: parts[0], id: keyID(parts[0], algCosignature, key[1:]), key: key[1:]}, nil
}

type cosignatureVerifier struct {
	name string
	id   uint32
	key  ed25519.PublicKey
}

func (v *cosignatureVerifier) Name() string    { return v.name }
func (v *cosignatureVerifier) KeyHash() uint32 { return v.id }

func (v *cosignatureVerifier) Verify(text, sig []byte) bool {
	if len(sig) != cosignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	return at <= 1<<63-1 && ed25519.Verify(v.key, cosignedMessage(int64(at), text), sig[8:])
}

// Cosign verifies that the log signed a checkpoint, and returns the line by
// which the cosigner confirms it, for [AddSignatures]. Whether the checkpoint
// extends what the cosigner saw before is for the caller to check first.
func Cosign(msg []byte, log note.Verifier, cosigner note.Signer) ([]byte, error) {
	o, err := Open(msg, log)
	if err != nil {
		return nil, fmt.Errorf("cosign: %w", err)
	}
	sig, err := cosigner.Sign([]byte(o.Text()))
	if err != nil {
		return nil, fmt.Errorf("cosign %d of %s: %w", o.Size, o.Origin, err)
	}
	raw := append(binary.BigEndian.AppendUint32(nil, cosigner.KeyHash()), sig...)
	return []byte("— " + cosigner.Name() + " " + base64.StdEncoding.EncodeToString(raw) + "\n"), nil
}

// cosignedMessage is the text a cosignature/v1 signs.
func cosignedMessage(at int64, text []byte) []byte {
	return append([]byte("cosignature/v1\ntime "+strconv.FormatInt(at, 10)+"\n"), text...)
}

// cosignatureTime reads the timestamp of a verified cosignature. A signature
// by another log's key, given as a cosigner, has none and is refused.
func cosignatureTime(s note.Signature) (time.Time, error) {
	raw, err := base64.StdEncoding.DecodeString(s.Base64)
	if err != nil || len(raw) != 4+cosignatureSize {
		return time.Time{}, fmt.Errorf("%w: signature of %s is no cosignature", ErrMalformed, s.Name)
	}
	return time.Unix(int64(binary.BigEndian.Uint64(raw[4:])), 0).UTC(), nil
}

// keyID is the first four bytes of SHA-256(name ‖ "\n" ‖ type ‖ key).
func keyID(name string, alg byte, key ed25519.PublicKey) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"+string(rune(alg))), key...))
	return binary.BigEndian.Uint32(sum[:])
}

func formatKey(name string, alg byte, key ed25519.PublicKey) (string, error) {
	if len(key) != ed25519.PublicKeySize || !validName(name) {
		return "", fmt.Errorf("%w: key of %q, %d bytes", ErrMalformed, name, len(key))
	}
	data := base64.StdEncoding.EncodeToString(append([]byte{alg}, key...))
	return fmt.Sprintf("%s+%08x+%s", name, keyID(name, alg, key), data), nil
}

// validName reports whether a name may stand in a signature line: not empty,
// without spaces and pluses (signed-note), and short.
func validName(name string) bool {
	return name != "" && len(name) <= 255 && utf8.ValidString(name) &&
		!strings.ContainsFunc(name, func(r rune) bool { return r == '+' || unicode.IsSpace(r) || unicode.IsControl(r) })
}
