package certify_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"creditbank/certify"
	"creditbank/certify/certifytest"
)

// What this package writes of its own certificates is what the general library
// makes of them, byte for byte, and it writes all of them itself.
func TestOwnQuadsAreTheLibrarys(t *testing.T) {
	for seed := range uint64(400) {
		p, err := certify.Prepare(certifytest.Any(rand.New(rand.NewPCG(seed, 1))))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		compareQuads(t, p.Unsigned(), true)
	}
}

// FuzzOwnQuads takes documents apart that are nearly ours: what this package
// writes itself is what the library would have written.
func FuzzOwnQuads(f *testing.F) {
	for seed := range uint64(8) {
		p, err := certify.Prepare(certifytest.Any(rand.New(rand.NewPCG(seed, 2))))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p.Unsigned())
	}
	f.Fuzz(func(t *testing.T, data []byte) { compareQuads(t, data, false) })
}

func compareQuads(t *testing.T, data []byte, must bool) {
	t.Helper()
	doc, err := certify.ParseObject(data)
	if err != nil {
		return
	}
	if _, err := certify.Canonicalize(doc); err != nil && !must {
		return // refused before it comes to that
	}
	own, ok := certify.OwnQuads(doc)
	if !ok {
		if must {
			t.Fatalf("not written here: %s", data)
		}
		return
	}
	library, err := certify.LibraryQuads(doc)
	if err != nil {
		t.Fatalf("the library refuses %s: %v", data, err)
	}
	if own != library {
		t.Fatalf("%s\n%s", data, firstDifference(own, library))
	}
}

func firstDifference(own, library string) string {
	a, b := strings.Split(own, "\n"), strings.Split(library, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d\nown     %s\nlibrary %s", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(a), len(b))
}

// jsonld.js sorts by UTF-16 code units, in which U+10000 comes before U+E000.
func TestSortsAlike(t *testing.T) {
	for name, test := range map[string]struct {
		lines []string
		want  bool
	}{
		"nothing":                        {nil, true},
		"beyond after fullwidth":         {[]string{"<a> \"（", "<a> \"𬱖"}, false},
		"fullwidth after what is common": {[]string{"<a> \"王", "<a> \"（"}, true},
		"beyond after what is common":    {[]string{"<a> \"王", "<a> \"𬱖"}, true},
		"of different things":            {[]string{"<a> \"（", "<b> \"𬱖"}, true},
		"one longer":                     {[]string{"<a>", "<a> \"𬱖"}, true},
	} {
		if got := certify.SortsAlike(strings.Join(test.lines, "\n")); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// What is not quite ours is left to the library.
func TestNotOurShape(t *testing.T) {
	p, err := certify.Prepare(certifytest.Outcome(1))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(map[string]any){
		"another term":    func(d map[string]any) { d["image"] = "https://example.edu/i.png" },
		"another type":    func(d map[string]any) { d["type"] = []any{"VerifiableCredential", "AchievementCredential"} },
		"another context": func(d map[string]any) { d["@context"] = []any{"https://www.w3.org/ns/credentials/v2"} },
		"a context inside": func(d map[string]any) {
			d["issuer"].(map[string]any)["@context"] = "https://www.w3.org/ns/credentials/v2"
		},
		"no id":               func(d map[string]any) { delete(d, "id") },
		"an issuer by name":   func(d map[string]any) { d["issuer"] = "did:web:example.edu" },
		"an id that is short": func(d map[string]any) { d["issuer"].(map[string]any)["id"] = "schema:x" },
		"a tab":               func(d map[string]any) { d["name"] = "a\tb" },
		"a part of a part": func(d map[string]any) {
			delete(d["issuer"].(map[string]any), "id")
			d["issuer"].(map[string]any)["otherIdentifier"] = []any{map[string]any{"type": "IdentifierEntry"}}
		},
		"text for a number":      func(d map[string]any) { d["credentialSubject"].(map[string]any)["creditsEarned"] = "3" },
		"a number for text":      func(d map[string]any) { d["name"] = json.Number("3") },
		"a text with a language": func(d map[string]any) { d["name"] = map[string]any{"@value": "x", "@language": "en"} },
		"nothing in a part": func(d map[string]any) {
			d["credentialSubject"].(map[string]any)["achievement"].(map[string]any)["criteria"] = map[string]any{}
		},
	} {
		doc, err := certify.ParseObject(p.Unsigned())
		if err != nil {
			t.Fatal(err)
		}
		change(doc)
		if quads, ok := certify.OwnQuads(doc); ok {
			t.Errorf("%s: written here: %s", name, quads)
		}
	}
}

func BenchmarkCanonicalHash(b *testing.B) {
	p, err := certify.Prepare(certifytest.Outcome(1))
	if err != nil {
		b.Fatal(err)
	}
	doc, err := certify.ParseObject(p.Unsigned())
	if err != nil {
		b.Fatal(err)
	}
	b.Run("own", func(b *testing.B) {
		for b.Loop() {
			if _, err := certify.CanonicalHash(p.Unsigned()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		for b.Loop() {
			if _, err := certify.LibraryQuads(doc); err != nil {
				b.Fatal(err)
			}
		}
	})
}
