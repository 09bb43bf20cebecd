package redis

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// A Config says where Redis is and what is there of this service.
type Config struct {
	// URL is redis://, rediss:// (TLS) or unix://, with a user and a database
	// where needed: rediss://creditbank@redis.example:6379/0.
	URL string

	// Password is that of the user. PasswordFile names a file that holds it
	// instead, and is read again for each connection, so that it can change.
	Password     string
	PasswordFile string

	// TLS replaces what the URL says about it.
	TLS *tls.Config

	// Prefix tells the services apart that use one Redis, whatever database
	// number they chose: letters, digits and "-_." only. Default: creditbank.
	Prefix string

	// Timeout is how long a request waits for Redis before it goes on without.
	// Default: 50 ms.
	Timeout time.Duration

	Log    *slog.Logger // told when Redis goes away and when it is back
	Clock  func() time.Time
	Random io.Reader // names this replica among the others
}

const (
	defaultPrefix  = "creditbank"
	defaultTimeout = 50 * time.Millisecond

	// patience bounds what is done in the background, where nobody waits.
	patience = time.Second
)

var prefixForm = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// complete returns c with its defaults, or says what is wrong with it.
func (c Config) complete() (Config, error) {
	if c.Prefix == "" {
		c.Prefix = defaultPrefix
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	switch {
	case c.Log == nil || c.Clock == nil || c.Random == nil:
		return c, errors.New("redis: the configuration is incomplete")
	case !prefixForm.MatchString(c.Prefix):
		return c, fmt.Errorf("redis: prefix %q: only letters, digits and -_. may stand in it", c.Prefix)
	case c.Timeout < 0:
		return c, fmt.Errorf("redis: timeout of %v", c.Timeout)
	case c.Password != "" && c.PasswordFile != "":
		return c, errors.New("redis: both a password and a file with it are given")
	}
	return c, nil
}

// options are those of the client. Every wait is bounded by a context, and
// what failed is not tried again: after a message that may have been sent, a
// second one could be a second signal.
func (c Config) options() (*goredis.Options, error) {
	o, err := goredis.ParseURL(c.URL)
	if err != nil {
		// The error quotes the URL, and with it a password.
		return nil, errors.New("redis: the URL is malformed: want redis://, rediss:// or unix://")
	}
	if c.TLS != nil {
		o.TLSConfig = c.TLS
	}
	if c.Password != "" {
		o.Password = c.Password
	}
	if c.PasswordFile != "" {
		if _, err := readPassword(c.PasswordFile); err != nil {
			return nil, err
		}
		user := o.Username
		o.CredentialsProviderContext = func(context.Context) (string, string, error) {
			password, err := readPassword(c.PasswordFile)
			return user, password, err
		}
	}
	wait := max(patience, c.Timeout)
	o.Protocol = 2 // nothing of 3 is used
	o.ContextTimeoutEnabled = true
	o.MaxRetries = -1
	o.DialerRetries = 1
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = wait, wait, wait, wait
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return o, nil
}

func readPassword(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("redis: read the password: %w", err)
	}
	return string(bytes.TrimRight(text, "\r\n")), nil
}
