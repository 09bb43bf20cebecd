// Package telemetry sets up what operators see of the service, as the
// configuration says: the log, traces, metrics.
//
//	log := telemetry.NewLogger(os.Stderr, c.Telemetry)
//	tracing, err := telemetry.StartTracing(ctx, c.Telemetry, service, log)
//	defer tracing.Stop(grace)
//	metrics := telemetry.NewMetrics(telemetry.Gauges{…})
//
// It sets nothing global: whoever logs, traces or counts is given what it needs.
package telemetry
