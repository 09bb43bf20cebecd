package serving_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"creditbank/cmd/creditbank/internal/serving"
	"creditbank/configs"
)

// collected are the spans that a collector was sent.
type collected struct {
	mu    sync.Mutex
	names []string
	trace []string // ids, in hexadecimal
}

// ServeHTTP takes spans in, as OTLP over HTTP.
func (c *collected) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var request collector.ExportTraceServiceRequest
	if err != nil || proto.Unmarshal(body, &request) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range request.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			for _, span := range scope.Spans {
				c.names = append(c.names, span.Name)
				c.trace = append(c.trace, hex(span.TraceId))
			}
		}
	}
}

func hex(b []byte) string {
	const digits = "0123456789abcdef"
	var s strings.Builder
	for _, c := range b {
		s.WriteByte(digits[c>>4])
		s.WriteByte(digits[c&15])
	}
	return s.String()
}

// config is that of a service in a folder of its own.
func config(t *testing.T) configs.Config {
	t.Helper()
	c := configs.Default()
	dir := t.TempDir()
	c.Listen, c.AdminListen, c.PublicURL = "127.0.0.1:0", "127.0.0.1:0", "http://127.0.0.1:8080"
	c.Database = configs.Address("sqlite:" + filepath.Join(dir, "bank.db"))
	c.KeysDir, c.Certificates.AnchorFile = filepath.Join(dir, "keys"), filepath.Join(dir, "anchor.log")
	c.Sessions.InsecureCookies, c.Drain = true, 0
	return c
}

// run runs a service while f is at work, and returns what it said when it
// stopped.
func run(t *testing.T, c configs.Config, f func(url string)) error {
	t.Helper()
	s, err := serving.Open(t.Context(), serving.Options{Config: c, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	return s.Run(ctx, func(a net.Addr) {
		go func() {
			defer stop()
			f("http://" + a.String())
		}()
	})
}

func get(t *testing.T, url string, header ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Error(err)
		return &http.Response{Body: http.NoBody}
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return &http.Response{Body: http.NoBody}
	}
	resp.Body.Close()
	return resp
}

// A request is traced under the name of its operation, within the trace of who
// asks.
func TestRequestsAreTraced(t *testing.T) {
	spans := &collected{}
	sink := httptest.NewServer(spans)
	defer sink.Close()
	c := config(t)
	c.Telemetry.OTLPEndpoint, c.Telemetry.Sample = configs.Address(sink.URL), 1
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	err := run(t, c, func(url string) {
		get(t, url+"/v1/regions", "traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	})
	if err != nil {
		t.Error(err)
	}
	spans.mu.Lock()
	defer spans.mu.Unlock()
	if len(spans.names) != 1 || spans.names[0] != "listRegions" || spans.trace[0] != trace {
		t.Errorf("collected spans %q of traces %q; want listRegions of %s", spans.names, spans.trace, trace)
	}
}

// A second start goes on with the ledger and the keys of the first.
func TestStartsAgain(t *testing.T) {
	c := config(t)
	for range 2 {
		if err := run(t, c, func(url string) {
			if resp := get(t, url+"/readyz"); resp.StatusCode != http.StatusOK {
				t.Errorf("readiness answers %d", resp.StatusCode)
			}
		}); err != nil {
			t.Error(err)
		}
	}
}

// Open notices a port that is taken before it touches anything else.
func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := config(t)
	c.Listen = l.Addr().String()
	if _, err := serving.Open(t.Context(), serving.Options{Config: c, Log: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("a service was opened on a port that is taken")
	}
	if _, err := os.Stat(c.KeysDir); err == nil {
		t.Error("keys were made all the same")
	}
}

// While it drains, readiness says no and requests are answered.
func TestDrain(t *testing.T) {
	c := config(t)
	c.Drain = time.Second
	s, err := serving.Open(t.Context(), serving.Options{Config: c, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	url := make(chan string, 1)
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, func(a net.Addr) { url <- "http://" + a.String() }) }()
	base := <-url
	stop()
	time.Sleep(200 * time.Millisecond)
	if resp := get(t, base+"/readyz"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("draining, readiness answers %d", resp.StatusCode)
	}
	if resp := get(t, base+"/v1/regions"); resp.StatusCode != http.StatusOK {
		t.Errorf("draining, a request is answered %d", resp.StatusCode)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
