package api_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/creditbank/access"
)

type object = map[string]any

// compact makes a JWS of a header and claims.
func compact(t testing.TB, header, claims object, sign func([]byte) []byte) string {
	t.Helper()
	part := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(data)
	}
	text := part(header) + "." + part(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(text)))
}

func signer(key ed25519.PrivateKey) func([]byte) []byte {
	return func(b []byte) []byte {
		sig, err := key.Sign(nil, b, crypto.Hash(0))
		if err != nil {
			panic(err) // never, for this hash
		}
		return sig
	}
}

// with returns o with some members set otherwise; nil leaves one out.
func with(o, other object) object {
	out := object{}
	for k, v := range o {
		out[k] = v
	}
	for k, v := range other {
		if out[k] = v; v == nil {
			delete(out, k)
		}
	}
	return out
}

// What is no token of ours, or serves no more.
func TestHostileTokens(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	sub := me(t, w, w.Token("I15", "poster institution:I15"))
	keys, err := w.Registry.SigningKeys(t.Context())
	if err != nil || len(keys) == 0 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	ours := ed25519.NewKeyFromSeed(keys[0].Seed)
	_, foreign, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	header := object{"alg": "EdDSA", "typ": "at+jwt", "kid": keys[0].KID}
	claims := object{"iss": w.URL, "aud": w.URL, "sub": sub, "jti": "a-token-of-the-test", "iat": now, "nbf": now, "exp": now + 300}
	if a := (sent{path: "/v1/me", token: compact(t, header, claims, signer(ours))}).to(t, w); a.status != 200 {
		t.Fatalf("a token as it should be: %d %s", a.status, a.body)
	}
	hs256 := func(b []byte) []byte {
		mac := hmac.New(sha256.New, ours.Public().(ed25519.PublicKey))
		mac.Write(b)
		return mac.Sum(nil)
	}
	unsigned := func([]byte) []byte { return nil }
	for _, tt := range []struct{ name, token string }{
		{"no signature, and none asked for", compact(t, with(header, object{"alg": "none"}), claims, unsigned)},
		{"no signature", compact(t, header, claims, unsigned)},
		{"the public key as a secret", compact(t, with(header, object{"alg": "HS256"}), claims, hs256)},
		{"a key of another", compact(t, header, claims, signer(foreign))},
		{"a kid of another", compact(t, with(header, object{"kid": strings.Repeat("A", 43)}), claims, signer(foreign))},
		{"a kid that is a path", compact(t, with(header, object{"kid": "../../dev/null"}), claims, signer(ours))},
		{"a key in its own header", compact(t, with(header, object{"jwk": object{"kty": "OKP"}}), claims, signer(ours))},
		{"no kid", compact(t, with(header, object{"kid": nil}), claims, signer(ours))},
		{"another type", compact(t, with(header, object{"typ": "JWT"}), claims, signer(ours))},
		{"another issuer", compact(t, header, with(claims, object{"iss": "https://elsewhere.example"}), signer(ours))},
		{"another audience", compact(t, header, with(claims, object{"aud": "https://elsewhere.example"}), signer(ours))},
		{"two audiences", compact(t, header, with(claims, object{"aud": []string{w.URL, "https://elsewhere.example"}}), signer(ours))},
		{"expired", compact(t, header, with(claims, object{"exp": now - 3600, "iat": now - 3900, "nbf": now - 3900}), signer(ours))},
		{"not valid yet", compact(t, header, with(claims, object{"nbf": now + 3600, "exp": now + 3900}), signer(ours))},
		{"issued in the future", compact(t, header, with(claims, object{"iat": now + 3600, "nbf": now, "exp": now + 3900}), signer(ours))},
		{"living for a year", compact(t, header, with(claims, object{"exp": now + 365*86400}), signer(ours))},
		{"no expiry", compact(t, header, with(claims, object{"exp": nil}), signer(ours))},
		{"no subject", compact(t, header, with(claims, object{"sub": nil}), signer(ours))},
		{"a subject that there is not", compact(t, header, with(claims, object{"sub": "client:nobody"}), signer(ours))},
		{"a subject with a NUL", compact(t, header, with(claims, object{"sub": "client:a\x00b"}), signer(ours))},
		{"no text", "\xff\xfe"},
		{"nothing", " "},
		{"ten kilobytes", strings.Repeat("a", 10_000)},
		{"a secret in its place", "c2VjcmV0LXNlY3JldC1zZWNyZXQ"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := sent{path: "/v1/me", header: http.Header{"Authorization": {"Bearer " + tt.token}}}
			want := refusal{401, "unauthenticated", "UNAUTHENTICATED", ""}
			wantRefused(t, w, s, want)
			// Its owner should hear of it where none is needed, too.
			s.path = "/v1/regions"
			wantRefused(t, w, s, want)
			if a := s.to(t, w); a.header.Get("WWW-Authenticate") != `Bearer realm="creditbank"` {
				t.Errorf("WWW-Authenticate is %q", a.header.Get("WWW-Authenticate"))
			}
		})
	}
}

// How a token is brought.
func TestAuthorizationHeader(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	token := w.Token("I15", "poster institution:I15")
	for _, tt := range []struct {
		name   string
		header []string
		status int
	}{
		{"as it should be", []string{"Bearer " + token}, 200},
		{"in small letters", []string{"bearer " + token}, 200},
		{"in capitals", []string{"BEARER " + token}, 200},
		{"with two blanks", []string{"Bearer  " + token}, 200},
		{"not at all", nil, 401},
		{"without a scheme", []string{token}, 401},
		{"as Basic", []string{"Basic " + base64.StdEncoding.EncodeToString([]byte("a:b"))}, 401},
		{"under a scheme nobody knows", []string{"DPoP " + token}, 401},
		{"twice", []string{"Bearer " + token, "Bearer " + token}, 401},
		{"after another", []string{"Basic YTpi", "Bearer " + token}, 401},
		{"two in one", []string{"Bearer " + token + ", Bearer " + token}, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if a := (sent{path: "/v1/me", header: http.Header{"Authorization": tt.header}}).to(t, w); a.status != tt.status {
				t.Errorf("%d %s, want %d", a.status, a.body, tt.status)
			}
		})
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if a := (sent{path: path, token: "x"}).to(t, w); a.status != 200 {
			t.Errorf("%s with a bad token: %d", path, a.status)
		}
	}
}

// What takes a token away.
func TestTokensEnd(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	unauthenticated := refusal{401, "unauthenticated", "UNAUTHENTICATED", ""}
	t.Run("when it is revoked", func(t *testing.T) {
		token, other := w.Token("I15", "poster institution:I15"), w.Token("I15", "poster institution:I15")
		for range 2 { // again it is no error
			a := (sent{path: "/oauth/revoke", token: other, kind: "application/x-www-form-urlencoded", body: url.Values{"token": {token}}.Encode()}).to(t, w)
			if a.status != 200 {
				t.Fatalf("%d %s", a.status, a.body)
			}
		}
		wantRefused(t, w, sent{path: "/v1/me", token: token}, unauthenticated)
		if a := (sent{path: "/v1/me", token: other}).to(t, w); a.status != 200 {
			t.Errorf("the other: %d", a.status)
		}
	})
	t.Run("when its holder logs out", func(t *testing.T) {
		token := w.Token("I15", "poster institution:I15")
		if a := (sent{method: "DELETE", path: "/v1/session", token: token}).to(t, w); a.status != 204 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		wantRefused(t, w, sent{path: "/v1/me", token: token}, unauthenticated)
	})
	t.Run("when its client is disabled, within two seconds", func(t *testing.T) {
		token := w.Token("I15", "poster institution:I15")
		id := strings.TrimPrefix(me(t, w, token), "client:")
		by := w.Owner()
		by.Key = apitest.Key(t)
		if _, err := w.Registry.DisableClient(t.Context(), by, id); err != nil { // as another replica does
			t.Fatal(err)
		}
		for start := time.Now(); ; time.Sleep(50 * time.Millisecond) {
			if a := (sent{path: "/v1/me", token: token}).to(t, w); a.status == 401 {
				break
			}
			if time.Since(start) > 2500*time.Millisecond {
				t.Fatal("it still serves")
			}
		}
	})
	t.Run("when its client is disabled here, at once", func(t *testing.T) {
		token, operator := w.Token("I15", "poster institution:I15"), w.Token("", "operator region:9901")
		disable := sent{method: "POST", path: "/v1/clients/" + strings.TrimPrefix(me(t, w, token), "client:") + "/disable", token: operator,
			header: http.Header{"Idempotency-Key": {apitest.Key(t)}}}
		if a := disable.to(t, w); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		wantRefused(t, w, sent{path: "/v1/me", token: token}, unauthenticated)
	})
	t.Run("what it was narrowed by", func(t *testing.T) {
		id, secret := newSecret(t, w, "poster institution:I15", "reviewer institution:I15")
		a := tokenRequest(t, w, url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}, "scope": {"reviewer"}}, nil)
		var got contract.Token
		if err := json.Unmarshal(a.body, &got); err != nil || a.status != 200 || got.Scope == nil || *got.Scope != "reviewer" {
			t.Fatalf("%d %s %v", a.status, a.body, err)
		}
		wantRefused(t, w, sent{path: "/v1/outcomes", token: got.AccessToken, body: posting("00000000-0000-4000-8000-000000000000", "N1", nil)},
			refusal{403, "forbidden", "FORBIDDEN", ""})
		if a := (sent{path: "/v1/applications", token: got.AccessToken}).to(t, w); a.status != 200 {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
}

// me returns who a token says its holder is.
func me(t testing.TB, w *apitest.World, token string) string {
	t.Helper()
	a := (sent{path: "/v1/me", token: token}).to(t, w)
	var got contract.Me
	if err := json.Unmarshal(a.body, &got); err != nil || a.status != 200 {
		t.Fatalf("%d %s %v", a.status, a.body, err)
	}
	return got.Id
}

// newSecret opens a client and returns its id and secret.
func newSecret(t testing.TB, w *apitest.World, grants ...string) (id, secret string) {
	t.Helper()
	id = strings.TrimPrefix(me(t, w, w.Token("I15", grants...)), "client:")
	secret, err := w.Registry.AddSecret(t.Context(), keyed(t, w), id, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return id, secret
}

func keyed(t testing.TB, w *apitest.World) access.By {
	by := w.Owner()
	by.Key = apitest.Key(t)
	return by
}

func tokenRequest(t testing.TB, w *apitest.World, form url.Values, header http.Header) answer {
	t.Helper()
	return (sent{method: "POST", path: "/oauth/token", kind: "application/x-www-form-urlencoded", body: form.Encode(), header: header}).to(t, w)
}

// The token endpoint answers as RFC 6749, 5.2 has it.
func TestTokenEndpoint(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	id, secret := newSecret(t, w, "poster institution:I15")
	disabled, disabledSecret := newSecret(t, w, "poster institution:I15")
	if _, err := w.Registry.DisableClient(t.Context(), keyed(t, w), disabled); err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := json.Marshal(object{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(public), "kid": "k1", "alg": "EdDSA"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Registry.AddKey(t.Context(), keyed(t, w), id, access.PublicKey{KID: "k1", JWK: jwk}); err != nil {
		t.Fatal(err)
	}
	basic := func(id, secret string) http.Header {
		return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))}}
	}
	now := time.Now().Unix()
	claims := object{"iss": id, "sub": id, "aud": w.URL + "/oauth/token", "jti": "assertion-1", "iat": now, "exp": now + 60}
	assert := func(other object) url.Values {
		return url.Values{
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
			"client_assertion":      {compact(t, object{"alg": "EdDSA", "kid": "k1"}, with(claims, other), signer(private))},
		}
	}
	form := func(more ...url.Values) url.Values {
		f := url.Values{"grant_type": {"client_credentials"}}
		for _, m := range more {
			for k, v := range m {
				f[k] = append(f[k], v...)
			}
		}
		return f
	}
	of := func(id, secret string) url.Values { return url.Values{"client_id": {id}, "client_secret": {secret}} }
	for _, tt := range []struct {
		name   string
		form   url.Values
		header http.Header
		fault  string // "" for a token
	}{
		{"the secret by Basic", form(), basic(id, secret), ""},
		{"the secret by Basic, in small letters", form(), http.Header{"Authorization": {"basic" + basic(id, secret).Get("Authorization")[5:]}}, ""},
		{"the secret in the form", form(of(id, secret)), nil, ""},
		{"a parameter nobody knows is passed over", form(of(id, secret), url.Values{"resource": {"x"}}), nil, ""},
		{"a scope without a value counts as left out", form(of(id, secret), url.Values{"scope": {""}}), nil, ""},
		{"a scope the client has", form(of(id, secret), url.Values{"scope": {"poster"}}), nil, ""},
		{"an assertion", form(assert(nil)), nil, ""},
		{"an assertion that names the issuer", form(assert(object{"aud": w.URL, "jti": "assertion-2"})), nil, ""},
		{"an assertion used before", form(assert(nil)), nil, "invalid_client"},
		{"an assertion for another audience", form(assert(object{"aud": "https://elsewhere.example", "jti": "assertion-3"})), nil, "invalid_client"},
		{"an assertion that expired", form(assert(object{"iat": now - 600, "exp": now - 300, "jti": "assertion-4"})), nil, "invalid_client"},
		{"an assertion that lives for a day", form(assert(object{"exp": now + 86400, "jti": "assertion-5"})), nil, "invalid_client"},
		{"an assertion of another client", form(assert(object{"iss": disabled, "sub": disabled, "jti": "assertion-6"})), nil, "invalid_client"},
		{"an assertion without an id", form(assert(object{"jti": nil})), nil, "invalid_client"},
		{"an assertion beside another client_id", form(assert(object{"jti": "assertion-7"}), url.Values{"client_id": {disabled}}), nil, "invalid_client"},
		{"an assertion that is none", form(url.Values{"client_assertion_type": assert(nil)["client_assertion_type"], "client_assertion": {"x"}}), nil, "invalid_client"},
		{"an assertion of another type", form(url.Values{"client_assertion_type": {"saml"}, "client_assertion": {"x"}}), nil, "invalid_request"},
		{"an assertion beside a secret", form(assert(object{"jti": "assertion-8"}), of(id, secret)), nil, "invalid_request"},
		{"the secret twice", form(of(id, secret)), basic(id, secret), "invalid_request"},
		{"two headers", form(), http.Header{"Authorization": append(basic(id, secret)["Authorization"], basic(id, secret)["Authorization"]...)}, "invalid_request"},
		{"the wrong secret by Basic", form(), basic(id, secret+"x"), "invalid_client"},
		{"the wrong secret in the form", form(of(id, "x")), nil, "invalid_client"},
		{"the secret of another", form(of(id, disabledSecret)), nil, "invalid_client"},
		{"a client that there is not", form(of("nobody", secret)), nil, "invalid_client"},
		{"a client that is disabled", form(of(disabled, disabledSecret)), nil, "invalid_client"},
		{"a NUL in the client's name, by Basic", form(), basic("a\x00", "x"), "invalid_client"},
		{"bytes that are no text, by Basic", form(), basic("\xff", "x"), "invalid_client"},
		{"Basic that is not base64", form(), http.Header{"Authorization": {"Basic !"}}, "invalid_client"},
		{"Basic for one client, client_id of another", form(url.Values{"client_id": {disabled}}), basic(id, secret), "invalid_client"},
		{"a token in place of credentials", form(), http.Header{"Authorization": {"Bearer x"}}, "invalid_client"},
		{"no credentials", form(), nil, "invalid_client"},
		{"a client's name alone", form(url.Values{"client_id": {id}}), nil, "invalid_client"},
		{"no grant type", of(id, secret), nil, "invalid_request"},
		{"a grant type without a value", url.Values{"grant_type": {""}}, basic(id, secret), "invalid_request"},
		{"a grant type twice", form(form(), of(id, secret)), nil, "invalid_request"},
		{"another grant type", url.Values{"grant_type": {"password"}}, basic(id, secret), "unsupported_grant_type"},
		{"a scope the client does not have", form(of(id, secret), url.Values{"scope": {"operator"}}), nil, "invalid_scope"},
		{"a scope that is none", form(of(id, secret), url.Values{"scope": {"学习者"}}), nil, "invalid_scope"},
		{"a scope beyond all bounds", form(of(id, secret), url.Values{"scope": {strings.Repeat("a ", 200)}}), nil, "invalid_request"},
		{"a NUL", form(url.Values{"client_id": {"\x00"}}), nil, "invalid_request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := tokenRequest(t, w, tt.form, tt.header)
			if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("headers %v", a.header)
			}
			if tt.fault == "" {
				var got contract.Token
				if err := json.Unmarshal(a.body, &got); err != nil || a.status != 200 || me(t, w, got.AccessToken) != "client:"+id {
					t.Errorf("%d %s %v", a.status, a.body, err)
				}
				return
			}
			checkTokenProblem(t, a, tt.fault)
		})
	}
}

func checkTokenProblem(t *testing.T, a answer, fault string) {
	t.Helper()
	status, challenge := 400, ""
	if fault == "invalid_client" {
		status, challenge = 401, `Basic realm="creditbank"`
	}
	var got struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if err := json.Unmarshal(a.body, &got); err != nil || a.status != status || got.Error != fault {
		t.Errorf("%d %s %v, want %d %s", a.status, a.body, err, status, fault)
	}
	if a.header.Get("WWW-Authenticate") != challenge {
		t.Errorf("WWW-Authenticate is %q, want %q", a.header.Get("WWW-Authenticate"), challenge)
	}
	// RFC 6749, 5.2: printable ASCII without quotes and backslashes.
	if got.Description == "" || strings.ContainsFunc(got.Description, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		t.Errorf("error_description is %q", got.Description)
	}
}
