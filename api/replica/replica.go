package replica

import (
	"context"
	"strings"
	"time"
)

// Shared is what the replicas share. All of it may be called from several
// goroutines, and goes on working, alone, after Close.
type Shared struct {
	Limits   Limiter
	Denied   DenyList
	Sessions Cache
	Signals  Signals
	Backend
}

// A Backend is what stands behind a [Shared] as a whole.
type Backend interface {
	// Health returns nil if everything is shared that should be. An error says
	// that this replica is on its own for the time being: it serves, with
	// limits counted by itself. That is degraded, not unready.
	Health(ctx context.Context) error

	// Stats returns the counters since the start.
	Stats() Stats

	// Close ends all subscriptions and lets go of what was opened. Closing
	// twice does nothing.
	Close() error
}

// Stats are counters for metrics. They only grow, but for those that say
// "now".
type Stats struct {
	LimitsAllowed uint64 // requests that were within their limit
	LimitsRefused uint64 // requests that were not
	LimitsAlone   uint64 // of both, those decided without the other replicas

	SessionHits   uint64
	SessionMisses uint64

	Denied int // tokens on the deny list, now

	Subscribers int    // now
	SignalsSent uint64 // published by this replica
	SignalsLost uint64 // that a subscriber was too slow for, or that could not be sent to other replicas

	Away     bool   // the backend cannot be reached, now
	Outages  uint64 // how often it went away
	Failures uint64 // calls to it that failed
}

// Key joins the parts of a key so that different parts make different keys,
// whatever characters they hold: a tenant's, then what of the tenant's.
func Key(parts ...string) string {
	escape := strings.NewReplacer("%", "%25", "/", "%2F")
	escaped := make([]string, len(parts))
	for i, p := range parts {
		escaped[i] = escape.Replace(p)
	}
	return strings.Join(escaped, "/")
}

// InProcess returns the Shared of a single replica.
func InProcess(clock func() time.Time) Shared {
	b := &inProcess{
		limits:   NewLocalLimiter(clock, MaxLimits),
		denied:   NewLocalDenyList(clock),
		sessions: NewLocalCache(clock, MaxSessionBytes),
		hub:      NewHub(),
	}
	return Shared{Limits: b.limits, Denied: b.denied, Sessions: b.sessions, Signals: b.hub, Backend: b}
}

// The bounds of [InProcess].
const (
	MaxLimits       = 100_000  // keys, of some 100 bytes each
	MaxSessionBytes = 64 << 20 // of keys and values
)

// inProcess is the Backend of a single replica.
type inProcess struct {
	limits   *LocalLimiter
	denied   *LocalDenyList
	sessions *LocalCache
	hub      *Hub
}

// Health never finds anything missing.
func (b *inProcess) Health(context.Context) error { return nil }

func (b *inProcess) Stats() Stats {
	var s Stats
	s.LimitsAllowed, s.LimitsRefused = b.limits.Counts()
	s.SessionHits, s.SessionMisses = b.sessions.Counts()
	s.Denied = b.denied.Len()
	s.Subscribers, s.SignalsSent, s.SignalsLost = b.hub.Counts()
	return s
}

func (b *inProcess) Close() error {
	b.hub.Close()
	return nil
}
