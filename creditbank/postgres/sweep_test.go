//go:build unix

package postgres_test

import (
	"testing"

	"creditbank/creditbank/postgres"
)

// What is due and what was refused are found by indexes made for that, in
// order, however many outcomes there are.
func TestSweepPlans(t *testing.T) {
	_, db := newStore(t)
	db.SetMaxOpenConns(1)
	populate(t, db, 40_000)
	for _, query := range []string{
		`INSERT INTO outcome
		SELECT
			md5(n::text)::uuid, md5(n::text)::uuid, 3, CASE WHEN n % 50 = 0 THEN 0 ELSE 100 END, 0, 1600, 1600, now(), 1, 20210301, 20260301 + n % 28, 1, 1, 1,
			n % 50 <> 0, 'I06', 'y-' || n, 'C1', '87', 'N01', '', 'NON_FORMAL', 'taiji', 'institution:I06', 'req', sha256('')
		FROM generate_series(1, 4000) AS n`,
		`INSERT INTO act (learner_id, feed_id, seq, at, day, request_part, kind, caller, request_key, request_hash, body, digest)
		SELECT
			md5((n / 4)::text)::uuid, md5(n::text)::uuid, 4 + n % 4, now(), 20260315, 0,
			CASE WHEN n % 40 = 1 THEN 'recognised' ELSE 'decided' END, 'x', '', sha256(''),
			CASE WHEN n % 80 = 1 THEN '{"of":3,"recognition":{"expires_on":"2026-03-01"}}' ELSE '{"recognition":{"expires_on":""}}' END::json, sha256('')
		FROM generate_series(1, 40000) AS n`,
	} {
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	for _, state := range []string{"fresh", "analyzed"} {
		for name, plan := range map[string][]node{
			"Expiring": explain(t, db, postgres.ExpiringQuery, 20260310, postgres.Nobody, 20260314, 20),
			"Refused":  explain(t, db, postgres.RefusedQuery, postgres.Nobody, 20),
		} {
			for _, n := range plan {
				if n.Relation != "" && n.Type == "Seq Scan" && n.Loops > 0 {
					t.Errorf("%s on %s tables: %s of %s, want an index used", name, state, n.Type, n.Relation)
				}
			}
		}
		if _, err := db.ExecContext(t.Context(), "VACUUM ANALYZE"); err != nil {
			t.Fatal(err)
		}
	}
}
