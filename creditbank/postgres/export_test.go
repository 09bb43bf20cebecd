package postgres

import (
	"context"
	"net"
	"time"

	"creditbank/creditbank"
)

// Queries are the statements whose plans are tested.
const (
	AppendQuery   = appendQuery
	HeadsQuery    = headsQuery
	StoredQuery   = storedQuery
	OutcomesQuery = outcomesQuery
	EntriesQuery  = entriesQuery
	NumberQuery   = numberQuery
	WaitingQuery  = waitingQuery

	WorklistQuery    = worklistQuery
	WakingQuery      = wakingQuery
	ShownQuery       = shownQuery
	DisclosuresQuery = disclosuresQuery
	CasesQuery       = casesQuery
	ConcernsQuery    = concernsQuery
	ExpiringQuery    = expiringQuery
	RefusedQuery     = refusedQuery
)

// Settings returns those of each connection.
func Settings() map[string]string { return settings }

// AppendArgs returns the arguments of AppendQuery.
func AppendArgs(feed creditbank.Feed, writes []creditbank.Write) ([]any, error) {
	return appendArgs(feed, writes)
}

// Retry is how refused writes are tried again.
func Retry(ctx context.Context, f func() error) error { return retry(ctx, f) }

// Nobody is the lowest id, NewestID the highest.
const (
	Nobody   = nobody
	NewestID = newestID
)

// SetNumberBatch sets how many feed rows s numbers in one transaction.
func SetNumberBatch(s *Store, n int) { s.numberBatch = n }

// SequencerLock is the advisory lock under which feed rows are numbered.
const SequencerLock = sequencerLock

// MaxTries is how often.
const MaxTries = maxTries

// Impatient returns c with a limit to its silence.
func Impatient(c net.Conn, limit time.Duration) net.Conn { return impatient{c, limit} }

// RangeQueries are the queries that read the accounts of a range of learners, by
// the table each reads.
var RangeQueries = map[string]string{
	"account": accountsInQuery, "learner": learnersInQuery, "outcome": outcomesInQuery, "act": actsInQuery,
}
