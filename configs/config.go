package configs

import (
	"net/netip"
	"time"
)

// A Config configures the service. Its zero value is not valid: start from
// [Default], or [Load] a file.
//
// The tag yaml names the key, range says what a number or duration may be, from
// and to included, and choice lists the words a text may be.
type Config struct {
	// Listen is the address to serve HTTP on, host:port. Default 127.0.0.1:8080.
	// Port 0 takes a free one.
	Listen string `yaml:"listen"`

	// PublicURL is where people and programs reach the service: a scheme and a
	// host, such as https://credits.example.edu, without a path. It stands in
	// tokens (iss) and decides on cookies. It has no default and must be set;
	// http is for loopback addresses only.
	PublicURL Address `yaml:"public_url"`

	// Host names the issuers of certificates (did:web) and the log, for ever: it
	// cannot change once a certificate was issued. Default: the host of
	// PublicURL. Set it when that may move one day. See [Config.IssuerHost].
	Host string `yaml:"host"`

	Bank Bank `yaml:"bank"`

	// AdminListen is a second address, for operators: metrics, profiles, health.
	// Default empty: metrics are on Listen, for callers from this machine only.
	// Behind a proxy on this machine, everybody seems to be such a caller:
	// either set AdminListen or keep /metrics from the proxy.
	AdminListen string `yaml:"admin_listen"`

	// TLS makes Listen serve HTTPS. Default: HTTP, for a proxy in front.
	TLS TLS `yaml:"tls"`

	// TrustedProxies are the networks (CIDR) of proxies whose X-Forwarded-For
	// says who the client is. Default none: the client is who connects.
	TrustedProxies []netip.Prefix `yaml:"trusted_proxies"`

	// Database is where the ledger is kept: "sqlite:" and a path, or a
	// "postgres://" URL with sslmode and without a password. Default
	// sqlite:creditbank.db.
	Database Address `yaml:"database"`

	// DatabasePasswordFile is the file that holds the password of PostgreSQL,
	// alone on its line. Default none: PostgreSQL knows the user without one.
	// Excluded by SQLite.
	DatabasePasswordFile string `yaml:"database_password_file"`

	// KeysDir is the folder of the private keys: of issuers, of the log, and the
	// master keys of personal data. Only its owner may enter it (0700). It is
	// made, with its keys, if it does not exist; without a backup of it, personal
	// data is lost with the machine. Default "keys".
	KeysDir string `yaml:"keys_dir"`

	Redis        Redis        `yaml:"redis"`
	Poster       Poster       `yaml:"poster"`
	Limits       Limits       `yaml:"limits"`
	Tokens       Tokens       `yaml:"tokens"`
	Sessions     Sessions     `yaml:"sessions"`
	OIDC         OIDC         `yaml:"oidc"`
	Certificates Certificates `yaml:"certificates"`
	Rules        Rules        `yaml:"rules"`
	Telemetry    Telemetry    `yaml:"telemetry"`

	// Drain is how long, after a signal to stop, readiness says no while requests
	// are still taken, so that a load balancer looks elsewhere first. Default 5s.
	Drain time.Duration `yaml:"drain" range:"0s,5m"`

	// ShutdownGrace is how long, after that, requests under way may go on.
	// Default 20s.
	ShutdownGrace time.Duration `yaml:"shutdown_grace" range:"1s,10m"`

	// Replicas is how many processes serve from this database at once. Default 1:
	// what the process remembers of an account is exact. With more, it asks the
	// database, and Redis is recommended. SQLite allows one only.
	Replicas int `yaml:"replicas" range:"1,64"`
}

// TLS are the certificate of the server and its key. Both or neither.
type TLS struct {
	// CertFile holds the certificate and its chain, in PEM.
	CertFile string `yaml:"cert_file"`
	// KeyFile holds the private key, in PEM.
	KeyFile string `yaml:"key_file"`
}

// Redis is what replicas share and may lose: limits, browser sessions, the deny
// list of tokens, events. Without it each process has its own.
type Redis struct {
	// URL is redis://HOST:PORT/NUMBER, or rediss:// for TLS, perhaps with a user
	// and never with a password. Default empty: no Redis.
	URL Address `yaml:"url"`
	// PasswordFile is the file that holds the password, alone on its line.
	// Excluded where there is no URL.
	PasswordFile string `yaml:"password_file"`
	// Prefix begins every key, so that several banks can share one Redis.
	// Default "creditbank:".
	Prefix string `yaml:"prefix"`
}

// Poster sizes the batch writer of postings (creditbank.PosterConfig).
type Poster struct {
	// Writers is how many transactions are under way at once. Default 2.
	Writers int `yaml:"writers" range:"1,8"`
	// Queue is how many postings may wait at each writer; more are refused with
	// 503 and Retry-After. Default 4096.
	Queue int `yaml:"queue" range:"1,1000000"`
	// Batch is how many postings one transaction writes at most. Default 256.
	Batch int `yaml:"batch" range:"1,4096"`
}

// Tokens are the access tokens of programs.
type Tokens struct {
	// Lifetime is how long a token is good for. Default 10m.
	Lifetime time.Duration `yaml:"lifetime" range:"1m,1h"`
	// Rotation is how long a key signs before the next one does, at least twice
	// Lifetime. Default 30d.
	Rotation time.Duration `yaml:"rotation" range:"2m,365d"`
}

// Sessions are those of browsers.
type Sessions struct {
	// Idle ends a session that nobody used for so long. Default 30m.
	Idle time.Duration `yaml:"idle" range:"1m,30d"`
	// Longest ends any session, used or not; at least Idle. Default 12h.
	Longest time.Duration `yaml:"longest" range:"1m,30d"`
	// InsecureCookies sends cookies over plain HTTP too: for trying things out,
	// with a PublicURL on a loopback address only. Default false.
	InsecureCookies bool `yaml:"insecure_cookies"`
}

// Certificates are what the signing office and the anchor go by.
type Certificates struct {
	// StatusValidity is how long a status list is good for once it was handed
	// out: as long may a revocation stay unnoticed. Default 7d.
	StatusValidity time.Duration `yaml:"status_validity" range:"1h,90d"`
	// Anchor is where checkpoints of the log are anchored: AnchorLocal (default)
	// or AnchorNone.
	Anchor string `yaml:"anchor" choice:"local,none"`
	// AnchorFile is the signed append-only file of AnchorLocal; not read
	// otherwise. Default "anchor.log".
	AnchorFile string `yaml:"anchor_file"`
	// Interval is the least time between two anchors. Default 1m.
	Interval time.Duration `yaml:"interval" range:"1s,1d"`
	// Fonts are the TrueType files that certificates are printed in, the first
	// first: a character that it lacks is set in the next that has it. Default
	// empty: those that are where systems keep fonts.
	Fonts []string `yaml:"fonts"`
}

// The kinds of anchor.
const (
	AnchorLocal = "local" // a signed append-only file
	AnchorNone  = "none"  // checkpoints are signed and not anchored
)
