package certify_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"creditbank/certify"
	"creditbank/certify/certifytest"
)

// texts are what people are called and what they write.
var texts = []string{
	"王𬱖", "㛃䶮鿫", "a", "课程 \"引号\" 与 \\ 反斜", "两\n行", "回车\r\n", "😀 emoji", "\u00e9 \u0065\u0301", "名\U0002CC56\U0002B36F",
	"_a", "https://example.org/x", "<b>&amp;</b>", "null", "12.50", " 空格 ", "\uE000\U00010000", "{}", "@id", "a:b", "\u2028",
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func words(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(3) {
		b.WriteString(pick(r, texts...))
	}
	return b.String()
}

func amount(r *rand.Rand) certify.Decimal {
	return pick(r, certify.Decimal("0"), "4.0", "3.5", "0.25", "0.05", "10", "10.25", "123456.75", "99999999.99", "0.50",
		certify.Decimal(fmt.Sprintf("%d.%02d", r.IntN(1000), r.IntN(100))))
}

func maybe[T any](r *rand.Rand, v T) (none T) {
	if r.IntN(3) == 0 {
		return none
	}
	return v
}

func institution(r *rand.Rand) certify.Institution {
	return certify.Institution{ID: fmt.Sprint("https://credits.example.edu/institutions/", r.IntN(3)), Name: words(r), USCC: maybe(r, "12100000400000624A")}
}

// anyCertificate returns a certificate with anything that one may have.
func anyCertificate(r *rand.Rand) certify.Certificate {
	c := certifytest.Outcome(byte(r.IntN(256)))
	if r.IntN(2) == 0 {
		c = certifytest.Conversion(byte(r.IntN(256)))
	}
	c.Name, c.Number, c.Description, c.Credits = words(r), maybe(r, words(r)), maybe(r, words(r)), amount(r)
	c.Issuer.Name, c.ValidUntil = words(r), maybe(r, c.ValidUntil)
	c.Subject.Name, c.Subject.AccountNumber = maybe(r, words(r)), maybe(r, "1000000017")
	c.Source = maybe(r, institution(r))
	a := &c.Achievement
	a.Name, a.Description, a.Criteria, a.Code, a.Credits, a.Creator = words(r), words(r), words(r), maybe(r, words(r)), maybe(r, amount(r)), institution(r)
	a.Type, a.Language, a.Alignments = pick(r, "Course", "ext:Hours"), maybe(r, "en"), nil
	for range r.IntN(4) {
		a.Alignments = append(a.Alignments, certify.Alignment{
			Name: pick(r, "同", words(r)), URL: "http://data.europa.eu/snb/eqf/6", Framework: maybe(r, "EQF"), Code: maybe(r, "6"), Type: maybe(r, "CFItem"),
		})
	}
	if c.Kind == certify.KindOutcome {
		c.Grade, c.Hours, c.Started = maybe(r, words(r)), maybe(r, amount(r)), maybe(r, c.Started)
		return c
	}
	c.Lines, c.Sources = nil, nil
	for i := range 1 + r.IntN(4) {
		c.Lines = append(c.Lines, certify.Line{Slot: fmt.Sprint("T-", i), Name: words(r), Credits: amount(r), Grade: maybe(r, words(r))})
		c.Sources = append(c.Sources, certify.Source{
			ID: maybe(r, "https://credits.example.edu/o/"+fmt.Sprint(r.IntN(3))), Name: words(r), Institution: words(r), Credits: amount(r),
			Hours: maybe(r, amount(r)), Grade: maybe(r, words(r)), Date: maybe(r, time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC)),
		})
	}
	return c
}

// What this package writes of its own certificates is what the general library
// makes of them, byte for byte, and it writes all of them itself.
func TestOwnQuadsAreTheLibrarys(t *testing.T) {
	for seed := range uint64(400) {
		p, err := certify.Prepare(anyCertificate(rand.New(rand.NewPCG(seed, 1))))
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
		p, err := certify.Prepare(anyCertificate(rand.New(rand.NewPCG(seed, 2))))
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
