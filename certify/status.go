package certify

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	// MinStatusEntries is the least length of a list: 16 KiB of bits. A short
	// list would tell which certificate somebody asks about.
	MinStatusEntries = 131_072
	// MaxStatusEntries bounds what is unpacked: 2 MiB.
	MaxStatusEntries = 16 << 20
)

// A StatusList is one bit for each certificate: set if it is revoked
// (https://www.w3.org/TR/vc-bitstring-status-list/). Bit 0 is the highest of
// the first byte. Bits are only ever set.
type StatusList struct{ bits []byte }

// NewStatusList returns a list of n entries, none revoked. n is a multiple of
// eight between [MinStatusEntries] and [MaxStatusEntries].
func NewStatusList(n int64) (*StatusList, error) {
	if n < MinStatusEntries || n > MaxStatusEntries || n%8 != 0 {
		return nil, fmt.Errorf("%w: status list of %d entries", ErrMalformed, n)
	}
	return &StatusList{make([]byte, n/8)}, nil
}

// Len returns the number of entries.
func (l *StatusList) Len() int64 { return int64(len(l.bits)) * 8 }

// Revoke sets the bit of an index.
func (l *StatusList) Revoke(index int64) error {
	if index < 0 || index >= l.Len() {
		return fmt.Errorf("status index %d of %d: no such entry", index, l.Len())
	}
	l.bits[index/8] |= 0x80 >> (index % 8)
	return nil
}

// Revoked reports the bit of an index.
func (l *StatusList) Revoked(index int64) (bool, error) {
	if index < 0 || index >= l.Len() {
		return false, fmt.Errorf("status index %d of %d: no such entry", index, l.Len())
	}
	return l.bits[index/8]&(0x80>>(index%8)) != 0, nil
}

// Encode returns the list as it stands in a credential: "u", then base64url of
// the gzipped bits.
func (l *StatusList) Encode() (string, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(l.bits); err != nil {
		return "", fmt.Errorf("pack status list: %w", err)
	}
	if err := z.Close(); err != nil {
		return "", fmt.Errorf("pack status list: %w", err)
	}
	return "u" + base64.RawURLEncoding.EncodeToString(b.Bytes()), nil
}

// DecodeStatusList is the inverse of [StatusList.Encode]. It unpacks no more
// than [MaxStatusEntries], whatever the text would unpack to.
func DecodeStatusList(s string) (*StatusList, error) {
	rest, ok := strings.CutPrefix(s, "u")
	packed, err := base64.RawURLEncoding.DecodeString(rest)
	if !ok || err != nil {
		return nil, fmt.Errorf("%w: status list is not base64url", ErrMalformed)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("%w: status list is not gzip: %v", ErrMalformed, err)
	}
	bits, err := io.ReadAll(io.LimitReader(z, MaxStatusEntries/8+1))
	if err != nil {
		return nil, fmt.Errorf("%w: unpack status list: %v", ErrMalformed, err)
	}
	if len(bits) < MinStatusEntries/8 || len(bits) > MaxStatusEntries/8 {
		return nil, fmt.Errorf("%w: status list of %d bytes or more", ErrMalformed, len(bits))
	}
	return &StatusList{bits}, nil
}

// A StatusCredential is a status list with who says it and when: the
// BitstringStatusListCredential that is served at ID.
type StatusCredential struct {
	ID         string    // https address; the List of each StatusEntry in it
	Issuer     string    // DID, the issuer of the certificates
	ValidFrom  time.Time // as of when the list is right
	ValidUntil time.Time // when a verifier should want a newer one; zero: never
	List       *StatusList
}

type statusCredential struct {
	Context    []string      `json:"@context"`
	ID         string        `json:"id"`
	Type       []string      `json:"type"`
	Issuer     string        `json:"issuer"`
	ValidFrom  string        `json:"validFrom"`
	ValidUntil string        `json:"validUntil,omitempty"`
	Subject    statusSubject `json:"credentialSubject"`
}

type statusSubject struct {
	ID            string `json:"id"`
	Type          string `json:"type"`
	StatusPurpose string `json:"statusPurpose"`
	EncodedList   string `json:"encodedList"`
}

// Sign returns the signed list. It must be signed by the issuer of the
// certificates in it.
func (c StatusCredential) Sign(s Signer, created time.Time) ([]byte, error) {
	did, _, _ := strings.Cut(s.KeyID(), "#")
	if did != c.Issuer || !isDID(did) || !webURL.MatchString(c.ID) || !validIRI(c.ID) || c.ValidFrom.IsZero() || c.List == nil {
		return nil, fmt.Errorf("%w: status list %.200q of %.200q, key %s", ErrMalformed, c.ID, c.Issuer, s.KeyID())
	}
	list, err := c.List.Encode()
	if err != nil {
		return nil, err
	}
	unsigned, err := encode(statusCredential{
		Context: []string{ctxCredentials}, ID: c.ID,
		Type:   []string{"VerifiableCredential", "BitstringStatusListCredential"},
		Issuer: c.Issuer, ValidFrom: instant(c.ValidFrom), ValidUntil: optional(c.ValidUntil),
		Subject: statusSubject{c.ID + "#list", "BitstringStatusList", "revocation", list},
	})
	if err != nil {
		return nil, err
	}
	hash, err := CanonicalHash(unsigned)
	if err != nil {
		return nil, fmt.Errorf("status list %s: %w", c.ID, err)
	}
	return addProof(unsigned, hash, created, s)
}

// openStatus reads a signed list and verifies it against the issuer's keys.
func openStatus(data []byte, issuer DIDDocument) (StatusCredential, error) {
	doc, err := parseObject(data)
	if err != nil {
		return StatusCredential{}, err
	}
	h, err := readHeader(doc)
	if err != nil {
		return StatusCredential{}, err
	}
	if !contains(doc["type"], "BitstringStatusListCredential") {
		return StatusCredential{}, fmt.Errorf("%w: not a status list credential", ErrMalformed)
	}
	if h.Issuer != issuer.ID {
		return StatusCredential{}, fmt.Errorf("%w: status list of %.200q, certificate of %s", ErrSignature, h.Issuer, issuer.ID)
	}
	if err := verifyWith(doc, issuer); err != nil {
		return StatusCredential{}, err
	}
	subject, _ := doc["credentialSubject"].(map[string]any)
	if subject["type"] != "BitstringStatusList" || subject["statusPurpose"] != "revocation" {
		return StatusCredential{}, fmt.Errorf("%w status list: purpose %.60v", ErrUnknown, subject["statusPurpose"])
	}
	encoded, err := text(subject, "encodedList")
	if err != nil {
		return StatusCredential{}, err
	}
	list, err := DecodeStatusList(encoded)
	if err != nil {
		return StatusCredential{}, err
	}
	return StatusCredential{ID: h.ID, Issuer: h.Issuer, ValidFrom: h.ValidFrom, ValidUntil: h.ValidUntil, List: list}, nil
}

// verifyWith checks the proof of a document against the keys of an issuer.
func verifyWith(doc map[string]any, issuer DIDDocument) error {
	p, err := proofOf(doc)
	if err != nil {
		return err
	}
	key, ok := issuer.Key(p.VerificationMethod)
	if !ok {
		return fmt.Errorf("%w: %.200q is no key of %s", ErrSignature, p.VerificationMethod, issuer.ID)
	}
	if at, err := time.Parse(time.RFC3339, p.Created); err != nil || !key.inUse(at) {
		return fmt.Errorf("%w: %s was not in use at %.40q", ErrSignature, key.ID, p.Created)
	}
	quads, err := canonicalize(withoutProof(doc))
	if err != nil {
		return err
	}
	return p.verify(key.Public, sha256.Sum256([]byte(quads)))
}

// RevokedIn reports whether a status list has a credential as revoked. It looks
// at neither signature: use it on what one made oneself, and [Verify] on what
// came from elsewhere.
func RevokedIn(credential, status []byte) (bool, error) {
	doc, err := parseObject(credential)
	if err != nil {
		return false, err
	}
	h, err := readHeader(doc)
	if err != nil {
		return false, err
	}
	entry, there, err := h.revocationEntry()
	if err != nil || !there {
		return false, err
	}
	list, err := parseObject(status)
	if err != nil {
		return false, err
	}
	if list["id"] != entry.List {
		return false, fmt.Errorf("%w: status list %.200v for an entry of %.200q", ErrMalformed, list["id"], entry.List)
	}
	subject, _ := list["credentialSubject"].(map[string]any)
	encoded, err := text(subject, "encodedList")
	if err != nil {
		return false, err
	}
	bits, err := DecodeStatusList(encoded)
	if err != nil {
		return false, err
	}
	return bits.Revoked(entry.Index)
}
