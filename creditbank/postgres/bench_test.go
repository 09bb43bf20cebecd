//go:build unix

package postgres_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/postgres"
	"creditbank/creditbank/postgres/pgtest"
	"creditbank/creditbank/storetest"
)

// benchAccounts is how many accounts a benchmark posts to.
const benchAccounts = 50_000

// bareQuery inserts rows of the same shape as [postgres.AppendQuery] does, and
// nothing else: the limit of what inserting sets of rows can do.
func bareQuery() string {
	q := postgres.AppendQuery
	q = q[strings.Index(q, "INSERT INTO outcome"):strings.Index(q, "WHERE (learner_id IN")]
	q = strings.Replace(q, "INSERT INTO outcome", "INSERT INTO bare", 1)
	for n := 9; n <= 34; n++ { // the arguments from $9 on follow the first
		q = strings.Replace(q, fmt.Sprintf("$%d::", n), fmt.Sprintf("$%d::", n-7), 1)
	}
	return q
}

// BenchmarkAppend posts one outcome to each account of a batch, on a server
// that makes every commit durable, and beside it inserts the same rows into an
// identical table without asking for anything. It reports rows/s of both.
func BenchmarkAppend(b *testing.B) {
	s := pgtest.New(b, pgtest.Options{Durable: true, Settings: map[string]string{
		"shared_buffers": "512MB", "max_wal_size": "4GB",
	}})
	if err := s.CreateDatabase(b.Context(), "bench", ""); err != nil {
		b.Fatal(err)
	}
	store := open(b, s.DSN("bench"))
	db := openDB(b, s.DSN("bench"))
	makeBare(b, db)
	books := openAccounts(b, store)
	for _, writers := range []int{1, 2} {
		for _, batch := range []int{16, 64, 256} {
			b.Run(fmt.Sprintf("writers=%d/batch=%d", writers, batch), func(b *testing.B) {
				bench(b, store, db, books, writers, batch)
			})
		}
	}
	b.Run("size", func(b *testing.B) { reportSize(b, db) })
}

// makeBare makes a table that is like outcome in all.
func makeBare(b *testing.B, db *sql.DB) {
	query := `CREATE TABLE bare (LIKE outcome INCLUDING ALL) PARTITION BY HASH (learner_id);`
	for n := range 16 {
		query += fmt.Sprintf(`CREATE TABLE bare_%d PARTITION OF bare FOR VALUES WITH (MODULUS 16, REMAINDER %d);`, n, n)
	}
	if _, err := db.ExecContext(b.Context(), query); err != nil {
		b.Fatal(err)
	}
}

// versions are the accounts of a benchmark with the version of each.
type versions struct {
	ids  []creditbank.LearnerID
	seqs []int64
}

func openAccounts(b *testing.B, store *postgres.Store) *versions {
	b.Helper()
	learners := storetest.Learners(benchAccounts)
	v := &versions{seqs: make([]int64, len(learners))}
	for part := range slices.Chunk(learners, 1000) {
		storetest.Open(b, store, part...)
	}
	for i, l := range learners {
		v.ids = append(v.ids, l.ID)
		v.seqs[i] = 1
	}
	return v
}

// batch returns the n-th batch of a writer: writes to accounts that no other
// writer touches.
func (v *versions) batch(writer, writers, n, size int) []creditbank.Write {
	writes := make([]creditbank.Write, size)
	share := len(v.ids) / writers
	step := share / size // spread over all
	for i := range writes {
		at := writer*share + i*step + n%step
		o := storetest.Outcome(storetest.Posting(v.ids[at], fmt.Sprintf("BX-%08d", v.seqs[at]), 1),
			storetest.Recognised(creditbank.Credit), v.seqs[at]+1)
		var totals creditbank.Totals
		writes[i] = creditbank.Write{
			Learner: o.Learner, Base: v.seqs[at], Outcomes: []creditbank.Outcome{o},
			Totals: totals.Plus(o.Category, o.IssuedOn, creditbank.Credits(v.seqs[at])*o.Credits),
		}
		v.seqs[at]++
	}
	return writes
}

// bench runs b.N batches through the store, and as many bare ones, in turns of
// a few so that both see the same machine.
func bench(b *testing.B, store *postgres.Store, db *sql.DB, v *versions, writers, size int) {
	bare, err := db.PrepareContext(b.Context(), bareQuery())
	if err != nil {
		b.Fatal(err)
	}
	defer bare.Close()
	var mu sync.Mutex
	var taken [2]time.Duration // by all writers together
	var wg sync.WaitGroup
	b.ResetTimer()
	for w := range writers {
		wg.Go(func() {
			for n := range (b.N + writers - 1) / writers {
				writes := v.batch(w, writers, n, size)
				start := time.Now()
				ok, err := store.Append(b.Context(), storetest.NewFeed(), writes)
				if err != nil || slices.Contains(ok, false) {
					b.Errorf("Append = %v, %v", ok, err)
					return
				}
				middle := time.Now()
				args, err := postgres.AppendArgs(storetest.NewFeed(), writes)
				if err != nil {
					b.Error(err)
					return
				}
				if _, err := bare.ExecContext(b.Context(), append(args[:1:1], args[8:34]...)...); err != nil {
					b.Error(err)
					return
				}
				mu.Lock()
				taken[0] += middle.Sub(start)
				taken[1] += time.Since(middle)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	rows := float64((b.N + writers - 1) / writers * writers * size)
	perSecond := func(d time.Duration) float64 { return rows * float64(writers) / d.Seconds() }
	b.ReportMetric(perSecond(taken[0]), "rows/s")
	b.ReportMetric(perSecond(taken[1]), "bare-rows/s")
	b.ReportMetric(perSecond(taken[0])/perSecond(taken[1]), "ratio")
}

// reportSize reports what the postings made so far take on disk, and how many
// of the updates of accounts left the index alone.
func reportSize(b *testing.B, db *sql.DB) {
	var postings, heap, indexes, accounts int64
	var hot float64
	err := db.QueryRowContext(b.Context(), `
		SELECT
			(SELECT count(*) FROM outcome),
			sum(pg_table_size(oid)) FILTER (WHERE relname LIKE 'outcome%'),
			sum(pg_indexes_size(oid)) FILTER (WHERE relname LIKE 'outcome%'),
			sum(pg_total_relation_size(oid)) FILTER (WHERE relname LIKE 'account%' OR relname = 'feed'),
			(SELECT sum(n_tup_hot_upd) / sum(n_tup_upd) FROM pg_stat_user_tables WHERE relname LIKE 'account%')
		FROM pg_class
		WHERE relkind = 'r'`).Scan(&postings, &heap, &indexes, &accounts, &hot)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(heap)/float64(postings), "heap-B/posting")
	b.ReportMetric(float64(indexes)/float64(postings), "index-B/posting")
	b.ReportMetric(float64(accounts)/float64(postings), "account+feed-B/posting")
	b.ReportMetric(hot, "hot-updates")
}
