package configs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lib/pq"

	"creditbank/configs"
)

// secretFile writes a file that holds a secret.
func secretFile(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	return path
}

func TestSecretsAreRead(t *testing.T) {
	c := configs.Default()
	if s, err := c.Secrets(); err != nil || s != (configs.Secrets{}) {
		t.Errorf("secrets of the default: %v, %v", s, err)
	}
	c.Database = "postgres://bank@db.example:5432/bank?sslmode=verify-full"
	c.DatabasePasswordFile = secretFile(t, " pass&word?#%é \n", 0o600)
	c.Redis.PasswordFile = secretFile(t, "hunter2\r\n", 0o400)
	c.OIDC.ClientSecretFile = secretFile(t, "s3cret", 0o640)
	s, err := c.Secrets()
	if err != nil {
		t.Fatal(err)
	}
	dsn, err := pq.NewConfig(s.Database.Reveal())
	if err != nil || dsn.Password != " pass&word?#%é " || dsn.User != "bank" || dsn.Host != "db.example" || dsn.SSLMode != "verify-full" {
		t.Errorf("address of the database: %v", err)
	}
	if s.RedisPassword.Reveal() != "hunter2" || s.OIDCClientSecret.Reveal() != "s3cret" {
		t.Errorf("read %q, %q", s.RedisPassword.Reveal(), s.OIDCClientSecret.Reveal())
	}
	c.DatabasePasswordFile = ""
	if s, err = c.Secrets(); err != nil || s.Database.Reveal() != string(c.Database) {
		t.Errorf("address without a password: %q, %v", s.Database.Reveal(), err)
	}
}

func TestSecretsAreRefused(t *testing.T) {
	dir := t.TempDir()
	for name, tt := range map[string]struct{ path, want string }{
		"none":                {filepath.Join(dir, "none"), "cannot be opened"},
		"a folder":            {dir, "is no regular file"},
		"empty":               {secretFile(t, "", 0o600), "is empty"},
		"an empty line":       {secretFile(t, "\n", 0o600), "is empty"},
		"blank":               {secretFile(t, " \n", 0o600), "is empty"},
		"two lines":           {secretFile(t, "hunter2\nhunter2\n", 0o600), "does not hold one line"},
		"a line and an empty": {secretFile(t, "hunter2\n\n", 0o600), "does not hold one line"},
		"not text":            {secretFile(t, "hunter2\xff", 0o600), "does not hold one line"},
		"long":                {secretFile(t, strings.Repeat("x", 64<<10+1), 0o600), "does not hold one line"},
		"read by everybody":   {secretFile(t, "hunter2\n", 0o604), "chmod 600 "},
		"written by a group":  {secretFile(t, "hunter2\n", 0o620), "chmod 600 "},
		"entered by others":   {secretFile(t, "hunter2\n", 0o601), "chmod 600 "},
	} {
		c := configs.Default()
		c.OIDC.ClientSecretFile, c.Redis.PasswordFile = tt.path, tt.path
		s, err := c.Secrets()
		if err == nil || strings.Count(err.Error(), tt.want) != 2 || !strings.Contains(err.Error(), tt.path+": oidc.client_secret_file: ") {
			t.Errorf("%s: %v, want %s of both keys", name, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") || s != (configs.Secrets{}) {
			t.Errorf("%s: secrets are told: %v, %v", name, s, err)
		}
	}
}

// However it is printed, and though no such configuration can be loaded.
func TestNothingPrintsASecret(t *testing.T) {
	c := configs.Default()
	c.Database = "postgres://u:hunter2@h/db?sslmode=disable&password=hunter2"
	c.Redis.URL = "redis://:hunter2/hunter2@h:6379/0"
	c.DatabasePasswordFile = secretFile(t, "hunter2\n", 0o600)
	s, err := c.Secrets()
	if err != nil || !strings.Contains(s.Database.Reveal(), "hunter2") {
		t.Fatal(err)
	}
	type holder struct {
		secrets configs.Secrets
		Config  configs.Config
	}
	for _, value := range []any{c, &c, c.Redis, c.Database, s, &s, s.Database, holder{s, c}, &holder{s, c}} {
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "value", value)
		slog.New(slog.NewTextHandler(&log, nil)).Info("start", "value", value)
		body, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{log.String(), string(body), fmt.Sprint(value), fmt.Sprintf("%+v", value), fmt.Sprintf("%#v", value), fmt.Sprintf("%s %q", value, value)} {
			if strings.Contains(text, "hunter2") {
				t.Errorf("%T prints the secret: %s", value, text)
			}
		}
	}
	if got := c.Database.String(); got != "postgres://u:***@h/db?sslmode=disable&password=***" {
		t.Errorf("the address is printed %s", got)
	}
}
