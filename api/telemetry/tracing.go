package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"creditbank/configs"
)

// A Service says whose spans they are.
type Service struct {
	Name     string // "creditbank"
	Version  string
	Instance string // which of several processes
}

// A Tracing makes spans and sends them on.
type Tracing struct {
	provider trace.TracerProvider
	stop     func(context.Context) error
}

// StartTracing returns a Tracing that samples and sends as c says; without an
// endpoint it makes no spans. A caller that has decided to trace a request is
// followed. Spans are sent in the background, and dropped when the collector
// cannot be reached, which is logged and never returned. ctx is for starting.
func StartTracing(ctx context.Context, c configs.Telemetry, s Service, log *slog.Logger) (*Tracing, error) {
	if c.OTLPEndpoint == "" {
		return &Tracing{noop.NewTracerProvider(), func(context.Context) error { return nil }}, nil
	}
	u, err := url.Parse(string(c.OTLPEndpoint))
	if err != nil {
		return nil, fmt.Errorf("start tracing: %s is no URL", c.OTLPEndpoint)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/traces" // as OTLP over HTTP names it, below the address of a collector
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(u.String()))
	if err != nil {
		return nil, fmt.Errorf("start tracing: %w", err)
	}
	p := sdk.NewTracerProvider(
		sdk.WithBatcher(logged{exporter, log}),
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(c.Sample))),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", s.Name),
			attribute.String("service.version", s.Version),
			attribute.String("service.instance.id", s.Instance),
		)),
	)
	return &Tracing{p, p.Shutdown}, nil
}

// Provider returns what makes spans.
func (t *Tracing) Provider() trace.TracerProvider { return t.provider }

// Stop sends the spans that wait, until ctx ends, and makes no more.
func (t *Tracing) Stop(ctx context.Context) error {
	if err := t.stop(ctx); err != nil {
		return fmt.Errorf("stop tracing: %w", err)
	}
	return nil
}

// logged is an exporter whose failures go to a log, instead of the handler that
// a whole process shares.
type logged struct {
	sdk.SpanExporter
	log *slog.Logger
}

func (e logged) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if err := e.SpanExporter.ExportSpans(ctx, spans); err != nil {
		e.log.WarnContext(ctx, "spans were not sent", "spans", len(spans), "error", err)
	}
	return nil
}
