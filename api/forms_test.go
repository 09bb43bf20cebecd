package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"creditbank/api/apitest"
	"creditbank/certify"
)

// A certificate is fetched in its other forms, and what is fetched is verified:
// by the service, and with the key that its kid leads to.
func TestFormsOfACertificate(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	l, token := string(w.Open()["L2"]), w.Token("I15", "poster institution:I15", "clerk institution:I15")
	ask := func(status int, s sent) []byte {
		t.Helper()
		if s.body != "" {
			s.header = http.Header{"Idempotency-Key": {apitest.Key(t)}}
		}
		a := s.to(t, w)
		if a.status != status {
			t.Fatalf("%s: %d %s", s.path, a.status, a.body)
		}
		return a.body
	}
	ask(201, sent{path: "/v1/outcomes", token: token, body: posting(l, "R1", nil)})
	var c struct{ ID string }
	if err := json.Unmarshal(ask(201, sent{path: "/v1/learners/" + l + "/certificates", token: token, body: `{"outcome":2}`}), &c); err != nil {
		t.Fatal(err)
	}
	at := "/v1/certificates/" + c.ID
	jwt := string(ask(200, sent{path: at + "/jwt", token: token}))
	whole := string(ask(200, sent{path: at + "/sd-jwt", token: token}))
	shown := string(ask(200, sent{path: at + "/sd-jwt?disclose=grade", token: token}))
	none := string(ask(200, sent{path: at + "/sd-jwt?disclose=nothing", token: token}))
	if strings.Count(whole, "~") < 4 || strings.Count(shown, "~") != 2 || strings.Count(none, "~") != 1 {
		t.Errorf("disclosures: %d, %d, %d", strings.Count(whole, "~"), strings.Count(shown, "~"), strings.Count(none, "~"))
	}
	ask(400, sent{path: at + "/sd-jwt?disclose=lines", token: token})
	ask(400, sent{path: at + "/sd-jwt?disclose=nothing&disclose=name", token: token})
	ask(400, sent{path: at + "/sd-jwt?disclose=shoe_size", token: token})
	ask(401, sent{path: at + "/jwt"})

	for name, form := range map[string]string{"JWT": jwt, "SD-JWT": shown, "SD-JWT of nothing": none} {
		body, err := json.Marshal(map[string]string{"token": form})
		if err != nil {
			t.Fatal(err)
		}
		var report struct {
			Verdict    string
			Checks     []struct{ Name, Result, Code string }
			Credential certify.Header
		}
		if err := json.Unmarshal(ask(200, sent{path: "/v1/certificates/verify", body: string(body)}), &report); err != nil {
			t.Fatal(err)
		}
		for _, check := range report.Checks {
			if check.Result != "ok" && check.Name != certify.CheckAnchor {
				t.Errorf("%s: %+v", name, check)
			}
		}
		if report.Credential.ID != c.ID || (report.Credential.Holder != "") != (name == "JWT") {
			t.Errorf("%s says %+v", name, report.Credential)
		}
	}
	ask(400, sent{path: "/v1/certificates/verify", body: `{"token":"x"}`})
	ask(400, sent{path: "/v1/certificates/verify", body: `{}`})
	ask(400, sent{path: "/v1/certificates/verify", body: `{"token":"ey","credential":{}}`})

	var key struct{ Kty, Alg, Kid string }
	if err := json.Unmarshal(ask(200, sent{path: "/keys/i15.rs256-1"}), &key); err != nil || key.Kty != "RSA" || !strings.HasSuffix(key.Kid, "/keys/i15.rs256-1") {
		t.Errorf("the key: %+v, %v", key, err)
	}
	ask(200, sent{path: "/keys/i15.es256-1"})
	for _, kid := range []string{"i15.rs256-2", "nobody.rs256-1", "i15.es256-2"} {
		ask(404, sent{path: "/keys/" + kid})
	}
	ask(400, sent{path: "/keys/i15.key-1"})
}
