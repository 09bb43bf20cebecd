package redis_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"creditbank/api/redis"
	"creditbank/api/redis/redistest"
	"creditbank/api/replica/replicatest"
)

func TestConfigurationIsChecked(t *testing.T) {
	for name, change := range map[string]func(*redis.Config){
		"no URL":           func(c *redis.Config) { c.URL = "" },
		"other scheme":     func(c *redis.Config) { c.URL = "http://:secret@127.0.0.1" },
		"URL of no form":   func(c *redis.Config) { c.URL = "redis://:secret@127.0.0.1:x" },
		"bad parameter":    func(c *redis.Config) { c.URL = "redis://:secret@127.0.0.1?pool_size=secret" },
		"no log":           func(c *redis.Config) { c.Log = nil },
		"no clock":         func(c *redis.Config) { c.Clock = nil },
		"no randomness":    func(c *redis.Config) { c.Random = nil },
		"short randomness": func(c *redis.Config) { c.Random = strings.NewReader("short") },
		"prefix in parts":  func(c *redis.Config) { c.Prefix = "a:b" },
		"negative timeout": func(c *redis.Config) { c.Timeout = -1 },
		"two passwords":    func(c *redis.Config) { c.Password, c.PasswordFile = "secret", os.DevNull },
		"missing password": func(c *redis.Config) { c.PasswordFile = "/nonexistent" },
	} {
		t.Run(name, func(t *testing.T) {
			c := config("unix:///nonexistent")
			change(&c)
			s, err := redis.Open(t.Context(), c)
			if err == nil {
				s.Close()
				t.Fatal("Open succeeds")
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("Open tells the password: %v", err)
			}
		})
	}
}

func TestOpenObeysItsContext(t *testing.T) {
	c := config("redis://" + stalledListener(t))
	c.Timeout = 0 // the default; closing waits for what was begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := redis.Open(ctx, c); err == nil {
		s.Close()
		t.Error("Open succeeds though its context has ended")
	}
}

// The password may change while the program runs.
func TestPasswordFileIsReadAgain(t *testing.T) {
	s := redistest.New(t, redistest.Options{Password: "first"})
	file := filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(file, []byte("wrong\n"), 0o600))
	c := config(s.URL())
	c.PasswordFile = file
	one, log := openLogged(t, c)
	if err := one.Health(t.Context()); err == nil || strings.Contains(err.Error(), "wrong") {
		t.Errorf("Health with the wrong password = %v, want an error without it", err)
	}
	must(t, os.WriteFile(file, []byte("first\n"), 0o600))
	replicatest.Eventually(t, "the right password is found", func() bool { return one.Health(t.Context()) == nil })
	log.want(t, "redis is away", "redis is back")
}

func TestPassword(t *testing.T) {
	s := redistest.New(t, redistest.Options{Password: "secret"})
	c := config(s.URL())
	c.Password = "secret"
	if err := open(t, c).Health(t.Context()); err != nil {
		t.Error(err)
	}
	c = config(strings.Replace(s.URL(), "unix://", "unix://default:secret@", 1))
	if err := open(t, c).Health(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTLS(t *testing.T) {
	s := redistest.New(t, redistest.Options{})
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: inAnHour(),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	must(t, err)
	certificate, err := x509.ParseCertificate(der)
	must(t, err)
	p := newProxy(t, s.Socket(), &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}})
	roots := x509.NewCertPool()
	roots.AddCert(certificate)

	c := config("rediss://" + p.addr())
	if err := open(t, c).Health(t.Context()); err == nil {
		t.Error("a server that nobody vouches for is trusted")
	}
	c.TLS = &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}
	if err := open(t, c).Health(t.Context()); err != nil {
		t.Error(err)
	}
}
