package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// chain puts around the router what every request passes first; doc.go says in
// which order.
func (s *Server) chain(router http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.writeProblem(w, r, refuse(problemForbidden, "CROSS_ORIGIN", "拒绝来自其他网站的请求", "a request from another site is refused"))
	}))
	return s.identify(s.observe(headers(s.recover(s.admit(crossOrigin.Handler(router))))))
}

// recover makes a panic the end of one request only.
func (s *Server) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p) // the way to break off an answer
			}
			err := fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			if rec, ok := w.(*recorder); ok && rec.status != 0 {
				s.logProblem(r, problemInternal, err)
				panic(http.ErrAbortHandler) // the answer has begun: it must not look whole
			}
			s.writeProblem(w, r, err)
		}()
		next.ServeHTTP(w, r)
	})
}

// headers are those of every answer; an operation may set others.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store") // what is public says otherwise
		if r.Method == http.MethodHead {
			// As GET; net/http leaves out the body.
			get := *r
			get.Method, r = http.MethodGet, &get
		}
		next.ServeHTTP(w, r)
	})
}

// admit refuses what comes while the service is full or stops. Health and
// readiness are always answered.
func (s *Server) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
			next.ServeHTTP(w, r)
			return
		}
		if s.stopping.Load() {
			w.Header().Set("Connection", "close")
			s.writeProblem(w, r, errStopping)
			return
		}
		select {
		case s.slots <- struct{}{}:
			c := callOf(r.Context())
			c.leave = sync.OnceFunc(func() { <-s.slots })
			defer c.leave()
			next.ServeHTTP(w, r)
		default:
			s.writeProblem(w, r, refuse(problemBusy, "BUSY", "系统繁忙，未处理", "too many requests are under way; nothing was done"))
		}
	})
}

// deadline bounds the time of a request that is not streamed, reading its body
// included. Behind it a write may have happened or not.
func (s *Server) deadline(w http.ResponseWriter, r *http.Request) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(r.Context(), s.c.Limits.Timeout)
	// Slow senders are cut off by the connection's own deadline.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.c.Limits.Timeout))
	return r.WithContext(ctx), cancel
}

// A recorder notes what is answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// Unwrap lets [http.ResponseController] reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// observe measures, and logs a line for each request.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w}
		if s.c.Metrics != nil {
			s.c.Metrics.InFlight(1)
			defer s.c.Metrics.InFlight(-1)
		}
		defer func() {
			c, took := callOf(r.Context()), time.Since(start)
			if s.c.Metrics != nil {
				s.c.Metrics.Observe(c.name(), rec.status, took)
			}
			level := slog.LevelInfo
			if rec.status < 400 && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
				level = slog.LevelDebug
			}
			s.c.Log.LogAttrs(r.Context(), level, "request", slog.String("request", c.id), slog.String("operation", c.name()), slog.Int("status", rec.status),
				slog.Duration("took", took), slog.String("caller", c.principal.Caller().ID), slog.Int64("bytes", rec.bytes))
		}()
		next.ServeHTTP(rec, r)
	})
}

// named names the trace of a request after its operation.
func (s *Server) named(r *http.Request, operation string) {
	span := trace.SpanFromContext(r.Context())
	span.SetName(operation)
	span.SetAttributes(attribute.String("creditbank.request", callOf(r.Context()).id))
}

// logProblem logs why a request was refused. Only faults of ours say more than
// the code: what is wrong with a request may hold what nobody else may read.
func (s *Server) logProblem(r *http.Request, p problemType, err error) {
	c := callOf(r.Context())
	switch {
	case p.status == http.StatusInternalServerError:
		s.c.Log.ErrorContext(r.Context(), "request failed", "request", c.id, "operation", c.name(), "err", err)
	case p.status == http.StatusServiceUnavailable && p.name != problemBusy.name:
		s.c.Log.WarnContext(r.Context(), "request not served", "request", c.id, "operation", c.name(), "problem", p.name, "err", err)
	case p.name == problemUnauthenticated.name:
		s.c.Log.InfoContext(r.Context(), "request refused", "request", c.id, "operation", c.name(), "problem", p.name, "err", err)
	}
}

// refused counts a problem.
func (s *Server) refused(c *call, p problemType) {
	if s.c.Metrics != nil {
		s.c.Metrics.Refused(c.name(), p.name)
	}
}
