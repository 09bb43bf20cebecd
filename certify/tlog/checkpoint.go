package tlog

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	xtlog "golang.org/x/mod/sumdb/tlog"
)

// A Checkpoint is the head of a log with the log's name: what a log signs and
// witnesses cosign. Its text is three lines (https://c2sp.org/tlog-checkpoint):
//
//	credits.example.edu/certlog
//	15003
//	vepWs2vPeO0nvXPtikOszWsMuJ7KxWGI1kE/a4pGyVA=
//
// Extension lines, which the format allows and advises against, are refused.
type Checkpoint struct {
	Origin string
	Head
}

// Text returns the body of the signed note.
func (c Checkpoint) Text() string {
	return c.Origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + c.Root.String() + "\n"
}

// ParseCheckpoint reads the text that [Checkpoint.Text] writes, and only that.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || !validName(lines[0]) {
		return Checkpoint{}, fmt.Errorf("%w: checkpoint %.200q", ErrMalformed, text)
	}
	size, err1 := strconv.ParseInt(lines[1], 10, 64)
	root, err2 := xtlog.ParseHash(lines[2])
	c := Checkpoint{Origin: lines[0], Head: Head{Size: size, Root: root}}
	// One text for one checkpoint: no leading zeros, no sign, no loose base64.
	if err := errors.Join(err1, err2); err != nil || size < 0 || c.Text() != text {
		return Checkpoint{}, fmt.Errorf("%w: checkpoint %.200q", ErrMalformed, text)
	}
	return c, nil
}

// Sign returns the signed note of the checkpoint. A log must never sign two
// checkpoints that are not consistent: call it only for the head of a
// [Batch] that is stored, or will be in the same transaction.
func (c Checkpoint) Sign(signers ...note.Signer) ([]byte, error) {
	if !validName(c.Origin) {
		return nil, fmt.Errorf("sign checkpoint: %w: origin %q", ErrMalformed, c.Origin)
	}
	msg, err := note.Sign(&note.Note{Text: c.Text()}, signers...)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint %d of %s: %w", c.Size, c.Origin, err)
	}
	return msg, nil
}

// An Opened is a checkpoint whose signature by the log was verified, and the
// cosignatures on it that were.
type Opened struct {
	Checkpoint
	Cosignatures []Cosignature
}

// A Cosignature is one that was verified: who saw the checkpoint, and when by
// their own clock.
type Cosignature struct {
	Name string
	Time time.Time
}

// Open verifies a signed checkpoint: by the log, whose key name must be the
// checkpoint's origin, and by those of the cosigners that signed. Signatures
// by others are ignored, as the note format demands; a bad signature by one of
// the given keys is an error. Deciding how many cosigners are enough is the
// caller's task.
func Open(msg []byte, log note.Verifier, cosigners ...note.Verifier) (Opened, error) {
	n, err := note.Open(msg, note.VerifierList(append([]note.Verifier{log}, cosigners...)...))
	if err != nil {
		return Opened{}, fmt.Errorf("%w: %v", ErrUnsigned, err)
	}
	c, err := ParseCheckpoint(n.Text)
	if err != nil {
		return Opened{}, err
	}
	if c.Origin != log.Name() {
		return Opened{}, fmt.Errorf("%w: origin %q, key of %q", ErrUnsigned, c.Origin, log.Name())
	}
	o, signed := Opened{Checkpoint: c}, false
	for _, s := range n.Sigs {
		if s.Name == log.Name() && s.Hash == log.KeyHash() {
			signed = true
			continue
		}
		at, err := cosignatureTime(s)
		if err != nil {
			return Opened{}, err
		}
		o.Cosignatures = append(o.Cosignatures, Cosignature{Name: s.Name, Time: at})
	}
	if !signed {
		return Opened{}, fmt.Errorf("%w %s", ErrUnsigned, log.Name())
	}
	return o, nil
}

// NewSigner returns the signer of a log's checkpoints: an Ed25519 note
// signature under the log's origin.
func NewSigner(origin string, key ed25519.PrivateKey) (note.Signer, error) {
	if len(key) != ed25519.PrivateKeySize || !validName(origin) {
		return nil, fmt.Errorf("%w: log key of %q, %d bytes", ErrMalformed, origin, len(key))
	}
	seed := append([]byte{algEd25519}, key.Seed()...)
	id := keyID(origin, algEd25519, key.Public().(ed25519.PublicKey))
	s, err := note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", origin, id, base64.StdEncoding.EncodeToString(seed)))
	if err != nil {
		return nil, fmt.Errorf("log key of %q: %w", origin, err)
	}
	return s, nil
}

// VerifierKey returns the vkey of a log, "<origin>+<key id>+<base64>", to be
// published and pinned; note.NewVerifier reads it.
func VerifierKey(origin string, key ed25519.PublicKey) (string, error) {
	return formatKey(origin, algEd25519, key)
}

// AddSignatures returns a signed note with further signature lines, such as
// the cosignatures of a receipt. Lines that are there already are not added
// again. The lines are not verified.
func AddSignatures(msg []byte, lines []byte) ([]byte, error) {
	out := bytes.Clone(msg)
	for line := range bytes.Lines(lines) {
		if !bytes.HasPrefix(line, []byte("— ")) || !bytes.HasSuffix(line, []byte("\n")) {
			return nil, fmt.Errorf("%w: signature line %.80q", ErrMalformed, line)
		}
		if !bytes.Contains(out, append([]byte("\n"), line...)) {
			out = append(out, line...)
		}
	}
	if _, err := note.Open(out, note.VerifierList()); err != nil {
		var unverified *note.UnverifiedNoteError // well-formed is all that is asked
		if !errors.As(err, &unverified) {
			return nil, fmt.Errorf("%w: note with added signatures: %v", ErrMalformed, err)
		}
	}
	return out, nil
}
