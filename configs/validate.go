package configs

import (
	"fmt"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"creditbank/creditbank"
)

// A reporter is told that the value at path is wrong.
type reporter func(path string, code creditbank.Code, zh, en string)

func (r reporter) malformed(path, zh, en string) { r(path, creditbank.CodeMalformed, zh, en) }
func (r reporter) missing(path, zh, en string)   { r(path, creditbank.CodeMissing, zh, en) }

// validate reports everything that is wrong with c. It repeats no address,
// which may hold a password.
func (c Config) validate(report reporter) {
	for _, f := range fields(reflect.ValueOf(c), "") {
		f.validate(report)
	}
	c.validateServing(report)
	if c.Bank.Name.ZH == "" {
		report.missing("bank.name.zh", "不能为空", "is empty")
	}
	c.validateDatabase(report)
	c.validateRedis(report)
	c.validateLogin(report)
	c.validateTimes(report)
	if c.Certificates.Anchor == AnchorLocal && c.Certificates.AnchorFile == "" {
		report.missing("certificates.anchor_file", "anchor为local时必须填写", "is needed with the anchor local")
	}
	if !slices.Contains([]int{0, 1, 3, 5}, c.Rules.Quorum) {
		report.malformed("rules.quorum", "应为0、1、3或5", "is none of 0, 1, 3 and 5")
	}
	if c.Telemetry.OTLPEndpoint != "" {
		report.url("telemetry.otlp_endpoint", c.Telemetry.OTLPEndpoint, "http", "https")
	}
}

// validate holds f against its tags.
func (f field) validate(report reporter) {
	if words, ok := f.tag.Lookup("choice"); ok {
		known := strings.Split(words, ",")
		if !slices.Contains(known, f.value.String()) {
			report.malformed(f.path, "应为以下之一："+strings.Join(known, "、"), "is none of "+strings.Join(known, ", "))
		}
	}
	if bounds, ok := f.tag.Lookup("range"); ok && !f.within(bounds) {
		from, to, _ := strings.Cut(bounds, ",")
		report.malformed(f.path, fmt.Sprintf("应在%s与%s之间", from, to), fmt.Sprintf("is not between %s and %s", from, to))
	}
	if f.value.Kind() == reflect.Slice && f.value.Type().Elem().Kind() == reflect.String {
		for i := range f.value.Len() {
			if s := f.value.Index(i).String(); s == "" || !isPlain(s) {
				report.malformed(f.path, "各项应为不超过1024字节的可见文字，首尾无空格", "has an element that is not printable text of at most 1024 bytes without blanks at its ends")
			}
		}
	}
	if f.value.Kind() == reflect.String && !isPlain(f.value.String()) {
		report.malformed(f.path, "应为不超过1024字节的可见文字，首尾无空格", "is not printable text of at most 1024 bytes without blanks at its ends")
	}
}

// within reports whether a number or duration lies within bounds, "from,to".
func (f field) within(bounds string) bool {
	from, to := reflect.New(f.value.Type()).Elem(), reflect.New(f.value.Type()).Elem()
	low, high, _ := strings.Cut(bounds, ",")
	if parse(from, low) != nil || parse(to, high) != nil {
		return false
	}
	if f.value.CanFloat() {
		return from.Float() <= f.value.Float() && f.value.Float() <= to.Float()
	}
	return from.Int() <= f.value.Int() && f.value.Int() <= to.Int()
}

func isPlain(s string) bool {
	return len(s) <= 1024 && utf8.ValidString(s) && strings.TrimSpace(s) == s &&
		!strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError })
}

// hosts are names that did:web can hold, with a port if need be.
var hosts = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$`)

func (c Config) validateServing(report reporter) {
	report.listen("listen", c.Listen)
	if c.AdminListen != "" {
		report.listen("admin_listen", c.AdminListen)
		if c.AdminListen == c.Listen && !strings.HasSuffix(c.Listen, ":0") {
			report.malformed("admin_listen", "不能与listen相同", "must not be that of listen")
		}
	}
	if c.Host != "" && !hosts.MatchString(c.Host) {
		report.malformed("host", "应为小写的主机名，可带端口", "is no host name in small letters, perhaps with a port")
	}
	if (c.TLS.CertFile == "") != (c.TLS.KeyFile == "") {
		missing := "tls.key_file"
		if c.TLS.CertFile == "" {
			missing = "tls.cert_file"
		}
		report.missing(missing, "cert_file与key_file须同时填写", "cert_file and key_file go together")
	}
	if c.KeysDir == "" {
		report.missing("keys_dir", "不能为空", "is empty")
	}
	c.validatePublicURL(report)
}

func (c Config) validatePublicURL(report reporter) {
	const path = "public_url"
	if c.PublicURL == "" {
		report.missing(path, "必须填写，例如https://credits.example.edu", "must be set, such as https://credits.example.edu")
		return
	}
	u := report.url(path, c.PublicURL, "https", "http")
	switch {
	case u == nil:
		return
	case u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(string(c.PublicURL), "?#"):
		report.malformed(path, "只能有协议和主机，末尾不要“/”", "has a scheme and a host only, and no / at its end")
	case !hosts.MatchString(u.Host):
		report.malformed(path, "主机应为小写的主机名，可带端口", "needs a host name in small letters, perhaps with a port")
	case u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80":
		report.malformed(path, "请略去默认端口", "must leave out the default port")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		report.malformed(path, "除本机地址外必须使用https", "must be https, except for loopback addresses")
	}
	if c.Sessions.InsecureCookies && !isLoopback(u.Hostname()) {
		report.malformed("sessions.insecure_cookies", "仅当public_url为本机地址时可用", "is for a public_url on a loopback address only")
	}
}

func (c Config) validateDatabase(report reporter) {
	const path = "database"
	if file, ok := c.SQLite(); ok {
		if file == "" {
			report.missing(path, "sqlite:后缺少路径", "lacks a path after sqlite:")
		}
		if c.DatabasePasswordFile != "" {
			report.malformed("database_password_file", "SQLite没有口令，不能填写", "is excluded by SQLite, which has no passwords")
		}
		if c.Replicas > 1 {
			report.malformed("replicas", "SQLite只支持一个进程", "must be 1 with SQLite")
		}
		return
	}
	if !strings.HasPrefix(string(c.Database), "postgres://") && !strings.HasPrefix(string(c.Database), "postgresql://") {
		report.malformed(path, "应为sqlite:路径，或postgres://地址", "is neither sqlite:PATH nor a postgres:// URL")
		return
	}
	u, err := url.Parse(string(c.Database))
	if err != nil || strings.Contains(string(c.Database), "#") {
		report.malformed(path, "不是合法的网址", "is no URL")
		return
	}
	if c.Database.hasPassword(u) {
		report.malformed(path, "口令应放在database_password_file所指的文件中", "holds a password; it belongs into the file of database_password_file")
	}
	if u.Query().Get("sslmode") == "" {
		report.malformed(path, "必须写明sslmode，例如sslmode=verify-full", "must state sslmode, such as sslmode=verify-full")
	}
}

var (
	prefixes = regexp.MustCompile(`^[A-Za-z0-9:._-]{1,64}$`)
	numbers  = regexp.MustCompile(`^(/[0-9]{0,4})?$`)
)

func (c Config) validateRedis(report reporter) {
	if !prefixes.MatchString(c.Redis.Prefix) {
		report.malformed("redis.prefix", "应为1至64个字母、数字或 : . _ -", "has 1 to 64 letters, digits and : . _ -")
	}
	if c.Redis.URL != "" {
		if u := report.url("redis.url", c.Redis.URL, "redis", "rediss"); u != nil && !numbers.MatchString(u.Path) {
			report.malformed("redis.url", "主机之后应为数据库编号，例如redis://127.0.0.1:6379/0", "has the number of the database after the host, such as redis://127.0.0.1:6379/0")
		}
	} else if c.Redis.PasswordFile != "" {
		report.missing("redis.url", "填写了password_file，却没有url", "is missing, though there is a password_file")
	}
}

// validateLogin checks the identity provider: all of it, or nothing.
func (c Config) validateLogin(report reporter) {
	needed := []struct{ path, value string }{
		{"oidc.client_id", c.OIDC.ClientID}, {"oidc.client_secret_file", c.OIDC.ClientSecretFile},
		{"oidc.name.zh", c.OIDC.Name.ZH}, {"oidc.name.en", c.OIDC.Name.EN},
	}
	if c.OIDC.Issuer == "" {
		for _, n := range needed[:2] {
			if n.value != "" {
				report.malformed(n.path, "没有oidc.issuer，不能填写", "is of no use without oidc.issuer")
			}
		}
		return
	}
	if u := report.url("oidc.issuer", c.OIDC.Issuer, "https", "http"); u != nil && u.Scheme == "http" && !isLoopback(u.Hostname()) {
		report.malformed("oidc.issuer", "除本机地址外必须使用https", "must be https, except for loopback addresses")
	}
	for _, n := range needed {
		if n.value == "" {
			report.missing(n.path, "有oidc.issuer时必须填写", "is needed with oidc.issuer")
		}
	}
}

// validateTimes checks what must not be shorter than something else.
func (c Config) validateTimes(report reporter) {
	if c.Tokens.Rotation < 2*c.Tokens.Lifetime {
		report.malformed("tokens.rotation", "不得短于tokens.lifetime的两倍", "is shorter than twice tokens.lifetime")
	}
	if c.Sessions.Longest < c.Sessions.Idle {
		report.malformed("sessions.longest", "不得短于sessions.idle", "is shorter than sessions.idle")
	}
	if c.Limits.StreamTimeout < c.Limits.RequestTimeout {
		report.malformed("limits.stream_timeout", "不得短于limits.request_timeout", "is shorter than limits.request_timeout")
	}
	if c.Limits.NDJSONRowBytes > c.Limits.BodyBytes {
		report.malformed("limits.ndjson_row_bytes", "不得大于limits.body_bytes", "is larger than limits.body_bytes")
	}
}

// listen checks an address to listen on.
func (r reporter) listen(path, address string) {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		r.malformed(path, "应为“主机:端口”，例如127.0.0.1:8080", "is no host:port such as 127.0.0.1:8080")
	}
}

// url checks a URL without a password, and returns it, or nil.
func (r reporter) url(path string, a Address, schemes ...string) *url.URL {
	u, err := url.Parse(string(a))
	if err != nil || u.Hostname() == "" || !slices.Contains(schemes, u.Scheme) {
		r.malformed(path, "应为"+strings.Join(schemes, "://或")+"://网址", "is no "+strings.Join(schemes, ":// or ")+":// URL")
		return nil
	}
	if a.hasPassword(u) {
		r.malformed(path, "不能含有口令", "must not hold a password")
	}
	return u
}
