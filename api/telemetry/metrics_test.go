package telemetry_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"creditbank/api/telemetry"
)

func scrape(t *testing.T, m *telemetry.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func TestMetrics(t *testing.T) {
	lag := 3.0
	m := telemetry.NewMetrics(telemetry.Gauges{
		FeedLag:     map[string]func() float64{"office": func() float64 { return lag }, "cache": func() float64 { return 0 }},
		PosterQueue: func() float64 { return 17 },
		Due:         map[string]func() float64{"expiry": func() float64 { return 3600 }},
		Swept:       map[string]func() float64{"expiry": func() float64 { return 12 }},
	})
	for _, status := range []int{200, 201, 404, 500, 0, 999} {
		m.Started()
		m.Finished("postOutcome", status, 3*time.Millisecond)
	}
	m.Started()
	m.Refused(telemetry.RefusedRate)
	lag = 5
	got := scrape(t, m)
	for _, line := range []string{
		`creditbank_http_requests_total{operation="postOutcome",status="2xx"} 2`,
		`creditbank_http_requests_total{operation="postOutcome",status="4xx"} 1`,
		`creditbank_http_requests_total{operation="postOutcome",status="5xx"} 1`,
		`creditbank_http_requests_total{operation="postOutcome",status="other"} 2`,
		`creditbank_http_request_duration_seconds_bucket{operation="postOutcome",le="0.0025"} 0`,
		`creditbank_http_request_duration_seconds_bucket{operation="postOutcome",le="0.005"} 6`,
		`creditbank_http_request_duration_seconds_bucket{operation="postOutcome",le="30"} 6`,
		`creditbank_http_requests_in_flight 1`,
		`creditbank_http_requests_refused_total{reason="rate"} 1`,
		`creditbank_http_requests_refused_total{reason="queue"} 0`,
		`creditbank_feed_lag_rows{follower="office"} 5`,
		`creditbank_feed_lag_rows{follower="cache"} 0`,
		`creditbank_poster_queue_depth 17`,
		`creditbank_sweep_lag_seconds{job="expiry"} 3600`,
		`creditbank_sweep_done_total{job="expiry"} 12`,
	} {
		if !strings.Contains(got, "\n"+line+"\n") {
			t.Errorf("no line %s in\n%s", line, grep(got, line[:strings.IndexAny(line, "{ ")]))
		}
	}
	for _, name := range []string{"go_goroutines", "process_start_time_seconds"} {
		if !strings.Contains(got, "\n"+name+" ") {
			t.Errorf("no %s", name)
		}
	}
}

// Two services in one process, in tests for one, do not meet.
func TestMetricsAreNotGlobal(t *testing.T) {
	a, b := telemetry.NewMetrics(telemetry.Gauges{}), telemetry.NewMetrics(telemetry.Gauges{})
	a.Started()
	if got := scrape(t, b); !strings.Contains(got, "creditbank_http_requests_in_flight 0\n") || strings.Contains(got, "feed_lag") || strings.Contains(got, "queue_depth") {
		t.Error(grep(got, "creditbank_"))
	}
	if a.Registry() == b.Registry() {
		t.Error("one registry for two")
	}
}

func grep(text, word string) string {
	var found []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			found = append(found, line)
		}
	}
	return strings.Join(found, "")
}
