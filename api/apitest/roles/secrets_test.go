package roles_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"creditbank/api/apitest"
)

// Every key that can be registered can be removed.
func TestClientKeysOfAnyName(t *testing.T) {
	s := newScene(t, nil)
	manager, client := s.staff("I06", "manager institution:I06"), "/v1/clients/"+s.machine()
	if got := s.do(manager.token, ask{method: "DELETE", path: client + "/keys/none"}); got.status != http.StatusNotFound {
		t.Errorf("remove a key that is not there: %v", got)
	}
	for _, kid := range []string{"2026 签名/1", "a+b=%2F?#", "..", "k1"} {
		jwk := map[string]any{"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
		if got := s.do(manager.token, ask{method: "POST", path: client + "/keys", body: map[string]any{"jwk": jwk}}); got.status != http.StatusCreated {
			t.Errorf("add %q: %v", kid, got)
			continue
		}
		if got := s.do(manager.token, ask{method: "DELETE", path: client + "/keys/" + url.PathEscape(kid)}); got.status != http.StatusOK {
			t.Errorf("remove %q: %v", kid, got)
		}
	}
}

// Programs escape what they put into an address each in their own way.
func TestEscapedCertificate(t *testing.T) {
	s := newScene(t, nil)
	path := "/v1/certificates/" + strings.ReplaceAll(s.certificate(), ":", "%3A") + "/proof"
	if got := s.get("", path, nil); got.status != http.StatusOK {
		t.Errorf("%s: %v", path, got)
	}
}

// A secret that was asked for, and may have been lost on its way, is the same
// request the next day. One that others may know is removed, and makes room.
func TestClientSecrets(t *testing.T) {
	s := newScene(t, nil)
	manager, client := s.staff("I06", "manager institution:I06"), "/v1/clients/"+s.machine()
	add := ask{method: "POST", path: client + "/secrets", body: map[string]any{}, header: map[string]string{"Idempotency-Key": apitest.Key(t)}}
	var first, again struct {
		ID, Secret string
		ExpiresAt  time.Time `json:"expires_at"`
	}
	got := s.do(manager.token, add)
	s.must(json.Unmarshal(got.body, &first))
	if left := first.ExpiresAt.Sub(s.now()); got.status != http.StatusCreated || left < 364*24*time.Hour || left > 366*24*time.Hour {
		t.Fatalf("a secret: %v", got)
	}
	s.ahead(25 * time.Hour)
	token := s.tokenOf(manager.caller())
	got = s.do(token, add)
	s.must(json.Unmarshal(got.body, &again))
	if got.status != http.StatusCreated || again.Secret != "" {
		t.Fatalf("the same a day later: %v", got)
	}
	trade := func() int {
		return s.do("", ask{method: "POST", path: "/oauth/token", kind: "application/x-www-form-urlencoded",
			body: form("grant_type", "client_credentials", "client_id", s.machine(), "client_secret", first.Secret)}).status
	}
	if status := trade(); status != http.StatusOK {
		t.Errorf("a token by the secret: %d", status)
	}
	var known struct {
		Secrets []struct{ ID string }
	}
	if s.get(token, client, &known); len(known.Secrets) != 1 || known.Secrets[0].ID != first.ID {
		t.Fatalf("secrets on record: %+v", known)
	}
	if got := s.do(token, ask{method: "DELETE", path: client + "/secrets/" + first.ID}); got.status != http.StatusOK {
		t.Errorf("remove it: %v", got)
	}
	if status := trade(); status != http.StatusUnauthorized {
		t.Errorf("a token by a removed secret: %d", status)
	}
}
