package issuance_test

import (
	"testing"
)

// BenchmarkFollow issues the certificates of many conversions, 256 a step.
func BenchmarkFollow(b *testing.B) {
	city, _ := newCity(b)
	const people = 256
	for b.Loop() {
		b.StopTimer()
		for range people {
			city.Converted(b)
		}
		b.StartTimer()
		if p, err := city.Office(b, nil).CatchUp(b.Context()); err != nil || p.Issued != people {
			b.Fatalf("CatchUp = %+v, %v", p, err)
		}
	}
	b.ReportMetric(float64(people*b.N)/b.Elapsed().Seconds(), "certificates/s")
}

// BenchmarkIssueOutcome issues certificates one by one.
func BenchmarkIssueOutcome(b *testing.B) {
	city, _ := newCity(b)
	office := city.Office(b, nil)
	who := city.Citizen(b)
	for b.Loop() {
		b.StopTimer()
		if b.N%50 == 0 {
			who = city.Citizen(b)
		}
		posted := city.Post(b, who.ID, "K2")
		b.StartTimer()
		if _, err := office.IssueOutcome(b.Context(), who.ID, posted.Seq); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "certificates/s")
}

// BenchmarkFetch hands out one certificate again and again.
func BenchmarkFetch(b *testing.B) {
	city, _ := newCity(b)
	office := city.Office(b, nil)
	who, posted := city.Converted(b)
	c, err := office.IssueOutcome(b.Context(), who.ID, posted.Seq)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := office.Fetch(b.Context(), c.ID); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "handouts/s")
}
