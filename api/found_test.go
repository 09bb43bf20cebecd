package api_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// Requests that were answered wrongly once, found by TestFuzz. Every answer is
// also held against the contract.
func TestFound(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	secret := foundClient(t, w)
	operator := "Bearer " + w.Token("", "operator region:9901")
	form := func(fields ...string) string {
		f := url.Values{"grant_type": {"client_credentials"}, "client_id": {"found-client"}, "client_secret": {secret}}
		for i := 0; i < len(fields); i += 2 {
			f.Set(fields[i], fields[i+1])
		}
		return f.Encode()
	}
	const jsonType, formType = "application/json", "application/x-www-form-urlencoded"
	for _, tc := range []struct {
		name                      string
		method, path, kind, token string
		body                      string
		status                    int
		says                      string // stands in the answer
		hides                     string // does not; "" for nothing
	}{
		{name: "a token for everything that a client may do", method: "POST", path: "/oauth/token", kind: formType, body: form(), status: 200, says: "access_token"},
		{name: "a scope of blanks narrows nothing", method: "POST", path: "/oauth/token", kind: formType, body: form("scope", " "), status: 200, says: "access_token"},
		{name: "a token request without a body is refused as RFC 6749 has it", method: "POST", path: "/oauth/token", kind: formType, status: 400, says: `"error":"invalid_request"`},
		{name: "a bad token is told also where none is needed", method: "GET", path: "/v1/regions", token: "Bearer x", status: 401, says: "UNAUTHENTICATED"},
		{name: "a bad token is told by what is always there", method: "GET", path: "/openapi.yaml", token: "Bearer x", status: 401, says: "UNAUTHENTICATED"},
		{name: "a probe is answered whatever token it brings", method: "GET", path: "/readyz", token: "Bearer x", status: 200, says: "ready"},
		{name: "a title that no certificate can be made of is refused", method: "PUT", path: "/v1/courses/F01", kind: jsonType, token: operator,
			body: `{"title":"a\u001bb","institution":"I06","category":"NON_FORMAL"}`, status: 400, says: "MALFORMED"},
		{name: "a name that no certificate can be made of is refused", method: "PUT", path: "/v1/institutions/F01", kind: jsonType, token: operator,
			body: `{"name":"a\ufffdb","kinds":["university"],"region":"9901"}`, status: 400, says: "MALFORMED"},
		{name: "no region lies below itself", method: "PUT", path: "/v1/regions/9901", kind: jsonType, token: operator,
			body: `{"name":"青禾市","level":"city","parent":"990101"}`, status: 400, says: "parent"},
		{name: "no institution stands below itself", method: "PUT", path: "/v1/institutions/I04", kind: jsonType, token: operator,
			body: `{"name":"东岭县社区教育学院","kinds":["community_college"],"region":"990101","parent":"I06"}`, status: 400, says: "parent"},
		{name: "a name in the place of an institution is not repeated", method: "POST", path: "/v1/accounts", kind: jsonType, token: operator,
			body: `{"name":"I10","institution":"王桂兰","grants":[]}`, status: 422, says: "UNKNOWN_INSTITUTION", hides: "王桂兰"},
		{name: "a name in the place of a region is not repeated", method: "POST", path: "/v1/learners", kind: jsonType, token: "Bearer " + w.Token("I01", "clerk institution:I01"),
			body: `{"name":"990101","id_number":"990101195811030283","region":"王桂兰"}`, status: 422, says: "UNKNOWN_REGION", hides: "王桂兰"},
		{name: "an identity number in the place of a course is not repeated", method: "POST", path: "/v1/outcomes", kind: jsonType, token: "Bearer " + w.Token("I06", "poster institution:I06"),
			body:   `{"external_id":"E1","institution":"I06","learner":"` + string(w.Open()["L1"]) + `","course":"990101195811030283","issued_on":"2024-01-02"}`,
			status: 422, says: "UNKNOWN_COURSE", hides: "990101195811030283"},
		{name: "a name in the place of a score is not repeated", method: "POST", path: "/v1/outcomes", kind: jsonType, token: "Bearer " + w.Token("I06", "poster institution:I06"),
			body:   `{"external_id":"E1","institution":"I06","learner":"` + string(w.Open()["L1"]) + `","course":"S08","issued_on":"2024-01-02","score":"王桂兰"}`,
			status: 400, says: "/score", hides: "王桂兰"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), tc.method, w.URL+tc.path, strings.NewReader(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", tc.kind)
			r.Header.Set("Idempotency-Key", apitest.Key(t))
			if tc.token != "" {
				r.Header.Set("Authorization", tc.token)
			}
			resp, err := w.Client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != tc.status || !strings.Contains(string(body), tc.says) || tc.hides != "" && strings.Contains(string(body), tc.hides) {
				t.Errorf("%s %s answers %d %s\nwant %d with %q, without %q", tc.method, tc.path, resp.StatusCode, body, tc.status, tc.says, tc.hides)
			}
		})
	}
}

// A certificate that was asked for is the answer to the same request also once
// its outcome was revoked.
func TestFoundCertificateAskedForAgain(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	l2 := w.Open()["L2"]
	learner, score := string(l2), "72"
	poster, self := w.As(w.Token("I15", "poster institution:I15")), w.As(w.LearnerToken(l2))
	posted, err := poster.PostOutcomeWithResponse(t.Context(), contract.Posting{
		ExternalId: "F1", Institution: "I15", Learner: &learner, Course: "S07", IssuedOn: "2024-01-02", Score: &score,
	})
	if err != nil || posted.JSON201 == nil {
		t.Fatalf("post: %v %s", err, posted.Body)
	}
	ask := func() *contract.IssueCertificateResponse {
		r, err := self.IssueCertificateWithResponse(t.Context(), learner, &contract.IssueCertificateParams{IdempotencyKey: "asked-for-it"},
			contract.IssueCertificateJSONRequestBody{Outcome: posted.JSON201.Seq})
		if err != nil || r.JSON201 == nil {
			t.Fatalf("ask for the certificate: %v %s", err, r.Body)
		}
		return r
	}
	first := ask()
	revoked, err := poster.RevokeOutcomeWithResponse(t.Context(), &contract.RevokeOutcomeParams{IdempotencyKey: apitest.Key(t)},
		contract.OutcomeRevocation{Learner: learner, Institution: "I15", ExternalId: "F1", Reason: "found"})
	if err != nil || revoked.JSON200 == nil {
		t.Fatalf("revoke: %v %s", err, revoked.Body)
	}
	if again := ask(); again.JSON201.Id != first.JSON201.Id {
		t.Errorf("asked again the certificate is %s, was %s", again.JSON201.Id, first.JSON201.Id)
	}
}

// foundClient opens found-client and returns its secret.
func foundClient(t *testing.T, w *apitest.World) string {
	t.Helper()
	_, err := w.Registry.OpenClient(t.Context(), w.Owner(), access.NewClient{
		ID: "found-client", Title: creditbank.Text{ZH: "测试", EN: "test"}, Institution: "I06", Grants: apitest.Grants(t, "poster institution:I06"),
	})
	if err != nil {
		t.Fatal(err)
	}
	secret, err := w.Registry.AddSecret(t.Context(), w.Owner(), "found-client", time.Now().AddDate(0, 1, 0))
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// A sender that goes away while the answer is written gets no second one, and is
// no fault of the service.
func TestFoundSenderGone(t *testing.T) {
	var logged bytes.Buffer
	w := apitest.New(t, apitest.Options{Log: slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelError}))})
	gone := &goneWriter{header: http.Header{}}
	func() {
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				panic(p)
			}
		}()
		r, err := http.NewRequestWithContext(context.Background(), "GET", "/v1/regions", http.NoBody)
		if err != nil {
			t.Error(err)
			return
		}
		r.RemoteAddr = "127.0.0.1:1"
		w.Server.ServeHTTP(gone, r)
	}()
	if len(gone.statuses) != 1 || gone.statuses[0] != 200 {
		t.Errorf("answered %v, want 200 once", gone.statuses)
	}
	if logged.Len() > 0 {
		t.Errorf("logged as a fault: %s", logged.Bytes())
	}
}

// goneWriter is the connection of a sender that has gone.
type goneWriter struct {
	header   http.Header
	statuses []int
}

// Header implements [http.ResponseWriter].
func (g *goneWriter) Header() http.Header { return g.header }

// WriteHeader implements [http.ResponseWriter].
func (g *goneWriter) WriteHeader(status int) { g.statuses = append(g.statuses, status) }

// Write implements [http.ResponseWriter].
func (g *goneWriter) Write([]byte) (int, error) {
	return 0, &net.OpError{Op: "write", Err: syscall.ECONNRESET}
}
