package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"creditbank/creditbank"
)

// appendQuery moves the accounts that are at their base version, in the order
// given, and inserts the rows of those accounts only. A concurrent write to one
// of them is waited for, and its version looked at again.
//
// "(… IN …) IS TRUE" keeps PostgreSQL from turning IN into a join, which with
// hash joins off would compare each row with each winner.
const appendQuery = appendRows + appendEnd

// appendToldQuery is appendQuery for writes that concern institutions, which
// are few: what postings run stays as it was measured.
const appendToldQuery = appendRows + `, told AS (
		INSERT INTO concern (
			institution, learner_id, seq, kind, at, day, of_seq, since, programme, source, external_id, digest
		)
		SELECT
			institution, learner_id, seq, kind, at, day, of_seq, since, programme, source, external_id, digest
		FROM unnest(
			$53::text[], $54::uuid[], $55::bigint[], $56::text[], $57::timestamptz[], $58::integer[],
			$59::bigint[], $60::bigint[], $61::text[], $62::text[], $63::text[], $64::bytea[]
		) AS c (
			institution, learner_id, seq, kind, at, day,
			of_seq, since, programme, source, external_id, digest
		)
		WHERE (learner_id IN (SELECT learner_id FROM won)) IS TRUE
	)` + appendEnd

const appendEnd = `
	SELECT i
	FROM won`

const appendRows = `
	WITH won AS (
		UPDATE account
		SET
			version = w.version,
			frozen = w.frozen,
			totals = w.totals,
			digest = w.digest
		FROM unnest($3::uuid[], $4::bigint[], $5::bigint[], $6::boolean[], $7::text[], $8::bytea[])
			WITH ORDINALITY AS w (learner_id, base, version, frozen, totals, digest, i)
		WHERE account.learner_id = w.learner_id
		AND account.version = w.base
		RETURNING account.learner_id, w.i
	), fed AS (
		INSERT INTO feed (id, at)
		SELECT $1::uuid, $2::timestamptz
		WHERE EXISTS (SELECT FROM won)
	), posted AS (
		INSERT INTO outcome (
			learner_id, seq, institution, external_id, revision, course, issued_on, score, attended, valid_until,
			rule, rule_set, granted, credits, lost, expires_on, reasons,
			course_version, category, level, scheduled, family, posted_at, caller, request,
			digest, feed_id
		)
		SELECT
			learner_id, seq, institution, external_id, revision, course, issued_on, score, attended, valid_until,
			rule, rule_set, granted, credits, lost, expires_on, reasons,
			course_version, category, level, scheduled, family, posted_at, caller, request,
			digest, $1::uuid
		FROM unnest(
			$9::uuid[], $10::bigint[], $11::text[], $12::text[], $13::integer[],
			$14::text[], $15::integer[], $16::text[], $17::bigint[], $18::integer[],
			$19::text[], $20::integer[], $21::boolean[], $22::bigint[], $23::bigint[], $24::integer[], $25::text[],
			$26::integer[], $27::text[], $28::integer[], $29::bigint[], $30::text[],
			$31::timestamptz[], $32::text[], $33::text[], $34::bytea[]
		) AS o (
			learner_id, seq, institution, external_id, revision,
			course, issued_on, score, attended, valid_until,
			rule, rule_set, granted, credits, lost, expires_on, reasons,
			course_version, category, level, scheduled, family,
			posted_at, caller, request, digest
		)
		WHERE (learner_id IN (SELECT learner_id FROM won)) IS TRUE
	), acted AS (
		INSERT INTO act (
			learner_id, seq, kind, at, day, caller, request_key, request_part, request_hash, body, digest, feed_id
		)
		SELECT
			learner_id, seq, kind, at, day, caller, request_key, request_part, request_hash, body, digest, $1::uuid
		FROM unnest(
			$35::uuid[], $36::bigint[], $37::text[], $38::timestamptz[], $39::integer[], $40::text[],
			$41::text[], $42::integer[], $43::bytea[], $44::json[], $45::bytea[]
		) AS a (
			learner_id, seq, kind, at, day, caller,
			request_key, request_part, request_hash, body, digest
		)
		WHERE (learner_id IN (SELECT learner_id FROM won)) IS TRUE
	), moved AS (
		INSERT INTO transfer (learner_id, seq, n, from_account, to_account, category, credits)
		SELECT learner_id, seq, n, from_account, to_account, category, credits
		FROM unnest($46::uuid[], $47::bigint[], $48::integer[], $49::text[], $50::text[], $51::text[], $52::bigint[])
			AS t (learner_id, seq, n, from_account, to_account, category, credits)
		WHERE (learner_id IN (SELECT learner_id FROM won)) IS TRUE
	)`

// Append implements [creditbank.Store].
func (s *Store) Append(ctx context.Context, feed creditbank.Feed, writes []creditbank.Write) (taken []bool, err error) {
	if err := creditbank.CheckWrites(writes); err != nil {
		return nil, err
	}
	if len(writes) == 0 {
		return nil, nil
	}
	args, err := appendArgs(feed, writes)
	if err != nil {
		return nil, fmt.Errorf("append: %w", err)
	}
	err = retry(ctx, func() error {
		return s.commit(ctx, func(ctx context.Context, w *writer) error {
			if slices.ContainsFunc(writes, besides) {
				taken, err = w.appendMore(ctx, writes, args)
				return err
			}
			taken, err = appendWrites(ctx, w.statementFor(args), len(writes), args)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("append to %d accounts: %w", len(writes), err)
	}
	return taken, nil
}

// appendArguments is how many arguments appendQuery has.
const appendArguments = 52

// statementFor returns the statement that takes the arguments: appendQuery, or
// appendToldQuery.
func (w *writer) statementFor(args []any) *sql.Stmt {
	if len(args) > appendArguments {
		return w.appendTold
	}
	return w.append
}

// appendMore is appendWrites for writes that change the worklist, or bring evidence,
// too, in one transaction with it. Few do.
func (w *writer) appendMore(ctx context.Context, writes []creditbank.Write, args []any) ([]bool, error) {
	tx, err := w.conn.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // does nothing once committed
	taken, err := appendWrites(ctx, tx.StmtContext(ctx, w.statementFor(args)), len(writes), args)
	if err != nil {
		return nil, err
	}
	if err := putWork(ctx, tx, writes, taken); err != nil {
		return nil, err
	}
	if err := putPetitions(ctx, tx, writes, taken); err != nil {
		return nil, err
	}
	return taken, tx.Commit()
}

// appendWrites runs appendQuery for n writes, or appendToldQuery. The rows must be read to their
// end: they come before the commit.
func appendWrites(ctx context.Context, stmt *sql.Stmt, n int, args []any) ([]bool, error) {
	taken := make([]bool, n)
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var i int
		if err := rows.Scan(&i); err != nil {
			return nil, err
		}
		taken[i-1] = true
	}
	return taken, rows.Err()
}

// appendArgs returns the arguments of appendQuery, and those of appendToldQuery if
// a write concerns institutions.
func appendArgs(feed creditbank.Feed, writes []creditbank.Write) ([]any, error) {
	var (
		learners       []string
		bases          []int64
		versions       []int64
		frozen         []bool
		totals         []string
		digests        [][]byte
		outcomes       = newOutcomeArrays(len(writes))
		acts           actArrays
		transfers      transferArrays
		told           concernArrays
		feedID, feedAt = feed.ID, timestamp(feed.At)
	)
	for _, w := range writes {
		if !isUUID(string(w.Learner)) {
			return nil, fmt.Errorf("learner %q: not a canonical UUID", w.Learner)
		}
		learners = append(learners, string(w.Learner))
		bases = append(bases, w.Base)
		versions = append(versions, w.Version())
		frozen = append(frozen, w.Frozen)
		totals = append(totals, w.Totals.String())
		digest := creditbank.StateDigest(w.Learner, w.Version(), w.Frozen, w.Totals)
		digests = append(digests, digest[:])
		for _, o := range w.Outcomes {
			outcomes.add(o)
		}
		for _, a := range w.Acts {
			acts.add(a)
		}
		for _, m := range w.Movements {
			transfers.add(w.Learner, m)
		}
		for _, c := range w.Concerns {
			told.add(c)
		}
	}
	args := make([]any, 0, appendArguments+12)
	args = append(args, feedID, feedAt, pq.StringArray(learners), pq.Int64Array(bases), pq.Int64Array(versions),
		pq.BoolArray(frozen), pq.StringArray(totals), pq.ByteaArray(digests))
	args = append(args, outcomes.args()...)
	args = append(args, acts.args()...)
	args = append(args, transfers.args()...)
	if len(told.seq) > 0 {
		args = append(args, told.args()...)
	}
	return args, nil
}

// transferArrays are the columns of rows of transfer.
type transferArrays struct {
	learner, from, to, category []string
	seq, credits                []int64
	n                           []int32
}

func (t *transferArrays) add(id creditbank.LearnerID, m creditbank.Movement) {
	t.learner = append(t.learner, string(id))
	t.seq = append(t.seq, m.Seq)
	t.n = append(t.n, int32(m.N))
	t.from = append(t.from, string(m.From))
	t.to = append(t.to, string(m.To))
	t.category = append(t.category, string(m.Category))
	t.credits = append(t.credits, int64(m.Credits))
}

func (t *transferArrays) args() []any {
	return []any{
		pq.StringArray(t.learner), pq.Int64Array(t.seq), pq.Int32Array(t.n),
		pq.StringArray(t.from), pq.StringArray(t.to), pq.StringArray(t.category), pq.Int64Array(t.credits),
	}
}

// timestamp writes t for a timestamptz, to the microsecond.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000000Z") }

// isUUID reports whether s is a UUID in its canonical text form. PostgreSQL
// takes others for the same UUID, which in Go are other strings.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}
