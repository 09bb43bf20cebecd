package web_test

import (
	"io"
	"math"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"creditbank/api/apitest"
	"creditbank/api/web"
)

func TestStyleSheetIsKept(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	b := newBrowser(t, w.World).get("/")
	link := attr(b.find(func(n *html.Node) bool { return n.Data == "link" && attr(n, "rel") == "stylesheet" }), "href")
	b.get(link)
	if got := b.header.Get("Content-Type"); b.status != 200 || got != "text/css; charset=utf-8" || !strings.Contains(b.header.Get("Cache-Control"), "immutable") {
		t.Errorf("%d %v", b.status, b.header)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/static/style.css", nil)
	must(t, err)
	r.Header.Set("If-None-Match", b.header.Get("ETag"))
	resp, err := http.DefaultClient.Do(r)
	must(t, err)
	defer resp.Body.Close()
	if resp.StatusCode != 304 || strings.Contains(resp.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	icon := attr(b.get("/").find(func(n *html.Node) bool { return attr(n, "rel") == "icon" }), "href")
	b.get(icon)
	if got := b.header.Get("Content-Type"); b.status != 200 || got != "image/svg+xml" {
		t.Errorf("the icon: %d %s", b.status, got)
	}
	b.get("/static/../web.go")
	if b.status == 200 {
		t.Error("a file that is not to be served")
	}
	if _, err := io.WriteString(io.Discard, b.body); err != nil {
		t.Error(err)
	}
}

// Text is at least seven times as light as its ground, or as dark; what has a
// border to be seen by, three times.
func TestContrast(t *testing.T) {
	css, err := os.ReadFile("static/style.css")
	must(t, err)
	colours := map[string]float64{}
	for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`).FindAllStringSubmatch(string(css), -1) {
		colours[m[1]] = luminance(t, m[2])
	}
	if rest := regexp.MustCompile(`(?s)^.*?\n}\n`).ReplaceAllString(string(css), ""); regexp.MustCompile(`#[0-9a-f]{6}`).MatchString(rest) {
		t.Error("a colour stands outside of the list")
	}
	for _, pair := range []struct {
		text, ground string
		least        float64
	}{
		{"ink", "paper", 7}, {"ink", "shade", 7}, {"soft", "paper", 7}, {"soft", "shade", 7}, {"deep", "paper", 7}, {"deep", "shade", 7},
		{"on-deep", "deep", 7}, {"on-deep", "ink", 7}, {"good", "paper", 7}, {"good", "good-shade", 7}, {"bad", "paper", 7}, {"bad", "bad-shade", 7},
		{"warn", "paper", 7}, {"warn", "warn-shade", 7}, {"line", "paper", 3},
	} {
		a, ok := colours[pair.text]
		b, also := colours[pair.ground]
		if !ok || !also {
			t.Fatalf("no colour %s or %s", pair.text, pair.ground)
		}
		if got := (max(a, b) + 0.05) / (min(a, b) + 0.05); got < pair.least {
			t.Errorf("%s on %s: %.2f, want %v", pair.text, pair.ground, got, pair.least)
		}
	}
}

// luminance is that of WCAG 2.2.
func luminance(t testing.TB, hex string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		must(t, err)
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
