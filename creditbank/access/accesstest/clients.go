package accesstest

import (
	"encoding/json"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

var clientTests = []test{
	{"ClientFromOpeningToEnd", testClient},
	{"SecretsAreRotated", testSecrets},
	{"KeysAreCheckedForShape", testKeys},
	{"ClientsAreListed", testClients},
}

// poster is what most clients are granted.
var poster = Grant(access.Poster, "branch:I04")

// newClient asks for a client of the college I04.
func newClient(id string) access.NewClient {
	return access.NewClient{ID: id, Title: creditbank.Text{ZH: "教务系统", EN: "records office"}, Institution: "I04", Grants: []access.Grant{poster}}
}

func testClient(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	opened, err := w.OpenClient(ctx, w.Owner, newClient("school-1"))
	must(t, err)
	want := access.Client{ID: "school-1", Title: creditbank.Text{ZH: "教务系统", EN: "records office"}, Institution: "I04", Grants: []access.Grant{poster}, Version: 1}
	if diff := gocmp.Diff(want, opened); diff != "" {
		t.Errorf("OpenClient differs (-want +got):\n%s", diff)
	}
	_, err = w.OpenClient(ctx, w.Owner, newClient("school-1"))
	wantCode(t, "OpenClient of an id that is taken", err, creditbank.ErrConflict, creditbank.CodeDuplicate)
	for id, kind := range map[string]error{"": creditbank.ErrInvalid, "a": creditbank.ErrInvalid, "a b": creditbank.ErrInvalid, "学校": creditbank.ErrInvalid, "-a": creditbank.ErrInvalid} {
		_, err = w.OpenClient(ctx, w.Owner, newClient(id))
		wantCode(t, "OpenClient of id "+id, err, kind, creditbank.CodeMalformed)
	}
	elsewhere := newClient("school-2")
	elsewhere.Institution = "I99"
	_, err = w.OpenClient(ctx, w.Owner, elsewhere)
	wantCode(t, "OpenClient at no institution", err, creditbank.ErrNotFound, creditbank.CodeUnknownInstitution)

	p, err := w.Principal(ctx, "client:school-1")
	must(t, err)
	if p.Caller().ID != "client:school-1" || !p.May(w.Bank.Catalogue(), []access.Role{access.Poster}, access.OnInstitution("I05")) {
		t.Errorf("Principal = %+v; want the poster of the branch", p)
	}
	changed, err := w.SetClientGrants(ctx, w.Owner, "school-1", []access.Grant{Grant(access.Poster, "institution:I04"), Grant(access.Poster, "institution:I04")})
	must(t, err)
	if diff := gocmp.Diff([]access.Grant{Grant(access.Poster, "institution:I04")}, changed.Grants); diff != "" || changed.Version != 2 {
		t.Errorf("SetClientGrants made version %d with other grants (-want +got):\n%s", changed.Version, diff)
	}
	secret, err := w.AddSecret(ctx, w.Owner, "school-1", w.Now().Add(time.Hour))
	must(t, err)
	if c, err := w.DisableClient(ctx, w.Owner, "school-1"); err != nil || !c.Disabled {
		t.Errorf("DisableClient = %+v, %v", c, err)
	}
	_, err = w.Principal(ctx, "client:school-1")
	wantCode(t, "Principal of a disabled client", err, creditbank.ErrForbidden, access.CodePrincipalDisabled)
	_, err = w.CheckSecret(ctx, "school-1", secret)
	wantCode(t, "CheckSecret of a disabled client", err, creditbank.ErrForbidden, access.CodeClientRefused)
	_, err = w.EnableClient(ctx, w.Owner, "school-1")
	must(t, err)
	_, err = w.CheckSecret(ctx, "school-1", secret)
	must(t, err)
	for what, err := range map[string]error{
		"Client":               second(w.Client(ctx, "nobody")),
		"DisableClient":        second(w.DisableClient(ctx, w.Owner, "nobody")),
		"AddSecret":            second(w.AddSecret(ctx, w.Owner, "nobody", w.Now().Add(time.Hour))),
		"Principal":            second(w.Principal(ctx, "client:nobody")),
		"Principal of nothing": second(w.Principal(ctx, "nobody")),
	} {
		wantCode(t, what+" of nobody", err, creditbank.ErrNotFound, access.CodeUnknownPrincipal)
	}
}

func second[T any](_ T, err error) error { return err }

func testSecrets(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	for _, id := range []string{"school-1", "school-2"} {
		_, err := w.OpenClient(ctx, w.Owner, newClient(id))
		must(t, err)
	}
	add := func(d time.Duration) string {
		t.Helper()
		secret, err := w.AddSecret(ctx, w.Owner, "school-1", w.Now().Add(d))
		must(t, err)
		if len(secret) != 43 {
			t.Errorf("AddSecret = %d characters; want 43, of 32 bytes", len(secret))
		}
		return secret
	}
	check := func(id, secret string, want bool) {
		t.Helper()
		c, err := w.CheckSecret(ctx, id, secret)
		if want {
			must(t, err)
			if c.ID != id || len(c.Grants) != 1 {
				t.Errorf("CheckSecret = %+v", c)
			}
			return
		}
		wantCode(t, "CheckSecret", err, creditbank.ErrForbidden, access.CodeClientRefused)
	}
	_, err := w.AddSecret(ctx, w.Owner, "school-1", w.Now())
	wantCode(t, "AddSecret that has expired", err, creditbank.ErrInvalid, creditbank.CodeMalformed)
	first := add(time.Hour)
	check("school-1", first, true)
	check("school-1", "", false)
	check("school-1", first+"A", false)
	check("school-2", first, false)
	check("nobody", first, false)
	other := add(2 * time.Hour)
	_, err = w.AddSecret(ctx, w.Owner, "school-1", w.Now().Add(time.Hour))
	wantCode(t, "AddSecret beyond two", err, creditbank.ErrConflict, creditbank.CodeState)
	check("school-1", other, true)
	w.Pass(time.Hour) // the first expires
	check("school-1", first, false)
	check("school-1", other, true)
	third := add(time.Hour)
	c, err := w.Client(ctx, "school-1")
	must(t, err)
	if len(c.Secrets) != 2 {
		t.Fatalf("Client has %d secrets; want the two that are valid", len(c.Secrets))
	}
	_, err = w.RemoveSecret(ctx, w.Owner, "school-1", c.Secrets[0].ID)
	must(t, err)
	check("school-1", other, false)
	check("school-1", third, true)
	_, err = w.RemoveSecret(ctx, w.Owner, "school-1", c.Secrets[0].ID)
	wantCode(t, "RemoveSecret again", err, creditbank.ErrNotFound, access.CodeUnknownPrincipal)
}

func testKeys(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	_, err := w.OpenClient(ctx, w.Owner, newClient("school-1"))
	must(t, err)
	const jwk = `{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "k1"}`
	key := access.PublicKey{KID: "k1", JWK: json.RawMessage(jwk)}
	c, err := w.AddKey(ctx, w.Owner, "school-1", key)
	must(t, err)
	if len(c.Keys) != 1 || c.Keys[0].KID != "k1" || string(c.Keys[0].JWK) != `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"k1"}` {
		t.Errorf("AddKey = %+v", c.Keys)
	}
	_, err = w.AddKey(ctx, w.Owner, "school-1", key)
	wantCode(t, "AddKey again", err, creditbank.ErrConflict, creditbank.CodeDuplicate)
	for name, bad := range map[string]access.PublicKey{
		"no JSON":      {KID: "k2", JWK: json.RawMessage(`{`)},
		"nothing":      {KID: "k2"},
		"no object":    {KID: "k2", JWK: json.RawMessage(`[]`)},
		"no type":      {KID: "k2", JWK: json.RawMessage(`{"x":"1"}`)},
		"symmetric":    {KID: "k2", JWK: json.RawMessage(`{"kty":"oct","k":"1"}`)},
		"private":      {KID: "k2", JWK: json.RawMessage(`{"kty":"OKP","x":"1","d":"1"}`)},
		"another name": {KID: "k2", JWK: json.RawMessage(jwk)},
		"a number":     {KID: "k2", JWK: json.RawMessage(`{"kty":"OKP","kid":1}`)},
	} {
		_, err := w.AddKey(ctx, w.Owner, "school-1", bad)
		wantCode(t, "AddKey of "+name, err, creditbank.ErrInvalid, creditbank.CodeMalformed)
	}
	_, err = w.AddKey(ctx, w.Owner, "school-1", access.PublicKey{JWK: json.RawMessage(`{"kty":"OKP"}`)})
	wantCode(t, "AddKey without a kid", err, creditbank.ErrInvalid, creditbank.CodeMissing)
	c, err = w.RemoveKey(ctx, w.Owner, "school-1", "k1")
	must(t, err)
	if len(c.Keys) != 0 {
		t.Errorf("RemoveKey left %+v", c.Keys)
	}
	_, err = w.RemoveKey(ctx, w.Owner, "school-1", "k1")
	wantCode(t, "RemoveKey again", err, creditbank.ErrNotFound, access.CodeUnknownPrincipal)
}

func testClients(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	for _, id := range []string{"c-3", "c-1", "c-2"} {
		_, err := w.OpenClient(ctx, w.Owner, newClient(id))
		must(t, err)
	}
	_, err := w.DisableClient(ctx, w.Owner, "c-2")
	must(t, err)
	first, err := w.Clients(ctx, "", 2)
	must(t, err)
	rest, err := w.Clients(ctx, "c-2", 2)
	must(t, err)
	if len(first) != 2 || first[0].ID != "c-1" || first[1].ID != "c-2" || !first[1].Disabled || len(rest) != 1 || rest[0].ID != "c-3" {
		t.Errorf("Clients = %+v, then %+v", first, rest)
	}
}
