// Package replicatest is what every [replica.Shared] must do, written as tests
// that each implementation runs: [Run]. What is special about one of them, its
// faults first of all, is tested beside it.
//
// Nothing here depends on how fast things are, save that nothing takes longer
// than [Patience].
package replicatest

import (
	"testing"
	"time"

	"creditbank/api/replica"
)

// Patience is how long a test waits for what must happen. It is generous:
// where it is used up, something hangs.
const Patience = 30 * time.Second

// A Harness is a Shared without content, with what a test needs around it.
type Harness struct {
	Shared replica.Shared

	// Another returns a further replica that shares with the first. The harness
	// closes it. It is nil where nothing can be shared, and the tests that need
	// it are not run.
	Another func() replica.Shared

	// Wait lets so much time pass.
	Wait func(time.Duration)

	// Now tells the time by the clock of the replicas.
	Now func() time.Time
}

// Run tests what open returns. It is called once for each subtest, and closes
// what it opened when the test ends.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	for _, group := range [][]test{limitTests, denyTests, cacheTests, signalTests, lifeTests} {
		for _, tt := range group {
			t.Run(tt.name, func(t *testing.T) { tt.run(t, open(t)) })
		}
	}
	for _, tt := range sharingTests {
		t.Run(tt.name, func(t *testing.T) {
			if h := open(t); h.Another != nil {
				tt.run(t, h)
			}
		})
	}
}

// A test is one of the suite.
type test struct {
	name string
	run  func(*testing.T, Harness)
}

// Eventually waits until holds does.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", Patience, what)
		}
	}
}

// Receive waits for the next signal of a channel that is not closed.
func Receive(t testing.TB, signals <-chan []byte) []byte {
	t.Helper()
	select {
	case payload, open := <-signals:
		if !open {
			t.Fatal("the channel of signals was closed")
		}
		return payload
	case <-time.After(Patience):
		t.Fatalf("no signal within %v", Patience)
	}
	return nil
}
