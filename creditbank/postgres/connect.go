package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"time"

	"github.com/lib/pq"
)

// silence is how long the server may say nothing while a statement runs. A
// context that ends has the statement canceled, but only the server can do
// that; past this, the connection is given up. It is longer than any
// statement of this package may take.
const silence = time.Minute

// settings are those of each connection.
var settings = map[string]string{
	"default_transaction_isolation": "read committed",
	"timezone":                      "UTC",

	// Joining an array with a partitioned table prunes partitions only in a
	// nested loop. Left alone, PostgreSQL plans each execution anew for the
	// arrays it sees, and reads small or fresh tables whole.
	"plan_cache_mode":  "force_generic_plan",
	"enable_hashjoin":  "off",
	"enable_mergejoin": "off",
	"enable_seqscan":   "off",
	"jit":              "off", // compiling costs more than any statement here

	// A process that stalls inside a transaction holds up no other for long.
	"idle_in_transaction_session_timeout": "10s",
}

// config parses dsn. lib/pq's default for sslmode may change with a release,
// and what protects the connection is not a thing to leave to that.
func config(dsn string) (pq.Config, error) {
	cfg, err := pq.NewConfig(dsn)
	if err != nil {
		return pq.Config{}, fmt.Errorf("database address: %w", err)
	}
	if cfg.SSLMode == "" {
		return pq.Config{}, errors.New("database address: sslmode must be given, such as sslmode=verify-full")
	}
	if cfg.ApplicationName == "" {
		cfg.ApplicationName = "creditbank"
	}
	return cfg, nil
}

// connector returns what opens the connections of a store.
func connector(cfg pq.Config) (*pq.Connector, error) {
	cfg = cfg.Clone()
	maps.Copy(cfg.Runtime, settings)
	c, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	c.Dialer(dialer{})
	return c, nil
}

// A dialer makes connections on which no answer is awaited for ever.
type dialer struct{}

func (dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return impatient{c, silence}, nil
}

func (d dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// impatient is a connection whose reads and writes give up after a while.
type impatient struct {
	net.Conn
	limit time.Duration
}

func (c impatient) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.limit)); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

func (c impatient) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.limit)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}
