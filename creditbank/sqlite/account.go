package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"creditbank/creditbank"
)

// Heads implements [creditbank.Store].
func (s *Store) Heads(ctx context.Context, keys []creditbank.OutcomeKey) ([]creditbank.Head, error) {
	heads := make([]creditbank.Head, len(keys))
	err := s.view(ctx, func(tx *sql.Tx) error {
		account, outcome := tx.StmtContext(ctx, s.read.account), tx.StmtContext(ctx, s.read.outcome)
		for i, k := range keys {
			head, err := readHead(ctx, account, outcome, k)
			if err != nil {
				return fmt.Errorf("head of account %s: %w", k.Learner, err)
			}
			heads[i] = head
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return heads, nil
}

func readHead(ctx context.Context, account, outcome *sql.Stmt, k creditbank.OutcomeKey) (creditbank.Head, error) {
	head, err := readState(ctx, account, k.Learner)
	if err != nil || !head.Known {
		return head, err
	}
	o, err := scanOutcome(outcome.QueryRowContext(ctx, k.Learner, k.Institution, k.ExternalID, k.Revision))
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return creditbank.Head{}, err
	default:
		head.Stored = &o
	}
	return head, nil
}

// readState returns a head without an outcome: the row of an account, if there
// is one. Another value that could be is damage too: it would let a posting
// pass a cap.
func readState(ctx context.Context, account *sql.Stmt, id creditbank.LearnerID) (creditbank.Head, error) {
	head := creditbank.Head{Known: true}
	var totals string
	var digest []byte
	err := account.QueryRowContext(ctx, id).Scan(&head.Version, &head.Frozen, &totals, &digest)
	if errors.Is(err, sql.ErrNoRows) {
		return creditbank.Head{}, nil
	}
	if err != nil {
		return creditbank.Head{}, err
	}
	if head.Totals, err = creditbank.ParseTotals(totals); err != nil {
		return creditbank.Head{}, fmt.Errorf("%v", err) // damage is of no kind
	}
	if want := creditbank.StateDigest(id, head.Version, head.Frozen, head.Totals); !bytes.Equal(want[:], digest) {
		return creditbank.Head{}, errDigest
	}
	return head, nil
}

// History implements [creditbank.Store].
func (s *Store) History(ctx context.Context, id creditbank.LearnerID) (creditbank.History, error) {
	h := creditbank.History{Learner: id}
	err := s.view(ctx, func(tx *sql.Tx) error {
		head, err := readState(ctx, tx.StmtContext(ctx, s.read.account), id)
		if err != nil {
			return err
		}
		if !head.Known {
			return creditbank.ErrNotFound
		}
		rows, err := tx.StmtContext(ctx, s.read.outcomes).QueryContext(ctx, id)
		if h.Outcomes, err = collect(rows, err, scanOutcome); err != nil {
			return err
		}
		rows, err = tx.StmtContext(ctx, s.read.acts).QueryContext(ctx, id)
		if h.Acts, err = collect(rows, err, scanAct); err != nil {
			return err
		}
		return checkVersions(h, head.Version)
	})
	if err != nil {
		return creditbank.History{}, fmt.Errorf("history of account %s: %w", id, err)
	}
	return h, nil
}

// checkVersions reports a row that is missing, or one too many.
func checkVersions(h creditbank.History, version int64) error {
	seen := make(map[int64]bool, version)
	for _, o := range h.Outcomes {
		seen[o.Seq] = true
	}
	for _, a := range h.Acts {
		seen[a.Seq] = true
	}
	rows := int64(len(h.Outcomes) + len(h.Acts))
	if rows != version || int64(len(seen)) != version {
		return fmt.Errorf("%d rows for version %d", rows, version)
	}
	for seq := range version {
		if !seen[seq+1] {
			return fmt.Errorf("no row for version %d", seq+1)
		}
	}
	return nil
}

// Append implements [creditbank.Store].
func (s *Store) Append(ctx context.Context, feed creditbank.Feed, writes []creditbank.Write) ([]bool, error) {
	if err := creditbank.CheckWrites(writes); err != nil {
		return nil, fmt.Errorf("append: %w", err)
	}
	taken := make([]bool, len(writes))
	err := s.update(ctx, feed, func(ctx context.Context) (wrote bool, err error) {
		for i, w := range writes {
			if taken[i], err = s.append(ctx, feed, w); err != nil {
				return false, fmt.Errorf("account %s at version %d: %w", w.Learner, w.Base, err)
			}
			wrote = wrote || taken[i]
		}
		return wrote, nil
	})
	if err != nil {
		return nil, fmt.Errorf("append: %w", err)
	}
	return taken, nil
}

// append writes w, or nothing if the account is at another version.
func (s *Store) append(ctx context.Context, feed creditbank.Feed, w creditbank.Write) (taken bool, err error) {
	digest := creditbank.StateDigest(w.Learner, w.Version(), w.Frozen, w.Totals)
	result, err := s.write.advance.ExecContext(ctx, w.Version(), w.Frozen, w.Totals.String(), digest[:], w.Learner, w.Base)
	if err != nil {
		return false, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	for _, o := range w.Outcomes {
		if _, err := s.write.addOutcome.ExecContext(ctx, outcomeArgs(o, feed.ID)...); err != nil {
			return false, fmt.Errorf("outcome %v: %w", o.OutcomeKey, err)
		}
	}
	for _, a := range w.Acts {
		if _, err := s.write.addAct.ExecContext(ctx, actArgs(a, feed.ID)...); err != nil {
			return false, fmt.Errorf("act %d (%s): %w", a.Seq, a.Kind, err)
		}
	}
	for _, m := range w.Movements {
		_, err := s.write.addTransfer.ExecContext(ctx, w.Learner, m.Seq, m.N, m.From, m.To, m.Category, m.Credits)
		if err != nil {
			return false, fmt.Errorf("movement %d of version %d: %w", m.N, m.Seq, err)
		}
	}
	for _, c := range w.Concerns {
		if err := s.addConcern(ctx, c); err != nil {
			return false, fmt.Errorf("concern of %s in version %d: %w", c.Institution, c.Seq, err)
		}
	}
	if err := s.putPetitions(ctx, w); err != nil {
		return false, err
	}
	return true, s.putWork(ctx, w.Work)
}
