package api_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/getkin/kin-openapi/openapi3"

	"creditbank/api"
	"creditbank/api/apitest"
	"creditbank/api/contract"
)

// A sent is a request as a test writes it down. It is a POST of JSON if it has
// a body and says nothing else, and a GET if it has none.
type sent struct {
	method, path, token, kind, body string
	header                          http.Header
}

// A refusal is what a problem has to say.
type refusal struct {
	status        int
	problem, code string
	pointer       string // of its one part; "" for none
}

// An answer is what came back, read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (s sent) request(t testing.TB, w *apitest.World) *http.Request {
	t.Helper()
	method := s.method
	var body io.Reader
	if s.body != "" {
		body = strings.NewReader(s.body)
		if method == "" {
			method = http.MethodPost
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), method, w.URL+s.path, body)
	if err != nil {
		t.Fatal(err)
	}
	kind := s.kind
	if kind == "" && body != nil {
		kind = "application/json"
	}
	if kind != "" && kind != "none" {
		r.Header.Set("Content-Type", kind)
	}
	for name, values := range s.header {
		r.Header[name] = values
	}
	if s.token != "" {
		r.Header.Add("Authorization", "Bearer "+s.token)
	}
	return r
}

// to sends the request. What is answered is held against the contract.
func (s sent) to(t testing.TB, w *apitest.World) answer {
	t.Helper()
	return do(t, w.Client, s.request(t, w))
}

func do(t testing.TB, c *http.Client, r *http.Request) answer {
	t.Helper()
	resp, err := c.Do(r)
	if err != nil {
		t.Fatalf("%s %.200s: %v", r.Method, r.URL.Path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %.200s: %v", r.Method, r.URL.Path, err)
	}
	return answer{resp.StatusCode, resp.Header, body}
}

// refused reports an answer that is not the problem wanted, in form and content.
func (a answer) refused(t testing.TB, w *apitest.World, english bool, want refusal) {
	t.Helper()
	if a.status != want.status {
		t.Errorf("status %d, want %d: %.500s", a.status, want.status, a.body)
		return
	}
	var p contract.Problem
	if err := json.Unmarshal(a.body, &p); err != nil || a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: no problem: %v: %.500s", a.header.Get("Content-Type"), err, a.body)
		return
	}
	if p.Type != w.URL+"/problems/"+want.problem || p.Code != want.code || p.Status != want.status {
		t.Errorf("problem %s, code %s, status %d; want %+v: %.500s", p.Type, p.Code, p.Status, want, a.body)
	}
	if p.Instance == nil || *p.Instance == "" || *p.Instance != a.header.Get("X-Request-Id") {
		t.Errorf("instance is not the X-Request-Id %q: %.500s", a.header.Get("X-Request-Id"), a.body)
	}
	if got := a.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control is %q", got)
	}
	var pointers []string
	if p.Errors != nil {
		for _, part := range *p.Errors {
			if part.Pointer != nil {
				pointers = append(pointers, *part.Pointer)
			}
		}
	}
	if got := strings.Join(pointers, " "); got != want.pointer {
		t.Errorf("pointers %q, want %q: %.500s", got, want.pointer, a.body)
	}
	checkLanguage(t, p, english)
}

// checkLanguage reports a problem that does not speak both languages, and the
// one that was asked for in its title and detail.
func checkLanguage(t testing.TB, p contract.Problem, english bool) {
	t.Helper()
	// In English there may be Han characters where it says what was sent.
	if !isHan(p.Message.Zh) || p.Message.En == p.Message.Zh || p.Message.En == "" {
		t.Errorf("the message is not in both languages: %+v", p.Message)
	}
	said := p.Title
	if p.Detail != nil {
		said = *p.Detail
	}
	if want := map[bool]string{false: p.Message.Zh, true: p.Message.En}[english]; said != want || isHan(p.Title) == english {
		t.Errorf("in English: %t; title %q, detail %q", english, p.Title, said)
	}
}

func isHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// wantRefused sends a request in both languages.
func wantRefused(t testing.TB, w *apitest.World, s sent, want refusal) {
	t.Helper()
	for _, language := range []string{"", "en-GB,en;q=0.9,zh;q=0.1"} {
		r := s.request(t, w)
		if language != "" {
			r.Header.Set("Accept-Language", language)
		}
		do(t, w.Client, r).refused(t, w, language != "", want)
	}
}

// dial opens a connection to the service itself.
func dial(t testing.TB, w *apitest.World) net.Conn {
	t.Helper()
	u, err := url.Parse(w.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// raw sends bytes and reads one answer.
func raw(t testing.TB, w *apitest.World, text string) answer {
	t.Helper()
	c := dial(t, w)
	// The service may answer and hang up before it has read all of it.
	go io.WriteString(c, text)
	return readAnswer(t, c)
}

func readAnswer(t testing.TB, c net.Conn) answer {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Close {
		resp.Header.Set("Connection", "close") // which the client takes out
	}
	return answer{resp.StatusCode, resp.Header, body}
}

// head returns the head of a request with a body, as it is sent.
func head(method, path, token string, more ...string) string {
	h := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n", method, path)
	if token != "" {
		h += "Authorization: Bearer " + token + "\r\n"
	}
	return h + strings.Join(more, "\r\n")
}

// posting is a posting of Qinghe's I15, with some fields set otherwise: nil
// leaves one out.
func posting(learner, externalID string, other map[string]any) string {
	p := map[string]any{"external_id": externalID, "institution": "I15", "learner": learner, "course": "S07", "issued_on": "2024-01-02", "score": "72"}
	for k, v := range other {
		if p[k] = v; v == nil {
			delete(p, k)
		}
	}
	data, err := json.Marshal(p)
	if err != nil {
		panic(err) // of a test's own values
	}
	return string(data)
}

// An op is an operation with a body, at an address that fits it.
type op struct{ id, method, path, kind string }

// operationsWithBody are those whose body is read whole.
func operationsWithBody(t testing.TB) []op {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.Contract)
	if err != nil {
		t.Fatal(err)
	}
	uuid := "00000000-0000-4000-8000-000000000000"
	values := strings.NewReplacer("{learner}", uuid, "{account}", uuid, "{certificate}", "urn:uuid:"+uuid, "{seq}", "1", "{client}", "nobody",
		"{region}", "X1", "{institution}", "X1", "{course}", "X1")
	var ops []op
	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			if _, streamed := o.Extensions["x-streamed"]; streamed || o.RequestBody == nil {
				continue
			}
			for kind := range o.RequestBody.Value.Content {
				ops = append(ops, op{o.OperationID, method, values.Replace(path), kind})
			}
		}
	}
	slices.SortFunc(ops, func(a, b op) int { return strings.Compare(a.id, b.id) })
	return ops
}
