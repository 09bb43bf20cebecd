package foreign_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"testing"

	"creditbank/certify"
	"creditbank/certify/certifytest"
)

// The canonical form of what we sign is byte for byte that of jsonld.js.
func TestCanonicalFormIsJsonldJs(t *testing.T) {
	p := start(t, certifytest.Now(), nil)
	for seed := range uint64(300) {
		prepared, err := certify.Prepare(certifytest.Any(rand.New(rand.NewPCG(seed, 3))))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		unsigned := prepared.Unsigned()
		a := p.ask(t, "canonize", json.RawMessage(unsigned))
		var quads string
		if !a.Accepted || json.Unmarshal(a.Output, &quads) != nil {
			t.Fatalf("seed %d: jsonld.js refuses %s: %s", seed, unsigned, a.Why)
		}
		ours, err := certify.CanonicalHash(unsigned)
		if err != nil {
			t.Fatal(err)
		}
		if theirs := sha256.Sum256([]byte(quads)); theirs != ours {
			t.Errorf("seed %d: hash %s, jsonld.js %s, of\n%s\njsonld.js:\n%s", seed,
				hex.EncodeToString(ours[:]), hex.EncodeToString(theirs[:]), unsigned, quads)
		}
	}
}
