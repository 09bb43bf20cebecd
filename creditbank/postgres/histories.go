package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"

	"creditbank/creditbank"
	"creditbank/creditbank/column"
)

// A range of learners is read table by table: a join of partitioned tables
// would be planned as many times as there are partitions.
const (
	accountsInQuery = `
		SELECT learner_id, version, frozen, totals, digest
		FROM account
		WHERE learner_id > $1
		AND learner_id <= $2
		ORDER BY learner_id`

	learnersInQuery = `
		SELECT learner_id, account_no, region, person_key, sealed, opened_at, digest
		FROM learner
		WHERE learner_id > $1
		AND learner_id <= $2
		ORDER BY learner_id`

	outcomesInQuery = `
		SELECT
			learner_id, seq, institution, external_id, revision, course, issued_on, score, attended, valid_until,
			rule, rule_set, granted, credits, lost, expires_on, reasons,
			course_version, category, level, scheduled, family, posted_at, caller, request,
			digest
		FROM outcome
		WHERE learner_id > $1
		AND learner_id <= $2
		ORDER BY learner_id, seq`

	actsInQuery = `
		SELECT learner_id, seq, kind, at, day, caller, request_key, request_part, request_hash, body, digest
		FROM act
		WHERE learner_id > $1
		AND learner_id <= $2
		ORDER BY learner_id, seq`
)

// Histories implements [creditbank.HistoryStore]. It needs no transaction, for
// the reason of [Store.History]: the rows are read after the accounts, are there
// up to the versions read, and never change.
func (s *Store) Histories(ctx context.Context, after, through creditbank.LearnerID) ([]creditbank.Dossier, error) {
	if after == "" {
		after = nobody
	}
	if !isUUID(string(after)) || !isUUID(string(through)) {
		return nil, fmt.Errorf("histories after %q through %q: not canonical UUIDs", after, through)
	}
	dossiers, err := s.histories(ctx, after, through)
	if err != nil {
		return nil, fmt.Errorf("histories after %s through %s: %w", after, through, err)
	}
	return dossiers, nil
}

func (s *Store) histories(ctx context.Context, after, through creditbank.LearnerID) ([]creditbank.Dossier, error) {
	from, to := string(after), string(through)
	learners, err := queryAll(ctx, s.read.learnersIn, scanRegion, from, to)
	if err != nil {
		return nil, err
	}
	states, err := queryAll(ctx, s.read.accountsIn, scanState, from, to)
	if err != nil {
		return nil, err
	}
	byID, most := make(map[creditbank.LearnerID]int64, len(states)), 0
	for _, a := range states {
		byID[a.learner] = a.version
		most += int(a.version) - 1 // the first row is the act that opened the account
	}
	versions := make([]int64, len(learners))
	for i, d := range learners {
		versions[i] = byID[d.Learner] // none is damage, which filling tells
	}
	outcomes, err := queryInto(ctx, make([]creditbank.Outcome, 0, max(most, 0)), s.read.outcomesIn, scanOutcome, from, to)
	if err != nil {
		return nil, err
	}
	acts, err := queryInto(ctx, make([]creditbank.Act, 0, max(most+len(learners)-len(outcomes), 0)), s.read.actsIn, scanAct, from, to)
	if err != nil {
		return nil, err
	}
	if err := creditbank.FillDossiers(learners, versions, outcomes, acts); err != nil {
		return nil, fmt.Errorf("damaged: %v", err)
	}
	return learners, nil
}

// scanRegion reads the region of a learner, or tells of damage.
func scanRegion(rows *sql.Rows) (creditbank.Dossier, error) {
	var l creditbank.Learner
	var digest []byte
	if err := rows.Scan(column.Text(&l.ID), column.Text(&l.Account), column.Text(&l.Region), &l.Key, &l.Sealed, &l.Opened, &digest); err != nil {
		return creditbank.Dossier{}, err
	}
	l.Opened = l.Opened.UTC()
	if want := l.Digest(); !bytes.Equal(want[:], digest) {
		return creditbank.Dossier{}, fmt.Errorf("damaged learner %s: %v", l.ID, errDigest)
	}
	return creditbank.Dossier{Region: l.Region, History: creditbank.History{Learner: l.ID}}, nil
}

// scanState reads the state of an account, or tells of damage.
func scanState(rows *sql.Rows) (state, error) {
	var a state
	if err := rows.Scan(&a.learner, &a.version, &a.frozen, &a.totals, &a.digest); err != nil {
		return state{}, err
	}
	if _, err := a.check(); err != nil {
		return state{}, fmt.Errorf("damaged account %s: %v", a.learner, err)
	}
	return a, nil
}
