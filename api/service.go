package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"creditbank/api/contract"
	"creditbank/api/replica"
)

// Prepare learns what has to be known before the first request: which tokens
// were revoked.
func (s *Server) Prepare(ctx context.Context) error {
	if err := s.pollDenied(ctx); err != nil {
		return fmt.Errorf("revoked tokens: %w", err)
	}
	return nil
}

// Run does what has to be done beside the requests, until ctx ends: it keeps
// signing keys rotating, hears of other replicas, and polls the database, which
// is the truth where nobody hears.
func (s *Server) Run(ctx context.Context) {
	feed, stopFeed := s.c.Shared.Signals.Subscribe(topicFeed)
	defer stopFeed()
	var wait sync.WaitGroup
	defer wait.Wait()
	wait.Go(func() { s.events.run(ctx, feed, s.fault(ctx, "events")) })
	wait.Go(func() { s.events.hint(ctx, func() { s.c.Shared.Signals.Publish(ctx, topicFeed, nil) }) })
	wait.Go(func() { s.hear(ctx, topicPrincipals, func(caller []byte) { s.principals.forget(string(caller)) }) })
	wait.Go(func() { s.hear(ctx, topicReference, func([]byte) { s.try(ctx, "reference data", s.c.Bank.Refresh) }) })
	wait.Go(func() { s.every(ctx, 5*time.Second, "deny list", s.pollDenied) })
	wait.Go(func() { s.every(ctx, 10*time.Second, "reference data", s.c.Bank.Refresh) })
	wait.Go(func() { s.every(ctx, time.Hour, "signing keys", s.c.TokenKeys.Ensure) })
	wait.Go(func() { s.every(ctx, time.Hour, "purge", s.purge) })
}

// hear acts on the signals of other replicas until ctx ends.
func (s *Server) hear(ctx context.Context, topic string, act func([]byte)) {
	signals, stop := s.c.Shared.Signals.Subscribe(topic)
	defer stop()
	for {
		select {
		case <-ctx.Done():
			return
		case payload, open := <-signals:
			if !open {
				return
			}
			act(payload)
		}
	}
}

// every does something now and then until ctx ends.
func (s *Server) every(ctx context.Context, period time.Duration, what string, do func(context.Context) error) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		s.try(ctx, what, do)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Server) try(ctx context.Context, what string, do func(context.Context) error) {
	if err := do(ctx); err != nil && ctx.Err() == nil {
		s.fault(ctx, what)(err)
	}
}

func (s *Server) fault(ctx context.Context, what string) func(error) {
	return func(err error) {
		s.c.Log.WarnContext(ctx, "background work failed; it is tried again", "what", what, "err", err)
	}
}

// pollDenied learns of tokens revoked at any replica. It asks for the last hour
// each time, which is longer than any token serves.
func (s *Server) pollDenied(ctx context.Context) error {
	revoked, err := s.c.Registry.Revoked(ctx, s.c.Clock().Add(-time.Hour))
	if err != nil {
		return err
	}
	denials := make([]replica.Denial, 0, len(revoked))
	for _, r := range revoked {
		denials = append(denials, replica.Denial{JTI: r.JTI, Until: r.Expires})
	}
	s.c.Shared.Denied.Merge(denials)
	return nil
}

// Published tells the other replicas that there is new reference data.
func (s *Server) Published(ctx context.Context) { s.c.Shared.Signals.Publish(ctx, topicReference, nil) }

func (s *Server) purge(ctx context.Context) error {
	_, err := s.c.Registry.Purge(ctx)
	return err
}

// location returns the time zone of the rules in force.
func (s *Server) location() *time.Location {
	if rules := s.c.Bank.Catalogue().Rules; rules != nil {
		return rules.Location()
	}
	return time.UTC
}

// GetHealth implements [contract.StrictServerInterface].
func (s *Server) GetHealth(context.Context, contract.GetHealthRequestObject) (contract.GetHealthResponseObject, error) {
	return contract.GetHealth200JSONResponse{Status: contract.Alive}, nil
}

// readiness is answered with 200 or 503.
type readiness contract.Readiness

// VisitGetReadinessResponse implements [contract.GetReadinessResponseObject].
func (r readiness) VisitGetReadinessResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if r.Status == contract.NotReady || r.Status == contract.Stopping {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	return json.NewEncoder(w).Encode(contract.Readiness(r))
}

const (
	// readyTimeout bounds what readiness asks: who asks does not wait for long.
	readyTimeout = 2 * time.Second

	// readyFor is how long an answer serves whoever asks: anyone may, and is not
	// counted, and must not be able to keep the database busy.
	readyFor = 500 * time.Millisecond
)

// known is what readiness found out last.
type known struct {
	mu   sync.Mutex
	last readiness
	at   time.Time // by the machine's own clock
}

// get returns what was found out lately, or finds it out. Who asks meanwhile
// waits for the same answer.
func (k *known) get(find func() readiness) readiness {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.at.IsZero() || time.Since(k.at) >= readyFor {
		k.last = find()
		k.at = time.Now()
	}
	return k.last
}

// GetReadiness implements [contract.StrictServerInterface]. Without the database
// nothing can be done; without what the replicas share each goes on alone. The
// answer says no more than what is missing: anyone may read it.
func (s *Server) GetReadiness(ctx context.Context, _ contract.GetReadinessRequestObject) (contract.GetReadinessResponseObject, error) {
	// Whoever asked first may go away: the others wait for the answer too.
	r := s.ready.get(func() readiness { return s.readiness(context.WithoutCancel(ctx)) })
	if s.draining.Load() {
		r.Status = contract.Stopping
	}
	return r, nil
}

// readiness finds out what is there.
func (s *Server) readiness(ctx context.Context) readiness {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	r := readiness{Status: contract.Ready, Checks: map[string]string{"database": "ok", "shared": "ok"}}
	if err := s.c.Shared.Health(ctx); err != nil {
		r.Status, r.Checks["shared"] = contract.Degraded, "away"
	}
	if s.c.Ready != nil {
		for name, err := range s.c.Ready() {
			r.Checks[name] = "ok"
			if err != nil {
				r.Status, r.Checks[name] = contract.Degraded, "away"
			}
		}
	}
	if _, err := s.c.Feed.Number(ctx); err != nil {
		r.Status, r.Checks["database"] = contract.NotReady, "away"
	}
	return r
}

// metrics are answered by what measures.
type metrics struct {
	handler http.Handler
	request *http.Request
}

// VisitGetMetricsResponse implements [contract.GetMetricsResponseObject].
func (m metrics) VisitGetMetricsResponse(w http.ResponseWriter) error {
	m.handler.ServeHTTP(w, m.request)
	return nil
}

// GetMetrics implements [contract.StrictServerInterface]. They tell how much is
// going on, which is the operator's business: from elsewhere they are read at
// the address for operators.
func (s *Server) GetMetrics(ctx context.Context, _ contract.GetMetricsRequestObject) (contract.GetMetricsResponseObject, error) {
	c := callOf(ctx)
	if s.c.MetricsHandler == nil || !c.peer.IsLoopback() {
		return nil, refuse(problemForbidden, "LOCAL_ONLY", "仅限本机读取；请使用 admin_listen", "for the machine itself only; see admin_listen")
	}
	return metrics{s.c.MetricsHandler, c.request}, nil
}

// GetContract implements [contract.StrictServerInterface].
func (s *Server) GetContract(context.Context, contract.GetContractRequestObject) (contract.GetContractResponseObject, error) {
	return contract.GetContract200ApplicationyamlResponse{
		Body: bytes.NewReader(Contract), ContentLength: int64(len(Contract)), Headers: contract.GetContract200ResponseHeaders{CacheControl: "public, max-age=300"},
	}, nil
}
