package api_test

import (
	"math/rand/v2"
	"os"
	"testing"

	"creditbank/api/apitest/fuzz"
)

// Whatever is asked, in whatever broken way: the service answers as the contract
// says, tells nobody's name, and the bank adds up in the end.
func TestFuzz(t *testing.T) {
	n, seed := 20_000, uint64(20260315)
	if os.Getenv("CREDITBANK_LONG") == "1" {
		n, seed = 200_000, rand.Uint64()
	}
	t.Logf("seed %d", seed)
	fuzz.Run(t, n, seed)
}
