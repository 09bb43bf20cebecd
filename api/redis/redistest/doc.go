// Package redistest starts throwaway Redis servers for tests, from the
// redis-server installed on this machine.
//
// A server listens on a socket in its own directory only, so that it needs no
// port and comes back at the same address; it stores nothing, and is gone
// after [Server.Stop]. A test makes it fail with [Server.Kill],
// [Server.Restart], [Server.Pause] and [Server.FlushAll].
//
//	func TestOutage(t *testing.T) {
//		s := redistest.New(t, redistest.Options{})
//		shared, err := redis.Open(ctx, redis.Config{URL: s.URL(), …})
//		…
//	}
//
// Nothing outlives a test that is itself killed, on Linux: the kernel ends
// the server with the process that started it, and the next server started
// removes the directory left behind.
//
// The package is for Unix; elsewhere it is empty.
package redistest
