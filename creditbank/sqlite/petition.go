package sqlite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"creditbank/creditbank"
)

const petitionColumns = `learner_id, seq, institution, state, since`

const evidenceColumns = `learner_id, seq, petition, type, bytes, at, caller, sha256, digest, sealed`

// Petitions implements [creditbank.PetitionStore].
func (s *Store) Petitions(ctx context.Context, institutions []creditbank.InstitutionID, after creditbank.PetitionPlace, limit int) ([]creditbank.PetitionItem, error) {
	list, err := json.Marshal(institutions)
	if err != nil {
		return nil, fmt.Errorf("petitions: %w", err)
	}
	rows, err := s.read.petitions.QueryContext(ctx, string(list), after.Since, after.Learner, after.Seq, limit)
	items, err := collect(rows, err, func(row scanner) (creditbank.PetitionItem, error) {
		var i creditbank.PetitionItem
		return i, row.Scan(&i.Learner, &i.Seq, &i.Institution, &i.State, &i.Since)
	})
	if err != nil {
		return nil, fmt.Errorf("petitions: %w", err)
	}
	return items, nil
}

// Evidence implements [creditbank.PetitionStore].
func (s *Store) Evidence(ctx context.Context, id creditbank.LearnerID, seq int64) (creditbank.Evidence, error) {
	rows, err := s.read.evidence.QueryContext(ctx, id, seq)
	all, err := collect(rows, err, scanEvidence)
	if err == nil && len(all) == 0 {
		err = creditbank.ErrNotFound
	}
	if err != nil {
		return creditbank.Evidence{}, fmt.Errorf("evidence %d of %s: %w", seq, id, err)
	}
	return all[0], nil
}

// EvidenceKept implements [creditbank.PetitionStore].
func (s *Store) EvidenceKept(ctx context.Context, id creditbank.LearnerID) ([]int64, error) {
	rows, err := s.read.evidenceKept.QueryContext(ctx, id)
	all, err := collect(rows, err, func(row scanner) (seq int64, err error) { return seq, row.Scan(&seq) })
	if err != nil {
		return nil, fmt.Errorf("evidence of %s: %w", id, err)
	}
	return all, nil
}

func scanEvidence(row scanner) (creditbank.Evidence, error) {
	var e creditbank.Evidence
	var at int64
	var sum, digest []byte
	if err := row.Scan(&e.Learner, &e.Seq, &e.Petition, &e.Type, &e.Bytes, &at, &e.By.ID, &sum, &digest, &e.Sealed); err != nil {
		return e, err
	}
	e.At = time.UnixMicro(at).UTC()
	copy(e.SHA256[:], sum)
	if want := e.Digest(); !bytes.Equal(digest, want[:]) {
		return e, errDigest
	}
	return e, e.Validate()
}

// putPetitions writes evidence, and brings the list of open petitions up to date.
func (s *Store) putPetitions(ctx context.Context, w creditbank.Write) error {
	for _, e := range w.Evidence {
		digest := e.Digest()
		_, err := s.write.addEvidence.ExecContext(ctx, e.Learner, e.Seq, e.Petition, e.Type, e.Bytes, e.At.UnixMicro(), e.By.ID, e.SHA256[:], digest[:], e.Sealed)
		if err != nil {
			return fmt.Errorf("evidence %d: %w", e.Seq, err)
		}
	}
	for _, i := range w.Petitions {
		var err error
		if i.Open() {
			_, err = s.write.putPetition.ExecContext(ctx, i.Learner, i.Seq, i.Institution, i.State, i.Since)
		} else {
			_, err = s.write.dropPetition.ExecContext(ctx, i.Learner, i.Seq)
		}
		if err != nil {
			return fmt.Errorf("petition %d: %w", i.Seq, err)
		}
	}
	return nil
}
