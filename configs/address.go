package configs

import (
	"log/slog"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// An Address is where something is reached, mostly a URL. No address of a
// configuration holds a password, and one that does is refused; should one be
// printed all the same, its password is hidden.
type Address string

var passwords = regexp.MustCompile(`(?i)(://[^/@:]*:).*@|([?&;][a-z_]*password=)[^&;]*`)

// String returns the address with any password hidden.
func (a Address) String() string {
	if strings.HasPrefix(string(a), sqlitePrefix) {
		return string(a) // a path
	}
	return passwords.ReplaceAllStringFunc(string(a), func(found string) string {
		if strings.HasSuffix(found, "@") {
			return found[:3+strings.IndexByte(found[3:], ':')] + ":***@"
		}
		return found[:strings.IndexByte(found, '=')] + "=***"
	})
}

// GoString returns String, so that %#v hides the password too.
func (a Address) GoString() string { return a.String() }

// LogValue implements [slog.LogValuer].
func (a Address) LogValue() slog.Value { return slog.StringValue(a.String()) }

// MarshalText implements [encoding.TextMarshaler].
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// hasPassword reports whether a, which is u, holds a password, in any of the
// places where drivers look for it.
func (a Address) hasPassword(u *url.URL) bool {
	if _, ok := u.User.Password(); ok || a.String() != string(a) {
		return true
	}
	for k := range u.Query() {
		if strings.Contains(strings.ToLower(k), "password") {
			return true
		}
	}
	return false
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

const sqlitePrefix = "sqlite:"

// SQLite returns the path of the database and whether it is one of SQLite.
func (c Config) SQLite() (path string, ok bool) {
	return strings.CutPrefix(string(c.Database), sqlitePrefix)
}

// IssuerHost returns the host that names the issuers and the log: Host, or that
// of PublicURL.
func (c Config) IssuerHost() string {
	if c.Host != "" {
		return c.Host
	}
	u, err := url.Parse(string(c.PublicURL))
	if err != nil {
		return ""
	}
	return u.Host
}
