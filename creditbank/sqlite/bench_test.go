package sqlite

import (
	"fmt"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/storetest"
)

// BenchmarkAppend appends batches of 256 postings to as many accounts.
func BenchmarkAppend(b *testing.B) {
	s := open(b, newPath(b))
	const batch = 256
	learners := storetest.Learners(16 * batch)
	for i := 0; i < len(learners); i += batch {
		storetest.Open(b, s, learners[i:i+batch]...)
	}
	version := int64(1)
	next := 0
	for b.Loop() {
		if next == len(learners) {
			version, next = version+1, 0
		}
		writes := make([]creditbank.Write, batch)
		for i, l := range learners[next : next+batch] {
			p := storetest.Posting(l.ID, fmt.Sprintf("%d", version), 1)
			o := storetest.Outcome(p, storetest.Recognised(creditbank.Credit), version+1)
			writes[i] = creditbank.Write{
				Learner: l.ID, Base: version, Outcomes: []creditbank.Outcome{o},
				Totals: creditbank.Totals{}.Plus(o.Category, o.IssuedOn, o.Credits),
			}
		}
		next += batch
		storetest.Append(b, s, writes...)
	}
	b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "rows/s")
}
