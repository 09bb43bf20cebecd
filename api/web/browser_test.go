package web_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"creditbank/api/apitest"
)

// A browser walks pages as people do: it keeps cookies, follows redirects, and
// fills in the forms that are there.
type browser struct {
	t    testing.TB
	base string
	http http.Client

	status  int
	header  http.Header
	address *url.URL // of the page that is shown
	body    string
	doc     *html.Node
}

func newBrowser(t testing.TB, w *apitest.World) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, base: w.URL, http: http.Client{Jar: jar}}
}

// get asks for a page.
func (b *browser) get(path string) *browser {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.resolve(path), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

func (b *browser) resolve(path string) string {
	from, err := url.Parse(b.base)
	if err != nil {
		b.t.Fatal(err)
	}
	if b.address != nil {
		from = b.address
	}
	to, err := from.Parse(path)
	if err != nil {
		b.t.Fatal(err)
	}
	return to.String()
}

func (b *browser) do(r *http.Request) *browser {
	b.t.Helper()
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.status, b.header, b.address, b.body = resp.StatusCode, resp.Header, resp.Request.URL, string(body)
	b.doc = nil
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		if b.doc, err = html.Parse(strings.NewReader(b.body)); err != nil {
			b.t.Fatal(err)
		}
		checkPage(b.t, b)
	}
	return b
}

// submit fills in and sends the form with an action. Every value must have a
// field that is there.
func (b *browser) submit(action string, fill map[string]string) *browser {
	b.t.Helper()
	form := b.find(func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == action })
	if form == nil {
		b.t.Fatalf("%s has no form for %s:\n%s", b.address, action, b.body)
	}
	values := url.Values{}
	for _, n := range all(form, func(n *html.Node) bool {
		return slices.Contains([]string{"input", "textarea", "button"}, n.Data) && attr(n, "name") != ""
	}) {
		values.Set(attr(n, "name"), attr(n, "value"))
	}
	for name, value := range fill {
		if !values.Has(name) {
			b.t.Fatalf("the form for %s has no field %s", action, name)
		}
		values.Set(name, value)
	}
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.resolve(action), strings.NewReader(values.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

// want reports a page that is another.
func (b *browser) want(status int, path string, texts ...string) *browser {
	b.t.Helper()
	if b.status != status || b.address.Path != path {
		b.t.Fatalf("got %d at %s, want %d at %s:\n%s", b.status, b.address, status, path, b.text())
	}
	text := b.text()
	for _, want := range texts {
		if !strings.Contains(text, want) {
			b.t.Errorf("%s does not say %q:\n%s", b.address.Path, want, text)
		}
	}
	return b
}

// text returns what the page says.
func (b *browser) text() string {
	if b.doc == nil {
		return b.body
	}
	return text(b.doc)
}

func (b *browser) find(is func(*html.Node) bool) *html.Node {
	if found := all(b.doc, is); len(found) > 0 {
		return found[0]
	}
	return nil
}

func all(n *html.Node, is func(*html.Node) bool) []*html.Node {
	var found []*html.Node
	if n == nil {
		return nil
	}
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && is(d) {
			found = append(found, d)
		}
	}
	return found
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func text(n *html.Node) string {
	var parts []string
	for d := range n.Descendants() {
		if d.Type == html.TextNode && strings.TrimSpace(d.Data) != "" {
			parts = append(parts, strings.Join(strings.Fields(d.Data), " "))
		}
	}
	return strings.Join(parts, " ")
}
