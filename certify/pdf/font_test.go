package pdf_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"creditbank/certify/pdf"
	"creditbank/certify/pdf/pdftest"
)

// renamed returns the test's font with the name of a table changed, so that the
// table is not there and another is.
func renamed(from, to string) []byte {
	return bytes.Replace(pdftest.File(), []byte(from), []byte(to), 1)
}

func TestParseFontRefuses(t *testing.T) {
	good := pdftest.File()
	hmtx := bytes.Clone(good)
	binary.BigEndian.PutUint32(hmtx[bytes.Index(hmtx, []byte("hmtx"))+12:], 8)
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "not a TrueType font"},
		{"a picture", []byte("\x89PNG\r\n\x1a\n"), "not a TrueType font"},
		{"outlines of PostScript", append([]byte("OTTO"), good[4:]...), "PostScript"},
		{"half a file", good[:len(good)/2], "cut short"},
		{"a head alone", good[:20], "cut short"},
		{"no outlines", renamed("glyf", "glyx"), "no table glyf"},
		{"a variable font", renamed("maxp", "fvar"), "no table maxp"},
		{"too few widths", hmtx, "damaged widths"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := pdf.ParseFont(c.data)
			if !errors.Is(err, pdf.ErrFont) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("ParseFont: %v, want %q", err, c.want)
			}
		})
	}
}

func TestFontHas(t *testing.T) {
	f := pdftest.Font(t, '䶮')
	for r, want := range map[rune]bool{'学': true, '䶮': false, '𬱖': true, ' ': true, '\u3000': true, '\u202e': false, '\ufe00': false, '\n': false, 0x22f00: false /* an empty glyph */, 0x10ffff: false, -1: false} {
		if got := f.Has(r); got != want {
			t.Errorf("Has(%U) = %t", r, got)
		}
	}
}

func TestFindFonts(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.ttf"), filepath.Join(dir, "bad.ttf")
	for path, data := range map[string][]byte{good: pdftest.File(), bad: []byte("bad")} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if fonts, err := pdf.FindFonts([]string{good, good}); err != nil || len(fonts) != 2 {
		t.Errorf("FindFonts: %d, %v", len(fonts), err)
	}
	if _, err := pdf.FindFonts([]string{good, bad}); !errors.Is(err, pdf.ErrFont) || !strings.Contains(err.Error(), bad) {
		t.Errorf("FindFonts of a bad one: %v", err)
	}
	if _, err := pdf.FindFonts([]string{filepath.Join(dir, "none.ttf")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("FindFonts of none: %v", err)
	}
}

func FuzzParseFont(f *testing.F) {
	f.Add([]byte("OTTO"))
	f.Add([]byte("ttcf\x00\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x10"))
	f.Add(pdftest.File()[:4096])
	f.Fuzz(func(t *testing.T, data []byte) {
		font, err := pdf.ParseFont(data)
		if err != nil {
			return
		}
		for _, r := range "学𬱖 a" {
			font.Has(r)
		}
	})
}
