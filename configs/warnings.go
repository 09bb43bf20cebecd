package configs

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"creditbank/creditbank"
)

// Warnings returns what is allowed and probably not meant, for the log at the
// start.
func (c Config) Warnings() []creditbank.Text {
	public, err := url.Parse(string(c.PublicURL))
	https := err == nil && public.Scheme == "https"
	plain := c.TLS.CertFile == ""
	checks := []struct {
		wrong  bool
		zh, en string
	}{
		{c.Replicas > 1 && c.Redis.URL == "",
			"replicas大于1而没有redis：限流、会话和令牌吊销只在各进程内有效",
			"replicas is above 1 and there is no redis: limits, sessions and revoked tokens hold in one process each"},
		{c.Bank.Contact.ZH == "" && err == nil && !isLoopback(public.Hostname()),
			"bank.contact为空：同意书请学习者到首页查看联系方式，那里却没有",
			"bank.contact is empty: the text of consents sends learners to the first page for it"},
		{https && plain && len(c.TrustedProxies) == 0,
			"public_url为https而没有tls，也没有trusted_proxies：代理之后的所有客户端将被视为同一个",
			"public_url is https, without tls or trusted_proxies: behind a proxy, all clients count as one"},
		{plain && !isLocal(c.Listen),
			"listen不限于本机，而没有tls：连接不加密",
			"listen is not of this machine only, without tls: connections are not encrypted"},
		{c.AdminListen != "" && !isLocal(c.AdminListen),
			"admin_listen不限于本机：任何能连上的人都可查看指标和性能剖析",
			"admin_listen is not of this machine only: whoever can reach it sees metrics and profiles"},
		{c.unverified(),
			"PostgreSQL不在本机，而sslmode不是verify-full或verify-ca：不核对服务器身份",
			"PostgreSQL is elsewhere and sslmode is neither verify-full nor verify-ca: nobody checks who the server is"},
		{strings.HasPrefix(string(c.Redis.URL), "redis:") && !isLocalURL(c.Redis.URL),
			"redis不在本机，而不用TLS（rediss://）：口令和会话明文传送",
			"redis is elsewhere, without TLS (rediss://): its password and sessions are sent in the clear"},
		{c.Certificates.Anchor == AnchorNone,
			"证书日志没有存证：日志若被改写，他人无从发现",
			"the log of certificates is not anchored: nobody could tell if it were rewritten"},
	}
	var warnings []creditbank.Text
	for _, check := range checks {
		if check.wrong {
			warnings = append(warnings, creditbank.Text{ZH: check.zh, EN: check.en})
		}
	}
	return warnings
}

// isLocal reports whether only this machine can reach an address.
func isLocal(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && isLoopback(host)
}

func isLocalURL(a Address) bool {
	u, err := url.Parse(string(a))
	return err == nil && isLoopback(u.Hostname())
}

// unverified reports whether PostgreSQL is on another machine and could be
// anybody. There may be several hosts, in the URL or as a parameter; none, or a
// path, is a socket of this machine.
func (c Config) unverified() bool {
	if _, ok := c.SQLite(); ok {
		return false
	}
	u, err := url.Parse(string(c.Database))
	if err != nil || slices.Contains([]string{"verify-full", "verify-ca"}, u.Query().Get("sslmode")) {
		return false
	}
	hosts := u.Host
	if h := u.Query().Get("host"); h != "" {
		hosts = h
	}
	return slices.ContainsFunc(strings.Split(hosts, ","), func(host string) bool {
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		host = strings.Trim(host, "[]")
		return host != "" && !strings.HasPrefix(host, "/") && !isLoopback(host)
	})
}
