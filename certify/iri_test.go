package certify_test

import (
	"regexp"
	"testing"
	"unicode/utf8"

	"github.com/piprate/json-gold/ld"

	"creditbank/certify"
)

var iris = []string{
	"https://credits.example.edu/institutions/42", "http://data.europa.eu/snb/eqf/6", "https://localhost:8443/x#y", "did:web:a.b:c#key-1", "urn:uuid:x",
	"https://-/x", "https://a..b/x", "https://a.b-/x", "https://a--b.example/", "https://1.2.3.4/", "https://ab.c", "https://abcd", "https://a.b.c.d.e",
	"https://a-b.c-d.example:65535/~x_y", "https://a.example:1", "https://x@y.example/", "https://例.example/", "https://a.example/例", "https://a.example?x=1",
	"https://", "https:///x", "https://.a.example", "a:", ":a", "1a:b", "a b:c", "a:b c", "a:<", "a:\\", "https://A.example/", "https://a_b.example/", "",
	"https://a.example:/x", "https://999.999.999.999/", "https://1234", "https://0-0.0", "https://www.example/", "https://a.1/",
}

// What is read by hand is what the regular expressions said, and nothing more.
func FuzzIRI(f *testing.F) {
	for _, s := range iris {
		f.Add(s)
	}
	absolute := regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|^` + "`" + `\\\\]+$`)
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		if got, want := certify.AbsoluteIRI(s), absolute.MatchString(s); got != want {
			t.Fatalf("absoluteIRI(%q) = %v", s, got)
		}
		for _, web := range []string{s, "https://" + s, "http://" + s} {
			if certify.PlainURL(web) && certify.AbsoluteIRI(web) && (web != s || len(s) > 8 && (s[:7] == "http://" || s[:8] == "https://")) && !ld.IsURL(web) {
				t.Fatalf("plainURL(%q), which json-gold drops", web)
			}
		}
	})
}
