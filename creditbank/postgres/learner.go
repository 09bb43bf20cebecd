package postgres

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"creditbank/creditbank"
)

// takenQuery returns those of the given learners and look-ups that exist, the
// former with a kind of ”.
const takenQuery = `
	SELECT '' AS kind, a.learner_id::text AS value
	FROM unnest($1::uuid[]) AS k (learner_id)
	JOIN account AS a
		ON a.learner_id = k.learner_id
	UNION ALL
	SELECT l.kind, l.value
	FROM unnest($2::text[], $3::text[]) AS k (kind, value)
	JOIN lookup AS l
		ON l.kind = k.kind
		AND l.value = k.value`

const openQuery = `
	WITH known AS (
		INSERT INTO learner (learner_id, account_no, region, person_key, sealed, opened_at, digest)
		SELECT learner_id, account_no, region, person_key, sealed, opened_at, digest
		FROM unnest($3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::bytea[], $8::timestamptz[], $9::bytea[])
			AS l (learner_id, account_no, region, person_key, sealed, opened_at, digest)
	), found AS (
		INSERT INTO lookup (learner_id, kind, value, digest)
		SELECT learner_id, kind, value, digest
		FROM unnest($11::uuid[], $12::text[], $13::text[], $14::bytea[]) AS l (learner_id, kind, value, digest)
	), held AS (
		INSERT INTO account (learner_id, version, frozen, totals, digest)
		SELECT learner_id, 1, FALSE, '', digest
		FROM unnest($3::uuid[], $10::bytea[]) AS l (learner_id, digest)
	), acted AS (
		INSERT INTO act (
			learner_id, seq, kind, at, day, caller, request_key, request_part, request_hash, body, digest, feed_id
		)
		SELECT
			learner_id, seq, kind, at, day, caller, request_key, request_part, request_hash, body, digest, $1::uuid
		FROM unnest(
			$15::uuid[], $16::bigint[], $17::text[], $18::timestamptz[], $19::integer[], $20::text[],
			$21::text[], $22::integer[], $23::bytea[], $24::json[], $25::bytea[]
		) AS a (
			learner_id, seq, kind, at, day, caller,
			request_key, request_part, request_hash, body, digest
		)
	)
	INSERT INTO feed (id, at)
	VALUES ($1::uuid, $2::timestamptz)`

// Open implements [creditbank.Store]. A learner whose id is taken is left out
// as well, so that opening again finds what was opened.
func (s *Store) Open(ctx context.Context, feed creditbank.Feed, learners []creditbank.NewLearner) (taken []bool, err error) {
	for _, l := range learners {
		if !isUUID(string(l.ID)) || l.Act.Learner != l.ID || l.Act.Seq != 1 {
			return nil, fmt.Errorf("open account %q: it does not begin with version 1 of a canonical UUID", l.ID)
		}
	}
	if len(learners) == 0 {
		return nil, nil
	}
	err = retry(ctx, func() error {
		taken, err = s.openOnce(ctx, feed, learners)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open %d accounts: %w", len(learners), err)
	}
	return taken, nil
}

// openOnce opens the accounts that nothing speaks against. If another process
// does so at the same time, the error wraps errRaced.
func (s *Store) openOnce(ctx context.Context, feed creditbank.Feed, learners []creditbank.NewLearner) ([]bool, error) {
	exists, err := s.existing(ctx, learners)
	if err != nil {
		return nil, err
	}
	taken := make([]bool, len(learners))
	var fresh []creditbank.NewLearner
	for i, l := range learners {
		if taken[i] = !slices.ContainsFunc(keysOf(l), func(k creditbank.Lookup) bool { return exists[k] }); !taken[i] {
			continue
		}
		fresh = append(fresh, l)
		for _, k := range keysOf(l) {
			exists[k] = true
		}
	}
	if len(fresh) < len(learners) {
		if err := s.Confirm(ctx); err != nil {
			return nil, err // who is left out will be told that the account is there
		}
	}
	if len(fresh) == 0 {
		return taken, nil
	}
	args := openArgs(feed, fresh)
	err = s.commit(ctx, func(ctx context.Context, w *writer) error {
		_, err := w.open.ExecContext(ctx, args...)
		return err
	})
	if pq.As(err, pqerror.UniqueViolation) != nil {
		return nil, fmt.Errorf("%w: %w", errRaced, err)
	}
	return taken, err
}

// keysOf returns all that must be unique about l: the look-ups, and the id as
// one of kind ”.
func keysOf(l creditbank.NewLearner) []creditbank.Lookup {
	return append([]creditbank.Lookup{{Kind: "", Value: string(l.ID)}}, l.Lookups...)
}

// existing returns those of [keysOf] the learners that are on record.
func (s *Store) existing(ctx context.Context, learners []creditbank.NewLearner) (map[creditbank.Lookup]bool, error) {
	var ids, kinds, values []string
	for _, l := range learners {
		ids = append(ids, string(l.ID))
		for _, k := range l.Lookups {
			kinds = append(kinds, k.Kind)
			values = append(values, k.Value)
		}
	}
	found, err := queryAll(ctx, s.read.taken, func(rows *sql.Rows) (k creditbank.Lookup, err error) {
		return k, rows.Scan(&k.Kind, &k.Value)
	}, pq.StringArray(ids), pq.StringArray(kinds), pq.StringArray(values))
	exists := make(map[creditbank.Lookup]bool, len(found))
	for _, k := range found {
		exists[k] = true
	}
	return exists, err
}

// openArgs returns the arguments of openQuery. The look-ups are sorted, so
// that two processes that open the same accounts cannot wait for each other.
func openArgs(feed creditbank.Feed, learners []creditbank.NewLearner) []any {
	var (
		ids, accounts, regions, opened []string
		keys, sealed, digests, states  [][]byte
		acts                           actArrays
		lookups                        []creditbank.Lookup
		of                             = map[creditbank.Lookup]creditbank.LearnerID{}
	)
	for _, l := range learners {
		ids = append(ids, string(l.ID))
		accounts = append(accounts, string(l.Account))
		regions = append(regions, string(l.Region))
		keys = append(keys, l.Key)
		sealed = append(sealed, l.Sealed)
		opened = append(opened, timestamp(l.Opened))
		digest, state := l.Digest(), creditbank.StateDigest(l.ID, 1, false, creditbank.Totals{})
		digests, states = append(digests, digest[:]), append(states, state[:])
		acts.add(l.Act)
		for _, k := range l.Lookups {
			of[k] = l.ID
			lookups = append(lookups, k)
		}
	}
	slices.SortFunc(lookups, func(a, b creditbank.Lookup) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value))
	})
	var owners, kinds, values []string
	var found [][]byte
	for _, k := range slices.Compact(lookups) {
		digest := k.Digest(of[k])
		found = append(found, digest[:])
		owners = append(owners, string(of[k]))
		kinds = append(kinds, k.Kind)
		values = append(values, k.Value)
	}
	args := []any{
		feed.ID, timestamp(feed.At),
		pq.StringArray(ids), pq.StringArray(accounts), pq.StringArray(regions),
		pq.ByteaArray(keys), pq.ByteaArray(sealed), pq.StringArray(opened),
		pq.ByteaArray(digests), pq.ByteaArray(states),
		pq.StringArray(owners), pq.StringArray(kinds), pq.StringArray(values), pq.ByteaArray(found),
	}
	return append(args, acts.args()...)
}

const learnerQuery = `
	SELECT learner_id, account_no, region, person_key, sealed, opened_at, digest
	FROM learner
	WHERE learner_id = $1`

// Learner implements [creditbank.Store].
func (s *Store) Learner(ctx context.Context, id creditbank.LearnerID) (creditbank.Learner, error) {
	if !isUUID(string(id)) {
		return creditbank.Learner{}, fmt.Errorf("learner %q: %w", id, creditbank.ErrNotFound)
	}
	var l creditbank.Learner
	var digest []byte
	err := s.read.learner.QueryRowContext(ctx, string(id)).
		Scan(&l.ID, &l.Account, &l.Region, &l.Key, &l.Sealed, &l.Opened, &digest)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return creditbank.Learner{}, fmt.Errorf("learner %s: %w", id, creditbank.ErrNotFound)
	case err != nil:
		return creditbank.Learner{}, fmt.Errorf("learner %s: %w", id, err)
	}
	l.Opened = l.Opened.UTC()
	if want := l.Digest(); !bytes.Equal(want[:], digest) {
		return creditbank.Learner{}, fmt.Errorf("damaged learner %s: %v", id, errDigest)
	}
	return l, nil
}

const findQuery = `
	SELECT learner_id, digest
	FROM lookup
	WHERE kind = $1
	AND value = $2`

// Find implements [creditbank.Store].
func (s *Store) Find(ctx context.Context, l creditbank.Lookup) (creditbank.LearnerID, error) {
	var id creditbank.LearnerID
	var digest []byte
	err := s.read.find.QueryRowContext(ctx, l.Kind, l.Value).Scan(&id, &digest)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", fmt.Errorf("learner by %s: %w", l.Kind, creditbank.ErrNotFound)
	case err != nil:
		return "", fmt.Errorf("learner by %s: %w", l.Kind, err)
	}
	if want := l.Digest(id); !bytes.Equal(want[:], digest) {
		return "", fmt.Errorf("damaged look-up by %s of learner %s: %v", l.Kind, id, errDigest)
	}
	return id, nil
}

const learnersQuery = `
	SELECT learner_id
	FROM learner
	WHERE learner_id > $1
	ORDER BY learner_id
	LIMIT $2`

// Learners implements [creditbank.Store].
func (s *Store) Learners(ctx context.Context, after creditbank.LearnerID, limit int) ([]creditbank.LearnerID, error) {
	if after == "" {
		after = nobody // the lowest UUID
	}
	if !isUUID(string(after)) {
		return nil, fmt.Errorf("learners after %q: not a canonical UUID", after)
	}
	ids, err := queryAll(ctx, s.read.learners, func(rows *sql.Rows) (id creditbank.LearnerID, err error) {
		return id, rows.Scan(&id)
	}, string(after), limit)
	if err != nil {
		return nil, fmt.Errorf("learners after %s: %w", after, err)
	}
	return ids, nil
}
