package generate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// A Request is one on its way to be sent, in parts that can be spoilt each.
type Request struct {
	Op     *Operation
	Method string
	Vars   map[string]string // of the path, as they are meant
	Suffix string            // of the path, as it is sent
	Query  url.Values
	Header http.Header

	Tree any    // the body as JSON, or nil
	Body []byte // the body, where it is not Tree

	Spoilt []string // what was done to it
}

// Valid returns a request that fits the contract.
func Valid(r Rand, op *Operation, known Values) *Request {
	q := &Request{Op: op, Method: op.Method, Vars: map[string]string{}, Query: url.Values{}, Header: http.Header{}}
	for _, p := range op.Params {
		if !p.Required && !r.Chance(25) {
			continue
		}
		v := fmt.Sprint(Value(r, p.Schema.Value, p.Name, known))
		switch p.In {
		case openapi3.ParameterInPath:
			q.Vars[p.Name] = v
		case openapi3.ParameterInQuery:
			q.Query.Set(p.Name, v)
		case openapi3.ParameterInHeader:
			q.Header.Set(p.Name, v)
		}
	}
	if len(op.Types) == 0 {
		return q
	}
	contentType := Pick(r, op.Types...)
	q.Header.Set("Content-Type", contentType)
	switch {
	case op.Streamed:
	case contentType == "application/json":
		q.Tree = Value(r, op.Schema, "", known)
	default:
		q.SetForm(object(r, op.Schema, known))
	}
	return q
}

// SetForm sets a body to a form.
func (q *Request) SetForm(fields map[string]any) {
	form := url.Values{}
	for name, v := range fields {
		form.Set(name, fmt.Sprint(v))
	}
	q.Tree, q.Body = nil, []byte(form.Encode())
}

// Path returns the path as it is sent.
func (q *Request) Path() string {
	path := q.Op.Path
	for name, v := range q.Vars {
		escaped := url.PathEscape(v)
		if name == "tile" {
			escaped = strings.ReplaceAll(escaped, "%2F", "/")
		}
		path = strings.ReplaceAll(path, "{"+name+"}", escaped)
	}
	return path + q.Suffix
}

// encode returns the body as it is sent.
func (q *Request) encode() ([]byte, error) {
	if q.Tree == nil {
		return q.Body, nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(q.Tree)
	return bytes.TrimSpace(b.Bytes()), err
}

// HTTP returns the request to send to a service.
func (q *Request) HTTP(ctx context.Context, base string) (*http.Request, error) {
	body, err := q.encode()
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, q.Method, base+q.Path(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if len(body) == 0 {
		r.Body, r.GetBody, r.ContentLength = http.NoBody, nil, 0
	}
	r.URL.RawQuery = q.Query.Encode()
	maps.Copy(r.Header, q.Header)
	return r, nil
}

// String returns the request for a report.
func (q *Request) String() string {
	body, err := q.encode()
	if err != nil {
		body = []byte(err.Error())
	}
	s := fmt.Sprintf("%s: %s %s?%s", q.Op.ID, q.Method, q.Path(), q.Query.Encode())
	for name, values := range q.Header {
		if name != "Authorization" && name != "Cookie" {
			s += fmt.Sprintf("\n  %s: %.200q", name, values)
		}
	}
	return s + fmt.Sprintf("\n  spoilt: %v\n  %.1500s", q.Spoilt, body)
}
