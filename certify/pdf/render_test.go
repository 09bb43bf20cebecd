package pdf_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"creditbank/certify"
	"creditbank/certify/certifytest"
	"creditbank/certify/pdf"
	"creditbank/certify/pdf/pdftest"
)

// run runs qpdf or one of the programs of poppler-utils, which make setup
// installs.
func run(t testing.TB, program string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") == "" {
			t.Skipf("%s is not here: run make setup", program)
		}
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	return string(out)
}

// textOf returns what a PDF program finds on the pages, without white space.
func textOf(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "certificate.pdf")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return squeeze(run(t, "pdftotext", "-raw", path, "-"))
}

func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

func render(t testing.TB, r *pdf.Renderer, b certify.Bundle) []byte {
	t.Helper()
	data, err := r.Render(b)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const longName = "古丽米热·阿卜杜热合曼（Gulmira Abdurahman）㛃䶮鿫𬱖𫍯𠮷"

func longConversion() certify.Certificate {
	c := certifytest.Conversion(5)
	c.Name = "学分转换证书：工商管理（专升本）"
	c.Subject.Name = strings.Repeat(longName, 3)
	c.Lines, c.Sources = nil, nil
	for i := range 90 {
		c.Lines = append(c.Lines, certify.Line{
			Slot: fmt.Sprintf("T-A%d", i), Name: fmt.Sprintf("第 %d 门课程，含实训（一）、“案例”与讨论，名称长到一行写不下", i), Credits: "4.25", Grade: "免考 exempt",
		})
		c.Sources = append(c.Sources, certify.Source{Name: fmt.Sprintf("成果 %d𬭎", i), Institution: "清河社区学院；第二校区", Credits: "3.5", Hours: "48", Grade: "合格", Date: certifytest.Now()})
	}
	return c
}

func TestTextIsWhatTheCredentialSays(t *testing.T) {
	r := pdftest.Renderer(t)
	w := certifytest.New(t)
	for name, c := range map[string]certify.Certificate{"outcome": certifytest.Outcome(1), "conversion": certifytest.Conversion(2), "many lines": longConversion()} {
		t.Run(name, func(t *testing.T) {
			b := w.Issue(c)
			text := textOf(t, render(t, r, b))
			code, err := certify.CodeOfCredential(b.Credential)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{
				c.Issuer.Name, c.Issuer.DID, c.ID, c.Number, c.Subject.Name, c.Subject.AccountNumber, c.Achievement.Name, c.Achievement.Code,
				c.Achievement.Description, c.Achievement.Criteria, c.Achievement.Creator.Name, c.Source.Name, c.Source.USCC, string(c.Grade), string(c.Hours),
				"本证书不是学历、学位证书。", "This certificate is not an academic diploma or degree.", code.String(),
				"https://credits.example.edu/verify", "Trust no other host than credits.example.edu.", "2026-11-22", "credits.example.edu/certlog #",
			}
			for _, a := range c.Achievement.Alignments {
				want = append(want, a.Name, a.Framework)
			}
			for _, l := range c.Lines {
				want = append(want, l.Slot, l.Name, string(l.Credits)+l.Grade)
			}
			for _, s := range c.Sources {
				want = append(want, s.Name, s.Institution, string(s.Hours)+s.Grade+string(s.Credits))
			}
			for title := range strings.SplitSeq(c.Name, "：") {
				want = append(want, title)
			}
			for _, s := range want {
				if !strings.Contains(text, squeeze(s)) {
					t.Errorf("the page does not say %q", s)
				}
			}
			if t.Failed() {
				t.Log(text)
			}
		})
	}
}

func TestEachCharacterIsOnThePageOnce(t *testing.T) {
	// Characters that look the same (康熙部首, compatibility ideographs) must not
	// be taken for each other, nor those beyond U+FFFF for what UTF-16 makes of them.
	c := certifytest.Outcome(1)
	c.Subject.Name = "⼀一金𠮷吉𬱖"
	text := textOf(t, render(t, pdftest.Renderer(t), certifytest.New(t).Issue(c)))
	if !strings.Contains(text, c.Subject.Name) {
		t.Errorf("no %s in %s", c.Subject.Name, text)
	}
}

func TestOutcomeFitsOnOnePage(t *testing.T) {
	text := textOf(t, render(t, pdftest.Renderer(t), certifytest.New(t).Issue(certifytest.Outcome(1))))
	if !strings.Contains(text, "1/1") {
		t.Errorf("it takes more than a page: %s", text)
	}
}

func TestManyLinesGoOnOnMorePages(t *testing.T) {
	data := render(t, pdftest.Renderer(t), certifytest.New(t).Issue(longConversion()))
	path := filepath.Join(t.TempDir(), "certificate.pdf")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	info := run(t, "pdfinfo", path)
	var pages int
	for line := range strings.SplitSeq(info, "\n") {
		fmt.Sscanf(line, "Pages: %d", &pages)
	}
	if pages < 5 || !strings.Contains(info, "A4") {
		t.Fatalf("pages: %d, want 5 or more of A4\n%s", pages, info)
	}
	text := textOf(t, data)
	if last := fmt.Sprintf("%d/%d", pages, pages); !strings.Contains(text, last) {
		t.Errorf("the last page does not say %s", last)
	}
	if n := strings.Count(text, "课程Course"); n < 2 {
		t.Errorf("the heads of the table stand on %d pages", n)
	}
}

func TestSameBundleIsSameFile(t *testing.T) {
	b := certifytest.New(t).Issue(longConversion())
	one, two := render(t, pdftest.Renderer(t), b), render(t, pdftest.Renderer(t), b)
	if !bytes.Equal(one, two) {
		t.Error("two renderings differ")
	}
	b.Status = nil
	if bytes.Equal(one, render(t, pdftest.Renderer(t), b)) {
		t.Error("a rendering without status list is the same")
	}
}

func TestMissingGlyphIsAnErrorThatNamesIt(t *testing.T) {
	w := certifytest.New(t)
	for _, c := range []struct {
		name, holder string
		without      rune
		zh, en       string
	}{
		{"beyond U+FFFF", "王𬱖", '𬱖', "“𬱖”（U+2CC56）", "'𬱖' (U+2CC56)"},
		{"a rare one", "李䶮", '䶮', "“䶮”（U+4DAE）", "'䶮' (U+4DAE)"},
		{"a private one", "王\U000F0000", 0, "U+F0000", "U+F0000"},
		{"one that turns the rest around", "王\u202e三", 0, "U+202E", "U+202E"},
		{"one that chooses a variant", "葛\U000E0100", 0, "U+E0100", "U+E0100"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cert := certifytest.Outcome(1)
			cert.Subject.Name = c.holder
			b := w.Issue(cert)
			_, err := pdftest.Renderer(t, c.without).Render(b)
			var missing *pdf.GlyphError
			if !errors.As(err, &missing) || !strings.Contains(missing.Zh(), c.zh) || !strings.Contains(missing.Error(), c.en) {
				t.Fatalf("Render: %v, want one that says %s", err, c.en)
			}
			if c.without == 0 {
				return
			}
			r, err := pdf.New(pdftest.Font(t, c.without), pdftest.Font(t))
			if err != nil {
				t.Fatal(err)
			}
			if text := textOf(t, render(t, r, b)); !strings.Contains(text, c.holder) {
				t.Errorf("with a second font that has it: no %s in %s", c.holder, text)
			}
		})
	}
}

func TestRevokedIsSaidOnEachPage(t *testing.T) {
	w := certifytest.New(t)
	c := longConversion()
	b := w.Issue(c)
	good := textOf(t, render(t, pdftest.Renderer(t), b))
	if err := w.Revoked.Revoke(c.Status.Index); err != nil {
		t.Fatal(err)
	}
	b.Status = w.Status()
	text := textOf(t, render(t, pdftest.Renderer(t), b))
	if got, pages := strings.Count(text, "已吊销REVOKED"), strings.Count(text, "凭证与证明附于本文件内"); got != pages || strings.Contains(good, "已吊销") {
		t.Errorf("revoked: said %d times on %d pages", got, pages)
	}
}

func TestRenderRefuses(t *testing.T) {
	w := certifytest.New(t)
	p, err := certify.Prepare(certifytest.Outcome(1))
	if err != nil {
		t.Fatal(err)
	}
	b := w.Issue(certifytest.Outcome(1))
	for _, c := range []struct {
		name   string
		bundle certify.Bundle
	}{
		{"nothing", certify.Bundle{}},
		{"what is not signed", certify.Bundle{Credential: p.Unsigned()}},
		{"a status list", certify.Bundle{Credential: w.Status()}},
		{"a damaged proof", certify.Bundle{Credential: b.Credential, Proof: []byte("x")}},
		{"a status list that is another", certify.Bundle{Credential: b.Credential, Status: b.Credential}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if data, err := pdftest.Renderer(t).Render(c.bundle); err == nil {
				t.Errorf("Render: %d bytes", len(data))
			}
		})
	}
}

// TestRealFont prints with a font that people have, which make setup installs.
func TestRealFont(t *testing.T) {
	fonts, err := pdf.FindFonts(nil)
	if errors.Is(err, pdf.ErrNoFont) && os.Getenv("CI") == "" {
		t.Skip("there is no font: run make setup")
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := pdf.New(fonts...)
	if err != nil {
		t.Fatal(err)
	}
	c := longConversion()
	data := render(t, r, certifytest.New(t).Issue(c))
	if text := textOf(t, data); !strings.Contains(text, squeeze(c.Subject.Name)) {
		t.Errorf("no %s in %s", c.Subject.Name, text)
	}
	path := filepath.Join(t.TempDir(), "certificate.pdf")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(strings.TrimSpace(run(t, "pdffonts", path)), "\n") {
		if strings.Contains(line, "TrueType") && !strings.Contains(line, "yes yes yes") {
			t.Errorf("font is not embedded, subset and with Unicode: %s", line)
		}
	}
	run(t, "qpdf", "--check", path)
}

func BenchmarkRender(b *testing.B) {
	fonts, err := pdf.FindFonts(nil)
	if err != nil {
		b.Skip(err)
	}
	r, err := pdf.New(fonts...)
	if err != nil {
		b.Fatal(err)
	}
	w := certifytest.New(b)
	for name, c := range map[string]certify.Certificate{"outcome": certifytest.Outcome(1), "conversion": certifytest.Conversion(2), "90 lines": longConversion()} {
		bundle := w.Issue(c)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				render(b, r, bundle)
			}
		})
	}
}
