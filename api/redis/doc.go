// Package redis shares between the replicas of the service what package
// replica describes, over one Redis (6.2 or newer), and goes on without it.
//
// Redis is either there or away. It is away from the first call that fails or
// takes longer than the timeout, which costs the requests of that moment so
// long, once. From then on every call is answered by this replica alone:
// limits by the in-process limiter, sessions by a miss, denials from memory,
// signals to the subscribers here. Once a second one goroutine, never a
// request, tries to come back. Redis counts as back when this replica hears
// messages again, the deny lists are one again, what was deleted meanwhile is
// deleted, and a write is answered in time. Then all subscribers, here and
// where signals of this replica were lost, are told to look for themselves.
//
// Redis may be emptied at any time, and evict any key. Limits then start anew,
// sessions are read from the database, and the deny list is put back within
// a second by every replica that runs.
//
// What stands in Redis, after the prefix:
//
//	:limit:DIGEST    when the bucket of a key will be full, in microseconds
//	:session:DIGEST  a session, as the caller gave it
//	:denied          the deny list, a sorted set of token ids by expiry
//	:alive           written to see whether Redis takes writes
//	:messages        the channel of signals and denials
//
// Keys are digests (SHA-256): no address, name or session key can be read in
// Redis, its log or its monitor.
package redis
