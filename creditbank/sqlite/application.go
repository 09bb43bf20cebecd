package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"creditbank/creditbank"
)

const workColumns = `learner_id, seq, number, programme, state, due, wake, facts`

// Worklist implements [creditbank.ApplicationStore].
func (s *Store) Worklist(ctx context.Context, programmes []creditbank.ProgrammeID, after creditbank.WorkPlace, limit int) ([]creditbank.WorkItem, error) {
	list, err := json.Marshal(programmes)
	if err != nil {
		return nil, fmt.Errorf("worklist: %w", err)
	}
	rows, err := s.read.worklist.QueryContext(ctx, string(list), after.Due, after.Learner, after.Seq, limit)
	return work(collect(rows, err, scanWork))
}

// Waking implements [creditbank.ApplicationStore].
func (s *Store) Waking(ctx context.Context, by creditbank.Date, after creditbank.WorkPlace, limit int) ([]creditbank.WorkItem, error) {
	rows, err := s.read.waking.QueryContext(ctx, by, after.Due, after.Learner, after.Seq, limit)
	return work(collect(rows, err, scanWork))
}

// Shown implements [creditbank.ApplicationStore].
func (s *Store) Shown(ctx context.Context, after creditbank.WorkPlace, limit int) ([]creditbank.WorkItem, error) {
	rows, err := s.read.shown.QueryContext(ctx, after.Due, after.Learner, after.Seq, limit)
	return work(collect(rows, err, scanWork))
}

// ShownAs implements [creditbank.ApplicationStore].
func (s *Store) ShownAs(ctx context.Context, number string) (creditbank.WorkItem, error) {
	rows, err := s.read.shownAs.QueryContext(ctx, number)
	items, err := work(collect(rows, err, scanWork))
	if err == nil && len(items) == 0 {
		err = fmt.Errorf("application %s: %w", number, creditbank.ErrNotFound)
	}
	if err != nil {
		return creditbank.WorkItem{}, err
	}
	return items[0], nil
}

func work(items []creditbank.WorkItem, err error) ([]creditbank.WorkItem, error) {
	if err != nil {
		return nil, fmt.Errorf("worklist: %w", err)
	}
	return items, nil
}

// scanWork reads the columns workColumns.
func scanWork(row scanner) (creditbank.WorkItem, error) {
	var w creditbank.WorkItem
	var facts []byte
	if err := row.Scan(&w.Learner, &w.Seq, &w.Number, &w.Programme, &w.State, &w.Due, &w.Wake, &facts); err != nil {
		return w, err
	}
	if w.Due == creditbank.NoDeadline {
		w.Due = 0
	}
	if w.Wake == creditbank.NoDeadline {
		w.Wake = 0
	}
	var err error
	w.Facts, err = creditbank.DecodeWorkFacts(facts)
	return w, err
}

// putWork brings the worklist up to date with what a write says of it.
func (s *Store) putWork(ctx context.Context, items []creditbank.WorkItem) error {
	for _, w := range items {
		var err error
		if w.Open() {
			_, err = s.write.putWork.ExecContext(ctx, w.Learner, w.Seq, w.Number, w.Programme, w.State, orNever(w.Due), orNever(w.Wake), string(w.Facts.Encode()))
		} else {
			_, err = s.write.dropWork.ExecContext(ctx, w.Learner, w.Seq)
		}
		if err != nil {
			return fmt.Errorf("worklist %d: %w", w.Seq, err)
		}
	}
	return nil
}

func orNever(d creditbank.Date) creditbank.Date {
	if d == 0 {
		return creditbank.NoDeadline
	}
	return d
}
