package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lib/pq"

	"creditbank/creditbank"
)

// headsQuery finds accounts, and the seq of outcomes, by their unique indexes.
// A key that was never posted, as most were not, has the seq 0.
const headsQuery = `
	SELECT k.i, a.learner_id, a.version, a.frozen, a.totals, a.digest, coalesce(o.seq, 0)
	FROM unnest($1::uuid[], $2::text[], $3::text[], $4::integer[])
		WITH ORDINALITY AS k (learner_id, institution, external_id, revision, i)
	JOIN account AS a
		ON a.learner_id = k.learner_id
	LEFT JOIN outcome AS o
		ON o.learner_id = k.learner_id
		AND o.institution = k.institution
		AND o.external_id = k.external_id
		AND o.revision = k.revision`

// storedQuery finds outcomes by the account versions that they made.
const storedQuery = `
	SELECT
		o.learner_id, o.seq, institution, external_id, revision, course, issued_on, score, attended, valid_until,
		rule, rule_set, granted, credits, lost, expires_on, reasons,
		course_version, category, level, scheduled, family, posted_at, caller, request,
		digest
	FROM unnest($1::uuid[], $2::bigint[]) AS k (learner_id, seq)
	JOIN outcome AS o
		ON o.learner_id = k.learner_id
		AND o.seq = k.seq`

// nobody stands for a learner whose id is no UUID, who therefore is not here.
const nobody = "00000000-0000-0000-0000-000000000000"

// Heads implements [creditbank.Store].
func (s *Store) Heads(ctx context.Context, keys []creditbank.OutcomeKey) ([]creditbank.Head, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	heads, err := s.heads(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("heads of %d accounts: %w", len(keys), err)
	}
	return heads, nil
}

func (s *Store) heads(ctx context.Context, keys []creditbank.OutcomeKey) ([]creditbank.Head, error) {
	n := len(keys)
	learners, institutions, externalIDs := make([]string, n), make([]string, n), make([]string, n)
	revisions := make([]int32, n)
	for i, k := range keys {
		learners[i] = nobody
		if isUUID(string(k.Learner)) {
			learners[i] = string(k.Learner)
		}
		institutions[i], externalIDs[i], revisions[i] = string(k.Institution), k.ExternalID, int32(k.Revision)
	}
	rows, err := queryAll(ctx, s.read.heads, scanHead,
		pq.StringArray(learners), pq.StringArray(institutions), pq.StringArray(externalIDs), pq.Int32Array(revisions))
	if err != nil {
		return nil, err
	}
	heads := make([]creditbank.Head, n)
	var stored []headRow
	for _, r := range rows {
		heads[r.i-1] = r.head
		if r.seq != 0 {
			stored = append(stored, r)
		}
	}
	if len(stored) > 0 {
		err = s.addStored(ctx, heads, keys, stored)
	}
	return heads, err
}

// addStored completes the heads of keys that were posted before. The outcomes
// are read after the heads, which is no matter: they do not change. They are
// confirmed, since the caller will acknowledge them.
func (s *Store) addStored(ctx context.Context, heads []creditbank.Head, keys []creditbank.OutcomeKey, stored []headRow) error {
	learners, seqs := make([]string, len(stored)), make([]int64, len(stored))
	for i, r := range stored {
		learners[i], seqs[i] = string(keys[r.i-1].Learner), r.seq
	}
	outcomes, err := queryAll(ctx, s.read.stored, scanOutcome, pq.StringArray(learners), pq.Int64Array(seqs))
	if err != nil {
		return err
	}
	byKey := make(map[creditbank.OutcomeKey]*creditbank.Outcome, len(outcomes))
	for i := range outcomes {
		byKey[outcomes[i].OutcomeKey] = &outcomes[i]
	}
	for _, r := range stored {
		k := keys[r.i-1]
		if heads[r.i-1].Stored = byKey[k]; byKey[k] == nil {
			return fmt.Errorf("damaged: outcome %v is at %d of account %s no more", k, r.seq, k.Learner)
		}
	}
	return s.Confirm(ctx)
}

// A headRow is a row of headsQuery.
type headRow struct {
	i    int // which key, from 1
	head creditbank.Head
	seq  int64
}

func scanHead(rows *sql.Rows) (headRow, error) {
	var a state
	var r headRow
	if err := rows.Scan(&r.i, &a.learner, &a.version, &a.frozen, &a.totals, &a.digest, &r.seq); err != nil {
		return headRow{}, err
	}
	totals, err := a.check()
	if err != nil {
		return headRow{}, fmt.Errorf("damaged account %s: %v", a.learner, err)
	}
	r.head = creditbank.Head{Known: true, Version: a.version, Frozen: a.frozen, Totals: totals}
	return r, nil
}

// A state is a row of account.
type state struct {
	learner creditbank.LearnerID
	version int64
	frozen  bool
	totals  string
	digest  []byte
}

// check returns the totals, or tells of damage: another value that could be
// would let a posting pass a cap.
func (a state) check() (creditbank.Totals, error) {
	totals, err := creditbank.ParseTotals(a.totals)
	if err != nil {
		return creditbank.Totals{}, err
	}
	if want := creditbank.StateDigest(a.learner, a.version, a.frozen, totals); !bytes.Equal(want[:], a.digest) {
		return creditbank.Totals{}, errDigest
	}
	return totals, nil
}

// stateQuery counts the rows of an account as well, in one snapshot.
const stateQuery = `
	SELECT
		learner_id, version, frozen, totals, digest,
		(SELECT count(*) FROM outcome WHERE learner_id = $1) + (SELECT count(*) FROM act WHERE learner_id = $1)
	FROM account
	WHERE learner_id = $1`

const outcomesQuery = `
	SELECT
		learner_id, seq, institution, external_id, revision, course, issued_on, score, attended, valid_until,
		rule, rule_set, granted, credits, lost, expires_on, reasons,
		course_version, category, level, scheduled, family, posted_at, caller, request,
		digest
	FROM outcome
	WHERE learner_id = $1
	AND seq <= $2
	ORDER BY seq`

const actsQuery = `
	SELECT learner_id, seq, kind, at, day, caller, request_key, request_part, request_hash, body, digest
	FROM act
	WHERE learner_id = $1
	AND seq <= $2
	ORDER BY seq`

// History implements [creditbank.Store]. It needs no transaction: rows up to a
// version that was committed are all there, and never change.
func (s *Store) History(ctx context.Context, id creditbank.LearnerID) (creditbank.History, error) {
	if !isUUID(string(id)) {
		return creditbank.History{}, fmt.Errorf("account %q: %w", id, creditbank.ErrNotFound)
	}
	h, err := s.history(ctx, id)
	if err != nil {
		return creditbank.History{}, fmt.Errorf("account %s: %w", id, err)
	}
	return h, nil
}

func (s *Store) history(ctx context.Context, id creditbank.LearnerID) (creditbank.History, error) {
	h := creditbank.History{Learner: id}
	var a state
	var rows int64
	err := s.read.state.QueryRowContext(ctx, string(id)).
		Scan(&a.learner, &a.version, &a.frozen, &a.totals, &a.digest, &rows)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return h, creditbank.ErrNotFound
	case err != nil:
		return h, err
	case rows != a.version:
		return h, fmt.Errorf("damaged: version %d has %d rows", a.version, rows)
	}
	if _, err := a.check(); err != nil {
		return h, fmt.Errorf("damaged: %v", err)
	}
	if h.Outcomes, err = queryAll(ctx, s.read.outcomes, scanOutcome, string(id), a.version); err != nil {
		return h, err
	}
	if h.Acts, err = queryAll(ctx, s.read.acts, scanAct, string(id), a.version); err != nil {
		return h, err
	}
	if rows = int64(len(h.Outcomes) + len(h.Acts)); rows != a.version {
		return h, fmt.Errorf("damaged: %d rows stand at versions up to %d", rows, a.version)
	}
	return h, nil
}
