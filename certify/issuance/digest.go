package issuance

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Digest returns the SHA-256 of everything c says but its revocation. It is
// stored with the row.
func (c Certificate) Digest() [sha256.Size]byte {
	var b []byte
	for _, s := range []string{
		string(c.Learner), c.ID, string(c.Kind), string(c.Institution), c.KeyID, string(c.Leaf.Kind), string(c.Leaf.SHA256[:]), string(c.Sealed),
	} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	for _, n := range []int64{c.Seq, c.Index, int64(c.Status.List), int64(c.Status.Index), c.Created.UnixMicro()} {
		b = binary.AppendVarint(b, n)
	}
	return sha256.Sum256(b)
}

// CheckDigest reports [ErrDamaged]: a row that does not say what was written. Stores
// call it on every row they read.
func (c Certificate) CheckDigest(stored []byte) error {
	if want := c.Digest(); !bytes.Equal(stored, want[:]) {
		return fmt.Errorf("%w: certificate of row %d of account %s does not match its digest", ErrDamaged, c.Seq, c.Learner)
	}
	if !c.Valid() && c.RevokedIndex <= c.Index {
		return fmt.Errorf("%w: certificate of row %d of account %s is revoked by record %d, issued by %d", ErrDamaged, c.Seq, c.Learner, c.RevokedIndex, c.Index)
	}
	return nil
}
