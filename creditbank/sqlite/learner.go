package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"creditbank/creditbank"
)

// Open implements [creditbank.Store].
func (s *Store) Open(ctx context.Context, feed creditbank.Feed, learners []creditbank.NewLearner) ([]bool, error) {
	taken := make([]bool, len(learners))
	err := s.update(ctx, feed, func(ctx context.Context) (wrote bool, err error) {
		for i, l := range learners {
			if taken[i], err = s.addLearner(ctx, feed, l); err != nil {
				return false, fmt.Errorf("learner %s: %w", l.ID, err)
			}
			wrote = wrote || taken[i]
		}
		return wrote, nil
	})
	if err != nil {
		return nil, fmt.Errorf("open accounts: %w", err)
	}
	return taken, nil
}

// addLearner writes l, or nothing if the id or a look-up is taken. Nobody else
// writes between the question and the answer.
func (s *Store) addLearner(ctx context.Context, feed creditbank.Feed, l creditbank.NewLearner) (taken bool, err error) {
	if l.Act.Learner != l.ID || l.Act.Seq != 1 {
		return false, fmt.Errorf("its account opens with act %d of account %s", l.Act.Seq, l.Act.Learner)
	}
	var known bool
	if err := s.write.known.QueryRowContext(ctx, l.ID).Scan(&known); err != nil || known {
		return false, err
	}
	for _, lookup := range l.Lookups {
		if err := s.write.taken.QueryRowContext(ctx, lookup.Kind, lookup.Value).Scan(&known); err != nil || known {
			return false, err
		}
	}
	digest := l.Digest()
	_, err = s.write.addLearner.ExecContext(ctx, l.ID, l.Account, l.Region, blob(l.Key), blob(l.Sealed), l.Opened.UnixMicro(), digest[:])
	if err != nil {
		return false, err
	}
	for _, lookup := range l.Lookups {
		digest := lookup.Digest(l.ID)
		if _, err := s.write.addLookup.ExecContext(ctx, lookup.Kind, lookup.Value, l.ID, digest[:]); err != nil {
			return false, fmt.Errorf("look-up of kind %s: %w", lookup.Kind, err)
		}
	}
	state := creditbank.StateDigest(l.ID, 1, false, creditbank.Totals{})
	if _, err := s.write.addAccount.ExecContext(ctx, l.ID, state[:]); err != nil {
		return false, err
	}
	_, err = s.write.addAct.ExecContext(ctx, actArgs(l.Act, feed.ID)...)
	return err == nil, err
}

// blob makes no bytes an empty blob, not NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Learner implements [creditbank.Store].
func (s *Store) Learner(ctx context.Context, id creditbank.LearnerID) (creditbank.Learner, error) {
	var l creditbank.Learner
	var opened int64
	var digest []byte
	err := s.read.learner.QueryRowContext(ctx, id).Scan(&l.ID, &l.Account, &l.Region, &l.Key, &l.Sealed, &opened, &digest)
	if errors.Is(err, sql.ErrNoRows) {
		err = creditbank.ErrNotFound
	}
	if err != nil {
		return creditbank.Learner{}, fmt.Errorf("learner %s: %w", id, err)
	}
	l.Opened = time.UnixMicro(opened).UTC()
	if want := l.Digest(); !bytes.Equal(want[:], digest) {
		return creditbank.Learner{}, fmt.Errorf("learner %s: %v", id, errDigest)
	}
	return l, nil
}

// Find implements [creditbank.Store]. Its errors do not say the value, which
// may be personal.
func (s *Store) Find(ctx context.Context, l creditbank.Lookup) (creditbank.LearnerID, error) {
	var id creditbank.LearnerID
	var digest []byte
	err := s.read.lookup.QueryRowContext(ctx, l.Kind, l.Value).Scan(&id, &digest)
	if errors.Is(err, sql.ErrNoRows) {
		err = creditbank.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("find a learner by %s: %w", l.Kind, err)
	}
	if want := l.Digest(id); !bytes.Equal(want[:], digest) {
		return "", fmt.Errorf("look-up by %s of learner %s: %v", l.Kind, id, errDigest)
	}
	return id, nil
}

// Learners implements [creditbank.Store].
func (s *Store) Learners(ctx context.Context, after creditbank.LearnerID, limit int) ([]creditbank.LearnerID, error) {
	rows, err := s.read.learners.QueryContext(ctx, after, limit)
	ids, err := collect(rows, err, func(row scanner) (id creditbank.LearnerID, err error) {
		err = row.Scan(&id)
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("learners after %q: %w", after, err)
	}
	return ids, nil
}
