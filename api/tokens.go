package api

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"creditbank/api/contract"
	"creditbank/api/token"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// KeyStore keeps the signing keys of access tokens in the registry. It
// implements [token.KeyStore].
func KeyStore(r *access.Registry) token.KeyStore { return keyStore{r} }

type keyStore struct{ registry *access.Registry }

func (k keyStore) Load(ctx context.Context) ([]token.StoredKey, error) {
	keys, err := k.registry.SigningKeys(ctx)
	return mapped(keys, func(s access.SigningKey) token.StoredKey { return token.StoredKey(s) }), err
}

func (k keyStore) Add(ctx context.Context, s token.StoredKey) (bool, error) {
	if len(s.Seed) != ed25519.SeedSize {
		return false, errors.New("a signing key has a seed of 32 bytes")
	}
	return k.registry.AddSigningKey(ctx, access.SigningKey(s))
}

// ReplayGuard has an assertion count once at all replicas. It implements
// [token.ReplayGuard].
func ReplayGuard(r *access.Registry) token.ReplayGuard { return replayGuard{r} }

type replayGuard struct{ registry *access.Registry }

// Once implements [token.ReplayGuard]. In doubt it says no.
func (g replayGuard) Once(jti string, until time.Time) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	once, err := g.registry.Once(ctx, creditbank.Caller{ID: "system:token"}, "assertion:"+jti, until)
	return err == nil && once
}

// assertionType is the one kind of client assertion (RFC 7523, 2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// A tokenError is a refusal in the form of RFC 6749, 5.2.
type tokenError struct {
	status int
	code   contract.TokenProblemError
	en     string
}

// VisitCreateTokenResponse implements [contract.CreateTokenResponseObject].
func (e tokenError) VisitCreateTokenResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if e.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="creditbank"`)
	}
	w.WriteHeader(e.status)
	return json.NewEncoder(w).Encode(contract.TokenProblem{Error: e.code, ErrorDescription: &e.en})
}

func refuseToken(code contract.TokenProblemError, en string) tokenError {
	status := http.StatusBadRequest
	if code == contract.InvalidClient {
		status = http.StatusUnauthorized
	}
	return tokenError{status, code, en}
}

// CreateToken implements [contract.StrictServerInterface].
func (s *Server) CreateToken(ctx context.Context, r contract.CreateTokenRequestObject) (contract.CreateTokenResponseObject, error) {
	c := callOf(ctx)
	if r.Body.GrantType == "" {
		return refuseToken(contract.InvalidRequest, "grant_type is missing"), nil
	}
	if r.Body.GrantType != "client_credentials" {
		return refuseToken(contract.UnsupportedGrantType, "grant_type must be client_credentials"), nil
	}
	client, refused, err := s.client(ctx, c, r.Body)
	if err != nil {
		return nil, err
	}
	if refused != nil {
		s.c.Log.InfoContext(ctx, "client refused", "request", c.id, "reason", refused.en)
		return *refused, nil
	}
	roles := strings.Fields(value(r.Body.Scope))
	for _, role := range roles {
		if !slices.ContainsFunc(client.Grants, func(g access.Grant) bool { return string(g.Role) == role }) {
			return refuseToken(contract.InvalidScope, "the client does not have all these roles"), nil
		}
	}
	if len(roles) == 0 {
		roles = nil // none were named: not narrowed, rather than to nothing
	}
	sub := access.Principal{ID: client.ID, Kind: access.Machine}.Caller().ID
	t, err := s.issue(ctx, sub, roles)
	if err != nil {
		return nil, err
	}
	return contract.CreateToken200JSONResponse{Body: t, Headers: contract.CreateToken200ResponseHeaders{CacheControl: "no-store"}}, nil
}

// issue issues a token, for all that sub may do where no roles are named.
func (s *Server) issue(ctx context.Context, sub string, roles []string) (contract.Token, error) {
	if len(roles) == 0 {
		roles = nil // not narrowed, rather than narrowed to nothing
	}
	signed, claims, err := s.c.Tokens.Issue(ctx, sub, roles, 0)
	if err != nil {
		return contract.Token{}, err
	}
	return contract.Token{
		AccessToken: signed, TokenType: contract.Bearer, ExpiresIn: int(claims.Expires.Sub(claims.IssuedAt).Seconds()), Scope: optional(strings.Join(roles, " ")),
	}, nil
}

// client finds out which client asks: by assertion, or by secret.
func (s *Server) client(ctx context.Context, c *call, body *contract.TokenRequest) (access.Client, *tokenError, error) {
	// What has no value counts as left out (RFC 6749, 3.2).
	asserts := value(body.ClientAssertion) != "" || value(body.ClientAssertionType) != ""
	id, secret, basic := basicAuth(c.request)
	if ways := count(asserts, basic, value(body.ClientSecret) != ""); ways > 1 || len(c.request.Header.Values("Authorization")) > 1 {
		e := refuseToken(contract.InvalidRequest, "more than one way to authenticate the client")
		return access.Client{}, &e, nil
	}
	if asserts {
		return s.byAssertion(ctx, c, body)
	}
	if !basic {
		id, secret = value(body.ClientId), value(body.ClientSecret)
	}
	if named := value(body.ClientId); named != "" && named != id {
		return access.Client{}, refusedClient("client_id names another client"), nil
	}
	if id == "" || secret == "" {
		return access.Client{}, refusedClient("no credentials"), nil
	}
	if wait, ok := s.take(c.request, s.c.Limits.LoginFrom, "try-from", address(c), id); !ok {
		return access.Client{}, nil, tooOften(wait)
	}
	client, err := s.c.Registry.CheckSecret(ctx, id, secret)
	if gone(err) {
		return client, refusedClient("the client or its secret is not valid"), nil
	}
	return client, nil, err
}

// count returns how many are true.
func count(all ...bool) int {
	n := 0
	for _, is := range all {
		if is {
			n++
		}
	}
	return n
}

func refusedClient(why string) *tokenError {
	e := refuseToken(contract.InvalidClient, why)
	return &e
}

// basicAuth reads HTTP Basic as RFC 6749, 2.3.1 has it: both parts are escaped.
func basicAuth(r *http.Request) (id, secret string, ok bool) {
	scheme, sent, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(sent))
	if err != nil {
		return "", "", true
	}
	user, pass, _ := strings.Cut(string(plain), ":")
	if id, err = url.QueryUnescape(user); err != nil {
		return "", "", true
	}
	if secret, err = url.QueryUnescape(pass); err != nil || !isText(id) || !isText(secret) {
		return "", "", true
	}
	return id, secret, true
}

func (s *Server) byAssertion(ctx context.Context, c *call, body *contract.TokenRequest) (access.Client, *tokenError, error) {
	if value(body.ClientAssertionType) != assertionType || value(body.ClientAssertion) == "" {
		e := refuseToken(contract.InvalidRequest, "client_assertion_type must be "+assertionType)
		return access.Client{}, &e, nil
	}
	var client access.Client
	var fault error
	id, err := s.c.Assertions.Verify(*body.ClientAssertion, func(id string) ([]token.JWK, error) {
		client, fault = s.c.Registry.Client(ctx, id)
		if fault != nil {
			return nil, fault
		}
		return parseKeys(client)
	})
	switch {
	case fault != nil && !gone(fault):
		return client, nil, fault
	case err != nil:
		s.c.Log.InfoContext(ctx, "assertion refused", "request", c.id, "err", err)
		return client, refusedClient("the assertion is not valid"), nil
	case client.Disabled || client.ID != id || value(body.ClientId) != "" && *body.ClientId != id:
		return client, refusedClient("the client is not valid"), nil
	}
	return client, nil, nil
}

func parseKeys(c access.Client) ([]token.JWK, error) {
	keys := make([]token.JWK, 0, len(c.Keys))
	for _, k := range c.Keys {
		parsed, err := token.ParseJWK(k.JWK)
		if err != nil {
			return nil, err
		}
		parsed.KID = k.KID
		keys = append(keys, parsed)
	}
	return keys, nil
}

// RevokeToken implements [contract.StrictServerInterface]. Whoever has a token
// may end it.
func (s *Server) RevokeToken(ctx context.Context, r contract.RevokeTokenRequestObject) (contract.RevokeTokenResponseObject, error) {
	c := s.scoped(ctx)
	claims, err := s.c.Verifier.Verify(r.Body.Token)
	if err != nil {
		return contract.RevokeToken200Response{}, nil // it does not work as it is
	}
	return contract.RevokeToken200Response{}, s.deny(ctx, c.by(), claims)
}

// GetJWKS implements [contract.StrictServerInterface].
func (s *Server) GetJWKS(context.Context, contract.GetJWKSRequestObject) (contract.GetJWKSResponseObject, error) {
	var w contract.GetJWKS200JSONResponse
	w.Headers.CacheControl = "public, max-age=300"
	return w, json.Unmarshal(s.c.TokenKeys.JWKS(), &w.Body)
}

// GetAuthorizationServer implements [contract.StrictServerInterface].
func (s *Server) GetAuthorizationServer(context.Context, contract.GetAuthorizationServerRequestObject) (contract.GetAuthorizationServerResponseObject, error) {
	at := func(path string) string { return s.c.PublicURL + path }
	revoke := at("/oauth/revoke")
	none, scopes := []string{}, texts(access.Roles())
	algorithms := []string{"EdDSA", "ES256", "RS256", "PS256"}
	return contract.GetAuthorizationServer200JSONResponse{
		Issuer: s.c.PublicURL, TokenEndpoint: at("/oauth/token"), RevocationEndpoint: &revoke, JwksUri: at("/.well-known/jwks.json"),
		GrantTypesSupported: []string{"client_credentials"}, ResponseTypesSupported: &none, ScopesSupported: &scopes,
		TokenEndpointAuthMethodsSupported:          []string{"private_key_jwt", "client_secret_basic", "client_secret_post"},
		TokenEndpointAuthSigningAlgValuesSupported: &algorithms,
	}, nil
}
