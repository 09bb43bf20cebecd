//go:build unix

package postgres_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/lib/pq"

	"creditbank/creditbank"
	"creditbank/creditbank/postgres"
	"creditbank/creditbank/storetest"
)

// A node is one of a plan that was executed.
type node struct {
	Type     string  `json:"Node Type"`
	Relation string  `json:"Relation Name"`
	Index    string  `json:"Index Name"`
	Loops    float64 `json:"Actual Loops"`
	Plans    []node
}

// all returns n and everything below it.
func (n node) all() []node {
	nodes := []node{n}
	for _, p := range n.Plans {
		nodes = append(nodes, p.all()...)
	}
	return nodes
}

// populate adds n learners with an outcome each, past the store.
func populate(t testing.TB, db *sql.DB, n int) {
	t.Helper()
	for _, query := range []string{
		`INSERT INTO account (learner_id, version, frozen, totals, digest)
		SELECT md5(n::text)::uuid, 2, FALSE, '', sha256('') FROM generate_series(1, $1::integer) AS n`,
		`INSERT INTO outcome
		SELECT
			md5(n::text)::uuid, md5((n / 200)::text)::uuid, 2, 100, 0, 1600, 1600, now(), 1, 20260301, 20310301, 1, 1, 1,
			TRUE, 'I06', 'x-' || n, 'C1', '87', 'N01', '', 'NON_FORMAL', 'taiji', 'institution:I06', 'req', sha256('')
		FROM generate_series(1, $1::integer) AS n`,
	} {
		if _, err := db.ExecContext(t.Context(), query, n); err != nil {
			t.Fatal(err)
		}
	}
}

// explain runs a query as the store does, prepared with a generic plan on a
// connection with its settings, and returns the plan. Nothing is kept of it.
func explain(t *testing.T, db *sql.DB, query string, args ...any) []node {
	t.Helper()
	ctx := t.Context()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	for name, value := range postgres.Settings() {
		if _, err := tx.ExecContext(ctx, `SELECT set_config($1, $2, TRUE)`, name, value); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tx.ExecContext(ctx, "PREPARE query AS "+query); err != nil {
		t.Fatal(err)
	}
	defer tx.ExecContext(ctx, "DEALLOCATE query")
	literals := make([]string, len(args))
	for i, arg := range args {
		if v, ok := arg.(driver.Valuer); ok {
			if arg, err = v.Value(); err != nil {
				t.Fatal(err)
			}
		}
		literals[i] = pq.QuoteLiteral(fmt.Sprint(arg))
		if arg == nil {
			literals[i] = "NULL"
		}
	}
	execute := "EXECUTE query"
	if len(args) > 0 {
		execute += "(" + strings.Join(literals, ", ") + ")"
	}
	var text []byte
	if err := tx.QueryRowContext(ctx, "EXPLAIN (ANALYZE, FORMAT JSON) "+execute).Scan(&text); err != nil {
		t.Fatal(err)
	}
	var plans []struct{ Plan node }
	if err := json.Unmarshal(text, &plans); err != nil {
		t.Fatal(err)
	}
	return plans[0].Plan.all()
}

// The hot path looks rows up one by one, each in its own partition, in tables
// that were just filled as well as in those PostgreSQL knows.
func TestPlans(t *testing.T) {
	_, db := newStore(t)
	db.SetMaxOpenConns(1) // temporary settings, one connection
	const rows, batch = 100_000, 64
	populate(t, db, rows)
	keys, writes := hotBatch(t, db, batch)
	append_, err := postgres.AppendArgs(storetest.NewFeed(), writes)
	if err != nil {
		t.Fatal(err)
	}
	var learners, institutions, externalIDs []string
	var revisions, seqs []int64
	for _, k := range keys {
		learners = append(learners, string(k.Learner))
		institutions, externalIDs = append(institutions, string(k.Institution)), append(externalIDs, k.ExternalID)
		revisions, seqs = append(revisions, 1), append(seqs, 2)
	}
	tests := []struct {
		name  string
		query string
		args  []any
		want  map[string]float64 // how often each table is looked into
	}{
		{"Append", postgres.AppendQuery, append_, map[string]float64{"account": batch}},
		{"Heads", postgres.HeadsQuery,
			[]any{pq.Array(learners), pq.Array(institutions), pq.Array(externalIDs), pq.Array(revisions)},
			map[string]float64{"account": batch, "outcome": batch}},
		{"Heads of stored outcomes", postgres.StoredQuery, []any{pq.Array(learners), pq.Array(seqs)},
			map[string]float64{"outcome": batch}},
		{"History", postgres.OutcomesQuery, []any{learners[0], 2}, map[string]float64{"outcome": 1}},
	}
	for _, state := range []string{"fresh", "analyzed"} {
		for _, tt := range tests {
			t.Run(tt.name+" on "+state+" tables", func(t *testing.T) { wantLookups(t, explain(t, db, tt.query, tt.args...), tt.want) })
		}
		if _, err := db.ExecContext(t.Context(), "VACUUM ANALYZE"); err != nil {
			t.Fatal(err)
		}
	}
}

// A range of learners is read through the primary keys of the partitions: reading
// a population costs the same at its end as at its beginning.
func TestRangePlans(t *testing.T) {
	_, db := newStore(t)
	db.SetMaxOpenConns(1)
	populate(t, db, 20_000)
	for _, state := range []string{"fresh", "analyzed"} {
		for table, query := range postgres.RangeQueries {
			for _, n := range explain(t, db, query, "40000000-0000-4000-8000-000000000000", "41000000-0000-4000-8000-000000000000") {
				if n.Type == "Seq Scan" {
					t.Errorf("%s, %s: %s of %s, want scans of the index", state, table, n.Type, n.Relation)
				}
			}
		}
		if _, err := db.ExecContext(t.Context(), "VACUUM ANALYZE"); err != nil {
			t.Fatal(err)
		}
	}
}

// wantLookups checks that tables are read through indexes only, and how often.
// A row that is looked for in one partition of sixteen is one look-up.
func wantLookups(t *testing.T, plan []node, want map[string]float64) {
	t.Helper()
	got := map[string]float64{}
	for _, n := range plan {
		if table, _, ok := strings.Cut(n.Relation, "_p"); ok && strings.HasSuffix(n.Type, "Scan") {
			got[table] += n.Loops
		}
		if slices.Contains([]string{"Seq Scan", "Hash Join", "Merge Join"}, n.Type) {
			t.Errorf("%s %s, want nested loops over indexes", n.Type, n.Relation)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("look-ups by table: %v, want %v", got, want)
	}
}

// hotBatch returns keys of n outcomes on record, and n writes that post one
// more to each of the accounts.
func hotBatch(t testing.TB, db *sql.DB, n int) ([]creditbank.OutcomeKey, []creditbank.Write) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT learner_id, external_id FROM outcome ORDER BY digest, seq, external_id LIMIT $1`, n)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var keys []creditbank.OutcomeKey
	var writes []creditbank.Write
	for rows.Next() {
		k := creditbank.OutcomeKey{Institution: storetest.Issuer, Revision: 1}
		if err := rows.Scan(&k.Learner, &k.ExternalID); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
		o := storetest.Outcome(storetest.Posting(k.Learner, "new", 1), storetest.Recognised(creditbank.Credit), 3)
		writes = append(writes, creditbank.Write{Learner: k.Learner, Base: 2, Outcomes: []creditbank.Outcome{o}})
	}
	if err := rows.Err(); err != nil || len(keys) != n {
		t.Fatalf("%d outcomes, %v; want %d", len(keys), err, n)
	}
	slices.SortFunc(writes, func(a, b creditbank.Write) int { return strings.Compare(string(a.Learner), string(b.Learner)) })
	return keys, writes
}

// Followers and the sequencer read what is new, not what there is.
func TestFeedPlans(t *testing.T) {
	_, db := newStore(t)
	db.SetMaxOpenConns(1)
	const rows = 20_000
	populate(t, db, rows)
	_, err := db.ExecContext(context.Background(), `
		INSERT INTO feed (id, at, seq)
		SELECT md5(n::text)::uuid, now(), CASE WHEN n < 90 THEN n END FROM generate_series(1, 100) AS n`)
	if err != nil {
		t.Fatal(err)
	}
	for name, plan := range map[string][]node{
		"Feed":              explain(t, db, postgres.EntriesQuery, 80, 5),
		"Number":            explain(t, db, postgres.NumberQuery, postgres.Nobody, 20),
		"Number of nothing": explain(t, db, postgres.WaitingQuery),
	} {
		for _, n := range plan {
			if n.Relation != "" && n.Type == "Seq Scan" && n.Loops > 0 {
				t.Errorf("%s: %s of %s, want an index used", name, n.Type, n.Relation)
			}
		}
	}
}

// Open applications are found by the indexes of the worklist, none of another
// programme among them; cases by indexes made for that; disclosures of one learner and
// what one institution is told, by their keys.
func TestReviewPlans(t *testing.T) {
	_, db := newStore(t)
	db.SetMaxOpenConns(1)
	for _, query := range []string{
		`INSERT INTO application (learner_id, seq, number, programme, state, due, wake, facts)
		SELECT
			md5((n / 4)::text)::uuid, 2 + n % 4, '', 'P' || n % 100, CASE WHEN n % 40 = 1 THEN 'publicity' ELSE 'submitted' END,
			20260315 + n % 10, CASE WHEN n % 80 = 1 THEN 20260320 ELSE 99999999 END, '{}'
		FROM generate_series(1, 40000) AS n`,
		`INSERT INTO act (learner_id, feed_id, seq, at, day, request_part, kind, caller, request_key, request_hash, body, digest)
		SELECT
			md5((n / 4)::text)::uuid, md5(n::text)::uuid, 2 + n % 4, now(), 20260315, 0,
			CASE WHEN n % 40 = 5 THEN 'case_opened' WHEN n % 40 = 9 THEN 'case_decided' ELSE 'decided' END, 'x', '', sha256(''),
			CASE WHEN n % 80 = 2 THEN '{"of":3}' ELSE '{}' END::json, sha256('')
		FROM generate_series(1, 40000) AS n`,
		`INSERT INTO disclosure (learner_id, id, at, consent, caller, recipient, authority, purpose, fields, basis, request, digest)
		SELECT md5((n / 4)::text)::uuid, md5(n::text)::uuid, now(), 0, 'x', 'I06', '', '', 'PROFILE', 'SOURCE', '', sha256('')
		FROM generate_series(1, 20000) AS n`,
		`INSERT INTO concern (institution, learner_id, seq, kind, at, day, of_seq, since, programme, source, external_id, digest)
		SELECT 'I' || n % 3, md5(n::text)::uuid, 2, 'reversed', now(), 20260315, 1, 1, 'P1', 'I06', '', sha256('')
		FROM generate_series(1, 20000) AS n`,
	} {
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	for _, state := range []string{"fresh", "analyzed"} {
		for name, plan := range map[string][]node{
			"Worklist":    explain(t, db, postgres.WorklistQuery, pq.StringArray{"P1"}, 0, postgres.Nobody, 0, 20),
			"Waking":      explain(t, db, postgres.WakingQuery, 20260321, 0, postgres.Nobody, 0, 20),
			"Shown":       explain(t, db, postgres.ShownQuery, 0, postgres.Nobody, 0, 20),
			"Cases":       explain(t, db, postgres.CasesQuery, postgres.Nobody, 0, 20),
			"Concerns":    explain(t, db, postgres.ConcernsQuery, "I1", "infinity", postgres.Nobody, 0, 20),
			"Disclosures": explain(t, db, postgres.DisclosuresQuery, postgres.Nobody, postgres.NewestID, 20),
		} {
			for _, n := range plan {
				sorts := strings.HasSuffix(n.Type, "Sort") && state == "analyzed" && name != "Worklist" // of several programmes, one after the other
				if n.Loops > 0 && (n.Type == "Seq Scan" || sorts) {
					t.Errorf("%s on %s tables: %s %s, want an index in order", name, state, n.Type, n.Relation)
				}
				if name == "Worklist" && n.Index != "" && n.Index != "application_programme" {
					t.Errorf("%s on %s tables reads by %s, want the programme's index", name, state, n.Index)
				}
				if name == "Cases" && n.Loops > 0 && strings.Contains(n.Index, "pkey") {
					t.Errorf("%s on %s tables reads by %s all that a learner ever did", name, state, n.Index)
				}
			}
		}
		if _, err := db.ExecContext(t.Context(), "VACUUM ANALYZE"); err != nil {
			t.Fatal(err)
		}
	}
}
