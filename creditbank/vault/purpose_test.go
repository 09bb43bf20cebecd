package vault

import (
	"crypto/rand"
	"testing"
)

// What was sealed for one purpose does not open for another, even under the
// same key, which no caller can bring about today.
func TestPurposesAreKeptApart(t *testing.T) {
	v, err := New(make([]byte, MasterSize), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := v.seal(v.wrap, make([]byte, keySize), purposePerson)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.unwrap("learner", sealed); err == nil {
		t.Error("sealed data passes for a wrapped key")
	}
	if _, err := open(v.wrap, sealed, purposePerson); err != nil {
		t.Errorf("open for its own purpose: %v", err)
	}
	sealed[0] = 'Z'
	if _, err := open(v.wrap, sealed, purposePerson); err != errSuite {
		t.Errorf("open with a suite nobody knows: %v, want %v", err, errSuite)
	}
}
