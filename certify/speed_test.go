package certify_test

import (
	"testing"

	"creditbank/certify"
	"creditbank/certify/certifytest"
)

// Issuing is to be 0.3 ms of one core at most, so that two issue 5,000 a second
// with the log and the database beside.
func BenchmarkIssue(b *testing.B) {
	s, err := certify.NewSigner(certifytest.KeyID, certifytest.Key(1))
	if err != nil {
		b.Fatal(err)
	}
	for name, c := range map[string]certify.Certificate{"outcome": certifytest.Outcome(1), "conversion": certifytest.Conversion(2)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p, err := certify.Prepare(c)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := p.Sign(s, certifytest.Now()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
