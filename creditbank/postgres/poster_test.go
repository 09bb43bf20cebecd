//go:build unix

package postgres_test

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/postgres/pgtest"
	"creditbank/creditbank/scenario"
	"creditbank/creditbank/scenario/scenariotest"
	"creditbank/creditbank/storetest"
)

// BenchmarkPost measures the whole way of a posting, from the call to the
// durable answer, recognition included, on a server with fsync on: clients that
// each wait for their answer. Its limit is the bare insert of [BenchmarkAppend]
// at the batch size that the clients' number leads to.
func BenchmarkPost(b *testing.B) {
	pgtest.Require(b)
	for _, clients := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) { benchmarkPost(b, clients) })
	}
}

func benchmarkPost(b *testing.B, clients int) {
	durable := pgtest.New(b, pgtest.Options{Durable: true})
	store := open(b, durable.Database(b, ""))
	stage := scenariotest.NewStage(b, store)
	city, err := scenario.Read(os.DirFS("../scenario/testdata/qinghe"))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := scenario.Play(b.Context(), stage, city); err != nil {
		b.Fatal(err)
	}
	learners := openLearners(b, store, 10_000)
	poster := stage.Bank.NewPoster(b.Context(), creditbank.PosterConfig{})
	defer poster.Close()
	score, _ := creditbank.ParseScore("85")
	var next, failed atomic.Int64
	waits := make([][]time.Duration, clients)
	b.ResetTimer()
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for {
				n := next.Add(1)
				if n > int64(b.N) {
					return
				}
				p := creditbank.Posting{
					OutcomeKey: creditbank.OutcomeKey{Learner: learners[n*7919%int64(len(learners))], Institution: "I15", ExternalID: fmt.Sprintf("B%d", n), Revision: 1},
					Course:     "S07", IssuedOn: 20240601, Score: score,
				}
				begun := time.Now()
				if _, err := poster.Post(b.Context(), stage.By, p, ""); err != nil {
					failed.Add(1)
				}
				waits[c] = append(waits[c], time.Since(begun))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	if failed.Load() > 0 {
		b.Fatalf("%d postings failed", failed.Load())
	}
	report(b, waits)
}

// report prints the rate and the percentiles of the waits.
func report(b *testing.B, waits [][]time.Duration) {
	all := storetest.Percentiles(waits, 50, 99)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "postings/s")
	b.ReportMetric(float64(all[0].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(all[1].Microseconds())/1000, "p99-ms")
}

// openLearners opens n accounts straight in the store.
func openLearners(b *testing.B, store creditbank.Store, n int) []creditbank.LearnerID {
	b.Helper()
	learners := storetest.Learners(n)
	if _, err := store.Open(b.Context(), storetest.NewFeed(), learners); err != nil {
		b.Fatal(err)
	}
	ids := make([]creditbank.LearnerID, n)
	for i, l := range learners {
		ids[i] = l.ID
	}
	return ids
}
