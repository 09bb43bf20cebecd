package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"

	"github.com/lib/pq"

	"creditbank/creditbank"
)

// petitionsQuery reads the open petitions to some institutions, each by the index.
const petitionsQuery = `
	SELECT learner_id, seq, institution, state, since
	FROM petition
	WHERE institution = ANY ($1::text[])
	AND (since, learner_id, seq) > ($2::integer, $3::uuid, $4::bigint)
	ORDER BY since, learner_id, seq
	LIMIT $5`

const evidenceQuery = `
	SELECT learner_id, seq, petition, type, bytes, at, caller, sha256, digest, sealed
	FROM evidence
	WHERE learner_id = $1
	AND seq = $2`

const evidenceKeptQuery = `
	SELECT seq
	FROM evidence
	WHERE learner_id = $1
	ORDER BY seq`

const addEvidenceQuery = `
	INSERT INTO evidence (learner_id, seq, petition, type, bytes, at, caller, sha256, digest, sealed)
	VALUES ($1::uuid, $2::bigint, $3::bigint, $4, $5::integer, $6::timestamptz, $7, $8::bytea, $9::bytea, $10::bytea)`

// putPetitionQuery and dropPetitionQuery bring the list of open petitions up to
// date. The account is locked by the statement before.
const putPetitionQuery = `
	INSERT INTO petition (learner_id, seq, institution, state, since)
	VALUES ($1::uuid, $2::bigint, $3, $4, $5::integer)
	ON CONFLICT (learner_id, seq) DO UPDATE
	SET
		institution = EXCLUDED.institution,
		state = EXCLUDED.state,
		since = EXCLUDED.since`

const dropPetitionQuery = `
	DELETE FROM petition
	WHERE learner_id = $1::uuid
	AND seq = $2::bigint`

// Petitions implements [creditbank.PetitionStore].
func (s *Store) Petitions(ctx context.Context, institutions []creditbank.InstitutionID, after creditbank.PetitionPlace, limit int) ([]creditbank.PetitionItem, error) {
	list := make([]string, len(institutions))
	for i, id := range institutions {
		list[i] = string(id)
	}
	if after.Learner == "" {
		after.Learner = nobody // the lowest UUID
	}
	if !isUUID(string(after.Learner)) {
		return nil, fmt.Errorf("petitions after %q: not a canonical UUID", after.Learner)
	}
	items, err := queryAll(ctx, s.read.petitions, scanPetition, pq.StringArray(list), int32(after.Since), string(after.Learner), after.Seq, limit)
	if err != nil {
		return nil, fmt.Errorf("petitions: %w", err)
	}
	return items, nil
}

func scanPetition(rows *sql.Rows) (creditbank.PetitionItem, error) {
	var i creditbank.PetitionItem
	return i, rows.Scan(&i.Learner, &i.Seq, &i.Institution, &i.State, &i.Since)
}

// Evidence implements [creditbank.PetitionStore].
func (s *Store) Evidence(ctx context.Context, id creditbank.LearnerID, seq int64) (creditbank.Evidence, error) {
	if !isUUID(string(id)) {
		return creditbank.Evidence{}, fmt.Errorf("evidence of %q: %w", id, creditbank.ErrNotFound)
	}
	all, err := queryAll(ctx, s.read.evidence, scanEvidence, string(id), seq)
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
	if !isUUID(string(id)) {
		return nil, nil
	}
	all, err := queryAll(ctx, s.read.evidenceKept, func(rows *sql.Rows) (seq int64, err error) { return seq, rows.Scan(&seq) }, string(id))
	if err != nil {
		return nil, fmt.Errorf("evidence of %s: %w", id, err)
	}
	return all, nil
}

// scanEvidence reads a piece of evidence from a row, or tells of damage.
func scanEvidence(rows *sql.Rows) (creditbank.Evidence, error) {
	var e creditbank.Evidence
	var sum, digest []byte
	if err := rows.Scan(&e.Learner, &e.Seq, &e.Petition, &e.Type, &e.Bytes, &e.At, &e.By.ID, &sum, &digest, &e.Sealed); err != nil {
		return e, err
	}
	e.At = e.At.UTC()
	copy(e.SHA256[:], sum)
	if want := e.Digest(); !bytes.Equal(want[:], digest) {
		return e, errDigest
	}
	return e, e.Validate()
}

// putPetitions writes the evidence of the writes that were taken, and brings the
// list of open petitions up to date with them.
func putPetitions(ctx context.Context, tx *sql.Tx, writes []creditbank.Write, taken []bool) error {
	for n, w := range writes {
		if !taken[n] {
			continue
		}
		for _, e := range w.Evidence {
			digest := e.Digest()
			_, err := tx.ExecContext(ctx, addEvidenceQuery, string(e.Learner), e.Seq, e.Petition, string(e.Type), e.Bytes, timestamp(e.At), e.By.ID,
				e.SHA256[:], digest[:], e.Sealed)
			if err != nil {
				return err
			}
		}
		for _, i := range w.Petitions {
			var err error
			if i.Open() {
				_, err = tx.ExecContext(ctx, putPetitionQuery, string(i.Learner), i.Seq, string(i.Institution), string(i.State), int32(i.Since))
			} else {
				_, err = tx.ExecContext(ctx, dropPetitionQuery, string(i.Learner), i.Seq)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// besides reports whether w writes more than the rows of its account.
func besides(w creditbank.Write) bool { return len(w.Work)+len(w.Petitions)+len(w.Evidence) > 0 }
