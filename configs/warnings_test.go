package configs_test

import (
	"strings"
	"testing"
	"unicode"

	"creditbank/configs"
)

func TestWarnings(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"replicas without redis":        {"replicas: 2\ndatabase: postgres://u@localhost/db?sslmode=disable", "there is no redis"},
		"a proxy that is not trusted":   {"trusted_proxies: []", "all clients count as one"},
		"plain text":                    {"listen: :8080", "listen is not of this machine only"},
		"plain text on all addresses":   {"listen: 0.0.0.0:8080", "listen is not of this machine only"},
		"profiles for all":              {"admin_listen: '[::]:9090'", "whoever can reach it"},
		"anybody's PostgreSQL":          {"database: postgres://u@db:5432/db?sslmode=require", "nobody checks who the server is"},
		"one of two is elsewhere":       {"database: postgres://u@localhost:5432,db:5432/db?sslmode=require", "nobody checks who the server is"},
		"elsewhere by parameter":        {"database: postgres:///db?host=db&sslmode=require", "nobody checks who the server is"},
		"Redis in the clear":            {"redis: {url: 'redis://redis:6379/0'}", "sent in the clear"},
		"nobody to turn to":             {"bank: {name: {zh: 青禾学分银行}}", "bank.contact is empty"},
		"no anchor":                     {"certificates: {anchor: none}", "is not anchored"},
		"PostgreSQL of this machine":    {"database: postgres://u@127.0.0.1:5432/db?sslmode=disable", ""},
		"PostgreSQL by a socket":        {"database: postgres:///db?host=/var/run/postgresql&sslmode=disable", ""},
		"PostgreSQL by IPv6":            {"database: 'postgres://u@[::1]:5432/db?sslmode=disable'", ""},
		"PostgreSQL without a port":     {"database: 'postgres://u@[::ffff:127.0.0.1]/db?sslmode=disable'", ""},
		"PostgreSQL that is checked":    {"database: postgres://u@db/db?sslmode=verify-ca", ""},
		"Redis of this machine":         {"redis: {url: 'redis://[::1]:6379/0'}", ""},
		"Redis by TLS":                  {"redis: {url: 'rediss://redis:6379/0'}", ""},
		"its own certificate":           {"listen: :443\ntls: {cert_file: c, key_file: k}\ntrusted_proxies: []", ""},
		"profiles for this machine":     {"admin_listen: 127.0.0.1:9090", ""},
		"replicas that share something": {"replicas: 2\nredis: {url: 'redis://localhost:6379/0'}\ndatabase: postgres://u@localhost/db?sslmode=disable", ""},
	} {
		text := "public_url: https://credits.example.edu\n" + tt.text
		if !strings.Contains(text, "trusted_proxies") {
			text += "\ntrusted_proxies: [127.0.0.1/32]"
		}
		if !strings.Contains(text, "bank:") {
			text += "\nbank: {contact: {zh: 12345}}"
		}
		c, err := configs.Parse("c.yaml", []byte(text), noVariables)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := ""
		for _, w := range c.Warnings() {
			got += w.EN
			if !strings.ContainsFunc(w.ZH, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
				t.Errorf("%s: %q is no Chinese", name, w.ZH)
			}
		}
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: warnings %q, want %q", name, got, tt.want)
		}
		if strings.Count(tt.text, "\n") == 0 && len(c.Warnings()) > 1 {
			t.Errorf("%s: warnings %q", name, got)
		}
	}
}
