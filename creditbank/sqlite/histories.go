package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/column"
)

// Histories implements [creditbank.HistoryStore].
func (s *Store) Histories(ctx context.Context, after, through creditbank.LearnerID) ([]creditbank.Dossier, error) {
	var dossiers []creditbank.Dossier
	err := s.view(ctx, func(tx *sql.Tx) error {
		rows, err := tx.StmtContext(ctx, s.read.learnersIn).QueryContext(ctx, after, through)
		heads, err := collect(rows, err, scanDossier)
		if err != nil {
			return err
		}
		dossiers = make([]creditbank.Dossier, len(heads))
		versions, most := make([]int64, len(heads)), 0
		for i, h := range heads {
			dossiers[i], versions[i] = h.dossier, h.version
			most += int(h.version) - 1 // the first row is the act that opened the account
		}
		rows, err = tx.StmtContext(ctx, s.read.outcomesIn).QueryContext(ctx, after, through)
		outcomes, err := collectInto(make([]creditbank.Outcome, 0, max(most, 0)), rows, err, scanOutcome)
		if err != nil {
			return err
		}
		rows, err = tx.StmtContext(ctx, s.read.actsIn).QueryContext(ctx, after, through)
		acts, err := collectInto(make([]creditbank.Act, 0, max(most+len(heads)-len(outcomes), 0)), rows, err, scanAct)
		if err != nil {
			return err
		}
		return creditbank.FillDossiers(dossiers, versions, outcomes, acts)
	})
	if err != nil {
		return nil, fmt.Errorf("histories after %q through %q: %w", after, through, err)
	}
	return dossiers, nil
}

// A dossierHead is a learner's region and the version of the account.
type dossierHead struct {
	dossier creditbank.Dossier
	version int64
}

// scanDossier reads a row of learner beside its row of account, or tells of
// damage to either.
func scanDossier(row scanner) (dossierHead, error) {
	var (
		l             creditbank.Learner
		opened        int64
		head          dossierHead
		frozen        bool
		totals        string
		digest, state []byte
	)
	err := row.Scan(column.Text(&l.ID), column.Text(&l.Account), column.Text(&l.Region), &l.Key, &l.Sealed, &opened, &digest, &head.version, &frozen, &totals, &state)
	if err != nil {
		return dossierHead{}, err
	}
	l.Opened = time.UnixMicro(opened).UTC()
	if want := l.Digest(); !bytes.Equal(want[:], digest) {
		return dossierHead{}, fmt.Errorf("learner %s: %v", l.ID, errDigest)
	}
	t, err := creditbank.ParseTotals(totals)
	if err != nil {
		return dossierHead{}, fmt.Errorf("account %s: %v", l.ID, err)
	}
	if want := creditbank.StateDigest(l.ID, head.version, frozen, t); !bytes.Equal(want[:], state) {
		return dossierHead{}, fmt.Errorf("account %s: %v", l.ID, errDigest)
	}
	head.dossier = creditbank.Dossier{Region: l.Region, History: creditbank.History{Learner: l.ID}}
	return head, nil
}
