package tlog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// A Kind says what a record of the log is about.
type Kind string

// The kinds of records. KindRuleset and KindReport are reserved: the format
// accepts them, nothing writes them yet.
const (
	KindCredential Kind = "credential" // a certificate was issued
	KindRevocation Kind = "revocation" // a certificate was revoked
	KindRuleset    Kind = "ruleset"    // a rule set was published
	KindReport     Kind = "report"     // a yearly report was sealed
)

func (k Kind) known() bool {
	switch k {
	case KindCredential, KindRevocation, KindRuleset, KindReport:
		return true
	}
	return false
}

// A Leaf is one record of the log. Its bytes are the RFC 8785 (JCS) form of
//
//	{"kind":"credential","sha256":"<64 lower case hex digits>","v":1}
//
// and nothing else: 103 bytes for a credential.
//
// For KindCredential the digest is over the canonical N-Quads (RDFC-1.0) of
// the unsigned credential. The credential's id is a random urn:uuid, 122 bits
// of it, and is part of those N-Quads: it is the salt that keeps anybody from
// guessing names or grades until the digest matches. All forms of one
// certificate (Data Integrity, JWT, PDF) share the leaf, since none of their
// signatures enter it. For KindRevocation see [RevocationLeaf].
type Leaf struct {
	Kind   Kind
	SHA256 [sha256.Size]byte
}

const (
	leafHead = `{"kind":"`
	leafMid  = `","sha256":"`
	leafTail = `","v":1}`
)

// Record returns the bytes that are logged.
func (l Leaf) Record() []byte {
	return []byte(leafHead + string(l.Kind) + leafMid + hex.EncodeToString(l.SHA256[:]) + leafTail)
}

// Hash returns the RFC 6962 leaf hash of the record.
func (l Leaf) Hash() Hash { return RecordHash(l.Record()) }

// ParseLeaf reads a record. Only the exact bytes that [Leaf.Record] writes are
// accepted: a record has one form.
func ParseLeaf(record []byte) (Leaf, error) {
	rest, ok := strings.CutPrefix(string(record), leafHead)
	kind, rest, ok2 := strings.Cut(rest, leafMid)
	digest, ok3 := strings.CutSuffix(rest, leafTail)
	if !ok || !ok2 || !ok3 || !Kind(kind).known() {
		return Leaf{}, fmt.Errorf("%w: leaf %.120q", ErrMalformed, record)
	}
	l := Leaf{Kind: Kind(kind)}
	b, err := hex.DecodeString(digest)
	if err != nil || len(b) != len(l.SHA256) || strings.ToLower(digest) != digest {
		return Leaf{}, fmt.Errorf("%w: leaf digest %.120q", ErrMalformed, digest)
	}
	copy(l.SHA256[:], b)
	return l, nil
}

// RevocationLeaf returns the record that says that the certificate of a leaf
// was revoked at a time (to the second). Its digest is SHA-256 over
//
//	creditbank/revocation/v1
//	<hex digest of the credential's leaf>
//	<time, RFC 3339, UTC>
//
// each line ended by a newline. Who holds the certificate can recompute the
// record; who does not learns only that something was revoked.
func RevocationLeaf(credential Leaf, at time.Time) (Leaf, error) {
	if credential.Kind != KindCredential {
		return Leaf{}, fmt.Errorf("revocation of a leaf of kind %q", credential.Kind)
	}
	text := "creditbank/revocation/v1\n" + hex.EncodeToString(credential.SHA256[:]) + "\n" +
		at.UTC().Truncate(time.Second).Format(time.RFC3339) + "\n"
	return Leaf{Kind: KindRevocation, SHA256: sha256.Sum256([]byte(text))}, nil
}
