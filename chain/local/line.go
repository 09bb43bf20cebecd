package local

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"creditbank/certify/tlog"
)

// A line is one record of the file; see the package comment.
type line struct {
	V           int       `json:"v"`
	N           int64     `json:"n"`
	Time        time.Time `json:"time"`
	Note        string    `json:"note"`
	Prev        string    `json:"prev"`
	Cosignature string    `json:"cosignature"`
	Sig         []byte    `json:"sig"`

	head tlog.Head // what the note says
}

// noHash is prev of the first line.
var noHash = strings.Repeat("0", 2*sha256.Size)

const signedPrefix = "creditbank/chain/local/v1\n" // keeps these signatures apart from cosignatures by the same key

func lineHash(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// signed returns what sig is over.
func (l line) signed() ([]byte, error) {
	l.Sig = []byte{}
	raw, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("encode line: %w", err)
	}
	return append([]byte(signedPrefix), raw...), nil
}

// sign returns the bytes of the line, without a newline.
func (l line) sign(key ed25519.PrivateKey) ([]byte, error) {
	msg, err := l.signed()
	if err != nil {
		return nil, err
	}
	l.Sig = ed25519.Sign(key, msg)
	return json.Marshal(l)
}

// parseLine reads a line and verifies its signature. It accepts only the bytes
// that sign writes.
func parseLine(raw []byte, key ed25519.PublicKey) (line, error) {
	var l line
	if err := json.Unmarshal(raw, &l); err != nil {
		return line{}, fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	again, err := json.Marshal(l)
	if err != nil || !bytes.Equal(again, raw) || l.V != 1 {
		return line{}, fmt.Errorf("%w: line %d is not in its own form", ErrDamaged, l.N)
	}
	msg, err := l.signed()
	if err != nil || !ed25519.Verify(key, msg, l.Sig) {
		return line{}, fmt.Errorf("%w: line %d: signature", ErrDamaged, l.N)
	}
	return l, nil
}
