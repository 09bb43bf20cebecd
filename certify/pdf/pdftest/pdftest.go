// Package pdftest has a font for tests that need one to print with: every
// character is a box.
package pdftest

import (
	"encoding/binary"
	"slices"
	"testing"

	"creditbank/certify/pdf"
)

const glyphs = 0xff00

// File returns a TrueType file with the characters up to U+FEFF and from
// U+20000 on to U+2EBEF, but for those left out.
func File(without ...rune) []byte {
	u16 := func(all ...int) (b []byte) {
		for _, n := range all {
			b = binary.BigEndian.AppendUint16(b, uint16(n))
		}
		return b
	}
	u32 := func(all ...int) (b []byte) {
		for _, n := range all {
			b = binary.BigEndian.AppendUint32(b, uint32(n))
		}
		return b
	}
	// One contour of four points, all on the curve: a box.
	box := slices.Concat(u16(1, 50, 0, 450, 700, 3, 0), []byte{1, 1, 1, 1}, u16(50, 400, 0, 0xfe70), u16(0, 0, 700, 0), []byte{0, 0})
	var glyf, loca, hmtx []byte
	for g := range glyphs {
		loca = append(loca, u32(len(glyf))...)
		if g != ' ' && g != 0x3000 && g != 0xa0 {
			glyf = append(glyf, box...)
		}
		advance := 1000
		if g < 0x2e80 {
			advance = 500
		}
		hmtx = append(hmtx, u16(advance, 50)...)
	}
	loca = append(loca, u32(len(glyf))...)
	groups := 0
	var map12 []byte
	add := func(from, to, glyph int) {
		for _, r := range without {
			if int(r) >= from && int(r) <= to {
				map12 = append(map12, u32(from, int(r)-1, glyph)...)
				groups, glyph, from = groups+1, glyph+int(r)+1-from, int(r)+1
			}
		}
		map12 = append(map12, u32(from, to, glyph)...)
		groups++
	}
	slices.Sort(without)
	add(1, glyphs-1, 1)
	add(0xff00, 0xff5e, 0x20)
	add(0x20000, 0x2ebef, 0x100)
	cmap := slices.Concat(u16(0, 1, 3, 10), u32(12), u16(12, 0), u32(16+len(map12), 0, groups), map12)
	head := slices.Concat(u32(0x10000, 0x10000, 0, 0x5f0f3cf5), u16(0, 1000), make([]byte, 16), u16(0, 0xff38, 1000, 900, 0, 8, 2, 1, 0))
	hhea := slices.Concat(u32(0x10000), u16(900, 0xff38, 0, 1000), make([]byte, 22), u16(glyphs))
	maxp := slices.Concat(u32(0x10000), u16(glyphs, 4, 1), make([]byte, 22))
	return file(map[string][]byte{"cmap": cmap, "glyf": glyf, "head": head, "hhea": hhea, "hmtx": hmtx, "loca": loca, "maxp": maxp})
}

func file(tables map[string][]byte) []byte {
	names := []string{}
	for name := range tables {
		names = append(names, name)
	}
	slices.Sort(names)
	out := binary.BigEndian.AppendUint32(nil, 0x00010000)
	out = append(out, 0, byte(len(names)), 0, 0, 0, 0, 0, 0)
	at := len(out) + 16*len(names)
	var body []byte
	for _, name := range names {
		out = append(out, name...)
		out = binary.BigEndian.AppendUint32(out, 0)
		out = binary.BigEndian.AppendUint32(out, uint32(at+len(body)))
		out = binary.BigEndian.AppendUint32(out, uint32(len(tables[name])))
		body = append(body, tables[name]...)
		body = append(body, make([]byte, -len(body)&3)...)
	}
	return append(out, body...)
}

// Font returns that font.
func Font(t testing.TB, without ...rune) *pdf.Font {
	t.Helper()
	f, err := pdf.ParseFont(File(without...))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Renderer returns a renderer with that font.
func Renderer(t testing.TB, without ...rune) *pdf.Renderer {
	t.Helper()
	r, err := pdf.New(Font(t, without...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
