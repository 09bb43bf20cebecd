package serving

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"sync"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"creditbank/api/telemetry"
)

// Run serves until ctx ends, then stops: readiness says no for as long as the
// configuration asks; then nothing new is accepted, what is under way is
// answered, what was accepted is written, and everything is closed. ready is
// called once connections are accepted.
func (s *Service) Run(ctx context.Context, ready func(net.Addr)) (err error) {
	// What runs beside the requests outlives ctx until the requests have ended.
	beside, stop := context.WithCancel(context.WithoutCancel(ctx))
	var wait sync.WaitGroup
	defer func() {
		stop()
		wait.Wait()
		err = errors.Join(err, s.close(ctx))
		s.Log.Info("stopped")
	}()
	servers, err := s.servers()
	if err != nil {
		return err
	}
	s.Host.CheckAnchored(beside)
	wait.Go(func() { s.Host.Run(beside) })
	failed := make(chan error, len(servers))
	for _, one := range servers {
		wait.Go(func() {
			if err := one.serve(); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serve %s: %w", one.listener.Addr(), err)
			}
		})
	}
	s.Log.Info("serving", "address", s.listener.Addr().String(), "public_url", string(s.config.PublicURL))
	ready(s.listener.Addr())
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	return errors.Join(err, s.stop(servers, err == nil))
}

// stop ends the servers.
func (s *Service) stop(servers []*listening, drain bool) error {
	s.Server.Drain()
	if drain && s.config.Drain > 0 {
		s.Log.Info("draining", "for", s.config.Drain)
		time.Sleep(s.config.Drain)
	}
	s.Server.Stop()
	grace, cancel := context.WithTimeout(context.Background(), s.config.ShutdownGrace)
	defer cancel()
	var errs []error
	for _, one := range servers {
		if err := one.Shutdown(grace); err != nil {
			s.Log.Warn("requests are cut off, their time is over", "err", err)
			errs = append(errs, one.Close())
		}
	}
	return errors.Join(errs...)
}

// listening is a server with the address it serves.
type listening struct {
	*http.Server
	listener  net.Listener
	cert, key string
}

func (l *listening) serve() error {
	if l.cert != "" {
		return l.ServeTLS(l.listener, l.cert, l.key)
	}
	return l.Serve(l.listener)
}

// servers returns the server, and that for operators if there is one.
func (s *Service) servers() ([]*listening, error) {
	main := s.Server.HTTP()
	main.Handler = otelhttp.NewHandler(s.Server, "request", otelhttp.WithTracerProvider(s.tracing.Provider()))
	all := []*listening{{main, s.listener, s.config.TLS.CertFile, s.config.TLS.KeyFile}}
	if s.config.AdminListen == "" {
		return all, nil
	}
	l, err := net.Listen("tcp", s.config.AdminListen)
	if err != nil {
		return nil, fmt.Errorf("listen for operators: %w", err)
	}
	operators := s.Server.HTTP()
	// A profile is written for as long as it is asked for.
	operators.Handler, operators.WriteTimeout = s.operators(), 0
	return append(all, &listening{Server: operators, listener: l}), nil
}

// operators serves what is for operators only.
func (s *Service) operators() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/metrics", s.metrics.Handler())
	mux.Handle("/healthz", s.Server)
	mux.Handle("/readyz", s.Server)
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	return mux
}

// measures takes the server's measurements to the metrics.
type measures struct{ m *telemetry.Metrics }

// Observe implements [api.Metrics].
func (m measures) Observe(operation string, status int, took time.Duration) {
	m.m.Finished(operation, status, took)
}

// InFlight implements [api.Metrics]. Finished counts down by itself.
func (m measures) InFlight(delta int) {
	if delta > 0 {
		m.m.Started()
	}
}

// Refused implements [api.Metrics].
func (m measures) Refused(_, problem string) {
	reasons := map[string]telemetry.Refusal{
		"rate-limited": telemetry.RefusedRate, "busy": telemetry.RefusedBusy, "too-large": telemetry.RefusedSize,
		"unauthenticated": telemetry.RefusedUnauthenticated, "forbidden": telemetry.RefusedForbidden, "consent-required": telemetry.RefusedForbidden,
		"invalid": telemetry.RefusedMalformed, "unprocessable": telemetry.RefusedMalformed, "unsupported-media-type": telemetry.RefusedMalformed,
		"unavailable": telemetry.RefusedTimeout,
	}
	if reason, ok := reasons[problem]; ok {
		m.m.Refused(reason)
	}
}
