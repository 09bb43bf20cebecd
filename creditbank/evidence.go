package creditbank

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"
)

// An Evidence (证明材料) is a file that an applicant shows for a petition, as it is
// stored: sealed under the learner's key, so that it cannot be opened any more once
// that key is destroyed. It is named by the act that added it, and is written with
// that act or not at all.
type Evidence struct {
	Learner  LearnerID
	Seq      int64 // the act that added it
	Petition int64
	Type     MediaType
	Bytes    int64 // before it was sealed
	SHA256   Hash  // of Sealed
	Sealed   []byte
	At       time.Time
	By       Caller
}

// An EvidenceRef is what the account knows of a piece of evidence.
type EvidenceRef struct {
	Seq    int64 // the act that added it
	At     time.Time
	By     Caller
	Type   MediaType
	Bytes  int64 // of the file
	SHA256 Hash  // of what is stored
}

// Digest returns the SHA-256 of everything e says but the sealed bytes, whose own
// stands in it. It is stored with e and checked on reading.
func (e Evidence) Digest() [32]byte {
	b := appendStrings(make([]byte, 0, 256), string(e.Learner), string(e.Type), string(e.SHA256[:]), e.By.ID)
	return sha256.Sum256(appendInts(b, e.Seq, e.Petition, e.Bytes, e.At.UnixMicro()))
}

// Validate reports evidence whose bytes are not those that were stored.
func (e Evidence) Validate() error {
	if sha256.Sum256(e.Sealed) != e.SHA256 {
		return fmt.Errorf("evidence %d of %s: the sealed bytes have another digest", e.Seq, e.Learner)
	}
	return nil
}

// evidence returns the evidence that version seq added to p, or nil.
func (p *Petition) evidence(seq int64) *EvidenceRef {
	for i := range p.Evidence {
		if p.Evidence[i].Seq == seq {
			return &p.Evidence[i]
		}
	}
	return nil
}

// AddEvidence adds a file to an open petition (上传证明材料). What it is, is told by
// its bytes, whatever anybody says it is ([Sniff]). It is sealed before it leaves this
// function, and stands with its act or not at all.
func (b *Bank) AddEvidence(ctx context.Context, c Change, petition int64, file []byte) (Act, error) {
	kind, err := Sniff(file)
	if err != nil {
		return Act{}, err
	}
	l, err := b.store.Learner(ctx, c.Learner)
	if errors.Is(err, ErrNotFound) {
		return Act{}, unknownLearner()
	}
	if err != nil {
		return Act{}, err
	}
	var sealed []byte
	what := fmt.Sprintf("%s %d %s", ActEvidenced, petition, b.vault.Hash("evidence", string(file)))
	return b.changeLast(ctx, c, what, func(d *draft, _ History) error {
		sum := Hash{}
		s := PetitionStep{Bytes: int64(len(file)), Type: kind, SHA256: &sum}
		if err := d.allowsPetition(ActEvidenced, ActBody{Of: petition, Petition: &s}); err != nil {
			return err // before the work of sealing
		}
		if sealed == nil {
			if sealed, err = b.vault.Seal(c.Learner, l.Key, file); err != nil {
				return err
			}
		}
		sum = sha256.Sum256(sealed)
		e := Evidence{
			Learner: c.Learner, Seq: d.account.Version + 1, Petition: petition, Type: kind, Bytes: s.Bytes, SHA256: sum, Sealed: sealed, At: d.at, By: d.by,
		}
		d.write.Evidence = append(d.write.Evidence, e)
		return d.petition(ActEvidenced, ActBody{Of: petition, Petition: &s})
	})
}

// A File is a piece of evidence, opened.
type File struct {
	Type MediaType
	Data []byte
}

// OpenEvidence returns a piece of evidence in the clear, for whoever may see it,
// which is for the caller to say: the applicant, and those who decide the petition
// while it is open. What is stored must be what the history says was.
func (b *Bank) OpenEvidence(ctx context.Context, id LearnerID, petition, seq int64) (File, error) {
	a, err := b.Account(ctx, id)
	if err != nil {
		return File{}, err
	}
	p := a.Petition(petition)
	if p == nil {
		return File{}, NotFound(CodeUnknownPetition, "petition", "没有这项认定申请", "there is no such petition")
	}
	ref := p.evidence(seq)
	if ref == nil {
		return File{}, NotFound(CodeUnknownEvidence, "evidence", "没有这份证明材料", "there is no such evidence")
	}
	e, err := b.store.Evidence(ctx, id, seq)
	if errors.Is(err, ErrNotFound) {
		return File{}, fmt.Errorf("evidence %d of %s is lost", seq, id)
	}
	if err != nil {
		return File{}, err
	}
	if e.SHA256 != ref.SHA256 || e.Petition != petition || e.Type != ref.Type {
		return File{}, fmt.Errorf("evidence %d of %s is not what the history says", seq, id)
	}
	l, err := b.store.Learner(ctx, id)
	if err != nil {
		return File{}, err
	}
	plain, err := b.vault.Unseal(id, l.Key, e.Sealed)
	if err != nil {
		return File{}, fmt.Errorf("evidence %d of %s: %w", seq, id, err)
	}
	return File{ref.Type, plain}, nil
}
