package telemetry

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// A Refusal is why a request was turned away before it was worked on.
type Refusal string

// The refusals.
const (
	RefusedRate            Refusal = "rate"            // 429: more often than the limits allow
	RefusedBusy            Refusal = "busy"            // 503: too many requests in flight
	RefusedQueue           Refusal = "queue"           // 503: the queue of postings is full
	RefusedSize            Refusal = "size"            // 413: larger than the limits allow
	RefusedTimeout         Refusal = "timeout"         // 408: it did not arrive in time
	RefusedUnauthenticated Refusal = "unauthenticated" // 401
	RefusedForbidden       Refusal = "forbidden"       // 403
	RefusedMalformed       Refusal = "malformed"       // 400, 422: not as the contract says
)

// Gauges are values that are asked for when metrics are read. They must answer
// at once, from memory, and may be called by several goroutines. A nil one is
// left out.
type Gauges struct {
	// FeedLag returns how many rows of the feed a follower has yet to read, by
	// the name of the follower.
	FeedLag map[string]func() float64
	// Due returns for how many seconds the oldest work that comes due by the clock
	// has waited, by the name of the job; zero where nothing waits.
	Due map[string]func() float64
	// Swept returns how many pieces of such work were done, by the name of the job.
	Swept map[string]func() float64
	// PosterQueue returns how many postings wait to be written.
	PosterQueue func() float64
}

// Metrics are what the service counts. Its methods may be called by several
// goroutines.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
	refused  *prometheus.CounterVec
}

// buckets are the bounds of the histogram of durations, in seconds: from a
// balance out of memory to a large file.
var buckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// NewMetrics returns metrics in a registry of their own, with those of the
// process and of Go.
func NewMetrics(g Gauges) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "creditbank_http_requests_total", Help: "Requests answered, by operation of the contract and class of status.",
		}, []string{"operation", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "creditbank_http_request_duration_seconds", Help: "Time from the first byte of a request to the last of its answer.", Buckets: buckets,
		}, []string{"operation"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "creditbank_http_requests_in_flight", Help: "Requests being worked on.",
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "creditbank_http_requests_refused_total", Help: "Requests turned away before they were worked on, by reason.",
		}, []string{"reason"}),
	}
	m.registry.MustRegister(m.requests, m.duration, m.inFlight, m.refused,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, r := range []Refusal{RefusedRate, RefusedBusy, RefusedQueue, RefusedSize, RefusedTimeout, RefusedUnauthenticated, RefusedForbidden, RefusedMalformed} {
		m.refused.WithLabelValues(string(r)) // zero is a value, and absence is none
	}
	m.registerGauges(g)
	return m
}

func (m *Metrics) registerGauges(g Gauges) {
	for follower, lag := range g.FeedLag {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "creditbank_feed_lag_rows", Help: "Rows of the feed that a follower has yet to read.",
			ConstLabels: prometheus.Labels{"follower": follower},
		}, lag))
	}
	for job, lag := range g.Due {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "creditbank_sweep_lag_seconds", Help: "For how long the oldest work that comes due by the clock has been due.",
			ConstLabels: prometheus.Labels{"job": job},
		}, lag))
	}
	for job, done := range g.Swept {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "creditbank_sweep_done_total", Help: "Pieces of work that came due by the clock and were done.",
			ConstLabels: prometheus.Labels{"job": job},
		}, done))
	}
	if g.PosterQueue != nil {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "creditbank_poster_queue_depth", Help: "Postings that wait to be written.",
		}, g.PosterQueue))
	}
}

// Registry returns where the metrics are registered, for packages that bring
// some of their own.
func (m *Metrics) Registry() *prometheus.Registry { return m.registry }

// Handler serves the metrics to Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// Started counts a request in; each is to be counted out by Finished.
func (m *Metrics) Started() { m.inFlight.Inc() }

// Finished counts a request out. The operation is its name in the contract, and
// never a path, of which there are as many as learners.
func (m *Metrics) Finished(operation string, status int, took time.Duration) {
	m.inFlight.Dec()
	m.requests.WithLabelValues(operation, class(status)).Inc()
	m.duration.WithLabelValues(operation).Observe(took.Seconds())
}

// Refused counts a request that was turned away. It is counted in and out too.
func (m *Metrics) Refused(reason Refusal) { m.refused.WithLabelValues(string(reason)).Inc() }

// class returns the class of a status, "2xx".
func class(status int) string {
	if status < 100 || status > 599 {
		return "other"
	}
	return string(rune('0'+status/100)) + "xx"
}
