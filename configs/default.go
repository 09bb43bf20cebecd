package configs

import (
	_ "embed"
	"log/slog"
	"net/netip"
	"time"

	"creditbank/creditbank"
)

// example is the file with every key and its default.
//
//go:embed creditbank.yaml
var example []byte

// Example returns a complete configuration file: every key with its default
// and what it means, in Chinese and English. Only public_url, which has no
// default, is an example to be replaced.
func Example() []byte { return append([]byte(nil), example...) }

// Default returns the configuration of a bank on one machine, embedded and
// behind a proxy. It lacks PublicURL, which must be set.
func Default() Config {
	return Config{
		Listen:         "127.0.0.1:8080",
		Bank:           Bank{Name: creditbank.Text{ZH: "学分银行", EN: "Credit Bank"}},
		TrustedProxies: []netip.Prefix{},
		Database:       "sqlite:creditbank.db",
		KeysDir:        "keys",
		Redis:          Redis{Prefix: "creditbank:"},
		Poster:         Poster{Writers: 2, Queue: 4096, Batch: 256},
		Limits: Limits{
			BodyBytes:      1 << 20,
			FileBytes:      32 << 20,
			NDJSONRowBytes: 64 << 10,
			JSONDepth:      32,
			RequestTimeout: 30 * time.Second,
			HeaderTimeout:  5 * time.Second,
			IdleTimeout:    2 * time.Minute,
			StreamTimeout:  time.Minute,
			UploadTimeout:  2 * time.Minute,
			Uploads:        32,
			MaxInFlight:    1024,
			PerClient:      Rate{2000, 1000, time.Second},
			PerInstitution: Rate{5000, 2500, time.Second},
			Anonymous:      Rate{240, 240, time.Minute},
			Login:          Rate{10, 10, 10 * time.Minute},
			LoginFrom:      Rate{100, 100, 10 * time.Minute},
		},
		Tokens:       Tokens{Lifetime: 10 * time.Minute, Rotation: 30 * day},
		Sessions:     Sessions{Idle: 30 * time.Minute, Longest: 12 * time.Hour},
		OIDC:         OIDC{Name: creditbank.Text{ZH: "统一身份认证", EN: "Single sign-on"}},
		Certificates: Certificates{StatusValidity: 7 * day, Anchor: AnchorLocal, AnchorFile: "anchor.log", Interval: time.Minute, Fonts: []string{}},
		Rules:        Rules{Quorum: 1, PublicityDays: 7},
		Telemetry:    Telemetry{LogLevel: slog.LevelInfo, LogFormat: LogJSON, Sample: 0.05},

		Drain:         5 * time.Second,
		ShutdownGrace: 20 * time.Second,
		Replicas:      1,
	}
}
