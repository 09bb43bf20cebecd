// Package serving makes a running service of a configuration: the ledger it
// names, the keys, what replicas share, telemetry, and the addresses to listen
// on. It starts in the order in which things need each other, and stops in the
// other: what was accepted is written before the ledger is closed.
package serving

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"

	"creditbank/api"
	"creditbank/api/host"
	"creditbank/api/oidc"
	"creditbank/api/redis"
	"creditbank/api/replica"
	"creditbank/api/telemetry"
	"creditbank/api/web"
	"creditbank/certify"
	"creditbank/certify/pdf"
	"creditbank/cmd/creditbank/internal/embedded"
	"creditbank/configs"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/access/password"
	"creditbank/creditbank/postgres"
	"creditbank/creditbank/sqlite"
)

// hashesAtOnce bounds how many passwords are hashed at the same time: each takes
// 19 MiB and a processor.
const hashesAtOnce = 4

// A Service is a service, made and not started.
type Service struct {
	*host.Host
	Log *slog.Logger

	config   configs.Config
	ledger   host.Ledger
	shared   replica.Shared
	metrics  *telemetry.Metrics
	tracing  *telemetry.Tracing
	listener net.Listener
}

// Options are what a service takes beside its configuration.
type Options struct {
	Config configs.Config
	Log    *slog.Logger
	Clock  func() time.Time // time.Now if nil

	// Demo returns the logins that the first page shows to everybody; nil where
	// anything is at stake.
	Demo func() []web.Login
}

// Open makes a service and takes its address, so that a port that is taken is
// noticed before anything else happens.
func Open(ctx context.Context, o Options) (_ *Service, err error) {
	s := &Service{Log: o.Log, config: o.Config}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close(ctx))
		}
	}()
	if s.listener, err = net.Listen("tcp", o.Config.Listen); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	secrets, err := o.Config.Secrets()
	if err != nil {
		return nil, err
	}
	if s.ledger, err = openLedger(ctx, o.Config, secrets); err != nil {
		return nil, err
	}
	if s.shared, err = openShared(ctx, o.Config, secrets, o.Log); err != nil {
		return nil, err
	}
	if s.tracing, err = telemetry.StartTracing(ctx, o.Config.Telemetry, telemetry.Service{Name: "creditbank", Instance: s.listener.Addr().String()}, o.Log); err != nil {
		return nil, err
	}
	otel.SetTextMapPropagator(propagation.TraceContext{})
	if err := s.assemble(ctx, o, secrets); err != nil {
		return nil, err
	}
	return s, nil
}

func openLedger(ctx context.Context, c configs.Config, secrets configs.Secrets) (host.Ledger, error) {
	if path, ok := c.SQLite(); ok {
		return sqlite.Open(ctx, path)
	}
	return postgres.Open(ctx, secrets.Database.Reveal())
}

func openShared(ctx context.Context, c configs.Config, secrets configs.Secrets, log *slog.Logger) (replica.Shared, error) {
	if c.Redis.URL == "" {
		return replica.InProcess(time.Now), nil
	}
	return redis.Open(ctx, redis.Config{
		URL: string(c.Redis.URL), Password: secrets.RedisPassword.Reveal(), PasswordFile: c.Redis.PasswordFile, Prefix: c.Redis.Prefix,
		Log: log, Clock: time.Now, Random: rand.Reader,
	})
}

// assemble ties the parts together.
func (s *Service) assemble(ctx context.Context, o Options, secrets configs.Secrets) error {
	clock, err := forwardClock(ctx, s.ledger, o.Clock, o.Log)
	if err != nil {
		return err
	}
	fresh, err := empty(ctx, s.ledger)
	if err != nil {
		return err
	}
	keys, err := embedded.OpenKeys(o.Config.KeysDir, rand.Reader, fresh)
	if err != nil {
		return err
	}
	if err := creditbank.CheckVault(ctx, s.ledger, keys.Vault); err != nil {
		return err
	}
	c := host.Config{
		Ledger: s.ledger, Vault: keys.Vault, Keys: keys.Ring, Passwords: password.New(rand.Reader, hashesAtOnce), Host: o.Config.IssuerHost(),
		StatusValidity: o.Config.Certificates.StatusValidity, AnchorInterval: o.Config.Certificates.Interval,
		Poster:        creditbank.PosterConfig{Writers: o.Config.Poster.Writers, Queue: o.Config.Poster.Queue, Batch: o.Config.Poster.Batch},
		Sessions:      access.Sessions{Idle: o.Config.Sessions.Idle, Longest: o.Config.Sessions.Longest},
		Rules:         o.Config.Rules.Policy(),
		TokenLifetime: o.Config.Tokens.Lifetime, TokenRotation: o.Config.Tokens.Rotation,
		Clock: clock, Random: rand.Reader, Log: o.Log, Server: s.server(o.Config),
	}
	if o.Config.Certificates.Anchor == configs.AnchorLocal {
		var cosigner string
		if c.Anchor, cosigner, err = keys.Anchor(ctx, c.Host, o.Config.Certificates.AnchorFile, clock); err != nil {
			return err
		}
		c.Anchors = certify.AnchorPolicy{Threshold: 1, Cosigners: []string{cosigner}}
	}
	s.metrics = telemetry.NewMetrics(telemetry.Gauges{
		FeedLag:     map[string]func() float64{"certificates": func() float64 { return float64(s.Lag()) }},
		PosterQueue: func() float64 { return float64(s.Waiting()) },
		Due:         s.jobs(func(done creditbank.Swept) float64 { return done.Behind.Seconds() }),
		Swept:       s.jobs(func(done creditbank.Swept) float64 { return float64(done.Done) }),
	})
	c.Server.Metrics, c.Server.MetricsHandler = measures{s.metrics}, s.metrics.Handler()
	if c.Server.Pages, err = s.pages(o, keys, secrets, clock); err != nil {
		return err
	}
	if c.Server.Printer, err = printer(o); err != nil {
		return err
	}
	if s.Host, err = host.Open(ctx, c); err != nil {
		return err
	}
	return nil
}

// printer returns what prints certificates. A service without a font serves all
// the rest; fonts that were named must be there.
func printer(o Options) (api.Printer, error) {
	fonts, err := pdf.FindFonts(o.Config.Certificates.Fonts)
	if errors.Is(err, pdf.ErrNoFont) {
		o.Log.Warn("no font to print certificates with", slog.String("hint", pdf.NoFontEn))
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("certificates.fonts: %w", err)
	}
	return pdf.New(fonts...)
}

// jobs returns a measure of each job of the sweep.
func (s *Service) jobs(measure func(creditbank.Swept) float64) map[string]func() float64 {
	all := map[string]func() float64{}
	for _, name := range creditbank.JobNames() {
		all[name] = func() float64 { return measure(s.Host.Swept(name)) }
	}
	return all
}

// pages returns the pages for people, with the way in through a provider where
// there is one.
func (s *Service) pages(o Options, keys *embedded.Keys, secrets configs.Secrets, clock func() time.Time) (func(*api.Server, api.Config) (api.Pages, error), error) {
	c := web.Config{Demo: o.Demo, Name: o.Config.Bank.Name, Contact: o.Config.Bank.Contact, Provider: o.Config.OIDC.Name}
	if o.Config.OIDC.Issuer == "" {
		return web.Pages(c), nil
	}
	key, err := keys.Secret("oidc", 32)
	if err != nil {
		return nil, err
	}
	c.OIDC, err = oidc.New(oidc.Config{
		Issuer: string(o.Config.OIDC.Issuer), ClientID: o.Config.OIDC.ClientID, ClientSecret: secrets.OIDCClientSecret.Reveal(),
		RedirectURL: string(o.Config.PublicURL) + web.CallbackPath, Key: key, Now: clock, Random: rand.Reader,
	})
	return web.Pages(c), err
}

// server returns what the configuration says about the server.
func (s *Service) server(c configs.Config) api.Config {
	rate := func(r configs.Rate) replica.Rate { return replica.Rate{Burst: r.Burst, Refill: r.Refill, Per: r.Per} }
	return api.Config{
		Shared: s.shared, PublicURL: string(c.PublicURL), TrustedProxies: c.TrustedProxies, InsecureCookies: c.Sessions.InsecureCookies,
		Limits: api.Limits{
			BodyBytes: int64(c.Limits.BodyBytes), StreamBytes: int64(c.Limits.FileBytes), RowBytes: c.Limits.NDJSONRowBytes, JSONDepth: c.Limits.JSONDepth,
			Timeout: c.Limits.RequestTimeout, StreamTimeout: c.Limits.StreamTimeout, UploadTimeout: c.Limits.UploadTimeout, Uploads: c.Limits.Uploads, InFlight: c.Limits.MaxInFlight,
			HeaderTimeout: c.Limits.HeaderTimeout, IdleTimeout: c.Limits.IdleTimeout,
			PerClient: rate(c.Limits.PerClient), PerInstitution: rate(c.Limits.PerInstitution), Anonymous: rate(c.Limits.Anonymous),
			Login: rate(c.Limits.Login), LoginFrom: rate(c.Limits.LoginFrom),
		},
	}
}

// empty reports whether nothing was ever written to the ledger.
func empty(ctx context.Context, ledger host.Ledger) (bool, error) {
	n, err := ledger.Number(ctx)
	if err != nil {
		return false, fmt.Errorf("read the ledger: %w", err)
	}
	return n == 0, nil
}

// forwardClock returns a clock that is never behind the newest entry of the
// ledger: the bank's time does not run backwards.
func forwardClock(ctx context.Context, ledger host.Ledger, clock func() time.Time, log *slog.Logger) (func() time.Time, error) {
	if clock == nil {
		clock = time.Now
	}
	n, err := ledger.Number(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	if n == 0 {
		return clock, nil
	}
	newest, err := ledger.Feed(ctx, n-1, 1)
	if err != nil || len(newest) == 0 {
		return clock, err
	}
	floor := newest[0].At
	if behind := floor.Sub(clock()); behind > time.Minute {
		log.WarnContext(ctx, "the clock of this machine is behind the newest entry of the ledger, whose time is used", "behind", behind.Round(time.Minute))
	}
	return func() time.Time {
		if now := clock(); now.After(floor) {
			return now
		}
		return floor
	}, nil
}

// Addr returns the address that is listened on.
func (s *Service) Addr() net.Addr { return s.listener.Addr() }

// Close closes a service that was never run.
func (s *Service) Close(ctx context.Context) error { return s.close(ctx) }

// close closes what is open, the ledger last.
func (s *Service) close(ctx context.Context) error {
	var errs []error
	if s.listener != nil {
		if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if s.Host != nil {
		s.Host.Close()
	}
	if s.shared.Backend != nil {
		errs = append(errs, s.shared.Close())
	}
	if s.tracing != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		errs = append(errs, s.tracing.Stop(ctx))
	}
	if s.ledger != nil {
		errs = append(errs, s.ledger.Close())
	}
	return errors.Join(errs...)
}
