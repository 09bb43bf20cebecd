package redis_test

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"testing"
)

// A proxy stands between one replica and Redis, so that a test can cut the
// network there.
type proxy struct {
	listener net.Listener
	server   string // the socket of Redis

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
	wg    sync.WaitGroup
}

// newProxy returns a proxy on a free port; with a configuration it ends TLS.
func newProxy(t *testing.T, server string, c *tls.Config) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &proxy{listener: l, server: server, conns: map[net.Conn]bool{}}
	p.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if c != nil {
				conn = tls.Server(conn, c)
			}
			p.wg.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.Cut()
		p.wg.Wait()
	})
	return p
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

func (p *proxy) serve(conn net.Conn) {
	defer conn.Close()
	server, err := net.Dial("unix", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	p.mu.Lock()
	if p.cut {
		p.mu.Unlock()
		return
	}
	p.conns[conn], p.conns[server] = true, true
	p.mu.Unlock()
	var there sync.WaitGroup
	there.Go(func() {
		io.Copy(server, conn)
		server.Close()
	})
	io.Copy(conn, server)
	conn.Close()
	there.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
	delete(p.conns, server)
}

// Cut ends all connections and lets none through until Heal.
func (p *proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for conn := range p.conns {
		conn.Close()
	}
}

func (p *proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
}
