package tlog

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	xtlog "golang.org/x/mod/sumdb/tlog"
)

// A Proof says that a record stands in a log, in a form that can be checked
// without the log (https://c2sp.org/tlog-proof):
//
//	c2sp.org/tlog-proof@v1
//	index 7501
//	gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
//	B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
//
//	credits.example.edu/certlog
//	15003
//	vepWs2vPeO0nvXPtikOszWsMuJ7KxWGI1kE/a4pGyVA=
//
//	— credits.example.edu/certlog hI2DJw…
//	— anchor.example.edu/org1 mJirIk…
//
// Files have the extension .tlog-proof. It proves that the record was logged
// before the checkpoint, not that it was not revoked since.
type Proof struct {
	Extra      []byte // opaque, not authenticated; nil if there is none
	Index      int64  // of the record, from 0
	Hashes     []Hash // audit path, leaf's sibling first
	Checkpoint []byte // signed note
}

const (
	proofHeader = "c2sp.org/tlog-proof@v1"
	// maxProof bounds a proof: 64 hashes, a checkpoint with a hundred
	// cosignatures and some extra data fit; x/mod refuses more than 100
	// signatures in a note.
	maxProof  = 64 << 10
	maxHashes = 63
)

// Format returns the text of the proof.
func (p Proof) Format() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(proofHeader + "\n")
	if len(p.Extra) > 0 {
		b.WriteString("extra " + base64.StdEncoding.EncodeToString(p.Extra) + "\n")
	}
	b.WriteString("index " + strconv.FormatInt(p.Index, 10) + "\n")
	for _, h := range p.Hashes {
		b.WriteString(h.String() + "\n")
	}
	b.WriteString("\n")
	b.Write(p.Checkpoint)
	if _, err := ParseProof(b.Bytes()); err != nil {
		return nil, fmt.Errorf("format proof: %w", err)
	}
	return b.Bytes(), nil
}

// ParseProof reads a proof, and accepts only what [Proof.Format] writes. It
// does not look into the checkpoint; [Proof.Verify] does.
func ParseProof(text []byte) (Proof, error) {
	if len(text) > maxProof {
		return Proof{}, fmt.Errorf("%w: proof of %d bytes", ErrMalformed, len(text))
	}
	head, checkpoint, ok := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !ok || checkpoint == "" || lines[0] != proofHeader {
		return Proof{}, fmt.Errorf("%w: not a tlog-proof", ErrMalformed)
	}
	p, lines := Proof{Checkpoint: []byte(checkpoint)}, lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		extra, err := decodeBase64(lines[0][len("extra "):])
		if err != nil || len(extra) == 0 {
			return Proof{}, fmt.Errorf("%w: extra line of proof", ErrMalformed)
		}
		p.Extra, lines = extra, lines[1:]
	}
	if len(lines) == 0 || len(lines) > 1+maxHashes {
		return Proof{}, fmt.Errorf("%w: proof of %d lines", ErrMalformed, len(lines))
	}
	digits, ok := strings.CutPrefix(lines[0], "index ")
	index, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || index < 0 || strconv.FormatInt(index, 10) != digits {
		return Proof{}, fmt.Errorf("%w: index line of proof %.60q", ErrMalformed, lines[0])
	}
	p.Index = index
	for _, line := range lines[1:] {
		h, err := decodeBase64(line)
		if err != nil || len(h) != xtlog.HashSize {
			return Proof{}, fmt.Errorf("%w: hash of proof %.60q", ErrMalformed, line)
		}
		p.Hashes = append(p.Hashes, Hash(h))
	}
	return p, nil
}

// Verify checks that the record stands at the proof's index in the tree of its
// checkpoint, and that the log signed that; it returns the checkpoint with the
// cosignatures by the given cosigners. See [Open] on these.
func (p Proof) Verify(record []byte, log note.Verifier, cosigners ...note.Verifier) (Opened, error) {
	o, err := Open(p.Checkpoint, log, cosigners...)
	if err != nil {
		return Opened{}, err
	}
	if err := CheckInclusion(o.Head, p.Index, record, p.Hashes); err != nil {
		return Opened{}, err
	}
	return o, nil
}

// decodeBase64 accepts only the one encoding of a value: no line breaks, no
// stray bits at the end.
func decodeBase64(s string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || base64.StdEncoding.EncodeToString(b) != s {
		return nil, ErrMalformed
	}
	return b, nil
}
