package apitest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"creditbank/api"
)

// streamed are the content types that are not read to their end.
var streamed = []string{"text/event-stream"}

// A checker holds answers against the contract.
type checker struct{ router routers.Router }

func newChecker(t testing.TB) *checker {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.Contract)
	if err != nil {
		t.Fatal(err)
	}
	registerDecoders()
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return &checker{router}
}

// registerDecoders tells the validator, whose table is one for the process, how to
// read what it does not know; once, so that tests can run side by side.
var registerDecoders = sync.OnceFunc(func() {
	for _, kind := range []string{"application/x-ndjson", "application/did+json", "application/vc", "application/yaml", "text/plain", "application/octet-stream", "image/jpeg", "image/png", "application/pdf"} {
		openapi3filter.RegisterBodyDecoder(kind, asText(kind))
	}
})

// asText reads a body as JSON where it is, else as a text.
func asText(kind string) openapi3filter.BodyDecoder {
	if kind == "application/did+json" || kind == "application/vc" {
		return openapi3filter.RegisteredBodyDecoder("application/json")
	}
	return func(body io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (any, error) {
		data, err := io.ReadAll(body)
		return string(data), err
	}
}

// Check reports an answer that the contract does not provide for.
func (c *checker) Check(r *http.Request, status int, header http.Header, body []byte) error {
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		return nil // an address that is not in the contract is not its business
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 status, Header: header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	input.SetBodyBytes(body)
	return openapi3filter.ValidateResponse(context.Background(), input)
}

// Check reports an answer that the contract does not provide for, for requests
// that are not sent through w.Client.
func (w *World) Check(r *http.Request, status int, header http.Header, body []byte) error {
	return w.checker.Check(r, status, header, body)
}

// checked is a transport that fails the test on an answer that the contract
// does not provide for.
type checked struct {
	http.RoundTripper
	checker *checker
	t       testing.TB
}

// RoundTrip implements [http.RoundTripper].
func (c checked) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	if slices.Contains(streamed, kind) {
		return resp, nil
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		// What broke off is for the test to judge.
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
		return resp, nil
	}
	if err := c.checker.Check(r, resp.StatusCode, resp.Header, body); err != nil {
		c.t.Errorf("%s %s answered %d, which the contract does not provide for: %v\n%.2000s", r.Method, r.URL.Path, resp.StatusCode, err, body)
	}
	return resp, nil
}

// failing is a reader that fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
