package configs_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"creditbank/certify"
	"creditbank/configs"
	"creditbank/creditbank"
)

// Another value for each key than its default; together they are valid.
var others = map[string]string{
	"listen":                        "0.0.0.0:443",
	"public_url":                    "http://localhost:8443",
	"host":                          "bank.example.edu",
	"admin_listen":                  "127.0.0.1:9090",
	"tls.cert_file":                 "/tls/cert.pem",
	"tls.key_file":                  "/tls/key.pem",
	"trusted_proxies":               "10.0.0.0/8,::1/128",
	"database":                      "postgres://bank@[::1]:5432/bank?sslmode=disable",
	"database_password_file":        "/secrets/database",
	"keys_dir":                      "/keys",
	"redis.url":                     "rediss://bank@redis.example:6380/3",
	"redis.password_file":           "/secrets/redis",
	"redis.prefix":                  "qinghe:",
	"poster.writers":                "3",
	"poster.queue":                  "100",
	"poster.batch":                  "64",
	"limits.body_bytes":             "2048",
	"limits.file_bytes":             "4096",
	"limits.ndjson_row_bytes":       "1024",
	"limits.json_depth":             "9",
	"limits.request_timeout":        "11s",
	"limits.header_timeout":         "1m",
	"limits.idle_timeout":           "1h",
	"limits.stream_timeout":         "1h2m3s",
	"limits.upload_timeout":         "59m",
	"limits.uploads":                "31",
	"limits.max_in_flight":          "13",
	"limits.per_client.burst":       "14",
	"limits.per_client.refill":      "15",
	"limits.per_client.per":         "16ms",
	"limits.per_institution.burst":  "17",
	"limits.per_institution.refill": "18",
	"limits.per_institution.per":    "19s",
	"limits.anonymous.burst":        "20",
	"limits.anonymous.refill":       "21",
	"limits.anonymous.per":          "22s",
	"limits.login.burst":            "23",
	"limits.login.refill":           "24",
	"limits.login.per":              "1d",
	"limits.login_from.burst":       "25",
	"limits.login_from.refill":      "26",
	"limits.login_from.per":         "27s",
	"tokens.lifetime":               "5m",
	"tokens.rotation":               "60d",
	"sessions.idle":                 "1h30m",
	"sessions.longest":              "2d",
	"sessions.insecure_cookies":     "true",
	"oidc.issuer":                   "https://login.example.edu/realms/city",
	"oidc.client_id":                "credits",
	"oidc.client_secret_file":       "/secrets/oidc",
	"bank.name.zh":                  "青禾市学分银行",
	"bank.name.en":                  "Credit Bank of Qinghe",
	"bank.contact.zh":               "电话 12345",
	"bank.contact.en":               "telephone 12345",
	"oidc.name.zh":                  "青禾通",
	"oidc.name.en":                  "Qinghe Pass",
	"certificates.status_validity":  "36h",
	"certificates.anchor":           "none",
	"certificates.anchor_file":      "/anchor",
	"certificates.interval":         "10s",
	"certificates.fonts":            "/fonts/a.ttf,/fonts/b.ttc",
	"telemetry.log_level":           "warn",
	"telemetry.log_format":          "text",
	"telemetry.otlp_endpoint":       "https://traces.example:4318/v1/traces",
	"telemetry.sample":              "0.125",
	"drain":                         "0s",
	"shutdown_grace":                "45s",
	"replicas":                      "3",
	"rules.quorum":                  "3",
	"rules.publicity_days":          "10",
	"rules.automatic":               "true",
}

func TestEveryKeyCanBeOverridden(t *testing.T) {
	defaults := configs.Default()
	variables := map[string]string{}
	for _, f := range configs.Fields(&defaults) {
		if others[f.Path] == "" || others[f.Path] == f.Text {
			t.Errorf("no other value for %s is tried", f.Path)
		}
		if variables[f.Variable] != "" || !regexp.MustCompile(`^CREDITBANK_[A-Z_]+$`).MatchString(f.Variable) {
			t.Errorf("%s has the variable %s", f.Path, f.Variable)
		}
		variables[f.Variable] = others[f.Path]
	}
	c, err := configs.Parse("c.yaml", configs.Example(), func(name string) string { return variables[name] })
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range configs.Fields(&c) {
		if f.Text != others[f.Path] {
			t.Errorf("%s=%s gives %s the value %s", f.Variable, others[f.Path], f.Path, f.Text)
		}
	}
	if again, err := configs.Parse("c.yaml", []byte(c.String()), noVariables); err != nil || !reflect.DeepEqual(again, c) {
		t.Errorf("printed and read again: %v\n%v", err, again)
	}
}

// Whatever is wrong with a variable is said of the variable, and of nothing else.
func TestFaultsNameTheVariable(t *testing.T) {
	defaults := configs.Default()
	for _, f := range configs.Fields(&defaults) {
		_, err := configs.Parse("c.yaml", configs.Example(), func(name string) string {
			if name == f.Variable {
				return "\x00"
			}
			return ""
		})
		if err == nil || !strings.HasPrefix(err.Error(), f.Variable+": "+f.Path+": ") {
			t.Errorf("a wrong %s is reported as %v", f.Variable, err)
		}
	}
}

// Numbers and durations are bounded, and their bounds make sense.
func TestEveryNumberHasARange(t *testing.T) {
	c := configs.Default()
	for _, f := range configs.Fields(&c) {
		switch f.Kind {
		case "int", "float64", "time.Duration":
		default:
			continue
		}
		low, high, ok := strings.Cut(f.Range, ",")
		if !ok {
			t.Errorf("%s is not bounded", f.Path)
			continue
		}
		for text, in := range map[string]bool{low: true, high: true, "-1": false, "99999999999s": false, "9999999999": false} {
			_, err := configs.Parse("c.yaml", configs.Example(), func(name string) string {
				if name == f.Variable {
					return text
				}
				return ""
			})
			if out := err != nil && strings.Contains(err.Error(), "is not between"); in && out || !in && err == nil {
				t.Errorf("%s: %s, of %s: %v", f.Path, text, f.Range, err)
			}
		}
	}
}

func TestLoadReportsEverythingAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.yaml")
	text := `listne: 127.0.0.1:80
public_url: https://credits.example.edu/
redis:
  password: hunter2
limits: {body_bytes: 1MiB, login: {per: never}}
trusted_proxies: [10.0.0.0/8, 10.0.0.1/8, x]
replicas: 0
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := configs.Load(path, func(name string) string {
		return map[string]string{"CREDITBANK_POSTER_BATCH": "many", "CREDITBANK_TRUSTED_PROXIES": "", "CREDITBANK_TELEMETRY_LOG_LEVEL": "INFO"}[name]
	})
	want := []string{
		path + `:1:1: listne: unknown key "listne", did you mean "listen"? (UNKNOWN_KEY)`,
		path + `:2:13: public_url: has a scheme and a host only, and no / at its end (MALFORMED)`,
		path + `:4:3: redis.password: unknown key "password", known are url, password_file, prefix (UNKNOWN_KEY)`,
		path + `:5:22: limits.body_bytes: "1MiB" is no whole number (MALFORMED)`,
		path + `:5:41: limits.login.per: "never" is no duration such as 500ms, 30s, 15m, 12h or 7d (MALFORMED)`,
		path + `:6:31: trusted_proxies[1]: "10.0.0.1/8" is no network such as 10.0.0.0/8 or ::1/128 (MALFORMED)`,
		path + `:6:43: trusted_proxies[2]: "x" is no network such as 10.0.0.0/8 or ::1/128 (MALFORMED)`,
		path + `:7:11: replicas: is not between 1 and 64 (MALFORMED)`,
		`CREDITBANK_POSTER_BATCH: poster.batch: "many" is no whole number (MALFORMED)`,
		`CREDITBANK_TELEMETRY_LOG_LEVEL: telemetry.log_level: "INFO" is none of debug, info, warn, error (MALFORMED)`,
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("Load reports\n%v\nwant\n%s", err, strings.Join(want, "\n"))
	}
	var placed *creditbank.PlacedError
	if !errors.As(err, &placed) || placed.Reason.ZH != "未知的键“listne”，是否想写“listen”？" {
		t.Errorf("the first fault is %v", placed)
	}
	if _, err := configs.Load(path+"x", noVariables); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// Each is added to a file that is in order, and refused for one reason.
func TestLoadRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"a port that is none":            {"listen: 127.0.0.1:http", ":2:9: listen: is no host:port"},
		"a listener without port":        {"listen: localhost", "listen: is no host:port"},
		"both listeners in one place":    {"admin_listen: 127.0.0.1:8080", ":2:15: admin_listen: must not be that of listen"},
		"http in public":                 {"CREDITBANK_PUBLIC_URL=http://credits.example.edu", "public_url: must be https"},
		"a public URL with a path":       {"CREDITBANK_PUBLIC_URL=https://example.edu/credits", "public_url: has a scheme and a host only"},
		"a public URL with a query":      {"CREDITBANK_PUBLIC_URL=https://example.edu?", "public_url: has a scheme and a host only"},
		"a public URL with a user":       {"CREDITBANK_PUBLIC_URL=https://u@example.edu", "public_url: has a scheme and a host only"},
		"a public URL without host":      {"CREDITBANK_PUBLIC_URL=https://", "public_url: is no https:// or http:// URL"},
		"a public URL in capitals":       {"CREDITBANK_PUBLIC_URL=https://Example.edu", "public_url: needs a host name in small letters"},
		"the default port":               {"CREDITBANK_PUBLIC_URL=https://example.edu:443", "public_url: must leave out the default port"},
		"a host that did:web cannot say": {"host: Credits/Bank", ":2:7: host: is no host name"},
		"a certificate without key":      {"tls: {cert_file: a.pem}", "tls.key_file: cert_file and key_file go together"},
		"a key without certificate":      {"tls: {key_file: a.pem}", "tls.cert_file: cert_file and key_file go together"},
		"no folder of keys":              {`keys_dir: ""`, ":2:11: keys_dir: is empty"},
		"a database of another kind":     {"database: mysql://db", "database: is neither sqlite:PATH nor a postgres:// URL"},
		"SQLite without path":            {"database: 'sqlite:'", "database: lacks a path"},
		"SQLite with a password":         {"database_password_file: p", "database_password_file: is excluded by SQLite"},
		"a quorum of two":                {"rules: {quorum: 2}", "rules.quorum: is none of 0, 1, 3 and 5"},
		"SQLite in several processes":    {"replicas: 2", "replicas: must be 1 with SQLite"},
		"PostgreSQL without sslmode":     {"database: postgres://u@h/db", "database: must state sslmode"},
		"a password in the URL":          {"database: postgres://u:hunter2@h/db?sslmode=require", "database: holds a password"},
		"a password in the query":        {"database: postgres://u@h/db?sslmode=require&password=hunter2", "database: holds a password"},
		"a password escaped in it":       {"database: postgres://u@h/db?sslmode=require&p%61ssword=hunter2", "database: holds a password"},
		"a fragment":                     {"database: 'postgres://u@h/db?sslmode=require#'", "database: is no URL"},
		"Redis with a password":          {"redis: {url: 'redis://u:hunter2@h:6379/0'}", "redis.url: must not hold a password"},
		"Redis without number":           {"redis: {url: 'redis://h:6379/bank'}", "redis.url: has the number of the database"},
		"Redis by HTTP":                  {"redis: {url: 'http://h:6379/0'}", "redis.url: is no redis:// or rediss:// URL"},
		"a password and no Redis":        {"redis: {password_file: p}", "redis.url: is missing"},
		"a prefix with blanks":           {"redis: {prefix: 'a b'}", "redis.prefix: has 1 to 64 letters"},
		"a provider half described":      {"oidc: {issuer: 'https://login.example', client_secret_file: s}", "oidc.client_id: is needed with oidc.issuer"},
		"a provider without a name":      {"oidc: {issuer: 'https://login.example', client_id: i, client_secret_file: s, name: {en: ''}}", "oidc.name.en: is needed"},
		"a provider by HTTP":             {"oidc: {issuer: 'http://login.example', client_id: i, client_secret_file: s}", "oidc.issuer: must be https"},
		"a client and no provider":       {"oidc: {client_id: i}", "oidc.client_id: is of no use without oidc.issuer"},
		"a secret and no provider":       {"oidc: {client_secret_file: i}", "oidc.client_secret_file: is of no use without oidc.issuer"},
		"insecure cookies in public":     {"sessions: {insecure_cookies: true}", "sessions.insecure_cookies: is for a public_url on a loopback address only"},
		"a session longer than itself":   {"sessions: {idle: 13h}", "sessions.longest: is shorter than sessions.idle"},
		"keys that rotate too soon":      {"tokens: {lifetime: 1h, rotation: 119m}", "tokens.rotation: is shorter than twice"},
		"streams shorter than requests":  {"limits: {stream_timeout: 29s}", "limits.stream_timeout: is shorter than limits.request_timeout"},
		"rows longer than bodies":        {"limits: {body_bytes: 65535}", "limits.ndjson_row_bytes: is larger than limits.body_bytes"},
		"an anchor of another kind":      {"certificates: {anchor: fabric}", "certificates.anchor: is none of local, none"},
		"an anchor without file":         {"certificates: {anchor_file: ''}", "certificates.anchor_file: is needed"},
		"a log of another form":          {"telemetry: {log_format: xml}", "telemetry.log_format: is none of json, text"},
		"more than all requests":         {"telemetry: {sample: 1.01}", "telemetry.sample: is not between 0 and 1"},
		"a sample that is no decimal":    {"telemetry: {sample: 1e-2}", `telemetry.sample: "1e-2" is no decimal`},
		"traces with a password":         {"telemetry: {otlp_endpoint: 'http://u:hunter2@h'}", "telemetry.otlp_endpoint: must not hold a password"},
		"what reads as a password":       {"telemetry: {otlp_endpoint: 'http://h:4318/a@b'}", "telemetry.otlp_endpoint: must not hold a password"},
		"a text with a line in it":       {`keys_dir: "a\nb"`, "keys_dir: is not printable text"},
		"a text for a section":           {"redis: here", ":2:8: redis: expected a mapping"},
		"a number for a list":            {"trusted_proxies: 1", "trusted_proxies: expected a list"},
		"a value left out":               {"listen:", "listen: is empty"},
		"a choice in capitals":           {"sessions: {insecure_cookies: True}", `sessions.insecure_cookies: "True" is neither true nor false`},
		"days that are none":             {"drain: 1.5d", `drain: "1.5d" is no duration`},
	} {
		t.Run(name, func(t *testing.T) {
			text, env := "public_url: https://credits.example.edu\n"+tt.text, ""
			if strings.HasPrefix(tt.text, "CREDITBANK_PUBLIC_URL=") {
				text, env = "replicas: 1", strings.TrimPrefix(tt.text, "CREDITBANK_PUBLIC_URL=")
			}
			_, err := configs.Parse("c.yaml", []byte(text), func(name string) string {
				if name == "CREDITBANK_PUBLIC_URL" {
					return env
				}
				return ""
			})
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v, want one fault, %s", tt.text, err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the fault repeats the password: %v", err)
			}
		})
	}
}

func TestLoadTakes(t *testing.T) {
	for name, text := range map[string]string{
		"sections with nothing in them": "public_url: https://a.edu\nredis:\n  # url: x\nlimits:\n  login:\ntrusted_proxies:\n",
		"trying out":                    "public_url: http://127.0.0.1:8080\nsessions: {insecure_cookies: true}",
		"several hosts of PostgreSQL":   "public_url: https://a.edu\ndatabase: postgres://u@a:5432,b:5433/db?sslmode=verify-full&target_session_attrs=read-write",
		"a socket of PostgreSQL":        "public_url: https://a.edu\ndatabase: postgres:///db?host=/var/run/postgresql&sslmode=disable",
		"any free port, twice":          "public_url: https://a.edu\nlisten: 127.0.0.1:0\nadmin_listen: 127.0.0.1:0",
		"a path that looks like a URL":  "public_url: https://a.edu\ndatabase: sqlite:/a://u:p@h?password=x",
		"texts that look like none":     "public_url: https://a.edu\nkeys_dir: 'null'\ncertificates: {anchor_file: '~'}",
		"no anchor and no file":         "public_url: https://a.edu\ncertificates: {anchor: none, anchor_file: ''}",
	} {
		c, err := configs.Parse("c.yaml", []byte(text), noVariables)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := certify.WebDID(c.IssuerHost(), "issuers"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if again, err := configs.Parse("c.yaml", []byte(c.String()), noVariables); err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%s, printed and read: %v\n%s", name, err, c)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(configs.Example(), "")
	f.Add(read(f, "production.yaml"), "")
	f.Add([]byte("public_url: https://a.edu\ndatabase: \"sqlite:é://u:p@h?password=x\"\ntelemetry: {sample: 0.000000001, otlp_endpoint: http://a/b@c}"), "")
	f.Add([]byte("public_url: https://a.edu\ntrusted_proxies: [::/0]\ndrain: 0.5s\nsessions: {idle: 25h, longest: 1d24h}"), "10.0.0.0/8, ::1/128")
	f.Fuzz(func(t *testing.T, data []byte, networks string) {
		c, err := configs.Parse("c.yaml", data, func(name string) string {
			if name == "CREDITBANK_TRUSTED_PROXIES" {
				return networks
			}
			return ""
		})
		if err != nil {
			return
		}
		c.Warnings()
		c.LogValue()
		again, err := configs.Parse("c.yaml", []byte(c.String()), noVariables)
		if err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%s\nread again: %v\n%s", c, err, again)
		}
	})
}
