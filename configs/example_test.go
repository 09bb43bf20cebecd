package configs_test

import (
	"bytes"
	"net/netip"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gopkg.in/yaml.v3"

	"creditbank/certify"
	"creditbank/configs"
)

func noVariables(string) string { return "" }

// What must be set has no default; the example shows one.
func TestExampleIsTheDefaults(t *testing.T) {
	got, err := configs.Parse("creditbank.yaml", configs.Example(), noVariables)
	if err != nil {
		t.Fatal(err)
	}
	want := configs.Default()
	if want.PublicURL != "" {
		t.Errorf("Default has the public URL %v", want.PublicURL)
	}
	want.PublicURL = "https://credits.example.edu"
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("creditbank.yaml is not Default (-want +got):\n%s", diff)
	}
	if w := got.Warnings(); len(w) != 2 || !strings.Contains(w[0].EN, "bank.contact") || !strings.Contains(w[1].EN, "trusted_proxies") {
		t.Errorf("the example warns of %v; it is to warn of missing bank.contact and trusted_proxies only", w)
	}
	if _, err := certify.WebDID(got.IssuerHost(), "issuers"); err != nil {
		t.Error(err)
	}
}

// A file that says nothing but what must be set.
func TestOnlyThePublicURLMustBeSet(t *testing.T) {
	if _, err := configs.Parse("c.yaml", []byte("public_url: https://credits.example.edu"), noVariables); err != nil {
		t.Error(err)
	}
	_, err := configs.Parse("c.yaml", []byte("replicas: 1"), noVariables)
	if err == nil || err.Error() != "c.yaml: public_url: must be set, such as https://credits.example.edu (MISSING)" {
		t.Errorf("without public_url: %v", err)
	}
}

// Each key and each section stands in the example in the order of the fields,
// under a comment in both languages.
func TestExampleCommentsOnEveryKey(t *testing.T) {
	var doc yaml.Node
	if err := yaml.Unmarshal(configs.Example(), &doc); err != nil {
		t.Fatal(err)
	}
	var found []string
	var walk func(n *yaml.Node, path string)
	walk = func(n *yaml.Node, path string) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			at := strings.TrimPrefix(path+"."+key.Value, ".")
			comment := commentAbove(key.Line)
			if !strings.ContainsFunc(comment, func(r rune) bool { return unicode.Is(unicode.Han, r) }) || !regexp.MustCompile(`[A-Za-z]{2,} [a-z]{1,}`).MatchString(comment) {
				t.Errorf("%s has the comment %q; it is to be in Chinese and English", at, comment)
			}
			if value.Kind == yaml.MappingNode {
				walk(value, at)
			} else {
				found = append(found, at)
			}
		}
	}
	walk(doc.Content[0], "")
	c := configs.Default()
	var want []string
	for _, f := range configs.Fields(&c) {
		want = append(want, f.Path)
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("keys of the example (-fields +found):\n%s", diff)
	}
}

// commentAbove returns the comment directly above a line of the example.
func commentAbove(line int) string {
	lines := strings.Split(string(configs.Example()), "\n")
	comment := ""
	for i := line - 2; i >= 0 && strings.HasPrefix(strings.TrimSpace(lines[i]), "#"); i-- {
		comment = lines[i] + "\n" + comment
	}
	return comment
}

// What is printed is what was read; and nothing of it may be changed by others.
func TestStringIsReadAgain(t *testing.T) {
	for name, data := range map[string][]byte{"example": configs.Example(), "production": read(t, "production.yaml")} {
		c, err := configs.Parse(name, data, noVariables)
		if err != nil {
			t.Fatal(err)
		}
		again, err := configs.Parse(name, []byte(c.String()), noVariables)
		if diff := cmp.Diff(c.String(), again.String()); err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%s, printed and read: %v\n%s", name, err, diff)
		}
	}
	configs.Example()[0] = 'x'
	if configs.Example()[0] == 'x' {
		t.Error("a caller changed the example")
	}
}

func TestProductionLoadsWithoutWarnings(t *testing.T) {
	c, err := configs.Load("production.yaml", noVariables)
	if err != nil {
		t.Fatal(err)
	}
	if w := c.Warnings(); len(w) > 0 {
		t.Errorf("warnings %v", w)
	}
	if _, ok := c.SQLite(); ok || c.Redis.URL == "" {
		t.Errorf("production is on %v and %v", c.Database, c.Redis.URL)
	}
}

// The files of deployment say what production.yaml says.
func TestDeploymentFitsProduction(t *testing.T) {
	c, err := configs.Load("production.yaml", noVariables)
	if err != nil {
		t.Fatal(err)
	}
	unit, site := read(t, "deploy/creditbank.service"), read(t, "deploy/nginx.conf")
	stop, err := time.ParseDuration(directive(t, unit, `TimeoutStopSec=(.*)`))
	if err != nil || stop <= c.Drain+c.ShutdownGrace {
		t.Errorf("systemd kills after %v, %v; stopping takes up to %v", stop, err, c.Drain+c.ShutdownGrace)
	}
	if s := directive(t, site, `server ([0-9.:]+);`); s != c.Listen {
		t.Errorf("nginx sends to %s, the service listens on %s", s, c.Listen)
	}
	silence, err := time.ParseDuration(directive(t, site, `proxy_read_timeout +(.*);`))
	if err != nil || silence < c.Limits.StreamTimeout {
		t.Errorf("nginx waits %v, %v; a stream may take %v", silence, err, c.Limits.StreamTimeout)
	}
	state := directive(t, unit, `WorkingDirectory=(.*)`) + "/"
	if !strings.HasPrefix(c.KeysDir, state) || !strings.HasPrefix(c.Certificates.AnchorFile, state) {
		t.Errorf("the service may write under %s only, and keeps keys in %s and its anchor in %s", state, c.KeysDir, c.Certificates.AnchorFile)
	}
}

func directive(t *testing.T, file []byte, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^[ \t]*` + pattern + `$`).FindSubmatch(file)
	if m == nil {
		t.Fatalf("no line is %s", pattern)
	}
	return string(m[1])
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(data, []byte("\n"))
}
