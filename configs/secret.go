package configs

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"runtime"
	"unicode/utf8"

	"creditbank/creditbank"
)

// A Secret is a text that is not printed: not by fmt, a log, JSON, or as part of
// something that is printed. The zero Secret is none.
type Secret struct{ text *string } // a pointer: fmt looks into fields, and not behind pointers in them

// Reveal returns the secret, "" if there is none.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String returns "***", or "" if there is no secret.
func (s Secret) String() string {
	if s.text == nil {
		return ""
	}
	return "***"
}

// GoString returns String.
func (s Secret) GoString() string { return s.String() }

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements [encoding.TextMarshaler].
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Secrets are what the secret files hold.
type Secrets struct {
	Database         Secret // the address of PostgreSQL with its password; none for SQLite
	RedisPassword    Secret
	OIDCClientSecret Secret
}

// Secrets reads the files of the secrets that c names. What is wrong with them
// is reported all at once. A file that is exchanged is read at the next start.
func (c Config) Secrets() (Secrets, error) {
	var problems creditbank.Problems
	read := func(key, path string) Secret {
		if path == "" {
			return Secret{}
		}
		s, err := readSecret(key, path)
		problems.Add(creditbank.Place{File: path}, err)
		return Secret{&s}
	}
	password := read("database_password_file", c.DatabasePasswordFile)
	s := Secrets{
		RedisPassword:    read("redis.password_file", c.Redis.PasswordFile),
		OIDCClientSecret: read("oidc.client_secret_file", c.OIDC.ClientSecretFile),
	}
	if _, ok := c.SQLite(); !ok {
		dsn := string(c.Database)
		if c.DatabasePasswordFile != "" { // there is a query, since sslmode is in it
			dsn += "&password=" + url.QueryEscape(password.Reveal())
		}
		s.Database = Secret{&dsn}
	}
	if err := problems.Err(); err != nil {
		return Secrets{}, err
	}
	return s, nil
}

const maxSecret = 64 << 10

// readSecret reads a file that holds a secret and nothing else, but for the end
// of its line. Nobody but its owner and group may read it: a group, so that a
// file can be root's and still be read by the service.
func readSecret(key, path string) (string, error) {
	bad := func(code creditbank.Code, zh, en string) (string, error) {
		return "", creditbank.Invalid(code, key, zh, en)
	}
	f, err := os.Open(path)
	if err != nil {
		return bad(creditbank.CodeMissing, "无法打开："+err.Error(), "cannot be opened: "+err.Error())
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return bad(creditbank.CodeMalformed, "不是普通文件", "is no regular file")
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o027 != 0 {
		return bad(creditbank.CodeMalformed, fmt.Sprintf("权限%v过宽，请执行：chmod 600 %s", mode, path),
			fmt.Sprintf("is open to others (%v): chmod 600 %s", mode, path))
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return bad(creditbank.CodeMalformed, "无法读取："+err.Error(), "cannot be read: "+err.Error())
	}
	line := bytes.TrimSuffix(bytes.TrimSuffix(data, []byte("\n")), []byte("\r"))
	switch {
	case len(bytes.TrimSpace(line)) == 0:
		return bad(creditbank.CodeMissing, "文件为空", "is empty")
	case len(data) > maxSecret || bytes.ContainsAny(line, "\r\n\x00") || !utf8.Valid(line):
		return bad(creditbank.CodeMalformed, "应只有一行文字", "does not hold one line of text")
	}
	return string(line), nil
}
