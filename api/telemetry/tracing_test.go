package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"creditbank/api/telemetry"
	"creditbank/configs"
)

var service = telemetry.Service{Name: "creditbank", Version: "v1.2.3", Instance: "node-7"}

// A collector keeps what is sent to it.
type collector struct {
	*httptest.Server
	status int

	mu    sync.Mutex
	paths []string
	body  []byte
}

func newCollector(t *testing.T, status int) *collector {
	c := &collector{status: status}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.paths, c.body = append(c.paths, r.URL.Path), append(c.body, body...)
		w.WriteHeader(c.status)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) got() (paths []string, body string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.paths, string(c.body)
}

func start(t *testing.T, endpoint string, sample float64, log io.Writer) *telemetry.Tracing {
	t.Helper()
	tr, err := telemetry.StartTracing(t.Context(), configs.Telemetry{OTLPEndpoint: configs.Address(endpoint), Sample: sample}, service, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func deadline(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestSpansAreSentWhenItStops(t *testing.T) {
	for path, want := range map[string]string{"": "/v1/traces", "/": "/v1/traces", "/collect/here": "/collect/here"} {
		c := newCollector(t, http.StatusOK)
		var log bytes.Buffer
		tr := start(t, c.URL+path, 1, &log)
		_, span := tr.Provider().Tracer("test").Start(t.Context(), "postOutcome")
		span.End()
		if err := tr.Stop(deadline(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		paths, body := c.got()
		if len(paths) != 1 || paths[0] != want || log.Len() > 0 {
			t.Errorf("sent to %v, want %s; log %s", paths, want, log.String())
		}
		for _, text := range []string{"postOutcome", "service.name", "creditbank", "v1.2.3", "node-7"} {
			if !strings.Contains(body, text) {
				t.Errorf("%q was not sent", text)
			}
		}
	}
}

// The caller decides; where it has not, the sample does.
func TestSampling(t *testing.T) {
	c := newCollector(t, http.StatusOK)
	caller := func(flags trace.TraceFlags) context.Context {
		return trace.ContextWithRemoteSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: flags, Remote: true,
		}))
	}
	for name, tt := range map[string]struct {
		sample float64
		ctx    context.Context
		want   bool
	}{
		"all":                      {1, t.Context(), true},
		"none":                     {0, t.Context(), false},
		"none, the caller traces":  {0, caller(trace.FlagsSampled), true},
		"all, the caller does not": {1, caller(0), false},
	} {
		tr := start(t, c.URL, tt.sample, io.Discard)
		_, span := tr.Provider().Tracer("test").Start(tt.ctx, "x")
		if got := span.SpanContext().IsSampled(); got != tt.want {
			t.Errorf("%s: sampled %v, want %v", name, got, tt.want)
		}
		span.End()
		if err := tr.Stop(deadline(t, 10*time.Second)); err != nil {
			t.Error(err)
		}
	}
}

func TestNoEndpointMakesNoSpans(t *testing.T) {
	tr := start(t, "", 1, io.Discard)
	_, span := tr.Provider().Tracer("test").Start(t.Context(), "x")
	if span.IsRecording() || span.SpanContext().IsValid() {
		t.Error("a span is recorded")
	}
	if err := tr.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// A collector that refuses is a line in the log, and no error.
func TestRefusedSpansAreLogged(t *testing.T) {
	c := newCollector(t, http.StatusBadRequest)
	var log bytes.Buffer
	tr := start(t, c.URL, 1, &log)
	_, span := tr.Provider().Tracer("test").Start(t.Context(), "x")
	span.End()
	if err := tr.Stop(deadline(t, 10*time.Second)); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), `level=WARN msg="spans were not sent" spans=1 error=`) {
		t.Errorf("log: %q", log.String())
	}
}

// A collector that does not answer holds nobody up past the deadline.
func TestStopEndsWithItsDeadline(t *testing.T) {
	release := make(chan struct{})
	c := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release); c.Close() })
	tr := start(t, c.URL, 1, io.Discard)
	_, span := tr.Provider().Tracer("test").Start(t.Context(), "x")
	span.End()
	began := time.Now()
	err := tr.Stop(deadline(t, 100*time.Millisecond))
	if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > 3*time.Second {
		t.Errorf("Stop: %v after %v", err, took)
	}
}
