package serving

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"creditbank/configs"
)

// Connections have the limits that the server asks for, and those are the
// configuration's: a peer that reads or sends slowly holds up nobody.
func TestConnectionsAreBounded(t *testing.T) {
	dir := t.TempDir()
	c, err := configs.Parse(dir, fmt.Appendf(nil, "listen: 127.0.0.1:0\nadmin_listen: 127.0.0.1:0\npublic_url: http://127.0.0.1:8080\n"+
		"database: %q\nkeys_dir: %q\nsessions: {insecure_cookies: true}\ncertificates: {anchor: none}\nlimits: {header_timeout: 2s, idle_timeout: 3s, request_timeout: 4s}\n",
		"sqlite:"+filepath.Join(dir, "bank.db"), filepath.Join(dir, "keys")), func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{Config: c, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context())
	servers, err := s.servers()
	if err != nil {
		t.Fatal(err)
	}
	defer servers[1].listener.Close()
	for i, one := range servers {
		if one.ReadHeaderTimeout != 2*time.Second || one.IdleTimeout != 3*time.Second || one.ReadTimeout != 6*time.Second || one.MaxHeaderBytes != 64<<10 {
			t.Errorf("server %d: a head may take %v and have %d bytes, a request %v, idleness %v", i, one.ReadHeaderTimeout, one.MaxHeaderBytes, one.ReadTimeout, one.IdleTimeout)
		}
	}
	if servers[0].WriteTimeout <= c.Limits.RequestTimeout {
		t.Errorf("an answer may take %v to be taken", servers[0].WriteTimeout)
	}
}
