package api_test

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"creditbank/api/apitest/fuzz"
)

// Whatever is asked, in whatever broken way: the service answers as the contract
// says, tells nobody's name, and the bank adds up in the end.
func TestFuzz(t *testing.T) {
	n, within, seed := 22_000, 80*time.Second, uint64(20260315)
	if os.Getenv("CREDITBANK_LONG") == "1" {
		n, within, seed = 200_000, 40*time.Minute, rand.Uint64()
	}
	t.Logf("seed %d", seed)
	fuzz.Run(t, n, within, seed)
}
