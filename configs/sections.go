package configs

import (
	"log/slog"

	"creditbank/creditbank"
)

// Bank is what people are told of who runs the bank. The text on which learners
// consent sends them to the first page for it.
type Bank struct {
	// Name is what the bank is called. Default 学分银行, Credit Bank.
	Name creditbank.Text `yaml:"name"`
	// Contact says how to reach who runs it: a telephone, an address. Default
	// empty.
	Contact creditbank.Text `yaml:"contact"`
}

// Rules say what a draft of rules must pass before it is published. The first
// version of all may be published directly.
type Rules struct {
	// Quorum is how many reviewers must approve of a draft: 0, 1, 3 or 5. Default 1.
	// With 0, and no PublicityDays, rules are published directly.
	Quorum int `yaml:"quorum" range:"0,5"`
	// PublicityDays is for how many calendar days an approved draft is public, and
	// anybody who has logged in may object, before it is published; 0 for none. An
	// end is given to rules at least as many days ahead. Default 7.
	PublicityDays int `yaml:"publicity_days" range:"0,365"`
	// Automatic publishes a draft by itself once its publicity has ended and every
	// objection was answered. Default false: an operator does.
	Automatic bool `yaml:"automatic"`
}

// Policy returns r as the domain has it.
func (r Rules) Policy() creditbank.RulePolicy {
	return creditbank.RulePolicy{Automatic: r.Automatic, PublicityDays: r.PublicityDays, Quorum: r.Quorum}
}

// OIDC is the identity provider by which people log in (OpenID Connect).
// Without an Issuer there are local accounts.
type OIDC struct {
	// Issuer is the URL of the provider, https, as it stands in its discovery
	// document. Default empty: local accounts.
	Issuer Address `yaml:"issuer"`
	// ClientID is what the provider calls this service. Needed with Issuer.
	ClientID string `yaml:"client_id"`
	// ClientSecretFile is the file that holds the client secret, alone on its
	// line. Needed with Issuer.
	ClientSecretFile string `yaml:"client_secret_file"`
	// Name stands on the button people press. Default 统一身份认证, Single
	// sign-on.
	Name creditbank.Text `yaml:"name"`
}

// Telemetry is what operators see.
type Telemetry struct {
	// LogLevel is the least level that is logged: debug, info (default), warn or
	// error.
	LogLevel slog.Level `yaml:"log_level"`
	// LogFormat is LogJSON (default) or LogText.
	LogFormat string `yaml:"log_format" choice:"json,text"`
	// OTLPEndpoint is where traces go by OTLP over HTTP, such as
	// http://127.0.0.1:4318. Default empty: no traces.
	OTLPEndpoint Address `yaml:"otlp_endpoint"`
	// Sample is the part of requests that is traced, from 0 to 1, where the
	// caller has not decided. Default 0.05.
	Sample float64 `yaml:"sample" range:"0,1"`
}

// The formats of the log.
const (
	LogJSON = "json" // an object a line, for programs
	LogText = "text" // key=value, for people
)
