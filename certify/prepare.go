package certify

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"creditbank/certify/tlog"
)

// A Prepared is a credential that is ready to be logged, and then signed. It
// cannot be wrong: it is made by [Prepare] or [Restore], and never changes.
type Prepared struct {
	unsigned []byte
	issuer   string
	id       string
	hash     [sha256.Size]byte
}

// Prepare makes the unsigned credential of a certificate. The same certificate
// gives the same bytes.
func Prepare(c Certificate) (*Prepared, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("prepare %s: %w", c.ID, err)
	}
	unsigned, err := encode(c.credential())
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", c.ID, err)
	}
	p, quads, err := restore(unsigned)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", c.ID, err)
	}
	if !sortsAlike(quads) {
		return nil, fmt.Errorf("prepare %s: %w: others would put its statements in another order", c.ID, ErrMalformed)
	}
	return p, nil
}

// Restore reads back the bytes of a Prepared, checks them again and hashes
// them anew. It does not ask that today's Prepare would write the same bytes,
// since what was logged is the old ones.
func Restore(unsigned []byte) (*Prepared, error) {
	p, _, err := restore(unsigned)
	return p, err
}

// restore is Restore, and returns the canonical N-Quads too.
func restore(unsigned []byte) (*Prepared, string, error) {
	doc, err := parseObject(unsigned)
	if err != nil {
		return nil, "", fmt.Errorf("restore credential: %w", err)
	}
	h, err := readHeader(doc)
	if err != nil {
		return nil, "", fmt.Errorf("restore credential: %w", err)
	}
	if !uuidURN.MatchString(h.ID) || !bytes.HasSuffix(unsigned, []byte("}")) {
		return nil, "", fmt.Errorf("restore credential %.100q: %w", h.ID, ErrMalformed)
	}
	if _, signed := doc["proof"]; signed {
		return nil, "", fmt.Errorf("restore credential %s: %w: it has a proof already", h.ID, ErrMalformed)
	}
	quads, err := canonicalize(doc)
	if err != nil {
		return nil, "", fmt.Errorf("restore credential %s: %w", h.ID, err)
	}
	return &Prepared{unsigned: bytes.Clone(unsigned), issuer: h.Issuer, id: h.ID, hash: sha256.Sum256([]byte(quads))}, quads, nil
}

// Unsigned returns the bytes to keep until the credential is signed.
func (p *Prepared) Unsigned() []byte { return bytes.Clone(p.unsigned) }

// ID returns the credential's id.
func (p *Prepared) ID() string { return p.id }

// Leaf returns the record to log before signing.
func (p *Prepared) Leaf() tlog.Leaf {
	return tlog.Leaf{Kind: tlog.KindCredential, SHA256: p.hash}
}

// Sign returns the signed credential. Call it once the log has the record. The
// same signer and time give the same bytes, so it may be repeated.
//
// The signer is of [EdDSA]. Those beside it are of suites that this package does
// not know, such as that of certify/sm2: their proofs stand after the first,
// where [Verify] leaves them aside.
func (p *Prepared) Sign(s Signer, created time.Time, beside ...Signer) ([]byte, error) {
	for _, s := range append([]Signer{s}, beside...) {
		if err := p.mine(s); err != nil {
			return nil, err
		}
	}
	signed, err := addProof(p.unsigned, p.hash, created, s, beside...)
	if err != nil {
		return nil, fmt.Errorf("sign %s: %w", p.id, err)
	}
	return signed, nil
}

// mine refuses the key of another issuer.
func (p *Prepared) mine(s Signer) error {
	if did, _, _ := strings.Cut(s.KeyID(), "#"); did != p.issuer {
		return fmt.Errorf("sign %s of %s: key %s is another's", p.id, p.issuer, s.KeyID())
	}
	return nil
}
