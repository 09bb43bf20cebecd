// Package replica is what the replicas of the service share and may lose:
// rate limits ([Limiter]), revoked tokens ([DenyList]), browser sessions
// ([Cache]) and hints that something changed ([Signals]). A [Shared] holds the
// four.
//
// [InProcess] makes them for a single replica: nothing is shared, nothing
// fails. Package redis makes them for several, and falls back on the types
// here while Redis is away. What both promise stands at the interfaces;
// package replicatest is that promise as tests.
//
// None of it is a record. The ledger and the tables beside it are the truth,
// and whatever is lost here costs accuracy of a limit, a read of the database
// or a few seconds of delay, never an answer. So no method returns an error
// where a caller could only ignore it.
package replica
