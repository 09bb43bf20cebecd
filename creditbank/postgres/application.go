package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/lib/pq"

	"creditbank/creditbank"
)

// worklistQuery reads the applications of some programmes, each by the index.
const worklistQuery = `
	SELECT learner_id, seq, number, programme, state, due, wake, facts
	FROM application
	WHERE programme = ANY ($1::text[])
	AND (due, learner_id, seq) > ($2::integer, $3::uuid, $4::bigint)
	ORDER BY due, learner_id, seq
	LIMIT $5`

const wakingQuery = `
	SELECT learner_id, seq, number, programme, state, due, wake, facts
	FROM application
	WHERE wake < 99999999
	AND wake <= $1::integer
	AND (wake, learner_id, seq) > ($2::integer, $3::uuid, $4::bigint)
	ORDER BY wake, learner_id, seq
	LIMIT $5`

const shownQuery = `
	SELECT learner_id, seq, number, programme, state, due, wake, facts
	FROM application
	WHERE state = 'publicity'
	AND (due, learner_id, seq) > ($1::integer, $2::uuid, $3::bigint)
	ORDER BY due, learner_id, seq
	LIMIT $4`

const shownAsQuery = `
	SELECT learner_id, seq, number, programme, state, due, wake, facts
	FROM application
	WHERE number <> ''
	AND number = $1`

// putWorkQuery and dropWorkQuery bring the worklist up to date. The accounts are
// locked by the statement before.
const putWorkQuery = `
	INSERT INTO application (learner_id, seq, number, programme, state, due, wake, facts)
	SELECT learner_id, seq, number, programme, state, due, wake, facts
	FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::integer[], $8::json[])
		AS w (learner_id, seq, number, programme, state, due, wake, facts)
	ON CONFLICT (learner_id, seq) DO UPDATE
	SET
		number = EXCLUDED.number,
		programme = EXCLUDED.programme,
		state = EXCLUDED.state,
		due = EXCLUDED.due,
		wake = EXCLUDED.wake,
		facts = EXCLUDED.facts`

const dropWorkQuery = `
	DELETE FROM application
	USING unnest($1::uuid[], $2::bigint[]) AS w (learner_id, seq)
	WHERE application.learner_id = w.learner_id
	AND application.seq = w.seq`

// Worklist implements [creditbank.ApplicationStore].
func (s *Store) Worklist(ctx context.Context, programmes []creditbank.ProgrammeID, after creditbank.WorkPlace, limit int) ([]creditbank.WorkItem, error) {
	list := make([]string, len(programmes))
	for i, p := range programmes {
		list[i] = string(p)
	}
	return s.workAfter(ctx, s.read.worklist, after, limit, pq.StringArray(list))
}

// Waking implements [creditbank.ApplicationStore].
func (s *Store) Waking(ctx context.Context, by creditbank.Date, after creditbank.WorkPlace, limit int) ([]creditbank.WorkItem, error) {
	return s.workAfter(ctx, s.read.waking, after, limit, int32(by))
}

// Shown implements [creditbank.ApplicationStore].
func (s *Store) Shown(ctx context.Context, after creditbank.WorkPlace, limit int) ([]creditbank.WorkItem, error) {
	return s.workAfter(ctx, s.read.shown, after, limit)
}

// workAfter runs a query for a page of the worklist, with what it asks for before
// the place.
func (s *Store) workAfter(ctx context.Context, stmt *sql.Stmt, after creditbank.WorkPlace, limit int, of ...any) ([]creditbank.WorkItem, error) {
	if after.Learner == "" {
		after.Learner = nobody // the lowest UUID
	}
	if !isUUID(string(after.Learner)) {
		return nil, fmt.Errorf("worklist after %q: not a canonical UUID", after.Learner)
	}
	items, err := queryAll(ctx, stmt, scanWork, append(of, int32(after.Due), string(after.Learner), after.Seq, limit)...)
	if err != nil {
		return nil, fmt.Errorf("worklist: %w", err)
	}
	return items, nil
}

// ShownAs implements [creditbank.ApplicationStore].
func (s *Store) ShownAs(ctx context.Context, number string) (creditbank.WorkItem, error) {
	items, err := queryAll(ctx, s.read.shownAs, scanWork, number)
	if err == nil && len(items) == 0 {
		err = creditbank.ErrNotFound
	}
	if err != nil {
		return creditbank.WorkItem{}, fmt.Errorf("application %s: %w", number, err)
	}
	return items[0], nil
}

func scanWork(rows *sql.Rows) (creditbank.WorkItem, error) {
	var w creditbank.WorkItem
	var facts []byte
	if err := rows.Scan(&w.Learner, &w.Seq, &w.Number, &w.Programme, &w.State, &w.Due, &w.Wake, &facts); err != nil {
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

// workArrays are the columns of rows of application, and which rows are to go.
type workArrays struct {
	learner, number, programme, state, facts []string
	seq                                      []int64
	due, wake                                []int32

	goneLearner []string
	goneSeq     []int64
}

func (a *workArrays) add(w creditbank.WorkItem) {
	if !w.Open() {
		a.goneLearner, a.goneSeq = append(a.goneLearner, string(w.Learner)), append(a.goneSeq, w.Seq)
		return
	}
	a.learner = append(a.learner, string(w.Learner))
	a.seq = append(a.seq, w.Seq)
	a.number = append(a.number, w.Number)
	a.programme = append(a.programme, string(w.Programme))
	a.state = append(a.state, string(w.State))
	a.due = append(a.due, orNever(w.Due))
	a.wake = append(a.wake, orNever(w.Wake))
	a.facts = append(a.facts, string(w.Facts.Encode()))
}

func orNever(d creditbank.Date) int32 {
	if d == 0 {
		return int32(creditbank.NoDeadline)
	}
	return int32(d)
}

// putWork brings the worklist up to date with the writes that were taken. Few
// writes concern it: they cost two more statements, and those are not prepared.
func putWork(ctx context.Context, tx *sql.Tx, writes []creditbank.Write, taken []bool) error {
	var a workArrays
	for i, write := range writes {
		for _, item := range write.Work {
			if taken[i] {
				a.add(item)
			}
		}
	}
	if len(a.learner) > 0 {
		_, err := tx.ExecContext(ctx, putWorkQuery, pq.StringArray(a.learner), pq.Int64Array(a.seq), pq.StringArray(a.number),
			pq.StringArray(a.programme), pq.StringArray(a.state), pq.Int32Array(a.due), pq.Int32Array(a.wake), pq.StringArray(a.facts))
		if err != nil {
			return err
		}
	}
	if len(a.goneLearner) > 0 {
		_, err := tx.ExecContext(ctx, dropWorkQuery, pq.StringArray(a.goneLearner), pq.Int64Array(a.goneSeq))
		return err
	}
	return nil
}
